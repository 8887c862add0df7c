"""What do reads and writes share? The session they talk through, the plans of their model, and who wants to know of changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from studio.database.results import Recorder
from studio.models.spec import ModelSpec

if TYPE_CHECKING:
    from studio.database.careful_bulk import CarefulAccess
    from studio.database.dialect import Session
    from studio.database.plans import ModelPlans, PlanBook


class Conversation:
    """A session with the plans that run on it. `recorder` is told of every change when given."""

    is_careful: ClassVar[bool] = False
    """Whether it looks after models' options and hooks itself; else it hands their writes to one that does."""

    def __init__(self, session: Session, book: PlanBook, recorder: Recorder | None = None) -> None:
        self._session = session
        self._book = book
        self._recorder = recorder

    def _plans(self, spec: ModelSpec) -> ModelPlans:
        return self._book.of(spec)

    def _carefully(self) -> CarefulAccess:
        """The same conversation, for writes of models with options or hooks."""
        from studio.database.careful_bulk import CarefulAccess

        return CarefulAccess(self._session, self._book, self._recorder)

    def telling(self, recorder: Recorder | None) -> Self:
        """The same conversation, its changes told to another."""
        return type(self)(self._session, self._book, recorder)

    @property
    def can_go_on(self) -> bool:
        """Whether more can be asked: in a transaction, that the database has not given it up as a whole."""
        return self._session.can_go_on

    @property
    def in_transaction(self) -> bool:
        """Whether everything asked through here belongs to one transaction."""
        return self._session.in_transaction
