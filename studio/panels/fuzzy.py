"""Which entries does a search mean? `ord cr` finds `Order ▸ Create`; how entries are drawn is the trees' business."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

_WORD = re.compile(r"[A-Z]+(?![^\W\dA-Z_])|[A-Z]?[^\W\dA-Z_]+|\d+")
_TYPO_FROM = 4
_TYPO_CUTOFF = 74

T = TypeVar("T")


@functools.lru_cache(maxsize=65_536)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a name in lower case: `BulkCreate` and `bulk_create` both give `bulk`, `create`."""
    return tuple(word.lower() for word in _WORD.findall(text))


def score(query: str, text: str) -> float:
    """How well `text` answers `query`, 0 (not at all) to 100; every word of the query must be met, in any order."""
    wanted = query.lower().split()
    if not wanted:
        return 100.0
    words = words_of(text)
    joined = "".join(words)
    total = 0.0
    for position, token in enumerate(wanted):
        points = _token_score(token, words, joined)
        if not points:
            return 0.0
        if position < len(words) and words[position].startswith(token):
            points += 5
        total += points
    return min(100.0, total / len(wanted) - 0.1 * max(0, len(words) - len(wanted)))


def _token_score(token: str, words: Sequence[str], joined: str) -> float:
    best = 0.0
    for word in words:
        if word == token:
            return 95.0
        if word.startswith(token):
            best = max(best, 85.0 + 8.0 * len(token) / len(word))
        elif token in word:
            best = max(best, 60.0)
    if best:
        return best
    if token in joined:
        return 55.0
    if _is_subsequence(token, joined) and len(token) >= 2 and token[0] == joined[:1]:
        return 35.0
    if len(token) >= _TYPO_FROM and words:
        from rapidfuzz import fuzz

        near = max(fuzz.ratio(token, word) for word in words)
        if near >= _TYPO_CUTOFF:
            return near / 3
    return 0.0


def _is_subsequence(token: str, text: str) -> bool:
    letters = iter(text)
    return all(letter in letters for letter in token)


def best_matches(
    query: str,
    entries: Iterable[tuple[str, T]],
    *,
    most: int | None = None,
    weigh: Callable[[T], float] = lambda _payload: 1.0,
) -> list[T]:
    """The entries (text, payload) that answer the query, best first, stable among equals; `weigh` scales their scores."""
    scored = [(score(query, text) * weigh(payload), payload) for text, payload in entries]
    found = [pair for pair in scored if pair[0] > 0]
    found.sort(key=lambda pair: -pair[0])
    return [payload for _, payload in found[:most]]
