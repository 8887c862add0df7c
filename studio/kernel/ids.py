"""How do things get an identity? Random ids, and the types that keep one kind of id from passing for another."""

from __future__ import annotations

import os
import uuid
from typing import NewType

NodeId = NewType("NodeId", str)
EdgeId = NewType("EdgeId", str)
WorkflowId = NewType("WorkflowId", str)
RunId = NewType("RunId", str)


def new_id() -> str:
    """A random UUID (version 4) in its canonical text form, 36 characters; every run has one, so it is written without a `UUID` between."""
    digits = os.urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def short_id() -> str:
    """Twelve random hexadecimal digits: enough within one project, short enough to read."""
    return uuid.uuid4().hex[:12]
