"""Does a workflow written as Python build the very same workflow again, and run?"""

import datetime as dt
import math
import subprocess
import sys
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from studio import DataFlow, Workflow, WorkflowBuilder
from studio.kernel.ids import NodeId
from studio.models import model_from_class
from studio.workflow.python_text import node_to_python, value_to_python, workflow_to_python
from tests.conformance.shop import Customer, Everything, Order

VALUES: dict[str, Any] = {
    "text": 'it\'s "quoted"\n{{ not }} ünï',
    "decimal": Decimal("1.20"),
    "moment": dt.datetime(2025, 1, 31, 12, 0, tzinfo=dt.UTC),
    "day": dt.date(2025, 1, 31),
    "hour": dt.time(1, 2, 3),
    "span": dt.timedelta(days=1, microseconds=5),
    "id": uuid.UUID(int=7),
    "raw": b"\x00\xff",
    "inf": math.inf,
    "nested": {"a": [1, 2.5, None, True, {"b": []}], "long": list(range(60))},
}


def everything() -> WorkflowBuilder:
    workflow = WorkflowBuilder(name='a "workflow"', description='What it does.\n"""Really."""')
    workflow.add_input("least", "decimal", Decimal(3), description="At least.")
    workflow.add_input("needed", "int")
    workflow.add_input("odd", "any", 4, required=True)
    workflow.add_node("Constant", "values", {"value": VALUES}, title="All", comment="Of them.")
    workflow.add_node("Output", "out", {"name": "all"}, disabled=True)
    workflow.add_node("Nonsense", "ghost")
    workflow.add_connection("values", "value.nested", "out", "value")
    workflow.pin("values", VALUES)
    workflow.pin("ghost", None)
    workflow.place("values", 1.5, -20, collapsed=True)
    workflow.place("out", 300, 0.1 + 0.2, all_ports=True)
    workflow.add_note("Press\nplay", 5, 6, width=100, height=50, color="#fff", id="n1")
    return workflow


def rebuilt(code: str) -> Workflow:
    names: dict[str, Any] = {"__name__": "elsewhere"}
    exec(code, names)  # noqa: S102 - our own text
    built: Workflow = names["workflow"].workflow()
    return built


def test_the_program_builds_the_same_workflow_to_the_last_coordinate() -> None:
    original = everything().workflow()
    assert rebuilt(original.to_python()) == original
    assert rebuilt(rebuilt(original.to_python()).to_python()) == original


def test_yaml_and_python_say_the_same() -> None:
    original = everything().workflow()
    assert Workflow.from_yaml(original.to_yaml()) == rebuilt(original.to_python())


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False)
        | st.text()
        | st.binary()
        | st.decimals(allow_nan=False)
        | st.dates()
        | st.uuids(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_a_value_written_as_python_is_read_back_equal(value: Any) -> None:
    names = {"dt": dt, "Decimal": Decimal, "uuid": uuid, "math": math}
    read = eval(value_to_python(value), names)  # noqa: S307 - our own text
    assert read == value
    assert type(read) is type(value)


def test_lines_stay_readable() -> None:
    text = everything().workflow().to_python()
    longest = max(len(line) for line in text.splitlines() if "description" not in line)
    assert longest <= 110
    assert text.startswith('"""What it does.')


def test_one_node_is_written_with_the_edges_that_end_at_it() -> None:
    workflow = everything().workflow()
    text = node_to_python(workflow.nodes[NodeId("out")], workflow.edges)
    assert text == (
        'workflow.add_node("Output", "out", {"name": "all"}, disabled=True)\n'
        'workflow.add_connection("values", "value.nested", "out", "value")\n'
    )


def test_with_its_models_it_is_a_program_that_runs(tmp_path: Path) -> None:
    models = [model_from_class(cls) for cls in (Customer, Order, Everything)]
    with DataFlow(":memory:", models=models) as db:
        builder = WorkflowBuilder(db, name="shop")
        builder.add_node("CustomerCreateNode", "create", {"id": "ada", "name": "Ada", "tags": ["x"]})
        builder.add_node("OrderCreateNode", "order", {"total": Decimal("1.20"), "status": "paid"})
        builder.add_connection("create", "id", "order", "customer_id")
        workflow = builder.build()
    code = workflow_to_python(workflow, models, url="sqlite:///shop.db")
    names: dict[str, Any] = {"__name__": "elsewhere"}
    exec(code, names)  # noqa: S102 - our own text
    for model in models:
        again = names["db"].models[model.name]
        assert [
            (f.name, f.kind, f.nullable, f.choices, f.max_length, f.references, f.dimensions)
            for f in again.fields
        ] == [
            (f.name, f.kind, f.nullable, f.choices, f.max_length, f.references, f.dimensions)
            for f in model.fields
        ]
    (tmp_path / "program.py").write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "program.py"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Decimal('1.20')" in done.stdout
