"""How does a test act as a person in front of the window? Keys, menus by the mouse, and answers to dialogs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QLineEdit, QMenu, QMessageBox, QWidget

from studio.canvas import CanvasView
from studio.shell.main_window import MainWindow
from tests.gui.canvas.support import Mouse

D = TypeVar("D", bound=QWidget)
LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier
PATIENCE_MS = 30_000


class Driver:
    """A person with a mouse and a keyboard."""

    def __init__(self, window: MainWindow, qtbot: Any) -> None:
        self.window = window
        self.bot = qtbot

    def until(self, condition: Any) -> None:
        self.bot.waitUntil(condition, timeout=PATIENCE_MS)

    def finish(self, awaitable: Awaitable[Any]) -> Any:
        """Waits for something asynchronous while the window goes on living; returns its result or raises."""
        task = self.begin(awaitable)
        self.until(task.done)
        return task.result()

    def begin(self, awaitable: Awaitable[Any]) -> asyncio.Future[Any]:
        """Starts something asynchronous that will want an answer."""
        return asyncio.ensure_future(awaitable)

    def activate(self) -> None:
        self.window.activateWindow()
        self.until(self.window.isActiveWindow)

    # Keys and menus

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """A key to whoever has the focus."""
        self.bot.keyClick(QApplication.focusWidget() or self.window, key, modifiers)

    def menu(self, *path: str) -> None:
        """Clicks through the menus: `menu("Data", "Import models from a database…")`."""
        bar = self.window.menuBar()
        title, *rest = path
        action = _named(bar.actions(), title)
        self.bot.mouseClick(bar, LEFT, pos=bar.actionGeometry(action).center())
        menu = action.menu()
        assert isinstance(menu, QMenu)
        for text in rest:
            self.until(menu.isVisible)
            entry = _named(menu.actions(), text)
            assert entry.isEnabled(), f"{text} is disabled"
            self.bot.mouseClick(menu, LEFT, pos=menu.actionGeometry(entry).center())
            inner = entry.menu()
            menu = inner if isinstance(inner, QMenu) else menu
        self.until(lambda: QApplication.activePopupWidget() is None)

    def click(self, widget: QWidget) -> None:
        assert widget.isVisible()
        assert widget.isEnabled()
        self.bot.mouseClick(widget, LEFT, pos=QPoint(widget.width() // 2, widget.height() // 2))

    # Dialogs

    def dialog(self, kind: type[D]) -> D:
        """Waits for a dialog to be there."""

        def found() -> D | None:
            shown = [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()]
            return next((widget for widget in shown if isinstance(widget, kind)), None)

        self.until(lambda: found() is not None)
        dialog = found()
        assert dialog is not None
        return dialog

    def answer(self, key: str) -> str:
        """Presses a button of the window's question; returns what was asked."""
        box = self.dialog(QMessageBox)
        text = box.text()
        button = next(button for button in box.buttons() if button.objectName() == key)
        self.click(button)
        self.until(lambda: not self.is_asking(QMessageBox))
        self.window.activateWindow()
        return text

    def choose_file(self, path: object) -> None:
        """Types a path into the file dialog and accepts it."""
        dialog = self.dialog(QFileDialog)
        name = dialog.findChild(QLineEdit, "fileNameEdit")
        assert name is not None
        name.setText(str(path))
        dialog.accept()
        self.until(lambda: not self.is_asking(QFileDialog))
        self.window.activateWindow()

    def is_asking(self, kind: type[QDialog]) -> bool:
        return any(
            isinstance(widget, kind) and widget.isVisible() for widget in QApplication.topLevelWidgets()
        )

    # Canvas and results

    @property
    def canvas(self) -> CanvasView:
        canvas = self.window.pages.tabs.canvas
        assert canvas is not None
        return canvas

    @property
    def mouse(self) -> Mouse:
        return Mouse(self.canvas)

    def run(self) -> Any:
        """Ctrl+Enter with the focus on the canvas, then waits for the end of the run."""
        before = self.window.runs.handle
        self.activate()
        self.canvas.setFocus()
        self.key(Qt.Key.Key_Return, CONTROL)
        self.until(lambda: self.window.runs.handle is not before)
        return self.run_ended()

    def run_ended(self) -> Any:
        self.until(lambda: not self.window.runs.is_running)
        return self.window.runs.handle

    def grid(self) -> list[list[str]]:
        """The header and the rows that the results grid shows, as texts."""
        view = self.window.panels.results.current
        assert view is not None
        model = view.rows.model
        self.until(lambda: model.rowCount() > 0 and model.index(0, 0).data() not in (None, ""))
        columns = range(model.columnCount())
        return [
            list(model.columns),
            *(
                [str(model.index(row, column).data()) for column in columns]
                for row in range(model.rowCount())
            ),
        ]


def _named(actions: Any, text: str) -> Any:
    plain = text.replace("&", "")
    for action in actions:
        if action.text().replace("&", "").partition("\t")[0] == plain:
            return action
    raise LookupError(f"{text!r} is not among {[action.text() for action in actions]}")
