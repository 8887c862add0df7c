"""How does a file get other contents as a whole, or not at all? They are written beside it and take its place once they are on the disk."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import Final

from studio.kernel.errors import StudioError
from studio.kernel.ids import short_id

_OWNER: Final = 0o600


def write_whole(path: Path, data: bytes, *, is_private: bool = False) -> None:
    """Makes a file, or replaces the one that is there and keeps who may read it; private: its owner alone may.

    Raises OSError; then what was there is as it was, and nothing lies beside it.
    """
    path = Path(os.path.realpath(path))  # a link stays a link
    draft = path.with_name(f".{path.name[:80]}.{short_id()}.tmp")

    def opened(name: str, flags: int) -> int:
        return os.open(name, flags, _OWNER if is_private else 0o666)

    try:
        with open(draft, "xb", opener=opened) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists() and not is_private:
            draft.chmod(stat.S_IMODE(path.stat().st_mode))
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise


def cannot_write(path: Path, error: OSError) -> StudioError:
    """What a person is told of it."""
    return StudioError(
        f"{path} cannot be written: {error.strerror}.", hint="Choose a folder that you may write to."
    )
