"""How does everything besides the canvas look and feel? Widgets that show the session's state and emit what a person wants."""

from studio.panels.base import Panel
from studio.panels.connection_dialog import ConnectionDialog
from studio.panels.import_dialog import ImportModelsDialog
from studio.panels.inspector import InspectorPanel
from studio.panels.log_panel import LogPanel
from studio.panels.model_dialog import ModelDialog
from studio.panels.models_panel import ModelsPanel
from studio.panels.problems_panel import ProblemsPanel
from studio.panels.results_panel import ResultsPanel
from studio.panels.runs_panel import RunsPanel
from studio.panels.welcome import Recent, WelcomePage
from studio.panels.workflows_panel import WorkflowsPanel

__all__ = [
    "ConnectionDialog",
    "ImportModelsDialog",
    "InspectorPanel",
    "LogPanel",
    "ModelDialog",
    "ModelsPanel",
    "Panel",
    "ProblemsPanel",
    "Recent",
    "ResultsPanel",
    "RunsPanel",
    "WelcomePage",
    "WorkflowsPanel",
]
