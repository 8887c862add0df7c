"""How does a workflow look and feel?

The widget, and with it NodeGraphQt, is loaded when it is first asked for: cards and geometry do without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.kernel.lazy import lazily

if TYPE_CHECKING:
    from studio.canvas.view import CanvasView

__all__ = ["CanvasView"]

__getattr__ = lazily(__name__, {"CanvasView": "view"})
