"""Expressions have values, exactly; hostile ones have none, at once; and no way leads from a value to the interpreter."""

import contextlib
import datetime as dt
import enum
import time
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.kernel.errors import ExpressionError
from studio.workflow.expressions import MOST_CHARACTERS, Expression, parse_expression


class Status(enum.Enum):
    PENDING = "pending"


NAMES: dict[str, Any] = {
    "read": MappingProxyType({"id": 7, "spend": Decimal("10.10"), "name": "Ann", "note": None, "status": Status.PENDING, "tags": ["a", "b"]}),
    "list_orders": [{"id": 1, "total": Decimal("1.10"), "status": Status.PENDING}, {"id": 2, "total": Decimal("2.20"), "status": None}],
    "cost": 2.5,
    "count": 3,
    "missing": None,
    "at": dt.datetime(2026, 1, 31, tzinfo=dt.UTC),
    "day": dt.date(2026, 1, 31),
    "span": dt.timedelta(hours=1),
    "odd key": 1,
    "flag": True,
}  # fmt: skip


def parsed(text: str) -> Expression:
    found = parse_expression("{{ " + text + " }}")
    assert found is not None
    return found


def value(text: str) -> Any:
    return parsed(text).evaluate(NAMES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("read.spend + cost", Decimal("12.60")), ("read.spend * 0.9", Decimal("9.090")), ("0.1 + 0.2 * read.spend", Decimal("2.120")),
        ("1 + 2 * 3 - 4", 3), ("7 / 2", 3.5), ("7 // 2", 3), ("-7 // 2", -4), ("-7 % 3", 2), ("decimal('-7') % 3", Decimal(2)),
        ("decimal('-7') // 2", Decimal(-4)), ("2 ** 10", 1024), ("read.spend / 4", Decimal("2.525")), ("-read.spend", Decimal("-10.10")),
        ("read.name + '!'", "Ann!"), ("'ab' * 2", "abab"), ("read['name']", "Ann"), ("list_orders[0].id", 1), ("list_orders[-1]['id']", 2),
        ("read.name[0]", "A"), ("read.name[1:]", "nn"), ("read.tags[:1]", ["a"]), ("read.tags + ['c']", ["a", "b", "c"]),
        ("read.status == 'pending'", True), ("list_orders[0].status", "pending"), ("read.spend == 10.1", True), ("1 == True", False),
        ("1 < count <= 3", True), ("count > 5 or read.id", 7), ("count > 1 and not missing", True), ("'big' if cost > 2 else 'small'", "big"),
        ("missing is None", True), ("missing == null", True), ("read.note is not None", False), ("true", True), ("'A' in read.name", True),
        ("'name' in read", True), ("'c' not in read.tags", True), ("[1, 'a', (2, 3)]", [1, "a", [2, 3]]), ("{'a': count, 'b': [1]}", {"a": 3, "b": [1]}),
        ("at + span", dt.datetime(2026, 1, 31, 1, tzinfo=dt.UTC)), ("at - at", dt.timedelta(0)), ("day > at - at + day", False), ("span * 2", dt.timedelta(hours=2)),
        ("day - day", dt.timedelta(0)), ("span / span", 1.0), ("flag", True), ("coalesce(missing, read.note, 5)", 5), ("coalesce(missing)", None),
        ("len(list_orders)", 2), ("len(read.name)", 3), ("min(3, 1, 2)", 1), ("max(list_orders, 'total')", Decimal("2.20")), ("max(['a', 'b'])", "b"),
        ("sum(list_orders, 'total')", Decimal("3.30")), ("sum([1, 2.5])", 3.5), ("sum([])", 0), ("round(2.567, 2)", 2.57), ("round(2.4)", 2),
        ("round(decimal('2.345'), 2)", Decimal("2.35")), ("round(decimal('2.5'))", Decimal(3)), ("abs(-3)", 3), ("int('12')", 12), ("int(2.9)", 2),
        ("float('1.5')", 1.5), ("str(read.spend)", "10.10"), ("str(missing)", ""), ("str(true)", "true"), ("str(day)", "2026-01-31"), ("decimal(0.1)", Decimal("0.1")),
        ("lower('ABC')", "abc"), ("upper(read.name)", "ANN"), ("contains(read.tags, 'b')", True), ("contains('abc', 'bc')", True), ("'}}'", "}}"),
    ],
)  # fmt: skip
def test_an_expression_has_a_value(text: str, expected: Any) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


def test_now_and_today_are_in_utc() -> None:
    before = dt.datetime.now(dt.UTC)
    now, today = value("now()"), value("today()")
    assert before <= now <= dt.datetime.now(dt.UTC)
    assert now.tzinfo is dt.UTC
    assert before.date() <= today <= now.date() + dt.timedelta(days=1)


@pytest.mark.parametrize(
    "text",
    ["plain", "", "a {{ b }}", "{{ a }} b", "{{ a }} and {{ b }}", "${a}", "{ a }", "{{", "}}", "{{ a }", "}} {{", "{{ a }}{{ b }}", "x {{ 9**9**9 }}"],
)  # fmt: skip
def test_text_that_only_holds_braces_is_data(text: str) -> None:
    assert parse_expression(text) is None


@pytest.mark.parametrize("text", ["{{a}}", "  {{ a }}\n", "{{\n a\n}}", "{{ {'x': {'y': a}}['x'].y }}"])
def test_spaces_around_an_expression_do_not_count(text: str) -> None:
    found = parse_expression(text)
    assert found is not None
    assert found.names == ("a",)
    assert found.evaluate({"a": 5}) == 5


def test_the_names_are_the_roots_in_order_without_functions() -> None:
    assert parsed("max(read.spend, cost) + list_orders[count].total - read.id").names == (
        "read",
        "cost",
        "list_orders",
        "count",
    )
    assert parsed("len('x') + true").names == ()


def test_an_expression_is_parsed_once() -> None:
    assert parse_expression("{{ read.id + 1 }}") is parse_expression("{{read.id + 1}}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("raed.spend", ["no value named 'raed'", "'read'"]), ("read.spent", ["no field 'spent'", "'spend'"]), ("read.note.x", ["looked up in None"]),
        ("missing + 1", ["None + a number", "coalesce"]), ("'a' + 1", ["text + a number", "str(x)"]), ("list_orders.id", ["a list has no field", "[0].id"]),
        ("list_orders[5]", ["no item 5 among 2"]), ("1 / 0", ["divides by zero"]), ("decimal('1') % 0", ["divides by zero"]), ("1 < 'a'", ["no meaning"]),
        ("len", ["no value named 'len'", "len(…)"]), ("lne(x)", ["no function 'lne'", "'len'"]), ("len(1, 2)", ["takes 1 arguments, not 2"]),
        ("len(1)", ["has no length"]), ("min([])", ["nothing"]), ("int('abc')", ["cannot be read"]), ("round('a')", ["wants a number"]), ("a +", ["cannot be read"]),
        ("", ["cannot be read"]), ("decimal('x')", ["no decimal"]), ("str(read)", ["more than a text can say"]), ("round(1.5, places=1)", ["by their place"]),
        ("at < day", ["compare"]), ("read[0]", ["no field's name"]), ("5[0]", ["has no items"]), ("'abc'['a']", ["no place"]), ("upper(5)", ["wants text"]),
        ("1e308 * 10", ["too large"]), ("1e999", ["too large"]), ("(-8) ** 0.5", ["no real number"]), ("-'a'", ["no meaning"]), ("x[::2]", ["step"]),
    ],
)  # fmt: skip
def test_an_expression_without_a_value_says_why(text: str, words: list[str]) -> None:
    with pytest.raises(ExpressionError) as caught:
        value(text)
    assert text[:20] in str(caught.value)
    for word in words:
        assert word in str(caught.value)


HOSTILE = [
    "().__class__", "read.__class__", "''.__class__.__mro__", "read['__class__'].x", "[].append", "{}.get('a')", "read.keys()", "'a'.format(1)",
    "__import__('os')", "open('/etc/passwd')", "eval('1')", "exec('1')", "getattr(read, 'x')", "globals()", "type(1)", "print(1)", "help()",
    "9**9**9", "9**9**9**9", "2**100000", "10**1000 * 10**1000", "(2**1000)**1000", "'a'*10**9", "10**9*'a'", "[0]*10**9", "('a'*100000)*100000", "'a'*99999+'a'*99999",
    "'%1000000000d' % 5", "'%s' % read", "f'{read}'", "f'{1:>1000000000}'", "b'a'*10**9", "1j", "...",
    "[x for x in read]", "[x for x in [0]*9 for y in [0]*9]", "{x: 1 for x in read}", "(x for x in read)", "{1, 2}", "lambda: 1", "(lambda x: x(x))(lambda x: x(x))",
    "(x := 5)", "await read", "(yield 1)", "*read", "[*read]", "{**read}", "len(*read)", "len(**read)", "print(*read)", "import os", "a; b", "a = 1", "del a", "assert 1",
    "1 << 100000", "~1", "1 | 2", "1 @ 2", "max(1, 2, key=len)", "str.upper", "len.__self__", "read.name.__class__", "(1).real", "(1.5).hex()", "decimal('1e999999') + 1",
    "decimal('9'*100) ** 1000", "decimal('1e900') * decimal('1e900')", "1 ** -1001", "0 ** -1", "float('nan')", "float('inf')", "int('9'*1000)", "round(1.5, 10**9)",
    "-" * 1500 + "1", "[" * 150 + "]" * 150, "not " * 400 + "1", "1" + "+1" * 900, "a" + ".a" * 500, "'" + "x" * 3000 + "'", "9" * 1900, "\x00",
    "a" * (MOST_CHARACTERS + 1), "'\\ud800'" + " + 1",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_expression_is_refused_at_once(text: str) -> None:
    started = time.process_time()
    with pytest.raises(ExpressionError):
        value(text)
    # Not a benchmark: the worst of them would otherwise never end.
    assert time.process_time() - started < 2


@pytest.mark.parametrize("text", [line for line in HOSTILE if "{" not in line and "}" not in line][:20])
def test_the_same_text_outside_of_braces_is_data(text: str) -> None:
    assert parse_expression(text) is None


class Guarded:
    """Complains when anybody reads an attribute that is not the language's business."""

    def __getattribute__(self, name: str) -> Any:
        if name == "__class__":
            return Guarded
        raise AssertionError(f"the expression read {name!r}")


@pytest.mark.parametrize(
    "text",
    [
        "thing.secret",
        "thing['secret']",
        "thing + 1",
        "len(thing)",
        "str([thing])",
        "thing.secret()",
        "thing[0]",
        "thing < 1",
    ],
)
def test_no_attribute_of_an_object_is_ever_read(text: str) -> None:
    with pytest.raises(ExpressionError):
        parsed(text).evaluate({"thing": Guarded()})


PLAIN = (int, float, bool, str, Decimal, list, dict, dt.date, dt.timedelta, type(None), MappingProxyType)
pieces = st.sampled_from(
    [
        "read", "cost", "count", "missing", "list_orders", "at", "span", "day", ".name", ".spend", ".id", "[0]", "[-1]", "['name']", "[1:]", "+", "-", "*", "**", "/", "//",
        "%", "==", "<", ">=", " in ", " not in ", " and ", " or ", " not ", " if ", " else ", "(", ")", "[", "]", "{", "}", ",", ":", "'a'", "''", "1", "0", "2.5", "99999", "1e300",
        "len(", "sum(", "min(", "max(", "round(", "abs(", "int(", "str(", "decimal(", "coalesce(", "contains(", "lower(", "True", "None", ".__class__", "lambda", " for ", " x ",
    ]
)  # fmt: skip


@given(st.lists(pieces, min_size=1, max_size=14).map("".join))
@settings(max_examples=600)
def test_whatever_is_written_is_refused_or_has_a_plain_value(text: str) -> None:
    try:
        found = parse_expression("{{" + text + "}}")
        result = None if found is None else found.evaluate(NAMES)
    except ExpressionError:
        return
    assert isinstance(result, PLAIN)


@given(st.text(max_size=30))
@settings(max_examples=300)
def test_any_text_in_braces_is_refused_or_has_a_plain_value(text: str) -> None:
    try:
        found = parse_expression("{{" + text + "}}")
        result = None if found is None else found.evaluate(NAMES)
    except ExpressionError:
        return
    assert isinstance(result, PLAIN)


@given(st.decimals(-(10**12), 10**12, places=4), st.decimals(-(10**12), 10**12, places=4))
def test_decimals_are_reckoned_exactly(left: Decimal, right: Decimal) -> None:
    names = {"a": left, "b": right}
    assert parsed("a + b - b").evaluate(names) == left
    assert parsed("(a + b) * 3 == a * 3 + b * 3").evaluate(names) is True


def test_a_sign_keeps_every_digit_of_a_decimal() -> None:
    names = {"a": Decimal("-1234567890123456789012345678901234567890.12345")}
    assert parsed("-a").evaluate(names) == Decimal("1234567890123456789012345678901234567890.12345")
    assert parsed("abs(a)").evaluate(names) == Decimal("1234567890123456789012345678901234567890.12345")


@pytest.mark.parametrize(
    "text", ["int(a)", "str(a)", "round(a)", "a + 1", "a * a", "-a", "a // 3", "a ** 2", "len(str(a))"]
)
def test_a_decimal_of_a_billion_digits_is_never_written_out(text: str) -> None:
    for number in (Decimal("1E+999999999"), Decimal("1E-999999999")):
        with contextlib.suppress(ExpressionError):
            assert len(str(parsed(text).evaluate({"a": number}))) < 1_000
