"""When is a statement of SQLite run where it is asked, on the event loop's own thread? When it is sure to be over in microseconds.

The way to a thread and back wakes two sleeping threads, which takes several times as long as finding one record by its key. So a brief
statement (`Brief`: one record, found by a unique field, or a new one) is run at once where nothing can make it wait:

    locks    its connection is idle, and SQLite gives up at once when another program holds the file
    work     a progress handler ends what takes too many steps (a cascade, a trigger); that text goes by the thread from then on
    disk     a write waits for the disk only when its journal is moved into the file, or begun anew, which is left to the thread; with
             `synchronous` FULL, or without that journal, every write goes there. A statement that was slow all the same sends the next ones there
    turns    every so often one goes by the thread, so that whoever asks in a loop lets others have their turn, and can be cancelled

Whatever cannot be done here for any reason is left undone and goes to the thread, which does it and says what is wrong with it. A statement
that commits by itself and fails has changed nothing, so it may be done twice.

Left out: which connection is asked (`sqlite`).
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from typing import Any, Final

from studio.database import sqlite_errors

IN_A_ROW: Final = 32
"""Statements after which one goes by the thread."""
_STEPS: Final = 500
"""Of SQLite's virtual machine, between two looks; a record by its key takes some twenty."""
_SLOW_S: Final = 0.005
_AFTER_A_SLOW_ONE: Final = 100
_MOST_LONG: Final = 1000


class InPlace:
    """The statements of one or more connections that are alike. Used on the event loop's thread only."""

    def __init__(self, *, by_turns: int = 1) -> None:
        """`by_turns` is how many go by the thread at each turn."""
        self.is_allowed = True
        self._by_turns = by_turns
        self._here = 0
        self._elsewhere = 0
        self._looks = 0
        self._long: set[str] = set()

    def leave(self, number: int = 1) -> None:
        """The next ones, that many at least, go by the thread."""
        self._elsewhere = max(self._elsewhere, number)

    def rows(
        self, connection: sqlite3.Connection, sql: str, args: Sequence[Any]
    ) -> list[tuple[Any, ...]] | None:
        """What the statement gives; None: nothing has been done, the thread is to do it."""
        if not self.is_allowed or sql in self._long:
            return None
        if self._elsewhere:
            self._elsewhere -= 1
            return None
        self._here += 1
        if self._here > IN_A_ROW:
            self._here = 0
            self._elsewhere = self._by_turns - 1
            return None
        self._looks = 0
        started = time.perf_counter()
        connection.set_progress_handler(self._look, _STEPS)
        try:
            rows = connection.execute(sql, args).fetchall()
        except (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeEncodeError) as error:
            if sqlite_errors.primary_code(error) == sqlite_errors.INTERRUPT:
                self._remember(sql)
            return None
        finally:
            connection.set_progress_handler(None, 0)
        if time.perf_counter() - started > _SLOW_S:
            self.leave(_AFTER_A_SLOW_ONE)
        return rows

    def _look(self) -> bool:
        """Whether to end the statement. The first look may come at its first step: SQLite counts on from the last statement."""
        self._looks += 1
        return self._looks > 1

    def _remember(self, sql: str) -> None:
        if len(self._long) >= _MOST_LONG:
            self._long.clear()
        self._long.add(sql)
