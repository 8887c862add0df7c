"""What becomes of a model's field that is brought to a node? An edge from the node that gives it, a condition on it, or its own editor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio.workflow.references import spec_for

if TYPE_CHECKING:
    from studio.canvas.view import CanvasView
    from studio.kernel.ids import NodeId
    from studio.workflow.spec import NodeSpec

_FILTER = "filter"


class FieldDrops:
    """Fields of the panel Models, brought to cards of one canvas by mouse or by name."""

    def __init__(self, view: CanvasView) -> None:
        self._view = view

    def drop(self, model: str, field: str, hit: Any) -> None:
        """Brings a field to the card or port under a Hit."""
        if hit.node is not None:
            port = hit.port.name if hit.port is not None and not hit.port.is_output else None
            self.bring(model, field, self._view.projector.geometry.ids[hit.node], port)

    def bring(self, model: str, field: str, node_id: NodeId, port: str | None = None) -> None:
        """Brings a field to a node, or to a port of it.

        It comes by an edge from the nearest node before that gives such records; a key also to the condition on the field that refers to
        it, where the node looks for records. Where there is none, a field of the node's own model has no value yet: its editor is opened, or a
        condition on it is begun.
        """
        view = self._view
        workflow = view.workflow
        node = workflow.nodes.get(node_id) if workflow is not None else None
        if workflow is None or node is None:
            return
        catalogue = view.session.catalogue
        wiring = view.advice.wiring()
        spec = spec_for(node, catalogue)
        is_filter = port == _FILTER
        edge = wiring.field_edge(workflow, catalogue, (model, field), node, None if is_filter else port)
        if not isinstance(edge, str) and (not is_filter or edge.target_port.startswith(f"{_FILTER}.")):
            view.editing.change_edges([], [edge])
            return
        own = wiring.model(spec) if spec is not None else None
        if spec is not None and own is not None and own.name == model and field in own.by_name:
            param = _param_of(spec, field)
            can_filter = _FILTER in spec.params_by_name and port in (None, _FILTER)
            if param is not None and not is_filter and port in (None, param):
                self._open(node_id, param, "")
                return
            if can_filter:
                self._open(node_id, _FILTER, field)
                return
        view.message.emit(
            edge if isinstance(edge, str) else f'"{_FILTER}" takes conditions, no single value.'
        )

    def _open(self, node_id: NodeId, param: str, condition: str) -> None:
        self._view.select([node_id])
        self._view.fieldRequested.emit(node_id, param, condition)


def _param_of(spec: NodeSpec, field: str) -> str | None:
    """The node's own param for a field."""
    return next((param.name for param in spec.params if param.field == field), None)
