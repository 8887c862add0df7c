"""What is a finding that a person can look at and mend? Problems are data; raising is the errors' business."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Severity(enum.StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One finding: what is wrong (`message`), where (`workflow`, `node`, `field`, `row`), what to do (`hint`).

    `node` is a node's id; `row` counts from 1; `line` and `column` (from 1) are given for text that was parsed.
    """

    code: str
    message: str
    severity: Severity = Severity.ERROR
    hint: str = ""
    workflow: str | None = None
    node: str | None = None
    field: str | None = None
    row: int | None = None
    line: int | None = None
    column: int | None = None

    @property
    def place(self) -> str:
        """Where it is, for people: `node "read", field "id"`, or an empty string."""
        return describe_place(
            workflow=self.workflow,
            node=self.node,
            field=self.field,
            row=self.row,
            line=self.line,
            column=self.column,
        )

    def __str__(self) -> str:
        return " ".join(
            part for part in (f"{self.place}:" if self.place else "", self.message, self.hint) if part
        )


def describe_place(
    *,
    workflow: str | None = None,
    node: str | None = None,
    field: str | None = None,
    row: int | None = None,
    line: int | None = None,
    column: int | None = None,
) -> str:
    """The parts of a place that are known, from the outermost to the innermost, separated by commas."""
    parts = []
    if workflow:
        parts.append(f'workflow "{workflow}"')
    if node:
        parts.append(f'node "{node}"')
    if field:
        parts.append(f'field "{field}"')
    if row is not None:
        parts.append(f"row {row}")
    if line is not None:
        parts.append(f"line {line}" + (f", column {column}" if column is not None else ""))
    return ", ".join(parts)
