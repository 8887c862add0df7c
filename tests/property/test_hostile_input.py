"""Whatever is given to nodes, filters, updates and texts: it is done or refused with a place, and none of it becomes SQL."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from studio.database import Database
from studio.kernel.errors import RunError, StudioError
from studio.persistence import project_from_yaml
from studio.workflow.text import nodes_from_yaml, workflow_from_yaml
from tests.conformance.shop import Nodes, Shop
from tests.unit.query.generators import PATHS, POOLS, TEXT_FIELDS, THING

ROWS: Final = [
    {"id": "ada", "name": "Ada", "email": "a@b", "tags": ["x"], "profile": {"a": 1}},
    {"id": "bob", "name": "Bob"},
]
GOOD: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("CustomerCreateNode", {"id": "z", "name": "A", "email": "e", "tags": ["a"], "profile": {"a": {"b": 1}}}),
    ("CustomerReadNode", {"filter": {"name": "Ada"}, "if_missing": "null"}),
    ("CustomerUpdateNode", {"id": "ada", "fields": {"name": "x", "profile.a": 2}}),
    ("CustomerUpdateNode", {"filter": {"id": "ada"}, "fields": {"tags": {"$push": "q"}}}),
    ("CustomerDeleteNode", {"id": "nobody", "if_missing": "null"}),
    ("CustomerListNode", {"filter": {"name": {"$like": "A%"}, "$or": [{"tags": "x"}]}, "order_by": ["-name"], "limit": 10, "fields": ["id"]}),
    ("CustomerCountNode", {"filter": {"profile.a": {"$between": [1, 2]}}}),
    ("CustomerUpsertNode", {"where": {"email": "a@b"}, "create": {"name": "q"}, "update": {"name": "w"}, "conflict_on": ["email"]}),
    ("OrderAggregateNode", {"group_by": ["status"], "aggregate": {"total": {"$sum": "total"}}, "having": {"total": {"$gt": 1}}, "order_by": "-total"}),
    ("OrderAggregateNode", {"pipeline": [{"$match": {"stock": 0}}, {"$group": {"_id": "$status", "t": {"$sum": "$total"}}}, {"$sort": {"t": -1}}]}),
    ("CustomerBulkCreateNode", {"data": ROWS, "batch_size": 10, "conflict_resolution": "upsert", "return_ids": True}),
    ("OrderBulkUpdateNode", {"filter": {"stock": 0}, "update": {"stock": {"$inc": 1}, "note": "x"}, "limit": 5}),
    ("OrderBulkUpdateNode", {"data": [{"id": 1, "stock": 3}]}),
    ("CustomerBulkDeleteNode", {"filter": {"name": "nobody"}, "limit": 5}),
    ("CustomerBulkUpsertNode", {"data": ROWS, "conflict_on": ["id"], "conflict_resolution": "update"}),
    ("Map", {"records": ROWS, "fields": {"n": "{{ value.name }}"}}),
    ("Filter", {"records": ROWS, "condition": {"name": {"$gt": "A"}}}),
    ("Sort", {"records": ROWS, "order_by": ["-name"]}),
    ("GroupBy", {"records": ROWS, "group_by": ["name"], "aggregate": {"n": {"$count": "*"}}}),
    ("Join", {"left": ROWS, "right": ROWS, "on": ["id"], "how": "inner"}),
    ("SQL", {"sql": "SELECT :a AS x", "params": {"a": 1}}),
    ("If", {"condition": "{{ 1 < 2 }}", "value": 3}),
    ("ReadCSV", {"path": "nowhere.csv", "types": {"a": "int"}}),
    ("HTTPRequest", {"url": "http://127.0.0.1:1/", "expect_status": [200], "timeout_s": 0.5}),
)  # fmt: skip

NAMES: Final = [
    "id", "name", "email", "tags", "profile", "profile.a", "total", "stock", "limit", "$gt", "$in", "$inc", "$set", "$push", "$regex", "$contains",
    "$sum", "$group", "$date", "__class__", "a..b", "", "'; DROP TABLE customers; --",
]  # fmt: skip
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.sampled_from([2**63, 10**400, -1, 0]), st.floats(), st.decimals(), st.text(max_size=5),
    st.sampled_from([*NAMES, "{{ a }}", "{{", "\0", "\ud800", "(a+)+$", "x" * 300]), st.binary(max_size=3), st.datetimes(), st.uuids(),
)  # fmt: skip
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def spoilt(draw: st.DrawFn, value: Any) -> Any:
    """The value with something else at one place of it."""
    if isinstance(value, dict) and value and draw(st.integers(0, 3)):
        name = draw(st.sampled_from(sorted(value)))
        if draw(st.integers(0, 5)):
            return {**value, name: draw(spoilt(value[name]))}
        return {**value, draw(st.sampled_from(NAMES)): draw(anything)}
    if isinstance(value, list) and value and draw(st.integers(0, 3)):
        place = draw(st.integers(0, len(value) - 1))
        return [*value[:place], draw(spoilt(value[place])), *value[place + 1 :]]
    return draw(anything)


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    made = Shop("sqlite:///:memory:")
    yield made
    made.close()


@given(data=st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_a_node_with_any_params_runs_or_is_refused(shop: Shop, data: st.DataObject) -> None:
    type_name, good = data.draw(st.sampled_from(GOOD))
    params = data.draw(spoilt(good))
    assume(isinstance(params, dict))
    nodes: Nodes = {"node": (type_name, params)}
    edges = []
    if params and data.draw(st.booleans()):
        # What comes by an edge is known only in the run.
        name = data.draw(st.sampled_from(sorted(params)))
        rest = {other: value for other, value in params.items() if other != name}
        nodes = {"node": (type_name, rest), "value": ("Constant", {"value": {"$literal": params[name]}})}
        edges = [("value", "value", "node", name)]
    try:
        error = shop.run(nodes, edges).error
    except StudioError as refusal:
        error = refusal
    assert type(error) is not RunError, repr(error.__cause__)
    assert error is None or error.message


TEXT: Final = (Path(__file__).resolve().parents[2] / "examples" / "stock.yaml").read_text(encoding="utf-8")
SPLINTERS: Final = [
    "&a", "*a", "!!python/object:os.system", "!decimal", "!bytes", "- ", "  ", ": ", "{", "}", "[", "]", "|", ">", "'", '"', "#", "---", "\t", "\0",
    "<<: *a", "? ", "%YAML 9.9", "@", "`", "1e999999", "0x", "2020-13-45", "~", "\n", "null", "id", "nodes", "edges", "models", "type", "[" * 200,
]  # fmt: skip


@st.composite
def yaml_texts(draw: st.DrawFn) -> str:
    text = TEXT
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(text)))
        removed = draw(st.sampled_from([0, 0, 1, 7, 40]))
        text = text[:place] + draw(st.sampled_from(SPLINTERS)) + text[place + removed :]
    return text


@given(yaml_texts() | st.text(max_size=60) | st.lists(st.sampled_from(SPLINTERS), max_size=20).map("".join))
@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_any_yaml_is_read_or_refused(text: str) -> None:
    for read in (project_from_yaml, workflow_from_yaml, nodes_from_yaml):
        with contextlib.suppress(StudioError):
            assert read(text) is not None


# ---------------------------------------------------------------- no SQL is made of input

MARK: Final = "zqx'\"`;--\\"
"""In every text that is given. Nothing of it may be seen in a statement."""
NUMBER: Final = 918_273_645
FROM_INPUT: Final = re.compile(rf"zqx|{NUMBER}")
DATABASES: Final = [
    Database(url) for url in ("sqlite:///:memory:", "postgresql://a@127.0.0.1:1/a", "mysql://a@127.0.0.1:1/a")
]

marked_values = st.sampled_from([MARK, f"%{MARK}%", NUMBER, [MARK, NUMBER], {MARK: NUMBER}, [{"a": MARK}]])
text_tests = st.builds(
    lambda operator, text: {operator: text},
    st.sampled_from(["$startswith", "$endswith", "$contains", "$regex", "$gt", "$ne"]),
    st.sampled_from(["zqx", "zqx;--", "zqx'"]),
)
marked_filters = st.recursive(
    st.one_of(
        st.builds(lambda name, test: {name: test}, st.sampled_from([name for name in TEXT_FIELDS if name != "colour"]), text_tests),
        st.builds(lambda sign, value: {"number": {sign: value}}, st.sampled_from(["$gt", "$ne", "$lte"]), st.just(NUMBER)),
        st.builds(lambda values: {"number": {"$in": values}}, st.just([NUMBER, NUMBER + 1])),
        st.builds(lambda path, value: {f"profile.{path}": {"$eq": value}}, st.sampled_from([*PATHS, f"a.{MARK}"]), marked_values),
        st.builds(lambda value: {"tags": {"$contains": value}}, marked_values),
        st.just({"tags": {"$size": {"$gt": NUMBER}}}),
    ),
    lambda inner: st.builds(lambda sign, parts: {sign: parts}, st.sampled_from(["$and", "$or", "$nor"]), st.lists(inner, min_size=1, max_size=3)),
    max_leaves=4,
)  # fmt: skip
marked_updates = st.dictionaries(
    st.sampled_from(["name", "note", "profile", f"profile.b {MARK[:3]}", "tags"]),
    marked_values | st.builds(lambda value: {"$push": value}, marked_values),
    min_size=1,
    max_size=2,
)


@given(data=st.data())
@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
def test_no_statement_holds_anything_of_what_was_given(data: st.DataObject) -> None:
    filter = data.draw(marked_filters)
    operation, params = data.draw(
        st.sampled_from(
            [
                ("list", {"filter": filter, "order_by": ["-name"], "limit": NUMBER, "offset": NUMBER}),
                ("count", {"filter": filter}),
                ("bulk_delete", {"filter": filter, "limit": NUMBER}),
                ("aggregate", {"filter": filter, "group_by": ["colour"], "aggregate": {"n": {"$sum": "number"}}, "having": {"n": {"$gt": NUMBER}}}),
                ("create", {"name": MARK, "number": NUMBER, "profile": {MARK: NUMBER}, "tags": [MARK]}),
                ("bulk_update", {"filter": filter, "update": data.draw(marked_updates), "limit": NUMBER}),
            ]
        )
    )  # fmt: skip
    for database in DATABASES:
        try:
            statements = database.compile(operation, THING, params)
        except StudioError:
            continue  # not every value suits every field
        assert statements
        for statement in statements:
            assert not FROM_INPUT.search(statement.sql), statement.sql


def test_the_marks_get_as_far_as_the_statements() -> None:
    """Or the test above would prove nothing."""
    assert set(POOLS) <= set(THING.names)
    for database in DATABASES:
        (statement, *_) = database.compile(
            "list", THING, {"filter": {"name": MARK, f"profile.{MARK}": NUMBER}}
        )
        assert MARK in statement.params.values()
        assert NUMBER in statement.params.values()
