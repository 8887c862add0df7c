"""Text operators mean one thing: LIKE, prefixes, letter case, and regular expressions written twice."""

import re

import pytest

from studio.kernel.errors import FilterError
from studio.query.patterns import (
    check_like,
    check_regex,
    fold,
    like_matcher,
    postgres_regex,
    regex_matcher,
    text_after,
)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("", "", True), ("", "a", False), ("%", "", True), ("a%", "abc", True), ("a%", "ba", False), ("%c", "abc", True),
        ("%b%", "abc", True), ("a_c", "abc", True), ("a_c", "abbc", False), ("_", "🙂", True), ("a\\%", "a%", True),
        ("a\\%", "ab", False), ("\\_%", "_x", True), ("a%b%c", "a1b2c", True), ("a%b%c", "a1c2b", False), ("%ab%ab%", "ab", False),
        ("%ab%ab%", "abab", True), ("a%a", "a", False), ("%\n%", "x\ny", True), ("A%", "abc", False), ("\\\\", "\\", True),
    ],
)  # fmt: skip
def test_like(pattern: str, text: str, expected: bool) -> None:
    assert like_matcher(pattern)(text) is expected


def test_like_stays_fast_where_a_regular_expression_would_not() -> None:
    assert not like_matcher("%a" * 200 + "b")("a" * 5000)


def test_a_pattern_may_not_end_within_an_escape() -> None:
    check_like("a\\\\", field="name")
    with pytest.raises(FilterError, match="lone backslash"):
        check_like("a\\", field="name")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("ABC", "abc"), ("İ", "i"), ("ΑΣ", "ασ"), ("STRASSE ß ẞ", "strasse ß ß"), ("ÄÉ", "äé")],
)
def test_letters_fold_one_for_one(text: str, expected: str) -> None:
    assert fold(text) == expected
    assert len(fold(text)) == len(text)


@pytest.mark.parametrize(
    ("prefix", "following"),
    [("a", "b"), ("az", "a{"), ("", None), ("\U0010ffff", None), ("a\U0010ffff", "b"), ("\ud7ff", "\ue000")],
)
def test_the_first_text_after_a_prefix(prefix: str, following: str | None) -> None:
    assert text_after(prefix) == following


@pytest.mark.parametrize(
    ("source", "python", "postgres"),
    [
        ("^John", "^John", "(?c)^John"),
        ("a$", r"a\Z", "(?c)a$"),
        ("(?i)abc", "(?i)abc", "(?i)abc"),
        (r"\bx\b", r"\bx\b", r"(?c)\yx\y"),
        (r"\B", r"(?!\b)", r"(?c)\Y"),
        (r"a{2,}?", "a{2,}?", "(?c)a{2,}?"),
        (r"a{,3}", "a{0,3}", "(?c)a{0,3}"),
        (r"[^a\-z\]]", r"[^a\-z\]]", r"(?c)[^a\-z\]]"),
        (r"a{}", r"a\{\}", r"(?c)a\{\}"),
        ("x@y.z", "x@y.z", r"(?c)x\@y.z"),
    ],
)
def test_a_regular_expression_is_written_for_both(source: str, python: str, postgres: str) -> None:
    assert postgres_regex(source) == postgres
    found = re.compile(python, re.ASCII | re.DOTALL)
    for text in ("", "John", "a", "aa", "aaa\n", "x y", "abc", "ABC", "x@y.z", "b-]", "a{}"):
        assert regex_matcher(source)(text) is bool(found.search(text))


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        ("a$", "a\n", False), ("a.b", "a\nb", True), (r"\w", "ä", False), (r"\d", "٣", False), ("(?i)ä", "Ä", False), ("(?i)a", "A", True),
        ("^b", "a\nb", False), (r"^[a-z]+@company\.com$", "ann@company.com", True),
    ],
)  # fmt: skip
def test_regular_expressions_mean_what_postgresql_means(source: str, text: str, expected: bool) -> None:
    assert regex_matcher(source)(text) is expected


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("(", "not closed"), (")", "without an opening"), ("[a", "bracket"), ("a**", "repeated"), ("*a", "nothing stands before"),
        ("(?P<x>a)", "every database"), ("(?<=a)b", "every database"), (r"(a)\1", "every database"), (r"\p{L}", "every database"),
        ("[[:alpha:]]", "every database"), (r"[\D]", "every database"), ("a{300}", "255"), ("a{3,2}", "ends before"), ("\\", "lone backslash"),
        ("^*", "cannot be repeated"), ("(?=a)+", "cannot be repeated"), ("[z-a]", "no proper end"), ("{2}", "nothing stands before"),
        (r"\u12", "no character"), (r"\x00", "no character"), ("(" * 60 + ")" * 60, "nested too deeply"), ("a" * 3000, "longer"),
        ("a(?i)b", "every database"), ("a{2}{3}", "repeated"), ("a++", "repeated"),
    ],
)  # fmt: skip
def test_what_only_one_database_understands_is_refused(source: str, word: str) -> None:
    with pytest.raises(FilterError) as caught:
        check_regex(source, field="name")
    assert word in str(caught.value)
    assert caught.value.field == "name"
    assert caught.value.hint
