"""Which workflows does the project have? Their list: open, make, rename, duplicate, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from studio.kernel.errors import StudioError
from studio.kernel.ids import WorkflowId
from studio.panels.base import Panel
from studio.panels.models_tree import EXTRA, ExtraDelegate
from studio.panels.widgets import (
    EmptyState,
    EnterFilter,
    add_action,
    item_icon,
    muted_label,
    repaint_icons,
    tool_button,
)
from studio.session.events import ProjectChanged, SavedStateChanged

if TYPE_CHECKING:
    from studio.project.state import Project
    from studio.qt.theme import Theme
    from studio.workflow.graph import Workflow

_ROLE: Final = Qt.ItemDataRole.UserRole


class WorkflowsPanel(Panel):
    """The project's workflows. A dot stands behind those that have changed since the project was saved."""

    workflowOpened = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._saved: dict[WorkflowId, Workflow] = {}
        self._current: str | None = None
        self._is_filling = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        bar = QHBoxLayout()
        bar.setContentsMargins(10, 4, 6, 4)
        bar.setSpacing(2)
        self.count = muted_label("", self)
        bar.addWidget(self.count, 1)
        self.buttons = []
        for name, tip, slot in (
            ("plus", self.tr("New workflow"), self.new_workflow),
            ("copy-simple", self.tr("Duplicate (Ctrl+D)"), self.duplicate_current),
            ("pencil-simple", self.tr("Rename (F2)"), self.rename_current),
            ("trash", self.tr("Delete (Del)"), self.delete_current),
        ):
            button = tool_button(name, theme, self, tip=tip)
            button.clicked.connect(slot)
            bar.addWidget(button)
            self.buttons.append(button)
        column.addLayout(bar)
        self._pages = QStackedWidget(self)
        column.addWidget(self._pages, 1)
        self.list = WorkflowList(self._pages)
        self.list.setAccessibleName(self.tr("Workflows"))
        self.list.setIconSize(QSize(16, 16))
        self._delegate = ExtraDelegate(theme, self.list)
        self.list.setItemDelegate(self._delegate)
        self.list.itemDoubleClicked.connect(self._open)
        self.list.itemChanged.connect(self._renamed)
        self.list.itemSelectionChanged.connect(self._enable)
        self.list.deleteRequested.connect(self.delete_current)
        self.list.duplicateRequested.connect(self.duplicate_current)
        self.list.customContextMenuRequested.connect(self._show_menu)
        EnterFilter(self.list, self._open_current)
        self._pages.addWidget(self.list)
        self.empty = EmptyState(theme, self._pages)
        self.empty.activated.connect(self._link_chosen)
        self._pages.addWidget(self.empty)
        self.refresh()

    # ------------------------------------------------------------ what is shown

    def set_current(self, workflow_id: str | None) -> None:
        """Says which workflow is shown on the canvas."""
        self._current = workflow_id
        self._fill(workflow_id)

    def refresh(self) -> None:
        self._fill(self._chosen_id() or self._current)

    def _fill(self, chosen: str | None) -> None:
        project = self.session.project if self.session is not None else None
        self._is_filling = True
        try:
            self.list.clear()
            for workflow in project.workflows.values() if project else ():
                self.list.addItem(self._item(workflow))
            for number in range(self.list.count()):
                if self.list.item(number).data(_ROLE) == chosen:
                    self.list.setCurrentRow(number)
        finally:
            self._is_filling = False
        count = self.list.count()
        self.count.setText(
            self.tr("1 workflow") if count == 1 else self.tr("{n} workflows").format(n=count) if count else ""
        )
        self._show_page(project)
        self._enable()

    def _item(self, workflow: Workflow) -> QListWidgetItem:
        is_changed = self._saved.get(workflow.id) is not workflow
        item = QListWidgetItem(
            item_icon(
                "tree-structure",
                self.theme,
                "accent_text" if workflow.id == self._current else "text_muted",
            ),
            "",
        )
        item.setText(workflow.name)
        item.setData(EXTRA, "●" if is_changed else "")
        item.setData(_ROLE, workflow.id)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
        facts = self.tr("{n} nodes").format(n=len(workflow.nodes))
        item.setToolTip(
            "\n".join(
                part
                for part in (workflow.description, facts, self.tr("Not saved yet") if is_changed else "")
                if part
            )
        )
        if workflow.id == self._current:
            item.setFont(self.theme.font(bold=True))
        return item

    def _show_page(self, project: Project | None) -> None:
        if self.list.count():
            self._pages.setCurrentWidget(self.list)
            return
        links = (("new", self.tr("New workflow")),) if project is not None else ()
        title = self.tr("No workflows yet") if project is not None else self.tr("No project")
        self.empty.show_state(title, picture="tree-structure", links=links)
        self._pages.setCurrentWidget(self.empty)

    def _chosen_id(self) -> str | None:
        chosen = self.list.selectedItems()
        return str(chosen[0].data(_ROLE)) if chosen else None

    def _enable(self) -> None:
        has_one = self._chosen_id() is not None
        self.buttons[0].setEnabled(self.session is not None)
        for button in self.buttons[1:]:
            button.setEnabled(has_one)

    # ------------------------------------------------------------ doing

    def new_workflow(self) -> None:
        """Adds an empty workflow and opens it."""
        if self.session is not None:
            self.workflowOpened.emit(self.session.add_workflow(self.tr("Workflow")))

    def duplicate_current(self) -> None:
        chosen = self._chosen_id()
        if self.session is not None and chosen is not None:
            self.workflowOpened.emit(self.session.duplicate_workflow(WorkflowId(chosen)))

    def rename_current(self) -> None:
        for item in self.list.selectedItems():
            self.list.setFocus()
            self.list.editItem(item)

    def delete_current(self) -> None:
        """Deletes the chosen workflow; one undo brings it back."""
        chosen = self._chosen_id()
        if self.session is None or chosen is None:
            return
        name = self.session.project.workflow(WorkflowId(chosen)).name
        self.session.remove_workflow(WorkflowId(chosen))
        self.message.emit(self.tr("Deleted “{name}”. Undo brings it back.").format(name=name))

    def _renamed(self, item: QListWidgetItem) -> None:
        if self._is_filling or self.session is None:
            return
        try:
            self.session.rename_workflow(WorkflowId(item.data(_ROLE)), item.text())
        except StudioError as error:
            self.message.emit(str(error))
        self.refresh()

    def _open(self, item: QListWidgetItem) -> None:
        self.workflowOpened.emit(str(item.data(_ROLE)))

    def _open_current(self) -> None:
        for item in self.list.selectedItems():
            self._open(item)

    def _link_chosen(self, _name: str) -> None:
        self.new_workflow()

    def _show_menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if self.list.itemAt(place) is not None:
            add_action(menu, self.tr("&Open"), self._open_current)
            add_action(menu, self.tr("&Rename"), self.rename_current)
            add_action(menu, self.tr("&Duplicate"), self.duplicate_current)
            menu.addSeparator()
            add_action(menu, self.tr("De&lete"), self.delete_current)
            menu.addSeparator()
        add_action(menu, self.tr("&New workflow"), self.new_workflow)
        menu.popup(self.list.viewport().mapToGlobal(place))

    # ------------------------------------------------------------ following the session

    def session_changed(self) -> None:
        self._saved = (
            dict(self.session.project.workflows)
            if self.session is not None and not self.session.is_modified
            else {}
        )
        self._current = None
        self.refresh()

    def session_event(self, event: Any) -> None:
        if isinstance(event, SavedStateChanged):
            if not event.is_modified and self.session is not None:
                self._saved = dict(self.session.project.workflows)
            self.refresh()
        elif isinstance(event, ProjectChanged) and self._looks_other(event.before, event.after):
            self.refresh()

    def _looks_other(self, before: Project, after: Project) -> bool:
        """Whether an edit alters the list: not so the many that move nodes of a workflow that has its dot already."""
        if list(before.workflows) != list(after.workflows):
            return True
        for key, workflow in after.workflows.items():
            old = before.workflows[key]
            if old is workflow:
                continue
            saved = self._saved.get(key)
            if (
                old.name != workflow.name
                or (saved is old) != (saved is workflow)
                or len(old.nodes) != len(workflow.nodes)
            ):
                return True
        return False

    def theme_changed(self) -> None:
        self._delegate.theme = self.theme
        self.empty.set_theme(self.theme)
        repaint_icons(self, self.theme)
        self.refresh()


class WorkflowList(QListWidget):
    """A list with the keys that lists of documents have."""

    deleteRequested = Signal()
    duplicateRequested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setUniformItemSizes(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Delete):
            self.deleteRequested.emit()
        elif event.key() == Qt.Key.Key_D and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.duplicateRequested.emit()
        else:
            super().keyPressEvent(event)
