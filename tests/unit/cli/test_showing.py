import datetime as dt
import enum
import uuid
from decimal import Decimal

import pytest

from studio.cli.showing import cell, plain, progress_text
from studio.kernel.ids import NodeId
from studio.session import NodeRunView


class Color(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "∅"),
        (True, "true"),
        (Decimal("1.20"), "1.20"),
        (dt.datetime(2026, 5, 1, 8, 30, tzinfo=dt.UTC), "2026-05-01 08:30:00+00:00"),
        (Color.RED, "red"),
        (b"abc", "3 bytes"),
        ("two\nlines", "two lines"),
        ("x" * 99, "x" * 59 + "…"),
        ({"a": [Decimal(1), None]}, '{"a": ["1", null]}'),
    ],
)
def test_a_cell_is_one_short_line(value, shown):
    assert cell(value) == shown


def test_every_value_can_be_written_as_json():
    key = uuid.uuid4()
    value = {
        1: Decimal("0.10"),
        "when": dt.date(2026, 5, 1),
        "key": key,
        "raw": b"\x00\xff",
        "color": Color.RED,
        "level": Level.LOW,
        "nan": float("nan"),
        "lasts": dt.timedelta(seconds=90),
        "rows": ({"x": 1.5},),
        "odd": object,
    }
    assert plain(value) == {
        "1": "0.10",
        "when": "2026-05-01",
        "key": str(key),
        "raw": "AP8=",
        "color": "red",
        "level": 1,
        "nan": "nan",
        "lasts": "0:01:30",
        "rows": [{"x": 1.5}],
        "odd": "<class 'object'>",
    }


def test_what_a_running_node_has_done_is_said_with_its_rate():
    def text(**known):
        return progress_text(NodeRunView(node_id=NodeId("list"), state="running", **known))

    assert text() == ""
    assert text(progress=(12_000, None)) == "12,000 rows"
    assert text(progress=(12_000, 50_000), rate=48_000.4) == "12,000 / 50,000 rows · 48,000 rows/s"
