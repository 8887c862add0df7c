"""How does an annotated class become a model? Reads annotations and `Field(...)`; knows nothing of databases."""

from __future__ import annotations

import copy
import datetime as dt
import enum
import functools
import inspect
import re
import types
import typing
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, NewType, TypeVar, get_args, get_origin

from studio.kernel.errors import ModelError
from studio.kernel.names import did_you_mean, plural, snake_case
from studio.models.class_attributes import as_mapping, indexes_of, mapping_of, refuse_hidden
from studio.models.field_options import check_default, check_name
from studio.models.options import check_indexes, checked_options, complete
from studio.models.refusals import shorten
from studio.models.relation_data import relations_from_data
from studio.models.spec import (
    MISSING,
    CheckSpec,
    FieldSpec,
    IndexSpec,
    Kind,
    ModelSpec,
    OnDelete,
    RelationSpec,
)

Text = NewType("Text", str)
"""Annotates a string of unlimited length."""


@dataclass(frozen=True, slots=True)
class Dimensions:
    """What `Vector(n)` says of a field."""

    count: Any


def Vector(dimensions: int) -> Any:  # noqa: N802 - reads as a type
    """Annotates a list of as many numbers, 1 to 16,000, each kept to 32 bits.

    `embedding: Vector(1536)`; a type checker wants `embedding: Annotated[list[float], Vector(1536)]`, which means the same.
    """
    return Annotated[list[float], Dimensions(dimensions)]


_KINDS: Mapping[Any, Kind] = MappingProxyType(
    {
        bool: Kind.BOOL,
        int: Kind.INT,
        float: Kind.FLOAT,
        Decimal: Kind.DECIMAL,
        str: Kind.STR,
        Text: Kind.TEXT,
        dt.datetime: Kind.DATETIME,
        dt.date: Kind.DATE,
        dt.time: Kind.TIME,
        dt.timedelta: Kind.TIMEDELTA,
        bytes: Kind.BYTES,
        dict: Kind.DICT,
        list: Kind.LIST,
        uuid.UUID: Kind.UUID,
    }
)
_KIND_NAMES = "int, float, Decimal, str, Text, bool, datetime, date, time, timedelta, bytes, dict, list, list[T], an Enum, UUID, Vector(n)"
_ON_DELETE = ("restrict", "cascade", "set null", "no action")
_IDENTIFIER = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldOptions:
    """What `Field(...)` says of a field."""

    default: Any
    default_factory: Callable[[], Any] | None
    server_default: str | None
    unique: bool
    index: bool
    max_length: int | None
    precision: int | None
    scale: int | None
    check: str | None
    min: Any
    max: Any
    pattern: str | None
    references: str | None
    on_delete: OnDelete
    encrypted: bool
    description: str


def Field(  # noqa: N802, PLR0913 - reads as a declaration: `total: Decimal = Field(min=0)`
    *,
    default: Any = MISSING,
    default_factory: Callable[[], Any] | None = None,
    server_default: str | None = None,
    unique: bool = False,
    index: bool = False,
    max_length: int | None = None,
    precision: int | None = None,
    scale: int | None = None,
    check: str | None = None,
    min: Any = None,  # noqa: A002 - the words of the field
    max: Any = None,  # noqa: A002
    pattern: str | None = None,
    references: str | None = None,
    on_delete: OnDelete = "no action",
    encrypted: bool = False,
    description: str = "",
) -> Any:
    """Says more of a field than its type can.

    In an annotation, `Annotated[str, Field(unique=True)]`, or as the default, `name: str = Field(unique=True)`.
    `references` is `"Model.field"` or `"Model"` (its id). `check` is an SQL condition over the model's own columns, written by the model's
    author. `encrypted` keeps the value under a key (see `DataFlow`'s `encryption_key`). `min`/`max` bound numbers and dates; `pattern` is a regular expression the whole text must match. The result's type is Any, so that it
    can stand where the field's own type is declared.
    """
    return FieldOptions(
        default=default,
        default_factory=default_factory,
        server_default=server_default,
        unique=unique,
        index=index,
        max_length=max_length,
        precision=precision,
        scale=scale,
        check=check,
        min=min,
        max=max,
        pattern=pattern,
        references=references,
        on_delete=on_delete,
        encrypted=encrypted,
        description=description,
    )


def model_from_class(cls: type) -> ModelSpec:
    """The model that an annotated class declares; raises ModelError that names the class, the field and the remedy."""
    name = cls.__name__
    try:
        hints = typing.get_type_hints(cls, include_extras=True)
    except (NameError, TypeError) as error:
        raise ModelError(
            f"{name}: an annotation cannot be resolved: {error}.", hint="Import the type in its module."
        ) from error
    refuse_hidden(cls)
    own = {key: hint for key, hint in hints.items() if not key.startswith("_")}
    fields = [
        _field(name, field_name, hint, getattr(cls, field_name, MISSING)) for field_name, hint in own.items()
    ]
    options = mapping_of(cls, "__dataflow__")
    indexes = (
        *indexes_of(cls, cls.__dict__.get("__indexes__", ())),
        *indexes_of(cls, options.pop("indexes", ())),
    )
    relations = mapping_of(cls, "__relations__") | as_mapping(cls, "relations", options.pop("relations", {}))
    return build_model(
        name,
        fields,
        table=cls.__dict__.get("__tablename__"),
        doc=inspect.cleandoc(cls.__doc__ or ""),
        indexes=indexes,
        options=options,
        relations=relations_from_data(name, relations),
        checks=tuple(
            CheckSpec(name=str(check), condition=str(condition))
            for check, condition in mapping_of(cls, "__checks__").items()
        ),
    )


def build_model(
    name: str,
    fields: list[FieldSpec],
    *,
    table: str | None = None,
    doc: str = "",
    indexes: tuple[Mapping[str, Any], ...] = (),
    options: Mapping[str, Any] | None = None,
    relations: tuple[RelationSpec, ...] = (),
    checks: tuple[CheckSpec, ...] = (),
) -> ModelSpec:
    """Completes and checks a declared model: its id, the managed timestamps, indexes, options, relations and checks."""
    if not _IDENTIFIER.match(name):
        raise ModelError(
            f"{name!r} is no name for a model.", hint="Use letters, digits and underscores, a letter first."
        )
    names = [spec.name for spec in fields]
    for spec in fields:
        if not _IDENTIFIER.match(spec.name):
            raise ModelError(
                f"{name}: {spec.name!r} is no name for a field.",
                hint="Use letters, digits and underscores.",
                field=spec.name,
            )
        if names.count(spec.name) > 1:
            raise ModelError(f"{name}: the field {spec.name!r} is declared twice.", field=spec.name)
        check_default(name, spec)
    chosen = checked_options(name, options or {})
    declared = list(fields)
    if "id" not in names:
        suspects = [spec.name for spec in fields if spec.name in (f"{snake_case(name)}_id", "pk")]
        if suspects:
            raise ModelError(
                f"{name}: the primary key must be named 'id', not {suspects[0]!r}.",
                hint=f"Rename {suspects[0]!r} to 'id'.",
                field=suspects[0],
            )
        declared.insert(0, FieldSpec(name="id", kind=Kind.INT, key=True, generated=True))
    completed = complete(name, declared, chosen)
    known = [spec.name for spec in completed]
    table_name = table or plural(snake_case(name))
    check_name(name, table_name, "the table")
    made = tuple(_index(name, table_name, entry, known) for entry in indexes)
    check_indexes(name, made, completed)
    return ModelSpec(
        name=name,
        table=table_name,
        fields=completed,
        doc=doc,
        indexes=made,
        options=chosen,
        relations=_relations(name, relations, known),
        checks=checks,
    )


def _relations(
    model: str, relations: tuple[RelationSpec, ...], fields: list[str]
) -> tuple[RelationSpec, ...]:
    """The relations, of which none is called like a field: a record holds both."""
    for relation in relations:
        if relation.name in fields:
            raise ModelError(
                f"{model}: {relation.name!r} is a field and a relation.",
                hint="Give the relation another name.",
                field=relation.name,
            )
        for name in relation.local:
            if name not in fields:
                raise ModelError(
                    f"{model}: the relation {relation.name!r} names the unknown field {name!r}.",
                    hint=did_you_mean(name, fields),
                    field=relation.name,
                )
    return relations


def _index(model: str, table: str, entry: Any, known: list[str]) -> IndexSpec:
    fields = entry.get("fields") if isinstance(entry, Mapping) else None
    if not isinstance(fields, list | tuple) or not fields:
        raise ModelError(
            f"{model}: an index is a mapping with a list of fields, not {shorten(entry)}.",
            hint='Write {"fields": ["status"]}.',
        )
    for field_name in fields:
        if field_name not in known:
            raise ModelError(
                f"{model}: an index names the unknown field {field_name!r}.",
                hint=did_you_mean(field_name, known),
                field=field_name,
            )
    extra = set(entry) - {"name", "fields", "unique"}
    if extra:
        raise ModelError(
            f"{model}: an index has no option {min(extra)!r}.", hint="Known: name, fields, unique."
        )
    unique = entry.get("unique", False)
    if not isinstance(unique, bool):
        raise ModelError(f'{model}: "unique" of an index is true or false, not {unique!r}.', hint="Mend it.")
    name = entry.get("name") or f"ix_{table}_{'_'.join(fields)}"
    return IndexSpec(name=str(name), fields=tuple(fields), unique=unique)


def _field(model: str, name: str, hint: Any, default: Any) -> FieldSpec:
    extra: FieldOptions | None = None
    size: Dimensions | None = None
    if get_origin(hint) is Annotated:
        hint, *metadata = get_args(hint)
        extra = _among(metadata, FieldOptions)
        size = _among(metadata, Dimensions)
    if isinstance(default, FieldOptions):
        extra, default = default, default.default
    elif extra is not None and default is MISSING:
        default = extra.default
    hint, nullable = _strip_optional(hint)
    if get_origin(hint) is Annotated:
        hint, *metadata = get_args(hint)
        extra = extra or _among(metadata, FieldOptions)
        size = size or _among(metadata, Dimensions)
    extra = extra or Field()
    kind, item_kind, enum_type = _kind(model, name, hint)
    if size is not None and kind is Kind.LIST and item_kind in (None, Kind.FLOAT, Kind.INT):
        kind, item_kind = Kind.VECTOR, None
    factory = extra.default_factory
    if isinstance(default, list | dict):
        factory = functools.partial(copy.deepcopy, default)  # each record gets its own
        default = MISSING
    if extra.on_delete not in _ON_DELETE:
        raise ModelError(
            f"{model}: on_delete is {extra.on_delete!r}.", hint=f"Known: {', '.join(_ON_DELETE)}.", field=name
        )
    references = extra.references
    if references and "." not in references:
        references = f"{references}.id"
    is_id = name == "id"
    if extra.on_delete == "set null" and not (nullable or default is None):
        raise ModelError(
            f"{model}: on_delete of {name!r} sets null, but the field must have a value.",
            hint=f"Declare it `{name}: {getattr(hint, '__name__', hint)} | None`.",
            field=name,
        )
    return FieldSpec(
        name=name,
        kind=kind,
        nullable=(nullable or default is None) and not is_id,
        key=is_id,
        generated=is_id and kind is Kind.INT,
        managed=False,
        default=MISSING if is_id and default is None else default,
        default_factory=factory,
        server_default=extra.server_default,
        unique=extra.unique and not is_id,
        index=extra.index,
        max_length=extra.max_length,
        precision=extra.precision,
        scale=extra.scale,
        check=extra.check,
        minimum=extra.min,
        maximum=extra.max,
        pattern=extra.pattern,
        references=references,
        on_delete=extra.on_delete,
        encrypted=extra.encrypted,
        item_kind=item_kind,
        dimensions=size.count if size is not None else None,
        choices=tuple(member.value for member in enum_type) if enum_type else (),
        enum_type=enum_type,
        description=extra.description,
    )


T = TypeVar("T")


def _among(metadata: list[Any], wanted: type[T]) -> T | None:
    """The first of that type in what an `Annotated` says, or in another `Annotated` among it."""
    for entry in metadata:
        parts = entry.__metadata__ if get_origin(entry) is Annotated else (entry,)
        for part in parts:
            if isinstance(part, wanted):
                return part
    return None


def _strip_optional(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) in (typing.Union, types.UnionType):
        members = [member for member in get_args(hint) if member is not type(None)]
        if len(members) == 1 and len(get_args(hint)) == 2:
            return members[0], True
    return hint, False


def _kind(model: str, name: str, hint: Any) -> tuple[Kind, Kind | None, type[enum.Enum] | None]:
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        if not all(isinstance(member.value, str) for member in hint):
            raise ModelError(
                f"{model}: the values of {hint.__name__} must be text.",
                hint='Write PENDING = "pending".',
                field=name,
            )
        return Kind.ENUM, None, hint
    if hint in _KINDS:
        return _KINDS[hint], None, None
    origin = get_origin(hint)
    if origin is list:
        (item,) = get_args(hint) or (Any,)
        item, _ = _strip_optional(item)
        if item is Any or get_origin(item) is dict:
            return Kind.LIST, None if item is Any else Kind.DICT, None
        if item in (str, int, float, bool, dict, list):
            return Kind.LIST, _KINDS[item], None
    if origin is dict:
        return Kind.DICT, None, None
    shown = getattr(hint, "__name__", str(hint))
    raise ModelError(
        f"{model}: the type {shown} of field {name!r} is not supported.",
        hint=f"Known: {_KIND_NAMES}.",
        field=name,
    )
