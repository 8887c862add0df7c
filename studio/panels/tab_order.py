"""In which order does Tab go through a panel? In the order in which its parts are laid out, whenever they were made.

Qt goes by the order of making, so that a row added to a form would come after everything else in the window.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, runtime_checkable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLayout, QScrollArea, QSplitter, QTabWidget, QWidget

__all__ = ["KnowsItsOrder", "order_as_laid_out", "tab_stops"]


@runtime_checkable
class KnowsItsOrder(Protocol):
    """A widget whose parts are gone through in another order than they are laid out in."""

    def parts_in_order(self) -> Iterable[QWidget]: ...


def order_as_laid_out(container: QWidget) -> None:
    """Lets Tab go through what is visible in the container from its first part to its last, and then leave it."""
    before = container
    for stop in tab_stops(container):
        QWidget.setTabOrder(before, stop)
        before = stop


def tab_stops(container: QWidget) -> Iterator[QWidget]:
    """The widgets inside that take the focus by Tab now, as they are laid out."""
    for part in _parts(container):
        if not part.isVisible():
            continue
        if part.focusPolicy() & Qt.FocusPolicy.TabFocus and part.isEnabled() and part.focusProxy() is None:
            yield part
        yield from tab_stops(part)


def _parts(widget: QWidget) -> Iterator[QWidget]:
    inner: Iterable[QWidget | None]
    if isinstance(widget, KnowsItsOrder):
        inner = widget.parts_in_order()
    elif isinstance(widget, QScrollArea):
        inner = [widget.widget()]
    elif isinstance(widget, QTabWidget):
        inner = [widget.tabBar(), widget.currentWidget()]
    elif isinstance(widget, QSplitter):
        inner = [widget.widget(number) for number in range(widget.count())]
    else:
        layout = widget.layout()
        inner = _laid_out(layout) if layout is not None else ()
    yield from filter(None, inner)


def _laid_out(layout: QLayout) -> Iterator[QWidget | None]:
    for number in range(layout.count()):
        item = layout.itemAt(number)
        if item is None:
            continue
        inner: QLayout | None = item.layout()
        if inner is not None:
            yield from _laid_out(inner)
        else:
            yield item.widget()
