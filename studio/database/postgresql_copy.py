"""How do rows become the bytes of a binary COPY? One function per set of columns, written out as Python source and compiled.

asyncpg writes a record by asking the codec of every value in turn, which takes longer than the server needs for the row. Here the fixed
columns of a row that stand together are packed by one call, and a moment that is that of the row before, as the timestamps of a batch are,
is not worked out again. The bytes are the same. Joined to the pipeline that checks the rows, it makes no tuples in between.

Which types a table has is asked of the server, never guessed: a column of a type that is not known here, or that holds another kind of
value than its field, leaves the whole COPY to the driver.

Source of the format: PostgreSQL's documentation of COPY ("Binary Format") and of the types' send functions.
"""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from studio.database.pipelines import Ending
from studio.models.spec import FieldSpec, Kind

Encoder = Callable[[Iterable[Any]], bytes]
"""Takes rows, gives their bytes; empty when there are none."""

TYPES_SQL: Final = "SELECT attname, atttypid FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped"
"""The types of a table's columns, by the table's name as SQL spells it."""

_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END: Final = b"\xff\xff"
_NULL: Final = struct.pack(">i", -1)
_MOST_ENCODERS: Final = 256
_FIRST_ROWS: Final = 64
_MOST_ROWS: Final = 8192
_CHUNK_BYTES: Final = 64 * 1024
"""Small enough that the server works on one chunk while the next is made."""

_DAY_US: Final = 86_400_000_000
_EPOCH: Final = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - the epoch of naive moments
_EPOCH_UTC: Final = _EPOCH.replace(tzinfo=dt.UTC)
_EPOCH_DAY: Final = dt.date(2000, 1, 1).toordinal()
_LAST_US: Final = (_EPOCH.max - _EPOCH) // dt.timedelta(microseconds=1)
_FIRST_US: Final = (_EPOCH.min - _EPOCH) // dt.timedelta(microseconds=1)
_LONG: Final = struct.Struct(">iq").pack
_INT: Final = struct.Struct(">ii").pack
_LENGTH: Final = struct.Struct(">i").pack
_LENGTHS: Final = 256
_SHORT: Final = (*map(_LENGTH, range(_LENGTHS)), _LENGTH(-1))
"""The short lengths, written; at -1, the last, that of a null."""
_INTERVAL: Final = struct.Struct(">iqii").pack


def _moment_us(since: dt.timedelta) -> bytes:
    """A moment by its distance from the epoch; the first and the last there are mean the infinities, as for asyncpg."""
    us = since.days * _DAY_US + since.seconds * 1_000_000 + since.microseconds
    if us == _LAST_US:
        us = 2**63 - 1
    elif us == _FIRST_US:
        us = -(2**63)
    return _LONG(8, us)


def _aware(value: dt.datetime) -> bytes:
    return _moment_us(value - _EPOCH_UTC)


def _naive(value: dt.datetime) -> bytes:
    return _moment_us(value - _EPOCH)


def _date(value: dt.date) -> bytes:
    if value == dt.date.max:
        return _INT(4, 2**31 - 1)
    return _INT(4, -(2**31) if value == dt.date.min else value.toordinal() - _EPOCH_DAY)


def _time(value: dt.time) -> bytes:
    seconds = value.hour * 3600 + value.minute * 60 + value.second
    return _LONG(8, seconds * 1_000_000 + value.microsecond)


def _interval(value: dt.timedelta) -> bytes:
    return _INTERVAL(16, value.seconds * 1_000_000 + value.microseconds, value.days, 0)


def _numeric(value: Decimal) -> bytes:
    """Digits to the base 10,000, counted from the point."""
    whole, _, fraction = format(value.copy_abs(), "f").partition(".")
    digits = whole.zfill(-(-len(whole) // 4) * 4) + fraction.ljust(-(-len(fraction) // 4) * 4, "0")
    groups = [int(digits[at : at + 4]) for at in range(0, len(digits), 4)]
    weight = -(-len(whole) // 4) - 1
    sign = 0x4000 if value.is_signed() else 0
    return struct.pack(
        f">ihhHh{len(groups)}h", 8 + 2 * len(groups), len(groups), weight, sign, len(fraction), *groups
    )


@dataclass(frozen=True, slots=True)
class _Type:
    """How values of a type are written: by a `format` of `struct` with its size, as `data` (an expression of bytes), or by a function."""

    kinds: frozenset[Kind]
    format: str = ""
    data: str = ""
    made: Callable[[Any], bytes] | None = None
    is_repeated: bool = False
    """Whether the value before is worth remembering."""


_TEXTS: Final = frozenset({Kind.STR, Kind.TEXT, Kind.ENUM})
_DOCUMENTS: Final = frozenset({Kind.DICT, Kind.LIST})
_TEXT: Final = _Type(_TEXTS, data="{v}.encode()")
_TYPES: Final[Mapping[int, _Type]] = {
    0: _Type(frozenset({Kind.VECTOR}), data="{v}"),
    16: _Type(frozenset({Kind.BOOL}), "?"),
    17: _Type(frozenset({Kind.BYTES}), data="{v}"),
    20: _Type(frozenset({Kind.INT}), "q"),
    21: _Type(frozenset({Kind.INT}), "h"),
    23: _Type(frozenset({Kind.INT}), "i"),
    25: _TEXT,
    114: _Type(_DOCUMENTS, data="{v}.encode()"),
    701: _Type(frozenset({Kind.FLOAT}), "d"),
    1043: _TEXT,
    1082: _Type(frozenset({Kind.DATE}), made=_date, is_repeated=True),
    1083: _Type(frozenset({Kind.TIME}), made=_time),
    1114: _Type(frozenset({Kind.DATETIME}), made=_naive, is_repeated=True),
    1184: _Type(frozenset({Kind.DATETIME}), made=_aware, is_repeated=True),
    1186: _Type(frozenset({Kind.TIMEDELTA}), made=_interval),
    1700: _Type(frozenset({Kind.DECIMAL}), made=_numeric),
    2950: _Type(frozenset({Kind.UUID}), data="{v}.bytes"),
    3802: _Type(_DOCUMENTS, data='b"\\1" + {v}.encode()'),
}
"""By the number that PostgreSQL gives the type in every database."""
_UNKNOWN: Final = -1
_RESULT: Final = 'b"".join(parts)'
_NAIVE_TYPE: Final = 1114
_AWARE_TYPE: Final = 1184


@dataclass(frozen=True, slots=True)
class CopyColumn:
    name: str
    kind: Kind
    is_naive: bool
    nullable: bool

    @classmethod
    def of(cls, field: FieldSpec) -> CopyColumn:
        return cls(field.column, field.kind, field.naive, field.nullable)


def encoding(columns: Sequence[CopyColumn], types: Mapping[str, int]) -> Encoding | None:
    """How rows of these columns are written, given the number of each column's type; None when the driver must do it."""
    return _encoding(tuple(columns), tuple(types.get(column.name, _UNKNOWN) for column in columns))


@lru_cache(maxsize=_MOST_ENCODERS)
def _encoding(columns: tuple[CopyColumn, ...], types: tuple[int, ...]) -> Encoding | None:
    found = [_type_of(column, number) for column, number in zip(columns, types, strict=True)]
    known = [entry for entry in found if entry is not None]
    return Encoding(columns, known) if columns and len(known) == len(found) else None


class Encoding:
    """How rows of some columns are written: from tuples, or as the ending of the pipeline that makes them."""

    def __init__(self, columns: Sequence[CopyColumn], kinds: Sequence[_Type]) -> None:
        # Numbers that cannot be null stand first, so that one call packs them all.
        order = sorted(range(len(columns)), key=lambda number: not _is_packed(columns[number], kinds[number]))
        source = _Source(len(columns))
        for number in order:
            source.add(number, columns[number], kinds[number])
        source.packed()
        self.names: Final = [columns[number].name for number in order]
        """The columns in the order in which they are written."""
        self._bounded = frozenset(number for number in order if Kind.INT in kinds[number].kinds)
        self._before = ("parts = []", *source.memos)
        self._each = (*source.lines, f"parts += ({', '.join(source.pieces)},)")
        self._space = source.space
        self._endings: dict[tuple[int, ...], Ending] = {}
        self.tuples: Final = self._of_tuples(len(columns))

    def ending(self, noted: tuple[int, ...]) -> Ending:
        """The same after a pipeline. What stands in the places `noted` is noted: one value by itself, several as a tuple."""
        found = self._endings.get(noted)
        if found is None:
            names = ", ".join(f"v{place}" for place in noted)
            note = f"note({names})" if len(noted) == 1 else f"note(({names}))"
            each = (note, *self._each) if noted else self._each
            found = self._endings[noted] = Ending(self._before, each, _RESULT, self._space, self._bounded)
        return found

    def _of_tuples(self, width: int) -> Encoder:
        names = "".join(f"v{number}, " for number in range(width))
        lines = [
            "def encode(rows):",
            *(f"    {line}" for line in self._before),
            f"    for {names}in rows:",
            *(f"        {line}" for line in self._each),
            f"    return {_RESULT}",
        ]
        space = dict(self._space)
        exec(compile("\n".join(lines), "<COPY>", "exec"), space)  # noqa: S102 - made of numbers only
        encode: Encoder = space["encode"]
        return encode


async def copied(encode: Encoder, rows: Iterable[Any]) -> AsyncIterator[bytes]:
    """What COPY is sent. Raises OverflowError or UnicodeError at a value that its column cannot hold; it is the last row taken from `rows`."""
    left: Iterator[Any] = iter(rows)
    count = _FIRST_ROWS
    yield _SIGNATURE
    try:
        while chunk := encode(islice(left, count)):
            yield chunk
            count = max(1, min(_MOST_ROWS, count * _CHUNK_BYTES // len(chunk)))
    except struct.error as error:
        raise OverflowError("a number out of its column's range") from error
    yield _END


def narrow_bits(number: int) -> int:
    """Of a column of whole numbers narrower than Studio's own, its bits; 0 for another type."""
    return {21: 16, 23: 32}.get(number, 0)


def _type_of(column: CopyColumn, number: int) -> _Type | None:
    found = _TYPES.get(number)
    if found is None or column.kind not in found.kinds:
        return None
    if column.kind is Kind.DATETIME and number != (_NAIVE_TYPE if column.is_naive else _AWARE_TYPE):
        return None
    return found


def _is_packed(column: CopyColumn, kind: _Type) -> bool:
    return bool(kind.format) and not column.nullable


class _Source:
    """The source of one encoder. Numbers that stand together wait in `formats` and `values` until one call packs them."""

    def __init__(self, width: int) -> None:
        self.space: dict[str, Any] = {"NULL": _NULL, "LENGTH": _LENGTH, "LENGTHS": _SHORT}
        self.lines: list[str] = []
        self.pieces: list[str] = []
        self.memos: list[str] = []
        self.formats = "h"
        self.values = [str(width)]

    def packed(self) -> None:
        if self.formats:
            name = f"pack{len(self.pieces)}"
            self.space[name] = struct.Struct(f">{self.formats}").pack
            self.pieces.append(f"{name}({', '.join(self.values)})")
            self.formats, self.values = "", []

    def add(self, number: int, column: CopyColumn, kind: _Type) -> None:
        value = f"v{number}"
        if kind.data:
            self._data(number, kind.data.format(v=value), column)
        elif kind.format:
            size = struct.calcsize(f">{kind.format}")
            if _is_packed(column, kind):
                self.formats += f"i{kind.format}"
                self.values += [str(size), value]
                return
            self.packed()
            self.space[f"fixed{number}"] = struct.Struct(f">i{kind.format}").pack
            self.pieces.append(f"NULL if {value} is None else fixed{number}({size}, {value})")
        else:
            self.packed()
            self._made(number, kind)

    def _data(self, number: int, data: str, column: CopyColumn) -> None:
        """The length is packed with the numbers before it; by itself it comes from a table."""
        value = f"v{number}"
        if column.nullable:
            self.lines += [
                f"if {value} is None: d{number}, n{number} = b'', -1",
                f"else: d{number} = {data}; n{number} = len(d{number})",
            ]
            length = f"n{number}"
        else:
            self.lines.append(f"d{number} = {data}")
            length = f"len(d{number})"
        if self.formats:
            self.formats += "i"
            self.values.append(length)
            self.packed()
        else:
            count = length if column.nullable else f"n{number}"
            if not column.nullable:
                self.lines.append(f"{count} = {length}")
            self.pieces.append(f"LENGTHS[{count}] if {count} < {_LENGTHS} else LENGTH({count})")
        self.pieces.append(f"d{number}")

    def _made(self, number: int, kind: _Type) -> None:
        value, made = f"v{number}", f"NULL if v{number} is None else make{number}(v{number})"
        self.space[f"make{number}"] = kind.made
        if not kind.is_repeated:
            self.pieces.append(made)
            return
        self.memos.append(f"m{number}, p{number} = None, NULL")
        self.lines.append(f"if {value} is not m{number}: m{number} = {value}; p{number} = {made}")
        self.pieces.append(f"p{number}")
