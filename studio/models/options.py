"""Which options does a model take, and which fields do they add? Checks `__dataflow__`; what the options do is the write path's business.

An option that would have no effect is refused, with the nearest name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from studio.kernel.errors import ModelError
from studio.kernel.names import did_you_mean
from studio.models.spec import (
    DELETED_AT,
    MANAGED,
    TENANT_ID,
    VERSION,
    FieldSpec,
    Kind,
    ModelSpec,
)

FLAGS: Final = ("multi_tenant", "soft_delete", "versioned")
KNOWN_OPTIONS: Final = frozenset(FLAGS)
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
    """The fields with the managed ones at their end, in place of those that were declared.

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
    names = {field.name for field in kept}
    return (*(field for field in fields if field.name not in names), *kept)


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
    return MappingProxyType(dict(options))


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
