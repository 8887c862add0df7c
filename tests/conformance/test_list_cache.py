"""A kept list is given again while it is fresh, to whoever asks for the same, and to nobody after a write."""

from collections.abc import Iterator
from typing import Annotated, Any

import pytest

from studio import DataFlow, Field, LocalRuntime, TenantContext, WorkflowBuilder
from studio.database.list_cache import ListCache
from studio.kernel.errors import BuildError, DuplicateKey, NodeError, TenantRequired


class User:
    id: str
    name: Annotated[str, Field(unique=True, max_length=40)]
    active: bool = True
    tags: list | None = None  # type: ignore[type-arg]


class Post:
    id: str
    author_id: Annotated[str, Field(references="User", on_delete="cascade")]
    title: str = ""


@pytest.fixture
def db(database_url: str) -> Iterator[DataFlow]:
    with DataFlow(database_url, models=[User, Post]) as opened:
        make(opened, ada={"tags": ["a"]}, bob={}, eve={"active": False})
        yield opened


def make(db: DataFlow, **users: dict[str, Any]) -> None:
    rows = [{"id": name, "name": name.title(), **values} for name, values in users.items()]
    one(db, "UserBulkCreateNode", {"data": rows})


def one(db: DataFlow, type_name: str, params: dict[str, Any] | None = None, mode: Any = None) -> Any:
    workflow = WorkflowBuilder(db)
    workflow.add_node(type_name, "node", params)
    return LocalRuntime(db).execute(workflow, mode=mode)[0]["node"]


def cached(db: DataFlow, **params: Any) -> Any:
    return one(db, "UserListNode", {"cache_key": "users", "cache_ttl": 300, "order_by": "id", **params})


def names(rows: Any) -> list[str]:
    return [row["id"] for row in rows]


def hits(db: DataFlow) -> int:
    return db.cache.info().hits


def test_the_same_question_is_answered_from_memory_and_another_never_is(db: DataFlow) -> None:
    first = cached(db, filter={"active": True}, limit=1)
    again = cached(db, filter={"active": True}, limit=1)
    assert (again, again.has_more, again.cursor, again.sql) == (first, True, first.cursor, first.sql)
    assert hits(db) == 1
    assert names(cached(db, filter={"active": False})) == ["eve"]
    assert names(cached(db, filter={"active": True}, limit=1, offset=1)) == ["bob"]
    assert names(cached(db, filter={"active": True}, limit=1, after=first.cursor)) == ["bob"]
    assert names(cached(db, filter={"active": True}, order_by="-id")) == ["bob", "ada"]
    assert cached(db, filter={"active": True}, limit=1, fields=["name"]) == [{"name": "Ada"}]
    assert hits(db) == 1
    assert (
        one(db, "UserListNode", {"filter": {"active": True}, "limit": 1}) == first
    )  # not asked to be kept: not kept
    assert hits(db) == 1
    assert db.cache.info().lists == 6
    assert db.cache.forget("others") == 0
    assert db.cache.forget("users") == 6
    assert db.cache.info().rows == 0


def test_what_is_done_to_a_list_stays_out_of_the_cache(db: DataFlow) -> None:
    one(db, "PostCreateNode", {"id": "p", "author_id": "ada"})
    for _ in range(3):
        rows = cached(db, include=["posts"])
        assert (rows[0]["tags"], len(rows), len(rows[0]["posts"])) == (["a"], 3, 1)
        rows[0]["tags"].append("spoilt")
        rows[0]["posts"].clear()
        del rows[1:]
    assert hits(db) == 2


WRITES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("UserCreateNode", {"id": "new", "name": "New"}),
    ("UserUpdateNode", {"id": "ada", "fields": {"name": "A"}}),
    ("UserDeleteNode", {"id": "ada"}),
    ("UserUpsertNode", {"id": "ada", "name": "B"}),
    ("UserBulkCreateNode", {"data": [{"id": "n", "name": "N"}]}),
    ("UserBulkUpdateNode", {"filter": {"active": True}, "update": {"active": False}}),
    ("UserBulkUpdateNode", {"data": [{"id": "bob", "name": "Rob"}]}),
    ("UserBulkUpsertNode", {"data": [{"id": "bob", "name": "Bert"}, {"id": "z", "name": "Z"}]}),
    ("UserBulkDeleteNode", {"ids": ["z", "n"]}),
    ("SQL", {"sql": "UPDATE users SET name = 'SQL' WHERE id = 'bob'"}),
)


def test_every_way_of_writing_ends_what_was_read_before(db: DataFlow) -> None:
    for mode in ("auto", "atomic"):
        for type_name, params in WRITES:
            before = cached(db)
            one(db, type_name, params, mode=mode)
            after = cached(db)
            assert after != before, (mode, type_name)
            assert after == one(db, "UserListNode", {"order_by": "id"})
        one(db, "UserBulkDeleteNode", {"all": True})
        make(db, ada={}, bob={})


def test_what_was_rolled_back_or_refused_leaves_nothing_in_the_cache(db: DataFlow) -> None:
    before = cached(db)
    workflow = WorkflowBuilder(db)
    workflow.add_node("UserDeleteNode", "delete", {"id": "ada"})
    workflow.add_node("UserListNode", "list", {"cache_key": "users", "cache_ttl": 300, "order_by": "id"})
    workflow.add_node("UserCreateNode", "twice", {"id": "bob", "name": "x"})
    workflow.add_connection("delete", "done", "list", "after")
    workflow.add_connection("list", "done", "twice", "after")
    result = LocalRuntime(mode="atomic").run(workflow)
    assert isinstance(result.error, DuplicateKey)
    assert names(result.results["list"]) == ["bob", "eve"]  # within the transaction it sees its own
    assert cached(db) == before
    with pytest.raises(DuplicateKey):
        one(db, "UserCreateNode", {"id": "ada", "name": "x"})
    assert cached(db) == before
    one(db, "UserDeleteNode", {"id": "ada"}, mode="dry")
    assert cached(db) == before


def test_records_of_other_tables_that_were_read_along_or_went_along_count(db: DataFlow) -> None:
    one(db, "PostCreateNode", {"id": "p", "author_id": "ada"})
    assert cached(db, include=["posts"])[0]["posts"][0]["title"] == ""
    one(db, "PostUpdateNode", {"id": "p", "title": "new"})
    assert cached(db, include=["posts"])[0]["posts"][0]["title"] == "new"
    posts = {"cache_key": "posts"}
    assert len(one(db, "PostListNode", posts)) == 1
    one(db, "UserDeleteNode", {"id": "ada"})  # and its posts with it
    assert one(db, "PostListNode", posts) == []


def test_named_writes_end_a_list_and_others_do_not(db: DataFlow) -> None:
    named = {"cache_invalidation": ["user_create", "post_delete"]}
    before = cached(db, **named)
    one(db, "UserUpdateNode", {"id": "ada", "name": "A"})
    assert cached(db, **named) == before
    one(db, "UserUpsertNode", {"id": "fay", "name": "Fay"})
    assert names(cached(db, **named)) == ["ada", "bob", "eve", "fay"]
    one(db, "PostCreateNode", {"id": "p", "author_id": "ada"})
    one(db, "UserUpdateNode", {"id": "ada", "name": "Ada II"})
    assert cached(db, **named)[0]["name"] == "A"
    one(db, "PostDeleteNode", {"id": "p"})
    assert cached(db, **named)[0]["name"] == "Ada II"


def test_no_tenant_is_given_the_list_of_another_nor_what_it_includes() -> None:
    class Country:
        id: str

    class Client:
        id: str
        country_id: Annotated[str, Field(references="Country")]
        __dataflow__ = {"multi_tenant": True, "soft_delete": True}  # noqa: RUF012 - a declaration

    clients = {"cache_ttl": 300}
    countries = {"cache_ttl": 300, "include": ["clients"]}
    with DataFlow(":memory:", models=[Country, Client]) as db:
        one(db, "CountryCreateNode", {"id": "nl"})
        for tenant in ("acme", "bolt", "acme", "bolt"):
            with TenantContext.set_current(tenant):
                one(db, "ClientUpsertNode", {"id": f"of-{tenant}", "country_id": "nl"})
                for _ in range(2):
                    assert names(one(db, "ClientListNode", clients)) == [f"of-{tenant}"]
                    assert names(one(db, "CountryListNode", countries)[0]["clients"]) == [f"of-{tenant}"]
        assert hits(db) == 8
        with TenantContext.set_current("acme"):
            one(db, "ClientDeleteNode", {"id": "of-acme"})
            assert one(db, "ClientListNode", clients) == []
            assert names(one(db, "ClientListNode", {**clients, "include_deleted": True})) == ["of-acme"]
        with pytest.raises(TenantRequired):
            one(db, "ClientListNode", clients)


def test_a_database_that_is_closed_is_forgotten() -> None:
    with DataFlow(":memory:", models=[User, Post]) as db:
        make(db, ada={})
        assert names(cached(db)) == ["ada"]
        db.engine.run(db.database.close())
        assert cached(db) == []


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"cache_key": "x", "cache_invalidation": ["usr_create"]}, "Did you mean 'user_create'"),
        ({"cache_key": "x", "cache_invalidation": ["user"]}, "does not exist"),
        ({"cache_invalidation": ["user_create"]}, "no effect"),
        ({"cache_ttl": 0}, "cache_ttl"),
        ({"cache_ttl": "soon"}, "cache_ttl"),
        ({"cache_key": 7}, "cache_key"),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused_before_the_run(params: dict[str, Any], words: str) -> None:
    with DataFlow(":memory:", models=[User, Post]) as db, pytest.raises((BuildError, NodeError)) as caught:
        one(db, "UserListNode", params)
    assert words in str(caught.value)


def test_a_list_is_fresh_for_its_time_and_writes_of_others_are_seen_then(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    with (
        DataFlow(sqlite_url, models=[User, Post], name="a") as db,
        DataFlow(sqlite_url, models=[User, Post], name="b") as other,
    ):
        monkeypatch.setattr(db.database._book, "lists", ListCache(timer=lambda: now))
        make(other, ada={})
        assert names(cached(db, cache_ttl=10)) == ["ada"]
        make(other, bob={})
        now = 9.9
        assert names(cached(db, cache_ttl=10)) == ["ada"]
        now = 10.1
        assert names(cached(db, cache_ttl=10)) == ["ada", "bob"]
        make(other, eve={})
        assert db.cache.forget() == 1
        assert len(cached(db)) == 3


def test_rows_that_a_write_overtook_are_not_kept(database_url: str) -> None:
    """A list that was read before a write and comes back after it is of no use to anybody else."""
    from studio.database import CacheWish, ListQuery

    with DataFlow(database_url, models=[User, Post]) as db:
        make(db, ada={})
        spec, query, wish = db.models["User"], ListQuery(), CacheWish()

        async def story() -> None:
            writes = db.database.access()
            reads = writes.telling(None)
            ask = reads.list

            async def overtaken(*args: Any) -> Any:
                rows = await ask(*args)
                await writes.create(spec, {"id": "bob", "name": "Bob"})
                return rows

            object.__setattr__(reads, "list", overtaken)
            assert names(await reads.list_kept(spec, query, wish)) == ["ada"]
            assert names(await writes.list_kept(spec, query, wish)) == ["ada", "bob"]

        db.engine.run(story())
