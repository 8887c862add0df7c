"""A person's own SQL: parameters by name, everything else letter for letter."""

import datetime as dt
from decimal import Decimal

import pytest

from studio.database.raw import first_word, prepare, rows_from
from studio.kernel.errors import StatementRefused, ValueRefused


def test_named_parameters_become_the_drivers_own():
    sql = "SELECT * FROM t WHERE a = :a AND b > :b AND c = :a;"
    assert prepare(sql, {"a": 1, "b": 2}, "sqlite") == (
        "SELECT * FROM t WHERE a = ? AND b > ? AND c = ?",
        [1, 2, 1],
    )
    assert prepare(sql, {"a": 1, "b": 2}, "postgresql") == (
        "SELECT * FROM t WHERE a = $1 AND b > $2 AND c = $1",
        [1, 2],
    )


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT ':a' || 'it''s :a'",
        'SELECT ":a"',
        "SELECT 1 -- :a",
        "SELECT 1 /* :a */",
        "SELECT $$ :a $$, $tag$ :a $tag$",
        "SELECT '1'::integer",
    ],
)
def test_quoted_text_comments_and_casts_are_left_alone(sql):
    assert prepare(sql, {}, "postgresql") == (sql, [])


def test_a_missing_and_an_unused_parameter_are_told():
    with pytest.raises(ValueRefused, match=":custmer") as caught:
        prepare("SELECT :custmer", {"customer": 1}, "sqlite")
    assert "'customer'" in caught.value.hint
    with pytest.raises(ValueRefused, match="does not use"):
        prepare("SELECT 1", {"a": 1}, "sqlite")
    with pytest.raises(ValueRefused, match="no SQL"):
        prepare("  ", {}, "sqlite")


def test_values_take_the_form_they_are_stored_in():
    moment = dt.datetime(2026, 1, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    _, values = prepare("SELECT :a, :b, :c", {"a": moment, "b": Decimal("1E2"), "c": {"k": 1}}, "sqlite")
    assert values == ["2026-01-01 00:00:00.000000", "100", '{"k":1}']


@pytest.mark.parametrize(
    "sql", ["BEGIN", " -- hello\ncommit", "/* x */ Rollback;", "savepoint a", "ATTACH 'x' AS y"]
)
def test_transactions_are_not_for_statements(sql):
    with pytest.raises(StatementRefused, match="belong to the run"):
        first_word(sql)


def test_columns_of_the_same_name_stay_apart_and_rows_are_cut():
    rows = rows_from(("id", "id"), [(1, 2), (3, 4)], None, "…", 1)
    assert rows == [{"id": 1, "id_2": 2}]
    assert rows.has_more
    assert rows.columns == ("id", "id_2")
