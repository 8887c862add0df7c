"""How is an edit written down and read back? The text of one change, for the journal; what changes do is `project.changes`' business."""

from __future__ import annotations

from typing import Final

from studio.kernel.errors import StoreError
from studio.persistence.structure import Structure
from studio.project.change_types import CHANGE_TYPES
from studio.project.changes import Change
from studio.project.state import Connection, ModelEntry
from studio.workflow.graph import Bookmark, Edge, Frame, Node, Note, Pin, Place, Workflow, WorkflowInput
from studio.workflow.yaml_reading import read_yaml
from studio.workflow.yaml_writing import write_yaml

CHANGES: Final = Structure(
    (
        *CHANGE_TYPES,
        Node,
        Pin,
        Edge,
        Note,
        Frame,
        Bookmark,
        Place,
        Workflow,
        WorkflowInput,
        Connection,
        ModelEntry,
    ),
    protocols=(Change,),
)


def change_to_text(change: Change) -> str:
    """YAML that `change_from_text` turns into an equal change. Raises TextError or ModelError when it holds what is no data."""
    return write_yaml(CHANGES.to_data(change))


def change_from_text(text: str) -> Change:
    """The change; raises StoreError or TextError when this Studio cannot read it."""
    found = CHANGES.from_data(read_yaml(text).plain())
    if not isinstance(found, CHANGE_TYPES):
        raise StoreError("An entry of the journal is no change.", detail=text[:200])
    change: Change = found
    return change
