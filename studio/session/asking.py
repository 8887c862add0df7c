"""Who is asked for a password or a passphrase? A person at a window or a terminal, if there is one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from studio.project.state import Connection


class Asker(Protocol):
    """Asks, and waits for the answer: never called on the thread that a window lives on. None: no answer is given."""

    def password(self, connection: Connection) -> str | None: ...

    def passphrase(self, file: Path, *, is_new: bool, attempt: int) -> str | None:
        """Of a file of passwords; `attempt` counts from 1, and what was answered before was wrong."""
        ...


class Nobody:
    """Where there is no person to ask."""

    def password(self, connection: Connection) -> str | None:
        return None

    def passphrase(self, file: Path, *, is_new: bool, attempt: int) -> str | None:
        return None
