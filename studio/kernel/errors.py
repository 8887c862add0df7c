"""What can go wrong that is not our bug? One tree of typed errors; anything outside it must reach the crash report.

    StudioError
    ├─ ModelError                 a data model is declared wrongly
    ├─ WorkflowError              a graph, a param or a text form of one
    │  ├─ BuildError              a workflow has problems (`.problems`, all of them)
    │  ├─ TextError               YAML or JSON that cannot be read (`.line`, `.column`)
    │  ├─ ExpressionError         an expression cannot be evaluated
    │  └─ FilterError             a filter, update or order names what does not exist
    ├─ NodeError                  a node refuses its values
    │  ├─ ValueRefused            a value does not fit its field
    │  ├─ RecordNotFound          nothing matches
    │  ├─ ManyRecordsMatched      more than one matches where one must
    │  ├─ HookFailed              a program's own function stopped a write
    │  ├─ RequestFailed           a server does not answer, or not as it should
    │  └─ MissingPackage          a node needs a package that is not installed
    │  ├─ StaleRecord             it has been changed since it was read
    │  ├─ TenantRequired          records are kept by tenant, and none is named
    │  └─ HookFailed              a program's own function stopped a write
    ├─ RunError                   a run as a whole
    │  ├─ RunCancelled            stopped by a person
    │  └─ RunTimeout              a node's or a run's time is over
    ├─ DatabaseError              the database said no, or nothing
    │  ├─ ConnectionFailed        unreachable, refused, no such host
    │  │  └─ TlsFailed            no encryption, or a certificate that is not believed
    │  ├─ AuthenticationFailed    wrong user or password
    │  ├─ UnknownDatabase         the server has no such database; the file does not exist
    │  ├─ NotADatabase            the file is something else, or damaged
    │  ├─ ConnectionLost          it was there and went away
    │  ├─ MissingDriver           a package is not installed
    │  ├─ DuplicateKey            a unique field's value exists already
    │  ├─ ForeignKeyViolated      a referenced record is missing, or still referenced
    │  ├─ ValueMissing            null where a value must be
    │  ├─ CheckViolated           a check constraint refused
    │  ├─ ValueTooLong            text longer than its column
    │  ├─ BadValue                the database cannot take the value
    │  ├─ LockTimeout             somebody else holds the lock
    │  ├─ Deadlock                two transactions wait for each other, or cannot be serialised
    │  ├─ NoSuchTable             a table or column that the model needs is missing
    │  ├─ SchemaDiffers           a table is there, but not as the model says
    │  ├─ EncryptionFailed        no key, a wrong one, or what is stored is not what was written
    │  ├─ ReadOnlyDatabase        it cannot be written
    │  ├─ DiskFull                no room
    │  └─ StatementRefused        any other refusal of the server (syntax, permission)
    └─ StoreError                 a project store
       ├─ ForeignFile             a database, but no project
       ├─ NewerFormat             written by a newer Studio
       └─ StoreBusy              open elsewhere

Every error has a `code` (stable, kebab-case, documented in docs/problems.md), a `message`, a `hint` that says what to
do, and where it happened. Secrets never appear in one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

from studio.kernel.problems import Problem, Severity, describe_place


class StudioError(Exception):
    """The world or the user, never our bug.

    `detail` is the driver's own words or the statement, for the curious; it never holds a secret.
    """

    code: ClassVar[str] = "error"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        workflow: str | None = None,
        node: str | None = None,
        field: str | None = None,
        row: int | None = None,
        detail: str = "",
        **context: Any,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.workflow = workflow
        self.node = node
        self.field = field
        self.row = row
        self.detail = detail
        self.context = context

    def at(
        self,
        *,
        workflow: str | None = None,
        node: str | None = None,
        field: str | None = None,
        row: int | None = None,
    ) -> Self:
        """The same error with the parts of its place that were not known deeper down."""
        self.workflow = self.workflow or workflow
        self.node = self.node or node
        self.field = self.field or field
        self.row = row if self.row is None else self.row
        return self

    @property
    def place(self) -> str:
        return describe_place(workflow=self.workflow, node=self.node, field=self.field, row=self.row)

    def to_problem(self) -> Problem:
        return Problem(
            code=self.code,
            message=self.message,
            severity=Severity.ERROR,
            hint=self.hint,
            workflow=self.workflow,
            node=self.node,
            field=self.field,
            row=self.row,
        )

    def to_data(self) -> dict[str, Any]:
        """What an `error` port carries and a store keeps: code, message, hint, place and detail."""
        return {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "node": self.node,
            "field": self.field,
            "row": self.row,
            "detail": self.detail,
        }

    def __str__(self) -> str:
        parts = (f"{self.place}:" if self.place else "", self.message, self.hint)
        return " ".join(part for part in parts if part)


class ModelError(StudioError):
    code = "model"


class WorkflowError(StudioError):
    code = "workflow"


class BuildError(WorkflowError):
    """A workflow that cannot run; `problems` holds every finding, errors first."""

    code = "build"

    def __init__(self, problems: Sequence[Problem], *, workflow: str | None = None) -> None:
        self.problems = tuple(problems)
        lines = [f"  - {replace(problem, workflow=None)}" for problem in self.problems]
        count = len(self.problems)
        noun = "problem" if count == 1 else "problems"
        super().__init__(f"The workflow has {count} {noun}:\n" + "\n".join(lines), workflow=workflow)


class TextError(WorkflowError):
    code = "text"

    def __init__(
        self,
        message: str,
        *,
        line: int | None = None,
        column: int | None = None,
        hint: str = "",
        **context: Any,
    ) -> None:
        super().__init__(message, hint=hint, **context)
        self.line = line
        self.column = column

    @property
    def place(self) -> str:
        return describe_place(workflow=self.workflow, node=self.node, line=self.line, column=self.column)

    def to_problem(self) -> Problem:
        return Problem(
            code=self.code,
            message=self.message,
            hint=self.hint,
            workflow=self.workflow,
            node=self.node,
            line=self.line,
            column=self.column,
        )


class ExpressionError(WorkflowError):
    code = "expression"


class FilterError(WorkflowError):
    code = "filter"


class NodeError(StudioError):
    code = "node"


class ValueRefused(NodeError):
    code = "value-refused"


class RecordNotFound(NodeError):
    code = "not-found"


class ManyRecordsMatched(NodeError):
    code = "many-matched"


class StaleRecord(NodeError):
    code = "stale-record"


class TenantRequired(NodeError):
    code = "tenant-required"


class HookFailed(NodeError):
    code = "hook-failed"


class RequestFailed(NodeError):
    """`is_worth_retrying` says whether asking again is harmless and may help; `pause_s` is how long the server wants to be left alone."""

    code = "request-failed"

    def __init__(
        self, message: str, *, is_worth_retrying: bool = False, pause_s: float | None = None, **place: Any
    ) -> None:
        super().__init__(message, **place)
        self.is_worth_retrying = is_worth_retrying
        self.pause_s = pause_s


class MissingPackage(NodeError):
    code = "missing-package"


class RunError(StudioError):
    code = "run"


class RunCancelled(RunError):
    code = "cancelled"


class RunTimeout(RunError):
    code = "timeout"


class DatabaseError(StudioError):
    code = "database"


class ConnectionFailed(DatabaseError):
    code = "connection-failed"


class TlsFailed(ConnectionFailed):
    code = "tls-failed"


class AuthenticationFailed(DatabaseError):
    code = "authentication-failed"


class UnknownDatabase(DatabaseError):
    code = "unknown-database"


class NotADatabase(DatabaseError):
    code = "not-a-database"


class ConnectionLost(DatabaseError):
    code = "connection-lost"


class MissingDriver(DatabaseError):
    code = "missing-driver"


class DuplicateKey(DatabaseError):
    code = "duplicate-key"


class ForeignKeyViolated(DatabaseError):
    code = "foreign-key"


class ValueMissing(DatabaseError):
    code = "value-missing"


class CheckViolated(DatabaseError):
    code = "check"


class ValueTooLong(DatabaseError):
    code = "too-long"


class BadValue(DatabaseError):
    code = "bad-value"


class LockTimeout(DatabaseError):
    code = "lock-timeout"


class Deadlock(DatabaseError):
    code = "deadlock"


class NoSuchTable(DatabaseError):
    code = "no-such-table"


class SchemaDiffers(DatabaseError):
    code = "schema-differs"


class EncryptionFailed(DatabaseError):
    code = "encryption"


class ReadOnlyDatabase(DatabaseError):
    code = "read-only"


class DiskFull(DatabaseError):
    code = "disk-full"


class KeysUsedUp(DatabaseError):
    """The database has given the greatest key that it makes by itself."""

    code = "keys-used-up"


class StatementRefused(DatabaseError):
    code = "statement-refused"


class StoreError(StudioError):
    code = "store"


class ForeignFile(StoreError):
    code = "foreign-file"


class NewerFormat(StoreError):
    code = "newer-format"


class StoreBusy(StoreError):
    code = "store-busy"
