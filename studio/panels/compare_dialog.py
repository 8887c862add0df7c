"""How do two states of a project stand beside one another? What came, went and changed, old and new, and what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QMenu,
    QPushButton,
    QStackedWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from studio.models.spec import MISSING
from studio.panels.display import cell_text, full_text
from studio.panels.item_rows import make_list
from studio.panels.widgets import (
    EmptyState,
    EnterFilter,
    add_action,
    add_key,
    copy_text,
    counted,
    item_icon,
    muted_label,
    set_role,
)
from studio.project.comparison import Difference

if TYPE_CHECKING:
    from studio.qt.theme import Theme

_SIZE: Final = QSize(860, 520)
_ROLE: Final = Qt.ItemDataRole.UserRole
_GLYPHS: Final = {
    "added": ("plus", "ok"),
    "removed": ("minus", "error"),
    "changed": ("pencil-simple", "warning"),
}
_OPEN_AT_ONCE: Final = 60
"""With more differences than this, only the outermost are unfolded."""
ROLES: Final = {
    "accept": QDialogButtonBox.ButtonRole.AcceptRole,
    "danger": QDialogButtonBox.ButtonRole.DestructiveRole,
    "reject": QDialogButtonBox.ButtonRole.RejectRole,
}


class CompareDialog(QDialog):
    """Shows differences. `answer` is the key of the button it was closed with; closing it otherwise is the last one, which decides nothing."""

    placeRequested = Signal(str, str)
    """A workflow's id and a node's are to be shown; the dialog has closed."""

    def __init__(
        self,
        theme: Theme,
        parent: QWidget | None,
        *,
        title: str,
        before: str,
        after: str,
        differences: Sequence[Difference],
        answers: Sequence[tuple[str, str, str]],
        workflow: str = "",
        can_show: bool = True,
    ) -> None:
        """`before` and `after` name the two sides; `answers` are (key, text, role) of the buttons, roles as in `ROLES`.

        `workflow` is the one that is compared, where it is only one; `can_show` says whether what is listed is in the open project.
        """
        super().__init__(parent)
        self.theme = theme
        self.answer = answers[-1][0]
        self._workflow = workflow
        self._can_show = can_show
        self.setWindowTitle(title)
        self.resize(_SIZE)
        column = QVBoxLayout(self)
        column.setSpacing(10)
        head = QLabel(self.tr("{before} → {after}").format(before=before, after=after), self)
        head.setProperty("role", "heading")
        head.setTextFormat(Qt.TextFormat.PlainText)
        head.setWordWrap(True)
        column.addWidget(head)
        self.summary = muted_label(self._summary(differences), self)
        column.addWidget(self.summary)
        self._pages = QStackedWidget(self)
        column.addWidget(self._pages, 1)
        self.list = make_list(
            self._pages,
            self.tr("Differences"),
            ((self.tr("What"), 320), (before, 240), (after, 240)),
            stretch=2,
            tree=True,
        )
        self._fill(differences)
        self._pages.addWidget(self.list)
        empty = EmptyState(theme, self._pages)
        empty.show_state(self.tr("No differences"), picture="equals")
        self._pages.addWidget(empty)
        self._pages.setCurrentWidget(self.list if differences else empty)
        self.list.customContextMenuRequested.connect(self._show_menu)
        self.list.itemDoubleClicked.connect(self._show_place)
        add_key(self.list, QKeySequence(QKeySequence.StandardKey.Copy).toString(), self.copy)
        EnterFilter(self.list, self._show_current)
        column.addWidget(self._make_buttons(answers))
        self.list.setFocus()

    def _make_buttons(self, answers: Sequence[tuple[str, str, str]]) -> QDialogButtonBox:
        box = QDialogButtonBox(self)
        self.buttons: dict[str, QPushButton] = {}
        for key, text, role in answers:
            button = box.addButton(text, ROLES[role])
            button.setAutoDefault(False)
            button.setProperty("answer", key)
            if role == "danger":
                set_role(button, "kind", "danger")
            button.clicked.connect(self._answered)
            self.buttons[key] = button
        return box

    # ------------------------------------------------------------ what is shown

    def _summary(self, differences: Sequence[Difference]) -> str:
        logic = [each for each in _outermost(differences) if each.kind != "layout"]
        parts = []
        for what, text in (
            ("added", self.tr("{n} added")),
            ("removed", self.tr("{n} removed")),
            ("changed", self.tr("{n} changed")),
        ):
            count = sum(each.what == what for each in logic)
            if count:
                parts.append(text.format(n=counted(count)))
        if any(each.kind == "layout" for each in _outermost(differences)):
            parts.append(self.tr("layout differs"))
        return " · ".join(parts)

    def _fill(self, differences: Sequence[Difference]) -> None:
        total = sum(each.count for each in differences)
        for each in differences:
            self.list.addTopLevelItem(self._item(each))
        if total <= _OPEN_AT_ONCE:
            self.list.expandAll()
        else:
            self.list.expandToDepth(0)
        for item in _items(self.list.invisibleRootItem()):
            if item.data(0, _ROLE).kind == "layout":
                item.setExpanded(False)
        first = self.list.topLevelItem(0)
        if first is not None:
            self.list.setCurrentItem(first)

    def _item(self, difference: Difference) -> QTreeWidgetItem:
        title = f"{self._kind_name(difference)} {difference.title}".strip()
        if difference.kind == "layout":
            title = self.tr("Layout: where things lie")
        texts = [_shown(difference.before), _shown(difference.after)]
        item = QTreeWidgetItem([title, *texts])
        glyph, token = _GLYPHS[difference.what]
        item.setIcon(0, item_icon(glyph, self.theme, token))
        for column, value in ((1, difference.before), (2, difference.after)):
            if value is not MISSING:
                item.setToolTip(column, full_text(value))
        said = (self._what_name(difference), title, *texts)
        item.setData(0, Qt.ItemDataRole.AccessibleTextRole, ", ".join(filter(None, said)))
        item.setData(0, _ROLE, difference)
        item.addChildren([self._item(part) for part in difference.parts])
        return item

    def _what_name(self, difference: Difference) -> str:
        return {
            "added": self.tr("added"),
            "removed": self.tr("removed"),
            "changed": self.tr("changed"),
        }[difference.what]

    def _kind_name(self, difference: Difference) -> str:
        return {
            "workflow": self.tr("Workflow"),
            "template": self.tr("Template"),
            "model": self.tr("Model"),
            "connection": self.tr("Connection"),
            "node": self.tr("Node"),
            "edge": self.tr("Edge"),
            "input": self.tr("Input"),
        }.get(difference.kind, "")

    # ------------------------------------------------------------ doing

    def _answered(self) -> None:
        self.answer = str(self.sender().property("answer"))
        self.accept()

    def place_of(self, item: QTreeWidgetItem) -> tuple[str, str]:
        """The ids of the workflow and the node that a row is about; empty where there is none any more."""
        workflow, node = "", ""
        walker: QTreeWidgetItem | None = item
        while walker is not None:
            difference: Difference = walker.data(0, _ROLE)
            workflow, node = workflow or difference.workflow, node or difference.node
            walker = walker.parent()
        return workflow or self._workflow, node

    def _show_place(self, item: QTreeWidgetItem, _column: int = 0) -> None:
        workflow, node = self.place_of(item)
        if self._can_show and workflow:
            self.reject()
            self.placeRequested.emit(workflow, node)

    def _show_current(self) -> None:
        for item in self.list.selectedItems():
            self._show_place(item)

    def _show_menu(self, place: QPoint) -> None:
        item = self.list.itemAt(place)
        if item is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        can_show = self._can_show and bool(self.place_of(item)[0])
        add_action(menu, self.tr("&Show in the workflow"), self._show_current, enabled=can_show)
        add_action(menu, self.tr("&Copy"), self.copy)
        add_action(menu, self.tr("Copy &all"), self.copy_all)
        menu.popup(self.list.viewport().mapToGlobal(place))

    def copy(self) -> None:
        """Copies the chosen row with what is below it."""
        for item in self.list.selectedItems():
            copy_text("\n".join(_lines(item.data(0, _ROLE))))

    def copy_all(self) -> None:
        root = self.list.invisibleRootItem()
        rows = [root.child(number).data(0, _ROLE) for number in range(root.childCount())]
        copy_text("\n".join(line for row in rows for line in _lines(row)))


def _outermost(differences: Sequence[Difference]) -> list[Difference]:
    """Nodes, edges and the like: what a person counts; of workflows, what is in them."""
    found: list[Difference] = []
    for each in differences:
        found += each.parts if each.kind in ("workflow", "template") and each.parts else (each,)
    return found


def _items(parent: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    below = [parent.child(number) for number in range(parent.childCount())]
    return [item for child in below for item in (child, *_items(child))]


def _shown(value: Any) -> str:
    return "" if value is MISSING else cell_text(value)


def _lines(difference: Difference, indent: str = "") -> list[str]:
    """A row as text: `+ node Report`, `~ filter.total: 100 → 200`, what is in it below."""
    sign = {"added": "+", "removed": "-", "changed": "~"}[difference.what]
    kind = "" if difference.kind == "value" else f"{difference.kind} "
    values = [full_text(value) for value in (difference.before, difference.after) if value is not MISSING]
    line = f"{indent}{sign} {kind}{difference.title}" + (f": {' → '.join(values)}" if values else "")
    return [line, *(text for part in difference.parts for text in _lines(part, indent + "  "))]
