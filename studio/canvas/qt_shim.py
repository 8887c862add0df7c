"""How does NodeGraphQt reach Qt without dragging half of it in? By stand-ins for two modules that it imports.

NodeGraphQt imports `Qt` (Qt.py), which loads every Qt module there is, and `distutils`, which left the standard library and loads all of
setuptools where it still exists. What NodeGraphQt uses of either is little; it is given here. Nothing outside this room imports it.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from functools import total_ordering
from types import ModuleType, SimpleNamespace
from typing import Any


@total_ordering
class LooseVersion:
    """What NodeGraphQt asks of `distutils.version.LooseVersion`: comparing dotted numbers."""

    def __init__(self, text: str) -> None:
        self.parts = tuple(int(part) for part in str(text).split(".") if part.isdigit())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LooseVersion) and self.parts == other.parts

    def __lt__(self, other: LooseVersion) -> bool:
        return self.parts < other.parts

    def __hash__(self) -> int:
        return hash(self.parts)


def _forwarding(name: str, *sources: ModuleType) -> ModuleType:
    """A module that has what any of `sources` has (Qt 6 moved QAction and QUndoStack from QtWidgets to QtGui)."""
    module = ModuleType(name)

    def lookup(attribute: str) -> Any:
        for source in sources:
            if hasattr(source, attribute):
                value = getattr(source, attribute)
                setattr(module, attribute, value)
                return value
        raise AttributeError(f"module {name!r} has no attribute {attribute!r}")

    module.__dict__["__getattr__"] = lookup
    return module


def _qt() -> ModuleType:
    from PySide6 import QtCore, QtGui, QtWidgets

    module = ModuleType("Qt")
    module.__dict__.update(
        QtCore=QtCore,
        QtGui=QtGui,
        QtWidgets=_forwarding("Qt.QtWidgets", QtWidgets, QtGui),
        # Imported by SVG nodes, which are not used here.
        QtSvg=ModuleType("Qt.QtSvg"),
        QtCompat=SimpleNamespace(),
        IsPySide2=False,
        IsPyQt5=False,
    )
    return module


def _distutils() -> dict[str, ModuleType]:
    package, version = ModuleType("distutils"), ModuleType("distutils.version")
    version.__dict__["LooseVersion"] = LooseVersion
    package.__dict__.update(version=version, __path__=[])
    return {"distutils": package, "distutils.version": version}


@contextlib.contextmanager
def stand_ins() -> Iterator[None]:
    """While NodeGraphQt is imported inside, `Qt` and `distutils` are the stand-ins; afterwards only `Qt` stays.

    A `Qt` or `distutils` that somebody imported before is left alone.
    """
    sys.modules.setdefault("Qt", _qt())
    lent = {} if "distutils" in sys.modules else _distutils()
    sys.modules.update(lent)
    try:
        yield
    finally:
        for name, module in lent.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


with stand_ins():
    from NodeGraphQt.base.factory import NodeFactory
    from NodeGraphQt.base.graph import NodeGraph
    from NodeGraphQt.base.model import NodeModel
    from NodeGraphQt.nodes.base_node import BaseNode
    from NodeGraphQt.widgets.viewer import NodeViewer

__all__ = ["BaseNode", "LooseVersion", "NodeFactory", "NodeGraph", "NodeModel", "NodeViewer", "stand_ins"]
