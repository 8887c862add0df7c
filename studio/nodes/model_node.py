"""What have all nodes of one model in common? Its fields as params and ports, the relations they include, and which models they need.

What each of them does stands in `records`, `rows` and `bulk`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from studio.kernel.errors import ModelError, NodeError
from studio.kernel.problems import Problem
from studio.models.relations import Family, Include
from studio.models.spec import ModelSpec
from studio.nodes.base import NodeType, Params
from studio.nodes.paths import names_of, path_type
from studio.workflow.params import is_dynamic
from studio.workflow.spec import NodeSpec
from studio.workflow.types import PortType

if TYPE_CHECKING:
    from studio.database import Database, Statement


class ModelNode(NodeType):
    """A node of one model. `fields_by_port` leads from a port's or param's name to the field's."""

    __slots__ = ("_connection", "_family", "_field_params", "_fields_by_port", "_model", "_title")

    own_ports: ClassVar[frozenset[str]] = frozenset()
    """The output ports that are not a field of the record."""

    def __init__(self, spec: NodeSpec, model: ModelSpec, family: Family | None = None) -> None:
        super().__init__(spec)
        self._model = model
        self._family = family or Family([model])
        self._connection = spec.connection
        self._title = f'"{spec.title}"'
        self._field_params = {param.name: param.field for param in spec.params if param.field}
        names = {*model.names, *self._family.relations(model.name)}
        self._fields_by_port = {
            port.name: port.name if port.name in names else port.name[:-1]
            for port in spec.outputs
            if port.name not in self.own_ports
        }

    @property
    def model(self) -> ModelSpec:
        return self._model

    @property
    def family(self) -> Family:
        """The models of the same database, with their relations."""
        return self._family

    def models(self, params: Params) -> Iterable[ModelSpec]:
        """The models whose tables the node needs; params that come during the run are `LATER`."""
        include = params.get("include") if "include" in self.spec.params_by_name else None
        if not include:
            return (self._model,)
        if is_dynamic(include):
            return tuple(self._family.models.values())
        return (self._model, *_included(self._include(include)))

    def _include(self, wanted: Any) -> tuple[Include, ...]:
        """The relations that `include` names; raises NodeError with the nearest ones."""
        if not wanted:
            return ()
        try:
            return self._family.include(self._model, names_of(wanted))
        except ModelError as error:
            raise NodeError(error.message, hint=error.hint, field="include") from error

    def _check_include(self, wanted: Any) -> list[Problem]:
        if not wanted or is_dynamic(wanted):
            return []
        problems = []
        for path in names_of(wanted):
            try:
                self._family.include(self._model, (path,))
            except ModelError as error:
                problems.append(
                    Problem(code="unknown-relation", message=error.message, hint=error.hint, field="include")
                )
        return problems

    def path_type(self, params: Params, port: str, path: Sequence[str]) -> PortType | Problem | None:
        """The type of what a dotted path leads to; what is wrong with it; None where that is known only during the run."""
        known = self.spec.output(port)
        if known is None or known.type.kind != "record":
            return None
        if port in self.own_ports:
            if not path or known.type.model != self._model.name:
                return None if path else known.type
            can_include = "include" in self.spec.params_by_name
            return path_type(self._family, self._model, known.type, path, params, can_include=can_include)
        name = self._fields_by_port.get(port, port)
        one = PortType(kind="record", model=self._model.name, nullable=known.type.nullable)
        return path_type(self._family, self._model, one, (name, *path), params)

    def flat(self, params: Params) -> dict[str, Any]:
        """The fields among the params, under the fields' names."""
        names = self._field_params
        return {names[name]: value for name, value in params.items() if name in names}

    def check(self, params: Params) -> list[Problem]:
        problems = []
        wanted = params.get("model_name")
        if wanted is not None and wanted != self._model.name:
            problems.append(
                Problem(
                    code="wrong-model",
                    message=f"model_name is {wanted!r}, but {self.spec.type} belongs to {self._model.name!r}.",
                    hint=f"Write {self._model.name!r}, or remove it.",
                    field="model_name",
                )
            )
        return problems + self.check_own(params)

    def check_own(self, params: Params) -> list[Problem]:
        return []

    def _compile(self, database: Database, operation: str, params: Mapping[str, Any]) -> list[Statement]:
        return database.compile(operation, self._model, params)


def _included(include: Iterable[Include]) -> Iterable[ModelSpec]:
    for entry in include:
        yield entry.target
        if entry.through is not None:
            yield entry.through
        yield from _included(entry.children)
