"""The panels in a loop of asyncio on Qt's, with a session that answers from memory."""

from __future__ import annotations

import pytest

from studio.qt.loop import attached
from studio.qt.theme import Theme
from tests.gui.panels.support import PanelSession


@pytest.fixture(autouse=True)
def loop(qapp):
    """Asyncio on the Qt event loop that the test spins."""
    with attached(qapp) as running:
        yield running


@pytest.fixture(params=["dark", "light"])
def each_theme(request) -> Theme:
    return Theme.dark() if request.param == "dark" else Theme.light()


@pytest.fixture
def theme() -> Theme:
    return Theme.dark()


@pytest.fixture
def session() -> PanelSession:
    return PanelSession.of(counts={"Customer": 90, "Order": 12_345, "OrderItem": 0})


@pytest.fixture
def show(qtbot):
    """Shows a widget in a size; it is closed when the test ends."""

    def shown(widget, width=420, height=620):
        qtbot.addWidget(widget)
        widget.resize(width, height)
        widget.show()
        qtbot.waitExposed(widget)
        return widget

    return shown
