"""What is different between two runs? States, rows, durations and the output of each node, as far as the history has kept it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from studio.persistence import NodeRunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePair:
    """One node in both runs; None where it was not in one of them.

    `gone` and `come` are rows of the samples that only the first or the second run gave. `is_whole` says whether the samples hold all rows,
    so that no difference means the same output.
    """

    title: str
    before: NodeRunRecord | None
    after: NodeRunRecord | None
    gone: tuple[Mapping[str, Any], ...] = ()
    come: tuple[Mapping[str, Any], ...] = ()
    is_whole: bool = True

    @property
    def is_same(self) -> bool:
        """Whether state, number of rows and what is known of the output are the same; durations never are."""
        before, after = self.before, self.after
        if before is None or after is None:
            return False
        return (before.state, before.rows) == (after.state, after.rows) and not (self.gone or self.come)


def compare_runs(before: Sequence[NodeRunRecord], after: Sequence[NodeRunRecord]) -> tuple[NodePair, ...]:
    """The nodes of two runs side by side, in the order of the second, those that only the first had at the end."""
    old = {node.node_id: node for node in before}
    new = {node.node_id: node for node in after}
    return tuple(_pair(old.get(key), new.get(key)) for key in dict.fromkeys((*new, *old)))


def _pair(before: NodeRunRecord | None, after: NodeRunRecord | None) -> NodePair:
    known = after or before
    assert known is not None
    title = known.title or known.node_id
    if before is None or after is None:
        return NodePair(title=title, before=before, after=after)
    return NodePair(
        title=title,
        before=before,
        after=after,
        gone=_without(before.sample, after.sample),
        come=_without(after.sample, before.sample),
        is_whole=_is_whole(before) and _is_whole(after),
    )


def _without(
    rows: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]]
) -> tuple[Mapping[str, Any], ...]:
    """The rows that are not among the others, each as often as it is lacking there."""
    left = list(others)
    found = []
    for row in rows:
        if row in left:
            left.remove(row)
        else:
            found.append(row)
    return tuple(found)


def _is_whole(node: NodeRunRecord) -> bool:
    return node.rows is None or node.rows <= len(node.sample)
