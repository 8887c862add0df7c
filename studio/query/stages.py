"""What is an aggregate, once it has been read? A tuple of stages without values; how one is read is `aggregates`' business."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, TypeAlias

from studio.models.spec import FieldSpec
from studio.query.conditions import Condition
from studio.query.order import OrderTerm
from studio.query.vocabulary import Vocabulary

Function = Literal["sum", "avg", "min", "max", "count", "count_distinct", "stddev"]


class Figure(NamedTuple):
    """One figure of a group. `field` None counts records; `factor` multiplies that count (`{"$sum": 2}`)."""

    name: str
    function: Function
    field: str | None
    factor: int = 1


class Match(NamedTuple):
    condition: Condition
    kind: Literal["match"] = "match"


class Group(NamedTuple):
    """`keys` are pairs of the new name and the field it is taken from."""

    keys: tuple[tuple[str, str], ...]
    figures: tuple[Figure, ...]
    kind: Literal["group"] = "group"


class Sort(NamedTuple):
    terms: tuple[OrderTerm, ...]
    kind: Literal["sort"] = "sort"


class Limit(NamedTuple):
    slot: int
    kind: Literal["limit"] = "limit"


class Skip(NamedTuple):
    slot: int
    kind: Literal["skip"] = "skip"


class Project(NamedTuple):
    """Pairs of the new name and the field it is taken from, in the order of the result."""

    columns: tuple[tuple[str, str], ...]
    kind: Literal["project"] = "project"


Stage: TypeAlias = Match | Group | Sort | Limit | Skip | Project


class Output(NamedTuple):
    """One field of the result.

    `is_stored`: its values come as the field's own column gives them; otherwise they are reckoned, and come in the form in which
    Studio's own tables keep values of that kind.
    """

    field: FieldSpec
    is_stored: bool


class Aggregate(NamedTuple):
    """Stages with their values. `stages` is the shape; `values[i]` stands at slot i."""

    stages: tuple[Stage, ...]
    values: tuple[Any, ...]
    vocabularies: tuple[Vocabulary, ...]
    """The fields that there are before each stage, and after the last."""
    outputs: tuple[Output, ...]

    @property
    def shape(self) -> tuple[Stage, ...]:
        return self.stages
