"""What does the rest of the window see of the canvas? One widget with its commands and signals; how it draws is `viewer`'s business.

A gesture or command becomes a use case of the session (`editing`); the session tells of the project that came out of it; the projector
follows (`following`). Nothing is altered any other way. Longer than most files: every command of the canvas is a method here, done elsewhere.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.canvas import menus
from studio.canvas.adding import Adding
from studio.canvas.advice import Advice
from studio.canvas.arrangement import Arrangement
from studio.canvas.bookmarks import Bookmarks
from studio.canvas.breadcrumb import Breadcrumb, Crumb
from studio.canvas.by_name import ByName
from studio.canvas.cards import GRID
from studio.canvas.clipboard import Clipboard
from studio.canvas.commands import ABOUT_SELECTION, TITLES, KeyTable, fill_menus
from studio.canvas.delegated import Delegated
from studio.canvas.editing import CanvasEditing
from studio.canvas.editors import FloatingEditor
from studio.canvas.field_drops import FieldDrops
from studio.canvas.find_bar import FindBar
from studio.canvas.following import Following
from studio.canvas.geometry import snapped
from studio.canvas.gestures import Shift
from studio.canvas.graph import CanvasGraph, CanvasNode
from studio.canvas.joining import in_reading_order
from studio.canvas.layout_editing import LayoutEditing
from studio.canvas.looking import Looking
from studio.canvas.minimap import Minimap
from studio.canvas.palette import Palette
from studio.canvas.presses import chosen
from studio.canvas.projector import Projector
from studio.canvas.run_follower import RunFollower
from studio.canvas.style import KIND_INDEX, Style
from studio.canvas.subworkflows import Subworkflows
from studio.canvas.text_editing import TextEditing
from studio.canvas.viewer import CanvasViewer
from studio.kernel.ids import NodeId, WorkflowId
from studio.workflow.graph import Workflow
from studio.workflow.spec import Catalogue

if TYPE_CHECKING:
    from studio.qt.theme import Theme
    from studio.session import RunHandle, Session


class CanvasView(QWidget, Looking, Delegated):
    """One workflow of a session, drawn and editable.

    Invariant: what is drawn is the session's workflow; only a gesture that goes on moves things ahead of it.
    """

    selectionChanged = Signal()
    nodeActivated = Signal(str)
    """Enter on a node, or a double click: its params should be edited."""
    resultsRequested = Signal(str, str)
    """A node's results should be shown: node id, port ("" for its value)."""
    breakpointRequested = Signal(object, bool)
    """The breakpoints of these nodes (ids) are to be set or removed; true: with a condition that is to be asked for."""
    workflowRequested = Signal(str, object, str)
    """Another workflow should be shown: its id, the way that leads to it (Crumbs), and a node to select there, or ""."""
    fieldRequested = Signal(str, str, str)
    """A node's param should be edited: node id, param, and the field that a filter gets a condition on, or ""."""
    message = Signal(str)
    """A sentence for the status line: a refusal, what was done."""
    minimapToggled = Signal()
    """The minimap is shown or hidden now."""
    zoomChanged = Signal(float)

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.theme = theme
        self.workflow_id: WorkflowId | None = None
        self._style = Style(theme)
        self._projector = Projector(session.catalogue, KIND_INDEX)
        self._viewer = CanvasViewer(self._projector, self._style, self)
        self._viewer.setAccessibleName("Canvas")
        self._editing = CanvasEditing(self)
        self._layout_editing = LayoutEditing(self)
        self._viewer.between_asked = self._editing.fits_between
        self._advice = Advice(self)
        self._graph = CanvasGraph(self._viewer, self._projector, self._editing, self._catalogue, self)
        self._palette = Palette(self._style, self)
        self._editor = FloatingEditor(self._viewer.viewport())
        self._texts = TextEditing(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._breadcrumb = Breadcrumb(session, theme, self)
        layout.setSpacing(0)
        layout.addWidget(self._breadcrumb)
        layout.addWidget(self._viewer)
        self.setFocusProxy(self._viewer)
        self._views: dict[WorkflowId, tuple[float, float, float]] = {}
        self._fit_pending = False
        self._keys = KeyTable()
        self._viewer.means_something = self._means_something
        self._runs = RunFollower(self._projector, self._viewer, self)
        self._clipboard = Clipboard(self)
        self._adding = Adding(self)
        self.field_drops = FieldDrops(self)
        """What brings a model's field to a node."""
        self._arrangement = Arrangement(self)
        self._bookmarks = Bookmarks(self)
        self.by_name = ByName(self)
        """What a list of frames, notes and bookmarks asks for."""
        self._subworkflows = Subworkflows(self)
        self._find = FindBar(self)
        self._find.set_style(self._style)
        self._runs.changed.connect(self._find.refresh)
        self._minimap = Minimap(self)
        self._runs.changed.connect(self._minimap.content_changed)
        self._connect()
        self.following = Following(self)
        """What brings that which happens in the session into the drawing."""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def _connect(self) -> None:
        viewer = self._viewer
        viewer.selection_changed.connect(self.selectionChanged)
        viewer.zoom_changed.connect(self.zoomChanged)
        viewer.palette_wanted.connect(self._adding.offer)
        viewer.notes_edited.connect(self._layout_editing.put_notes)
        viewer.between_wanted.connect(self._editing.put_between)
        viewer.duplicates_wanted.connect(self._clipboard.duplicate_to)
        viewer.note_activated.connect(self._texts.edit_note)
        viewer.results_wanted.connect(self._request_results)
        viewer.fold_clicked.connect(self._fold)
        viewer.template_clicked.connect(self._adding.add_template)
        viewer.refusal_told.connect(self.message)
        viewer.key_pressed.connect(self._key)
        viewer.menu_wanted.connect(partial(menus.open_menu, self))
        viewer.entered.connect(self._subworkflows.enter)
        viewer.converter_offered.connect(partial(menus.offer_converter, self))
        viewer.field_dropped.connect(self.field_drops.drop)
        viewer.model_dropped.connect(self._adding.offer_operations)
        viewer.moved.connect(self._layout_editing.shift)
        viewer.routes_wanted.connect(self._layout_editing.set_routes)
        viewer.dot_wanted.connect(self._layout_editing.add_dot)
        viewer.frame_resized.connect(self._layout_editing.resize_frame)
        viewer.frame_activated.connect(self._texts.edit_frame)
        viewer.frame_fold_clicked.connect(self._fold_frame)
        viewer.pressed.connect(self._arrangement.glide.finish)
        self._palette.chosen.connect(self._adding.add_chosen)
        self._palette.closed.connect(self._adding.palette_closed)
        self._menu_actions = fill_menus(self._graph, self._invoke)

    # What is shown

    @property
    def viewer(self) -> CanvasViewer:
        """The widget that draws and takes the mouse."""
        return self._viewer

    @property
    def graph(self) -> CanvasGraph:
        """NodeGraphQt's controller over the workflow."""
        return self._graph

    @property
    def projector(self) -> Projector:
        return self._projector

    @property
    def runs(self) -> RunFollower:
        return self._runs

    @property
    def palette_popup(self) -> Palette:
        return self._palette

    @property
    def editor(self) -> FloatingEditor:
        return self._editor

    @property
    def editing(self) -> CanvasEditing:
        """The use cases that gestures and commands become."""
        return self._editing

    @property
    def layout_editing(self) -> LayoutEditing:
        """Those of them that are about the layout."""
        return self._layout_editing

    @property
    def workflow(self) -> Workflow | None:
        return self._projector.workflow

    def show_workflow(self, workflow_id: WorkflowId | None) -> None:
        """Shows another workflow of the session; None shows nothing. Each is found again where it was left."""
        self._viewer.cancel_gesture()
        self._arrangement.glide.finish()
        self._bookmarks.stop()
        self._editor.close(keep=True)
        self._palette.dismiss()
        self._adding.radial.dismiss()
        if self.workflow_id is not None:
            camera = self._viewer.camera()
            self._views[self.workflow_id] = (camera.left, camera.top, camera.zoom)
        self.workflow_id = workflow_id
        workflow = self.session.project.workflows.get(workflow_id) if workflow_id else None
        self._viewer.selected_notes, self._viewer.selected_frames = set(), set()
        self._projector.show(workflow)
        self.following.begin(workflow)
        self._runs.forget()
        self._minimap.content_changed()
        self._find.refresh()
        kept = self._views.get(workflow_id) if workflow_id else None
        self._fit_pending = kept is None and workflow is not None
        if kept is not None:
            left, top, zoom = kept
            self._viewer._show_from(left, top, zoom)
        elif workflow is not None:
            self.fit()
        self._viewer.redraw()
        self.selectionChanged.emit()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self._style = Style(theme)
        self._viewer.set_style(self._style)
        self._palette.set_style(self._style)
        self._adding.radial.set_style(self._style)
        self._find.set_style(self._style)
        self._breadcrumb.set_theme(theme)
        self._minimap.content_changed()

    def _catalogue(self) -> Catalogue:
        return self.session.catalogue

    @property
    def advice(self) -> Advice:
        """What is known of wires before they are let go."""
        return self._advice

    @property
    def find_bar(self) -> FindBar:
        return self._find

    def find_nodes(self) -> None:
        """Opens the bar that looks for nodes."""
        if self.workflow is not None:
            self._find.open()

    @property
    def minimap(self) -> Minimap:
        return self._minimap

    def toggle_minimap(self) -> None:
        """Shows the map of the whole graph, or hides it."""
        self._minimap.set_shown(self._minimap.isHidden())
        self.minimapToggled.emit()

    # Editing

    def cut(self) -> None:
        if self._clipboard.copy():
            self.delete()

    def paste(self) -> None:
        """Adds the nodes on the clipboard at the cursor, or around the middle when the cursor is elsewhere."""
        self._clipboard.paste(self._here(), is_middle=self._cursor_pixel() is None)

    def paste_with_links(self) -> None:
        """Pastes, and joins the copies to what led to the originals."""
        self._clipboard.paste(self._here(), is_middle=self._cursor_pixel() is None, keep_links=True)

    def delete(self) -> None:
        """Deletes what is selected as one step; of an open frame itself alone, of a collapsed one all that lies in it."""
        geometry, viewer = self._projector.geometry, self._viewer
        edges = [geometry.edges[i] for i in np.flatnonzero(geometry.edge_selected).tolist()]
        self._editing.remove(
            self.selection(), edges, sorted(viewer.selected_notes), sorted(viewer.selected_frames)
        )

    def rename(self) -> None:
        """Opens the editor over the selected node's title, or over the one note or frame that is selected."""
        self._texts.rename()

    def add_note(self) -> None:
        """Adds a note at the cursor and opens its editor."""
        at = self._here()
        note_id = self._layout_editing.add_note(snapped(at.x(), GRID), snapped(at.y(), GRID))
        if note_id is not None:
            self._viewer.set_selection(self._nothing(), notes={note_id})
            self._texts.edit_new_note(note_id)

    def add_frame(self) -> None:
        """Puts a frame around what is selected and opens the editor over its title."""
        frame_id = self._layout_editing.add_frame(chosen(self._viewer))
        if frame_id is None:
            self.message.emit("Select the nodes, notes or frames that the frame is to hold.")
            return
        self._viewer.set_selection(self._nothing(), frames={frame_id})
        self._texts.edit_frame(frame_id)

    def dissolve_frames(self) -> None:
        """Takes the selected frames away, or else those in which the selected nodes lie; what lies in them stays."""
        workflow = self.workflow
        places = workflow.places if workflow else {}
        frames = self._viewer.selected_frames or {
            places[node_id].frame for node_id in self.selection() if node_id in places
        }
        self._layout_editing.dissolve(sorted(frames))

    def toggle_collapsed(self) -> None:
        """Folds the selected nodes and frames, or unfolds them when all are folded."""
        nodes, frames = self.selection(), sorted(self._viewer.selected_frames)
        with self.session.group("Collapse or expand") if nodes and frames else contextlib.nullcontext():
            self._layout_editing.toggle_frames(frames)
            self._editing.toggle_place(nodes, "collapsed", "Collapse", "Expand")

    def nudge(self, dx: float, dy: float) -> None:
        """Moves what is selected; steps that follow soon are one with it."""
        held, ids = chosen(self._viewer), self._projector.geometry.ids
        nodes = tuple(ids[i] for i in held.nodes.tolist())
        notes, frames = (tuple(entry.id for entry in found) for found in (held.notes, held.frames))
        dots = self._projector.geometry.named_dots(held.dots)
        self._layout_editing.shift(Shift(nodes, notes, frames, dx, dy, dots), title="Nudge", merge=True)

    def connect_selected(self) -> None:
        """Joins the selected nodes from left to right, each with the next."""
        picked = np.flatnonzero(self._projector.geometry.selected)
        if len(picked) < 2:
            self.message.emit("Select two nodes or more to connect them.")
            return
        self._editing.connect_in_order(in_reading_order(self._projector.geometry, picked))

    def _fold(self, node_id: str) -> None:
        self._editing.toggle_place([NodeId(node_id)], "all_ports", "Show ports", "Fold ports")

    def _fold_frame(self, frame_id: str) -> None:
        self._layout_editing.toggle_frames([frame_id])

    @property
    def arrangement(self) -> Arrangement:
        return self._arrangement

    def activate(self) -> None:
        if picked := self.selection():
            self.nodeActivated.emit(picked[-1])

    def show_results(self) -> None:
        if picked := self.selection():
            self.resultsRequested.emit(picked[-1], "")

    def toggle_breakpoint(self) -> None:
        """Asks for breakpoints on the selected nodes, or for their removal."""
        self._request_breakpoint(with_condition=False)

    def edit_breakpoint(self) -> None:
        """Asks for a breakpoint that has a condition."""
        self._request_breakpoint(with_condition=True)

    def _request_breakpoint(self, *, with_condition: bool) -> None:
        picked = self.selection()
        if picked:
            self.breakpointRequested.emit(picked, with_condition)
        else:
            self.message.emit("Select the nodes before which runs are to wait.")

    def _request_results(self, node_id: str) -> None:
        self.resultsRequested.emit(node_id, "")

    # Adding nodes

    @property
    def adding(self) -> Adding:
        """What offers kinds of node, and adds what is chosen."""
        return self._adding

    def open_palette(self, at: QPoint | None = None) -> None:
        """Offers all kinds of node; `at` is in pixels of the canvas, None means the cursor."""
        pixel = QPointF(at) if at is not None else self._here_pixel()
        self._adding.offer(None, self._viewer.mapToScene(pixel))

    def _here_pixel(self) -> QPointF:
        """The cursor, when it is over the canvas, else the middle."""
        return self._cursor_pixel() or QPointF(self._viewer.viewport().rect().center())

    def _cursor_pixel(self) -> QPointF | None:
        pixel = self._viewer.cursor_pixel()
        return (
            None if pixel.isNull() or not self._viewer.viewport().rect().contains(pixel.toPoint()) else pixel
        )

    def _here(self) -> QPointF:
        return self._viewer.mapToScene(self._here_pixel())

    # Keys and menus

    def _key(self, event: Any) -> None:
        name = None if self._editor.is_open or self._palette.isVisible() else self._keys.command_for(event)
        if name is not None:
            self._invoke(name)
            event.accept()

    def _means_something(self, event: QKeyEvent) -> bool:
        return self._keys.command_for(event) is not None

    def key_of(self, name: str) -> str:
        """The key that menus show for a command; empty for one without a key, and for what is no command."""
        return self._keys.first(name) if name in TITLES else ""

    def offer_for_nodes(self, actions: Sequence[QAction]) -> None:
        """Puts actions that are not the canvas's own before the commands in the menu of nodes."""
        menu = self._viewer.context_menus()["nodes"].get_menu(CanvasNode.__name__)
        first = menu.actions()[0]
        menu.insertActions(first, list(actions))
        menu.insertSeparator(first)

    def set_keys(self, changed: Mapping[str, Sequence[str]]) -> None:
        """Takes a person's own keys, by the names of the commands; all others have their usual ones."""
        self._keys = KeyTable(changed)
        self._viewer.keeps_tab = self._keys.has("Tab")
        for name, action in self._menu_actions:
            action.setShortcut(QKeySequence(self._keys.first(name)))

    def adapt_menus(self) -> None:
        """Lets the menus offer what can be done now."""
        menus.adapt(self, self._menu_actions)

    def possible(self) -> Mapping[str, bool]:
        """Whether commands can be done now that want more than that something is selected."""
        return menus.possible(self)

    def set_wheel_pans(self, pans: bool) -> None:
        """Whether the mouse wheel moves the view and zooms with Ctrl; otherwise it zooms."""
        self._viewer.wheel_pans = pans

    def set_reduced_motion(self, reduced: bool | None) -> None:
        """Whether everything goes to its place at once; None asks the desktop."""
        self._arrangement.glide.set_reduced_motion(reduced)

    @property
    def breadcrumb(self) -> Breadcrumb:
        return self._breadcrumb

    def set_trail(self, trail: tuple[Crumb, ...]) -> None:
        """Shows above the canvas which way led here."""
        self._breadcrumb.show_trail(trail, self.workflow.name if self.workflow is not None else "")

    @property
    def bookmarks(self) -> Bookmarks:
        return self._bookmarks

    @property
    def clipboard(self) -> Clipboard:
        return self._clipboard

    def _invoke(self, name: str) -> None:
        self.do(name)

    def do(self, name: str) -> None:
        """Does the command of that name, or says why there is nothing to do."""
        if name in ABOUT_SELECTION and self.workflow is not None and not self.has_selection:
            self.message.emit(f"{TITLES[name]}: nothing is selected.")
            return
        self.deed(name)()

    def deed(self, name: str) -> Callable[[], None]:
        """What the command of that name does; AttributeError when there is none."""
        kind, _, key = name.rpartition("_")
        if kind == "set_bookmark":
            return partial(self._bookmarks.set, key)
        if kind == "go_to_bookmark":
            return partial(self._bookmarks.jump, key)
        ways = {
            "make_subworkflow": self._subworkflows.make,
            "enter_subworkflow": self._subworkflows.enter,
            "leave_subworkflow": self._subworkflows.leave,
        }
        if name in ways:
            return ways[name]
        found: Callable[[], None] = getattr(self, name)
        return found

    async def export_picture(self, path: Path) -> None:
        """Writes the whole workflow as a picture, `.png` or `.svg`; raises StudioError."""
        from studio.canvas.picture import write_picture

        self._arrangement.glide.finish()
        await write_picture(self._projector, self._style, path, label=self._viewer.edge_data.label)

    # Runs

    def set_run(self, handle: RunHandle | None) -> None:
        """Shows a run on the cards, live while it goes on; None clears what the last one left."""
        self._runs.follow(handle if handle is not None and handle.workflow_id == self.workflow_id else None)

    # Events

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit_if_pending()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._find.place()
        self._minimap.place()
        self._fit_if_pending()

    def _fit_if_pending(self) -> None:
        """A workflow shown for the first time is fitted once the canvas has its size."""
        if self._fit_pending and self.isVisible():
            self._fit_pending = False
            # Never larger than 100 %, and at 100 % as soon as it fits.
            QTimer.singleShot(0, self._viewer, self.fit)
