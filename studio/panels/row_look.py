"""How does somebody want to see certain rows? Which columns in which order, how they are sorted and filtered; kept under a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class RowLook:
    """A view of rows. Columns that are not named are shown behind those that are."""

    columns: tuple[str, ...] = ()
    """Those that are shown, from left to right; none: all, as they come."""
    hidden: tuple[str, ...] = ()
    order_by: tuple[str, ...] = ()
    filters: tuple[tuple[str, str], ...] = ()
    """What is typed above columns."""

    def arranged(self, names: Sequence[str]) -> list[str]:
        """All columns there are, in this look's order, hidden ones where they fall."""
        known = [name for name in self.columns if name in names]
        return known + [name for name in names if name not in known]

    def to_data(self) -> dict[str, Any]:
        """As JSON can say it."""
        return {
            "columns": list(self.columns),
            "hidden": list(self.hidden),
            "order_by": list(self.order_by),
            "filters": dict(self.filters),
        }

    @classmethod
    def of_data(cls, data: Any) -> RowLook:
        """What was kept; what is no longer understood of it is left out."""
        if not isinstance(data, Mapping):
            return cls()
        filters = data.get("filters")
        return cls(
            columns=_texts(data.get("columns")),
            hidden=_texts(data.get("hidden")),
            order_by=_texts(data.get("order_by")),
            filters=tuple((str(name), str(text)) for name, text in filters.items())
            if isinstance(filters, Mapping)
            else (),
        )


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(entry for entry in value if isinstance(entry, str)) if isinstance(value, list) else ()


class LookBook(Protocol):
    """Where looks are kept from one start to the next. `place` says of which rows."""

    def looks(self, place: str) -> dict[str, Any]:
        """By name, each as `RowLook.to_data` gave it."""
        ...

    def keep_looks(self, place: str, looks: Mapping[str, Any]) -> None: ...


class LooksInMemory:
    """Keeps looks as long as the process lives."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[str, Any]] = {}

    def looks(self, place: str) -> dict[str, Any]:
        return dict(self._kept.get(place, {}))

    def keep_looks(self, place: str, looks: Mapping[str, Any]) -> None:
        self._kept[place] = dict(looks)
