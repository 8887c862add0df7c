"""When are two things the very same? `==` takes 1 for True and 1.0, and forgets order; this does not."""

import dataclasses
import datetime as dt
import math
from collections.abc import Mapping
from typing import Any


def exact(value: Any) -> Any:
    """A value made of tuples that is equal for two things only when they are the same down to types and order."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = (
            (field.name, _field(field.name, getattr(value, field.name)))
            for field in dataclasses.fields(value)
        )
        return (type(value).__name__, *fields)
    if isinstance(value, Mapping):
        return ("mapping", *((exact(key), exact(entry)) for key, entry in value.items()))
    if isinstance(value, list | tuple):
        return (type(value).__name__, *(exact(entry) for entry in value))
    if isinstance(value, float):
        return ("float", "nan" if math.isnan(value) else value.hex())
    if isinstance(value, dt.datetime | dt.time):
        return (type(value).__name__, value.isoformat())
    if callable(value) and not isinstance(value, type):
        return ("callable", repr(value))
    return (type(value).__name__, str(value) if type(value).__name__ == "Decimal" else value)


def _field(name: str, value: Any) -> Any:
    # The order of these means nothing: nodes, edges and digits have an order of their own.
    return exact(dict(sorted(value.items()))) if name in ("places", "routes", "bookmarks") else exact(value)
