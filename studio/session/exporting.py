"""How do rows leave for a file? In batches, written as the nodes for files write them, into a file that comes whole into its place or not at all.

Everything here runs on the engine's loop; files are written in threads.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Literal

from studio.kernel.errors import NoSuchTable
from studio.session.data import model_of, refuse_if_there
from studio.session.row_sources import ModelRows, OutputRows, RowSource

if TYPE_CHECKING:
    from studio.database.change_script import InsertScript
    from studio.nodes.files import Writer
    from studio.project.state import Project
    from studio.session.databases import Databases

Format = Literal["csv", "json", "jsonl", "sql"]
Rows = Sequence[Mapping[str, Any]]

BATCH_ROWS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A file, its format, and the columns that are written, in their order. In SQL, rows of no model go into `table`."""

    path: Path
    format: Format
    columns: tuple[str, ...]
    table: str = "rows"


class Progress:
    """How far an export is; it may be read and stopped from any thread. Invariant: it is stopped or settled, never both."""

    __slots__ = ("_decision", "_lock", "rows", "total")

    def __init__(self) -> None:
        self.rows = 0
        self.total: int | None = None
        """How many rows there will be; None: not known."""
        self._lock = threading.Lock()
        self._decision: Literal["", "stopped", "settled"] = ""

    def stop(self) -> bool:
        """Decides that the file is not replaced; False when it has been already."""
        return self._decide("stopped")

    def settle(self) -> bool:
        """Decides that the file is replaced; False when the export was stopped."""
        return self._decide("settled")

    def _decide(self, decision: Literal["stopped", "settled"]) -> bool:
        with self._lock:
            self._decision = self._decision or decision
            return self._decision == decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written. `missing`: rows that the run counted and did not keep."""

    path: Path
    rows: int
    size_bytes: int
    missing: int = 0


async def export(
    project: Project,
    databases: Databases,
    source: RowSource,
    target: Target,
    progress: Progress,
) -> Exported:
    """Writes the rows of a source; a file that is there is replaced once all of them are written.

    Raises:
        NodeError: The file cannot be written, or a value cannot be said in its format; says in which row.
        DatabaseError: The rows cannot be read.
    """
    from studio.nodes.drafts import Draft, in_thread, not_written

    if isinstance(source, ModelRows):
        batches, missing = _records(project, databases, source, progress), 0
    else:
        rows, missing = await in_thread(
            lambda: source.handle.all_rows(source.node_id, source.port, source.order_by, source.filter)
        )
        progress.total = len(rows)
        batches = _in_batches(rows)
    script = (
        insert_script(project, databases, source, target.columns, target.table)
        if target.format == "sql"
        else None
    )
    draft = await in_thread(lambda: Draft(target.path, "utf-8", may_replace=True))
    try:
        writer = _writer(draft.stream, target, script)
        async with contextlib.aclosing(batches):
            async for batch in batches:
                await in_thread(partial(writer.write, batch))
                progress.rows = writer.rows
        await in_thread(writer.finish)
        size_bytes = await in_thread(draft.finish)
    except BaseException as error:
        draft.drop()
        if isinstance(error, OSError):
            raise not_written(error, draft.path) from error
        raise
    if not progress.settle():
        draft.drop()
        raise asyncio.CancelledError
    draft.keep()
    return Exported(path=draft.path, rows=writer.rows, size_bytes=size_bytes, missing=missing)


async def _records(
    project: Project, databases: Databases, source: ModelRows, progress: Progress
) -> AsyncGenerator[Rows]:
    """A model's records as the database sends them; none while its table does not exist yet."""
    from studio.database import ListQuery

    spec, connection = model_of(project, source.model_id)
    if databases.is_not_made_yet(connection):
        return
    query = ListQuery(filter=source.filter or None, order_by=source.order_by, limit=None)
    async with databases.reading(connection) as database:
        await database.connect()
        access = database.access()
        try:
            progress.total = await access.count(spec, source.filter or None)
        except NoSuchTable as error:
            await refuse_if_there(database, spec, error)
            return
        async with contextlib.aclosing(access.stream(spec, query, BATCH_ROWS)) as batches:
            async for batch in batches:
                yield batch


async def _in_batches(rows: Rows) -> AsyncGenerator[Rows]:
    for start in range(0, len(rows), BATCH_ROWS):
        yield rows[start : start + BATCH_ROWS]


class _SqlWriter:
    """Writes records as INSERT statements, one a line."""

    def __init__(self, stream: IO[str], script: InsertScript, columns: Sequence[str]) -> None:
        self._stream = stream
        self._script = script
        self._columns = columns
        self.rows = 0

    def write(self, records: Rows) -> None:
        script, columns = self._script, self._columns
        for record in records:
            line = script.line({name: record.get(name) for name in columns})
            self._stream.write(f"{line}\n")
            self.rows += 1

    def finish(self) -> None:
        """Nothing stands below the last statement."""

    def abandon(self) -> None:
        """Holds nothing back."""


def _writer(stream: IO[str], target: Target, script: InsertScript | None) -> Writer:
    from studio.nodes.file_formats import CsvWriter, JsonWriter

    if script is not None:
        return _SqlWriter(stream, script, target.columns)
    if target.format == "csv":
        return CsvWriter(stream, fields=target.columns, delimiter=",", is_narrowed=True)
    return JsonWriter(stream, fields=target.columns, lines=target.format == "jsonl")


def insert_script(
    project: Project, databases: Databases, source: RowSource, columns: Sequence[str], table: str
) -> InsertScript:
    """How rows are said as INSERT: into their model's table, in the SQL of its database; else into `table`, in that of the default connection."""
    from studio.database.change_script import InsertScript

    model_id = source.model_id if isinstance(source, ModelRows) else _id_of(project, source, columns)
    if model_id is not None:
        spec, connection = model_of(project, model_id)
        return InsertScript.of(spec, databases.describe(connection).dialect)
    default = project.connections.get(project.default_connection)
    dialect = databases.describe(default).dialect if default is not None else "sqlite"
    return InsertScript(table, {name: name for name in columns}, dialect)


def _id_of(project: Project, source: OutputRows, columns: Sequence[str]) -> str | None:
    """The model of an output's rows, unless they have columns that it does not know."""
    for entry in project.models.values():
        if entry.name == source.model and entry.spec is not None and set(columns) <= set(entry.spec.names):
            return entry.id
    return None
