"""How are names made and compared? Case, plurals and near misses; what a name refers to is the other rooms' business."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

_WORD_EDGE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_WORD = re.compile(r"[^0-9a-zA-Z]+")


def snake_case(name: str) -> str:
    """`AgentExecution` → `agent_execution`, `APIProviderConfig` → `api_provider_config`."""
    return _NOT_WORD.sub("_", _WORD_EDGE.sub("_", name)).strip("_").lower()


def pascal_case(name: str) -> str:
    """`invoice_line` → `InvoiceLine`; a name that is already in PascalCase comes back unchanged."""
    parts = [part for part in _NOT_WORD.split(name) if part]
    joined = "".join(part[0].upper() + part[1:] for part in parts)
    return joined if joined and not joined[0].isdigit() else f"T{joined}"


def plural(word: str) -> str:
    """The regular English plural, without irregular nouns: `category` → `categories`, `person` → `persons`."""
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ies"
    if re.search(r"(s|x|z|ch|sh)$", word):
        return word + "es"
    return word + "s"


def with_article(word: str) -> str:
    """`Order` → `an Order`, `int` → `an int`, `user` → `a user`: by the first letter, which is right for most names."""
    return f"{'an' if word[:1].lower() in 'aeio' else 'a'} {word}"


def nearest(name: str, known: Iterable[str], *, most: int = 3) -> list[str]:
    """The known names that look most like `name`, best first; case does not count. What came instead of a name is taken as its text."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    hits = difflib.get_close_matches(str(name).lower(), by_lower, n=most, cutoff=0.5)
    return [by_lower[hit] for hit in hits]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint made of the nearest names, or of all names when they are few, or an empty string."""
    names = list(known)
    near = nearest(name, names)
    if near:
        return f"Did you mean {' or '.join(repr(candidate) for candidate in near)}?"
    if 0 < len(names) <= 12:
        return f"Known: {', '.join(sorted(names))}."
    return ""


def unique_name(wanted: str, taken: Iterable[str]) -> str:
    """`wanted` itself when it is free, else `wanted_2`, `wanted_3`, …"""
    return FreeNames(taken).take(wanted)


def unique_title(wanted: str, taken: Iterable[str]) -> str:
    """`wanted` itself when it is free, else "wanted 2", "wanted 3", …"""
    used = set(taken)
    title, number = wanted, 2
    while title in used:
        title = f"{wanted} {number}"
        number += 1
    return title


class FreeNames:
    """Gives many names, each once, as `unique_name` gives one."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)
        self._next: dict[str, int] = {}
        """By what stands before the number: the first that may still be free."""

    def take(self, wanted: str) -> str:
        name = wanted
        if name in self._taken:
            stem = re.sub(r"_\d+$", "", wanted) or wanted
            number = self._next.get(stem, 2)
            while (name := f"{stem}_{number}") in self._taken:
                number += 1
            self._next[stem] = number + 1
        self._taken.add(name)
        return name
