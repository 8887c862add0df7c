"""Which nodes are meant by what was typed into the find bar? Words and filters in, indices of nodes out; no widgets.

`is:invalid model:User state:failed pay` finds the nodes for which all of these hold; `-is:disabled` those for which it does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from studio.canvas.card_painter import ERROR, NO_PROBLEM, WARNING
from studio.canvas.projector import Projector
from studio.canvas.states import IDLE, CardState
from studio.kernel.names import did_you_mean

_STATES: Final = {
    "queued": CardState.QUEUED, "pending": CardState.QUEUED, "running": CardState.RUNNING, "ok": CardState.OK,
    "succeeded": CardState.OK, "failed": CardState.ERROR, "error": CardState.ERROR, "skipped": CardState.SKIPPED,
    "cancelled": CardState.CANCELLED, "paused": CardState.PAUSED, "idle": CardState.IDLE,
}  # fmt: skip

Test = Callable[[Projector, int], bool]

_IS: Final[Mapping[str, Test]] = {
    "invalid": lambda shown, i: shown.severities.get(shown.geometry.ids[i], NO_PROBLEM) != NO_PROBLEM,
    "error": lambda shown, i: shown.severities.get(shown.geometry.ids[i]) == ERROR,
    "warning": lambda shown, i: shown.severities.get(shown.geometry.ids[i]) == WARNING,
    "disabled": lambda shown, i: shown.geometry.cards[i].node.disabled,
    "collapsed": lambda shown, i: shown.geometry.cards[i].shape.collapsed,
    "breakpoint": lambda shown, i: shown.geometry.ids[i] in shown.breakpoints,
    "selected": lambda shown, i: bool(shown.geometry.selected[i]),
    "unknown": lambda shown, i: shown.geometry.cards[i].is_ghost,
}


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed, understood. `complaint` says which part was not; the rest counts all the same."""

    tests: tuple[tuple[Test, bool], ...] = ()
    complaint: str = ""

    @property
    def is_empty(self) -> bool:
        return not self.tests


def parse(text: str) -> Query:
    tests: list[tuple[Test, bool]] = []
    complaint = ""
    for part in text.split():
        wanted = not (part.startswith("-") and len(part) > 1)
        word = part if wanted else part[1:]
        key, colon, value = word.partition(":")
        if not colon:
            tests.append((_says(word.casefold()), wanted))
            continue
        if not value:
            # Still being typed.
            continue
        test, problem = _filter(key.casefold(), value.casefold())
        complaint = complaint or problem
        if test is not None:
            tests.append((test, wanted))
    return Query(tuple(tests), complaint)


def _filter(key: str, value: str) -> tuple[Test | None, str]:
    if key == "is":
        if value in _IS:
            return _IS[value], ""
        return None, f"There is no is:{value}. {did_you_mean(value, _IS)}".strip()
    if key == "state":
        if value in _STATES:
            return _has_state(_STATES[value]), ""
        return None, f"There is no state:{value}. {did_you_mean(value, _STATES)}".strip()
    if key == "model":
        return _of_model(value), ""
    if key == "type":
        return _of_type(value), ""
    return None, f"There is no filter {key}:. {did_you_mean(key, ('is', 'model', 'state', 'type'))}".strip()


def _says(word: str) -> Test:
    def test(shown: Projector, i: int) -> bool:
        card = shown.geometry.cards[i]
        node = card.node
        return any(
            word in text.casefold() for text in (card.title, node.id, node.type, card.summary, node.comment)
        )

    return test


def _has_state(state: CardState) -> Test:
    return lambda shown, i: shown.footers.get(shown.geometry.ids[i], IDLE).state is state


def _of_model(name: str) -> Test:
    def test(shown: Projector, i: int) -> bool:
        spec = shown.geometry.cards[i].spec
        return bool(spec and spec.model and spec.model.casefold().startswith(name))

    return test


def _of_type(name: str) -> Test:
    return lambda shown, i: name in shown.geometry.cards[i].node.type.casefold()


def found(query: Query, projector: Projector) -> list[int]:
    """The indices of the nodes that are meant, from left to right and from top to bottom; none for an empty query."""
    if query.is_empty:
        return []
    geometry = projector.geometry
    hits = [
        i for i in range(len(geometry)) if all(test(projector, i) == wanted for test, wanted in query.tests)
    ]
    return sorted(hits, key=lambda i: (float(geometry.x[i]), float(geometry.y[i])))
