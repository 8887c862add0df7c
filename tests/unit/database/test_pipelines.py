"""What a row becomes before it is written, and how a bad one is refused."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.database.pipelines import RowPipelines, make_maker
from studio.database.plans import dialect_named
from studio.kernel.errors import ValueRefused
from studio.models import Field, model_from_class

NOW = "the moment"


class Thing:
    """One field of each usual kind."""

    id: str
    title: Annotated[str, Field(max_length=10)]
    count: Annotated[int, Field(min=0)]
    price: Decimal
    ratio: float | None = None
    tags: list[Any] | None = None
    rank: int = 7


THING = model_from_class(Thing)
COLUMNS = THING.names


def pipelines(dialect: str = "sqlite") -> RowPipelines:
    return RowPipelines(THING, dialect_named(dialect), COLUMNS, completing=True)


def row_of(values, dialect="sqlite"):
    return dict(zip(COLUMNS, pipelines(dialect).pipeline(values)(values, NOW), strict=True))


def refused(values) -> ValueRefused:
    with pytest.raises(ValueRefused) as caught:
        row_of(values)
    return caught.value


def test_a_row_is_completed_with_defaults_an_id_and_the_moment_of_the_batch():
    row = row_of({"title": "a", "count": 1, "price": Decimal("1.50")})
    assert uuid.UUID(row["id"]).version == 4
    assert row["rank"] == 7
    assert row["ratio"] is None
    assert row["created_at"] == row["updated_at"] == NOW


def test_an_id_is_kept_letter_for_letter():
    assert row_of({"id": " 007", "title": "a", "count": 1, "price": 1})["id"] == " 007"


def test_values_take_the_drivers_form():
    values = {"title": "a", "count": 1, "price": Decimal("1E+2"), "tags": [1, "ä"]}
    assert row_of(values)["price"] == "100"
    assert row_of(values)["tags"] == '[1,"ä"]'
    assert row_of(values, "postgresql")["price"] == Decimal(100)


def test_all_faults_of_a_row_are_told_at_once_with_near_misses():
    error = refused({"titel": "a", "count": "1", "price": "x", "created_at": dt.datetime.now(dt.UTC)})
    assert error.field == "titel"
    for part in (
        "'titel'",
        "'title'",
        '"count"',
        '"price"',
        '"created_at" is kept by Studio',
        'needs "title"',
    ):
        assert part in error.message
    assert len(error.context["faults"]) == 5


def test_a_single_fault_is_told_plainly():
    error = refused({"title": "a" * 11, "count": 1, "price": 1})
    assert error.field == "title"
    assert "at most 10 characters" in error.message


def test_a_row_that_is_no_mapping_is_refused():
    with pytest.raises(ValueRefused, match="must be a mapping"):
        no_row: Any = 5
        pipelines().pipeline({"title"})(no_row, NOW)


def test_rows_with_other_fields_pass_through_the_same_function():
    convert = pipelines().pipeline({"title", "count", "price"})
    longer = convert({"title": "b", "count": 2, "price": 2, "rank": 9}, NOW)
    shorter = convert({"id": "x", "title": "b", "count": 2, "price": 2}, NOW)
    assert dict(zip(COLUMNS, longer, strict=True))["rank"] == 9
    assert dict(zip(COLUMNS, shorter, strict=True))["id"] == "x"
    with pytest.raises(ValueRefused, match='needs "title"'):
        convert({"count": 2, "price": 2}, NOW)


def test_each_record_gets_a_default_of_its_own():
    class Basket:
        things: list[Any] = []  # noqa: RUF012 - a declaration, not a class's own list

    spec = model_from_class(Basket)
    made = RowPipelines(spec, dialect_named("postgresql"), ("things",), completing=True).pipeline(())
    assert made({}, NOW) == ("[]",)


def test_without_completing_every_column_must_be_given():
    convert = RowPipelines(THING, dialect_named("sqlite"), ("id", "rank"), completing=False).pipeline(
        {"id", "rank"}
    )
    assert convert({"id": "a", "rank": 1}, NOW) == ("a", 1)
    with pytest.raises(ValueRefused, match="same fields"):
        convert({"id": "a"}, NOW)


@given(
    title=st.text(max_size=12),
    count=st.one_of(st.integers(), st.booleans(), st.none()),
    price=st.one_of(st.decimals(), st.floats(), st.text(max_size=3)),
)
def test_the_quick_way_and_the_careful_way_agree(title, count, price):
    made = pipelines()
    values = {"id": "a", "title": title, "count": count, "price": price}
    try:
        careful = made._plainly(values, NOW)
    except ValueRefused:
        with pytest.raises(ValueRefused):
            made.pipeline(values)(values, NOW)
    else:
        assert made.pipeline(values)(values, NOW) == careful


def test_a_maker_reads_each_value_that_is_there():
    make = make_maker(("a", "b"), (None, Decimal))
    assert make((1, "2.5")) == {"a": 1, "b": Decimal("2.5")}
    assert make((None, None)) == {"a": None, "b": None}
