"""Are encrypted fields unreadable in the database, readable through every node, and found by equality, on every database?"""

import base64
import datetime as dt
import secrets
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any

import pytest

from studio import DataFlow, Field
from studio.kernel.errors import BuildError, EncryptionFailed, ModelError, StudioError
from tests.conformance.asking import one

OLD, NEW = "cd" * 32, secrets.token_urlsafe(32)


class Card:
    id: int
    owner: str
    number: Annotated[str, Field(max_length=30)]
    pin: int | None = None
    limit_: Decimal | None = None
    extras: dict[str, Any] | None = None
    since: dt.datetime | None = None
    tag: uuid.UUID | None = None

    __dataflow__ = {  # noqa: RUF012 - as models are written
        "versioned": True,
        "encryption": {
            "fields": ["number", "pin", "limit_", "extras", "since", "tag"],
            "key_rotation": True,
            "algorithm": "AES-256-GCM",
        },
    }


FULL = {
    "owner": "Ada",
    "number": "4111 1111 ünï",
    "pin": 1234,
    "limit_": Decimal("12.50"),
    "extras": {"a": [1, None], "b": "secret"},
    "since": dt.datetime(2025, 1, 2, 3, 4, 5, 6, tzinfo=dt.UTC),
    "tag": uuid.UUID(int=7),
}


@pytest.fixture
def db(database_url: str) -> Iterator[DataFlow]:
    with DataFlow(database_url, models=[Card], encryption_key=OLD) as opened:
        yield opened


def stored(db: DataFlow) -> list[dict[str, Any]]:
    return list(one(db, "SQL", {"sql": "SELECT * FROM cards ORDER BY id"}))


def test_values_come_back_and_nothing_of_them_is_in_the_table(db: DataFlow) -> None:
    made = one(db, "CardCreateNode", FULL)
    one(db, "CardBulkCreateNode", {"data": [FULL, {"owner": "Bob", "number": "4111 1111 ünï"}]})
    read = one(db, "CardReadNode", {"id": made["id"]})
    assert {name: read[name] for name in FULL} == FULL
    assert str(read["limit_"]) == "12.50"
    assert "number_digest" not in read
    listed = one(db, "CardListNode", {"order_by": "id", "fields": ["number", "pin"]})
    assert listed == [{"number": FULL["number"], "pin": 1234}] * 2 + [{"number": FULL["number"], "pin": None}]
    rows = stored(db)
    assert len({row["number"] for row in rows}) == 3 and len({row["number_digest"] for row in rows}) == 1
    assert {type(row["number"]) for row in rows} == {bytes}
    assert rows[2]["pin"] is None and rows[2]["pin_digest"] is None
    everything = b"".join(value for row in rows for value in row.values() if isinstance(value, bytes))
    assert b"4111" not in everything and b"secret" not in everything and "ünï".encode() not in everything


def test_secrets_are_found_by_equality_and_changed_by_every_node(db: DataFlow) -> None:
    one(db, "CardBulkCreateNode", {"data": [{**FULL, "number": number} for number in "123"]})
    one(db, "CardCreateNode", {"owner": "Bob", "number": "9"})

    def owners(filter: dict[str, Any]) -> int:
        count: int = one(db, "CardCountNode", {"filter": filter})["count"]
        return count

    for filter, number in (
        ({"number": "1"}, 1), ({"number": ["1", "2"]}, 2), ({"number": {"$ne": "1"}}, 3),
        ({"number": {"$nin": ["1", "9"]}}, 2), ({"pin": {"$in": [1234, None]}}, 4), ({"pin": None}, 1),
        ({"pin": {"$exists": True}}, 3), ({"limit_": Decimal("12.5")}, 3), ({"extras": {"b": "secret", "a": [1, None]}}, 3),
        ({"$or": [{"number": "9"}, {"since": FULL["since"], "number": {"$not": {"$eq": "1"}}}]}, 3),
        ({"tag": str(FULL["tag"]), "owner": "Ada"}, 3), ({"number": "none"}, 0),
    ):  # fmt: skip
        assert owners(filter) == number, filter
    assert (
        one(db, "CardUpdateNode", {"filter": {"number": "1"}, "fields": {"number": "1b", "pin": None}})[
            "number"
        ]
        == "1b"
    )
    assert owners({"number": "1b", "pin": None}) == 1
    one(
        db,
        "CardBulkUpdateNode",
        {"filter": {"number": {"$in": ["2", "3"]}}, "update": {"$set": {"pin": 1}, "$unset": {"tag": True}}},
    )
    assert owners({"pin": 1, "tag": None}) == 2
    ids = [card["id"] for card in one(db, "CardListNode", {"order_by": "id"})]
    one(db, "CardBulkUpdateNode", {"data": [{"id": ids[0], "number": "n0"}, {"id": ids[1], "number": "n1"}]})
    one(db, "CardUpsertNode", {"id": ids[2], "owner": "Ada", "number": "n2"})
    one(db, "CardBulkUpsertNode", {"data": [{"id": ids[3], "owner": "Bob", "number": "n3"}]})
    assert [card["number"] for card in one(db, "CardListNode", {"order_by": "id"})] == [
        "n0",
        "n1",
        "n2",
        "n3",
    ]
    assert one(db, "CardDeleteNode", {"filter": {"number": "n3"}})["deleted"] == 1
    assert one(db, "CardBulkDeleteNode", {"filter": {"number": ["n0", "n1"]}})["deleted"] == 2


def test_the_newest_key_writes_and_all_read(database_url: str) -> None:
    with DataFlow(database_url, models=[Card], encryption_key=OLD) as db:
        one(db, "CardCreateNode", {"owner": "old", "number": "1"})
    with DataFlow(database_url, models=[Card], encryption_key=[NEW, OLD]) as db:
        one(db, "CardCreateNode", {"owner": "new", "number": "1"})
        assert one(db, "CardCountNode", {"filter": {"number": "1"}})["count"] == 2
        assert one(db, "CardCountNode", {"filter": {"number": {"$ne": "1"}}})["count"] == 0
        assert len({row["number_digest"] for row in stored(db)}) == 2
        one(db, "CardUpdateNode", {"filter": {"owner": "old"}, "fields": {"number": "1"}})
    with DataFlow(database_url, models=[Card], encryption_key=NEW) as db:
        assert [card["number"] for card in one(db, "CardListNode", {"order_by": "id"})] == ["1", "1"]
    words = r"Card.number was encrypted under another key.*DATAFLOW_ENCRYPTION_KEY"
    with (
        DataFlow(database_url, models=[Card], encryption_key="ef" * 32) as db,
        pytest.raises(EncryptionFailed, match=words),
    ):
        one(db, "CardListNode")


def test_a_key_may_stand_in_the_environment_and_never_shows(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with DataFlow(sqlite_url, models=[Card]) as db:
        with pytest.raises(EncryptionFailed, match="no key for them.*encryption_key"):
            one(db, "CardCountNode")
        monkeypatch.setenv("DATAFLOW_ENCRYPTION_KEY", f"{NEW}, {OLD}")
        one(db, "CardCreateNode", {"owner": "x", "number": "1"})
        assert one(db, "CardReadNode", {"filter": {"number": "1"}})["owner"] == "x"
        assert NEW not in repr(vars(db)) and NEW not in repr(
            db.database.compile("list", db.models["Card"], {})
        )
    wrong = "not-a-key-" + "x" * 8
    with pytest.raises(StudioError, match="32 bytes.*token_urlsafe") as refused:
        DataFlow(sqlite_url, encryption_key=wrong)
    assert wrong not in str(refused.value)
    with DataFlow(sqlite_url, encryption_key=base64.b64encode(b"k" * 32).decode()) as db:
        assert "encryption_key" not in repr(db.config)


def test_what_was_moved_or_changed_in_the_database_is_noticed(sqlite_url: str) -> None:
    with DataFlow(sqlite_url, models=[Card], encryption_key=OLD) as db:
        one(db, "CardCreateNode", {"owner": "x", "number": "1", "pin": 2})
        for sql, words in (
            ("UPDATE cards SET pin = number", "cannot be decrypted"),
            ("UPDATE cards SET number = 'plain'", "not encrypted by Studio"),
        ):
            one(db, "SQL", {"sql": sql})
            with pytest.raises(EncryptionFailed, match=words):
                one(db, "CardListNode")


@pytest.mark.parametrize(
    ("type_name", "params"),
    [
        ("CardListNode", {"filter": {"pin": {"$gt": 3}}}),
        ("CardListNode", {"filter": {"number": {"$like": "4%"}}}),
        ("CardListNode", {"filter": {"extras.b": "secret"}}),
        ("CardListNode", {"order_by": "-number"}),
        ("CardUpdateNode", {"id": 1, "fields": {"pin": {"$inc": 1}}}),
        ("CardUpdateNode", {"id": 1, "fields": {"extras.b": 1}}),
        ("CardAggregateNode", {"group_by": "number", "aggregate": {"n": {"$count": "*"}}}),
        *(
            ("CardAggregateNode", {"aggregate": {"n": {function: "pin"}}})
            for function in ("$max", "$sum", "$avg", "$stddev", "$count_distinct")
        ),
        ("CardAggregateNode", {"filter": {"number": "1"}, "aggregate": {"n": {"$count": "*"}}}),
        ("CardAggregateNode", {"pipeline": [{"$limit": 3}]}),
    ],
)
def test_anything_but_equality_is_refused_before_the_run(
    sqlite_url: str, type_name: str, params: dict[str, Any]
) -> None:
    with (
        DataFlow(sqlite_url, models=[Card], encryption_key=OLD) as db,
        pytest.raises(BuildError, match="the field is encrypted, and only equality"),
    ):
        one(db, type_name, params)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"fields": ["numbr"]}, "unknown field 'numbr'.*number"),
        ({"fields": ["mail"]}, "'mail' is encrypted and cannot be unique"),
        ({"fields": ["id"]}, "cannot be the key"),
        ({"fields": ["number"], "algorithm": "ROT13"}, "no encryption algorithm 'ROT13'.*AES-256-GCM"),
        ({"fields": ["number"], "key_rotation": "yes"}, "key_rotation is true or false"),
        ({"fields": ["note"]}, "the index 'by_note' names the encrypted field 'note'"),
        ({"feilds": ["number"]}, "no part 'feilds'.*fields"),
        (["number"], "is a mapping of fields"),
    ],
)
def test_what_could_not_work_is_refused_when_it_is_declared(
    sqlite_url: str, options: Any, words: str
) -> None:
    with DataFlow(sqlite_url) as db, pytest.raises(ModelError, match=words):

        @db.model
        class Person:
            number: str
            mail: Annotated[str, Field(unique=True)]
            note: str = ""
            __indexes__ = ({"name": "by_note", "fields": ["note"]},)
            __dataflow__ = {"encryption": options}  # noqa: RUF012
