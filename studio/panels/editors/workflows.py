"""How is one of the project's workflows chosen? A list of their names that gives the id, so that renaming one breaks nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio.panels.editors.simple import ChoiceEditor

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from studio.panels.editors.base import EditorContext


class WorkflowEditor(ChoiceEditor):
    """The id of a workflow. A name that stands there, as in a text written by hand, is shown as the workflow that is meant."""

    def __init__(self, context: EditorContext, parent: QWidget) -> None:
        ids = [workflow_id for workflow_id, _ in context.workflows]
        names = [name for _, name in context.workflows]
        labels = [
            name if names.count(name) == 1 else f"{name} ({workflow_id})"
            for workflow_id, name in context.workflows
        ]
        super().__init__(ids, parent, labels=labels)
        self._by_name = {
            name: workflow_id for workflow_id, name in context.workflows if names.count(name) == 1
        }
        self._ids = frozenset(ids)

    def show_value(self, value: Any) -> None:
        meant = (
            value
            if value in self._ids
            else self._by_name.get(value, value)
            if isinstance(value, str)
            else value
        )
        super().show_value(meant)
