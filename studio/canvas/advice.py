"""What is known of a wire before it is let go? Why it cannot be, where the models say it belongs, what would make it fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.session.wiring import Converter, Match, ModelWiring, converter

if TYPE_CHECKING:
    from studio.canvas.view import CanvasView
    from studio.workflow.graph import Edge
    from studio.workflow.spec import NodeSpec


class Advice:
    """Answers the viewer's questions from its view's session."""

    def __init__(self, view: CanvasView) -> None:
        self._view = view
        self._wiring: tuple[object, object, ModelWiring] | None = None
        view.viewer.why_not_asked = self.why_not
        view.viewer.match_asked = self.match
        view.viewer.converter_asked = self.converter

    def wiring(self) -> ModelWiring:
        """What the project's models say of wires."""
        project = self._view.session.project
        known = self._wiring
        if known is None or known[0] is not project.models or known[1] is not project.connections:
            self._wiring = known = (project.models, project.connections, ModelWiring(project))
        return known[2]

    def match(
        self, source: NodeSpec, source_port: str | None, target: NodeSpec, target_port: str | None
    ) -> Match | None:
        return self.wiring().match(source, source_port, target, target_port)

    def converter(self, edge: Edge) -> Converter | None:
        workflow = self._view.workflow
        return converter(workflow, self._view.session.catalogue, edge) if workflow is not None else None

    def why_not(self, edge: Edge) -> str | None:
        """Why an edge cannot be; None when it can."""
        workflow_id = self._view.workflow_id
        return self._view.session.why_not(workflow_id, edge) if workflow_id is not None else None
