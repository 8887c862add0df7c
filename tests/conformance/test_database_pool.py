"""Connections are replaced when they are old, and asked whether they live before they are used."""

import asyncio
from typing import Any

import pytest

from studio.database import Database, DatabaseOptions, PoolInfo, lane_fitness
from tests.unit.database.opening import CUSTOMER, run

LONG = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 20000) SELECT max(x) AS x FROM n"
HELD = {
    "postgresql": "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database()",
    "mysql": "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE db = DATABASE()",
}
ITS_NUMBER = {"postgresql": "SELECT pg_backend_pid() AS n", "mysql": "SELECT CONNECTION_ID() AS n"}


@pytest.fixture(params=["postgresql", "mysql"])
def server_url(request: pytest.FixtureRequest) -> str:
    """An empty database of a server: a file has no connections that could die."""
    name = {"postgresql": "postgres_url", "mysql": "mysql_url"}[request.param]
    return str(request.getfixturevalue(name))


async def number(database: Database) -> Any:
    """Which connection answers now."""
    return (await database.access().execute(ITS_NUMBER[database.dialect]))[0]["n"]


def lanes(database: Database) -> Any:
    engine: Any = database._engine
    return getattr(engine, "pool", engine)._free


def test_those_who_ask_together_share_the_connections_that_there_may_be(database_url: str) -> None:
    async def story(database: Database) -> None:
        access = database.access()
        long = {"sqlite": LONG, "postgresql": "SELECT pg_sleep(0.01)", "mysql": "SELECT SLEEP(0.01)"}
        await asyncio.gather(*(access.execute(long[database.dialect]) for _ in range(12)))
        pool = database.pool()
        assert pool.open <= pool.most == (3 if database.dialect == "sqlite" else 2)

    run(database_url, story, models=[], pool_size=2, max_overflow=0)


def test_a_connection_is_replaced_when_it_has_become_old(server_url: str) -> None:
    async def story(database: Database) -> None:
        first = await number(database)
        assert await number(database) == first
        lanes(database)[0].opened_at -= 60
        assert await number(database) != first
        assert database.pool() == PoolInfo(open=1, in_use=0, waiting=0, most=20)

    run(server_url, story, models=[], pool_recycle=60)


def test_a_connection_that_does_not_answer_is_replaced_before_a_write(
    server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane_fitness, "_IDLE_S", 0.0)

    async def story(database: Database) -> None:
        first = await number(database)
        assert await number(database) == first  # asked, and answered
        kind = type(lanes(database)[0])
        with monkeypatch.context() as silent:

            async def say_nothing(lane: Any, timeout_s: float) -> bool:
                silent.undo()  # the next one is alive
                return False

            silent.setattr(kind, "answers", say_nothing)
            await database.access().create(CUSTOMER, {"email": "a@x"})
        assert await number(database) != first
        async with database.transaction() as access:
            await access.create(CUSTOMER, {"email": "b@x"})
            assert database.pool().in_use == 1
        assert await database.access().count(CUSTOMER) == 2

    run(server_url, story, models=[CUSTOMER], pool_pre_ping=True)


def test_the_server_holds_no_more_connections_than_the_pool_counts(server_url: str) -> None:
    """Also once a database was closed while one of them was in use."""

    async def held(watcher: Database, count: int) -> None:
        async with asyncio.timeout(60):
            while (await watcher.access().execute(HELD[watcher.dialect]))[0]["n"] != count:
                pass  # it closes them in a moment

    async def story(watcher: Database) -> None:
        database = Database(server_url, options=DatabaseOptions(pool_size=1, max_overflow=2))
        async with database.transaction() as one, database.transaction() as two:
            await asyncio.gather(number(database), *(each.count(CUSTOMER) for each in (one, two)))
            await held(watcher, 4)
        assert database.pool().open == 1
        await held(watcher, 2)
        async with database.transaction() as access:
            await database.close()
            await access.create(CUSTOMER, {"email": "a@x"})
        await held(watcher, 1)
        assert await watcher.access().count(CUSTOMER) == 1

    run(server_url, story, models=[CUSTOMER])
