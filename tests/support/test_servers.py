"""The test servers are real ones: with passwords, with SQL, and gone when they should be."""

import asyncio
import contextlib
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pymongo
import pytest

from tests.support import mariadb, mongodb, servers
from tests.support.processes import ServerUnavailableError


def test_a_database_is_empty_and_of_the_tests_own(postgres_url, postgres_server_url) -> None:
    assert (
        servers.run_sql(postgres_url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0\n"
    )
    other = servers.create_database(postgres_server_url)
    servers.run_sql(postgres_url, "CREATE TABLE mine (id integer)")
    assert servers.run_sql(other, "SELECT to_regclass('mine') IS NULL") == "t\n"
    servers.drop_database(postgres_server_url, other)


def test_a_wrong_password_is_refused(postgres_url) -> None:
    parts = urlsplit(postgres_url)
    wrong = postgres_url.replace(str(parts.password), "wrong")

    async def connect() -> None:
        await asyncpg.connect(wrong)

    with pytest.raises(asyncpg.InvalidPasswordError):
        asyncio.run(connect())


def test_a_failing_statement_is_told(postgres_url) -> None:
    with pytest.raises(RuntimeError, match='relation "nothing" does not exist'):
        servers.run_sql(postgres_url, "SELECT * FROM nothing")


def test_a_database_goes_though_somebody_is_still_connected(postgres_server_url) -> None:
    url = servers.create_database(postgres_server_url)

    async def hold_on() -> None:
        connection = await asyncpg.connect(url)
        await asyncio.to_thread(servers.drop_database, postgres_server_url, url)
        with contextlib.suppress(Exception):
            await connection.close(timeout=1)

    asyncio.run(hold_on())
    name = servers.name_of(url)
    assert (
        servers.run_sql(postgres_server_url, f"SELECT count(*) FROM pg_database WHERE datname = '{name}'")
        == "0\n"
    )


@pytest.mark.slow
def test_a_server_keeps_its_data_and_password_from_start_to_start() -> None:
    with _open_folder() as folder:
        with servers.postgres_server(folder / "data", fsync=True) as first:
            servers.run_sql(first, "CREATE TABLE kept AS SELECT 7 AS number")
            assert servers.run_sql(first, "SHOW fsync") == "on\n"
        with servers.postgres_server(folder / "data", fsync=False, settings={"work_mem": "8MB"}) as second:
            assert servers.run_sql(second, "SELECT number FROM kept; SHOW work_mem") == "7\n8MB\n"
            assert urlsplit(second).password == urlsplit(first).password
        with pytest.raises(RuntimeError, match="refused"):
            servers.run_sql(second, "SELECT 1")


def test_a_server_that_cannot_start_says_why() -> None:
    with (
        _open_folder() as folder,
        pytest.raises(ServerUnavailableError, match="no_such_setting"),
        servers.postgres_server(folder / "data", fsync=False, settings={"no_such_setting": "1"}),
    ):
        pass


@pytest.mark.slow
def test_the_server_of_a_run_ends_with_it_even_if_the_run_is_killed() -> None:
    run = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    with _open_folder() as folder:
        shared = servers.SharedServer(folder, main_pid=run.pid)
        url = shared.url()
        assert servers.SharedServer(folder, main_pid=run.pid).url() == url
        keeper = int((folder / "pid").read_text())
        server = int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
        run.send_signal(signal.SIGKILL)
        run.wait()
        assert shared._keeper is not None
        shared._keeper.wait(timeout=20)
        assert not servers._is_alive(keeper)
        assert not servers._is_alive(server)


def test_each_kind_of_database_can_be_had(database_url) -> None:
    if database_url.startswith("sqlite:"):
        path = Path(urlsplit(database_url).path.removeprefix("/"))
        with contextlib.closing(sqlite3.connect(f"/{path}")) as connection:
            assert connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
    elif database_url.startswith("mysql:"):
        assert mariadb.run_sql(database_url, "SELECT CURRENT_USER()") == f"{servers.USER}@%\n"
    else:
        assert servers.run_sql(database_url, "SELECT current_user") == f"{servers.USER}\n"


def test_mongodb_answers_and_is_gone_afterwards() -> None:
    with _open_folder() as folder:
        with mongodb.mongodb_server(folder / "data", fsync=False) as url:
            client: pymongo.MongoClient[dict[str, object]] = pymongo.MongoClient(url)
            assert client.server_info()["version"].startswith("6.0.")
            client.close()
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", urlsplit(url).port or 0)) != 0


@contextlib.contextmanager
def _open_folder() -> Iterator[Path]:
    """Yield a folder that the user who runs the server can reach: pytest's own cannot be, for root."""
    with tempfile.TemporaryDirectory(prefix="studio-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name)
