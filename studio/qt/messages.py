"""How is an error told to a person? What, where, why and what to do, from an error or a problem, as text and as rich text."""

from __future__ import annotations

import html
from dataclasses import dataclass

from studio.kernel.errors import BuildError, StudioError
from studio.kernel.problems import Problem, Severity
from studio.qt.theme import Theme


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An error card's content. `why` is the driver's own words or the statement, and may be long."""

    what: str
    where: str = ""
    why: str = ""
    fix: str = ""
    code: str = ""
    severity: Severity = Severity.ERROR

    @property
    def text(self) -> str:
        """For the clipboard and for logs: one part a line."""
        parts = (
            self.what,
            f"Where: {self.where}" if self.where else "",
            f"Why: {self.why}" if self.why else "",
            f"What to do: {self.fix}" if self.fix else "",
            f"Code: {self.code}" if self.code else "",
        )
        return "\n".join(part for part in parts if part)

    def rich_text(self, theme: Theme) -> str:
        """For a label: `what` in the severity's colour, then the other parts."""
        color = theme.hex(
            {Severity.ERROR: "error", Severity.WARNING: "warning"}.get(self.severity, "running")
        )
        muted = theme.hex("text_muted")
        parts = [f'<p style="color:{color};font-weight:600;margin:0 0 6px 0">{_escape(self.what)}</p>']
        for label, content in (("Where", self.where), ("What to do", self.fix)):
            if content:
                parts.append(
                    f'<p style="margin:0 0 4px 0"><span style="color:{muted}">{label}:</span> {_escape(content)}</p>'
                )
        if self.why:
            family = theme.mono().family()
            parts.append(
                f"<p style=\"margin:6px 0 0 0;color:{muted};font-family:'{family}';white-space:pre-wrap\">{_escape(self.why)}</p>"
            )
        return "".join(parts)


def message_of(error: StudioError | Problem) -> Message:
    """The card of an error or a problem; a build error lists its problems."""
    if isinstance(error, Problem):
        return Message(
            what=error.message,
            where=error.place,
            fix=error.hint,
            code=error.code,
            severity=error.severity,
        )
    if isinstance(error, BuildError):
        first, *others = error.problems or (None,)
        if first is not None and not others:
            return message_of(first)
        return Message(
            what=f"The workflow has {len(error.problems)} problems and was not run.",
            why="\n".join(f"• {problem}" for problem in error.problems),
            fix="The Problems panel leads to each of them.",
            code=error.code,
        )
    return Message(what=error.message, where=error.place, why=error.detail, fix=error.hint, code=error.code)


def _escape(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")
