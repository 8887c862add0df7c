"""What stands on a node's card, and where? Ports, rows and heights, worked out without Qt; painting it is `card_painter`'s business.

A card's *shape* (which ports are drawn in which row) depends on the kind of node, its wires and its folding only, so the thousands of
nodes of a large graph share a few hundred shapes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal

from studio.canvas.summary import has_summary, summary
from studio.kernel.ids import NodeId
from studio.workflow.graph import REFERRING, Edge, Node, Place, Workflow
from studio.workflow.references import spec_for
from studio.workflow.spec import Catalogue, NodeSpec, PortSpec
from studio.workflow.types import ANY, PortType

GRID: Final = 20.0
WIDTH: Final = 240.0
HEADER: Final = 36.0
ROW: Final = 22.0
PADDING: Final = 6.0
FOOTER: Final = 26.0
FOLDED_HEIGHT: Final = 60.0
"""Of a collapsed frame, which is as wide as a card."""
PORT_REACH: Final = 11.0
"""How far from a port's middle a press still means the port."""

OPERATIONS: Final = (
    "create", "read", "list", "update", "delete", "upsert", "count", "aggregate", "flow", "code", "ghost",
)  # fmt: skip
"""The kinds of card that differ in colour; `Card.tone` is an index into it."""

Zone = Literal["header", "body", "fold", "footer"]


@dataclass(frozen=True, slots=True)
class CardPort:
    """A port as drawn; `y` is its middle below the card's top. `wanting`: required, and neither set nor connected."""

    name: str
    label: str
    type: PortType
    is_output: bool
    y: float
    wanting: bool = False
    wired: bool = False


@dataclass(frozen=True)
class Shape:
    """Which ports are drawn where. `fold_y` is the top of the row that folds ports, None when there is nothing to fold.

    Where there are more outputs than inputs, that row is the free left half beside an output.
    """

    inputs: tuple[CardPort, ...]
    outputs: tuple[CardPort, ...]
    hidden: int
    fold_y: float | None
    is_open: bool
    summary_y: float | None
    height: float
    """Without the footer."""
    collapsed: bool

    @cached_property
    def by_name(self) -> Mapping[tuple[bool, str], CardPort]:
        """The ports drawn, by (is_output, name)."""
        return {(port.is_output, port.name): port for port in (*self.inputs, *self.outputs)}


@dataclass(frozen=True)
class Card:
    """All that is drawn of a node but its state. A new card stands for a new look; the same card always looks the same."""

    node: Node
    spec: NodeSpec | None
    shape: Shape
    title: str
    code: str
    tone: int
    bulk: bool

    @property
    def summary(self) -> str:
        if self.is_ghost:
            return "type not known: " + self.node.type
        return "" if self.shape.summary_y is None else summary(self.node)

    @cached_property
    def words(self) -> str:
        """All that one may look for the node by, a line each, without capitals."""
        node = self.node
        return f"{self.title}\n{node.id}\n{node.type}\n{self.summary}\n{node.comment}".casefold()

    @property
    def is_ghost(self) -> bool:
        return self.spec is None

    def port_y(self, name: str, *, is_output: bool) -> float:
        """The middle of a port below the card's top; ports that are not drawn are met at the header."""
        by_name = self.shape.by_name
        port = by_name.get((is_output, name)) or by_name.get(
            (is_output, port_name(self.spec, name, is_output=is_output))
        )
        return port.y if port else HEADER / 2

    def port_type(self, name: str, *, is_output: bool) -> PortType:
        drawn = self.shape.by_name.get((is_output, name))
        if drawn is not None:
            return drawn.type
        if self.spec is None:
            return ANY
        port = self.spec.output(name) if is_output else self.spec.input(name)
        return port.type if port else ANY

    def zone(self, x: float, y: float) -> Zone:
        """What lies `x` right of and `y` below the card's upper left corner."""
        shape = self.shape
        if y < HEADER:
            return "header"
        if shape.fold_y is not None and x < WIDTH / 2 and shape.fold_y <= y < shape.fold_y + ROW:
            return "fold"
        return "footer" if y >= shape.height else "body"


def port_name(spec: NodeSpec | None, name: str, *, is_output: bool) -> str:
    """The port that a name or dotted path in an edge means."""
    if spec is not None:
        port = spec.output(name) if is_output else spec.input(name)
        if port is not None:
            return port.name
    return name.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Wires:
    """The edges that end and begin at each node. Kept apart from a workflow, because most edits leave them alone."""

    incoming: Mapping[NodeId, tuple[Edge, ...]]
    outgoing: Mapping[NodeId, tuple[Edge, ...]]

    @classmethod
    def of(cls, workflow: Workflow) -> Wires:
        return cls(workflow.incoming, workflow.outgoing)


@dataclass
class CardMaker:
    """Makes cards, keeping the shapes it has made for a catalogue."""

    catalogue: Catalogue
    _shapes: dict[tuple[object, ...], Shape] = field(default_factory=dict)
    _specs: dict[str, NodeSpec | None] = field(default_factory=dict)
    _names: dict[tuple[str, str, bool], str] = field(default_factory=dict)

    def spec(self, node: Node) -> tuple[NodeSpec | None, str]:
        """The node's spec, and a name for it: nodes of one type have one, but for those that run another workflow."""
        if node.type in REFERRING:
            spec = spec_for(node, self.catalogue)
            name = f"{node.type} {id(spec)}"
            self._specs[name] = spec  # kept, so that its id is not used again
            return spec, name
        if node.type not in self._specs:
            self._specs[node.type] = self.catalogue.find(node.type)
        return self._specs[node.type], node.type

    def make(self, node: Node, place: Place, wires: Wires, *, peek: bool = False) -> Card:
        """The card of a node in a place, with its wires; `peek` shows all ports for the time being."""
        spec, spec_name = self.spec(node)
        wired_in = self._wired(spec, spec_name, wires.incoming.get(node.id, ()), is_output=False)
        wired_out = self._wired(spec, spec_name, wires.outgoing.get(node.id, ()), is_output=True)
        with_summary = has_summary(node)
        given = frozenset(name for name in node.params if spec is None or name in spec.params_by_name)
        key = (
            spec_name if spec is not None else None,
            wired_in,
            wired_out,
            given,
            place.all_ports or peek,
            place.collapsed and not peek,
            with_summary,
        )
        shape = self._shapes.get(key)
        if shape is None:
            shape = _shape(
                spec,
                wired_in,
                wired_out,
                given,
                is_open=place.all_ports or peek,
                collapsed=place.collapsed and not peek,
                with_summary=with_summary,
            )
            self._shapes[key] = shape
        return Card(
            node=node,
            spec=spec,
            shape=shape,
            title=node.title or (spec.title if spec else "") or node.type,
            code=spec.code.partition("×")[0] if spec else "?",
            tone=tone(spec),
            bulk=bool(spec and spec.operation.startswith("bulk_")),
        )

    def _wired(
        self, spec: NodeSpec | None, spec_name: str, edges: Iterable[Edge], *, is_output: bool
    ) -> frozenset[str]:
        """The ports of a node at which edges end."""
        names = []
        for edge in edges:
            written = edge.source_port if is_output else edge.target_port
            key = (spec_name, written, is_output)
            name = self._names.get(key)
            if name is None:
                name = self._names[key] = port_name(spec, written, is_output=is_output)
            names.append(name)
        return frozenset(names)


def tone(spec: NodeSpec | None) -> int:
    """The index in OPERATIONS of a kind of node."""
    if spec is None:
        return OPERATIONS.index("ghost")
    name = spec.operation.removeprefix("bulk_")
    if name not in OPERATIONS:
        name = "code" if spec.category == "code" else "flow"
    return OPERATIONS.index(name)


def _shape(
    spec: NodeSpec | None,
    wired_in: frozenset[str],
    wired_out: frozenset[str],
    given: frozenset[str],
    *,
    is_open: bool,
    collapsed: bool,
    with_summary: bool,
) -> Shape:
    if spec is None:
        with_summary = True
        every_in = tuple(PortSpec(name=name, type=ANY) for name in sorted(wired_in))
        every_out = tuple(PortSpec(name=name, type=ANY) for name in sorted(wired_out))
        is_open, given = True, frozenset()
    else:
        every_in, every_out = spec.inputs, spec.all_outputs
        # An alias in the params gives the param it stands for.
        given = frozenset(spec.params_by_name[name].name for name in given)
    wanting = {port.name for port in every_in if port.required} - given - wired_in
    shown_in = [
        port for port in every_in if is_open or port.primary or port.name in wired_in or port.name in wanting
    ]
    shown_out = [port for port in every_out if is_open or port.primary or port.name in wired_out]
    if not any(port.type.kind not in ("signal", "error") for port in shown_out) and spec and spec.outputs:
        shown_out = [spec.outputs[0], *shown_out]
    if collapsed:
        return Shape(
            inputs=_merged(shown_in, wired_in, is_output=False),
            outputs=_merged(shown_out, wired_out, is_output=True),
            hidden=0,
            fold_y=None,
            is_open=False,
            summary_y=None,
            height=HEADER,
            collapsed=True,
        )
    y = HEADER + PADDING
    inputs = _column(shown_in, y, wired_in, wanting, is_output=False)
    outputs = _column(shown_out, y, wired_out, frozenset(), is_output=True)
    hidden = len(every_in) + len(every_out) - len(shown_in) - len(shown_out)
    folds = spec is not None and (hidden > 0 or is_open)
    fold_y = y + ROW * len(inputs) if folds and len(inputs) < len(outputs) else None
    y += ROW * max(len(inputs), len(outputs))
    summary_y = None
    if with_summary:
        summary_y, y = y, y + ROW
    if folds and fold_y is None:
        fold_y, y = y, y + ROW
    return Shape(
        inputs=inputs,
        outputs=outputs,
        hidden=hidden,
        fold_y=fold_y,
        is_open=is_open,
        summary_y=summary_y,
        height=y + PADDING,
        collapsed=False,
    )


def _column(
    ports: list[PortSpec],
    top: float,
    wired: frozenset[str],
    wanting: set[str] | frozenset[str],
    *,
    is_output: bool,
) -> tuple[CardPort, ...]:
    return tuple(
        CardPort(
            name=port.name,
            label=port.name,
            type=port.type,
            is_output=is_output,
            y=top + ROW * (row + 0.5),
            wanting=port.name in wanting,
            wired=port.name in wired,
        )
        for row, port in enumerate(ports)
    )


def _merged(ports: list[PortSpec], wired: frozenset[str], *, is_output: bool) -> tuple[CardPort, ...]:
    """The ports of a collapsed card, all at the header's middle; the first one is the one that a press means."""
    return tuple(
        CardPort(
            name=port.name,
            label=port.name,
            type=port.type,
            is_output=is_output,
            y=HEADER / 2,
            wired=port.name in wired,
        )
        for port in sorted(ports, key=lambda port: port.name not in wired)
    )
