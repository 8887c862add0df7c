"""A model dropped on the canvas: its commonest operations around the place, taken by mouse or by keys."""

import pytest
from PySide6.QtCore import Qt

from studio.qt.mime import model_mime
from studio.qt.theme import Theme
from tests.gui.canvas.support import node, press_key, session_of, shown_workflow

OFFERED = ("CustomerListNode", "CustomerCreateNode", "CustomerUpdateNode", "CustomerReadNode")


@pytest.fixture
def dropped(open_canvas):
    """A canvas on which the model Customer has just been dropped."""
    view, mouse = open_canvas(session_of(node("a", "CustomerReadNode"), places={"a": (0, 0)}))
    view.set_reduced_motion(True)
    mouse.drop(model_mime("Customer", OFFERED), 520, 318)
    return view, mouse, view.adding.radial


def added(view):
    found = shown_workflow(view)
    return [(entry.type, found.places[key]) for key, entry in found.nodes.items() if key != "a"]


def test_enter_adds_a_list_where_the_model_was_dropped_as_one_step(dropped):
    view, _, radial = dropped
    assert [petal.accessibleName() for petal in radial.petals] == [
        "1: List customers",
        "2: Create customer",
        "3: Update customer",
        "4: Read customer",
    ]
    assert added(view) == []
    press_key(radial.petals[0], Qt.Key.Key_Return)
    ((kind, place),) = added(view)
    assert kind == "CustomerListNode"
    assert (place.x, place.y) == (400.0, 300.0)
    assert view.session.history.position == 1
    assert not radial.isVisible()
    assert view.viewer.hasFocus()


@pytest.mark.parametrize(
    ("keys", "kind"),
    [
        ((Qt.Key.Key_3,), "CustomerUpdateNode"),
        ((Qt.Key.Key_Right, Qt.Key.Key_Return), "CustomerCreateNode"),
        ((Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Space), "CustomerReadNode"),
    ],
)
def test_numbers_and_arrows_choose(dropped, keys, kind):
    view, _, radial = dropped
    for key in keys:
        press_key(next(petal for petal in radial.petals if petal.hasFocus()), key)
    assert [found for found, _ in added(view)] == [kind]


def test_a_click_chooses_and_esc_or_a_click_beside_leaves_all_as_it_was(dropped, qtbot):
    view, mouse, radial = dropped
    press_key(radial.petals[0], Qt.Key.Key_Escape)
    assert not radial.isVisible()
    mouse.drop(model_mime("Customer", OFFERED), 520, 318)
    qtbot.mouseClick(radial, Qt.MouseButton.LeftButton, pos=radial.rect().topLeft())
    assert not radial.isVisible()
    assert added(view) == []
    mouse.drop(model_mime("Customer", OFFERED), 520, 318)
    qtbot.mouseClick(radial.petals[3], Qt.MouseButton.LeftButton)
    assert [found for found, _ in added(view)] == ["CustomerReadNode"]


def test_all_choices_are_seen_at_the_border_and_where_they_open_out(dropped):
    view, mouse, radial = dropped
    radial.dismiss()
    view.set_theme(Theme.light())
    view.set_reduced_motion(False)
    camera = view.viewer.camera()
    mouse.drop(model_mime("Customer", OFFERED), camera.left + 3, camera.top + 3)
    assert radial.petals[1].x() > radial.petals[3].x()
    radial._opening.setCurrentTime(radial._opening.duration())
    for petal in radial.petals:
        assert radial.rect().contains(petal.geometry())
    assert not radial.grab().isNull()
    radial.dismiss()


def test_of_a_single_operation_there_is_nothing_to_ask(open_canvas):
    view, mouse = open_canvas(session_of(node("a", "CustomerReadNode")))
    mouse.drop(model_mime("Customer", ("CustomerCountNode",)), 520, 318)
    assert [found for found, _ in added(view)] == ["CustomerCountNode"]
    assert not view.adding.radial.isVisible()
