"""How do the lists of findings, lines and runs look alike? Small helpers for QTreeWidgets with several columns."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QWidget


def make_list(
    parent: QWidget, name: str, columns: Sequence[tuple[str, int]], *, stretch: int, tree: bool = False
) -> QTreeWidget:
    """A list with columns of the given widths; column `stretch` takes what is left."""
    view = QTreeWidget(parent)
    view.setAccessibleName(name)
    view.setColumnCount(len(columns))
    view.setHeaderLabels([title for title, _ in columns])
    view.setRootIsDecorated(tree)
    view.setUniformRowHeights(True)
    view.setAllColumnsShowFocus(True)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
    view.setIndentation(16 if tree else 0)
    header = view.header()
    header.setStretchLastSection(False)
    header.setMinimumSectionSize(40)
    for number, (_, width) in enumerate(columns):
        header.resizeSection(number, width)
        mode = QHeaderView.ResizeMode.Stretch if number == stretch else QHeaderView.ResizeMode.Interactive
        header.setSectionResizeMode(number, mode)
    return view
