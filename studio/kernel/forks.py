"""What is another process's after a fork? Threads stay behind, connections are shared with the parent: what holds them begins anew in the child.

Whoever watches for forks does so when there is something to lose, so importing this does nothing.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import Any, Final, Protocol


class Forked(Protocol):
    """Something with threads or connections."""

    def after_fork(self) -> None:
        """Called in the child, where only the thread that forked goes on. Locks may be held by threads that are no more."""
        ...


_watching: weakref.WeakSet[Any] = weakref.WeakSet()
_left: Final[list[object]] = []
_lock = threading.Lock()
_is_registered = False


def watch(holder: Forked) -> None:
    """Has the holder told of each fork, in the child, as long as it lives; on systems without forks nothing happens."""
    global _is_registered  # noqa: PLW0603 - a hook of the process can be set once, and not be taken back
    with _lock:
        if not _is_registered and hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_tell)
            _is_registered = True
        _watching.add(holder)


def leave(*things: object) -> None:
    """Keeps what is the parent's from being destroyed here: saying good-bye on its connections would end them for the parent."""
    _left.extend(things)


def _tell() -> None:
    global _lock  # noqa: PLW0603 - it may have been held
    _lock = threading.Lock()
    for holder in list(_watching):
        holder.after_fork()
