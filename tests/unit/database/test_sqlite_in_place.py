"""Brief statements of SQLite on the loop's own thread: which are run there, which are not, and what must hold all the same."""

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from studio.database import Database, DatabaseOptions, ListQuery, sqlite_in_place
from studio.database.dialect import Brief, Short
from studio.database.pages import page
from studio.database.plans import ModelPlans
from studio.database.sqlite import SqliteEngine
from studio.database.sqlite_dialect import SqliteDialect
from studio.database.sqlite_in_place import IN_A_ROW
from studio.kernel.errors import DuplicateKey, LockTimeout
from studio.models import model_from_class

WHERE_IT_RAN = Brief("SELECT thread()")
COUNTING = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"


class Note:
    id: int
    text: str


NOTE = model_from_class(Note)


def on_engine(url, story, **options):
    """The story on an open engine whose connections have `thread()`: the number of the thread they are used on."""

    async def main():
        engine = SqliteEngine(url, DatabaseOptions(**options))
        try:
            await engine.lanes.change("CREATE TABLE notes (id INTEGER PRIMARY KEY, text)")
            await engine.lanes.read("SELECT 1")
            for worker in (engine.writer, *engine.readers):
                assert worker.resource is not None
                worker.resource.create_function("thread", 0, threading.get_ident)
            return await story(engine, engine.lanes)
        finally:
            await engine.close()

    return asyncio.run(main())


@pytest.fixture(params=["file", "memory"])
def url(request, tmp_path):
    return f"sqlite:///{tmp_path / 'notes.db'}" if request.param == "file" else ":memory:"


async def places(session, number, sql=WHERE_IT_RAN):
    """For each time that the statement is run, whether that was on the loop's own thread."""
    here = threading.get_ident()
    return [(await session.read(sql))[0][0] == here for _ in range(number)]


def test_a_brief_read_is_run_where_it_is_asked_and_any_other_on_its_thread(url):
    async def story(engine, lanes):
        assert True in await places(lanes, 3)
        assert await places(lanes, 3, "SELECT thread()") == [False] * 3

    on_engine(url, story)


def test_now_and_then_one_goes_by_the_thread_so_that_others_have_their_turn(url):
    async def story(engine, lanes):
        turns = 0

        async def other():
            nonlocal turns
            while True:
                await asyncio.sleep(0)
                turns += 1

        task = asyncio.ensure_future(other())
        await asyncio.sleep(0)
        ran_here = await places(lanes, 4 * IN_A_ROW)
        task.cancel()
        assert ran_here.count(False) >= 3
        assert turns >= 3

    on_engine(url, story)


def test_an_endless_row_of_brief_reads_can_be_cancelled(url):
    async def story(engine, lanes):
        async def for_ever():
            while True:
                await lanes.read(WHERE_IT_RAN)

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(for_ever(), 0.01)

    on_engine(url, story)


def test_a_statement_that_is_long_after_all_is_ended_and_done_on_the_thread(url):
    long = Brief(f"{COUNTING} SELECT thread(), max(i) FROM n")

    async def story(engine, lanes):
        assert await places(lanes, 3, long) == [False] * 3
        assert (await lanes.read(long))[0][1] == 20000

    on_engine(url, story)


def test_a_list_of_few_is_run_in_place_as_long_as_it_takes_no_time(url, monkeypatch):
    few = Short(f"{COUNTING} SELECT thread(), max(i) FROM n")
    monkeypatch.setattr(sqlite_in_place, "_SLOW_S", 60.0)

    async def story(engine, lanes):
        monkeypatch.setattr(sqlite_in_place, "_SHORT_S", 60.0)
        ran_here = await places(lanes, 2 * IN_A_ROW, few)
        assert ran_here.count(True) > ran_here.count(False) >= 2 * IN_A_ROW // 5
        monkeypatch.setattr(sqlite_in_place, "_SHORT_S", 0.0)
        assert await places(lanes, 20, few) == [False] * 20
        assert (await lanes.read(few))[0][1] == 20000
        monkeypatch.setattr(sqlite_in_place, "_SHORT_S", 60.0)
        assert True in await places(lanes, 20, few)

    on_engine(url, story)


def test_lists_with_a_small_limit_are_short_and_others_are_not():
    plans = ModelPlans(NOTE, SqliteDialect())
    texts = [page(plans, ListQuery(limit=limit)).ready.plan.sql for limit in (10, 1_000, 1_001, None)]
    assert [text.__class__ is Short for text in texts] == [True, True, False, False]


def test_a_write_that_is_ended_for_its_length_is_done_once(url):
    async def story(engine, lanes):
        await lanes.change("CREATE TABLE tally (i)")
        await lanes.change(
            "CREATE TRIGGER many AFTER INSERT ON notes BEGIN"
            " INSERT INTO tally SELECT a.value FROM json_each('[1,2,3,4,5,6,7,8,9]') a, json_each('[1,2,3,4,5,6,7,8,9]') b,"
            " json_each('[1,2,3,4,5,6,7,8,9]') c; END"
        )
        for number in range(3):
            rows = await lanes.write(
                Brief("INSERT INTO notes VALUES (?, ?) RETURNING id, thread()"), (number, "")
            )
            assert (rows[0][0], rows[0][1] == threading.get_ident()) == (number, False)
        assert await lanes.read("SELECT (SELECT count(*) FROM notes), (SELECT count(*) FROM tally)") == [
            (3, 3 * 729)
        ]

    on_engine(url, story)


def test_a_refused_write_says_why_and_leaves_nothing(url):
    async def story():
        database = Database(url)
        try:
            await database.ensure([NOTE])
            access = database.access()
            await access.create(NOTE, {"id": 1, "text": "a"})
            for _ in range(3):
                with pytest.raises(DuplicateKey) as refused:
                    await access.create(NOTE, {"id": 1, "text": "b"})
                assert refused.value.field == "id"
            assert [record["text"] for record in await access.execute("SELECT text FROM notes")] == ["a"]
        finally:
            await database.close()

    asyncio.run(story())


def test_full_durability_waits_for_the_disk_so_no_write_is_done_in_place(tmp_path):
    async def story(engine, lanes):
        for number in range(5):
            rows = await lanes.write(
                Brief("INSERT INTO notes VALUES (?, ?) RETURNING thread()"), (number, "")
            )
            assert rows[0][0] != threading.get_ident()

    on_engine(f"sqlite:///{tmp_path / 'notes.db'}", story, synchronous="FULL")


def test_within_a_transaction_everything_is_done_on_the_thread(url):
    async def story(engine, lanes):
        async with engine.transaction() as session:
            assert await places(session, 3) == [False] * 3

    on_engine(url, story)


def test_waiting_for_another_program_stops_nobody_else(tmp_path):
    path = tmp_path / "notes.db"

    async def story(engine, lanes):
        insert = Brief("INSERT INTO notes VALUES (?, ?) RETURNING id")
        for number in range(5):
            await lanes.write(insert, (number, ""))
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        task = asyncio.ensure_future(lanes.write(insert, (10, "")))
        for _ in range(5):  # the loop goes on, and readers read
            await asyncio.sleep(0)
            assert (await lanes.read(Brief("SELECT count(*) FROM notes")))[0][0] == 5
        assert not task.done()
        other.execute("COMMIT")
        other.close()
        assert await task == [(10,)]

    on_engine(f"sqlite:///{path}", story, lock_timeout_s=60)


def test_a_lock_that_stays_is_told_when_the_time_is_up(tmp_path):
    path = tmp_path / "notes.db"

    async def story(engine, lanes):
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LockTimeout):
            await lanes.write(Brief("INSERT INTO notes VALUES (1, '')"))
        other.close()

    on_engine(f"sqlite:///{path}", story, lock_timeout_s=0.05)


def test_the_journal_is_moved_into_the_file_on_the_thread_only_and_stays_small(tmp_path: Path):
    path = tmp_path / "notes.db"

    async def story(engine, lanes):
        insert = Brief("INSERT INTO notes VALUES (?, ?) RETURNING id")
        for number in range(1500):
            await lanes.write(insert, (number, "x" * 4000))
        async with engine.transaction() as session:
            await session.change("DELETE FROM notes WHERE id = 0")
        return engine.writer.resource.execute("PRAGMA wal_autocheckpoint").fetchone()[0], path.with_name(
            "notes.db-wal"
        ).stat().st_size

    pages_in_place, size = on_engine(f"sqlite:///{path}", story)
    assert pages_in_place == 0
    assert size < 6_000_000
