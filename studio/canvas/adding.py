"""How does a kind of node that was chosen in the palette, or for a model, become a node? Where it was wanted, joined to what it was wanted for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, QPoint, QPointF, Qt

from studio.canvas.between import ports_between
from studio.canvas.cards import GRID, HEADER, WIDTH
from studio.canvas.geometry import snapped
from studio.canvas.gestures import WireEnd
from studio.canvas.palette_search import Entry, by_fit
from studio.canvas.radial import RadialPick
from studio.workflow.graph import Edge
from studio.workflow.types import ANY, PortType

if TYPE_CHECKING:
    from studio.canvas.view import CanvasView

_RECENT: Final = 12
_RUNNING: Final = "Subworkflow"


class Adding(QObject):
    """The palette's part in one canvas: what it offers, and what becomes of the choice."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._recent: list[str] = []
        self._wire: WireEnd | Edge | None = None
        self._at = QPointF(0, 0)
        self.radial = RadialPick(view.viewer.style_, view.viewer.viewport())
        """What is offered where a model was dropped."""
        self.radial.chosen.connect(self._add_operation)
        self.radial.closed.connect(self.palette_closed)

    def offer_operations(self, model: str, types: Any, at: QPointF) -> None:
        """Offers kinds of node (the names of their types) around a scene point; the only one there is is added at once."""
        view = self._view
        found = [spec for spec in map(view.session.catalogue.find, types) if spec is not None]
        if view.workflow is None or not found:
            return
        if len(found) == 1:
            view.editing.drop_node(found[0].type, at.x(), at.y(), {})
            return
        self.radial.reduces_motion = view.arrangement.glide.reduces_motion
        self.radial.open(view.viewer.mapFromScene(at), found, model)

    def _add_operation(self, type_name: str, pixel: QPoint) -> None:
        at = self._view.viewer.mapToScene(QPointF(pixel))
        self._view.editing.drop_node(type_name, at.x(), at.y(), {})
        self._remember(type_name)

    def offer(self, end: Any, at: QPointF) -> None:
        """Opens the palette at a scene point, for what fits a wire's end (a WireEnd), what fits into an Edge, or for everything (None)."""
        view = self._view
        if view.workflow_id is None or view.workflow is None:
            return
        self._wire, self._at = end, QPointF(at)
        if end is None:
            entries = [Entry(spec) for spec in view.session.catalogue.specs()]
            entries += [*self._workflows(), *self._templates()]
        elif isinstance(end, Edge):
            catalogue = view.session.catalogue
            fitting = (
                (spec, ports_between(view.workflow, catalogue, end, spec)) for spec in catalogue.specs()
            )
            entries = [Entry(spec, ports[0]) for spec, ports in fitting if ports is not None]
        else:
            found = view.session.compatible_types(
                view.workflow_id, end.node, end.port, is_output=end.is_output
            )
            entries = [Entry(spec, port) for spec, port in found]
        if end is not None:
            entries = by_fit(entries, self._type_of(end), self._recent_types())
        viewer = view.viewer
        pixel = viewer.viewport().mapTo(view, viewer.mapFromScene(at))
        view.palette_popup.open(pixel, entries, self._recent_types(), compatible=end is not None)

    def _type_of(self, end: WireEnd | Edge) -> PortType:
        """What leaves or reaches the end of a wire."""
        if isinstance(end, Edge):
            end = WireEnd(end.source, end.source_port, is_output=True)
        geometry = self._view.projector.geometry
        i = geometry.index.get(end.node)
        return ANY if i is None else geometry.cards[i].port_type(end.port, is_output=end.is_output)

    def _workflows(self) -> list[Entry]:
        """The project's other workflows, each as a node that runs it."""
        session = self._view.session
        spec = session.catalogue.find(_RUNNING)
        others = (known for known in session.project.workflows.values() if known.id != self._view.workflow_id)
        return [Entry(spec, runs=(known.id, known.name)) for known in others] if spec is not None else []

    def _templates(self) -> list[Entry]:
        """What the project keeps to begin with."""
        session = self._view.session
        spec = session.catalogue.find(_RUNNING)
        known = session.project.templates.values()
        return [Entry(spec, template=template) for template in known] if spec is not None else []

    def _recent_types(self) -> list[str]:
        """The kinds added last here, then those of the workflow's latest nodes."""
        workflow = self._view.workflow
        latest = [node.type for node in reversed(list(workflow.nodes.values()))] if workflow else []
        return list(dict.fromkeys([*self._recent, *latest[:40]]))[:_RECENT]

    def add_chosen(self, entry: Any, keep_open: bool) -> None:
        view = self._view
        x, y = self._at.x(), self._at.y()
        end = self._wire
        if isinstance(end, Edge):
            self._wire = None
            added = view.editing.add_between(end, entry.spec.type, entry.params)
            if added is not None:
                self._remember(entry.spec.type)
                view.select([added])
            return
        if end is not None:
            # The new card's side that is joined comes to the cursor.
            x = x if end.is_output else x - WIDTH
            y -= HEADER / 2
        if view.snaps():
            x, y = snapped(x, GRID), snapped(y, GRID)
        if entry.template is not None:
            view.clipboard.insert_template(entry.template.id, QPointF(x, y))
            self._at += QPointF(GRID * 2, GRID * 2)
            return
        added = view.editing.add_node(entry.spec.type, x, y, entry.params, end)
        if added is not None:
            self._remember(entry.spec.type)
            view.select([added])
            if not keep_open:
                view.uncover(added)
        if keep_open:
            self._at += QPointF(GRID * 2, GRID * 2)
        else:
            self._wire = None

    def _remember(self, type_name: str) -> None:
        if type_name == _RUNNING:
            return  # without its workflow it is another thing
        self._recent = [type_name, *(name for name in self._recent if name != type_name)][:_RECENT]

    def palette_closed(self) -> None:
        self._view.viewer.setFocus(Qt.FocusReason.PopupFocusReason)

    def add_template(self, type_name: str) -> None:
        viewer = self._view.viewer
        center = viewer.mapToScene(QPointF(viewer.viewport().rect().center()))
        self._view.editing.drop_node(type_name, center.x(), center.y(), {})
