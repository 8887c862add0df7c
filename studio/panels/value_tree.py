"""How is one record or one value looked at closely? A tree of fields and nested values, and the whole text of one of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QBrush, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QPlainTextEdit,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from studio.panels.copying import to_json
from studio.panels.display import cell_text, full_text, kind_of
from studio.panels.picture_value import PictureView
from studio.panels.widgets import ElidedLabel, copy_text, tool_button

if TYPE_CHECKING:
    from studio.qt.theme import Theme

_MOST_CHILDREN: Final = 1000
_LOW_PX: Final = 240
_WIDE_PX: Final = 340
_VALUE: Final = Qt.ItemDataRole.UserRole


class ValueTree(QTreeWidget):
    """Fields with their kinds and values; mappings and lists unfold, their children are made when they do."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme
        self.setColumnCount(2)
        self.setHeaderLabels([self.tr("Field"), self.tr("Value")])
        self.setAccessibleName(self.tr("Record"))
        self.setUniformRowHeights(True)
        self.setAlternatingRowColors(False)
        self.setIndentation(16)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        header = self.header()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        header.resizeSection(0, 150)
        self.itemExpanded.connect(self._fill)
        copy = QAction(self.tr("Copy value"), self)
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self._copy)
        self.addAction(copy)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def show_value(self, value: Any, *, kinds: Mapping[str, str] | None = None) -> None:
        """Shows a mapping's entries, a list's items, or a single value; keeps the place that was selected."""
        chosen = [item.text(0) for item in self.selectedItems()[:1] if item.parent() is None]
        self.clear()
        for name, entry in _children_of(value):
            self.addTopLevelItem(self._item(name, entry, (kinds or {}).get(name, "")))
        for index in range(self.topLevelItemCount()):
            item = self.topLevelItem(index)
            if item is not None and item.text(0) in chosen:
                self.setCurrentItem(item)

    def value_at(self, item: QTreeWidgetItem | None) -> Any:
        return item.data(1, _VALUE)[0] if item is not None else None

    def _item(self, name: str, value: Any, kind: str) -> QTreeWidgetItem:
        item = QTreeWidgetItem([name, cell_text(value)])
        # Wrapped, for Qt would turn a mapping into one of its own.
        item.setData(1, _VALUE, (value,))
        kind = kind or kind_of(value)
        item.setToolTip(0, f"{name}: {kind}" if kind else name)
        if value is None:
            font = self.theme.font()
            font.setItalic(True)
            item.setFont(1, font)
            item.setForeground(1, QBrush(self.theme.color("text_muted")))
        unfolded = _unfolded(value)
        if isinstance(unfolded, Mapping | list | tuple) and unfolded:
            item.setText(1, _size_of(unfolded) + "  " + cell_text(value))
            item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
        return item

    def _fill(self, item: QTreeWidgetItem) -> None:
        if item.childCount():
            return
        for name, entry in _children_of(_unfolded(self.value_at(item))):
            item.addChild(self._item(name, entry, ""))

    def _copy(self) -> None:
        item = self.currentItem()
        if item is not None:
            copy_text(full_text(self.value_at(item)))


def _children_of(value: Any) -> Sequence[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [(str(name), entry) for name, entry in list(value.items())[:_MOST_CHILDREN]]
    if isinstance(value, list | tuple):
        return [(str(number), entry) for number, entry in enumerate(value[:_MOST_CHILDREN])]
    return [("value", value)]


def _size_of(value: Mapping[Any, Any] | Sequence[Any]) -> str:
    return f"{{{len(value)}}}" if isinstance(value, Mapping) else f"[{len(value)}]"


class ValueView(QWidget):
    """A record as a tree above, the chosen field's whole value as text below."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme
        self._value: Any = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 4, 4, 4)
        self._title = ElidedLabel("", self)
        self._title.setProperty("role", "heading")
        bar.addWidget(self._title, 1)
        self._copy_button = tool_button("copy", theme, self, tip=self.tr("Copy this record or value"))
        self._copy_button.setPopupMode(self._copy_button.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self._copy_button)
        menu.addAction(self.tr("Copy as JSON"), self._copy_json)
        menu.addAction(self.tr("Copy field's value"), self._copy_field)
        self._copy_button.setMenu(menu)
        bar.addWidget(self._copy_button)
        column.addLayout(bar)
        splitter = QSplitter(Qt.Orientation.Vertical, self)
        self.tree = ValueTree(theme, splitter)
        self.text = QPlainTextEdit(splitter)
        self.text.setReadOnly(True)
        self.text.setFont(theme.mono(size_px=12))
        self.text.setAccessibleName(self.tr("Whole value"))
        self.text.setPlaceholderText(self.tr("Choose a field to see its whole value."))
        self.picture = PictureView(splitter)
        self.picture.hide()
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 1)
        splitter.setStretchFactor(2, 2)
        splitter.setChildrenCollapsible(False)
        column.addWidget(splitter, 1)
        self._splitter = splitter
        self.tree.currentItemChanged.connect(self._show_text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little height and enough width, tree and text stand side by side."""
        super().resizeEvent(event)
        low = self.height() < _LOW_PX and self.width() >= _WIDE_PX
        self._splitter.setOrientation(Qt.Orientation.Horizontal if low else Qt.Orientation.Vertical)

    def show_value(self, title: str, value: Any, *, kinds: Mapping[str, str] | None = None) -> None:
        self._value = value
        self._title.set_text(title)
        self.tree.show_value(value, kinds=kinds)
        self._show_text(self.tree.currentItem())

    def show_field(self, name: str) -> None:
        """Chooses a field of the record that is shown."""
        for index in range(self.tree.topLevelItemCount()):
            item = self.tree.topLevelItem(index)
            if item is not None and item.text(0) == name:
                self.tree.setCurrentItem(item)
                return

    def _show_text(self, item: QTreeWidgetItem | None, _before: QTreeWidgetItem | None = None) -> None:
        value = self.tree.value_at(item)
        is_picture = self.picture.show_value(value)
        self.picture.setVisible(is_picture)
        self.text.setVisible(not is_picture)
        self.text.setPlainText("" if item is None or is_picture else _pretty(value))

    def _copy_json(self) -> None:
        if isinstance(self._value, Mapping):
            text = json.loads(to_json([str(name) for name in self._value], [self._value]))[0]
            copy_text(json.dumps(text, ensure_ascii=False, indent=2))
        else:
            copy_text(full_text(self._value))

    def _copy_field(self) -> None:
        copy_text(full_text(self.tree.value_at(self.tree.currentItem())))


def _unfolded(value: Any) -> Any:
    """The value itself; for a text that is an object or a list in JSON, what it says."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (json.JSONDecodeError, RecursionError):
            return value
    return value


def _pretty(value: Any) -> str:
    """The whole value; a text that is JSON is laid out as such."""
    unfolded = _unfolded(value)
    return full_text(value) if unfolded is value else json.dumps(unfolded, ensure_ascii=False, indent=2)
