"""Do nodes come onto the canvas by drop, by palette and by the ghosts of an empty one?"""

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtWidgets import QApplication

from studio.canvas.overlays import EMPTY_HINT
from studio.qt.mime import node_type_mime
from tests.gui.canvas.support import node, press_key, session_of, settle, shown_workflow, type_text

SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def empty(open_canvas):
    return open_canvas(session_of())


@pytest.fixture
def one(open_canvas):
    return open_canvas(session_of(node("first", "OrderListNode", "First")))


def test_a_dropped_operation_becomes_a_node_under_the_cursor_in_one_step(one):
    view, mouse = one
    mouse.drop(node_type_mime("CustomerCreateNode", {"city": "Rome"}), 520, 318)
    (new,) = view.selection()
    workflow = shown_workflow(view)
    assert workflow.nodes[new].type == "CustomerCreateNode"
    assert dict(workflow.nodes[new].params) == {"city": "Rome"}
    # The cursor holds the card in the middle of its header, on the grid.
    assert (workflow.places[new].x, workflow.places[new].y) == (400.0, 300.0)
    assert view.session.history.position == 1
    assert view.viewer.hasFocus()
    view.session.undo()
    assert list(shown_workflow(view).nodes) == ["first"]


def test_a_node_that_is_added_at_the_edge_of_the_window_comes_into_view_whole(one):
    view, mouse = one
    camera = view.viewer.camera()
    mouse.drop(node_type_mime("CustomerCreateNode"), camera.right - 4, camera.bottom - 4)
    (new,) = view.selection()
    seen = view.viewer.camera()
    left, top, right, bottom = view.projector.geometry.boxes()[view.projector.geometry.index[new]].tolist()
    assert seen.left <= left
    assert right <= seen.right
    assert seen.top <= top
    assert bottom <= seen.bottom
    assert seen.zoom == camera.zoom


def test_something_else_is_not_taken(one):
    view, mouse = one
    mime = QMimeData()
    mime.setText("hello")
    mouse.drop(mime, 500, 300)
    assert list(shown_workflow(view).nodes) == ["first"]


def test_where_the_drop_will_land_is_shown_until_the_drag_leaves(one):
    view, mouse = one
    from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent

    mime = node_type_mime("CustomerCreateNode")
    at = mouse.pixel(520, 318).toPoint()
    event = QDragEnterEvent(
        at, Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(view.viewer.viewport(), event)
    assert event.isAccepted()
    assert view.viewer._drop_at is not None
    QApplication.sendEvent(view.viewer.viewport(), QDragLeaveEvent())
    assert view.viewer._drop_at is None


@pytest.mark.parametrize("key", [Qt.Key.Key_N, Qt.Key.Key_Tab])
def test_a_key_opens_the_palette_at_the_cursor(one, key):
    view, mouse = one
    mouse.move(400, 100)
    press_key(view.viewer, key)
    palette = view.palette_popup
    assert palette.isVisible()
    assert palette.line.hasFocus()
    corner = view.viewer.viewport().mapTo(view, mouse.pixel(400, 100).toPoint())
    assert (palette.pos() - corner).manhattanLength() <= 2


def test_a_double_click_on_empty_canvas_opens_the_palette(one):
    view, mouse = one
    mouse.double_click(100, 400)
    assert view.palette_popup.isVisible()


def test_the_palette_stays_within_the_canvas(one):
    view, _ = one
    view.open_palette(QPoint(view.width() - 5, view.height() - 5))
    assert view.rect().contains(view.palette_popup.geometry())


def test_a_few_letters_and_enter_add_a_node_where_the_palette_was_opened(one):
    view, mouse = one
    mouse.move(404, 297)
    press_key(view.viewer, Qt.Key.Key_N)
    type_text(view.palette_popup.line, "cust cr")
    press_key(view.palette_popup.line, Qt.Key.Key_Return)
    (new,) = view.selection()
    workflow = shown_workflow(view)
    assert workflow.nodes[new].type == "CustomerCreateNode"
    assert (workflow.places[new].x, workflow.places[new].y) == (400.0, 300.0)
    assert not view.palette_popup.isVisible()
    assert view.viewer.hasFocus()
    assert view.session.history.position == 1


def test_shift_enter_adds_and_keeps_the_palette_open(one):
    view, mouse = one
    mouse.move(400, 300)
    press_key(view.viewer, Qt.Key.Key_N)
    type_text(view.palette_popup.line, "cust list")
    press_key(view.palette_popup.line, Qt.Key.Key_Return, SHIFT)
    press_key(view.palette_popup.line, Qt.Key.Key_Return, SHIFT)
    assert view.palette_popup.isVisible()
    workflow = shown_workflow(view)
    assert len(workflow.nodes) == 3
    places = {(place.x, place.y) for place in workflow.places.values()}
    assert len(places) == 3
    assert view.session.history.position == 2


def test_arrows_choose_and_headings_are_skipped(one):
    view, _ = one
    press_key(view.viewer, Qt.Key.Key_N)
    palette = view.palette_popup
    first = palette.current()
    assert first is not None
    press_key(palette.line, Qt.Key.Key_Down)
    second = palette.current()
    assert second is not None
    assert second is not first
    press_key(palette.line, Qt.Key.Key_Up)
    assert palette.current() is first
    for _ in range(200):
        press_key(palette.line, Qt.Key.Key_Down)
    assert palette.current() is not None


def test_an_arrow_at_the_end_of_the_line_shows_what_a_kind_takes_and_gives(one):
    view, _ = one
    press_key(view.viewer, Qt.Key.Key_N)
    palette = view.palette_popup
    type_text(palette.line, "cust cr")
    press_key(palette.line, Qt.Key.Key_Left)
    press_key(palette.line, Qt.Key.Key_Right)
    assert palette.preview.isHidden(), "the caret was not at the end"
    press_key(palette.line, Qt.Key.Key_Right)
    assert palette.preview.isVisible()
    told = palette.preview.toPlainText()
    assert "Customer · Create" in told
    assert "email *" in told
    assert told.index("Takes") < told.index("Gives") < told.index("record")
    press_key(palette.line, Qt.Key.Key_Down)
    assert "Customer · Create" not in palette.preview.toPlainText()
    press_key(palette.line, Qt.Key.Key_Left)
    assert palette.preview.isHidden()
    assert palette.line.text() == "cust cr"
    assert palette.line.cursorPosition() == len("cust cr")


def test_another_workflow_is_offered_as_a_node_that_runs_it(one):
    view, _ = one
    other = view.session.add_workflow("Send reminders")
    press_key(view.viewer, Qt.Key.Key_N)
    palette = view.palette_popup
    type_text(palette.line, "remind")
    assert palette.current().title == "Send reminders"
    press_key(palette.line, Qt.Key.Key_Return)
    (added,) = view.selection()
    node = shown_workflow(view).nodes[added]
    assert (node.type, node.params["workflow"]) == ("Subworkflow", other)


def test_a_template_is_offered_and_inserted_at_the_cursor_as_one_step(one):
    view, _ = one
    view.select(["first"])
    key = view.clipboard.keep_template()
    view.session.templates.rename(key, "Begin here")
    press_key(view.viewer, Qt.Key.Key_N)
    palette = view.palette_popup
    assert "Templates" in [palette.model.index(row).data() for row in range(palette.model.rowCount())]
    type_text(palette.line, "begin")
    assert (palette.current().title, palette.current().code) == ("Begin here", "TPL")
    press_key(palette.line, Qt.Key.Key_Right)
    assert "OrderListNode" in palette.preview.toPlainText()
    before = view.session.project
    press_key(palette.line, Qt.Key.Key_Return)
    assert view.selection() == ["first_2"]
    assert view.session.history.undo_label == "Insert template"
    view.session.undo()
    assert view.session.project == before


def test_the_kinds_used_last_are_offered_first(one):
    view, _ = one
    press_key(view.viewer, Qt.Key.Key_N)
    type_text(view.palette_popup.line, "customer count")
    press_key(view.palette_popup.line, Qt.Key.Key_Return)
    press_key(view.viewer, Qt.Key.Key_N)
    current = view.palette_popup.current()
    assert current is not None
    assert current.spec.type == "CustomerCountNode"


def test_a_click_on_a_row_adds_it(one):
    view, _ = one
    press_key(view.viewer, Qt.Key.Key_N)
    palette = view.palette_popup
    type_text(palette.line, "customer delete")
    palette.list.clicked.emit(palette.list.currentIndex())
    assert any(entry.type == "CustomerDeleteNode" for entry in shown_workflow(view).nodes.values())


def test_escape_closes_the_palette_and_gives_the_focus_back(one):
    view, _ = one
    press_key(view.viewer, Qt.Key.Key_N)
    press_key(view.palette_popup.line, Qt.Key.Key_Escape)
    assert not view.palette_popup.isVisible()
    assert view.viewer.hasFocus()
    assert view.session.history.position == 0


def test_a_press_on_the_canvas_closes_the_palette(one):
    view, mouse = one
    press_key(view.viewer, Qt.Key.Key_N)
    view.viewer.setFocus()
    assert not view.palette_popup.isVisible()
    mouse.click(-100, -100)
    assert view.session.history.position == 0


def test_nonsense_matches_nothing_and_says_so(one):
    view, _ = one
    press_key(view.viewer, Qt.Key.Key_N)
    type_text(view.palette_popup.line, "zzzqqq")
    assert view.palette_popup.current() is None
    assert "zzzqqq" in view.palette_popup.hint.text()
    press_key(view.palette_popup.line, Qt.Key.Key_Return)
    assert len(shown_workflow(view).nodes) == 1


def test_letters_in_the_palette_are_text_not_commands(one):
    view, _ = one
    view.select(["first"])
    press_key(view.viewer, Qt.Key.Key_N)
    type_text(view.palette_popup.line, "d")
    assert view.palette_popup.line.text() == "d"
    assert not shown_workflow(view).nodes["first"].disabled


def test_an_empty_canvas_offers_ghosts_of_nodes_and_a_click_adds_one(empty):
    view, mouse = empty
    settle(view)
    assert EMPTY_HINT == "Press N or drag a model here"
    assert [template.type for template in view.viewer.templates] == [
        "CustomerListNode",
        "CustomerCreateNode",
        "OrderListNode",
    ]
    box = view.viewer.templates[1].box
    at = view.viewer.mapToScene(box.center())
    mouse.move(at.x(), at.y())
    mouse.click(at.x(), at.y())
    assert [entry.type for entry in shown_workflow(view).nodes.values()] == ["CustomerCreateNode"]


def test_the_hint_is_gone_once_there_is_a_node(one):
    view, mouse = one
    settle(view)
    box = view.viewer.templates[0].box
    at = view.viewer.mapToScene(box.center())
    mouse.click(at.x(), at.y())
    assert len(shown_workflow(view).nodes) == 1


def test_without_a_workflow_nothing_can_be_added(one):
    view, mouse = one
    view.show_workflow(None)
    press_key(view.viewer, Qt.Key.Key_N)
    mouse.drop(node_type_mime("CustomerCreateNode"), 10, 10)
    mouse.double_click(10, 10)
    assert not view.palette_popup.isVisible()
    assert view.session.history.position == 0
