"""Which gesture does a press of the left button begin? It depends on what lies under it and on the keys that are held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import Qt

from studio.canvas.cards import WIDTH
from studio.canvas.gestures import (
    BandGesture,
    DuplicateGesture,
    Gesture,
    MoveGesture,
    ResizeNoteGesture,
    WireEnd,
)
from studio.canvas.slice_gesture import SliceGesture
from studio.canvas.wire_gesture import WireGesture

if TYPE_CHECKING:
    from studio.canvas.hits import Hit
    from studio.canvas.viewer import CanvasViewer
    from studio.kernel.ids import NodeId
    from studio.workflow.graph import Note

_CONTROL: Final = Qt.KeyboardModifier.ControlModifier
_SHIFT: Final = Qt.KeyboardModifier.ShiftModifier
_ALT: Final = Qt.KeyboardModifier.AltModifier


def begin(
    viewer: CanvasViewer, hit: Hit, x: float, y: float, modifiers: Qt.KeyboardModifier
) -> Gesture | None:
    """The gesture that a press at the scene point (x, y) begins; None when the press itself was all. Selects what is pressed."""
    geometry = viewer.projector.geometry
    extends = bool(modifiers & (_SHIFT | _CONTROL))
    if modifiers & _SHIFT and modifiers & _ALT:
        return SliceGesture(viewer, x, y)
    if hit.kind == "port":
        return _wire(viewer, hit, x, y)
    if modifiers & _CONTROL and (hit.node is not None or hit.kind == "note"):
        return _duplicate(viewer, hit, x, y)
    if hit.node is not None:
        return _press_node(viewer, hit, x, y, extends=extends)
    if hit.kind == "plus" and hit.edge is not None:
        viewer.wants_palette(geometry.edges[hit.edge], x, y)
        return None
    if hit.edge is not None:
        edges = geometry.edge_selected.copy() if extends else np.zeros(len(geometry.edges), np.bool_)
        edges[hit.edge] = not (extends and edges[hit.edge])
        nodes = geometry.selected if extends else np.zeros(len(geometry), np.bool_)
        viewer.set_selection(nodes, edges=edges)
        return None
    if hit.note is not None:
        return _press_note(viewer, hit, x, y, extends=extends)
    return BandGesture(viewer, x, y, modifiers)


def _wire(viewer: CanvasViewer, hit: Hit, x: float, y: float) -> WireGesture:
    """A press on a port: an output begins a wire; a connected input gives up its wire's end; a free one begins a wire backwards."""
    geometry = viewer.projector.geometry
    assert hit.node is not None
    assert hit.port is not None
    node_id, port = geometry.ids[hit.node], hit.port
    picked = None
    if not port.is_output and port.wired:
        card = geometry.cards[hit.node]
        ending = [
            edge
            for edge in viewer.projector.incoming(node_id)
            if card.shape.collapsed or card.port_y(edge.target_port, is_output=False) == port.y
        ]
        picked = ending[-1] if ending else None
    if picked is None:
        end = WireEnd(node_id, port.name, port.is_output)
        return WireGesture(viewer, x, y, end=end, port_type=port.type, picked=None)
    source = geometry.cards[geometry.index[picked.source]]
    return WireGesture(
        viewer,
        x,
        y,
        end=WireEnd(picked.source, picked.source_port, is_output=True),
        port_type=source.port_type(picked.source_port, is_output=True),
        picked=picked,
    )


def _press_node(viewer: CanvasViewer, hit: Hit, x: float, y: float, *, extends: bool) -> MoveGesture | None:
    geometry = viewer.projector.geometry
    assert hit.node is not None
    i = hit.node
    was_selected = bool(geometry.selected[i])
    if extends:
        nodes = geometry.selected.copy()
        nodes[i] = not was_selected
        viewer.set_selection(nodes, edges=geometry.edge_selected, notes=viewer.selected_notes)
        if was_selected:
            return None
    elif not was_selected:
        viewer.select_only(i)
    if not extends:
        viewer.node_selected.emit(geometry.ids[i])
    gesture = MoveGesture(
        viewer,
        x,
        y,
        nodes=np.flatnonzero(geometry.selected),
        notes=chosen_notes(viewer),
        anchor=(float(geometry.x[i]), float(geometry.y[i])),
        size=(WIDTH, float(geometry.height[i])),
    )
    if not extends:
        node_id, kind = geometry.ids[i], hit.kind

        def clicked() -> None:
            _clicked_node(viewer, node_id, kind, was_selected=was_selected)

        gesture.on_click = clicked
    return gesture


def _clicked_node(viewer: CanvasViewer, node_id: NodeId, kind: str, *, was_selected: bool) -> None:
    i = viewer.projector.geometry.index.get(node_id)
    if i is None:
        return
    if was_selected:
        viewer.select_only(i)
    if kind == "fold":
        viewer.fold_clicked.emit(node_id)
    elif kind == "footer":
        viewer.results_wanted.emit(node_id)


def _press_note(viewer: CanvasViewer, hit: Hit, x: float, y: float, *, extends: bool) -> Gesture | None:
    workflow = viewer.projector.workflow
    assert hit.note is not None
    assert workflow is not None
    note = workflow.notes[hit.note]
    geometry = viewer.projector.geometry
    chosen = set(viewer.selected_notes)
    if extends:
        chosen ^= {note.id}
        viewer.set_selection(geometry.selected, edges=geometry.edge_selected, notes=chosen)
        return None
    if note.id not in chosen:
        viewer.set_selection(np.zeros(len(geometry), np.bool_), notes={note.id})
    if hit.kind == "note_corner":
        return ResizeNoteGesture(viewer, x, y, note)
    nodes = np.flatnonzero(geometry.selected)
    return MoveGesture(
        viewer,
        x,
        y,
        nodes=nodes,
        notes=chosen_notes(viewer),
        anchor=(note.x, note.y),
        size=(note.width, note.height),
    )


def _duplicate(viewer: CanvasViewer, hit: Hit, x: float, y: float) -> DuplicateGesture:
    """With Ctrl a click adds to the selection or takes from it, and a drag copies: the selection when it is held, else what is held."""
    geometry = viewer.projector.geometry
    notes = viewer.projector.workflow.notes if viewer.projector.workflow else {}
    if hit.node is not None:
        i = hit.node
        is_chosen = bool(geometry.selected[i])
        anchor, size = (float(geometry.x[i]), float(geometry.y[i])), (WIDTH, float(geometry.height[i]))
        nodes = np.flatnonzero(geometry.selected) if is_chosen else np.array([i])
        chosen = chosen_notes(viewer) if is_chosen else []
    else:
        assert hit.note is not None
        note = notes[hit.note]
        is_chosen = note.id in viewer.selected_notes
        anchor, size = (note.x, note.y), (note.width, note.height)
        nodes = np.flatnonzero(geometry.selected) if is_chosen else np.empty(0, np.int64)
        chosen = chosen_notes(viewer) if is_chosen else [note]
    gesture = DuplicateGesture(viewer, x, y, nodes=nodes, notes=chosen, anchor=anchor, size=size)
    node_id = None if hit.node is None else geometry.ids[hit.node]

    def clicked() -> None:
        _toggle(viewer, node_id, hit.note)

    gesture.on_click = clicked
    return gesture


def _toggle(viewer: CanvasViewer, node_id: NodeId | None, note_id: str | None) -> None:
    geometry = viewer.projector.geometry
    nodes, notes = geometry.selected.copy(), set(viewer.selected_notes)
    i = geometry.index.get(node_id) if node_id is not None else None
    if i is not None:
        nodes[i] = not nodes[i]
    if note_id is not None:
        notes ^= {note_id}
    viewer.set_selection(nodes, edges=geometry.edge_selected, notes=notes)


def chosen_notes(viewer: CanvasViewer) -> list[Note]:
    notes = viewer.projector.workflow.notes if viewer.projector.workflow else {}
    return [note for note_id, note in notes.items() if note_id in viewer.selected_notes]
