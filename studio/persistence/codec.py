"""How does a project become the rows of a store and come back the same? Reading and writing them is `store`'s business.

What cannot be read is never dropped: a model that this Studio does not understand becomes an entry without a spec that keeps its text, a
workflow whose text it does not understand stays in the store untouched and is reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from studio.kernel.errors import ModelError, TextError
from studio.kernel.ids import WorkflowId
from studio.kernel.problems import Problem, Severity
from studio.models.codec import merge_left, model_from_data, model_to_data
from studio.persistence.project_models import FORMAT_VERSION
from studio.project.state import STAGES, Connection, ModelEntry, Project, Stage
from studio.workflow.graph import Workflow, frozen
from studio.workflow.text import workflow_from_yaml, workflow_to_yaml
from studio.workflow.yaml_reading import read_yaml
from studio.workflow.yaml_writing import write_yaml

LOCAL: Final = "local"
"""The organization and the user of what is drawn on this machine."""
PATTERN: Final = "workflow"

_MOST_SHOWN: Final = 255
"""Characters of a column of short text."""

Row = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class ProjectRows:
    """A project as rows: one of `Project`, the others by id."""

    project: Row
    connections: dict[str, Row] = field(default_factory=dict)
    models: dict[str, Row] = field(default_factory=dict)
    workflows: dict[str, Row] = field(default_factory=dict)
    templates: dict[str, Row] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadProject:
    """A project that was read, with what was met on the way. `unread` are the ids of workflows and templates that stay in the store as they are."""

    project: Project
    problems: tuple[Problem, ...] = ()
    unread: tuple[str, ...] = ()


# ---------------------------------------------------------------- to rows


def project_to_rows(
    project: Project,
    *,
    studio_version: str,
    known: tuple[Project, ProjectRows] | None = None,
    unread: Sequence[str] = (),
) -> ProjectRows:
    """The rows of a project.

    Args:
        project: What is to be kept.
        studio_version: Of this Studio.
        known: A project and its rows; what is the same object in both is not worked out anew.
        unread: Ids of workflows and templates of the store that the project lacks because they could not be read; they keep their place in
            the order.
    """
    rows = ProjectRows(project=_project_row(project, studio_version, unread))
    before, before_rows = known or (None, None)
    for key, connection in project.connections.items():
        if before and before_rows and before.connections.get(key) is connection:
            rows.connections[key] = before_rows.connections[key]
        else:
            rows.connections[key] = connection_to_row(connection, project.id)
    for key, entry in project.models.items():
        if before and before_rows and before.models.get(key) is entry:
            rows.models[key] = before_rows.models[key]
        else:
            rows.models[key] = _model_row(entry, project.id)
    for workflow_id, workflow in project.workflows.items():
        if before and before_rows and before.workflows.get(workflow_id) is workflow:
            rows.workflows[workflow_id] = before_rows.workflows[workflow_id]
        else:
            rows.workflows[workflow_id] = _workflow_row(workflow)
    for template_id, template in project.templates.items():
        if before and before_rows and before.templates.get(template_id) is template:
            rows.templates[template_id] = before_rows.templates[template_id]
        else:
            rows.templates[template_id] = _template_row(template)
    return rows


def _project_row(project: Project, studio_version: str, unread: Sequence[str]) -> Row:
    return {
        "id": project.id,
        "name": project.name,
        "description": project.description,
        "format_version": FORMAT_VERSION,
        "studio_version": studio_version,
        "default_connection": project.default_connection,
        "order": {
            "connections": list(project.connections),
            "models": list(project.models),
            "workflows": [*project.workflows, *unread],
            "templates": [*project.templates, *unread],
        },
        "extra": extra_to_text(project.extra),
    }


def connection_to_row(connection: Connection, project_id: str) -> Row:
    return {
        "id": connection.id,
        "project_id": project_id,
        "name": connection.name,
        "url": connection.url,
        "secret": connection.secret,
        "secret_name": connection.secret_name,
        "read_only": connection.read_only,
        # Beside what is not known: the table has no column for it, and an older Studio keeps what lies there.
        "extra": extra_to_text(
            {**connection.extra, **({"stage": connection.stage} if connection.stage else {})}
        ),
    }


def _model_row(entry: ModelEntry, project_id: str) -> Row:
    extra = dict(entry.extra)
    if entry.spec is None:
        definition = str(extra.pop("definition", ""))
    else:
        left = extra.pop("left", {})
        data = model_to_data(entry.spec)
        definition = write_yaml(merge_left(data, left) if left else data)
    return {
        "id": entry.id,
        "project_id": project_id,
        "connection_id": entry.connection,
        "name": entry.name,
        "definition": definition,
        "extra": extra_to_text(extra),
    }


def _workflow_row(workflow: Workflow) -> Row:
    return {
        "id": workflow.id,
        "organization_id": LOCAL,
        "user_id": LOCAL,
        "name": _shown(workflow.name),
        "description": _shown(workflow.description),
        "pattern": PATTERN,
        "config_yaml": workflow_to_yaml(workflow),
        "agent_ids": {},
        "status": "draft",
    }


def _template_row(template: Workflow) -> Row:
    return {
        "id": template.id,
        "name": _shown(template.name)[:_MOST_SHOWN],
        "description": _shown(template.description)[:_MOST_SHOWN],
        "pattern": PATTERN,
        "config_yaml": workflow_to_yaml(template),
        "agent_template_ids": {},
        "is_official": False,
        "downloads": 0,
    }


def _shown(text: str) -> str:
    """For columns that only show what the YAML keeps: not every database can hold a zero character."""
    return text.replace("\0", "")


def extra_to_text(extra: Mapping[str, Any]) -> str:
    return write_yaml(extra) if extra else ""


# ---------------------------------------------------------------- from rows


def project_from_rows(rows: ProjectRows) -> ReadProject:
    """The project of the rows, which are in any order; what cannot be read is kept as the module says."""
    order = rows.project.get("order") or {}
    problems: list[Problem] = []
    unread: list[str] = []
    workflows = _graphs("workflow", _ordered(rows.workflows, order.get("workflows", ())), unread, problems)
    templates = _graphs("template", _ordered(rows.templates, order.get("templates", ())), unread, problems)
    models = {
        row["id"]: _model_from_row(row, problems) for row in _ordered(rows.models, order.get("models", ()))
    }
    project = Project(
        id=rows.project["id"],
        name=rows.project["name"],
        description=rows.project["description"],
        connections=frozen(
            {
                row["id"]: connection_from_row(row)
                for row in _ordered(rows.connections, order.get("connections", ()))
            }
        ),
        models=frozen(models),
        workflows=frozen(workflows),
        templates=frozen(templates),
        default_connection=rows.project["default_connection"],
        extra=frozen(extra_from_text(rows.project.get("extra", ""))),
    )
    return ReadProject(project=project, problems=tuple(problems), unread=tuple(unread))


def _graphs(
    kind: str, rows: Iterable[Row], unread: list[str], problems: list[Problem]
) -> dict[WorkflowId, Workflow]:
    """Workflows or templates; those that cannot be read are told, and their ids kept."""
    found: dict[WorkflowId, Workflow] = {}
    for row in rows:
        try:
            workflow = workflow_from_yaml(row["config_yaml"])
        except TextError as error:
            unread.append(row["id"])
            problems.append(_unread_graph(kind, row, error))
            continue
        found[WorkflowId(row["id"])] = replace(workflow, id=WorkflowId(row["id"]))
    return found


def connection_from_row(row: Row) -> Connection:
    extra = extra_from_text(row["extra"])
    stage: Stage = next((known for known in STAGES if extra.get("stage") == known), "")
    if stage:
        del extra["stage"]
    return Connection(
        id=row["id"],
        name=row["name"],
        url=row["url"],
        secret=row["secret"],
        secret_name=row["secret_name"],
        read_only=row["read_only"],
        stage=stage,
        extra=frozen(extra),
    )


def _model_from_row(row: Row, problems: list[Problem]) -> ModelEntry:
    extra = extra_from_text(row["extra"])
    left: dict[str, Any] = {}
    try:
        spec = model_from_data(read_yaml(row["definition"]).plain(), left=left)
    except (ModelError, TextError) as error:
        problems.append(
            Problem(
                code="unread-model",
                severity=Severity.WARNING,
                message=f"The model {row['name']!r} cannot be read by this Studio: {error.message}",
                hint="It is kept as it is; its nodes are shown as unknown.",
            )
        )
        return ModelEntry(
            id=row["id"],
            name=row["name"],
            connection=row["connection_id"],
            spec=None,
            extra=frozen({**extra, "definition": row["definition"]}),
        )
    if left:
        extra["left"] = left
    return ModelEntry(
        id=row["id"], name=row["name"], connection=row["connection_id"], spec=spec, extra=frozen(extra)
    )


def extra_from_text(text: str) -> dict[str, Any]:
    plain: dict[str, Any] = read_yaml(text).plain() if text else {}
    return plain


def _unread_graph(kind: str, row: Row, error: TextError) -> Problem:
    return Problem(
        code="unread-workflow",
        severity=Severity.WARNING,
        message=f"The {kind} {row['name']!r} cannot be read by this Studio: {error.message}",
        hint="It stays in the project untouched. " + error.hint,
        workflow=row["name"],
        line=error.line,
        column=error.column,
    )


def _ordered(rows: Mapping[str, Row], order: Iterable[str]) -> list[Row]:
    """In the order of ids that is wanted; others follow by name."""
    places = {key: place for place, key in enumerate(order)}
    return sorted(rows.values(), key=lambda row: (places.get(row["id"], len(places)), row["name"], row["id"]))
