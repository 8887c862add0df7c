"""How do two runs stand beside one another? Their nodes with states, rows, durations, and the rows that only one of them gave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QTreeWidgetItem, QVBoxLayout, QWidget

from studio.panels.display import cell_text, duration_text
from studio.panels.item_rows import make_list
from studio.panels.widgets import add_key, copy_text, counted, item_icon, muted_label
from studio.session.run_comparison import NodePair, compare_runs

if TYPE_CHECKING:
    from studio.persistence import NodeRunRecord, RunRecord
    from studio.qt.theme import Theme

_SIZE: Final = QSize(900, 500)
_OUTPUT: Final = 4
"""The column of outputs."""


class RunsCompareDialog(QDialog):
    """Two runs that are over, the earlier one first."""

    def __init__(
        self,
        theme: Theme,
        parent: QWidget | None,
        runs: tuple[RunRecord, RunRecord],
        nodes: tuple[Sequence[NodeRunRecord], Sequence[NodeRunRecord]],
    ) -> None:
        super().__init__(parent)
        self.theme = theme
        before, after = runs
        self.pairs = compare_runs(*nodes)
        self.setWindowTitle(self.tr("Two runs compared"))
        self.resize(_SIZE)
        column = QVBoxLayout(self)
        column.setSpacing(10)
        head = QLabel(f"{_name(before)} → {_name(after)}", self)
        head.setProperty("role", "heading")
        head.setTextFormat(Qt.TextFormat.PlainText)
        head.setWordWrap(True)
        column.addWidget(head)
        different = sum(not pair.is_same for pair in self.pairs)
        said = (
            self.tr("All nodes gave the same, as far as it was kept.")
            if not different
            else self.tr("{n} of {all} nodes differ.").format(n=different, all=len(self.pairs))
        )
        self.summary = muted_label(said, self)
        column.addWidget(self.summary)
        self.list = make_list(
            self,
            self.tr("Nodes of both runs"),
            (
                (self.tr("Node"), 220),
                (self.tr("State"), 180),
                (self.tr("Rows"), 150),
                (self.tr("Duration"), 170),
                (self.tr("Output"), 160),
            ),
            stretch=_OUTPUT,
            tree=True,
        )
        add_key(self.list, QKeySequence(QKeySequence.StandardKey.Copy).toString(), self.copy)
        whole = QTreeWidgetItem(
            [
                self.tr("The whole run"),
                _both(before.state.replace("_", " "), after.state.replace("_", " ")),
                _numbers(before.rows, after.rows),
                _durations(before.duration_ms, after.duration_ms),
                _both(before.changes, after.changes),
            ]
        )
        whole.setFont(0, theme.font(bold=True))
        self.list.addTopLevelItem(whole)
        self.list.addTopLevelItems([self._item(pair) for pair in self.pairs])
        for number in range(self.list.topLevelItemCount()):
            index = self.list.model().index(number, 0)
            for row in range(self.list.model().rowCount(index)):
                self.list.setFirstColumnSpanned(row, index, True)
        self.list.setCurrentItem(whole)
        column.addWidget(self.list, 1)
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        box.rejected.connect(self.reject)
        column.addWidget(box)

    def _item(self, pair: NodePair) -> QTreeWidgetItem:
        before, after = pair.before, pair.after
        item = QTreeWidgetItem(
            [
                pair.title,
                _both(before.state if before else "", after.state if after else ""),
                _numbers(before.rows if before else None, after.rows if after else None),
                _durations(before.duration_ms if before else None, after.duration_ms if after else None),
                self._output(pair),
            ]
        )
        glyph, token = ("equals", "text_muted") if pair.is_same else ("git-diff", "warning")
        item.setIcon(0, item_icon(glyph, self.theme, token))
        for sign, token, rows in (("−", "error", pair.gone), ("+", "ok", pair.come)):
            for row in rows:
                child = QTreeWidgetItem([f"{sign} {cell_text(dict(row))}"])
                child.setForeground(0, self.theme.color(token))
                child.setToolTip(0, child.text(0))
                item.addChild(child)
        said = (item.text(column) for column in range(self.list.columnCount()))
        item.setData(0, Qt.ItemDataRole.AccessibleTextRole, ", ".join(filter(None, said)))
        return item

    def _output(self, pair: NodePair) -> str:
        if pair.before is None:
            return self.tr("only in the second")
        if pair.after is None:
            return self.tr("only in the first")
        count = max(len(pair.gone), len(pair.come))
        if count:
            return self.tr("1 row differs") if count == 1 else self.tr("{n} rows differ").format(n=count)
        return self.tr("the same") if pair.is_whole else self.tr("the same in the rows kept")

    def copy(self) -> None:
        """Copies the whole table, its columns set apart by tabs."""
        rows = []
        for number in range(self.list.topLevelItemCount()):
            item = self.list.topLevelItem(number)
            if item is not None:
                rows.append("\t".join(item.text(column) for column in range(self.list.columnCount())))
                rows += [f"\t{item.child(row).text(0)}" for row in range(item.childCount())]
        copy_text("\n".join(rows))


def _name(run: RunRecord) -> str:
    return f"{run.workflow_name}, {run.started_at.astimezone().strftime('%Y-%m-%d %H:%M:%S')}"


def _both(before: str, after: str) -> str:
    return after if before == after else f"{before or '–'} → {after or '–'}"


def _numbers(before: int | None, after: int | None) -> str:
    if before is None or after is None:
        return _both(*("" if known is None else counted(known) for known in (before, after)))
    if before == after:
        return counted(after)
    change = after - before
    sign = "+" if change > 0 else "−"
    return f"{counted(before)} → {counted(after)} ({sign}{counted(abs(change))})"


def _durations(before: float | None, after: float | None) -> str:
    return _both(duration_text(before), duration_text(after))
