"""How are rows put on the clipboard? As TSV, JSON or Markdown text; what was selected is the grid's business."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any

from studio.panels.display import full_text

Row = Mapping[str, Any]


def to_tsv(columns: Sequence[str], rows: Iterable[Row], *, header: bool = True) -> str:
    """Tab-separated text as spreadsheets paste it: NULL is empty, cells with tabs, quotes or line ends are quoted."""
    lines = ["\t".join(map(_tsv_cell, columns))] if header else []
    lines += ["\t".join(_tsv_cell(full_text(row.get(name))) for name in columns) for row in rows]
    return "\n".join(lines)


def _tsv_cell(text: str) -> str:
    if any(mark in text for mark in '\t\n\r"'):
        return '"' + text.replace('"', '""') + '"'
    return text


def to_json(columns: Sequence[str], rows: Iterable[Row]) -> str:
    """A list of objects. Decimals, dates and UUIDs become strings, bytes hexadecimal digits."""
    data = [{name: row.get(name) for name in columns} for row in rows]
    return json.dumps(data, default=_plain, ensure_ascii=False, indent=2)


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, Decimal | uuid.UUID):
        return str(value)
    return full_text(value)


def to_markdown(columns: Sequence[str], rows: Iterable[Row]) -> str:
    """A table, columns padded to one width; NULL is an empty cell, line ends become `<br>`."""
    table = [[_markdown_cell(name) for name in columns]]
    table += [[_markdown_cell(full_text(row.get(name))) for name in columns] for row in rows]
    widths = [max(3, *(len(line[index]) for line in table)) for index in range(len(columns))]
    lines = [_markdown_line(line, widths) for line in table]
    lines.insert(1, _markdown_line(["-" * width for width in widths], widths))
    return "\n".join(lines)


def _markdown_cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\r\n", "<br>").replace("\n", "<br>")


def _markdown_line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "| " + " | ".join(padded) + " |"
