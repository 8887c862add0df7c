"""What can be done from a terminal? Run a workflow, check it, list the kinds of node, follow a field; each gives an exit code.

Results go to stdout, progress and errors to stderr.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Iterator
from typing import Literal

from rich.console import Console

from studio.cli import showing, sources
from studio.cli.deciding import decide
from studio.cli.exits import BAD_USAGE, CANCELLED, OK, PROBLEMS, RUN_FAILED
from studio.cli.watching import watch
from studio.kernel.errors import BuildError, StudioError
from studio.kernel.problems import Problem, Severity
from studio.project.state import Project
from studio.session import Environment, RunHandle, Session
from studio.workflow.graph import Workflow
from studio.workflow.outside_checks import NOT_ROLLED_BACK

Format = Literal["table", "json"]


def run(  # noqa: PLR0913 - one for each option of the command
    env: Environment,
    source: str,
    *,
    workflow: str | None,
    params: list[str],
    connection: str | None,
    form: Format,
    mode: str,
    until: str | None,
    start: str | None,
    trust: bool,
) -> int:
    """Runs a workflow of a project; 0, 1 when it failed or was rolled back unasked, 2 when it could not begin, 130 when it was stopped."""

    async def work(out: Console, err: Console) -> int:
        async with sources.opened(env, source) as session:
            showing.show_problems(err, session.opening_problems)
            if session.pending_recovery is not None:
                edits = session.pending_recovery.edits
                err.print(f"[yellow]{edits} unsaved edits are left out; open the project to restore them.[/]")
            if trust:
                session.trust()
            chosen = sources.choose_workflow(session, workflow)
            if connection is not None:
                sources.choose_connection(session, connection)
            inputs = sources.read_params(chosen, params)
            if mode in ("atomic", "review"):
                stays = (
                    problem for problem in session.problems(chosen.id) if problem.code == NOT_ROLLED_BACK
                )
                showing.show_problems(err, stays)
            handle = session.start_run(
                chosen.id,
                inputs=inputs,
                mode=mode,
                until=sources.choose_node(chosen, until),
                start=sources.choose_node(chosen, start),
            )
            with _stoppable(handle.cancel):
                await watch(err, handle, chosen)
            if handle.review is None:
                return _report(out, err, handle, chosen, form)
            if form == "table":
                _report(out, err, handle, chosen, form)
            code = await decide(err, handle)
            if form == "json":
                showing.print_json(showing.run_document(handle, chosen))
            return code

    return _guarded(work, form)


def run_sample(env: Environment) -> int:
    """Runs the sample workflow, and shows what its Output node gave."""

    async def work(out: Console, err: Console) -> int:
        session = await Session.sample(env)
        try:
            chosen = sources.choose_workflow(session, None)
            handle = session.start_run(chosen.id)
            with _stoppable(handle.cancel):
                await watch(out, handle, chosen)
            return _report(out, err, handle, chosen, "table")
        finally:
            await session.close()

    return _guarded(work, "table")


def check(env: Environment, source: str, *, form: Format) -> int:
    """Lists the problems of all workflows; 0, 2 for a bad file, 3 when there are errors."""

    async def work(out: Console, err: Console) -> int:
        async with sources.opened(env, source) as session:
            found: list[Problem] = list(session.opening_problems)
            for found_workflow in session.project.workflows.values():
                found += [
                    _in_workflow(problem, found_workflow) for problem in session.problems(found_workflow.id)
                ]
        if form == "json":
            showing.print_json({"problems": [showing.problem_data(problem) for problem in found]})
        else:
            showing.show_problems(out, found)
            if not found:
                count = len(session.project.workflows)
                out.print(f"[green]No problems[/] in {count} {'workflow' if count == 1 else 'workflows'}.")
        return PROBLEMS if any(_counts(problem) for problem in found) else OK

    return _guarded(work, form)


def nodes(env: Environment, source: str | None, *, form: Format) -> int:
    """Lists the kinds of node of a project, or those that every project has."""

    async def work(out: Console, err: Console) -> int:
        if source is None:
            specs = list(Session.in_memory(Project(id="", name=""), env=env).catalogue.specs())
        else:
            async with sources.opened(env, source) as session:
                specs = list(session.catalogue.specs())
        if form == "json":
            showing.print_json({"nodes": [showing.spec_data(spec) for spec in specs]})
            return OK
        from rich.table import Table

        table = Table(title=f"{len(specs)} kinds of node", title_justify="left")
        for column in ("type", "connection", "params (* required)", "outputs"):
            table.add_column(column, overflow="fold")
        for spec in specs:
            needed = [
                f"{param.name}{'*' if param.required else ''}" for param in spec.params if not param.advanced
            ]
            table.add_row(
                spec.type,
                spec.connection or "",
                ", ".join(needed),
                ", ".join(port.name for port in spec.outputs),
            )
        out.print(table)
        return OK

    return _guarded(work, form)


def lineage(env: Environment, source: str, field: str, *, form: Format) -> int:
    """Lists what the workflows of a project do with a field; 0, or 2 for a bad file or an unknown field."""

    async def work(out: Console, err: Console) -> int:
        from studio.session.lineage import field_uses

        async with sources.opened(env, source) as session:
            found = field_uses(session, field)
        if form == "json":
            showing.print_json(showing.lineage_data(found))
        else:
            showing.show_lineage(out, field, found)
        return OK

    return _guarded(work, form)


def _guarded(work: Callable[[Console, Console], Awaitable[int]], form: Format) -> int:
    """Runs a command; an error of the world or the user becomes a message and an exit code."""
    out, err = Console(), Console(stderr=True)

    async def main() -> int:
        return await work(out, err)

    try:
        return asyncio.run(main())
    except KeyboardInterrupt:
        err.print("Stopped.")
        return CANCELLED
    except StudioError as error:
        if form == "json":
            showing.print_json(showing.error_document(error))
        showing.show_error(err, error)
        return PROBLEMS if isinstance(error, BuildError) else BAD_USAGE


@contextlib.contextmanager
def _stoppable(stop: Callable[[], None]) -> Iterator[None]:
    """Ctrl+C asks the run to stop, which it does at the database; a second one ends Studio."""
    loop = asyncio.get_running_loop()
    stopped = False

    def asked() -> None:
        nonlocal stopped
        if stopped:
            raise KeyboardInterrupt
        stopped = True
        stop()

    try:
        loop.add_signal_handler(signal.SIGINT, asked)
    except (NotImplementedError, ValueError, RuntimeError):
        # Windows, or not the main thread: Ctrl+C ends the whole program.
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)


def _report(out: Console, err: Console, handle: RunHandle, workflow: Workflow, form: Format) -> int:
    err.print(showing.run_line(handle, workflow), highlight=False, soft_wrap=True)
    if form == "json":
        showing.print_json(showing.run_document(handle, workflow))
    elif handle.state == "succeeded":
        showing.show_outputs(out, showing.outputs_of(handle, workflow))
    if handle.error is not None and handle.state == "failed":
        showing.show_error(err, handle.error)
    return {"succeeded": OK, "cancelled": CANCELLED}.get(handle.state, RUN_FAILED)


def _counts(problem: Problem) -> bool:
    """Whether `check` fails for it: for every error, and for a part that could not even be read, which is only kept."""
    return problem.severity is Severity.ERROR or problem.code in ("unread-workflow", "unread-model")


def _in_workflow(problem: Problem, workflow: Workflow) -> Problem:
    from dataclasses import replace

    return replace(problem, workflow=problem.workflow or workflow.name)
