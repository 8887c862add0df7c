"""Aggregates are read against a model: params and pipelines are one tree, and each result has a known kind."""

from typing import Any

import pytest

from studio.kernel.errors import StudioError
from studio.models import Kind
from studio.query import Aggregate, OrderTerm, parse_aggregate
from studio.query.stages import Figure, Group, Limit, Match, Project, Sort
from tests.unit.query.generators import THING


def read(**params: Any) -> Aggregate:
    return parse_aggregate(THING, **params)


def test_params_and_pipeline_are_one_tree() -> None:
    by_params = read(
        filter={"number": {"$gt": 1}},
        group_by=["colour"],
        aggregate={"total": {"$sum": "amount"}, "n": {"$count": "*"}},
        having={"total": {"$gt": 5}},
        order_by=["-total"],
        limit=3,
    )
    by_stages = read(
        pipeline=[
            {"$match": {"number": {"$gt": 1}}},
            {"$group": {"_id": {"colour": "$colour"}, "total": {"$sum": "$amount"}, "n": {"$sum": 1}}},
            {"$having": {"total": {"$gt": 5}}},
            {"$sort": {"total": -1}},
            {"$limit": 3},
        ]
    )
    assert by_params.shape == by_stages.shape
    assert by_params.values == by_stages.values
    assert [type(stage) for stage in by_params.stages] == [Match, Group, Match, Sort, Limit]


def test_aggregates_that_differ_only_in_values_have_one_shape() -> None:
    first, second = (
        read(filter={"number": number}, aggregate={"n": {"$count": "*"}}, limit=number) for number in (1, 2)
    )
    assert first.shape == second.shape
    assert hash(first.shape) == hash(second.shape)
    assert first.values != second.values


@pytest.mark.parametrize(
    ("figure", "kind", "nullable"),
    [
        ({"$sum": "number"}, Kind.INT, False), ({"$sum": "ratio"}, Kind.FLOAT, False), ({"$sum": "amount"}, Kind.DECIMAL, False),
        ({"$sum": "lasted"}, Kind.TIMEDELTA, False), ({"$sum": 1}, Kind.INT, False), ({"$avg": "number"}, Kind.FLOAT, True),
        ({"$avg": "$amount"}, Kind.DECIMAL, True), ({"$min": "name"}, Kind.STR, True), ({"$max": "seen"}, Kind.DATETIME, True),
        ({"$max": "count"}, Kind.INT, True), ({"$count": "name"}, Kind.INT, False), ({"$count": {}}, Kind.INT, False),
        ({"$count_distinct": "name"}, Kind.INT, False), ({"$stddev": "number"}, Kind.FLOAT, True),
    ],
)  # fmt: skip
def test_each_figure_has_a_known_kind(figure: Any, kind: Kind, nullable: bool) -> None:
    (output,) = read(aggregate={"x": figure}).outputs
    assert (output.field.name, output.field.kind, output.field.nullable) == ("x", kind, nullable)


def test_only_keys_and_extremes_come_as_they_are_stored() -> None:
    outputs = read(
        group_by="price", aggregate={"s": {"$sum": "price"}, "m": {"$max": "price"}, "n": {"$count": "*"}}
    ).outputs
    assert [(output.field.name, output.is_stored) for output in outputs] == [
        ("price", True),
        ("s", False),
        ("m", True),
        ("n", False),
    ]


def test_groups_without_an_order_come_in_that_of_their_keys() -> None:
    assert [type(stage) for stage in read(group_by=["name"], limit=2).stages] == [Group, Sort, Limit]
    assert [type(stage) for stage in read(aggregate={"n": {"$count": "*"}}).stages] == [Group]


def test_bare_functions_are_a_pipeline_too() -> None:
    aggregate = read(pipeline=[{"$sum": "$amount"}, {"$avg": "$price"}, {"$count": "*"}])
    assert [output.field.name for output in aggregate.outputs] == ["sum_amount", "avg_price", "count"]


def test_a_mongo_group_keeps_its_id() -> None:
    aggregate = read(pipeline=[{"$group": {"_id": "$name", "n": {"$sum": 2}}}])
    assert aggregate.stages[0] == Group((("_id", "name"),), (Figure("n", "count", None, 2),))
    assert [output.field.name for output in aggregate.outputs] == ["_id", "n"]


def test_a_projection_renames_and_drops() -> None:
    kept = read(pipeline=[{"$project": {"who": "$name", "id": 1}}])
    assert kept.stages == (Sort((OrderTerm("id"),)), Project((("who", "name"), ("id", "id"))))
    dropped = read(pipeline=[{"$project": {"profile": 0, "tags": 0}}])
    assert [output.field.name for output in dropped.outputs] == [
        name for name in THING.names if name not in ("profile", "tags")
    ]


def test_rows_that_nobody_put_into_an_order_are_in_that_of_their_key_or_groups() -> None:
    match, limit, skip = {"$match": {"active": True}}, {"$limit": 3}, {"$skip": 1}
    group, again = {"$group": {"_id": "$name"}}, {"$group": {"_id": "$_id"}}
    for stages, expected in (
        ([match], "match sort"),
        ([{"$sort": {"name": 1}}, limit], "sort limit"),
        ([match, group], "match group sort"),
        ([match, limit, group], "match sort limit group sort"),
        ([group, {"$sort": {"_id": 1}}, limit], "group sort limit"),
        ([group, limit, {"$sort": {"_id": 1}}], "group sort limit sort"),
        ([group, skip, again], "group sort skip group sort"),
        ([group, again], "group group sort"),
    ):
        assert " ".join(stage.kind for stage in read(pipeline=stages).stages) == expected


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, ["nothing to reckon"]),
        ({"pipeline": [{"$group": {"_id": None}}]}, ["gives nothing", "_id"]),
        ({"pipeline": [{"$limit": 2**62}]}, ["whole number from 0 to"]),
        ({"aggregate": {"x": {"$summ": "number"}}}, ["no function $summ", "$sum"]),
        ({"aggregate": {"x": {"$sum": "nubmer"}}}, ["no field 'nubmer'", "'number'"]),
        ({"aggregate": {"x": {"$sum": "name"}}}, ["does not suit", "numbers"]),
        ({"aggregate": {"x": {"$avg": "lasted"}}}, ["does not suit"]),
        ({"aggregate": {"x": {"$max": "active"}}}, ["does not suit"]),
        ({"aggregate": {"x": {"$count_distinct": "tags"}}}, ["does not suit"]),
        ({"aggregate": {"x; drop": {"$sum": "number"}}}, ["no name for a result"]),
        ({"aggregate": {"x": "number"}}, ["wants one function"]),
        ({"aggregate": {"x": {"$sum": 1.5}}}, ["field's name"]),
        ({"group_by": ["nmae"]}, ["no field 'nmae'"]),
        ({"group_by": ["name", "name"]}, ["twice"]),
        ({"group_by": ["tags"]}, ["makes no groups"]),
        ({"group_by": ["name"], "aggregate": {"name": {"$count": "*"}}}, ["both a group and a figure"]),
        ({"group_by": ["name"], "having": {"number": 1}}, ["no field 'number'"]),
        ({"group_by": ["name"], "aggregate": {"n": {"$count": "*"}}, "having": {"n": "many"}}, ["whole number"]),
        ({"group_by": ["name"], "order_by": "number"}, ["no field 'number'"]),
        ({"group_by": ["name"], "limit": -1}, ["from 0"]),
        ({"group_by": ["name"], "limit": True}, ["from 0"]),
        ({"pipeline": []}, ["list of stages"]),
        ({"pipeline": [{"$macth": {}}]}, ["no stage $macth", "$match"]),
        ({"pipeline": [{"$match": {}, "$limit": 1}]}, ["Stage 1"]),
        ({"pipeline": [{"$match": 5}]}, ["wants a filter"]),
        ({"pipeline": [{"$having": {"number": 1}}]}, ["before any $group"]),
        ({"pipeline": [{"$group": {"n": {"$sum": 1}}}]}, ["_id"]),
        ({"pipeline": [{"$group": {"_id": 5}}]}, ["_id"]),
        ({"pipeline": [{"$sort": {}}]}, ["names no field"]),
        ({"pipeline": [{"$project": {"id": 1, "name": 0}}]}, ["keeps and drops"]),
        ({"pipeline": [{"$project": {"id": 7}}]}, ["wants 1, 0 or a field"]),
        ({"pipeline": [{"$project": {"name": 1}}, {"$match": {"id": 1}}]}, ["no field 'id'"]),
        ({"pipeline": [{"$limit": 1}], "limit": 5}, ["stands alone"]),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_a_remedy(params: Any, words: list[str]) -> None:
    with pytest.raises(StudioError) as caught:
        read(**params)
    assert caught.value.hint
    for word in words:
        assert word in str(caught.value)
