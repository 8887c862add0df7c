"""How is one place of a JSON document changed? Pure functions on parsed documents; PostgreSQL's SQL does the same with jsonb.

Documents are changed in place and given back. A mapping that is missing on the way is made; a null on the way counts as missing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Literal

from studio.query.decimals import EXACT
from studio.query.documents import ABSENT, equal, value_at


def _changed_at(document: Any, path: Sequence[str], change: Callable[[Any], Any]) -> Any:
    """Puts `change(what is there)` at the path. Raises TypeError when the way leads through a text or a number."""
    if not path:
        return change(ABSENT if document is None else document)
    root = {} if document is None else document
    at = root
    for part in path[:-1]:
        following = _child(at, part)
        if following is ABSENT or following is None:
            following = {}
            _put(at, part, following)
        at = following
    _put(at, path[-1], change(_child(at, path[-1])))
    return root


def _child(at: Any, part: str) -> Any:
    if not isinstance(at, dict | list):
        raise TypeError(f"a {type(at).__name__} has no place {part!r}")
    return value_at(at, (part,))


def _put(at: Any, part: str, value: Any) -> None:
    if isinstance(at, dict):
        at[part] = value
    elif -len(at) <= int(part) < len(at):
        at[int(part)] = value
    elif int(part) >= 0:
        at.append(value)
    else:
        at.insert(0, value)


def set_at(document: Any, path: Sequence[str], value: Any) -> Any:
    """Puts a value there. Beyond a list's end it is appended."""
    return _changed_at(document, path, lambda _: value)


def unset_at(document: Any, path: Sequence[str]) -> Any:
    """Removes what is there, if anything. Raises ValueError when the way names a place in a list that is no number."""
    for length in range(len(path)):
        if isinstance(value_at(document, path[:length]), list):
            int(path[length])
    parent = ABSENT if document is None else value_at(document, path[:-1])
    if parent is not ABSENT and isinstance(parent, dict | list) and value_at(parent, path[-1:]) is not ABSENT:
        del parent[path[-1] if isinstance(parent, dict) else int(path[-1])]  # type: ignore[arg-type] # one or the other
    return document


def pushed(document: Any, path: Sequence[str], items: list[Any]) -> Any:
    """Appends to the list that is there; a missing one is made. Raises TypeError when something else is there."""

    def push(value: Any) -> Any:
        if value is ABSENT or value is None:
            return items
        if not isinstance(value, list):
            raise TypeError(f"a {type(value).__name__} is no list")
        return [*value, *items]

    return _changed_at(document, path, push)


def pulled(document: Any, path: Sequence[str], items: list[Any]) -> Any:
    """Takes every item that equals one of `items` out of the list that is there; what is no list stays as it is."""
    if document is None or not isinstance(value_at(document, path), list):
        return document
    return _changed_at(
        document, path, lambda value: [one for one in value if not any(equal(one, item) for item in items)]
    )


def grown(document: Any, path: Sequence[str], number: int | Decimal, how: Literal["add", "multiply"]) -> Any:
    """Adds to the number that is there (a missing one counts as 0) or multiplies it (a missing one stays missing).

    Raises TypeError when something else is there.
    """
    found = ABSENT if document is None else value_at(document, path)
    if how == "multiply" and (found is ABSENT or found is None):
        return document

    def grow(value: Any) -> Any:
        if value is ABSENT or value is None:
            return number
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise TypeError(f"a {type(value).__name__} is no number")
        left, right = Decimal(value), Decimal(number)
        result = EXACT.add(left, right) if how == "add" else EXACT.multiply(left, right)
        whole = isinstance(value, int) and isinstance(number, int)
        return int(result) if whole else result

    return _changed_at(document, path, grow)
