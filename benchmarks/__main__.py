"""`python -m benchmarks [engine] [canvas] [app] [--rows N]`: measures, prints a table, writes build/bench.json.

`--rows` is how many rows go through each of the engine's streams.

Each part runs in a process of its own, so that one part's memory and caches do not colour another's. Exits with 0 whatever
the figures are: a machine's bad day is no failure.
"""

from __future__ import annotations

import argparse
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
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "parts", nargs="*", metavar="part", help=f"{', '.join(PARTS)}; all of them when none is named"
    )
    parser.add_argument("--rows", type=int, default=None, help="rows of each stream")
    parser.add_argument("--into", type=Path, default=None, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    unknown = [name for name in options.parts if name not in PARTS]
    if unknown:
        parser.error(f"There is no benchmark {unknown[0]!r}. Known: {', '.join(PARTS)}.")
    if options.into is not None:
        write_report(_measured(options.parts[0], options.rows), options.into)
        return 0
    figures: list[Figure] = []
    for part in options.parts or PARTS:
        figures += _measured_apart(part, options.rows)
    write_report(figures, REPORT)
    _show(figures)
    return 0


def _measured(part: str, rows: int | None) -> list[Figure]:
    measure = importlib.import_module(f"benchmarks.{part}").measure
    figures: list[Figure] = measure(rows) if part == "engine" else measure()
    return figures


def _measured_apart(part: str, rows: int | None) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "figures.json"
        command = [sys.executable, "-m", "benchmarks", part, "--into", str(report)]
        subprocess.run(command + ([] if rows is None else ["--rows", str(rows)]), check=True)
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
