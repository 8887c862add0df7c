"""`python -m benchmarks [engine] [canvas] [app]`: measures, prints a table, writes build/bench.json.

Each part runs in a process of its own, so that one part's memory and caches do not colour another's. Exits with 0 whatever
the figures are: a machine's bad day is no failure.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.measure import Figure, write_report

PARTS = ("engine", "canvas", "app")
REPORT = Path("build/bench.json")


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--part"]:
        part, target = arguments[1], Path(arguments[2])
        write_report(importlib.import_module(f"benchmarks.{part}").measure(), target)
        return 0
    unknown = [name for name in arguments if name not in PARTS]
    if unknown:
        print(f"There is no benchmark {unknown[0]!r}. Known: {', '.join(PARTS)}.", file=sys.stderr)
        return 2
    figures: list[Figure] = []
    for part in arguments or PARTS:
        figures += _measured_apart(part)
    write_report(figures, REPORT)
    _show(figures)
    return 0


def _measured_apart(part: str) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "figures.json"
        subprocess.run([sys.executable, "-m", "benchmarks", "--part", part, str(report)], check=True)
        return [Figure(**entry) for entry in json.loads(report.read_text(encoding="utf-8"))]


def _show(figures: list[Figure]) -> None:
    table = Table("figure", "value", "baseline", "ratio", "target", "met")
    for column in (1, 2, 3):
        table.columns[column].justify = "right"
    for figure in figures:
        met = "" if figure.met is None else "yes" if figure.met else "no"
        table.add_row(
            figure.name,
            f"{figure.value:,.4g} {figure.unit}",
            "" if figure.baseline is None else f"{figure.baseline:,.4g} {figure.unit}",
            "" if figure.ratio is None else f"{figure.ratio:.2f}",
            figure.target,
            met,
            style="red" if figure.met is False else None,
        )
    Console(width=None if sys.stdout.isatty() else 120).print(table)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
