"""Which models does an existing database hold? Tables become models; views, and columns of types that no field has, are left out.

A key of one column is the field `id`, whatever the column is called; a key of several keeps their names; a table without one has an
empty key. All other fields are named as their columns are.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from studio.kernel.names import pascal_case, unique_name
from studio.models.spec import MANAGED, FieldSpec, IndexSpec, Kind, ModelSpec, OnDelete

_NOT_IDENTIFIER = re.compile(r"\W+")
_KINDS: Final[tuple[tuple[type[Any], Kind], ...]] = (
    (sa.Boolean, Kind.BOOL),
    (sa.Integer, Kind.INT),
    (sa.Float, Kind.FLOAT),
    (sa.Numeric, Kind.DECIMAL),
    (sa.Enum, Kind.ENUM),
    (sa.Text, Kind.TEXT),
    (sa.String, Kind.STR),
    (sa.DateTime, Kind.DATETIME),
    (sa.Date, Kind.DATE),
    (sa.Time, Kind.TIME),
    (postgresql.INTERVAL, Kind.TIMEDELTA),
    (sa.Interval, Kind.TIMEDELTA),
    (sa.LargeBinary, Kind.BYTES),
    (postgresql.BYTEA, Kind.BYTES),
    (sa.JSON, Kind.DICT),
    (sa.Uuid, Kind.UUID),
)
"""The first that fits counts: Float is a Numeric, and Text a String."""


def models_of(connection: sa.Connection, schema: str | None = None) -> list[ModelSpec]:
    """The models of all tables of `schema` (None: the default one), by table name.

    Blocks; raises SQLAlchemy's errors. References point to models of the same call only.
    """
    inspector = sa.inspect(connection)
    tables = sorted(name for name in inspector.get_table_names(schema) if not name.startswith("sqlite_"))
    names: dict[str, str] = {}
    for table in tables:
        names[table] = unique_name(pascal_case(table), names.values())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sa.exc.SAWarning)  # a type nobody knows: its column is left out below
        facts = {table: _Facts(inspector, table, schema) for table in tables}
    return [_model(fact, facts, names, schema) for fact in facts.values()]


class _Facts:
    """What the database says of one table, read once."""

    def __init__(self, inspector: sa.Inspector, table: str, schema: str | None) -> None:
        self.table = table
        self.columns = inspector.get_columns(table, schema)
        self.key = list(inspector.get_pk_constraint(table, schema)["constrained_columns"])
        self.references = inspector.get_foreign_keys(table, schema)
        self.indexes = inspector.get_indexes(table, schema)
        self.unique = inspector.get_unique_constraints(table, schema)
        self.comment = _comment(inspector, table, schema)
        self.is_sqlite = inspector.bind.dialect.name == "sqlite"
        self.field_names = self._name_fields()
        self.counts_up = self._counts_up(inspector, schema)

    def _name_fields(self) -> dict[str, str]:
        """Field names by column."""
        columns = [column["name"] for column in self.columns]
        names: dict[str, str] = {}
        single = self.key[0] if len(self.key) == 1 and "id" not in (set(columns) - set(self.key)) else None
        for column in columns:
            cleaned = _NOT_IDENTIFIER.sub("_", column).strip("_") or "column"
            wanted = "id" if column == single else cleaned if not cleaned[0].isdigit() else f"c_{cleaned}"
            names[column] = unique_name(wanted, names.values())
        return names

    def _counts_up(self, inspector: sa.Inspector, schema: str | None) -> bool:
        if len(self.key) != 1:
            return False
        column = next(column for column in self.columns if column["name"] == self.key[0])
        if not self.is_sqlite:
            return bool(column.get("identity")) or bool(column.get("autoincrement") is True)
        connection = inspector.bind
        # SQLite: only a key declared INTEGER, in so many letters, is the row id and counts up.
        query = sa.text("SELECT type FROM pragma_table_info(:name) WHERE name = :column")
        declared = connection.execute(query, {"name": self.table, "column": self.key[0]}).scalar_one()  # type: ignore[union-attr] # made from a connection
        return str(declared).upper() == "INTEGER"


def _comment(inspector: sa.Inspector, table: str, schema: str | None) -> str:
    try:
        return inspector.get_table_comment(table, schema)["text"] or ""
    except NotImplementedError:  # SQLite keeps none
        return ""


def _model(
    facts: _Facts, all_facts: Mapping[str, _Facts], names: Mapping[str, str], schema: str | None
) -> ModelSpec:
    single = _single_unique(facts)
    references = _references(facts, all_facts, names, schema)
    fields, left_out = [], []
    for column in facts.columns:
        field = _field(
            facts, column, unique=column["name"] in single, reference=references.get(column["name"])
        )
        if field is None:
            left_out.append(f"{column['name']} ({column['type']})")
        else:
            fields.append(field)
    present = {field.column: field.name for field in fields}
    key = tuple(present[column] for column in facts.key if column in present)
    notes = [facts.comment] if facts.comment else []
    if left_out:
        notes.append(f"Left out, because no field has such a type: {', '.join(left_out)}.")
    return ModelSpec(
        name=names[facts.table],
        table=facts.table,
        fields=tuple(fields),
        key=key if len(key) == len(facts.key) else (),
        doc="\n\n".join(notes),
        indexes=_indexes(facts, present),
        schema=schema,
        reflected=True,
    )


def _field(
    facts: _Facts, column: Mapping[str, Any], *, unique: bool, reference: tuple[str, OnDelete] | None
) -> FieldSpec | None:
    kind = _kind(column["type"])
    if kind is None:
        return None
    name = facts.field_names[column["name"]]
    type_ = column["type"]
    in_key = column["name"] in facts.key
    default = column.get("default")
    computed = column.get("computed")
    nullable = bool(column["nullable"]) and not in_key
    # Timestamps that must be there and that the database does not make are Studio's to fill.
    managed = name in MANAGED and kind is Kind.DATETIME and not nullable and default is None
    return FieldSpec(
        name=name,
        column=column["name"],
        kind=kind,
        nullable=nullable,
        key=in_key,
        generated=in_key and facts.counts_up,
        managed=managed,
        server_default=str(computed["sqltext"]) if computed else default,
        unique=unique and not in_key,
        index=any(index["column_names"][:1] == [column["name"]] for index in facts.indexes),
        max_length=getattr(type_, "length", None) if kind is Kind.STR else None,
        precision=getattr(type_, "precision", None) if kind is Kind.DECIMAL else None,
        scale=getattr(type_, "scale", None) if kind is Kind.DECIMAL else None,
        references=reference[0] if reference else None,
        on_delete=reference[1] if reference else "no action",
        choices=tuple(type_.enums) if kind is Kind.ENUM else (),
        description=column.get("comment") or "",
        naive=kind is Kind.DATETIME and not getattr(type_, "timezone", False),
    )


def _kind(type_: sa.types.TypeEngine[Any]) -> Kind | None:
    return next((kind for cls, kind in _KINDS if isinstance(type_, cls)), None)


def _references(
    facts: _Facts, all_facts: Mapping[str, _Facts], names: Mapping[str, str], schema: str | None
) -> dict[str, tuple[str, OnDelete]]:
    found: dict[str, tuple[str, OnDelete]] = {}
    for key in facts.references:
        target = all_facts.get(key["referred_table"])
        same_schema = (key.get("referred_schema") or schema) == schema
        if target is None or not same_schema or len(key["constrained_columns"]) != 1:
            continue
        referred: Sequence[str] = key["referred_columns"] or target.key
        field = target.field_names.get(referred[0]) if len(referred) == 1 else None
        if field is not None:
            rule = str(key.get("options", {}).get("ondelete", "no action")).lower()
            on_delete: OnDelete = rule if rule in ("restrict", "cascade", "set null") else "no action"  # type: ignore[assignment] # narrowed by the test
            found[key["constrained_columns"][0]] = (f"{names[target.table]}.{field}", on_delete)
    return found


def _single_unique(facts: _Facts) -> set[str]:
    found = {entry["column_names"][0] for entry in facts.unique if len(entry["column_names"]) == 1}
    plain = [index for index in facts.indexes if index["unique"] and not _is_partial(index)]
    return found | {str(index["column_names"][0]) for index in plain if len(index["column_names"]) == 1}


def _indexes(facts: _Facts, present: Mapping[str, str]) -> tuple[IndexSpec, ...]:
    entries: dict[tuple[str, ...], IndexSpec] = {}
    candidates = [
        (index["name"], index["column_names"], bool(index["unique"]))
        for index in facts.indexes
        if not _is_partial(index)
    ]
    candidates += [(entry["name"], list(entry["column_names"]), True) for entry in facts.unique]
    for name, columns, unique in candidates:
        fields = tuple(present.get(str(column), "") for column in columns)
        if len(fields) > 1 and all(fields) and (unique or fields not in entries):
            entries[fields] = IndexSpec(name=name or "_".join(fields), fields=fields, unique=unique)
    return tuple(entries.values())


def _is_partial(index: Mapping[str, Any]) -> bool:
    options = index.get("dialect_options", {})
    return None in index["column_names"] or any(key.endswith("_where") for key in options)
