"""Window or terminal? The program's door: a command goes to the terminal's room, everything else opens the window.

Nothing heavy is imported before it is known which: the window wants to appear at once.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

COMMANDS: Final = ("run", "check", "nodes", "lineage")
PORTABLE: Final = "--portable"
"""Everything that Studio keeps lies beside the program."""
NEW_WINDOW: Final = "--new-window"
"""A window of its own, even where Studio runs already."""
BAD_USAGE: Final = 2
_PLATFORMS_WITHOUT_SCREEN: Final = ("offscreen", "minimal", "vnc", "linuxfb", "eglfs")


def has_display() -> bool:
    """Whether a window can be shown. Qt's platforms without a screen count when they were asked for by name."""
    if not sys.platform.startswith("linux"):
        return True
    asked = os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0]
    if asked in _PLATFORMS_WITHOUT_SCREEN:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def portable_home() -> Path:
    """Beside the program: in the folder of a frozen one, else in that of its Python environment."""
    program = Path(sys.executable).parent if getattr(sys, "frozen", False) else Path(sys.prefix)
    return program / "studio-data"


def open_window(location: str | None, *, new_window: bool = False) -> int:
    """Opens the window on a project, the last one or the sample; without a display, runs the sample workflow in the terminal.

    Where Studio runs already, its window opens the project, unless a new one is wanted.
    """
    from studio.kernel.errors import StudioError

    if not has_display():
        return _without_display(location)
    from studio.shell.app import run_window

    try:
        return run_window(location=location, new_window=new_window)
    except StudioError as error:
        sys.stderr.write(f"Error: {error}\n")
        return BAD_USAGE


def _without_display(location: str | None) -> int:
    if location is not None:
        sys.stderr.write(
            f"There is no display to open {location} on. `studio run {location}` runs it in the terminal.\n"
        )
        return BAD_USAGE
    sys.stderr.write(
        "There is no display (neither DISPLAY nor WAYLAND_DISPLAY is set), so the window cannot open.\n"
        "The sample workflow runs here instead; `studio --help` says what else there is.\n"
    )
    from studio.cli import commands
    from studio.session import Environment

    return commands.run_sample(Environment.default())


def _is_location(argument: str) -> bool:
    """Whether it names a project rather than a command, misspelt or not: a bare word that is no file is no location."""
    if argument.startswith("-") or argument in COMMANDS:
        return False
    return any(mark in argument for mark in "./\\:") or Path(argument).exists()


def main() -> None:
    """The console script: `studio`, `studio FILE`, `studio COMMAND …`; `--portable` and `--new-window` come before."""
    arguments = sys.argv[1:]
    flags = set()
    while arguments and arguments[0] in (PORTABLE, NEW_WINDOW):
        flags.add(arguments.pop(0))
    if PORTABLE in flags:
        os.environ["STUDIO_HOME"] = str(portable_home())
    is_alone = len(arguments) == 1 and _is_location(arguments[0])
    if not arguments or is_alone:
        raise SystemExit(open_window(arguments[0] if is_alone else None, new_window=NEW_WINDOW in flags))
    from studio.cli.app import app

    app(args=arguments, prog_name="studio")


if __name__ == "__main__":
    main()
