"""Alt+X makes a workflow of the selection; Alt+Enter and a double click lead into it, Alt+Shift+Enter and the way above it lead back."""

import pytest
from PySide6.QtCore import Qt

from studio.canvas.breadcrumb import Crumb
from tests.gui.canvas.support import WORKFLOW, edge, header, node, press_key, session_of, shown_workflow

ALT, SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def made(open_canvas):
    """A canvas on which the middle of three nodes has become a subworkflow, and where it was led."""
    session = session_of(
        node("a", "OrderListNode"), node("m", "Sort", order_by=["total"]), node("b", "Log"),
        edges=(edge("a", "records", "m", "records"), edge("m", "records", "b", "value")),
    )  # fmt: skip
    view, mouse = open_canvas(session)
    asked = []
    view.workflowRequested.connect(lambda *request: asked.append(request))
    view.select(["m"])
    press_key(view.viewer, Qt.Key.Key_X, ALT)
    (node_id,) = view.selection()
    asked.clear()
    return view, mouse, node_id, asked


def test_alt_x_puts_a_node_in_place_of_the_selection_in_one_step(made):
    view, _, node_id, _ = made
    workflow = shown_workflow(view)
    assert workflow.nodes[node_id].type == "Subworkflow"
    assert {(entry.source, entry.target) for entry in workflow.edges} == {("a", node_id), (node_id, "b")}
    card = view.projector.geometry.cards[view.projector.geometry.index[node_id]]
    assert {(True, "records"), (False, "records")} <= set(card.shape.by_name)
    assert view.session.history.undo_label == "Make subworkflow"
    view.session.undo()
    assert list(shown_workflow(view).nodes) == ["a", "m", "b"]
    assert len(view.session.project.workflows) == 1


def test_alt_enter_and_a_double_click_on_the_header_lead_into_it(made):
    view, mouse, node_id, asked = made
    inner = shown_workflow(view).nodes[node_id].params["workflow"]
    press_key(view.viewer, Qt.Key.Key_Return, ALT)
    mouse.double_click(*header(view, node_id))
    assert asked == [(inner, (Crumb(WORKFLOW, node_id),), "")] * 2
    assert view.session.history.position == 1


def test_the_way_back_is_shown_and_leads_back(made):
    view, _, node_id, asked = made
    inner = shown_workflow(view).nodes[node_id].params["workflow"]
    assert not view.breadcrumb.isVisible()
    view.show_workflow(inner)
    view.set_trail((Crumb(WORKFLOW, node_id),))
    assert view.breadcrumb.isVisible()
    view.session.rename_workflow(WORKFLOW, "Nightly")
    (button,) = view.breadcrumb.buttons
    assert button.text() == "Nightly"
    button.click()
    press_key(view.viewer, Qt.Key.Key_Return, ALT | SHIFT)
    assert asked == [(WORKFLOW, (), node_id)] * 2


def test_what_leads_nowhere_says_so(made, qtbot):
    view, _, _, asked = made
    view.select(["a"])
    for modifiers, words in ((ALT, "runs another workflow"), (ALT | SHIFT, "No other workflow")):
        with qtbot.waitSignal(view.message) as told:
            press_key(view.viewer, Qt.Key.Key_Return, modifiers)
        assert words in told.args[0]
    assert asked == []


def test_a_selection_that_cannot_be_taken_out_is_refused_with_the_reason(made, qtbot):
    view, _, node_id, _ = made
    view.select(["a", "b"])
    with qtbot.waitSignal(view.message) as told:
        press_key(view.viewer, Qt.Key.Key_X, ALT)
    assert "lies between" in told.args[0]
    assert node_id in shown_workflow(view).nodes
