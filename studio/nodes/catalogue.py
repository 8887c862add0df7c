"""Which kinds of node are there for this workflow? A catalogue of node types, found by name and, where needed, by connection."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from studio.kernel.errors import WorkflowError
from studio.kernel.names import did_you_mean
from studio.kernel.problems import Problem
from studio.models.relations import Family
from studio.models.spec import ModelSpec
from studio.nodes.base import NodeType
from studio.nodes.generated import generated_types
from studio.workflow.graph import REFERRING, Node, Workflow
from studio.workflow.references import REFERENCE, Library, is_same
from studio.workflow.spec import NodeSpec
from studio.workflow.types import PortType

_TYPED_BY_MODEL: Final = frozenset({"ReadCSV", "ReadJSON", "ReadParquet", "WriteParquet"})


class NodeCatalogue:
    """An unchanging set of node types: the models' in the order given, then flow, data and code nodes.

    Two connections may each have a model of the same name; their node types then share a name, and a node's
    `db_instance` param says which connection is meant; a node that says nothing means the one on `default_connection`, if there is one.
    """

    def __init__(
        self,
        types: Iterable[NodeType],
        *,
        default_connection: str | None = None,
        connections: Iterable[str] | None = None,
        library: Library | None = None,
    ) -> None:
        """Takes the node types, and what they may name: `connections` (None: any), and the workflows of a `library`."""
        self.default_connection = default_connection
        self.library = library or Library(dict)
        self._bound: dict[tuple[str, str, Any], tuple[tuple[Workflow, ...], NodeType]] = {}
        self._binding: set[str] = set()
        self._lock = threading.RLock()
        self._connections = None if connections is None else tuple(connections)
        self._types: dict[str, list[NodeType]] = {}
        for node_type in types:
            self._types.setdefault(node_type.spec.type, []).append(node_type)

    @classmethod
    def of(cls, models: Iterable[tuple[str, ModelSpec]]) -> NodeCatalogue:
        """The catalogue of some models, each with the name of its connection, and all other kinds of node."""
        by_connection: dict[str, list[ModelSpec]] = {}
        for connection, model in models:
            by_connection.setdefault(connection, []).append(model)
        generated = [
            kind
            for connection, together in by_connection.items()
            for family in (Family(together),)
            for model in together
            for kind in generated_types(model, connection, family)
        ]
        return cls([*generated, *common_types()])

    def find(self, type_name: str) -> NodeSpec | None:
        """The spec of that name; when several connections have it, that of the default one, or the first."""
        kinds = self._types.get(type_name)
        if not kinds:
            return None
        usual = (kind.spec for kind in kinds if kind.spec.connection == self.default_connection)
        return next(usual, kinds[0].spec)

    def specs(self) -> Iterable[NodeSpec]:
        return [kind.spec for kinds in self._types.values() for kind in kinds]

    def type(self, type_name: str, connection: str | None = None) -> NodeType:
        """The node type of that name; raises WorkflowError when there is none, or when several connections have it and none is named."""
        kinds = self._types.get(type_name, [])
        if not connection and len(kinds) > 1:
            connection = self.default_connection
        if connection:
            named = [kind for kind in kinds if kind.spec.connection in (connection, None)]
            if named:
                return named[0]
        elif len(kinds) == 1:
            return kinds[0]
        if not kinds:
            raise WorkflowError(
                f"There is no node type {type_name!r}.", hint=did_you_mean(type_name, self._types)
            )
        names = ", ".join(repr(kind.spec.connection) for kind in kinds)
        if connection:
            raise WorkflowError(
                f"The connection {connection!r} has no {type_name!r}.", hint=f"These have it: {names}."
            )
        raise WorkflowError(
            f"Several connections have {type_name!r}: {names}.", hint="Name one in the param db_instance."
        )

    def with_library(self, library: Library) -> NodeCatalogue:
        """The same kinds of node, for workflows that may run those of the library."""
        types = [kind for kinds in self._types.values() for kind in kinds]
        return NodeCatalogue(
            types,
            default_connection=self.default_connection,
            connections=self._connections,
            library=library,
        )

    def type_of(self, node: Node) -> NodeType:
        """The type of a node: on the connection that it names, for the workflow that it runs. Raises as `type` does."""
        if node.type not in REFERRING:
            return self.type(node.type, node.params.get("db_instance") or None)
        from studio.nodes.subworkflows import ReferringType

        general = self.type(node.type)
        workflow = self.library.get(node.params.get(REFERENCE))
        if workflow is None or not isinstance(general, ReferringType):
            return general
        key = (node.type, workflow.id, repr(node.params.get("input")))
        closure = self.library.closure(workflow)
        with self._lock:
            known = self._bound.get(key)
            if known is not None and is_same(known[0], closure):
                return known[1]
            if workflow.id in self._binding:
                return general  # a workflow that runs itself; the checks refuse it
            self._binding.add(workflow.id)
            try:
                bound = general.bound(workflow, node, self)
            finally:
                self._binding.discard(workflow.id)
            if known is not None and known[1].spec == bound.spec:
                bound.spec = known[1].spec  # what was found out about nodes with this spec still holds
            self._bound[key] = (closure, bound)
            return bound

    def spec_of(self, node: Node) -> NodeSpec | None:
        return self.type_of(node).spec if node.type in self._types else None

    def acts_outside(self, node: Node) -> bool:
        """Whether the node changes something elsewhere that no rollback takes back."""
        return node.type in self._types and self.type_of(node).outside(node.params)

    def models(self) -> dict[str, dict[str, ModelSpec]]:
        """The models by connection and name."""
        from studio.nodes.model_node import ModelNode

        found: dict[str, dict[str, ModelSpec]] = {}
        for kinds in self._types.values():
            for kind in kinds:
                if isinstance(kind, ModelNode):
                    found.setdefault(kind.spec.connection or "", {})[kind.model.name] = kind.model
        return found

    def model(self, name: str) -> ModelSpec:
        """The model of that name, on the default connection when several have one; raises WorkflowError when it is not clear."""
        found = {connection: models[name] for connection, models in self.models().items() if name in models}
        if len(found) > 1 and self.default_connection in found:
            return found[self.default_connection]
        if len(found) == 1:
            return next(iter(found.values()))
        if found:
            names = ", ".join(map(repr, found))
            raise WorkflowError(
                f"Several connections have a model {name!r}: {names}.", hint="Make one the default."
            )
        known = [model for models in self.models().values() for model in models]
        raise WorkflowError(f"There is no model {name!r}.", hint=did_you_mean(name, known))

    def check_params(self, spec: NodeSpec, params: Mapping[str, Any]) -> list[Problem]:
        """What the node type finds wrong with its params; values that come during the run are `LATER`."""
        kinds = self._types.get(spec.type, [])
        if spec.type in REFERRING:
            kinds = [*kinds, *(kind for _, kind in list(self._bound.values()))]
        kind = next((kind for kind in kinds if kind.spec is spec), None)
        found = kind.check(params) if kind else []
        wanted = params.get("connection")
        if spec.type == "SQL" and isinstance(wanted, str) and wanted and not self._has_connection(wanted):
            found = [*found, _unknown_connection(wanted, self._connections or ())]
        model = params.get("model")
        if spec.type in _TYPED_BY_MODEL and isinstance(model, str) and model:
            try:
                self.model(model)
            except WorkflowError as error:
                problem = Problem(code="unknown-model", message=error.message, hint=error.hint, field="model")
                found = [*found, problem]
        return found

    def path_type(
        self, spec: NodeSpec, params: Mapping[str, Any], port: str, path: Sequence[str]
    ) -> PortType | Problem | None:
        """What a dotted path out of a node leads to; what is wrong with it; None where only the run can tell."""
        from studio.nodes.model_node import ModelNode

        kind = next((kind for kind in self._types.get(spec.type, ()) if kind.spec is spec), None)
        return kind.path_type(params, port, path) if isinstance(kind, ModelNode) else None

    def _has_connection(self, name: str) -> bool:
        return self._connections is None or name in self._connections


def _unknown_connection(name: str, known: Iterable[str]) -> Problem:
    names = list(known)
    return Problem(
        code="unknown-connection",
        message=f"There is no connection {name!r}.",
        hint=did_you_mean(name, names) or "Make it, or leave the param empty for the only one.",
        field="connection",
    )


def common_types() -> list[NodeType]:
    """The node types that need no model: flow, data, code."""
    from studio.nodes.branching import BRANCHING_TYPES
    from studio.nodes.code import CODE_TYPES
    from studio.nodes.combining import COMBINING_TYPES
    from studio.nodes.files import FILE_TYPES
    from studio.nodes.flow import FLOW_TYPES
    from studio.nodes.http_request import HTTP_TYPES
    from studio.nodes.parquet import PARQUET_TYPES
    from studio.nodes.shaping import SHAPING_TYPES
    from studio.nodes.subworkflows import REFERRING_TYPES

    return [
        *FLOW_TYPES,
        *BRANCHING_TYPES,
        *REFERRING_TYPES,
        *SHAPING_TYPES,
        *COMBINING_TYPES,
        *FILE_TYPES,
        *PARQUET_TYPES,
        *HTTP_TYPES,
        *CODE_TYPES,
    ]
