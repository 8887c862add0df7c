"""Can this edge be? Whether both ports exist and a value of the one fits the other; loops are the whole graph's business."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from studio.kernel.names import did_you_mean
from studio.kernel.problems import Problem
from studio.workflow.graph import Edge, Node
from studio.workflow.params import LATER, canonical, value_param
from studio.workflow.spec import NodeSpec, ParamSpec, PortSpec
from studio.workflow.types import PortType, clash


@runtime_checkable
class PathTyper(Protocol):
    """A catalogue that knows what a dotted path out of a node leads to."""

    def path_type(
        self, spec: NodeSpec, params: Mapping[str, Any], port: str, path: Sequence[str]
    ) -> PortType | Problem | None:
        """The type of what it leads to; what is wrong with it; None where only the run can tell."""
        ...


def title_of(node: Node, spec: NodeSpec | None) -> str:
    """What people call the node."""
    return node.title or (spec.title if spec else node.type)


def edge_fault(
    edge: Edge,
    source: Node,
    source_spec: NodeSpec | None,
    target: Node,
    target_spec: NodeSpec | None,
    *,
    paths: PathTyper | None = None,
    later: Callable[[], Sequence[str]] = list,
) -> Problem | None:
    """What is wrong with an edge between two nodes that exist; unknown kinds of node are given the benefit of the doubt.

    `paths` tells what dotted paths lead to, without it nothing is said of them; `later` gives the source's params that edges fill.
    """
    source_port = source_spec.output(edge.source_port) if source_spec else None
    if source_spec is not None and source_port is None and not source_spec.extra_outputs:
        names = [port.name for port in source_spec.all_outputs]
        return _fault(
            "unknown-port",
            edge.source,
            f'"{title_of(source, source_spec)}" has no output {edge.source_port!r}.',
            did_you_mean(edge.source_port.partition(".")[0], names),
        )
    if target_spec is None:
        return None
    filled = value_param(target_spec, edge, source_port)
    if filled is None:
        return None
    name, path = filled
    param = target_spec.params_by_name.get(name)
    if param is None:
        return None if target_spec.extra_params else _unknown_input(edge, target, target_spec, name)
    fault = _param_fault(edge, target, target_spec, param, path)
    if fault is not None:
        return fault
    if source_port is None or source_spec is None:
        return None
    carried = _carried(edge, source, source_spec, source_port, paths, later)
    if isinstance(carried, Problem):
        return _fault(
            carried.code,
            edge.source,
            f'"{title_of(source, source_spec)}" has no {edge.source_port!r}: {carried.message}',
            carried.hint,
        )
    if carried is None or path:
        return None  # known when the path is walked
    return type_fault(edge, source, source_spec, carried, target, target_spec, param)


def _unknown_input(edge: Edge, target: Node, spec: NodeSpec, name: str) -> Problem:
    return _fault(
        "unknown-port",
        edge.target,
        f'"{title_of(target, spec)}" has no input {name!r}.',
        did_you_mean(name, [port.name for port in spec.inputs]),
        field=name,
    )


def _param_fault(
    edge: Edge, target: Node, spec: NodeSpec, param: ParamSpec, path: Sequence[str]
) -> Problem | None:
    """Why no edge leads to a param, or to that place within it; whatever the edge carries."""
    if not param.connectable:
        return _fault(
            "not-connectable",
            edge.target,
            f'"{param.name}" of "{title_of(target, spec)}" takes no edge: it decides how the workflow is built.',
            "Write its value into the node.",
            field=param.name,
        )
    if path and param.type.kind not in ("any", "dict", "list", "record"):
        return _fault(
            "unknown-port",
            edge.target,
            f'"{param.name}" of "{title_of(target, spec)}" is one {param.type} and has no part {".".join(path)!r}.',
            "Connect to the param itself.",
            field=param.name,
        )
    return None


def _carried(
    edge: Edge,
    source: Node,
    spec: NodeSpec,
    port: PortSpec,
    paths: PathTyper | None,
    later: Callable[[], Sequence[str]],
) -> PortType | Problem | None:
    """The type of what goes along the edge; None where only the run can tell."""
    if "." not in edge.source_port and not port.related:
        return port.type  # most edges
    if port.type.kind == "record" and paths is not None:
        params = {**canonical(spec, source.params), **dict.fromkeys(later(), LATER)}
        found = paths.path_type(spec, params, port.name, edge.source_port.split(".")[1:])
        if found is not None:
            return found
    return None if "." in edge.source_port else port.type


def type_fault(
    edge: Edge,
    source: Node,
    source_spec: NodeSpec | None,
    carried: PortType,
    target: Node,
    target_spec: NodeSpec,
    param: ParamSpec,
) -> Problem | None:
    """Why what an edge carries does not fit a param; None when it does."""
    if clash(carried, param.type) is None:
        return None
    ends = (
        f'"{edge.source_port}" of "{title_of(source, source_spec)}" to '
        f'"{edge.target_port}" of "{title_of(target, target_spec)}"'
    )
    return _fault(
        "type-clash",
        edge.target,
        f"Cannot connect {ends}: {edge.source_port} {_is_a(carried)}, {edge.target_port} {_is_a(param.type)}.",
        _remedy(edge.source_port, carried, param),
        field=param.name,
    )


def _is_a(port_type: PortType) -> str:
    if port_type.kind == "signal":
        return "carries order only, no value"
    shown = str(port_type)
    article = "an" if shown[0] in "aeiouAEIO" else "a"
    return f"is {shown}" if shown == "anything" else f"is {article} {shown}"


def _remedy(port: str, carried: PortType, param: ParamSpec) -> str:
    if carried.kind == "signal":
        return 'Connect a port with a value, or use the input "after" for order.'
    if carried.many and not param.type.many:
        part = f'"{port}.0"' if param.type.kind == "record" else f'"{port}.0.<field>"'
        return f'Take a part of it ({part}), or put a "Map" node between them.'
    if carried.kind == "record":
        return f'Take one of its fields ("{port}.<field>"), or put a "Map" node between them.'
    return 'Put a "Map" node between them.'


def _fault(code: str, node: str, message: str, hint: str = "", *, field: str | None = None) -> Problem:
    return Problem(code=code, message=message, hint=hint, node=node, field=field)
