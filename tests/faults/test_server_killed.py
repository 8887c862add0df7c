"""A server that is killed in the middle of the work and comes back: what was said to be done is done, nothing is half done, and no restart is needed.

Each kind of server is the test's own, so that no other test loses its database.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from studio.database import Database, DatabaseOptions, ListQuery, mysql, postgresql_sessions
from studio.kernel.errors import ConnectionFailed, ConnectionLost, StudioError
from studio.project.state import Connection, Project
from studio.session import Environment, Session
from studio.session.secrets import SystemSecrets, split_password
from studio.workflow.graph import frozen
from tests.support import bad_input, mariadb, servers
from tests.support.processes import ServerProcess
from tests.unit.database.opening import CUSTOMER, SHOP

POOL = 4


@pytest.fixture(scope="module", params=["postgresql", "mysql"])
def server(request: pytest.FixtureRequest) -> Iterator[ServerProcess]:
    with ExitStack() as stack:
        folder = stack.enter_context(bad_input.server_folder())
        if request.param == "postgresql":
            settings = bad_input.KEEPS_WHAT_IT_COMMITTED
            run = servers.postgres_process(folder / "data", fsync=False, settings=settings)
        else:
            settings = {"innodb_flush_log_at_trx_commit": "2"}
            run = mariadb.mariadb_process(folder / "data", fsync=False, settings=settings)
        yield stack.enter_context(run)


@pytest.fixture
def url(server: ServerProcess) -> str:
    kind = mariadb if server.url.startswith("mysql") else servers
    return str(kind.create_database(server.url))


def customer(number: int) -> dict[str, str]:
    return {"id": f"c{number:05}", "email": f"{number}@x"}


async def ids(url: str) -> set[str]:
    """What a fresh connection finds."""
    fresh = Database(url)
    try:
        return {record["id"] for record in await fresh.access().list(CUSTOMER, ListQuery(limit=None))}
    finally:
        await fresh.close()


def test_what_was_said_about_each_write_is_so_and_the_pool_heals(server: ServerProcess, url: str) -> None:
    async def story() -> None:
        database = Database(url, options=DatabaseOptions(pool_size=POOL, max_overflow=0))
        await database.ensure(SHOP)
        access = database.access()
        done: set[str] = set()
        errors: dict[str, StudioError] = {}
        enough = asyncio.Event()

        async def write(first: int) -> None:
            for number in range(first, first + 10_000):
                record = customer(number)
                try:
                    await access.create(CUSTOMER, record)
                except StudioError as error:
                    errors[record["id"]] = error
                    return
                done.add(record["id"])
                if len(done) > 100:
                    enough.set()

        async def read() -> StudioError:
            while True:
                try:
                    await access.count(CUSTOMER)
                except StudioError as error:
                    return error

        writing = [asyncio.ensure_future(write(10_000 * part)) for part in range(POOL)]
        reading = asyncio.ensure_future(read())
        await enough.wait()
        await asyncio.to_thread(server.kill)
        await asyncio.gather(*writing)
        assert isinstance(await reading, ConnectionLost | ConnectionFailed)
        assert "may or may not" not in str(reading.result())
        with pytest.raises(ConnectionFailed) as down:
            await access.count(CUSTOMER)
        assert down.value.hint

        await asyncio.to_thread(server.start)
        counts = await asyncio.gather(*(access.count(CUSTOMER) for _ in range(3 * POOL)))
        found = await ids(url)
        assert set(counts) == {len(found)}
        unsure = {key for key, error in errors.items() if "may or may not have been kept" in error.message}
        assert done <= found <= done | unsure
        # Whoever was not sent to the server at all is told just that.
        assert all(isinstance(errors[key], ConnectionLost) for key in unsure)
        assert all(isinstance(errors[key], ConnectionFailed) for key in errors.keys() - unsure)
        assert all(error.hint for error in errors.values())
        created = await asyncio.gather(
            *(access.create(CUSTOMER, customer(90_000 + n)) for n in range(2 * POOL))
        )
        assert len(created) == 2 * POOL
        await database.close()

    asyncio.run(story())


def test_whoever_stops_waiting_for_a_silent_server_is_let_go_and_the_pool_heals(
    server: ServerProcess, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql_sessions, "SETTLE_S", 0.2)
    monkeypatch.setattr(mysql, "SETTLE_S", 0.2)

    async def story() -> None:
        database = Database(url, options=DatabaseOptions(pool_size=1, max_overflow=0))
        await database.ensure(SHOP)
        access = database.access()

        async def write() -> None:
            async with database.transaction() as within:
                await within.create(CUSTOMER, customer(1))
                writes.set()
                await within.count(CUSTOMER)

        writes = asyncio.Event()
        with server.silent():
            asked = asyncio.ensure_future(access.count(CUSTOMER))
            await asyncio.sleep(0.05)
            asked.cancel()
            await asyncio.wait([asked], timeout=60)
            assert asked.cancelled()
        assert await access.count(CUSTOMER) == 0
        writing = asyncio.ensure_future(write())
        await writes.wait()
        with server.silent():
            writing.cancel()
            await asyncio.wait([writing], timeout=60)
            assert writing.cancelled()
        assert await access.count(CUSTOMER) == 0
        await database.close()

    asyncio.run(story())


def test_a_bulk_write_and_a_transaction_leave_nothing_behind(server: ServerProcess, url: str) -> None:
    async def story() -> None:
        database = Database(url, options=DatabaseOptions(pool_size=POOL))
        await database.ensure(SHOP)
        access = database.access()
        await access.create(CUSTOMER, customer(0))

        async def rows() -> AsyncIterator[list[dict[str, str]]]:
            for start in range(1, 10_000, 500):
                if start > 2500:
                    await asyncio.to_thread(server.kill)
                yield [customer(number) for number in range(start, start + 500)]

        with pytest.raises(StudioError) as caught:
            await access.bulk_create(CUSTOMER, rows(), batch_size=500)
        assert isinstance(caught.value, ConnectionLost)
        assert "Nothing" in (caught.value.hint or "")
        await asyncio.to_thread(server.start)
        assert await ids(url) == {"c00000"}

        with pytest.raises(ConnectionLost) as lost:
            async with database.transaction() as within:
                await within.create(CUSTOMER, customer(1))
                await asyncio.to_thread(server.kill)
                await asyncio.to_thread(server.start)
                await within.create(CUSTOMER, customer(2))
        assert "Nothing" in (lost.value.hint or "")
        with pytest.raises(ConnectionLost) as lost:
            async with database.transaction() as within:
                await within.bulk_create(CUSTOMER, [customer(n) for n in range(1, 1001)])
                await asyncio.to_thread(server.kill)
                await asyncio.to_thread(server.start)
        assert "Nothing" in (lost.value.hint or "")
        assert await ids(url) == {"c00000"}

        assert (await access.bulk_create(CUSTOMER, [customer(n) for n in range(1, 1001)])).created == 1000
        assert len(await ids(url)) == 1001
        await database.close()

    asyncio.run(story())


def test_a_session_is_told_that_its_server_has_gone_and_that_it_is_back(
    server: ServerProcess, url: str, tmp_path: Path
) -> None:
    async def story() -> None:
        secrets = SystemSecrets({"SHOP": unquote(urlsplit(url).password or "")})
        bare, _ = split_password(url)
        connection = Connection(id="c", name="shop", url=bare, secret="environment", secret_name="SHOP")
        project = Project(id="p", name="P", connections=frozen({"c": connection}))
        session = Session.in_memory(project, env=Environment(data_dir=tmp_path, secrets=secrets))
        assert await session.probe(connection) is not None
        server.kill()
        with pytest.raises((ConnectionFailed, ConnectionLost)):
            await session.probe(connection)
        server.start()
        assert await session.probe(connection) is not None
        await session.close()

    asyncio.run(story())
