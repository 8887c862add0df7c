"""What does a person who types a few letters want to go to? Goals of several kinds, picked by a prefix, ranked by likeness and recency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from studio.panels.fuzzy import score

GoalKind = Literal["command", "node", "workflow", "model", "run", "choice"]

PREFIXES: Final[Mapping[str, GoalKind]] = {">": "command", "@": "node", "#": "model", ":": "run"}
MOST: Final = 60
"""Goals that are listed; nobody reads further, a better search is quicker."""
_PLACES: Final = ("node", "workflow", "model", "run", "choice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """Something that can be gone to or done. `detail` stands at the end of its row, `names` are searched besides the title."""

    kind: GoalKind
    id: str
    title: str
    detail: str = ""
    names: tuple[str, ...] = ()
    icon: str = ""
    is_enabled: bool = True


def wanted_kinds(text: str) -> tuple[tuple[GoalKind, ...], str]:
    """The kinds that a search is for, and what is left of it without its prefix."""
    head = text.lstrip()[:1]
    if head in PREFIXES:
        return (PREFIXES[head],), text.lstrip()[1:].strip()
    return _PLACES, text.strip()


def found_goals(goals: Sequence[Goal], text: str, recent: Sequence[str]) -> list[Goal]:
    """The goals that answer a search, best first; with nothing typed, those used lately come first, the rest in their order."""
    kinds, query = wanted_kinds(text)
    ranks = {goal_id: number for number, goal_id in enumerate(recent)}
    listed = [goal for goal in goals if goal.kind in kinds]
    if not query:
        listed.sort(key=lambda goal: ranks.get(goal.id, len(ranks)))
        return listed[:MOST]

    scored = [(_likeness(goal, query) * _weight(goal, ranks), goal) for goal in listed]
    scored = [pair for pair in scored if pair[0] > 0]
    scored.sort(key=lambda pair: -pair[0])
    return [goal for _, goal in scored[:MOST]]


def _likeness(goal: Goal, query: str) -> float:
    """How well a goal answers: by its title, by another name it has, or less well by all of its words together."""
    best = max(score(query, text) for text in (goal.title, *goal.names))
    return best or 0.8 * score(query, " ".join((goal.title, *goal.names)))


def _weight(goal: Goal, ranks: Mapping[str, int]) -> float:
    lately = 1.1 - 0.01 * min(ranks[goal.id], 9) if goal.id in ranks else 1.0
    return lately if goal.is_enabled else 0.8 * lately
