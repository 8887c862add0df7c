"""Which typed error does a number of MariaDB's mean? One table, and what the message tells beside the number.

Numbers: https://mariadb.com/kb/en/mariadb-error-code-reference/. The driver's own begin at 2000.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable, Mapping
from typing import Any, Final

from asyncmy import errors as driver

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

DRIVER_ERRORS: Final = (
    driver.MySQLError,
    OSError,
    asyncio.TimeoutError,
    EOFError,
    OverflowError,
    UnicodeEncodeError,
)
"""What can come out of a call to asyncmy that is not our bug."""

STOPPED: Final = frozenset({1317, 1969, 3024})
"""The statement was ended by KILL QUERY or by a time limit."""
_DUPLICATE = re.compile(r"Duplicate entry '(?P<value>.*)' for key '(?:[^'.]*\.)?(?P<key>[^']*)'", re.DOTALL)
_NAME = r'(?:`(?:[^`]|``)*`|"(?:[^"]|"")*")'
"""A name as the server quotes it: by the session's mode in one message, with backticks in another."""
_REFERENCE = re.compile(
    rf"\((?:{_NAME}\.)?(?P<table>{_NAME}), CONSTRAINT (?P<constraint>{_NAME}) FOREIGN KEY \((?P<columns>{_NAME}(?:, {_NAME})*)\)"
)
_COLUMN = re.compile(r"(?:[Cc]olumn|[Ff]ield) (?:[`'][^`']*[`']\.)*[`'](?P<column>[^`']+)[`']")
_CONSTRAINT = re.compile(rf"CONSTRAINT (?P<constraint>{_NAME}) failed")
_AT_ROW = re.compile(r"at row (\d+)$")


def number_of(error: BaseException) -> int:
    """The number of a driver's error; 0 where it has none."""
    args = getattr(error, "args", ())
    return args[0] if isinstance(error, driver.MySQLError) and args and isinstance(args[0], int) else 0


def at_row(error: BaseException | None) -> int | None:
    """Which row of a statement's VALUES, from 1, the server names as the one at fault."""
    found = _AT_ROW.search(_said(error)) if error is not None else None
    return int(found[1]) if found else None


def translate(error: BaseException, *, where: str) -> DatabaseError | None:
    """The typed error, or None when it is none of the driver's. `where` is host, port and database; never a password."""
    if isinstance(error, driver.MySQLError):
        cause = error.__cause__
        if number_of(error) == 2003 and isinstance(cause, OSError | TimeoutError):
            return translate(cause, where=where)
        make = _TABLE.get(number_of(error)) or (_lost if number_of(error) == 0 else _refused)
        return make(error, where)
    if isinstance(error, UnicodeEncodeError):
        return BadValue(
            "A text holds half of a surrogate pair, which cannot be stored.", hint="Mend the text."
        )
    if isinstance(error, OverflowError):
        return BadValue("A number is beyond 64 bits.", hint="Give a smaller one.", detail=str(error))
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
        return _lost(error, where)
    if isinstance(error, OSError):
        return ConnectionFailed(
            f"{where} cannot be reached.",
            hint="Check that the server runs, and its host and port.",
            detail=error.strerror or type(error).__name__,
        )
    return None


def _said(error: BaseException) -> str:
    args = error.args
    return str(args[1]) if len(args) > 1 else str(error)


def _plain(name: str) -> str:
    """A quoted name without its quotes."""
    quote = name[0]
    return name[1:-1].replace(quote * 2, quote)


def _lost(error: BaseException, where: str) -> DatabaseError:
    return ConnectionLost(
        f"The connection to {where} is lost.",
        hint="Check the server, then run it again.",
        detail=_said(error),
    )


def _password(error: Any, where: str) -> DatabaseError:
    return AuthenticationFailed(
        f"{where} refuses the user or the password.",
        hint="Check both in the connection.",
        detail=_said(error),
    )


def _no_database(error: Any, where: str) -> DatabaseError:
    return UnknownDatabase(
        f"{where}: the server has no such database.",
        hint="Check its name, or create it.",
        detail=_said(error),
        can_be_made=True,
    )


def _unreachable(error: Any, where: str) -> DatabaseError:
    return ConnectionFailed(
        f"{where} cannot be reached.",
        hint="Check that the server runs, and its host and port.",
        detail=_said(error),
    )


def _busy_server(error: Any, where: str) -> DatabaseError:
    return ConnectionFailed(
        f"{where} accepts no more connections.", hint="Close some, or try again later.", detail=_said(error)
    )


def _duplicate(error: Any, _where: str) -> DatabaseError:
    found = _DUPLICATE.search(_said(error))
    return DuplicateKey(
        "A value that must be unique exists already.",
        hint="Choose another value, or use Upsert.",
        detail=_said(error),
        constraint=found["key"] if found else "",
        columns=(),
        values=(found["value"],) if found else (),
    )


def _reference(error: Any, referenced: bool) -> DatabaseError:
    found = _REFERENCE.search(_said(error))
    columns = tuple(_plain(name) for name in re.findall(_NAME, found["columns"])) if found else ()
    return ForeignKeyViolated(
        "A referenced record does not exist, or is still referenced.",
        hint="Create the referenced record first; delete referencing records before it.",
        detail=_said(error),
        referenced=referenced,
        by=_plain(found["table"]) if found and referenced else "",
        columns=() if referenced else columns,
        constraint=_plain(found["constraint"]) if found else "",
    )


def _no_reference(error: Any, _where: str) -> DatabaseError:
    return _reference(error, referenced=False)


def _referenced(error: Any, _where: str) -> DatabaseError:
    return _reference(error, referenced=True)


def _columns(error: Any) -> tuple[str, ...]:
    found = _COLUMN.search(_said(error))
    return (found["column"],) if found else ()


def _missing(error: Any, _where: str) -> DatabaseError:
    return ValueMissing(
        "A value is missing.", hint="Give it a value.", detail=_said(error), columns=_columns(error)
    )


def _check(error: Any, _where: str) -> DatabaseError:
    found = _CONSTRAINT.search(_said(error))
    # A column's own check is called like table and column.
    constraint = _plain(found["constraint"]) if found else ""
    return CheckViolated(
        f"The check {constraint} refuses the record.",
        hint="Give a value that the check allows.",
        detail=_said(error),
        constraint=constraint,
        columns=(constraint.rpartition(".")[2],) if "." in constraint else (),
    )


def _too_long(error: Any, _where: str) -> DatabaseError:
    return ValueTooLong(
        "A text is longer than its column.", hint="Shorten it.", detail=_said(error), columns=_columns(error)
    )


def _overflow(error: Any, _where: str) -> DatabaseError:
    return BadValue(
        "A number leaves what MariaDB has for it, 64 bits or the digits of a Decimal.",
        hint="Reckon with smaller numbers, or make the field a Decimal.",
        detail=_said(error),
    )


def _out_of_range(error: Any, _where: str) -> DatabaseError:
    return BadValue(
        "A number is beyond what its column takes.",
        hint="Give a smaller one, or widen the column.",
        detail=_said(error),
        columns=_columns(error),
    )


def _keys_used_up(error: Any, _where: str) -> DatabaseError:
    return KeysUsedUp(
        "The table's AUTO_INCREMENT has given its last number: there is no new key.",
        hint="Give the key in the record, or remove the greatest key and let the counter follow: ALTER TABLE … AUTO_INCREMENT = 1.",
        detail=_said(error),
    )


def _bad_value(error: Any, _where: str) -> DatabaseError:
    return BadValue(
        f"MariaDB cannot take a value: {_said(error)}.", hint="Check its type and size.", detail=_said(error)
    )


def _lock(error: Any, where: str) -> DatabaseError:
    return LockTimeout(
        f"{where}: somebody else holds a lock that is needed.", hint="Try again later.", detail=_said(error)
    )


def _deadlock(error: Any, _where: str) -> DatabaseError:
    return Deadlock(
        "Two transactions wait for each other, or cannot be put in order.",
        hint="Run it again.",
        detail=_said(error),
    )


def _no_table(error: Any, where: str) -> DatabaseError:
    return NoSuchTable(
        f"{where}: {_said(error)}.",
        hint="Compare the model with the table; import it anew if the table has changed.",
    )


def _read_only(error: Any, where: str) -> DatabaseError:
    return ReadOnlyDatabase(
        f"{where} cannot be written.", hint="Use a connection that may write.", detail=_said(error)
    )


def _full(error: Any, where: str) -> DatabaseError:
    return DiskFull(f"{where} has no room left.", hint="Free some space on the server.", detail=_said(error))


def _stopped(error: Any, _where: str) -> DatabaseError:
    return StatementRefused("The statement was stopped.", hint="Run it again.", detail=_said(error))


def _too_large(error: Any, where: str) -> DatabaseError:
    return BadValue(
        f"A value is larger than {where} takes at once (max_allowed_packet).",
        hint="Raise the server's max_allowed_packet, or store less in one value.",
        detail=_said(error),
    )


def _refused(error: Any, _where: str) -> DatabaseError:
    return StatementRefused(
        f"MariaDB refused the statement: {_said(error)}.", hint="Check the SQL.", detail=str(number_of(error))
    )


def _no_permission(error: Any, where: str) -> DatabaseError:
    return StatementRefused(
        f"{where}: {_said(error)}.",
        hint="Ask for the right, or use another user.",
        detail=str(number_of(error)),
    )


_GROUPS: Final[Mapping[Callable[[Any, str], DatabaseError], tuple[int, ...]]] = {
    _duplicate: (1022, 1062, 1169, 1586),
    _no_reference: (1216, 1452),
    _referenced: (1217, 1451),
    _missing: (1048, 1263, 1364),
    _check: (3819, 4025),
    _too_long: (1406,),
    _bad_value: (
        1265,
        1292,
        1365,
        1366,
        1367,
        1411,
        1416,
        1425,
        1441,
        1918,
        3140,
        3143,
        4037,
        4038,
    ),
    _overflow: (1690,),
    _out_of_range: (1264,),
    _keys_used_up: (167, 1467),
    _lock: (1205, 1907),
    _deadlock: (1020, 1213),
    _no_table: (1051, 1054, 1109, 1146, 1932),
    _read_only: (1036, 1290, 1792, 1836),
    _full: (1021, 1030, 1114),
    _stopped: tuple(STOPPED),
    _too_large: (1153, 1301),
    _password: (1045, 1251, 1698, 1862, 2059, 2061),
    _no_database: (1049,),
    _no_permission: (1044, 1142, 1143, 1227, 1370),
    _busy_server: (1040, 1129, 1130, 1203, 1226),
    _unreachable: (2002, 2003, 2005),
    _lost: (1053, 1077, 1080, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 2006, 2013, 2014, 2055),
}
_TABLE: Final[Mapping[int, Callable[[Any, str], DatabaseError]]] = {
    number: make for make, numbers in _GROUPS.items() for number in numbers
}
