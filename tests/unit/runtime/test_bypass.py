"""A disabled node lets pass what it would have altered: the run goes on as if it were not there."""

import pytest

from studio.dataflow import LocalRuntime, WorkflowBuilder

ROWS = [{"a": 2}, {"a": 1}, {"a": 2}]


def built(*, disabled):
    workflow = WorkflowBuilder()
    workflow.add_node("Constant", "rows", {"value": ROWS})
    workflow.add_node("Map", "double", {"fields": {"a": "record.a * 2"}}, disabled="double" in disabled)
    workflow.add_node("Sort", "sort", {"order_by": ["a"]}, disabled="sort" in disabled)
    workflow.add_node("Output", "end", {"name": "end"})
    workflow.add_node("Constant", "late", {"value": 1})
    workflow.add_node("Output", "count", {"name": "count"})
    for source, port, target, entry in (
        ("rows", "value", "double", "records"),
        ("double", "records", "sort", "records"),
        ("sort", "records", "end", "value"),
        ("sort", "done", "late", "after"),
        ("double", "count", "count", "value"),
    ):
        workflow.add_connection(source, port, target, entry)
    return workflow


@pytest.mark.parametrize(
    ("disabled", "wanted"),
    [
        ((), [{"a": 2}, {"a": 4}, {"a": 4}]),
        (("double",), [{"a": 1}, {"a": 2}, {"a": 2}]),
        (("sort",), [{"a": 4}, {"a": 2}, {"a": 4}]),
        (("double", "sort"), ROWS),
    ],
)
def test_records_pass_disabled_nodes_unaltered(disabled, wanted):
    results, _ = LocalRuntime().execute(built(disabled=disabled).build())
    assert results["end"] == wanted
    assert results["late"] == 1


def test_what_only_the_node_could_have_given_is_skipped():
    results, _ = LocalRuntime().execute(built(disabled=("double",)).build())
    assert "count" not in results
    assert "double" not in results
