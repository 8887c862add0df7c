"""How is a whole project written as one text? Connections without secrets, models, workflows and templates, so that `studio run shop.yaml` works alone.

Written by hand, ids may be left out: a connection's id is then its name, a model's its name. A workflow's own text is accepted as a project that
has nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from studio.kernel.errors import ModelError, TextError
from studio.kernel.ids import WorkflowId, short_id
from studio.kernel.names import did_you_mean
from studio.models.codec import model_from_data, model_to_data
from studio.persistence.locations import without_password
from studio.project.state import STAGES, Connection, ModelEntry, Project, Stage
from studio.workflow.entries import Taker
from studio.workflow.graph import REFERRING, Node, Workflow, frozen
from studio.workflow.references import REFERENCE
from studio.workflow.text import (
    FORMAT,
    PROJECT_FORMAT,
    VERSION,
    check_format,
    workflow_from_node,
    workflow_to_data,
)
from studio.workflow.yaml_reading import YamlNode, read_yaml
from studio.workflow.yaml_writing import Block, write_yaml

_SECRETS: Final = ("none", "keyring", "file", "ask", "environment")


def project_to_yaml(project: Project) -> str:
    """The project's text. Raises TextError or ModelError when it holds what cannot be written."""
    names = {connection.id: connection.name for connection in project.connections.values()}
    data: dict[str, Any] = {
        "format": PROJECT_FORMAT,
        "version": VERSION,
        "id": project.id,
        "name": project.name,
    }
    if project.description:
        data["description"] = project.description
    if project.default_connection:
        data["default_connection"] = names.get(project.default_connection, project.default_connection)
    if project.connections:
        data["connections"] = [_connection_to_data(entry) for entry in project.connections.values()]
    models = [_model_to_data(entry, names) for entry in project.models.values() if entry.spec is not None]
    if models:
        data["models"] = models
    if project.workflows:
        data["workflows"] = [Block(workflow_to_data(workflow)) for workflow in project.workflows.values()]
    if project.templates:
        data["templates"] = [Block(workflow_to_data(template)) for template in project.templates.values()]
    return write_yaml(data | {name: value for name, value in project.extra.items() if name not in data})


def project_from_yaml(text: str) -> Project:
    """The project of a text, or of a workflow's text.

    Raises:
        TextError: With line and column: no YAML, another format, a model that is wrong, a password in a URL.
    """
    document = Taker(read_yaml(text), "the document")
    if check_format(document, (PROJECT_FORMAT, FORMAT)) == FORMAT:
        workflow = _with_id(workflow_from_node(document))
        return Project(id=short_id(), name=workflow.name, workflows=frozen({workflow.id: workflow}))
    project_id, name = document.text("id", ""), document.text("name")
    description = document.text("description", "")
    default = document.text("default_connection", "")
    connections = [_connection(node) for node in document.sequence("connections")]
    by_name = {entry.name: entry.id for entry in connections}
    models = [_model(node, by_name) for node in document.sequence("models")]
    workflows = [
        _with_id(workflow_from_node(Taker(node, "a workflow"))) for node in document.sequence("workflows")
    ]
    templates = [
        _with_id(workflow_from_node(Taker(node, "a template"))) for node in document.sequence("templates")
    ]
    if default and default not in by_name:
        raise document.keys["default_connection"].fault(
            f"There is no connection {default!r}.", did_you_mean(default, by_name)
        )
    return Project(
        id=project_id or short_id(),
        name=name,
        description=description,
        connections=frozen({entry.id: entry for entry in connections}),
        models=frozen({entry.id: entry for entry in models}),
        workflows=frozen({workflow.id: workflow for workflow in _linked(workflows)}),
        templates=frozen({template.id: template for template in templates}),
        default_connection=by_name.get(default, connections[0].id if connections else ""),
        extra=frozen(document.left()),
    )


def _connection_to_data(connection: Connection) -> dict[str, Any]:
    data: dict[str, Any] = {"name": connection.name, "url": without_password(connection.url)}
    if connection.id != connection.name:
        data["id"] = connection.id
    if connection.secret != "none":
        data["secret"] = connection.secret
    if connection.secret_name:
        data["secret_name"] = connection.secret_name
    if connection.read_only:
        data["read_only"] = True
    if connection.stage:
        data["stage"] = connection.stage
    return Block({**data, **{name: value for name, value in connection.extra.items() if name not in data}})


def _model_to_data(entry: ModelEntry, names: Mapping[str, str]) -> dict[str, Any]:
    spec = entry.spec
    data = model_to_data(spec) if spec is not None else {}
    own = {"id": entry.id} if entry.id != entry.name else {}
    return Block({"connection": names.get(entry.connection, entry.connection), **own, **data})


def _connection(node: YamlNode) -> Connection:
    taker = Taker(node, "a connection")
    name = taker.text("name")
    url_node = taker.take("url")
    if url_node is None or not isinstance(url_node.value, str):
        raise (url_node or node).fault("a connection needs a 'url'.", "Write `url: sqlite:///shop.db`.")
    url = url_node.value
    if without_password(url) != url:
        raise url_node.fault(
            "The URL holds a password, which has no place in a text.",
            "Take it out, write `secret: environment` and `secret_name: SHOP_PASSWORD`, and set that variable.",
        )
    secret = taker.text("secret", "none")
    if secret not in _SECRETS:
        raise node.fault(f"The secret of connection {name!r} is {secret!r}.", did_you_mean(secret, _SECRETS))
    said = taker.text("stage", "")
    stage: Stage = next((known for known in STAGES if known == said), "")
    if said and not stage:
        raise node.fault(f"The stage of connection {name!r} is {said!r}.", did_you_mean(said, STAGES))
    return Connection(
        id=taker.text("id", name),
        name=name,
        url=url,
        secret=secret,  # type: ignore[arg-type]  # checked just above
        secret_name=taker.text("secret_name", ""),
        read_only=taker.flag("read_only"),
        stage=stage,
        extra=frozen(taker.left()),
    )


def _model(node: YamlNode, connections: Mapping[str, str]) -> ModelEntry:
    taker = Taker(node, "a model")
    connection_node = taker.take("connection")
    wanted = str(connection_node.value) if connection_node is not None else next(iter(connections), "")
    if wanted not in connections:
        hint = did_you_mean(wanted, connections) or "Add it to `connections:`."
        raise (connection_node or node).fault(
            f"A model names the connection {wanted!r}, which does not exist.", hint
        )
    entry_id = taker.text("id", "")
    try:
        spec = model_from_data(taker.left())
    except ModelError as error:
        raise TextError(error.message, line=node.line, column=node.column, hint=error.hint) from error
    return ModelEntry(id=entry_id or spec.name, name=spec.name, connection=connections[wanted], spec=spec)


def _linked(workflows: list[Workflow]) -> list[Workflow]:
    """The workflows, with those that their nodes run named by id: a text written by hand may name them as they are called."""
    ids = {workflow.id for workflow in workflows}
    named = {workflow.name: workflow.id for workflow in workflows}
    names = [workflow.name for workflow in workflows]

    def linked(node: Node) -> Node:
        wanted = node.params.get(REFERENCE)
        if node.type not in REFERRING or wanted in ids or names.count(str(wanted)) != 1:
            return node
        return replace(node, params=frozen({**node.params, REFERENCE: str(named[str(wanted)])}))

    return [
        replace(workflow, nodes=frozen({key: linked(node) for key, node in workflow.nodes.items()}))
        if workflow.references
        else workflow
        for workflow in workflows
    ]


def _with_id(workflow: Workflow) -> Workflow:
    return workflow if workflow.id else replace(workflow, id=WorkflowId(short_id()))
