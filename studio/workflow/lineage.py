"""Where does the value of a field go? The words for it: a field, what is done with it where, and what is known of a value on its way.

How the kinds of node deal with values is `nodes`' business, and so is walking through a workflow.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from studio.kernel.ids import NodeId
from studio.workflow.graph import frozen

MOST_DEPTH: Final = 8
"""Records within records deeper than this are not told apart."""


class FieldRef(NamedTuple):
    """A field of a model on a connection (its name)."""

    connection: str
    model: str
    field: str

    def __str__(self) -> str:
        return f"{self.model}.{self.field}"


class How(enum.StrEnum):
    """What a node does with a field, in the order in which it is told."""

    FINDS = "finds by"
    FILTERS = "filters by"
    SORTS = "sorts by"
    GROUPS = "groups by"
    COMPARES = "compares"
    READS = "reads"
    SELECTS = "selects"
    COMPUTES = "computes with"
    WRITES = "writes"
    DELETES = "deletes"
    PASSES = "passes on"
    HANDS_OVER = "hands over"
    NAMES = "names"


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What one node does with one field. `place` is the param or port, dotted to the part of it that is meant.

    `is_sure` is false where only the run can tell; `note` then says why.
    """

    node: NodeId
    how: How
    place: str
    field: FieldRef
    note: str = ""
    is_sure: bool = True


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of a value before any run. Lists are what their items are; parts of a record have names.

    Attributes:
        origins: the fields that the value is, or is made of.
        parts: what is known of the parts of a record.
        is_open: there may be more parts, of which nothing is known.
    """

    origins: frozenset[FieldRef] = frozenset()
    parts: Mapping[str, Shape] = field(default_factory=frozen)
    is_open: bool = False

    def part(self, name: str) -> Shape:
        """A part by its name; of a document in a field whatever is in it comes from the field."""
        known = self.parts.get(name)
        if known is not None:
            return known
        if self.origins:
            return Shape(self.origins)
        return UNKNOWN if self.is_open else NOTHING

    def at(self, path: Iterable[str]) -> Shape:
        """What a path leads to; places in lists are passed over."""
        found = self
        for name in path:
            if not name.lstrip("-").isdigit():
                found = found.part(name)
        return found

    def placed(self, path: tuple[str, ...], value: Shape) -> Shape:
        """The same with another value at the path."""
        names = [name for name in path if not name.lstrip("-").isdigit()]
        if not names:
            return value
        head, *rest = names
        return replace(
            self, parts=frozen({**self.parts, head: self.parts.get(head, NOTHING).placed(tuple(rest), value)})
        )

    def merged(self, other: Shape, depth: int = 0) -> Shape:
        """What is known of a value that is either of the two."""
        if self is other or other is NOTHING:
            return self
        if self is NOTHING:
            return other
        parts = dict(self.parts)
        if depth < MOST_DEPTH:
            for name, part in other.parts.items():
                parts[name] = parts[name].merged(part, depth + 1) if name in parts else part
        return Shape(self.origins | other.origins, frozen(parts), self.is_open or other.is_open)

    def renamed(self, names: Iterable[tuple[str, str]]) -> Shape:
        """A record of these parts only, each (new name, dotted way to it)."""
        return Shape(parts=frozen((new, self.at(old.split("."))) for new, old in names))

    def leaves(self) -> Iterator[tuple[tuple[str, ...], FieldRef]]:
        """Every field in it, with the way there."""
        for origin in self.origins:
            yield (), origin
        for name, part in self.parts.items():
            for path, origin in part.leaves():
                yield (name, *path), origin

    @property
    def all_origins(self) -> frozenset[FieldRef]:
        return frozenset(origin for _, origin in self.leaves())


NOTHING: Final = Shape()
"""Something that no field has gone into."""
UNKNOWN: Final = Shape(is_open=True)
"""Something of which only the run can tell what it is."""


def either(shapes: Iterable[Shape]) -> Shape:
    """What is known of a value that is one of several."""
    found = NOTHING
    for shape in shapes:
        found = found.merged(shape)
    return found
