"""Is a project open elsewhere? A file's lock is held by the operating system, so it ends with its process, however that ends.

A store on a server has no such lock; `server_lock` has its own.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import IO

from studio.kernel.errors import StoreBusy


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
