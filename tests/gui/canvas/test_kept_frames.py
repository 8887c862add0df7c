"""Is what is made of earlier frames what a fresh frame would show? On the screen, at rest and in the middle of gestures."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from studio.canvas import frame_viewer
from studio.canvas.camera import Camera
from studio.canvas.curves import Floats
from studio.canvas.drag_layers import DragLayers, Lifted
from studio.canvas.geometry import Geometry
from studio.canvas.sheets import Sheets
from studio.canvas.states import CardState, Footer
from studio.canvas.zoom_pictures import ZoomPictures
from studio.kernel.ids import NodeId
from studio.qt.theme import Theme
from studio.workflow.graph import Note, Place
from tests.gui.canvas.support import edge, header, node, on_screen, press_key, session_of, settle, type_text

IDS = [f"n{i}" for i in range(60)]
ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(frame_viewer, "QUIET_S", -1.0)


@pytest.fixture
def crowd(open_canvas, qtbot):
    """A canvas full of cards, sharply painted, at rest."""
    session = session_of(
        *(node(key, "OrderListNode") for key in IDS),
        edges=tuple(edge(a, "records", b, "after") for a, b in zip(IDS, IDS[7:], strict=False)),
        places={key: ((i % 10) * 301.0, (i // 10) * 207.0) for i, key in enumerate(IDS)},
        notes=(Note(id="note", text="A note to see", x=-300, y=-100),),
    )
    view, mouse = open_canvas(session)
    view.set_reduced_motion(True)
    view.viewer.zoom_to(0.8)
    view.viewer.center_on(1300, 500)
    rest(view, qtbot)
    return view, mouse


def rest(view, qtbot):
    qtbot.waitUntil(lambda: not view.viewer._rest.isActive())
    QApplication.processEvents()
    qtbot.waitUntil(lambda: view.viewer._is_whole and view.viewer.painter_.is_complete)


def difference(view):
    """How far, pixel by pixel, what is on the screen is from what a fresh frame shows."""
    shown = on_screen(view).astype(int)
    settle(view)
    return np.abs(shown - on_screen(view).astype(int)).max(axis=2)


def hold(mouse, start, end):
    """Drags step by step, each with its frame, and does not let go."""
    mouse.press(*start)
    for step in range(1, 8):
        share = step / 7
        mouse.move(start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share, ALT)
        QApplication.processEvents()


def test_after_any_gesture_the_screen_shows_what_a_fresh_frame_shows(crowd, qtbot):
    view, mouse = crowd
    viewer = view.viewer
    at = header(view, "n24")
    gestures = {
        "drag": lambda: mouse.drag(at, (at[0] + 130, at[1] + 70)),
        "drag back and forth": lambda: (hold(mouse, header(view, "n24"), at), mouse.release(*at)),
        "drag and cancel": lambda: (
            hold(mouse, header(view, "n25"), at),
            viewer.cancel_gesture(),
            mouse.release(*at),
        ),
        "zoom out": lambda: [frame(lambda: mouse.wheel(1200, 400, -1)) for _ in range(4)],
        "select": lambda: view.select(IDS[20:23]),
        "drag many": lambda: (hold(mouse, header(view, "n21"), at), mouse.release(*at)),
        "zoom in": lambda: [frame(lambda: mouse.wheel(1500, 600, 1)) for _ in range(6)],
        "pan": lambda: [frame(lambda: viewer.pan_by(-31, 17)) for _ in range(3)],
        "zoom, pan, zoom": lambda: [
            frame(step)
            for step in (
                lambda: mouse.wheel(1500, 600, -2),
                lambda: viewer.pan_by(200, 90),
                lambda: mouse.wheel(900, 200, -2),
            )
        ],
        "find": lambda: look_for(view, "n2"),
        "pan what is found": lambda: [frame(lambda: viewer.pan_by(13, -7)) for _ in range(3)],
        "add to what is found": lambda: view.session.add_node(
            "w1", "OrderListNode", x=1400, y=480, title="n2!"
        ),
        "find no more": view.find_bar.dismiss,
        "undo": view.session.undo,
        "resize": lambda: view.resize(1340, 820),
        "drag after resizing": lambda: (hold(mouse, header(view, "n24"), at), mouse.release(*at)),
        "theme": lambda: view.set_theme(Theme.light()),
        "far and near": lambda: [frame(lambda zoom=zoom: viewer.zoom_to(zoom)) for zoom in (0.3, 0.05, 0.7)],
        "a state": lambda: (
            view.projector.set_footers({NodeId("n24"): Footer(CardState.OK, "3 rows")}),
            viewer.redraw(),
        ),
        "drag with a state": lambda: (hold(mouse, header(view, "n24"), at), mouse.release(*at)),
    }
    for name, gesture in gestures.items():
        gesture()
        rest(view, qtbot)
        # A piece of an edge that lies in two strips is rounded twice, by less than anybody can see.
        off = difference(view)
        assert (off > 2).mean() < 0.0005 if name.startswith("pan") else not off.any(), name


def frame(step):
    step()
    QApplication.processEvents()


def look_for(view, text):
    view.find_nodes()
    type_text(view.find_bar.line, text)
    view.viewer.setFocus()


def test_while_nodes_are_dragged_each_frame_is_what_a_fresh_one_is(crowd):
    view, mouse = crowd
    view.select(["n24", "n25"])
    start = header(view, "n24")
    hold(mouse, start, (start[0] + 210, start[1] + 90))
    assert view.viewer._layers.lifted is not None
    # Shadows are laid over one another in another order: that rounds otherwise.
    assert difference(view).max() <= 3
    mouse.release(start[0] + 210, start[1] + 90)


ALTERED = {
    "a state": lambda view: (
        view.projector.set_footers({NodeId("n14"): Footer(CardState.ERROR, "no such column")}),
        view.viewer.redraw(),
    ),
    "a theme": lambda view: view.set_theme(Theme.high_contrast()),
    "a size": lambda view: view.resize(1380, 860),
    "the camera": lambda view: view.viewer.pan_by(40, -20),
    "an undo": lambda view: view.session.undo(),
    "a node that is gone": lambda view: view.session.remove(view.workflow_id, [NodeId("n3")]),
}


@pytest.mark.parametrize("altered", ALTERED)
def test_what_changes_during_a_drag_is_seen_in_the_next_frame(crowd, qtbot, altered):
    view, mouse = crowd
    view.session.move(view.workflow_id, {NodeId("n15"): Place(x=1500, y=190)})
    start = header(view, "n24")
    hold(mouse, start, (start[0] + 150, start[1] + 60))
    assert view.viewer._layers.lifted is not None
    ALTERED[altered](view)
    QApplication.processEvents()
    # Cards that come into view may need a second frame.
    qtbot.waitUntil(lambda: view.viewer.painter_.is_complete)
    assert difference(view).max() <= 3
    mouse.move(start[0] + 180, start[1] + 30, ALT)
    QApplication.processEvents()
    assert difference(view).max() <= 3
    press_key(view.viewer, Qt.Key.Key_Escape)
    mouse.release(*start)


def test_what_changes_during_a_zoom_is_seen_in_the_next_frame(crowd):
    view, mouse = crowd
    frame(lambda: mouse.wheel(1300, 500, -1))
    before = on_screen(view)
    view.set_theme(Theme.light())
    QApplication.processEvents()
    assert on_screen(view).mean() > before.mean() + 100


@pytest.mark.parametrize("notches", [-1, -2, 1])
def test_a_zoom_shows_everything_where_it_is_from_its_first_frame_on(crowd, qtbot, notches):
    view, mouse = crowd
    viewer = view.viewer
    for _ in range(4):
        frame(lambda: mouse.wheel(1700, 300, notches))
    assert viewer._rest.isActive()
    zooming = on_screen(view)
    rest(view, qtbot)
    sharp = on_screen(view)
    stripes = [tuple(view._style.tones[tone].getRgb()[2::-1]) for tone in set(view.projector.geometry.tone)]

    def marked(pixels):
        return np.any([(np.abs(pixels.astype(int) - color).max(axis=2) < 30) for color in stripes], axis=0)

    def counted(mask):
        """In cells of 20 pixels."""
        height, width = (size // 20 * 20 for size in mask.shape)
        return mask[:height, :width].reshape(height // 20, 20, width // 20, 20).any(axis=(1, 3))

    both, either = counted(marked(zooming)) & counted(marked(sharp)), counted(marked(sharp))
    assert either.sum() > 20
    assert both.sum() >= 0.7 * either.sum()


# Without a canvas: any ratio of device pixels


def squares(painter: QPainter, camera: Camera, in_hurry: bool = False) -> None:
    """A field in whose pixels one can read where in the scene they are."""
    painter.fillRect(QRect(0, 0, round(camera.width), round(camera.height)), QColor("black"))
    for x in range(-400, 800, 40):
        for y in range(-400, 800, 40):
            left, top = camera.to_pixels(x, y)
            size = 20 * camera.zoom
            painter.fillRect(
                QRect(round(left), round(top), round(size), round(size)),
                QColor(40 + (x + 400) // 6, 40 + (y + 400) // 6, 99),
            )


@pytest.fixture(params=[1.0, 1.5, 2.0])
def canvas(request, qapp):
    ratio = request.param
    image = QImage(round(200 * ratio), round(160 * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(QColor("magenta"))
    return image, Camera(0.0, 0.0, 1.0, 200, 160, ratio)


def array(image):
    return (
        np.frombuffer(image.constBits(), np.uint8)
        .reshape(image.height(), image.width(), 4)[:, :, :3]
        .astype(int)
    )


@pytest.mark.parametrize("zoom", [0.45, 0.6, 0.9, 1.3, 1.55, 2.5])
@pytest.mark.parametrize("still", [(0, 0), (100, 80), (190, 20)])
def test_pictures_of_a_zoom_cover_the_widget_and_lie_where_they_belong(canvas, zoom, still):
    image, begun = canvas
    pictures = ZoomPictures(Sheets())
    pictures.begin(begun)
    seen = Camera(still[0] - still[0] / zoom, still[1] - still[1] / zoom, zoom, 200, 160, begun.device_ratio)
    fresh = image.copy()
    for target, draw in ((fresh, squares), (image, None)):
        painter = QPainter(target)
        try:
            if draw is not None:
                draw(painter, seen)
            else:
                assert pictures.paint(painter, seen, squares, lambda camera: True)
        finally:
            painter.end()
    shown, wanted = array(image), array(fresh)
    assert not (shown == array_of("magenta")).all(axis=2).any()
    assert (np.abs(shown - wanted).max(axis=2) > 30).mean() < 0.35
    middle = np.abs(shown - wanted).max(axis=2)
    assert np.median(middle) <= 2


def array_of(name):
    color = QColor(name)
    return np.array([color.blue(), color.green(), color.red()])


def test_a_zoom_far_away_or_with_few_cards_is_painted_directly(canvas):
    image, begun = canvas
    pictures = ZoomPictures(Sheets())
    painter = QPainter(image)
    try:
        assert not pictures.paint(painter, begun, squares, lambda camera: True)
        pictures.begin(begun)
        assert not pictures.paint(painter, begun, squares, lambda camera: False)
        far = Camera(0, 0, 0.2, 200, 160, begun.device_ratio)
        assert not pictures.paint(painter, far, squares, lambda camera: True)
        pictures.drop()
        assert not pictures.paint(painter, begun, squares, lambda camera: True)
    finally:
        painter.end()


class Painting:
    """Squares that stay, under one that is moved and one over it."""

    def __init__(self) -> None:
        self.x = 0
        self.made = 0

    def paint_under(self, painter: QPainter, camera: Camera, lifted: Lifted) -> None:
        self.made += 1
        squares(painter, camera)

    def paint_over(self, painter: QPainter, camera: Camera, lifted: Lifted) -> bool:
        painter.fillRect(QRect(60, 40, 50, 50), QColor("white"))
        return True

    def lift_edges(self, camera: Camera, lifted: Lifted) -> Floats:
        return np.empty((0, 4))

    def paint_lifted_edges(self, painter: QPainter) -> None:
        painter.fillRect(QRect(self.x, 50, 30, 20), QColor("red"))

    def paint_lifted_cards(self, painter: QPainter, camera: Camera, lifted: Lifted) -> None:
        painter.fillRect(QRect(self.x, 75, 30, 20), QColor("blue"))


def test_layers_show_what_painting_it_all_shows_and_what_stays_is_painted_once(canvas):
    image, camera = canvas
    painting = Painting()
    layers = DragLayers(painting, Sheets())
    geometry = Geometry()
    geometry.set_nodes([NodeId("a")])
    nodes = np.array([0])
    whole = [QRect(0, 0, 200, 160)]
    for number, x in enumerate((0, 20, 50, 70, 120)):
        painting.x = x
        layers.lift(geometry, nodes, camera)
        fresh = QImage(image)
        for target in (image, fresh):
            painter = QPainter(target)
            try:
                if target is image and number:
                    assert layers.paint(painter, camera, whole)
                else:
                    made = painting.made
                    lifted = Lifted(nodes, nodes)
                    painting.paint_under(painter, camera, lifted)
                    painting.made = made
                    painting.paint_lifted_edges(painter)
                    painting.paint_over(painter, camera, lifted)
                    painting.paint_lifted_cards(painter, camera, lifted)
            finally:
                painter.end()
        assert np.array_equal(array(image), array(fresh))
    assert painting.made == 1


def test_sheets_are_used_again_while_the_size_stays(qapp):
    sheets = Sheets()
    small, large = Camera(0, 0, 1, 100, 80), Camera(0, 0, 1, 200, 80)
    first = sheets.take(small)
    key = first.cacheKey()
    sheets.give(first)
    assert sheets.take(small, clear=True).hasAlphaChannel()
    again = sheets.take(small)
    assert again.cacheKey() == key
    sheets.give(again)
    assert sheets.take(large).width() == 200
    assert sheets.take(small).cacheKey() != key
    assert QPointF(sheets.take(Camera(0, 0, 1, 100, 80, 1.5)).width(), 0) == QPointF(150, 0)


def test_a_node_whose_edge_leads_far_away_is_dragged_with_it(open_canvas, qtbot):
    session = session_of(
        node("a", "OrderListNode"),
        node("b", "OrderListNode"),
        edges=(edge("a", "records", "b", "after"),),
        places={"a": (0, 0), "b": (90_000, 30_000)},
    )
    view, mouse = open_canvas(session)
    rest(view, qtbot)
    start = header(view, "a")
    hold(mouse, start, (start[0] + 150, start[1] + 60))
    assert view.viewer._layers.lifted is not None
    assert (difference(view) > 40).mean() < 0.0005
    mouse.release(start[0] + 150, start[1] + 60)
