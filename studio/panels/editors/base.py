"""What is an editor of one value? It shows a value, tells when a person has changed it, and gives what stands there now.

Which editor a param gets is `factory`'s business; what becomes of the value is the form's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QShowEvent, QTextCursor, QWheelEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QPlainTextEdit, QWidget

from studio.panels.widgets import set_role

if TYPE_CHECKING:
    from studio.models.spec import FieldSpec, ModelSpec
    from studio.qt.theme import Theme


@dataclass(frozen=True, slots=True, kw_only=True)
class EditorContext:
    """What editors may know of their surroundings: the look, the model that fields belong to, names for expressions.

    `workflows` are the ids and names of those that a node may run, `connections` the names of those that have the model. `fields` says which fields there are where they are not the model's:
    those of the records that come, or of what the node gives.
    """

    theme: Theme
    model: ModelSpec | None = None
    names: tuple[str, ...] = ()
    workflows: tuple[tuple[str, str], ...] = ()
    connections: tuple[str, ...] = ()
    fields: Callable[[], Sequence[str]] | None = None

    @property
    def field_names(self) -> tuple[str, ...]:
        """Those that are known now; none where nobody can tell."""
        if self.fields is not None:
            return tuple(self.fields())
        return self.model.names if self.model else ()

    def field(self, name: str) -> FieldSpec | None:
        return self.model.by_name.get(name) if self.model else None

    def kind_of(self, name: str) -> str:
        """The kind of a field; "" when there is none of that name."""
        field = self.field(name)
        return field.kind.value if field else ""


class ValueEditor(QWidget):
    """Edits one value. MISSING stands for "not set".

    `value()` never raises: a text that cannot be read is given as it is, and `problem` says what is wrong with it.
    """

    edited = Signal()
    """A person has changed the value."""
    finished = Signal()
    """A person has left the editor: one gesture has ended."""

    problem: str = ""
    unset_on_clear = True

    def value(self) -> Any:
        raise NotImplementedError

    def show_value(self, value: Any) -> None:
        """Shows a value without emitting anything; where it is shown already, the caret stays."""
        raise NotImplementedError

    def set_ghost(self, text: str) -> None:
        """Shows what holds while nothing is set."""

    def set_invalid(self, invalid: bool) -> None:
        """Draws the editor as holding something wrong."""

    def can_show(self, value: Any) -> bool:
        """Whether this editor can show the value without losing any of it."""
        return True

    def set_theme(self, theme: Theme) -> None:
        """Takes another look."""


class CalmCombo(QComboBox):
    """A combo box that a scrolling wheel passes over unless it has the focus."""

    left = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumContentsLength(4)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.isEditable() and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            # The arrows go on from what stands there, which may have been typed.
            with QSignalBlocker(self):
                typed = self.currentText()
                self.setCurrentIndex(self.findText(typed))
                self.setEditText(typed)
        super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.left.emit()


class GrowingText(QPlainTextEdit):
    """Several lines; as high as its text within limits. Tab leaves it, as in the rest of a form; where Tab indents, Escape does.

    Shift+Tab goes back from either.
    """

    left = Signal()

    def __init__(self, parent: QWidget, *, least: int = 2, most: int = 12) -> None:
        super().__init__(parent)
        self._least, self._most = least, most
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.document().documentLayout().documentSizeChanged.connect(self._grow)
        self._grow()

    def set_lines(self, least: int, most: int) -> None:
        self._least, self._most = least, most
        self._grow()

    def _grow(self) -> None:
        lines = max(self._least, min(self._most, int(self.document().size().height())))
        margins = 2 * int(self.document().documentMargin()) + 2 * self.frameWidth() + 8
        height = lines * self.fontMetrics().lineSpacing() + margins
        if {self.height(), self.minimumHeight(), self.maximumHeight()} != {height}:
            self.setFixedHeight(height)

    def showEvent(self, event: QShowEvent) -> None:
        # The style sheet has had its say about the least height only now.
        super().showEvent(event)
        self._grow()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._grow()

    def event(self, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and not self.tabChangesFocus()
        ):
            way = {Qt.Key.Key_Escape: True, Qt.Key.Key_Backtab: False}.get(Qt.Key(event.key()))
            # Not this widget's own, which refuses wherever Tab indents.
            if way is not None and QWidget.focusNextPrevChild(self, way):
                return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.left.emit()

    def put_text(self, text: str) -> None:
        """Replaces the text; the caret stays where it was as far as the new text reaches."""
        if text == self.toPlainText():
            return
        place = self.textCursor().position()
        scroll = self.verticalScrollBar().value()
        self.setPlainText(text)
        cursor = self.textCursor()
        cursor.setPosition(min(place, len(text)))
        self.setTextCursor(cursor)
        self.verticalScrollBar().setValue(scroll)

    def select_all_text(self) -> None:
        cursor = self.textCursor()
        cursor.select(QTextCursor.SelectionType.Document)
        self.setTextCursor(cursor)


def put_line(line: QLineEdit, text: str) -> None:
    """Replaces a line's text; the caret stays where it was as far as the new text reaches."""
    if line.text() == text:
        return
    place = line.cursorPosition()
    line.setText(text)
    line.setCursorPosition(min(place, len(text)) if line.hasFocus() else 0)


def mark_invalid(widget: QWidget, invalid: bool) -> None:
    set_role(widget, "invalid", "true" if invalid else "false")


class LeaveWatcher(QObject):
    """Tells when a widget loses the focus for good (not to its own popup)."""

    left = Signal()

    def __init__(self, watched: QWidget) -> None:
        super().__init__(watched)
        watched.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.FocusOut
            and isinstance(event, QFocusEvent)
            and event.reason() != Qt.FocusReason.PopupFocusReason
        ):
            self.left.emit()
        return False


def same(one: Any, other: Any) -> bool:
    """Equal and of one type: 1 is not True, and an int is not the Decimal of the same size."""
    return type(one) is type(other) and bool(one == other)
