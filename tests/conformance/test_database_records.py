"""Single records and lists, the same on every database."""

import asyncio
import datetime as dt
import math

import pytest

from studio.database import AggregateQuery, Database, ListQuery
from studio.database.errors import locate
from studio.kernel.errors import (
    BadValue,
    CheckViolated,
    DuplicateKey,
    FilterError,
    ForeignKeyViolated,
    KeysUsedUp,
    ManyRecordsMatched,
    ValueRefused,
)
from studio.models import model_from_class
from tests.unit.database.opening import CUSTOMER, ORDER, Changes, Status, run


async def shop(database, orders=0):
    access = database.access()
    await access.create(CUSTOMER, {"id": "c1", "email": "a@x"})
    await access.create(CUSTOMER, {"id": "c2", "email": "b@x"})
    for number in range(orders):
        await access.create(ORDER, {"customer_id": "c1", "amount": number})
    return access


def test_create_gives_the_stored_record_with_every_field(database_url):
    async def story(database):
        before = dt.datetime.now(dt.UTC)
        access = await shop(database)
        order = await access.create(ORDER, {"customer_id": "c1", "note": "ä"})
        assert list(order) == list(ORDER.names)
        assert order["id"] == 1
        assert order["amount"] == 1
        assert order["status"] is Status.NEW
        assert before <= order["created_at"] == order["updated_at"] <= dt.datetime.now(dt.UTC)
        assert await access.read(ORDER, {"id": 1}) == order

    run(database_url, story)


def test_ids_are_kept_made_or_counted_up_as_the_model_says(database_url):
    async def story(database):
        access = await shop(database)
        assert (await access.create(CUSTOMER, {"id": "007", "email": "c@x"}))["id"] == "007"
        assert len((await access.create(CUSTOMER, {"email": "d@x"}))["id"]) == 36
        assert (await access.create(CUSTOMER, {"id": None, "email": "e@x"}))["id"] is not None
        assert (await access.create(ORDER, {"id": 40, "customer_id": "c1"}))["id"] == 40
        assert (await access.create(ORDER, {"customer_id": "c1"}))["id"] == 41
        await access.delete(ORDER, {"id": 41})
        assert (await access.create(ORDER, {"customer_id": "c1"}))["id"] == 42

    run(database_url, story)


@pytest.mark.parametrize(
    ("values", "error", "field"),
    [
        ({"email": "x@x", "nmae": "a"}, ValueRefused, "nmae"),
        ({"name": "a"}, ValueRefused, "email"),
        ({"email": "x@x", "created_at": dt.datetime.now(dt.UTC)}, ValueRefused, "created_at"),
        ({"email": 5}, ValueRefused, "email"),
        ({"id": "new", "email": "a@x"}, DuplicateKey, "email"),
        ({"id": "c1", "email": "new@x"}, DuplicateKey, "id"),
    ],
)
def test_a_create_that_cannot_be_is_refused_by_field_and_changes_nothing(database_url, values, error, field):
    async def story(database):
        access = await shop(database)
        with pytest.raises(error) as caught:
            await access.create(CUSTOMER, values)
        assert caught.value.field == field
        assert caught.value.hint
        assert await access.count(CUSTOMER) == 2

    run(database_url, story)


def test_constraints_are_told_by_field_and_value(database_url):
    async def story(database):
        access = await shop(database, orders=1)
        with pytest.raises(DuplicateKey) as taken:
            await access.update(CUSTOMER, {"id": "c2"}, {"email": "a@x"})
        assert (taken.value.field, taken.value.context["value"]) == ("email", "a@x")
        with pytest.raises(ForeignKeyViolated) as missing:
            await access.create(ORDER, {"customer_id": "nobody"})
        assert missing.value.field == "customer_id"
        assert "'nobody' references a Customer" in missing.value.message
        for refused in (
            access.delete(CUSTOMER, {"id": "c1"}),
            access.delete(CUSTOMER, {"name": "nobody", "email": "a@x"}),
            access.bulk_delete(CUSTOMER, {}),
            access.update(CUSTOMER, {"id": "c1"}, {"id": "c9"}),
        ):
            with pytest.raises(
                ForeignKeyViolated, match="record of Customer is still referenced from orders."
            ) as kept:
                await refused
            assert kept.value.field is None
        with pytest.raises(CheckViolated) as check:
            await access.create(ORDER, {"customer_id": "c1", "amount": -1})
        assert check.value.field == "amount"
        assert "amount >= 0" in check.value.message
        # Nobody knows which of the two was tried, so neither value is blamed; what both have is.
        both = {"id": 1, "customer_id": "c1", "amount": 5}
        with pytest.raises(CheckViolated, match="Order refuses the record: the check amount >= 0"):
            await access.upsert(ORDER, both, {"amount": -1})
        with pytest.raises(CheckViolated, match='Order refuses "amount" -1: the check'):
            await access.upsert(ORDER, {**both, "amount": -1})

    run(database_url, story)


def test_a_unique_index_that_sqlalchemy_has_made_is_known_by_its_name():
    raised = DuplicateKey("Taken.", constraint="ix_customers_email", values=("a@x",))
    error = locate(raised, CUSTOMER)
    assert (error.field, error.context["value"]) == ("email", "a@x")
    assert "Customer has a record with \"email\" 'a@x' already" in error.message


def test_update_gives_the_record_afterwards_and_moves_its_timestamp(database_url):
    async def story(database):
        access = await shop(database, orders=1)
        before = await access.read(ORDER, {"id": 1})
        after = await access.update(ORDER, {"id": 1}, {"amount": {"$inc": 5}, "status": "paid"})
        assert after == {
            **before,
            "amount": before["amount"] + 5,
            "status": Status.PAID,
            "updated_at": after["updated_at"],
        }
        assert after["updated_at"] > before["updated_at"]
        assert await access.update(ORDER, {"id": 99}, {"amount": 1}) is None
        with pytest.raises(FilterError, match="created_at"):
            await access.update(ORDER, {"id": 1}, {"created_at": before["created_at"]})

    run(database_url, story)


def test_an_update_that_is_refused_leaves_its_connection_free(database_url):
    async def story(database):
        access = await shop(database)
        for _ in range(2):
            with pytest.raises(DuplicateKey) as refused:
                await access.update(CUSTOMER, {"id": "c1"}, {"email": "b@x"})
            assert refused.value.field == "email"
        await access.create(CUSTOMER, {"id": "c3", "email": "c@x"})
        other = Database(database_url)
        try:
            assert await other.access().count(CUSTOMER) == 3
        finally:
            await other.close()

    run(database_url, story, pool_size=1, max_overflow=0)


def test_update_and_delete_change_one_record_or_none(database_url):
    async def story(database):
        access = await shop(database, orders=3)
        with pytest.raises(ManyRecordsMatched) as update:
            await access.update(ORDER, {"customer_id": "c1"}, {"amount": 9})
        assert update.value.context["count"] == 3
        assert "BulkUpdate" in update.value.hint
        with pytest.raises(ManyRecordsMatched, match="3 match"):
            await access.delete(ORDER, {"customer_id": "c1"})
        with pytest.raises(ManyRecordsMatched):
            await access.read(ORDER, {"customer_id": "c1"})
        assert await access.count(ORDER, {"amount": 9}) == 0
        assert (await access.update(ORDER, {"amount": {"$gt": 1}}, {"amount": 9}))["amount"] == 9
        assert (await access.delete(ORDER, {"amount": {"$gt": 1}}))["amount"] == 9
        assert await access.delete(ORDER, {"amount": 9}) is None
        assert await access.count(ORDER) == 2

    run(database_url, story)


def test_upsert_says_whether_it_created(database_url):
    async def story(database):
        access = await shop(database)
        made, created = await access.upsert(CUSTOMER, {"id": "c3", "email": "c@x"})
        assert created
        assert made["name"] == "nobody"
        kept, created = await access.upsert(CUSTOMER, {"id": "c3", "email": "cc@x"})
        assert not created
        assert (kept["email"], kept["created_at"]) == ("cc@x", made["created_at"])
        found, created = await access.upsert(CUSTOMER, {"email": "cc@x", "name": "new"})
        assert (found["id"], found["name"], created) == ("c3", "new", False)
        same, created = await access.upsert(CUSTOMER, {"id": "c3", "email": "never@x"}, {})
        assert (same, created) == (found, False)
        changed, _ = await access.upsert(CUSTOMER, {"id": "c3", "email": "z@x"}, {"name": "only this"})
        assert (changed["email"], changed["name"]) == ("cc@x", "only this")
        with pytest.raises(ValueRefused, match="not unique"):
            await access.upsert(CUSTOMER, {"email": "n@x"}, None, "name")
        with pytest.raises(DuplicateKey) as taken:
            await access.upsert(CUSTOMER, {"id": "c3", "email": "a@x"})
        assert taken.value.field == "email"

    run(database_url, story)


def test_upserts_at_the_same_time_make_one_record(database_url):
    async def story(database):
        access = database.access()
        results = await asyncio.gather(
            *(access.upsert(CUSTOMER, {"id": "c", "email": f"{number}@x"}) for number in range(20))
        )
        assert sum(created for _, created in results) == 1
        assert await access.count(CUSTOMER) == 1

    run(database_url, story)


def test_lists_are_pages_that_go_on_by_cursor(database_url):
    async def story(database):
        access = await shop(database)
        rows = [
            {"customer_id": "c1", "amount": number % 7, "note": None if number % 3 else "n"}
            for number in range(50)
        ]
        await access.bulk_create(ORDER, rows)
        for order_by in ([], ["-amount"], ["note", "-amount"], ["-note", "amount"]):
            whole = await access.list(ORDER, ListQuery(order_by=order_by, limit=None))
            assert (len(whole), whole.has_more, whole.cursor) == (50, False, None)
            found, after = [], None
            while True:
                page = await access.list(ORDER, ListQuery(order_by=order_by, limit=8, after=after))
                found += page
                after = page.cursor
                if not page.has_more:
                    break
            assert found == list(whole)
            assert (
                list(await access.list(ORDER, ListQuery(order_by=order_by, limit=5, offset=7))) == found[7:12]
            )

    run(database_url, story)


def test_a_list_of_some_fields_still_knows_how_it_goes_on(database_url):
    async def story(database):
        access = await shop(database, orders=5)
        page = await access.list(ORDER, ListQuery(fields=["amount"], order_by="-id", limit=2))
        assert list(page) == [{"amount": 4}, {"amount": 3}]
        rest = await access.list(
            ORDER, ListQuery(fields=["amount"], order_by="-id", limit=9, after=page.cursor)
        )
        assert list(rest) == [{"amount": 2}, {"amount": 1}, {"amount": 0}]
        assert "SELECT" in page.sql
        assert list(await access.list(ORDER, ListQuery(limit=0))) == []
        with pytest.raises(ValueRefused, match="amuont"):
            await access.list(ORDER, ListQuery(fields=["amuont"]))
        with pytest.raises(ValueRefused, match="limit"):
            await access.list(ORDER, ListQuery(limit=-1))

    run(database_url, story)


@pytest.mark.parametrize("inside", [False, True])
def test_a_stream_gives_everything_in_batches_while_others_write(database_url, inside):
    async def story(database):
        access = await shop(database)
        await access.bulk_create(ORDER, [{"customer_id": "c1", "amount": number} for number in range(1000)])

        async def read_and_write(within):
            sizes = []
            async for batch in within.stream(ORDER, ListQuery(order_by="amount", limit=None), 300):
                sizes.append(len(batch))
                await within.bulk_create(ORDER, [{"customer_id": "c1", "amount": 0}])
            return sizes

        if inside:
            async with database.transaction() as within:
                sizes = await read_and_write(within)
        else:
            sizes = await read_and_write(access)
        assert sizes == [300, 300, 300, 100]
        assert await access.count(ORDER) == 1004

    run(database_url, story)


def test_a_stream_that_is_left_early_leaves_nothing_open(database_url):
    async def story(database):
        access = await shop(database, orders=10)
        rows = access.stream(ORDER, ListQuery(limit=None), 2)
        assert len(await anext(rows)) == 2
        await rows.aclose()
        await access.bulk_delete(ORDER, {})
        assert await access.count(ORDER) == 0

    run(database_url, story)


def test_figures_are_reckoned_by_the_database(database_url):
    async def story(database):
        access = await shop(database, orders=4)
        rows = await access.aggregate(
            ORDER,
            AggregateQuery(
                group_by="customer_id", aggregate={"n": {"$count": "*"}, "sum": {"$sum": "amount"}}
            ),
        )
        assert list(rows) == [{"customer_id": "c1", "n": 4, "sum": 6}]

    run(database_url, story)


class Measure:
    x: float | None = None


def test_no_figure_of_floats_is_infinite(database_url):
    measure = model_from_class(Measure)
    figures = {name: {f"${name}": "x"} for name in ("sum", "avg", "stddev", "max")}

    async def story(database):
        access = database.access()

        async def refused(*values):
            await access.bulk_delete(measure, {})
            await access.bulk_create(measure, [{"x": value} for value in values])
            told = {}
            for name, figure in figures.items():
                for query in (
                    AggregateQuery(aggregate={name: figure}),
                    AggregateQuery(group_by=[], aggregate={name: figure}, having={name: {"$gt": -1e308}}),
                ):
                    try:
                        found = await access.aggregate(measure, query)
                    except BadValue as error:
                        told[name] = error.message
                    else:
                        assert all(math.isfinite(record[name] or 0) for record in found)
            assert set(told.values()) <= {'"x" leaves what a float holds, about 1.8e308.'}
            return set(told)

        assert await refused(1.5e308, 1.5e308) == {"sum", "avg", "stddev"}
        assert await refused(-1.2e308, -1.2e308, 1e308) == {"sum", "avg", "stddev"}
        # Only the squares leave it.
        assert await refused(1e308, -1e308, 5.0) == {"stddev"}
        assert await refused(1.7e308, None) == set()

    run(database_url, story, models=[measure])


def test_a_counter_at_its_end_is_no_full_disk(database_url):
    async def story(database):
        access = database.access()
        await access.create(CUSTOMER, {"id": "c", "email": "c@x"})
        await access.create(ORDER, {"id": 2**63 - 1, "customer_id": "c"})
        for write in (
            lambda: access.create(ORDER, {"customer_id": "c"}),
            lambda: access.bulk_create(ORDER, [{"customer_id": "c"}]),
        ):
            with pytest.raises(KeysUsedUp, match="last") as used_up:
                await write()
            assert "Give the key in the record" in used_up.value.hint
        assert (await access.create(ORDER, {"id": 7, "customer_id": "c"}))["id"] == 7

    run(database_url, story)


def test_a_persons_own_sql_takes_named_parameters(database_url):
    async def story(database):
        access = await shop(database, orders=5)
        rows = await access.execute(
            "SELECT id, amount FROM orders WHERE amount >= :low ORDER BY id", {"low": 2}
        )
        assert list(rows) == [{"id": 3, "amount": 2}, {"id": 4, "amount": 3}, {"id": 5, "amount": 4}]
        cut = await access.execute("SELECT id FROM orders ORDER BY id", max_rows=2)
        assert (list(cut), cut.has_more) == ([{"id": 1}, {"id": 2}], True)
        changed = await access.execute("UPDATE orders SET amount = 0 WHERE id < :id", {"id": 3})
        assert (changed.affected, list(changed)) == (2, [])
        async with database.transaction() as within:
            await within.execute("DELETE FROM orders")
            assert await within.count(ORDER) == 0
            await within.execute("INSERT INTO orders SELECT * FROM orders")
        assert await access.count(ORDER) == 0

    run(database_url, story)


def test_a_recorder_is_told_of_every_change_with_its_images(database_url):
    async def story(database):
        await shop(database)
        changes = Changes()
        access = database.access(changes)
        order = await access.create(ORDER, {"customer_id": "c1", "amount": 1})
        paid = await access.update(ORDER, {"id": 1}, {"status": "paid"})
        await access.update(ORDER, {"id": 99}, {"status": "paid"})
        upserted, _ = await access.upsert(ORDER, {"id": 1, "customer_id": "c1", "amount": 7})
        await access.delete(ORDER, {"id": 1})
        assert changes.told == [
            ("create", "Order", 1, None, order),
            ("update", "Order", 1, order, paid),
            ("update", "Order", 1, paid, upserted),
            ("delete", "Order", 1, upserted, None),
        ]

    run(database_url, story)


def test_the_sql_tab_shows_what_would_run(database_url):
    async def story(database):
        for operation, spec, params in (
            ("create", CUSTOMER, {"email": "a@x"}),
            ("read", ORDER, {"id": 1}),
            ("update", ORDER, {"filter": {"id": 1}, "fields": {"amount": {"$inc": 1}}}),
            ("delete", ORDER, {"id": 1}),
            ("list", ORDER, {"filter": {"amount": {"$gt": 1}}, "order_by": ["-amount"], "limit": 5}),
            ("count", ORDER, {"filter": {"status": "new"}}),
            ("upsert", CUSTOMER, {"id": "a", "email": "a@x"}),
            ("aggregate", ORDER, {"group_by": "status", "aggregate": {"n": {"$count": "*"}}}),
            ("bulk_create", CUSTOMER, {"data": [{"email": "a@x"}]}),
            ("bulk_update", ORDER, {"filter": {"amount": 1}, "update": {"amount": 2}}),
            ("bulk_update", ORDER, {"data": [{"id": 1, "amount": 2}]}),
            ("bulk_delete", ORDER, {"ids": [1, 2]}),
            ("bulk_upsert", CUSTOMER, {"data": [{"id": "a", "email": "a@x"}]}),
        ):
            statements = database.compile(operation, spec, params)
            assert statements, operation
            for statement in statements:
                assert spec.table in statement.sql
                assert statement.params or operation == "aggregate"
        with pytest.raises(FilterError, match="amuont"):
            database.compile("list", ORDER, {"filter": {"amuont": 1}})

    run(database_url, story)


def test_names_that_are_words_of_sql_are_names_all_the_same(database_url):
    class Select:
        order: str
        group: int | None

        __tablename__ = 'table "where"'

    spec = model_from_class(Select)

    async def story(database):
        access = database.access()
        await access.bulk_create(spec, [{"order": "a", "group": 1}, {"order": "b", "group": 2}])
        await access.bulk_update_rows(spec, [{"id": 1, "group": 5}, {"id": 2, "group": 6}])
        await access.bulk_upsert(spec, [{"id": 2, "order": "c"}, {"id": 3, "order": "d"}], return_ids=True)
        rows = await access.list(spec, ListQuery(order_by="-order", fields=["order", "group"]))
        assert [tuple(row.values()) for row in rows] == [("d", None), ("c", 6), ("a", 5)]

    run(database_url, story, models=[spec])
