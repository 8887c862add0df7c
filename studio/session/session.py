"""What can a person do with an open project? Edits are made at once, on the caller's thread; whatever reads or writes is awaited.

A session is used from one thread (the window's, or the terminal's). Its coroutines may be awaited from any loop there; their work is done
on the engine's. Next to nothing is done here: edits stand in `editor`, saving and recovery in `kept_project`, runs in `run_book` and
`running`, what databases hold in `data`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from studio.kernel.behalf import on_behalf_of
from studio.kernel.ids import NodeId, RunId, WorkflowId, short_id
from studio.models.spec import ModelSpec
from studio.project.changes import Change
from studio.project.graph_changes import EditNode
from studio.project.state import Connection, Project
from studio.session import data
from studio.session.breakpoints import BreakpointBook
from studio.session.databases import Databases
from studio.session.environment import Environment
from studio.session.events import BreakpointsChanged
from studio.session.home import Home
from studio.session.kept_project import KeptProject
from studio.session.outputs import Page
from studio.session.row_sources import ModelRows
from studio.session.run_book import RunBook
from studio.session.runs import RunHandle
from studio.session.secrets import KEPT, secret_name
from studio.session.tenants import models_asked, tenanted_models
from studio.workflow.graph import Workflow, frozen

if TYPE_CHECKING:
    from studio.database import ServerInfo, Statement
    from studio.persistence import NodeRunRecord, Recovery, RunRecord
    from studio.session.exporting import Exported, Progress, Target
    from studio.session.row_sources import RowSource

__all__ = ["Session"]


class Session(KeptProject):
    """An open project.

    Invariant: what was begun here, runs and connections, has ended when `close` returns.
    """

    def __init__(self, project: Project, *, env: Environment | None = None, home: Home | None = None) -> None:
        super().__init__(project, env=env, home=home)
        self.tenant: str | None = None
        """Whose records are meant in models that keep them by tenant, by runs and by looking at data; of no consequence for others."""
        self.breakpoints = BreakpointBook(
            lambda: self.project, lambda workflow_id: self._tell(BreakpointsChanged(workflow_id))
        )
        self._databases = Databases(self.env.secrets, self._folder, self._is_somebody_elses)
        self._runs = RunBook(
            lambda: self.project,
            self._databases,
            home,
            self._own_loop,
            tell=self._tell,
            warn=lambda text: self.log(text, level="warning"),
        )
        self._kept = _with_kept_secrets(project)
        """The connections whose passwords have been kept, from the project's opening on."""
        self._sample: Connection | None = None
        """The sample's own database, which goes with the session unless the project was saved."""

    # ------------------------------------------------------------ opening and closing

    @classmethod
    def in_memory(cls, project: Project, *, env: Environment | None = None) -> Self:
        """A session that keeps nothing: no file is read or written, and no thread is started until something is run."""
        return cls(project, env=env)

    @classmethod
    async def new(cls, env: Environment, *, name: str = "Untitled") -> Self:
        """An empty project with one workflow; its store comes into being with its first edit."""
        return cls._at_home(env, empty_project(name), Home.untitled(env))

    @classmethod
    async def open(cls, env: Environment, location: str, *, read_only: bool = False) -> Self:
        """The project at a path or URL.

        A file that cannot be written, or was written by a newer Studio, is opened for reading only. Edits that were never saved are offered
        as `pending_recovery`.

        Raises:
            StoreError: A folder, a foreign database, open elsewhere, …
            DatabaseError: No such file, damaged, unreachable, wrong password.
        """
        home = await Home.open(env, location, read_only=read_only)
        return cls._at_home(env, home.saved, home)

    @classmethod
    async def sample(cls, env: Environment) -> Self:
        """The sample shop, on a fresh database of its own."""
        from studio.session.sample import make_sample

        project = await env.loop.call(make_sample(env.samples_dir))
        session = cls._at_home(env, project, Home.untitled(env))
        session._sample = project.connections[project.default_connection]  # noqa: SLF001 - its own class
        return session

    @classmethod
    async def recoverable(cls, env: Environment) -> list[Recovery]:
        """Projects that were left with unsaved edits by a process that has ended, latest edit first."""
        return await Home.recoverable(env)

    @classmethod
    def _at_home(cls, env: Environment, project: Project, home: Home) -> Self:
        session = cls(project, env=env, home=home)
        session._own_loop.remember()
        return session

    @property
    def is_sample(self) -> bool:
        """Whether this is the sample shop as it came, not kept anywhere."""
        return self._sample is not None and self.location is None

    async def close(self, *, keep_edits: bool = False) -> None:
        """Stops what runs and lets everything go. Unsaved edits are given up, unless `keep_edits` says to offer them next time.

        The kept passwords of connections that the project as it was saved does not have are removed: until now they could have come back.
        """
        await self._runs.close()
        if self._home is not None and self.pending_recovery is None and not keep_edits:
            await self.env.loop.call(self._databases.remove_secrets(self._orphans()))
        await self.env.loop.call(self._databases.close())
        if self._sample is not None and self.location is None and not keep_edits:
            self._databases.remove_file(self._sample)
        if self._home is not None:
            await self._home.close(keep_edits=keep_edits)

    # ------------------------------------------------------------ running

    @property
    def open_run(self) -> RunHandle | None:
        """The run in review that waits to be committed or rolled back."""
        return self._runs.open_run

    def start_run(
        self,
        workflow_id: WorkflowId,
        *,
        inputs: Mapping[str, Any] | None = None,
        mode: str = "auto",
        until: NodeId | None = None,
        start: NodeId | None = None,
        record_changes: bool = False,
        step: bool = False,
    ) -> RunHandle:
        """Begins a run and returns at once. It waits where there are `breakpoints`.

        Args:
            workflow_id: What is run.
            inputs: What it is given.
            mode: `auto`, `atomic`, `review` or `dry`; after a run in review, `handle.review` is to be decided about.
            until: Run only that node and what leads to it.
            start: Run only that node and what follows; what leads to it gives what it gave in the last run, or is run again.
            record_changes: Keep what is written in the mode `auto` too; the others always do.
            step: Wait before the first node.

        Raises:
            BuildError: Nodes that would run have problems, or a node before `start` cannot be used again; holds all of them.
            RunError: Another run has left the transaction of the same database open.
            WorkflowError: There is no such mode or node; an input is missing, unknown or of the wrong type.
        """
        from studio.session.running import Run, known_mode, plan_of

        self._own_loop.remember()
        chosen_mode = known_mode(mode)
        last = self._runs.last(workflow_id)
        plan = plan_of(
            self.project.workflow(workflow_id),
            self.catalogue,
            inputs=inputs,
            until=until,
            start=start,
            last=last.result if last is not None else None,
        )
        run = Run(
            plan,
            env=self.env,
            inputs=dict(inputs or {}),
            mode=chosen_mode,
            trusted=self.trusted,
            folder=self._folder(),
            log=lambda text, node: self._own_loop.later(
                lambda: self.log(text, workflow=workflow_id, node=node)
            ),
            until=until,
            start=start,
            record_changes=record_changes,
            breakpoint_at=self.breakpoints.condition,
            step=step,
        )
        return self._runs.begin(run, tenant=self.tenant)

    def changes_as_sql(self, handle: RunHandle) -> str:
        """What a run changed as SQL of the databases that it ran on; raises WorkflowError when it recorded nothing."""
        from studio.session.changes_text import run_to_sql

        return run_to_sql(handle, self.project, self._databases)

    def pin(self, workflow_id: WorkflowId, node_id: NodeId) -> None:
        """Pins what the node gave in the last run: from now on it is not run but gives that, until `unpin`.

        Raises:
            WorkflowError: It gave nothing in the last run, or something that cannot be kept.
        """
        from studio.session.pinning import pinned

        run = self._runs.last(workflow_id)
        node = self.project.workflow(workflow_id).nodes[node_id]
        pin = pinned(node, self.catalogue, run.result if run is not None else None)
        self.edit(EditNode(workflow=workflow_id, node=node_id, values=frozen({"pinned": pin})))

    def unpin(self, workflow_id: WorkflowId, node_id: NodeId) -> None:
        """Lets the node run again."""
        self.edit(EditNode(workflow=workflow_id, node=node_id, values=frozen({"pinned": None})))

    def outdated_nodes(self, handle: RunHandle) -> frozenset[NodeId]:
        """The nodes of a workflow's last run that were edited since, or that such a node leads to; none for any other run."""
        run = self._runs.last(handle.workflow_id)
        workflow = self.project.workflows.get(handle.workflow_id)
        if run is None or run.handle is not handle or workflow is None:
            return frozenset()
        return run.outdated(workflow, self.catalogue)

    async def history_runs(self, workflow_id: WorkflowId | None = None) -> list[RunRecord]:
        """Runs that are over, newest first, of one workflow or of all; also of workflows that have changed since or are gone."""
        self._own_loop.remember()
        return await self._runs.past(workflow_id)

    async def forget_runs(self, run_ids: Sequence[RunId]) -> None:
        """Removes runs that are over from the history, for good. Raises StoreError when the project can only be read."""
        await self._runs.forget(run_ids)

    async def note_run(self, run_id: RunId, text: str) -> None:
        """Keeps what a person says of a run that is over. Raises StoreError when the project can only be read."""
        await self._runs.note(run_id, text)

    async def trim_runs(self) -> None:
        """Forgets the runs beyond what the environment says is kept."""
        await self._runs.trim()

    async def run_nodes(self, run_id: RunId) -> list[NodeRunRecord]:
        """The nodes of a run that is over, with the first rows of each."""
        return await self._runs.nodes(run_id)

    # ------------------------------------------------------------ data

    @property
    def tenanted_models(self) -> tuple[str, ...]:
        """The names of the models that keep their records by tenant: for them `tenant` must be said."""
        return tenanted_models(self.project)

    def models_by_tenant(self, workflow_id: WorkflowId) -> tuple[str, ...]:
        """Of those, the ones that a workflow asks."""
        return models_asked(self.project, self.catalogue, workflow_id)

    async def row_count(self, model_id: str) -> int:
        """How many records a model has; raises DatabaseError."""
        with on_behalf_of(tenant=self.tenant):
            return await self.env.loop.call(data.row_count(self.project, self._databases, model_id))

    async def browse(
        self,
        model_id: str,
        *,
        filter: Mapping[str, Any] | None = None,
        order_by: Sequence[str] = (),
        offset: int = 0,
        limit: int = 200,
    ) -> Page:
        """A page of a model's records; raises DatabaseError, or FilterError for a filter that names what does not exist."""
        with on_behalf_of(tenant=self.tenant):
            return await self.env.loop.call(
                data.browse(
                    self.project,
                    self._databases,
                    model_id,
                    filter=filter,
                    order_by=order_by,
                    offset=offset,
                    limit=limit,
                )
            )

    async def rows(self, source: RowSource, *, offset: int = 0, limit: int = 200) -> Page:
        """A page of the rows of a model or an output; raises as `browse` does."""
        if isinstance(source, ModelRows):
            return await self.browse(
                source.model_id, filter=source.filter, order_by=source.order_by, offset=offset, limit=limit
            )
        return await source.handle.page(
            source.node_id, source.port, offset, limit, source.order_by, source.filter
        )

    async def export_rows(
        self, source: RowSource, target: Target, progress: Progress | None = None
    ) -> Exported:
        """Writes rows into a file, as a whole or not at all. Raises NodeError (the file, a value) or DatabaseError."""
        from studio.session.exporting import Progress, export

        with on_behalf_of(tenant=self.tenant):
            return await self.env.loop.call(
                export(self.project, self._databases, source, target, progress or Progress())
            )

    def insert_lines(
        self, source: RowSource, rows: Sequence[Mapping[str, Any]], columns: Sequence[str], table: str
    ) -> list[str]:
        """Rows of a source as INSERT statements of their columns; rows of no model go into `table`."""
        from studio.session.exporting import insert_script

        script = insert_script(self.project, self._databases, source, columns, table)
        return [script.line({name: row.get(name) for name in columns}) for row in rows]

    async def test_connection(self, connection: Connection, secret: str | None = None) -> ServerInfo:
        """Connects once, with `secret` or the one that is kept; raises DatabaseError that says what is wrong."""
        return await self.env.loop.call(data.test_connection(self._databases, connection, secret))

    async def probe(self, connection: Connection) -> ServerInfo | None:
        """What answers at the database that the project's runs use; None for a file that is still to be made. Raises DatabaseError."""
        return await self.env.loop.call(data.probe(self._databases, connection))

    async def create_database(self, connection: Connection, secret: str | None = None) -> None:
        """Makes the database that the connection names, on its server or as a file; raises DatabaseError."""
        await self.env.loop.call(data.create_database(self._databases, connection, secret))

    async def reflect(self, connection_id: str) -> list[ModelSpec]:
        """The tables of a connection's database as models; nothing is taken into the project. Raises DatabaseError."""
        connection = self.project.connections[connection_id]
        return await self.env.loop.call(data.reflect(self._databases, connection))

    def use_instead(self, connection_id: str, other: Connection, secret: str | None = None) -> None:
        """Lets another connection stand in for one of the project's, for this session only; `secret` if it is not kept anywhere."""
        self._databases.use_instead(connection_id, other, secret)

    async def keep_secrets(self, secrets: Sequence[tuple[Connection, str]]) -> None:
        """Keeps passwords where their connections say; raises StudioError when one cannot be kept there. The person may be asked something."""
        await self.env.loop.call(self._databases.keep(secrets))

    def statements(self, workflow_id: WorkflowId, node_id: NodeId) -> list[Statement]:
        """What a node would say to its database; empty when it has nothing to say.

        Values that come from other nodes are those of the last run, or words that say where they will come from.
        """
        from studio.session.preview import statements

        run = self._runs.last(workflow_id)
        last = run.handle if run is not None else None
        with on_behalf_of(tenant=self.tenant):
            return statements(self.project, self.catalogue, self._databases, last, workflow_id, node_id)

    def code(self, workflow_id: WorkflowId, node_id: NodeId) -> str:
        """The node as Python."""
        from studio.workflow.python_text import node_to_python

        workflow = self.project.workflow(workflow_id)
        return node_to_python(workflow.nodes[node_id], workflow.incoming.get(node_id, ()))

    # ------------------------------------------------------------ inside

    def _is_somebody_elses(self, connection_id: str) -> bool:
        """Whether the database was there before Studio: models of its tables were imported."""
        entries = self.project.models.values()
        return any(
            entry.connection == connection_id and entry.spec is not None and entry.spec.reflected
            for entry in entries
        )

    def _orphans(self) -> list[Connection]:
        saved = self.saved
        still = _with_kept_secrets(saved) if saved is not None else self._kept
        return [connection for place, connection in self._kept.items() if place not in still]

    def _on_change(self, before: Project, after: Project, change: Change) -> None:
        if after.connections is not before.connections:
            self._kept.update(_with_kept_secrets(after))
        if after.connections is not before.connections and self._own_loop.is_known:
            self.env.loop.submit(self._databases.forget(after))
        super()._on_change(before, after, change)


def _with_kept_secrets(project: Project) -> dict[tuple[str, str], Connection]:
    """The connections with a password that Studio keeps for them alone, by its place and their id."""
    return {
        (connection.secret, connection.id): connection
        for connection in project.connections.values()
        if connection.secret in KEPT and secret_name(connection) == connection.id
    }


def empty_project(name: str) -> Project:
    """A project with one empty workflow."""
    workflow = Workflow(id=WorkflowId(short_id()), name="Workflow")
    return Project(id=short_id(), name=name, workflows=frozen({workflow.id: workflow}))
