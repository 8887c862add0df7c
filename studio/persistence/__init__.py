"""How is a project kept?

The names are imported when first asked for: the window paints before it needs any of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.kernel.lazy import lazily

if TYPE_CHECKING:
    from studio.persistence.journal import Recovery
    from studio.persistence.project_text import project_from_yaml, project_to_yaml
    from studio.persistence.retention import Retention
    from studio.persistence.runs import NodeRunRecord, RunRecord
    from studio.persistence.store import ProjectStore

__all__ = [
    "NodeRunRecord",
    "ProjectStore",
    "Recovery",
    "Retention",
    "RunRecord",
    "project_from_yaml",
    "project_to_yaml",
]

__getattr__ = lazily(
    __name__,
    {
        "NodeRunRecord": "runs",
        "ProjectStore": "store",
        "Recovery": "journal",
        "Retention": "retention",
        "RunRecord": "runs",
        "project_from_yaml": "project_text",
        "project_to_yaml": "project_text",
    },
)
