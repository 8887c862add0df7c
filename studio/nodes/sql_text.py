"""What stands in a piece of SQL? Its bound names and whether it is one statement; never what it means.

Quoted text, quoted names, dollar quotes and comments are passed over, so that a semicolon or a colon inside them counts for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_TOKENS: Final = re.compile(
    r"""
      (?P<skip> '(?:[^']|'')*(?:'|\Z)
              | "(?:[^"]|"")*(?:"|\Z)
              | `[^`]*(?:`|\Z)
              | --[^\n]*
              | /\*.*?(?:\*/|\Z)
              | (?P<dollar>\$(?:[A-Za-z_]\w*)?\$).*?(?:(?P=dollar)|\Z)
              | ::
              | \\:
      )
    | :(?P<name>[A-Za-z_]\w*)
    | (?P<end>;)
    | (?P<word>[^\s;:'"`$\\/-]+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT: Final = ("--", "/*")
_READS: Final = frozenset({"select", "values", "explain", "show", "table", "pragma", "describe"})


def _tokens(sql: str) -> Iterator[tuple[str, str]]:
    for match in _TOKENS.finditer(sql):
        kind = match.lastgroup or ""
        if kind in ("skip", "dollar"):
            yield ("comment" if match.group().startswith(_COMMENT) else "text"), match.group()
        elif kind == "name":
            yield "name", match.group("name")
        elif kind == "end":
            yield "end", ";"
        elif not match.group().isspace():
            yield "word", match.group()


def bound_names(sql: str) -> tuple[str, ...]:
    """The names written `:name`, each once, in the order of their first appearance."""
    return tuple(dict.fromkeys(text for kind, text in _tokens(sql) if kind == "name"))


def statement_count(sql: str) -> int:
    """How many statements there are; empty ones and comments do not count."""
    count, is_open = 0, False
    for kind, _ in _tokens(sql):
        if kind == "end":
            is_open = False
        elif kind != "comment" and not is_open:
            count, is_open = count + 1, True
    return count


def only_reads(sql: str) -> bool:
    """Whether the first word promises that nothing is changed; a WITH is not taken at its word."""
    word = next((text.lower() for kind, text in _tokens(sql) if kind == "word"), "")
    return word in _READS
