"""Which nodes are meant by what was typed into the find bar? Words and filters in, indices of nodes out; no widgets.

`is:invalid model:User state:failed pay` finds the nodes for which all of these hold; `-is:disabled` those for which it does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from studio.canvas.card_painter import ERROR, NO_PROBLEM, WARNING
from studio.canvas.projector import Projector
from studio.canvas.states import IDLE, CardState
from studio.kernel.names import did_you_mean

_STATES: Final = {
    "queued": CardState.QUEUED, "pending": CardState.QUEUED, "running": CardState.RUNNING, "ok": CardState.OK,
    "succeeded": CardState.OK, "failed": CardState.ERROR, "error": CardState.ERROR, "skipped": CardState.SKIPPED,
    "cancelled": CardState.CANCELLED, "paused": CardState.PAUSED, "stale": CardState.STALE, "idle": CardState.IDLE,
}  # fmt: skip

Test = Callable[[Projector, list[int]], list[int]]
"""Picks those nodes, by index, for which a part of a query holds."""


def _each(holds: Callable[[Projector, int], bool]) -> Test:
    return lambda shown, among: [i for i in among if holds(shown, i)]


_IS: Final[Mapping[str, Test]] = {
    "invalid": _each(lambda shown, i: shown.severities.get(shown.geometry.ids[i], NO_PROBLEM) != NO_PROBLEM),
    "error": _each(lambda shown, i: shown.severities.get(shown.geometry.ids[i]) == ERROR),
    "warning": _each(lambda shown, i: shown.severities.get(shown.geometry.ids[i]) == WARNING),
    "disabled": _each(lambda shown, i: shown.geometry.cards[i].node.disabled),
    "collapsed": _each(lambda shown, i: shown.geometry.cards[i].shape.collapsed),
    "breakpoint": _each(lambda shown, i: shown.geometry.ids[i] in shown.breakpoints),
    "selected": _each(lambda shown, i: bool(shown.geometry.selected[i])),
    "unknown": _each(lambda shown, i: shown.geometry.cards[i].is_ghost),
}


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed, understood. `complaint` says which part was not; the rest counts all the same."""

    tests: tuple[tuple[Test, bool], ...] = ()
    complaint: str = ""
    choices: str = ""
    """What may stand after the filter that is still being typed."""

    @property
    def is_empty(self) -> bool:
        return not self.tests


def parse(text: str) -> Query:
    tests: list[tuple[Test, bool]] = []
    complaint, choices = "", ""
    for part in text.split():
        wanted = not (part.startswith("-") and len(part) > 1)
        word = part if wanted else part[1:]
        key, colon, value = word.partition(":")
        if not colon:
            tests.append((_says(word.casefold()), wanted))
            continue
        if not value:
            # Still being typed.
            choices = choices or _choices(key.casefold())
            continue
        test, problem = _filter(key.casefold(), value.casefold())
        complaint = complaint or problem
        if test is not None:
            tests.append((test, wanted))
    return Query(tuple(tests), complaint, choices)


def _choices(key: str) -> str:
    known: Mapping[str, object] = {"is": _IS, "state": _STATES}.get(key, {})
    return f"{key}: {', '.join(known)}" if known else ""


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
    def picked(shown: Projector, among: list[int]) -> list[int]:
        cards = shown.geometry.cards
        return [i for i in among if word in cards[i].words]

    return picked


def _has_state(state: CardState) -> Test:
    return _each(lambda shown, i: shown.footers.get(shown.geometry.ids[i], IDLE).state is state)


def _of_model(name: str) -> Test:
    @cache
    def fits(model: str | None) -> bool:
        return model is not None and model.casefold().startswith(name)

    def picked(shown: Projector, among: list[int]) -> list[int]:
        cards = shown.geometry.cards
        return [i for i in among if (spec := cards[i].spec) and fits(spec.model)]

    return picked


def _of_type(name: str) -> Test:
    return _each(lambda shown, i: name in shown.geometry.cards[i].node.type.casefold())


def found(query: Query, projector: Projector) -> list[int]:
    """The indices of the nodes that are meant, from left to right and from top to bottom; none for an empty query."""
    if query.is_empty:
        return []
    geometry = projector.geometry
    left = list(range(len(geometry)))
    for test, wanted in query.tests:
        hits = test(projector, left)
        left = hits if wanted else sorted(set(left) - set(hits))
    picked = np.array(left, np.int64)
    in_order: list[int] = picked[np.lexsort((geometry.y[picked], geometry.x[picked]))].tolist()
    return in_order
