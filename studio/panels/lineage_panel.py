"""Who touches a field? Every node that reads it, writes it, filters by it or passes it on, by workflow, each leading to its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QPoint, QStringListModel, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QCompleter,
    QHBoxLayout,
    QMenu,
    QStackedWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from studio.kernel.errors import StudioError
from studio.kernel.names import nearest
from studio.panels.base import Panel
from studio.panels.item_rows import make_list
from studio.panels.lineage_rows import UseRows, key_of
from studio.panels.widgets import (
    EmptyState,
    EnterFilter,
    SearchField,
    add_action,
    add_key,
    copy_text,
    counted,
    muted_label,
)
from studio.session.events import CatalogueChanged, ProjectChanged
from studio.workflow.lineage import How, Use

if TYPE_CHECKING:
    from studio.qt.theme import Theme
    from studio.session.lineage import FieldUses

_WAIT_MS: Final = 150
"""After a key, or an edit; several in a row are answered together."""


class LineagePanel(Panel):
    """The uses of one field, or of a model's fields. It follows edits while it can be seen."""

    useActivated = Signal(str, str, str)
    """The workflow's id, the node's id, the param; the last is empty where it is no param."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._found: FieldUses | None = None
        self._are_names_known = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 3, 8, 3)
        bar.setSpacing(10)
        self.field = SearchField(theme, self.tr("Field, such as User.email"), self)
        self.field.setMaximumWidth(320)
        self.field.setToolTip(self.tr("Model.field; a model alone stands for all of its fields"))
        self._names = QStringListModel(self)
        completer = QCompleter(self._names, self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setMaxVisibleItems(12)
        self.field.setCompleter(completer)
        self.field.textChanged.connect(self._typed)
        self.field.left.connect(self._leave_field)
        bar.addWidget(self.field, 1)
        self.summary = muted_label("", self)
        bar.addWidget(self.summary)
        bar.addStretch(1)
        self.unread = muted_label("", self)
        self.unread.setToolTip(self.tr("What raw SQL and Python do with a field is not looked into."))
        bar.addWidget(self.unread)
        column.addLayout(bar)
        self._pages = QStackedWidget(self)
        column.addWidget(self._pages, 1)
        self.list = make_list(
            self._pages,
            self.tr("Uses of the field"),
            (
                (self.tr("Workflow and node"), 220),
                (self.tr("Field"), 110),
                (self.tr("How"), 160),
                (self.tr("Param or port"), 260),
                (self.tr("Remark"), 240),
            ),
            stretch=4,
            tree=True,
        )
        self._rows = UseRows(self.list, theme)
        self.list.itemClicked.connect(self._activate)
        self.list.customContextMenuRequested.connect(self._show_menu)
        add_key(self.list, QKeySequence(QKeySequence.StandardKey.Copy).toString(), self._copy_current)
        EnterFilter(self.list, self._activate_current)
        self._pages.addWidget(self.list)
        self.empty = EmptyState(theme, self._pages)
        self.empty.activated.connect(self._link_chosen)
        self._pages.addWidget(self.empty)
        self.setFocusProxy(self.field)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT_MS)
        self._timer.timeout.connect(self.refresh)
        self._show_nothing()

    # ------------------------------------------------------------ what is shown

    def show_field(self, name: str) -> None:
        """Shows the uses of a field, named as `User.email`, or of all fields of a model."""
        self.field.setText(name)
        self.refresh()

    @property
    def uses(self) -> list[tuple[str, Use]]:
        """What is listed, in order, each with its workflow's id."""
        entries = self._found.workflows if self._found is not None else ()
        return [(entry.workflow.id, use) for entry in entries for use in entry.uses]

    def refresh(self) -> None:
        """Asks again, of the project as it is now."""
        self._timer.stop()
        self._read_names()
        session, text = self.session, self.field.text().strip()
        self._found = None
        if session is None or not text:
            self._show_nothing()
            return
        from studio.session.lineage import field_uses

        try:
            self._found = field_uses(session, text)
        except StudioError as error:
            self._show_empty(error.message, error.hint)
            return
        if not self._found.count:
            self._show_empty(
                self.tr("Nothing touches {field}").format(field=text), self._reach_text(), found=self._found
            )
            return
        self._rows.show(self._found, self.theme)
        self._show_summary(self._found)
        self._pages.setCurrentWidget(self.list)

    def _show_nothing(self) -> None:
        session = self.session
        if session is None:
            self._show_empty(self.tr("No project"), "")
        elif not session.project.models:
            self._show_empty(self.tr("No models yet"), self.tr("A field belongs to a model."))
        else:
            said = self.tr("Type it above, or choose Show usage in Models or beside a param.")
            self._show_empty(self.tr("Which field?"), said)

    def _show_empty(self, title: str, text: str, *, found: FieldUses | None = None) -> None:
        self._rows.clear()
        self._show_summary(found)
        self.empty.show_state(
            title, text, picture="path", links=self._near_misses() if text and not found else ()
        )
        self._pages.setCurrentWidget(self.empty)

    def _reach_text(self) -> str:
        count = len(self.session.project.workflows) if self.session is not None else 0
        return (
            self.tr("1 workflow was looked through.")
            if count == 1
            else self.tr("{n} workflows were looked through.").format(n=count)
        )

    def _near_misses(self) -> list[tuple[str, str]]:
        """Fields and models that may have been meant."""
        asked = self.field.text().strip()
        found = nearest(asked, self._names.stringList()) if asked else []
        return [(name, self.tr("Show {name}").format(name=name)) for name in found]

    def _show_summary(self, found: FieldUses | None) -> None:
        parts = []
        if found is not None and found.count:
            uses, workflows = found.count, len(found.workflows)
            parts.append(self._rows.count_text(uses))
            parts.append(
                self.tr("1 workflow") if workflows == 1 else self.tr("{n} workflows").format(n=workflows)
            )
            if found.unsure:
                parts.append(self.tr("{n} uncertain").format(n=counted(found.unsure)))
        self.summary.setText(" · ".join(parts))
        unread = found.unread if found is not None else 0
        told = (
            self.tr("1 node of SQL or Python is not looked into")
            if unread == 1
            else self.tr("{n} nodes of SQL or Python are not looked into").format(n=unread)
        )
        self.unread.setText(told if unread else "")

    # ------------------------------------------------------------ doing

    def _typed(self, _text: str) -> None:
        self._timer.start()

    def _leave_field(self) -> None:
        """Enter or Down: to the first use."""
        if self._timer.isActive():
            self.refresh()
        if self._pages.currentWidget() is self.list:
            top = self.list.topLevelItem(0)
            if self.list.currentItem() is None and top is not None:
                self.list.setCurrentItem(top.child(0))
            self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _link_chosen(self, name: str) -> None:
        self.show_field(name)

    def _activate_current(self) -> None:
        for item in self.list.selectedItems():
            self._activate(item)

    def _activate(self, item: QTreeWidgetItem, _column: int = 0) -> None:
        key = key_of(item)
        if key is None:
            return
        workflow_id, use = key
        if use is None:
            self.useActivated.emit(workflow_id, "", "")
            return
        is_param = use.how not in (How.PASSES, How.READS, How.DELETES)
        self.useActivated.emit(workflow_id, use.node, use.place if is_param else "")

    def _show_menu(self, place: QPoint) -> None:
        item = self.list.itemAt(place)
        if item is None or key_of(item) is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        add_action(menu, self.tr("&Show"), self._activate_current)
        add_action(menu, self.tr("&Copy"), self._copy_current)
        add_action(menu, self.tr("Copy &all"), self.copy_all)
        menu.popup(self.list.viewport().mapToGlobal(place))

    def _copy_current(self) -> None:
        for item in self.list.selectedItems():
            columns = range(self.list.columnCount())
            copy_text(
                "\t".join(item.text(column) for column in columns if not self.list.isColumnHidden(column))
            )

    def copy_all(self) -> None:
        """Copies every use as a line with its workflow in front, its parts set apart by tabs."""
        copy_text("\n".join(self._rows.lines(self._found.workflows if self._found is not None else ())))

    # ------------------------------------------------------------ following the session

    def session_changed(self) -> None:
        self.field.clear()
        self._follow(names=True)

    def session_event(self, event: Any) -> None:
        if isinstance(event, CatalogueChanged):
            self._follow(names=True)
        elif isinstance(event, ProjectChanged) and event.before.workflows is not event.after.workflows:
            self._follow()

    def _follow(self, *, names: bool = False) -> None:
        """What is shown may be another now; it is asked for when it can be seen."""
        self._are_names_known = self._are_names_known and not names
        if self.isVisible():
            self._timer.start()

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        self.refresh()

    def theme_changed(self) -> None:
        self.field.set_theme(self.theme)
        self.empty.set_theme(self.theme)
        self.refresh()

    def _read_names(self) -> None:
        """Makes what the field completes to."""
        if not self._are_names_known:
            from studio.session.lineage import field_names

            self._are_names_known = True
            self._names.setStringList(field_names(self.session) if self.session is not None else [])
