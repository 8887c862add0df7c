"""By which values do the rows of a bulk write find their records, as far as that is clear beforehand?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from studio.database.bulk_writes import settled
from studio.kernel.errors import ValueRefused

if TYPE_CHECKING:
    from studio.database.bulk import Wish
    from studio.database.care import Care
    from studio.database.plans import ModelPlans

Fields = tuple[str, ...]
Values = tuple[Any, ...]
_MOST_WIDE: Final = 500
"""Of values made of several fields, how many are looked for by a statement."""


def fields_of(
    plans: ModelPlans, care: Care, wish: Wish, conflict_on: Sequence[str] | str | None, row: Any
) -> Fields | None:
    """The fields by which a row finds its record; None when it finds none, says so wrongly, or would be looked for by a secret.

    A unique value other than the key is one tenant's, so in a model with tenants only the key will do.
    """
    if wish == "update":
        return plans.spec.key
    if not isinstance(row, Mapping):
        return None
    try:
        mode, on = settled(plans, wish, conflict_on, row)
        found = plans.conflict_fields(on, row) if mode == "upsert" else ()
    except ValueRefused:
        return None
    if set(found) == set(plans.spec.key):
        return plans.spec.key
    return None if not found or care.is_tenanted or not care.ciphers.keys().isdisjoint(found) else found


def values_of_all(
    plans: ModelPlans, care: Care, wish: Wish, conflict_on: Sequence[str] | str | None, rows: Sequence[Any]
) -> tuple[Fields, list[Values]] | None:
    """The fields by which all rows find their records, and their values, each once.

    None where a row goes by other fields, lacks one of them, or changes nothing beside them.
    """
    fields = fields_of(plans, care, wish, conflict_on, rows[0])
    if fields is None:
        return None
    values: dict[Values, None] = {}
    alike: set[Any] = set()
    for row in rows:
        value = care.values_of(row, fields)
        if value is None:
            return None
        values[value] = None
        # What a row goes by follows from which fields it gives, and which of them are empty.
        look = tuple(row), tuple([name for name in row if row[name] is None])
        if look not in alike:
            if fields_of(plans, care, wish, conflict_on, row) != fields or set(row) <= set(fields):
                return None
            alike.add(look)
    return fields, list(values)


def filters(plans: ModelPlans, fields: Fields, values: Iterable[Values]) -> Iterator[Mapping[str, Any]]:
    """What finds the records with these values, so many at a time as a statement takes."""
    wanted = list(values)
    size = plans.dialect.most_keys if len(fields) == 1 else _MOST_WIDE
    for start in range(0, len(wanted), size):
        part = wanted[start : start + size]
        if len(fields) == 1:
            yield {fields[0]: {"$in": [value for (value,) in part]}}
        else:
            yield {"$or": [dict(zip(fields, value, strict=True)) for value in part]}
