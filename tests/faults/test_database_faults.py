"""Whatever goes wrong outside: a message with place and remedy, nothing half written, and a database that works afterwards."""

import asyncio
import socket
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pytest

from studio.database import Database, ListQuery
from studio.kernel.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    ConnectionLost,
    DatabaseError,
    DiskFull,
    LockTimeout,
    NotADatabase,
    ReadOnlyDatabase,
    StatementRefused,
    UnknownDatabase,
)
from tests.unit.database.opening import CUSTOMER, SHOP, run

ENDLESS_ROWS = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT n FROM t"
ENDLESS = f"SELECT count(*) FROM ({ENDLESS_ROWS})"


async def connect(database):
    await database.connect()


def failure(url, expected, story=connect, **options):
    with pytest.raises(expected) as caught:
        run(url, story, models=[], **options)
    assert caught.value.message
    assert caught.value.hint
    return caught.value


def customer(number):
    return {"id": f"c{number}", "email": f"{number}@x"}


# ------------------------------------------------------------------ SQLite files


def test_a_folder_that_is_missing_is_named_and_not_made(tmp_path):
    error = failure(f"sqlite:///{tmp_path}/nowhere/shop.db", UnknownDatabase)
    assert "nowhere" in error.message
    assert not (tmp_path / "nowhere").exists()


def test_a_file_that_must_exist_is_not_made(tmp_path):
    error = failure(f"sqlite:///{tmp_path}/shop.db", UnknownDatabase, must_exist=True)
    assert "shop.db" in error.message
    assert list(tmp_path.iterdir()) == []


def test_testing_a_missing_file_makes_none(tmp_path):
    async def test(database):
        await database.test()

    error = failure(f"sqlite:///{tmp_path}/shop.db", UnknownDatabase, test, must_exist=True)
    assert list(tmp_path.iterdir()) == []
    assert error.context["can_be_made"]
    run(f"sqlite:///{tmp_path}/shop.db", lambda database: database.create(), models=[], must_exist=True)
    assert (tmp_path / "shop.db").exists()


@pytest.mark.parametrize("content", [b"id,name\n1,shop\n" * 100, b"\x89PNG\r\n\x1a\n" + b"\0" * 2000])
def test_a_file_that_is_something_else_is_left_as_it_is(tmp_path, content):
    path = tmp_path / "shop.db"
    path.write_bytes(content)
    error = failure(f"sqlite:///{path}", NotADatabase)
    assert "not an SQLite database" in error.message
    assert path.read_bytes() == content


def test_a_folder_is_no_database(tmp_path):
    assert "folder" in failure(f"sqlite:///{tmp_path}", UnknownDatabase).message


def test_a_damaged_file_is_told(sqlite_url):
    async def fill(database):
        await database.access().bulk_create(CUSTOMER, [customer(n) for n in range(2000)])

    run(sqlite_url, fill)
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)

    async def read(database):
        await database.access().count(CUSTOMER)

    error = failure(sqlite_url, NotADatabase, read)
    assert "damaged" in error.message


def test_a_database_that_is_only_read_refuses_every_write(sqlite_url):
    run(sqlite_url, connect)

    async def story(database):
        access = database.access()
        assert await access.count(CUSTOMER) == 0
        for write in (
            lambda: access.create(CUSTOMER, customer(1)),
            lambda: access.bulk_create(CUSTOMER, [customer(1), customer(2)]),
            lambda: access.execute("DELETE FROM customers"),
        ):
            with pytest.raises(ReadOnlyDatabase) as caught:
                await write()
            assert caught.value.hint
        assert not (await database.test()).can_write

    run(sqlite_url, story, models=[], read_only=True)


def test_a_full_disk_undoes_the_write_and_the_rest_goes_on(sqlite_url):
    async def story(database):
        access = database.access()
        await access.execute("PRAGMA wal_autocheckpoint = 0")
        await access.create(CUSTOMER, customer(1))
        writer = database._engine.writer
        pages = (await writer.run(writer.resource.execute, "PRAGMA page_count")).fetchone()[0]
        await writer.run(writer.resource.execute, f"PRAGMA max_page_count = {pages + 8}")
        with pytest.raises(DiskFull) as full:
            await access.bulk_create(CUSTOMER, [customer(n) for n in range(2, 5000)])
        assert full.value.hint
        assert await access.count(CUSTOMER) == 1
        await access.create(CUSTOMER, customer(2))
        assert await access.count(CUSTOMER) == 2

    run(sqlite_url, story)


LOCKER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
connection.execute("COMMIT")
print("free", flush=True)
"""


@pytest.fixture
def locker(sqlite_url):
    """Another process that holds the write lock until its standard input gets a line."""
    run(sqlite_url, connect, models=SHOP)
    path = sqlite_url.removeprefix("sqlite:///")
    process = subprocess.Popen(  # noqa: S603 - a program of the test's own
        [sys.executable, "-c", LOCKER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "locked\n"
    yield process
    process.communicate("\n", timeout=100)


def test_a_lock_of_another_process_is_told_and_reading_goes_on(sqlite_url, locker):
    async def story(database):
        access = database.access()
        assert await access.count(CUSTOMER) == 0
        with pytest.raises(LockTimeout) as caught:
            await access.create(CUSTOMER, customer(1))
        assert "test.sqlite" in caught.value.message
        with pytest.raises(LockTimeout):
            async with database.transaction():
                pass

    run(sqlite_url, story, models=[], lock_timeout_s=0.3)


def test_a_lock_that_goes_away_in_time_is_waited_for(sqlite_url, locker):
    async def story(database):
        writing = asyncio.ensure_future(database.access().create(CUSTOMER, customer(1)))
        await asyncio.wait([writing], timeout=0.25)
        assert not writing.done()
        locker.stdin.write("\n")
        locker.stdin.flush()
        assert (await writing)["id"] == "c1"

    run(sqlite_url, story, models=[], lock_timeout_s=60)


def test_a_write_beside_ones_own_transaction_is_told_and_hangs_nothing(sqlite_url):
    async def story(database):
        async with database.transaction() as access:
            await access.create(CUSTOMER, customer(1))
            with pytest.raises(LockTimeout, match="another run"):
                await database.access().create(CUSTOMER, customer(2))
        await database.access().create(CUSTOMER, customer(3))
        assert await database.access().count(CUSTOMER) == 2

    run(sqlite_url, story, lock_timeout_s=0.2)


def test_waiting_for_a_lock_can_be_cancelled(sqlite_url, locker):
    async def story(database):
        writing = asyncio.ensure_future(database.access().create(CUSTOMER, customer(1)))
        await asyncio.wait([writing], timeout=0.2)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            async with asyncio.timeout(30):
                await writing
        assert await database.access().count(CUSTOMER) == 0

    run(sqlite_url, story, models=[], lock_timeout_s=60)


def test_a_process_that_ends_without_closing_is_not_held_up():
    program = (
        "import asyncio; from studio.database import Database\n"
        "async def main():\n"
        "    database = Database(':memory:'); await database.access().execute('SELECT 1')\n"
        "    return database\n"
        "kept = asyncio.run(main())\n"
    )
    root = Path(__file__).resolve().parents[2]
    ended = subprocess.run([sys.executable, "-c", program], cwd=root, timeout=100, check=False)  # noqa: S603 - its own
    assert ended.returncode == 0


def test_a_crash_of_the_process_keeps_what_was_committed(sqlite_url):
    program = (
        "import os, sys; from tests.unit.database.opening import CUSTOMER, run\n"
        "async def story(database):\n"
        "    await database.access().create(CUSTOMER, {'id': 'kept', 'email': 'a'})\n"
        "    async with database.transaction() as access:\n"
        "        await access.create(CUSTOMER, {'id': 'lost', 'email': 'b'})\n"
        "        os.kill(os.getpid(), 9)\n"
        "run(sys.argv[1], story)\n"
    )
    root = Path(__file__).resolve().parents[2]
    ended = subprocess.run([sys.executable, "-c", program, sqlite_url], cwd=root, check=False)  # noqa: S603 - its own
    assert ended.returncode == -9

    async def story(database):
        assert [row["id"] for row in await database.access().list(CUSTOMER, ListQuery())] == ["kept"]

    run(sqlite_url, story)


# ------------------------------------------------------------------ servers


@pytest.fixture(params=["postgresql", "mysql"])
def server_url(request):
    """An empty database on a server, once on each kind."""
    return request.getfixturevalue({"postgresql": "postgres_url", "mysql": "mysql_url"}[request.param])


def with_parts(url, **parts):
    found = urlsplit(url)
    user, password = parts.get("user", found.username), parts.get("password", unquote(found.password))
    host, port = parts.get("host", found.hostname), parts.get("port", found.port)
    path = parts.get("path", found.path)
    return f"{found.scheme}://{user}:{quote(password, safe='')}@{host}:{port}{path}"


def test_a_wrong_password_is_told_and_never_repeated(server_url):
    error = failure(with_parts(server_url, password="sesame-open"), AuthenticationFailed)
    assert "sesame-open" not in f"{error} {error.detail} {error.to_data()}"
    assert f"{urlsplit(server_url).hostname}:{urlsplit(server_url).port}" in error.message


def test_an_unknown_database_is_told_and_can_be_made(server_url):
    name = f'{urlsplit(server_url).path.removeprefix("/")} `a":b'
    missing = with_parts(server_url, path=f"/{quote(name)}")
    error = failure(missing, UnknownDatabase)
    assert name in error.message
    assert error.context["can_be_made"]

    async def make(database):
        await database.create()
        assert (await database.test()).database == name
        await database.close()
        other = Database(server_url)
        mark = "`" if other.dialect == "mysql" else '"'
        await other._engine.lanes.change(f"DROP DATABASE {mark}{name.replace(mark, mark * 2)}{mark}")
        await other.close()

    run(missing, make, models=[])


def test_who_may_make_no_database_is_told_so(server_url):
    async def story(database):
        user = f"guest_{urlsplit(server_url).path[-6:]}"
        lanes = database._engine.lanes
        if database.dialect == "mysql":
            await lanes.change(f"CREATE USER {user} IDENTIFIED BY 'x'")
        else:
            await lanes.change(f"CREATE USER {user} PASSWORD 'x'")
        guest = Database(with_parts(server_url, user=user, password="x", path="/guests_own"))
        with pytest.raises(StatementRefused, match="Ask for the right"):
            await guest.create()
        await lanes.change(f"DROP USER {user}")

    run(server_url, story, models=[])


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_a_server_that_is_not_there_is_told_with_host_and_port(scheme):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    error = failure(f"{scheme}://me:secret-word@127.0.0.1:{port}/shop", ConnectionFailed)
    assert f"127.0.0.1:{port}" in error.message
    assert "secret-word" not in f"{error} {error.detail}"


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_a_host_that_does_not_exist_is_told(scheme):
    failure(f"{scheme}://me:secret@no-such-host.invalid:5432/shop", ConnectionFailed)


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_a_server_that_says_nothing_is_given_up(scheme):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        url = f"{scheme}://me:secret@127.0.0.1:{port}/shop"
        assert "in time" in failure(url, ConnectionFailed, connect_timeout_s=0.5).message


@pytest.mark.parametrize("url", ["oracle://x", "shop.db", "", "postgrsql://x"])
def test_a_kind_of_database_that_is_unknown_is_refused_at_once(url):
    with pytest.raises(ConnectionFailed) as caught:
        Database(url)
    assert caught.value.hint


async def kill_others(database, url):
    """Ends every other connection to the database, as an administrator would."""
    other = Database(url)
    if database.dialect == "mysql":
        found = await other.access().execute(
            "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
        )
        for row in found:
            await other.access().execute(f"KILL CONNECTION {row['id']}")
    else:
        await other.access().execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    await other.close()


def test_a_read_survives_a_server_that_cut_the_connection(server_url):
    async def story(database):
        access = database.access()
        await access.create(CUSTOMER, customer(1))
        for _ in range(3):
            await kill_others(database, server_url)
            assert await access.count(CUSTOMER) == 1
        await kill_others(database, server_url)
        async with database.transaction() as within:
            await within.create(CUSTOMER, customer(2))
        assert await access.count(CUSTOMER) == 2

    run(server_url, story)


def test_a_write_on_a_lost_connection_is_told_and_the_next_one_works(server_url):
    async def story(database):
        access = database.access()
        await access.create(CUSTOMER, customer(1))
        with pytest.raises(ConnectionLost) as lost:
            async with database.transaction() as within:
                await within.create(CUSTOMER, customer(2))
                await kill_others(database, server_url)
                await within.create(CUSTOMER, customer(3))
        assert lost.value.hint
        await access.count(CUSTOMER)
        await access.create(CUSTOMER, customer(4))
        assert await access.count(CUSTOMER) == 2

    run(server_url, story)


def test_more_transactions_than_connections_wait_and_then_say_so(server_url):
    async def story(database):
        async with database.transaction():
            with pytest.raises(LockTimeout, match="in use"):
                async with database.transaction():
                    pass
        async with database.transaction() as access:
            assert await access.count(CUSTOMER) == 0

    run(server_url, story, models=SHOP, pool_size=1, max_overflow=0, lock_timeout_s=0.3)


def test_a_row_lock_of_somebody_else_times_out(server_url):
    async def story(database):
        await database.access().create(CUSTOMER, customer(1))
        async with database.transaction() as holder:
            await holder.update(CUSTOMER, {"id": "c1"}, {"name": "mine"})
            with pytest.raises(LockTimeout):
                await database.access().update(CUSTOMER, {"id": "c1"}, {"name": "yours"})
        assert (await database.access().read(CUSTOMER, {"id": "c1"}))["name"] == "mine"

    run(server_url, story, lock_timeout_s=0.3)


# ------------------------------------------------------------------ cancelling


def endless(database):
    return {"sqlite": ENDLESS, "postgresql": "SELECT pg_sleep(60)", "mysql": "SELECT SLEEP(60)"}[
        database.dialect
    ]


# How many statements sleep on the server, as another connection sees it.
SLEEPING = {
    "postgresql": "SELECT count(*) AS n FROM pg_stat_activity"
    " WHERE wait_event = 'PgSleep' AND datname = current_database()",
    "mysql": "SELECT COUNT(*) AS n FROM information_schema.processlist"
    " WHERE state = 'User sleep' AND db = DATABASE()",
}


class AtWork:
    """Tells whether an endless statement is being executed, not only on its way."""

    def __init__(self, database, url):
        self._database = database
        self._beside = Database(url)
        self._has_rows = threading.Event()
        self._has_rows.set()

    async def note_rows(self):
        """For SQLite, where a statement that was stopped before its first row undoes nothing: `noted(n)` is n, and tells that there is one."""
        self._has_rows.clear()
        writer = self._database._engine.writer
        await writer.run(writer.resource.create_function, "noted", 1, self._note)

    def _note(self, value):
        self._has_rows.set()
        return value

    async def __call__(self):
        if self._database.dialect != "sqlite":
            return (await self._beside.access().execute(SLEEPING[self._database.dialect]))[0]["n"] > 0
        engine = self._database._engine
        jobs = [worker.current for worker in (engine.writer, *engine.readers)]
        is_busy = any(job is not None and any(ENDLESS_ROWS in str(part) for part in job.args) for job in jobs)
        return is_busy and self._has_rows.is_set()

    async def close(self):
        await self._beside.close()


async def cancelled(awaitable, is_at_work):
    """Starts it, cancels it once it is at work in the database, where it would last for a minute or more, and waits for its end there."""
    task = asyncio.ensure_future(awaitable)
    while not await is_at_work():
        assert not task.done()
        await asyncio.sleep(0)
    task.cancel()
    async with asyncio.timeout(30):
        with pytest.raises(asyncio.CancelledError):
            await task
        while await is_at_work():
            pass


def test_a_statement_stops_at_the_driver_and_the_lane_is_in_order(database_url):
    async def story(database):
        access, is_at_work = database.access(), AtWork(database, database_url)
        for _ in range(3):
            await cancelled(access.execute(endless(database)), is_at_work)
            assert await access.count(CUSTOMER) == 0
        await access.create(CUSTOMER, customer(1))
        await is_at_work.close()

    run(database_url, story)


def test_a_cancelled_transaction_is_undone_and_a_new_one_may_begin(database_url):
    async def story(database):
        async def work():
            async with database.transaction() as access:
                await access.bulk_create(CUSTOMER, [customer(n) for n in range(1000)])
                await access.execute(endless(database))

        is_at_work = AtWork(database, database_url)
        await cancelled(work(), is_at_work)
        await is_at_work.close()
        async with database.transaction() as access:
            assert await access.count(CUSTOMER) == 0
            await access.create(CUSTOMER, customer(1))
        assert await database.access().count(CUSTOMER) == 1

    run(database_url, story)


def test_a_statement_whose_time_is_over_leaves_the_transaction_safe(database_url):
    """SQLite undoes the whole transaction when it interrupts a write, PostgreSQL refuses to go on: never half of it is kept."""

    async def story(database):
        is_at_work = AtWork(database, database_url)
        if database.dialect == "sqlite":
            await is_at_work.note_rows()
        slow = {
            "sqlite": f"INSERT INTO customers SELECT noted(n), n, n, n, n FROM ({ENDLESS_ROWS})",
            "postgresql": "UPDATE customers SET name = pg_sleep(60)::text",
            "mysql": "UPDATE customers SET name = SLEEP(60)",
        }[database.dialect]
        with pytest.raises(DatabaseError) as caught:
            async with database.transaction() as access:
                await access.create(CUSTOMER, customer(1))
                await cancelled(access.execute(slow), is_at_work)
                await access.create(CUSTOMER, customer(2))
        assert isinstance(caught.value, StatementRefused)
        assert await database.access().count(CUSTOMER) == 0
        await is_at_work.close()

    run(database_url, story)


def test_a_bulk_write_stops_in_the_middle_and_leaves_nothing(database_url):
    async def story(database):
        access = database.access()
        started = asyncio.Event()

        async def slowly():
            for number in range(1_000_000):
                yield [customer(number)]
                if number == 2000:
                    started.set()
                if number > 2000:
                    await asyncio.sleep(0.01)

        task = asyncio.ensure_future(access.bulk_create(CUSTOMER, slowly(), batch_size=100))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await access.count(CUSTOMER) == 0
        assert (await access.bulk_create(CUSTOMER, [customer(n) for n in range(100)])).created == 100

    run(database_url, story)


def test_other_work_goes_on_while_one_statement_is_slow(database_url):
    async def story(database):
        access = database.access()
        slow = asyncio.ensure_future(access.execute(endless(database)))
        await asyncio.sleep(0)
        for number in range(20):
            await access.create(CUSTOMER, customer(number))
        assert await access.count(CUSTOMER) == 20
        assert not slow.done()
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow

    run(database_url, story)
