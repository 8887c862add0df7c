"""A Qt event loop that asyncio runs on, for as long as a test lasts."""

import pytest

from studio.qt.loop import attached


@pytest.fixture
def loop(qapp):
    with attached(qapp) as running:
        yield running
