"""Do `soft_delete` and `versioned` hold for every node of a model, single and bulk, on every database?"""

from collections.abc import Iterator
from typing import Annotated, Any

import pytest

from studio import DataFlow, Field, LocalRuntime
from studio.kernel.errors import BuildError, DuplicateKey, ModelError, SchemaDiffers, StaleRecord
from studio.runtime.events import NodeProgressed
from tests.conformance.asking import one, single


class Note:
    id: str
    email: Annotated[str | None, Field(unique=True)] = None
    text: str = ""
    likes: int = 0

    __dataflow__ = {"soft_delete": True, "versioned": True}  # noqa: RUF012 - as models are written


@pytest.fixture
def db(database_url: str) -> Iterator[DataFlow]:
    with DataFlow(database_url, models=[Note]) as opened:
        yield opened


def ids(db: DataFlow, **params: Any) -> list[str]:
    return [note["id"] for note in one(db, "NoteListNode", {"order_by": "id", **params})]


def test_deleted_records_are_hidden_from_everything_that_does_not_ask_for_them(db: DataFlow) -> None:
    one(db, "NoteBulkCreateNode", {"data": [{"id": name, "email": f"{name}@b.c"} for name in "abcde"]})
    gone = one(db, "NoteDeleteNode", {"id": "a"})
    assert gone == {"deleted": 1, "id": "a"}
    assert gone.extra["deleted_at"] is not None
    assert one(db, "NoteBulkDeleteNode", {"filter": {"id": {"$in": ["a", "b", "c"]}}, "limit": 1}) == {
        "deleted": 1
    }
    assert one(db, "NoteBulkDeleteNode", {"ids": ["a", "c"]}) == {"deleted": 1}
    everything = {"include_deleted": True}
    assert (ids(db), ids(db, **everything)) == (["d", "e"], list("abcde"))
    assert one(db, "NoteReadNode", {"id": "a", "if_missing": "null"}) is None
    assert one(db, "NoteReadNode", {"id": "a", **everything})["deleted_at"] is not None
    assert one(db, "NoteCountNode") == {"count": 2}
    assert one(db, "NoteCountNode", {"filter": {"deleted_at": {"$null": False}}, **everything}) == {
        "count": 3
    }
    figures = {"aggregate": {"n": {"$count": "*"}}}
    assert one(db, "NoteAggregateNode", figures) == [{"n": 2}]
    assert one(db, "NoteAggregateNode", {**figures, **everything}) == [{"n": 5}]
    assert (
        one(db, "NoteAggregateNode", {"pipeline": [{"$group": {"_id": None, "n": {"$count": "*"}}}]})[0]["n"]
        == 2
    )
    assert one(db, "NoteUpdateNode", {"id": "a", "fields": {"text": "x"}, "if_missing": "null"}) is None
    assert one(db, "NoteBulkUpdateNode", {"filter": {}, "update": {"text": "x"}}) == {
        "matched": 2,
        "updated": 2,
    }
    rows = [{"id": "a", "text": "y"}, {"id": "d", "text": "y"}]
    assert one(db, "NoteBulkUpdateNode", {"data": rows})["updated"] == 1
    assert one(db, "NoteDeleteNode", {"id": "a", "if_missing": "null"}) == {"deleted": 0, "id": "a"}
    assert [n["text"] for n in one(db, "NoteListNode", {"order_by": "id", **everything})] == [
        "",
        "",
        "",
        "y",
        "x",
    ]


def test_what_is_unique_stays_taken_and_the_error_says_that_a_deleted_record_has_it(db: DataFlow) -> None:
    one(db, "NoteBulkCreateNode", {"data": [{"id": "a", "email": "a@b.c"}, {"id": "b"}]})
    one(db, "NoteDeleteNode", {"id": "a"})
    for type_name, params, field in (
        ("NoteCreateNode", {"id": "a"}, "id"),
        ("NoteCreateNode", {"id": "n", "email": "a@b.c"}, "email"),
        ("NoteUpdateNode", {"id": "b", "fields": {"email": "a@b.c"}}, "email"),
        ("NoteUpsertNode", {"id": "a", "text": "x"}, "id"),
        ("NoteBulkCreateNode", {"data": [{"id": "m"}, {"id": "a"}]}, "id"),
        ("NoteBulkUpsertNode", {"data": [{"id": "m"}, {"id": "a"}]}, "id"),
        ("NoteBulkUpsertNode", {"data": [{"id": "m"}, {"id": "a"}], "conflict_resolution": "skip"}, "id"),
    ):
        with pytest.raises(DuplicateKey, match="deleted record with") as taken:
            one(db, type_name, params)
        assert taken.value.field == field
        assert taken.value.row == (2 if "Bulk" in type_name else None)
    with pytest.raises(DuplicateKey, match="Note has a record with"):
        one(db, "NoteCreateNode", {"id": "b"})
    assert ids(db) == ["b"]


def test_each_change_counts_the_version_in_the_database(db: DataFlow) -> None:
    assert one(db, "NoteCreateNode", {"id": "a"})["version"] == 1
    assert one(db, "NoteUpdateNode", {"id": "a", "fields": {"likes": {"$inc": 1}}})["version"] == 2
    assert one(db, "NoteUpsertNode", {"id": "a", "text": "x"})["version"] == 3
    one(db, "NoteBulkUpdateNode", {"filter": {}, "update": {"text": "y"}})
    one(db, "NoteBulkUpdateNode", {"data": [{"id": "a", "text": "z"}]})
    rows = [{"id": "a", "text": "1"}, {"id": "b"}, {"id": "a", "text": "2"}]
    made = one(db, "NoteBulkUpsertNode", {"data": rows, "return_ids": True})
    assert made == {"created": 1, "updated": 2, "skipped": 0, "ids": ["a", "b", "a"]}
    assert [(n["id"], n["version"], n["text"]) for n in one(db, "NoteListNode", {"order_by": "id"})] == [
        ("a", 7, "2"), ("b", 1, ""),
    ]  # fmt: skip


def test_a_change_of_a_record_that_has_moved_on_is_refused(db: DataFlow) -> None:
    one(db, "NoteBulkCreateNode", {"data": [{"id": "a"}, {"id": "b"}]})
    assert one(db, "NoteUpdateNode", {"id": "a", "version": 1, "fields": {"text": "x"}})["version"] == 2
    rows = [{"id": "b", "version": 1, "text": "x"}, {"id": "a", "version": 1, "text": "x"}]
    for type_name, params, row in (
        ("NoteUpdateNode", {"id": "a", "version": 1, "fields": {"text": "y"}}, None),
        ("NoteDeleteNode", {"filter": {"id": "a"}, "version": 1}, None),
        ("NoteUpdateNode", {"filter": {"id": "a", "version": 1}, "fields": {"text": "y"}}, None),
        ("NoteDeleteNode", {"filter": {"text": "x", "version": 1}}, None),
        ("NoteBulkUpdateNode", {"data": rows}, 2),
    ):
        with pytest.raises(StaleRecord, match="at version 2, not 1.*Read it again") as stale:
            one(db, type_name, params)
        assert stale.value.row == row
        result = LocalRuntime().run(single(db, type_name, params), mode="dry")
        assert isinstance(result.error, StaleRecord)
    either = {"filter": {"id": "a", "version": 1}, "if_missing": "null"}
    assert one(db, "NoteUpdateNode", {**either, "fields": {"text": "y"}}) is None
    assert one(db, "NoteDeleteNode", either)["deleted"] == 0
    assert one(db, "NoteBulkUpdateNode", {"data": [{**row, "version": None} for row in rows]})["updated"] == 2
    assert one(db, "NoteDeleteNode", {"id": "a", "version": 3})["deleted"] == 1
    assert (
        one(db, "NoteUpdateNode", {"id": "zz", "version": 3, "fields": {"text": "y"}, "if_missing": "null"})
        is None
    )


def test_a_dry_run_shows_what_would_be_deleted(db: DataFlow) -> None:
    one(db, "NoteBulkCreateNode", {"data": [{"id": "a"}, {"id": "b"}]})
    for type_name, params in (("NoteDeleteNode", {"id": "a"}), ("NoteBulkDeleteNode", {"ids": ["a"]})):
        result = LocalRuntime().run(single(db, type_name, params), mode="dry")
        assert result.changes is not None
        (entry,) = result.changes.entries
        assert (entry.operation, entry.key, entry.after) == ("delete", "a", None)
        assert entry.before is not None and entry.before["deleted_at"] is None
    assert ids(db) == ["a", "b"]


def test_fields_that_options_add_are_refused_in_params_and_shown_in_records(sqlite_url: str) -> None:
    with DataFlow(sqlite_url, models=[Note]) as db:
        assert list(one(db, "NoteCreateNode", {"id": "a"}))[-4:] == [
            "created_at",
            "updated_at",
            "deleted_at",
            "version",
        ]
        for type_name, params in (
            ("NoteCreateNode", {"version": 3}),
            ("NoteUpdateNode", {"id": "a", "fields": {"deleted_at": None}}),
            ("NoteBulkCreateNode", {"data": [{"version": 3}]}),
        ):
            with pytest.raises(BuildError, match="kept by Studio"):
                one(db, type_name, params)
        with pytest.raises(ModelError, match="'version' is kept by Studio"):

            @db.model
            class Strange:
                version: str
                __dataflow__ = {"versioned": True}  # noqa: RUF012

        with pytest.raises(ModelError, match="true or false, not 'yes'"):

            @db.model
            class Stranger:
                __dataflow__ = {"versioned": "yes"}  # noqa: RUF012


def test_a_model_without_options_has_no_params_for_them(sqlite_url: str) -> None:
    class Plain:
        name: str
        version: int = 7

    with DataFlow(sqlite_url, models=[Plain]) as db:
        made = one(db, "PlainCreateNode", {"name": "x", "version": 3})
        assert one(db, "PlainUpdateNode", {"id": made["id"], "version": 4})["version"] == 4
        with pytest.raises(BuildError, match="no param 'include_deleted'"):
            one(db, "PlainListNode", {"include_deleted": True})


def test_a_bulk_write_of_records_that_are_looked_at_tells_how_far_it_is(sqlite_url: str) -> None:
    with DataFlow(sqlite_url, models=[Note]) as db:
        told: list[Any] = []
        rows = [{"id": str(number)} for number in range(1100)]
        runtime = LocalRuntime(on_event=told.append)
        runtime.execute(single(db, "NoteBulkUpsertNode", {"data": rows}))
        assert [(e.done, e.total) for e in told if isinstance(e, NodeProgressed)][-1] == (1100, 1100)


def test_options_may_be_added_to_a_model_that_has_records(database_url: str) -> None:
    class Plain:
        id: str
        __tablename__ = "notes"

    class Careful:
        id: str
        __tablename__ = "notes"
        __dataflow__ = {"soft_delete": True, "versioned": True}  # noqa: RUF012

    class Owned(Careful):
        id: str
        __tablename__ = "notes"
        __dataflow__ = {"multi_tenant": True}  # noqa: RUF012

    with DataFlow(database_url, models=[Plain]) as db:
        one(db, "PlainCreateNode", {"id": "a"})
    with DataFlow(database_url, models=[Careful]) as db:
        assert one(db, "CarefulReadNode", {"id": "a"})["version"] == 1
        one(db, "CarefulDeleteNode", {"id": "a", "version": 1})
        assert one(db, "CarefulListNode") == []
    with (
        DataFlow(database_url, models=[Owned]) as db,
        pytest.raises(SchemaDiffers, match="'tenant_id'.*cannot be added"),
    ):
        one(db, "OwnedCountNode", tenant="acme")
