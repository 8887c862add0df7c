"""How do changes read as SQL? One statement for each changed record, for people to keep or to run elsewhere; Studio itself never runs it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Protocol

from studio.database.mysql_text import literal as mysql_literal
from studio.database.plans import dialect_named
from studio.database.raw import mysql_value, native_value, stored_value

if TYPE_CHECKING:
    from studio.models.spec import ModelSpec


class Changed(Protocol):
    """One record changed; an image that does not exist is None."""

    @property
    def operation(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def before(self) -> Mapping[str, Any] | None: ...
    @property
    def after(self) -> Mapping[str, Any] | None: ...


class InsertScript:
    """Records as INSERT statements into one table, for the SQL of one dialect."""

    __slots__ = ("_write", "columns", "table")

    def __init__(
        self, table: str, columns: Mapping[str, str], dialect: str, *, schema: str | None = None
    ) -> None:
        """`columns`: the column of each field, by the field's name."""
        quote = dialect_named(dialect).sqlalchemy.identifier_preparer.quote
        self._write = _WRITERS[dialect]
        self.table = ".".join(quote(name) for name in (schema, table) if name)
        """As it stands in SQL, and so do the columns."""
        self.columns = {name: quote(column) for name, column in columns.items()}

    @classmethod
    def of(cls, spec: ModelSpec, dialect: str) -> InsertScript:
        """Into the table of a model."""
        columns = {field.name: field.column for field in spec.fields}
        return cls(spec.table, columns, dialect, schema=spec.schema)

    def line(self, record: Mapping[str, Any]) -> str:
        """The statement that makes a record; what has no column is left out."""
        known = [name for name in record if name in self.columns]
        names = ", ".join(self.columns[name] for name in known)
        values = ", ".join(self._write(record[name]) for name in known)
        return f"INSERT INTO {self.table} ({names}) VALUES ({values});"


def script(changes: Iterable[Changed], models: Mapping[str, ModelSpec], dialect: str) -> Iterator[str]:
    """INSERT, UPDATE and DELETE statements in the order of the changes, with their values written out; those of unknown models are left out.

    An UPDATE sets what has changed, and finds its record by the key, as a DELETE does.
    """
    write = _WRITERS[dialect]
    tables = {name: InsertScript.of(spec, dialect) for name, spec in models.items()}
    for change in changes:
        spec = models.get(change.model)
        if spec is None:
            continue
        inserts = tables[change.model]
        table, columns = inserts.table, inserts.columns
        before, after = change.before or {}, change.after or {}
        if change.operation == "create":
            yield inserts.line(after)
            continue
        found = before or after
        place = " AND ".join(f"{columns[name]} = {write(found[name])}" for name in spec.key)
        if change.operation == "delete":
            yield f"DELETE FROM {table} WHERE {place};"
            continue
        altered = [name for name in after if name in columns and before.get(name) != after[name]]
        if altered:
            sets = ", ".join(f"{columns[name]} = {write(after[name])}" for name in altered)
            yield f"UPDATE {table} SET {sets} WHERE {place};"


def _sqlite(value: Any) -> str:
    stored = stored_value(value)
    return f"X'{stored.hex()}'" if isinstance(stored, bytes) else _plain(stored, "1", "0")


def _postgresql(value: Any) -> str:
    """Quoted text takes the type of its column."""
    native = native_value(value)
    if isinstance(native, bytes):
        return f"'\\x{native.hex()}'"
    if isinstance(native, list):
        native = stored_value(native)
    elif isinstance(native, dt.timedelta):
        native = f"{native / dt.timedelta(seconds=1):f} seconds"
    elif isinstance(native, dt.datetime):
        native = native.isoformat()
    return _plain(native, "TRUE", "FALSE")


def _mysql(value: Any) -> str:
    stored = mysql_value(value)
    if isinstance(stored, str) and "\\" not in stored:
        return _plain(stored, "", "")
    return mysql_literal(stored)


def _plain(value: Any, true: str, false: str) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return true if value else false
    if isinstance(value, int | float | Decimal):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


_WRITERS: Final[Mapping[str, Callable[[Any], str]]] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "mysql": _mysql,
}
