"""Does a run wait where a person wants it, and for nothing else?"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import pytest

from studio.kernel.errors import ExpressionError
from studio.kernel.ids import NodeId, WorkflowId
from studio.runtime import Debugger, Pause, RunResult
from studio.workflow.expressions import parse_condition
from tests.unit.runtime.fakes import Failing, Told, Waiting, run, workflow

CHAIN = workflow(
    {"a": ("Failing", {"value": 1}), "b": ("Failing", {}), "c": ("Output", {})},
    [("a", "value", "b", "value"), ("b", "value", "c", "value")],
)


class Person:
    """Sees each pause and says what then."""

    def __init__(self, breakpoints: Mapping[str, str], *, step: bool = False) -> None:
        self.breakpoints = dict(breakpoints)
        self.seen: asyncio.Queue[Pause] = asyncio.Queue()
        self.ended = 0
        self.debugger = Debugger(self._find, self._told, step=step)

    def _find(self, workflow_id: WorkflowId, node_id: NodeId) -> str | None:
        assert workflow_id == "w"
        return self.breakpoints.get(node_id)

    def _told(self, pause: Pause | None) -> None:
        if pause is None:
            self.ended += 1
        else:
            self.seen.put_nowait(pause)

    def states(self) -> dict[str, str]:
        return {key: outcome.state for key, outcome in self.debugger.outcomes().items()}


def told(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(60):
            await story()

    asyncio.run(main())


def started(graph: Any, person: Person, *types: Any, **how: Any) -> asyncio.Task[RunResult]:
    return asyncio.ensure_future(run(graph, *types, debugger=person.debugger, **how))


def test_a_run_waits_before_a_breakpoint_and_shows_what_there_is_until_then() -> None:
    async def story() -> None:
        person = Person({"b": ""})
        task = started(CHAIN, person, Failing())
        pause = await person.seen.get()
        assert (pause.path, pause.reason, pause.note) == ("b", "breakpoint", "")
        assert person.states() == {"a": "succeeded", "b": "pending", "c": "pending"}
        assert person.debugger.outcomes()["a"].value == 1
        person.debugger.go_on()
        assert (await task).results == {"a": 1, "b": 1, "c": 1}
        assert person.ended == 1

    told(story)


def test_steps_lead_from_node_to_node_and_on_to_the_next_breakpoint() -> None:
    async def story() -> None:
        person = Person({}, step=True)
        task = started(CHAIN, person, Failing())
        for path, reason in (("a", "step"), ("b", "step")):
            pause = await person.seen.get()
            assert (pause.path, pause.reason) == (path, reason)
            person.breakpoints["c"] = ""  # while it runs
            (person.debugger.step if path == "a" else person.debugger.go_on)()
        assert (await person.seen.get()).path == "c"
        person.debugger.go_on()
        assert (await task).state == "succeeded"
        person.debugger.step()  # nothing waits

    told(story)


@pytest.mark.parametrize(
    ("condition", "waits", "note"),
    [("a == 1", True, ""), ("{{ a > 1 }}", False, ""), ("nobody > 1", True, "nobody")],
)
def test_a_condition_says_whether_it_is_waited_and_one_without_a_value_too(
    condition: str, waits: bool, note: str
) -> None:
    async def story() -> None:
        person = Person({"b": condition})
        task = started(CHAIN, person, Failing())
        if waits:
            assert note in (await person.seen.get()).note
            person.debugger.go_on()
        assert (await task).state == "succeeded"
        assert person.ended == waits

    told(story)


def test_stopping_a_run_that_waits_leaves_the_node_undone() -> None:
    async def story() -> None:
        person = Person({"b": ""})
        task = started(CHAIN, person, Failing())
        await person.seen.get()
        task.cancel()
        result = await task
        assert result.state == "cancelled"
        assert {key: node.state for key, node in result.nodes.items()} == {
            "a": "succeeded",
            "b": "cancelled",
            "c": "cancelled",
        }

    told(story)


def test_what_runs_goes_on_meanwhile_and_its_failure_ends_the_wait() -> None:
    async def story() -> None:
        person, waiting = Person({"b": ""}), Waiting()
        failing = Failing(Told("no"))
        graph = workflow({"w": ("Waiting", {}), "b": ("Failing", {}), "f": ("Waiting", {})})
        task = started(graph, person, waiting, failing)
        assert (await person.seen.get()).path == "b"
        assert waiting.now <= 1  # nothing new starts
        person.debugger.go_on()
        result = await task
        assert isinstance(result.error, Told)

        person = Person({"b": ""})
        bad = workflow({"f": ("Failing", {}), "b": ("Output", {"value": 1})})
        result = await started(bad, person, Failing(Told("no")))
        assert isinstance(result.error, Told)
        assert result.nodes["b"].state == "cancelled"

    told(story)


def test_a_condition_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ExpressionError):
        parse_condition("1 +")
    with pytest.raises(ExpressionError, match="no condition"):
        parse_condition("{{ a }} and {{ b }}")
