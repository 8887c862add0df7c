"""How does a table follow its model? Columns and indexes that the model has and the table lacks are added; nothing is dropped or retyped.

A column comes nullable or with a default, which the records that are there get too; it keeps that default, so that a program that does
not know it yet can go on writing. What cannot be added without a decision of a person's is refused, and nothing is done then. Renaming,
retyping and removing are left out.
"""

from __future__ import annotations

import datetime as dt
import enum
import io
import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import orjson
import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

from studio.database.dialect import Dialect, FoundColumn, FoundIndex, Session
from studio.kernel.errors import DatabaseError, NoSuchTable, SchemaDiffers
from studio.kernel.names import did_you_mean
from studio.models.refusals import shorten
from studio.models.spec import MANAGED, MISSING, TENANT_ID, VERSION, FieldSpec, Kind, ModelSpec
from studio.models.values import make_checker

_PREFIX_LENGTH: Final = 255
"""Characters of a long text that MariaDB indexes."""
_NOTHING: Final = object()


@dataclass(slots=True, kw_only=True)
class Growth:
    """What a table lacks of its model."""

    spec: ModelSpec
    columns: list[FieldSpec] = field(default_factory=list)
    indexes: list[sa.Index] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.columns or self.indexes)


def difference(
    spec: ModelSpec, field: FieldSpec, found: FoundColumn, dialect: Dialect
) -> SchemaDiffers | None:
    """Why a column that is there cannot keep a field's values, or None."""
    if found.kind is None or found.kind in dialect.also_keeps.get(field.kind, ()):
        return None
    wanted = _a(field.kind.value)
    if field.kind is found.kind:
        if dialect.name == "sqlite" and field.kind is Kind.DECIMAL:
            wanted = "a decimal, which SQLite would make a floating number of there"
        elif dialect.name == "postgresql" and field.kind is Kind.DATETIME and found.naive != field.naive:
            wanted = "a moment with a time zone"
        elif dialect.name == "postgresql" and field.kind is Kind.ENUM:
            wanted = "an enum, which Studio keeps as text (in a SQLAlchemy class: native_enum=False)"
        elif found.dimensions is not None and found.dimensions != field.dimensions:
            wanted = f"a vector({field.dimensions})"
        else:
            return None
    return SchemaDiffers(
        f'{spec.name}: the column {field.column!r} is {found.declared}, but the field "{field.name}" is {wanted}.',
        hint="Studio never changes a column's type by itself: change the model or the column, or import the table as a model.",
        **_where(spec, field),
    )


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def lacking_indexes(
    table: sa.Table, there: Sequence[FoundIndex], columns: Mapping[str, FoundColumn], dialect: Dialect
) -> list[sa.Index]:
    """The model's indexes and unique fields that no index of the table stands for."""
    names = {index.name.lower() for index in there}
    sorts = {(index.columns, index.unique) for index in there if index.columns}
    by_name = {str(index.name): index for index in table.indexes}
    for rule in table.constraints:
        if isinstance(rule, sa.UniqueConstraint) and str(rule.name) not in by_name:
            by_name[str(rule.name)] = sa.Index(str(rule.name), *rule.columns, unique=True)
    wanted = [by_name[name] for name in sorted(by_name)]
    lacking = []
    for index in wanted:
        over = tuple(column.name for column in index.columns)
        if (index.name or "").lower() in names:
            continue
        if (over, True) in sorts or (not index.unique and (over, False) in sorts):
            continue
        if dialect.name == "mysql" and not index.unique:
            # A text that was not made to be indexed is: by its beginning.
            long = {
                name: _PREFIX_LENGTH for name in over if name in columns and columns[name].kind is Kind.TEXT
            }
            if long:
                index.dialect_options["mysql"]["length"] = long
        lacking.append(index)
    return lacking


async def obstacles(
    growth: Growth, there: Mapping[str, FoundColumn], session: Session, dialect: Dialect
) -> list[DatabaseError]:
    """What forbids to add the columns, each with its remedy."""
    spec = growth.spec
    if not growth.columns:
        return []
    known = {field.column.lower() for field in spec.fields}
    stray = [name for name, column in there.items() if column.needed and name.lower() not in known]
    if stray:
        # No record could be written afterwards. Nobody can tell a renamed field from a new one beside a forgotten one.
        lacking = growth.columns[0]
        near = did_you_mean(lacking.column, stray)
        return [
            NoSuchTable(
                f'{spec.name}: the table {spec.table!r} has no column {lacking.column!r}, which the field "{lacking.name}" needs;'
                f" but it wants values for {stray[0]!r}, which the model does not have.",
                hint=f"{near} Rename the column in the database, or give the field its name.".strip(),
                **_where(spec, lacking),
            )
        ]
    has_rows = bool(await session.read(_any_row(spec, dialect)))
    found: list[DatabaseError] = []
    for lacking in growth.columns:
        obstacle = _obstacle(lacking, has_rows=has_rows, dialect=dialect)
        if spec.multi_tenant and lacking.references and dialect.name == "sqlite":
            obstacle = (
                "SQLite cannot add a reference that holds the tenant to a table that is there",
                "Make the table anew.",
            )
        if obstacle is not None:
            reason, remedy = obstacle
            message = f'{spec.name}: the column {lacking.column!r} for the field "{lacking.name}" cannot be added: {reason}.'
            found.append(SchemaDiffers(message, hint=remedy, **_where(spec, lacking)))
    return found


def _where(spec: ModelSpec, field: FieldSpec) -> dict[str, Any]:
    return {"field": field.name, "table": spec.table, "column": field.column}


def _obstacle(field: FieldSpec, *, has_rows: bool, dialect: Dialect) -> tuple[str, str] | None:
    if field.key:
        return "it is the key", "Make the key in the database, or import the table as a model."
    if not has_rows:
        return None
    if field.managed and field.name == TENANT_ID:
        return (
            "nobody knows whose the records that are there are",
            "Add the column in the database and say in it whose each record is.",
        )
    if field.required:
        return (
            "the records that are there would have no value",
            "Give the field a default, or let it be empty (| None).",
        )
    fills = _fills(field)
    if field.unique and fills:
        return (
            "it is unique, and the records that are there would all get the same value",
            "Let it be empty (| None) without a default.",
        )
    if dialect.name == "sqlite" and fills and field.references:
        return (
            "SQLite adds a reference to a table with records only when it may be empty",
            "Let the field be empty (| None) without a default.",
        )
    if (
        dialect.name == "sqlite"
        and field.server_default is not None
        and not _is_constant(field.server_default)
    ):
        return (
            f"SQLite adds to a table with records only constant defaults, not {field.server_default}",
            "Give the field a default of its own.",
        )
    return None


def _is_constant(default: str) -> bool:
    text = default.strip().strip("'")
    return not (text.startswith("(") or text.upper().startswith("CURRENT_"))


def _fills(field: FieldSpec) -> bool:
    return (
        field.name in MANAGED
        or (field.managed and field.name == VERSION)
        or field.server_default is not None
        or field.default_factory is not None
        or field.default not in (MISSING, None)
    )


def _any_row(spec: ModelSpec, dialect: Dialect) -> str:
    statement: sa.Select[Any] = (
        sa.select(sa.literal_column("1")).select_from(sa.table(spec.table, schema=spec.schema)).limit(1)
    )
    return str(statement.compile(dialect=dialect.sqlalchemy, compile_kwargs={"literal_binds": True}))


# ------------------------------------------------------------------ statements


class _Script(io.StringIO):
    """Takes what alembic would print, statement by statement."""

    def __init__(self) -> None:
        super().__init__()
        self.statements: list[str] = []

    def write(self, text: str) -> int:
        if text.strip():
            self.statements.append(text.strip().removesuffix(";"))
        return len(text)


def column_statements(growth: Growth, table: sa.Table, dialect: Dialect) -> tuple[list[str], list[str]]:
    """The statements that add the columns, and those that make them references once all tables are there."""
    script = _Script()
    context = MigrationContext.configure(
        dialect=dialect.sqlalchemy, opts={"as_sql": True, "output_buffer": script}
    )
    operations = Operations(context)
    inline = (
        dialect.name == "sqlite"
    )  # it changes columns and constraints in no other way than by adding a column
    name, schema = growth.spec.table, growth.spec.schema
    keys = {
        key.column_keys[-1]: key for key in table.foreign_key_constraints
    }  # after the tenant, if there is one
    checks = {str(rule.sqltext): rule for rule in table.constraints if isinstance(rule, sa.CheckConstraint)}
    for lacking in growth.columns:
        column = sa.Column(
            lacking.column,
            table.c[lacking.column].type,
            nullable=lacking.nullable,
            server_default=_default(lacking, dialect),
        )
        key = keys.get(lacking.column)
        if inline and key is not None:
            target = key.elements[0].column
            column.append_foreign_key(
                sa.ForeignKey(f"{target.table.name}.{target.name}", ondelete=key.ondelete)
            )
        operations.add_column(name, column, schema=schema, inline_references=inline)
        check = checks.get(lacking.check or "")
        if check is not None and inline:
            quoted = dialect.sqlalchemy.identifier_preparer.quote(str(check.name))
            script.statements[-1] += f" CONSTRAINT {quoted} CHECK ({check.sqltext})"
        elif check is not None:
            operations.create_check_constraint(str(check.name), name, check.sqltext, schema=schema)
    columns = list(script.statements)
    script.statements.clear()
    for lacking in () if inline else growth.columns:
        key = keys.get(lacking.column)
        if key is not None:
            target = key.elements[0].column
            operations.create_foreign_key(
                str(key.name),
                name,
                target.table.name,
                list(key.column_keys),
                [element.column.name for element in key.elements],
                ondelete=key.ondelete,
                source_schema=schema,
                referent_schema=target.table.schema,
            )
    return columns, script.statements


def _default(field: FieldSpec, dialect: Dialect) -> sa.ColumnElement[Any] | None:
    if field.server_default is not None:
        return sa.literal_column(field.server_default)
    value = _fill(field, dialect)
    return None if value is _NOTHING else sa.literal_column(literal(value, dialect))


def _fill(field: FieldSpec, dialect: Dialect) -> Any:
    """The value of the records that are there, as the driver takes it; `_NOTHING`: none."""
    if field.name in MANAGED:
        value: Any = dt.datetime.now(dt.UTC)
    elif field.managed and field.name == VERSION:
        value = 1
    elif field.default_factory is not None:
        value = field.default_factory()  # once: all records that are there get the same
    else:
        value = field.default
    if value is MISSING or value is None:
        return _NOTHING
    value = make_checker(field)(value)
    if field.kind is Kind.VECTOR:
        return orjson.dumps(value).decode()  # each database reads such a list, whatever its driver takes
    if isinstance(value, enum.Enum):
        value = value.value
    binder = dialect.binder(field, reflected=False)
    return value if binder is None else binder(value)


def literal(value: Any, dialect: Dialect) -> str:
    """A value in the driver's form as SQL text, for a default: statements that make columns take no parameters."""
    if isinstance(value, bool):
        return str(value).lower() if dialect.name == "postgresql" else str(int(value))
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else _quoted(repr(value))
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'" if dialect.name == "postgresql" else f"X'{value.hex()}'"
    if isinstance(value, Decimal):
        return _quoted(format(value, "f"))
    if isinstance(value, dt.timedelta):
        return _quoted(f"{value // dt.timedelta(microseconds=1)} microseconds")
    if isinstance(value, dt.datetime):
        return _quoted(value.isoformat(" "))
    if isinstance(value, dt.date | dt.time):
        return _quoted(value.isoformat())
    if isinstance(value, str | uuid.UUID):
        return _quoted(str(value))
    raise TypeError(f"no SQL for {shorten(value)}")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
