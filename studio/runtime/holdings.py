"""What do the nodes of a run use together, such as the connections to servers? Things that are made when first asked for, and closed at the end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, cast

from studio.nodes.base import Held


class Holdings:
    """What is held for one run and the runs within it, by what makes it."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: dict[Callable[[], Any], Any] = {}

    def get(self, make: Callable[[], Held]) -> Held:
        """What `make` made for this run."""
        if make not in self._held:
            self._held[make] = make()
        return cast("Held", self._held[make])

    def __bool__(self) -> bool:
        return bool(self._held)

    async def aclose(self) -> None:
        """Closes all of it, even where closing some of it fails; whoever asks afterwards gets it anew."""
        async with AsyncExitStack() as stack:
            for held in self._held.values():
                stack.push_async_callback(held.aclose)
            self._held = {}
