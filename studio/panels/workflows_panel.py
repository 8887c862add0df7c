"""What does the project hold? Its workflows and templates: open, begin, star, rename, duplicate, delete. How they are laid out is `project_tree`'s."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QStackedWidget,
    QToolButton,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from studio.kernel.errors import StudioError
from studio.kernel.ids import WorkflowId
from studio.panels.base import Panel
from studio.panels.project_tree import KEY, KIND, ProjectTree
from studio.panels.widgets import EmptyState, EnterFilter, add_action, muted_label, repaint_icons, tool_button
from studio.session.events import ProjectChanged, SavedStateChanged

if TYPE_CHECKING:
    from studio.project.state import Project
    from studio.qt.theme import Theme
    from studio.workflow.graph import Workflow


class WorkflowsPanel(Panel):
    """The project's workflows and templates. A dot stands behind those that have changed since the project was saved."""

    workflowOpened = Signal(str)
    templateInserted = Signal(str)
    """The template of this id is wanted in the workflow that is shown."""
    starsChanged = Signal(object)
    """The ids of all that is starred now, a frozenset."""
    compareRequested = Signal(str)
    """This workflow is to be compared with how it was saved."""
    runsRequested = Signal(str)
    """The runs of this workflow are to be shown."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._saved: dict[WorkflowId, Workflow] = {}
        self._stars: frozenset[str] = frozenset()
        self._current: str | None = None
        self._is_filling = False
        self._is_stale = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        bar = QHBoxLayout()
        bar.setContentsMargins(10, 4, 6, 4)
        bar.setSpacing(2)
        self.count = muted_label("", self)
        bar.addWidget(self.count, 1)
        self.buttons: list[QToolButton] = []
        for name, tip, slot in (
            ("plus", self.tr("New workflow"), self.new_workflow),
            ("star", self.tr("Star: list it first"), self.toggle_star),
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
        self.tree = ProjectTree(theme, self._pages)
        self.tree.setAccessibleName(self.tr("Workflows and templates"))
        self.tree.itemDoubleClicked.connect(self._open)
        self.tree.itemChanged.connect(self._renamed)
        self.tree.editingEnded.connect(self._editing_ended, Qt.ConnectionType.QueuedConnection)
        self.tree.itemSelectionChanged.connect(self._enable)
        self.tree.deleteRequested.connect(self.delete_current)
        self.tree.duplicateRequested.connect(self.duplicate_current)
        self.tree.customContextMenuRequested.connect(self._show_menu)
        EnterFilter(self.tree, self._open_current)
        self._pages.addWidget(self.tree)
        self.empty = EmptyState(theme, self._pages)
        self.empty.activated.connect(self._link_chosen)
        self._pages.addWidget(self.empty)
        self.refresh()

    # ------------------------------------------------------------ what is shown

    def set_current(self, workflow_id: str | None) -> None:
        """Says which workflow is shown on the canvas."""
        self._current = workflow_id
        self._fill(workflow_id)

    def set_stars(self, stars: frozenset[str]) -> None:
        """Says what is starred; entries that are not in the project are passed over."""
        self._stars = stars
        self.refresh()

    def refresh(self) -> None:
        chosen = self.tree.chosen()
        self._fill(chosen[1] if chosen is not None else self._current)

    def _editing_ended(self) -> None:
        """Shows what has changed while a name was typed."""
        if self._is_stale:
            self.refresh()

    def _fill(self, chosen: str | None) -> None:
        self._is_stale = self.tree.is_editing
        if self._is_stale:
            return
        project = self.session.project if self.session is not None else None
        workflows = list(project.workflows.values()) if project is not None else []
        templates = list(project.templates.values()) if project is not None else []
        self._is_filling = True
        try:
            self.tree.fill(workflows, templates, current=self._current, saved=self._saved, stars=self._stars)
            self.tree.choose(chosen)
        finally:
            self._is_filling = False
        count = len(workflows)
        self.count.setText(
            self.tr("1 workflow") if count == 1 else self.tr("{n} workflows").format(n=count) if count else ""
        )
        self._show_page(project)
        self._enable()

    def _show_page(self, project: Project | None) -> None:
        if self.tree.topLevelItemCount():
            self._pages.setCurrentWidget(self.tree)
            return
        links = (("new", self.tr("New workflow")),) if project is not None else ()
        title = self.tr("No workflows yet") if project is not None else self.tr("No project")
        self.empty.show_state(title, picture="tree-structure", links=links)
        self._pages.setCurrentWidget(self.empty)

    def _enable(self) -> None:
        has_one = self.tree.chosen() is not None
        self.buttons[0].setEnabled(self.session is not None)
        for button in self.buttons[1:]:
            button.setEnabled(has_one)

    # ------------------------------------------------------------ doing

    def new_workflow(self) -> None:
        """Adds an empty workflow and opens it."""
        if self.session is not None:
            self.workflowOpened.emit(self.session.add_workflow(self.tr("Workflow")))

    def duplicate_current(self) -> None:
        chosen = self.tree.chosen()
        if self.session is None or chosen is None:
            return
        kind, key = chosen
        if kind == "template":
            self.edit_name(self.session.templates.duplicate(WorkflowId(key)))
        else:
            self.workflowOpened.emit(self.session.duplicate_workflow(WorkflowId(key)))

    def rename_current(self) -> None:
        chosen = self.tree.chosen()
        if chosen is not None:
            self.edit_name(chosen[1])

    def edit_name(self, key: str) -> None:
        """Lets the name of a workflow or a template be typed."""
        item = self.tree.choose(key)
        if item is not None:
            self.tree.setFocus()
            self.tree.scrollToItem(item)
            self.tree.editItem(item, 0)

    def toggle_star(self) -> None:
        """Lists the chosen entry before the others, or no longer."""
        chosen = self.tree.chosen()
        if chosen is not None:
            self._stars ^= {chosen[1]}
            self.refresh()
            self.starsChanged.emit(self._stars)

    def delete_current(self) -> None:
        """Deletes the chosen workflow or template; one undo brings it back."""
        chosen = self.tree.chosen()
        if self.session is None or chosen is None:
            return
        kind, key = chosen[0], WorkflowId(chosen[1])
        if kind == "template":
            name = self.session.project.template(key).name
            self.session.templates.remove(key)
        else:
            name = self.session.project.workflow(key).name
            self.session.remove_workflow(key)
        self.message.emit(self.tr("Deleted “{name}”. Undo brings it back.").format(name=name))

    def keep_as_template(self) -> None:
        """Keeps the chosen workflow as a template, whose name can be typed at once."""
        chosen = self.tree.chosen()
        if self.session is None or chosen is None or chosen[0] != "workflow":
            return
        try:
            self.edit_name(self.session.templates.keep(WorkflowId(chosen[1])))
        except StudioError as error:
            self.message.emit(f"{error.message} {error.hint}".strip())

    def begin_from_template(self) -> None:
        """Adds a workflow that begins as the chosen template is, and opens it."""
        chosen = self.tree.chosen()
        if self.session is not None and chosen is not None and chosen[0] == "template":
            self.workflowOpened.emit(self.session.templates.begin(WorkflowId(chosen[1])))

    def _renamed(self, item: QTreeWidgetItem) -> None:
        if self._is_filling or self.session is None:
            return
        rename = (
            self.session.templates.rename
            if item.data(0, KIND) == "template"
            else self.session.rename_workflow
        )
        try:
            rename(WorkflowId(item.data(0, KEY)), item.text(0))
        except StudioError as error:
            self.message.emit(str(error))
        self.refresh()

    def _open(self, item: QTreeWidgetItem) -> None:
        kind, key = item.data(0, KIND), str(item.data(0, KEY))
        if kind == "group":
            item.setExpanded(not item.isExpanded())
        elif kind == "template":
            self.templateInserted.emit(key)
        else:
            self.workflowOpened.emit(key)

    def _open_current(self) -> None:
        if self.tree.is_editing:
            return  # the Enter that ends a name comes here as well
        for item in self.tree.selectedItems():
            self._open(item)

    def _show_runs(self) -> None:
        chosen = self.tree.chosen()
        if chosen is not None:
            self.runsRequested.emit(chosen[1])

    def _compare(self) -> None:
        chosen = self.tree.chosen()
        if chosen is not None:
            self.compareRequested.emit(chosen[1])

    def _link_chosen(self, _name: str) -> None:
        self.new_workflow()

    def _show_menu(self, place: QPoint) -> None:
        self.menu().popup(self.tree.viewport().mapToGlobal(place))

    def menu(self) -> QMenu:
        """What can be done with the chosen entry."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chosen = self.tree.chosen()
        if chosen is not None:
            for text, slot, key in self._ways(*chosen):
                add_action(menu, text, slot, key=key)
            menu.addSeparator()
            add_action(menu, self.tr("De&lete"), self.delete_current, key="Del")
            menu.addSeparator()
        add_action(menu, self.tr("&New workflow"), self.new_workflow)
        return menu

    def _ways(self, kind: str, key: str) -> list[tuple[str, Callable[[], None], str]]:
        own: list[tuple[str, Callable[[], None], str]] = (
            [
                (self.tr("&Insert into the workflow shown"), self._open_current, "Return"),
                (self.tr("New &workflow from it"), self.begin_from_template, ""),
            ]
            if kind == "template"
            else [
                (self.tr("&Open"), self._open_current, "Return"),
                (self.tr("Show r&uns"), self._show_runs, ""),
                (self.tr("&Compare with saved…"), self._compare, ""),
                (self.tr("Save as &template"), self.keep_as_template, ""),
            ]
        )
        return [
            *own,
            (self.tr("Remove &star") if key in self._stars else self.tr("&Star"), self.toggle_star, ""),
            (self.tr("&Rename"), self.rename_current, "F2"),
            (self.tr("&Duplicate"), self.duplicate_current, "Ctrl+D"),
        ]

    # ------------------------------------------------------------ following the session

    def session_changed(self) -> None:
        self._saved = {}
        self._stars = frozenset()
        if self.session is not None and not self.session.is_modified:
            self._take_saved(self.session.project)
        self._current = None
        self.refresh()

    def session_event(self, event: Any) -> None:
        if isinstance(event, SavedStateChanged):
            if not event.is_modified and self.session is not None:
                self._take_saved(self.session.project)
            self.refresh()
        elif isinstance(event, ProjectChanged) and self._looks_other(event.before, event.after):
            self.refresh()

    def _take_saved(self, project: Project) -> None:
        self._saved = {**project.workflows, **project.templates}

    def _looks_other(self, before: Project, after: Project) -> bool:
        """Whether an edit alters the tree: not so the many that move nodes of a workflow that has its dot already."""
        if list(before.workflows) != list(after.workflows) or before.templates is not after.templates:
            return True
        for key, workflow in after.workflows.items():
            old = before.workflows[key]
            if old is workflow:
                continue
            saved = self._saved.get(key)
            if (
                old.name != workflow.name
                or (saved is old) != (saved is workflow)
                or (old.nodes is not workflow.nodes and old.references != workflow.references)
                or len(old.nodes) != len(workflow.nodes)
            ):
                return True
        return False

    def theme_changed(self) -> None:
        self.tree.set_theme(self.theme)
        self.empty.set_theme(self.theme)
        repaint_icons(self, self.theme)
        self.refresh()
