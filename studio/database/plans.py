"""Which statement does an operation run? Each is built and compiled by SQLAlchemy once per (model, operation, shape) and kept.

A *plan* is a compiled statement: its text, how named values become positional arguments, and how its rows become records. The plans of one
model know nothing of connections; they are used from any thread that `Database.compile` is called from, and from the engine's loop.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from studio.database.care import care_for
from studio.database.dialect import Brief, Converter, Dialect, Row
from studio.database.list_cache import ListCache
from studio.database.pipelines import Maker, RowPipelines, SealedPipelines, make_maker, refuse_name
from studio.database.results import Meter, Record, Statement
from studio.database.tables import statement_table
from studio.kernel.errors import ValueRefused
from studio.kernel.names import did_you_mean
from studio.models.spec import FieldSpec, ModelSpec
from studio.models.values import Checker, make_checker
from studio.query.conditions import NO_SLOT, All, Comparison, Condition
from studio.query.filters import Filter, parse_filter
from studio.query.sql_filters import filter_clause

if TYPE_CHECKING:
    from studio.database.encryption import KeyRing
    from studio.database.statements import PlainUpdate

_MOST_PLANS = 2000
"""Kept per model; shapes beyond it (long generated filters) push all others out."""


class Plan:
    """One compiled statement."""

    __slots__ = ("_slots", "make", "sql")

    def __init__(
        self,
        statement: sa.ClauseElement,
        dialect: Dialect,
        make: Maker | None = None,
        *,
        takes: type[Brief] | None = None,
    ) -> None:
        """`takes` is how long it does, where that is known: `dialect.Brief` or `dialect.Short`."""
        compiled: Any = statement.compile(dialect=dialect.sqlalchemy)
        text: str = compiled.string
        self.sql: str = takes(text) if takes is not None and dialect.name == "sqlite" else text
        self.make: Maker = make or dict
        constants = compiled.construct_params(_check=False)
        self._slots: list[tuple[str, Converter | None, Any]] = [
            (name, _processor(compiled.binds[name].type, dialect), constants.get(name))
            for name in compiled.positiontup or ()
        ]

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """The positional arguments; a name that `values` lacks is a constant of the statement."""
        arguments = []
        for name, process, constant in self._slots:
            value = values.get(name, constant)
            arguments.append(value if process is None else process(value))
        return arguments

    def row_arguments(self, row: Sequence[Any], values: Mapping[str, Any]) -> list[Any]:
        """The same where the parameters `v0`, `v1`, … are a pipeline's row, which is in the driver's form already."""
        arguments = []
        for name, process, constant in self._slots:
            if name[0] == "v" and name[1:].isdigit():
                arguments.append(row[int(name[1:])])
            else:
                value = values.get(name, constant)
                arguments.append(value if process is None else process(value))
        return arguments

    def statement(self, values: Mapping[str, Any]) -> Statement:
        """The statement as the SQL tab shows it: values by their place, as they are before the driver's forms."""
        names = dict.fromkeys(name for name, _, _ in self._slots)
        return Statement(
            sql=self.sql,
            params={
                str(place): values.get(name, self._constant(name)) for place, name in enumerate(names, 1)
            },
        )

    def _constant(self, wanted: str) -> Any:
        return next((constant for name, _, constant in self._slots if name == wanted), None)


def _processor(type_: sa.types.TypeEngine[Any], dialect: Dialect) -> Converter | None:
    if isinstance(type_, sa.types.TypeDecorator):
        return type_.bind_processor(dialect.sqlalchemy)
    return type_.dialect_impl(dialect.sqlalchemy).bind_processor(dialect.sqlalchemy)


class InsertPlan:
    """An INSERT of rows that give certain fields, and the pipelines that lead to its arguments."""

    __slots__ = ("columns", "make", "pipelines", "sql")

    def __init__(self, plans: ModelPlans, columns: tuple[str, ...]) -> None:
        self.columns = columns
        ciphers = plans.care.ciphers if plans.care is not None else None
        self.pipelines: RowPipelines | SealedPipelines = (
            SealedPipelines(plans.spec, plans.dialect, columns, ciphers)
            if ciphers
            else RowPipelines(plans.spec, plans.dialect, columns, completing=True)
        )
        plan = Plan(plans.insert(columns).returning(*plans.returned), plans.dialect, takes=Brief)
        self.sql = plan.sql
        self.make = plans.maker()


class ModelPlans:
    """The plans of one model on one dialect."""

    def __init__(self, spec: ModelSpec, dialect: Dialect, ring: KeyRing | None = None) -> None:
        self.spec = spec
        self.asked_for = spec
        """The spec by which the plans are found; `spec` lacks those of its fields that the table does not have."""
        self.dialect = dialect
        self.table = statement_table(spec.stored, dialect)
        self.returned = dialect.returned(self.table, spec.stored.fields)
        """All columns, as a RETURNING gives them."""
        self._plans: dict[Hashable, Plan] = {}
        self._inserts: dict[tuple[str, ...], InsertPlan] = {}
        self._by_columns: dict[tuple[str, ...], InsertPlan] = {}
        self._updates: dict[tuple[str, ...], RowPipelines] = {}
        self.quick: dict[tuple[Hashable, str], Plan] = {}
        """For `statements.by_unique_field`, by what is done and the field's name."""
        self.plain_updates: dict[tuple[str, tuple[str, ...]], PlainUpdate] = {}
        """For `statements.plain_update`, by the field that finds the record and the fields that change."""
        self._finders: dict[str, tuple[Checker, Converter | None]] = {}
        self._makers: dict[tuple[str, ...], Maker] = {}
        self.care = care_for(spec, ring)
        self.optional = frozenset(
            field.name
            for field in spec.fields
            if field.generated or (field.server_default is not None and not field.managed)
        )
        """Fields that an INSERT leaves out when they are not given: the database makes their values."""
        self.generated = next((field.name for field in spec.fields if field.generated), None)
        self._always = frozenset(
            field.name for field in spec.fields if not field.nullable and not spec.reflected
        )
        self.checkers = {field.name: make_checker(field) for field in spec.fields}
        self.unique_fields = frozenset(fields[0] for fields in spec.unique_sets() if len(fields) == 1)
        self.managed_update = spec.by_name.get("updated_at")
        if self.managed_update is not None and not self.managed_update.managed:
            self.managed_update = None
        managed = next((field for field in spec.fields if field.managed), None)
        self._moment = None if managed is None else dialect.binder(managed, reflected=spec.reflected)

    # -------------------------------------------------------------- parts of statements

    def column(self, name: str) -> sa.Column[Any]:
        column: sa.Column[Any] = self.table.c[self.spec.stored.by_name[name].column]
        return column

    def columns(self, names: Iterable[str]) -> list[sa.Column[Any]]:
        return [self.column(name) for name in names]

    def maker(self, names: tuple[str, ...] | None = None) -> Maker:
        """Makes records of rows that hold these fields, in this order; all of them when None."""
        wanted = self.spec.names if names is None else names
        made = self._makers.get(wanted)
        if made is None:
            readers = [self.reader(name) for name in wanted]
            made = self._makers[wanted] = make_maker(wanted, readers, always=self._always)
        return made

    def reader(self, name: str) -> Converter | None:
        if self.care is not None and name in self.care.ciphers:
            return self.care.ciphers[name].open
        return self.dialect.reader(self.spec.by_name[name], reflected=self.spec.reflected)

    def bound(self, field: FieldSpec, value: Any) -> Any:
        """A canonical value as the driver takes it."""
        binder = self.dialect.binder(field, reflected=self.spec.reflected)
        return value if value is None or binder is None else binder(value)

    def moment(self, now: Any) -> Any:
        """The batch's timestamp as the pipelines put it into managed columns."""
        return now if self._moment is None else self._moment(now)

    def found_by(self, name: str, value: Any) -> Any:
        """A value to find records by, as the driver takes it. Raises ValueRefused for another kind than the field's."""
        known = self._finders.get(name)
        if known is None:
            field = self.spec.by_name[name]
            binder = self.dialect.binder(field, reflected=self.spec.reflected)
            known = self._finders[name] = (make_checker(field, constraints=False), binder)
        check, bind = known
        checked = check(value)
        return checked if bind is None else bind(checked)

    def plan(
        self,
        key: Hashable,
        build: Callable[[], tuple[sa.ClauseElement, Maker | None]],
        *,
        finds: Condition | None = None,
        takes: type[Brief] | None = None,
    ) -> Plan:
        """The plan of that key, built at the first call; `finds` is the condition by which it finds its records, if it only does that.

        `takes` is how long it does, where `finds` does not say.
        """
        found = self._plans.get(key)
        if found is None:
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            statement, make = build()
            if finds is not None and self.identifies(finds):
                takes = Brief
            found = self._plans[key] = Plan(statement, self.dialect, make, takes=takes)
        return found

    def parsed(self, filter: Mapping[str, Any] | None, *, include_deleted: bool = False) -> Filter:
        """The filter as the database is asked it, with what the model's options add."""
        if self.care is not None:
            filter = self.care.filter(filter, include_deleted=include_deleted)
            return self.care.hide(parse_filter(self.spec, filter))
        return parse_filter(self.spec, filter)

    def where(self, filter: Filter, *, prefix: str = "p", table: Any = None) -> Any:
        """The filter's clause, or None when it asks nothing."""
        return filter_clause(filter, self.table if table is None else table, self.dialect.name, prefix=prefix)

    # -------------------------------------------------------------- writing

    def insert(self, columns: Sequence[str]) -> Any:
        """`INSERT INTO … (columns) VALUES (…)`, its parameters `v0`, `v1`, … in the order of the columns."""
        values = {
            self.column(name).name: sa.bindparam(f"v{place}", type_=self.column(name).type)
            for place, name in enumerate(columns)
        }
        return self.dialect.insert(self.table).values(values)

    def insert_plan(self, given: Iterable[str]) -> InsertPlan:
        """The INSERT for rows that give these fields."""
        names = tuple(given)
        found = self._inserts.get(names)
        if found is None:
            columns = self.insert_columns(names)
            found = self._by_columns.get(columns)
            if found is None:
                found = self._by_columns[columns] = InsertPlan(self, columns)
            if len(self._inserts) >= _MOST_PLANS:
                self._inserts.clear()
            self._inserts[names] = found
        return found

    def update_pipelines(self, columns: tuple[str, ...]) -> RowPipelines:
        """The pipelines to the arguments of an update by key: the key's fields, then those that change."""
        found = self._updates.get(columns)
        if found is None:
            found = self._updates[columns] = RowPipelines(self.spec, self.dialect, columns, completing=False)
        return found

    def row(self, plan: InsertPlan, given: Mapping[str, Any], now: Any) -> tuple[Any, ...]:
        """The arguments of an INSERT for one record."""
        convert = plan.pipelines.pipeline(given)
        if self.care is None:
            return convert(given, self.moment(now))
        return convert(given, self.moment(now), self.care.tenant)

    def insert_columns(self, given: Iterable[str]) -> tuple[str, ...]:
        names = set(given)
        return tuple(
            field.name
            for field in self.spec.stored.fields
            if field.name not in self.optional or field.name in names
        )

    def key_values(self, record: Mapping[str, Any]) -> Any:
        """The record's key: a value, or a mapping when the key has several fields; None without a key."""
        key = self.spec.key
        if len(key) == 1:
            return record.get(key[0])
        return {name: record.get(name) for name in key} if key else None

    def key_filter(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """The filter that finds the record by its key."""
        return {name: {"$eq": record[name]} for name in self.spec.key}

    def identifies(self, condition: Condition) -> bool:
        """Whether the condition can match one record at most: an equality on a key or on a unique field."""
        if isinstance(condition, Comparison):
            return _is_equality(condition) and condition.field in self.unique_fields
        equal = set(_equal_fields(condition))
        return any(set(fields) <= equal for fields in self.spec.unique_sets())

    # -------------------------------------------------------------- names

    def check_names(self, names: Iterable[str]) -> tuple[str, ...]:
        """The names, all of them fields of the model; raises ValueRefused with the nearest ones."""
        wanted = tuple(names)
        for name in wanted:
            if name not in self.spec:
                raise ValueRefused(
                    f"{self.spec.name} has no field {name!r}.",
                    hint=did_you_mean(str(name), self.spec.names),
                    field=str(name),
                )
        return wanted

    def check_settable(self, names: Iterable[str]) -> None:
        """Refuses managed and unknown fields."""
        for name in names:
            field = self.spec.by_name.get(name)
            if field is None or field.managed:
                raise refuse_name(self.spec, name)

    def known_by(self, given: Iterable[str]) -> tuple[str, ...]:
        """The key, else the first unique fields that are among those given; empty when nothing given tells one record from others."""
        names = set(given)
        return next((fields for fields in self.spec.unique_sets() if set(fields) <= names), ())

    def conflict_fields(
        self, conflict_on: Sequence[str] | str | None, given: Iterable[str]
    ) -> tuple[str, ...]:
        """The unique fields by which an upsert finds its record; the key, else the one unique field that is given.

        Raises ValueRefused when they are not unique together, because then no database could tell which record is meant.
        """
        if conflict_on:
            wanted = self.check_names([conflict_on] if isinstance(conflict_on, str) else conflict_on)
            if not any(set(fields) == set(wanted) for fields in self.spec.unique_sets()):
                unique = " or ".join(", ".join(fields) for fields in self.spec.unique_sets())
                raise ValueRefused(
                    f"{self.spec.name}: {', '.join(wanted)} is not unique, so it cannot find the record to update.",
                    hint=f"Use {unique} as conflict_on, or declare a unique field.",
                    field=wanted[0],
                )
            return wanted
        found = self.known_by(given)
        if found:
            return found
        unique = " or ".join(", ".join(fields) for fields in self.spec.unique_sets())
        raise ValueRefused(
            f"{self.spec.name}: nothing given identifies the record to update.",
            hint=f"Give {unique}." if unique else "The table has no unique field: use Create.",
        )


def _is_equality(part: Comparison) -> bool:
    return part.operator == "eq" and part.path == NO_SLOT


def _equal_fields(condition: Condition) -> Iterable[str]:
    """The fields that every matching record has one certain value in."""
    if isinstance(condition, All):
        for part in condition.parts:
            yield from _equal_fields(part)
    elif isinstance(condition, Comparison) and _is_equality(condition):
        yield condition.field


def records(plan: Plan, rows: Sequence[Row]) -> list[Record]:
    make = plan.make
    return [make(row) for row in rows]


class PlanBook:
    """What is remembered of one database: the plans of all models, found by the spec's identity, and lists that are kept."""

    def __init__(self, dialect: Dialect, ring: KeyRing | None = None) -> None:
        """`ring` has the keys of encrypted fields; without, they are looked for in the environment."""
        self.dialect = dialect
        self._ring = ring
        self.lists = ListCache()
        self.meter: Meter | None = None
        self._by_id: dict[int, ModelPlans] = {}
        self._without: dict[int, tuple[ModelSpec, frozenset[str]]] = {}

    def narrow(self, spec: ModelSpec, without: frozenset[str]) -> None:
        """From now on the model's plans know nothing of these fields, which its table does not have."""
        if self._without.get(id(spec), (spec, frozenset()))[1] == without:
            return
        self._without[id(spec)] = (spec, without)
        self._by_id.pop(id(spec), None)

    def of(self, spec: ModelSpec) -> ModelPlans:
        found = self._by_id.get(id(spec))
        if found is None:
            found = self._add(spec)
        return found

    def _add(self, spec: ModelSpec) -> ModelPlans:
        if len(self._by_id) >= _MOST_PLANS:
            self._by_id.clear()
        _, without = self._without.get(id(spec), (spec, frozenset()))
        known = (
            replace(spec, fields=tuple(field for field in spec.fields if field.name not in without))
            if without
            else spec
        )
        made = ModelPlans(known, self.dialect, self._ring)
        made.asked_for = spec  # kept alive, so that its id stays its own
        self._by_id[id(spec)] = made
        return made


@functools.cache
def dialect_named(name: str) -> Dialect:
    """The dialect of that name; each is made once."""
    if name == "sqlite":
        from studio.database.sqlite_dialect import SqliteDialect

        return SqliteDialect()
    if name == "mysql":
        from studio.database.mysql_dialect import MysqlDialect

        return MysqlDialect()
    from studio.database.postgresql_dialect import PostgresqlDialect

    return PostgresqlDialect()
