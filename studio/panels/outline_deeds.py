"""What can be done in the outline? Adding, connecting, naming, framing, deleting: every edit of it, by keys and by choosing from names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from PySide6.QtCore import QModelIndex, QObject
from PySide6.QtWidgets import QInputDialog

from studio.kernel.ids import NodeId, WorkflowId
from studio.panels.outline_choices import kinds_to_add, ports_to_fill, sources_for
from studio.panels.outline_model import Address, EdgePart, ParamPart
from studio.panels.quick_open import Asker
from studio.panels.quick_search import Goal
from studio.project.changes import Change
from studio.project.graph_changes import EditNode
from studio.project.layout_changes import SetBookmarks, SetFrames, SetNotes
from studio.qt.theme import COLOR_NAMES
from studio.workflow.frames import around
from studio.workflow.graph import Bookmark, Frame, Note, Place, frozen

if TYPE_CHECKING:
    from studio.panels.outline_layout import Entry
    from studio.panels.outline_panel import OutlinePanel
    from studio.session import Session
    from studio.workflow.graph import Workflow

_GAP_PX: Final = 300.0
_MIDDLE: Final = (120.0, 40.0)
"""From a node's corner to where a bookmark looks at."""
_DIGITS: Final = "123456789"


class Board(Protocol):
    """The canvas, as far as the outline needs it: what depends on how large things are drawn."""

    def show(self, *, note: str = "", frame: str = "") -> None: ...
    def frame_around(
        self, nodes: Collection[NodeId], notes: Collection[str], frames: Collection[str]
    ) -> str | None: ...
    def put_into(
        self, frame_id: str, nodes: Collection[NodeId], notes: Collection[str], frames: Collection[str]
    ) -> None: ...
    def delete(self, nodes: Collection[NodeId], notes: Collection[str], frames: Collection[str]) -> None: ...
    def add_note(self) -> str | None: ...
    def go_to_bookmark(self, key: str) -> None: ...


@dataclass(frozen=True, slots=True)
class _Target:
    """A session and the workflow of it that is shown."""

    session: Session
    id: WorkflowId
    workflow: Workflow


@dataclass(frozen=True, slots=True)
class _Picked:
    """What the selected rows are."""

    nodes: tuple[NodeId, ...]
    notes: tuple[str, ...]
    frames: tuple[str, ...]
    bookmarks: tuple[str, ...]


class OutlineDeeds(QObject):
    """The edits of one outline. Each is ignored while there is nothing that it could be about."""

    def __init__(self, panel: OutlinePanel) -> None:
        super().__init__(panel)
        self._panel = panel
        self.asker = Asker(panel)
        self.board: Board | None = None

    # ------------------------------------------------------------ nodes and edges

    def add_node(self) -> None:
        """Asks which kind, and adds it to the right of the current node."""
        target = self._target()
        if target is None:
            return
        kinds = {
            goal.id: (goal, type_name, params) for goal, type_name, params in kinds_to_add(target.session)
        }

        def add(goal: Goal) -> None:
            _, type_name, params = kinds[goal.id]
            workflow = target.session.project.workflow(target.id)
            beside = self._panel.current
            place = workflow.places.get(beside) if beside is not None else None
            last = place or max(workflow.places.values(), key=lambda each: each.x, default=None)
            x, y = (last.x + _GAP_PX, last.y) if last is not None else (0.0, 0.0)
            node_id = target.session.add_node(target.id, type_name, x=x, y=y, params=params or None)
            self._panel.go_to(node_id)

        self.asker.ask(self.tr("Add a node"), [entry[0] for entry in kinds.values()], add)

    def connect_current(self) -> None:
        """Asks which input of the current node (a param's row says so itself), then which output is to feed it."""
        target, node_id = self._target(), self._panel.current
        if target is None or node_id is None:
            return
        part = self._panel.model.part_at(self._index)
        if isinstance(part, ParamPart) and part.param.connectable:
            self._ask_for_source(node_id, part.param.name)
        elif isinstance(part, EdgePart):
            self._ask_for_source(node_id, part.edge.target_port)
        else:
            goals = ports_to_fill(target.session, target.id, node_id)
            title = self.tr("Connect which input of {node}?").format(node=self._title(node_id))
            self.asker.ask(title, goals, lambda goal: self._ask_for_source(node_id, goal.id))

    def _ask_for_source(self, node_id: NodeId, port: str) -> None:
        target = self._target()
        if target is None:
            return
        found = sources_for(target.session, target.id, node_id, port)
        if not found:
            text = self.tr("No other node delivers what {port} of {node} takes.")
            self._panel.message.emit(text.format(port=port, node=self._title(node_id)))
            return
        edges = {goal.id: edge for goal, edge in found}
        title = self.tr("Feed {port} of {node} from").format(port=port, node=self._title(node_id))

        def connect(goal: Goal) -> None:
            target.session.connect(target.id, edges[goal.id])
            self._panel.refresh()
            self._panel.tree.expand(self._panel.model.index_of(node_id))

        self.asker.ask(title, [goal for goal, _ in found], connect)

    def toggle_current(self) -> None:
        """Switches the selected nodes off, or on again when all are off."""
        target, nodes = self._target(), self._picked().nodes
        if target is None or not nodes:
            return
        disabled = not all(target.workflow.nodes[node_id].disabled for node_id in nodes)
        with target.session.group(self.tr("Disable") if disabled else self.tr("Enable")):
            for node_id in nodes:
                if target.workflow.nodes[node_id].disabled != disabled:
                    values = frozen({"disabled": disabled})
                    target.session.edit(EditNode(workflow=target.id, node=node_id, values=values))

    def toggle_breakpoint(self) -> None:
        """Asks for breakpoints on the selected nodes, or for their removal."""
        if nodes := self._picked().nodes:
            self._panel.breakpointRequested.emit(list(nodes), False)

    def edit_breakpoint(self) -> None:
        """Asks for a breakpoint that has a condition."""
        if nodes := self._picked().nodes:
            self._panel.breakpointRequested.emit(list(nodes), True)

    # ------------------------------------------------------------ whatever is current

    def edit_current(self, *_: object) -> None:
        """Leads on: to the editor of a param, of a node's first one or of a note, to the node an edge comes from, to a bookmark."""
        panel, node_id, entry = self._panel, self._panel.current, self._entry
        part = panel.model.part_at(self._index)
        if entry is not None and entry.kind == "note":
            self._write_note(entry.key)
        elif entry is not None and entry.kind == "bookmark":
            if self.board is not None:
                self.board.go_to_bookmark(entry.key)
        elif node_id is None:
            panel.tree.setExpanded(self._index, not panel.tree.isExpanded(self._index))
        elif isinstance(part, EdgePart):
            panel.go_to(part.edge.source)
        else:
            panel.nodeSelected.emit(node_id)
            panel.fieldRequested.emit(node_id, part.param.name if isinstance(part, ParamPart) else "")

    def rename_current(self) -> None:
        """Opens the editor over the current title; of a param or edge, its node's."""
        entry, node_id, index = self._entry, self._panel.current, self._index
        if entry is not None and entry.kind == "note":
            self._write_note(entry.key)
            return
        if entry is None and node_id is not None:
            index = self._panel.model.index_of(node_id)
            self._panel.set_current(index)
        if (index.isValid() and entry is None) or (entry is not None and entry.parent is not None):
            self._panel.tree.edit(index.siblingAtColumn(0))

    def renamed(self, kind: str, key: str, title: str) -> None:
        """A title was typed in place."""
        target = self._target()
        if target is None:
            return
        workflow = target.workflow
        if kind == "node":
            node = workflow.nodes.get(NodeId(key))
            if node is not None and node.title != title:
                values = frozen({"title": title})
                self._edit(EditNode(workflow=target.id, node=node.id, values=values))
        elif kind == "frame":
            self._alter_frames([key], self.tr("Rename frame"), title=title)
        elif key in workflow.bookmarks and workflow.bookmarks[key].title != title:
            named = replace(workflow.bookmarks[key], title=title)
            self._edit(SetBookmarks(workflow=target.id, put=frozen({key: named})))

    def delete_current(self) -> None:
        """Deletes what is selected as one step; of a current edge or param, that edge or its value."""
        target, node_id = self._target(), self._panel.current
        if target is None:
            return
        part = self._panel.model.part_at(self._index)
        if isinstance(part, EdgePart):
            target.session.disconnect(target.id, [part.edge])
        elif isinstance(part, ParamPart) and node_id is not None:
            node = target.workflow.nodes[node_id]
            names = tuple(name for name in (part.param.name, *part.param.aliases) if name in node.params)
            if names:
                target.session.set_params(target.id, node_id, {}, clear=names)
        else:
            self._delete(target, self._picked())

    def _delete(self, target: _Target, picked: _Picked) -> None:
        near = self._rows_near()
        if picked.bookmarks:
            self._edit(SetBookmarks(workflow=target.id, remove=picked.bookmarks))
        if not (picked.notes or picked.frames):
            if picked.nodes:
                target.session.remove(target.id, picked.nodes)
        elif self.board is not None:
            self.board.delete(picked.nodes, picked.notes, picked.frames)
        self._panel.refresh()
        model = self._panel.model
        there = (model.index_at(address) for address in near)
        last = model.index(model.rowCount() - 1, 0)
        self._panel.set_current(next((index for index in there if index.isValid()), last))

    def _rows_near(self) -> list[Address]:
        """Where the focus goes when the current row goes: to the next beside it, else the one before, else the one above."""
        index, model = self._index, self._panel.model
        beside = [index.siblingAtRow(index.row() + 1), index.siblingAtRow(index.row() - 1), index.parent()]
        found = (model.address(other) for other in beside)
        return [address for address in found if address is not None]

    # ------------------------------------------------------------ frames, notes, bookmarks

    def add_frame(self) -> None:
        """Puts a frame around the selected rows and opens the editor over its title."""
        picked = self._picked()
        if self._target() is None or self.board is None:
            return
        frame_id = self.board.frame_around(picked.nodes, picked.notes, picked.frames)
        if frame_id is None:
            self._panel.message.emit(self.tr("Go to a node, a note or a frame that the frame is to hold."))
            return
        self._name_anew("frame", frame_id)

    def move_current(self) -> None:
        """Asks for the frame that the selected rows are to lie in, or none."""
        target, picked, board = self._target(), self._picked(), self.board
        if target is None or board is None or not (picked.nodes or picked.notes or picked.frames):
            return
        frames = target.workflow.frames
        # Not into itself, nor into what lies in it.
        free = [key for key in frames if not set(around(frames, key)) & set(picked.frames)]
        untitled = self.tr("Frame without a title")
        goals = [
            Goal(kind="choice", id=key, title=frames[key].title or untitled, icon="selection") for key in free
        ]
        goals.append(Goal(kind="choice", id="", title=self.tr("Out of all frames"), icon="sign-out"))

        def put(goal: Goal) -> None:
            board.put_into(goal.id, picked.nodes, picked.notes, picked.frames)

        self.asker.ask(self.tr("Put into which frame?"), goals, put)

    def fold_current(self) -> None:
        """Collapses the selected frames, or opens them when all are collapsed."""
        target, frames = self._target(), self._picked().frames
        if target is None or not frames:
            return
        collapsed = not all(target.workflow.frames[key].collapsed for key in frames)
        title = self.tr("Collapse") if collapsed else self.tr("Expand")
        self._alter_frames(frames, title, collapsed=collapsed)

    def color_current(self) -> None:
        """Asks for the colour of the selected frames and notes."""
        picked = self._picked()
        if not (picked.frames or picked.notes):
            return
        goals = [Goal(kind="choice", id=token, title=self.tr(name)) for token, name in COLOR_NAMES.items()]
        goals.insert(0, Goal(kind="choice", id="", title=self.tr("Without a colour of its own")))

        def paint(goal: Goal) -> None:
            target = self._target()
            if target is None:
                return
            with target.session.group(self.tr("Colour")):
                self._alter_frames(picked.frames, self.tr("Colour frame"), color=goal.id)
                self._alter_notes(picked.notes, color=goal.id)

        self.asker.ask(self.tr("Colour"), goals, paint)

    def add_note(self) -> None:
        """Adds a note and opens the editor of its text."""
        note_id = self.board.add_note() if self._target() is not None and self.board is not None else None
        if note_id is not None:
            self._panel.go_to_thing("note", note_id)
            self._write_note(note_id)

    def add_bookmark(self) -> None:
        """Keeps the place of the current row under the first free digit, and opens the editor over its name."""
        target, at = self._target(), self._place()
        if target is None or at is None:
            return
        free = [digit for digit in _DIGITS if digit not in target.workflow.bookmarks]
        if not free:
            self._panel.message.emit(self.tr("All nine bookmarks are set. Delete one first."))
            return
        title, x, y = at
        put = frozen({free[0]: Bookmark(x=x, y=y, title=title)})
        self._edit(SetBookmarks(workflow=target.id, put=put))
        self._name_anew("bookmark", free[0])

    def _place(self) -> tuple[str, float, float] | None:
        """What the current row is called, and where it lies."""
        target, entry, node_id = self._target(), self._entry, self._panel.current
        if target is None:
            return None
        if node_id is not None:
            place = target.workflow.places.get(node_id, Place())
            return self._title(node_id), place.x + _MIDDLE[0], place.y + _MIDDLE[1]
        boxes: dict[str, Frame | Note] = {**target.workflow.frames, **target.workflow.notes}
        box = boxes.get(entry.key) if entry is not None else None
        if box is None:
            self._panel.message.emit(self.tr("Go to the node, frame or note that the bookmark is to show."))
            return None
        return str(self._index.data()), box.x + box.width / 2, box.y + box.height / 2

    def _name_anew(self, kind: str, key: str) -> None:
        self._panel.go_to_thing(kind, key)
        self._panel.tree.edit(self._panel.tree.currentIndex())

    def _write_note(self, note_id: str) -> None:
        """Opens a dialog with the text of a note; Ctrl+Enter or OK keeps what was written."""
        target = self._target()
        note = target.workflow.notes.get(note_id) if target is not None else None
        if note is None:
            return
        dialog = QInputDialog(self._panel)
        dialog.setObjectName("noteText")
        dialog.setOption(QInputDialog.InputDialogOption.UsePlainTextEditForTextInput)
        dialog.setWindowTitle(self.tr("Note"))
        dialog.setLabelText(self.tr("Text, in Markdown"))
        dialog.setTextValue(note.text)
        dialog.textValueSelected.connect(lambda text, key=note_id: self._alter_notes([key], text=text))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    # ------------------------------------------------------------ inside

    @property
    def _index(self) -> QModelIndex:
        return self._panel.tree.currentIndex()

    @property
    def _entry(self) -> Entry | None:
        return self._panel.model.entry_at(self._index)

    def _target(self) -> _Target | None:
        session, workflow = self._panel.session, self._panel.workflow
        return (
            _Target(session, workflow.id, workflow) if session is not None and workflow is not None else None
        )

    def _picked(self) -> _Picked:
        """What the selected rows are, each thing once; of a param or an edge, its node."""
        model = self._panel.model
        rows = self._panel.tree.selectionModel().selectedRows() or [self._index]
        found: dict[str, dict[str, None]] = {"node": {}, "note": {}, "frame": {}, "bookmark": {}}
        for index in rows:
            entry, node_id = model.entry_at(index), model.node_at(index)
            if node_id is not None and model.part_at(index) is None:
                found["node"][node_id] = None
            elif entry is not None and entry.kind in found:
                found[entry.kind][entry.key] = None
        if not any(found.values()) and self._panel.current is not None:
            found["node"][self._panel.current] = None
        nodes = tuple(NodeId(key) for key in found["node"])
        return _Picked(nodes, tuple(found["note"]), tuple(found["frame"]), tuple(found["bookmark"]))

    def _title(self, node_id: NodeId) -> str:
        return str(self._panel.model.index_of(node_id).data() or node_id)

    def _edit(self, change: Change) -> None:
        if self._panel.session is not None:
            self._panel.session.edit(change)

    def _alter_frames(self, keys: Iterable[str], label: str, /, **values: Any) -> None:
        self._alter("frames", SetFrames, keys, values, label)

    def _alter_notes(self, keys: Iterable[str], **values: Any) -> None:
        self._alter("notes", SetNotes, keys, values, self.tr("Edit note"))

    def _alter(
        self,
        part: str,
        change: Callable[..., Change],
        keys: Iterable[str],
        values: dict[str, Any],
        title: str,
    ) -> None:
        target = self._target()
        if target is None:
            return
        there = getattr(target.workflow, part)
        altered = {key: replace(there[key], **values) for key in keys if key in there}
        altered = {key: entry for key, entry in altered.items() if entry != there[key]}
        if altered:
            with target.session.group(title):
                self._edit(change(workflow=target.id, put=frozen(altered)))
