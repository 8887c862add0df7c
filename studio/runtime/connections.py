"""Which database does a node of this run reach, and how? One access per connection: committing by itself, or one transaction for all."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, cast

from studio.kernel.errors import RunError
from studio.runtime.plan import Plan

if TYPE_CHECKING:
    from studio.database import Access, Database


class Connections:
    """The databases of one run by the names of their connections."""

    def __init__(self, databases: Mapping[str, Database]) -> None:
        self._databases = databases
        self._accesses: dict[int, Access] = {}

    def access(self, connection: str | None) -> Access:
        """What a node asks; None: the only connection. Raises RunError when there is no such, or none is the only one."""
        database = self._database(connection)
        found = self._accesses.get(id(database))
        if found is None:
            found = self._accesses[id(database)] = database.access()
        return found

    def has_tables(self, plan: Plan, keep_schema: Collection[str]) -> bool:
        """Whether `ensure_tables` would have nothing to do."""
        for connection, models in plan.models.items():
            if not self._database(connection).has_ensured(models, create=connection not in keep_schema):
                return False
        return True

    async def ensure_tables(self, plan: Plan, keep_schema: Collection[str]) -> None:
        """Sees to the tables of the models that the plan uses; raises what the databases raise."""
        for connection, models in plan.models.items():
            await self._database(connection).ensure(models, create=connection not in keep_schema)

    async def open_transactions(self, plan: Plan, stack: AsyncExitStack) -> None:
        """From now on everything the plan does belongs to one transaction per database, which ends with the stack."""
        for connection in plan.connections:
            database = self._database(connection)
            if id(database) not in self._accesses:
                self._accesses[id(database)] = await stack.enter_async_context(database.transaction())

    def before_close(self, plan: Plan, callback: Callable[[], Awaitable[object]]) -> Callable[[], None]:
        """Has the callback awaited before one of the plan's databases is closed; what is returned takes that back."""
        undo = [self._database(connection).before_close(callback) for connection in plan.connections]

        def take_back() -> None:
            for each in undo:
                each()

        return take_back

    @contextlib.asynccontextmanager
    async def apart(self, plan: Plan) -> AsyncIterator[Connections]:
        """The same, for a part of a transaction that is undone alone when the block raises: a savepoint for each database that the plan uses."""
        async with AsyncExitStack() as stack:
            inner = Connections(self._databases)
            inner._accesses = dict(self._accesses)
            for connection in plan.connections:
                key = id(self._database(connection))
                if inner._accesses[key] is self._accesses[key]:
                    entered = await stack.enter_async_context(self._accesses[key].savepoint())
                    inner._accesses[key] = cast("Access", entered)
            yield inner

    def _database(self, connection: str | None) -> Database:
        if connection is None:
            if len(self._databases) == 1:
                return next(iter(self._databases.values()))
            raise RunError(
                "It is not said on which connection this runs.",
                hint=f"Name one in the param connection; there are: {self._names()}.",
            )
        try:
            return self._databases[connection]
        except KeyError:
            raise RunError(
                f"There is no connection {connection!r} here.", hint=f"There are: {self._names()}."
            ) from None

    def _names(self) -> str:
        return ", ".join(map(repr, self._databases)) or "none"
