"""What tables does a MariaDB database hold? Reads its information_schema; the database of the connection, or one that is named.

TINYINT(1) is a truth value, as every program that has no BOOLEAN means it; a TINYINT of another width is a number. Text with the check that it
is JSON is a document. A DATETIME has no zone and comes as it is stored; a TIMESTAMP is a moment in UTC.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from studio.database.dialect import FoundColumn, FoundIndex, Place, Session
from studio.database.reflection import FoundReference, FoundTable, models_from
from studio.models.spec import FieldSpec, Kind, ModelSpec

_SCOPE = "table_schema = COALESCE(?, DATABASE())"
_COLUMNS = f"""
SELECT c.table_name, c.column_name, c.data_type, c.column_type, c.is_nullable, c.column_default, c.extra,
       c.character_maximum_length, c.numeric_precision, c.numeric_scale
  FROM information_schema.columns c
  JOIN information_schema.tables t USING (table_schema, table_name)
 WHERE c.{_SCOPE} AND t.table_type = 'BASE TABLE' AND COALESCE(c.generation_expression, '') = ''
 ORDER BY c.table_name, c.ordinal_position
"""
_KEYS = f"""
SELECT table_name, index_name, column_name, sub_part
  FROM information_schema.statistics
 WHERE {_SCOPE} AND non_unique = 0
 ORDER BY table_name, index_name, seq_in_index
"""
_REFERENCES = """
SELECT k.table_name, k.constraint_name, k.column_name, k.referenced_table_name, k.referenced_column_name, r.delete_rule
  FROM information_schema.key_column_usage k
  JOIN information_schema.referential_constraints r
    ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name AND r.table_name = k.table_name
 WHERE k.table_schema = COALESCE(?, DATABASE()) AND k.referenced_table_schema = k.table_schema
"""
_CHECKS = """
SELECT table_name, check_clause FROM information_schema.check_constraints
 WHERE constraint_schema = COALESCE(?, DATABASE())
"""
_JSON_CHECK = re.compile(r"json_valid\(`([^`]+)`\)", re.IGNORECASE)
_KINDS: Mapping[str, Kind] = {
    "tinyint": Kind.INT,
    "smallint": Kind.INT,
    "mediumint": Kind.INT,
    "int": Kind.INT,
    "bigint": Kind.INT,
    "year": Kind.INT,
    "float": Kind.FLOAT,
    "double": Kind.FLOAT,
    "decimal": Kind.DECIMAL,
    "char": Kind.STR,
    "varchar": Kind.STR,
    "enum": Kind.STR,
    "tinytext": Kind.TEXT,
    "text": Kind.TEXT,
    "mediumtext": Kind.TEXT,
    "longtext": Kind.TEXT,
    "json": Kind.DICT,
    "datetime": Kind.DATETIME,
    "timestamp": Kind.DATETIME,
    "date": Kind.DATE,
    "time": Kind.TIME,
    "binary": Kind.BYTES,
    "varbinary": Kind.BYTES,
    "tinyblob": Kind.BYTES,
    "blob": Kind.BYTES,
    "mediumblob": Kind.BYTES,
    "longblob": Kind.BYTES,
    "uuid": Kind.UUID,
}


async def reflect(session: Session, schema: str | None) -> list[ModelSpec]:
    """The models of the tables of the connection's database, or of the one that is named."""
    documents = {
        (table, found[1])
        for table, clause in await session.read(_CHECKS, (schema,))
        if (found := _JSON_CHECK.fullmatch(clause.strip()))
    }
    columns: dict[str, list[FieldSpec]] = defaultdict(list)
    for table, *column in await session.read(_COLUMNS, (schema,)):
        if column[1] in _KINDS:
            columns[table].append(_field(column, is_document=(table, column[0]) in documents))
        else:
            columns.setdefault(table, [])
    indexes: dict[tuple[str, str], list[tuple[str, Any]]] = defaultdict(list)
    for table, index, name, part in await session.read(_KEYS, (schema,)):
        indexes[table, index].append((name, part))
    keys: dict[str, tuple[str, ...]] = {}
    unique: dict[str, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
    for (table, index), parts in indexes.items():
        names = tuple(name for name, _ in parts)
        if index == "PRIMARY":
            keys[table] = names
        elif all(part is None for _, part in parts):
            # An index over beginnings of texts says nothing of the whole ones.
            unique[table].append((index, names))
    constraints: dict[tuple[str, str], list[FoundReference]] = defaultdict(list)
    for table, constraint, column, target, target_column, on_delete in await session.read(
        _REFERENCES, (schema,)
    ):
        constraints[table, constraint].append(
            FoundReference(column=column, table=target, target=target_column, on_delete=on_delete)
        )
    references: dict[str, list[FoundReference]] = defaultdict(list)
    for (table, _), found_references in constraints.items():
        if len(found_references) == 1:
            references[table] += found_references
    return models_from(
        [
            FoundTable(
                name=table,
                schema=schema,
                fields=tuple(fields),
                key=keys.get(table, ()),
                references=tuple(references[table]),
                unique=tuple(sorted(unique[table])),
            )
            for table, fields in columns.items()
        ]
    )


async def columns(session: Session, tables: Sequence[Place]) -> dict[Place, dict[str, FoundColumn]]:
    """See `dialect.Catalogue.columns`."""
    found: dict[Place, dict[str, FoundColumn]] = defaultdict(dict)
    for schema, table, is_own, name, data_type, column_type, needed in await session.read(
        "SELECT table_schema, table_name, table_schema = DATABASE(), column_name, data_type, column_type,"
        " is_nullable = 'NO' AND column_default IS NULL AND extra NOT LIKE '%auto_increment%'"
        f" FROM information_schema.columns WHERE {_among(tables)}",
        _names(tables),
    ):
        kind = Kind.BOOL if column_type.startswith("tinyint(1)") else _KINDS.get(data_type)
        column = FoundColumn(declared=column_type, kind=kind, needed=bool(needed))
        found[schema, table][name] = column
        if is_own:
            found[None, table][name] = column
    return dict(found)


async def indexes(session: Session, tables: Sequence[Place]) -> Mapping[Place, list[FoundIndex]]:
    """See `dialect.Catalogue.indexes`."""
    parts: dict[tuple[Place, str, bool], list[str | None]] = defaultdict(list)
    for schema, table, is_own, name, unique, column, part in await session.read(
        "SELECT table_schema, table_name, table_schema = DATABASE(), index_name, non_unique = 0, column_name, sub_part"
        f" FROM information_schema.statistics WHERE {_among(tables)}"
        " ORDER BY table_schema, table_name, index_name, seq_in_index",
        _names(tables),
    ):
        # An index over beginnings finds records as well; that they differ it cannot promise.
        whole = column if part is None or not unique else None
        for place in ((schema, table), (None, table)) if is_own else ((schema, table),):
            parts[place, name, bool(unique)].append(whole)
    found: dict[Place, list[FoundIndex]] = defaultdict(list)
    for (place, name, unique), names in parts.items():
        whole_names = tuple(column for column in names if column is not None)
        columns = whole_names if len(whole_names) == len(names) else ()
        found[place].append(FoundIndex(name=name, columns=columns, unique=unique))
    return found


def _among(tables: Sequence[Place]) -> str:
    """The condition for the tables; others of their names, in databases that nobody asked for, stay out."""
    schemas = {schema for schema, _ in tables if schema is not None}
    others = f" OR table_schema IN ({', '.join('?' * len(schemas))})" if schemas else ""
    return f"table_name IN ({', '.join('?' * len(tables))}) AND (table_schema = DATABASE(){others})"


def _names(tables: Sequence[Place]) -> list[str]:
    """The values of that condition."""
    return [table for _, table in tables] + sorted({schema for schema, _ in tables if schema is not None})


def _field(column: Any, *, is_document: bool) -> FieldSpec:
    name, data_type, column_type, nullable, default, extra, length, precision, scale = column
    kind = Kind.DICT if is_document else _KINDS[data_type]
    if column_type.startswith("tinyint(1)"):
        kind = Kind.BOOL
    counts_up = "auto_increment" in (extra or "")
    is_number = kind is Kind.DECIMAL
    return FieldSpec(
        name=name,
        column=name,
        kind=kind,
        nullable=nullable == "YES",
        generated=kind is Kind.INT and counts_up,
        server_default=default if default not in (None, "NULL") and not counts_up else None,
        max_length=int(length) if kind is Kind.STR and length else None,
        precision=int(precision) if is_number else None,
        scale=int(scale) if is_number else None,
        naive=data_type == "datetime",
    )
