"""Can this edge be? Whether both ports exist and a value of the one fits the other; loops are the whole graph's business."""

from __future__ import annotations

from studio.kernel.names import did_you_mean
from studio.kernel.problems import Problem
from studio.workflow.graph import Edge, Node
from studio.workflow.params import value_param
from studio.workflow.spec import NodeSpec, ParamSpec, PortSpec
from studio.workflow.types import PortType, clash


def title_of(node: Node, spec: NodeSpec | None) -> str:
    """What people call the node."""
    return node.title or (spec.title if spec else node.type)


def edge_fault(
    edge: Edge, source: Node, source_spec: NodeSpec | None, target: Node, target_spec: NodeSpec | None
) -> Problem | None:
    """What is wrong with an edge between two nodes that exist; unknown kinds of node are given the benefit of the doubt."""
    source_port = source_spec.output(edge.source_port) if source_spec else None
    if source_spec is not None and source_port is None:
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
        if target_spec.extra_params:
            return None
        names = [port.name for port in target_spec.inputs]
        return _fault(
            "unknown-port",
            edge.target,
            f'"{title_of(target, target_spec)}" has no input {name!r}.',
            did_you_mean(name, names),
            field=name,
        )
    if not param.connectable:
        return _fault(
            "not-connectable",
            edge.target,
            f'"{param.name}" of "{title_of(target, target_spec)}" takes no edge: it decides how the workflow is built.',
            "Write its value into the node.",
            field=name,
        )
    if path and param.type.kind not in ("any", "dict", "list", "record"):
        return _fault(
            "unknown-port",
            edge.target,
            f'"{param.name}" of "{title_of(target, target_spec)}" is one {param.type} and has no part {".".join(path)!r}.',
            "Connect to the param itself.",
            field=name,
        )
    if source_port is None or path or "." in edge.source_port:
        return None  # what a path leads to is known when it is walked
    return _type_fault(edge, source, source_spec, source_port, target, target_spec, param)


def _type_fault(
    edge: Edge,
    source: Node,
    source_spec: NodeSpec | None,
    source_port: PortSpec,
    target: Node,
    target_spec: NodeSpec,
    param: ParamSpec,
) -> Problem | None:
    if clash(source_port.type, param.type) is None:
        return None
    ends = (
        f'"{edge.source_port}" of "{title_of(source, source_spec)}" to '
        f'"{edge.target_port}" of "{title_of(target, target_spec)}"'
    )
    return _fault(
        "type-clash",
        edge.target,
        f"Cannot connect {ends}: {edge.source_port} {_is_a(source_port.type)}, {edge.target_port} {_is_a(param.type)}.",
        _remedy(source_port, param),
        field=param.name,
    )


def _is_a(port_type: PortType) -> str:
    if port_type.kind == "signal":
        return "carries order only, no value"
    shown = str(port_type)
    article = "an" if shown[0] in "aeiouAEIO" else "a"
    return f"is {shown}" if shown == "anything" else f"is {article} {shown}"


def _remedy(source: PortSpec, param: ParamSpec) -> str:
    if source.type.kind == "signal":
        return 'Connect a port with a value, or use the input "after" for order.'
    if source.type.many and not param.type.many:
        part = f'"{source.name}.0"' if param.type.kind == "record" else f'"{source.name}.0.<field>"'
        return f'Take a part of it ({part}), or put a "Map" node between them.'
    if source.type.kind == "record":
        return f'Take one of its fields ("{source.name}.<field>"), or put a "Map" node between them.'
    return 'Put a "Map" node between them.'


def _fault(code: str, node: str, message: str, hint: str = "", *, field: str | None = None) -> Problem:
    return Problem(code=code, message=message, hint=hint, node=node, field=field)
