"""What does a class say of its model beside its fields? Attributes that must have their shape before anything reads them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from studio.kernel.errors import ModelError
from studio.models.refusals import shorten


def mapping_of(cls: type, attribute: str) -> dict[str, Any]:
    """What the class itself says in a mapping, as a copy; empty when it says nothing. Raises ModelError for anything else."""
    return as_mapping(cls, attribute, cls.__dict__.get(attribute, {}))


def as_mapping(cls: type, what: str, told: Any) -> dict[str, Any]:
    """A copy of what is said under that name; raises ModelError when it is no mapping."""
    if not isinstance(told, Mapping):
        raise ModelError(
            f"{cls.__name__}: {what} is a mapping, not {shorten(told)}.",
            hint=f'Write {what} = {{"name": …}}.',
        )
    return dict(told)


def indexes_of(cls: type, told: Any) -> tuple[Any, ...]:
    """The indexes that are said; raises ModelError when they are no list."""
    if not isinstance(told, list | tuple):
        raise ModelError(
            f"{cls.__name__}: the indexes are a list, not {shorten(told)}.",
            hint='Write [{"fields": ["status"]}].',
        )
    return tuple(told)


def refuse_hidden(cls: type) -> None:
    """Refuses a field that would be left out without a word: names with one underscore before them are none."""
    for name, hint in inspect.get_annotations(cls).items():
        is_hidden = name.startswith("_") and not name.startswith("__")
        if is_hidden and "ClassVar" not in str(hint):
            raise ModelError(
                f"{cls.__name__}: {name!r} is no name for a field.",
                hint="Begin it with a letter, or annotate it as a ClassVar when it is none.",
                field=name,
            )
