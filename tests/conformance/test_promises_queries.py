"""Queries that are put together and asked at once, and bulk writes in all their spellings."""

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Any

import pytest

from studio import DataFlow, Field
from studio.kernel.errors import FilterError, StudioError
from tests.conformance.test_promises import one


class User:
    name: str
    age: int | None = None
    department: str = "eng"
    skills: list[str] | None = None
    metadata: dict[str, Any] | None = None


class Order:
    customer_id: Annotated[str, Field(index=True)]
    status: str = "completed"
    amount: float = 0.0
    due: dt.datetime | None = None


PEOPLE = [
    {
        "name": "John",
        "age": 30,
        "skills": ["a", "b", "c", "d"],
        "metadata": {"preferences": {"theme": "dark"}},
    },
    {"name": "Johnny", "age": 70, "department": "sales", "skills": ["a"]},
    {"name": "Ada", "age": 40, "metadata": {"preferences": {"theme": None}}},
    {"name": "Bob", "department": "law"},
]
ORDERS = [
    {"customer_id": "ada", "amount": 5.0},
    {"customer_id": "bob", "amount": 2.5},
    {"customer_id": "ada", "amount": 1.0},
    {"customer_id": "ada", "status": "open", "amount": 100.0},
]


@pytest.fixture
def db(database_url: str) -> Iterator[DataFlow]:
    with DataFlow(database_url, name="asked", models=[User, Order]) as opened:
        one(opened, "UserBulkCreateNode", {"data": PEOPLE})
        one(opened, "OrderBulkCreateNode", {"data": ORDERS})
        yield opened


def test_a_query_is_asked_for_its_records_its_first_one_and_their_number(db: DataFlow) -> None:
    """`app.query("table").where({...})`, `.sort({...}).limit(n)`, `.count()`; `{$date: "today" | "-5m"}`."""
    query = db.query("users").where({"age": {"$gt": 18}, "department": {"$in": ["eng", "sales"]}})
    assert query.count() == 3
    assert [user["name"] for user in query.sort({"age": -1}).limit(2)] == ["Johnny", "Ada"]
    first = query.first()
    assert first is not None and first["name"] == "Johnny"
    assert db.query("users").where("name", "nobody").first() is None
    assert len(db.query("User").all()) == len(PEOPLE)
    recent = db.query("users").where({"created_at": {"$gte": {"$date": "-5m"}}})
    assert recent.count() == len(PEOPLE)
    moments = [dt.datetime.now(dt.UTC) + dt.timedelta(days=days) for days in (-2, 2)]
    late = [{"customer_id": "bob", "status": "late", "due": moment} for moment in moments]
    one(db, "OrderBulkCreateNode", {"data": late})
    for bound, due in (("today", moments[1:]), ("-72h", moments)):
        found = db.query("orders").where({"due": {"$gte": {"$date": bound}}}).sort({"due": 1})
        assert [order["due"] for order in found] == due


def test_a_query_looks_into_arrays_and_documents(db: DataFlow) -> None:
    """`$contains`, `$size`, JSON paths; `$exists`, `$null`, None."""
    theme = "metadata.preferences.theme"
    for condition, expected in (
        ({theme: "dark", "skills": {"$contains": "a"}}, ["John"]),
        ({"skills": {"$size": {"$gt": 3}}}, ["John"]),
        ({theme: {"$exists": True}}, ["John", "Ada"]),
        ({theme: {"$exists": False}}, ["Johnny", "Bob"]),
        ({theme: None}, ["Johnny", "Ada", "Bob"]),
        ({"age": {"$null": True}}, ["Bob"]),
        ({"age": {"$exists": True}}, ["John", "Johnny", "Ada"]),
    ):
        found = [user["name"] for user in db.query("users").where(condition).order_by("id")]
        assert found == expected, condition


def test_a_query_gives_figures_by_a_pipeline_or_alone(db: DataFlow) -> None:
    """`$match`, `$group` (`_id: "$field"`), `$sum`, `$sort`, `$limit`; bare `[{"$sum": "$amount"}]`; raw SQL as a query."""
    spent = db.query("orders").aggregate(
        [
            {"$match": {"status": "completed"}},
            {
                "$group": {
                    "_id": "$customer_id",
                    "total_spent": {"$sum": "$amount"},
                    "order_count": {"$sum": 1},
                }
            },
            {"$sort": {"total_spent": -1}},
            {"$limit": 100},
        ]
    )
    assert [(row["_id"], row["total_spent"], row["order_count"]) for row in spent] == [
        ("ada", 6.0, 2),
        ("bob", 2.5, 1),
    ]
    completed = db.query("orders").where({"status": "completed"})
    assert completed.aggregate([{"$sum": "$amount"}, {"$count": "*"}]) == [{"sum_amount": 8.5, "count": 3}]
    per_department = (
        db.query("users")
        .where({"age": {"$gt": 18}})
        .aggregate([{"$group": {"_id": "$department", "count": {"$sum": 1}}}, {"$sort": {"count": -1}}])
    )
    assert [(row["_id"], row["count"]) for row in per_department] == [("eng", 2), ("sales", 1)]


def test_what_a_query_cannot_say_is_refused_where_it_was_said(db: DataFlow) -> None:
    """Unknown fields, operators and stages."""
    with pytest.raises(FilterError, match="agee"):
        db.query("users").where({"agee": 1})
    with pytest.raises(FilterError, match="no operator"):
        db.query("users").where("age", "$bigger", 1)
    with pytest.raises(FilterError, match="limit of a query"):
        db.query("orders").limit(3).aggregate([{"$sum": "$amount"}])
    with pytest.raises(FilterError, match=r"\$grup"):
        db.query("orders").aggregate([{"$grup": {}}])


def test_a_builder_writes_the_documents_sql(db: DataFlow) -> None:
    """The statement as it is shown, its values bound and never written out."""
    builder = db.query_builder("User")
    builder.where("age", "$gte", 18).where("department", "$in", ["eng", "sales"]).where(
        "name", "$regex", "^J"
    )
    builder.order_by("created_at", "DESC").limit(10)
    sql, values = builder.build_select()
    for part in ("FROM users", "age >= ", "ORDER BY", "created_at", "DESC", "LIMIT"):
        assert part in sql
    assert {18, "^J"} <= {value for value in values.values() if isinstance(value, int | str)}
    assert "eng" not in sql
    assert [user["name"] for user in one(db, "UserListNode", builder.to_params())] == ["Johnny", "John"]


def test_bulk_update_takes_conditions_with_data_and_an_order_of_operators(db: DataFlow) -> None:
    """`{conditions, data: {…}}`, `{filter, update, limit}` with operators."""
    changed = one(
        db, "UserBulkUpdateNode", {"conditions": {"department": "eng"}, "data": {"department": "r&d"}}
    )
    assert changed == {"matched": 2, "updated": 2}
    params = {
        "filter": {"age": {"$null": False}},
        "update": {"age": {"$inc": 1}, "department": "all"},
        "limit": 2,
    }
    assert one(db, "UserBulkUpdateNode", params)["updated"] == 2
    assert db.query("users").where("department", "all").count() == 2
    assert sorted(user["age"] or 0 for user in db.query("users")) in (
        [0, 31, 41, 70],
        [0, 31, 40, 71],
        [0, 30, 41, 71],
    )


def test_bulk_rows_may_differ_in_their_fields_and_a_missing_one_refuses_all(db: DataFlow) -> None:
    """Bulk with NULL byte, heterogeneous keys, missing required."""
    rows = [{"name": "a\u2028b", "age": 1}, {"name": "c", "department": "x"}, {"name": "d", "skills": []}]
    assert one(db, "UserBulkCreateNode", {"data": rows})["created"] == 3
    found = list(db.query("users").where({"id": {"$gt": len(PEOPLE)}}).order_by("id"))
    assert [(user["age"], user["department"], user["skills"]) for user in found] == [
        (1, "eng", None),
        (None, "x", None),
        (None, "eng", []),
    ]
    with pytest.raises(StudioError, match="name"):
        one(db, "UserBulkCreateNode", {"data": [{"name": "e"}, {"age": 3}]})
    with pytest.raises(StudioError, match="NUL"):
        one(db, "UserBulkCreateNode", {"data": [{"name": "e"}, {"name": "a\0b"}]})
    assert db.query("users").count() == len(PEOPLE) + 3
