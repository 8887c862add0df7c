"""How long does a person wait for the window? `python -m benchmarks.acts` acts in a window of its own and prints the figures as JSON.

A key counts until the window has painted what it changes; a stop until the window says so, and until the statement has ended.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from benchmarks.canvas_subjects import random_graph
from studio.kernel.ids import NodeId, WorkflowId
from studio.project.project_changes import PutWorkflow
from studio.qt import loop
from studio.session import Environment, Session
from studio.shell.app import make_application
from studio.shell.look import apply_theme, theme_of
from studio.shell.main_window import MainWindow
from studio.shell.settings import Settings
from studio.workflow.graph import Node, Place, frozen

SEARCHED: Final = "order list"
NODES: Final = 1_000
FITS: Final = 5
PAGES: Final = 5
FOREVER: Final = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 2000000000) SELECT count(*) AS n FROM n"


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - the window has no events for all of what is waited for here
        await asyncio.sleep(0.001)


def timed_ms(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    QApplication.processEvents()
    return (time.perf_counter() - started) * 1000


async def keystrokes_ms(window: MainWindow) -> float:
    """The slowest of the keys that search the palette."""
    canvas = canvas_of(window)
    canvas.setFocus()
    QTest.keyClick(focus(window), Qt.Key.Key_N)
    await until(canvas.palette_popup.isVisible)
    await asyncio.sleep(0.3)
    taken = [timed_ms(partial(QTest.keyClicks, focus(window), key)) for key in SEARCHED]
    QTest.keyClick(focus(window), Qt.Key.Key_Escape)
    return max(taken)


async def fit_ms(window: MainWindow, session: Session) -> float:
    """All of a large graph brought into view."""
    graph = replace(random_graph(NODES), id=WorkflowId("large"), name="Large")
    session.edit(PutWorkflow(workflow=graph))
    window.navigation.show_workflow(graph.id)
    await until(lambda: canvas_of(window).workflow_id == graph.id)
    canvas = canvas_of(window)
    canvas.set_reduced_motion(True)
    taken = []
    for _ in range(FITS):
        canvas.viewer.zoom_to(1.0)
        await asyncio.sleep(0.3)
        taken.append(timed_ms(canvas.fit))
    return sorted(taken)[FITS // 2]


async def first_page_ms(window: MainWindow, session: Session) -> float:
    """From the wish to browse a model to its first rows."""
    taken = []
    panel = window.panels.results
    for model_id in list(session.project.models)[:PAGES]:
        started = time.perf_counter()
        window.navigation.browse(model_id)
        await until(lambda: panel.rows is not None and has_rows(panel.rows))
        QApplication.processEvents()
        taken.append((time.perf_counter() - started) * 1000)
    return max(taken)


def has_rows(view: Any) -> bool:
    model = view.model
    return bool(model.rowCount() and model.index(0, 0).data() not in (None, ""))


async def stop_ms(window: MainWindow, session: Session) -> tuple[float, float]:
    """Until the window says that it stops, and until the statement has ended at the database."""
    endless = Node(id=NodeId("endless"), type="SQL", title="Endless", params=frozen({"sql": FOREVER}))
    workflow_id = session.add_workflow("Endless")
    workflow = session.project.workflow(workflow_id)
    workflow = replace(
        workflow, nodes=frozen({endless.id: endless}), places=frozen({endless.id: Place(x=0, y=0)})
    )
    session.edit(PutWorkflow(workflow=workflow))
    handle = await window.runs.start(workflow_id)
    assert handle is not None
    await until(lambda: (view := handle.node(endless.id)) is not None and view.state == "running")
    await asyncio.sleep(0.3)
    started = time.perf_counter()
    window.commands.action("stop").trigger()
    await until(lambda: "topp" in window.statusBar().currentMessage())
    QApplication.processEvents()
    said = time.perf_counter()
    await handle.finished()
    return (said - started) * 1000, (time.perf_counter() - started) * 1000


def canvas_of(window: MainWindow) -> Any:
    canvas = window.pages.tabs.canvas
    assert canvas is not None
    return canvas


def focus(window: MainWindow) -> QWidget:
    return QApplication.focusWidget() or window


async def act() -> int:
    env = Environment.default()
    settings = Settings(env.data_dir)
    apply_theme(application, theme_of(settings.theme))
    window = MainWindow(env, settings)
    window.furnish()
    window.show()
    window.activateWindow()
    session = await Session.sample(env)
    window.set_session(session)
    await asyncio.sleep(1.0)
    page = await first_page_ms(window, session)
    key = await keystrokes_ms(window)
    fit = await fit_ms(window, session)
    said, ended = await stop_ms(window, session)
    print(json.dumps({"page": page, "key": key, "fit": fit, "said": said, "ended": ended}), flush=True)
    window.set_session(None)
    await session.close()
    window.closed.set()
    window.close()
    return 0


if __name__ == "__main__":
    application = make_application(["studio"])
    loop.run(application, act, interrupted=lambda: None)
