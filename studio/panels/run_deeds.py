"""What can be done with the runs in their list? Compared, noted, deleted, run again: the chosen ones, by menu and by key."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QInputDialog, QMenu, QTreeWidgetItem

from studio.kernel.ids import RunId
from studio.panels.run_rows import RUN, run_of
from studio.panels.widgets import add_action, copy_text
from studio.qt.background import run_in_background

if TYPE_CHECKING:
    from studio.panels.runs_panel import RunsPanel
    from studio.session import Session


class RunDeeds(QObject):
    """The deeds of one panel of runs."""

    def __init__(self, panel: RunsPanel) -> None:
        super().__init__(panel)
        self._panel = panel

    def _chosen_records(self) -> list[Any]:
        """The chosen runs that the history has kept."""
        chosen = {run_of(item).data(0, RUN) for item in self._panel.list.selectedItems()}
        return [record for record in self._panel.records if record.id in chosen]

    def delete_chosen(self) -> None:
        """Asks for the chosen runs to be removed from the history."""
        if chosen := self._chosen_records():
            self._panel.deleteRequested.emit([record.id for record in chosen])

    def note_current(self) -> None:
        """Lets a person say something of the chosen run."""
        chosen = self._chosen_records()
        if len(chosen) != 1 or self._panel.session is None:
            return
        dialog = QInputDialog(self._panel)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(self.tr("Note"))
        dialog.setLabelText(self.tr("What is to be known of this run:"))
        dialog.setTextValue(chosen[0].note)
        dialog.textValueSelected.connect(partial(self._keep_note, chosen[0].id))
        dialog.open()

    def _keep_note(self, run_id: str, text: str) -> None:
        if self._panel.session is not None:
            keeping = self._panel.session.note_run(RunId(run_id), text.strip())
            run_in_background(self, keeping, self._noted, self._panel.failed.emit)

    def _noted(self, _: object) -> None:
        self._panel.refresh()

    def to_compare(self) -> tuple[Any, Any] | None:
        """The records of the two chosen runs, the earlier first; of one, and of the run of its workflow before it."""
        chosen = {str(run_of(item).data(0, RUN)) for item in self._panel.list.selectedItems()}
        known = [record for record in self._panel.records if record.id in chosen]
        if len(chosen) == 1 and known:
            others = (record for record in self._panel.records if record.workflow_id == known[0].workflow_id)
            known += [record for record in others if record.started_at < known[0].started_at][:1]
        if len(known) != 2 or len(chosen) > 2:
            return None
        before, after = sorted(known, key=lambda record: record.started_at)
        return before, after

    def compare(self) -> None:
        """Shows two runs beside one another."""
        pair = self.to_compare()
        if pair is not None and self._panel.session is not None:
            self._panel.busy.begin()
            run_in_background(
                self,
                self._nodes_of_both(self._panel.session, *pair),
                partial(self._compared, pair),
                self._panel.not_read,
                stopped=self._panel.busy.end,
            )

    @staticmethod
    async def _nodes_of_both(session: Session, before: Any, after: Any) -> tuple[Any, Any]:
        return await session.run_nodes(before.id), await session.run_nodes(after.id)

    def _compared(self, pair: tuple[Any, Any], nodes: tuple[Any, Any]) -> None:
        from studio.panels.runs_compare import RunsCompareDialog

        self._panel.busy.end()
        dialog = RunsCompareDialog(self._panel.theme, self._panel.window(), pair, nodes)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def copy_chosen(self) -> None:
        """Copies the chosen rows, each as a line of texts between tabs."""
        shown = self._panel.list
        columns = range(shown.columnCount())
        rows = sorted(shown.selectedItems(), key=lambda item: shown.visualItemRect(item).y())
        copy_text("\n".join("\t".join(item.text(column) for column in columns) for item in rows))

    def show_menu(self, place: QPoint) -> None:
        item = self._panel.list.itemAt(place)
        if item is None:
            return
        menu = self.menu_for(item)
        menu.popup(self._panel.list.viewport().mapToGlobal(place))

    def menu_for(self, item: QTreeWidgetItem) -> QMenu:
        top = run_of(item)
        menu = QMenu(self._panel)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        add_action(menu, self.tr("&Open"), partial(self._panel.activate, top), key="Return")
        run_id = str(top.data(0, RUN))
        add_action(
            menu,
            self.tr("Run &again with the same inputs"),
            partial(self._panel.run_again, run_id),
            enabled=self._panel.again(run_id) is not None,
        )
        add_action(menu, self.tr("Co&mpare"), self.compare, enabled=self.to_compare() is not None)
        is_kept = any(record.id == run_id for record in self._panel.records)
        is_one = len(self._chosen_records()) == 1
        add_action(menu, self.tr("&Note…"), self.note_current, enabled=is_one, key="F2")
        add_action(menu, self.tr("&Delete…"), self.delete_chosen, enabled=is_kept, key="Del")
        add_action(menu, self.tr("&Copy"), self.copy_chosen, key="Ctrl+C")
        return menu
