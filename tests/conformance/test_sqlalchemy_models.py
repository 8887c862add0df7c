"""Do SQLAlchemy classes become models whose nodes work? The shop of `orm_classes`, on each kind of database."""

import asyncio
import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, validates

from studio import DataFlow
from studio.kernel.behalf import on_behalf_of
from studio.kernel.errors import BuildError, CheckViolated, DuplicateKey, ForeignKeyViolated, HookFailed
from studio.models.codec import model_from_data, model_to_data
from tests.conformance import orm_classes as orm
from tests.conformance.shop import Shop


@pytest.fixture
def mapped(database_url: str) -> Iterator[Shop]:
    shop = Shop(database_url, orm.Base)
    asyncio.run(shop.db.initialize())
    yield shop
    shop.close()


def test_every_class_and_every_link_becomes_a_model_with_its_nodes(mapped: Shop) -> None:
    db = mapped.db
    assert set(db.list_models()) == {
        "User", "UserProfile", "Order", "OrderLine", "Product", "Tag", "Item", "Subscription",
        "TagItemAssociation", "Likes",
    }  # fmt: skip
    user = db.get_model_info("User")
    assert user["table"] == "user"
    assert user["doc"].startswith("User model representing application users.\n\nRelationships:")
    assert user["fields"]["username"] == {
        "type": "str", "required": True, "unique": True, "index": True, "max_length": 50,
    }  # fmt: skip
    assert {name: found["many"] for name, found in user["relations"].items() if name != "likeses"} == {
        "orders": True, "profile": False, "manager": False, "reports": True, "liked": True, "subscriptions": True,
    }  # fmt: skip
    assert db.get_model_info("OrderLine")["key"] == ["order_id", "product_id"]
    assert db.get_model_info("Tag")["relations"]["items"]["through"] == "TagItemAssociation"
    assert all(len(db.get_generated_nodes(name)) == 12 for name in db.list_models())
    db.register(orm.Base, orm.User)
    DataFlow(":memory:", models=[orm.User, orm.Order, orm.OrderLine, orm.Product]).close()


def test_defaults_types_and_timestamps_are_those_of_the_class(mapped: Shop) -> None:
    made = mapped.one("ProductCreateNode", {"name": "Lamp", "price": 9.5})
    assert isinstance(made["id"], uuid.UUID)
    expected: dict[str, object] = {
        "description": None, "cost": Decimal("1.50"), "is_active": True, "released": dt.date(2024, 2, 29),
        "opens": dt.time(8, 30), "lasts": dt.timedelta(days=2), "picture": b"\x00\xff", "settings": {},
        "sizes": [1, 2], "batch": str(uuid.UUID(int=7)), "level": orm.Level.LOW, "kind": "book",
    }  # fmt: skip
    assert {name: made[name] for name in expected} == expected
    assert made["seen_at"].tzinfo is dt.UTC
    assert abs(made["updated_at"] - made["created_at"]) < dt.timedelta(seconds=1)
    later = mapped.one("ProductUpdateNode", {"id": made["id"], "fields": {"level": "high"}})
    assert (later["level"], later["updated_at"] > made["updated_at"]) == (orm.Level.HIGH, True)
    user = mapped.one("UserCreateNode", {"username": "ada"})
    order = mapped.one("OrderCreateNode", {"user_id": user["id"], "total": 1.5})
    assert order["number"] == 7
    assert order["placed_at"].tzinfo is None
    assert order["created_at"].tzinfo is dt.UTC
    plan = mapped.one("SubscriptionCreateNode", {"user_id": user["id"], "start_date": "2025-01-31"})
    assert (plan["type"], len(plan["id"]), plan["end_date"]) == (orm.Subscribed.FREE, 36, None)
    changed = mapped.one(
        "SubscriptionUpdateNode", {"id": plan["id"], "fields": {"type": orm.Subscribed.PREMIUM}}
    )
    assert changed["type"] is orm.Subscribed.PREMIUM
    assert (plan["state"], plan["seen_at"], changed["state"]) == ("new", None, "old")
    assert changed["seen_at"] > plan["created_at"]
    kept = mapped.one("SubscriptionUpdateNode", {"id": plan["id"], "fields": {"$set": {"state": "held"}}})
    assert kept["state"] == "held"
    by_value = mapped.one("SubscriptionUpdateNode", {"id": plan["id"], "fields": {"type": "free"}})
    assert by_value["type"] is orm.Subscribed.FREE
    given = {"user_id": user["id"], "start_date": dt.date(2025, 1, 31), "type": "premium"}
    assert mapped.one("SubscriptionCreateNode", given)["type"] is orm.Subscribed.PREMIUM
    changed = mapped.one(
        "SubscriptionUpsertNode", {"id": plan["id"], "user_id": user["id"], "start_date": "2025-01-31"}
    )
    assert changed["state"] == "old"
    (found,) = mapped.one("SubscriptionListNode", {"filter": {"type": "PREMIUM"}})
    assert found["id"] != plan["id"]
    stored = {"db": ("SQL", {"sql": "SELECT type FROM subscription ORDER BY type"})}
    assert [row["type"] for row in mapped.results(stored)["db"]] == ["FREE", "PREMIUM"]


def test_constraints_and_indexes_are_those_of_the_class(mapped: Shop) -> None:
    user = mapped.one("UserCreateNode", {"username": "ada"})
    with pytest.raises(DuplicateKey) as twice:
        mapped.one("UserCreateNode", {"username": "ada"})
    assert twice.value.field == "username"
    with pytest.raises(CheckViolated) as young:
        mapped.one("UserCreateNode", {"username": "bob", "age": 17})
    assert young.value.field == "age"
    order = {"user_id": user["id"], "total": 3.0}
    mapped.one("OrderCreateNode", order)
    with pytest.raises(DuplicateKey):
        mapped.one("OrderCreateNode", order)
    with pytest.raises(CheckViolated, match="ck_order_sane|total >= 0"):
        mapped.one("OrderCreateNode", {**order, "number": 8, "total": -1.0})
    with pytest.raises(ForeignKeyViolated, match="still referenced from order."):
        mapped.one("UserDeleteNode", {"id": user["id"]})
    tag = mapped.one("TagCreateNode", {"name": "new"})["id"]
    item = mapped.one("ItemCreateNode", {"name": "Cup", "price": 1.0})["id"]
    links = [{"tag_id": tag, "item_id": item}, {"tag_id": tag, "item_id": 99}]
    for type_name, params, row in (
        ("TagItemAssociationCreateNode", links[1], None),
        ("TagItemAssociationBulkCreateNode", {"data": links}, 2),
    ):
        with pytest.raises(ForeignKeyViolated, match='"item_id" 99 references an Item that') as nowhere:
            mapped.one(type_name, params)
        assert (nowhere.value.field, nowhere.value.row) == ("item_id", row)
    mapped.one("UserProfileCreateNode", {"user_id": user["id"]})
    with pytest.raises(DuplicateKey):
        mapped.one("UserProfileCreateNode", {"user_id": user["id"]})
    report = mapped.one("UserCreateNode", {"username": "eve", "manager_id": user["id"]})
    mapped.one("OrderBulkDeleteNode", {"filter": {"user_id": user["id"]}})
    mapped.one("UserDeleteNode", {"id": user["id"]})
    assert mapped.one("UserProfileCountNode") == {"count": 0}
    assert mapped.one("UserReadNode", {"id": report["id"]})["manager_id"] is None
    catalogues = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index'",
        "postgresql": "SELECT indexname AS name FROM pg_indexes",
        "mysql": "SELECT DISTINCT index_name AS name FROM information_schema.statistics WHERE table_schema = DATABASE()",
    }
    made = mapped.one("SQL", {"sql": catalogues[mapped.db.database.dialect]})
    assert {"ix_order_user_id_created_at", "ix_item_name", "uq_order_number"} <= {row["name"] for row in made}
    known = {spec.table: spec for spec in mapped.db.discover_schema().values()}
    assert ("user_id", "number") in known["order"].unique_sets()
    assert known["tag_item_association"].key == ("tag_id", "item_id")


def test_relationships_are_read_along(mapped: Shop) -> None:
    one = mapped.one
    ada = one("UserCreateNode", {"username": "ada"})["id"]
    bob = one("UserCreateNode", {"username": "bob", "manager_id": ada})["id"]
    one("UserProfileCreateNode", {"user_id": ada, "bio": "Counts."})
    rows = [
        {"user_id": ada, "total": total, "number": number} for number, total in [(1, 1.0), (2, 3.0), (3, 2.0)]
    ]
    orders = one("OrderBulkCreateNode", {"data": rows, "return_ids": True})["ids"]
    lamp = one("ProductCreateNode", {"name": "Lamp", "price": 9.5})["id"]
    one("OrderLineCreateNode", {"order_id": orders[0], "product_id": lamp, "quantity": 2})
    tag = one("TagCreateNode", {"name": "new"})["id"]
    item = one("ItemCreateNode", {"name": "Cup", "price": 1.0})["id"]
    one("TagItemAssociationCreateNode", {"tag_id": tag, "item_id": item})
    one("LikesCreateNode", {"user_id": ada, "item_id": item})
    include = ["orders.lines.product", "profile.user", "manager", "reports", "liked.tags"]
    found = one("UserReadNode", {"id": ada, "include": include})
    assert [order["total"] for order in found["orders"]] == [3.0, 2.0, 1.0]
    assert found["orders"][2]["lines"][0]["product"]["name"] == "Lamp"
    assert found["profile"]["user"]["username"] == "ada"
    assert found["manager"] is None
    assert [user["id"] for user in found["reports"]] == [bob]
    assert found["liked"][0]["tags"][0]["name"] == "new"
    assert one("TagReadNode", {"id": tag, "include": ["items"]})["items"][0]["id"] == item
    key = {"order_id": orders[0], "product_id": lamp}
    line = one("OrderLineUpdateNode", {"filter": key, "fields": {"quantity": {"$inc": 1}}})
    assert (line["quantity"], one("OrderLineDeleteNode", {"id": key})) == (3, {"deleted": 1, "id": key})
    with pytest.raises(BuildError, match="at most 32767"):
        one("OrderCreateNode", {"user_id": ada, "total": 1.0, "number": 40_000})
    with pytest.raises(DuplicateKey):
        one("LikesCreateNode", {"user_id": ada, "item_id": item})


def test_the_program_goes_on_using_its_classes_on_the_same_tables(sqlite_url: str) -> None:
    shop = Shop(sqlite_url, orm.Base)
    asyncio.run(shop.db.initialize())
    ada = shop.one("UserCreateNode", {"username": "ada"})
    plan = shop.one("SubscriptionCreateNode", {"user_id": ada["id"], "start_date": "2025-01-31"})
    engine = sa.create_engine(sqlite_url)
    with Session(engine) as session:
        kept = session.get_one(orm.Subscription, plan["id"])
        assert (kept.type, kept.start_date) == (orm.Subscribed.FREE, dt.date(2025, 1, 31))
        assert session.get_one(orm.User, ada["id"]).subscriptions == [kept]
        session.add(orm.Tag(name="new", items=[orm.Item(name="Cup", price=1.0)]))
        session.commit()
    engine.dispose()
    (tag,) = shop.one("TagListNode", {"include": ["items"]})
    assert (tag["items"][0]["name"], tag["created_at"].tzinfo) == ("Cup", dt.UTC)
    shop.close()


class Owned(DeclarativeBase):
    """A base whose classes keep what Studio keeps in columns of their own names."""


class Crew(Owned):
    __tablename__ = "crew"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(50), unique=True)
    tenant_id: Mapped[str] = mapped_column("group_id", sa.String(100), index=True)
    deleted_at: Mapped[dt.datetime | None] = mapped_column("removed_on", sa.DateTime(timezone=True))
    version: Mapped[int] = mapped_column("row_version")
    updated_at: Mapped[dt.datetime] = mapped_column("changed_on", sa.DateTime(timezone=True))
    agents: Mapped[list["Agent"]] = relationship(back_populates="crew")
    __dataflow__ = {"multi_tenant": True, "soft_delete": True, "versioned": True}  # noqa: RUF012 - as models are written


class Agent(Owned):
    __tablename__ = "agent"
    id: Mapped[int] = mapped_column(primary_key=True)
    crew_id: Mapped[str] = mapped_column(sa.ForeignKey("crew.id"))
    tenant_id: Mapped[str] = mapped_column("group_id", sa.String(100))
    crew: Mapped["Crew"] = relationship(back_populates="agents")
    __dataflow__ = {"multi_tenant": True}  # noqa: RUF012


def test_an_option_of_the_instance_leaves_a_session_able_to_insert() -> None:
    with DataFlow(":memory:", models=[orm.Tag, Agent], multi_tenant=True) as db:
        agent, tag = db.models["Agent"], db.models["Tag"]
        assert (agent["tenant_id"].column, tag["tenant_id"].managed) == ("group_id", True)
        assert {spec["created_at"].server_default for spec in (agent, tag)} == {"CURRENT_TIMESTAMP"}


def test_what_options_keep_stands_in_the_columns_that_the_class_names(database_url: str) -> None:
    shop = Shop(database_url, Owned)
    crew = shop.db.models["Crew"]
    assert model_from_data(model_to_data(crew)) == crew
    with on_behalf_of(tenant="red"):
        shop.one("CrewBulkCreateNode", {"data": [{"id": name, "name": name} for name in "abc"]})
        shop.one("AgentCreateNode", {"crew_id": "a"})
        assert shop.one("CrewUpdateNode", {"id": "a", "version": 1, "fields": {"name": "A"}})["version"] == 2
        assert shop.one("CrewBulkUpdateNode", {"data": [{"id": "b", "name": "B"}]})["updated"] == 1
        shop.one("CrewDeleteNode", {"id": "b"})
        assert shop.one("CrewBulkDeleteNode", {"ids": ["b", "c"]}) == {"deleted": 1}
        with pytest.raises(DuplicateKey, match="Crew has a deleted record with \"name\" 'B'"):
            shop.one("CrewCreateNode", {"id": "n", "name": "B"})
        (found,) = shop.one("CrewListNode", {"filter": {"tenant_id": "red"}, "include": ["agents"]})
        assert (found["id"], len(found["agents"])) == ("a", 1)
    with on_behalf_of(tenant="blue"):
        shop.one("CrewCreateNode", {"id": "d", "name": "A"})
        assert shop.one("CrewCountNode", {"include_deleted": True}) == {"count": 1}
        with pytest.raises(ForeignKeyViolated, match="\"crew_id\" 'a' references a Crew") as refused:
            shop.one("AgentBulkCreateNode", {"data": [{"crew_id": "d"}, {"crew_id": "a"}]})
        assert refused.value.row == 2
    asked = "SELECT id, group_id, row_version, removed_on IS NULL AS stays FROM crew ORDER BY id"
    rows = shop.results({"db": ("SQL", {"sql": asked})})["db"]
    assert [(row["id"], row["group_id"], row["row_version"], bool(row["stays"])) for row in rows] == [
        ("a", "red", 2, True), ("b", "red", 3, False), ("c", "red", 2, False), ("d", "blue", 1, True),
    ]  # fmt: skip
    shop.close()


class Listening(DeclarativeBase):
    """A base of its own, so that nobody else hears."""


class Member(Listening):
    __tablename__ = "member"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    password: Mapped[str | None]
    password_hash: Mapped[str | None]
    tags: Mapped[list[str]] = mapped_column(sa.JSON, default=list)

    @validates("email")
    def in_small_letters(self, key: str, value: str) -> str:
        if "@" not in value:
            raise ValueError(f"{key} is no address")
        return value.lower()


def test_listeners_of_a_class_hear_of_every_write(database_url: str) -> None:
    heard: list[tuple[str, object]] = []
    shop = Shop(database_url, Listening)
    assert shop.one("MemberCreateNode", {"email": "Zoe@X", "password": "plain"})["password"] == "plain"

    def hash_password(mapper: Any, connection: Any, member: Member) -> None:
        assert mapper.class_ is Member
        assert connection is None
        if member.password:
            member.password_hash = member.password[::-1]
            member.password = None
        member.tags = [*(member.tags or []), "hashed"]

    def note(event_name: str) -> Callable[[Any, Any, Member], None]:
        return lambda mapper, connection, member: heard.append((event_name, member.email))

    listeners = [
        (name, note(name)) for name in ("after_insert", "after_update", "before_delete", "after_delete")
    ]
    listeners += [("before_insert", hash_password), ("before_update", hash_password)]
    for name, function in listeners:
        event.listen(Member, name, function)
    try:
        made = shop.one("MemberCreateNode", {"email": "Ada@X", "password": "abc"})
        assert (made["email"], made["password"], made["password_hash"]) == ("ada@x", None, "cba")
        assert made["tags"] == ["hashed"]
        changed = shop.one("MemberUpdateNode", {"id": made["id"], "fields": {"password": "xyz"}})
        assert (changed["password"], changed["password_hash"]) == (None, "zyx")
        assert changed["tags"] == ["hashed", "hashed"]
        with pytest.raises(HookFailed, match="email is no address"):
            shop.one("MemberBulkCreateNode", {"data": [{"email": "eve@x"}, {"email": "nobody"}]})
        assert shop.one("MemberCountNode", {"filter": {"email": "eve@x"}}) == {"count": 0}
        shop.one("MemberBulkCreateNode", {"data": [{"email": "Bob@X", "password": "b"}]})
        assert shop.one("MemberReadNode", {"filter": {"email": "bob@x"}})["password_hash"] == "b"
        shop.one("MemberDeleteNode", {"id": made["id"]})
    finally:
        for name, function in listeners:
            event.remove(Member, name, function)
    assert heard == [
        ("after_insert", "ada@x"), ("after_update", "ada@x"), ("after_insert", "eve@x"), ("after_insert", "bob@x"),
        ("before_delete", "ada@x"), ("after_delete", "ada@x"),
    ]  # fmt: skip
    shop.close()
