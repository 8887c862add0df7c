"""How does one look for nodes on the canvas? A bar at its top; what is found is ringed, and Enter goes from one to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QToolButton, QVBoxLayout

from studio.canvas import find_query

if TYPE_CHECKING:
    from studio.canvas.style import Style
    from studio.canvas.view import CanvasView
    from studio.kernel.ids import NodeId

WIDTH_PX: Final = 420
MARGIN_PX: Final = 10
PLACEHOLDER: Final = "Find: words, is:invalid, model:…, state:failed"


class FindBar(QFrame):
    """Finds nodes of one canvas. Invariant: while it is shown, `viewer.found` are the nodes that its text means."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._found: list[NodeId] = []
        self._current: NodeId | None = None
        self.setObjectName("findBar")
        self.setAccessibleName("Find on canvas")
        self.line = QLineEdit(self)
        self.line.setPlaceholderText(PLACEHOLDER)
        self.line.setAccessibleName("Find on canvas")
        self.line.setToolTip(
            "Words of a title, a type or a param; is:invalid, is:disabled, is:selected, model:Order, type:List, state:failed; "
            "a minus in front takes away"
        )
        self.line.textChanged.connect(self._typed)
        self.line.installEventFilter(self)
        self.count = QLabel(self)
        self.count.setTextFormat(Qt.TextFormat.PlainText)
        self.help = QLabel(self)
        self.help.setTextFormat(Qt.TextFormat.PlainText)
        self.help.setWordWrap(True)
        self.help.hide()
        layout = QHBoxLayout()
        layout.setSpacing(4)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(6, 5, 6, 5)
        rows.setSpacing(3)
        rows.addLayout(layout)
        rows.addWidget(self.help)
        layout.addWidget(self.line, 1)
        layout.addWidget(self.count)
        for text, tip, deed in (
            ("‹", "Previous  (Shift+Enter)", self.previous),
            ("›", "Next  (Enter)", self.next),
            ("×", "Close  (Esc)", self.dismiss),
        ):
            button = QToolButton(self)
            button.setText(text)
            button.setToolTip(tip)
            button.setAccessibleName(tip.partition("  ")[0])
            button.setAutoRaise(True)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(deed)
            layout.addWidget(button)
        self.hide()

    def set_style(self, style: Style) -> None:
        theme = style.theme
        self.setStyleSheet(
            f"#findBar {{ background: {theme.hex('panel')}; border: 1px solid {theme.hex('border_strong')}; border-radius: 7px; }}"
            f"#findBar QLabel {{ color: {theme.hex('text_muted')}; background: transparent; padding: 0 4px; }}"
            f"#findBar QLineEdit {{ background: {theme.hex('input')}; color: {theme.hex('text')};"
            f" border: 1px solid {theme.hex('border_strong')}; border-radius: 5px; padding: 4px 7px; }}"
            f"#findBar QToolButton {{ color: {theme.hex('text')}; font-size: 15px; padding: 1px 6px; }}"
        )

    def open(self) -> None:
        """Shows the bar, with what was looked for last."""
        self.place()
        self.show()
        self.raise_()
        self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.line.selectAll()
        self.refresh()

    def place(self) -> None:
        """At the top right of the canvas, within it."""
        width = min(WIDTH_PX, max(self._view.width() - 2 * MARGIN_PX, 160))
        height = max(self.heightForWidth(width), self.sizeHint().height() if self.help.isHidden() else 0)
        self.setGeometry(self._view.width() - width - MARGIN_PX, MARGIN_PX, width, height)

    def dismiss(self) -> None:
        if self.isVisible():
            self.hide()
            self._view.viewer.set_found([], None)
            self._view.viewer.setFocus(Qt.FocusReason.PopupFocusReason)

    def refresh(self) -> None:
        """Looks again: the workflow, its problems or its run are other ones. The view stays where it is."""
        if not self.isVisible():
            return
        query = find_query.parse(self.line.text())
        geometry = self._view.projector.geometry
        self._found = [geometry.ids[i] for i in find_query.found(query, self._view.projector)]
        if self._current not in self._found:
            self._current = None
        self._tell(query)

    def next(self) -> None:
        self._step(1)

    def previous(self) -> None:
        self._step(-1)

    def _typed(self) -> None:
        self._current = None
        self.refresh()
        if self._found and self.isVisible():
            self._view.reveal(self._found[0])

    def _step(self, by: int) -> None:
        """Selects the next one and brings it into view; after the last comes the first."""
        self.refresh()
        if not self._found:
            return
        if self._current is None:
            place = 0 if by > 0 else len(self._found) - 1
        else:
            place = (self._found.index(self._current) + by) % len(self._found)
        self._current = self._found[place]
        self._view.select([self._current])
        self._view.reveal(self._current)
        self._tell(find_query.parse(self.line.text()))

    def _tell(self, query: find_query.Query) -> None:
        self.help.setText(query.complaint or query.choices)
        self.help.setVisible(bool(self.help.text()))
        self.place()
        if query.is_empty:
            text = ""
        elif not self._found:
            text = "None"
        elif self._current is None:
            text = f"{len(self._found):,} found"
        else:
            text = f"{self._found.index(self._current) + 1:,} of {len(self._found):,}"
        self.count.setText(text)
        self._view.viewer.set_found(self._found, self._current)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.line and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._step(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.dismiss()
                return True
        return super().eventFilter(watched, event)
