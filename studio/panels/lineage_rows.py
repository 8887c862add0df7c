"""How do the uses of a field stand in a list? Below their workflows; after an edit only the rows that it concerns are made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem

from studio.panels.widgets import counted, item_icon
from studio.workflow.lineage import How, Use

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from studio.kernel.ids import WorkflowId
    from studio.nodes.lineage import WorkflowUses
    from studio.qt.theme import Theme
    from studio.session.lineage import FieldUses

MOST_ROWS: Final = 2_000
"""More are counted, and not listed."""
_FIELD: Final = 1
_ROLE: Final = Qt.ItemDataRole.UserRole
_GLYPHS: Final = {
    How.FINDS: ("crosshair", "read"),
    How.FILTERS: ("funnel", "read"),
    How.SORTS: ("sort-ascending", "read"),
    How.GROUPS: ("rows", "read"),
    How.COMPARES: ("equals", "read"),
    How.READS: ("eye", "read"),
    How.SELECTS: ("check-square", "read"),
    How.COMPUTES: ("calculator", "code"),
    How.WRITES: ("pencil-simple", "update"),
    How.DELETES: ("trash", "delete"),
    How.PASSES: ("arrow-right", "text_muted"),
    How.HANDS_OVER: ("export", "warning"),
    How.NAMES: ("code", "code"),
}


_Row = tuple[str, Use | None]
"""A node's title and a use; without one, what is said in place of those that are not listed."""


class UseRows(QObject):
    """Fills one tree. Invariant: the rows below a workflow are those of its uses that were shown last, in their order."""

    def __init__(self, tree: QTreeWidget, theme: Theme) -> None:
        super().__init__(tree)
        self._tree = tree
        self._theme = theme
        self._head: tuple[Any, ...] = ()
        """What all rows rest upon."""
        self._rows: dict[WorkflowId, list[_Row]] = {}

    def clear(self) -> None:
        self._head = ()
        self._rows.clear()
        self._tree.clear()

    def show(self, found: FieldUses, theme: Theme) -> None:
        """Makes the rows that are new, and takes away those that are gone; what is chosen and what is folded stay so."""
        self._theme = theme
        head = ([entry.workflow.id for entry in found.workflows], len(found.fields) == 1, self._theme)
        chosen = key_of(self._tree.currentItem())
        if head != self._head:
            self._head = head
            self._make_tops(found.workflows)
            self._tree.setColumnHidden(_FIELD, len(found.fields) == 1)
        left = MOST_ROWS
        for number, entry in enumerate(found.workflows):
            top = self._tree.topLevelItem(number)
            assert top is not None
            _tell_count(top, entry, self.count_text(len(entry.uses)))
            self._fill_below(top, entry, self._rows_of(entry, left))
            left = max(0, left - len(entry.uses))
        if key_of(self._tree.currentItem()) != chosen:
            self._choose(chosen)

    def _make_tops(self, entries: Sequence[WorkflowUses]) -> None:
        folded = {
            key_of(item) for number in range(self._tree.topLevelItemCount())
            if (item := self._tree.topLevelItem(number)) is not None and not item.isExpanded()
        }  # fmt: skip
        self._rows.clear()
        self._tree.clear()
        for entry in entries:
            top = self._workflow_item(entry)
            self._tree.addTopLevelItem(top)
            top.setExpanded(key_of(top) not in folded)

    def _rows_of(self, entry: WorkflowUses, most: int) -> list[_Row]:
        nodes = entry.workflow.nodes
        rows: list[_Row] = [
            ((nodes[use.node].title or use.node) if use.node in nodes else use.node, use)
            for use in entry.uses[:most]
        ]
        if len(entry.uses) > most:
            rows.append((self.tr("and {n} more").format(n=counted(len(entry.uses) - most)), None))
        return rows

    def _fill_below(self, top: QTreeWidgetItem, entry: WorkflowUses, rows: list[_Row]) -> None:
        """An edit concerns few rows, which stand together: those before and behind them stay."""
        known = self._rows.get(entry.workflow.id, [])
        self._rows[entry.workflow.id] = rows
        shorter = min(len(known), len(rows))
        first = next((number for number in range(shorter) if known[number] != rows[number]), shorter)
        last = next(
            (number for number in range(shorter - first) if known[-1 - number] != rows[-1 - number]),
            shorter - first,
        )
        for _ in range(len(known) - last - first):
            top.takeChild(first)
        top.insertChildren(first, [self._item(entry, row) for row in rows[first : len(rows) - last]])

    def _workflow_item(self, entry: WorkflowUses) -> QTreeWidgetItem:
        item = QTreeWidgetItem([entry.workflow.name])
        item.setIcon(0, item_icon("tree-structure", self._theme, "accent_text"))
        item.setFont(0, self._theme.font(bold=True))
        item.setForeground(2, self._theme.color("text_muted"))
        item.setData(0, _ROLE, (entry.workflow.id, None))
        return item

    def count_text(self, count: int) -> str:
        return self.tr("1 use") if count == 1 else self.tr("{n} uses").format(n=counted(count))

    def _item(self, entry: WorkflowUses, row: _Row) -> QTreeWidgetItem:
        title, use = row
        if use is None:
            more = QTreeWidgetItem([title])
            more.setDisabled(True)
            return more
        how = self._how_text(use)
        item = QTreeWidgetItem([title, use.field.field, how, use.place, use.note])
        glyph, token = _GLYPHS[use.how] if use.is_sure else ("question", "warning")
        item.setIcon(2, item_icon(glyph, self._theme, token))
        for column in (3, 4):
            item.setToolTip(column, item.text(column))
        item.setForeground(4, self._theme.color("text_muted"))
        item.setData(0, _ROLE, (entry.workflow.id, use))
        said = (title, f"{how} {use.field}", use.place, use.note)
        item.setData(0, Qt.ItemDataRole.AccessibleTextRole, ", ".join(filter(None, said)))
        return item

    def _how_text(self, use: Use) -> str:
        return use.how.value if use.is_sure else self.tr("{how}, perhaps").format(how=use.how.value)

    def _choose(self, key: Any) -> None:
        if key is None:
            return
        for number in range(self._tree.topLevelItemCount()):
            top = self._tree.topLevelItem(number)
            if top is None:
                continue
            below = [top.child(row) for row in range(top.childCount())]
            found = next((item for item in (top, *below) if key_of(item) == key), None)
            if found is not None:
                self._tree.setCurrentItem(found)
                return

    def lines(self, entries: Iterable[WorkflowUses]) -> list[str]:
        """Every use as a line with its workflow in front, its parts set apart by tabs."""
        found = []
        for entry in entries:
            for title, use in self._rows_of(entry, len(entry.uses)):
                if use is not None:
                    cells = (title, use.field.field, self._how_text(use), use.place, use.note)
                    found.append("\t".join((entry.workflow.name, *cells)))
        return found


def key_of(item: QTreeWidgetItem | None) -> Any:
    """The workflow's id and the Use of a row, None for a workflow's own; None for a row that is neither."""
    return item.data(0, _ROLE) if item is not None else None


def _tell_count(top: QTreeWidgetItem, entry: WorkflowUses, told: str) -> None:
    top.setText(0, entry.workflow.name)
    top.setText(2, told)
    top.setData(0, Qt.ItemDataRole.AccessibleTextRole, f"{entry.workflow.name}, {told}")
