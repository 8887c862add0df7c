"""What has happened? The session's log, newest last: filtered, followed, copied, and written to the log file. Secrets are masked in it."""

from __future__ import annotations

import datetime as dt
import logging
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QBrush
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QMenu,
    QStackedWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from studio.panels.base import Panel
from studio.panels.display import duration_text
from studio.panels.editors.base import CalmCombo
from studio.panels.item_rows import make_list
from studio.panels.narrow import ShortWords
from studio.panels.widgets import (
    EmptyState,
    SearchField,
    add_action,
    add_key,
    copy_text,
    repaint_icons,
    tool_button,
)
from studio.qt.crash import masked
from studio.session.events import LogAdded, LogEntry, RunFinished, RunStarted

if TYPE_CHECKING:
    from studio.qt.theme import Theme
    from studio.session import RunHandle
    from studio.session.events import LogLevel

_FILE: Final = logging.getLogger("studio.session")
_MOST_LINES: Final = 5000
_MOST_FAILURES: Final = 100
"""Lines that one run may leave."""
_LEVELS: Final = ("debug", "info", "warning", "error")
_TOKENS: Final = {"debug": "text_muted", "info": "text", "warning": "warning", "error": "error"}
_ROLE: Final = Qt.ItemDataRole.UserRole
_WAIT_MS: Final = 40


class LogPanel(Panel):
    """At most 5,000 lines; the oldest give way."""

    nodeActivated = Signal(str)
    fileRequested = Signal()
    """The log file is to be opened."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._entries: deque[LogEntry] = deque(maxlen=_MOST_LINES)
        self._waiting: list[LogEntry] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._make_bar())
        self._pages = QStackedWidget(self)
        column.addWidget(self._pages, 1)
        self.list = make_list(
            self._pages,
            self.tr("Log"),
            (
                (self.tr("Time"), 110),
                (self.tr("Level"), 76),
                (self.tr("Node"), 150),
                (self.tr("Message"), 500),
            ),
            stretch=3,
        )
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setFont(theme.mono(size_px=12))
        self.list.itemDoubleClicked.connect(self._activate)
        self.list.customContextMenuRequested.connect(self._show_menu)
        add_key(self.list, "Ctrl+C", self.copy)
        self._pages.addWidget(self.list)
        self.empty = EmptyState(theme, self._pages)
        self.empty.activated.connect(self._clear_filter)
        self._pages.addWidget(self.empty)
        # Many lines may come at once; they are shown together.
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT_MS)
        self._timer.timeout.connect(self._show_waiting)
        self._show_page()

    def _make_bar(self) -> QHBoxLayout:
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 3, 6, 3)
        bar.setSpacing(4)
        self.search = SearchField(self.theme, self.tr("Filter"), self)
        self.search.setMaximumWidth(260)
        self.search.textChanged.connect(self._refill)
        bar.addWidget(self.search)
        self.level = CalmCombo(self)
        for name, label in zip(
            _LEVELS,
            (self.tr("Everything"), self.tr("Info and up"), self.tr("Warnings and up"), self.tr("Errors")),
            strict=True,
        ):
            self.level.addItem(label, name)
        self.level.setCurrentIndex(1)
        self.level.setMinimumContentsLength(14)
        self.level.setToolTip(self.tr("Which levels are shown"))
        self.level.setAccessibleName(self.tr("Which levels are shown"))
        self.level.activated.connect(self._refill)
        bar.addWidget(self.level)
        bar.addStretch(1)
        self.follow = tool_button(
            "arrow-line-down", self.theme, self, tip=self.tr("Follow the newest line"), text=self.tr("Follow")
        )
        self.follow.setCheckable(True)
        self.follow.setChecked(True)
        self.follow.clicked.connect(self._scroll_down)
        bar.addWidget(self.follow)
        self.copy_button = tool_button(
            "copy", self.theme, self, tip=self.tr("Copy the selected lines, or all that are shown")
        )
        self.copy_button.clicked.connect(self.copy)
        bar.addWidget(self.copy_button)
        self.file_button = tool_button(
            "file-text", self.theme, self, tip=self.tr("Open the log file, which goes back further")
        )
        self.file_button.clicked.connect(self.fileRequested)
        bar.addWidget(self.file_button)
        self.clear_button = tool_button("trash", self.theme, self, tip=self.tr("Clear the log"))
        self.clear_button.clicked.connect(self.clear)
        bar.addWidget(self.clear_button)
        ShortWords(self, bar, (self.follow,))
        return bar

    # ------------------------------------------------------------ what can be done

    def copy(self) -> None:
        chosen = self.list.selectedItems()
        if not chosen:
            chosen = [
                item
                for number in range(self.list.topLevelItemCount())
                if (item := self.list.topLevelItem(number)) is not None
            ]
        chosen.sort(key=self.list.indexOfTopLevelItem)
        copy_text("\n".join("\t".join(item.text(column) for column in range(4)) for item in chosen))
        self.message.emit(self.tr("Copied {n} lines.").format(n=len(chosen)))

    def clear(self) -> None:
        self._entries.clear()
        self._waiting.clear()
        self._refill()

    # ------------------------------------------------------------ following the session

    def session_changed(self) -> None:
        self.clear()

    def session_event(self, event: Any) -> None:
        if isinstance(event, LogAdded):
            self._add(event.entry)
        elif isinstance(event, RunStarted):
            self._add(self._line(event.handle, self.tr("The run of {name} begins.")))
        elif isinstance(event, RunFinished):
            for entry in self._run_lines(event.handle):
                self._add(entry)

    def _add(self, entry: LogEntry) -> None:
        entry = replace(entry, message=masked(entry.message))
        where = f"{entry.node}: " if entry.node else ""
        _FILE.log(logging.getLevelNamesMapping()[entry.level.upper()], "%s%s", where, entry.message)
        self._entries.append(entry)
        self._waiting.append(entry)
        if not self._timer.isActive():
            self._timer.start()

    def _line(self, handle: RunHandle, text: str, level: LogLevel = "info") -> LogEntry:
        workflow = self.session.project.workflows.get(handle.workflow_id) if self.session else None
        name = f"“{workflow.name}”" if workflow is not None else self.tr("a workflow")
        return LogEntry(
            at=dt.datetime.now(dt.UTC),
            level=level,
            message=text.format(name=name),
            workflow=handle.workflow_id,
        )

    def _run_lines(self, handle: RunHandle) -> Iterator[LogEntry]:
        """What a run that is over leaves in the log: each of its nodes that failed, and how it ended."""
        _, views = handle.nodes_since(0)
        told = {id(view.error): view for view in reversed(views) if view.error is not None}
        failed = list(reversed(told.values()))[:_MOST_FAILURES]  # within a node and around it: once
        for view in failed:
            line = self._line(handle, "", "error")
            yield replace(line, node=view.node_id, message=str(view.error))
        took = duration_text(handle.duration_ms)
        if handle.state == "failed":
            error = "" if failed or handle.error is None else f" {handle.error}"
            line = self._line(handle, self.tr("The run of {name} failed."), "error")
            yield replace(line, message=f"{line.message} ({took}){error}")
        else:
            text = self.tr("The run of {name} was stopped.")
            if handle.state == "succeeded":
                text = self.tr("The run of {name} succeeded.")
            line = self._line(handle, text, "info" if handle.state == "succeeded" else "warning")
            yield replace(line, message=f"{line.message} ({took})")

    def theme_changed(self) -> None:
        self.search.set_theme(self.theme)
        self.empty.set_theme(self.theme)
        self.list.setFont(self.theme.mono(size_px=12))
        repaint_icons(self, self.theme)
        self._refill()

    # ------------------------------------------------------------ inside

    def _show_waiting(self) -> None:
        waiting, self._waiting = self._waiting[-_MOST_LINES:], []
        items = [self._item(entry) for entry in waiting if self._is_wanted(entry)]
        self.list.addTopLevelItems(items)
        for _ in range(self.list.topLevelItemCount() - _MOST_LINES):
            self.list.takeTopLevelItem(0)
        self._show_page()
        if self.follow.isChecked():
            self.list.scrollToBottom()

    def _refill(self, _what: object = None) -> None:
        self._waiting.clear()
        self.list.clear()
        self.list.addTopLevelItems([self._item(entry) for entry in self._entries if self._is_wanted(entry)])
        self._show_page()
        self._scroll_down()

    def _is_wanted(self, entry: LogEntry) -> bool:
        if _LEVELS.index(entry.level) < _LEVELS.index(str(self.level.currentData())):
            return False
        wanted = self.search.text().lower().split()
        text = f"{entry.level} {entry.node or ''} {entry.message}".lower()
        return all(word in text for word in wanted)

    def _item(self, entry: LogEntry) -> QTreeWidgetItem:
        time = entry.at.astimezone().strftime("%H:%M:%S.%f")[:-3]
        item = QTreeWidgetItem([time, entry.level, entry.node or "", entry.message.replace("\n", "  ")])
        item.setData(0, _ROLE, entry.node or "")
        item.setToolTip(3, entry.message)
        brush = QBrush(self.theme.color(_TOKENS[entry.level]))
        item.setForeground(1, brush)
        if entry.level != "info":
            item.setForeground(3, brush)
        item.setForeground(0, QBrush(self.theme.color("text_muted")))
        return item

    def _show_page(self) -> None:
        if self.list.topLevelItemCount():
            self._pages.setCurrentWidget(self.list)
        elif self._entries:
            self.empty.show_state(
                self.tr("No such lines"),
                self.tr("{n} lines do not match.").format(n=len(self._entries)),
                picture="funnel",
                links=(("clear", self.tr("Show everything")),),
            )
            self._pages.setCurrentWidget(self.empty)
        else:
            self.empty.show_state(
                self.tr("Nothing logged yet"),
                self.tr("Runs leave their lines here."),
                picture="notebook",
            )
            self._pages.setCurrentWidget(self.empty)

    def _clear_filter(self, _name: str) -> None:
        self.level.setCurrentIndex(0)
        self.search.clear()
        self._refill()

    def _scroll_down(self) -> None:
        if self.follow.isChecked():
            self.list.scrollToBottom()

    def _activate(self, item: QTreeWidgetItem, _column: int) -> None:
        node = str(item.data(0, _ROLE))
        if node:
            self.nodeActivated.emit(node)

    def _show_menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        add_action(menu, self.tr("&Copy"), self.copy, key="Ctrl+C")
        add_action(menu, self.tr("C&lear"), self.clear)
        menu.popup(self.list.viewport().mapToGlobal(place))
