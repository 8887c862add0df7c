r"""What do the text operators mean? LIKE patterns, prefixes, letter case and regular expressions, the same on every database.

Regular expressions are a common language of Python's `re` and PostgreSQL's: literals, `.`, classes, groups, alternatives, greedy and
lazy repetition, lookahead, `^ $ \A \Z \b \B`, `\d \w \s` and their opposites, and `(?i)` at the start. `.` matches every character, a
line's end too; `^` and `$` match at the ends of the text only; `\d \w \s \b` and `(?i)` know the letters of ASCII. What only one of
the two understands is refused by name rather than read differently.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from studio.kernel.errors import FilterError

ESCAPE: Final = "\\"
_LAST = "\U0010ffff"
_SURROGATES = 0xD800, 0xDFFF
_SIMPLE_ESCAPES: Final = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v"}
_QUANTIFIER = re.compile(r"(?:[*+?]|\{(\d{1,4})?(,)?(\d{1,4})?\})")
_ASCII_CLASSES: Final = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t\n\x{b}\f\r "}
_BOUNDARY: Final = "(?:(?<![0-9A-Za-z_])(?=[0-9A-Za-z_])|(?<=[0-9A-Za-z_])(?![0-9A-Za-z_]))"
"""`\\b` in the letters of ASCII."""
_MOST_REPEATS = 255
"""PostgreSQL: a bound in braces is at most 255 (DUPMAX)."""
_MOST_DEPTH = 50
_MOST_LENGTH = 2000


# ------------------------------------------------------------------ letter case


def fold(text: str) -> str:
    """Small letters, one for one: the simple case mapping of Unicode, as databases do it, without regard to context.

    Python's own `lower` knows two exceptions that databases do not: the capital I with a dot becomes two characters, and a Greek
    capital sigma depends on its place in the word.
    """
    if text.isascii():
        return text.lower()
    return "".join([char.lower()[0] for char in text])


# ------------------------------------------------------------------ prefixes


def text_after(prefix: str) -> str | None:
    """The first text after all texts that begin with `prefix`, by code points; None when there is none."""
    kept = prefix.rstrip(_LAST)
    if not kept:
        return None
    following = ord(kept[-1]) + 1
    if _SURROGATES[0] <= following <= _SURROGATES[1]:
        following = _SURROGATES[1] + 1
    return kept[:-1] + chr(following)


# ------------------------------------------------------------------ LIKE


def check_like(pattern: str, *, field: str) -> None:
    """Refuses a pattern that ends within an escape."""
    if (len(pattern) - len(pattern.rstrip(ESCAPE))) % 2:
        raise FilterError(
            f"The pattern {pattern!r} ends with a lone backslash.",
            hint="A backslash takes the meaning from the % or _ after it; write two for a real one.",
            field=field,
        )


@lru_cache(maxsize=512)
def like_matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a whole text fits a LIKE pattern: `%` any characters, `_` one, a backslash takes their meaning.

    The pattern is cut at its `%`, and each piece is looked for from left to right: linear in practice, never exponential.
    """
    pieces: list[list[str | None]] = [[]]
    chars = iter(pattern)
    for char in chars:
        if char == ESCAPE:
            pieces[-1].append(next(chars, ESCAPE))
        elif char == "%":
            pieces.append([])
        else:
            pieces[-1].append(None if char == "_" else char)
    if len(pieces) == 1:
        (whole,) = pieces
        return lambda text: len(text) == len(whole) and _fits(whole, text, 0)
    head, *middle, tail = pieces
    fixed = sum(map(len, pieces))

    def matches(text: str) -> bool:
        if len(text) < fixed or not _fits(head, text, 0) or not _fits(tail, text, len(text) - len(tail)):
            return False
        place, end = len(head), len(text) - len(tail)
        for piece in middle:
            while not _fits(piece, text, place):
                place += 1
                if place + len(piece) > end:
                    return False
            place += len(piece)
            if place > end:
                return False
        return True

    return matches


def _fits(piece: list[str | None], text: str, place: int) -> bool:
    if place + len(piece) > len(text):
        return False
    return all(wanted is None or wanted == text[place + i] for i, wanted in enumerate(piece))


# ------------------------------------------------------------------ regular expressions


def check_regex(source: str, *, field: str) -> None:
    """Refuses what is no regular expression, or not the same one on every database."""
    try:
        _translate(source)
    except FilterError as error:
        raise error.at(field=field) from None


@lru_cache(maxsize=512)
def regex_matcher(source: str) -> Callable[[str], bool]:
    """Whether a text holds a match anywhere."""
    search = re.compile(_translate(source)[0], re.ASCII | re.DOTALL).search
    return lambda text: search(text) is not None


def postgres_regex(source: str) -> str:
    """The same expression as PostgreSQL spells it, for the operator `~` with COLLATE "C"."""
    return _translate(source)[1]


def pcre_regex(source: str) -> str:
    """The same expression for MariaDB, whose PCRE knows the letters of Unicode: classes and `(?i)` are written out in ASCII."""
    return _translate(source)[2]


@lru_cache(maxsize=512)
def _translate(source: str) -> tuple[str, str, str]:
    return _RegexReader(source).read()


class _RegexReader:
    """Reads a regular expression once and writes it three times, for Python, for PostgreSQL and for PCRE."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.python: list[str] = []
        self.postgres: list[str] = []
        self.pcre: list[str] = ["(?s)"]
        self.folds = False

    def read(self) -> tuple[str, str, str]:
        if len(self.source) > _MOST_LENGTH:
            raise self._refused(f"longer than {_MOST_LENGTH:,} characters", "Make it shorter.")
        if self.source.startswith("(?i)"):
            self.at = 4
            self._write("(?i)", pcre="")
            self.folds = True
        else:
            # Says that an advanced expression follows, whatever it begins with.
            self._write("", "(?c)", "")
        self._alternatives(0)
        if self.at < len(self.source):
            raise self._refused("a closing parenthesis without an opening one", r"Write \) for a real one.")
        python = "".join(self.python)
        try:
            re.compile(python, re.ASCII | re.DOTALL)
        except (re.error, OverflowError, RecursionError) as error:
            raise self._refused(str(error), "Mend the expression.") from error
        return python, "".join(self.postgres), "".join(self.pcre)

    def _write(self, python: str, postgres: str | None = None, pcre: str | None = None) -> None:
        self.python.append(python)
        self.postgres.append(python if postgres is None else postgres)
        self.pcre.append(python if pcre is None else pcre)

    def _refused(self, what: str, hint: str) -> FilterError:
        return FilterError(f"The regular expression {self.source[:60]!r} cannot be used: {what}.", hint=hint)

    def _alternatives(self, depth: int) -> None:
        if depth > _MOST_DEPTH:
            raise self._refused("it is nested too deeply", "Make it simpler.")
        while self.at < len(self.source):
            char = self.source[self.at]
            if char == ")":
                return
            if char == "|":
                self.at += 1
                self._write("|")
                continue
            if self._atom(char, depth):
                self._quantifier()
            elif self._repetition(self.at):
                raise self._refused(
                    "a repetition follows what cannot be repeated", "Put it after a character or a group."
                )

    def _atom(self, char: str, depth: int) -> bool:
        """Reads one atom; whether it may be repeated."""
        self.at += 1
        if char == "(":
            return self._group(depth)
        if char == "[":
            self._bracket()
            return True
        if char == "\\":
            return self._escape()
        if char == "^":
            self._write("^")
            return False
        if char == "$":
            self._write(r"\Z", "$", r"\z")
            return False
        if char == ".":
            self._write(".")
            return True
        if char in "*+?":
            raise self._refused(f"nothing stands before {char!r}", f"Write \\{char} for a real one.")
        if char == "{" and self._repetition(self.at - 1):
            raise self._refused("nothing stands before a repetition", r"Write \{ for a real brace.")
        self._literal(char)
        return True

    def _literal(self, char: str) -> None:
        self._write(
            re.escape(char),
            char if char.isalnum() or ord(char) > 127 or char in " _\n\t\r\f\v" else "\\" + char,
            f"[{char.lower()}{char.upper()}]"
            if self.folds and char.isascii() and char.isalpha()
            else f"\\x{{{ord(char):x}}}",
        )

    def _group(self, depth: int) -> bool:
        opening = "("
        if self.source.startswith("?", self.at):
            opening = self.source[self.at - 1 : self.at + 2]
            if opening not in ("(?:", "(?=", "(?!"):
                raise self._refused(
                    f"{self.source[self.at - 1 : self.at + 3]!r} is not the same on every database",
                    "Known: (…), (?:…), (?=…), (?!…), and (?i) at the start.",
                )
            self.at += 2
        self._write(opening)
        self._alternatives(depth + 1)
        if self.at >= len(self.source):
            raise self._refused("a parenthesis is not closed", r"Write \( for a real one.")
        self.at += 1
        self._write(")")
        return opening not in ("(?=", "(?!")

    def _repetition(self, place: int) -> re.Match[str] | None:
        """The repetition that stands there. Braces without numbers are none: they are read as themselves."""
        found = _QUANTIFIER.match(self.source, place)
        return None if found and found.group() in ("{}", "{,}") else found

    def _quantifier(self) -> None:
        found = self._repetition(self.at)
        if not found:
            return
        text = found.group()
        if text.startswith("{"):
            low, comma, high = found.groups()
            if max(int(low or 0), int(high or 0)) > _MOST_REPEATS:
                raise self._refused(
                    f"{text} repeats more than {_MOST_REPEATS} times", "Repeat less, or use *."
                )
            if high is not None and int(low or 0) > int(high):
                raise self._refused(f"{text} ends before it begins", "Put the smaller number first.")
            text = f"{{{int(low or 0)}{',' if comma else ''}{int(high) if high else ''}}}"
        self.at = found.end()
        if self.source.startswith("?", self.at):
            self.at += 1
            text += "?"
        self._write(text)
        if self._repetition(self.at):
            raise self._refused("a repetition is repeated", "Put the inner one into a group: (?:…)")

    def _escape(self) -> bool:
        char = self._next("the expression ends with a lone backslash")
        if char in "dDwWsS":
            inside = _ASCII_CLASSES[char.lower()]
            self._write("\\" + char, pcre=f"[{'^' if char.isupper() else ''}{inside}]")
            return True
        if char == "b":
            self._write(r"\b", r"\y", _BOUNDARY)
            return False
        if char == "B":
            # Before Python 3.14 its own \B does not match in an empty text.
            self._write(r"(?!\b)", r"\Y", f"(?!{_BOUNDARY})")
            return False
        if char in "AZ":
            self._write("\\" + char, pcre="\\" + char.lower() if char == "Z" else None)
            return False
        self._literal(self._escaped(char))
        return True

    def _next(self, otherwise: str) -> str:
        if self.at >= len(self.source):
            raise self._refused(otherwise, r"Write \\ for a real backslash.")
        self.at += 1
        return self.source[self.at - 1]

    def _escaped(self, char: str) -> str:
        """The character that an escape stands for, the backslash and `char` being read."""
        if char in _SIMPLE_ESCAPES:
            return _SIMPLE_ESCAPES[char]
        if char in "xuU":
            size = {"x": 2, "u": 4, "U": 8}[char]
            digits = self.source[self.at : self.at + size]
            try:
                value = chr(int(digits, 16)) if len(digits) == size else ""
            except (ValueError, OverflowError):
                value = ""
            if not value or value == "\0" or _SURROGATES[0] <= ord(value) <= _SURROGATES[1]:
                raise self._refused(f"\\{char}{digits} is no character", f"Give {size} hexadecimal digits.")
            self.at += size
            return value
        if char.isascii() and char.isalnum():
            raise self._refused(
                f"\\{char} is not the same on every database",
                r"Known: \d \w \s \b \A \Z \t \n \r \f \v \xhh \uhhhh.",
            )
        return char

    def _bracket(self) -> None:
        python, postgres, pcre = ["["], ["["], ["["]
        if self.source.startswith("^", self.at):
            self.at += 1
            python.append("^")
            postgres.append("^")
            pcre.append("^")
        is_first = True
        while True:
            char = self._next("a bracket is not closed")
            if char == "]" and not is_first:
                break
            is_first = False
            if char == "[" and self.source[self.at : self.at + 1] in (":", "=", "."):
                raise self._refused(
                    "named character classes are not the same on every database", "Write ranges: [a-z]."
                )
            low = self._member(char)
            if low is None:
                python.append("\\" + self.source[self.at - 1])
                postgres.append("\\" + self.source[self.at - 1])
                pcre.append(_ASCII_CLASSES[self.source[self.at - 1]])
                continue
            high: str | None = low
            python.append(_bracketed(low))
            postgres.append(_bracketed(low))
            if self.source.startswith("-", self.at) and self.source[self.at + 1 : self.at + 2] not in (
                "]",
                "",
            ):
                self.at += 1
                high = self._member(self._next("a bracket is not closed"))
                if high is None or high < low:
                    raise self._refused(
                        "a range in brackets has no proper end", r"Write \- for a real hyphen."
                    )
                python.append("-" + _bracketed(high))
                postgres.append("-" + _bracketed(high))
            pcre.append(_pcre_range(low, high or low, folds=self.folds))
        self._write("".join(python) + "]", "".join(postgres) + "]", "".join(pcre) + "]")

    def _member(self, char: str) -> str | None:
        r"""One character in brackets; None for a class such as \d."""
        if char != "\\":
            return char
        char = self._next("a bracket is not closed")
        if char in "dws":
            return None
        if char in "DWS":
            raise self._refused(
                f"\\{char} within brackets is not the same on every database", "Write it outside of them."
            )
        if char == "b":
            raise self._refused(r"\b within brackets is not the same on every database", r"Write \x08.")
        return self._escaped(char)


def _pcre_range(low: str, high: str, *, folds: bool) -> str:
    """Characters within brackets; with `folds` also the other case of ASCII's letters among them."""
    ranges = [(ord(low), ord(high))]
    if folds:
        for first, last, distance in ((65, 90, 32), (97, 122, -32)):
            begin, end = max(ranges[0][0], first), min(ranges[0][1], last)
            if begin <= end:
                ranges.append((begin + distance, end + distance))
    return "".join(f"\\x{{{begin:x}}}-\\x{{{end:x}}}" for begin, end in ranges)


def _bracketed(char: str) -> str:
    return "\\" + char if char in "\\]^-[&~|" else char
