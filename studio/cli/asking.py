"""How does the terminal ask for a password? Without showing what is typed, and only where somebody sits at it."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from studio.project.state import Connection

_ATTEMPTS: Final = 3


class TerminalAsker:
    """Asks at the terminal; without one, or at the end of the input, there is no answer."""

    def password(self, connection: Connection) -> str | None:
        return _answer(f"Password of {connection.name} ({connection.url}): ")

    def passphrase(self, file: Path, *, is_new: bool, attempt: int) -> str | None:
        if is_new or attempt > _ATTEMPTS:
            # A file is begun where its passphrase can be typed twice: at the window.
            return None
        if attempt > 1:
            sys.stderr.write("That is not its passphrase.\n")
        return _answer(f"Passphrase of {file}: ")


def _answer(question: str) -> str | None:
    if not sys.stdin.isatty():
        return None
    try:
        return getpass.getpass(question, sys.stderr) or None
    except EOFError:
        return None
