"""Where do the files that Studio ships lie, and which Studio is this? In `resources/` of a checkout, in `studio/_resources` of a wheel."""

from __future__ import annotations

import functools
from pathlib import Path


@functools.cache
def resources_dir() -> Path:
    """The folder of icons, fonts and other files; raises FileNotFoundError when the installation is broken."""
    here = Path(__file__).resolve().parent
    for folder in (here / "_resources", here.parent / "resources"):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(
        f"Studio's resources are missing: neither {here / '_resources'} nor {here.parent / 'resources'}."
    )


def resource(name: str) -> Path:
    """A file among them, by its path with slashes."""
    return resources_dir() / name


def version() -> str:
    """Studio's version."""
    import studio

    return studio.__version__
