"""How is a node doing, as a card shows it? States and the words of the footer; what a run really does is `session`'s business."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from studio.session import NodeRunView


class CardState(enum.IntEnum):
    IDLE = 0
    QUEUED = 1
    RUNNING = 2
    OK = 3
    ERROR = 4
    SKIPPED = 5
    CANCELLED = 6
    PAUSED = 7
    STALE = 8
    """Succeeded, but it or something before it was edited since."""


STATE_TOKENS: Final = (
    "text_muted", "text_muted", "running", "ok", "error", "skipped", "skipped", "warning", "text_muted",
)  # fmt: skip
"""The theme's colour of each CardState."""

_BY_RUN: Final = {
    "pending": CardState.QUEUED,
    "running": CardState.RUNNING,
    "succeeded": CardState.OK,
    "failed": CardState.ERROR,
    "skipped": CardState.SKIPPED,
    "abandoned": CardState.SKIPPED,
    "cancelled": CardState.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Footer:
    """What stands at the foot of a card. `progress` is the share done from 0 to 1, None while it is not known."""

    state: CardState = CardState.IDLE
    text: str = ""
    progress: float | None = None


IDLE: Final = Footer()


def footer_of(view: NodeRunView, *, running: bool) -> Footer:
    """The footer of a node in a run; what never came to run in a finished run shows nothing."""
    state = _BY_RUN[view.state]
    if state is CardState.QUEUED:
        return Footer(state, "queued") if running else IDLE
    if state is CardState.RUNNING:
        done, total = view.progress or (0, None)
        share = min(done / total, 1.0) if total else None
        text = f"{done:,} of {total:,}" if total else (rows_text(done) if done else "running")
        if view.rate is not None and done:
            text += f" · {view.rate:,.0f} rows/s"
        return Footer(state, text, share)
    if state is CardState.ERROR:
        message = view.error.message if view.error else "failed"
        return Footer(state, " ".join(message.split()))
    if state is CardState.OK:
        parts: list[str] = [view.origin] if view.origin else []
        if view.rows is not None:
            parts.append(rows_text(view.rows))
        if view.duration_ms is not None:
            parts.append(duration_text(view.duration_ms))
        return Footer(state, " · ".join(parts) or "done")
    words = {"skipped": "skipped", "abandoned": "not run", "cancelled": "stopped"}
    return Footer(state, words[view.state])


def stale(footer: Footer) -> Footer:
    """The footer of a node that might give something else by now; of one that gave nothing, the same."""
    return Footer(CardState.STALE, f"stale · {footer.text}") if footer.state is CardState.OK else footer


def rows_text(rows: int) -> str:
    return "1 row" if rows == 1 else f"{rows:,} rows"


def duration_text(duration_ms: float) -> str:
    """`12 ms`, `1.2 s`, `2 min 5 s`."""
    if duration_ms < 1:
        return "<1 ms"
    if duration_ms < 1000:
        return f"{duration_ms:.0f} ms"
    if duration_ms < 60_000:
        return f"{duration_ms / 1000:.1f} s"
    minutes, seconds = divmod(round(duration_ms / 1000), 60)
    return f"{minutes} min {seconds} s"
