"""Which gesture does a press of the left button begin? It depends on what lies under it and on the keys that are held."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import Qt

from studio.canvas.band_gesture import BandGesture
from studio.canvas.cards import WIDTH
from studio.canvas.framing import TITLE_HEIGHT, size
from studio.canvas.gestures import Gesture, WireEnd
from studio.canvas.move_gesture import DuplicateGesture, Held, MoveGesture
from studio.canvas.resize_gesture import DotGesture, ResizeGesture
from studio.canvas.slice_gesture import SliceGesture
from studio.canvas.wire_gesture import WireGesture
from studio.workflow.frames import content

if TYPE_CHECKING:
    from collections.abc import Sequence

    from studio.canvas.curves import Ints
    from studio.canvas.geometry import Bools
    from studio.canvas.hits import Hit
    from studio.canvas.viewer import CanvasViewer
    from studio.kernel.ids import NodeId
    from studio.workflow.graph import Frame

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
    if modifiers & _CONTROL and (hit.node is not None or hit.kind in ("note", "frame")):
        return _duplicate(viewer, hit, x, y)
    if hit.node is not None:
        return _press_node(viewer, hit, x, y, extends=extends)
    if hit.dot is not None:
        return _press_dot(viewer, hit.dot, x, y, extends=extends)
    if hit.kind == "plus" and hit.edge is not None:
        viewer.wants_palette(geometry.edges[hit.edge], x, y)
        return None
    if hit.edge is not None:
        edges = geometry.edge_selected.copy() if extends else np.zeros(len(geometry.edges), np.bool_)
        edges[hit.edge] = not (extends and edges[hit.edge])
        if extends:
            _extend(viewer, edges=edges)
        else:
            viewer.set_selection(np.zeros(len(geometry), np.bool_), edges=edges)
        return None
    if hit.note is not None:
        return _press_note(viewer, hit, x, y, extends=extends)
    if hit.frame is not None:
        return _press_frame(viewer, hit, x, y, extends=extends)
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
        _extend(viewer, nodes=nodes)
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
        held=chosen(viewer),
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
    if extends:
        _extend(viewer, notes=viewer.selected_notes ^ {note.id})
        return None
    if note.id not in viewer.selected_notes:
        viewer.set_selection(np.zeros(len(geometry), np.bool_), notes={note.id})
    if hit.kind == "note_corner":
        return ResizeGesture(viewer, x, y, note)
    box = (note.width, note.height)
    gesture = MoveGesture(viewer, x, y, held=chosen(viewer), anchor=(note.x, note.y), size=box)
    gesture.on_click = partial(_select_only, viewer, notes={note.id})
    return gesture


def _press_frame(viewer: CanvasViewer, hit: Hit, x: float, y: float, *, extends: bool) -> Gesture | None:
    workflow, geometry = viewer.projector.workflow, viewer.projector.geometry
    assert hit.frame is not None
    assert workflow is not None
    frame = workflow.frames[hit.frame]
    if hit.kind == "frame_fold":
        viewer.frame_fold_clicked.emit(frame.id)
        return None
    if extends:
        _extend(viewer, frames=viewer.selected_frames ^ {frame.id})
        return None
    if frame.id not in viewer.selected_frames:
        viewer.set_selection(np.zeros(len(geometry), np.bool_), frames={frame.id})
    if hit.kind == "frame_corner":
        return ResizeGesture(viewer, x, y, frame)
    box = _held_part(frame)
    gesture = MoveGesture(viewer, x, y, held=chosen(viewer), anchor=(frame.x, frame.y), size=box)
    gesture.on_click = partial(_select_only, viewer, frames={frame.id})
    return gesture


def _select_only(
    viewer: CanvasViewer,
    *,
    notes: set[str] | None = None,
    frames: set[str] | None = None,
    dots: Sequence[int] = (),
) -> None:
    geometry = viewer.projector.geometry
    points = np.zeros(len(geometry.dots), np.bool_)
    points[list(dots)] = True
    viewer.set_selection(np.zeros(len(geometry), np.bool_), notes=notes, frames=frames, dots=points)


def _extend(
    viewer: CanvasViewer,
    *,
    nodes: Bools | None = None,
    edges: Bools | None = None,
    notes: set[str] | None = None,
    frames: set[str] | None = None,
    dots: Bools | None = None,
) -> None:
    """Gives a part of the selection another value; the rest stays."""
    geometry = viewer.projector.geometry
    viewer.set_selection(
        geometry.selected if nodes is None else nodes,
        edges=geometry.edge_selected if edges is None else edges,
        notes=viewer.selected_notes if notes is None else notes,
        frames=viewer.selected_frames if frames is None else frames,
        dots=geometry.dot_selected if dots is None else dots,
    )


def _held_part(frame: Frame) -> tuple[float, float]:
    """What of a frame lines up with others: as much as its title strip, lest a tall frame catch on everything."""
    width, height = size(frame)
    return width, height if frame.collapsed else TITLE_HEIGHT


def _press_dot(viewer: CanvasViewer, dot: int, x: float, y: float, *, extends: bool) -> Gesture | None:
    geometry = viewer.projector.geometry
    dots = geometry.dot_selected.copy()
    if extends:
        dots[dot] = not dots[dot]
        _extend(viewer, dots=dots)
        return None
    if not dots[dot]:
        _select_only(viewer, dots=[dot])
    held = chosen(viewer)
    if not (len(held.nodes) or held.notes or held.frames):
        return DotGesture(viewer, x, y, held.dots, dot)
    at: tuple[float, float] = tuple(geometry.dots[dot].tolist())
    gesture = MoveGesture(viewer, x, y, held=held, anchor=at, size=(0.0, 0.0))
    gesture.on_click = partial(_select_only, viewer, dots=[dot])
    return gesture


def _duplicate(viewer: CanvasViewer, hit: Hit, x: float, y: float) -> DuplicateGesture:
    """With Ctrl a click adds to the selection or takes from it, and a drag copies: the selection when it is held, else what is held."""
    geometry, workflow = viewer.projector.geometry, viewer.projector.workflow
    assert workflow is not None
    none = np.empty(0, np.int64)
    if hit.node is not None:
        i = hit.node
        is_chosen = bool(geometry.selected[i])
        anchor, box = (float(geometry.x[i]), float(geometry.y[i])), (WIDTH, float(geometry.height[i]))
        held = Held(np.array([i]))
    elif hit.note is not None:
        note = workflow.notes[hit.note]
        is_chosen = note.id in viewer.selected_notes
        anchor, box, held = (note.x, note.y), (note.width, note.height), Held(none, [note])
    else:
        assert hit.frame is not None
        frame = workflow.frames[hit.frame]
        is_chosen = frame.id in viewer.selected_frames
        anchor, box = (frame.x, frame.y), size(frame)
        held = with_content(viewer, none, set(), {frame.id})
    held = chosen(viewer) if is_chosen else held
    gesture = DuplicateGesture(viewer, x, y, held=held, anchor=anchor, size=box)
    node_id = None if hit.node is None else geometry.ids[hit.node]

    def clicked() -> None:
        _toggle(viewer, node_id, hit)

    gesture.on_click = clicked
    return gesture


def _toggle(viewer: CanvasViewer, node_id: NodeId | None, hit: Hit) -> None:
    geometry = viewer.projector.geometry
    nodes = geometry.selected.copy()
    i = geometry.index.get(node_id) if node_id is not None else None
    if i is not None:
        nodes[i] = not nodes[i]
    notes = viewer.selected_notes ^ ({hit.note} if hit.note is not None else set())
    frames = viewer.selected_frames ^ ({hit.frame} if hit.frame is not None else set())
    _extend(viewer, nodes=nodes, notes=notes, frames=frames)


def chosen(viewer: CanvasViewer) -> Held:
    """What is selected, with all that lies in selected frames."""
    geometry = viewer.projector.geometry
    held = with_content(
        viewer, np.flatnonzero(geometry.selected), viewer.selected_notes, viewer.selected_frames
    )
    return replace(held, dots=np.flatnonzero(geometry.dot_selected))


def with_content(viewer: CanvasViewer, nodes: Ints, notes: set[str], frames: set[str]) -> Held:
    """Nodes, notes and frames, and all that lies in those frames."""
    workflow, geometry = viewer.projector.workflow, viewer.projector.geometry
    if workflow is None:
        return Held(nodes)
    if frames:
        inside = content(workflow, frames)
        nodes = np.union1d(nodes, geometry.indices(inside.nodes)).astype(np.int64)
        notes, frames = notes | set(inside.notes), frames | set(inside.frames)
    return Held(
        nodes,
        [note for key, note in workflow.notes.items() if key in notes],
        [frame for key, frame in workflow.frames.items() if key in frames],
    )
