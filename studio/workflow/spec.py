"""What does a kind of node look like, as data? Names, params and ports for checks, forms and drawings; what it does is `nodes`' business."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, Literal, Protocol

from studio.models.spec import MISSING
from studio.workflow.types import ERROR, SIGNAL, PortType

Category = Literal["model", "flow", "data", "code"]
Operation = Literal[
    "create", "read", "update", "delete", "list", "count", "upsert", "aggregate",
    "bulk_create", "bulk_update", "bulk_delete", "bulk_upsert", "",
]  # fmt: skip
Editor = Literal[
    "auto", "text", "code", "sql", "expression", "filter", "order", "fields", "relations", "rows", "mapping", "aggregate", "choice", "json",
    "workflow", "writes", "file", "new_file", "connection",
]  # fmt: skip

AFTER: Final = "after"
"""The input port of every node that carries order only."""
DONE: Final = "done"
ERROR_PORT: Final = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamSpec:
    """A value that a person sets on a node; it is an input port as well, so that an edge can give it.

    `default` is what is used when nothing is given (MISSING: nothing); `editor` says how a form edits it; `expressions` whether a text that
    is wholly `{{ … }}` is evaluated. `field` names the model's field that the param stands for, if one.
    """

    name: str
    type: PortType
    label: str = ""
    description: str = ""
    required: bool = False
    default: Any = MISSING
    choices: tuple[Any, ...] = ()
    synonyms: tuple[Any, ...] = ()
    """Values that stand for a choice: those of an enumeration whose names are kept."""
    editor: Editor = "auto"
    advanced: bool = False
    expressions: bool = True
    aliases: tuple[str, ...] = ()
    local_names: tuple[str, ...] = ()
    """When given, the param's texts are expressions that the node itself evaluates, with these names beside the usual ones
    (Map's `record`); the `{{ }}` around them may then be left out."""
    operators: bool = False
    """Takes an update operator, as {$inc: 1}, in place of a value."""
    connectable: bool = True
    """Whether an edge may give it; what decides how a workflow is built (a connection's name) must stand in the node."""
    primary: bool = False
    """Whether its port is drawn even while nothing is connected, as those called data, records and value are."""
    field: str | None = None
    suggestions: tuple[str, ...] = ()
    """What a form offers; other values are as good."""
    minimum: Any = None
    maximum: Any = None
    max_length: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PortSpec:
    """A port. `primary` ports are drawn even while nothing is connected; the others are folded away."""

    name: str
    type: PortType
    label: str = ""
    description: str = ""
    required: bool = False
    primary: bool = False
    related: bool = False
    """Carries something only when the node is told to read it along: a path to be judged, even without a dot."""


@dataclass(frozen=True, kw_only=True)
class NodeSpec:
    """One kind of node. Invariant: names of params are unique, so are names of outputs; `after`, `done` and `error` are never among them."""

    type: str
    title: str
    category: Category
    operation: Operation = ""
    code: str = ""
    """Three letters for the card's header: CRE, REA, …"""
    model: str | None = None
    connection: str | None = None
    """The name of the DataFlow instance that the model belongs to."""
    description: str = ""
    params: tuple[ParamSpec, ...] = ()
    outputs: tuple[PortSpec, ...] = ()
    value: str = ""
    """What stands in `results`, in words."""
    extra_params: bool = False
    """Takes params that are not declared (Create's dotted fields are declared; a Python node's inputs are not)."""
    extra_outputs: bool = False
    """Edges may begin at outputs that are not declared: what they are is not known (a Subworkflow whose workflow is missing)."""
    writes: bool = False
    needs_trust: bool = False
    example: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @cached_property
    def params_by_name(self) -> Mapping[str, ParamSpec]:
        named = {param.name: param for param in self.params}
        for param in self.params:
            named.update({alias: param for alias in param.aliases if alias not in named})
        return MappingProxyType(named)

    @cached_property
    def inputs(self) -> tuple[PortSpec, ...]:
        """A port for each param, then `after`."""
        ports = [
            PortSpec(
                name=param.name,
                type=param.type,
                label=param.label or param.name,
                description=param.description,
                required=param.required,
                primary=param.primary or param.name in ("data", "records", "value"),
            )
            for param in self.params
            if param.connectable
        ]
        return (
            *ports,
            PortSpec(
                name=AFTER, type=SIGNAL, label="after", description="Runs after the node connected here."
            ),
        )

    @cached_property
    def all_outputs(self) -> tuple[PortSpec, ...]:
        """The declared outputs, then `done` and `error`."""
        return (
            *self.outputs,
            PortSpec(name=DONE, type=SIGNAL, label="done", description="Fires when the node has succeeded."),
            PortSpec(
                name=ERROR_PORT,
                type=ERROR,
                label="error",
                description="Carries the failure; when connected, the run goes on.",
            ),
        )

    def input(self, name: str) -> PortSpec | None:
        """The input port of that name; of a dotted path, the port its first part names. Aliases count.

        `after` is always the port that carries order, even where a param has that alias (List's cursor).
        """
        head = name.partition(".")[0]
        if head == AFTER:
            return self.inputs[-1]
        param = self.params_by_name.get(head)
        wanted = param.name if param else head
        return self._inputs_by_name.get(wanted)

    def output(self, name: str) -> PortSpec | None:
        return self._outputs_by_name.get(name.partition(".")[0])

    @cached_property
    def _inputs_by_name(self) -> Mapping[str, PortSpec]:
        return {port.name: port for port in reversed(self.inputs)}  # of two with one name the first counts

    @cached_property
    def _outputs_by_name(self) -> Mapping[str, PortSpec]:
        return {port.name: port for port in reversed(self.all_outputs)}


class Catalogue(Protocol):
    """All kinds of node that a workflow can use."""

    def find(self, type_name: str) -> NodeSpec | None: ...

    def specs(self) -> Iterable[NodeSpec]:
        """Every kind, models first in order of their declaration, then flow, data and code nodes."""
        ...
