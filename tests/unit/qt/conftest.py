"""A Qt application for every test here, and an event loop that asyncio runs on for those that want one."""

import pytest

from studio.qt.loop import attached


@pytest.fixture(autouse=True)
def application(qapp):
    """Fonts and pictures need one, and without it end the process."""
    return qapp


@pytest.fixture
def loop(qapp):
    with attached(qapp) as running:
        yield running
