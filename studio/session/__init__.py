"""What can a person do with an open project?

The names are imported when first asked for: the window paints before it needs any of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_MODULES = {
    "Environment": "environment",
    "NodeRunView": "runs",
    "Output": "runs",
    "Page": "runs",
    "RunHandle": "runs",
    "Session": "session",
}
"""Where a name stands; those that are absent are events."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES.get(name, 'events')}"), name)
    globals()[name] = value
    return value
