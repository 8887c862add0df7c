"""What must be known of one node to run it? Its type, its params, what is filled into them, and where what it gives goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from studio.kernel.ids import NodeId
from studio.nodes.base import COMMON, Join, NodeType
from studio.nodes.code import SqlType
from studio.workflow.checks import title_of
from studio.workflow.graph import Edge, Node, Workflow
from studio.workflow.params import (
    LITERAL,
    Path,
    canonical,
    expression_of,
    has_expression,
    is_literal,
    takes_filter,
    value_param,
)
from studio.workflow.spec import NodeSpec, PortSpec

if TYPE_CHECKING:
    from studio.runtime.plan import Plan

Filler: TypeAlias = Callable[[Mapping[str, Any]], Any]
_NOT_FOR_NODES: Final = frozenset({*(param.name for param in COMMON), "db_instance", "model_name"})


@dataclass(frozen=True, slots=True)
class Feed:
    """Where a param's value comes from: the step `source`, its port, a path within that, and the place within the param."""

    source: int
    port: str
    rest: Path
    param: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Step:
    """A node made ready. `params` are those that stand in the node; `templates` are params with expressions in them.

    `type` is None for a disabled node. `stream_to` is the step that eats this one's rows while they come.
    """

    index: int
    id: NodeId
    title: str
    node_type: str
    type: NodeType | None
    params: Mapping[str, Any]
    templates: tuple[tuple[str, Any], ...]
    fillers: tuple[tuple[str, Filler], ...]
    """What makes each of the templates out of what has a name."""
    feeds: tuple[Feed, ...]
    is_ready: bool
    """Whether `params` is all there is, so that nothing has to be filled in."""
    is_immediate: bool
    """Whether the type can give its value without awaiting."""
    connection: str | None
    timeout_s: float | None
    retries: int
    output_name: str | None
    join: Join = ""
    stream_to: int | None = None
    inner: Plan | None = None
    """What a node runs that refers to another workflow."""


def make_step(
    workflow: Workflow,
    node: Node,
    node_type: NodeType | None,
    specs: Mapping[NodeId, NodeSpec | None],
    index: Mapping[NodeId, int],
    streams: Mapping[NodeId, NodeId],
    join: Join,
    inner: Plan | None,
) -> Step:
    """A node of a workflow that was checked; `index` numbers the steps, `streams` leads from each that streams to its eater."""
    spec = specs[node.id]
    given = canonical(spec, node.params) if spec else {}
    params: dict[str, Any] = {}
    templates: list[tuple[str, Any]] = []
    for name, value in given.items():
        if name in _NOT_FOR_NODES and not (spec and _is_field(spec, name)):
            continue
        if spec is not None and _is_template(spec, name, value):
            templates.append((name, value))
        else:
            params[name] = value
    feeds = _feeds(workflow, node, spec, specs, index) if node_type is not None else ()
    target = streams.get(node.id)
    output_name = (given.get("name") or node.id) if node.type == "Output" else None
    return Step(
        index=index[node.id],
        id=node.id,
        title=title_of(node, spec),
        node_type=node.type,
        type=node_type,
        params=params,
        templates=tuple(templates),
        fillers=tuple((name, filler(value)) for name, value in templates),
        feeds=feeds,
        is_ready=not templates and not feeds,
        is_immediate=node_type is not None and type(node_type).run_now is not NodeType.run_now,
        connection=_connection(node_type, given),
        timeout_s=None if given.get("timeout_s") is None else float(given["timeout_s"]),
        retries=given.get("retries") or 0,
        output_name=output_name,
        join=join,
        stream_to=index[target] if target is not None else None,
        inner=inner,
    )


def _is_field(spec: NodeSpec, name: str) -> bool:
    param = spec.params_by_name.get(name)
    return param is not None and param.field is not None


def _is_template(spec: NodeSpec, name: str, value: Any) -> bool:
    param = spec.params_by_name.get(name)
    if param is not None and (
        not param.expressions or (param.local_names and not takes_filter(param, value))
    ):
        return False
    return has_expression(value)


def _connection(node_type: NodeType | None, params: Mapping[str, Any]) -> str | None:
    if isinstance(node_type, SqlType):
        wanted = params.get("connection")
        return str(wanted) if wanted else None
    return node_type.spec.connection if node_type is not None else None


def _feeds(
    workflow: Workflow,
    node: Node,
    spec: NodeSpec | None,
    specs: Mapping[NodeId, NodeSpec | None],
    index: Mapping[NodeId, int],
) -> tuple[Feed, ...]:
    feeds = []
    for edge in workflow.incoming.get(node.id, ()):
        target = value_param(spec, edge, port_of(specs[edge.source], edge)) if spec else None
        if target is None:
            continue
        port, *rest = edge.source_port.split(".")
        feeds.append(Feed(index[edge.source], port, tuple(rest), target[0], target[1]))
    # A whole param before parts of it, so that the parts are put into it.
    return tuple(sorted(feeds, key=lambda feed: len(feed.path)))


def port_of(spec: NodeSpec | None, edge: Edge) -> PortSpec | None:
    """What the spec of the node that an edge leads from says of its port."""
    return spec.output(edge.source_port) if spec else None


def filler(value: Any) -> Filler:
    """What makes the value with every expression in it evaluated and every `$literal` unwrapped; it may raise ExpressionError."""
    made = _filler(value)
    return made if made is not None else lambda _names: value


def _filler(value: Any) -> Filler | None:
    """The same, put together once for all runs; None for a value that stays as it is."""
    if isinstance(value, str):
        expression = expression_of(value)
        return None if expression is None else expression.evaluate
    if isinstance(value, Mapping):
        if is_literal(value):
            return lambda _names: value[LITERAL]
        parts = {key: _filler(part) for key, part in value.items()}
        filled = [(key, part) for key, part in parts.items() if part is not None]
        plain = dict(value)
        return partial(_fill_mapping, plain, filled)
    if isinstance(value, list | tuple):
        items = [(_filler(part), part) for part in value]
        return lambda names: [part if fill is None else fill(names) for fill, part in items]
    return None


def _fill_mapping(
    plain: Mapping[str, Any], filled: Sequence[tuple[str, Filler]], names: Mapping[str, Any]
) -> dict[str, Any]:
    made = dict(plain)
    for key, fill in filled:
        made[key] = fill(names)
    return made
