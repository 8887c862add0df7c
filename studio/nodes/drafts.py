"""How does a file come whole into its place, or not at all? It is written beside it, in threads, and put there when it is done."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, TypeVar

from studio.kernel.errors import NodeError
from studio.kernel.ids import short_id

Result = TypeVar("Result")


async def in_thread(work: Callable[[], Result]) -> Result:
    """What the work gives, done in a thread. When its caller is stopped meanwhile, it waits for the thread to let go of the file."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        with contextlib.suppress(Exception):  # nobody is left to be told
            await task
        raise


def not_written(error: OSError, path: Path) -> NodeError:
    """Why a file could not be written, for people."""
    from studio.nodes.file_formats import file_error

    return file_error(error, path, "written")


class Draft:
    """A file beside the one that is to be, put in its place as a whole or taken away."""

    def __init__(self, path: Path, encoding: str | None, *, may_replace: bool) -> None:
        """Without an encoding it takes bytes. Raises NodeError when the file is there and may not be replaced, or when none can be made in its folder."""
        self.path = Path(os.path.realpath(path))  # a link stays a link
        self._may_replace = may_replace
        if self.path.is_dir():
            raise NodeError(f"{self.path} is a folder.", hint="Name a file in it.", field="path")
        self._refuse_existing()
        self._draft = self.path.with_name(f".{self.path.name[:80]}.{short_id()}.tmp")
        try:
            self.stream: IO[Any] = (
                self._draft.open("xb")
                if encoding is None
                else self._draft.open("x", encoding=encoding, newline="")
            )
        except OSError as error:
            raise not_written(error, self.path) from error

    def _refuse_existing(self) -> None:
        if not self._may_replace and self.path.exists():
            raise NodeError(
                f"There is a file {self.path} already.", hint="Choose another name.", field="path"
            )

    def finish(self) -> int:
        """Closes the file once it is on the disk; returns its size in bytes."""
        self.stream.flush()
        os.fsync(self.stream.fileno())
        self.stream.close()
        if self.path.exists():
            self._draft.chmod(stat.S_IMODE(self.path.stat().st_mode))
        return self._draft.stat().st_size

    def keep(self) -> None:
        try:
            self._refuse_existing()
            self._draft.replace(self.path)
        except OSError as error:
            self.drop()
            raise not_written(error, self.path) from error
        except NodeError:
            self.drop()
            raise

    def drop(self) -> None:
        for let_go in (self.stream.close, self._draft.unlink):
            with contextlib.suppress(OSError):
                let_go()
