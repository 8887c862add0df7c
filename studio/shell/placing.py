"""What do panels want on the canvas? A model's operations offered, a field brought to a node, a node put between others for a mapping."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QPointF, Qt

if TYPE_CHECKING:
    from studio.canvas import CanvasView
    from studio.shell.main_window import MainWindow


class Placing(QObject):
    """Carries what panels want to the canvas that is shown, and what the canvas wants edited to the inspector."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        panels = window.panels
        panels.inspector.betweenRequested.connect(self.put_between)
        panels.models.operationsRequested.connect(self.offer_operations)
        panels.models.fieldRequested.connect(self.bring_field)
        window.pages.tabs.canvasMade.connect(self._on_canvas_made)

    def _on_canvas_made(self, canvas: Any) -> None:
        canvas.fieldRequested.connect(self.edit_field)

    def put_between(self, edge: Any, converter: Any) -> None:
        """Puts the node that makes a mapping fit on the canvas; the node whose fields are mapped stays selected."""
        canvas = self._canvas()
        if canvas is not None:
            canvas.editing.add_converter(edge, converter)
            canvas.select([edge.target])

    def offer_operations(self, model: str, types: Any) -> None:
        """Offers node types of a model in the middle of the canvas."""
        canvas = self._canvas()
        if canvas is not None:
            canvas.setFocus(Qt.FocusReason.OtherFocusReason)
            viewer = canvas.viewer
            canvas.adding.offer_operations(
                model, types, viewer.mapToScene(QPointF(viewer.viewport().rect().center()))
            )

    def bring_field(self, model: str, field: str) -> None:
        """Brings a model's field to the one node that is selected."""
        canvas = self._canvas()
        chosen = canvas.selection() if canvas is not None else []
        if canvas is not None and len(chosen) == 1:
            canvas.field_drops.bring(model, field, chosen[0])
        elif canvas is not None:
            self._window.tell(self.tr("Select the one node that the field is to be brought to."))

    def edit_field(self, node_id: str, param: str, condition: str) -> None:
        """Leads to the editor of a node's param; with the name of a field, a condition on it is begun there."""
        self._window.navigation.edit_field(node_id, param)
        if condition:
            self._window.panels.inspector.begin_condition(param, condition)

    def _canvas(self) -> CanvasView | None:
        canvas = self._window.pages.tabs.canvas
        if canvas is None:
            self._window.tell(self.tr("Open a workflow first, or begin a new one with Ctrl+T."))
        return canvas
