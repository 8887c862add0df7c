"""Which panels are there, and in which dock? Importing this imports them all, which is why the window does so after its first paint."""

from __future__ import annotations

from dataclasses import dataclass, fields

from studio.panels import (
    ChangesPanel,
    HistoryPanel,
    InspectorPanel,
    LineagePanel,
    LogPanel,
    ModelsPanel,
    OutlinePanel,
    Panel,
    ProblemsPanel,
    ResultsPanel,
    RunsPanel,
    WorkflowsPanel,
)
from studio.qt.theme import Theme
from studio.shell.docks import Docks


@dataclass(frozen=True)
class Panels:
    """The panels, by the names of their docks."""

    models: ModelsPanel
    workflows: WorkflowsPanel
    inspector: InspectorPanel
    results: ResultsPanel
    changes: ChangesPanel
    runs: RunsPanel
    problems: ProblemsPanel
    log: LogPanel
    lineage: LineagePanel
    outline: OutlinePanel
    history: HistoryPanel

    @property
    def all(self) -> tuple[Panel, ...]:
        return tuple(getattr(self, field.name) for field in fields(self))


def make_panels(theme: Theme, docks: Docks) -> Panels:
    """Makes the panels and puts each into its dock."""
    panels = Panels(
        models=ModelsPanel(theme),
        workflows=WorkflowsPanel(theme),
        inspector=InspectorPanel(theme),
        results=ResultsPanel(theme),
        changes=ChangesPanel(theme),
        runs=RunsPanel(theme),
        problems=ProblemsPanel(theme),
        log=LogPanel(theme),
        lineage=LineagePanel(theme),
        outline=OutlinePanel(theme),
        history=HistoryPanel(theme),
    )
    for field in fields(panels):
        docks.fill(field.name, getattr(panels, field.name))
    return panels
