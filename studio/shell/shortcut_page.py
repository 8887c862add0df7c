"""How are shortcuts changed? A list of all commands with their keys, two fields for the chosen one, and a word on keys already taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from studio.qt.keymap import MOST_KEYS, canonical, shown
from studio.shell.command_list import COMMANDS, MENUS, THEMES, flat

if TYPE_CHECKING:
    from studio.qt.commands import Command
    from studio.qt.keymap import Keymap
    from studio.shell.preferences import Preferences

_ID: Final = Qt.ItemDataRole.UserRole


class ShortcutPage(QWidget):
    """A key that another command has is taken only when the person says so; until then nothing changes."""

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self._by_id = {command.id: command for command in COMMANDS}
        self._taken: tuple[str, list[str]] | None = None
        """A command and the keys it would have, where another command has one of them."""
        self._edit_timer = QTimer(self)
        """Qt clears a field before it writes the keys that were pressed: only what stands there afterwards counts."""
        self._edit_timer.setSingleShot(True)
        self._edit_timer.setInterval(0)
        self._edit_timer.timeout.connect(self._edited)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search commands or keys"))
        self.search.setAccessibleName(self.tr("Search commands or keys"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.reset_all = QPushButton(self.tr("All as &usual"))
        self.reset_all.setAutoDefault(False)
        self.reset_all.setToolTip(self.tr("Give every command its usual keys"))
        self.reset_all.clicked.connect(self._reset_all)
        top = QHBoxLayout()
        top.addWidget(self.search, 1)
        top.addWidget(self.reset_all)
        self.list = QTreeWidget()
        self.list.setHeaderLabels([self.tr("Command"), self.tr("Keys")])
        self.list.setAccessibleName(self.tr("Commands"))
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.list.header().setStretchLastSection(False)
        self.list.itemSelectionChanged.connect(self._show_chosen)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 14, 14, 14)
        layout.setSpacing(10)
        layout.addLayout(top)
        layout.addWidget(self.list, 1)
        layout.addLayout(self._make_fields())
        self._fill()
        self._show_chosen()
        preferences.changed.connect(self._refresh)

    def _make_fields(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        self.chosen = QLabel()
        self.chosen.setProperty("role", "heading")
        self.edits = [self._make_edit(number) for number in range(MOST_KEYS)]
        self.reset = QPushButton(self.tr("As u&sual"))
        self.reset.setAutoDefault(False)
        self.reset.clicked.connect(self._reset_one)
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.take = QPushButton(self.tr("Take it"))
        self.take.setAutoDefault(False)
        self.take.clicked.connect(self._take)
        policy = self.take.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.take.setSizePolicy(policy)
        grid.addWidget(self.chosen, 0, 0)
        for column, edit in enumerate(self.edits, 1):
            grid.addWidget(edit, 0, column)
        grid.addWidget(self.reset, 0, MOST_KEYS + 1)
        grid.addWidget(self.note, 1, 0, 1, MOST_KEYS + 1)
        grid.addWidget(self.take, 1, MOST_KEYS + 1)
        grid.setColumnStretch(0, 1)
        return grid

    def _make_edit(self, number: int) -> QKeySequenceEdit:
        edit = QKeySequenceEdit()
        edit.setMaximumSequenceLength(1)
        edit.setClearButtonEnabled(True)
        edit.setMinimumWidth(150)
        name = self.tr("Keys") if number == 0 else self.tr("Other keys")
        edit.setAccessibleName(name)
        edit.setToolTip(self.tr("Press the keys that the command is to have"))
        edit.keySequenceChanged.connect(self._editing)
        return edit

    # ------------------------------------------------------------ showing

    def _fill(self) -> None:
        self.list.clear()
        for title, ids in MENUS:
            group = QTreeWidgetItem([title.replace("&", ""), ""])
            group.setFlags(Qt.ItemFlag.ItemIsEnabled)
            font = group.font(0)
            font.setBold(True)
            group.setFont(0, font)
            for command_id in flat(ids):
                command = self._by_id.get(command_id or "")
                if command is not None:
                    name = self.tr("Theme: {}") if command_id in THEMES else "{}"
                    item = QTreeWidgetItem([name.format(command.plain_text), ""])
                    item.setData(0, _ID, command.id)
                    group.addChild(item)
            self.list.addTopLevelItem(group)
            group.setExpanded(True)
        self._write_keys()

    def _write_keys(self) -> None:
        keymap = self._keymap
        for item in self._items():
            command_id = str(item.data(0, _ID))
            item.setText(1, "  or  ".join(map(shown, keymap.keys(command_id))))
            font = item.font(1)
            font.setBold(keymap.is_changed(command_id))
            item.setFont(1, font)
            tip = self.tr("Your own keys") if keymap.is_changed(command_id) else self._by_id[command_id].tip
            item.setToolTip(1, tip)
        self.reset_all.setEnabled(bool(keymap.changed))

    def _items(self) -> list[QTreeWidgetItem]:
        groups = [self.list.topLevelItem(row) for row in range(self.list.topLevelItemCount())]
        return [
            child
            for group in groups
            if group is not None
            for child in (group.child(row) for row in range(group.childCount()))
        ]

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        for item in self._items():
            told = f"{item.text(0)} {item.text(1)}".lower()
            item.setHidden(not all(word in told for word in words))
        for row in range(self.list.topLevelItemCount()):
            group = self.list.topLevelItem(row)
            if group is not None:
                group.setHidden(all(group.child(place).isHidden() for place in range(group.childCount())))

    def _show_chosen(self, *_: object) -> None:
        command = self._command
        self._taken = None
        self.take.hide()
        for number, edit in enumerate(self.edits):
            edit.setEnabled(command is not None)
            keys = self._keymap.keys(command.id) if command is not None else ()
            edit.blockSignals(True)
            edit.setKeySequence(QKeySequence(keys[number]) if number < len(keys) else QKeySequence())
            edit.blockSignals(False)
        self.reset.setEnabled(command is not None and self._keymap.is_changed(command.id))
        self.chosen.setText(command.plain_text if command is not None else "")
        self.note.setText(
            self.tr("Click into a field and press the keys.")
            if command is not None
            else self.tr("Choose a command to change its keys.")
        )

    def _refresh(self) -> None:
        self._write_keys()
        self._show_chosen()

    @property
    def _keymap(self) -> Keymap:
        return self._preferences.keymap

    @property
    def _command(self) -> Command | None:
        chosen = self.list.selectedItems()
        return self._by_id.get(str(chosen[0].data(0, _ID))) if chosen else None

    # ------------------------------------------------------------ changing

    def _editing(self, _keys: QKeySequence) -> None:
        self._edit_timer.start()

    def _edited(self) -> None:
        command = self._command
        if command is None:
            return
        wanted = [
            keys
            for edit in self.edits
            if (keys := canonical(edit.keySequence().toString(QKeySequence.SequenceFormat.PortableText)))
        ]
        fresh = [keys for keys in wanted if keys not in self._keymap.keys(command.id)]
        for keys in fresh:
            refused = self._keymap.refusal(command.id, keys)
            if refused is not None:
                self._taken = None
                self._say(refused)
                return
        holders = [(keys, holder) for keys in fresh for holder in self._keymap.holders(keys, but=command.id)]
        if holders:
            self._taken = (command.id, wanted)
            told = ", ".join(f"{shown(keys)} is “{holder.plain_text}”" for keys, holder in holders)
            self._say(self.tr("{} already. Nothing has changed yet.").format(told))
            self.take.show()
            return
        self._preferences.set_keys(self._keymap.with_keys(command.id, wanted))

    def _say(self, text: str) -> None:
        self.take.hide()
        self.note.setText(text)

    def _take(self) -> None:
        if self._taken is not None:
            command_id, keys = self._taken
            self._preferences.set_keys(self._keymap.taking(command_id, keys))

    def _reset_one(self) -> None:
        if (command := self._command) is not None:
            self._preferences.set_keys(self._keymap.usual(command.id))

    def _reset_all(self) -> None:
        self._preferences.set_keys(self._keymap.all_usual())
