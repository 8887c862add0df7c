"""What is in the middle while no workflow is open? A page that says what is being opened, and one for a project without open tabs."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from studio.panels import WelcomePage
from studio.qt.icons import app_icon
from studio.qt.theme import Theme
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
    """The middle of the window: the tabs, or what stands in for them."""

    newRequested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tabs = WorkflowTabs(theme)
        self.welcome = WelcomePage(theme)
        self._opening = _Page()
        picture = QLabel()
        picture.setPixmap(app_icon().pixmap(64, 64))
        self._told = QLabel()
        self._told.setProperty("role", "muted")
        self._opening.add(picture)
        self._opening.add(self._told)
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
        for page in (self._opening, self.welcome, self.tabs, self._empty):
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
