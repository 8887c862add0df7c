"""Where in workflows within workflows is one? The way that led here, above the canvas; each part of it leads back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from studio.kernel.ids import NodeId, WorkflowId

if TYPE_CHECKING:
    from studio.qt.theme import Theme
    from studio.session import Session


@dataclass(frozen=True, slots=True)
class Crumb:
    """A workflow on the way, and the node in it through which one went on."""

    workflow: WorkflowId
    node: NodeId


class Breadcrumb(QWidget):
    """The way to one canvas; hidden where there is none. Keys: Tab and Space, or Alt+Shift+Enter for one step back."""

    chosen = Signal(int)
    """The number of the part that was clicked, 0 being the outermost."""

    def __init__(self, session: Session, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self.trail: tuple[Crumb, ...] = ()
        self.buttons: list[QToolButton] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(10, 3, 10, 3)
        self._row.setSpacing(2)
        self.setAccessibleName("Way to this workflow")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.set_theme(theme)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Colours from the theme, as the canvas has them."""
        self.setStyleSheet(
            f"Breadcrumb {{ background: {theme.hex('card')}; border-bottom: 1px solid {theme.hex('border')}; }}"
            f" QToolButton {{ border: none; padding: 2px 6px; color: {theme.hex('accent_text')}; }}"
            f" QToolButton:hover, QToolButton:focus {{ text-decoration: underline; }}"
            f" QLabel {{ color: {theme.hex('text')}; padding: 2px 4px; }}"
        )

    def show_trail(self, trail: tuple[Crumb, ...], here: str) -> None:
        """Shows the way that led to the workflow called `here`; workflows that are gone meanwhile are left out."""
        workflows = self._session.project.workflows
        self.trail = tuple(crumb for crumb in trail if crumb.workflow in workflows)
        while (item := self._row.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.buttons = []
        for number, crumb in enumerate(self.trail):
            button = QToolButton(self)
            button.setText(workflows[crumb.workflow].name.replace("&", "&&"))
            button.setToolTip("Back to this workflow")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(partial(self._choose, number))
            self.buttons.append(button)
            self._row.addWidget(button)
            self._row.addWidget(QLabel("▸", self))
        self._row.addWidget(QLabel(here, self))
        self._row.addStretch(1)
        self.setVisible(bool(self.trail))

    def _choose(self, number: int, *_: object) -> None:
        self.chosen.emit(number)
