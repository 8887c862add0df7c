"""How are bytes edited? As base64 or hexadecimal digits, or out of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QWidget

from studio.models.spec import MISSING
from studio.panels.editors.base import (
    CalmCombo,
    EditorContext,
    LeaveWatcher,
    ValueEditor,
    mark_invalid,
    put_line,
    same,
)
from studio.panels.literals import LiteralRefused, format_literal, parse_hex, parse_literal
from studio.panels.widgets import tool_button

_LONGEST_FILE: Final = 1_000_000


class BytesEditor(ValueEditor):
    """Bytes as base64 or hexadecimal digits, or from a file."""

    def __init__(self, context: EditorContext, parent: QWidget) -> None:
        super().__init__(parent)
        self._empty: Any = MISSING
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self.line = QLineEdit(self)
        self.line.setFont(context.theme.mono(size_px=12))
        self.setFocusProxy(self.line)
        row.addWidget(self.line, 1)
        self.form = CalmCombo(self)
        self.form.addItems(["base64", "hex"])
        self.form.setToolTip(self.tr("How the bytes are written"))
        self.form.setAccessibleName(self.tr("How the bytes are written"))
        row.addWidget(self.form)
        load = tool_button("folder-open", context.theme, self, tip=self.tr("Take the bytes of a file"))
        load.clicked.connect(self._choose_file)
        row.addWidget(load)
        self.line.textEdited.connect(self._typed)
        self.form.activated.connect(self._form_changed)
        LeaveWatcher(self.line).left.connect(self.finished)
        self._known: Any = MISSING

    def value(self) -> Any:
        text = self.line.text()
        self.problem = ""
        if not text:
            return self._empty
        try:
            return parse_hex(text) if self.form.currentText() == "hex" else parse_literal("bytes", text)
        except LiteralRefused as refusal:
            self.problem = str(refusal)
            return text

    def show_value(self, value: Any) -> None:
        self._known = value
        self._empty = value if value is None or value == b"" else MISSING
        if self.line.text() and same(self.value(), value):
            return
        put_line(self.line, self._text(value))
        self.line.setPlaceholderText(self.tr("null") if self._empty is None else "")

    def set_invalid(self, invalid: bool) -> None:
        mark_invalid(self.line, invalid)

    def _text(self, value: Any) -> str:
        if value is MISSING or value is None:
            return ""
        if isinstance(value, str):
            return value
        return bytes(value).hex(" ") if self.form.currentText() == "hex" else format_literal("bytes", value)

    def _typed(self, _text: str) -> None:
        self._empty = MISSING
        self._known = self.value()
        self.edited.emit()

    def _form_changed(self, _index: int) -> None:
        put_line(self.line, self._text(self._known))

    def _choose_file(self) -> None:
        dialog = QFileDialog(self, self.tr("Take the bytes of a file"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.take_file)
        dialog.open()

    def take_file(self, name: str) -> None:
        """Takes the bytes of a file of up to 1 MB."""
        file = Path(name)
        if file.stat().st_size > _LONGEST_FILE:
            self.line.setToolTip(self.tr("Files over 1 MB do not belong in a workflow."))
            self.set_invalid(True)
            return
        self.show_value(file.read_bytes())
        self.edited.emit()
        self.finished.emit()
