"""What does a program hold when a run was left open for review? Its results, what it changed, and the two ways to end it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from studio.kernel.loop import EngineLoop
    from studio.runtime.changes import Changeset
    from studio.runtime.result import RunResult
    from studio.runtime.review import OpenTransaction, TransactionState


class _Open(tuple[dict[str, Any], str]):  # noqa: SLOT001 - a tuple has no room for slots that hold anything
    """The pair of results and run id that every mode gives, with the transaction that stands open behind it."""

    _result: RunResult
    _engine: EngineLoop
    _workflow: object

    def __new__(cls, result: RunResult, workflow: object, engine: EngineLoop) -> Self:
        """`workflow` is what was run: it keeps the databases open that the transaction is in."""
        made = super().__new__(cls, (dict(result.results), result.run_id))
        made._result = result
        made._engine = engine
        made._workflow = workflow
        return made

    @property
    def _transaction(self) -> OpenTransaction:
        transaction = self._result.transaction
        assert transaction is not None
        return transaction

    @property
    def result(self) -> RunResult:
        """The whole story of the run."""
        return self._result

    @property
    def changes(self) -> Changeset:
        """What was written and is not committed yet; `changes.totals` says it in short: `+12 ~40 −3`."""
        changes = self._result.changes
        assert changes is not None
        return changes

    @property
    def state(self) -> TransactionState:
        """`open`, `committed` or `rolled_back`."""
        return self._transaction.state

    @property
    def expires_at(self) -> dt.datetime:
        """When it is rolled back unless somebody decides (aware, UTC)."""
        return self._transaction.expires_at


class OpenRun(_Open):
    """A run in review, from `LocalRuntime`. As a context it is rolled back at the end of the block unless it was committed."""

    def commit(self) -> None:
        """Keeps everything; raises RunError when it is over already, and what the database has against it."""
        self._engine.run(self._transaction.commit())

    def roll_back(self) -> None:
        """Undoes everything; raises RunError when it was committed already."""
        self._engine.run(self._transaction.roll_back())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if self.state == "open":
            self.roll_back()


class AsyncOpenRun(_Open):
    """The same from `AsyncLocalRuntime`, with methods that are awaited."""

    async def commit(self) -> None:
        """Keeps everything; raises RunError when it is over already, and what the database has against it."""
        await self._engine.call(self._transaction.commit())

    async def roll_back(self) -> None:
        """Undoes everything; raises RunError when it was committed already."""
        await self._engine.call(self._transaction.roll_back())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self.state == "open":
            await self.roll_back()
