"""How does the picture follow the workflow? The old and the new one are compared, and only what differs is worked out anew.

The projector owns the geometry. It is told of workflows and never tells: gestures alter the workflow through the session, and come
back here as a new one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from studio.canvas.card_painter import ERROR, NO_PROBLEM, WARNING, Look
from studio.canvas.cards import FOLDED_HEIGHT, WIDTH, CardMaker, Wires
from studio.canvas.curves import Ints
from studio.canvas.framing import NO_FRAMES, WORST_FIRST, Framing, Inside
from studio.canvas.geometry import Geometry, Small
from studio.canvas.states import IDLE, CardState, Footer
from studio.kernel.ids import NodeId
from studio.kernel.problems import Problem, Severity
from studio.workflow.graph import Edge, Place, Workflow
from studio.workflow.spec import Catalogue

_NOWHERE = Place()
_NONE: Final = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Difference:
    """What an update touched: how many cards were made anew, whether nodes or edges came or went."""

    cards: int
    moved: int
    nodes_changed: bool
    edges_changed: bool


class Projector:
    """A workflow as geometry, cards and looks."""

    def __init__(self, catalogue: Catalogue, kinds: Mapping[str, int]) -> None:
        self._kinds = dict(kinds)
        self.maker = CardMaker(catalogue)
        self.geometry = Geometry()
        self.workflow: Workflow | None = None
        self.peeked: NodeId | None = None
        self.footers: dict[NodeId, Footer] = {}
        self.running: set[NodeId] = set()
        """The nodes whose footers say so."""
        self.severities: dict[NodeId, int] = {}
        self.problems: dict[NodeId, list[Problem]] = {}
        self.breakpoints: Mapping[NodeId, str] = {}
        """The conditions by node; empty: always."""
        self.frames = NO_FRAMES
        self._states: tuple[list[NodeId], Small] = [], np.empty(0, np.uint8)
        """For the nodes of that list."""
        self._severities: tuple[list[NodeId], Mapping[NodeId, int], Small] = [], {}, np.empty(0, np.uint8)
        self._held: dict[str, Ints] = {}
        """The nodes that collapsed frames stand for, by the frame."""
        self._wires = Wires({}, {})

    # What is shown

    def show(self, workflow: Workflow | None) -> None:
        """Shows another workflow from scratch; the run's states and the selection of the one before are dropped."""
        self.geometry = Geometry()
        self.footers, self.running = {}, set()
        self.severities = {}
        self.problems = {}
        self.breakpoints = {}
        self.peeked = None
        self.frames = NO_FRAMES
        self.workflow = None
        if workflow is not None:
            self.update(workflow)

    def set_catalogue(self, catalogue: Catalogue) -> None:
        """Other kinds of node: every card is made anew."""
        self.maker = CardMaker(catalogue)
        workflow = self.workflow
        if workflow is not None:
            self._make(workflow, workflow.nodes)
            self.geometry.set_edges(workflow.edges, self._kinds, workflow.routes)
            self._fold(workflow)

    def update(self, workflow: Workflow) -> Difference:
        """Follows an edit of the workflow."""
        old = self.workflow
        old_nodes = old.nodes if old else {}
        old_places = old.places if old else {}
        geometry = self.geometry
        dirty: set[NodeId] = set()
        nodes_changed = False
        if workflow.nodes is not old_nodes:
            dirty.update(
                node_id for node_id, node in workflow.nodes.items() if old_nodes.get(node_id) is not node
            )
            ids = list(workflow.nodes)
            nodes_changed = ids != geometry.ids
            if nodes_changed:
                geometry.set_nodes(ids)
        edges_changed = old is None or workflow.edges is not old.edges
        if edges_changed:
            dirty.update(_touched(old.edges if old else (), workflow.edges, workflow))
            self._wires = Wires.of(workflow)
        moved = 0
        if workflow.places is not old_places or nodes_changed:
            index = geometry.index
            for node_id in workflow.nodes:
                before, now = old_places.get(node_id), workflow.places.get(node_id, _NOWHERE)
                if before is now and node_id not in dirty:
                    continue
                geometry.set_position(index[node_id], now.x, now.y)
                moved += 1
                if before is None or (before.collapsed, before.all_ports) != (now.collapsed, now.all_ports):
                    dirty.add(node_id)
        self.workflow = workflow
        self._make(workflow, dirty)
        if edges_changed or nodes_changed:
            geometry.set_edges(workflow.edges, self._kinds, workflow.routes)
        elif dirty:
            geometry.anchor_edges(geometry.edges_of(geometry.indices(dirty)).tolist(), self._kinds)
        if not (edges_changed or nodes_changed) and (old is None or workflow.routes is not old.routes):
            geometry.set_routes(workflow.routes)
        frames_changed = old is None or workflow.frames is not old.frames
        if old is None or frames_changed or workflow.notes is not old.notes:
            self.frames = Framing.of(workflow)
        if frames_changed or self.frames.any_collapsed:
            self._fold(workflow)
        return Difference(len(dirty), moved, nodes_changed, edges_changed)

    def held_by(self, frame_id: str) -> Inside:
        """What a collapsed frame stands for."""
        nodes = self._held.get(frame_id, _NONE)
        geometry = self.geometry
        states = self.states()[nodes]
        present = set(states.tolist())
        return Inside(
            count=len(nodes),
            selected=int(geometry.selected[nodes].sum()),
            state=next((state for state in WORST_FIRST if state in present), CardState.IDLE),
            in_state=Counter(states.tolist()),
            severity=int(self.severity_array()[nodes].max(initial=NO_PROBLEM)),
        )

    def _fold(self, workflow: Workflow) -> None:
        """Hides what lies in collapsed frames; edges end at the frame instead."""
        stands: dict[int, tuple[str, float, float, float]] = {}
        if self.frames.any_collapsed:
            for node_id, place in workflow.places.items():
                frame = self.frames.stand_in(place.frame)
                if frame is not None:
                    side = frame.x, frame.x + WIDTH, frame.y + FOLDED_HEIGHT / 2
                    stands[self.geometry.index[node_id]] = (frame.id, *side)
        held: dict[str, list[int]] = {}
        for i, (frame_id, *_) in stands.items():
            held.setdefault(frame_id, []).append(i)
        self._held = {frame_id: np.array(nodes, np.int64) for frame_id, nodes in held.items()}
        self.geometry.stand_ins(stands)

    def peek(self, node_id: NodeId | None) -> None:
        """Shows all ports of one node for the time being, as while a wire is held over it; None ends it."""
        if node_id == self.peeked or self.workflow is None:
            return
        nodes = self.workflow.nodes
        both = [known for known in (self.peeked, node_id) if known is not None and known in nodes]
        self.peeked = node_id
        self._make(self.workflow, both)
        touched = self.geometry.edges_of(self.geometry.indices(both))
        self.geometry.anchor_edges(touched.tolist(), self._kinds)

    def look(self, i: int) -> Look:
        """What is painted for the node of that index."""
        geometry = self.geometry
        node_id = geometry.ids[i]
        return Look(
            geometry.cards[i], self.footers.get(node_id, IDLE), self.severities.get(node_id, NO_PROBLEM)
        )

    def incoming(self, node_id: NodeId) -> tuple[Edge, ...]:
        return self._wires.incoming.get(node_id, ())

    def outgoing(self, node_id: NodeId) -> tuple[Edge, ...]:
        return self._wires.outgoing.get(node_id, ())

    # Run and problems

    def set_footers(self, footers: Mapping[NodeId, Footer]) -> None:
        """Alters what some cards show of a run."""
        index, states = self.geometry.index, self.states()
        for node_id, footer in footers.items():
            i = index.get(node_id)
            if i is None:
                continue
            states[i] = footer.state
            if footer.state is CardState.IDLE:
                self.footers.pop(node_id, None)
            else:
                self.footers[node_id] = footer
            if footer.state is CardState.RUNNING:
                self.running.add(node_id)
            else:
                self.running.discard(node_id)
            self.geometry.set_footer(i, footer.state is not CardState.IDLE)

    def clear_footers(self) -> None:
        self.set_footers(dict.fromkeys(list(self.footers), IDLE))

    def set_problems(self, problems: Iterable[Problem]) -> None:
        """Takes a workflow's problems; those without a node are not the canvas's to show."""
        self.problems = {}
        for problem in problems:
            if problem.node is not None and problem.severity is not Severity.INFO:
                self.problems.setdefault(NodeId(problem.node), []).append(problem)
        self.severities = {
            node_id: ERROR if any(p.severity is Severity.ERROR for p in found) else WARNING
            for node_id, found in self.problems.items()
        }

    def states(self) -> Small:
        """The CardState of every node, in the geometry's order."""
        ids, found = self._states
        if ids is not self.geometry.ids:
            found = self._by_index({node_id: footer.state for node_id, footer in self.footers.items()})
            self._states = self.geometry.ids, found
        return found

    def severity_array(self) -> Small:
        """The worst problem of every node (0 none, 1 warning, 2 error), in the geometry's order."""
        ids, severities, found = self._severities
        if ids is not self.geometry.ids or severities is not self.severities:
            found = self._by_index(self.severities)
            self._severities = self.geometry.ids, self.severities, found
        return found

    def _by_index(self, values: Mapping[NodeId, int]) -> Small:
        found = np.zeros(len(self.geometry), np.uint8)
        index = self.geometry.index
        for node_id, value in values.items():
            i = index.get(node_id)
            if i is not None:
                found[i] = value
        return found

    # Inside

    def _make(self, workflow: Workflow, node_ids: Iterable[NodeId]) -> None:
        geometry, make, wires = self.geometry, self.maker.make, self._wires
        index, nodes, places, peeked = geometry.index, workflow.nodes, workflow.places, self.peeked
        for node_id in node_ids:
            card = make(nodes[node_id], places.get(node_id, _NOWHERE), wires, peek=node_id == peeked)
            geometry.set_card(index[node_id], card)


def _touched(old: tuple[Edge, ...], new: tuple[Edge, ...], workflow: Workflow) -> set[NodeId]:
    """The nodes at the ends of edges that came or went. Compared by identity: edges that stay are the same objects."""
    before = {id(edge): edge for edge in old}
    after = {id(edge): edge for edge in new}
    altered = [edge for key, edge in before.items() if key not in after]
    altered += [edge for key, edge in after.items() if key not in before]
    ends = {edge.source for edge in altered} | {edge.target for edge in altered}
    return {node_id for node_id in ends if node_id in workflow.nodes}
