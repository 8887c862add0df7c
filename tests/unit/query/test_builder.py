"""The fluent builder makes what a List node takes, and tells a mistake where it is made."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from studio.kernel.errors import FilterError, StudioError
from studio.models import ModelSpec
from studio.query import QueryBuilder, parse_filter
from tests.unit.query.generators import THING


@dataclass(frozen=True)
class Written:
    sql: str
    params: Mapping[str, Any]


def test_each_spelling_of_where_is_the_same_condition() -> None:
    built = [
        QueryBuilder(THING).where("number", "$gte", 18),
        QueryBuilder(THING).where("number", ">=", 18),
        QueryBuilder(THING).where("number", "gte", 18),
        QueryBuilder(THING).where({"number": {"$gte": 18}}),
        QueryBuilder(THING).filter({"number": {"$gte": 18}}),
    ]
    assert {str(builder.to_params()) for builder in built} == {str({"filter": {"number": {"$gte": 18}}})}
    assert QueryBuilder(THING).where("number", 18).to_params() == {"filter": {"number": 18}}
    assert QueryBuilder(THING).where("number", None).to_params() == {"filter": {"number": None}}


def test_conditions_add_up() -> None:
    builder = QueryBuilder(THING).where("number", ">", 1).where("name", "$in", ["a"]).where("number", "<", 5)
    assert builder.to_filter() == {
        "$and": [{"number": {"$gt": 1}}, {"name": {"$in": ["a"]}}, {"number": {"$lt": 5}}]
    }
    assert builder.parse().values == (1, ("a",), 5)
    assert QueryBuilder(THING).parse().is_empty


def test_a_builder_makes_the_params_of_a_list() -> None:
    params = (
        QueryBuilder(THING)
        .filter({"name": {"$regex": "^John"}})
        .sort({"seen": -1})
        .order_by("name")
        .limit(10)
        .offset(20)
        .fields("id", "name")
        .to_params()
    )
    assert params == {
        "filter": {"name": {"$regex": "^John"}},
        "order_by": ["-seen", "name"],
        "limit": 10,
        "offset": 20,
        "fields": ["id", "name"],
    }
    parse_filter(THING, params["filter"])


@pytest.mark.parametrize("arguments", [("seen", "DESC"), ("-seen",), ({"seen": -1},), (["-seen"],)])
def test_each_spelling_of_an_order_is_the_same(arguments: Any) -> None:
    assert QueryBuilder(THING).order_by(*arguments).to_params() == {"order_by": ["-seen"]}


def test_the_last_word_on_a_field_of_the_order_counts() -> None:
    assert QueryBuilder(THING).order_by("name").order_by("-name").to_params() == {"order_by": ["-name"]}


def test_the_statement_is_written_by_the_database() -> None:
    asked: list[Any] = []

    def write(operation: str, spec: ModelSpec, params: Mapping[str, Any]) -> list[Written]:
        asked.append((operation, spec, params))
        return [Written("SELECT 1", {"1": 5})]

    assert QueryBuilder(THING, write).where("number", 5).build_select() == ("SELECT 1", {"1": 5})
    assert asked == [("list", THING, {"filter": {"number": 5}})]


@pytest.mark.parametrize(
    "build",
    [
        lambda q: q.where("nmae", 1),
        lambda q: q.where("number", "=~", 1),
        lambda q: q.where("number"),
        lambda q: q.where("number", ">", "x"),
        lambda q: q.order_by("nmae"),
        lambda q: q.order_by("name", "sideways"),
        lambda q: q.limit(-1),
        lambda q: q.limit(True),
        lambda q: q.offset("5"),
        lambda q: q.fields("nmae"),
        lambda q: q.build_select(),
    ],
)
def test_a_mistake_is_told_where_it_is_made(build: Any) -> None:
    with pytest.raises(StudioError) as caught:
        build(QueryBuilder(THING))
    assert caught.value.hint


def test_no_limit_is_said_by_none() -> None:
    assert QueryBuilder(THING).limit(None).to_params() == {"limit": None}
    with pytest.raises(FilterError):
        QueryBuilder(THING).limit(1.5)  # type: ignore[arg-type] # that is the point
