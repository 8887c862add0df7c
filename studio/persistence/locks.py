"""Is a project open elsewhere? A file's lock is held by the operating system, so it ends with its process, however that ends.

A store on a server has no such lock: there the project's row says who has it open (`opened_by`), and the one who has renews it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

from studio.kernel.errors import StoreBusy

RENEWED_EVERY_S: Final = 20.0
STALE_AFTER_S: Final = 75.0
"""Three renewals missed, and a little patience: whoever held the store is gone."""


class FileLock:
    """Holds a file store for this session, through a file beside it (`shop.studio.lock`).

    Invariant: between `acquire` and `release` no other session, in this process or another, holds it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    @property
    def file(self) -> Path:
        return self._path.with_name(self._path.name + ".lock")

    def acquire(self) -> None:
        """Raises StoreBusy when somebody has it, OSError when the folder cannot be written."""
        while True:
            file = self.file.open("a+", encoding="utf-8")
            if not _try_lock(file):
                file.seek(0)
                owner = file.read().strip()
                file.close()
                raise busy(str(self._path), owner or "another process")
            if _is_same_file(file, self.file):
                break
            # Its owner removed it between our opening and our locking; others would never meet us there.
            file.close()
        file.seek(0)
        file.truncate()
        file.write(f"process {os.getpid()}")
        file.flush()
        self._file = file

    def release(self) -> None:
        """Harmless when it is not held."""
        file, self._file = self._file, None
        if file is None:
            return
        if sys.platform == "win32":
            file.close()
            with contextlib.suppress(OSError):
                self.file.unlink(missing_ok=True)
        else:
            with contextlib.suppress(OSError):
                self.file.unlink(missing_ok=True)
            file.close()


def is_held(path: Path) -> bool:
    """Whether some live process has the file store open."""
    lock = FileLock(path)
    if not lock.file.exists():
        return False
    try:
        lock.acquire()
    except StoreBusy:
        return True
    except OSError:
        return False
    lock.release()
    return False


def busy(shown: str, owner: str) -> StoreBusy:
    return StoreBusy(
        f"{shown} is open in {owner}.", hint="Close it there, or make a copy and open that.", owner=owner
    )


def owner_mark(token: str, now: dt.datetime) -> dict[str, Any]:
    """What a project's row on a server says about the session that has it open."""
    return {"token": token, "host": socket.gethostname(), "pid": os.getpid(), "at": now.isoformat()}


def holder(mark: Mapping[str, Any] | None, token: str, now: dt.datetime) -> str | None:
    """Who else holds a store on a server, in words; None when nobody does, or no longer."""
    if not mark or mark.get("token") == token:
        return None
    age_s = (now - dt.datetime.fromisoformat(str(mark["at"]))).total_seconds()
    if age_s > STALE_AFTER_S:
        return None
    if mark.get("host") == socket.gethostname() and not _is_alive(int(mark["pid"])):
        return None
    return f"process {mark['pid']} on {mark['host']}"


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _is_same_file(file: IO[str], path: Path) -> bool:
    try:
        return sys.platform == "win32" or os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[str]) -> bool:
        try:
            file.seek(4096)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(file: IO[str]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            # A file system without locks: better unguarded than unusable.
            return True
        return True
