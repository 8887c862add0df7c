"""Where do the panels stand? The docks, their title bars, the layout they start with, and moving the focus from pane to pane."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Final

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QToolButton,
    QWidget,
)

from studio.qt.icons import icon
from studio.qt.theme import Theme
from studio.shell.settings import LayoutChoice

_LEFT: Final = Qt.DockWidgetArea.LeftDockWidgetArea
_RIGHT: Final = Qt.DockWidgetArea.RightDockWidgetArea
_BOTTOM: Final = Qt.DockWidgetArea.BottomDockWidgetArea

BOTTOM: Final = ("results", "changes", "runs", "problems", "log", "lineage", "outline", "history")
"""The docks that are tabs with one another below the canvas."""

_LEFT_WIDTH: Final = 264
_RIGHT_WIDTH: Final = 340
_LEAST_WIDTH: Final = 300
_BOTTOM_HEIGHT: Final[Mapping[LayoutChoice, int]] = {"build": 268, "debug": 400, "data": 520}
_HIDDEN: Final[Mapping[LayoutChoice, tuple[str, ...]]] = {
    "build": (),
    "debug": ("models", "workflows"),
    "data": ("inspector",),
}


class _Title(QWidget):
    """The small title of a dock that is not part of a group of tabs."""

    def __init__(self, dock: QDockWidget, theme: Theme) -> None:
        super().__init__(dock)
        self.setObjectName("dockTitle")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        label = QLabel(dock.windowTitle().upper())
        close = self._close = QToolButton()
        self.set_theme(theme)
        close.setIconSize(close.iconSize() * 0.75)
        close.setToolTip(self.tr("Hide this panel"))
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.clicked.connect(dock.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 3, 4, 3)
        layout.addWidget(label, 1)
        layout.addWidget(close)

    def set_theme(self, theme: Theme) -> None:
        self._close.setIcon(icon("ph.x", theme, "text_muted"))


class Docks(QObject):
    """The window's docks by name: models, workflows, inspector, and those of `BOTTOM`."""

    def __init__(self, window: QMainWindow, theme: Theme) -> None:
        super().__init__(window)
        self._window = window
        self._theme = theme
        self._docks: dict[str, QDockWidget] = {}
        window.setDockNestingEnabled(True)
        window.setTabPosition(_BOTTOM, window.tabPosition(_BOTTOM).North)
        window.setCorner(Qt.Corner.BottomLeftCorner, _LEFT)
        window.setCorner(Qt.Corner.BottomRightCorner, _RIGHT)
        self._add("models", self.tr("Models"), titled=True)
        self._add("workflows", self.tr("Project"), titled=True)
        self._add("inspector", self.tr("Inspector"), titled=True)
        self._add("results", self.tr("Results"), titled=False)
        self._add("changes", self.tr("Changes"), titled=False)
        self._add("runs", self.tr("Runs"), titled=False)
        self._add("problems", self.tr("Problems"), titled=False)
        self._add("log", self.tr("Log"), titled=False)
        self._add("lineage", self.tr("Lineage"), titled=False)
        self._add("outline", self.tr("Outline"), titled=False)
        self._add("history", self.tr("History"), titled=False)

    def _add(self, name: str, title: str, *, titled: bool) -> None:
        """Makes an empty dock; `titled` docks stand alone and have a title bar, the others are tabs with one another."""
        dock = QDockWidget(title, self._window)
        dock.setObjectName(name)
        # The tab of a dock among others says its title already.
        dock.setTitleBarWidget(_Title(dock, self._theme) if titled else QWidget(dock))
        self._docks[name] = dock
        self.fill(name, QWidget())

    def fill(self, name: str, panel: QWidget) -> None:
        """Puts a panel into a dock."""
        dock = self._docks[name]
        before = dock.widget()
        panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        if name in BOTTOM:
            # The widest of them would be the least width of all, and push itself over its neighbours in a small window.
            panel.setMinimumWidth(_LEAST_WIDTH)
        dock.setWidget(panel)
        if before is not None:
            before.deleteLater()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for dock in self._docks.values():
            title = dock.titleBarWidget()
            if isinstance(title, _Title):
                title.set_theme(theme)

    def __getitem__(self, name: str) -> QDockWidget:
        return self._docks[name]

    def arrange(self, layout: LayoutChoice = "build") -> None:
        """A layout as it is at first: models and workflows left, the inspector right, the rest as tabs at the bottom.

        For debugging there is nothing on the left and more room at the bottom; for data no inspector, and most of the room at the bottom.
        """
        window = self._window
        for dock in self._docks.values():
            window.removeDockWidget(dock)
        window.addDockWidget(_LEFT, self["models"])
        window.splitDockWidget(self["models"], self["workflows"], Qt.Orientation.Vertical)
        window.addDockWidget(_RIGHT, self["inspector"])
        bottom = [self[name] for name in BOTTOM]
        window.addDockWidget(_BOTTOM, bottom[0])
        for before, dock in itertools.pairwise(bottom):
            window.tabifyDockWidget(before, dock)
        for dock in self._docks.values():
            dock.setFloating(False)
            dock.show()
        bottom[0].raise_()
        window.resizeDocks(
            [self["models"], self["inspector"]], [_LEFT_WIDTH, _RIGHT_WIDTH], Qt.Orientation.Horizontal
        )
        window.resizeDocks([self["models"], self["workflows"]], [460, 210], Qt.Orientation.Vertical)
        for name in _HIDDEN[layout]:
            self[name].hide()
        window.resizeDocks([bottom[0]], [_BOTTOM_HEIGHT[layout]], Qt.Orientation.Vertical)

    def reveal(self, name: str) -> None:
        """Shows a dock and brings it before its tabs, without taking the focus."""
        dock = self[name]
        dock.show()
        dock.raise_()

    def enter(self, name: str) -> None:
        """Shows a dock and puts the focus into it."""
        self.reveal(name)
        self[name].widget().setFocus(Qt.FocusReason.ShortcutFocusReason)

    def are_shown(self, names: Sequence[str]) -> bool:
        return any(not self[name].isHidden() for name in names)

    def set_shown(self, names: Sequence[str], *, shown: bool) -> None:
        for name in names:
            self[name].setVisible(shown)
        if shown and len(names) > 2:
            self[names[0]].raise_()

    def set_title(self, name: str, title: str) -> None:
        """Alters the text on a dock's tab."""
        self[name].setWindowTitle(title)

    def step_focus(self, central: QWidget, step: int) -> None:
        """Moves the focus to the next (1) or the previous (-1) pane that can be seen; the canvas is one of them."""
        panes: list[QWidget] = [central]
        panes += [dock.widget() for dock in self._docks.values() if not dock.visibleRegion().isEmpty()]
        focused = QApplication.focusWidget()
        current = next(
            (
                number
                for number, pane in enumerate(panes)
                if focused and (pane is focused or pane.isAncestorOf(focused))
            ),
            -1 if step > 0 else 0,
        )
        for offset in range(1, len(panes) + 1):
            pane = panes[(current + step * offset) % len(panes)]
            target = _first_focusable(pane)
            if target is not None:
                target.setFocus(Qt.FocusReason.TabFocusReason)
                return


def _first_focusable(pane: QWidget) -> QWidget | None:
    if pane.focusPolicy() & Qt.FocusPolicy.TabFocus and pane.isEnabled():
        return pane
    widget = pane.nextInFocusChain()
    while widget is not None and widget is not pane:
        if (
            pane.isAncestorOf(widget)
            and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
            and widget.isVisible()
            and widget.isEnabled()
        ):
            return widget
        widget = widget.nextInFocusChain()
    return None
