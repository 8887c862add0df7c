"""Random gestures on the real canvas, by mouse and keys: what is drawn is always the workflow, undo leads back to the empty canvas, nothing is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from studio.canvas import CanvasView
from studio.canvas.framing import box_of
from studio.canvas.hits import find
from studio.qt.mime import node_type_mime
from studio.qt.theme import Theme
from studio.session import Session
from studio.workflow.frames import stand_in
from studio.workflow.graph import Workflow
from tests.gui.canvas.support import (
    WORKFLOW,
    Mouse,
    header,
    port,
    press_key,
    project,
    shown_workflow,
    type_text,
    workflow,
)
from tests.support.exactness import exact

CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)
NONE = Qt.KeyboardModifier.NoModifier
TYPES = ("OrderListNode", "OrderCreateNode", "CustomerReadNode", "Map", "Limit", "Log")
PICKS = st.integers(0, 999)
SPOTS = st.tuples(st.integers(-10, 40).map(lambda n: n * 20.0), st.integers(-8, 22).map(lambda n: n * 20.0))
STEPS = st.tuples(st.integers(-10, 10).map(lambda n: n * 20.0), st.integers(-8, 8).map(lambda n: n * 20.0))
KEYS: tuple[tuple[Qt.Key, Qt.KeyboardModifier], ...] = (
    (Qt.Key.Key_Delete, NONE), (Qt.Key.Key_Delete, CTRL), (Qt.Key.Key_A, CTRL), (Qt.Key.Key_C, CTRL), (Qt.Key.Key_X, CTRL), (Qt.Key.Key_V, CTRL),
    (Qt.Key.Key_V, CTRL | SHIFT), (Qt.Key.Key_D, CTRL), (Qt.Key.Key_G, CTRL), (Qt.Key.Key_G, CTRL | SHIFT), (Qt.Key.Key_H, NONE), (Qt.Key.Key_H, CTRL),
    (Qt.Key.Key_D, NONE), (Qt.Key.Key_L, NONE), (Qt.Key.Key_Q, NONE), (Qt.Key.Key_L, CTRL), (Qt.Key.Key_L, CTRL | SHIFT), (Qt.Key.Key_C, NONE),
    (Qt.Key.Key_A, SHIFT), (Qt.Key.Key_W, SHIFT), (Qt.Key.Key_Left, SHIFT), (Qt.Key.Key_Right, SHIFT), (Qt.Key.Key_Right, NONE), (Qt.Key.Key_Down, NONE),
    (Qt.Key.Key_Down, CTRL | SHIFT), (Qt.Key.Key_Right, CTRL | SHIFT), (Qt.Key.Key_X, ALT), (Qt.Key.Key_3, CTRL | ALT), (Qt.Key.Key_3, ALT),
    (Qt.Key.Key_Escape, NONE),
)  # fmt: skip


def picked(items: Sequence[Any], which: int) -> list[Any]:
    """One of the items, whichever way they are; none when there are none. What is drawn does not depend on how many there are."""
    return [items[which % len(items)]] if items else []


class Gestures(RuleBasedStateMachine):
    """A person at a canvas that was empty."""

    opened: ClassVar[list[CanvasView]] = []

    def __init__(self) -> None:
        super().__init__()
        QGuiApplication.clipboard().clear()
        self.session = Session.in_memory(project(workflow()))
        self.before = exact(self.session.project)
        self.view = CanvasView(self.session, Theme.dark())
        self.opened.append(self.view)
        self.view.resize(1300, 900)
        self.view.show()
        self.view.show_workflow(WORKFLOW)
        self.view.set_reduced_motion(True)
        self.view.viewer.zoom_to(1.0)
        self.view.viewer.center_on(300, 200)
        self.mouse = Mouse(self.view)

    @property
    def workflow(self) -> Workflow:
        found: Workflow = self.session.project.workflow(WORKFLOW)
        return found

    @initialize(kinds=st.lists(st.sampled_from(TYPES), min_size=2, max_size=4))
    def begin_with_a_row(self, kinds: list[str]) -> None:
        for number, kind in enumerate(kinds):
            self.mouse.drop(node_type_mime(kind), number * 320.0, 60.0)

    @rule(kind=st.sampled_from(TYPES), at=SPOTS)
    def drop_a_node(self, kind: str, at: tuple[float, float]) -> None:
        self.mouse.drop(node_type_mime(kind), *at)

    @rule(start=SPOTS, step=STEPS, modifiers=st.sampled_from([NONE, NONE, NONE, CTRL, SHIFT, ALT | SHIFT]))
    def drag_from_anywhere(
        self, start: tuple[float, float], step: tuple[float, float], modifiers: Qt.KeyboardModifier
    ) -> None:
        self.mouse.drag(start, (start[0] + step[0], start[1] + step[1]), modifiers=modifiers)

    @rule(which=PICKS, step=STEPS)
    def drag_a_node_or_a_frame(self, which: int, step: tuple[float, float]) -> None:
        for x, y in picked(self._handles(), which):
            self.mouse.drag((x, y), (x + step[0], y + step[1]))

    def _handles(self) -> list[tuple[float, float]]:
        """Where nodes, frames and points of edges can be taken hold of."""
        geometry = self.view.projector.geometry
        seen = [key for i, key in enumerate(geometry.ids) if not geometry.hidden[i]]
        frames = [box_of(frame) for frame in self.view.projector.frames.shown]
        found = [header(self.view, key) for key in seen]
        found += [(left + 60, top + 12) for left, top, _, _ in frames]
        dots = geometry.dots[~geometry.edge_hidden[geometry.dot_edge]]
        return found + [(x, y) for x, y in dots.tolist()]

    @rule(which=PICKS, other=PICKS)
    def draw_a_wire(self, which: int, other: int) -> None:
        geometry = self.view.projector.geometry
        seen = [key for i, key in enumerate(geometry.ids) if not geometry.hidden[i]]
        for source, target in zip(picked(seen, which), picked(seen, other), strict=True):
            outputs = geometry.cards[geometry.index[source]].shape.outputs
            if outputs and source != target:
                start = port(self.view, source, outputs[0].name, is_output=True)
                self.mouse.drag(start, header(self.view, target))

    @rule(which=PICKS)
    def double_click_an_edge(self, which: int) -> None:
        geometry = self.view.projector.geometry
        seen = [i for i in range(len(geometry.edges)) if not geometry.edge_hidden[i]]
        for i in picked(seen, which):
            x, y = geometry.curve(i)[6].tolist()
            self.mouse.double_click(x, y)

    @rule(which=PICKS)
    def fold_a_frame(self, which: int) -> None:
        for frame in picked(self.view.projector.frames.shown, which):
            self.mouse.click(frame.x + 12, frame.y + 14)

    @rule(key=st.sampled_from(KEYS), chosen=st.lists(PICKS, max_size=3))
    def press_a_key(self, key: tuple[Qt.Key, Qt.KeyboardModifier], chosen: list[int]) -> None:
        """With a few things selected one after the other, or everything."""
        self._select(chosen)
        press_key(self.view.viewer, *key)

    def _select(self, chosen: list[int]) -> None:
        for number, which in enumerate(chosen):
            for x, y in picked(self._handles(), which):
                self.mouse.click(x, y, modifiers=SHIFT if number else NONE)
        if not chosen:
            press_key(self.view.viewer, Qt.Key.Key_A, CTRL)

    @rule(chosen=st.lists(PICKS, max_size=3))
    def put_a_frame_around(self, chosen: list[int]) -> None:
        self._select(chosen)
        press_key(self.view.viewer, Qt.Key.Key_G, CTRL)

    @rule(chosen=st.lists(PICKS, max_size=2), cuts=st.booleans())
    def copy_and_paste(self, chosen: list[int], cuts: bool) -> None:
        self._select(chosen)
        press_key(self.view.viewer, Qt.Key.Key_X if cuts else Qt.Key.Key_C, CTRL)
        press_key(self.view.viewer, Qt.Key.Key_V, CTRL)

    @rule(text=st.sampled_from(["Orders", "**now**", ""]))
    def name_what_is_selected(self, text: str) -> None:
        press_key(self.view.viewer, Qt.Key.Key_F2)
        if self.view.editor.widget is not None:
            type_text(self.view.editor.widget, text)

    @rule()
    def undo(self) -> None:
        self.session.undo()

    @rule()
    def redo(self) -> None:
        self.session.redo()

    @rule()
    def undo_everything_and_redo_everything(self) -> None:
        self._rest()
        position, now = self.session.history.position, exact(self.session.project)
        self.session.history.go_to(0)
        assert exact(self.session.project) == self.before
        assert len(self.view.projector.geometry) == 0
        self.session.history.go_to(position)
        assert exact(self.session.project) == now

    def _rest(self) -> None:
        """Nobody is writing or choosing any more."""
        self.view.editor.close(keep=True)
        self.view.palette_popup.dismiss()

    @invariant()
    def what_is_drawn_is_the_workflow(self) -> None:
        self._rest()
        for menu in QApplication.topLevelWidgets():
            if menu.inherits("QMenu") and menu.isVisible():
                menu.close()
        current = shown_workflow(self.view)
        framing = self.view.projector.frames
        assert {frame.id for frame in framing.shown} == {
            key for key, frame in current.frames.items() if stand_in(current.frames, frame.frame) is None
        }
        viewer, geometry = self.view.viewer, self.view.projector.geometry
        assert viewer.selected_notes <= {note.id for note in framing.notes}
        assert viewer.selected_frames <= {frame.id for frame in framing.shown}
        assert not (geometry.selected & geometry.hidden).any()
        assert len(geometry.dot_selected) == len(geometry.dots)
        assert not viewer.is_busy
        for x, y in self._handles()[:3]:
            assert find(self.view.projector, x, y, 1.0).kind != "empty"

    @invariant()
    def it_comes_back_from_its_text_the_same(self) -> None:
        current = self.workflow
        assert exact(Workflow.from_yaml(current.to_yaml())) == exact(current)

    def teardown(self) -> None:
        self._rest()
        self.view.viewer.viewport().repaint()
        self.session.history.go_to(0)
        assert exact(self.session.project) == self.before
        shown_workflow(self.view)
        self.view.close()
        self.view.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_random_gestures_leave_canvas_and_workflow_the_same(
    qapp: Any, request: pytest.FixtureRequest
) -> None:
    check: Callable[..., None] = run_state_machine_as_test
    check(
        Gestures,
        settings=settings(
            max_examples=8,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
