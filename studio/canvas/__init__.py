"""How does a workflow look and feel?"""

from studio.canvas.view import CanvasView

__all__ = ["CanvasView"]
