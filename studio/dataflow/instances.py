"""Which DataFlow instances are open in this process? Kept by weak references only, and forgotten when they are closed.

For workflows that do not say which instance they mean; whoever passes `db=` never comes here.
"""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studio.dataflow.dataflow import DataFlow

_lock = threading.Lock()
_open: list[weakref.ref[DataFlow]] = []


def remember(instance: DataFlow) -> None:
    with _lock:
        _open.append(weakref.ref(instance))


def forget(instance: DataFlow) -> None:
    with _lock:
        _open[:] = [known for known in _open if known() not in (None, instance)]


def open_instances() -> list[DataFlow]:
    """Those that are open now, in the order in which they were made."""
    with _lock:
        alive = [known() for known in _open]
        _open[:] = [known for known in _open if known() is not None]
    return [instance for instance in alive if instance is not None]
