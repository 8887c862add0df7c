"""How is a generated statement laid out to be read? A clause a line; nothing but white space outside of quotes is altered."""

from __future__ import annotations

import re
from typing import Final

_CLAUSE: Final = (
    "FROM", "WHERE", "GROUP BY", "HAVING", "ORDER BY", "LIMIT", "DO UPDATE SET", "DO NOTHING", "SET", "VALUES", "RETURNING", "ON CONFLICT",
    "LEFT JOIN", "INNER JOIN", "JOIN", "UNION ALL", "UNION",
)  # fmt: skip
_PART: Final = re.compile(
    r"""(?P<kept>'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|[()])"""
    r"|\s+(?P<clause>" + "|".join(name.replace(" ", r"\s+") for name in _CLAUSE) + r")\b"
    r"|\s+(?P<and>AND|OR)\b",
    re.DOTALL,
)


def laid_out(sql: str) -> str:
    """The statement with each clause, and each condition joined by AND or OR, on a line of its own; what stands in brackets stays as it is."""
    depth = 0
    between = False

    def put(found: re.Match[str]) -> str:
        nonlocal depth, between
        kept = found["kept"]
        if kept is not None:
            depth += (kept == "(") - (kept == ")")
            return kept
        if depth:
            return found[0]
        if found["and"]:
            if between:
                between = False
                return found[0]
            return f"\n  {found['and']}"
        return "\n" + re.sub(r"\s+", " ", found["clause"])

    pieces = []
    last = 0
    for found in _PART.finditer(sql):
        gap = sql[last : found.start()]
        if re.search(r"\bBETWEEN\b", gap):
            between = True
        pieces.append(gap)
        pieces.append(put(found))
        last = found.end()
    pieces.append(sql[last:])
    return "".join(pieces)
