"""What is written and read when the engine is measured? One model of usual width, its rows as mappings and as tuples that are ready for a driver."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Annotated, Any, Final

from studio.models import Field, model_from_class


class Sale:
    """A row of usual width."""

    customer: str
    email: Annotated[str, Field(max_length=80)]
    total: float
    quantity: int
    paid: bool = False
    note: str | None = None


SALE: Final = model_from_class(Sale)
COLUMNS: Final = ("customer", "email", "total", "quantity", "paid", "note", "created_at", "updated_at")
WITH_ID: Final = ("id", *COLUMNS)
COLUMN_LIST: Final = ", ".join(COLUMNS)
CHANGED: Final = ("id", "customer", "quantity")
LISTED: Final = 1000
NOW: Final = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def row(number: int) -> dict[str, Any]:
    """What a person gives for a new record."""
    return {
        "customer": f"customer {number}",
        "email": f"person{number}@example.org",
        "total": number * 0.25,
        "quantity": number % 100,
        "paid": number % 2 == 0,
    }


def ready(number: int, moment: Any) -> tuple[Any, ...]:
    """The same as the values of `COLUMNS`; `moment` is the timestamp in the driver's form."""
    return (*row(number).values(), None, moment, moment)


def numbered(numbers: Iterable[int]) -> list[dict[str, Any]]:
    """Rows that say their id."""
    return [{"id": number, **row(number)} for number in numbers]


def changed(number: int) -> dict[str, Any]:
    """New values for the record with that id."""
    return {"id": number, "customer": f"new {number}", "quantity": number % 7}
