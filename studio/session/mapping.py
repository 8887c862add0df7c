"""What can be mapped to what? The values that come from before a node, and the fields that it takes with what each is set to now.

What a mapping alters is `mapping_edits`' business, which field goes where by itself `automap`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final, Literal

from studio.models.spec import MISSING, FieldSpec, ModelSpec
from studio.session.wiring import NO_FIELDS, ModelWiring, paths_to
from studio.workflow.checks import title_of
from studio.workflow.params import is_dynamic
from studio.workflow.references import spec_for
from studio.workflow.types import ANY, PortType

if TYPE_CHECKING:
    from studio.kernel.ids import NodeId, WorkflowId
    from studio.session.editor import Editor
    from studio.session.runs import RunHandle
    from studio.workflow.graph import Edge, Node, Workflow
    from studio.workflow.spec import NodeSpec, ParamSpec, PortSpec

State = Literal["unset", "value", "expression", "wire", "rows", "whole", "managed"]
"""What a field is set to: nothing, a value or an expression of the node, an edge of its own, a field of the rows that come in, the mapping
that an edge brings as a whole, or what the write path fills."""

ROWS: Final = "data"
"""The param of a bulk node that takes its rows."""
PARTS: Final = ("where", "create", "update")
"""The params of an Upsert that take the place of its fields."""
_NO_VALUES: Final = ("signal", "error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A value before a node: a port of a node, or a field of the record that a port carries.

    `port` is where an edge to it begins; of rows, that is the first row's field, and `rows` the port that carries all of them.
    """

    node: NodeId
    title: str
    port: str
    name: str
    type: PortType
    model: str = ""
    """The model that it is a field of; empty for what is no field of a model."""
    rows: str = ""
    sample: Any = MISSING


@dataclass(frozen=True, kw_only=True)
class Giver:
    """A node with the values that it gives; `leads` says whether it leads to the target already."""

    node: NodeId
    title: str
    leads: bool
    read: Callable[[], Iterable[Source]]

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """Its values, read when they are first asked for: there may be hundreds of nodes before one, of which few are looked at."""
        return tuple(self.read())


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A field that a node takes, or its rows (without a field).

    `param` is the node's own param for it, empty when it has none; `port` is where an edge to it ends. `value` is what it is set to
    within the node, or of rows the name or the expression that gives it.
    """

    name: str
    type: PortType
    port: str
    param: str = ""
    field: FieldSpec | None = None
    required: bool = False
    default: Any = MISSING
    state: State = "unset"
    value: Any = MISSING
    edge: Edge | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The node whose fields are mapped, in its workflow as it is now."""

    editor: Editor
    workflow_id: WorkflowId
    node: Node
    spec: NodeSpec
    model: ModelSpec
    wiring: ModelWiring

    @property
    def workflow(self) -> Workflow:
        return self.editor.project.workflow(self.workflow_id)

    @property
    def title(self) -> str:
        return title_of(self.node, self.spec)

    @property
    def operation(self) -> str:
        return self.spec.operation.removeprefix("bulk_")

    @property
    def is_bulk(self) -> bool:
        return self.spec.operation.startswith("bulk_")

    @property
    def writes(self) -> bool:
        return self.operation in ("create", "update", "upsert")

    @property
    def incoming(self) -> tuple[Edge, ...]:
        return self.workflow.incoming.get(self.node.id, ())

    @property
    def rows_edge(self) -> Edge | None:
        """The edge that brings a bulk node its rows."""
        return (
            next((edge for edge in self.incoming if edge.target_port == ROWS), None) if self.is_bulk else None
        )


def site_of(editor: Editor, workflow_id: WorkflowId, node_id: NodeId) -> Site | None:
    """The node as a place to map to; None when it takes no fields of records."""
    workflow = editor.project.workflows.get(workflow_id)
    node = workflow.nodes.get(node_id) if workflow is not None else None
    spec = spec_for(node, editor.catalogue) if node is not None else None
    if node is None or spec is None or spec.model is None:
        return None
    takes = any(param.connectable and (param.field or param.name == ROWS) for param in spec.params)
    wiring = ModelWiring(editor.project)
    model = wiring.model(spec)
    if not takes or model is None:
        return None
    return Site(editor=editor, workflow_id=workflow_id, node=node, spec=spec, model=model, wiring=wiring)


# ------------------------------------------------------------ what there is before the node


def givers(site: Site, run: RunHandle | None) -> tuple[Giver, ...]:
    """The nodes whose values can reach this one, those that lead to it first, the nearest of them first; samples are from `run`."""
    workflow, catalogue = site.workflow, site.editor.catalogue
    behind = {*workflow.downstream(site.node.id), site.node.id}
    before = workflow.upstream(site.node.id)
    order = workflow.order()
    here = order.index(site.node.id)
    near = [*reversed(order[:here]), *order[here:]]
    found = []
    for node_id in sorted(
        (known for known in near if known not in behind), key=lambda known: known not in before
    ):
        node = workflow.nodes[node_id]
        spec = spec_for(node, catalogue)
        if spec is not None and any(_carries(port) for port in spec.outputs):
            read = partial(_sources, site, node, spec, run)
            found.append(Giver(node=node_id, title=title_of(node, spec), leads=node_id in before, read=read))
    return tuple(found)


def _carries(port: PortSpec) -> bool:
    """Whether a value can be taken at a port whatever the node's params are."""
    return not port.related and port.type.kind not in _NO_VALUES


def _sources(site: Site, node: Node, spec: NodeSpec, run: RunHandle | None) -> Iterator[Source]:
    title = title_of(node, spec)
    own = None if spec.model is None else site.wiring.model(spec)
    are_fields = {*own.names} - NO_FIELDS if own is not None and spec.output("record") is not None else set()
    unfolded = False
    for port in sorted(spec.outputs, key=lambda port: not port.primary):
        if not _carries(port):
            continue
        model = site.wiring.named(port.type.model, spec.connection)
        if model is None and port.name in are_fields and port.type.kind != "record":
            continue  # shown as a field of the record
        value = delivered(run, node.id, port.name)
        is_rows = port.type.many or isinstance(value, list | tuple)
        yield Source(
            node=node.id, title=title, port=port.name, name=port.name, type=port.type,
            rows=port.name if is_rows else "", sample=value,
        )  # fmt: skip
        row = _first(value)
        names = columns(node, spec, port, model, row)
        if not names or (unfolded and port.name in ("first", "record")):
            continue
        unfolded = True
        for name in names:
            yield _field_source(node, spec, title, port, model, name, row=row, is_rows=is_rows)


def _field_source(
    node: Node,
    spec: NodeSpec,
    title: str,
    port: PortSpec,
    model: ModelSpec | None,
    name: str,
    *,
    row: Mapping[Any, Any],
    is_rows: bool,
) -> Source:
    """A field of the record, or of the first of the records, that a port carries."""
    from studio.nodes.spec_parts import port_type

    path = f"{port.name}.0.{name}" if is_rows else f"{port.name}.{name}"
    if model is not None:
        path = next(paths_to(spec, model.name, name), path)
    field = model.by_name.get(name) if model is not None else None
    return Source(
        node=node.id,
        title=title,
        port=path,
        name=name,
        type=ANY if field is None else port_type(field, nullable=port.type.nullable),
        model=model.name if model is not None and field is not None else "",
        rows=port.name if is_rows else "",
        sample=row.get(name, MISSING),
    )


def columns(
    node: Node,
    spec: NodeSpec,
    port: PortSpec | None,
    model: ModelSpec | None,
    row: Mapping[Any, Any],
) -> tuple[str, ...]:
    """The fields of the records that a port carries, by its model, by what a Map makes, or by the row that it gave."""
    if model is not None:
        return model.names
    made = node.params.get("fields") if spec.type == "Map" else None
    if isinstance(made, Mapping) and port is not None and port.type.kind == "record":
        return tuple(dict.fromkeys((*made, *(row if node.params.get("keep") else ()))))
    return tuple(name for name in row if isinstance(name, str) and "." not in name)


def delivered(run: RunHandle | None, node_id: NodeId, port: str) -> Any:
    """What a port gave in a run; MISSING when there is nothing."""
    view = run.node(node_id) if run is not None else None
    if run is None or view is None or view.state != "succeeded":
        return MISSING
    try:
        return run.value(node_id, port)
    except (LookupError, ValueError, TypeError, AttributeError):
        return MISSING  # it gave nothing, or has other ports than it had then


def _first(value: Any) -> Mapping[Any, Any]:
    """The record, or the first of the records, that a value is; empty for any other."""
    if isinstance(value, list | tuple):
        value = value[0] if value else None
    return value if isinstance(value, Mapping) else {}


# ------------------------------------------------------------ what the node takes


def targets(site: Site, run: RunHandle | None = None) -> tuple[Target, ...]:
    """The fields that the node takes, required ones first, with what each is set to; last what the write path fills.

    Of a bulk node its rows come first; `run` tells the fields of rows that no model describes.
    """
    params = {param.field: param for param in site.spec.params if param.field and param.connectable}
    fields = site.model.settable if site.writes else site.model.key_fields
    found = []
    if site.is_bulk:
        rows = site.spec.params_by_name[ROWS]
        found.append(_rows_target(site, rows))
        given = row_fields(site, run)
        found += sorted(
            (_row_target(site, field, params.get(field.name), given) for field in fields), key=_optional
        )
    else:
        own = [_target(site, field, params[field.name]) for field in fields if field.name in params]
        found += sorted(own, key=_optional)
    if site.writes:
        found += [
            Target(name=field.name, type=_type(field), port=field.name, field=field, state="managed")
            for field in site.model.fields
            if field.managed
        ]
    return tuple(found)


def _optional(target: Target) -> bool:
    return not target.required


def _type(field: FieldSpec) -> PortType:
    from studio.nodes.spec_parts import port_type

    return port_type(field)


def _target(site: Site, field: FieldSpec, param: ParamSpec) -> Target:
    state, value, edge, port = _held(site, field.name, param)
    return Target(
        name=field.name,
        type=param.type,
        port=port,
        param=param.name,
        field=field,
        required=param.required,
        default=param.default,
        state=state,
        value=value,
        edge=edge,
    )


def _rows_target(site: Site, param: ParamSpec) -> Target:
    edge, value = site.rows_edge, site.node.params.get(ROWS, MISSING)
    state: State = "wire" if edge is not None else "unset" if value is MISSING else _value_state(value)
    return Target(
        name=param.label or ROWS, type=param.type, port=ROWS, param=ROWS, required=param.required,
        state=state, value=MISSING if edge is not None else value, edge=edge,
    )  # fmt: skip


def _row_target(site: Site, field: FieldSpec, param: ParamSpec | None, given: Mapping[str, str]) -> Target:
    """A field of a bulk node: what all rows share, or what each row brings."""
    state, value, edge, port = _held(site, field.name, param)
    if state == "unset" and field.name in given:
        state, value, edge = "rows", given[field.name], site.rows_edge
    return Target(
        name=field.name,
        type=_type(field),
        port=port,
        param=param.name if param is not None else "",
        field=field,
        required=field.required and site.operation == "create",
        state=state,
        value=value,
        edge=edge,
    )


def bags(site: Site) -> tuple[str, ...]:
    """The params in which fields are given together, under all of their names; the commonest first."""
    if site.spec.operation == "upsert":
        return PARTS
    name = {"update": "fields", "bulk_update": "update"}.get(site.spec.operation)
    param = site.spec.params_by_name.get(name) if name is not None else None
    return (param.name, *param.aliases) if param is not None else ()


def _held(site: Site, name: str, param: ParamSpec | None) -> tuple[State, Any, Edge | None, str]:
    """What a field is set to, the edge that brings it, and where another edge would have to end."""
    flat = (param.name, *param.aliases) if param is not None else ()
    together = bags(site)
    own = {*flat, *(f"{bag}.{name}" for bag in together)}
    edge = next((edge for edge in site.incoming if edge.target_port in own), None)
    if edge is not None:
        return "wire", MISSING, edge, edge.target_port
    params = site.node.params
    value = next((params[known] for known in flat if known in params), MISSING)
    if value is not MISSING:
        return _value_state(value), value, None, flat[0]
    for bag in together:
        inner = params.get(bag)
        if isinstance(inner, Mapping) and name in inner:
            return _value_state(inner[name]), inner[name], None, f"{bag}.{name}"
    whole = next((edge for edge in site.incoming if edge.target_port in together), None)
    if whole is not None:
        return "whole", MISSING, whole, f"{whole.target_port}.{name}"
    if flat or site.spec.operation != "bulk_update" or name in site.model.key:
        return "unset", MISSING, None, flat[0] if flat else ""
    return "unset", MISSING, None, f"{together[0]}.{name}"


def _value_state(value: Any) -> State:
    return "expression" if isinstance(value, str) and is_dynamic(value) else "value"


def row_fields(site: Site, run: RunHandle | None = None) -> dict[str, str]:
    """The fields that the rows of a bulk node have, each with the name or the expression that gives it; empty when that is not known."""
    edge = site.rows_edge
    if edge is None:
        rows = site.node.params.get(ROWS)
        return {str(name): str(name) for name in _first(rows)}
    node = site.workflow.nodes[edge.source]
    spec = spec_for(node, site.editor.catalogue)
    if spec is None:
        return {}
    port = spec.output(edge.source_port)
    model = site.wiring.named(port.type.model, spec.connection) if port is not None else None
    row = _first(delivered(run, edge.source, edge.source_port))
    made = node.params.get("fields") if spec.type == "Map" else None
    made = made if isinstance(made, Mapping) else {}
    return {name: str(made.get(name, name)) for name in columns(node, spec, port, model, row)}
