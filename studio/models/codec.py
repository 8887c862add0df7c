"""How does a model become plain data and come back equal? For YAML's `models:` and for project stores; declaring is `declare`'s business.

What has its usual value is left out, so the data reads like a declaration. An enumeration's class is code and is not kept: its values
are. A default made by a function is code as well, and is refused with the remedy; fresh lists and mappings are data.
"""

from __future__ import annotations

import copy
import enum
import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING as NO_DEFAULT
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Final

from studio.kernel.errors import ModelError
from studio.kernel.names import did_you_mean, plural, snake_case
from studio.models.field_options import check_name
from studio.models.options import check_indexes, checked_options, complete, managed_fields
from studio.models.relation_data import relations_from_data, relations_to_data
from studio.models.spec import MANAGED, MISSING, CheckSpec, FieldSpec, IndexSpec, Kind, ModelSpec

_FIELD_DEFAULTS: Final[Mapping[str, Any]] = MappingProxyType(
    {entry.name: entry.default for entry in fields(FieldSpec) if entry.default is not NO_DEFAULT}
)
_PLAIN_OPTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "nullable": "nullable",
        "unique": "unique",
        "index": "index",
        "max_length": "max_length",
        "precision": "precision",
        "scale": "scale",
        "server_default": "server_default",
        "check": "check",
        "min": "minimum",
        "max": "maximum",
        "pattern": "pattern",
        "references": "references",
        "on_delete": "on_delete",
        "encrypted": "encrypted",
        "choices": "choices",
        "description": "description",
        "naive": "naive",
        "managed": "managed",
    }
)
"""Options whose data is the attribute's very value: name in the data, name in FieldSpec. Order is the order they are written in."""
_FIELD_KEYS: Final = ("type", "key", "generated", "default", *_PLAIN_OPTIONS, "column")
_MODEL_KEYS: Final = (
    "name",
    "table",
    "schema",
    "doc",
    "key",
    "reflected",
    "timestamps",
    "fields",
    "indexes",
    "checks",
    "relations",
    "options",
)
_INDEX_KEYS: Final = ("name", "fields", "unique")
_TYPES: Final[Mapping[str, type | tuple[type, ...]]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("nullable", "unique", "index", "encrypted", "naive", "managed", "key", "generated"), bool
        ),
        **dict.fromkeys(("max_length", "precision", "scale"), int),
        **dict.fromkeys(
            ("server_default", "check", "pattern", "references", "on_delete", "description", "column"), str
        ),
        "choices": (list, tuple),
    }
)


@dataclass(frozen=True)
class Fresh:
    """A default that is a list or mapping: each record gets a copy of its own. Two with equal values are equal."""

    value: Any

    def __call__(self) -> Any:
        return copy.deepcopy(self.value)

    def __hash__(self) -> int:
        return hash(repr(self.value))


# ---------------------------------------------------------------- to data


def model_to_data(spec: ModelSpec) -> dict[str, Any]:
    """Plain data (what YAML can hold, plus dates, Decimals, UUIDs and bytes) that `model_from_data` turns into an equal model.

    Raises:
        ModelError: A default is made by a function; names the field and the remedy.
    """
    data: dict[str, Any] = {"name": spec.name}
    if spec.table != plural(snake_case(spec.name)):
        data["table"] = spec.table
    if spec.schema is not None:
        data["schema"] = spec.schema
    if spec.doc:
        data["doc"] = spec.doc
    if spec.key != ("id",):
        data["key"] = list(spec.key)
    if spec.reflected:
        data["reflected"] = True
    own = spec.fields
    if not spec.reflected:
        kept = managed_fields(spec.options)
        if not all(entry in own for entry in kept if entry.name in MANAGED):
            kept = managed_fields(spec.options, timestamps=False)
            data["timestamps"] = False
        own = tuple(entry for entry in own if entry not in kept)
    data["fields"] = {entry.name: _field_to_data(spec, entry) for entry in own}
    if spec.indexes:
        data["indexes"] = [_index_to_data(index) for index in spec.indexes]
    if spec.checks:
        data["checks"] = {check.name: check.condition for check in spec.checks}
    if spec.relations:
        data["relations"] = relations_to_data(spec.relations)
    if spec.options:
        data["options"] = dict(spec.options)
    return data


def _field_to_data(model: ModelSpec, entry: FieldSpec) -> dict[str, Any]:
    item = f"[{entry.item_kind.value}]" if entry.item_kind is not None else ""
    if entry.dimensions is not None:
        item = f"({entry.dimensions})"
    data: dict[str, Any] = {"type": f"{entry.kind.value}{item}"}
    is_key = entry.name in model.key
    if entry.key != is_key:
        data["key"] = entry.key
    if entry.generated != _is_generated(entry.name, entry.kind, is_key=is_key, reflected=model.reflected):
        data["generated"] = entry.generated
    default = _default_to_data(model, entry)
    if default is not MISSING:
        data["default"] = default
    for option, attribute in _PLAIN_OPTIONS.items():
        value = getattr(entry, attribute)
        if value != _FIELD_DEFAULTS[attribute] or type(value) is not type(_FIELD_DEFAULTS[attribute]):
            data[option] = list(value) if isinstance(value, tuple) else value
    if entry.column != entry.name:
        data["column"] = entry.column
    return data


def _default_to_data(model: ModelSpec, entry: FieldSpec) -> Any:
    factory = entry.default_factory
    if entry.on_update is not None:
        factory = entry.on_update
    if factory is None:
        is_member = isinstance(entry.default, enum.Enum) and entry.default is not MISSING
        return entry.stored(entry.default) if is_member else entry.default
    if factory is list or factory is dict:
        return factory()
    if isinstance(factory, Fresh):
        return factory()
    if isinstance(factory, functools.partial) and factory.func is copy.deepcopy and len(factory.args) == 1:
        return factory()
    raise ModelError(
        f"{model.name}: the default of {entry.name!r} is made by a function, which a project cannot keep.",
        hint="Give a plain default, or set the value in a node.",
        field=entry.name,
    )


def _index_to_data(index: IndexSpec) -> dict[str, Any]:
    data: dict[str, Any] = {"name": index.name, "fields": list(index.fields)}
    if index.unique:
        data["unique"] = True
    return data


def _is_generated(name: str, kind: Kind, *, is_key: bool, reflected: bool) -> bool:
    return is_key and name == "id" and kind is Kind.INT and not reflected


# ---------------------------------------------------------------- from data


def model_from_data(data: Mapping[str, Any], *, left: dict[str, Any] | None = None) -> ModelSpec:
    """The model that the data describes.

    Args:
        data: What `model_to_data` gives. By hand one may write a field as just its type (`email: str`, `note: text?` when it is nullable);
            a model without `id` gets an auto-increment integer.
        left: When given, keys that are not known are put here instead of refused: at the model's level under their names, a
            field's under `fields`. `merge_left` puts them back.

    Raises:
        ModelError: A key, a type or a value is not known or of the wrong kind; names the model, the field and the remedy.
    """
    name = data.get("name")
    if not isinstance(name, str) or not name:
        raise ModelError("A model has no name.", hint="Add `name: Customer`.")
    _no_others(name, "", data, _MODEL_KEYS, left)
    declared = data.get("fields")
    if not isinstance(declared, Mapping):
        raise ModelError(f"{name}: 'fields' must be a mapping.", hint="Write `fields: {email: {type: str}}`.")
    reflected = _of(name, "", data, "reflected", bool, default=False)
    keys = _strings(name, "key", data.get("key", ["id"]))
    fields_left: dict[str, Any] = {}
    found = [
        _field_from_data(
            name, str(key), value, keys, reflected=reflected, left=fields_left if left is not None else None
        )
        for key, value in declared.items()
    ]
    if left is not None and fields_left:
        left["fields"] = fields_left
    known = [entry.name for entry in found]
    if keys == ("id",) and "id" not in known and not reflected:
        found.insert(0, FieldSpec(name="id", kind=Kind.INT, key=True, generated=True))
    missing = next((key for key in keys if key not in {entry.name for entry in found}), None)
    if missing is not None:
        raise ModelError(
            f"{name}: the key names the unknown field {missing!r}.", hint=did_you_mean(missing, known)
        )
    options = checked_options(name, _of(name, "", data, "options", Mapping, default={}))
    if not reflected:
        stamped = _of(name, "", data, "timestamps", bool, default=True)
        found = list(complete(name, found, options, timestamps=stamped))
    table = _of(name, "", data, "table", str, default=plural(snake_case(name)))
    if not reflected:
        check_name(name, table, "the table")
    kept = [entry.name for entry in found]
    indexes = _indexes(name, table, data.get("indexes", ()), known, kept=kept)
    check_indexes(name, indexes, found)
    return ModelSpec(
        name=name,
        table=table,
        fields=tuple(found),
        key=keys,
        doc=_of(name, "", data, "doc", str, default=""),
        indexes=indexes,
        checks=_checks(name, data.get("checks", {})),
        schema=_of(name, "", data, "schema", str, default=None),
        reflected=reflected,
        options=options,
        relations=relations_from_data(name, data.get("relations")),
    )


def merge_left(data: dict[str, Any], left: Mapping[str, Any]) -> dict[str, Any]:
    """The data with what `model_from_data` had left over put back; a field that is gone takes its own along."""
    fields_left = left.get("fields", {})
    merged = {**data, **{name: value for name, value in left.items() if name != "fields"}}
    merged["fields"] = {
        name: {**options, **fields_left.get(name, {})} for name, options in data["fields"].items()
    }
    return merged


def _field_from_data(
    model: str, name: str, data: Any, keys: tuple[str, ...], *, reflected: bool, left: dict[str, Any] | None
) -> FieldSpec:
    if isinstance(data, str):
        data = {"type": data.removesuffix("?"), **({"nullable": True} if data.endswith("?") else {})}
    if not isinstance(data, Mapping):
        raise ModelError(
            f"{model}: the field {name!r} must be a type or a mapping.",
            hint="Write `{type: str}`.",
            field=name,
        )
    own_left: dict[str, Any] = {}
    _no_others(model, name, data, _FIELD_KEYS, own_left if left is not None else None)
    if left is not None and own_left:
        left[name] = own_left
    text, dimensions = _size(data.get("type"))
    kind, item_kind = _kind(model, name, text)
    is_key = name in keys
    default, factory = _default_from_data(data)
    options: dict[str, Any] = {}
    for option, attribute in _PLAIN_OPTIONS.items():
        if option in data:
            value = _of(model, name, data, option, _TYPES.get(option, object), default=None)
            options[attribute] = tuple(value) if option == "choices" else value
    return FieldSpec(
        name=name,
        kind=kind,
        item_kind=item_kind,
        dimensions=dimensions,
        key=_of(model, name, data, "key", bool, default=is_key),
        generated=_of(
            model, name, data, "generated", bool,
            default=_is_generated(name, kind, is_key=is_key, reflected=reflected),
        ),
        default=default,
        default_factory=factory,
        column=_of(model, name, data, "column", str, default=name),
        **options,
    )  # fmt: skip


def _default_from_data(data: Mapping[str, Any]) -> tuple[Any, Callable[[], Any] | None]:
    if "default" not in data:
        return MISSING, None
    value = data["default"]
    if isinstance(value, list | dict):
        return MISSING, (Fresh(value) if value else type(value))
    return value, None


_SIZED: Final = re.compile(r"(\w+)\(\s*(\d{1,9})\s*\)")


def _size(text: Any) -> tuple[Any, int | None]:
    """The type without the number in brackets behind it, `vector(1536)`, and that number."""
    found = _SIZED.fullmatch(text) if isinstance(text, str) else None
    return (text, None) if found is None else (found[1], int(found[2]))


def _kind(model: str, field: str, text: Any) -> tuple[Kind, Kind | None]:
    names = [kind.value for kind in Kind]
    outer, bracket, inner = str(text).partition("[")
    inner = inner.removesuffix("]")
    for part in (outer, *((inner,) if bracket else ())):
        if part not in names:
            raise ModelError(
                f"{model}: the type {part!r} of field {field!r} is not known.",
                hint=did_you_mean(part, names) or f"Known: {', '.join(names)}.",
                field=field,
            )
    return Kind(outer), Kind(inner) if bracket else None


def _indexes(
    model: str, table: str, data: Any, known: list[str], *, kept: list[str]
) -> tuple[IndexSpec, ...]:
    if not isinstance(data, list | tuple) or not all(isinstance(entry, Mapping) for entry in data):
        raise ModelError(
            f"{model}: 'indexes' must be a list of mappings.", hint="Write `- {fields: [status]}`."
        )
    found = []
    for entry in data:
        _no_others(model, "", entry, _INDEX_KEYS, None)
        names = _strings(model, "fields", entry.get("fields", ()))
        unknown = next((name for name in names if name not in known and name not in kept), None)
        if unknown is not None or not names:
            raise ModelError(
                f"{model}: an index names the unknown field {unknown!r}."
                if names
                else f"{model}: an index names no fields.",
                hint=did_you_mean(unknown or "", known),
            )
        name = _of(model, "", entry, "name", str, default=f"ix_{table}_{'_'.join(names)}")
        found.append(
            IndexSpec(name=name, fields=names, unique=_of(model, "", entry, "unique", bool, default=False))
        )
    return tuple(found)


def _checks(model: str, data: Any) -> tuple[CheckSpec, ...]:
    if not isinstance(data, Mapping) or not all(isinstance(entry, str) for entry in data.values()):
        raise ModelError(
            f"{model}: 'checks' must be a mapping of names to conditions.",
            hint='Write `checks: {ck_dates: "starts < ends"}`.',
        )
    return tuple(CheckSpec(name=str(name), condition=condition) for name, condition in data.items())


def _strings(model: str, what: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(entry, str) for entry in value):
        raise ModelError(f"{model}: {what!r} must be a list of names.", hint=f"Write `{what}: [id]`.")
    return tuple(value)


def _of(model: str, field: str, data: Mapping[str, Any], name: str, kind: Any, *, default: Any) -> Any:
    if name not in data:
        return default
    value = data[name]
    wrong = not isinstance(value, kind) or (kind is int and isinstance(value, bool))
    if wrong:
        where = f"of field {field!r} " if field else ""
        words = {bool: "true or false", int: "a whole number", str: "text"}.get(
            kind, "a mapping" if kind is Mapping else "a list"
        )
        raise ModelError(f"{model}: {name!r} {where}must be {words}, not {value!r}.", field=field or None)
    return value


def _no_others(
    model: str, field: str, data: Mapping[str, Any], known: tuple[str, ...], left: dict[str, Any] | None
) -> None:
    for name, value in data.items():
        if name in known:
            continue
        if left is None:
            owner = f"the field {field!r}" if field else "it"
            raise ModelError(
                f"{model}: {owner} has no option {name!r}.",
                hint=did_you_mean(str(name), known),
                field=field or None,
            )
        left[str(name)] = value
