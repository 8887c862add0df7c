"""What is this Studio made of? Versions for the About box and for reports, and the packages whose licences are shown.

The commit is known where Studio runs from a checkout, or was installed from a repository; else nothing is said of it.
"""

from __future__ import annotations

import json
import platform
import re
import shutil
import sqlite3
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Final

OURS: Final = "dataflow-studio"
_GIT_TIMEOUT_S: Final = 2.0
_SHOWN: Final = 12
"""Digits of a commit."""
_LISTED: Final = ("NodeGraphQt", "qasync", "SQLAlchemy", "numpy")
_DRIVERS: Final = ("asyncpg", "asyncmy")
_NOT_INSTALLED: Final = "not installed"
_EXTRAS: Final = ("mysql", "http", "parquet")
"""Of ours: what is used where it is installed; the others are for those who work on Studio."""
_REQUIREMENT: Final = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:.*?extra == ['\"](?P<extra>[^'\"]+)['\"])?")


def versions() -> list[tuple[str, str]]:
    """Names and versions, in the order in which they are shown."""
    from PySide6 import __version__ as pyside_version
    from PySide6.QtCore import qVersion

    found = commit()
    return [
        ("Studio", _version_of(OURS)),
        *([("Commit", found)] if found else []),
        ("Python", platform.python_version()),
        ("Qt", qVersion()),
        ("PySide6", pyside_version),
        *((name, _version_of(name)) for name in _LISTED),
        ("SQLite", sqlite3.sqlite_version),
        *((f"{name} (driver)", _version_of(name)) for name in _DRIVERS),
        ("System", platform.platform()),
    ]


def _version_of(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return _NOT_INSTALLED


def commit(root: Path | None = None) -> str:
    """The commit that runs, with a mark when files were changed since; empty when it cannot be known."""
    checkout = root or Path(__file__).resolve().parents[2]
    if (checkout / ".git").exists():
        return _asked_of_git(checkout)
    try:
        origin = metadata.distribution(OURS).read_text("direct_url.json")
        return str(json.loads(origin or "{}").get("vcs_info", {}).get("commit_id", ""))[:_SHOWN]
    except (metadata.PackageNotFoundError, ValueError):
        return ""


def _asked_of_git(checkout: Path) -> str:
    git = shutil.which("git")
    if git is None:
        return ""
    said = []
    for question in (
        ("rev-parse", f"--short={_SHOWN}", "HEAD"),
        ("status", "--porcelain", "--untracked-files=no"),
    ):
        try:
            done = subprocess.run(  # noqa: S603 - a fixed question about our own folder
                [git, "--no-optional-locks", "-C", checkout, *question],
                capture_output=True,
                text=True,
                check=True,
                timeout=_GIT_TIMEOUT_S,
            )
        except (OSError, subprocess.SubprocessError):
            return ""
        said.append(done.stdout.strip())
    return f"{said[0]}, changed since" if said[1] else said[0]


def packages() -> list[metadata.Distribution]:
    """The installed packages that Studio uses, and those that they use, by name."""
    found: dict[str, metadata.Distribution] = {}
    wanted: list[tuple[str, tuple[str, ...]]] = [(OURS, _EXTRAS)]
    while wanted:
        name, extras = wanted.pop()
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        key = re.sub(r"[-_.]+", "-", str(distribution.metadata["Name"])).lower()
        if key in found:
            continue
        found[key] = distribution
        for line in distribution.requires or ():
            needed = _REQUIREMENT.match(line)
            if needed is not None and (needed["extra"] is None or needed["extra"] in extras):
                wanted.append((needed["name"], ()))
    found.pop(OURS, None)
    return [found[key] for key in sorted(found)]
