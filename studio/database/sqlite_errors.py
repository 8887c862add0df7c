"""Which typed error does a code of SQLite mean? One table, and what can be read from the message."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping

from studio.kernel.errors import (
    BadValue,
    CheckViolated,
    ConnectionFailed,
    DatabaseError,
    DiskFull,
    DuplicateKey,
    ForeignKeyViolated,
    KeysUsedUp,
    LockTimeout,
    NoSuchTable,
    NotADatabase,
    ReadOnlyDatabase,
    StatementRefused,
    UnknownDatabase,
    ValueMissing,
    ValueTooLong,
)

BUSY = 5
READONLY = 8
INTERRUPT = 9


def primary_code(error: BaseException) -> int:
    """SQLite's primary result code, or 0 when the error is not SQLite's own."""
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def translate(error: BaseException, *, where: str) -> DatabaseError | None:
    """The typed error, or None when it is none of the driver's. `where` is the database as people know it: its path."""
    if isinstance(error, OverflowError):
        return BadValue(
            "A whole number is too large: SQLite keeps at most 64 bits.",
            hint="Use a Decimal field for larger numbers.",
            detail=str(error),
        )
    if isinstance(error, UnicodeEncodeError):
        return BadValue(
            "A text holds half of a surrogate pair, which cannot be stored.",
            hint="Mend the text.",
            detail=str(error),
        )
    if not isinstance(error, sqlite3.Error | sqlite3.Warning):
        return None
    extended = int(getattr(error, "sqlite_errorcode", 0) or 0)
    make = _TABLE.get(extended) or _TABLE.get(extended & 0xFF) or _by_text
    return make(str(error), where)


def _busy(text: str, where: str) -> DatabaseError:
    return LockTimeout(
        f"{where} is locked by another program.",
        hint="Close it there or wait, then try again.",
        detail=text,
    )


def _read_only(text: str, where: str) -> DatabaseError:
    return ReadOnlyDatabase(
        f"{where} cannot be written.",
        hint="See whether its connection is set to read-only; if not, check the permissions of the file and its folder.",
        detail=text,
    )


def _not_a_database(text: str, where: str) -> DatabaseError:
    damaged = "malformed" in text
    return NotADatabase(
        f"{where} is {'damaged' if damaged else 'not an SQLite database'}.",
        hint="Restore it from a copy." if damaged else "Choose an SQLite file.",
        detail=text,
    )


def _full(text: str, where: str) -> DatabaseError:
    return DiskFull(
        f"There is no room left to write {where}.", hint="Free some space, then try again.", detail=text
    )


USED_UP = "SELECT 1 FROM sqlite_sequence WHERE name = ? AND seq = 9223372036854775807"
"""Whether a table's counter stands at its end: SQLite calls that "database or disk is full" as well."""


def keys_used_up(table: str, full: DatabaseError) -> KeysUsedUp:
    """What was meant by a full disk when `USED_UP` finds something."""
    return KeysUsedUp(
        f"The table {table!r} has given its last key, 9,223,372,036,854,775,807: there is no new one.",
        hint=f"Give the key in the record, or set the counter back: UPDATE sqlite_sequence SET seq = … WHERE name = '{table}'.",
        detail=full.detail,
    )


def _cannot_open(text: str, where: str) -> DatabaseError:
    return UnknownDatabase(
        f"{where} cannot be opened.", hint="Check that the folder exists and may be written.", detail=text
    )


def _io(text: str, where: str) -> DatabaseError:
    return ConnectionFailed(
        f"Reading or writing {where} failed.", hint="Check the disk, then try again.", detail=text
    )


def _duplicate(text: str, _where: str) -> DatabaseError:
    return DuplicateKey(
        "A value that must be unique exists already.",
        hint="Choose another value, or use Upsert.",
        detail=text,
        columns=_columns(text),
        constraint=_index(text),
    )


def _foreign_key(text: str, _where: str) -> DatabaseError:
    return ForeignKeyViolated(
        "A referenced record does not exist, or is still referenced.",
        hint="Create the referenced record first; delete referencing records before it.",
        detail=text,
    )


def _by_trigger(text: str, where: str) -> DatabaseError:
    """ON DELETE RESTRICT is a trigger inside SQLite; a trigger of the table's own author speaks for itself."""
    return _foreign_key(text, where) if "FOREIGN KEY" in text else _by_text(text, where)


def _missing(text: str, _where: str) -> DatabaseError:
    return ValueMissing("A value is missing.", hint="Give it a value.", detail=text, columns=_columns(text))


def _check(text: str, _where: str) -> DatabaseError:
    constraint = text.partition(": ")[2]
    return CheckViolated(
        f"A check of the table refuses the record: {constraint}.",
        hint="Give a value that the check allows.",
        detail=text,
        constraint=constraint,
    )


def _too_big(text: str, _where: str) -> DatabaseError:
    return ValueTooLong("A value is longer than SQLite takes.", hint="Shorten it.", detail=text)


def _mismatch(text: str, _where: str) -> DatabaseError:
    return BadValue("A value does not fit its column.", hint="Check its type.", detail=text)


def _interrupted(text: str, _where: str) -> DatabaseError:
    return StatementRefused("The statement was stopped.", hint="Run it again.", detail=text)


def _by_text(text: str, where: str) -> DatabaseError:
    table = re.match(r"no such table: (\S+)", text)
    if table:
        return NoSuchTable(
            f"{where} has no table {table[1]!r}.",
            hint="Create it, or import the models of this database anew.",
            detail=text,
            table=table[1],
        )
    column = re.match(r"no such column: (\S+)", text) or re.match(
        r"table \S+ has no column named (\S+)", text
    )
    if column:
        return NoSuchTable(
            f"{where} has no column {column[1]!r}.",
            hint="Compare the model with the table; import it anew if the table has changed.",
            detail=text,
            column=column[1],
        )
    if "not supported" in text and "type" in text:
        return BadValue("A value has a type that SQLite cannot keep.", hint="Convert it first.", detail=text)
    if "integer overflow" in text:
        return BadValue(
            "A number leaves the 64 bits that SQLite has for it.",
            hint="Reckon with smaller numbers, or make the field a Decimal.",
            detail=text,
        )
    if "one statement at a time" in text:
        return StatementRefused(
            "Only one SQL statement can be run at a time.", hint="Use one SQL node for each.", detail=text
        )
    if "not a database" in text:
        return _not_a_database(text, where)
    return StatementRefused(f"SQLite refused the statement: {text}.", hint="Check the SQL.", detail=text)


def _columns(text: str) -> tuple[str, ...]:
    """`UNIQUE constraint failed: users.email, users.name` → ("email", "name")"""
    listed = text.partition(": ")[2]
    if not listed or listed.startswith("index "):
        return ()
    return tuple(part.strip().rpartition(".")[2] for part in listed.split(","))


def _index(text: str) -> str:
    found = re.search(r"index '([^']+)'", text)
    return found[1] if found else ""


_TABLE: Mapping[int, Callable[[str, str], DatabaseError]] = {
    BUSY: _busy,
    6: _busy,
    READONLY: _read_only,
    INTERRUPT: _interrupted,
    10: _io,
    11: _not_a_database,
    13: _full,
    14: _cannot_open,
    18: _too_big,
    20: _mismatch,
    26: _not_a_database,
    275: _check,
    787: _foreign_key,
    1299: _missing,
    1555: _duplicate,
    1811: _by_trigger,
    2067: _duplicate,
    2579: _duplicate,
    3091: _mismatch,
}
