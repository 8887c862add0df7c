"""Which statements would a node run, although some of its values come only during a run? For the SQL tab of a node that may be connected.

What an earlier run gave is taken from there. Values that are not known yet are stood in for by values of the right type, the statements
are compiled with them, and wherever a stand-in comes out as a bound value, the words for where the value will come from are shown
instead. Nothing is executed.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Protocol

from studio.kernel.errors import ExpressionError, StudioError
from studio.models.spec import FieldSpec, Kind, ModelSpec
from studio.nodes.base import COMMON
from studio.nodes.catalogue import NodeCatalogue
from studio.nodes.model_node import ModelNode
from studio.workflow.graph import Edge, Workflow
from studio.workflow.params import (
    LITERAL,
    canonical,
    expression_of,
    is_dynamic,
    is_literal,
    placed,
    takes_filter,
    value_param,
)
from studio.workflow.references import spec_for
from studio.workflow.spec import ParamSpec

if TYPE_CHECKING:
    from studio.database import Database, Statement
    from studio.kernel.ids import NodeId

_FIRST: Final = 700_000_001
"""Stand-ins for numbers begin here, ten apart: whole numbers that nobody writes by chance."""
_FAR: Final = dt.datetime(2999, 1, 1, tzinfo=dt.UTC)
_NOT_FOR_NODES: Final = frozenset({*(param.name for param in COMMON), "db_instance", "model_name"})


class Known(Protocol):
    """What is known of values that come during a run, from one that is over. Both raise KeyError for what is not known."""

    def named(self, name: str) -> Any:
        """What an expression means by the name: an input's value, or a node's."""
        ...

    def delivered(self, node_id: NodeId, port: str) -> Any:
        """What came out of a port; the port may be a dotted path."""
        ...


def preview_statements(
    workflow: Workflow,
    node_id: NodeId,
    catalogue: NodeCatalogue,
    database: Database,
    known: Known | None = None,
) -> list[Statement]:
    """The statements of one node, with the values that are known.

    The others are shown as `‹orders.records.0.id›` when they come by an edge, and as they are written when they are expressions.

    Raises:
        StudioError: the params are wrong, as they would be in a run.
    """
    if known is not None:
        try:
            return _statements(workflow, node_id, catalogue, database, known)
        except StudioError:
            pass  # the params have changed since: the earlier values need not fit them any more
    return _statements(workflow, node_id, catalogue, database, None)


def _statements(
    workflow: Workflow,
    node_id: NodeId,
    catalogue: NodeCatalogue,
    database: Database,
    known: Known | None,
) -> list[Statement]:
    node = workflow.nodes[node_id]
    kind = catalogue.type(node.type, node.params.get("db_instance") or None)
    given = canonical(kind.spec, node.params)
    by_name = kind.spec.params_by_name
    stand_ins = _StandIns(kind.model if isinstance(kind, ModelNode) else None, known)
    params: dict[str, Any] = {}
    for name, value in given.items():
        param = by_name.get(name)
        if name in _NOT_FOR_NODES and not (param and param.field):
            continue
        evaluated = param is None or (
            param.expressions and (not param.local_names or takes_filter(param, value))
        )
        params[name] = stand_ins.filled(value, stand_ins.field_of(param, name)) if evaluated else value
        if param is not None and param.editor == "relations" and is_dynamic(value):
            params[name] = ()  # which statements these are is known in the run only
    for edge in workflow.incoming.get(node_id, ()):
        source_spec = spec_for(workflow.nodes[edge.source], catalogue)
        port = source_spec.output(edge.source_port) if source_spec else None
        target = value_param(kind.spec, edge, port)
        if target is None:
            continue
        name, path = target
        try:
            value = _delivered(known, edge)
        except KeyError:
            if name in by_name and by_name[name].editor == "relations":
                continue
            words = f"‹{edge.source}.{edge.source_port}›"
            value = stand_ins.connected(by_name.get(name), name, path, words)
        params[name] = placed(params.get(name), path, value)
    return stand_ins.shown(kind.statements(params, database))


def _delivered(known: Known | None, edge: Edge) -> Any:
    if known is None:
        raise KeyError(edge.source)
    return known.delivered(edge.source, edge.source_port)


class _StandIns:
    """Makes values that stand for others, and finds them again."""

    def __init__(self, model: ModelSpec | None, known: Known | None) -> None:
        self._model = model
        self._known = known
        self._words: list[tuple[Any, str]] = []

    def field_of(self, param: ParamSpec | None, name: str) -> FieldSpec | None:
        if self._model is None:
            return None
        wanted = param.field if param is not None and param.field else name
        return self._model.by_name.get(wanted)

    def filled(self, value: Any, field: FieldSpec | None) -> Any:
        """The value with every expression in it evaluated, or stood in for; `field` is the field whose value it is."""
        if isinstance(value, str):
            return self._evaluated(value, field)
        if is_literal(value):
            return value[LITERAL]
        if isinstance(value, Mapping):
            return {
                key: self.filled(part, field if str(key).startswith("$") else self._named(key) or field)
                for key, part in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.filled(part, field) for part in value]
        return value

    def _evaluated(self, text: str, field: FieldSpec | None) -> Any:
        expression = expression_of(text)
        if expression is None:
            return text
        if self._known is not None:
            try:
                return expression.evaluate({name: self._known.named(name) for name in expression.names})
            except (KeyError, ExpressionError):
                pass  # the earlier run did not come so far
        return self.make(field, text)

    def connected(self, param: ParamSpec | None, name: str, path: tuple[str, ...], words: str) -> Any:
        """A value for a param, or the part of it that the path leads to, which an edge will give."""
        model = self._model
        if model is not None and not path and param is not None and not param.field:
            if name == "id":
                return {field.name: self.make(field, words) for field in model.key_fields}
            if name == "data":
                return [{field.name: self.make(field, words) for field in model.settable}]
            if name in ("fields", "update", "create", "where"):
                wanted = [field for field in model.settable if not field.key] or list(model.settable)
                return {wanted[0].name: self.make(wanted[0], words)}
            if name == "filter":
                return {model.fields[0].name: self.make(model.fields[0], words)}
        field = self._named(path[-1]) if path else None
        if field is None and param is not None and param.type.kind == "int" and not param.field:
            return self._keep(_FIRST + 10 * len(self._words), words)
        return self.make(field or self.field_of(param, name), words)

    def _named(self, name: Any) -> FieldSpec | None:
        return self._model.by_name.get(str(name)) if self._model is not None else None

    def make(self, field: FieldSpec | None, words: str) -> Any:
        number = len(self._words)
        kind = field.kind if field is not None else Kind.STR
        if field is not None and field.choices:
            return self._keep(field.choices[number % len(field.choices)], words)
        made: dict[Kind, Any] = {
            Kind.INT: _FIRST + 10 * number,
            Kind.FLOAT: float(_FIRST + 10 * number),
            Kind.DECIMAL: Decimal(number + 1) / 8,
            Kind.BOOL: True,
            Kind.DATETIME: _FAR + dt.timedelta(seconds=number),
            Kind.DATE: _FAR.date() + dt.timedelta(days=number),
            Kind.TIME: (_FAR + dt.timedelta(microseconds=number + 1)).time(),
            Kind.TIMEDELTA: dt.timedelta(microseconds=_FIRST + 10 * number),
            Kind.BYTES: words.encode(),
            Kind.DICT: {"…": words},
            Kind.LIST: [words],
            Kind.VECTOR: [float(_FIRST + 10 * number)]
            * ((field.dimensions if field is not None else None) or 1),
            Kind.UUID: uuid.UUID(int=_FIRST + 10 * number),
        }
        if field is not None and field.naive and kind is Kind.DATETIME:
            return self._keep((_FAR + dt.timedelta(seconds=number)).replace(tzinfo=None), words)
        value = made.get(kind, words)
        if isinstance(value, str) and field is not None and field.max_length is not None:
            value = value[: field.max_length]
        return self._keep(value, words)

    def _keep(self, value: Any, words: str) -> Any:
        self._words.append((value, words))
        return value

    def shown(self, statements: list[Statement]) -> list[Statement]:
        """The statements with the words where a stand-in was bound."""
        from studio.database import Statement

        return [
            Statement(
                sql=statement.sql,
                params={name: self._word(value) for name, value in statement.params.items()},
            )
            for statement in statements
        ]

    def _word(self, value: Any) -> Any:
        for stand_in, words in self._words:
            if type(value) is type(stand_in) and value == stand_in:
                return words
            if type(value) is type(stand_in) is int and value == stand_in + 1:
                return f"{words} + 1"  # a List looks one record beyond its limit
            if isinstance(stand_in, dt.datetime | dt.date | dt.time | uuid.UUID | Decimal) and str(value) in (
                str(stand_in),
                getattr(stand_in, "hex", ""),
            ):
                return words
        return value
