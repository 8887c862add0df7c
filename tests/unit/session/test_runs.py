import asyncio
import datetime as dt
from decimal import Decimal

from studio.kernel.errors import RunCancelled
from studio.kernel.ids import NodeId, RunId, WorkflowId
from studio.session.outputs import MAX_ROWS_KEPT, keep
from studio.session.runs import RunHandle

A, B = NodeId("a"), NodeId("b")


def handle(**values: object) -> RunHandle:
    made = RunHandle(
        run_id=RunId("r"),
        workflow_id=WorkflowId("w"),
        nodes=[A, B],
        started_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    )

    def take(node_id: NodeId, port: str | None) -> object:
        return values[node_id]

    made.delivered(take)
    return made


def test_only_what_changed_since_the_last_look_is_given():
    run = handle()
    version, views = run.nodes_since(0)
    assert [view.node_id for view in views] == [A, B]
    run.put(B, state="running")
    run.put(B, progress=(5, None))
    newer, views = run.nodes_since(version)
    assert [(view.node_id, view.state, view.progress) for view in views] == [(B, "running", (5, None))]
    assert run.nodes_since(newer) == (newer, [])


def test_a_run_ends_once():
    run = handle()
    told: list[str] = []
    run.when_finished(lambda: told.append("then"))
    run.end("cancelled")
    run.end("failed")
    run.when_finished(lambda: told.append("at once"))
    assert run.state == "cancelled"
    assert isinstance(run.error, RunCancelled)
    assert told == ["then", "at once"]
    assert run.duration_ms == run.duration_ms


def test_rows_are_paged_and_sorted_with_nothing_last():
    rows = [{"n": Decimal(2)}, {"n": None}, {"n": 1}, {"n": 3, "extra": True}]
    run = handle(a=rows)
    output = run.output(A)
    assert output is not None
    assert (output.kind, output.columns, output.row_count) == ("rows", ("n", "extra"), 4)
    page = asyncio.run(run.page(A, None, 1, 2))
    assert (page.rows, page.total, page.offset) == (rows[1:3], 4, 1)
    ascending = asyncio.run(run.page(A, None, 0, 9, ["n"])).rows
    descending = asyncio.run(run.page(A, None, 0, 9, ["-n"])).rows
    assert [row["n"] for row in ascending] == [1, 2, 3, None]
    assert [row["n"] for row in descending] == [None, 3, 2, 1]


def test_values_of_different_types_can_be_sorted():
    rows = [{"v": "b"}, {"v": 2}, {"v": [1]}, {"v": {"x": 1}}, {"v": dt.date(2026, 1, 1)}, {"v": None}]
    page = asyncio.run(handle(a=rows).page(A, None, 0, 9, ["v"]))
    assert page.rows[-1] == {"v": None}
    assert len(page.rows) == 6


def test_what_was_not_delivered_has_no_output():
    run = handle(a=None)
    assert run.output(B) is None
    nothing = run.output(A)
    assert nothing is not None
    assert nothing.kind == "none"
    assert asyncio.run(run.page(B, None, 0, 5)).rows == []


def test_a_record_and_a_plain_value_are_shown_as_one_row():
    assert keep({"x": 1}).output.kind == "record"
    assert keep(7).rows == [{"value": 7}]
    assert keep([1, 2]).rows == [{"value": 1}, {"value": 2}]


def test_of_very_many_rows_the_first_are_kept_and_all_are_counted():
    kept = keep([{"n": 1}] * (MAX_ROWS_KEPT + 5))
    assert (kept.output.row_count, kept.output.kept, kept.output.is_truncated) == (
        MAX_ROWS_KEPT + 5,
        MAX_ROWS_KEPT,
        True,
    )
    assert not keep([{"n": 1}]).output.is_truncated


def test_what_a_node_delivers_anew_while_the_run_goes_on_is_shown_anew():
    run = handle(a=[{"id": 1}])
    assert run.output(A) is not None
    run.paused(None, lambda node_id, port: [{"id": 1}, {"id": 2}])
    output = run.output(A)
    assert output is not None
    assert output.row_count == 2
