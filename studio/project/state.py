"""What is being edited? The frozen tree of a project: connections, models, workflows, templates. How it changes is `changes`' business."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

from studio.kernel.errors import WorkflowError
from studio.kernel.ids import WorkflowId
from studio.kernel.names import did_you_mean
from studio.models.spec import ModelSpec
from studio.workflow.graph import Workflow, frozen

SecretKind = Literal["none", "keyring", "file", "ask", "environment"]
"""Where a password is: nowhere, in the keyring, in Studio's encrypted file, with whoever is asked, in an environment variable."""

Stage = Literal["", "development", "staging", "production"]
"""What a database is for; "" where nobody has said."""
STAGES: tuple[Stage, ...] = ("development", "staging", "production")


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A named database access. `url` never holds a password; `secret` says where it is kept.

    `secret_name` is the environment variable's name, or the entry of the keyring or file (the connection's `id`).
    """

    id: str
    name: str
    url: str
    secret: SecretKind = "none"
    secret_name: str = ""
    read_only: bool = False
    stage: Stage = ""
    extra: Mapping[str, Any] = field(default_factory=frozen)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """A model of the project and the connection (by id) whose database keeps its rows.

    `spec` is None when the stored definition cannot be read by this Studio; `extra` then keeps it untouched.
    """

    id: str
    name: str
    connection: str
    spec: ModelSpec | None
    extra: Mapping[str, Any] = field(default_factory=frozen)


@dataclass(frozen=True, kw_only=True)
class Project:
    """The edited whole. `trusted` (may Python nodes run?) is a person's decision on this machine and is not stored here."""

    id: str
    name: str
    description: str = ""
    connections: Mapping[str, Connection] = field(default_factory=frozen)
    models: Mapping[str, ModelEntry] = field(default_factory=frozen)
    workflows: Mapping[WorkflowId, Workflow] = field(default_factory=frozen)
    templates: Mapping[WorkflowId, Workflow] = field(default_factory=frozen)
    """What workflows, or parts of them, are begun with. They are never run, and no node refers to one."""
    default_connection: str = ""
    extra: Mapping[str, Any] = field(default_factory=frozen)

    @property
    def usual_connection(self) -> Connection | None:
        """The one that is meant where nothing else is said: the default one, or else the first."""
        return self.connections.get(self.default_connection) or next(iter(self.connections.values()), None)

    def workflow(self, workflow_id: WorkflowId) -> Workflow:
        try:
            return self.workflows[workflow_id]
        except KeyError:
            names = [workflow.name for workflow in self.workflows.values()]
            raise WorkflowError(
                f"The project has no workflow {workflow_id!r}.", hint=did_you_mean(workflow_id, names)
            ) from None

    def template(self, template_id: WorkflowId) -> Workflow:
        try:
            return self.templates[template_id]
        except KeyError:
            names = [template.name for template in self.templates.values()]
            raise WorkflowError(
                f"The project has no template {template_id!r}.", hint=did_you_mean(template_id, names)
            ) from None

    def with_workflow(self, workflow: Workflow) -> Self:
        return replace(self, workflows=frozen({**self.workflows, workflow.id: workflow}))

    def without_workflow(self, workflow_id: WorkflowId) -> Self:
        return replace(
            self,
            workflows=frozen({key: value for key, value in self.workflows.items() if key != workflow_id}),
        )
