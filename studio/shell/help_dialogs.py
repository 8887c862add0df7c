"""What does Help show? The keys, the versions and the licences."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib import metadata
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from studio.qt.background import run_in_background
from studio.qt.commands import Command, CommandSet
from studio.qt.icons import app_icon
from studio.qt.theme import Theme
from studio.qt.versions import packages

_GESTURES: Final = (
    ("Drag empty canvas", "Select all that a rectangle meets"),
    ("Shift or Ctrl + click, + drag", "Add to the selection, take from it"),
    ("Space + drag, middle button", "Move the view"),
    ("Mouse wheel, Ctrl + wheel, pinch", "Zoom at the pointer"),
    ("Double-click empty canvas", "Search for a node to add"),
    ("→ in that search", "Show what a kind of node takes and gives"),
    ("Ctrl + . in Problems", "All that mends the chosen finding"),
    ("Drag from a port", "Connect; over empty canvas: a node that fits"),
    ("Drag a node onto an edge, + on it", "Put a node between two others"),
    ("Double-click an edge", "Set a point that it passes; drag it, Del removes it"),
    ("Drag a frame's title", "Move the frame with all that lies in it"),
    ("Ctrl + drag", "Copy what is dragged"),
    ("Ctrl + Alt + 1…9", "Keep what is seen as a bookmark"),
    ("Alt + 1…9", "Come back to a bookmark"),
    ("Alt + Shift + drag, Ctrl + right drag", "Cut the edges that are crossed"),
    ("Arrows", "Go from node to node"),
    ("Ctrl + Shift + arrows", "Nudge what is selected"),
    ("Alt while dragging", "Let go of grid and neighbours"),
    ("Esc", "Give up a drag; select nothing"),
    ("Enter on a node", "Edit its params"),
    ("O on a node", "Show its results"),
)

_OUTLINE: Final = (
    ("N", "Add a node"),
    ("Enter", "Edit params or a note's text; go to a bookmark"),
    ("F2", "Rename"),
    ("Del", "Delete"),
    ("D", "Switch a node off or on"),
    ("O", "Show what a node delivered"),
    ("F9, Shift + F9", "Set or remove a breakpoint; one with a condition"),
    ("Ctrl + L", "Connect an input"),
    ("Shift + Up, Down", "Select several rows"),
    ("Ctrl + G", "Frame the selected rows"),
    ("M", "Put them into a frame, or out of it"),
    ("H, K", "Collapse a frame; colour it or a note"),
    ("C, B", "Add a note; a bookmark"),
)


class ShortcutsDialog(QDialog):
    """All keys, menu by menu, then what the mouse does on the canvas and what keys do in the outline."""

    def __init__(
        self,
        commands: CommandSet,
        menus: Sequence[tuple[str, Sequence[str | None]]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("shortcutsDialog")
        self.setWindowTitle(self.tr("Keyboard and mouse"))
        self.resize(1040, 830)
        by_id = {command.id: command for command in commands.commands}
        columns = [QVBoxLayout(), QVBoxLayout()]
        heights = [0, 0]
        groups = [
            (title.replace("&", ""), [by_id[key] for key in ids if key in by_id and by_id[key].shortcuts])
            for title, ids in menus
        ]
        blocks = [(title, _rows(listed)) for title, listed in groups if listed]
        blocks.append((self.tr("On the canvas"), [(text, keys) for keys, text in _GESTURES]))
        blocks.append((self.tr("In the outline"), [(text, keys) for keys, text in _OUTLINE]))
        for title, rows in blocks:
            shorter = 0 if heights[0] <= heights[1] else 1
            columns[shorter].addLayout(self._block(title, rows))
            heights[shorter] += len(rows) + 2
        body = QWidget()
        across = QHBoxLayout(body)
        across.setContentsMargins(6, 0, 18, 0)
        across.setSpacing(36)
        for column in columns:
            column.setSpacing(16)
            column.addStretch(1)
            across.addLayout(column, 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setMinimumWidth(900)
        scroll.setWidget(body)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        buttons.button(QDialogButtonBox.StandardButton.Close).setDefault(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 12)
        layout.addWidget(scroll, 1)
        layout.addWidget(buttons)

    def _block(self, title: str, rows: Sequence[tuple[str, str]]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(5)
        heading = QLabel(title)
        heading.setProperty("role", "heading")
        grid.addWidget(heading, 0, 0, 1, 2)
        for number, (text, keys) in enumerate(rows, 1):
            grid.addWidget(QLabel(text), number, 0)
            shown = QLabel(keys)
            shown.setProperty("role", "muted")
            shown.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(shown, number, 1)
        grid.setColumnStretch(0, 1)
        return grid


def _rows(commands: Sequence[Command]) -> list[tuple[str, str]]:
    rows = []
    for command in commands:
        texts = [
            QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText) for keys in command.shortcuts
        ]
        # The two Enter keys of a keyboard are one to a reader.
        texts = [text.replace("Return", "Enter") for text in texts]
        rows.append((command.plain_text, "  or  ".join(dict.fromkeys(texts))))
    return rows


class AboutDialog(QDialog):
    """What this Studio is made of, to be copied."""

    def __init__(self, versions: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        """`versions` are those of its parts, by name."""
        super().__init__(parent)
        self.setObjectName("aboutDialog")
        self.setWindowTitle(self.tr("About Studio"))
        self._versions = tuple(versions)
        picture = QLabel()
        picture.setPixmap(app_icon().pixmap(72, 72))
        name = QLabel(self.tr("Studio"))
        name.setProperty("role", "title")
        told = QLabel(self.tr("Draw, run and keep database workflows."))
        head = QVBoxLayout()
        head.setSpacing(2)
        head.addStretch(1)
        head.addWidget(name)
        head.addWidget(told)
        head.addStretch(1)
        top = QHBoxLayout()
        top.setSpacing(16)
        top.addWidget(picture)
        top.addLayout(head, 1)
        grid = QGridLayout()
        grid.setHorizontalSpacing(22)
        for number, (part, version) in enumerate(self._versions):
            label = QLabel(part)
            label.setProperty("role", "muted")
            value = QLabel(version)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(label, number, 0)
            grid.addWidget(value, number, 1)
        grid.setColumnStretch(1, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        buttons.button(QDialogButtonBox.StandardButton.Close).setDefault(True)
        self.copy_button = QPushButton(self.tr("Copy versions"))
        self.copy_button.setAutoDefault(False)
        self.copy_button.clicked.connect(self._copy)
        buttons.addButton(self.copy_button, QDialogButtonBox.ButtonRole.ActionRole)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(22, 20, 22, 16)
        layout.setSpacing(18)
        layout.addLayout(top)
        layout.addLayout(grid)
        layout.addWidget(buttons)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(
            "\n".join(f"{part}: {version}" for part, version in self._versions)
        )
        self.copy_button.setText(self.tr("Copied"))


class LicencesDialog(QDialog):
    """Whose work Studio stands on, and under which licences."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("licencesDialog")
        self.setWindowTitle(self.tr("Licences"))
        self.resize(720, 480)
        self.text = QPlainTextEdit(self.tr("Reading…"))
        self.text.setReadOnly(True)
        self.text.setFont(theme.mono(size_px=12))
        self.text.setAccessibleName(self.tr("Licences"))
        # A hundred packages say theirs in a file each.
        run_in_background(self, asyncio.to_thread(licences), self.text.setPlainText)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        buttons.button(QDialogButtonBox.StandardButton.Close).setDefault(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 12)
        layout.addWidget(self.text, 1)
        layout.addWidget(buttons)


def licences() -> str:
    """Studio's own licence, the notice that Qt's licence asks for, then each package with its version and licence."""
    lines = [
        "Studio is free software under the MIT licence.",
        "",
        "Studio uses Qt and PySide6 under the GNU Lesser General Public License version 3.",
        "They are installed as packages of their own, unaltered, and may be replaced by other versions:",
        "pip install PySide6-Essentials==…",
        "Qt is a trademark of The Qt Company Ltd. Sources: https://code.qt.io",
        "",
    ]
    used = [distribution.metadata for distribution in packages()]
    width = max((len(about["Name"]) for about in used), default=0) + 2
    wide = max((len(about["Version"]) for about in used), default=0) + 2
    lines += [f"{about['Name']:<{width}}{about['Version']:<{wide}}{_licence(about)}" for about in used]
    return "\n".join(lines)


def _licence(about: metadata.PackageMetadata) -> str:
    # Newer packages say it as an expression, older ones as classifiers or in a field of their own.
    fields = about.json
    expression = fields.get("license_expression")
    if expression:
        return str(expression)
    classified = [
        str(entry).rpartition(" :: ")[2]
        for entry in fields.get("classifier", ())
        if str(entry).startswith("License ::")
    ]
    if classified:
        return ", ".join(classified)
    stated = str(fields.get("license") or "").strip().splitlines()
    return stated[0][:70] if stated else "see the package"
