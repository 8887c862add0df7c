"""What do conformance tests share? A shop on each kind of database."""

from collections.abc import Iterator

import pytest

from tests.conformance.shop import Shop


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    """A shop in an empty database, once on each kind."""
    opened = Shop(database_url)
    yield opened
    opened.close()
