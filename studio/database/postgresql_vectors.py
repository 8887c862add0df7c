"""How do vectors travel to PostgreSQL and back? In pgvector's binary form, by a codec that each connection is taught.

The form: how many numbers there are and an unused word, two bytes each, then the numbers, four bytes each; all big-endian. Values are bound
in that form already: a list would be taken for one more dimension where many rows go as one array per column.

Left out: how near two vectors are to each other.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

if TYPE_CHECKING:
    import asyncpg

EXTENSION: Final = "CREATE EXTENSION IF NOT EXISTS vector"
HOME: Final = """
SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'vector'
"""
"""The schema that pgvector's type is in; no row where the database does not have it."""
_TYPE: Final = "vector"
_HEAD: Final = 4


def packed(numbers: Sequence[float] | bytes) -> bytes:
    """The binary form; what is in that form already stays as it is."""
    if isinstance(numbers, bytes):
        return numbers
    count = len(numbers)
    return struct.pack(f">HH{count}f", count, 0, *numbers)


def unpacked(data: bytes) -> list[float]:
    return list(struct.unpack_from(f">{(len(data) - _HEAD) // 4}f", data, _HEAD))


async def teach(connection: asyncpg.Connection[Any], home: str) -> None:
    """Makes the connection give and take vectors; `home` is the schema of their type."""
    await connection.set_type_codec(_TYPE, schema=home, encoder=packed, decoder=unpacked, format="binary")


class VectorType(sa.types.UserDefinedType[Any]):
    """The column's type, and that of a value which is compared with it."""

    cache_ok = True
    render_bind_cast = True

    def __init__(self, dimensions: int | None) -> None:
        self.dimensions = dimensions

    def get_col_spec(self, **kwargs: Any) -> str:
        return _TYPE if self.dimensions is None else f"{_TYPE}({self.dimensions})"

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[Any], Any]:
        return lambda value: None if value is None else packed(value)
