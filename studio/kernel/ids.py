"""How do things get an identity? Random ids, and the types that keep one kind of id from passing for another."""

from __future__ import annotations

import os
import random
import uuid
from typing import Final, NewType

NodeId = NewType("NodeId", str)
EdgeId = NewType("EdgeId", str)
WorkflowId = NewType("WorkflowId", str)
RunId = NewType("RunId", str)

_FREE: Final = ~(0xF << 76 | 0b11 << 62)
_VERSION_4: Final = 0x4 << 76 | 0b10 << 62
_CHANCE: Final = random.Random()  # noqa: S311 - seeded by the system; nothing rests on nobody guessing an id
if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_CHANCE.seed)


def new_id() -> str:
    """A random UUID (version 4) in its canonical text form, 36 characters.

    Every run has one, so it is written without a `UUID` between, and the system is asked for chance once for all of them. Not a secret.
    """
    digits = f"{_CHANCE.getrandbits(128) & _FREE | _VERSION_4:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def short_id() -> str:
    """Twelve random hexadecimal digits: enough within one project, short enough to read."""
    return uuid.uuid4().hex[:12]
