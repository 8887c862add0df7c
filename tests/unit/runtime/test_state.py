"""Does the state machine of a run decide each node's fate rightly, and complain about what cannot be?"""

import random
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.runtime.state import DECIDED, IllegalTransition, Link, RunState


def test_nodes_become_ready_when_all_they_wait_for_has_succeeded() -> None:
    state = RunState([[Link(2, "value")], [Link(2, "value")], []])
    assert state.begin() == [0, 1]
    state.start(0)
    assert state.succeed(0) == []
    state.start(1)
    assert state.succeed(1) == [2]
    state.start(2)
    assert state.succeed(2) == []
    assert state.states == ["succeeded"] * 3
    assert state.undecided == 0


def test_what_hangs_on_a_closed_port_is_skipped_with_all_that_follows() -> None:
    state = RunState([[Link(1, "true"), Link(2, "false")], [], [Link(3, "value")], []])
    state.start(0)
    assert state.succeed(0, frozenset({"false"})) == [1]
    assert state.states == ["succeeded", "pending", "skipped", "skipped"]
    assert state.dropped == [2, 3]


def test_what_needs_a_failed_node_is_abandoned_and_not_skipped() -> None:
    state = RunState([[Link(1, "value")], [Link(2, "", is_order=True)], []])
    state.start(0)
    assert state.fail(0) == []
    assert state.states == ["failed", "abandoned", "abandoned"]


def test_behind_the_error_port_nodes_run_on_failure_and_are_skipped_on_success() -> None:
    links = [[Link(1, "error"), Link(2, "value")], [], []]
    failing = RunState(links, takes_errors=[True, False, False])
    failing.start(0)
    assert failing.fail(0) == [1]
    assert failing.takes_errors(0)
    assert failing.states[2] == "abandoned"
    working = RunState(links, takes_errors=[True, False, False])
    working.start(0)
    assert working.succeed(0) == [2]
    assert working.states[1] == "skipped"


def test_one_of_several_order_edges_is_enough_but_a_value_must_come() -> None:
    links = [
        [Link(1, "true"), Link(2, "false")],
        [Link(3, "", is_order=True)],
        [Link(3, "", is_order=True), Link(4, "value")],
        [],
        [],
    ]
    state = RunState(links)
    state.start(0)
    assert state.succeed(0, frozenset({"false"})) == [1]
    state.start(1)
    assert state.succeed(1) == [3]
    assert state.states[4] == "skipped"


def test_a_node_is_abandoned_rather_than_skipped_when_both_would_be_true() -> None:
    state = RunState([[Link(2, "false")], [Link(2, "value")], []])
    state.start(0)
    state.succeed(0, frozenset({"false"}))
    state.start(1)
    state.fail(1)
    assert state.states[2] == "abandoned"


def test_a_disabled_node_is_skipped_with_what_needs_it() -> None:
    state = RunState([[Link(1, "value")], [Link(2, "value")], []])
    assert state.skip(1) == []
    assert state.states == ["pending", "skipped", "skipped"]
    state.start(0)
    assert state.succeed(0) == []
    assert state.undecided == 0


def test_a_node_that_takes_what_comes_runs_unless_nothing_comes() -> None:
    links = [
        [Link(2, "value", join="each"), Link(3, "value", join="first")],
        [Link(2, "value", join="each"), Link(3, "value", join="first")],
        [],
        [],
    ]
    state = RunState(links)
    state.start(0)
    assert state.succeed(0) == [3]  # the first has come
    state.start(1)
    assert state.succeed(1, frozenset({"value"})) == [2]  # all are decided, and one has come
    state = RunState(links)
    state.start(0)
    assert state.succeed(0, frozenset({"value"})) == []
    state.start(1)
    assert state.succeed(1, frozenset({"value"})) == []
    assert state.states[2:] == ["skipped", "skipped"]


def test_the_first_that_comes_does_not_make_up_for_what_is_needed_beside_it() -> None:
    links = [[Link(2, "value", join="first")], [Link(2, "", is_order=True)], []]
    state = RunState(links)
    state.start(0)
    assert state.succeed(0) == []
    state.start(1)
    assert state.succeed(1) == [2]
    state = RunState(links)
    state.start(0)
    state.start(1)
    assert state.succeed(0) == []
    state.fail(1)
    assert state.states[2] == "abandoned"


def test_stopping_cancels_what_runs_and_what_has_not_begun() -> None:
    state = RunState([[Link(1, "value")], [], []])
    state.start(0)
    state.cancel(0)
    state.cancel_pending()
    assert state.states == ["cancelled", "abandoned", "cancelled"]
    assert state.undecided == 0


def test_a_long_chain_is_dropped_without_recursion() -> None:
    count = 20_000
    state = RunState([[Link(node + 1, "value")] if node + 1 < count else [] for node in range(count)])
    state.start(0)
    state.fail(0)
    assert state.states.count("abandoned") == count - 1


@pytest.mark.parametrize(
    ("do", "words"),
    [
        (lambda state: state.start(1), "Node 1 cannot start: it is pending, waiting for 1."),
        (lambda state: state.succeed(0), "Node 0 cannot succeed: it is pending."),
        (lambda state: state.fail(0), "Node 0 cannot fail: it is pending."),
        (lambda state: (state.start(0), state.start(0)), "Node 0 cannot start: it is running."),
        (lambda state: (state.skip(0), state.cancel(0)), "Node 0 cannot be cancelled: it is skipped."),
        (lambda state: (state.start(0), state.skip(0)), "Node 0 cannot be skipped: it is running."),
    ],
)
def test_what_cannot_be_is_complained_about_precisely(do, words: str) -> None:
    state = RunState([[Link(1, "value")], []])
    with pytest.raises(IllegalTransition) as caught:
        do(state)
    assert str(caught.value) == words


@given(seed=st.integers(0, 2**32), count=st.integers(1, 30))
def test_every_run_decides_every_node_once_whatever_happens(seed: int, count: int) -> None:
    pick = random.Random(seed)  # noqa: S311 - not a secret
    kinds: list[Literal["", "each", "first"]] = ["", "", "each", "first"]
    joins = [pick.choice(kinds) for _ in range(count)]

    def link_to(target: int) -> Link:
        is_order = pick.random() < 0.3
        port = pick.choice(["a", "b", "error", ""])
        return Link(target, port, is_order=is_order, join="" if is_order else joins[target])

    links = [
        [link_to(target) for target in range(node + 1, count) if pick.random() < 0.2] for node in range(count)
    ]
    takes = [any(link.port == "error" for link in outgoing) for outgoing in links]
    state = RunState(links, takes_errors=takes)
    ready = state.begin()
    seen: set[int] = set(ready)
    while ready:
        node = ready.pop(pick.randrange(len(ready)))
        state.start(node)
        fate = pick.random()
        if fate < 0.7:
            more = state.succeed(node, frozenset(pick.sample(["a", "b"], pick.randint(0, 2))))
        elif fate < 0.9:
            more = state.fail(node)
        else:
            more = state.cancel(node)
        assert not seen & set(more)
        seen |= set(more)
        ready += more
    assert set(state.states) <= DECIDED
    assert state.undecided == 0
    dropped = {n for n, fate in enumerate(state.states) if fate in ("skipped", "abandoned", "cancelled")}
    assert sorted(state.dropped) == sorted(dropped)
