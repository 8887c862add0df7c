"""How do frozen dataclasses become plain data and come back the same? One codec, led by their type hints.

What it writes is plain data in the sense of `workflow.yaml_writing`. It knows the closed set of classes it was made for; where a hint says
`Any` and a dataclass stands there all the same, the data says which it is.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import functools
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any, Final

from studio.kernel.errors import StoreError
from studio.kernel.names import did_you_mean
from studio.models.codec import model_from_data, model_to_data
from studio.models.spec import ModelSpec
from studio.workflow.graph import frozen

_TAG: Final = "$type"
_MAPPING: Final = "mapping"


class Structure:
    """Turns instances of `classes` into data and back.

    `protocols` are hints that stand for any of the classes (such as `Change`); their data says which class it is.
    """

    def __init__(self, classes: Iterable[type], *, protocols: Iterable[Any] = ()) -> None:
        self._by_name = {cls.__name__: cls for cls in classes}
        self._protocols = tuple(protocols)

    def to_data(self, value: Any) -> dict[str, Any]:
        """The data of an instance, with the name of its class; raises ModelError when a model cannot be kept."""
        return {_TAG: type(value).__name__, **self._fields_to_data(value)}

    def from_data(self, data: Any) -> Any:
        """The instance; raises StoreError when the data names a class or a field that is not known."""
        if not isinstance(data, Mapping) or _TAG not in data:
            raise StoreError("An entry does not say what it is.", detail=repr(data)[:200])
        return self._instance(
            self._class(data[_TAG]), {name: entry for name, entry in data.items() if name != _TAG}
        )

    # ------------------------------------------------------------ to data

    def _fields_to_data(self, value: Any) -> dict[str, Any]:
        data: dict[str, Any] = {}
        hints = _hints_of(value)
        for entry in dataclasses.fields(value):
            own = getattr(value, entry.name)
            if not _is_default(entry, own):
                data[entry.name] = self._encode(own, hints[entry.name])
        return data

    def _encode(self, value: Any, hint: Any) -> Any:
        hint = _plain_hint(hint, value)
        if hint is ModelSpec:
            return model_to_data(value)
        if hint in self._protocols:
            return self.to_data(value)
        if dataclasses.is_dataclass(hint):
            return self._fields_to_data(value)
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin is tuple:
            return [self._encode(entry, arguments[0]) for entry in value]
        if origin is collections.abc.Mapping:
            if arguments[1] is Any:
                return {key: self._encode_any(entry) for key, entry in value.items()}
            return {key: self._encode(entry, arguments[1]) for key, entry in value.items()}
        return self._encode_any(value) if hint is Any else value

    def _encode_any(self, value: Any) -> Any:
        if type(value).__name__ in self._by_name and dataclasses.is_dataclass(value):
            return self.to_data(value)
        if isinstance(value, Mapping):
            plain = {key: self._encode_any(entry) for key, entry in value.items()}
            return (
                {_TAG: _MAPPING, "items": [[key, entry] for key, entry in plain.items()]}
                if _TAG in plain
                else plain
            )
        if isinstance(value, list):
            return [self._encode_any(entry) for entry in value]
        if isinstance(value, tuple):
            return tuple(self._encode_any(entry) for entry in value)
        return value

    # ------------------------------------------------------------ from data

    def _class(self, name: Any) -> type:
        try:
            return self._by_name[name]
        except KeyError:
            raise StoreError(
                f"This Studio does not know the kind of entry {name!r}.",
                hint=did_you_mean(str(name), self._by_name),
            ) from None

    def _instance(self, cls: type, data: Mapping[str, Any]) -> Any:
        hints = _hints(cls)
        unknown = [name for name in data if name not in hints]
        if unknown:
            raise StoreError(f"A {cls.__name__} has no {unknown[0]!r}.", hint=did_you_mean(unknown[0], hints))
        try:
            return cls(**{name: self._decode(entry, hints[name]) for name, entry in data.items()})
        except TypeError as error:
            raise StoreError(f"A {cls.__name__} is incomplete.", detail=str(error)) from error

    def _decode(self, data: Any, hint: Any) -> Any:
        hint = _plain_hint(hint, data)
        if hint is ModelSpec:
            return model_from_data(data)
        if hint in self._protocols:
            return self.from_data(data)
        if dataclasses.is_dataclass(hint):
            return self._instance(typing.cast("type", hint), data)
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin is tuple:
            return tuple(self._decode(entry, arguments[0]) for entry in data)
        if origin is collections.abc.Mapping:
            if arguments[1] is Any:
                return frozen({key: self._decode_any(entry) for key, entry in data.items()})
            return frozen({key: self._decode(entry, arguments[1]) for key, entry in data.items()})
        return self._decode_any(data) if hint is Any else data

    def _decode_any(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            if data.get(_TAG) == _MAPPING:
                return {key: self._decode_any(entry) for key, entry in data["items"]}
            if _TAG in data:
                return self.from_data(data)
            return {key: self._decode_any(entry) for key, entry in data.items()}
        if isinstance(data, list):
            return [self._decode_any(entry) for entry in data]
        if isinstance(data, tuple):
            return tuple(self._decode_any(entry) for entry in data)
        return data


def _hints_of(value: Any) -> Mapping[str, Any]:
    cls: type = type(value)
    return _hints(cls)


@functools.cache
def _hints(cls: type) -> Mapping[str, Any]:
    hints = typing.get_type_hints(cls)
    return {entry.name: hints[entry.name] for entry in dataclasses.fields(cls)}


def _plain_hint(hint: Any, value: Any) -> Any:
    """The hint without `NewType`; of `X | None`, X, or Any for a None."""
    if isinstance(hint, typing.NewType):
        return hint.__supertype__
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return (
            Any if value is None else next(part for part in typing.get_args(hint) if part is not type(None))
        )
    return hint


def _is_default(entry: dataclasses.Field[Any], value: Any) -> bool:
    if entry.default is not dataclasses.MISSING:
        default = entry.default
    elif entry.default_factory is not dataclasses.MISSING:
        default = entry.default_factory()
    else:
        return False
    return type(value) is type(default) and bool(value == default)
