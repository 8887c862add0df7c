"""Which typed error does an SQLSTATE of PostgreSQL mean? One table, and what the server tells beside the code.

Codes: appendix A of the PostgreSQL manual. The most exact entry wins: the whole code, then its class (two characters).
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable, Mapping
from typing import Any

import asyncpg

from studio.database import tls
from studio.kernel.errors import (
    AuthenticationFailed,
    BadValue,
    CheckViolated,
    ConnectionFailed,
    ConnectionLost,
    DatabaseError,
    Deadlock,
    DiskFull,
    DuplicateKey,
    ForeignKeyViolated,
    KeysUsedUp,
    LockTimeout,
    NoSuchTable,
    ReadOnlyDatabase,
    StatementRefused,
    UnknownDatabase,
    ValueMissing,
    ValueTooLong,
)

_KEY = re.compile(
    r'Key \((?P<columns>.*?)\)=\((?P<values>.*)\) (already exists|is not present|is (?:still )?referenced)(.*?table "(?P<table>[^"]+)")?',
    re.DOTALL,
)
_UNENCRYPTED = re.compile(r"no pg_hba\.conf entry .*(no encryption|SSL off)", re.DOTALL)
_COPY_LINE = re.compile(r"COPY [^,]+, line (\d+)")

DRIVER_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    asyncio.TimeoutError,
    EOFError,
    OverflowError,
    UnicodeEncodeError,
)
"""What can come out of a call to asyncpg that is not our bug."""


def translate(error: BaseException, *, where: str) -> DatabaseError | None:
    """The typed error, or None when it is none of the driver's. `where` is host, port and database; never a password."""
    if isinstance(error, asyncpg.PostgresError):
        return _of_server(error, where)
    if isinstance(error, UnicodeEncodeError):
        return BadValue(
            "A text holds half of a surrogate pair, which cannot be stored.", hint="Mend the text."
        )
    if isinstance(error, asyncpg.DataError | OverflowError) or type(error).__name__ == "DataError":
        return _bad_argument(error)
    if isinstance(error, asyncpg.InterfaceError):
        return _of_interface(error, where)
    if isinstance(error, socket.gaierror):
        return ConnectionFailed(
            f"The host of {where} cannot be found.",
            hint="Check the host's name and the network.",
            detail=str(error),
        )
    if isinstance(error, TimeoutError | asyncio.TimeoutError):
        return ConnectionFailed(
            f"{where} did not answer in time.", hint="Check host, port and firewall.", detail=str(error)
        )
    if (unencrypted := tls.failure(error, where)) is not None:
        return unencrypted
    if isinstance(error, ConnectionResetError | BrokenPipeError | EOFError):
        return _lost(str(error), where)
    if isinstance(error, OSError):
        return ConnectionFailed(
            f"{where} cannot be reached.",
            hint="Check that the server runs, and its host and port.",
            detail=error.strerror or type(error).__name__,
        )
    if isinstance(error, asyncpg.InternalClientError):
        return _lost(str(error), where)
    return None


def copy_line(error: BaseException | None) -> int | None:
    """The line, from 1, at which a COPY failed."""
    found = _COPY_LINE.search(str(getattr(error, "context", "") or ""))
    return int(found[1]) if found else None


def _of_server(error: Any, where: str) -> DatabaseError:
    state = error.sqlstate or ""
    make = _TABLE.get(state) or _TABLE.get(state[:2]) or _refused
    return make(error, where)


def _of_interface(error: Any, where: str) -> DatabaseError:
    text = str(error)
    if "closed" in text or ("connection" in text and "lost" in text):
        return _lost(text, where)
    if "expects" in text and "argument" in text:
        return StatementRefused(
            f"The statement's parameters do not fit: {text}.", hint="Check the parameters."
        )
    return StatementRefused(f"The driver refused the statement: {text}.", hint="Check the SQL.", detail=text)


def _bad_argument(error: Any) -> DatabaseError:
    text = str(error)
    return BadValue(
        f"A value does not fit its parameter: {text.removeprefix('invalid input for query argument ')}.",
        hint="Convert it, or say its type in the SQL: :name::integer.",
        detail=text,
    )


def _lost(text: str, where: str) -> DatabaseError:
    return ConnectionLost(
        f"The connection to {where} is lost.", hint="Check the server, then run it again.", detail=text
    )


def _server_lost(error: Any, where: str) -> DatabaseError:
    return _lost(str(error), where)


def _password(error: Any, where: str) -> DatabaseError:
    if _UNENCRYPTED.search(str(error)):
        return tls.wanted_by_server(where, str(error))
    return AuthenticationFailed(
        f"{where} refuses the user or the password.", hint="Check both in the connection.", detail=str(error)
    )


def _no_database(error: Any, where: str) -> DatabaseError:
    return UnknownDatabase(
        f"{where}: the server has no such database.",
        hint="Check its name, or create it.",
        detail=str(error),
        can_be_made=True,
    )


def _busy_server(error: Any, where: str) -> DatabaseError:
    return ConnectionFailed(
        f"{where} accepts no more connections.", hint="Close some, or try again later.", detail=str(error)
    )


def _starting(error: Any, where: str) -> DatabaseError:
    return ConnectionFailed(
        f"{where} is starting or shutting down.", hint="Try again in a moment.", detail=str(error)
    )


def _duplicate(error: Any, _where: str) -> DatabaseError:
    return DuplicateKey(
        "A value that must be unique exists already.",
        hint="Choose another value, or use Upsert.",
        detail=error.detail or str(error),
        **_key(error),
    )


def _foreign_key(error: Any, _where: str) -> DatabaseError:
    key = _key(error)
    referenced = "referenced from table" in (error.detail or "")
    return ForeignKeyViolated(
        "A referenced record does not exist, or is still referenced.",
        hint="Create the referenced record first; delete referencing records before it.",
        detail=error.detail or str(error),
        referenced=referenced,
        by=(error.table_name or "") if referenced else "",
        **key,
    )


def _missing(error: Any, _where: str) -> DatabaseError:
    columns = (error.column_name,) if error.column_name else ()
    return ValueMissing("A value is missing.", hint="Give it a value.", detail=str(error), columns=columns)


def _check(error: Any, _where: str) -> DatabaseError:
    return CheckViolated(
        f"The check {error.constraint_name or ''} refuses the record.",
        hint="Give a value that the check allows.",
        detail=str(error),
        constraint=error.constraint_name or "",
    )


def _too_long(error: Any, _where: str) -> DatabaseError:
    return ValueTooLong("A text is longer than its column.", hint="Shorten it.", detail=str(error))


def _overflow(error: Any, where: str) -> DatabaseError:
    """Reckoning has left the type; a value that is given and does not fit is told by its column."""
    text = str(error)
    if text not in ("value out of range: overflow", "bigint out of range"):
        made = _bad_value(error, where)
        made.context["bits"] = {"smallint out of range": 16, "integer out of range": 32}.get(text)
        return made
    return BadValue(
        "A number leaves the 64 bits that PostgreSQL has for it.",
        hint="Reckon with smaller numbers, or make the field a Decimal.",
        detail=text,
    )


def _keys_used_up(error: Any, _where: str) -> DatabaseError:
    found = re.search(r'sequence "([^"]+)"', str(error))
    return KeysUsedUp(
        f"The sequence {found[1] if found else 'of the keys'} has given its last number: there is no new key.",
        hint="Give the key in the record, or set the sequence back to the greatest key in use.",
        detail=str(error),
    )


def _bad_value(error: Any, _where: str) -> DatabaseError:
    return BadValue(
        f"PostgreSQL cannot take a value: {error}.",
        hint="Check its type and size.",
        detail=error.detail or str(error),
    )


def _lock(error: Any, where: str) -> DatabaseError:
    return LockTimeout(
        f"{where}: somebody else holds a lock that is needed.", hint="Try again later.", detail=str(error)
    )


def _deadlock(error: Any, _where: str) -> DatabaseError:
    return Deadlock(
        "Two transactions wait for each other, or cannot be put in order.",
        hint="Run it again.",
        detail=str(error),
    )


def _no_table(error: Any, where: str) -> DatabaseError:
    return NoSuchTable(
        f"{where}: {error}.",
        hint="Compare the model with the table; import it anew if the table has changed.",
    )


def _read_only(error: Any, where: str) -> DatabaseError:
    return ReadOnlyDatabase(
        f"{where} cannot be written.", hint="Use a connection that may write.", detail=str(error)
    )


def _full(error: Any, where: str) -> DatabaseError:
    return DiskFull(f"{where} has no room left.", hint="Free some space on the server.", detail=str(error))


def _stopped(error: Any, _where: str) -> DatabaseError:
    return StatementRefused("The statement was stopped.", hint="Run it again.", detail=str(error))


def _refused(error: Any, _where: str) -> DatabaseError:
    return StatementRefused(
        f"PostgreSQL refused the statement: {error}.",
        hint=error.hint or "Check the SQL.",
        detail=error.detail or "",
    )


def _no_permission(error: Any, where: str) -> DatabaseError:
    return StatementRefused(
        f"{where}: {error}.", hint="Ask for the right, or use another user.", detail=error.detail or ""
    )


def _key(error: Any) -> dict[str, Any]:
    found = _KEY.search(error.detail or "")
    context: dict[str, Any] = {"constraint": error.constraint_name or "", "table": error.table_name or ""}
    if found:
        context["columns"] = tuple(part.strip().strip('"') for part in found["columns"].split(","))
        count = len(context["columns"])
        values = (found["values"],) if count == 1 else tuple(found["values"].split(", "))
        context["values"] = values if len(values) == count else ()
    return context


_TABLE: Mapping[str, Callable[[Any, str], DatabaseError]] = {
    "08": _server_lost,
    "22": _bad_value,
    "22001": _too_long,
    "22003": _overflow,
    "2200H": _keys_used_up,
    "23001": _foreign_key,
    "23502": _missing,
    "23503": _foreign_key,
    "23505": _duplicate,
    "23514": _check,
    "23P01": _duplicate,
    "25006": _read_only,
    "28": _password,
    "3D000": _no_database,
    "3F000": _no_table,
    "40": _deadlock,
    "42501": _no_permission,
    "42703": _no_table,
    "42P01": _no_table,
    "53": _busy_server,
    "53100": _full,
    "53300": _busy_server,
    "55P03": _lock,
    "57014": _stopped,
    "57P01": _server_lost,
    "57P02": _server_lost,
    "57P03": _starting,
    "57P05": _server_lost,
}
