"""How does a person who has just seen the sample run learn what else there is? At most three marks beside the things they speak of.

They come once, after the sample's first run, and again from the Help menu. Each goes on when what it speaks of is done, or by its button.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.canvas.cards import WIDTH
from studio.qt.background import run_in_background
from studio.shell.deeds import WAITS_FOR_A_PERSON_MS

if TYPE_CHECKING:
    from studio.shell.main_window import MainWindow

_WIDTH: Final = 300
_GAP: Final = 10
_FOLLOW_MS: Final = 150
_PORT_PX: Final = 14
_NEAR_ENOUGH: Final = 0.6
PORT, DRY_RUN, OWN = range(3)


class _Ring(QFrame):
    """A ring around the thing that is spoken of, which clicks go through."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("coachRing")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()


class CoachMark(QFrame):
    """A sentence with its buttons. Esc ends the tour."""

    chosen = Signal(str)
    """The name of the button; `end` for Esc as well."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("coachMark")
        self.setAccessibleName(self.tr("Tour"))
        self.setFixedWidth(_WIDTH)
        self._count = QLabel(self)
        self._count.setProperty("role", "muted")
        self.text = QLabel(self)
        self.text.setWordWrap(True)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(6)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 12)
        column.setSpacing(8)
        for widget in (self._count, self.text):
            column.addWidget(widget)
        column.addLayout(self._buttons)
        self._shown: list[QPushButton] = []
        self.hide()

    def tell(self, count: str, text: str, buttons: Sequence[tuple[str, str]]) -> None:
        """`buttons` are (name, text), the first of them the one that Enter presses."""
        self._count.setText(count)
        self.text.setText(text)
        for old in self._shown:
            self._buttons.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._shown = []
        for name, label in buttons:
            button = QPushButton(label, self)
            button.setObjectName(name)
            button.setProperty("kind", "primary" if not self._shown else "flat")
            button.clicked.connect(self._clicked)
            self._buttons.addWidget(button)
            button.show()
            self._shown.append(button)
        self.adjustSize()
        self.show()
        self.raise_()
        self._shown[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.chosen.emit("end")
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            # A button that has the focus is pressed by Space alone in some styles.
            focused = self.focusWidget()
            if isinstance(focused, QPushButton):
                focused.click()
        else:
            super().keyPressEvent(event)

    def _clicked(self) -> None:
        self.chosen.emit(self.sender().objectName())


class Tour(QObject):
    """The marks of one window. Invariant: `step` is None while none is shown."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.step: int | None = None
        self.mark = CoachMark(window)
        self._ring = _Ring(window)
        self._nodes = 0
        # Canvas and panels move without telling; a tour is short.
        self._follow = QTimer(self)
        self._follow.setInterval(_FOLLOW_MS)
        self._follow.timeout.connect(self._tick)
        self.mark.chosen.connect(self._on_chosen)
        window.installEventFilter(self)
        window.runs.finished.connect(self._on_run_finished)

    def start(self) -> None:
        """Begins with the first mark, on the sample when no project is open."""
        if self._window.session is None:
            run_in_background(
                self._window,
                self._window.files.open_sample(),
                success=self._begin,
                text=self.tr("Opening the sample…"),
            )
        else:
            self._begin()

    def end(self) -> None:
        """Takes the marks away; they do not come by themselves again."""
        self._window.settings.has_seen_tour = True
        if self.step is None:
            return
        self.step = None
        self._follow.stop()
        self.mark.hide()
        self._ring.hide()
        if (canvas := self._window.pages.tabs.canvas) is not None:
            canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def _begin(self, _: object = None) -> None:
        self._nodes = self._node_count()
        self._come_near()
        self._show(PORT)
        self._follow.start()

    def _come_near(self) -> None:
        """From far off a port can neither be seen nor dragged from."""
        canvas = self._window.pages.tabs.canvas
        if canvas is None or canvas.zoom() >= _NEAR_ENOUGH:
            return
        geometry = canvas.projector.geometry
        lowest = max(range(len(geometry)), key=lambda i: float(geometry.y[i]), default=None)
        if lowest is not None:
            canvas.center_on(geometry.ids[lowest])

    def _show(self, step: int) -> None:
        self.step = step
        texts = (
            self.tr("Drag from this port to an empty place: only what fits it is offered there."),
            self.tr(
                "Dry run does everything for real and then rolls it back: “Changes” shows what it would have changed."
            ),
            self.tr("This is all there is to it. Go on with something of your own?"),
        )
        following = (("next", self.tr("&Next")), ("end", self.tr("End tour")))
        last = (
            ("save", self.tr("&Save as my project")),
            ("connect", self.tr("&Connect my database")),
            ("end", self.tr("&Done")),
        )
        if step == OWN:
            self.mark.setFixedWidth(_WIDTH + 130)
        else:
            self.mark.setFixedWidth(_WIDTH)
        count = self.tr("{} of {}").format(step + 1, len(texts))
        self.mark.tell(count, texts[step], last if step == OWN else following)
        self._place()

    def _on_chosen(self, name: str) -> None:
        step = self.step
        if name == "next" and step is not None and step < OWN:
            self._show(step + 1)
            return
        self.end()
        if name == "save":
            self._window.commands.action("save_as").trigger()
        elif name == "connect":
            run_in_background(
                self._window, self._window.new_and_connect(), busy_after_ms=WAITS_FOR_A_PERSON_MS
            )

    def _on_run_finished(self, handle: Any) -> None:
        session = self._window.session
        if self.step == DRY_RUN and handle.mode == "dry":
            self._window.docks.reveal("changes")
            self._show(OWN)
        elif (
            self.step is None
            and session is not None
            and session.is_sample
            and handle.state == "succeeded"
            and not self._window.settings.has_seen_tour
        ):
            self._begin()

    def _tick(self) -> None:
        if self._window.session is None:
            self.end()
        elif self.step == PORT and self._node_count() > self._nodes:
            self._show(DRY_RUN)
        else:
            self._place()

    def _node_count(self) -> int:
        canvas = self._window.pages.tabs.canvas
        return len(canvas.workflow.nodes) if canvas is not None and canvas.workflow is not None else 0

    # ------------------------------------------------------------ where

    def _place(self) -> None:
        """Puts the ring around what is spoken of, and the mark below it or above, within the window; never over a palette that is used."""
        window = self._window
        canvas = window.pages.tabs.canvas
        goals = window.finder.popup
        palettes = [canvas.palette_popup if canvas is not None else None, goals]
        if any(palette is not None and palette.isVisible() for palette in palettes):
            self._ring.hide()
            self.mark.hide()
            return
        self.mark.show()
        around = self._target().adjusted(-4, -4, 4, 4)
        self._ring.setGeometry(around)
        self._ring.show()
        self._ring.raise_()
        size = self.mark.sizeHint()
        height = self.mark.heightForWidth(self.mark.width())
        size.setHeight(max(size.height(), height))
        below = around.bottom() + _GAP
        top = below if below + size.height() < window.height() - _GAP else around.top() - _GAP - size.height()
        left = min(max(around.left(), _GAP), window.width() - self.mark.width() - _GAP)
        self.mark.setGeometry(left, max(top, _GAP), self.mark.width(), size.height())
        self.mark.raise_()

    def _target(self) -> QRect:
        window = self._window
        if self.step == DRY_RUN:
            return _box_of(window.toolbar.dry_button, window)
        if self.step == OWN:
            return _box_of(window.toolbar.pill, window)
        port = self._free_port()
        if port is None:
            return _box_of(window.toolbar.run_button, window)
        return QRect(port - QPoint(_PORT_PX, _PORT_PX), port + QPoint(_PORT_PX, _PORT_PX))

    def _free_port(self) -> QPoint | None:
        """The lowest output that can be seen on the canvas, beside which there is most likely room; in pixels of the window."""
        canvas = self._window.pages.tabs.canvas
        if canvas is None or canvas.workflow is None:
            return None
        viewer, geometry = canvas.viewer, canvas.projector.geometry
        shown = viewer.viewport().rect().adjusted(_PORT_PX, _PORT_PX, -_PORT_PX, -_PORT_PX)
        found: list[QPoint] = []
        for index, card in enumerate(geometry.cards):
            for port in card.shape.outputs:
                at = QPointF(float(geometry.x[index]) + WIDTH, float(geometry.y[index]) + port.y)
                point = viewer.mapFromScene(at)
                if shown.contains(point):
                    found.append(point)
        if not found:
            return None
        lowest: QPoint = max(found, key=lambda point: point.y())
        corner: QPoint = viewer.viewport().mapTo(self._window, QPoint(0, 0))
        return corner + lowest

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.step is not None:
            self._place()
        return super().eventFilter(watched, event)


def _box_of(widget: QWidget, window: QWidget) -> QRect:
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())
