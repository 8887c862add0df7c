"""What do the nodes do that read and write Parquet files? ReadParquet and WriteParquet; how a file comes whole into its place is in `files`.

How records stand in such a file is `parquet_formats`' business.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import IO, TYPE_CHECKING, Any, Final

from studio.kernel.errors import MissingPackage
from studio.kernel.problems import Problem
from studio.models.spec import FieldSpec
from studio.nodes.base import NodeContext, NodeType, Params
from studio.nodes.file_checks import check_types
from studio.nodes.file_specs import INSTALL_PARQUET, READ_PARQUET, WRITE_PARQUET
from studio.nodes.files import ReadType, Writer, WriteType, types_of
from studio.nodes.shaping import names_of

if TYPE_CHECKING:
    from studio.nodes.file_formats import Record
    from studio.nodes.parquet_formats import ParquetReader, ParquetWriter


class ReadParquetType(ReadType):
    __slots__ = ()

    def _open(self, path: Path, params: Params) -> ParquetReader:
        reader: ParquetReader = _formats().ParquetReader(path, names_of(params.get("fields")))
        return reader

    def _read(self, file: Any, params: Params, types: Mapping[str, FieldSpec]) -> Iterator[Record]:
        records: Iterator[Record] = file.records(params.get("rename") or {})
        return records

    def check(self, params: Params) -> list[Problem]:
        return [*super().check(params), *_package_problem(self.spec.type)]


class WriteParquetType(WriteType):
    __slots__ = ()

    def _encoding(self, params: Params) -> None:
        return None

    def _types(self, ctx: NodeContext, params: Params) -> Mapping[str, FieldSpec]:
        return types_of(ctx, params)

    def _writer(
        self,
        stream: IO[Any],
        params: Params,
        first: Sequence[Mapping[str, Any]],
        types: Mapping[str, FieldSpec],
    ) -> Writer:
        writer: ParquetWriter = _formats().ParquetWriter(
            stream,
            fields=names_of(params.get("fields")),
            types=types,
            first=first,
            compression=params.get("compression", "snappy"),
        )
        return writer

    def check(self, params: Params) -> list[Problem]:
        return [*super().check(params), *check_types(params.get("types")), *_package_problem(self.spec.type)]


def _formats() -> ModuleType:
    """`parquet_formats`; raises MissingPackage when pyarrow is not installed."""
    try:
        from studio.nodes import parquet_formats
    except ImportError as error:
        raise MissingPackage("Parquet files need the package pyarrow.", hint=f"{INSTALL_PARQUET}.") from error
    return parquet_formats


@functools.cache
def _package_problem(node_type: str) -> tuple[Problem, ...]:
    if importlib.util.find_spec("pyarrow") is not None:
        return ()
    return (
        Problem(
            code="missing-package",
            message=f"{node_type} needs the package pyarrow.",
            hint=f"{INSTALL_PARQUET}.",
            field="path",
        ),
    )


PARQUET_TYPES: Final[tuple[NodeType, ...]] = (
    ReadParquetType(READ_PARQUET),
    WriteParquetType(WRITE_PARQUET),
)
