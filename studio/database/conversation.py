"""What do reads and writes share? The session they talk through, the plans of their model, and who wants to know of changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.database.results import Recorder
from studio.models.spec import ModelSpec

if TYPE_CHECKING:
    from studio.database.dialect import Session
    from studio.database.plans import ModelPlans, PlanBook


class Conversation:
    """A session with the plans that run on it. `recorder` is told of every change when given."""

    def __init__(self, session: Session, book: PlanBook, recorder: Recorder | None = None) -> None:
        self._session = session
        self._book = book
        self._recorder = recorder

    def _plans(self, spec: ModelSpec) -> ModelPlans:
        return self._book.of(spec)

    @property
    def in_transaction(self) -> bool:
        """Whether everything asked through here belongs to one transaction."""
        return self._session.in_transaction
