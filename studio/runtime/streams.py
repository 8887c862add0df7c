"""How do rows flow from a node that reads into one that writes without being gathered? A stream of batches that counts, and keeps a few to show."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final

from studio.kernel.errors import StudioError

if TYPE_CHECKING:
    from studio.database import Rows

SHOWN: Final = 100
"""So many records of a stream stay as the List's result; it says that more followed."""


class RecordStream:
    """An async iterable of batches. `error` is what went wrong in reading, as against in whoever eats the rows."""

    def __init__(self, batches: AsyncIterator[list[dict[str, Any]]]) -> None:
        self._batches = batches
        self._shown: list[dict[str, Any]] = []
        self.count = 0
        self.error: StudioError | None = None

    def __aiter__(self) -> AsyncIterator[list[dict[str, Any]]]:
        return self._each()

    async def _each(self) -> AsyncIterator[list[dict[str, Any]]]:
        try:
            async for batch in self._batches:
                if len(self._shown) < SHOWN:
                    self._shown += batch[: SHOWN - len(self._shown)]
                self.count += len(batch)
                yield batch
        except StudioError as error:
            self.error = error
            raise

    async def aclose(self) -> None:
        """Lets go of the database, wherever the stream was left."""
        close = getattr(self._batches, "aclose", None)
        if close is not None:
            await close()

    def sample(self) -> Rows:
        """The first records as the List's natural value."""
        from studio.database import Rows

        return Rows(self._shown, has_more=self.count > len(self._shown))
