"""What does a workflow need to be told before it runs? A form for its inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from studio.panels.literals import LiteralRefused, format_literal, parse_literal
from studio.qt.theme import Theme
from studio.workflow.graph import WorkflowInput


class InputsDialog(QDialog):
    """Asks for the inputs of a run; `values` are what was given, by name. A refusal stands beside its field."""

    def __init__(
        self,
        name: str,
        inputs: Sequence[WorkflowInput],
        known: Mapping[str, Any],
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("inputsDialog")
        self.setWindowTitle(self.tr("Run {}").format(name))
        self.setMinimumWidth(440)
        self._theme = theme
        self._inputs = tuple(inputs)
        self.values: dict[str, Any] = {}
        self._edits: dict[str, QLineEdit] = {}
        self._refusals: dict[str, QLabel] = {}

        form = QFormLayout()
        form.setSpacing(8)
        for given in self._inputs:
            edit = QLineEdit()
            edit.setObjectName(f"input_{given.name}")
            edit.setPlaceholderText(given.kind)
            start = known.get(given.name, given.default)
            if start is not None:
                edit.setText(format_literal(given.kind, start))
            refusal = QLabel()
            refusal.setProperty("role", "error")
            refusal.setWordWrap(True)
            refusal.hide()
            label = QLabel(given.name + (" *" if given.required else ""))
            label.setToolTip(given.description)
            label.setBuddy(edit)
            form.addRow(label, edit)
            if given.description:
                described = QLabel(given.description)
                described.setProperty("role", "muted")
                described.setWordWrap(True)
                form.addRow("", described)
            form.addRow("", refusal)
            self._edits[given.name] = edit
            self._refusals[given.name] = refusal

        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        run = buttons.addButton(self.tr("Run"), QDialogButtonBox.ButtonRole.AcceptRole)
        run.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(12)
        layout.addLayout(form)
        layout.addStretch(1)
        layout.addWidget(buttons)

    def accept(self) -> None:
        """Closes with the values, unless one cannot be read or a required one is missing."""
        values: dict[str, Any] = {}
        first_refused: QLineEdit | None = None
        for given in self._inputs:
            edit = self._edits[given.name]
            refusal = self._read(given, edit.text(), values)
            self._refusals[given.name].setText(refusal)
            self._refusals[given.name].setVisible(bool(refusal))
            edit.setProperty("invalid", bool(refusal))
            edit.style().polish(edit)
            if refusal and first_refused is None:
                first_refused = edit
        if first_refused is not None:
            first_refused.setFocus()
            return
        self.values = values
        super().accept()

    def _read(self, given: WorkflowInput, text: str, values: dict[str, Any]) -> str:
        is_text = given.kind in ("str", "text")
        if not text.strip() and not (is_text and not given.required):
            return self.tr("A value is needed.") if given.required else ""
        try:
            values[given.name] = parse_literal(given.kind, text)
        except LiteralRefused as refused:
            return str(refused)
        return ""
