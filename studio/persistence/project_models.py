"""What does Studio keep of a project beside its workflows? The project itself, connections, models, runs and the journal of edits.

Together with `visual_models` this is the whole layout of a store; docs/file-format.md says it in words. Texts are YAML where a value must
come back exact.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Final

from studio.models.declare import Field, Text
from studio.persistence.visual_models import VISUAL_MODELS

FORMAT_VERSION: Final = "1.1"
"""Of the layout of a store. A newer minor version is opened as usual, a newer major one is only read."""


class Project:
    """The project of this store. `order` lists the ids of its connections, models, workflows and templates; `opened_by` says who has it open."""

    id: str
    name: Text
    description: Text
    format_version: str
    studio_version: str
    default_connection: str
    order: dict[str, Any]
    extra: Text = Text("")
    opened_by: dict[str, Any] | None = None


class Connection:
    """A named database access, without its secret."""

    id: str
    project_id: str
    name: Text
    url: Text
    secret: str
    secret_name: Text
    read_only: bool
    extra: Text = Text("")


class ModelDefinition:
    """A model: `definition` is what `models.codec` makes of it, as YAML."""

    id: str
    project_id: str
    connection_id: str
    name: Text
    definition: Text
    extra: Text = Text("")


class WorkflowRun:
    """One run of a workflow. `inputs` and `error` are YAML, `changes` counts what was written (`+12 ~40 −3`); `workflow_id` is an Orchestration's id, which may be gone."""

    id: str
    project_id: str
    workflow_id: Annotated[str, Field(index=True)]
    workflow_name: Text
    state: str
    mode: str
    started_at: Annotated[dt.datetime, Field(index=True)]
    duration_ms: float
    rows: int
    inputs: Text
    error: Text | None = None
    changes: str = ""


class RunFact:
    """What else is known of a run, whose id it has: how many bytes of text are kept of it and its nodes, and what a person says of it."""

    id: str
    project_id: str
    size: int
    note: Text


class NodeRun:
    """One node of a run. `sample` is YAML: its first rows; `columns` and `rows` describe the whole."""

    id: str
    run_id: Annotated[str, Field(index=True)]
    position: int
    node_id: Text
    title: Text
    type: Text
    state: str
    duration_ms: float | None = None
    rows: int | None = None
    error: Text | None = None
    columns: list[Any]
    sample: Text


class EditJournal:
    """One edit that has not been saved yet; `change` is what `changes_codec` makes of it."""

    id: str
    project_id: str
    position: Annotated[int, Field(index=True)]
    label: Text
    change: Text
    made_at: dt.datetime


PROJECT_MODELS: Final[tuple[type, ...]] = (
    Project,
    Connection,
    ModelDefinition,
    WorkflowRun,
    RunFact,
    NodeRun,
    EditJournal,
)

STORE_MODELS: Final[tuple[type, ...]] = (*VISUAL_MODELS, *PROJECT_MODELS)
