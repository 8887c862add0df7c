"""Is what is made of earlier frames what a fresh frame would show? On the screen, at rest and in the middle of gestures."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from studio.canvas import frame_viewer, scene_painter, zoom_pictures
from studio.canvas import sheets as sheets_module
from studio.canvas.camera import Camera
from studio.canvas.curves import Floats
from studio.canvas.drag_layers import DragLayers, Lifted
from studio.canvas.geometry import Geometry
from studio.canvas.scene_painter import ScenePainter
from studio.canvas.sheets import Sheets
from studio.canvas.states import CardState, Footer
from studio.canvas.zoom_pictures import ZoomPictures
from studio.kernel.ids import NodeId
from studio.qt.theme import Theme
from studio.workflow.graph import Note, Place
from tests.gui.canvas.support import edge, header, node, on_screen, press_key, session_of, settle, type_text

IDS = [f"n{i}" for i in range(60)]
ALT = Qt.KeyboardModifier.AltModifier
LONG_MS = 600_000


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
    # They would come, with a frame of their own, in the middle of a gesture on a slow machine.
    view.following.problems_timer.timeout.disconnect()
    view.viewer.zoom_to(0.8)
    view.viewer.center_on(1300, 500)
    rest(view, qtbot)
    return view, mouse


def rest(view, qtbot):
    """Lets a gesture come to rest, and waits until everything is painted; the next one goes on until then, however slow the machine is."""
    timer = view.viewer._rest
    if timer.isActive():
        timer.start(0)
    qtbot.waitUntil(lambda: not timer.isActive())
    timer.setInterval(LONG_MS)
    QApplication.processEvents()
    qtbot.waitUntil(lambda: view.viewer._is_whole and view.viewer.painter_.is_complete)


def difference(view):
    """How far, pixel by pixel, what is on the screen is from what a fresh frame shows."""
    shown = on_screen(view).astype(int)
    settle(view)
    return np.abs(shown - on_screen(view).astype(int)).max(axis=2)


def difference_of_layers(view):
    """The same where the screen is made of layers, which stay as they are."""
    viewer = view.viewer
    shown = on_screen(view).astype(int)
    fresh = QImage(viewer.viewport().size(), QImage.Format.Format_RGB32)
    painter = QPainter(fresh)
    try:
        viewer._paint(painter, viewer.camera(), viewer.viewport().rect())
    finally:
        painter.end()
    pixels = np.array(fresh.constBits()).reshape(fresh.height(), fresh.width(), -1)
    return np.abs(shown[:, :, :3] - pixels[:, :, :3]).max()


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


def test_a_node_that_is_pressed_is_lifted_before_it_moves_so_that_no_step_paints_all(crowd, monkeypatch):
    view, mouse = crowd
    start = header(view, "n24")
    mouse.press(*start)
    QApplication.processEvents()
    wholes = []
    monkeypatch.setattr(view.viewer, "_paint_whole", lambda *_: wholes.append(True))
    for step in range(1, 8):
        mouse.move(start[0] + 30 * step, start[1] + 10 * step, ALT)
        QApplication.processEvents()
        assert difference_of_layers(view) <= 3, step
    assert not wholes
    monkeypatch.undo()
    mouse.release(*start)


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


COARSE = 12
"""So many pixels are compared as one: what there is to see, however it is rounded."""


def coarse(pixels):
    height, width = (size // COARSE * COARSE for size in pixels.shape[:2])
    return (
        pixels[:height, :width]
        .reshape(height // COARSE, COARSE, width // COARSE, COARSE, 3)
        .mean(axis=(1, 3))
    )


def cards_apart(view, camera, shown, wanted):
    """How far each card that two frames show is from the other's, where it is farthest, by its index; 255 is black beside white."""
    found = {}
    geometry = view.projector.geometry
    for i in geometry.nodes_in(camera.left, camera.top, camera.right, camera.bottom).tolist():
        left, top, right, bottom = geometry.boxes()[i]
        x, y = (max(int(value) // COARSE, 0) for value in camera.to_pixels(left, top))
        end_x, end_y = (int(value) // COARSE + 1 for value in camera.to_pixels(right, bottom))
        part = np.abs(shown[y:end_y, x:end_x] - wanted[y:end_y, x:end_x])
        if part.size:
            found[i] = part.max()
    return found


@pytest.mark.parametrize(("start", "notches"), [(0.8, -1), (0.8, -2), (0.8, 1), (0.36, 1)])
def test_while_a_zoom_goes_on_every_card_looks_as_it_does_at_rest(crowd, qtbot, start, notches):
    """Those that come into view as well: none simplified, none elsewhere, none without what a run or a person has put on it."""
    view, mouse = crowd
    viewer = view.viewer
    view.projector.set_footers(
        {NodeId("n0"): Footer(CardState.OK, "3 rows"), NodeId("n8"): Footer(CardState.ERROR, "no")}
    )
    view.select(["n50", "n57"])
    view.session.breakpoints.set("w1", "n5", "")
    viewer.zoom_to(start)
    rest(view, qtbot)
    frame(lambda: viewer.pan_by(40, -25))
    frames = []
    for _ in range(4 if notches != -2 else 2):
        frame(lambda: mouse.wheel(1700, 300, notches))
        frames.append((viewer.camera(), coarse(on_screen(view))))
    assert viewer._rest.isActive()
    assert viewer._pictures.are_shown
    seen = set()
    for camera, shown in frames:
        viewer._show_from(camera.left, camera.top, camera.zoom)
        settle(view)
        apart = cards_apart(view, camera, shown, coarse(on_screen(view)))
        assert max(apart.values()) < 36
        seen |= set(apart)
    assert notches > 0 or {0, 8, 50, 57, 5} <= seen


def test_a_zoom_while_a_run_goes_on_simplifies_no_card(crowd, qtbot, monkeypatch):
    view, mouse = crowd
    viewer = view.viewer
    viewer.zoom_to(0.9)
    viewer.painter_.cache.clear()
    rest(view, qtbot)
    monkeypatch.setattr(scene_painter, "RENDER_BUDGET_S", 0.0)
    simplified = []
    monkeypatch.setattr(
        ScenePainter, "_plain_cards", lambda _, painter, camera, which: simplified.append(which)
    )
    before = len(viewer.painter_.nodes_in_sight(viewer.camera()))
    for step in range(3):
        mouse.wheel(1300, 500, -1)
        view.projector.set_footers({NodeId("n0"): Footer(CardState.RUNNING, f"{step} rows")})
        viewer.redraw()
        QApplication.processEvents()
    assert len(viewer.painter_.nodes_in_sight(viewer.camera())) > before
    assert not simplified


def test_a_zoom_that_comes_to_rest_turns_sharp_at_once(crowd, qtbot, monkeypatch):
    view, mouse = crowd
    viewer = view.viewer
    monkeypatch.setattr(scene_painter, "PREPARE_S", 0.0)
    for _ in range(3):
        frame(lambda: mouse.wheel(1300, 500, -1))
    zooming = on_screen(view)
    viewer._rest.stop()
    viewer._rested()
    # Until the last card is ready nothing changes; each of these frames has made one ready.
    for step in range(30):
        QApplication.processEvents()
        assert not viewer._is_whole
        assert step % 15 or np.array_equal(on_screen(view), zooming)
    qtbot.waitUntil(lambda: viewer._is_whole)
    assert not difference(view).any()


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


class Field:
    """Squares, and as cards four white marks."""

    is_complete = True
    crowded = True

    def __init__(self) -> None:
        self.drawn: list[int] = []
        self.at: list[tuple[Camera, int]] = []
        """What was drawn, and into which picture."""
        self.frames = 0
        self.unders = 0

    def draw_all(self, painter: QPainter, camera: Camera) -> bool:
        squares(painter, camera)
        self.draw_cards(painter, camera, self.cards_in_sight(camera))
        self.drawn = []
        self.frames += 1
        return self.is_complete

    def draw_under(self, painter: QPainter, camera: Camera, part: QRect) -> None:
        self.unders += 1
        squares(painter, camera)

    def draw_cards(self, painter: QPainter, camera: Camera, which: list[int]) -> None:
        self.drawn += which
        self.at += [(camera, i) for i in which]
        for i in which:
            left, top = camera.to_pixels(*MARKS[i])
            painter.fillRect(
                QRect(round(left), round(top), round(50 * camera.zoom), round(30 * camera.zoom)),
                QColor("white"),
            )

    def cards_in_sight(self, camera: Camera) -> list[int]:
        return [
            i
            for i, (x, y) in enumerate(MARKS)
            if camera.left - 50 < x < camera.right and camera.top - 30 < y < camera.bottom
        ]

    def cards_within(self, camera: Camera) -> list[int]:
        return [
            i
            for i, (x, y) in enumerate(MARKS)
            if camera.left < x < camera.right - 50 and camera.top < y < camera.bottom - 30
        ]

    def is_crowded(self, camera: Camera) -> bool:
        return self.crowded


MARKS = ((60, 70), (-40, -20), (180, 140), (230, 60))
"""Within what is seen at first, across its corner, across the other, beyond it."""


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


@pytest.mark.parametrize("still", [(0, 0), (100, 80), (190, 20)])
@pytest.mark.parametrize(
    "zooms", [(0.9, 0.7, 0.6, 0.5, 0.42, 0.8), (0.65, 0.45), (0.4, 0.5), (1.2, 1.35, 2.5, 0.9)]
)
@pytest.mark.parametrize("turns", [0, 1, 9])
def test_pictures_of_a_zoom_cover_the_widget_and_lie_where_they_belong(
    canvas, zooms, still, turns, monkeypatch
):
    monkeypatch.setattr(zoom_pictures, "_AHEAD_S", 0.0 if turns == 1 else 9.0)
    image, begun = canvas
    field = Field()
    pictures = ZoomPictures(field, Sheets())
    pictures.begin(begun)
    for zoom in zooms:
        left, top = (value - value / zoom for value in still)
        seen = Camera(left, top, zoom, 200, 160, begun.device_ratio)
        fresh = image.copy()
        image.fill(QColor("magenta"))
        painter = QPainter(image)
        try:
            assert pictures.paint(painter, seen)
        finally:
            painter.end()
        for _ in range(turns):
            pictures.work_ahead()
        painter = QPainter(fresh)
        try:
            Field().draw_all(painter, seen)
        finally:
            painter.end()
        shown, wanted = array(image), array(fresh)
        assert not (shown == array_of("magenta")).all(axis=2).any()
        apart = np.abs(shown - wanted).max(axis=2)
        assert np.median(apart) <= 2
        assert (apart > 30).mean() < 0.3
        assert (shown > 220).all(axis=2).mean() == pytest.approx(
            (wanted > 220).all(axis=2).mean(), rel=0.2, abs=0.01
        )
        assert len(pictures._pictures) <= zoom_pictures.MOST
    # What a picture holds is not painted again, nor what a sharper one shows.
    assert len(field.drawn) <= 2 * len(MARKS)


def test_a_zoom_that_leads_outwards_finds_its_next_picture_painted(canvas):
    image, begun = canvas
    field = Field()
    pictures = ZoomPictures(field, Sheets())
    pictures.begin(begun)

    def step(zoom: float) -> int:
        before = field.unders
        painter = QPainter(image)
        try:
            assert pictures.paint(painter, Camera(100 - 100 / zoom, 0, zoom, 200, 160, begun.device_ratio))
        finally:
            painter.end()
        return field.unders - before

    def has_work() -> bool:
        return pictures.has_work

    assert step(0.9) > 0, "the first step must make one at once"
    assert has_work()
    while has_work():
        pictures.work_ahead()
    assert [step(zoom) for zoom in (0.85, 0.8, 0.7)] == [0, 0, 0]
    assert has_work(), "the one after that"
    step(0.75)
    assert not has_work(), "the zoom has turned inwards"
    step(0.7)
    assert has_work()
    pictures.drop()
    assert not has_work()
    pictures.begin(begun)
    step(1.1)
    assert not has_work(), "inwards there is nothing to foresee"


def test_a_card_that_comes_into_view_while_a_picture_gets_its_cards_is_painted_into_it_once(
    canvas, monkeypatch
):
    image, begun = canvas
    monkeypatch.setattr(zoom_pictures, "_AT_ONCE", 1)
    monkeypatch.setattr(zoom_pictures, "_AHEAD_S", 0.0)
    many = tuple((x, y) for x in range(-600, 700, 45) for y in range(-40, 400, 45))
    monkeypatch.setitem(globals(), "MARKS", many)
    field = Field()
    pictures = ZoomPictures(field, Sheets())
    pictures.begin(begun)
    for number in range(1, 40):
        zoom = 0.985**number
        painter = QPainter(image)
        try:
            assert pictures.paint(painter, Camera(100 - 100 / zoom, 0, zoom, 200, 160, begun.device_ratio))
        finally:
            painter.end()
        pictures.work_ahead()
    assert len({camera for camera, _ in field.at}) > 2
    assert len(field.at) == len(set(field.at))


def array_of(name):
    color = QColor(name)
    return np.array([color.blue(), color.green(), color.red()])


def test_a_zoom_far_away_or_with_few_cards_is_painted_directly(canvas):
    image, begun = canvas
    field = Field()
    pictures = ZoomPictures(field, Sheets())
    painter = QPainter(image)
    try:
        assert not pictures.paint(painter, begun)
        pictures.begin(begun)
        field.crowded = False
        assert not pictures.paint(painter, begun)
        field.crowded = True
        far = Camera(0, 0, 0.2, 200, 160, begun.device_ratio)
        assert not pictures.paint(painter, far)
        assert not pictures.are_shown
        assert [pictures.paint(painter, begun), pictures.are_shown] == [True, True]
        pictures.drop()
        assert not pictures.paint(painter, begun)
    finally:
        painter.end()


def test_a_zoom_begins_with_what_was_kept_unless_it_was_kept_at_another_zoom(canvas):
    image, begun = canvas
    field = Field()
    pictures = ZoomPictures(field, Sheets())
    panned, nearer = (Camera(5, 0, zoom, 200, 160, begun.device_ratio) for zoom in (1.0, 1.5))
    for camera, is_kept in ((begun, True), (panned, True), (nearer, False)):
        assert pictures.keep(begun) is not None
        before = field.frames
        pictures.begin(camera)
        painter = QPainter(image)
        try:
            assert pictures.paint(painter, camera)
        finally:
            painter.end()
        assert (field.frames == before) == is_kept
    field.is_complete = False
    assert pictures.keep(begun) is None


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
        geometry.place(nodes, np.array([x]), np.array([80.0]))
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


def test_sheets_are_used_again_while_the_size_stays_within_a_bound_of_memory(qapp, monkeypatch):
    monkeypatch.setattr(sheets_module, "LIMIT_BYTES", 2 * 100 * 80 * 4)
    sheets = Sheets()
    small, large = Camera(0, 0, 1, 100, 80), Camera(0, 0, 1, 200, 80)
    first = sheets.take(small)
    key = first.cacheKey()
    sheets.give(first)
    assert sheets.take(small, clear=True).hasAlphaChannel()
    again = sheets.take(small)
    assert again.cacheKey() == key
    sheets.give(again)
    taken = [sheets.take(small) for _ in range(3)]
    keys = [sheet.cacheKey() for sheet in taken]
    sheets.give(*taken)
    assert [sheets.take(small).cacheKey() in keys for _ in range(3)] == [True, True, False]
    sheets.give(*taken[:2])
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
