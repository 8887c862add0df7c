"""All or nothing, savepoints, and lanes that go on meanwhile."""

import asyncio
import contextlib

import pytest

from studio.database import ListQuery
from studio.kernel.errors import Deadlock, DuplicateKey, StatementRefused
from tests.unit.database.opening import CUSTOMER, ORDER, run


def row(number):
    return {"id": f"c{number}", "email": f"{number}@x"}


def test_a_transaction_is_kept_whole_or_undone_whole(database_url):
    async def story(database):
        lanes = database.access()
        async with database.transaction() as access:
            assert access.in_transaction
            await access.create(CUSTOMER, row(1))
            await access.bulk_create(ORDER, [{"customer_id": "c1"}, {"customer_id": "c1"}])
            assert await access.count(ORDER) == 2
        assert await lanes.count(ORDER) == 2
        with pytest.raises(RuntimeError, match="no"):
            async with database.transaction() as access:
                await access.bulk_delete(ORDER, {})
                await access.update(CUSTOMER, {"id": "c1"}, {"name": "changed"})
                raise RuntimeError("no")
        assert await lanes.count(ORDER) == 2
        assert (await lanes.read(CUSTOMER, {"id": "c1"}))["name"] == "nobody"

    run(database_url, story)


def test_what_a_transaction_has_written_is_seen_by_itself_only(database_url):
    async def story(database):
        lanes = database.access()
        async with database.transaction() as access:
            await access.create(CUSTOMER, row(1))
            assert await access.count(CUSTOMER) == 1
            assert await lanes.count(CUSTOMER) == 0
        assert await lanes.count(CUSTOMER) == 1

    run(database_url, story)


def test_a_savepoint_is_undone_alone(database_url):
    async def story(database):
        async with database.transaction() as access:
            await access.create(CUSTOMER, row(1))
            with pytest.raises(DuplicateKey):
                async with access.savepoint() as inner:
                    await inner.create(CUSTOMER, row(2))
                    async with inner.savepoint() as innermost:
                        await innermost.create(CUSTOMER, row(3))
                    await inner.create(CUSTOMER, row(1))
            async with access.savepoint() as kept:
                await kept.create(CUSTOMER, row(4))
        assert [await database.access().count(CUSTOMER, {"id": f"c{n}"}) for n in (1, 2, 3, 4)] == [
            1,
            0,
            0,
            1,
        ]

    run(database_url, story)


def test_a_savepoint_on_lanes_is_a_transaction(database_url):
    async def story(database):
        access = database.access()
        with pytest.raises(RuntimeError):
            async with access.savepoint() as inner:
                assert inner.in_transaction
                await inner.create(CUSTOMER, row(1))
                raise RuntimeError
        assert await access.count(CUSTOMER) == 0

    run(database_url, story)


def test_single_writes_go_on_beside_a_transaction(database_url):
    async def story(database):
        lanes = database.access()
        entered = asyncio.Event()

        async def other():
            await entered.wait()
            return await asyncio.gather(*(lanes.create(CUSTOMER, row(n)) for n in range(100, 130)))

        async def transaction():
            async with database.transaction() as access:
                await access.create(CUSTOMER, row(1))
                entered.set()
                for _ in range(20):
                    await access.count(CUSTOMER)
                await access.create(CUSTOMER, row(2))

        await asyncio.gather(transaction(), other())
        assert await lanes.count(CUSTOMER) == 32

    run(database_url, story)


def test_many_transactions_at_once_all_come_through(database_url):
    async def story(database):
        await database.access().create(CUSTOMER, row(1))

        async def pay(number):
            async with database.transaction() as access:
                await access.create(ORDER, {"customer_id": "c1", "amount": number})
                await access.update(CUSTOMER, {"id": "c1"}, {"name": {"$set": str(number)}})

        async def pay_until_it_is_paid(number):
            # MariaDB locks the whole record that an order references, so that two who pay wait for each other.
            while True:
                with contextlib.suppress(Deadlock):
                    return await pay(number)

        tries = pay_until_it_is_paid if database.dialect == "mysql" else pay
        await asyncio.gather(*(tries(number) for number in range(60)))
        assert await database.access().count(ORDER) == 60

    run(database_url, story)


def test_a_transaction_that_is_over_takes_nothing_more(database_url):
    async def story(database):
        async with database.transaction() as access:
            await access.create(CUSTOMER, row(1))
        with pytest.raises(StatementRefused, match="over"):
            await access.create(CUSTOMER, row(2))
        assert await database.access().count(CUSTOMER) == 1

    run(database_url, story)


def test_a_database_in_memory_lives_as_long_as_it_is_open():
    async def story(database):
        access = database.access()
        await access.bulk_create(CUSTOMER, [row(n) for n in range(500)])
        async with database.transaction() as within:
            await within.create(CUSTOMER, row(1000))
            reading = asyncio.ensure_future(access.count(CUSTOMER))
            await asyncio.sleep(0)
            assert not reading.done()
        assert await reading == 501
        batches = access.stream(CUSTOMER, ListQuery(limit=None), 200)
        assert [len(batch) async for batch in batches] == [200, 200, 101]

    run(":memory:", story)


def test_a_closed_database_opens_again(database_url):
    async def story(database):
        await database.access().create(CUSTOMER, row(1))
        await database.close()
        assert await database.access().count(CUSTOMER) == 1

    run(database_url, story)


def test_whoever_is_at_work_in_a_file_when_it_is_closed_goes_on(sqlite_url):
    async def story(database):
        access = database.access()

        async def several():
            for number in range(10):
                await access.create(CUSTOMER, row(100 + number))
                await access.count(CUSTOMER)

        async with database.transaction() as within:
            await within.create(CUSTOMER, row(1))
            beside = asyncio.ensure_future(several())
            await database.close()
            assert within.can_go_on
            await within.create(CUSTOMER, row(2))
        while not beside.done():
            await database.close()
            await asyncio.sleep(0)
        await beside
        assert await access.count(CUSTOMER) == 12

    run(sqlite_url, story)
