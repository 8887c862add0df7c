"""What is in a project's databases? Counts, pages of rows, tables that could become models, and whether a connection works.

Everything here runs on the engine's loop and only reads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from studio.kernel.errors import ConnectionLost, NoSuchTable, StudioError, UnknownDatabase
from studio.kernel.names import did_you_mean
from studio.models.spec import ModelSpec
from studio.project.state import Connection, Project
from studio.session.databases import Databases, masked
from studio.session.outputs import Page

if TYPE_CHECKING:
    from studio.database import Database, ServerInfo


_PROBE_TIMEOUT_S: Final = 5.0


async def row_count(project: Project, databases: Databases, model_id: str) -> int:
    """How many records a model has; 0 while its table does not exist yet."""
    spec, connection = model_of(project, model_id)
    if databases.is_not_made_yet(connection):
        return 0
    async with databases.reading(connection) as database:
        await database.connect()
        try:
            return await database.access().count(spec, None)
        except NoSuchTable as error:
            await refuse_if_there(database, spec, error)
            return 0


async def browse(
    project: Project,
    databases: Databases,
    model_id: str,
    *,
    filter: Mapping[str, Any] | None,
    order_by: Sequence[str],
    offset: int,
    limit: int,
) -> Page:
    """A page of a model's records with their exact number; ordered by key unless said otherwise, so that pages fit together."""
    from studio.database import ListQuery

    spec, connection = model_of(project, model_id)
    if databases.is_not_made_yet(connection):
        return Page(columns=spec.names, rows=[], offset=offset, total=0)
    order = list(order_by)
    order += [name for name in spec.key if name not in order and f"-{name}" not in order]
    query = ListQuery(filter=filter or None, order_by=order, limit=limit, offset=offset)
    async with databases.reading(connection) as database:
        await database.connect()
        access = database.access()
        try:
            total = await access.count(spec, filter or None)
            rows = list(await access.list(spec, query))
        except NoSuchTable as error:
            await refuse_if_there(database, spec, error)
            total, rows = 0, []
    return Page(columns=spec.names, rows=rows, offset=offset, total=total)


async def refuse_if_there(database: Database, spec: ModelSpec, error: NoSuchTable) -> None:
    """Raises the error unless the table is only still to be made: one that is there lacks a column of its model."""
    if spec.reflected:
        raise error
    if await database.has_table(spec):
        error.hint = f"Run a workflow that uses {spec.name}: the table gets what it lacks then."
        raise error


async def test_connection(databases: Databases, connection: Connection, secret: str | None) -> ServerInfo:
    """Connects once, with `secret` or the one that is kept; raises DatabaseError that says what is wrong."""
    database = await databases.fresh(connection, secret)
    try:
        return await database.test()
    except StudioError as error:
        raise masked(error, secret) from error
    finally:
        await database.close()


async def probe(databases: Databases, connection: Connection) -> ServerInfo | None:
    """What answers at a connection's database as it is open; None for an SQLite file that is still to be made. Raises DatabaseError."""
    if databases.is_not_made_yet(connection):
        return None
    async with databases.reading(connection) as database:
        try:
            async with asyncio.timeout(_PROBE_TIMEOUT_S):
                return await database.test()
        except TimeoutError as error:
            raise ConnectionLost(
                f"The database of {connection.name} does not answer.",
                hint="Check the server and the network.",
            ) from error


async def create_database(databases: Databases, connection: Connection, secret: str | None) -> None:
    """Makes the database that the connection names; raises DatabaseError that says why it cannot be made."""
    database = await databases.fresh(connection, secret)
    try:
        await database.create()
    except StudioError as error:
        raise masked(error, secret) from error
    finally:
        await database.close()


async def reflect(databases: Databases, connection: Connection) -> list[ModelSpec]:
    """The tables of a connection's database as models, in the database's order."""
    database = await databases.fresh(connection, None)
    try:
        return await database.reflect()
    finally:
        await database.close()


def model_of(project: Project, model_id: str) -> tuple[ModelSpec, Connection]:
    """A model and its connection; raises UnknownDatabase or StudioError that says what is missing."""
    entry = project.models.get(model_id)
    if entry is None or entry.spec is None:
        names = [known.name for known in project.models.values()]
        shown = entry.name if entry else model_id
        raise StudioError(
            f"The model {shown!r} is not there or cannot be read.", hint=did_you_mean(shown, names)
        )
    connection = project.connections.get(entry.connection)
    if connection is None:
        raise UnknownDatabase(
            f"The connection of the model {entry.name!r} is gone.", hint="Choose another one for the model."
        )
    return entry.spec, connection
