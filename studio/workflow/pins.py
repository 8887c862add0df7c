"""Which values may be pinned to a node? Plain data of a bounded size: it is kept in the workflow's text, and with it in every version of it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, Final

from studio.kernel.errors import TextError, WorkflowError
from studio.workflow.graph import Pin

MOST_CHARACTERS: Final = 256 * 1024
"""Of the value's text."""
_MOST_ROWS: Final = 20_000
"""More cannot fit in that, and are not worth writing down to find out."""


def pin_of(value: Any, *, title: str) -> Pin:
    """The value as it is pinned to the node called `title`: a copy, of plain data.

    Raises:
        WorkflowError: It is too large, or holds something that has no text.
    """
    from studio.workflow.yaml_writing import write_yaml

    if isinstance(value, list | tuple) and len(value) > _MOST_ROWS:
        raise _too_large(title, f"{len(value):,} rows")
    plain = _plain(value)
    try:
        size = len(write_yaml({"pinned": plain}))
    except TextError as error:
        raise WorkflowError(
            f'What "{title}" gave cannot be pinned: it holds something that has no text.',
            hint="Pin a node that gives records or plain values.",
            detail=error.message,
        ) from error
    if size > MOST_CHARACTERS:
        raise _too_large(title, f"{size:,} characters")
    return Pin(plain)


def _too_large(title: str, size: str) -> WorkflowError:
    return WorkflowError(
        f'What "{title}" gave is too large to be pinned: {size}. A pinned value has at most {MOST_CHARACTERS:,} characters of text.',
        hint="Set a lower limit, or fewer fields; to keep values for one session, run from the next node.",
    )


def _plain(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return _plain(value.value)
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(entry) for entry in value]
    return value
