"""When is a statement of SQLite run where it is asked, on the event loop's own thread? When it is sure to be over soon.

The way to a thread and back wakes two sleeping threads, which takes several times as long as finding one record by its key; and what one
processor has read costs another one half as much again to look at. So a brief statement (`Brief`: one record, found by a unique field, or a
new one) and a short one (`Short`: a list of few) are run at once where nothing can make them wait:

    locks    its connection is idle, and SQLite gives up at once when another program holds the file
    work     a progress handler ends what takes too many steps (a cascade, a trigger), or of a list too much time (a filter that no
             index helps); that text goes by the thread for a while
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
from studio.database.dialect import Short

IN_A_ROW: Final = 32
"""Statements after which one goes by the thread."""
_STEPS: Final = 500
"""Of SQLite's virtual machine, between two looks; a record by its key takes some twenty."""
_SHORT_S: Final = 0.003
"""What a list may take."""
_SLOW_S: Final = 0.005
_AFTER_A_SLOW_ONE: Final = 100
"""So many statements go by the thread then."""
_AFTER_AN_END: Final = 25
"""So often does a text that was ended here, before it is tried again: an hour later its table may have an index, or the processor more time."""
_SHORT_COUNTS: Final = 8
"""For as many brief ones."""
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
        self._until: float | None = None
        self._long: dict[str, int] = {}
        """Texts that were ended, and how often they still go by the thread."""

    def leave(self, number: int = 1) -> None:
        """The next ones, that many at least, go by the thread."""
        self._elsewhere = max(self._elsewhere, number)

    def rows(
        self, connection: sqlite3.Connection, sql: str, args: Sequence[Any]
    ) -> list[tuple[Any, ...]] | None:
        """What the statement gives; None: nothing has been done, the thread is to do it."""
        if not self.is_allowed or self._is_long(sql):
            return None
        if self._elsewhere:
            self._elsewhere -= 1
            return None
        is_short = sql.__class__ is Short
        self._here += _SHORT_COUNTS if is_short else 1
        if self._here > IN_A_ROW:
            self._here = 0
            self._elsewhere = self._by_turns - 1
            return None
        self._looks = 0
        started = time.perf_counter()
        self._until = started + _SHORT_S if is_short else None
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
        if self._until is not None:
            return time.perf_counter() > self._until
        self._looks += 1
        return self._looks > 1

    def _is_long(self, sql: str) -> bool:
        left = self._long.get(sql)
        if left is None:
            return False
        if left:
            self._long[sql] = left - 1
            return True
        del self._long[sql]
        return False

    def _remember(self, sql: str) -> None:
        if len(self._long) >= _MOST_LONG:
            self._long.clear()
        self._long[sql] = _AFTER_AN_END
