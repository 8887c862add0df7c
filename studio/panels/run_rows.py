"""How does a run stand in the list of runs, and a node of it? Their cells, states and marks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush
from PySide6.QtWidgets import QTreeWidgetItem

from studio.panels.display import duration_text
from studio.panels.widgets import counted, item_icon

if TYPE_CHECKING:
    from studio.persistence.runs import NodeRunRecord, RunRecord
    from studio.qt.theme import Theme
    from studio.session import NodeRunView, RunHandle

_GLYPHS: Final = {
    "running": ("spinner", "running"),
    "paused": ("pause", "warning"),
    "pending": ("clock", "text_muted"),
    "succeeded": ("check-circle", "ok"),
    "failed": ("x-circle", "error"),
    "skipped": ("arrow-bend-down-right", "skipped"),
    "abandoned": ("prohibit", "skipped"),
    "cancelled": ("stop-circle", "warning"),
    "uncommitted": ("hourglass-medium", "warning"),
    "rolled_back": ("arrow-counter-clockwise", "warning"),
    "reused": ("recycle", "ok"),
    "pinned": ("push-pin", "ok"),
}
MODES: Final = {"auto": "each node", "atomic": "all or nothing", "review": "review", "dry": "dry run"}
"""How a run commits, in the words of the menu."""
RUN: Final = Qt.ItemDataRole.UserRole
"""The id of a run, in its first cell."""
ERROR: Final = 7
"""The column of errors."""
NOTE: Final = 8
_NUMBERS: Final = (3, 4)


def handle_item(handle: RunHandle, workflow_name: str, theme: Theme) -> QTreeWidgetItem:
    """The row of a run that this window has begun."""
    error = handle.error.message if handle.error else ""
    cells = (state_of(handle), workflow_name, changes_text(handle), error)
    return _run_item(handle.run_id, handle, cells, theme)


def record_item(record: RunRecord, theme: Theme) -> QTreeWidgetItem:
    """The row of a run that the history has kept."""
    error = str((record.error or {}).get("message", ""))
    item = _run_item(record.id, record, (record.state, record.workflow_name, record.changes, error), theme)
    item.setText(NOTE, record.note)
    item.setToolTip(NOTE, record.note)
    return item


def _run_item(
    run_id: str, run: RunHandle | RunRecord, cells: tuple[str, str, str, str], theme: Theme
) -> QTreeWidgetItem:
    """`cells` are the state, the workflow's name, what was changed, and the error."""
    state, name, changes, error = cells
    item = QTreeWidgetItem(
        [
            state.replace("_", " "),
            name,
            run.started_at.astimezone().strftime("%Y-%m-%d %H:%M:%S"),
            duration_text(run.duration_ms),
            counted(run.rows),
            changes,
            MODES.get(run.mode, run.mode),
            error.partition("\n")[0],
        ]
    )
    paint_state(item, state, theme)
    item.setData(0, RUN, run_id)
    item.setToolTip(ERROR, error)
    item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
    return item


def view_item(view: NodeRunView, theme: Theme) -> QTreeWidgetItem:
    """The row of a node of a run that this window has begun."""
    error = view.error.message if view.error else ""
    return _node_item(view.node_id, view.origin or view.state, view, error, theme)


def node_item(node: NodeRunRecord, theme: Theme) -> QTreeWidgetItem:
    """The row of a node that the history has kept."""
    return _node_item(
        node.title or node.node_id, node.state, node, str((node.error or {}).get("message", "")), theme
    )


def _node_item(name: str, state: str, node: Any, error: str, theme: Theme) -> QTreeWidgetItem:
    count = "" if node.rows is None else counted(node.rows)
    texts = [state, name, "", duration_text(node.duration_ms), count, "", "", error.partition("\n")[0]]
    item = QTreeWidgetItem(texts)
    item.setToolTip(ERROR, error)
    paint_state(item, state, theme)
    return item


def paint_state(item: QTreeWidgetItem, state: str, theme: Theme) -> None:
    glyph, token = _GLYPHS.get(state, ("circle", "text_muted"))
    item.setIcon(0, item_icon(glyph, theme, token))
    item.setForeground(ERROR, QBrush(theme.color("error")))
    for column in _NUMBERS:
        item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


def state_of(handle: RunHandle) -> str:
    return "paused" if handle.pause is not None else handle.outcome


def changes_text(handle: RunHandle) -> str:
    return str(handle.changes.totals) if handle.changes is not None and handle.changes.total else ""


def run_of(item: QTreeWidgetItem) -> QTreeWidgetItem:
    """The run's own row of a row that may be one of its nodes."""
    parent: QTreeWidgetItem | None = item.parent()
    return item if parent is None else parent
