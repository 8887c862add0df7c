"""Where are the files that Qt needs? In `resources/` beside a checkout, in `_resources` within an installed package."""

from __future__ import annotations

import functools
from pathlib import Path


@functools.cache
def resources_folder() -> Path:
    """The folder of the icons and the desktop files; FileNotFoundError when the installation is incomplete."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "_resources", package.parent / "resources"):
        if (folder / "studio.svg").is_file():
            return folder
    raise FileNotFoundError(f"Studio's resources are missing beside {package}; install it again.")


def asset(name: str) -> str:
    """The path of a file in `resources/`, with forward slashes, as style sheets want it."""
    return (resources_folder() / name).as_posix()
