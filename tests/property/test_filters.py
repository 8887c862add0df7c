"""Laws that hold for every filter: whatever comes in is read or refused by name, and logic is that of two values."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.kernel.errors import StudioError
from studio.query import (
    OPERATORS,
    UPDATE_OPERATORS,
    matcher,
    parse_filter,
    parse_order,
    parse_update,
)
from studio.query.documents import contains, equal, holds
from studio.query.patterns import (
    check_like,
    check_regex,
    fold,
    like_matcher,
    postgres_regex,
    regex_matcher,
    text_after,
)
from studio.query.sql_filters import filter_clause
from tests.unit.query.generators import JSON_VALUES, NOW, PATHS, POOLS, TEXT_FIELDS, THING, random_rows
from tests.unit.query.support import Bench

ROWS = random_rows(40, seed=11)

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=4)
    | st.decimals()
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from([*OPERATORS, *UPDATE_OPERATORS, *THING.names, "profile.a", "$date", "x", ""]) | st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip

text_tests = st.one_of(
    st.builds(lambda text: {"$startswith": text}, st.text("abAÄäß%_\\é", max_size=3)),
    st.builds(lambda text: {"$endswith": text}, st.text("abAÄäß%_\\é", max_size=3)),
    st.builds(lambda text: {"$contains": text}, st.text("abAÄäß%_\\é", max_size=3)),
    st.builds(lambda text: {"$like": text.replace("\\", "\\\\")}, st.text("abAä%_\\é", max_size=4)),
    st.builds(lambda text: {"$ilike": text.replace("\\", "\\\\")}, st.text("abAÄİΣ%_\\é", max_size=4)),
)
json_tests = st.one_of(
    st.builds(lambda value: {"$eq": value}, st.sampled_from(JSON_VALUES)),
    st.builds(lambda values: {"$in": values}, st.lists(st.sampled_from(JSON_VALUES), max_size=3)),
    st.builds(
        lambda name, value: {name: value},
        st.sampled_from(["$gt", "$lte"]),
        st.sampled_from([0, 1.5, "a", "dark", True]),
    ),
    st.builds(lambda value: {"$contains": value}, st.sampled_from(JSON_VALUES)),
    st.builds(lambda value: {"$size": value}, st.integers(0, 3)),
    st.builds(lambda value: {"$exists": value}, st.booleans()),
    text_tests,
)


def field_tests(name: str) -> st.SearchStrategy[dict[str, Any]]:
    values = st.sampled_from(POOLS[name])
    tests = st.one_of(
        st.builds(
            lambda sign, value: {sign: value},
            st.sampled_from(["$eq", "$ne", "$gt", "$gte", "$lt", "$lte"]),
            values,
        ),
        st.builds(
            lambda sign, many: {sign: many},
            st.sampled_from(["$in", "$nin"]),
            st.lists(values | st.none(), max_size=4),
        ),
        st.builds(lambda low, high: {"$between": [low, high]}, values, values),
        st.builds(lambda flag: {"$null": flag}, st.booleans()),
        *([text_tests] if name in TEXT_FIELDS else []),
    )
    return st.builds(lambda test: {name: test}, tests)


leaves = st.one_of(
    st.sampled_from(sorted(POOLS)).flatmap(field_tests),
    st.builds(lambda path, test: {f"profile.{path}": test}, st.sampled_from(PATHS), json_tests),
    st.builds(lambda test: {"tags.0": test}, json_tests),
)
filters = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(
            lambda sign, parts: {sign: parts},
            st.sampled_from(["$and", "$or", "$nor"]),
            st.lists(inner, max_size=3),
        ),
        st.builds(lambda part: {"$not": part}, inner),
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    made = Bench("sqlite:///:memory:", THING)
    made.create([{**row, "created_at": NOW, "updated_at": NOW} for row in ROWS])
    yield made
    made.close()


def matching(filter: Any) -> set[int]:
    match = matcher(parse_filter(THING, filter, now=NOW))
    return {row["id"] for row in ROWS if match(row)}


@given(filter=filters)
@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
def test_a_filter_means_in_sql_what_it_means_in_python(bench: Bench, filter: Any) -> None:
    parsed = parse_filter(THING, filter, now=NOW)
    statement = sa.select(bench.table.c.id)
    clause = filter_clause(parsed, bench.table, "sqlite")
    if clause is not None:
        statement = statement.where(clause)
    rows = bench.execute(statement, {f"p{slot}": value for slot, value in enumerate(parsed.values)})
    assert {row[0] for row in rows} == matching(filter)


@given(filters, filters)
@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
def test_logic_has_two_values(first: Any, second: Any) -> None:
    one, other, everything = matching(first), matching(second), matching({})
    assert matching({"$and": [first, second]}) == one & other
    assert matching({"$or": [first, second]}) == one | other
    assert matching({"$not": first}) == everything - one
    assert matching({"$nor": [first, second]}) == everything - one - other


@given(filters)
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
def test_a_shape_has_no_values_and_one_statement(filter: Any) -> None:
    parsed = parse_filter(THING, filter, now=NOW)
    again = parse_filter(THING, filter, now=NOW)
    assert parsed == again
    assert hash(parsed.shape) == hash(again.shape)


@given(anything)
@settings(max_examples=200)
def test_whatever_is_given_is_read_or_refused_by_name(given_value: Any) -> None:
    for read in (parse_filter, parse_update, parse_order):
        try:
            shape = read(THING, given_value).shape
        except StudioError:
            continue
        assert hash(shape) == hash(shape)


@given(
    anything
    | st.dictionaries(st.sampled_from([*OPERATORS, *UPDATE_OPERATORS]), scalars, min_size=1, max_size=1),
    st.sampled_from(THING.names),
)
@settings(max_examples=200)
def test_whatever_is_asked_of_a_field_is_read_or_refused_by_name(given_value: Any, name: str) -> None:
    for read in (parse_filter, parse_update):
        try:
            shape = read(THING, {name: given_value}).shape
        except StudioError:
            continue
        assert hash(shape) == hash(shape)


@given(st.text("ab(|)[]^$.*+?{}0,1\\dwbs-:=!iéÄ\n", max_size=12), st.text("ab01 éÄ\n-", max_size=8))
@settings(max_examples=200)
def test_a_regular_expression_is_refused_or_searches(source: str, text: str) -> None:
    try:
        check_regex(source, field="name")
    except StudioError:
        return
    assert regex_matcher(source)(text) in (True, False)
    assert postgres_regex(source).startswith(("(?c)", "(?i)"))


@given(st.text(max_size=6), st.text(max_size=6))
def test_text_that_begins_with_a_prefix_lies_between_its_bounds(prefix: str, text: str) -> None:
    following = text_after(prefix)
    for one in (text, prefix + text):
        assert one.startswith(prefix) == (prefix <= one and (following is None or one < following))


@given(st.text("ab%_\\", max_size=6), st.text("ab%_\\", max_size=8))
def test_like_agrees_with_a_regular_expression(pattern: str, text: str) -> None:
    import re

    try:
        check_like(pattern, field="name")
    except StudioError:
        return
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    regex = "".join({"%": ".*", "_": "."}.get(part, re.escape(part[-1])) for part in parts)
    assert like_matcher(pattern)(text) == bool(re.fullmatch(regex, text, re.DOTALL))


@given(st.text())
def test_folding_twice_changes_nothing_and_keeps_the_length(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert len(fold(text)) == len(text)


@given(st.sampled_from(JSON_VALUES), st.sampled_from(JSON_VALUES))
def test_equality_of_documents_is_symmetric_and_implies_containment(left: Any, right: Any) -> None:
    assert equal(left, right) == equal(right, left)
    assert equal(left, left)
    if equal(left, right):
        assert holds(left, right)
        assert contains([right], left)
