"""What do a model's nodes for many records do? BulkCreate, BulkUpdate, BulkDelete, BulkUpsert: all or none, the quickest way there is.

Rows may be a list, any iterable, or a stream of batches from a List node; they are never gathered here.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from studio.kernel.errors import NodeError, StudioError
from studio.kernel.problems import Problem
from studio.models.refusals import need_one_key
from studio.models.relations import Family
from studio.models.spec import VERSION, ModelSpec
from studio.nodes.base import NodeContext, NodeType, Params
from studio.nodes.model_node import ModelNode
from studio.nodes.reading import (
    check_filter,
    check_id,
    check_value,
    check_values,
    conflict_fields,
    problem_of,
)
from studio.workflow.params import LATER, is_dynamic
from studio.workflow.spec import NodeSpec

if TYPE_CHECKING:
    from studio.database import BulkResult, Database, Statement

ROWS_CHECKED: Final = 1000
"""Rows written into a node are checked beforehand up to this one; the write path checks all of them."""


class BulkNode(ModelNode):
    """A node whose natural value is a mapping of counts."""

    __slots__ = ()
    eats = "data"

    def output(self, value: Any, port: str) -> Any:
        return value[port]

    def rows(self, value: Any) -> int | None:
        return int(value["created"]) + int(value["updated"])

    def _rows(self, params: Params) -> Any:
        """The rows as the database takes them, with the fields given beside them filled in."""
        data = params.get("data")
        if isinstance(data, Mapping):
            data = [data]  # one record is one row
        if isinstance(data, str | bytes) or not isinstance(data, Iterable | AsyncIterable):
            raise NodeError(
                f"{self._title} wants rows in data, not {type(data).__name__}.",
                hint="Give a list of records, or connect a List, Map or SQL node.",
                field="data",
            )
        filled = self.flat(params)
        if not filled:
            return data
        if isinstance(data, AsyncIterable):
            return _filled_stream(data, filled)
        return [_filled(row, filled) for row in data]

    def _check_rows(
        self, params: Params, needed: Sequence[str], *, beside: frozenset[str] = frozenset()
    ) -> list[Problem]:
        """What is wrong with rows that stand in the node, each of which needs some fields.

        `beside` are names that they may hold although they cannot be set.
        """
        problems = _flat_problems(self, params)
        data = params.get("data")
        rows = [data] if isinstance(data, Mapping) else data
        if not isinstance(rows, list | tuple):
            return problems
        filled = self.flat(params)
        for number, row in enumerate(rows[:ROWS_CHECKED], start=1):
            if row is LATER or (is_dynamic(row) and not isinstance(row, Mapping)):
                continue
            found = self._check_row(row, filled, needed, beside)
            if found:
                return [*problems, replace(found[0], field="data", row=number)]
        return problems

    def _check_row(
        self, row: Any, filled: Mapping[str, Any], needed: Sequence[str], beside: frozenset[str]
    ) -> list[Problem]:
        if not isinstance(row, Mapping):
            return [
                Problem(
                    code="param-type",
                    message=f"A row must be a mapping of fields, not {type(row).__name__}.",
                    hint="Write {field: value, …} for each row.",
                )
            ]
        given = {**filled, **row}
        values = {name: value for name, value in given.items() if name not in beside}
        lacking = [name for name in needed if name not in given]
        shared = {param.field for param in self.spec.params}
        return check_values(self._model, values, param="data") or [
            Problem(
                code="value-refused",
                message=f'{self._model.name} needs "{name}", which is not given.',
                hint=f"Give it a value in each row{', or once for all rows beside them' if name in shared else ''}.",
            )
            for name in lacking
        ]

    def _check_new_rows(self, params: Params, *, may_change: bool) -> list[Problem]:
        """The same for rows that become records; a key that is made may be None in them.

        Where they may change records instead, what is there need not be given anew.
        """
        made = frozenset(field.name for field in self._model.key_fields if not field.required)
        data = params.get("data")
        rows = [data] if isinstance(data, Mapping) else data
        if made and isinstance(rows, list | tuple):
            params = {**params, "data": [_without_empty(row, made) for row in rows[:ROWS_CHECKED]]}
        required = [field.name for field in self._model.settable if field.required]
        return self._check_rows(params, () if may_change else required)


def _without_empty(row: Any, names: frozenset[str]) -> Any:
    if not isinstance(row, Mapping) or all(row.get(name, name) is not None for name in names):
        return row
    return {name: value for name, value in row.items() if value is not None or name not in names}


def _filled(row: Any, filled: Mapping[str, Any]) -> Any:
    return {**filled, **row} if isinstance(row, Mapping) else row


async def _filled_stream(data: AsyncIterable[Any], filled: Mapping[str, Any]) -> AsyncIterator[Any]:
    """Rows, or batches of them, with the given fields where a row lacks them."""
    async for part in data:
        yield [_filled(row, filled) for row in part] if isinstance(part, list) else _filled(part, filled)


def _flat_problems(node: BulkNode, params: Params) -> list[Problem]:
    names = {param.name: param.field for param in node.spec.params if param.field}
    found = [
        check_value(node.model, field, params[name], param=name)
        for name, field in names.items()
        if name in params
    ]
    return [problem for problem in found if problem]


def _check_ids(node: BulkNode, params: Params) -> list[Problem]:
    if params.get("return_ids") is not True:
        return []
    try:
        need_one_key(node.model)
    except StudioError as error:
        return [problem_of(error, "return_ids")]
    return []


def _created(result: BulkResult) -> dict[str, Any]:
    return {
        "created": result.created,
        "updated": result.updated,
        "skipped": result.skipped,
        "ids": result.ids,
    }


class BulkCreateType(BulkNode):
    __slots__ = ()

    async def run(self, ctx: NodeContext, params: Params) -> Any:
        conflict: Any = params.get("conflict_resolution") or "error"
        result = await ctx.access(self._connection).bulk_create(
            self._model,
            self._rows(params),
            conflict=conflict,
            conflict_on=self._known_by(params) if conflict == "upsert" else params.get("conflict_on"),
            batch_size=params.get("batch_size") or 1000,
            return_ids=bool(params.get("return_ids", False)),
            progress=ctx.progress,
        )
        return _created(result)

    def _known_by(self, params: Params) -> tuple[str, ...] | None:
        wanted = params.get("conflict_on")
        return conflict_fields(self._model, wanted, {}, self._title) if wanted else None

    def statements(self, params: Params, database: Database) -> list[Statement]:
        return self._compile(database, "bulk_create", {**params, "data": _shown(self, params)})

    def check_own(self, params: Params) -> list[Problem]:
        may_change = params.get("conflict_resolution") not in (None, "error", "skip")
        return [
            *self._check_new_rows(params, may_change=may_change),
            *_check_conflict(self, params),
            *_check_ids(self, params),
        ]


class BulkUpsertType(BulkNode):
    __slots__ = ()

    async def run(self, ctx: NodeContext, params: Params) -> Any:
        wanted = params.get("conflict_on")
        result = await ctx.access(self._connection).bulk_upsert(
            self._model,
            self._rows(params),
            conflict_on=conflict_fields(self._model, wanted, {}, self._title) if wanted else None,
            conflict=params.get("conflict_resolution") or "update",
            batch_size=params.get("batch_size") or 1000,
            return_ids=bool(params.get("return_ids", False)),
            progress=ctx.progress,
        )
        return _created(result)

    def statements(self, params: Params, database: Database) -> list[Statement]:
        return self._compile(database, "bulk_upsert", {**params, "data": _shown(self, params)})

    def check_own(self, params: Params) -> list[Problem]:
        return [
            *self._check_new_rows(params, may_change=True),
            *_check_conflict(self, params),
            *_check_ids(self, params),
        ]


class BulkUpdateType(BulkNode):
    __slots__ = ()

    async def run(self, ctx: NodeContext, params: Params) -> Any:
        access = ctx.access(self._connection)
        form, changes = self._form(params)
        if form == "rows":
            result = await access.bulk_update_rows(
                self._model,
                self._rows(params),
                batch_size=params.get("batch_size") or 1000,
                progress=ctx.progress,
            )
        else:
            result = await access.bulk_update(
                self._model, params.get("filter"), changes, limit=params.get("limit")
            )
        return {"matched": result.matched, "updated": result.updated}

    def _form(self, params: Params) -> tuple[str, dict[str, Any]]:
        """Whether rows or a filter say what changes, and the changes of the latter; raises NodeError when both or neither do."""
        data, update = params.get("data"), params.get("update")
        if isinstance(data, Mapping) and update is None:
            data, update = None, data  # `{conditions, data: {…}}`: one mapping is what all records get
        if data is not None and (update is not None or params.get("filter") or params.get("limit")):
            raise NodeError(
                f"{self._title} takes filter and update, or rows in data, not both.",
                hint="Remove one of them.",
                field="data",
            )
        if data is not None:
            return "rows", {}
        if not update:
            raise NodeError(
                f"{self._title} is told nothing to change.",
                hint="Give the new values in update, or rows in data.",
                field="update",
            )
        if params.get("filter") is None:
            raise NodeError(
                f"{self._title} has no filter.",
                hint="Give one; an empty one, {}, means all records.",
                field="filter",
            )
        return "filter", dict(update)

    def rows(self, value: Any) -> int | None:
        return int(value["updated"])

    def statements(self, params: Params, database: Database) -> list[Statement]:
        form, changes = self._form(params)
        if form == "rows":
            return self._compile(database, "bulk_update", {"data": _shown(self, params)})
        shown = {"filter": params.get("filter"), "update": changes, "limit": params.get("limit")}
        return self._compile(database, "bulk_update", shown)

    def check_own(self, params: Params) -> list[Problem]:
        problems = check_filter(self._model, params.get("filter"), dialect=self._family.dialect)
        data, update = params.get("data"), params.get("update")
        if isinstance(data, Mapping) and update is None:
            problems += check_values(
                self._model, data, param="data", operators=True, dialect=self._family.dialect
            )
        else:
            beside = frozenset({VERSION}) if self._model.versioned else frozenset()
            problems += self._check_rows(params, self._model.key, beside=beside)
        problems += check_values(
            self._model, update, param="update", operators=True, dialect=self._family.dialect
        )
        if problems or update is LATER or data is LATER:
            return problems
        try:
            self._form(params)
        except StudioError as error:
            return [problem_of(error, error.field or "update")]
        return []


class BulkDeleteType(BulkNode):
    __slots__ = ()

    async def run(self, ctx: NodeContext, params: Params) -> Any:
        filter, ids = self._target(params)
        deleted = await ctx.access(self._connection).bulk_delete(
            self._model, filter, ids=ids, limit=params.get("limit")
        )
        return {"deleted": deleted}

    def _target(self, params: Params) -> tuple[Mapping[str, Any] | None, list[Any] | None]:
        """The filter or the ids that say what goes; raises NodeError when they leave it open."""
        filter, ids = params.get("filter"), params.get("ids")
        if ids is not None and filter:
            raise NodeError(
                f"{self._title} takes a filter or ids, not both.", hint="Remove one of them.", field="ids"
            )
        if ids is not None:
            if isinstance(ids, str | bytes | Mapping) or not isinstance(ids, Iterable):
                raise NodeError(
                    f"{self._title} wants a list of ids, not {type(ids).__name__}.",
                    hint="Write [1, 2, 3].",
                    field="ids",
                )
            return None, list(ids)
        if not filter and params.get("all") is not True:
            raise NodeError(
                f"{self._title} without a filter would delete everything.",
                hint="Give a filter or ids; set all to true if everything is meant.",
                field="filter",
            )
        return dict(filter or {}), None

    def rows(self, value: Any) -> int | None:
        return int(value["deleted"])

    def statements(self, params: Params, database: Database) -> list[Statement]:
        filter, ids = self._target(params)
        return self._compile(
            database, "bulk_delete", {"filter": filter, "ids": ids, "limit": params.get("limit")}
        )

    def check_own(self, params: Params) -> list[Problem]:
        problems = check_filter(self._model, params.get("filter"), dialect=self._family.dialect)
        problems += self._check_ids(params.get("ids"))
        if problems or any(params.get(name) is LATER for name in ("filter", "ids", "all")):
            return problems
        if is_dynamic(params.get("filter")) or is_dynamic(params.get("ids")) or is_dynamic(params.get("all")):
            return problems
        try:
            self._target(params)
        except StudioError as error:
            return [problem_of(error, error.field or "filter")]
        return []

    def _check_ids(self, ids: Any) -> list[Problem]:
        for number, key in enumerate(ids[:ROWS_CHECKED] if isinstance(ids, list | tuple) else (), start=1):
            found = check_id(self._model, key)
            if found:
                return [replace(found[0], field="ids", row=number)]
        return []


def _check_conflict(node: BulkNode, params: Params) -> list[Problem]:
    wanted = params.get("conflict_on")
    if not wanted or is_dynamic(wanted):
        return []
    try:
        conflict_fields(node.model, wanted, {}, f'"{node.spec.title}"')
    except StudioError as error:
        return [problem_of(error, "conflict_on")]
    return []


def _shown(node: BulkNode, params: Params) -> list[Any]:
    """The first row with what is filled in, enough to show the statement; an empty list when the rows come during a run."""
    data = params.get("data")
    rows = [data] if isinstance(data, Mapping) else data[:1] if isinstance(data, list | tuple) else []
    return [_filled(row, node.flat(params)) for row in rows]


BULK_TYPES: Final[Mapping[str, Callable[[NodeSpec, ModelSpec, Family], NodeType]]] = MappingProxyType(
    {
        "bulk_create": BulkCreateType,
        "bulk_update": BulkUpdateType,
        "bulk_delete": BulkDeleteType,
        "bulk_upsert": BulkUpsertType,
    }
)
