"""Nodes, notes, frames and points of edges are chosen, moved, copied and deleted together, each as one step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt

from studio.canvas import CanvasView
from studio.kernel.ids import NodeId
from studio.workflow.graph import Frame, Note
from tests.gui.canvas.support import (
    edge,
    header,
    node,
    press_key,
    session_of,
    shown_workflow,
)

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
WIRE = edge("a", "records", "b", "value")
POINTS = ((330.0, 40.0), (380.0, 200.0))


@pytest.fixture
def opened(open_canvas: Callable[..., Any]) -> Any:
    """Two nodes joined by an edge with two points, a note, an open frame around a third node and a collapsed one around a fourth."""
    session = session_of(
        node("a", "OrderListNode"),
        node("b", "Log"),
        node("inner", "Log"),
        node("folded", "Log"),
        edges=(WIRE,),
        places={"a": (0, 0), "b": (460, 0), "inner": (40, 340), "folded": (500, 340)},
        notes=(Note(id="n", text="hm", x=760, y=0, width=120, height=80),),
        frames=(
            Frame(id="open", title="Open", x=0, y=280, width=320, height=220),
            Frame(id="shut", title="Shut", x=460, y=300, collapsed=True),
        ),
        framed={"inner": "open", "folded": "shut"},
        routes={WIRE.id: POINTS},
    )
    return open_canvas(session)


def selected(view: CanvasView) -> tuple[Any, ...]:
    geometry, viewer = view.projector.geometry, view.viewer
    points = [tuple(point) for point in geometry.dots[geometry.dot_selected].tolist()]
    return view.selection(), viewer.selected_notes, viewer.selected_frames, points


def test_a_rubber_band_takes_all_it_meets_and_an_open_frame_only_from_all_around(opened: Any) -> None:
    view, mouse = opened
    mouse.drag((-40, -60), (1000, 560))
    assert selected(view) == (["a", "b", "inner"], {"n"}, {"open", "shut"}, [*POINTS])
    mouse.drag((20, 330), (200, 480))
    assert selected(view) == (["inner"], set(), set(), [])
    # Shift adds and Ctrl takes away, of every kind.
    mouse.drag((900, 370), (360, 190), modifiers=SHIFT)
    assert selected(view) == (["inner"], set(), {"shut"}, [POINTS[1]])
    mouse.drag((740, -40), (900, 30), modifiers=SHIFT)
    mouse.drag((300, 150), (600, 360), modifiers=CTRL)
    assert selected(view) == (["inner"], {"n"}, set(), [])
    # A drag that is given up leaves what was selected, a click on nothing clears it.
    mouse.hold((-40, -60), (1000, 560))
    press_key(view.viewer, Qt.Key.Key_Escape)
    assert selected(view) == (["inner"], {"n"}, set(), [])
    mouse.release(1000, 560)
    mouse.click(700, 600)
    assert selected(view) == ([], set(), set(), [])


def test_shift_click_adds_one_thing_of_any_kind_and_keeps_the_others(opened: Any) -> None:
    view, mouse = opened
    mouse.click(*header(view, "a"))
    for at in (POINTS[0], (800, 40), (100, 296), (500, 316), header(view, "b")):
        mouse.click(*at, modifiers=SHIFT)
    assert selected(view) == (["a", "b"], {"n"}, {"open", "shut"}, [POINTS[0]])
    mouse.click(*POINTS[0], modifiers=CTRL)
    mouse.click(*header(view, "a"), modifiers=SHIFT)
    assert selected(view) == (["b"], {"n"}, {"open", "shut"}, [])


def places(view: CanvasView) -> dict[str, tuple[float, float]]:
    shown = shown_workflow(view)
    found = {key: (place.x, place.y) for key, place in shown.places.items()}
    found |= {key: (box.x, box.y) for key, box in {**shown.notes, **shown.frames}.items()}
    return found | dict(enumerate(shown.routes.get(WIRE.id, ())))


@pytest.mark.parametrize("hold", [(120.0, 18.0), POINTS[0], (800.0, 40.0), (100.0, 296.0)])
def test_whatever_is_dragged_takes_the_whole_selection_along_as_one_step(
    opened: Any, hold: tuple[float, float]
) -> None:
    view, mouse = opened
    # Of the edge only one end is moved, and one of its points.
    mouse.click(*header(view, "a"))
    for at in (POINTS[0], (800, 40), (100, 296)):
        mouse.click(*at, modifiers=SHIFT)
    before = places(view)
    chosen = selected(view)
    mouse.drag(hold, (hold[0] + 60, hold[1] + 80))
    moved = {key for key, at in places(view).items() if at != before[key]}
    assert moved == {"a", "n", "open", "inner", 0}
    assert (
        len(
            {(x - before[key][0], y - before[key][1]) for key, (x, y) in places(view).items() if key in moved}
        )
        == 1
    )
    assert selected(view)[:3] == chosen[:3]
    view.session.undo()
    assert places(view) == before
    press_key(view.viewer, Qt.Key.Key_Right, CTRL | SHIFT)
    press_key(view.viewer, Qt.Key.Key_Right, CTRL | SHIFT)
    assert {key for key, at in places(view).items() if at != before[key]} == moved
    view.session.undo()
    assert places(view) == before


def test_a_mixed_selection_is_copied_and_deleted_whole_and_undo_brings_it_back(opened: Any) -> None:
    view, mouse = opened
    before = shown_workflow(view)
    press_key(view.viewer, Qt.Key.Key_A, CTRL)
    assert selected(view)[3] == [*POINTS]
    press_key(view.viewer, Qt.Key.Key_C, CTRL)
    press_key(view.viewer, Qt.Key.Key_V, CTRL)
    doubled = shown_workflow(view)
    assert [len(part) for part in (doubled.nodes, doubled.notes, doubled.frames, doubled.routes)] == [
        8,
        2,
        4,
        2,
    ]
    view.session.undo()
    mouse.drag((-40, -60), (1000, 560))
    press_key(view.viewer, Qt.Key.Key_Delete)
    empty = shown_workflow(view)
    assert not (empty.nodes or empty.notes or empty.frames or empty.routes)
    view.session.undo()
    assert shown_workflow(view) == before
    # Points alone go alone; with one end of their edge they go with the edge.
    mouse.drag((300, 20), (400, 60))
    press_key(view.viewer, Qt.Key.Key_Delete)
    assert shown_workflow(view).routes == {WIRE.id: (POINTS[1],)}
    view.session.undo()
    mouse.click(*header(view, "b"))
    mouse.click(*POINTS[0], modifiers=SHIFT)
    press_key(view.viewer, Qt.Key.Key_Delete)
    assert NodeId("b") not in shown_workflow(view).nodes
    view.session.undo()
    assert shown_workflow(view) == before
