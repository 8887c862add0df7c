"""What is in the middle of the window? The open workflows, or what stands in for them: welcome, an empty project, a project being opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from studio.qt.icons import app_icon
from studio.qt.theme import Theme

if TYPE_CHECKING:
    from studio.panels import WelcomePage
    from studio.shell.tabs import WorkflowTabs


class _Page(QWidget):
    """A few things in the middle of an empty page."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.column = QVBoxLayout(self)
        self.column.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.column.setSpacing(12)

    def add(self, widget: QWidget) -> None:
        self.column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)


class Pages(QStackedWidget):
    """The middle of the window. Before `furnish` it can only say what is being opened, which takes no time to make."""

    newRequested = Signal()

    tabs: WorkflowTabs
    welcome: WelcomePage

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._opening = _Page()
        picture = QLabel()
        picture.setPixmap(app_icon().pixmap(64, 64))
        self._told = QLabel()
        self._told.setProperty("role", "muted")
        self._opening.add(picture)
        self._opening.add(self._told)
        self.addWidget(self._opening)

    def furnish(self, theme: Theme) -> None:
        """Makes the pages that need canvas and panels."""
        from studio.panels import WelcomePage
        from studio.shell.tabs import WorkflowTabs

        self.tabs = WorkflowTabs(theme)
        self.welcome = WelcomePage(theme)
        self._empty = _Page()
        heading = QLabel(self.tr("No workflow is open"))
        heading.setProperty("role", "title")
        hint = QLabel(self.tr("Open one from the list on the left, or begin a new one."))
        hint.setProperty("role", "muted")
        new = QPushButton(self.tr("New workflow"))
        new.setProperty("kind", "primary")
        new.clicked.connect(self.newRequested)
        for widget in (heading, hint, new):
            self._empty.add(widget)
        for page in (self.welcome, self.tabs, self._empty):
            self.addWidget(page)

    def set_theme(self, theme: Theme) -> None:
        self.tabs.set_theme(theme)
        self.welcome.set_theme(theme)

    def show_opening(self, text: str) -> None:
        self._told.setText(text)
        self.setCurrentWidget(self._opening)

    def show_for(self, *, has_project: bool) -> None:
        """The tabs when there are any, else the page that leads on."""
        if not has_project:
            self.setCurrentWidget(self.welcome)
        elif self.tabs.count():
            self.setCurrentWidget(self.tabs)
        else:
            self.setCurrentWidget(self._empty)
