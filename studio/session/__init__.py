"""What can a person do with an open project?

The names are imported when first asked for: the window paints before it needs any of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.kernel.lazy import lazily

if TYPE_CHECKING:
    from studio.session.breakpoints import BreakpointBook
    from studio.session.environment import Environment
    from studio.session.events import (
        BreakpointsChanged,
        CatalogueChanged,
        LogAdded,
        LogEntry,
        ProblemsChanged,
        ProjectChanged,
        RunFinished,
        RunPaused,
        RunResumed,
        RunStarted,
        SavedStateChanged,
        SessionEvent,
        TransactionChanged,
    )
    from studio.session.outputs import Output, Page
    from studio.session.review import Review
    from studio.session.runs import NodeRunView, RunHandle
    from studio.session.session import Session

__all__ = [
    "BreakpointBook",
    "BreakpointsChanged",
    "CatalogueChanged",
    "Environment",
    "LogAdded",
    "LogEntry",
    "NodeRunView",
    "Output",
    "Page",
    "ProblemsChanged",
    "ProjectChanged",
    "Review",
    "RunFinished",
    "RunHandle",
    "RunPaused",
    "RunResumed",
    "RunStarted",
    "SavedStateChanged",
    "Session",
    "SessionEvent",
    "TransactionChanged",
]

__getattr__ = lazily(
    __name__,
    {
        "BreakpointBook": "breakpoints",
        "BreakpointsChanged": "events",
        "CatalogueChanged": "events",
        "Environment": "environment",
        "LogAdded": "events",
        "LogEntry": "events",
        "NodeRunView": "runs",
        "Output": "outputs",
        "Page": "outputs",
        "ProblemsChanged": "events",
        "ProjectChanged": "events",
        "Review": "review",
        "RunFinished": "events",
        "RunHandle": "runs",
        "RunPaused": "events",
        "RunResumed": "events",
        "RunStarted": "events",
        "SavedStateChanged": "events",
        "Session": "session",
        "SessionEvent": "events",
        "TransactionChanged": "events",
    },
)
