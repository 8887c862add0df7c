"""How do a project's workflows and templates stand in a tree? Three groups, starred entries first, and the keys that lists of documents have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemDelegate, QAbstractItemView, QTreeWidget, QTreeWidgetItem, QWidget

from studio.panels.models_tree import EXTRA, ExtraDelegate
from studio.panels.widgets import item_icon

if TYPE_CHECKING:
    from studio.kernel.ids import WorkflowId
    from studio.qt.theme import Theme
    from studio.workflow.graph import Workflow

KEY: Final = Qt.ItemDataRole.UserRole
KIND: Final = Qt.ItemDataRole.UserRole + 1
"""workflow, template or group; of a group, the key is its name."""
CHANGED: Final = "●"
STAR: Final = "★"


def run_by_others(workflows: Iterable[Workflow]) -> set[str]:
    """Ids and names of the workflows that nodes run."""
    return {name for workflow in workflows for name in workflow.references}


class ProjectTree(QTreeWidget):
    """Workflows, those among them that others run, and templates."""

    deleteRequested = Signal()
    duplicateRequested = Signal()
    editingEnded = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme
        self._folded: set[str] = set()
        self.setHeaderHidden(True)
        self.setColumnCount(1)
        self.setIndentation(14)
        self.setIconSize(QSize(16, 16))
        self.setUniformRowHeights(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setExpandsOnDoubleClick(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._delegate = ExtraDelegate(theme, self)
        self.setItemDelegate(self._delegate)

    def set_theme(self, theme: Theme) -> None:
        self.theme = self._delegate.theme = theme

    @property
    def is_editing(self) -> bool:
        """Whether a name is being typed: rows must stay then."""
        return self.state() == QAbstractItemView.State.EditingState

    def closeEditor(self, editor: QWidget, hint: QAbstractItemDelegate.EndEditHint) -> None:
        super().closeEditor(editor, hint)
        self.editingEnded.emit()

    # ------------------------------------------------------------ rows

    def fill(
        self,
        workflows: Sequence[Workflow],
        templates: Sequence[Workflow],
        *,
        current: str | None,
        saved: Mapping[WorkflowId, Workflow],
        stars: frozenset[str],
    ) -> None:
        """Makes the rows anew. `saved` are workflows and templates as they were when the project was saved; folded groups stay so."""
        for group in self._groups():
            key = str(group.data(0, KEY))
            (self._folded.discard if group.isExpanded() else self._folded.add)(key)
        self.clear()
        named = run_by_others(workflows)
        inner = [known for known in workflows if not named.isdisjoint((known.id, known.name))]
        outer = [known for known in workflows if named.isdisjoint((known.id, known.name))]
        for key, title, glyph, entries in (
            ("workflows", self.tr("Workflows"), "tree-structure", outer),
            ("subworkflows", self.tr("Subworkflows"), "stack", inner),
            ("templates", self.tr("Templates"), "puzzle-piece", templates),
        ):
            if entries:
                self._add_group(key, title, glyph, entries, current, saved, stars)

    def _add_group(
        self,
        key: str,
        title: str,
        glyph: str,
        entries: Sequence[Workflow],
        current: str | None,
        saved: Mapping[WorkflowId, Workflow],
        stars: frozenset[str],
    ) -> None:
        group = QTreeWidgetItem([title])
        group.setData(0, KIND, "group")
        group.setData(0, KEY, key)
        group.setData(0, EXTRA, str(len(entries)))
        group.setFont(0, self.theme.font(bold=True))
        group.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
        for entry in sorted(entries, key=lambda entry: entry.id not in stars):
            kind = "template" if key == "templates" else "workflow"
            is_changed = saved.get(entry.id) is not entry
            item = self._item(entry, kind, glyph, current=current, is_changed=is_changed)
            marks = (STAR if entry.id in stars else "", CHANGED if is_changed else "")
            item.setData(0, EXTRA, " ".join(filter(None, marks)))
            self._describe(item, entry, is_changed=is_changed, is_starred=entry.id in stars)
            group.addChild(item)
        self.addTopLevelItem(group)
        group.setExpanded(key not in self._folded)

    def _item(
        self, entry: Workflow, kind: str, glyph: str, *, current: str | None, is_changed: bool
    ) -> QTreeWidgetItem:
        item = QTreeWidgetItem([entry.name])
        is_current = entry.id == current
        item.setIcon(0, item_icon(glyph, self.theme, "accent_text" if is_current else "text_muted"))
        item.setData(0, KIND, kind)
        item.setData(0, KEY, entry.id)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
        if is_current:
            item.setFont(0, self.theme.font(bold=True))
        return item

    def _describe(
        self, item: QTreeWidgetItem, entry: Workflow, *, is_changed: bool, is_starred: bool
    ) -> None:
        count = len(entry.nodes)
        facts = self.tr("1 node") if count == 1 else self.tr("{n} nodes").format(n=count)
        unsaved = self.tr("Not saved yet") if is_changed else ""
        item.setToolTip(0, "\n".join(filter(None, (entry.description, facts, unsaved))))
        starred = self.tr("starred") if is_starred else ""
        said = (entry.name, facts, starred, unsaved)
        item.setData(0, Qt.ItemDataRole.AccessibleTextRole, ", ".join(filter(None, said)))

    def _groups(self) -> Iterator[QTreeWidgetItem]:
        for number in range(self.topLevelItemCount()):
            group = self.topLevelItem(number)
            if group is not None:
                yield group

    def entries(self) -> list[QTreeWidgetItem]:
        """The rows of workflows and templates, in order."""
        return [group.child(row) for group in self._groups() for row in range(group.childCount())]

    # ------------------------------------------------------------ what is chosen

    def chosen(self) -> tuple[str, str] | None:
        """The kind and the id of the chosen entry; None for a group."""
        item = next(iter(self.selectedItems()), None)
        if item is None or item.data(0, KIND) == "group":
            return None
        return str(item.data(0, KIND)), str(item.data(0, KEY))

    def choose(self, key: str | None) -> QTreeWidgetItem | None:
        """Makes an entry the current one; gives its row."""
        found = next((item for item in self.entries() if item.data(0, KEY) == key), None)
        if found is not None:
            self.setCurrentItem(found)
        return found

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Delete):
            self.deleteRequested.emit()
        elif event.key() == Qt.Key.Key_D and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.duplicateRequested.emit()
        else:
            super().keyPressEvent(event)
