"""What did a run change? Collects before and after images from the write path, up to a limit, and counts beyond it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from studio.models.spec import ModelSpec

MOST_IMAGES: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChange:
    """One record changed. `operation` is "create", "update" or "delete"; an image that does not exist is None."""

    operation: str
    model: str
    key: Any
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


class Changeset:
    """The changes of a run in order; `counts[(model, operation)]` counts all, `entries` shows the first 10,000. Implements `Recorder`."""

    def __init__(self, most: int = MOST_IMAGES) -> None:
        self.entries: list[RecordChange] = []
        self.counts: dict[tuple[str, str], int] = {}
        self._most = most

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def is_complete(self) -> bool:
        """Whether every change is among the entries."""
        return self.total == len(self.entries)

    def mark(self) -> tuple[int, dict[tuple[str, str], int]]:
        """Where it stands now, for `back_to`."""
        return len(self.entries), dict(self.counts)

    def back_to(self, mark: tuple[int, dict[tuple[str, str], int]]) -> None:
        """Forgets what was recorded since then: it has been undone."""
        length, counts = mark
        del self.entries[length:]
        self.counts = dict(counts)

    def record(
        self,
        operation: str,
        spec: ModelSpec,
        key: Any,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any] | None,
    ) -> None:
        self.beyond(operation, spec, 1)
        if len(self.entries) < self._most:
            self.entries.append(
                RecordChange(operation=operation, model=spec.name, key=key, before=before, after=after)
            )

    def beyond(self, operation: str, spec: ModelSpec, count: int) -> None:
        """Counts changes without images."""
        place = (spec.name, operation)
        self.counts[place] = self.counts.get(place, 0) + count
