"""How does a database come into being that is not there yet? Its server is asked from another one of its databases; SQLite makes a file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from studio.kernel.errors import UnknownDatabase

if TYPE_CHECKING:
    from studio.database.dialect import Dialect
    from studio.database.options import DatabaseOptions

_ALWAYS_THERE: Final = {"postgresql": ("postgres", "template1"), "mysql": ("",)}
"""Databases to ask from; MariaDB needs none."""
_AS: Final = {"postgresql": "", "mysql": " CHARACTER SET utf8mb4"}


async def create(url: str, dialect: Dialect, options: DatabaseOptions) -> None:
    """Raises the errors of opening, and StatementRefused where the user may make none."""
    if dialect.name == "sqlite":
        await _open_once(url, dialect, replace(options, must_exist=False, read_only=False))
        return
    parsed = sa.make_url(url)
    name = dialect.sqlalchemy.identifier_preparer.quote_identifier(parsed.database or "")
    statement = f"CREATE DATABASE {name}{_AS[dialect.name]}"
    first, *others = _ALWAYS_THERE[dialect.name]
    try:
        await _open_once(_elsewhere(parsed, first), dialect, options, statement)
    except UnknownDatabase:
        if not others:
            raise
        await _open_once(_elsewhere(parsed, others[0]), dialect, options, statement)


def _elsewhere(url: sa.URL, database: str) -> str:
    return url.set(database=database).render_as_string(hide_password=False)


async def _open_once(url: str, dialect: Dialect, options: DatabaseOptions, statement: str = "") -> None:
    engine = dialect.open(url, options)
    try:
        await engine.connect()
        if statement:
            await engine.lanes.change(statement)
    finally:
        await engine.close()
