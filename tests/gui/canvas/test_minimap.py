"""Does the minimap show all nodes and the part that is seen, and lead there by click and drag?"""

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtWidgets import QApplication

from studio.canvas.cards import OPERATIONS
from studio.canvas.style import blend
from tests.gui.canvas.support import node, press_key, session_of

CTRL = Qt.KeyboardModifier.ControlModifier
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton


@pytest.fixture
def wide(open_canvas):
    session = session_of(
        *(node(f"n{i}", "OrderListNode") for i in range(20)),
        places={f"n{i}": (i % 5 * 900.0, i // 5 * 800.0) for i in range(20)},
    )
    view, mouse = open_canvas(session)
    press_key(view.viewer, Qt.Key.Key_M, CTRL)
    QApplication.processEvents()
    return view, mouse


def send(minimap, kind, point, button, buttons):
    event = QMouseEvent(
        kind,
        point,
        QPointF(minimap.mapToGlobal(point.toPoint())),
        button,
        buttons,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(minimap, event)


def pixels_of(widget, color):
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return sum(
        image.pixelColor(x, y).name() == color.name()
        for x in range(image.width())
        for y in range(image.height())
    )


def middle(view):
    camera = view.viewer.camera()
    return (camera.left + camera.right) / 2, (camera.top + camera.bottom) / 2


def test_ctrl_m_shows_and_hides_it_and_all_nodes_are_on_it(wide):
    view, _ = wide
    assert view.minimap.isVisible()
    style = view._style
    mark = blend(style.card, style.tones[OPERATIONS.index("list")], 0.7)
    assert pixels_of(view.minimap, mark) > 20 * 4
    press_key(view.viewer, Qt.Key.Key_M, CTRL)
    assert not view.minimap.isVisible()
    assert view.session.history.position == 0


def test_a_click_goes_there(wide):
    view, _ = wide
    target = view.minimap.to_map(3600, 2400)
    send(view.minimap, QEvent.Type.MouseButtonPress, target, LEFT, LEFT)
    send(view.minimap, QEvent.Type.MouseButtonRelease, target, LEFT, NONE)
    assert middle(view) == pytest.approx((3600, 2400), abs=30)


def test_dragging_the_frame_pans(wide):
    view, _ = wide
    before = middle(view)
    start = view.minimap.to_map(*before) + QPointF(4, 3)
    send(view.minimap, QEvent.Type.MouseButtonPress, start, LEFT, LEFT)
    assert middle(view) == pytest.approx(before, abs=2)
    end = start + QPointF(30, 20)
    send(view.minimap, QEvent.Type.MouseMove, end, NONE, LEFT)
    send(view.minimap, QEvent.Type.MouseButtonRelease, end, LEFT, NONE)
    scale = view.minimap._scale()
    assert middle(view) == pytest.approx((before[0] + 30 / scale, before[1] + 20 / scale), abs=2)
    send(view.minimap, QEvent.Type.MouseMove, start, NONE, NONE)
    assert middle(view) == pytest.approx((before[0] + 30 / scale, before[1] + 20 / scale), abs=2)


def test_it_follows_the_workflow(wide, qtbot):
    view, _ = wide
    view.minimap.grab()
    before = view.minimap._bounds
    view.session.add_node("w1", "OrderListNode", x=9000, y=0)
    qtbot.waitUntil(lambda: view.minimap._marks is None or view.minimap._bounds != before)
    view.minimap.grab()
    assert view.minimap._bounds[2] > 9000
