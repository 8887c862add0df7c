"""Which kinds of change are there? One closed set: the codec, the undo tests and the reader walk through all of them."""

from __future__ import annotations

from typing import Any, Final

from studio.project.changes import (
    AddNodes,
    EditNode,
    EditProject,
    EditWorkflow,
    Group,
    MoveNodes,
    PutWorkflow,
    RemoveNodes,
    RemoveWorkflow,
    RestoreOrder,
    SetConnections,
    SetEdges,
    SetModels,
    SetParams,
)
from studio.project.layout_changes import SetBookmarks, SetFrames, SetNotes, SetRoutes

CHANGE_TYPES: Final[tuple[type[Any], ...]] = (
    AddNodes, RemoveNodes, SetEdges, MoveNodes, SetParams, EditNode, EditWorkflow, SetNotes, SetFrames, SetRoutes, SetBookmarks,
    PutWorkflow, RemoveWorkflow, RestoreOrder, SetModels, SetConnections, EditProject, Group,
)  # fmt: skip
"""Every change that can be written down and read back."""
