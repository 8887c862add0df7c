"""How do tests open a database? One helper that makes tables, runs a story on a loop of its own, and closes everything."""

import asyncio
import enum
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, TypeVar

from studio.database import Database, DatabaseOptions
from studio.models import Field, ModelSpec, model_from_class

T = TypeVar("T")


class Status(enum.Enum):
    NEW = "new"
    PAID = "paid"


class Customer:
    """Somebody who buys."""

    id: str
    email: Annotated[str, Field(unique=True, max_length=60)]
    name: str = "nobody"


class Order:
    """What somebody bought."""

    customer_id: Annotated[str, Field(references="Customer.id", on_delete="restrict", index=True)]
    amount: Annotated[int, Field(check="amount >= 0")] = 1
    status: Status = Status.NEW
    note: str | None = None


CUSTOMER = model_from_class(Customer)
ORDER = model_from_class(Order)
SHOP = (CUSTOMER, ORDER)


def run(
    url: str,
    story: Callable[[Database], Awaitable[T]],
    *,
    models: Sequence[ModelSpec] = SHOP,
    **options: Any,
) -> T:
    """Runs `story(database)` with the models' tables made, and closes the database whatever happens."""

    async def main() -> T:
        database = Database(url, options=DatabaseOptions(**options))
        try:
            if models:
                await database.ensure(models)
            return await story(database)
        finally:
            await database.close()

    return asyncio.run(main())


class Changes:
    """A recorder that remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, Any, Any, Any]] = []
        self.not_told: dict[str, int] = {}

    def record(self, operation: str, spec: ModelSpec, key: Any, before: Any, after: Any) -> None:
        self.told.append((operation, spec.name, key, before, after))

    def beyond(self, operation: str, spec: ModelSpec, count: int) -> None:
        self.not_told[operation] = self.not_told.get(operation, 0) + count
