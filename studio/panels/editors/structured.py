"""How do editors made of rows share what they have in common? Rows that can be added and removed, and a switch to the raw text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFocusEvent, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.models.spec import MISSING
from studio.panels.editors.base import CalmCombo, EditorContext, LeaveWatcher, ValueEditor
from studio.panels.editors.texts import JsonEditor
from studio.panels.widgets import ICON_PX, repaint_icons, tool_button

if TYPE_CHECKING:
    from studio.qt.theme import Theme

_NARROW_PX = 360
"""A row of three parts that is narrower shows less of each than a usual name has letters."""


class RowWidget(QWidget):
    """One row of an editor; it can be removed."""

    changed = Signal()
    left = Signal()
    removed = Signal(QWidget)

    def __init__(self, context: EditorContext, parent: QWidget) -> None:
        super().__init__(parent)
        self.context = context
        self._folding: QWidget | None = None
        self._shares: dict[QWidget, int] = {}
        self._remove_buttons: list[QToolButton] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.line = QHBoxLayout()
        self.line.setSpacing(4)
        self._below = QHBoxLayout()
        column.addLayout(self.line)
        column.addLayout(self._below)

    def add(self, widget: QWidget, share: int) -> None:
        """Appends a widget that gets `share` parts of the width."""
        self.line.addWidget(widget)
        self.share(widget, share)

    def share(self, widget: QWidget, share: int) -> None:
        """Widths follow the shares only, not the texts: rows under one another line up."""
        widget.setSizePolicy(QSizePolicy.Policy.Ignored, widget.sizePolicy().verticalPolicy())
        widget.setMinimumWidth(48)
        self.line.setStretchFactor(widget, share)
        self._shares[widget] = share

    def fold(self, widget: QWidget) -> None:
        """Lets a part go below the others where the row is too narrow for all to be read."""
        self._folding = widget
        self._arrange()

    def exchange(self, old: QWidget, new: QWidget) -> None:
        """Puts another widget into the place of one."""
        (self._below if self._below.indexOf(old) >= 0 else self.line).replaceWidget(old, new)
        self._shares = {new if part is old else part: share for part, share in self._shares.items()}
        self.share(new, self._shares[new])
        if self._folding is old:
            self._folding = new

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        part = self._folding
        if part is None:
            return
        is_below = self._below.indexOf(part) >= 0
        if self.width() < _NARROW_PX and not is_below:
            self.line.removeWidget(part)
            self._below.addWidget(part)
        elif self.width() >= _NARROW_PX and is_below:
            self._below.removeWidget(part)
            self.line.insertWidget(len(self._shares) - 1, part, self._shares[part])

    def add_remove_button(self) -> None:
        button = tool_button("x", self.context.theme, self, tip=self.tr("Remove this row"), tint="text_muted")
        button.clicked.connect(self._remove)
        self.line.addWidget(button)
        self._remove_buttons.append(button)

    def parts_in_order(self) -> list[QWidget]:
        """What is folded below comes before the button that removes the row."""
        return [*self._shares, *self._remove_buttons]

    def _remove(self) -> None:
        self.removed.emit(self)


class RowsEditor(ValueEditor):
    """Rows under one another with a button to add one. Subclasses make the rows and turn them into a value."""

    def __init__(self, context: EditorContext, parent: QWidget) -> None:
        super().__init__(parent)
        self.context = context
        self.rows: list[RowWidget] = []
        self._held: Any = MISSING
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._head = QHBoxLayout()
        column.addLayout(self._head)
        self._column = QVBoxLayout()
        self._column.setSpacing(4)
        column.addLayout(self._column)
        self.add_button = QPushButton(self.label_of_add(), self)
        self.add_button.setProperty("kind", "link")
        self.add_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.add_button.clicked.connect(self.add_empty)
        column.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignLeft)

    # ------------------------------------------------------------ for subclasses

    def label_of_add(self) -> str:
        return self.tr("+ row")

    def make_row(self, content: Any) -> RowWidget:
        """A row that shows `content` (None: an empty one)."""
        raise NotImplementedError

    def contents(self, value: Any) -> Sequence[Any] | None:
        """The rows' contents of a value; None when rows cannot show it."""
        raise NotImplementedError

    def collect(self) -> Any:
        """The value of the rows as they stand; sets `problem`."""
        raise NotImplementedError

    # ------------------------------------------------------------ the editor

    def can_show(self, value: Any) -> bool:
        return value is MISSING or self.contents(value) is not None

    def value(self) -> Any:
        self.problem = ""
        return self.collect()

    def show_value(self, value: Any) -> None:
        if self.rows and same(self.value(), value):
            return
        self._held = value
        contents = () if value is MISSING else self.contents(value)
        for row in self.rows:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = []
        for content in contents or ():
            self._append(content)

    def set_theme(self, theme: Theme) -> None:
        repaint_icons(self, theme)

    def add_empty(self) -> None:
        row = self._append(None)
        for first in (*row.findChildren(CalmCombo), *row.findChildren(QLineEdit)):
            first.setFocus(Qt.FocusReason.OtherFocusReason)
            return

    def _append(self, content: Any) -> RowWidget:
        row = self.make_row(content)
        row.changed.connect(self.edited)
        row.left.connect(self.finished)
        row.removed.connect(self._remove)
        self.rows.append(row)
        self._column.addWidget(row)
        row.show()
        return row

    def _remove(self, row: QWidget) -> None:
        self.rows = [known for known in self.rows if known is not row]
        self._column.removeWidget(row)
        row.hide()
        row.deleteLater()
        self.edited.emit()
        self.finished.emit()


class RawSwitch(ValueEditor):
    """A structured editor and the same value as JSON; values that the structure cannot show are shown as JSON only."""

    def __init__(self, inner: ValueEditor, kind: str, context: EditorContext, parent: QWidget) -> None:
        super().__init__(parent)
        self.inner = inner
        self.raw = JsonEditor(kind, context, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(inner)
        column.addWidget(self.raw)
        self.raw.hide()
        self.switch = QToolButton(self)
        self.switch.setText("{ }")
        self.switch.setCheckable(True)
        self.switch.setToolTip(self.tr("Show as JSON"))
        self.switch.setAccessibleName(self.tr("Show as JSON"))
        self.switch.setFixedHeight(ICON_PX + 8)
        self.switch.hide()
        self.switch.clicked.connect(self._switched)
        for editor in (inner, self.raw):
            editor.edited.connect(self.edited)
            editor.finished.connect(self.finished)
        self.setFocusProxy(inner)

    @property
    def is_raw(self) -> bool:
        return self.switch.isChecked()

    def value(self) -> Any:
        shown = self.raw if self.is_raw else self.inner
        value = shown.value()
        self.problem = shown.problem
        return value

    def show_value(self, value: Any) -> None:
        fits = self.inner.can_show(value)
        self.switch.setEnabled(fits)
        tip = self.tr("Show as JSON") if fits else self.tr("Only JSON can show this value: it is nested")
        self.switch.setToolTip(tip)
        if not fits and not self.is_raw:
            self._show_raw(True)
        (self.raw if self.is_raw else self.inner).show_value(value)

    def set_ghost(self, text: str) -> None:
        self.inner.set_ghost(text)
        self.raw.set_ghost(text)

    def set_invalid(self, invalid: bool) -> None:
        self.inner.set_invalid(invalid)
        self.raw.set_invalid(invalid)

    def set_theme(self, theme: Theme) -> None:
        self.inner.set_theme(theme)
        self.raw.set_theme(theme)

    def _switched(self) -> None:
        raw = self.switch.isChecked()
        value = (self.inner if raw else self.raw).value()
        if not raw and not self.inner.can_show(value):
            self.switch.setChecked(True)
            return
        self._show_raw(raw)
        (self.raw if raw else self.inner).show_value(value)

    def _show_raw(self, raw: bool) -> None:
        self.switch.setChecked(raw)
        self.inner.setVisible(not raw)
        self.raw.setVisible(raw)
        self.setFocusProxy(self.raw if raw else self.inner)


class FieldCombo(CalmCombo):
    """A choice of names; others (JSON paths, fields of an unknown model) may be typed.

    What is offered is asked for anew whenever the combo gets the focus or opens: other params and nodes decide about it.
    """

    def __init__(
        self, offered: Callable[[], Sequence[str]], chosen: str, parent: QWidget, *, tip: str
    ) -> None:
        super().__init__(parent)
        self._offered = offered
        self.setEditable(True)
        self.setInsertPolicy(CalmCombo.InsertPolicy.NoInsert)
        self.addItems(list(offered()))
        self.setCurrentText(chosen)
        self.setToolTip(tip)
        self.setAccessibleName(tip)
        line = self.lineEdit()
        if line is not None:
            line.setPlaceholderText(tip)
            line.setCursorPosition(0)
            LeaveWatcher(line).left.connect(self.left)

    def showPopup(self) -> None:
        self._renew()
        super().showPopup()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._renew()
        super().focusInEvent(event)

    def _renew(self) -> None:
        names = list(self._offered())
        if names == [self.itemText(number) for number in range(self.count())]:
            return
        text = self.currentText()
        with QSignalBlocker(self):
            self.clear()
            self.addItems(names)
            self.setCurrentIndex(self.findText(text))
            self.setEditText(text)


def same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and repr(one) == repr(other)
