"""How does a workflow look and feel?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studio.canvas.view import CanvasView

__all__ = ["CanvasView"]


def __getattr__(name: str) -> object:
    """Loads the widget, and with it NodeGraphQt, when it is first asked for: cards and geometry do without."""
    if name == "CanvasView":
        from studio.canvas.view import CanvasView

        return CanvasView
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
