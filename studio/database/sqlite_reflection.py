"""What tables does an SQLite file hold? Reads its catalogue by the pragma functions.

SQLite's declared types are words; what they mean here follows their usual sense (DATETIME, NUMERIC(10,2), NVARCHAR(160)), and where
there is none, SQLite's own rules of affinity.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from studio.database.dialect import FoundColumn, FoundIndex, Place, Session
from studio.database.reflection import FoundReference, FoundTable, models_from
from studio.models.spec import MISSING, FieldSpec, Kind, ModelSpec

_TABLES = (
    "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    " AND sql NOT LIKE 'CREATE VIRTUAL%'"
)
_COLUMNS = (
    'SELECT m.name, c.name, c.type, c."notnull", c.dflt_value, c.pk, c.hidden FROM sqlite_master AS m,'
    " pragma_table_xinfo(m.name) AS c WHERE m.type = 'table' ORDER BY m.name, c.cid"
)
_REFERENCES = (
    'SELECT m.name, f.id, f."from", f."table", f."to", f.on_delete FROM sqlite_master AS m,'
    " pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table' ORDER BY m.name, f.id, f.seq"
)
_UNIQUE = (
    "SELECT m.name, i.name, c.name FROM sqlite_master AS m, pragma_index_list(m.name) AS i, pragma_index_info(i.name) AS c"
    " WHERE m.type = 'table' AND i.\"unique\" AND NOT i.partial AND i.origin <> 'pk' ORDER BY m.name, i.seq, c.seqno"
)
_SIZE = re.compile(r"\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)")


async def reflect(session: Session) -> list[ModelSpec]:
    """The models of the file's tables."""
    made_by = {name: sql or "" for name, sql in await session.read(_TABLES)}
    columns: dict[str, list[Any]] = defaultdict(list)
    for table, *column in await session.read(_COLUMNS):
        columns[table].append(column)
    keys = {table: _key(found) for table, found in columns.items()}
    references: dict[str, dict[int, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for table, number, *reference in await session.read(_REFERENCES):
        references[table][number].append(reference)
    unique: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for table, index, column in await session.read(_UNIQUE):
        unique[table][index].append(column)
    return models_from(
        [
            FoundTable(
                name=table,
                schema=None,
                fields=tuple(
                    _field(column, has_row_number=_has_row_number(sql, keys[table], columns[table]))
                    for column in columns[table]
                    if not column[5]
                ),
                key=keys[table],
                references=tuple(
                    FoundReference(
                        column=parts[0][0],
                        table=parts[0][1],
                        target=parts[0][2] or _first(keys.get(parts[0][1], ())),
                        on_delete=parts[0][3],
                    )
                    for parts in references[table].values()
                    if len(parts) == 1
                ),
                unique=tuple(
                    (name, tuple(names)) for name, names in unique[table].items() if None not in names
                ),
            )
            for table, sql in made_by.items()
        ]
    )


async def columns(session: Session, tables: Sequence[Place]) -> dict[Place, dict[str, FoundColumn]]:
    """See `dialect.Catalogue.columns`."""
    found: dict[Place, dict[str, FoundColumn]] = {}
    for place in tables:
        rows = await session.read(
            'SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?)', (place[1],)
        )
        if rows:
            found[place] = {
                name: FoundColumn(
                    declared=declared or "no type",
                    # A column without a type takes everything as it comes.
                    kind=kind_of(declared)[0] if declared else None,
                    needed=bool(not_null and default is None and not key_place and not hidden),
                )
                for name, declared, not_null, default, key_place, hidden in rows
            }
    return found


async def indexes(session: Session, tables: Sequence[Place]) -> Mapping[Place, list[FoundIndex]]:
    """See `dialect.Catalogue.indexes`."""
    found: dict[Place, list[FoundIndex]] = {}
    for place in tables:
        parts: dict[tuple[str, bool], list[str | None]] = defaultdict(list)
        for name, unique, partial, column in await session.read(
            'SELECT i.name, i."unique", i.partial, c.name FROM pragma_index_list(?) AS i,'
            " pragma_index_info(i.name) AS c ORDER BY i.seq, c.seqno",
            (place[1],),
        ):
            parts[name, bool(unique)].append(None if partial else column)
        found[place] = [
            FoundIndex(
                name=name,
                columns=tuple(column for column in columns if column is not None)
                if None not in columns
                else (),
                unique=unique,
            )
            for (name, unique), columns in parts.items()
        ]
    return found


def _key(columns: list[Any]) -> tuple[str, ...]:
    return tuple(name for name, *_ in sorted((c for c in columns if c[4]), key=lambda column: column[4]))


def _first(key: tuple[str, ...]) -> str:
    return key[0] if key else ""


def _has_row_number(sql: str, key: tuple[str, ...], columns: list[Any]) -> bool:
    """Whether the key is SQLite's own row number: one column declared INTEGER, in a table that has row numbers."""
    if len(key) != 1 or re.search(r"WITHOUT\s+ROWID[^)]*$", sql, re.IGNORECASE):
        return False
    return any(column[0] == key[0] and (column[1] or "").upper() == "INTEGER" for column in columns)


def _field(column: Any, *, has_row_number: bool) -> FieldSpec:
    name, declared, not_null, default, key_place, _ = column
    kind, length, precision, scale = kind_of(declared or "")
    return FieldSpec(
        name=name,
        column=name,
        kind=kind,
        nullable=not not_null,
        generated=bool(key_place) and has_row_number,
        default=MISSING,
        server_default=default if default is not None and default.upper() != "NULL" else None,
        max_length=length,
        precision=precision,
        scale=scale,
        naive=kind is Kind.DATETIME,
    )


def kind_of(declared: str) -> tuple[Kind, int | None, int | None, int | None]:
    """Kind, greatest length, precision and scale of a declared type."""
    word = declared.upper().strip()
    size = _SIZE.search(word)
    first = int(size[1]) if size else None
    second = int(size[2]) if size and size[2] else None
    if word.startswith("BOOL"):
        return Kind.BOOL, None, None, None
    if word.startswith(("DATETIME", "TIMESTAMP")):
        return Kind.DATETIME, None, None, None
    if word.startswith("DATE"):
        return Kind.DATE, None, None, None
    if word.startswith("TIME"):
        return Kind.TIME, None, None, None
    if word.startswith(("NUMERIC", "DECIMAL", "MONEY", "NUMBER")):
        return Kind.DECIMAL, None, first, second if second is not None else (0 if first is not None else None)
    if word.startswith("JSON"):
        return Kind.DICT, None, None, None
    if word.startswith(("UUID", "UNIQUEIDENTIFIER", "GUID")):
        return Kind.STR, 36, None, None
    return _by_affinity(word, first)


def _by_affinity(word: str, size: int | None) -> tuple[Kind, int | None, int | None, int | None]:
    """SQLite's rules: https://www.sqlite.org/datatype3.html, section 3.1."""
    if "INT" in word:
        return Kind.INT, None, None, None
    if any(part in word for part in ("CHAR", "CLOB", "TEXT")):
        return (Kind.STR, size, None, None) if size else (Kind.TEXT, None, None, None)
    if "BLOB" in word:
        return Kind.BYTES, None, None, None
    if any(part in word for part in ("REAL", "FLOA", "DOUB")):
        return Kind.FLOAT, None, None, None
    return (Kind.DECIMAL if word else Kind.TEXT), None, None, None
