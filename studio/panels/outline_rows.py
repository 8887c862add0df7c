"""What is written in the rows of the outline? What a node, its params and edges, a frame, a note or a bookmark is, to eyes and to ears."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QBrush, QTextDocument

from studio.models.spec import MISSING
from studio.panels.display import cell_text, duration_text
from studio.panels.widgets import counted, item_icon
from studio.qt.theme import COLOR_NAMES
from studio.workflow.frames import content
from studio.workflow.references import spec_for

if TYPE_CHECKING:
    from studio.kernel.ids import NodeId
    from studio.panels.outline_layout import Entry
    from studio.qt.theme import Theme
    from studio.session import NodeRunView
    from studio.workflow.graph import Edge, Frame, Node, Note, Workflow
    from studio.workflow.spec import Catalogue, NodeSpec, ParamSpec

TITLE, KIND, STATE, ROWS = range(4)
_LONGEST: Final = 80
"""So many characters of a note stand in its row."""
_MARKS: Final = {"succeeded": "✓", "failed": "✕", "running": "…"}
_ICONS: Final = {
    "frames": "selection", "frame": "selection", "notes": "note", "note": "note", "bookmarks": "bookmark-simple", "bookmark": "bookmark-simple",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamPart:
    """A row for a param. `text` is its value as it is shown."""

    param: ParamSpec
    text: str
    is_set: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgePart:
    """A row for an edge that ends at the node."""

    edge: Edge
    text: str


Part = ParamPart | EdgePart


class OutlineRows(QObject):
    """The texts, brushes and icons of one workflow's rows, by Qt's roles. What is shown is set from outside."""

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self.theme = theme
        self.catalogue: Catalogue | None = None
        self.workflow: Workflow | None = None
        self.views: dict[NodeId, NodeRunView] = {}
        self.faults: Mapping[NodeId, tuple[int, int]] = {}
        self.breakpoints: Mapping[NodeId, str] = {}
        self.waiting: NodeId | None = None
        self.stale: frozenset[NodeId] = frozenset()

    def spec(self, node: Node) -> NodeSpec | None:
        return spec_for(node, self.catalogue) if self.catalogue is not None else None

    def parts_of(self, node_id: NodeId) -> list[Part]:
        """The params that matter (set, required, or not advanced), then those the kind does not know, then the edges."""
        workflow = self.workflow
        if workflow is None:
            return []
        node = workflow.nodes[node_id]
        spec = self.spec(node)
        edges = workflow.incoming.get(node_id, ())
        fed = {edge.target_port.partition(".")[0] for edge in edges}
        parts: list[Part] = []
        for param in spec.params if spec else ():
            names = (param.name, *param.aliases)
            value = next((node.params[name] for name in names if name in node.params), MISSING)
            if value is MISSING and (param.advanced or fed & set(names)):
                continue
            parts.append(
                ParamPart(param=param, text=self._value_text(param, value), is_set=value is not MISSING)
            )
        for edge in edges:
            source = workflow.nodes[edge.source]
            spec_ = self.spec(source)
            title = source.title or (spec_.title if spec_ else source.id)
            parts.append(EdgePart(edge=edge, text=f"{title} › {edge.source_port}"))
        return parts

    def _value_text(self, param: ParamSpec, value: Any) -> str:
        if value is not MISSING:
            return cell_text(value)
        if param.required:
            return self.tr("required, not set")
        if param.default is MISSING or param.default is None:
            return self.tr("not set")
        return self.tr("{value} (default)").format(value=cell_text(param.default))

    def part_data(self, part: Part, column: int, role: int) -> Any:
        name = part.param.label or part.param.name if isinstance(part, ParamPart) else part.edge.target_port
        if role == Qt.ItemDataRole.DisplayRole:
            return {TITLE: name, KIND: part.text}.get(column, "")
        if role == Qt.ItemDataRole.AccessibleTextRole:
            if column == TITLE:
                text = (
                    self.tr("{name}: {value}")
                    if isinstance(part, ParamPart)
                    else self.tr("{name} from {value}")
                )
                return text.format(name=name, value=part.text)
            return {KIND: part.text}.get(column, "")
        if role == Qt.ItemDataRole.ToolTipRole and isinstance(part, ParamPart):
            return part.param.description
        if role == Qt.ItemDataRole.DecorationRole and column == TITLE and isinstance(part, EdgePart):
            return item_icon("arrow-left", self.theme, "accent_text")
        if role == Qt.ItemDataRole.ForegroundRole and isinstance(part, ParamPart) and not part.is_set:
            return QBrush(self.theme.color("error" if part.param.required else "text_muted"))
        return None

    def node_data(self, node_id: NodeId, column: int, role: int) -> Any:
        assert self.workflow is not None
        node = self.workflow.nodes[node_id]
        spec = self.spec(node)
        title = node.title or (spec.title if spec else node.id)
        if role == Qt.ItemDataRole.DisplayRole:
            kind = spec.title if spec else node.type
            return (title, kind, self.state_text(node_id), self._rows_text(node_id))[column]
        if role == Qt.ItemDataRole.EditRole and column == TITLE:
            return title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            texts = (
                title,
                spec.title if spec else node.type,
                self.state_text(node_id),
                self._rows_text(node_id),
            )
            if column != TITLE:
                return texts[column]
            rows = self.tr("{n} rows").format(n=texts[ROWS]) if texts[ROWS] else ""
            return ", ".join(dict.fromkeys(filter(None, (*texts[:ROWS], rows))))
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return self.tr(
                "Enter edits the params, F2 renames, Ctrl+L connects, Del deletes, F9 sets a breakpoint"
            )
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{node.type} · {node.id}" + (f"\n{node.comment}" if node.comment else "")
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._node_brush(node, spec, column)
        return None

    def _node_brush(self, node: Node, spec: NodeSpec | None, column: int) -> QBrush | None:
        if node.disabled:
            return QBrush(self.theme.color("text_muted"))
        if column == KIND:
            operation, category = (spec.operation, spec.category) if spec else ("", "flow")
            return QBrush(self.theme.operation_color(operation, category))
        if column == STATE:
            view = self.views.get(node.id)
            state = view.state if view is not None else ""
            if node.id == self.waiting:
                return QBrush(self.theme.color("warning"))
            if state == "failed" or self.faults.get(node.id, (0, 0))[0]:
                return QBrush(self.theme.color("error"))
            holds = state == "succeeded" and node.id not in self.stale
            return QBrush(self.theme.color("ok" if holds else "text_muted"))
        return None

    def state_text(self, node_id: NodeId) -> str:
        """How a node is: off, whether runs wait before it, what is wrong with it, and how it did in the run that is shown."""
        assert self.workflow is not None
        node = self.workflow.nodes[node_id]
        facts = [self.tr("paused")] if node_id == self.waiting else []
        facts += [self.tr("off")] if node.disabled else []
        condition = self.breakpoints.get(node_id)
        if condition:
            facts.append(self.tr("breakpoint when {}").format(condition))
        elif condition is not None:
            facts.append(self.tr("breakpoint"))
        errors, warnings = self.faults.get(node_id, (0, 0))
        if errors:
            facts.append(self.tr("1 error") if errors == 1 else self.tr("{n} errors").format(n=errors))
        elif warnings:
            facts.append(
                self.tr("1 warning") if warnings == 1 else self.tr("{n} warnings").format(n=warnings)
            )
        view = self.views.get(node_id)
        if view is not None:
            mark = _MARKS.get(view.state, "")
            is_stale = view.state == "succeeded" and node_id in self.stale
            facts.append(f"{mark} {self.tr('stale') if is_stale else view.state}".strip())
            if view.duration_ms is not None:
                facts.append(duration_text(view.duration_ms))
        return " · ".join(facts)

    def _rows_text(self, node_id: NodeId) -> str:
        view = self.views.get(node_id)
        return counted(view.rows) if view is not None and view.rows is not None else ""

    def entry_data(self, entry: Entry, column: int, role: int) -> Any:
        """Of a frame, a note, a bookmark or a section; of a node in a frame, what is said of that node."""
        if entry.kind == "member":
            return self.node_data(entry.key, column, role)  # type: ignore[arg-type]  # a member's key is its node's id
        texts = self._entry_texts(entry)
        if role == Qt.ItemDataRole.DisplayRole or (
            role == Qt.ItemDataRole.AccessibleTextRole and column != TITLE
        ):
            return (*texts, "")[column]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(dict.fromkeys(filter(None, texts)))
        if role == Qt.ItemDataRole.EditRole and column == TITLE:
            return self._own_title(entry)
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return self._entry_help(entry)
        if role == Qt.ItemDataRole.DecorationRole and column == TITLE:
            return item_icon(_ICONS[entry.kind], self.theme, self._entry_color(entry))
        if role == Qt.ItemDataRole.ForegroundRole and (column != TITLE or entry.parent is None):
            return QBrush(self.theme.color("text_muted"))
        return None

    def _entry_texts(self, entry: Entry) -> tuple[str, str, str]:
        """Title, kind and state."""
        workflow = self.workflow
        assert workflow is not None
        if entry.kind == "frame":
            frame = workflow.frames[entry.key]
            inside = content(workflow, [entry.key])
            nodes = len(inside.nodes)
            kind = self.tr("Frame · 1 node") if nodes == 1 else self.tr("Frame · {n} nodes").format(n=nodes)
            state = [self.tr("collapsed")] if frame.collapsed else []
            state += [self.tr(COLOR_NAMES.get(frame.color, frame.color))] if frame.color else []
            return frame.title or self.tr("Frame without a title"), kind, " · ".join(state)
        if entry.kind == "note":
            return first_line(workflow.notes[entry.key].text) or self.tr("Empty note"), self.tr("Note"), ""
        if entry.kind == "bookmark":
            bookmark = workflow.bookmarks[entry.key]
            title = bookmark.title or self.tr("Bookmark {key}").format(key=entry.key)
            return title, self.tr("Bookmark · Alt+{key}").format(key=entry.key), f"{bookmark.zoom:.0%}"
        section = {"frames": self.tr("Frames"), "notes": self.tr("Notes"), "bookmarks": self.tr("Bookmarks")}
        counts = {"frames": workflow.frames, "notes": workflow.notes, "bookmarks": workflow.bookmarks}
        return section[entry.kind], str(len(counts[entry.kind])), ""

    def _own_title(self, entry: Entry) -> str:
        assert self.workflow is not None
        if entry.kind == "frame":
            return self.workflow.frames[entry.key].title
        return self.workflow.bookmarks[entry.key].title if entry.kind == "bookmark" else ""

    def _entry_help(self, entry: Entry) -> str:
        assert self.workflow is not None
        if entry.kind == "frame":
            goes = (
                self.tr("Del deletes it with what lies in it")
                if self.workflow.frames[entry.key].collapsed
                else self.tr("Del deletes it and leaves what lies in it")
            )
            return self.tr(
                "Right arrow shows what lies in it, F2 renames, H collapses or opens, K colours, {goes}"
            ).format(goes=goes)
        return {
            "note": self.tr("Enter or F2 edits the text, K colours, Del deletes"),
            "bookmark": self.tr("Enter goes there, F2 renames, Del deletes"),
        }.get(entry.kind, "")

    def _entry_color(self, entry: Entry) -> str:
        assert self.workflow is not None
        boxes: Mapping[str, Frame | Note] = {**self.workflow.frames, **self.workflow.notes}
        box = boxes.get(entry.key) if entry.kind in ("frame", "note") else None
        return box.color if box is not None and box.color in COLOR_NAMES else "text_muted"


def first_line(markdown: str) -> str:
    """The first words of a note as they are read, without the signs of Markdown; as many as a row holds."""
    document = QTextDocument()
    document.setMarkdown(markdown, QTextDocument.MarkdownFeature.MarkdownNoHTML)
    lines = document.toPlainText().splitlines()
    found = next((line.strip() for line in lines if line.strip()), "")
    return found if len(found) <= _LONGEST else f"{found[: _LONGEST - 1]}…"
