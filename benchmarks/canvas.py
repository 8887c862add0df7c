"""How quickly does the canvas open, pan and zoom, beside stock NodeGraphQt?

Both show the same generated graph in a window of 1600 × 1000 without a screen, make each gesture by turns in one process, and are timed
from the step of a gesture to the painted frame; see `canvas_gestures`. Stock NodeGraphQt is left out at 10,000 nodes, which take it half a
minute to open. "near" shows some 48 nodes at 100 %, "far" all of them.
"""

from __future__ import annotations

import gc
from typing import Final

from benchmarks.canvas_edits import edit_figures
from benchmarks.canvas_gestures import by_turns, frame_figure, frames
from benchmarks.canvas_subjects import OurCanvas, StockCanvas, random_graph
from benchmarks.measure import Figure

COUNTS: Final = (10_000, 300, 1_000)
"""The largest first: memory is then that of our canvas alone."""
STOCK_COUNTS: Final = (300, 1_000)
OPEN_S: Final = {300: 0.1, 1_000: 0.15, 10_000: 1.5}


def measure() -> list[Figure]:
    from PySide6.QtWidgets import QApplication

    application = QApplication([])
    figures: list[Figure] = []
    for count in COUNTS:
        figures += _measure_count(count)
    del application
    return figures


def _measure_count(count: int) -> list[Figure]:
    graph = random_graph(count)
    stock = StockCanvas(graph) if count in STOCK_COUNTS else None
    ours = OurCanvas(graph)
    figures = [_opened(count, ours.opened_s, stock.opened_s if stock else None)]
    figures += [
        _moved(step, count, ours, stock, far=far) for step in ("pan", "zoom") for far in (False, True)
    ]
    figures += edit_figures(ours, stock, count)
    ours.close()
    if stock:
        stock.close()
    gc.collect()
    return figures


def _opened(count: int, value_s: float, baseline_s: float | None) -> Figure:
    limit = OPEN_S[count]
    return Figure(
        name=f"canvas.open_{count}",
        value=value_s,
        unit="s",
        baseline=baseline_s,
        ratio=value_s / baseline_s if baseline_s else None,
        target=f"≤ {limit:g} s",
        met=value_s <= limit,
    )


def _moved(step: str, count: int, ours: OurCanvas, stock: StockCanvas | None, *, far: bool) -> Figure:
    ours.look(far=far)
    if stock:
        stock.look(far=far)
    mine = getattr(ours, step)
    theirs = getattr(stock, step) if stock else None

    def gesture() -> list[float]:
        ours.rest()
        return frames(mine)

    value, baseline = by_turns(gesture, theirs and (lambda: frames(theirs, stock=True)))
    name = f"canvas.{step}_{'far' if far else 'near'}_{count}"
    return frame_figure(name, value, baseline, far=far, must_be_faster=count == 1_000)
