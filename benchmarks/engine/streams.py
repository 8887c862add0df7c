"""How do millions of rows go from one place to another? Rows a second, the memory they take, and how soon they can be stopped.

Each stream is a workflow of two nodes that runs in a process of its own (`stream_run`), so that its memory can be watched: the curve must
be flat, however many rows there are. The first tenth of the rows warms up; what the process has grown by after that is the figure.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.engine.sales import row
from benchmarks.measure import Figure, at_most, told

ROWS: Final = 1_000_000
"""Rows of each stream, unless `make bench ROWS=…` says otherwise."""
GROWTH_MB: Final = 32
STOPPED_MS: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stream:
    name: str
    source: str
    target: str
    is_stopped_midway: bool = False


def figures(folder: Path, postgresql: str, mariadb: str, rows: int) -> list[Figure]:
    """A file into SQLite, from there into PostgreSQL, into MariaDB, and back into PostgreSQL."""
    file = folder / "sales.csv"
    _write(file, rows)
    sqlite = f"sqlite:///{folder / 'stream.sqlite'}"
    streams = (
        _Stream(name="CSV to SQLite", source=str(file), target=sqlite),
        _Stream(name="SQLite to PostgreSQL", source=sqlite, target=postgresql, is_stopped_midway=True),
        _Stream(name="PostgreSQL to MariaDB", source=postgresql, target=mariadb),
        _Stream(name="MariaDB to PostgreSQL", source=mariadb, target=postgresql, is_stopped_midway=True),
    )
    found = []
    for stream in streams:
        if stream.is_stopped_midway:
            stopped = _told_by_child(stream, rows, stop=True)
            name = f"engine.stream {stream.name}, stopped midway"
            found.append(at_most(f"{name}: until it has let go", stopped["seconds"] * 1e3, "ms", STOPPED_MS))
            found.append(at_most(f"{name}: rows left behind", stopped["rows"], "rows", 0))
        found += _figures_of(stream, _told_by_child(stream, rows, stop=False), rows)
    return found


def _figures_of(stream: _Stream, said: dict[str, Any], rows: int) -> list[Figure]:
    name = f"engine.stream {stream.name}, {rows:,} rows"
    return [
        told(name, rows / said["seconds"], "rows/s"),
        at_most(f"{name}: rows lost", rows - said["rows"], "rows", 0),
        at_most(f"{name}: memory grown by", said["grown_mb"], "MB", GROWTH_MB),
    ]


def _told_by_child(stream: _Stream, rows: int, *, stop: bool) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.engine.stream_run", stream.source, stream.target, str(rows)]
    if stop:
        command.append("--stop")
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def _write(file: Path, rows: int) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(row(0))
        writer.writerows(row(number).values() for number in range(rows))
