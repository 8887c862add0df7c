"""What does a right click offer? NodeGraphQt's menus for nodes and the empty canvas, short ones of our own for all else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QMenu

from studio.canvas.gestures import WireEnd
from studio.canvas.graph import CanvasNode
from studio.qt.theme import COLOR_NAMES
from studio.workflow.graph import REFERRING

if TYPE_CHECKING:
    from PySide6.QtGui import QAction

    from studio.canvas.cards import CardPort
    from studio.canvas.hits import Hit
    from studio.canvas.view import CanvasView

_Entry = tuple[str, Callable[[], None]]


def open_menu(view: CanvasView, hit: Hit, at: QPoint) -> None:
    """Selects what was clicked, and opens its menu at a global point."""
    viewer, geometry = view.viewer, view.projector.geometry
    nothing = np.zeros(len(geometry), np.bool_)
    if hit.node is not None and hit.port is not None:
        viewer.select_only(hit.node)
        menu = _port_menu(view, hit.node, hit.port)
    elif hit.node is not None:
        if not geometry.selected[hit.node]:
            viewer.select_only(hit.node)
        menu = viewer.context_menus()["nodes"].get_menu(CanvasNode.__name__)
    elif hit.dot is not None:
        dots = np.zeros(len(geometry.dots), np.bool_)
        dots[hit.dot] = True
        viewer.set_selection(nothing, dots=dots)
        menu = _menu(view, ("Delete point", view.delete))
    elif hit.edge is not None:
        menu = _edge_menu(view, hit.edge)
    elif hit.note is not None:
        viewer.set_selection(nothing, notes={hit.note})
        menu = _menu(view, ("Edit text", view.rename), ("Delete note", view.delete))
        _colors(menu, partial(_color_note, view, hit.note))
    elif hit.frame is not None:
        viewer.set_selection(nothing, frames={hit.frame})
        menu = _frame_menu(view, hit.frame)
    else:
        menu = viewer.context_menus()["graph"]
    view.adapt_menus()
    menu.popup(at)


def possible(view: CanvasView) -> dict[str, bool]:
    """The commands that want more than that something is selected, and whether they can be done now."""
    geometry, workflow = view.projector.geometry, view.workflow
    picked = [geometry.cards[i].node for i in np.flatnonzero(geometry.selected).tolist()]
    places = workflow.places if workflow is not None else {}
    can = {
        "enter_subworkflow": any(node.type in REFERRING for node in picked),
        "leave_subworkflow": bool(view.breadcrumb.trail),
        "connect_selected": len(picked) > 1,
        "dissolve_frames": bool(view.viewer.selected_frames)
        or any(node.id in places and places[node.id].frame for node in picked),
        "paste": bool(QGuiApplication.clipboard().text().strip()),
    }
    can["paste_with_links"] = can["paste"]
    return can


def adapt(view: CanvasView, actions: Iterable[tuple[str, QAction]]) -> None:
    """Enables what can be done now, among the commands in NodeGraphQt's menus, and ticks what is on."""
    can = possible(view)
    on = {"toggle_minimap": view.minimap.isVisible(), "toggle_snap": view.snaps()}
    for name, action in actions:
        action.setEnabled(can.get(name, True))
        if name in on:
            action.setCheckable(True)
            action.setChecked(on[name])


def offer_converter(view: CanvasView, edge: Any, converter: Any, picked: Any) -> None:
    """At the cursor: the node that would make a refused edge (an Edge, a Converter) fit. Enter takes it, Esc leaves all as it was."""
    menu = _menu(
        view,
        (
            f'{converter.reason}: add "{converter.title}"',
            partial(view.editing.add_converter, edge, converter, picked),
        ),
    )
    menu.setActiveAction(menu.actions()[0])
    viewport = view.viewer.viewport()
    menu.popup(viewport.mapToGlobal(view.viewer.cursor_pixel().toPoint()))


def _port_menu(view: CanvasView, node: int, port: CardPort) -> QMenu:
    geometry, viewer, projector = view.projector.geometry, view.viewer, view.projector
    node_id, card, at = geometry.ids[node], geometry.cards[node], viewer.cursor_scene()
    end = WireEnd(node_id, port.name, port.is_output)
    entries: list[_Entry] = [("Add node…", partial(viewer.wants_palette, end, at.x(), at.y()))]
    if port.is_output:
        wires = [(edge, edge.source_port) for edge in projector.outgoing(node_id)]
    else:
        wires = [(edge, edge.target_port) for edge in projector.incoming(node_id)]
    edges = [edge for edge, name in wires if card.port_y(name, is_output=port.is_output) == port.y]
    if edges:
        entries.append((f'Disconnect "{port.label}"', partial(viewer.wants_edges_cut, edges)))
    return _menu(view, *entries)


def _edge_menu(view: CanvasView, i: int) -> QMenu:
    geometry, viewer = view.projector.geometry, view.viewer
    edges = np.zeros(len(geometry.edges), np.bool_)
    edges[i] = True
    viewer.set_selection(np.zeros(len(geometry), np.bool_), edges=edges)
    edge, at = geometry.edges[i], viewer.cursor_scene()
    entries: list[_Entry] = [
        ("Insert node…", partial(viewer.wants_palette, edge, at.x(), at.y())),
        ("Add point", partial(view.layout_editing.add_dot, edge, at.x(), at.y())),
        ("Delete edge", view.delete),
    ]
    if geometry.route(i):
        entries.insert(2, ("Remove its points", partial(view.layout_editing.straighten_routes, [edge])))
    return _menu(view, *entries)


def _frame_menu(view: CanvasView, frame_id: str) -> QMenu:
    workflow = view.workflow
    frame = workflow.frames.get(frame_id) if workflow is not None else None
    collapsed = frame is not None and frame.collapsed
    menu = _menu(
        view,
        ("Rename", view.rename),
        ("Expand" if collapsed else "Collapse", view.toggle_collapsed),
        ("Ungroup", view.dissolve_frames),
        ("Delete frame and content" if collapsed else "Delete frame", view.delete),
    )
    _colors(menu, partial(_color_frame, view, frame_id))
    return menu


def _color_note(view: CanvasView, note_id: str, token: str, *_: object) -> None:
    view.layout_editing.alter_note(note_id, color=token)


def _color_frame(view: CanvasView, frame_id: str, token: str, *_: object) -> None:
    view.layout_editing.alter_frames([frame_id], "Colour frame", color=token)


def _colors(menu: QMenu, choose: Callable[..., None]) -> None:
    colors = menu.addMenu("Colour")
    for token, name in COLOR_NAMES.items():
        colors.addAction(name).triggered.connect(partial(choose, token))


def _menu(view: CanvasView, *entries: _Entry) -> QMenu:
    menu = QMenu(view)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def call(command: Callable[[], None], *_: object) -> None:
        command()

    for title, command in entries:
        action = menu.addAction(title)
        action.triggered.connect(partial(call, command))
        # A command of the canvas says by which key it can be had as well; the canvas itself hears the key.
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.setShortcut(QKeySequence(view.key_of(getattr(command, "__name__", ""))))
        action.setShortcutVisibleInContextMenu(True)
    return menu
