"""How do records stand in Parquet files? Read and written by batches of rows, with the exact type of each column.

Plain functions that block, like those of `file_formats`. pyarrow is an extra: whoever imports this module sees to it that it is there. In the file, dates and times have
types of their own (times in UTC, to the microsecond), Decimals their digits, ids are text, an enumeration is its value.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import enum
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from studio.kernel.errors import NodeError
from studio.models.spec import FieldSpec, Kind
from studio.nodes.file_formats import Record, file_error, json_text, plain

_BATCH: Final = 1_000
_GROUP_ROWS: Final = 50_000
"""So many rows are gathered, packed, before they are written as a group."""
_DIGITS: Final = 38
_MOST_DIGITS: Final = 76
_LEAST, _GREATEST = -(2**63), 2**63 - 1


# ------------------------------------------------------------------ reading


class ParquetReader:
    """The records of a file, batch by batch; never more of it in memory than a batch and what its pages need."""

    def __init__(self, path: Path, fields: Sequence[str]) -> None:
        """Opens the file; `fields` are the columns that are read, empty: all. Raises NodeError."""
        self._path = path
        try:
            self._file = pq.ParquetFile(path)
        except OSError as error:
            raise file_error(error, path, "read") from error
        except pa.ArrowException as error:
            raise _damaged(path, error) from error
        names = self._file.schema_arrow.names
        strange = next((name for name in fields if name not in names), None)
        if strange is not None:
            self.close()
            raise NodeError(
                f"There is no column {strange!r}.",
                hint=f"There are: {', '.join(names[:12])}.",
                field="fields",
            )
        self._fields = list(fields) or None
        self.rows: int = self._file.metadata.num_rows

    def records(self, rename: Mapping[str, str]) -> Iterator[Record]:
        """The records in the order of the file; raises NodeError for what a value of Python cannot hold."""
        row = 0
        try:
            for batch in self._file.iter_batches(_BATCH, columns=self._fields):
                given = batch.schema.names
                columns = [_values(batch.column(place), name, row) for place, name in enumerate(given)]
                names = [rename.get(name, name) for name in given]
                for values in zip(*columns, strict=True):
                    yield dict(zip(names, values, strict=True))
                row += batch.num_rows
        except OSError as error:
            raise file_error(error, self._path, "read") from error
        except pa.ArrowException as error:
            raise _damaged(self._path, error) from error

    def close(self) -> None:
        self._file.close()


def _damaged(path: Path, error: Exception) -> NodeError:
    return NodeError(
        f"{path} cannot be read as Parquet: {str(error).splitlines()[0] if str(error) else 'it is damaged'}",
        hint="Choose another file, or make it again.",
        field="path",
    )


def _values(column: pa.Array, name: str, before: int) -> list[Any]:
    """The values of a column as Python has them; `before` rows came before."""
    try:
        values: list[Any] = _to_microseconds(column).to_pylist()
    except (pa.ArrowInvalid, ValueError, OverflowError) as error:
        raise NodeError(
            f"A value of {name!r} in rows {before + 1:,} to {before + len(column):,} cannot be held exactly: {error}",
            hint="Times are exact to a microsecond, between the years 1 and 9999. Leave the column out with fields.",
            field="fields",
        ) from error
    return _plain_values(values, column.type)


def _to_microseconds(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _to_microseconds(column.dictionary_decode())
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        return column.cast(pa.timestamp("us", tz=kind.tz))
    if pa.types.is_time64(kind) and kind.unit == "ns":
        return column.cast(pa.time64("us"))
    if pa.types.is_duration(kind) and kind.unit == "ns":
        return column.cast(pa.duration("us"))
    return column


def _plain_values(values: list[Any], kind: pa.DataType) -> list[Any]:
    """Times in UTC, maps as dicts, at any depth."""
    if not (pa.types.is_nested(kind) or pa.types.is_timestamp(kind) or pa.types.is_dictionary(kind)):
        return values
    return [_plain_value(value, kind) for value in values]


def _plain_value(value: Any, kind: pa.DataType) -> Any:
    if value is None:
        return None
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)
    if pa.types.is_map(kind):
        return {str(key): _plain_value(part, kind.item_type) for key, part in value}
    if isinstance(value, list):
        return [_plain_value(part, kind.value_type) for part in value]
    if isinstance(value, dict):
        return {name: _plain_value(part, kind.field(name).type) for name, part in value.items()}
    return value


# ------------------------------------------------------------------ writing


class ParquetWriter:
    """Writes records in groups of rows. The columns and their types are those of the fields given, else told from the first records."""

    def __init__(
        self,
        stream: Any,
        *,
        fields: Sequence[str],
        types: Mapping[str, FieldSpec],
        first: Sequence[Mapping[str, Any]],
        compression: str,
    ) -> None:
        """`first` are all records, or the first batch of them. Raises NodeError for a column whose values are of different types."""
        self._names = list(fields) or list(dict.fromkeys(name for record in first for name in record))
        self._known = None if fields else frozenset(self._names)
        self._types = types
        self._schema = pa.schema(
            [
                (name, _column_type(name, types.get(name), [record.get(name) for record in first]))
                for name in self._names
            ]
        )
        self._batches: list[pa.RecordBatch] = []
        self._gathered = 0
        self._writer = pq.ParquetWriter(stream, self._schema, compression=compression)
        self.rows = 0

    def write(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Raises NodeError with the row for a value that does not fit its column, or a field that has none."""
        if self._known is not None:
            for row, record in enumerate(records, start=self.rows + 1):
                if not self._known.issuperset(record):
                    strange = next(name for name in record if name not in self._known)
                    raise NodeError(
                        f"Row {row} has a field {strange!r}, for which there is no column.",
                        hint="Name all columns in fields.",
                        field="records",
                        row=row,
                    )
        arrays = [
            _array(
                [record.get(field.name) for record in records], field, self._types.get(field.name), self.rows
            )
            for field in self._schema
        ]
        self._batches.append(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        self.rows += len(records)
        self._gathered += len(records)
        if self._gathered >= _GROUP_ROWS:
            self._write_group()

    def _write_group(self) -> None:
        self._writer.write_table(pa.Table.from_batches(self._batches, self._schema), self._gathered)
        self._batches, self._gathered = [], 0

    def finish(self) -> None:
        if self._gathered:
            self._write_group()
        self._writer.close()

    def abandon(self) -> None:
        """The file is not wanted any more; pyarrow would write its end when nobody expects it."""
        with contextlib.suppress(OSError, ValueError):
            self._writer.close()


def _array(values: list[Any], field: pa.Field, spec: FieldSpec | None, before: int) -> pa.Array:
    """The column's part of a batch; when it cannot be made, the value that is at fault is looked for."""
    as_json = spec is not None and spec.kind in (Kind.DICT, Kind.LIST)

    def made(given: list[Any]) -> pa.Array:
        if as_json:
            return pa.array(
                [None if value is None else json_text(plain(value)) for value in given], field.type
            )
        return pa.array([_stored(value, field.type) for value in given], field.type)

    try:
        return made(values)
    except _REFUSED:
        for row, value in enumerate(values, start=before + 1):
            try:
                made([value])
            except _REFUSED as error:
                raise _misfit(value, field, row) from error
        raise


_REFUSED: Final = (ValueError, TypeError, OverflowError)
"""What pyarrow raises for a value that does not fit; its own errors are among them."""


def _misfit(value: Any, field: pa.Field, row: int) -> NodeError:
    shown = f"{value!r:.60}"
    if pa.types.is_null(field.type):
        reason = (
            f"there was nothing in {field.name!r} before, and {shown} has no place in a column without a type"
        )
    else:
        reason = f"{shown} in {field.name!r} is no {_NAMES.get(str(field.type), str(field.type))}"
    return NodeError(
        f"Row {row} cannot be written: {reason}.",
        hint="Give the column's type in types, or put a Map before it.",
        field="records",
        row=row,
    )


_NAMES: Final = {
    "int64": "whole number",
    "double": "number",
    "string": "text",
    "bool": "truth value",
    "binary": "bytes",
    "date32[day]": "date",
    "timestamp[us, tz=UTC]": "time of a day",
    "time64[us]": "time",
    "duration[us]": "span of time",
}


def _stored(value: Any, kind: pa.DataType) -> Any:
    """The value as a column of that type takes it; raises ValueError where pyarrow would leave out a part of it without a word."""
    if value is None:
        return None
    if isinstance(value, enum.Enum):
        return _stored(value.value, kind)
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, dt.datetime):
        if pa.types.is_date(kind):
            raise ValueError("a date has no time of day")
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)
    if isinstance(value, dt.time) and value.tzinfo is not None:
        raise ValueError("a time has no zone in a file")
    if isinstance(value, bool) and not pa.types.is_boolean(kind):
        raise ValueError("a truth value is no number")
    if isinstance(value, float | Decimal) and pa.types.is_integer(kind):
        raise ValueError("a whole number has no fraction")
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    if isinstance(value, Mapping) and pa.types.is_struct(kind):
        parts = {str(name): part for name, part in value.items()}
        if any(kind.get_field_index(name) < 0 for name in parts):
            raise ValueError("a record has a field more than those before")
        return {name: _stored(part, kind.field(name).type) for name, part in parts.items()}
    if isinstance(value, list | tuple | set | frozenset) and pa.types.is_list(kind):
        return [_stored(part, kind.value_type) for part in value]
    return value


def _column_type(name: str, spec: FieldSpec | None, values: Sequence[Any]) -> pa.DataType:
    if spec is None or (spec.kind is Kind.DECIMAL and spec.precision is None):
        found = _told_type(name, [value for value in values if value is not None])
        if spec is not None and not pa.types.is_decimal(found):
            return pa.decimal128(_DIGITS, 9)
        return found
    return _type_of(spec)


def _type_of(spec: FieldSpec) -> pa.DataType:
    match spec.kind:
        case Kind.INT:
            return pa.int64()
        case Kind.FLOAT:
            return pa.float64()
        case Kind.DECIMAL:
            return pa.decimal128(min(spec.precision or _DIGITS, _DIGITS), spec.scale or 0)
        case Kind.BOOL:
            return pa.bool_()
        case Kind.DATETIME:
            return pa.timestamp("us", tz="UTC")
        case Kind.DATE:
            return pa.date32()
        case Kind.TIME:
            return pa.time64("us")
        case Kind.TIMEDELTA:
            return pa.duration("us")
        case Kind.BYTES:
            return pa.binary()
        case Kind.VECTOR:
            return pa.list_(pa.float32())
        case _:
            return pa.string()


def _told_type(name: str, values: Sequence[Any]) -> pa.DataType:
    """The type that holds all of the values exactly; raises NodeError when there is none."""
    if not values:
        return pa.null()
    kinds = {_family(value) for value in values}
    if kinds <= {"int", "decimal"}:
        return _number_type(name, values)
    if kinds <= {"int", "float"}:
        return pa.float64()
    if len(kinds) > 1:
        shown = " and ".join(sorted(kinds))
        raise NodeError(
            f"The values of {name!r} are of different types: {shown}.",
            hint="Give the column's type in types, or put a Map before it.",
            field="records",
        )
    (kind,) = kinds
    simple = {
        "bool": pa.bool_(),
        "float": pa.float64(),
        "text": pa.string(),
        "datetime": pa.timestamp("us", tz="UTC"),
        "date": pa.date32(),
        "time": pa.time64("us"),
        "timedelta": pa.duration("us"),
        "bytes": pa.binary(),
    }
    if kind in simple:
        return simple[kind]
    if kind == "list":
        return pa.list_(_told_type(name, [part for value in values for part in value if part is not None]))
    if kind == "mapping":
        names = dict.fromkeys(str(key) for value in values for key in value)
        parts = {key: [value[key] for value in values if value.get(key) is not None] for key in names}
        return pa.struct([(key, _told_type(f"{name}.{key}", part)) for key, part in parts.items()])
    raise NodeError(
        f"A {kind} in {name!r} cannot be written into a file.", hint="Put a Map before it.", field="records"
    )


def _number_type(name: str, values: Iterable[Any]) -> pa.DataType:
    """The type of whole numbers and Decimals: with room for more digits before the point than have been seen."""
    given = [_of_enum(value) for value in values]
    if all(isinstance(value, int) and _LEAST <= value <= _GREATEST for value in given):
        return pa.int64()
    scale = whole = 0
    for value in given:
        number = Decimal(value)
        if not number.is_finite():
            raise NodeError(f"{value} in {name!r} is no number that a file can hold.", field="records")
        exponent = int(number.as_tuple().exponent)
        scale = max(scale, -exponent)
        whole = max(whole, number.adjusted() + 1)
    if scale + whole <= _DIGITS:
        return pa.decimal128(_DIGITS, scale)
    if scale + whole <= _MOST_DIGITS:
        return pa.decimal256(_MOST_DIGITS, scale)
    raise NodeError(
        f"The numbers of {name!r} have {scale + whole} digits together; a file can hold {_MOST_DIGITS}.",
        hint="Round them before.",
        field="records",
    )


def _of_enum(value: Any) -> Any:
    return value.value if isinstance(value, enum.Enum) else value


def _family(value: Any) -> str:
    value = _of_enum(value)
    for kind, name in (
        (bool, "bool"), (int, "int"), (float, "float"), (Decimal, "decimal"), (str, "text"), (uuid.UUID, "text"),
        (dt.datetime, "datetime"), (dt.date, "date"), (dt.time, "time"), (dt.timedelta, "timedelta"),
        (bytes | bytearray | memoryview, "bytes"), (Mapping, "mapping"), (list | tuple | set | frozenset, "list"),
    ):  # fmt: skip
        if isinstance(value, kind):
            return name
    return type(value).__name__
