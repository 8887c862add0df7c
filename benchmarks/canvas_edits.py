"""How quickly does the canvas follow edits, beside stock NodeGraphQt? Dragging, everything at once, a run of a thousand nodes a second.

Edits are timed from the gesture to the painted frame, with all nodes in view unless it is said otherwise.
"""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PySide6.QtCore import Qt

from benchmarks.canvas_gestures import FRAMES, beside, by_turns, frame_figure, frames, timed_ms
from benchmarks.canvas_subjects import OurCanvas, StockCanvas, frame
from benchmarks.measure import REPEATS, Figure, at_most, percentile, told

if TYPE_CHECKING:
    from studio.session.runs import NodeState

STATES_A_SECOND: Final = 1_000
STEPS: Final = 10_000


def edit_figures(ours: OurCanvas, stock: StockCanvas | None, count: int) -> list[Figure]:
    figures = [_drag(ours, stock, count)]
    if count >= 1_000:
        figures += [_live(ours, count, far=False), _live(ours, count, far=True), _find(ours, count)]
    if count == 1_000:
        figures += [_tidy(ours, count), _paste(ours, count), *_undoing(ours)]
    if count >= 1_000:
        figures += _everything(ours, stock, count)
    if count == 10_000:
        used_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        figures.append(at_most(f"canvas.memory_{count}", used_mb, "MB", 400.0))
    return figures


def _painted_ms(ours: OurCanvas, step: Callable[[], object]) -> float:
    def painted() -> None:
        step()
        ours.view.viewer.viewport().repaint()

    return timed_ms(painted)


# Gestures


def _drag(ours: OurCanvas, stock: StockCanvas | None, count: int) -> Figure:
    """Dragging the node with the most edges, near."""
    from studio.canvas.move_gesture import Held, MoveGesture

    ours.look(far=False)
    view, geometry = ours.view, ours.view.projector.geometry
    joined = np.bincount(geometry.source, minlength=count) + np.bincount(geometry.target, minlength=count)
    i = int(joined.argmax())
    view.center_on(geometry.ids[i])
    ours.rest()
    x, y = float(geometry.x[i]), float(geometry.y[i])
    if stock:
        stock.look(far=False)
        stock.center_on(i)

    def dragged() -> list[float]:
        ours.rest()
        gesture = MoveGesture(view.viewer, x, y, held=Held(np.array([i])), anchor=(x, y))

        def step(turn: int) -> None:
            gesture.move(x + 7 * turn, y + 3 * turn, Qt.KeyboardModifier.AltModifier)
            frame()

        times = frames(step)
        gesture.cancel()
        return times

    def dragged_stock() -> list[float]:
        assert stock is not None
        times = frames(lambda _turn: stock.drag(i, 7, 3), stock=True)
        for _ in times:
            stock.drag(i, -7, -3)
        return times

    value, baseline = by_turns(dragged, dragged_stock if stock else None)
    return frame_figure(f"canvas.drag_{count}", value, baseline, far=False, must_be_faster=count == 1_000)


def _everything(ours: OurCanvas, stock: StockCanvas | None, count: int) -> list[Figure]:
    """Selecting all, deleting all, and undoing that."""
    ours.look(far=True)
    if stock:
        stock.look(far=True)
    figures = []
    for name, step, other in (
        ("select_all", ours.view.select_all, stock.select_all if stock else None),
        ("delete_all", ours.view.delete, stock.delete_all if stock else None),
        ("undo_delete_all", ours.session.undo, stock.undo if stock else None),
    ):
        value = _painted_ms(ours, step)
        baseline = timed_ms(other) if other else None
        figures.append(beside(f"canvas.{name}_{count}", value, baseline, must_be_faster=count == 1_000))
    return figures


# Edits


def _tidy(ours: OurCanvas, count: int) -> Figure:
    """Laying all nodes out, up to the first frame of their movement."""
    taken = _painted_ms(ours, ours.view.tidy)
    ours.session.undo()
    return at_most(f"canvas.tidy_{count}", taken / 1000, "s", 1.0)


def _paste(ours: OurCanvas, count: int) -> Figure:
    """Pasting all nodes beside themselves, from the text on the clipboard."""
    ours.look(far=True)
    ours.view.select_all()
    ours.view.copy()
    taken = _painted_ms(ours, ours.view.paste)
    ours.session.undo()
    return at_most(f"canvas.paste_{count}", taken / 1000, "s", 0.5)


def _find(ours: OurCanvas, count: int) -> Figure:
    """A key in the bar that finds nodes, the slowest of a query typed letter by letter."""
    ours.look(far=True)
    ours.view.find_nodes()
    bar = ours.view.find_bar
    query = "model:order crea"

    def typed(length: int) -> None:
        bar.line.setText(query[:length])
        frame()

    slowest = []
    for _ in range(REPEATS):
        bar.line.clear()
        slowest.append(max(timed_ms(lambda: typed(length)) for length in range(1, len(query) + 1)))  # noqa: B023 - called at once
    bar.dismiss()
    limit_ms = 100.0 if count > 1_000 else 30.0
    return at_most(f"canvas.find_{count}", statistics.median(slowest), "ms", limit_ms)


def _undoing(ours: OurCanvas) -> list[Figure]:
    """An undo with its frame after a hundred edits, and after ten thousand."""
    from studio.workflow.graph import Place

    session, workflow_id = ours.session, ours.graph.id
    node_id = next(iter(ours.graph.nodes))
    ours.look(far=False)

    def edit(times: int) -> None:
        for number in range(times):
            session.move(workflow_id, {node_id: Place(x=float(number % 640), y=40.0)})

    def undo() -> None:
        session.undo()
        frame()

    def median_undo_ms() -> float:
        return percentile([timed_ms(undo) for _ in range(FRAMES)], 0.5)

    edit(100)
    shallow = median_undo_ms()
    began = time.perf_counter()
    edit(STEPS)
    per_edit_us = (time.perf_counter() - began) / STEPS * 1e6
    deep = median_undo_ms()
    while session.history.undo_label:
        session.undo()
    ratio = deep / shallow
    return [
        Figure(
            name="canvas.undo_after_10000_steps",
            value=deep,
            unit="ms",
            baseline=shallow,
            ratio=ratio,
            target="≤ 1.5× after 100 steps",
            met=ratio <= 1.5,
        ),
        told("canvas.edit_with_its_frame_pending", per_edit_us, "us"),
    ]


# A run


class _BusyRun:
    """Stands for a run in which a thousand nodes a second change their state."""

    state = "running"

    def __init__(self, node_ids: list[Any]) -> None:
        from studio.session.runs import NodeRunView

        self._views = [NodeRunView(node_id=node_id) for node_id in node_ids]
        self._next = 0
        self._version = 0

    def nodes_since(self, version: int) -> tuple[int, list[Any]]:
        changed = []
        for _ in range(STATES_A_SECOND // 60 + 1):
            place = self._next % len(self._views)
            view = self._views[place]
            state: NodeState = "running" if view.state != "running" else "succeeded"
            self._views[place] = replace(view, state=state, rows=self._next, duration_ms=float(place))
            changed.append(self._views[place])
            self._next += 1 if state == "succeeded" else 0
        self._version = version + 1
        return self._version, changed


def _live(ours: OurCanvas, count: int, *, far: bool) -> Figure:
    """A frame in which the states of a run's nodes change, a thousand a second."""
    ours.look(far=far)
    follower = ours.view.runs
    geometry = ours.view.projector.geometry
    run: Any = _BusyRun([geometry.ids[i] for i in range(len(geometry))])
    ended: Any = SimpleNamespace(state="succeeded", nodes_since=lambda version: (version, []))

    def step(_turn: int) -> None:
        follower.poll()
        frame()

    follower.follow(run)
    value, _ = by_turns(lambda: frames(step))
    follower.follow(ended)
    follower.follow(None)
    name = f"canvas.live_{'far' if far else 'near'}_{count}"
    return frame_figure(name, value, None, far=far, must_be_faster=False)
