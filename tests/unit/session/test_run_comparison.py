"""Two runs side by side: which nodes gave something else, as far as the history has kept it."""

from typing import Any

from studio.kernel.ids import NodeId
from studio.persistence.runs import NodeRunRecord
from studio.session.run_comparison import compare_runs


def node(key: str, rows: int | None, *sample: dict[str, Any], state: str = "succeeded") -> NodeRunRecord:
    return NodeRunRecord(
        node_id=NodeId(key),
        title=key.upper(),
        type="T",
        state=state,
        duration_ms=1.0,
        rows=rows,
        sample=sample,
    )


def test_nodes_are_paired_and_their_rows_compared():
    before = [
        node("a", 2, {"x": 1}, {"x": 1}),
        node("gone", 1),
        node("same", 1, {"x": 1}),
        node("long", 90, {"x": 1}),
    ]
    after = [
        node("a", 2, {"x": 1}, {"x": 2}),
        node("same", 1, {"x": 1}),
        node("long", 90, {"x": 1}),
        node("new", None),
    ]
    pairs = {pair.title: pair for pair in compare_runs(before, after)}
    assert list(pairs) == ["A", "SAME", "LONG", "NEW", "GONE"]
    assert (pairs["A"].gone, pairs["A"].come) == (({"x": 1},), ({"x": 2},))
    assert [title for title, pair in pairs.items() if pair.is_same] == ["SAME", "LONG"]
    assert [title for title, pair in pairs.items() if not pair.is_whole] == ["LONG"]
    (failed,) = compare_runs([node("a", 1)], [node("a", 1, state="failed")])
    assert not failed.is_same
