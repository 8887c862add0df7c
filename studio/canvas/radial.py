"""What is to be done with a model that was dropped? Its commonest operations around the place, chosen by mouse, by number or by arrows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEasingCurve, QPoint, QPointF, QRect, QRectF, Qt, QVariantAnimation, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from studio.canvas.cards import tone
from studio.canvas.style import Style, blend
from studio.workflow.spec import NodeSpec

MOST: Final = 4
_HEIGHT: Final = 36
_LEAST, _GREATEST = 120, 240
"""Pixels that a choice is wide, as its title wants."""
_BESIDE_TITLE: Final = 92
_DOWN: Final = 62
_GAP: Final = 30
"""How far the choices above and below, and those at the sides, lie from the place."""
_WAYS: Final = ((0, -1), (1, 0), (0, 1), (-1, 0))
"""Above, right, below, left."""
_RING_PX: Final = 36.0
_MARGIN_PX: Final = 8
_OPENING_MS: Final = 130
_ARROWS: Final = (Qt.Key.Key_Up, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left)


class Petal(QAbstractButton):
    """One choice: its number, the code of the operation, its title."""

    def __init__(self, number: int, style: Style, pick: QWidget) -> None:
        super().__init__(pick)
        self._pick = pick
        self.number = number
        self.style_ = style
        self.spec: NodeSpec | None = None
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show_spec(self, spec: NodeSpec | None) -> None:
        self.spec = spec
        self.setVisible(spec is not None)
        if spec is not None:
            self.setAccessibleName(f"{self.number}: {spec.title}")
            self.setToolTip(f"{spec.description}\nKey {self.number}")

    @property
    def wanted_width(self) -> int:
        """As wide as the title needs it, within reason."""
        title = self.spec.title if self.spec is not None else ""
        width = round(self.style_.title_metrics.horizontalAdvance(title)) + _BESIDE_TITLE
        return min(max(width, _LEAST), _GREATEST)

    def enterEvent(self, event: QEnterEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.ignore()  # the whole answers all keys

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._pick.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        style, spec = self.style_, self.spec
        if spec is None:
            return
        painter = QPainter(self)
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
            color = style.tones[tone(spec)]
            is_current = self.hasFocus()
            painter.setPen(
                QPen(style.accent_text if is_current else style.border_strong, 2.0 if is_current else 1.0)
            )
            painter.setBrush(style.theme.color("selection") if is_current else style.card)
            painter.drawRoundedRect(box, 8, 8)
            painter.setFont(style.small_font)
            painter.setPen(style.text if is_current else style.muted)
            painter.drawText(
                QRectF(box.left() + 8, box.top(), 12, box.height()),
                Qt.AlignmentFlag.AlignCenter,
                str(self.number),
            )
            chip = QRectF(box.left() + 24, box.center().y() - 8, 38, 16)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(blend(style.card, color, 0.6), 1.0))
            painter.drawRoundedRect(chip, 4, 4)
            painter.setFont(style.code_font)
            painter.setPen(style.text if is_current else color)
            painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, spec.code)
            painter.setFont(style.title_font)
            painter.setPen(style.text)
            room = box.right() - chip.right() - 16
            painter.drawText(
                QRectF(chip.right() + 8, box.top(), room, box.height()),
                int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft),
                style.elided_title(spec.title, room),
            )
        finally:
            painter.end()


class RadialPick(QWidget):
    """Lies over the canvas while a person chooses. Enter or a click takes a choice, a number too; Esc, a click beside or another focus none."""

    chosen = Signal(str, QPoint)
    """The type of the node, and the place in pixels of the parent."""
    closed = Signal()

    def __init__(self, style: Style, parent: QWidget) -> None:
        super().__init__(parent)
        self._canvas = parent
        self.style_ = style
        self.reduces_motion = False
        self._at = QPoint()
        self._center = QPoint()
        self._width = _LEAST
        self._share = 1.0
        self.petals = [Petal(number + 1, style, self) for number in range(MOST)]
        for petal in self.petals:
            petal.clicked.connect(self._clicked)
        self._opening = QVariantAnimation(self)
        self._opening.setDuration(_OPENING_MS)
        self._opening.setStartValue(0.35)
        self._opening.setEndValue(1.0)
        self._opening.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._opening.valueChanged.connect(self._opened_so_far)
        QApplication.instance().focusChanged.connect(self._focus_changed)
        self.hide()

    def set_style(self, style: Style) -> None:
        self.style_ = style
        for petal in self.petals:
            petal.style_ = style
        self.update()

    def open(self, at: QPoint, specs: Sequence[NodeSpec], name: str) -> None:
        """Offers up to four kinds of node around a place in pixels of the parent; the first is current."""
        self.setGeometry(self._canvas.rect())
        self.setAccessibleName(f"What to do with {name}")
        for petal, spec in zip(self.petals, [*specs[:MOST], *[None] * MOST], strict=False):
            petal.show_spec(spec)
        self._width = max(petal.wanted_width for petal in self.petals)
        for petal in self.petals:
            petal.resize(self._width, _HEIGHT)
        self._at, self._center = at, self._within(at, self._canvas.rect())
        self.show()
        self.raise_()
        self.petals[0].setFocus(Qt.FocusReason.PopupFocusReason)
        self._opening.stop()
        if self.reduces_motion:
            self._opened_so_far(1.0)
        else:
            self._opened_so_far(0.35)
            self._opening.start()

    def dismiss(self) -> None:
        """Closes without a choice."""
        if self.isVisible():
            self._opening.stop()
            self.hide()
            self.closed.emit()

    def _within(self, at: QPoint, room: QRect) -> QPoint:
        """The middle of the choices: the place itself, or so far from the border that all of them are seen."""
        across, down = _GAP + self._width + _MARGIN_PX, _DOWN + _HEIGHT // 2 + _MARGIN_PX
        x = (
            room.width() // 2
            if room.width() < 2 * across
            else min(max(at.x(), across), room.width() - across)
        )
        y = room.height() // 2 if room.height() < 2 * down else min(max(at.y(), down), room.height() - down)
        return QPoint(x, y)

    def _opened_so_far(self, share: float) -> None:
        self._share = share
        out = _GAP + self._width // 2
        for petal, (x, y) in zip(self.petals, _WAYS, strict=True):
            middle = self._center + QPoint(round(x * out * share), round(y * _DOWN * share))
            petal.move(middle - QPoint(petal.width() // 2, petal.height() // 2))
        self.update()

    # Choosing

    def _take(self, petal: Petal) -> None:
        spec, at = petal.spec, self._at
        if spec is not None:
            self.dismiss()
            self.chosen.emit(spec.type, at)

    def _clicked(self) -> None:
        sender = self.sender()
        if isinstance(sender, Petal):
            self._take(sender)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        place = int(key) - int(Qt.Key.Key_1)
        if key == Qt.Key.Key_Escape:
            self.dismiss()
        elif 0 <= place < MOST:
            self._take(self.petals[place])
        elif key in _ARROWS:
            petal = self.petals[_ARROWS.index(key)]
            if petal.spec is not None:
                petal.setFocus(Qt.FocusReason.OtherFocusReason)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._take(next((petal for petal in self.petals if petal.hasFocus()), self.petals[0]))
        event.accept()

    def _focus_changed(self, _before: QWidget | None, now: QWidget | None) -> None:
        if self.isVisible() and now is not None and now not in self.petals:
            self.dismiss()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.dismiss()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.accept()  # the place would move away below the choices

    def paintEvent(self, event: QPaintEvent) -> None:
        style = self.style_
        painter = QPainter(self)
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            center = QPointF(self._center)
            painter.setPen(QPen(style.border_strong, 1.2))
            painter.setBrush(style.theme.color("canvas", alpha=0.55))
            painter.drawEllipse(center, _RING_PX * self._share, _RING_PX * self._share)
            painter.setPen(QPen(style.accent_text, 1.6))
            for petal, (x, y) in zip(self.petals, _WAYS, strict=True):
                if petal.hasFocus():
                    painter.drawLine(center, center + QPointF(x, y) * _RING_PX * self._share)
            painter.setBrush(style.accent)
            painter.drawEllipse(center, 4, 4)
        finally:
            painter.end()
