"""How do records stand in CSV and JSON files, and how are they read from and written to them piece by piece?

Plain functions that block: whoever calls them sees to a thread. Values that the formats do not know are written so that they can be read
again with their types: bytes in base64, durations in seconds, times in ISO 8601, documents in a CSV cell as JSON. In CSV, nothing and an empty
text look the same.
"""

from __future__ import annotations

import base64
import binascii
import csv
import datetime as dt
import enum
import json
import math
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, Final

import orjson

from studio.kernel.errors import NodeError, StudioError
from studio.kernel.names import did_you_mean
from studio.models.spec import FieldSpec, Kind
from studio.models.values import make_checker

Record = dict[str, Any]
Convert = Callable[[Any], Any]

_TRUTHS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_CHUNK: Final = 1 << 16
_LONGEST_CELL: Final = (1 << 31) - 1
_SECOND: Final = Decimal(1_000_000)


def opened(path: Path, encoding: str) -> IO[str]:
    """A file to read text from, a byte order mark passed over; raises NodeError."""
    name = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    try:
        return path.open(encoding=name, newline="")
    except OSError as error:
        raise file_error(error, path, "read") from error


def file_error(error: OSError, path: Path, verb: str) -> NodeError:
    """What the system said of a file, for people."""
    if isinstance(error, FileNotFoundError):
        hint = "Check the path." if verb == "read" else "Make the folder first."
        return NodeError(f"There is no {path if verb == 'read' else path.parent}.", hint=hint, field="path")
    if isinstance(error, PermissionError):
        return NodeError(f"{path} may not be {verb}.", hint="Change its permissions.", field="path")
    reason = error.strerror or str(error)
    return NodeError(f"{path} cannot be {verb}: {reason}.", hint="Choose another file.", field="path")


# ------------------------------------------------------------------ reading


def read_csv(
    stream: IO[str], *, delimiter: str, names: Sequence[str], rename: Mapping[str, str], typed: Iterable[str]
) -> Iterator[Record]:
    """The records, all cells as they stand, missing ones None.

    `names` are the columns of a file without a header, `typed` those that have to be there under their new names.

    Raises NodeError with the row for what cannot be read, the first after the header being 1.
    """
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(stream, delimiter=delimiter, strict=True)
    row = 0
    try:
        header = list(names) or next((cells for cells in reader if cells), [])
        columns = [rename.get(name, name) for name in header]
        _check_header(header, columns, rename, typed)
        for cells in reader:
            if not cells:
                continue
            row += 1
            if len(cells) > len(columns):
                raise NodeError(
                    f"Row {row} has {len(cells)} cells, but there are {len(columns)} columns.",
                    hint="Check the delimiter, and the quotes of that row.",
                    row=row,
                )
            record: Record = dict(zip(columns, cells, strict=False))
            for name in columns[len(cells) :]:
                record[name] = None
            yield record
    except csv.Error as error:
        raise NodeError(
            f"Row {row + 1} cannot be read (line {reader.line_num}): {error}.",
            hint="Check the quotes of that row.",
            row=row + 1,
        ) from error
    except UnicodeDecodeError as error:
        raise _wrong_encoding(error, row + 1) from error


def _check_header(
    header: Sequence[str], columns: Sequence[str], rename: Mapping[str, str], typed: Iterable[str]
) -> None:
    twice = next((name for place, name in enumerate(columns) if name in columns[:place]), None)
    if twice is not None:
        raise NodeError(
            f"Two columns are called {twice!r}.",
            hint="Give names for all columns, and remove the header.",
            field="rename",
        )
    strange = next((name for name in rename if name not in header), None)
    if header and strange is not None:
        raise NodeError(
            f"There is no column {strange!r}.", hint=f"There are: {', '.join(header[:12])}.", field="rename"
        )
    untold = next((name for name in typed if name not in columns), None)
    if header and untold is not None:
        raise NodeError(f"There is no column {untold!r}.", hint=did_you_mean(untold, columns), field="types")


def read_json(stream: IO[str], *, rename: Mapping[str, str], exact: bool) -> Iterator[Record]:
    """The records of an array, or of objects one after the other (JSON Lines); never more of the text in memory than is needed.

    With `exact`, numbers with a point come as Decimals. Raises NodeError with the row for what is no record or cannot be read.
    """
    row = 0
    for row, item in enumerate(_items(stream, exact=exact), start=1):
        if not isinstance(item, dict):
            raise NodeError(
                f"Item {row} is no record, but {_noun(item)}.",
                hint="The file must hold an array of objects, or an object on each line.",
                row=row,
            )
        yield {rename.get(name, name): value for name, value in item.items()} if rename else item


def _items(stream: IO[str], *, exact: bool) -> Iterator[Any]:
    decoder = json.JSONDecoder(parse_float=Decimal if exact else float, parse_constant=_no_constant)
    text, place, row, line, size = "", 0, 0, 1, _CHUNK
    before = 0  # characters of the text's first line that are gone already
    is_array: bool | None = None
    is_over = False

    def fault(reason: str, at: int) -> NodeError:
        breaks = text.count("\n", 0, at)
        column = at - text.rfind("\n", 0, at) + (0 if breaks else before)
        return NodeError(
            f"Item {row + 1} cannot be read (line {line + breaks}, column {column}): {reason}.",
            hint="Correct the file at that place.",
            row=row + 1,
        )

    while True:
        skipped = " \t\r\n," if is_array and row else " \t\r\n"
        while place < len(text) and text[place] in skipped:
            place += 1
        complete = False
        item: Any = None
        if place < len(text):
            if is_array is None:
                is_array = text[place] == "["
                place += is_array
                continue
            if is_array and text[place] == "]":
                return
            try:
                item, end = decoder.raw_decode(text, place)
                complete = is_over or end < len(text)
            except json.JSONDecodeError as error:
                if is_over:
                    raise fault(error.msg, error.pos) from None
            except (ValueError, RecursionError) as error:
                raise fault(str(error), place) from None
        elif is_over:
            if is_array:
                raise fault("the array has no end", place)
            return
        if complete:
            yield item
            row, place, size = row + 1, end, _CHUNK
            continue
        try:
            more = stream.read(size)
        except UnicodeDecodeError as error:
            raise _wrong_encoding(error, row + 1) from error
        breaks = text.count("\n", 0, place)
        line += breaks
        before = place - text.rfind("\n", 0, place) - 1 if breaks else before + place
        text, place, is_over, size = text[place:] + more, 0, not more, size * 2


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number in JSON")


def _wrong_encoding(error: UnicodeDecodeError, row: int) -> NodeError:
    return NodeError(
        f"The text is not written in {error.encoding}, about row {row}.",
        hint="Give the encoding that it is written in, for example cp1252 or latin-1.",
        field="encoding",
        row=row,
    )


def _noun(value: Any) -> str:
    nouns = {list: "a list", str: "a text", bool: "a truth value", type(None): "null"}
    return nouns.get(type(value), "a number")


# ------------------------------------------------------------------ types


def converters(fields: Iterable[FieldSpec]) -> dict[str, Convert]:
    """For each field what makes its value out of what stands in a file."""
    return {field.name: _converter(field) for field in fields}


def _converter(field: FieldSpec) -> Convert:
    check = make_checker(field, constraints=False)

    def convert(value: Any) -> Any:
        if value is None:
            return None
        try:
            return check(from_file(value, field.kind))
        except (ValueError, ArithmeticError) as error:
            shown = repr(value) if len(repr(value)) < 60 else f"{value!r:.60}…"
            raise NodeError(f"{shown} in {field.name!r} is no {field.kind}.", field=field.name) from error

    return convert


def from_file(value: Any, kind: Kind) -> Any:
    """A value as it stands in a file as one that the checker of its kind takes; raises ValueError."""
    if kind is Kind.TIMEDELTA and not isinstance(value, dt.timedelta):
        return dt.timedelta(microseconds=int(Decimal(str(value)) * _SECOND))
    if not isinstance(value, str):
        return value
    if kind is Kind.INT:
        return int(value)
    if kind is Kind.FLOAT:
        return float(value)
    if kind is Kind.BOOL:
        try:
            return _TRUTHS[value.strip().lower()]
        except KeyError:
            raise ValueError(f"{value!r} is neither true nor false") from None
    if kind is Kind.BYTES:
        try:
            return base64.b64decode(value, validate=True)
        except binascii.Error as error:
            raise ValueError("no base64") from error
    return orjson.loads(value) if kind in (Kind.DICT, Kind.LIST, Kind.VECTOR) else value


def converted(record: Record, types: Mapping[str, Convert], *, empty_is_null: bool, row: int) -> Record:
    """The record with its values made; raises StudioError with the row."""
    if empty_is_null:
        for name, value in record.items():
            if value == "":
                record[name] = None
    for name, convert in types.items():
        value = record.get(name)
        if value is None:
            continue
        try:
            record[name] = convert(value)
        except StudioError as error:
            raise error.at(row=row) from None
    return record


# ------------------------------------------------------------------ writing


def plain(value: Any) -> Any:
    """A value as JSON can say it; Decimals stay. Raises ValueError for what cannot be written."""
    if value is None or (isinstance(value, str | bool | int | Decimal) and not isinstance(value, enum.Enum)):
        if isinstance(value, Decimal) and not value.is_finite():
            raise ValueError(f"{value} is no number that a file can hold")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} is no number that a file can hold")
        return value
    if isinstance(value, enum.Enum):
        return plain(value.value)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return Decimal(value // dt.timedelta(microseconds=1)) / _SECOND
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(part) for part in value]
    raise ValueError(f"a {type(value).__name__} cannot be written into a file")


def json_text(value: Any) -> str:
    """A plain value as JSON on one line, numbers with all their digits."""
    if isinstance(value, Decimal):
        return format(value, "f") if -40 < value.adjusted() < 40 else str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json_text(name)}: {json_text(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(json_text, value)) + "]"
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)  # beyond 64 bits as well
    return orjson.dumps(value).decode()


def cell(value: Any) -> str:
    """A value as it stands in a cell of CSV."""
    value = plain(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value) if isinstance(value, float) else json_text(value)


class CsvWriter:
    """Writes records below a header."""

    def __init__(self, stream: IO[str], *, fields: Sequence[str], delimiter: str, is_narrowed: bool) -> None:
        """With `is_narrowed`, fields of a record that are not among `fields` are left out on purpose."""
        self._writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
        self._fields = fields
        self._known = None if is_narrowed else frozenset(fields)
        self.rows = 0
        if fields:
            self._writer.writerow(fields)

    def write(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Raises NodeError with the row for a value or a field that has no place."""
        for record in records:
            self.rows += 1
            if self._known is not None and not self._known.issuperset(record):
                strange = next(name for name in record if name not in self._known)
                raise NodeError(
                    f"Row {self.rows} has a field {strange!r}, for which there is no column.",
                    hint="Name all columns in fields.",
                    field="records",
                    row=self.rows,
                )
            try:
                self._writer.writerow([cell(record.get(name)) for name in self._fields])
            except ValueError as error:
                raise _unwritable(error, self.rows) from error

    def finish(self) -> None:
        """Nothing stands below the last row."""

    def abandon(self) -> None:
        """Holds nothing back."""


class JsonWriter:
    """Writes records as an array, one on each line; or, with `lines`, nothing but the lines."""

    def __init__(self, stream: IO[str], *, fields: Sequence[str], lines: bool) -> None:
        self._stream = stream
        self._fields = fields
        self._lines = lines
        self.rows = 0

    def write(self, records: Sequence[Mapping[str, Any]]) -> None:
        for record in records:
            chosen = {name: record.get(name) for name in self._fields} if self._fields else record
            try:
                text = json_text(plain(chosen))
            except ValueError as error:
                raise _unwritable(error, self.rows + 1) from error
            before = "" if self._lines else (",\n" if self.rows else "[\n")
            self._stream.write(f"{before}{text}{chr(10) if self._lines else ''}")
            self.rows += 1

    def finish(self) -> None:
        if not self._lines:
            self._stream.write("\n]\n" if self.rows else "[]\n")

    def abandon(self) -> None:
        """Holds nothing back."""


def _unwritable(error: ValueError, row: int) -> NodeError:
    return NodeError(
        f"Row {row} cannot be written: {error}.", hint="Put a Map before it.", field="records", row=row
    )
