"""When is a run to wait before a node? An expression that is read before it is taken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from studio.kernel.errors import ExpressionError
from studio.panels.editors.base import EditorContext
from studio.panels.editors.expressions import ExpressionEditor
from studio.panels.form import names_before
from studio.panels.widgets import muted_label
from studio.workflow.checks import title_of
from studio.workflow.expressions import parse_condition
from studio.workflow.references import spec_for

if TYPE_CHECKING:
    from studio.kernel.ids import NodeId, WorkflowId
    from studio.qt.theme import Theme
    from studio.session import Session


class BreakpointDialog(QDialog):
    """Asks for the condition of the breakpoint before one node or several. A refusal stands below the line."""

    def __init__(
        self,
        session: Session,
        workflow_id: WorkflowId,
        node_ids: Sequence[NodeId],
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("breakpointDialog")
        self.setWindowTitle(self.tr("Breakpoint"))
        self.setMinimumWidth(480)
        self.condition = ""
        """What was asked for, once the dialog is accepted; empty: always."""
        workflow = session.project.workflow(workflow_id)
        node = workflow.nodes[node_ids[0]]
        told = QLabel(
            self.tr("Wait before “{}” when this is true:").format(
                title_of(node, spec_for(node, session.catalogue))
            )
            if len(node_ids) == 1
            else self.tr("Wait before {} nodes when this is true:").format(len(node_ids))
        )
        told.setWordWrap(True)
        names = names_before(workflow, node.id, session.catalogue)
        self.editor = ExpressionEditor(EditorContext(theme=theme, names=names), self, bare=True)
        self.editor.show_value(session.breakpoints.of(workflow_id).get(node.id, ""))
        self.editor.line.setAccessibleName(self.tr("Condition"))
        self.editor.line.setPlaceholderText(self.tr("always"))
        self.refusal = QLabel()
        self.refusal.setProperty("role", "error")
        self.refusal.setWordWrap(True)
        self.refusal.hide()
        example = names[0] if names else "orders.count"
        note = muted_label(
            self.tr(
                "An expression over the run's inputs and what nodes have given so far, such as {example} > 3. Empty: always."
            ).format(example=example),
            self,
            wrap=True,
        )
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        set_button = buttons.addButton(self.tr("Set breakpoint"), QDialogButtonBox.ButtonRole.AcceptRole)
        set_button.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.editor.edited.connect(self._take_back)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(10)
        for widget in (told, self.editor, self.refusal, note, buttons):
            layout.addWidget(widget)
        self.editor.setFocus()
        self._grow()

    def accept(self) -> None:
        """Closes with the condition, unless it cannot be read."""
        text = self.editor.line.text().strip()
        try:
            if text:
                parse_condition(text)
        except ExpressionError as error:
            self.refusal.setText(error.message)
            self.refusal.show()
            self._grow()
            self.editor.set_invalid(True)
            self.editor.line.setAccessibleDescription(self.refusal.text())
            self.editor.setFocus()
            return
        self.condition = text
        super().accept()

    def _grow(self) -> None:
        """Room for all lines: a dialog does not grow by itself for words that wrap."""
        layout = self.layout()
        if layout is not None:
            self.resize(self.width(), max(self.height(), layout.totalHeightForWidth(self.width())))

    def _take_back(self) -> None:
        self.refusal.hide()
        self.editor.set_invalid(False)
        self.editor.line.setAccessibleDescription("")
