"""How do values and fields stand side by side to be mapped? Two lists whose rows tell name, type and what holds; one is dragged from, one dropped on.

What fits what is asked of whoever shows them (`map_page`); nothing is altered here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from PySide6.QtCore import QMimeData, QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QPainter,
    QStandardItem,
    QStandardItemModel,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QTreeView,
    QWidget,
)

from studio.models.spec import MISSING
from studio.panels.display import cell_text, kind_of
from studio.panels.widgets import counted, item_icon
from studio.qt.mime import FIELD_MIME, OUTPUT_MIME, output_mime, read_field, read_output
from studio.workflow.types import PortType

if TYPE_CHECKING:
    from studio.qt.theme import Theme
    from studio.session.mapping import Giver, Source, Target
    from studio.workflow.types import PortKind

WHAT: Final = Qt.ItemDataRole.UserRole + 1
"""The Source or the Target of a row, in a tuple: Qt would take a mapping within it for one of its own."""
TYPE: Final = Qt.ItemDataRole.UserRole + 2
"""Faint text at the right of the first line."""
BELOW: Final = Qt.ItemDataRole.UserRole + 3
"""The second line."""
BELOW_TINT: Final = Qt.ItemDataRole.UserRole + 4
MARK: Final = Qt.ItemDataRole.UserRole + 5
"""Whether the name has a star: the field must be given."""
DIM: Final = Qt.ItemDataRole.UserRole + 6
"""Whether the row is drawn faintly: what is chosen does not fit it."""

_ROW_PX: Final = 40
_HEAD_PX: Final = 26
_GAP_PX: Final = 6
_ICON_PX: Final = 16
_OPEN: Final = 6
"""So many nodes lie open at first."""
_LEAST_PX: Final = 28
"""A type that has less room than this beside its name is left to the tooltip."""


class TwoLines(QStyledItemDelegate):
    """A row of two lines: name and type above, what holds below; a row without the second is a heading."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(60, _HEAD_PX if index.data(BELOW) is None else _ROW_PX)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        below = index.data(BELOW)
        if below is None:
            super().paint(painter, option, index)
            return
        whole: Any = QStyleOptionViewItem(option)
        style = whole.widget.style() if whole.widget else None
        if style is not None:
            style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, whole, painter, whole.widget)
        rect: QRect = whole.rect.adjusted(2, 3, -_GAP_PX, -3)
        painter.save()
        try:
            if index.data(DIM):
                painter.setOpacity(0.45)
            self._paint(painter, rect, index, str(below))
        finally:
            painter.restore()

    def _paint(
        self, painter: QPainter, rect: QRect, index: QModelIndex | QPersistentModelIndex, below: str
    ) -> None:
        theme = self.theme
        sign = index.data(Qt.ItemDataRole.DecorationRole)
        line = rect.height() // 2
        if sign is not None:
            sign.paint(painter, QRect(rect.left(), rect.top() + (line - _ICON_PX) // 2, _ICON_PX, _ICON_PX))
        left = rect.left() + _ICON_PX + _GAP_PX
        first = QRect(left, rect.top(), rect.right() - left, line)
        second = first.translated(0, line)
        start = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        end = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        name, kind = str(index.data()), str(index.data(TYPE) or "")
        star = "*" if index.data(MARK) else ""
        painter.setFont(theme.font())
        wanted = painter.fontMetrics().horizontalAdvance(name + star)
        painter.setFont(theme.font(size_px=11))
        room = first.width() - wanted - _GAP_PX
        room = room if room >= _LEAST_PX else 0
        shown = painter.fontMetrics().elidedText(kind, Qt.TextElideMode.ElideRight, room) if room else ""
        painter.setPen(theme.color("text_muted"))
        painter.drawText(first, end, shown)
        taken = painter.fontMetrics().horizontalAdvance(shown) + (_GAP_PX if shown else 0)
        painter.setFont(theme.font())
        metrics = painter.fontMetrics()
        text = metrics.elidedText(
            name, Qt.TextElideMode.ElideRight, first.width() - taken - metrics.horizontalAdvance(star)
        )
        painter.setPen(theme.color("text"))
        painter.drawText(first, start, text)
        painter.setPen(theme.color("error"))
        painter.drawText(first.adjusted(metrics.horizontalAdvance(text), 0, 0, 0), start, star)
        painter.setFont(theme.font(size_px=11))
        painter.setPen(theme.color(str(index.data(BELOW_TINT) or "text_muted")))
        painter.drawText(
            second,
            start,
            painter.fontMetrics().elidedText(below, Qt.TextElideMode.ElideRight, second.width()),
        )


class SourcesModel(QStandardItemModel):
    """The values by the nodes that give them."""

    def hasChildren(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> bool:  # noqa: B008 - Qt's own default
        """A node has values, which are read when it is unfolded."""
        return not parent.isValid() or not parent.parent().isValid()

    def mimeTypes(self) -> list[str]:
        return [OUTPUT_MIME, "text/plain"]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        sources = [what[0] for what in (index.data(WHAT) for index in indexes) if what]
        return output_mime(sources[0].node, sources[0].port) if sources else QMimeData()

    def supportedDragActions(self) -> Qt.DropAction:
        return Qt.DropAction.CopyAction


class SourceTree(QTreeView):
    """What comes from before the node: drag it to a field, or press Enter to go on to the fields."""

    chosen = Signal()
    """Enter: the value is to be mapped."""
    picked = Signal()
    """Another value is current, or none."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.sources = SourcesModel(self)
        self._rows = TwoLines(theme, self)
        self._givers: dict[str, Giver] = {}
        self._open: dict[str, bool] = {}
        """The nodes that a person has unfolded, or folded."""
        self.setModel(self.sources)
        self.setItemDelegate(self._rows)
        self.setHeaderHidden(True)
        self.setIndentation(10)
        self.setAccessibleName(self.tr("Values from before"))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.selectionModel().selectionChanged.connect(self._selected)
        self.expanded.connect(self._unfold)
        self.collapsed.connect(self._fold)

    def set_theme(self, theme: Theme) -> None:
        self._rows.theme = theme

    @property
    def source(self) -> Source | None:
        """The value that is chosen."""
        for index in self.selectedIndexes():
            what = index.data(WHAT)
            if what:
                found: Source = what[0]
                return found
        return None

    def show_givers(self, givers: Sequence[Giver]) -> None:
        """Shows the values; what was chosen and folded stays so."""
        before, scrolled = self.source, self.verticalScrollBar().value()
        model, theme = self.sources, self._rows.theme
        self.selectionModel().blockSignals(True)
        self.blockSignals(True)  # what a person has unfolded is remembered, not what is unfolded here
        model.clear()
        self._givers = {giver.node: giver for giver in givers}
        for place, giver in enumerate(givers):
            head = QStandardItem(
                item_icon("arrow-elbow-down-right" if giver.leads else "dots-three", theme), giver.title
            )
            head.setFont(theme.font(bold=True))
            head.setEditable(False)
            head.setSelectable(False)
            head.setDragEnabled(False)
            head.setToolTip(
                self.tr("{title} leads to this node.").format(title=giver.title)
                if giver.leads
                else self.tr("{title} is not connected yet; mapping connects it.").format(title=giver.title)
            )
            head.setData(giver.node, TYPE)
            model.appendRow(head)
            # Of many nodes the nearest lie open.
            if self._open.get(giver.node, place < _OPEN) or (
                before is not None and before.node == giver.node
            ):
                self._fill(head)
                self.setExpanded(head.index(), True)
        self.blockSignals(False)
        self.selectionModel().blockSignals(False)
        if before is not None:
            self.select(before.node, before.port)
        self.verticalScrollBar().setValue(scrolled)
        self.picked.emit()

    def select(self, node: str, port: str) -> bool:
        """Chooses a value, unfolding its node; False when it is not there."""
        for row in range(self.sources.rowCount()):
            head = self.sources.item(row)
            if head.data(TYPE) == node:
                self.setExpanded(head.index(), True)
                for place in range(head.rowCount()):
                    if head.child(place).data(WHAT)[0].port == port:
                        self.setCurrentIndex(head.child(place).index())
                        return True
        return False

    def indexes(self) -> list[QModelIndex]:
        """The rows of all values that are unfolded, from top to bottom."""
        heads = [self.sources.item(row) for row in range(self.sources.rowCount())]
        return [head.child(row).index() for head in heads for row in range(head.rowCount())]

    def _item(self, source: Source) -> QStandardItem:
        theme = self._rows.theme
        kind = str(source.type)
        if source.type.kind == "any" and source.sample is not MISSING:
            found = kind_of(source.sample)
            kind = str(PortType(kind=cast("PortKind", found))) if found else kind
        token = f"type_{source.type.kind}"
        glyph = "rows" if source.rows == source.port else "circle"
        item = QStandardItem(
            item_icon(glyph, theme, token if token in theme.tokens else "text_muted"), source.name
        )
        item.setEditable(False)
        item.setData((source,), WHAT)
        item.setData(kind, TYPE)
        sample = self.tr("no value yet") if source.sample is MISSING else self._sample_text(source)
        item.setData(sample, BELOW)
        item.setToolTip(f"{source.title} › {source.port}: {kind}\n{sample[:400]}")
        item.setData(f"{source.title}, {source.name}, {kind}, {sample}", Qt.ItemDataRole.AccessibleTextRole)
        return item

    def _sample_text(self, source: Source) -> str:
        sample = source.sample
        if source.rows != source.port or not isinstance(sample, list | tuple):
            return cell_text(sample)
        return self.tr("1 row") if len(sample) == 1 else self.tr("{n} rows").format(n=counted(len(sample)))

    def _selected(self, *_: object) -> None:
        self.picked.emit()

    def _fold(self, index: QModelIndex) -> None:
        self._open[str(index.data(TYPE))] = False

    def _unfold(self, index: QModelIndex) -> None:
        node = str(index.data(TYPE))
        self._open[node] = True
        self._fill(self.sources.itemFromIndex(index))

    def _fill(self, head: QStandardItem) -> None:
        if not head.rowCount():
            for source in self._givers[head.data(TYPE)].sources:
                head.appendRow(self._item(source))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.source is not None:
            self.chosen.emit()
        elif event.key() == Qt.Key.Key_Escape and self.source is not None:
            self.clearSelection()
        else:
            super().keyPressEvent(event)


Judge = Callable[[str, str, "Target"], str]
"""Says why a value (a node and its port, or a model and its field) cannot be dropped on a field; empty when it can."""


class FieldTree(QTreeView):
    """The fields that the node takes: drop a value on one, or press Enter for the value that is chosen."""

    mapWanted = Signal(object)
    """Enter on a Target."""
    unmapWanted = Signal(object)
    menuWanted = Signal(object, QPoint)
    """(Target, global point)."""
    outputDropped = Signal(str, str, object)
    """A node, its port, a Target."""
    fieldDropped = Signal(str, str, object)
    """A model, its field, a Target."""

    def __init__(self, theme: Theme, judge: Judge, parent: QWidget) -> None:
        super().__init__(parent)
        self._judge = judge
        self._rows = TwoLines(theme, self)
        self.fields = QStandardItemModel(self)
        self.setModel(self.fields)
        self.setItemDelegate(self._rows)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setAccessibleName(self.tr("Fields of this node"))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAcceptDrops(True)
        self.setDropIndicatorShown(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)
        self.doubleClicked.connect(self._activated)

    def set_theme(self, theme: Theme) -> None:
        self._rows.theme = theme

    @property
    def target(self) -> Target | None:
        """The field that is current."""
        return _target_at(self.currentIndex())

    @property
    def targets(self) -> list[Target]:
        found = [_target_at(self.fields.index(row, 0)) for row in range(self.fields.rowCount())]
        return [target for target in found if target is not None]

    def show_targets(self, rows: Sequence[tuple[Target, str, str]]) -> None:
        """Shows fields, each with what it is set to in words and the colour of these; the current one stays current."""
        before, scrolled = self.target, self.verticalScrollBar().value()
        self.fields.clear()
        again = 0
        for place, (target, below, tint) in enumerate(rows):
            self.fields.appendRow(self._item(target, below, tint))
            if before is not None and before.name == target.name:
                again = place
        if rows:
            self.setCurrentIndex(self.fields.index(again, 0))
        self.verticalScrollBar().setValue(scrolled)

    def show_fits(self, fits: Callable[[Target], bool] | None) -> None:
        """Draws those fields faintly that what is chosen does not fit; None: nothing is chosen."""
        for row, target in enumerate(self.targets):
            self.fields.item(row).setData(fits is not None and not fits(target), DIM)

    def select(self, name: str) -> bool:
        """Makes a field the current one; False when there is none of that name."""
        for row, target in enumerate(self.targets):
            if target.name == name:
                self.setCurrentIndex(self.fields.index(row, 0))
                return True
        return False

    def _item(self, target: Target, below: str, tint: str) -> QStandardItem:
        theme = self._rows.theme
        glyph = _GLYPHS.get(target.state, "circle")
        if target.state == "unset" and target.field is not None:
            glyph = "key" if target.field.key else "circle"
        token = f"type_{target.type.kind}"
        item = QStandardItem(
            item_icon(glyph, theme, token if token in theme.tokens else "text_muted"), target.name
        )
        item.setEditable(False)
        item.setData((target,), WHAT)
        kind = str(target.type)
        if target.field is not None and target.field.references:
            kind = f"→ {target.field.references.partition('.')[0]}"
        item.setData(kind, TYPE)
        item.setData(below, BELOW)
        item.setData(tint, BELOW_TINT)
        item.setData(target.required, MARK)
        facts = [f"{target.name}: {target.type}", self.tr("required") if target.required else "", below]
        if target.field is not None and target.field.description:
            facts.insert(0, target.field.description)
        item.setToolTip("\n".join(fact for fact in facts if fact))
        item.setData(", ".join(fact for fact in facts if fact), Qt.ItemDataRole.AccessibleTextRole)
        return item

    # ------------------------------------------------------------ keys, menus, drops

    def keyPressEvent(self, event: QKeyEvent) -> None:
        target = self.target
        if target is None:
            super().keyPressEvent(event)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.mapWanted.emit(target)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.unmapWanted.emit(target)
        else:
            super().keyPressEvent(event)

    def place_of(self, target: Target) -> QPoint:
        """The global point below a field's row."""
        for row, known in enumerate(self.targets):
            if known.name == target.name:
                box = self.visualRect(self.fields.index(row, 0))
                return self.viewport().mapToGlobal(box.bottomLeft() + QPoint(_ICON_PX, 0))
        return self.viewport().mapToGlobal(QPoint(0, 0))

    def _menu(self, at: QPoint) -> None:
        target = _target_at(self.indexAt(at)) or self.target
        if target is not None:
            self.menuWanted.emit(target, self.viewport().mapToGlobal(at))

    def _activated(self, index: QModelIndex) -> None:
        target = _target_at(index)
        if target is not None:
            self.mapWanted.emit(target)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self._drag_over(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        super().dragMoveEvent(event)  # scrolls at the border
        self._drag_over(event)

    def _drag_over(self, event: QDragMoveEvent) -> None:
        found = read_output(event.mimeData()) or read_field(event.mimeData())
        if found is None:
            event.ignore()
            return
        at = event.position().toPoint()
        target = _target_at(self.indexAt(at))
        event.setDropAction(Qt.DropAction.CopyAction)
        if target is None:
            event.accept() if event.type() == event.Type.DragEnter else event.ignore()
            return
        self.select(target.name)
        is_output = event.mimeData().hasFormat(OUTPUT_MIME)
        reason = self._judge(*found, target) if is_output else ""
        event.accept()
        if reason:
            event.ignore()
            QToolTip.showText(self.viewport().mapToGlobal(at), reason, self.viewport())
        else:
            QToolTip.hideText()

    def dropEvent(self, event: QDropEvent) -> None:
        self.stopAutoScroll()
        self.setState(QAbstractItemView.State.NoState)
        target = _target_at(self.indexAt(event.position().toPoint()))
        mime = event.mimeData()
        output, field = read_output(mime), read_field(mime) if mime.hasFormat(FIELD_MIME) else None
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        if target is not None and output is not None:
            self.outputDropped.emit(*output, target)
        elif target is not None and field is not None:
            self.fieldDropped.emit(*field, target)


_GLYPHS: Final = {
    "value": "equals",
    "expression": "function",
    "wire": "link",
    "rows": "rows",
    "whole": "link",
    "managed": "lock-simple",
}


def _target_at(index: QModelIndex) -> Target | None:
    what = index.data(WHAT) if index.isValid() else None
    if not what:
        return None
    found: Target = what[0]
    return found
