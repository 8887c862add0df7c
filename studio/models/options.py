"""Which options does a model take, and which fields do they add? Checks `__dataflow__`; what the options do is the write path's business.

An option that would have no effect is refused, with the nearest name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from studio.kernel.errors import ModelError
from studio.kernel.names import did_you_mean
from studio.models.field_options import check_fields
from studio.models.spec import (
    DELETED_AT,
    MANAGED,
    TENANT_ID,
    VERSION,
    FieldSpec,
    IndexSpec,
    Kind,
    ModelSpec,
    digest_name,
)

FLAGS: Final = ("multi_tenant", "soft_delete", "versioned", "audit_log")
KNOWN_OPTIONS: Final = frozenset({*FLAGS, "encryption", "postgresql"})
_ALGORITHM: Final = "AES-256-GCM"
_ENCRYPTION: Final = ("fields", "key_rotation", "algorithm")
_POSTGRESQL: Final = ("jsonb_gin_indexes", "text_search", "partial_indexes")
_PARTIAL: Final = ("name", "fields", "condition", "unique")
_TEXTS: Final = frozenset({Kind.STR, Kind.TEXT})
_DOCUMENTS: Final = frozenset({Kind.DICT, Kind.LIST})
MOST_TENANT: Final = 128
"""Characters of a tenant's id: it stands in the indexes of every unique field, and MariaDB's have room for 768 in all."""


def managed_fields(options: Mapping[str, Any], *, timestamps: bool = True) -> tuple[FieldSpec, ...]:
    """The fields that Studio keeps by itself in a model with these options, in the order in which they follow the others."""
    made = [FieldSpec(name=name, kind=Kind.DATETIME, managed=True) for name in MANAGED] if timestamps else []
    if options.get("soft_delete"):
        made.append(FieldSpec(name=DELETED_AT, kind=Kind.DATETIME, managed=True, nullable=True))
    if options.get("versioned"):
        made.append(FieldSpec(name=VERSION, kind=Kind.INT, managed=True))
    if options.get("multi_tenant"):
        made.append(
            FieldSpec(name=TENANT_ID, kind=Kind.STR, managed=True, index=True, max_length=MOST_TENANT)
        )
    return tuple(made)


def complete(
    model: str, fields: list[FieldSpec], options: Mapping[str, Any], *, timestamps: bool = True
) -> tuple[FieldSpec, ...]:
    """The fields with the managed ones at their end, in place of those that were declared, whose columns and database defaults they keep.

    Raises ModelError for a declared field that Studio keeps and that is of another kind.
    """
    kept = managed_fields(options, timestamps=timestamps)
    by_name = {field.name: field for field in fields}
    for field in kept:
        declared = by_name.get(field.name)
        if declared is not None and declared.kind is not field.kind:
            raise ModelError(
                f"{model}: {field.name!r} is kept by Studio and is of the type {field.kind.value}.",
                hint="Leave it out of the model.",
                field=field.name,
            )
    kept = tuple(_as_declared(field, by_name.get(field.name)) for field in kept)
    names = {field.name for field in kept}
    own = [field for field in fields if field.name not in names]
    check_fields(model, [*own, *kept])
    _check_postgresql(model, options.get("postgresql", {}), [*own, *kept])
    return (*_encrypted(model, own, options.get("encryption", {})), *kept)


def _as_declared(field: FieldSpec, declared: FieldSpec | None) -> FieldSpec:
    if declared is None:
        return field
    return replace(field, column=declared.column, server_default=declared.server_default)


def _encrypted(model: str, fields: list[FieldSpec], encryption: Mapping[str, Any]) -> list[FieldSpec]:
    """The fields, those that the option names marked as encrypted; refuses what could not work on secrets."""
    known = [field.name for field in fields]
    wanted = encryption.get("fields", ())
    for name in wanted:
        _known_field(model, name, known, "encryption")
    marked = [replace(field, encrypted=True) if field.name in wanted else field for field in fields]
    for field in marked:
        if not field.encrypted:
            continue
        barred = {
            "the key": field.key,
            "unique": field.unique,
            "indexed": field.index,
            "a reference": bool(field.references),
            "checked by the database": bool(field.check),
            "filled by the database": field.server_default is not None,
        }
        reason = next((words for words, holds in barred.items() if holds), None)
        if reason is not None:
            raise ModelError(
                f"{model}: {field.name!r} is encrypted and cannot be {reason}: the database does not know its values.",
                hint="Leave one of the two out; equality can be asked of an encrypted field as it is.",
                field=field.name,
            )
        if digest_name(field.name) in known:
            raise ModelError(
                f"{model}: {digest_name(field.name)!r} is what Studio needs beside the encrypted {field.name!r}.",
                hint="Give that field another name.",
                field=digest_name(field.name),
            )
    return marked


def _check_postgresql(model: str, option: Mapping[str, Any], fields: list[FieldSpec]) -> None:
    by_name = {field.name: field for field in fields}
    for part, kinds, words in (
        ("jsonb_gin_indexes", _DOCUMENTS, "a dict or a list"),
        ("text_search", _TEXTS, "text"),
    ):
        for name in option.get(part, ()):
            _known_field(model, name, by_name, part)
            if by_name[name].kind not in kinds or by_name[name].encrypted:
                raise ModelError(f"{model}: {part} wants {words}, which {name!r} is not.", field=name)
    for entry in option.get("partial_indexes", ()):
        for name in entry["fields"]:
            _known_field(model, name, by_name, "partial_indexes")


def _known_field(model: str, name: Any, known: Collection[str], option: str) -> None:
    if name not in known:
        raise ModelError(
            f"{model}: the option {option!r} names the unknown field {name!r}.",
            hint=did_you_mean(str(name), known),
            field=str(name),
        )


def check_indexes(model: str, indexes: Iterable[IndexSpec], fields: Iterable[FieldSpec]) -> None:
    """Refuses indexes over vectors, and over secrets, which would order and compare what is different each time; and two of one name."""
    known = list(fields)
    secrets = {field.name for field in known if field.encrypted}
    vectors = {field.name for field in known if field.kind is Kind.VECTOR}
    named: set[str] = set()
    for index in indexes:
        if index.name.lower() in named:
            raise ModelError(f"{model}: two indexes are called {index.name!r}.", hint="Rename one of them.")
        named.add(index.name.lower())
        for name in index.fields:
            if index.fields.count(name) > 1:
                raise ModelError(
                    f"{model}: the index {index.name!r} names {name!r} twice.",
                    hint="Once is enough.",
                    field=name,
                )
            if name in vectors:
                raise ModelError(
                    f"{model}: the index {index.name!r} names the vector {name!r}, which has no order.",
                    hint="Leave it out.",
                    field=name,
                )
            if name in secrets:
                raise ModelError(
                    f"{model}: the index {index.name!r} names the encrypted field {name!r}.",
                    hint="Leave it out; what finds an encrypted field's values has an index of its own.",
                    field=name,
                )


def checked_options(model: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """The options, frozen.

    Raises:
        ModelError: an option that does not exist or is of the wrong type.
    """
    for name, value in options.items():
        if name not in KNOWN_OPTIONS:
            raise ModelError(
                f"{model}: __dataflow__ has no option {name!r}.",
                hint=did_you_mean(str(name), [*KNOWN_OPTIONS, "indexes", "relations"])
                + " An option without effect is refused rather than ignored.",
            )
        if name in FLAGS and not isinstance(value, bool):
            raise ModelError(f"{model}: the option {name!r} is true or false, not {value!r}.")
    if "encryption" in options:
        _check_encryption(model, options["encryption"])
    if "postgresql" in options:
        _check_parts(model, options["postgresql"])
    return MappingProxyType(dict(options))


def _check_encryption(model: str, option: Any) -> None:
    _mapping_of(model, "encryption", option, _ENCRYPTION)
    _names_in(model, "fields", option.get("fields", ()))
    if not isinstance(option.get("key_rotation", True), bool):
        raise ModelError(
            f"{model}: key_rotation is true or false, not {option['key_rotation']!r}.",
            hint="With true, records under older keys are read; a change brings them under the newest.",
        )
    if option.get("algorithm", _ALGORITHM) != _ALGORITHM:
        raise ModelError(
            f"{model}: there is no encryption algorithm {option['algorithm']!r}.",
            hint=f"Known: {_ALGORITHM}.",
        )


def _check_parts(model: str, option: Any) -> None:
    _mapping_of(model, "postgresql", option, _POSTGRESQL)
    for part in ("jsonb_gin_indexes", "text_search"):
        _names_in(model, part, option.get(part, ()))
    partial = option.get("partial_indexes", ())
    if not isinstance(partial, list | tuple):
        raise ModelError(f"{model}: partial_indexes is a list of mappings.")
    for entry in partial:
        _mapping_of(model, "partial_indexes", entry, _PARTIAL)
        _names_in(model, "fields", entry.get("fields", ()))
        if not entry.get("fields") or not isinstance(entry.get("condition"), str):
            raise ModelError(
                f"{model}: a partial index needs fields and a condition.",
                hint='Write {"fields": ["status"], "condition": "deleted_at IS NULL"}.',
            )


def _mapping_of(model: str, option: str, value: Any, known: tuple[str, ...]) -> None:
    if not isinstance(value, Mapping):
        raise ModelError(f"{model}: {option!r} is a mapping of {', '.join(known)}, not {value!r}.")
    for name in value:
        if name not in known:
            raise ModelError(
                f"{model}: {option!r} has no part {name!r}.", hint=did_you_mean(str(name), known)
            )


def _names_in(model: str, part: str, value: Any) -> None:
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise ModelError(f"{model}: {part!r} is a list of fields, not {value!r}.")


def with_option(spec: ModelSpec, option: str, value: Any) -> ModelSpec:
    """The model with one more option; as it is when it says something of that option itself.

    Raises ModelError as `complete` does.
    """
    if option in spec.options:
        return spec
    has_timestamps = all(name in spec for name in MANAGED)
    own = managed_fields(spec.options, timestamps=has_timestamps)
    fields = [field for field in spec.fields if field not in own]
    options = checked_options(spec.name, {**spec.options, option: value})
    return replace(
        spec, fields=complete(spec.name, fields, options, timestamps=has_timestamps), options=options
    )
