"""What has a person named on the command line? A project store, or a text that holds a project or a workflow; opened as a session."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from studio.kernel.errors import StoreBusy, StudioError, TextError, UnknownDatabase, WorkflowError
from studio.kernel.ids import NodeId
from studio.kernel.names import did_you_mean
from studio.persistence.locations import is_text
from studio.persistence.project_text import project_from_yaml
from studio.project.state import Connection
from studio.session import Environment, Session
from studio.session.secrets import secret_name, split_password
from studio.workflow.graph import Workflow, WorkflowInput
from studio.workflow.references import declared_inputs
from studio.workflow.yaml_reading import read_yaml


@contextlib.asynccontextmanager
async def opened(env: Environment, source: str) -> AsyncIterator[Session]:
    """The project at a path or URL, for as long as it is used; edits that nobody has saved yet are left as they are. Raises as `open_source`."""
    session = await open_source(env, source)
    try:
        yield session
    finally:
        await session.close(keep_edits=True)


async def open_source(env: Environment, source: str) -> Session:
    """The project at a path or URL; raises StudioError that says what is wrong with it."""
    path = _path(source)
    if path is None:
        try:
            return await Session.open(env, source)
        except StoreBusy:
            # Open in a window: it is run as it was saved, and the run does not enter the history.
            return await Session.open(env, source, read_only=True)
    try:
        text = read_text(path)
        project = project_from_yaml(text)
    except TextError as error:
        raise TextError(
            f"{source}: {error.message}", line=error.line, column=error.column, hint=error.hint
        ) from error
    session = Session.in_memory(project, env=env)
    session.base_folder = path.parent
    return session


def _path(source: str) -> Path | None:
    """The text's path; None when it is a store's path or a URL."""
    path = Path(source).expanduser().absolute()
    return path if "://" not in source and is_text(path) else None


def read_text(path: Path) -> str:
    """Raises UnknownDatabase, TextError or StudioError when the file cannot be read as text."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise UnknownDatabase(f"There is no file {path}.", hint="Check the name.") from error
    except UnicodeDecodeError as error:
        raise TextError(f"{path} is no UTF-8 text.", hint="Save it as UTF-8.") from error
    except OSError as error:
        raise StudioError(
            f"{path} cannot be read: {error.strerror}.", hint="Name a file that you may read."
        ) from error


def choose_workflow(session: Session, name: str | None) -> Workflow:
    """The workflow of that name or id, or the only one; raises WorkflowError with the names there are."""
    workflows = list(session.project.workflows.values())
    if name is None and len(workflows) == 1:
        return workflows[0]
    names = [workflow.name for workflow in workflows]
    if name is None:
        if not workflows:
            hint = "Draw one in the window, or import a text there."
            raise WorkflowError("The project has no workflow that could be run.", hint=hint)
        shown = ", ".join(repr(known) for known in names)
        raise WorkflowError("The project has several workflows.", hint=f"Name one with --workflow: {shown}.")
    found = next((workflow for workflow in workflows if name in (workflow.name, workflow.id)), None)
    if found is None:
        raise WorkflowError(f"The project has no workflow {name!r}.", hint=did_you_mean(name, names))
    return found


def choose_node(workflow: Workflow, name: str | None) -> NodeId | None:
    """The node of that id or title; None for None. Raises WorkflowError with the near names, or when several have the title."""
    if name is None:
        return None
    if name in workflow.nodes:
        return NodeId(name)
    titled = [node.id for node in workflow.nodes.values() if node.title == name]
    if len(titled) == 1:
        return titled[0]
    if titled:
        raise WorkflowError(
            f"Several nodes have the title {name!r}.", hint=f"Name one by its id: {', '.join(titled)}."
        )
    titles = [node.title for node in workflow.nodes.values() if node.title]
    raise WorkflowError(
        f"The workflow has no node {name!r}.", hint=did_you_mean(name, [*workflow.nodes, *titles])
    )


def choose_connection(session: Session, text: str) -> None:
    """Runs on another database than the project says: the connection of that name, or a URL, stands in for the default one.

    The project itself is not changed. Raises WorkflowError when there is no such connection.
    """
    project = session.project
    by_name = {connection.name: connection for connection in project.connections.values()}
    default = project.usual_connection
    if default is None:
        raise WorkflowError("The project has no connection that another could stand in for.")
    if "://" in text:
        try:
            url, password = split_password(text)
        except ValueError:  # what it says repeats the URL, and with it the password
            raise WorkflowError(
                "The URL after --connection cannot be read.",
                hint="Write postgresql://user@host:5432/database.",
            ) from None
        session.use_instead(default.id, Connection(id=default.id, name=default.name, url=url), password)
        return
    if text not in by_name:
        raise WorkflowError(f"The project has no connection {text!r}.", hint=did_you_mean(text, by_name))
    session.use_instead(
        default.id, replace(by_name[text], name=default.name, secret_name=secret_name(by_name[text]))
    )


def read_params(workflow: Workflow, pairs: list[str]) -> dict[str, Any]:
    """`name=value` pairs as inputs; values are read as YAML, and as text where the input wants text. Raises WorkflowError."""
    known: Mapping[str, WorkflowInput] = {entry.name: entry for entry in declared_inputs(workflow)}
    given: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise WorkflowError(f"--param {pair!r} gives no value.", hint="Write --param name=value.")
        if name not in known:
            raise WorkflowError(f"The workflow has no input {name!r}.", hint=did_you_mean(name, known))
        given[name] = text if known[name].kind in ("str", "text", "enum") else _value(name, text)
    return given


def _value(name: str, text: str) -> Any:
    if not text:
        return ""
    try:
        return read_yaml(text).plain()
    except TextError as error:
        raise WorkflowError(f"--param {name}: {error.message}", hint="Put it in quotes.") from error
