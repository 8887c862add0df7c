"""What can a person do with an open project?"""

from studio.session.environment import Environment
from studio.session.events import (
    CatalogueChanged,
    LogAdded,
    LogEntry,
    ProblemsChanged,
    ProjectChanged,
    RunFinished,
    RunStarted,
    SavedStateChanged,
    SessionEvent,
)
from studio.session.runs import NodeRunView, Output, Page, RunHandle
from studio.session.session import Session

__all__ = [
    "CatalogueChanged",
    "Environment",
    "LogAdded",
    "LogEntry",
    "NodeRunView",
    "Output",
    "Page",
    "ProblemsChanged",
    "ProjectChanged",
    "RunFinished",
    "RunHandle",
    "RunStarted",
    "SavedStateChanged",
    "Session",
    "SessionEvent",
]
