"""Where is a wire meant to land, and what would make it fit? Fields matched by the models' relations and by name; one node that converts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from studio.kernel.ids import NodeId
from studio.models.spec import MANAGED, FieldSpec, ModelSpec
from studio.project.state import Project
from studio.session.editing import Joint, port_type
from studio.workflow.checks import why_not
from studio.workflow.graph import Edge, Node, Workflow, frozen
from studio.workflow.references import spec_for
from studio.workflow.spec import Catalogue, NodeSpec, ParamSpec
from studio.workflow.types import PortType, clash

_FUNCTIONS: Final = {"int": "int", "float": "float", "decimal": "decimal", "str": "str", "text": "str"}
"""The function of an expression that makes a value of a kind."""
_SCALARS: Final = frozenset(
    {
        "int",
        "float",
        "decimal",
        "str",
        "text",
        "bool",
        "datetime",
        "date",
        "time",
        "timedelta",
        "enum",
        "uuid",
    }
)
_WRITES: Final = ("create", "update", "upsert")
NO_FIELDS: Final = frozenset({"record", "found", "created", "deleted"})
"""The ports beside those of a record's fields; a field that is called so is reached through the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The ports that a wire between two nodes means; the source's may be a path into what it carries. Or why it means none."""

    source_port: str = ""
    target_port: str = ""
    refusal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Converter:
    """A node that makes what an edge carries fit: its kind, its ports, and what it does in short ("list → one")."""

    type: str
    title: str
    entry: str
    leaving: str
    reason: str
    params: Mapping[str, Any] = field(default_factory=frozen)


class ModelWiring:
    """The wires that models suggest. Made anew when the models have changed."""

    def __init__(self, project: Project) -> None:
        names = {key: connection.name for key, connection in project.connections.items()}
        self._models = {
            (names.get(entry.connection, ""), entry.name): entry.spec for entry in project.models.values()
        }
        self._by_name = {name: spec for (_, name), spec in self._models.items()}

    def model(self, spec: NodeSpec) -> ModelSpec | None:
        """The model that nodes of a kind are about."""
        return self.named(spec.model, spec.connection)

    def named(self, name: str | None, connection: str | None) -> ModelSpec | None:
        """The model of that name, that of the connection before any other."""
        if name is None:
            return None
        return self._models.get((connection or "", name)) or self._by_name.get(name)

    def match(
        self, source: NodeSpec, source_port: str | None, target: NodeSpec, target_port: str | None
    ) -> Match | None:
        """What a wire means that was let go over a card: from a port, or to one; None when the models say nothing of it.

        A record, or its key, goes to the field that refers to it, required ones first; any other field to the one that is called
        the same. What the database sets by itself is refused.
        """
        params = [param for param in target.params if param.connectable and target_port in (None, param.name)]
        ports = [port.name for port in source.outputs] if source_port is None else [source_port]
        for param in sorted(params, key=lambda param: not param.required):
            for path in self._references(source, ports, target, param):
                return Match(source_port=path, target_port=param.name)
        if source_port is None or target_port is not None:
            return None
        return self._by_field_name(source, source_port, target, params)

    def _references(
        self, source: NodeSpec, ports: list[str], target: NodeSpec, param: ParamSpec
    ) -> Iterator[str]:
        """The ways from a node's outputs to the key that a param refers to."""
        model = self.model(target)
        own = next((entry for entry in model.fields if entry.name == param.field), None) if model else None
        if own is None or own.references is None or source.model is None:
            return
        owner, _, key = own.references.partition(".")
        if owner != source.model:
            return
        for name in ports:
            port = source.output(name)
            if port is None or (clash(port.type, param.type) is None and port.type.kind == "any"):
                continue
            if port.type.kind == "record" and port.type.model == owner:
                yield f"{name}.0.{key or 'id'}" if port.type.many else f"{name}.{key or 'id'}"
            elif name == (key or "id") and clash(port.type, param.type) is None:
                yield name

    def _by_field_name(
        self, source: NodeSpec, source_port: str, target: NodeSpec, params: list[ParamSpec]
    ) -> Match | None:
        model, port = self.model(target), source.output(source_port)
        if port is None or port.type.kind not in _SCALARS or source.model is None:
            return None
        writes = target.operation.removeprefix("bulk_") in _WRITES
        if (
            source_port in MANAGED
            and writes
            and model is not None
            and any(f.name == source_port for f in model.fields)
        ):
            return Match(refusal=f"{managed_refusal(model, source_port)} Connect another field.")
        fitting = (
            param
            for param in params
            if source_port in (param.field, param.name) and clash(port.type, param.type) is None
        )
        found = next(fitting, None)
        return Match(source_port=source_port, target_port=found.name) if found is not None else None

    def field_edge(
        self,
        workflow: Workflow,
        catalogue: Catalogue,
        field_of: tuple[str, str],
        target: Node,
        port: str | None,
    ) -> Edge | str:
        """The edge that brings a field of a model (its name, the field's) to a node, from the node nearest before it that gives such records.

        Without a port it goes to the field that refers to it, or that is called the same. Else the sentence that says why not.
        """
        model_name, name = field_of
        target_spec = spec_for(target, catalogue)
        if target_spec is None:
            return f'"{target.title or target.type}" is of a type that is not known here; it cannot be connected.'
        wanted = port or self._port_for(model_name, name, target_spec)
        if isinstance(wanted, Match):
            return wanted.refusal
        if wanted is None:
            return f'"{target.title or target_spec.title}" has no field for {model_name}.{name}. Drop it on a port.'
        refusal = None
        for candidate in _givers(workflow, catalogue, model_name, target):
            for path in paths_to(spec_for(candidate, catalogue), model_name, name):
                edge = Edge(source=candidate.id, source_port=path, target=target.id, target_port=wanted)
                others = workflow.without_edges(
                    known
                    for known in workflow.incoming.get(target.id, ())
                    if known.target_port == wanted and known != edge
                )
                why = why_not(others, catalogue, edge)
                if why is None:
                    return edge
                refusal = refusal or why
        return refusal or (
            f"No node here gives a {model_name}. Add one that reads it, such as Read or List, and drop the field again."
        )

    def _port_for(self, model_name: str, name: str, target: NodeSpec) -> str | Match | None:
        """The port of a node that a field goes to."""
        model = self.model(target)
        fields = {entry.name: entry for entry in model.fields} if model is not None else {}
        writes = target.operation.removeprefix("bulk_") in _WRITES
        if name in MANAGED and writes and name in fields and model is not None:
            return Match(refusal=managed_refusal(model, name))
        params = sorted(
            (param for param in target.params if param.connectable), key=lambda param: not param.required
        )
        for param in params:
            own = fields.get(param.field or "")
            if own is not None and refers(own, model_name, name):
                return param.name
        found = next((param.name for param in params if name in (param.field, param.name)), None)
        if found is None and "filter" in target.params_by_name:
            # Whoever looks for records looks for those that refer to it.
            keys = (entry.name for entry in fields.values() if refers(entry, model_name, name))
            found = next((f"filter.{key}" for key in keys), None)
        return found


def managed_refusal(model: ModelSpec, name: str) -> str:
    """Why a field that the database or the write path fills takes nothing from a workflow."""
    return f'"{name}" of {model.name} is set automatically; it cannot be given.'


def refers(field: FieldSpec, model_name: str, name: str) -> bool:
    """Whether a field is the foreign key that a field of another model belongs into."""
    return field.references in (f"{model_name}.{name}", model_name)


def converter(workflow: Workflow, catalogue: Catalogue, edge: Edge) -> Converter | None:
    """The one node that would make a refused edge fit; None when there is none, or when it is refused for another reason."""
    source, target = workflow.nodes.get(edge.source), workflow.nodes.get(edge.target)
    if source is None or target is None:
        return None
    given = port_type(
        spec_for(source, catalogue), Joint(node=source.id, port=edge.source_port, is_output=True)
    )
    wanted = port_type(
        spec_for(target, catalogue), Joint(node=target.id, port=edge.target_port, is_output=False)
    )
    found = conversion(given, wanted) if given is not None and wanted is not None else None
    if found is None:
        return None
    between = Node(id=_PROBE, type=found.type, params=found.params)
    probed = workflow.with_nodes([between])
    replaced = [
        known for known in workflow.incoming.get(target.id, ()) if known.target_port == edge.target_port
    ]
    first = replace(edge, target=between.id, target_port=found.entry)
    second = replace(edge, source=between.id, source_port=found.leaving)
    fits = why_not(probed, catalogue, first) is None
    joined = probed.without_edges(replaced).with_edges([first])
    return found if fits and why_not(joined, catalogue, second) is None else None


_PROBE: Final = NodeId("\x1f")
"""An id that no person can give."""


def conversion(given: PortType, wanted: PortType) -> Converter | None:
    """The node that makes one type of the other; None when they fit, or when there is none."""
    if clash(given, wanted) is None:
        return None
    if given.many and not wanted.many and given.kind in ("record", "dict", "any"):
        return Converter(
            type="Limit",
            title="First",
            entry="records",
            leaving="first",
            reason="list → one",
            params=frozen({"limit": 1}),
        )
    if given.many or wanted.many or given.kind not in _SCALARS or wanted.kind not in _FUNCTIONS:
        return None
    expression = f"{_FUNCTIONS[wanted.kind]}(record)"
    return Converter(
        type="Map",
        title=f"To {wanted}",
        entry="records",
        leaving="record.value",
        reason=f"{given} → {wanted}",
        params=frozen({"fields": {"value": expression}}),
    )


def _givers(workflow: Workflow, catalogue: Catalogue, model_name: str, target: Node) -> list[Node]:
    """The nodes that give records of a model and do not follow the target; those that lead to it first, then the latest."""
    after = workflow.downstream(target.id) | {target.id}
    before = workflow.upstream(target.id)
    found = [
        node
        for node in reversed(list(workflow.nodes.values()))
        if node.id not in after
        and (spec := spec_for(node, catalogue)) is not None
        and any(port.type.model == model_name for port in spec.outputs)
    ]
    return sorted(found, key=lambda node: node.id not in before)


def paths_to(spec: NodeSpec | None, model_name: str, name: str) -> Iterator[str]:
    """The ways from a node's outputs to a field of a model."""
    if spec is None:
        return
    has_fields = spec.model == model_name and spec.output("record") is not None
    if has_fields and name not in NO_FIELDS and spec.output(name) is not None:
        yield name
    for port in spec.outputs:
        if port.type.model == model_name:
            yield f"{port.name}.0.{name}" if port.type.many else f"{port.name}.{name}"
