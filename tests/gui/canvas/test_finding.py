"""Are nodes found by words and filters, gone through by Enter, and ringed on the canvas?"""

import pytest
from PySide6.QtCore import Qt

from studio.canvas.states import CardState, Footer
from tests.gui.canvas.support import node, press_key, session_of, settle, shown_workflow, type_text
from tests.gui.canvas.test_picture import around, has_color, picture

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def many(open_canvas):
    session = session_of(
        node("paid", "OrderListNode", "Paid orders", filter={"status": "paid"}),
        node("people", "CustomerListNode", "People"),
        node("lonely", "OrderBulkCreateNode", "Needs data"),
        node("strange", "InvoiceReadNode", "Strange"),
        places={"paid": (0, 0), "people": (400, 0), "lonely": (6000, 4000), "strange": (0, 300)},
    )
    view, mouse = open_canvas(session)
    view.following.take_problems()
    return view, mouse


def search(view, text):
    press_key(view.viewer, Qt.Key.Key_F, CTRL)
    view.find_bar.line.clear()
    type_text(view.find_bar.line, text)
    return view.find_bar._found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("orders", ["paid"]),
        ("PAID", ["paid"]),
        ("model:order", ["paid", "lonely"]),
        ("model:Order -is:invalid", ["paid"]),
        ("is:invalid", ["strange", "lonely"]),
        ("is:unknown", ["strange"]),
        ("type:list", ["paid", "people"]),
        ("list people", ["people"]),
        ("state:failed", ["people"]),
        ("nothing like it", []),
        ("", []),
        ("is:", []),
    ],
)
def test_words_and_filters_find_what_they_say(many, text, expected):
    view, _ = many
    view.projector.set_footers({"people": Footer(CardState.ERROR, "failed")})
    assert search(view, text) == expected


def test_enter_goes_to_the_next_and_shift_enter_back_around_the_ends(many):
    view, _ = many
    search(view, "model:order")
    line = view.find_bar.line
    assert view.find_bar.count.text() == "2 found"
    assert view.selection() == []
    press_key(line, Qt.Key.Key_Return)
    assert (view.selection(), view.find_bar.count.text()) == (["paid"], "1 of 2")
    press_key(line, Qt.Key.Key_Return)
    assert (view.selection(), view.find_bar.count.text()) == (["lonely"], "2 of 2")
    camera = view.viewer.camera()
    assert camera.left < 6000 < camera.right
    press_key(line, Qt.Key.Key_Return)
    assert view.selection() == ["paid"]
    press_key(line, Qt.Key.Key_Return, SHIFT)
    assert view.selection() == ["lonely"]
    assert view.session.history.position == 0


def test_a_filter_that_does_not_exist_is_told_with_a_near_one(many):
    view, _ = many
    search(view, "sate:failed")
    assert "state" in view.find_bar.help.text()
    search(view, "is:invlid")
    bar = view.find_bar
    assert "invalid" in bar.help.text()
    assert bar.help.geometry().top() > bar.line.geometry().bottom(), "what was typed keeps its room"
    assert bar.rect().contains(bar.help.geometry())
    search(view, "state:")
    assert "failed" in bar.help.text()
    search(view, "paid")
    assert not bar.help.isVisible()


def test_what_is_found_is_ringed_and_esc_ends_it(many):
    view, _ = many
    search(view, "paid")
    pixels = picture(view)
    assert has_color(around(view, pixels, 120, -4, 3), view._style.warning)
    press_key(view.find_bar.line, Qt.Key.Key_Escape)
    assert not view.find_bar.isVisible()
    assert view.viewer.hasFocus()
    assert not has_color(around(view, picture(view), 120, -4, 3), view._style.warning)


def test_the_finds_follow_the_workflow(many):
    view, _ = many
    search(view, "orders")
    view.session.add_node("w1", "OrderListNode", x=0, y=500, title="More orders")
    assert view.find_bar._found == ["paid", "more_orders"]
    view.session.remove("w1", ["paid"])
    assert view.find_bar._found == ["more_orders"]
    settle(view)
    assert "paid" not in shown_workflow(view).nodes


def test_typing_brings_the_first_one_into_view(many):
    view, _ = many
    search(view, "needs")
    camera = view.viewer.camera()
    assert camera.left < 6000 < camera.right
    assert camera.top < 4000 < camera.bottom
