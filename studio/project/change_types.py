"""Which kinds of change are there? One closed set: the codec, the undo tests and the reader walk through all of them."""

from __future__ import annotations

from typing import Any, Final

from studio.project.changes import Group
from studio.project.graph_changes import (
    AddNodes,
    EditNode,
    EditWorkflow,
    MoveNodes,
    RemoveNodes,
    SetEdges,
    SetParams,
)
from studio.project.layout_changes import SetBookmarks, SetFrames, SetNotes, SetRoutes
from studio.project.project_changes import (
    EditProject,
    PutTemplate,
    PutWorkflow,
    RemoveTemplate,
    RemoveWorkflow,
    RestoreOrder,
    SetConnections,
    SetModels,
)

CHANGE_TYPES: Final[tuple[type[Any], ...]] = (
    AddNodes, RemoveNodes, SetEdges, MoveNodes, SetParams, EditNode, EditWorkflow, SetNotes, SetFrames, SetRoutes, SetBookmarks,
    PutWorkflow, RemoveWorkflow, PutTemplate, RemoveTemplate, RestoreOrder, SetModels, SetConnections, EditProject, Group,
)  # fmt: skip
"""Every change that can be written down and read back."""
