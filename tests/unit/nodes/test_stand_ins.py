"""What is judged of params before the run brings the values in them: all that no value could make right, and nothing else."""

from typing import Any, Final

import pytest

from studio import DataFlow, WorkflowBuilder
from studio.kernel.errors import BuildError, StudioError
from studio.models.relations import Family
from studio.nodes.generated import generated_types
from studio.nodes.reading import check_filter, check_values
from studio.nodes.rows import AggregateType
from studio.nodes.samples import sample
from studio.query.filters import parse_filter
from studio.query.operators import OPERATORS
from studio.query.updates import UPDATE_OPERATORS, parse_update
from studio.workflow.params import LATER
from tests.unit.query.generators import THING

LATER_TOO: Final = "{{ found.value }}"
"""What a run brings, as an expression; `LATER` stands for what comes by an edge."""


def readable(read: Any, doc: Any) -> bool:
    try:
        read(THING, doc)
    except StudioError:
        return False
    return True


@pytest.mark.parametrize("path", ["", ".x"])
def test_an_operator_is_refused_only_where_no_value_at_all_would_be_right(path: str) -> None:
    refused = 0
    for field in THING.settable:
        name, right = f"{field.name}{path}", sample(field)
        items = right if isinstance(right, list) else [right]
        values = [right, *items, items, [right, right], "x", ["x", "x"], 1, {"$each": items}, True, []]
        for operator in OPERATORS:
            possible = any(readable(parse_filter, {name: {operator: value}}) for value in values)
            for later in (LATER_TOO, LATER):
                judged = check_filter(THING, {name: {operator: later}})
                assert (judged == []) is possible, (name, operator, judged)
            refused += not possible
        for operator in UPDATE_OPERATORS:
            possible = any(readable(parse_update, {name: {operator: value}}) for value in values)
            for doc in ({name: {operator: LATER_TOO}}, {operator: {name: LATER}}):
                judged = check_values(THING, doc, param="fields", operators=True)
                assert (judged == []) is possible, (doc, judged)
            refused += not possible
    assert refused > 50


@pytest.mark.parametrize(
    "filter",
    [
        {"number": LATER_TOO}, {"number": [1, LATER_TOO]}, {"number": {"$in": [LATER_TOO, 3]}}, {"number": {"$between": [LATER, 3]}},
        {"tags": LATER_TOO}, {"tags": [LATER_TOO, 1]}, {"tags": {"$contains": {"a": LATER_TOO}}}, {"tags": {"$size": {"$gt": LATER_TOO}}},
        {"tags": {"$size": {"$in": [LATER_TOO]}}}, {"profile.x": {"$between": [LATER_TOO, 3]}}, {"profile": {"x": LATER_TOO, "y": 1}},
        {"seen": {"$gte": {"$date": LATER_TOO}}}, {"seen": "{{ now() }}"}, {"seen": {"$date": LATER_TOO}}, {"name": {"$not": {"$like": LATER_TOO}}},
        {"$or": [{"number": LATER_TOO}, LATER]}, {"$and": LATER_TOO}, {"$not": {"$nor": [{"name": LATER_TOO}]}}, {"$not": LATER},
        {"name": {"$literal": LATER_TOO}}, {"price": "{{ '1.5' }}"}, {"active": {"$exists": "{{ found.n > 3 }}"}}, {"colour": LATER_TOO},
    ],
    ids=str,
)  # fmt: skip
def test_a_filter_waits_for_what_a_run_brings(filter: dict[str, Any]) -> None:
    assert check_filter(THING, filter) == []


@pytest.mark.parametrize(
    ("filter", "words"),
    [
        ({"numbr": LATER_TOO}, "no field 'numbr'"),
        ({"$or": [{"number": LATER_TOO}, {"nmae": LATER}]}, "no field 'nmae'"),
        ({"number": {"$gtt": LATER_TOO}}, "no operator $gtt"),
        ({"$xor": [{"number": LATER_TOO}]}, "no operator $xor"),
        ({"number": ["x", LATER_TOO]}, "a whole number, not the text 'x'"),
        ({"number": {"$between": [1, LATER_TOO, 3]}}, "wants two values"),
        ({"number": {"$gte": {"$date": LATER_TOO}}}, "cannot be compared with a moment"),
        ({"name": {"$like": LATER_TOO, "$size": 1}}, "$size does not suit"),
        ({"number": "{{ str(found.n) }}"}, "is text. Use int(…)."),
        ({"number": {"$lt": "{{ 'x' }}"}}, "is text. Use int(…)."),
        ({"number": {"$in": "{{ 5 }}"}}, "wants a list, but {{ 5 }} is a whole number"),
        ({"name": {"$regex": "{{ len(found.name) }}"}}, "wants text, but"),
        ({"tags": {"$size": "{{ 'many' }}"}}, "wants a whole number, but"),
        ({"active": {"$null": "{{ 'no' }}"}}, "wants true or false, but"),
    ],
    ids=str,
)
def test_what_is_wrong_around_it_or_evidently_with_it_is_told(filter: dict[str, Any], words: str) -> None:
    (problem,) = check_filter(THING, filter)
    assert words in problem.message
    assert problem.hint


@pytest.mark.parametrize(
    ("update", "words"),
    [
        ({"number": {"$inc": "{{ 'one' }}"}}, "wants a whole number, but {{ 'one' }} is text. Use int(…)."),
        ({"$inc": {"number": "{{ str(found.n) }}"}}, "Use int(…)."),
        ({"$multiply": {"ratio": "{{ 'x' }}"}}, "wants a number, but {{ 'x' }} is text"),
        ({"profile.x": {"$inc": "{{ 'x' }}"}}, "wants a number"),
        ({"lasted": {"$inc": "{{ 5 }}"}}, "wants a duration"),
        ({"$set": {"number": "{{ 'x' }}"}}, "wants a whole number"),
        ({"seen": {"$max": "{{ 5 }}"}}, "wants a date and time"),
        ({"$inc": {"nmuber": LATER_TOO}}, "no field 'nmuber'"),
        ({"$inc": {"number": LATER}, "number": 1}, "'number' is changed twice"),
        ({"number": LATER_TOO, "$min": {"number": LATER}}, "'number' is changed twice"),
        ({"number": {"$inc": 1, "$min": LATER_TOO}}, "by $inc and $min at once"),
        ({"number": {"$incr": LATER_TOO}}, "no update operator $incr"),
        ({"updated_at": {"$set": LATER_TOO}}, "kept by Studio"),
        ({"$inc": {"number": LATER_TOO, "ratio": "x"}}, "wants a number, not the text 'x'"),
        ({"number": {"$inc": LATER_TOO}}, ""),
        ({"number": {"$inc": "{{ found.n / 2 }}"}}, ""),
        ({"amount": {"$inc": "{{ '1.5' }}"}}, ""),
        ({"tags": {"$push": {"$each": [LATER_TOO, 5]}}}, ""),
        ({"$inc": LATER_TOO}, ""),
        ({"name": {"$set": {"$literal": LATER_TOO}}}, ""),
        ({"seen": {"$date": LATER_TOO}}, ""),
    ],
    ids=str,
)
def test_operators_of_an_update_are_judged_before_their_values_come(
    update: dict[str, Any], words: str
) -> None:
    found = check_values(THING, update, param="fields", operators=True)
    assert [words in problem.message for problem in found] == ([True] if words else [])


COUNT: Final = {"n": {"$count": "*"}}
TOTAL: Final = {"n": {"$sum": "numbr"}}


@pytest.mark.parametrize(
    ("params", "fields"),
    [
        ({"filter": {"name": LATER_TOO}, "aggregate": COUNT}, []),
        ({"filter": {"nmae": LATER_TOO}, "aggregate": TOTAL}, ["filter", "aggregate"]),
        ({"filter": {"name": {"$literal": LATER_TOO}}, "aggregate": COUNT}, []),
        ({"filter": {"name": LATER_TOO}}, ["aggregate"]),
        ({"filter": LATER, "aggregate": TOTAL, "limit": LATER_TOO}, ["aggregate"]),
        ({"group_by": LATER_TOO, "aggregate": TOTAL}, ["aggregate"]),
        ({"group_by": ["nmae", LATER_TOO], "aggregate": COUNT}, ["group_by"]),
        ({"group_by": ["nmae"], "aggregate": LATER}, ["group_by"]),
        ({"group_by": ["name", 5], "aggregate": COUNT}, ["group_by"]),
        ({"group_by": ["name"], "aggregate": {"n": {"$sum": "name"}}, "filter": {"name": "x"}}, ["aggregate"]),
        ({"group_by": ["name", LATER_TOO], "aggregate": COUNT, "having": {"m": 1}, "order_by": "m"}, []),
        ({"aggregate": {**TOTAL, "a": {"$sum": LATER_TOO}}, "having": {"a": 1}}, ["aggregate"]),
        ({"aggregate": COUNT, "having": {"n": LATER_TOO, "m": 1}, "order_by": ["-k"]}, ["having", "order_by"]),
        ({"pipeline": LATER_TOO}, []),
        ({"pipeline": LATER, "group_by": ["name"]}, ["pipeline"]),
        ({"pipeline": [{"$match": {"nmae": LATER_TOO}}, {"$sum": "$number"}]}, ["pipeline"]),
        ({"pipeline": [{"$match": {"number": "{{ 'x' }}"}}, {"$sum": "$number"}]}, ["pipeline"]),
        ({"pipeline": [{"$match": {"number": LATER_TOO}}, {"$sum": "$numbr"}]}, ["pipeline"]),
        ({"pipeline": [{"$sum": LATER_TOO}, {"$avg": "$number"}]}, []),
        ({"pipeline": [{"$limit": LATER_TOO}, {"$sort": LATER}, {"$group": {"_id": "$nmae"}}]}, ["pipeline"]),
        ({"pipeline": [{"$group": {"_id": LATER_TOO}}, {"$sort": {"any": 1}}]}, []),
        ({"pipeline": [{"$grup": LATER_TOO}]}, ["pipeline"]),
        ({"pipeline": [{"$group": {"_id": "$name"}}, {"$match": {"_id": LATER_TOO, "nmae": 1}}]}, ["pipeline"]),
        ({"pipeline": [{"$group": {"_id": None}}]}, ["pipeline"]),
    ],
    ids=str,
)  # fmt: skip
def test_an_aggregate_is_judged_param_by_param_as_far_as_it_is_known(
    params: dict[str, Any], fields: list[str]
) -> None:
    types = generated_types(THING, "things", Family([THING]))
    aggregate = next(kind for kind in types if kind.spec.operation == "aggregate")
    assert isinstance(aggregate, AggregateType)
    found = aggregate.check_own(params)
    assert [problem.field for problem in found] == fields
    assert all(problem.hint for problem in found)


@pytest.mark.parametrize("broken", ["{{ 1 + }}", "{{ found.__class__ }}", "{{ lambda: 1 }}"])
def test_an_expression_that_cannot_be_read_is_told_once_with_its_node_and_param(broken: str) -> None:
    class Part:
        name: str
        stock: int = 0

    db = DataFlow(":memory:", models=[Part])
    for type_name, params, field in (
        ("PartCreateNode", {"name": "x", "stock": broken}, "stock"),
        ("PartReadNode", {"id": broken}, "id"),
        ("PartUpdateNode", {"id": 1, "fields": {"stock": broken}}, "fields"),
        ("PartUpdateNode", {"id": 1, "fields": {"stock": {"$inc": broken}}}, "fields"),
        ("PartListNode", {"filter": {"stock": {"$gt": broken}}}, "filter"),
        ("PartUpsertNode", {"id": 1, "name": broken}, "name"),
        ("PartAggregateNode", {"filter": {"name": broken}, "group_by": "name"}, "filter"),
        ("PartAggregateNode", {"pipeline": [{"$match": {"name": broken}}, {"$limit": broken}]}, "pipeline"),
        ("PartBulkCreateNode", {"data": [{"name": broken}]}, "data"),
        ("PartBulkDeleteNode", {"ids": [broken]}, "ids"),
    ):
        workflow = WorkflowBuilder(db)
        workflow.add_node(type_name, "it", params)
        with pytest.raises(BuildError) as caught:
            workflow.build()
        (problem,) = caught.value.problems
        assert (problem.code, problem.node, problem.field) == ("expression", "it", field)
        assert problem.hint
