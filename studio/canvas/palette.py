"""How are nodes offered at the cursor? A small panel with a line to type in and a list; ranking is `palette_search`'s business."""

from __future__ import annotations

import html
from typing import Final

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QGraphicsDropShadowEffect,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from studio.canvas.cards import tone
from studio.canvas.palette_search import ELSEWHERE, Entry, Section, prepare, preview, sections, signature
from studio.canvas.style import Style, blend

SIZE: Final = QSize(480, 360)
_PREVIEW_PX: Final = 212
_LEAST_SIGNATURE: Final = 64.0
"""Pixels below which nothing of a signature could be read."""
ENTRY: Final = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex


KEYS: Final = "Enter adds · Shift+Enter adds and stays open · → shows what it takes and gives"


class PaletteModel(QAbstractListModel):
    """Sections and their entries as rows; headings cannot be chosen."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._rows: list[str | Entry] = []

    def show(self, found: list[Section]) -> None:
        self.beginResetModel()
        self._rows = []
        for section in found:
            self._rows += [section.title, *section.entries]
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self._rows[index.row()] if index.isValid() else None
        if role == ENTRY:
            return row if isinstance(row, Entry) else None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return row.title if isinstance(row, Entry) else row
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        if index.isValid() and isinstance(self._rows[index.row()], Entry):
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return Qt.ItemFlag.NoItemFlags

    def entry_rows(self) -> list[int]:
        return [number for number, row in enumerate(self._rows) if isinstance(row, Entry)]


class EntryPainter(QStyledItemDelegate):
    """A row: code chip, title, signature; or a heading."""

    def __init__(self, style: Style, parent: QObject) -> None:
        super().__init__(parent)
        self.style_ = style

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(SIZE.width() - 40, 30 if index.data(ENTRY) is not None else 26)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        style, box = self.style_, QRectF(option.rect)
        entry = index.data(ENTRY)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        left = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        if not isinstance(entry, Entry):
            painter.setFont(style.code_font)
            painter.setPen(style.muted)
            painter.drawText(box.adjusted(10, 4, -10, 0), left, str(index.data()).upper())
            painter.restore()
            return
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(style.theme.color("selection"))
            painter.drawRoundedRect(box.adjusted(4, 1, -4, -1), 5, 5)
        color = style.tones[tone(entry.spec)]
        chip = QRectF(box.left() + 12.5, box.center().y() - 8, 34, 16)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(blend(style.card, color, 0.6), 1.0))
        painter.drawRoundedRect(chip, 4, 4)
        painter.setFont(style.code_font)
        painter.setPen(style.text if chosen else color)
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, entry.code)
        painter.setFont(style.theme.font(size_px=13))
        painter.setPen(style.text)
        title = style.elided_label(entry.title, 230.0)
        painter.drawText(box.adjusted(56, 0, -8, 0), left, title)
        taken = 56 + style.title_metrics.horizontalAdvance(title) + 14
        painter.setFont(style.small_font)
        painter.setPen(style.text if chosen else style.muted)
        room = max(box.width() - taken - 14, 20.0)
        if room >= _LEAST_SIGNATURE:
            painter.drawText(
                QRectF(box.left() + taken, box.top(), room, box.height()),
                int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight),
                style.elided_small(signature(entry), room),
            )
        painter.restore()


class Palette(QFrame):
    """Offers kinds of node. Lies over the canvas; closes by Esc, by choosing, and when the focus goes elsewhere."""

    chosen = Signal(object, bool)
    """(Entry, whether the palette stays open)."""
    closed = Signal()
    elsewhere = Signal(str)
    """What was typed looks for no kind of node: it begins with one of `ELSEWHERE`. The palette has closed."""

    def __init__(self, style: Style, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("canvasPalette")
        self.setAccessibleName("Add a node")
        self._entries: list[Entry] = []
        self._recent: list[str] = []
        self._compatible = False
        self.line = QLineEdit(self)
        self.line.setPlaceholderText("Search nodes: user create, list, if …   (> commands, @ nodes)")
        self.line.setAccessibleName("Search nodes")
        self.line.textChanged.connect(self._search)
        self.line.installEventFilter(self)
        self.model = PaletteModel(self)
        self.list = QListView(self)
        self.list.setModel(self.model)
        self.list.setAccessibleName("Nodes")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMouseTracking(True)
        self.list.clicked.connect(self._clicked)
        self._painter = EntryPainter(style, self)
        self.list.setItemDelegate(self._painter)
        self.hint = QLabel(self)
        self.hint.setTextFormat(Qt.TextFormat.PlainText)
        self.preview = QTextBrowser(self)
        self.preview.setObjectName("palettePreview")
        self.preview.setAccessibleName("What the node takes and gives")
        self.preview.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.preview.setFrameShape(QFrame.Shape.NoFrame)
        self.preview.setFixedWidth(_PREVIEW_PX)
        self.preview.hide()
        middle = QHBoxLayout()
        middle.setSpacing(6)
        middle.addWidget(self.list, 1)
        middle.addWidget(self.preview)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 6)
        layout.setSpacing(6)
        layout.addWidget(self.line)
        layout.addLayout(middle, 1)
        layout.addWidget(self.hint)
        shadow = QGraphicsDropShadowEffect(self)
        shadow.setBlurRadius(28)
        shadow.setOffset(0, 6)
        shadow.setColor(QColor(0, 0, 0, 110))
        self.setGraphicsEffect(shadow)
        self.set_style(style)
        selection = self.list.selectionModel()
        selection.currentChanged.connect(self._current_changed)
        self.hide()

    def set_style(self, style: Style) -> None:
        self._painter.style_ = style
        theme = style.theme
        self.setStyleSheet(
            f"#canvasPalette {{ background: {theme.hex('panel')}; border: 1px solid {theme.hex('border_strong')};"
            f" border-radius: 8px; }}"
            f"#palettePreview {{ background: {theme.hex('input')}; color: {theme.hex('text')};"
            f" border: 1px solid {theme.hex('border')}; border-radius: 5px; padding: 4px; }}"
            f"#canvasPalette QListView {{ background: transparent; outline: none; border: none; }}"
            f"#canvasPalette QLabel {{ color: {theme.hex('text_muted')}; font-size: 11px; background: transparent; }}"
            f"#canvasPalette QLineEdit {{ background: {theme.hex('input')}; color: {theme.hex('text')};"
            f" border: 1px solid {theme.hex('border_strong')}; border-radius: 5px; padding: 6px 8px; font-size: 14px; }}"
        )

    def open(self, at: QPoint, entries: list[Entry], recent: list[str], *, compatible: bool) -> None:
        """Shows the palette with its corner near `at` (in the parent's pixels), kept within the parent."""
        self._entries, self._recent, self._compatible = entries, recent, compatible
        parent = self.parentWidget()
        assert parent is not None, "the palette lies over the canvas"
        room = parent.rect()
        size = SIZE.boundedTo(QSize(max(room.width() - 16, 160), max(room.height() - 16, 120)))
        x = min(max(at.x(), 8), room.width() - size.width() - 8)
        y = min(max(at.y(), 8), room.height() - size.height() - 8)
        self.setGeometry(QRect(QPoint(x, y), size))
        self.line.clear()
        self.preview.hide()
        self._search("")
        if self.current() is not None:
            # Until something is typed or chosen, which is told then.
            self._tell(KEYS)
        self.show()
        self.raise_()
        self.line.setFocus(Qt.FocusReason.PopupFocusReason)
        QTimer.singleShot(0, self, prepare)

    def current(self) -> Entry | None:
        entry = self.list.currentIndex().data(ENTRY)
        return entry if isinstance(entry, Entry) else None

    def _search(self, text: str) -> None:
        if text.startswith(ELSEWHERE):
            self.dismiss()
            self.elsewhere.emit(text)
            return
        self.model.show(sections(self._entries, text, self._recent, compatible=self._compatible))
        rows = self.model.entry_rows()
        if rows:
            self.list.setCurrentIndex(self.model.index(rows[0]))
            self.list.scrollToTop()
        else:
            self.hint.setText(f"Nothing matches “{text}”." if text else "Nothing fits here.")

    def _current_changed(self, current: QModelIndex) -> None:
        entry = current.data(ENTRY)
        if isinstance(entry, Entry):
            self._show_preview(entry)
            first = entry.description.strip().split("\n")[0]
            self._tell(first or KEYS)

    def _tell(self, text: str) -> None:
        metrics, room = self.hint.fontMetrics(), self.width() - 24
        self.hint.setText(metrics.elidedText(text, Qt.TextElideMode.ElideRight, room))

    def _show_preview(self, entry: Entry) -> None:
        if self.preview.isHidden():
            return
        theme = self._painter.style_.theme
        muted = theme.hex("text_muted")
        parts = [f"<p style='margin:0 0 6px 0'><b>{html.escape(entry.title)}</b></p>"]
        for title, rows in preview(entry):
            parts.append(f"<p style='margin:4px 0 2px 0;color:{muted}'>{title}</p><table width='100%'>")
            parts += [
                f"<tr><td>{html.escape(name)}</td><td align='right' style='color:{muted}'>{html.escape(kind)}</td></tr>"
                for name, kind in rows
            ]
            parts.append("</table>")
        self.preview.setHtml("".join(parts))

    def _preview_is_meant(self, key: Qt.Key) -> bool:
        """Whether an arrow opens or closes the preview: it moves the caret unless that is at the end of the line."""
        if self.line.cursorPosition() < len(self.line.text()) or self.current() is None:
            return False
        return key == (Qt.Key.Key_Right if self.preview.isHidden() else Qt.Key.Key_Left)

    def _toggle_preview(self) -> None:
        self.preview.setVisible(self.preview.isHidden())
        entry = self.current()
        if entry is not None:
            self._show_preview(entry)

    def _step(self, by: int) -> None:
        rows = self.model.entry_rows()
        if not rows:
            return
        current = self.list.currentIndex().row()
        place = rows.index(current) if current in rows else 0
        target = self.model.index(rows[max(0, min(place + by, len(rows) - 1))])
        self.list.setCurrentIndex(target)
        self.list.scrollTo(target)

    def _choose(self, *, keep_open: bool) -> None:
        entry = self.current()
        if entry is not None:
            if not keep_open:
                self.dismiss()
            self.chosen.emit(entry, keep_open)

    def _clicked(self, index: QModelIndex) -> None:
        if isinstance(index.data(ENTRY), Entry):
            self.list.setCurrentIndex(index)
            self._choose(keep_open=False)

    def dismiss(self) -> None:
        """Closes the palette; whoever opened it is told."""
        if self.isVisible():
            self.hide()
            self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.line:
            if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
                return self._key(event)
            if event.type() == QEvent.Type.FocusOut:
                self.dismiss()
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
        key = Qt.Key(event.key())
        if key in steps:
            self._step(steps[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(keep_open=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif key == Qt.Key.Key_Escape:
            self.dismiss()
        elif key == Qt.Key.Key_Tab:
            self._step(1)
        elif self._preview_is_meant(key):
            self._toggle_preview()
        else:
            return False
        return True
