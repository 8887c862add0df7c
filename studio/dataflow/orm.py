"""How does a SQLAlchemy class become a model? Its table, columns, constraints, indexes and relationships, as the class says them.

What has no counterpart in a model is refused with the column and the remedy, never left out in silence. The primary key of one column is
called `id` (`id: Mapped[int] = mapped_column("user_id", primary_key=True)` keeps the column's name); a key of several columns is one of
several fields. `created_at` and `updated_at` of the class become those that Studio keeps. The table of a many-to-many relationship becomes a
model of its own; one without a primary key gets the columns that link as its key. Cascades of the session (`cascade="all"`) are the
session's: what a delete takes along follows from the foreign keys. The class itself stays what it is.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final, cast

import sqlalchemy as sa
from sqlalchemy import orm

from studio.dataflow.orm_columns import Column, Owner, field_from_column, sql_text
from studio.kernel.errors import ModelError
from studio.kernel.names import pascal_case
from studio.models.class_attributes import as_mapping, indexes_of, mapping_of
from studio.models.declare import build_model
from studio.models.relation_data import relations_from_data
from studio.models.spec import MANAGED, CheckSpec, FieldSpec, IndexSpec, Kind, ModelSpec, RelationSpec


def mapped_classes(found: type) -> list[type]:
    """The class itself, or all that are mapped below it when it is a base; raises ModelError when there is none."""
    mapper = _mapper(found)
    if mapper is not None:
        return [found]
    below = [cls for cls in _below(found) if _mapper(cls) is not None]
    if not below:
        raise ModelError(
            f"{found.__name__} is no SQLAlchemy class.",
            hint="Write @db.model for an annotated class; register takes classes of a DeclarativeBase.",
        )
    return below


def models_from_orm(cls: type) -> list[tuple[object, ModelSpec]]:
    """The class with its model, then the tables that link it with others with theirs.

    Raises:
        ModelError: something in the class has no counterpart; names the class, the column and the remedy.
    """
    mapper = _mapper(cls)
    assert mapper is not None, "mapped_classes gives mapped ones only"
    try:
        mapper.registry.configure()
    except sa.exc.SQLAlchemyError as error:
        raise ModelError(
            f"{cls.__name__}: SQLAlchemy cannot make sense of it: {error}", hint="Mend the class."
        ) from error
    return _Class(cls, mapper).models()


def _mapper(cls: type) -> orm.Mapper[Any] | None:
    return cast("orm.Mapper[Any] | None", sa.inspect(cls, raiseerr=False))


def _below(cls: type) -> Iterator[type]:
    children: list[type] = cls.__subclasses__()
    for child in children:
        yield child
        yield from _below(child)


_NO_TABLE: Final = "Map it to a table of its own."


class _Class:
    """One mapped class on its way to a model."""

    def __init__(self, cls: type, mapper: orm.Mapper[Any]) -> None:
        self.cls = cls
        self.mapper = mapper
        self.owner = Owner(cls.__name__, cls)
        table = mapper.local_table
        if mapper.inherits is not None or mapper.polymorphic_on is not None:
            raise ModelError(
                f"{cls.__name__}: it shares its records with another class (inheritance of tables).",
                hint="Give each class a table of its own; columns are shared by a mixin.",
            )
        if not isinstance(table, sa.Table):
            raise ModelError(f"{cls.__name__}: it is not mapped to a table.", hint=_NO_TABLE)
        self.table = table
        self.by_table: Mapping[Any, orm.Mapper[Any]] = {
            other.local_table: other for other in mapper.registry.mappers
        }
        self.links: dict[sa.Table, str] = {}

    def models(self) -> list[tuple[object, ModelSpec]]:
        fields = self._fields()
        relations = self._relations()
        names = {field.column: field.name for field in fields}
        own = self.cls.__dict__
        options = mapping_of(self.cls, "__dataflow__")
        declared = mapping_of(self.cls, "__relations__") | as_mapping(
            self.cls, "relations", options.pop("relations", {})
        )
        written = (
            *indexes_of(self.cls, own.get("__indexes__", ())),
            *indexes_of(self.cls, options.pop("indexes", ())),
        )
        relations += relations_from_data(self.owner.model, declared)
        built = build_model(
            self.owner.model,
            fields
            if len(self._key(fields)) == 1
            else [*fields, FieldSpec(name="id", kind=Kind.INT, key=True)],
            table=self.table.name,
            doc=inspect.cleandoc(own.get("__doc__") or ""),
            indexes=written,
            options=options,
            relations=relations,
        )
        # A session of the program's own knows nothing of the timestamps that its class has not.
        managed = {
            name: FieldSpec(name=name, kind=Kind.DATETIME, managed=True, server_default="CURRENT_TIMESTAMP")
            for name in MANAGED
        }
        managed |= {field.name: field for field in fields if field.managed}
        key = self._key(fields)
        model = replace(
            built,
            fields=tuple(
                managed.get(field.name, field) for field in built.fields if field.name != "id" or "id" in key
            ),
            key=key,
            schema=self.table.schema,
            indexes=(*_indexes(self.owner, self.table, names), *built.indexes),
            checks=tuple(_checks(self.owner, self.table)),
        )
        return [(self.cls, model), *((table, self._link(table, name)) for table, name in self.links.items())]

    # -------------------------------------------------------------- fields

    def _fields(self) -> list[FieldSpec]:
        fields = []
        for attribute in self.mapper.column_attrs:
            if len(attribute.columns) != 1 or not isinstance(attribute.columns[0], sa.Column):
                raise self.owner.refusal(
                    attribute.key, "is an expression (column_property)", "Work it out in the workflow."
                )
            column = attribute.columns[0]
            is_managed = attribute.key in MANAGED
            field = field_from_column(self.owner, attribute.key, column, self._target, is_managed=is_managed)
            if is_managed:
                if field.kind is not Kind.DATETIME:
                    raise self.owner.refusal(
                        column, "is kept by Studio and is a datetime", "Give it another name."
                    )
                # Studio's moments are in UTC, whatever the column says of zones.
                field = replace(field, naive=False)
            fields.append(field)
        mapped = {field.column for field in fields}
        for column in self.table.columns:
            if column.name not in mapped:
                raise self.owner.refusal(
                    column, "is in the table but not in the class", "Map it, or leave it out of the table."
                )
        key = [column.name for column in self.table.primary_key]
        named = {field.column: field.name for field in fields}
        if len(key) == 1 and named[key[0]] != "id":
            raise self.owner.refusal(
                key[0],
                "is the primary key, which must be named 'id'",
                f'Write `id: Mapped[…] = mapped_column("{key[0]}", primary_key=True)`: the column keeps its name.',
            )
        return fields

    def _key(self, fields: Sequence[FieldSpec]) -> tuple[str, ...]:
        return tuple(field.name for field in fields if field.key)

    def _target(self, column: Column) -> str:
        mapper = self.by_table.get(column.table)
        if mapper is None:
            raise ModelError(
                f"{self.owner.model}: the table {column.table!s} is referenced, but no class is mapped to it.",
                hint=_NO_TABLE.replace("it", "a class", 1),
            )
        return f"{mapper.class_.__name__}.{mapper.get_property_by_column(column).key}"

    # -------------------------------------------------------------- relations

    def _relations(self) -> tuple[RelationSpec, ...]:
        return tuple(self._relation(found) for found in self.mapper.relationships)

    def _relation(self, found: orm.RelationshipProperty[Any]) -> RelationSpec:
        target = found.mapper
        pairs = found.synchronize_pairs or found.local_remote_pairs
        direct = found.local_remote_pairs
        if found.secondary is None:
            if not _says_only(found.primaryjoin, direct):
                self._refuse_condition(found)
            return RelationSpec(
                name=found.key,
                model=target.class_.__name__,
                many=bool(found.uselist),
                local=tuple(self._name(self.mapper, local) for local, _ in direct),
                remote=tuple(self._name(target, remote) for _, remote in direct),
                order_by=self._order(found),
            )
        far = found.secondary_synchronize_pairs or ()
        if not _says_only(found.primaryjoin, pairs) or not _says_only(found.secondaryjoin, far):
            self._refuse_condition(found)
        through = self._through(found)
        link = self.by_table.get(found.secondary)
        return RelationSpec(
            name=found.key,
            model=target.class_.__name__,
            many=True,
            local=tuple(self._name(self.mapper, column) for column, _ in pairs),
            remote=tuple(self._name(target, column) for column, _ in far),
            through=through,
            through_local=tuple(self._name(link, column) for _, column in pairs),
            through_remote=tuple(self._name(link, column) for _, column in far),
            order_by=self._order(found),
        )

    def _through(self, found: orm.RelationshipProperty[Any]) -> str:
        mapper = self.by_table.get(found.secondary)
        if mapper is not None:
            return mapper.class_.__name__
        if not isinstance(found.secondary, sa.Table):
            raise ModelError(
                f"{self.owner.model}: the relationship {found.key!r} goes through something that is no table.",
                hint="Use a Table, or a class of its own, as secondary.",
                field=found.key,
            )
        return self.links.setdefault(found.secondary, pascal_case(found.secondary.name))

    @staticmethod
    def _name(mapper: orm.Mapper[Any] | None, column: Any) -> str:
        return str(column.name if mapper is None else mapper.get_property_by_column(column).key)

    def _order(self, found: orm.RelationshipProperty[Any]) -> tuple[str, ...]:
        if not found.order_by:
            return ()
        terms = []
        for term in found.order_by:
            descending = isinstance(term, sa.UnaryExpression) and term.modifier is sa.sql.operators.desc_op
            column: Any = term.element if isinstance(term, sa.UnaryExpression) else term
            if not isinstance(column, sa.Column) or column.table is not found.mapper.local_table:
                raise ModelError(
                    f"{self.owner.model}: the relationship {found.key!r} is in an order that is not of columns.",
                    hint="Order by columns of the other class.",
                    field=found.key,
                )
            terms.append(f"{'-' if descending else ''}{self._name(found.mapper, column)}")
        return tuple(terms)

    def _refuse_condition(self, found: orm.RelationshipProperty[Any]) -> None:
        raise ModelError(
            f"{self.owner.model}: the relationship {found.key!r} has a condition beside its keys (primaryjoin).",
            hint="Leave it out of the class that is registered, and filter in the workflow.",
            field=found.key,
        )

    # -------------------------------------------------------------- links

    def _link(self, table: sa.Table, name: str) -> ModelSpec:
        """The model of a table that links two classes and has no class itself. It has no timestamps: others write it as well."""
        owner = Owner(name)
        fields = [field_from_column(owner, column.name, column, self._target) for column in table.columns]
        key = tuple(field.name for field in fields if field.key)
        if not key:
            key = tuple(field.name for field in fields if field.references)
            fields = [
                replace(field, key=True, nullable=False) if field.name in key else field for field in fields
            ]
        names = {field.column: field.name for field in fields}
        return ModelSpec(
            name=name,
            table=table.name,
            fields=tuple(fields),
            key=key,
            doc=f"Which records of {' and '.join(_ends(fields))} belong together.",
            schema=table.schema,
            indexes=tuple(_indexes(owner, table, names)),
            checks=tuple(_checks(owner, table)),
            options=MappingProxyType({}),
        )


def _ends(fields: Sequence[FieldSpec]) -> list[str]:
    return [field.references.partition(".")[0] for field in fields if field.references]


def _says_only(condition: Any, pairs: Sequence[tuple[Any, Any]]) -> bool:
    """Whether a join's condition is nothing but the equality of these columns."""
    parts = list(condition.clauses) if isinstance(condition, sa.BooleanClauseList) else [condition]
    wanted = {frozenset((one, other)) for one, other in pairs}
    return len(parts) == len(wanted) and all(
        isinstance(part, sa.BinaryExpression)
        and part.operator is sa.sql.operators.eq
        and frozenset((_plain(part.left), _plain(part.right))) in wanted
        for part in parts
    )


def _plain(column: Any) -> Any:
    """The column without what the relationship notes on it."""
    return getattr(column, "_deannotate", lambda: column)()


def _indexes(owner: Owner, table: sa.Table, names: Mapping[str, str]) -> Iterator[IndexSpec]:
    """Indexes and unique constraints of several columns, and named ones; those of one column stand with the field."""
    for index in sorted(table.indexes, key=lambda entry: str(entry.name)):
        columns = list(index.expressions)
        if not all(isinstance(column, sa.Column) for column in columns):
            raise ModelError(
                f"{owner.model}: the index {str(index.name)!r} is on an expression or a direction.",
                hint="Index the columns themselves.",
            )
        if any(value not in (None, False, {}, []) for value in index.dialect_kwargs.values()):
            raise ModelError(
                f"{owner.model}: the index {str(index.name)!r} has options of one database.",
                hint="Leave them out (postgresql_where and the like).",
            )
        fields = tuple(names[cast("Column", column).name] for column in columns)
        if len(columns) == 1 and (cast("Column", columns[0]).index or cast("Column", columns[0]).unique):
            continue  # said with the column
        yield IndexSpec(
            name=str(index.name or f"ix_{table.name}_{'_'.join(fields)}"),
            fields=fields,
            unique=bool(index.unique),
        )
    for constraint in table.constraints:
        if isinstance(constraint, sa.UniqueConstraint):
            fields = tuple(names[column.name] for column in constraint.columns)
            if len(fields) == 1 and next(iter(constraint.columns)).unique:
                continue
            yield IndexSpec(
                name=str(constraint.name or f"uq_{table.name}_{'_'.join(fields)}"), fields=fields, unique=True
            )


def _checks(owner: Owner, table: sa.Table) -> Iterator[CheckSpec]:
    """The checks of the table as a whole; those written in a column stand with the field."""
    own = {id(constraint) for column in table.columns for constraint in column.constraints}
    number = 0
    for constraint in table.constraints:
        if isinstance(constraint, sa.CheckConstraint):
            if id(constraint) in own or getattr(constraint, "_type_bound", False):
                continue
            number += 1
            name = str(constraint.name) if constraint.name else f"ck_{table.name}_{number}"
            yield CheckSpec(name=name, condition=sql_text(constraint.sqltext))
        elif not isinstance(
            constraint, sa.PrimaryKeyConstraint | sa.UniqueConstraint | sa.ForeignKeyConstraint
        ):
            raise ModelError(
                f"{owner.model}: the table has a constraint of one database ({type(constraint).__name__}).",
                hint="Leave it out.",
            )
