"""What is a condition, once it has been read? A small frozen tree without values: values stand aside, at numbered slots.

So the tree itself is the *shape* of a filter: two filters that differ only in their values have equal trees, and whatever was
compiled for the one (SQL text, a Python function) serves the other. How a tree is read from a mapping is `filters`' business.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal, NamedTuple, TypeAlias

Operator = Literal[
    "eq", "gt", "gte", "lt", "lte", "in", "between", "null", "exists",
    "like", "ilike", "regex", "startswith", "endswith", "contains", "size",
]  # fmt: skip

Form = Literal["", "number", "text", "bool", "json"]
"""What a JSON operand is: it decides which values of a document can be compared with it."""

NO_SLOT: Final = -1


class Comparison(NamedTuple):
    """One comparison of a field, or of a place inside a JSON field.

    `slot` is where its value stands in `Filter.values`; `between`, `startswith` and `endswith` take the next one as well:

    * `between`: the lower and the upper bound, both included
    * `startswith`: the prefix and the first text after all texts that begin with it (`bounded`; without it there is none)
    * `endswith`: the ending and its length in characters

    `path` is the slot of the JSON path (a tuple of its parts), or NO_SLOT for the field itself; `plain` says that each of its parts is
    a simple name, which every database can look up by itself. `form` tells JSON operands apart;
    `compare` is the comparison that `size` makes.
    """

    field: str
    operator: Operator
    slot: int = NO_SLOT
    path: int = NO_SLOT
    plain: bool = True
    form: Form = ""
    bounded: bool = True
    compare: Operator = "eq"


class All(NamedTuple):
    """Every part holds; without parts it is always true."""

    parts: tuple[Any, ...]
    kind: Literal["all"] = "all"


class Some(NamedTuple):
    """At least one part holds; without parts it is never true."""

    parts: tuple[Any, ...]
    kind: Literal["some"] = "some"


class Not(NamedTuple):
    """The part does not hold. There is no third value: what is unknown to SQL does not hold, so its negation does."""

    part: Any
    kind: Literal["not"] = "not"


Condition: TypeAlias = Comparison | All | Some | Not

ALWAYS: Final = All(())
NEVER: Final = Some(())


def comparisons_of(condition: Condition) -> Iterator[Comparison]:
    if isinstance(condition, Comparison):
        yield condition
    elif isinstance(condition, Not):
        yield from comparisons_of(condition.part)
    else:
        for part in condition.parts:
            yield from comparisons_of(part)


def fields_of(condition: Condition) -> Iterator[str]:
    """The fields that a condition names, as often as it does."""
    return (comparison.field for comparison in comparisons_of(condition))
