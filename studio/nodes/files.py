"""What do the nodes do that read and write files? ReadCSV, ReadJSON, WriteCSV, WriteJSON, in batches, and never a file half written (`drafts`).

`ReadType` and `WriteType` are what all formats share; those of Parquet stand in `parquet`.
How records stand in files is `file_formats`' business; it is imported only when a file is read or written. That is done in threads: a
slow disk holds nobody up.
"""

from __future__ import annotations

import contextlib
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Iterator,
    Mapping,
    Sequence,
)
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Protocol

from studio.kernel.errors import NodeError
from studio.kernel.problems import Problem
from studio.models.spec import FieldSpec, Kind
from studio.nodes.base import NodeContext, NodeType, Params
from studio.nodes.drafts import Draft, in_thread, not_written
from studio.nodes.file_checks import check_file, check_types, delimiter_of
from studio.nodes.file_specs import READ_CSV, READ_JSON, WRITE_CSV, WRITE_JSON
from studio.nodes.many import records_of
from studio.nodes.shaping import names_of

if TYPE_CHECKING:
    from studio.nodes.file_formats import Record

_BATCH: Final = 1_000


def _path_of(ctx: NodeContext, params: Params) -> Path:
    path = Path(params["path"])
    try:
        path = path.expanduser()
    except RuntimeError as error:
        raise NodeError(f"{path}: nobody of that name has a home folder.", field="path") from error
    return path if ctx.folder is None else ctx.folder / path


# ------------------------------------------------------------------ reading


class ReadType(NodeType):
    """A node whose natural value is a list of records out of a file."""

    __slots__ = ()

    def _open(self, path: Path, params: Params) -> Any:
        """The file, open for `_read` until its `close` is called; raises NodeError."""
        from studio.nodes.file_formats import opened

        return opened(path, params.get("encoding", "utf-8"))

    def _read(self, file: Any, params: Params, types: Mapping[str, FieldSpec]) -> Iterator[Record]:
        raise NotImplementedError

    def _empty_is_null(self, params: Params) -> bool:
        return False

    async def run(self, ctx: NodeContext, params: Params) -> Any:
        gathered: list[Record] = []
        async with contextlib.aclosing(self.stream(ctx, params, batch_size=_BATCH)) as batches:
            async for batch in batches:
                gathered += batch
                ctx.progress(len(gathered), None)
        return gathered

    def can_stream(self, params: Params) -> bool:
        return params.get("limit") is None

    async def stream(
        self, ctx: NodeContext, params: Params, *, batch_size: int
    ) -> AsyncGenerator[list[dict[str, Any]], None]:
        path, types = _path_of(ctx, params), types_of(ctx, params)
        file = await in_thread(lambda: self._open(path, params))
        try:
            rows = islice(self._records(file, params, types, path), params.get("limit"))
            while batch := await in_thread(lambda: list(islice(rows, batch_size))):
                yield batch
        finally:
            file.close()

    def _records(
        self, file: Any, params: Params, types: Mapping[str, FieldSpec], path: Path
    ) -> Iterator[Record]:
        from studio.nodes.file_formats import converted, converters, file_error

        make = converters(types.values())
        empty_is_null = self._empty_is_null(params)
        try:
            for row, record in enumerate(self._read(file, params, types), start=1):
                yield converted(record, make, empty_is_null=empty_is_null, row=row)
        except OSError as error:
            raise file_error(error, path, "read") from error

    def output(self, value: Any, port: str) -> Any:
        if port == "records":
            return value
        return len(value) if port == "count" else (value[0] if value else None)

    def rows(self, value: Any) -> int | None:
        return len(value)

    def check(self, params: Params) -> list[Problem]:
        return [*check_file(params), *check_types(params.get("types"))]


def types_of(ctx: NodeContext, params: Params) -> dict[str, FieldSpec]:
    """The fields whose types are given, by name."""
    found: dict[str, FieldSpec] = {}
    if params.get("model"):
        found = {field.name: field for field in ctx.model(params["model"]).fields}
    types = params.get("types") or {}
    problems = check_types(types)
    if problems:
        raise NodeError(problems[0].message, hint=problems[0].hint, field="types")
    return found | {
        str(name): FieldSpec(name=str(name), kind=Kind(kind), nullable=True) for name, kind in types.items()
    }


class ReadCsvType(ReadType):
    __slots__ = ()

    def _read(self, file: Any, params: Params, types: Mapping[str, FieldSpec]) -> Iterator[Record]:
        from studio.nodes.file_formats import read_csv

        rows = read_csv(
            file,
            delimiter=delimiter_of(params),
            names=names_of(params.get("names")),
            rename=params.get("rename") or {},
            typed=params.get("types") or (),
        )
        if self._empty_is_null(params):
            return rows
        others = [name for name, field in types.items() if field.kind not in (Kind.STR, Kind.TEXT, Kind.ENUM)]
        return (_without_empty(record, others) for record in rows)

    def _empty_is_null(self, params: Params) -> bool:
        return bool(params.get("empty_is_null", True))


def _without_empty(record: Record, names: Sequence[str]) -> Record:
    for name in names:
        if record.get(name) == "":
            record[name] = None
    return record


class ReadJsonType(ReadType):
    __slots__ = ()

    def _read(self, file: Any, params: Params, types: Mapping[str, FieldSpec]) -> Iterator[Record]:
        from studio.nodes.file_formats import read_json

        exact = {name for name, field in types.items() if field.kind is Kind.DECIMAL}
        records = read_json(file, rename=params.get("rename") or {}, exact=bool(exact))
        return (_floats(record, exact) for record in records) if exact else records


def _floats(record: Record, exact: set[str]) -> Record:
    """The record with floats for Decimals, except in fields that are to be exact."""
    return {name: value if name in exact else _float(value) for name, value in record.items()}


def _float(value: Any) -> Any:
    from decimal import Decimal

    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {name: _float(part) for name, part in value.items()}
    return [_float(part) for part in value] if isinstance(value, list) else value


# ------------------------------------------------------------------ writing


class Writer(Protocol):
    rows: int

    def write(self, records: Sequence[Mapping[str, Any]]) -> None: ...

    def finish(self) -> None: ...

    def abandon(self) -> None:
        """Lets go of the file, which is not wanted any more."""
        ...


class WriteType(NodeType):
    """A node whose natural value says what was written."""

    __slots__ = ()
    eats = "records"

    def _encoding(self, params: Params) -> str | None:
        """How the text is written; None for a file that is no text."""
        return str(params.get("encoding", "utf-8"))

    def _types(self, ctx: NodeContext, params: Params) -> Mapping[str, FieldSpec]:
        """The types of the columns that the writer is to be told."""
        return {}

    def _writer(
        self,
        stream: IO[Any],
        params: Params,
        first: Sequence[Mapping[str, Any]],
        types: Mapping[str, FieldSpec],
    ) -> Writer:
        """`first` are all records, or the first batch of them."""
        raise NotImplementedError

    async def run(self, ctx: NodeContext, params: Params) -> Any:
        encoding, may_replace = self._encoding(params), params.get("if_exists") != "error"
        path = _path_of(ctx, params)
        draft = await in_thread(lambda: Draft(path, encoding, may_replace=may_replace))
        try:
            rows = await self._fill(ctx, draft, params)
            size = await in_thread(draft.finish)
        except BaseException as error:
            draft.drop()
            if isinstance(error, UnicodeEncodeError):
                raise NodeError(
                    f"{encoding} has no character {error.object[error.start]!r}.",
                    hint="Choose the encoding utf-8.",
                    field="encoding",
                ) from error
            if isinstance(error, OSError):
                raise not_written(error, draft.path) from error
            raise
        ctx.settle(draft.keep, draft.drop)
        return {"path": str(draft.path), "rows": rows, "bytes": size}

    async def _fill(self, ctx: NodeContext, draft: Draft, params: Params) -> int:
        writers: list[Writer] = []
        types = self._types(ctx, params)

        def write(batch: _Batch) -> None:
            if not writers:
                writers.append(self._writer(draft.stream, params, batch.first, types))
            writers[0].write(batch.rows)

        try:
            async for batch, total in _batches(params["records"]):
                await in_thread(partial(write, batch))
                ctx.progress(writers[0].rows, total)
            if not writers:
                await in_thread(partial(write, _Batch((), ())))
            await in_thread(writers[0].finish)
        except BaseException:
            for writer in writers:
                writer.abandon()
            raise
        return writers[0].rows

    def output(self, value: Any, port: str) -> Any:
        return value[port]

    def rows(self, value: Any) -> int | None:
        return int(value["rows"])

    def check(self, params: Params) -> list[Problem]:
        return check_file(params)


class _Batch:
    """Some rows, and those from which the fields of all of them are told."""

    __slots__ = ("first", "rows")

    def __init__(self, rows: Sequence[Mapping[str, Any]], first: Sequence[Mapping[str, Any]]) -> None:
        self.rows = rows
        self.first = first


async def _batches(records: Any) -> AsyncIterator[tuple[_Batch, int | None]]:
    """The records in batches, with their number where it is known."""
    if isinstance(records, AsyncIterable):
        async for part in records:
            rows, _ = records_of(part, "records")
            yield _Batch(rows, rows), None
        return
    whole, _ = records_of(records, "records")
    for start in range(0, len(whole), _BATCH):
        yield _Batch(whole[start : start + _BATCH], whole), len(whole)


class WriteCsvType(WriteType):
    __slots__ = ()

    def _writer(
        self,
        stream: IO[Any],
        params: Params,
        first: Sequence[Mapping[str, Any]],
        types: Mapping[str, FieldSpec],
    ) -> Writer:
        from studio.nodes.file_formats import CsvWriter

        wanted = names_of(params.get("fields"))
        fields = wanted or list(dict.fromkeys(name for record in first for name in record))
        return CsvWriter(stream, fields=fields, delimiter=delimiter_of(params), is_narrowed=bool(wanted))


class WriteJsonType(WriteType):
    __slots__ = ()

    def _writer(
        self,
        stream: IO[Any],
        params: Params,
        first: Sequence[Mapping[str, Any]],
        types: Mapping[str, FieldSpec],
    ) -> Writer:
        from studio.nodes.file_formats import JsonWriter

        return JsonWriter(
            stream, fields=names_of(params.get("fields")), lines=bool(params.get("lines", False))
        )


FILE_TYPES: Final[tuple[NodeType, ...]] = (
    ReadCsvType(READ_CSV),
    ReadJsonType(READ_JSON),
    WriteCsvType(WRITE_CSV),
    WriteJsonType(WRITE_JSON),
)
