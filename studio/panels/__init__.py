"""How does everything besides the canvas look and feel? Widgets that show the session's state and emit what a person wants.

Names are looked up when they are first used: a window that opens needs no dialogs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.kernel.lazy import lazily

if TYPE_CHECKING:
    from studio.panels.base import Panel
    from studio.panels.changes_panel import ChangesPanel
    from studio.panels.connection_dialog import ConnectionDialog
    from studio.panels.history_panel import HistoryPanel
    from studio.panels.import_dialog import ImportModelsDialog
    from studio.panels.inspector import InspectorPanel
    from studio.panels.lineage_panel import LineagePanel
    from studio.panels.log_panel import LogPanel
    from studio.panels.model_dialog import ModelDialog
    from studio.panels.models_panel import ModelsPanel
    from studio.panels.outline_panel import OutlinePanel
    from studio.panels.problems_panel import ProblemsPanel
    from studio.panels.quick_open import QuickOpen
    from studio.panels.quick_search import Goal
    from studio.panels.results_panel import ResultsPanel
    from studio.panels.runs_panel import RunsPanel
    from studio.panels.welcome import Recent, WelcomePage
    from studio.panels.workflows_panel import WorkflowsPanel

__all__ = [
    "ChangesPanel",
    "ConnectionDialog",
    "Goal",
    "HistoryPanel",
    "ImportModelsDialog",
    "InspectorPanel",
    "LineagePanel",
    "LogPanel",
    "ModelDialog",
    "ModelsPanel",
    "OutlinePanel",
    "Panel",
    "ProblemsPanel",
    "QuickOpen",
    "Recent",
    "ResultsPanel",
    "RunsPanel",
    "WelcomePage",
    "WorkflowsPanel",
]

__getattr__ = lazily(
    __name__,
    {
        "ChangesPanel": "changes_panel",
        "ConnectionDialog": "connection_dialog",
        "Goal": "quick_search",
        "HistoryPanel": "history_panel",
        "ImportModelsDialog": "import_dialog",
        "InspectorPanel": "inspector",
        "LineagePanel": "lineage_panel",
        "LogPanel": "log_panel",
        "ModelDialog": "model_dialog",
        "ModelsPanel": "models_panel",
        "OutlinePanel": "outline_panel",
        "Panel": "base",
        "ProblemsPanel": "problems_panel",
        "QuickOpen": "quick_open",
        "Recent": "welcome",
        "ResultsPanel": "results_panel",
        "RunsPanel": "runs_panel",
        "WelcomePage": "welcome",
        "WorkflowsPanel": "workflows_panel",
    },
)
