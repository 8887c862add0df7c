"""What tables does a PostgreSQL database hold? Reads its catalogue; every schema on the search path, or one that is named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from studio.database.dialect import FoundColumn, FoundIndex, Place, Session
from studio.database.reflection import FoundReference, FoundTable, models_from
from studio.models.spec import FieldSpec, Kind, ModelSpec

_SCOPE = "($1::text IS NULL AND n.nspname = ANY(current_schemas(false)) OR n.nspname = $1)"
_COLUMNS = f"""
SELECT c.oid, c.relname, a.attname, t.typname, a.atttypmod, a.attnotnull, pg_get_expr(d.adbin, d.adrelid),
       a.attidentity <> '', n.nspname
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND {_SCOPE}
 ORDER BY c.oid, a.attnum
"""
_KEYS = f"""
SELECT i.indrelid, ic.relname, i.indisprimary,
       array(SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY AS k(number, place)
               JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
              WHERE k.place <= i.indnkeyatts ORDER BY k.place)
  FROM pg_index i
  JOIN pg_class ic ON ic.oid = i.indexrelid
  JOIN pg_class c ON c.oid = i.indrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL AND {_SCOPE}
"""
_REFERENCES = f"""
SELECT r.conrelid, a.attname, target.relname, b.attname, r.confdeltype
  FROM pg_constraint r
  JOIN pg_class c ON c.oid = r.conrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_class target ON target.oid = r.confrelid
  JOIN pg_attribute a ON a.attrelid = r.conrelid AND a.attnum = r.conkey[1]
  JOIN pg_attribute b ON b.attrelid = r.confrelid AND b.attnum = r.confkey[1]
 WHERE r.contype = 'f' AND cardinality(r.conkey) = 1 AND r.conparentid = 0 AND {_SCOPE}
"""
_ON_DELETE = {b"c": "CASCADE", b"n": "SET NULL", b"r": "RESTRICT"}
_KINDS: Mapping[str, Kind] = {
    "int2": Kind.INT,
    "int4": Kind.INT,
    "int8": Kind.INT,
    "float4": Kind.FLOAT,
    "float8": Kind.FLOAT,
    "numeric": Kind.DECIMAL,
    "varchar": Kind.STR,
    "bpchar": Kind.STR,
    "text": Kind.TEXT,
    "bool": Kind.BOOL,
    "timestamp": Kind.DATETIME,
    "timestamptz": Kind.DATETIME,
    "date": Kind.DATE,
    "time": Kind.TIME,
    "interval": Kind.TIMEDELTA,
    "bytea": Kind.BYTES,
    "json": Kind.DICT,
    "jsonb": Kind.DICT,
    "uuid": Kind.UUID,
    "vector": Kind.VECTOR,
}
_TABLE_COLUMNS = """
SELECT n.nspname, c.relname, pg_table_is_visible(c.oid), a.attname, CASE t.typtype WHEN 'e' THEN 'enum' ELSE t.typname END,
       format_type(a.atttypid, a.atttypmod), a.attnotnull AND NOT a.atthasdef AND a.attidentity = '', a.atttypmod
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type t ON t.oid = a.atttypid
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname = ANY($1::text[])
"""
_TABLE_INDEXES = """
SELECT n.nspname, c.relname, pg_table_is_visible(c.oid), ic.relname, i.indisunique,
       CASE WHEN i.indpred IS NULL AND i.indexprs IS NULL THEN
         array(SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY AS k(number, place)
                 JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
                WHERE k.place <= i.indnkeyatts ORDER BY k.place)
       ELSE '{}' END
  FROM pg_index i
  JOIN pg_class ic ON ic.oid = i.indexrelid
  JOIN pg_class c ON c.oid = i.indrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relname = ANY($1::text[]) AND i.indisvalid
"""
_HEADER = 4
"""PostgreSQL adds four bytes to the length that a type modifier says."""


async def reflect(session: Session, schema: str | None) -> list[ModelSpec]:
    """The models of the tables that can be seen, or of those in one schema."""
    columns: dict[int, list[Any]] = defaultdict(list)
    names: dict[int, tuple[str, str]] = {}
    for table, name, *column, owner in await session.read(_COLUMNS, (schema,)):
        columns[table].append(column)
        names[table] = (owner, name)
    keys: dict[int, tuple[str, ...]] = {}
    unique: dict[int, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
    for table, index, is_key, parts in await session.read(_KEYS, (schema,)):
        if is_key:
            keys[table] = tuple(parts)
        else:
            unique[table].append((index, tuple(parts)))
    references: dict[int, list[FoundReference]] = defaultdict(list)
    for table, column, target, target_column, on_delete in await session.read(_REFERENCES, (schema,)):
        references[table].append(
            FoundReference(
                column=column, table=target, target=target_column, on_delete=_ON_DELETE.get(on_delete, "")
            )
        )
    return models_from(
        [
            FoundTable(
                name=names[table][1],
                schema=schema,
                fields=tuple(_field(column) for column in found if column[1] in _KINDS),
                key=keys.get(table, ()),
                references=tuple(references[table]),
                unique=tuple(sorted(unique[table])),
            )
            for table, found in columns.items()
        ]
    )


async def columns(session: Session, tables: Sequence[Place]) -> dict[Place, dict[str, FoundColumn]]:
    """See `dialect.Catalogue.columns`."""
    found: dict[Place, dict[str, FoundColumn]] = defaultdict(dict)
    for schema, table, is_visible, name, type_name, declared, needed, modifier in await session.read(
        _TABLE_COLUMNS, ([table for _, table in tables],)
    ):
        column = FoundColumn(
            declared=declared,
            kind=Kind.ENUM if type_name == "enum" else _KINDS.get(type_name),
            naive=type_name == "timestamp",
            needed=needed,
            dimensions=modifier if type_name == "vector" and modifier > 0 else None,
        )
        found[schema, table][name] = column
        if is_visible:
            found[None, table][name] = column
    return dict(found)


async def indexes(session: Session, tables: Sequence[Place]) -> Mapping[Place, list[FoundIndex]]:
    """See `dialect.Catalogue.indexes`."""
    found: dict[Place, list[FoundIndex]] = defaultdict(list)
    for schema, table, is_visible, name, unique, parts in await session.read(
        _TABLE_INDEXES, ([table for _, table in tables],)
    ):
        index = FoundIndex(name=name, columns=tuple(parts), unique=unique)
        found[schema, table].append(index)
        if is_visible:
            found[None, table].append(index)
    return found


def _field(column: Any) -> FieldSpec:
    name, type_name, modifier, not_null, default, is_identity = column
    kind = _KINDS[type_name]
    counts_up = is_identity or (default or "").startswith("nextval(")
    precision, scale = _numeric(modifier) if type_name == "numeric" else (None, None)
    return FieldSpec(
        name=name,
        column=name,
        kind=kind,
        nullable=not not_null,
        generated=kind is Kind.INT and counts_up,
        server_default=default if not counts_up else None,
        max_length=modifier - _HEADER if kind is Kind.STR and modifier >= _HEADER else None,
        precision=precision,
        scale=scale,
        naive=type_name == "timestamp",
        dimensions=modifier if kind is Kind.VECTOR and modifier > 0 else None,
    )


def _numeric(modifier: int) -> tuple[int | None, int | None]:
    if modifier < _HEADER:
        return None, None
    bits = modifier - _HEADER
    return bits >> 16, bits & 0x7FF
