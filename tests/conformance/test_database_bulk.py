"""Many records at once; counts are what the database says, a failure leaves nothing."""

import asyncio
import tracemalloc
import uuid
from urllib.parse import urlsplit

import pytest

from studio.database import ListQuery
from studio.kernel.errors import CheckViolated, DuplicateKey, ForeignKeyViolated, ValueRefused
from studio.models import model_from_class
from tests.unit.database.opening import CUSTOMER, ORDER, Changes, run


def customers(count, start=0):
    return [{"id": f"k{number}", "email": f"{number}@x"} for number in range(start, start + count)]


def orders(count, **values):
    return [{"customer_id": "k0", "amount": number, **values} for number in range(count)]


@pytest.mark.parametrize("count", [0, 1, 2, 499, 500, 2500])
def test_a_bulk_create_counts_what_it_created(database_url, count):
    async def story(database):
        access = database.access()
        result = await access.bulk_create(CUSTOMER, customers(count))
        assert (result.created, result.updated, result.skipped, result.ids) == (count, 0, 0, [])
        assert await access.count(CUSTOMER) == count

    run(database_url, story)


@pytest.mark.parametrize("count", [1, 300, 2500])
def test_ids_come_back_in_the_order_of_the_rows(database_url, count):
    async def story(database):
        access = database.access()
        named = await access.bulk_create(CUSTOMER, customers(count), return_ids=True)
        assert named.ids == [row["id"] for row in customers(count)]
        counted = await access.bulk_create(ORDER, orders(count), return_ids=True)
        found = await access.list(ORDER, ListQuery(limit=None))
        assert {record["id"]: record["amount"] for record in found} == dict(
            zip(counted.ids, range(count), strict=True)
        )
        made = await access.bulk_create(CUSTOMER, [{"email": f"m{n}"} for n in range(3)], return_ids=True)
        assert [len(key) for key in made.ids] == [36, 36, 36]

    run(database_url, story)


def test_rows_of_different_shapes_are_written_together_and_in_order(database_url):
    async def story(database):
        access = database.access()
        await access.bulk_create(CUSTOMER, customers(1))
        rows = [
            {"customer_id": "k0", "amount": 1},
            {"id": 50, "customer_id": "k0", "note": "n"},
            {"customer_id": "k0"},
            {"id": None, "customer_id": "k0", "status": "paid"},
        ]
        result = await access.bulk_create(ORDER, rows, return_ids=True)
        records = [await access.read(ORDER, {"id": key}) for key in result.ids]
        assert result.ids[1] == 50
        assert [record["note"] for record in records] == [None, "n", None, None]
        assert records[0]["amount"] == 1
        after = await access.bulk_create(ORDER, orders(2), return_ids=True)
        assert min(after.ids) > 50

    run(database_url, story)


def test_an_update_of_many_rows_minds_their_shapes_and_the_order_of_those_that_mean_one_record(database_url):
    async def story(database):
        access = database.access()
        await access.bulk_create(CUSTOMER, customers(600))
        shaped = [{"id": f"k{n}", "name": "new"} for n in range(600)]
        shaped[550] = {"id": "k550", "email": "other@x"}
        result = await access.bulk_update_rows(CUSTOMER, shaped)
        assert (result.updated, result.created) == (600, 0)
        records = {record["id"]: record for record in await access.list(CUSTOMER, ListQuery(limit=600))}
        assert records["k550"]["email"] == "other@x"
        assert records["k550"]["name"] != "new"
        assert [record["name"] for record in records.values()].count("new") == 599
        # Wide rows leave gaps in the pages of a table, which narrow ones may fill later.
        twins = [{"id": f"k{n % 600}", "name": f"{n:05}" + "ü" * (n * 37 % 1900)} for n in range(1800)]
        assert (await access.bulk_update_rows(CUSTOMER, twins)).updated == 1800
        found = await access.list(CUSTOMER, ListQuery(limit=600))
        assert {record["id"]: record["name"] for record in found} == {row["id"]: row["name"] for row in twins}

    run(database_url, story)


@pytest.mark.parametrize("as_stream", [False, True])
@pytest.mark.parametrize("within", [False, True])
def test_the_row_at_fault_is_named_and_nothing_is_left(database_url, as_stream, within):
    def given(rows):
        async def stream():
            for row in rows:
                yield row

        return stream() if as_stream else rows

    async def story(database):
        lanes = database.access()
        await lanes.create(CUSTOMER, {"id": "old", "email": "old@x"})

        async def check(access):
            rows = customers(1000)
            rows[730]["email"] = "old@x"
            with pytest.raises(DuplicateKey) as taken:
                await access.bulk_create(CUSTOMER, given(rows), batch_size=100)
            assert (taken.value.row, taken.value.field) == (731, "email")
            assert taken.value.context["value"] == "old@x"
            assert "row 731" in str(taken.value)

            rows = customers(1000)
            rows[730]["email"] = rows[5]["email"]
            with pytest.raises(DuplicateKey) as twin:
                await access.bulk_create(CUSTOMER, given(rows), return_ids=True)
            assert (twin.value.row, twin.value.field) == (731, "email")

            rows = orders(1000, customer_id="old")
            rows[730]["customer_id"] = "nobody"
            with pytest.raises(ForeignKeyViolated) as missing:
                await access.bulk_create(ORDER, given(rows))
            assert (missing.value.row, missing.value.field) == (731, "customer_id")

            rows = orders(1000, customer_id="old")
            rows[730]["amount"] = -5
            with pytest.raises(CheckViolated) as check:
                await access.bulk_create(ORDER, given(rows))
            assert (check.value.row, check.value.field) == (731, "amount")

            rows = orders(1000, customer_id="old")
            rows[730]["amount"] = "many"
            with pytest.raises(ValueRefused) as refused:
                await access.bulk_create(ORDER, given(rows))
            assert (refused.value.row, refused.value.field) == (731, "amount")

            rows = customers(1000)
            rows[730] = None
            with pytest.raises(ValueRefused, match="must be a mapping") as no_row:
                await access.bulk_create(CUSTOMER, given(rows))
            assert no_row.value.row == 731
            assert await access.count(CUSTOMER) == 1
            assert await access.count(ORDER) == 0

        if within:
            async with database.transaction() as access:
                await access.create(CUSTOMER, {"id": "kept", "email": "kept@x"})
                await access.delete(CUSTOMER, {"id": "kept"})
                await check(access)
        else:
            await check(lanes)
        assert (await lanes.bulk_create(CUSTOMER, customers(10))).created == 10

    run(database_url, story)


@pytest.mark.parametrize("count", [10, 1200])
def test_rows_that_exist_are_skipped_and_counted(database_url, count):
    async def story(database):
        access = database.access()
        await access.bulk_create(CUSTOMER, customers(count // 2))
        rows = [*customers(count), {"id": "k0", "email": "again@x"}, {"id": "n", "email": "0@x"}]
        result = await access.bulk_create(CUSTOMER, rows, conflict="skip", return_ids=True)
        new = count - count // 2
        assert (result.created, result.skipped) == (new, len(rows) - new)
        assert result.ids[: count // 2] == [None] * (count // 2)
        assert result.ids[count // 2 : count] == [row["id"] for row in customers(new, count // 2)]
        assert result.ids[count:] == [None, None]
        by_key = await access.bulk_upsert(CUSTOMER, customers(3), conflict="skip", conflict_on="id")
        assert (by_key.created, by_key.skipped) == (0, 3)

    run(database_url, story)


@pytest.mark.parametrize("count", [10, 1200])
def test_an_upsert_updates_what_exists_and_creates_the_rest(database_url, count):
    async def story(database):
        access = database.access()
        await access.bulk_create(CUSTOMER, [{**row, "name": "kept"} for row in customers(count // 2)])
        rows = [{"id": f"other{n}", "email": f"{n}@x"} for n in range(count)]
        for row in rows[: count // 2]:
            del row["id"]
        result = await access.bulk_upsert(CUSTOMER, rows, conflict_on="email", return_ids=True)
        assert (result.created, result.updated) == (count - count // 2, count // 2)
        assert result.ids == [
            *(f"k{n}" for n in range(count // 2)),
            *(f"other{n}" for n in range(count // 2, count)),
        ]
        assert (await access.read(CUSTOMER, {"id": "k0"}))["name"] == "kept"
        twins = [{"id": "t", "email": "t1@x"}, {"id": "u", "email": "u@x"}, {"id": "t", "email": "t2@x"}]
        result = await access.bulk_create(CUSTOMER, twins, conflict="upsert", return_ids=True)
        assert (result.created, result.updated, result.ids) == (2, 1, ["t", "u", "t"])
        assert (await access.read(CUSTOMER, {"id": "t"}))["email"] == "t2@x"
        with pytest.raises(ValueRefused) as blank:
            await access.bulk_upsert(
                CUSTOMER, [{"id": "a", "email": "a"}, {"id": None, "email": "b"}], conflict_on="id"
            )
        assert blank.value.row == 2

    run(database_url, story)


@pytest.mark.parametrize("count", [5, 1500])
def test_an_update_by_key_changes_each_record_and_no_other(database_url, count):
    async def story(database):
        access = database.access()
        await access.bulk_create(CUSTOMER, customers(count + 1))
        rows = [{"id": f"k{n}", "name": f"name {n}"} for n in range(count)]
        rows += [{"id": "nobody", "name": "x"}, {"id": "k0", "name": "last"}]
        result = await access.bulk_update_rows(CUSTOMER, rows)
        assert (result.matched, result.updated) == (count + 1, count + 1)
        assert (await access.read(CUSTOMER, {"id": "k0"}))["name"] == "last"
        assert (await access.read(CUSTOMER, {"id": f"k{count - 1}"}))["name"] == f"name {count - 1}"
        untouched = await access.read(CUSTOMER, {"id": f"k{count}"})
        assert untouched["name"] == "nobody"
        assert untouched["created_at"] == untouched["updated_at"]
        with pytest.raises(ValueRefused, match='needs "id"') as keyless:
            await access.bulk_update_rows(CUSTOMER, [{"id": "k1", "name": "a"}, {"name": "b"}])
        assert keyless.value.row == 2
        with pytest.raises(DuplicateKey) as taken:
            await access.bulk_update_rows(
                CUSTOMER, [{"id": "k1", "email": "n@x"}, {"id": "k2", "email": "3@x"}]
            )
        assert (taken.value.row, taken.value.field) == (2, "email")
        assert (await access.read(CUSTOMER, {"id": "k1"}))["email"] == "1@x"

    run(database_url, story)


def test_more_than_a_thousand_records_change_when_a_filter_says_so(database_url):
    async def story(database):
        access = database.access()
        await access.bulk_create(CUSTOMER, customers(1))
        await access.bulk_create(ORDER, orders(3000))
        result = await access.bulk_update(ORDER, {"amount": {"$gte": 500}}, {"amount": {"$multiply": 2}})
        assert (result.matched, result.updated) == (2500, 2500)
        assert await access.count(ORDER, {"amount": {"$gte": 1000}}) == 2500
        assert (await access.bulk_update(ORDER, {}, {"note": "all"}, limit=7)).updated == 7
        first = await access.list(ORDER, ListQuery(limit=8))
        assert [record["note"] for record in first] == ["all"] * 7 + [None]
        assert await access.bulk_delete(ORDER, {"note": "all"}, limit=5) == 5
        assert await access.bulk_delete(ORDER, ids=[6, 7, 8, 9999]) == 3
        assert await access.bulk_delete(ORDER, {"amount": {"$gte": 0}}) == 2992

    run(database_url, story)


def test_ten_thousand_ids_go_in_one_delete_or_not_at_all(database_url):
    async def story(database):
        access = database.access()
        await access.bulk_create(CUSTOMER, customers(12_000))
        await access.create(ORDER, {"customer_id": "k11999"})
        ids = [row["id"] for row in customers(12_000)]
        with pytest.raises(ForeignKeyViolated, match="still referenced"):
            await access.bulk_delete(CUSTOMER, ids=ids)
        assert await access.count(CUSTOMER) == 12_000
        assert await access.bulk_delete(CUSTOMER, ids=ids[:11_999]) == 11_999

    run(database_url, story)


def test_a_stream_is_written_in_memory_that_does_not_grow(database_url):
    async def story(database):
        access = database.access()
        await access.bulk_create(CUSTOMER, customers(1))
        seen = []

        async def batches(count):
            for _ in range(count):
                yield orders(500, note="x" * 200)
                await asyncio.sleep(0)

        async def peak(count):
            tracemalloc.start()
            try:
                result = await access.bulk_create(
                    ORDER,
                    batches(count),
                    batch_size=500,
                    progress=lambda done, total: seen.append((done, total)),
                )
                assert result.created == 500 * count
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

        await peak(2)
        short, long = await peak(4), await peak(40)
        assert long < short * 2
        assert seen[-1] == (20_000, None)

    run(database_url, story)


def test_rows_may_come_from_a_generator_and_what_is_no_list_of_rows_is_refused(database_url):
    async def story(database):
        access = database.access()
        assert (await access.bulk_create(CUSTOMER, (row for row in customers(7)), batch_size=3)).created == 7
        for wrong in ({"id": "a"}, "rows", 5):
            with pytest.raises(ValueRefused):
                await access.bulk_create(CUSTOMER, wrong)
        with pytest.raises(ValueRefused, match="batch_size"):
            await access.bulk_create(CUSTOMER, customers(1), batch_size=0)
        with pytest.raises(ValueRefused, match="bogus"):
            await access.bulk_create(CUSTOMER, customers(1), conflict="bogus")

    run(database_url, story)


def test_a_stream_that_fails_leaves_nothing(database_url):
    async def story(database):
        access = database.access()

        async def broken():
            yield customers(100)
            raise RuntimeError("the file ended")

        with pytest.raises(RuntimeError, match="the file ended"):
            await access.bulk_create(CUSTOMER, broken(), batch_size=10)
        assert await access.count(CUSTOMER) == 0

    run(database_url, story)


def test_progress_counts_up_to_the_number_of_rows(database_url):
    async def story(database):
        seen = []
        await database.access().bulk_create(
            CUSTOMER, customers(12_000), progress=lambda done, total: seen.append((done, total))
        )
        assert seen == sorted(seen)
        assert len(seen) > 1
        assert seen[-1] == (12_000, 12_000)

    run(database_url, story)


def test_a_model_without_defaults_and_with_a_server_default_is_written_too(database_url):
    from studio.models import FieldSpec, Kind, build_model

    spec = build_model(
        "Counter",
        [FieldSpec(name="hits", kind=Kind.INT, server_default="5"), FieldSpec(name="name", kind=Kind.STR)],
    )

    async def story(database):
        access = database.access()
        assert (await access.create(spec, {"name": "a"}))["hits"] == 5
        result = await access.bulk_create(spec, [{"name": "b"}, {"name": "c", "hits": 9}], return_ids=True)
        assert [(await access.read(spec, {"id": key}))["hits"] for key in result.ids] == [5, 9]

    run(database_url, story, models=[spec])


def test_a_recorder_sees_the_first_changes_and_the_number_of_the_rest(database_url):
    async def story(database):
        changes = Changes()
        access = database.access(changes)
        await access.bulk_create(CUSTOMER, customers(1200))
        assert len(changes.told) == 1000
        assert changes.not_told == {"create": 200}
        operation, name, key, before, after = changes.told[0]
        assert (operation, name, before, after["id"]) == ("create", "Customer", None, key)

        changes.told.clear()
        await access.bulk_upsert(CUSTOMER, [{"id": "k1", "email": "new@x"}, {"id": "z", "email": "z@x"}])
        told = {
            entry[2]: (entry[0], entry[3] and entry[3]["email"], entry[4]["email"]) for entry in changes.told
        }
        assert told == {"k1": ("update", "1@x", "new@x"), "z": ("create", None, "z@x")}

        changes.told.clear()
        await access.bulk_update(CUSTOMER, {"id": "z"}, {"name": "Z"})
        ((operation, _, key, before, after),) = changes.told
        assert (operation, key, before["name"], after["name"]) == ("update", "z", "nobody", "Z")

        changes.told.clear()
        await access.bulk_update_rows(CUSTOMER, [{"id": "z", "name": "ZZ"}])
        ((operation, _, key, before, after),) = changes.told
        assert (operation, key, before["name"], after["name"]) == ("update", "z", "Z", "ZZ")

        changes.told.clear()
        assert await access.bulk_delete(CUSTOMER, {"id": "z"}) == 1
        ((operation, _, key, before, after),) = changes.told
        assert (operation, key, before["name"], after) == ("delete", "z", "ZZ", None)

    run(database_url, story)


@pytest.mark.postgresql
@pytest.mark.parametrize("count", [10, 700])
def test_rows_reach_a_table_under_row_level_security(postgres_url, count):
    """PostgreSQL refuses COPY into such a table."""
    role = f"clerk_{uuid.uuid4().hex[:8]}"

    async def prepare(database):
        for statement in (
            f"CREATE ROLE {role} LOGIN PASSWORD 'pw'",
            f"GRANT ALL ON customers TO {role}",
            "ALTER TABLE customers ENABLE ROW LEVEL SECURITY",
            f"CREATE POLICY own ON customers TO {role} USING (true) WITH CHECK (name <> 'forbidden')",
        ):
            await database.access().execute(statement)

    async def write(database):
        access = database.access()
        result = await access.bulk_create(CUSTOMER, customers(count), return_ids=True)
        assert (result.created, len(result.ids)) == (count, count)
        assert await access.count(CUSTOMER) == count
        rows = customers(count, start=count)
        rows[7]["email"] = "0@x"
        with pytest.raises(DuplicateKey) as taken:
            await access.bulk_create(CUSTOMER, rows)
        assert taken.value.row == 8

    async def clean(database):
        await database.access().execute(f"DROP OWNED BY {role}")
        await database.access().execute(f"DROP ROLE {role}")

    run(postgres_url, prepare)
    try:
        parts = urlsplit(postgres_url)
        run(f"postgresql://{role}:pw@{parts.hostname}:{parts.port}{parts.path}", write, models=[])
    finally:
        run(postgres_url, clean, models=[])


def test_hostile_text_is_written_letter_for_letter_in_bulk(database_url):
    class Note:
        text: str

    spec = model_from_class(Note)
    texts = [
        "SELECT * FROM users",
        "; drop",
        "/* x */",
        "exec(x)",
        "OR 1=1",
        "\\.",
        "\\N",
        "a\tb\nc",
        '"',
        "'",
    ] * 60

    async def story(database):
        access = database.access()
        await access.bulk_create(spec, [{"text": text} for text in texts])
        found = await access.list(spec, ListQuery(limit=None))
        assert [record["text"] for record in found] == texts

    run(database_url, story, models=[spec])


def test_a_stream_or_a_list_may_bring_empty_batches(database_url):
    async def batches():
        for start in (None, 0, None, 2, None):
            yield [] if start is None else customers(2, start=start)

    async def story(database):
        access = database.access()
        assert (await access.bulk_create(CUSTOMER, batches())).created == 4
        assert (await access.bulk_upsert(CUSTOMER, batches())).updated == 4
        assert (await access.bulk_create(CUSTOMER, [[], []])).created == 0
        assert (await access.bulk_update_rows(CUSTOMER, [[]])).updated == 0

    run(database_url, story)
