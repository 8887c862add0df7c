"""With which values are a model's nodes shown in examples? Plain ones of the right types."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from studio.models.spec import FieldSpec, Kind, ModelSpec
from studio.nodes.base import humanise

_SAMPLES: Final[Mapping[Kind, Any]] = MappingProxyType(
    {
        Kind.INT: 3,
        Kind.FLOAT: 2.5,
        Kind.DECIMAL: "12.50",
        Kind.STR: "text",
        Kind.TEXT: "some longer text",
        Kind.BOOL: True,
        Kind.DATETIME: "2025-01-31T12:00:00Z",
        Kind.DATE: "2025-01-31",
        Kind.TIME: "12:00:00",
        Kind.TIMEDELTA: dt.timedelta(seconds=90),
        Kind.BYTES: b"raw",
        Kind.DICT: {"key": "value"},
        Kind.LIST: ["one", "two"],
        Kind.VECTOR: [0.5],
        Kind.UUID: "7f1d2c4e-8a3b-4c5d-9e6f-0a1b2c3d4e5f",
    }
)


def sample(field: FieldSpec) -> Any:
    if field.choices:
        return field.choices[0]
    if field.kind is Kind.STR:
        return f"{field.name}-1" if field.key or field.references else f"a {humanise(field.name).lower()}"
    if field.kind is Kind.VECTOR:
        return [0.5] * (field.dimensions or 1)
    if field.item_kind is not None:
        return [_SAMPLES[field.item_kind]]
    return _SAMPLES[field.kind]


def sample_values(model: ModelSpec, *, with_id: bool = False) -> dict[str, Any]:
    wanted = [field for field in model.settable if field.required or (with_id and field.key) or field.choices]
    return {field.name: sample(field) for field in wanted or model.settable[:2]}


def sample_id(model: ModelSpec) -> Any:
    if len(model.key) == 1:
        return sample(model.key_fields[0])
    return {field.name: sample(field) for field in model.key_fields}


def sample_change(model: ModelSpec) -> dict[str, Any]:
    number = sample_number(model)
    if number:
        return {number: {"$inc": 1}}
    plain = [field for field in model.settable if not field.key]
    return {plain[0].name: sample(plain[0])} if plain else {}


def sample_filter(model: ModelSpec) -> dict[str, Any]:
    number = sample_number(model)
    if number:
        return {number: {"$gte": 10}}
    field = next((field for field in model.settable if not field.key), model.fields[0])
    return {field.name: sample(field)}


def sample_number(model: ModelSpec) -> str | None:
    kinds = (Kind.DECIMAL, Kind.FLOAT, Kind.INT)
    plain = [field for field in model.settable if not (field.key or field.references)]
    return next((field.name for kind in kinds for field in plain if field.kind is kind), None)


def sample_group(model: ModelSpec) -> str | None:
    fields = [field for field in model.settable if field.choices or field.references]
    return fields[0].name if fields else None
