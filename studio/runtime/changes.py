"""What did a run change? Collects before and after images from the write path, up to a limit, and counts beyond it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from studio.kernel.ids import NodeId
from studio.models.spec import ModelSpec

MOST_IMAGES: Final = 10_000

Mark = tuple[int, dict[tuple[str, str], int], dict[tuple[NodeId, str, str], int]]
"""How many entries there are, and the counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChange:
    """One record changed. `operation` is "create", "update" or "delete"; an image that does not exist is None."""

    operation: str
    model: str
    key: Any
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    node: NodeId | None = None


@dataclass(frozen=True, slots=True)
class ChangeCounts:
    """How many records were created, updated and deleted."""

    created: int = 0
    updated: int = 0
    deleted: int = 0

    @property
    def total(self) -> int:
        return self.created + self.updated + self.deleted

    def __str__(self) -> str:
        """`+12 ~40 −3`"""
        return f"+{self.created:,} ~{self.updated:,} −{self.deleted:,}"

    @classmethod
    def of(cls, counts: Iterable[tuple[str, int]]) -> ChangeCounts:
        """From pairs of operation and number."""
        sums = {"create": 0, "update": 0, "delete": 0}
        for operation, number in counts:
            sums[operation] += number
        return cls(sums["create"], sums["update"], sums["delete"])


class Changeset:
    """The changes of a run in order; `counts[(model, operation)]` counts all, `entries` shows the first 10,000.

    Nodes write through a `NodeRecorder` each: what a node did counts when it has succeeded.
    """

    def __init__(self, most: int = MOST_IMAGES) -> None:
        self.entries: list[RecordChange] = []
        self.counts: dict[tuple[str, str], int] = {}
        self.by_node: dict[tuple[NodeId, str, str], int] = {}
        """The same for each node: `by_node[(node, model, operation)]`."""
        self.most = most

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def totals(self) -> ChangeCounts:
        return ChangeCounts.of((operation, number) for (_, operation), number in self.counts.items())

    @property
    def is_complete(self) -> bool:
        """Whether every change is among the entries."""
        return self.total == len(self.entries)

    def mark(self) -> Mark:
        """Where it stands now, for `back_to`."""
        return len(self.entries), dict(self.counts), dict(self.by_node)

    def back_to(self, mark: Mark) -> None:
        """Forgets what was recorded since then: it has been undone."""
        length, counts, by_node = mark
        del self.entries[length:]
        self.counts, self.by_node = dict(counts), dict(by_node)

    def of_node(self, node: NodeId) -> NodeRecorder:
        """Who is told of the changes of one node."""
        return NodeRecorder(self, node)

    def take(
        self, node: NodeId, entries: Iterable[RecordChange], counts: Mapping[tuple[str, str], int]
    ) -> None:
        """Adds what a node has done."""
        self.entries += list(entries)[: max(self.most - len(self.entries), 0)]
        for (model, operation), number in counts.items():
            self.counts[model, operation] = self.counts.get((model, operation), 0) + number
            place = (node, model, operation)
            self.by_node[place] = self.by_node.get(place, 0) + number


class NodeRecorder:
    """The changes of one attempt of a node, until it is known whether they stay. Implements `Recorder`."""

    __slots__ = ("_changeset", "_counts", "_entries", "_node")

    def __init__(self, changeset: Changeset, node: NodeId) -> None:
        self._changeset = changeset
        self._node = node
        self._entries: list[RecordChange] = []
        self._counts: dict[tuple[str, str], int] = {}

    def keep(self) -> None:
        """The node has done its work: its changes count."""
        self._changeset.take(self._node, self._entries, self._counts)
        self.drop()

    def drop(self) -> None:
        """What the node did was undone with it."""
        self._entries, self._counts = [], {}

    def record(
        self,
        operation: str,
        spec: ModelSpec,
        key: Any,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any] | None,
    ) -> None:
        self.beyond(operation, spec, 1)
        if len(self._entries) < self._changeset.most:
            self._entries.append(
                RecordChange(
                    operation=operation,
                    model=spec.name,
                    key=key,
                    before=before,
                    after=after,
                    node=self._node,
                )
            )

    def beyond(self, operation: str, spec: ModelSpec, count: int) -> None:
        """Counts changes without images."""
        place = (spec.name, operation)
        self._counts[place] = self._counts.get(place, 0) + count
