"""The import of an existing database: a record shop that Studio did not make, on both databases."""

import datetime as dt
from decimal import Decimal

import pytest

from studio.database import ListQuery
from studio.kernel.errors import ValueRefused
from studio.models import Kind
from tests.unit.database.opening import run

MODELS = [
    "Album", "Artist", "Customer", "Employee", "Genre", "Invoice", "InvoiceLine", "MediaType", "Playlist",
    "PlaylistTrack", "Track",
]  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def shop_url(request, chinook_source):
    name = {
        "sqlite": "chinook_sqlite_url",
        "postgresql": "chinook_postgres_url",
        "mysql": "chinook_mysql_url",
    }[request.param]
    return request.getfixturevalue(name)


def explore(url, story):
    async def explored(database):
        return await story(database, {spec.name: spec for spec in await database.reflect()})

    return run(url, explored, models=[])


def named(spec, wanted):
    """A field by its name without capitals and underscores: the two databases spell them differently."""
    return next(field for field in spec.fields if field.name.lower().replace("_", "") == wanted)


def test_every_table_becomes_a_model_with_its_key_types_and_references(shop_url):
    async def story(database, models):
        assert sorted(models) == MODELS
        track, line, invoice = models["Track"], models["PlaylistTrack"], models["Invoice"]
        assert track.key == ("id",)
        assert track["id"].column.lower().replace("_", "") == "trackid"
        assert named(track, "albumid").references == "Album.id"
        assert named(track, "albumid").nullable
        price = named(track, "unitprice")
        assert (price.kind, price.precision, price.scale) == (Kind.DECIMAL, 10, 2)
        assert named(track, "name").max_length == 200
        assert [name.lower().replace("_", "") for name in line.key] == ["playlistid", "trackid"]
        assert (named(invoice, "invoicedate").kind, named(invoice, "invoicedate").naive) == (
            Kind.DATETIME,
            True,
        )
        assert named(models["Employee"], "reportsto").references == "Employee.id"
        assert all(spec.reflected for spec in models.values())
        await database.ensure(models.values())

    explore(shop_url, story)


def test_records_read_as_they_are_stored(shop_url):
    async def story(database, models):
        access, track = database.access(), models["Track"]
        price = named(track, "unitprice").name
        rows = await access.list(track, ListQuery(limit=None))
        assert rows
        assert {type(record[price]) for record in rows} == {Decimal}
        assert all(record[price].as_tuple().exponent == -2 for record in rows)
        cheap = [record for record in rows if record[price] == Decimal("0.99")]
        assert await access.count(track, {price: Decimal("0.99")}) == len(cheap)
        assert await access.count(track, {price: {"$gt": Decimal("0.99")}}) == len(rows) - len(cheap)
        invoice = models["Invoice"]
        when = named(invoice, "invoicedate").name
        first = (await access.list(invoice, ListQuery(limit=1)))[0]
        assert isinstance(first[when], dt.datetime)
        assert first[when].tzinfo is None
        assert await access.count(invoice, {"id": first["id"], when: first[when]}) == 1

    explore(shop_url, story)


def test_what_is_written_compares_with_what_was_there(shop_url):
    async def story(database, models):
        access, track, invoice = database.access(), models["Track"], models["Invoice"]
        price = named(track, "unitprice").name
        first = (await access.list(track, ListQuery(limit=1)))[0]
        before = await access.count(track, {price: Decimal("0.99")})
        after = await access.update(track, {"id": first["id"]}, {price: Decimal("7.77")})
        assert after == {**first, price: Decimal("7.77")}
        raised = await access.update(track, {"id": first["id"]}, {price: {"$inc": Decimal("0.01")}})
        assert raised[price] == Decimal("7.78")
        await access.update(track, {"id": first["id"]}, {price: Decimal("0.99")})
        assert await access.count(track, {price: Decimal("0.99")}) == before + (
            first[price] != Decimal("0.99")
        )
        when = named(invoice, "invoicedate").name
        moment = dt.datetime(2030, 5, 6, 7, 8, 9)  # noqa: DTZ001 - the column has no zone
        bill = (await access.list(invoice, ListQuery(limit=1)))[0]
        assert (await access.update(invoice, {"id": bill["id"]}, {when: moment}))[when] == moment
        assert await access.count(invoice, {when: {"$gte": moment}}) == 1
        with pytest.raises(ValueRefused, match="2 decimal places"):
            await access.update(track, {"id": first["id"]}, {price: Decimal("1.005")})

    explore(shop_url, story)


def test_a_record_with_a_key_of_two_fields_is_read_deleted_and_made_again(shop_url):
    async def story(database, models):
        access, line = database.access(), models["PlaylistTrack"]
        first = (await access.list(line, ListQuery(limit=1)))[0]
        assert await access.read(line, first) == first
        assert await access.delete(line, first) == first
        assert await access.read(line, first) is None
        assert await access.create(line, first) == first
        result = await access.bulk_upsert(line, [first])
        assert (result.created, result.updated) == (0, 1)

    explore(shop_url, story)


def test_new_records_reach_existing_tables(shop_url):
    async def story(database, models):
        access, artist = database.access(), models["Artist"]
        name = named(artist, "name").name
        made = await access.create(artist, {"id": 90_001, name: "New"})
        assert made == {"id": 90_001, name: "New"}
        many = await access.bulk_create(artist, [{"id": 90_100 + n, name: f"New {n}"} for n in range(600)])
        assert many.created == 600
        changed = await access.bulk_update_rows(artist, [{"id": 90_100 + n, name: "Old"} for n in range(600)])
        assert changed.updated == 600
        if artist["id"].generated:
            assert (await access.create(artist, {name: "counted"}))["id"] > 90_699

    explore(shop_url, story)


def test_a_model_may_be_used_without_those_that_it_references(shop_url):
    async def story(database, models):
        await database.ensure([models["Track"]])
        assert await database.access().count(models["Track"]) > 0

    explore(shop_url, story)


def test_a_table_without_a_key_can_be_listed_and_filled(database_url):
    async def story(database):
        await database.access().execute('CREATE TABLE log ("when" TEXT, "4th place" INTEGER)')
        (log,) = await database.reflect()
        assert (log.key, log.names) == ((), ("when", "_4th_place"))
        access = database.access()
        await access.bulk_create(log, [{"when": "a", "_4th_place": 4}, {"when": "b", "_4th_place": None}])
        rows = await access.list(log, ListQuery(limit=1, order_by="when"))
        assert list(rows) == [{"when": "a", "_4th_place": 4}]
        assert rows.has_more
        assert rows.cursor is None

    run(database_url, story, models=[])
