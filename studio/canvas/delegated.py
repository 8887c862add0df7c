"""Which commands of the canvas only hand on to whoever does them? One line each; `CanvasView` has them from here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.canvas.cards import GRID

if TYPE_CHECKING:
    from studio.canvas.arrangement import Arrangement
    from studio.canvas.clipboard import Clipboard
    from studio.canvas.editing import CanvasEditing
    from studio.kernel.ids import NodeId


class Delegated:
    """A part of `CanvasView`, which sets what is declared here."""

    _arrangement: Arrangement
    _clipboard: Clipboard
    _editing: CanvasEditing

    def selection(self) -> list[NodeId]:
        raise NotImplementedError

    def nudge(self, dx: float, dy: float) -> None:
        raise NotImplementedError

    def _walk(self, dx: int, dy: int) -> None:
        raise NotImplementedError

    def tidy(self) -> None:
        """Lays out the selected nodes in layers, or all when fewer than two are selected."""
        self._arrangement.tidy()

    def align_left(self) -> None:
        self._arrangement.align("left")

    def align_right(self) -> None:
        self._arrangement.align("right")

    def align_top(self) -> None:
        self._arrangement.align("top")

    def align_bottom(self) -> None:
        self._arrangement.align("bottom")

    def align_center(self) -> None:
        self._arrangement.align("center")

    def align_middle(self) -> None:
        self._arrangement.align("middle")

    def distribute_across(self) -> None:
        self._arrangement.distribute(across=True)

    def distribute_down(self) -> None:
        self._arrangement.distribute(across=False)

    def straighten(self) -> None:
        """Makes the edges between the selected nodes straight."""
        self._arrangement.straighten()

    def nudge_left(self) -> None:
        self.nudge(-GRID, 0.0)

    def nudge_right(self) -> None:
        self.nudge(GRID, 0.0)

    def nudge_up(self) -> None:
        self.nudge(0.0, -GRID)

    def nudge_down(self) -> None:
        self.nudge(0.0, GRID)

    def toggle_disabled(self) -> None:
        self._editing.toggle_disabled(self.selection())

    def toggle_pin(self) -> None:
        """Pins what the selected nodes gave in the last run, or unpins them when all are pinned."""
        self._editing.toggle_pin(self.selection())

    def toggle_ports(self) -> None:
        self._editing.toggle_place(self.selection(), "all_ports", "Show ports", "Fold ports")

    def disconnect_selected(self) -> None:
        """Takes away the edges between the selected nodes; of a single one, all of its edges."""
        self._editing.disconnect_among(self.selection())

    def delete_and_reconnect(self) -> None:
        """Deletes the selected nodes and joins what led to them with what followed."""
        self._editing.remove_and_reconnect(self.selection())

    def copy(self) -> None:
        """Puts the selected nodes, the edges between them and the selected notes on the clipboard, as readable text."""
        self._clipboard.copy()

    def duplicate(self) -> None:
        self._clipboard.duplicate()

    def walk_left(self) -> None:
        self._walk(-1, 0)

    def walk_right(self) -> None:
        self._walk(1, 0)

    def walk_up(self) -> None:
        self._walk(0, -1)

    def walk_down(self) -> None:
        self._walk(0, 1)
