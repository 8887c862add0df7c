"""Which nodes may run now, and what has become of the others? The state machine of a run: no I/O, no time, no values.

    pending ──▶ running ──▶ succeeded | failed | cancelled
       └──▶ skipped      the way to it was not taken (an If's other branch, an unused `error` port), or it is disabled
       └──▶ abandoned    something that it needs has failed
       └──▶ cancelled    the run was stopped first

*Abandoned* is not *skipped*: upstream failed, as against upstream chose not to. A node waits for all its edges. One edge that brings
nothing decides its fate, except that edges for order only (`after`) let it run as soon as any of them has come through, and a node
that takes what comes (Merge) runs unless nothing comes at all; if it wants the first only, it does not wait for the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from studio.nodes.base import Join
from studio.workflow.spec import ERROR_PORT

NodeState = Literal["pending", "running", "succeeded", "failed", "skipped", "abandoned", "cancelled"]
RunStatus = Literal["running", "succeeded", "failed", "cancelled"]

DECIDED: Final = frozenset({"succeeded", "failed", "skipped", "abandoned", "cancelled"})
_NOTHING: Final[frozenset[str]] = frozenset()
_ALIVE, _SKIP, _ABANDON = 0, 1, 2


class IllegalTransition(Exception):
    """A node was said to do what it cannot do now: a bug in whoever drives the run."""


@dataclass(frozen=True, slots=True)
class Link:
    """A way from one node to another. `port` is the source's output ("" for a name in an expression), `is_order` an edge without value.

    `join` marks an edge of a node that takes what comes: one of these is enough. Such edges of one node all have the same.
    """

    target: int
    port: str = ""
    is_order: bool = False
    join: Join = ""


class RunState:
    """The states of a run's nodes, which are known by their number.

    `links[i]` lead on from node i; their targets have higher numbers than i (so there is no loop). `takes_errors[i]` says that something
    hangs on the `error` port of i, so that its failure does not stop the run.
    """

    __slots__ = (
        "_dead_joins",
        "_dead_orders",
        "_has_first",
        "_joins",
        "_links",
        "_marks",
        "_orders",
        "_takes_errors",
        "_waits",
        "dropped",
        "states",
        "undecided",
    )

    def __init__(
        self,
        links: Sequence[Sequence[Link]],
        *,
        takes_errors: Sequence[bool] | None = None,
        waits: Sequence[int] | None = None,
        orders: Sequence[int] | None = None,
        joins: Mapping[int, int] | None = None,
    ) -> None:
        count = len(links)
        self._links = links
        self._takes_errors = takes_errors or [False] * count
        if waits is None or orders is None:
            waits, orders = waiting(links)
        self._waits = list(waits)
        self._orders = orders
        self._dead_orders: dict[int, int] = {}
        self._joins = joining(links) if joins is None else joins
        self._dead_joins: dict[int, int] = {}
        self._has_first: set[int] = set()
        """The nodes that want the first of what comes and know by now whether there is one."""
        self._marks: dict[int, int] = {}
        """Why a node is not to run; of one that may, nothing."""
        self.states: list[NodeState] = ["pending"] * count
        self.undecided = count
        self.dropped: list[int] = []
        """Nodes that were skipped, abandoned or cancelled, in that order; whoever tells of them empties it."""

    def begin(self) -> list[int]:
        """The nodes that wait for nothing, in order."""
        return [
            node for node, count in enumerate(self._waits) if not count and self.states[node] == "pending"
        ]

    def start(self, node: int) -> None:
        if self.states[node] != "pending" or self._waits[node]:
            self._complain(node, "start")
        self.states[node] = "running"

    def succeed(self, node: int, closed: frozenset[str] = _NOTHING) -> list[int]:
        """Node is done; nothing goes through its `closed` ports. Returns the nodes that may run now; others may have been skipped."""
        if self.states[node] != "running":
            self._complain(node, "succeed")
        self.states[node] = "succeeded"
        self.undecided -= 1
        ready: list[int] = []
        waits = self._waits
        for link in self._links[node]:
            port = link.port
            if port == ERROR_PORT or (closed and port in closed):
                self._release(link, _SKIP, ready)
                continue
            if link.join:
                self._release(link, _ALIVE, ready)
                continue
            target = link.target
            waits[target] -= 1
            if not waits[target]:
                self._decide(target, ready)
        return ready

    def fail(self, node: int) -> list[int]:
        """Node has failed. Returns the nodes that may run now: those behind its `error` port."""
        if self.states[node] != "running":
            self._complain(node, "fail")
        self.states[node] = "failed"
        self.undecided -= 1
        ready: list[int] = []
        for link in self._links[node]:
            self._release(link, _ALIVE if link.port == ERROR_PORT else _ABANDON, ready)
        return ready

    def takes_errors(self, node: int) -> bool:
        return self._takes_errors[node]

    def skip(self, node: int) -> list[int]:
        """Node is not to run (it is disabled). Returns the nodes that may run now in spite of that."""
        if self.states[node] != "pending":
            self._complain(node, "be skipped")
        ready: list[int] = []
        self._drop(node, _SKIP, ready)
        return ready

    def cancel(self, node: int) -> list[int]:
        """Node was stopped while running, or before it began; whatever needs it is abandoned."""
        if self.states[node] in DECIDED:
            self._complain(node, "be cancelled")
        self.states[node] = "cancelled"
        self.undecided -= 1
        self.dropped.append(node)
        ready: list[int] = []
        for link in self._links[node]:
            self._release(link, _ABANDON, ready)
        return ready

    def cancel_pending(self) -> None:
        """The run is over: what has not begun never will. Where nothing has, nothing was stopped: the nodes are abandoned."""
        if not self.undecided:
            return
        has_begun = any(state not in ("pending", "skipped") for state in self.states)
        for node, state in enumerate(self.states):
            if state == "pending":
                self.states[node] = "cancelled" if has_begun else "abandoned"
                self.undecided -= 1
                self.dropped.append(node)

    # -------------------------------------------------------------- inside

    def _release(self, link: Link, mark: int, ready: list[int]) -> None:
        if not self._counts(link, mark):
            return
        target = link.target
        self._waits[target] -= 1
        if not self._waits[target]:
            self._decide(target, ready)

    def _counts(self, link: Link, mark: int) -> bool:
        """Notes what has come of a link; returns whether its target waits for one thing less."""
        target = link.target
        if link.join:
            return self._counts_joined(link, mark)
        if not mark:
            return True
        if link.is_order:
            self._dead_orders[target] = dead = self._dead_orders.get(target, 0) + 1
            if dead < self._orders[target]:
                return True
        self._mark(target, mark)
        return True

    def _mark(self, target: int, mark: int) -> None:
        self._marks[target] = max(self._marks.get(target, mark), mark)

    def _counts_joined(self, link: Link, mark: int) -> bool:
        target = link.target
        is_first = link.join == "first"
        if is_first and target in self._has_first:
            return False
        if mark:
            self._dead_joins[target] = dead = self._dead_joins.get(target, 0) + 1
            if dead < self._joins[target]:
                return not is_first
            self._mark(target, mark)
        if is_first:
            self._has_first.add(target)
        return True

    def _decide(self, node: int, ready: list[int]) -> None:
        if self.states[node] != "pending":
            return  # cancelled meanwhile
        mark = self._marks.get(node)
        if mark:
            self._drop(node, mark, ready)
        else:
            ready.append(node)

    def _drop(self, node: int, mark: int, ready: list[int]) -> None:
        """Skips or abandons a node and all that follows from it, without recursion: chains may be long."""
        stack = [(node, mark)]
        while stack:
            dropped, why = stack.pop()
            if self.states[dropped] != "pending":
                continue
            self.states[dropped] = "skipped" if why == _SKIP else "abandoned"
            self.undecided -= 1
            self.dropped.append(dropped)
            for link in self._links[dropped]:
                if not self._counts(link, why):
                    continue
                target = link.target
                self._waits[target] -= 1
                if self._waits[target]:
                    continue
                if target in self._marks:
                    stack.append((target, self._marks[target]))
                elif self.states[target] == "pending":
                    ready.append(target)

    def _complain(self, node: int, verb: str) -> None:
        waiting_for = f", waiting for {self._waits[node]}" if self._waits[node] else ""
        raise IllegalTransition(f"Node {node} cannot {verb}: it is {self.states[node]}{waiting_for}.")


def waiting(links: Sequence[Sequence[Link]]) -> tuple[list[int], list[int]]:
    """For each node for how many things it waits, and how many links lead to it that are for order only."""
    waits, orders = [0] * len(links), [0] * len(links)
    firsts: set[int] = set()
    for outgoing in links:
        for link in outgoing:
            if link.join == "first":
                if link.target in firsts:
                    continue  # one of them is enough
                firsts.add(link.target)
            waits[link.target] += 1
            orders[link.target] += link.is_order
    return waits, orders


def joining(links: Sequence[Sequence[Link]]) -> dict[int, int]:
    """How many links lead to each node that takes what comes."""
    found: dict[int, int] = {}
    for outgoing in links:
        for link in outgoing:
            if link.join:
                found[link.target] = found.get(link.target, 0) + 1
    return found
