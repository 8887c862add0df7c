"""What an expression evidently is: never anything else, whatever its names stand for; and a field that cannot take it is named."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio import DataFlow, Text, WorkflowBuilder
from studio.kernel.errors import BuildError, ExpressionError
from studio.workflow.expression_types import evident_kinds
from studio.workflow.expressions import parse_expression

NAMES: dict[str, Any] = {
    "cost": 2.5, "count": 3, "price": Decimal("1.10"), "name": "Ann", "tags": ["a", 1], "record": {"x": 1}, "at": dt.datetime(2026, 1, 31, tzinfo=dt.UTC),
    "day": dt.date(2026, 1, 31), "span": dt.timedelta(hours=1), "flag": True, "missing": None,
}  # fmt: skip
KINDS: dict[type, str] = {
    bool: "bool", int: "int", float: "float", Decimal: "decimal", str: "text", list: "list", dict: "mapping", dt.datetime: "datetime", dt.date: "date",
    dt.timedelta: "duration",
}  # fmt: skip
LEAVES = st.sampled_from(
    [*NAMES, "0", "2", "2.5", "'x'", "true", "null", "[1]", "{'a': 1}", "now()", "today()"]
)
SIGNS = st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "==", "<", "in", "and", "or"])
CALLS = st.sampled_from(
    ["-{}", "not {}", "len({})", "abs({})", "round({})", "round({}, 1)", "int({})", "str({})", "decimal({})", "float({})", "upper({})",
     "max({}, 1)", "coalesce({}, 1)", "{}[0]", "{}.x"]
)  # fmt: skip


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return (
        st.builds("({} {} {})".format, inner, SIGNS, inner)
        | st.builds(lambda call, part: "(" + call.format(part) + ")", CALLS, inner)
        | st.builds("({} if {} else {})".format, inner, inner, inner)
    )


@settings(max_examples=300)
@given(st.recursive(LEAVES, _compound, max_leaves=4))
def test_the_value_of_an_expression_is_of_an_evident_kind(text: str) -> None:
    evident = evident_kinds(text)
    try:
        found = parse_expression("{{ " + text + " }}")
        value = found and found.evaluate(NAMES)
    except ExpressionError:
        return
    assert not evident or KINDS.get(type(value)) in evident


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("'text'", {"text"}),
        ("1 + 2", {"int"}),
        ("len(x) / 2", {"float"}),
        ("x + 'a'", {"text"}),
        ("x > 1 and not y", {"bool"}),
        ("'a' if x else 'b'", {"text"}),
        ("1 if x else 'b'", {"int", "text"}),
        ("now() - span", {"datetime", "duration"}),
        ("-x", {"int", "float", "decimal", "duration"}),
        ("x", set()),
        ("x.y[0]", set()),
        ("1 if x else null", set()),
        ("x or 1", set()),
        ("coalesce(x, 1)", set()),
        ("1 +", set()),
    ],
)
def test_what_is_evident(text: str, kinds: set[str]) -> None:
    assert evident_kinds(text) == kinds


class Thing:
    number: int
    word: str | None = None
    text: Text | None = None
    when: dt.datetime | None = None
    flag: bool | None = None
    price: Decimal | None = None
    ratio: float | None = None
    items: list[Any] | None = None


@pytest.mark.parametrize(
    ("type_name", "params", "words"),
    [
        ("ThingCreateNode", {"number": '{{ "text" }}'}, '"number" wants a whole number, but {{ "text" }} is text. Use int(…).'),
        ("ThingCreateNode", {"number": 1, "when": "{{ 1 + 2 }}"}, '"when" wants a date and time, but {{ 1 + 2 }} is a whole number.'),
        ("ThingUpdateNode", {"id": 1, "fields": {"word": "{{ size + 1 > 2 }}"}}, '"word" wants text, but {{ size + 1 > 2 }} is true or false. Use str(…).'),
        ("ThingUpdateNode", {"id": "{{ 'x' }}", "number": 1}, '"id" wants a whole number'),
        ("ThingBulkCreateNode", {"data": [{"number": 1}, {"number": "{{ size / 2 }}"}]}, 'row 2: "number" wants a whole number, but {{ size / 2 }} is a decimal number or a duration or a floating-point number. Use int(…).'),
        ("ThingUpsertNode", {"id": 1, "number": 1, "flag": "{{ len(size) }}"}, '"flag" wants true or false, but {{ len(size) }} is a whole number.'),
    ],
)  # fmt: skip
def test_an_expression_that_cannot_fit_its_field_is_refused_before_the_run(
    type_name: str, params: dict[str, Any], words: str
) -> None:
    with DataFlow(":memory:", models=[Thing]) as db:
        workflow = WorkflowBuilder(db)
        workflow.add_input("size", "any")
        workflow.add_node(type_name, "it", params)
        with pytest.raises(BuildError) as caught:
            workflow.build()
    assert words in str(caught.value)
    assert "1 problem:" in str(caught.value)


@pytest.mark.parametrize(
    "values",
    [
        {"number": "{{ size }}", "price": "{{ '1.20' }}", "ratio": "{{ 1 + 2 }}", "when": "{{ today() }}"},
        {"number": "{{ round(size) }}", "word": "{{ str(size) }}", "when": '{{ "2026-01-31" }}', "flag": "{{ not size }}"},
        {"number": "{{ 1 if size else size }}", "items": "{{ [size] }}", "price": "{{ size * 0.5 }}"},
    ],
)  # fmt: skip
def test_an_expression_that_may_fit_is_left_to_the_run(values: dict[str, Any]) -> None:
    with DataFlow(":memory:", models=[Thing]) as db:
        workflow = WorkflowBuilder(db)
        workflow.add_input("size", "any")
        workflow.add_node("ThingCreateNode", "one", values)
        workflow.add_node("ThingBulkCreateNode", "many", {"data": [values]})
        workflow.build()
