"""What is dragged arrives as it was, and an error card says what, where, why and what to do."""

from __future__ import annotations

from PySide6.QtCore import QMimeData

from studio.kernel.errors import BuildError, DuplicateKey
from studio.kernel.problems import Problem, Severity
from studio.qt.messages import message_of
from studio.qt.mime import (
    FIELD_MIME,
    MODEL_MIME,
    NODE_TYPE_MIME,
    OUTPUT_MIME,
    field_mime,
    model_mime,
    node_type_mime,
    output_mime,
    read_field,
    read_model,
    read_node_type,
    read_output,
)
from studio.qt.theme import Theme


def test_a_dragged_node_type_arrives_with_its_params():
    mime = node_type_mime("OrderListNode", {"filter": {"status": "änderung"}, "limit": 5})
    assert read_node_type(mime) == ("OrderListNode", {"filter": {"status": "änderung"}, "limit": 5})
    assert mime.text() == "OrderListNode"
    assert read_field(mime) is None


def test_a_dragged_field_output_and_model_arrive():
    assert read_field(field_mime("Order", "total")) == ("Order", "total")
    assert read_output(output_mime("list", "records.0.total")) == ("list", "records.0.total")
    model = model_mime("Order", ["OrderListNode", "OrderReadNode"])
    assert read_model(model) == ("Order", ("OrderListNode", "OrderReadNode"))
    assert read_node_type(model) == ("OrderListNode", {})


def test_a_foreign_or_broken_drag_carries_nothing():
    broken = QMimeData()
    broken.setData(NODE_TYPE_MIME, b"{not json")
    broken.setData(FIELD_MIME, b'["Order"]')
    broken.setData(OUTPUT_MIME, b'{"node": 1}')
    broken.setData(MODEL_MIME, b'{"model": "Order"}')
    assert read_node_type(broken) is None
    assert read_output(broken) is None
    assert read_model(broken) is None
    assert read_field(broken) is None
    assert read_node_type(QMimeData()) is None


def test_an_error_card_says_what_where_why_and_what_to_do():
    error = DuplicateKey(
        "email a@b.c exists already.",
        hint="Choose another.",
        node="create_user",
        field="email",
        detail="UNIQUE <failed>",
    )
    message = message_of(error)
    assert message.text.splitlines() == [
        "email a@b.c exists already.",
        'Where: node "create_user", field "email"',
        "Why: UNIQUE <failed>",
        "What to do: Choose another.",
        "Code: duplicate-key",
    ]
    assert "&lt;failed&gt;" in message.rich_text(Theme.dark())


def test_a_build_error_with_one_problem_is_that_problem():
    problem = Problem(code="cycle", message="The nodes a and b form a loop.", hint="Remove an edge.")
    assert message_of(BuildError([problem])).what == "The nodes a and b form a loop."
    many = message_of(BuildError([problem, problem]))
    assert "2 problems" in many.what
    assert many.why.count("form a loop") == 2


def test_a_warning_keeps_its_severity():
    assert message_of(Problem(code="x", message="m", severity=Severity.WARNING)).severity is Severity.WARNING
