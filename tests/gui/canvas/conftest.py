from collections.abc import Callable, Iterator

import pytest
import shiboken6
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.canvas import CanvasView
from studio.qt.theme import Theme
from studio.session import Session
from tests.gui.canvas.support import WORKFLOW, Mouse

Opened = tuple[CanvasView, Mouse]


@pytest.fixture
def open_canvas(qtbot: QtBot) -> Iterator[Callable[..., Opened]]:
    """Shows a session's workflow at 100 %, with the scene's origin 300 pixels inside, and gives a mouse to work it with."""
    views: list[CanvasView] = []

    def opened(session: Session, *, width: int = 1500, height: int = 900) -> Opened:
        view = CanvasView(session, Theme.dark())
        views.append(view)
        view.resize(width, height)
        view.show()
        view.show_workflow(WORKFLOW)
        QApplication.processEvents()
        view.viewer.zoom_to(1.0)
        view.viewer.center_on(width / 2 - 300, height / 2 - 300)
        view.viewer.setFocus()
        return view, Mouse(view)

    yield opened
    for view in views:
        if shiboken6.isValid(view):
            view.close()
            view.deleteLater()
    QApplication.processEvents()
