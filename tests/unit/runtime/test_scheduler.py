"""Does the scheduler run nodes side by side, in bounds, stop when told to, and try again when that may help?"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from studio.kernel.behalf import current_node
from studio.kernel.errors import BuildError, ConnectionLost, Deadlock, RunCancelled, RunError, RunTimeout
from studio.runtime import (
    Event,
    NodeFailed,
    NodeRetried,
    NodeSkipped,
    NodeStarted,
    NodeSucceeded,
    RunFinished,
    RunStarted,
)
from studio.runtime import events as told_events
from studio.workflow import WorkflowInput
from tests.unit.runtime.fakes import Broken, Failing, Stubborn, Told, Waiting, plan, run, workflow


def awaited(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs an async story to its end, at most ten seconds."""

    async def main() -> None:
        async with asyncio.timeout(60):
            await story()

    asyncio.run(main())


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(0)


def test_independent_nodes_run_side_by_side_but_never_more_than_allowed() -> None:
    async def story() -> None:
        kind = Waiting()
        graph = workflow({f"n{i}": ("Waiting", {"value": i}) for i in range(40)})
        task = asyncio.create_task(run(graph, kind, max_concurrency=16))
        await until(lambda: kind.now == 16)
        for _ in range(50):
            await asyncio.sleep(0)
        assert kind.now == 16
        kind.gate.set()
        result = await task
        assert result.state == "succeeded"
        assert kind.most == 16
        assert result.results == {f"n{i}": i for i in range(40)}

    awaited(story)


def test_cancelling_gives_a_result_that_says_so_and_a_new_run_may_start_at_once() -> None:
    async def story() -> None:
        kind = Waiting()
        graph = workflow(
            {"a": ("Waiting", {}), "b": ("Waiting", {}), "c": ("Output", {})}, [("a", "value", "c", "value")]
        )
        task = asyncio.create_task(run(graph, kind))
        await until(lambda: kind.now == 2)
        task.cancel()
        result = await task
        assert result.state == "cancelled"
        assert isinstance(result.error, RunCancelled)
        assert sorted(kind.cancelled) == ["a", "b"]
        assert {key: outcome.state for key, outcome in result.nodes.items()} == {
            "a": "cancelled",
            "b": "cancelled",
            "c": "abandoned",
        }
        kind.gate.set()
        assert (await run(graph, kind)).state == "succeeded"

    awaited(story)


def test_a_node_that_swallows_its_stop_ends_the_run_all_the_same() -> None:
    async def story() -> None:
        stubborn = Stubborn()
        graph = workflow(
            {"a": ("Stubborn", {"value": 1}), "b": ("Output", {})}, [("a", "value", "b", "value")]
        )
        task = asyncio.create_task(run(graph, stubborn))
        await until(lambda: stubborn.waits)
        task.cancel()
        result = await task
        assert result.state == "cancelled"
        assert result.nodes["b"].state == "cancelled"
        assert task.cancelling() == 0

    awaited(story)


def test_nothing_of_a_node_that_writes_stays_with_whoever_ran_it() -> None:
    async def story() -> None:
        graph = workflow({"a": ("Failing", {"value": 1})})
        result = await run(graph, Failing(writes=True))
        assert result.results == {"a": 1}
        assert current_node() == (None, None)

    awaited(story)


def test_a_failure_cancels_the_siblings_that_still_run() -> None:
    async def story() -> None:
        waiting, failing = Waiting(), Failing(Told("no"))
        graph = workflow(
            {"wait": ("Waiting", {}), "fail": ("Failing", {}), "never": ("Output", {})},
            [("wait", "value", "never", "value")],
        )
        result = await run(graph, waiting, failing)
        assert result.state == "failed"
        assert isinstance(result.error, Told)
        assert (result.error.workflow, result.error.node) == ("story", "fail")
        states = {key: outcome.state for key, outcome in result.nodes.items()}
        assert states == {"wait": "cancelled", "fail": "failed", "never": "abandoned"}
        assert waiting.cancelled == ["wait"]
        with pytest.raises(Told):
            result.raise_for_state()

    awaited(story)


def test_a_node_that_takes_too_long_is_stopped() -> None:
    async def story() -> None:
        kind = Waiting()
        result = await run(workflow({"slow": ("Waiting", {"timeout_s": 0.01})}), kind)
        assert isinstance(result.error, RunTimeout)
        assert result.error.node == "slow"
        assert "0.01 s" in result.error.message
        assert kind.cancelled == ["slow"]

    awaited(story)


@pytest.mark.parametrize(
    ("error", "writes", "tries"),
    [
        (Deadlock("d"), True, 3),
        (ConnectionLost("c"), False, 3),
        (ConnectionLost("c"), True, 1),
        (Told("t"), False, 1),
    ],
    ids=["deadlock", "lost while reading", "lost while writing", "another"],
)
def test_only_what_may_help_is_tried_again(error: Exception, writes: bool, tries: int) -> None:
    async def story() -> None:
        kind = Failing(error, error, writes=writes)
        events: list[Event] = []
        result = await run(
            workflow({"node": ("Failing", {"value": 7, "retries": 2})}), kind, on_event=events.append
        )
        assert kind.tries == tries
        assert result.state == ("succeeded" if tries == 3 else "failed")
        assert result.nodes["node"].attempts == tries
        assert sum(isinstance(event, NodeRetried) for event in events) == tries - 1

    awaited(story)


@pytest.mark.parametrize("at_once", [True, False])
def test_a_fault_of_ours_is_told_like_a_failure_and_logged(
    at_once: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        result = await run(workflow({"node": ("Broken", {})}), Broken(at_once=at_once))
        assert result.state == "failed"
        assert isinstance(result.error, RunError)
        assert "ZeroDivisionError: oops" in result.error.message
        assert isinstance(result.error.__cause__, ZeroDivisionError)

    awaited(story)
    assert "node node (Broken) failed" in caplog.text


def test_events_tell_the_story_in_order() -> None:
    async def story() -> None:
        events: list[Event] = []
        graph = workflow(
            {
                "in": ("Input", {"name": "x"}),
                "if": ("If", {"condition": "value > 1"}),
                "yes": ("Output", {}),
                "no": ("Output", {}),
            },
            [("in", "value", "if", "value"), ("if", "true", "yes", "value"), ("if", "false", "no", "value")],
        )
        result = await run(graph, inputs={"x": 2}, on_event=events.append, run_id="r-1")
        assert result.run_id == "r-1"
        kinds = [(type(event), getattr(event, "node_id", None)) for event in events]
        assert kinds == [
            (RunStarted, None),
            (NodeStarted, "in"),
            (NodeSucceeded, "in"),
            (NodeStarted, "if"),
            (NodeSucceeded, "if"),
            (NodeSkipped, "no"),
            (NodeStarted, "yes"),
            (NodeSucceeded, "yes"),
            (RunFinished, None),
        ]
        assert isinstance(events[0], RunStarted)
        assert set(events[0].nodes) == {"in", "if", "yes", "no"}
        assert result.outputs == {"yes": 2}

    awaited(story)


def test_a_disabled_node_is_skipped_with_what_needs_it_and_its_faults_do_not_matter() -> None:
    async def story() -> None:
        graph = workflow(
            {
                "a": ("Constant", {"value": 1}),
                "b": ("Nonsense", {"x": 1}),
                "c": ("Output", {}),
                "d": ("Output", {}),
            },
            [("a", "value", "b", "x"), ("b", "y", "c", "value"), ("a", "value", "d", "value")],
            disabled=("b",),
        )
        result = await run(graph)
        assert {key: outcome.state for key, outcome in result.nodes.items()} == {
            "a": "succeeded",
            "b": "skipped",
            "c": "skipped",
            "d": "succeeded",
        }

    awaited(story)


def test_code_of_a_persons_own_is_refused_before_anything_runs_without_trust() -> None:
    async def story() -> None:
        graph = workflow({"a": ("Constant", {"value": 1}), "py": ("Python", {"code": "return 1"})})
        events: list[Event] = []
        result = await run(graph, on_event=events.append)
        assert result.state == "failed"
        assert isinstance(result.error, BuildError)
        assert [problem.code for problem in result.error.problems] == ["untrusted"]
        assert result.error.problems[0].node == "py"
        assert not any(isinstance(event, NodeStarted | NodeFailed) for event in events)

    awaited(story)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "'x' is missing"),
        ({"x": "3"}, "whole number"),
        ({"x": 3, "z": 1}, "no input 'z'"),
    ],
)
def test_inputs_are_checked_before_anything_runs(given: dict[str, object], words: str) -> None:
    async def story() -> None:
        graph = workflow(
            {"out": ("Output", {"value": "{{ x + y }}"})},
            inputs=(
                WorkflowInput(name="x", kind="int"),
                WorkflowInput(name="y", kind="int", default=4, required=False),
            ),
        )
        assert (await run(graph, inputs={"x": 3})).results == {"out": 7}
        result = await run(graph, inputs=given)
        assert result.state == "failed"
        assert result.error is not None
        assert words in result.error.message
        assert result.nodes["out"].state == "abandoned"

    awaited(story)


def test_values_of_an_input_node_come_from_the_run_or_from_its_default() -> None:
    async def story() -> None:
        graph = workflow({"in": ("Input", {"name": "least", "default": 5})})
        assert (await run(graph)).results == {"in": 5}
        assert (await run(graph, inputs={"least": 6})).results == {"in": 6}

    awaited(story)


def test_two_runs_of_one_plan_at_once_do_not_disturb_each_other() -> None:
    async def story() -> None:
        from studio.runtime import run_workflow

        ready = plan(
            workflow({"start": ("Input", {"name": "x"}), "out": ("Output", {"value": "{{ start * 2 }}"})})
        )
        results = await asyncio.gather(
            *(run_workflow(ready, databases={}, inputs={"x": number}) for number in range(50))
        )
        assert [result.results["out"] for result in results] == [number * 2 for number in range(50)]

    awaited(story)


def test_a_graph_of_a_thousand_nodes_gives_way_to_others_while_it_runs() -> None:
    async def story() -> None:
        nodes: dict[str, tuple[str, dict[str, Any]]] = {"n0": ("Constant", {"value": 1})}
        nodes |= {f"n{i}": ("Map", {"fields": {"x": "record"}}) for i in range(1, 1000)}
        edges = [(f"n{i - 1}", "record", f"n{i}", "records") for i in range(2, 1000)] + [
            ("n0", "value", "n1", "records")
        ]
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0)
                turns += 1

        beside = asyncio.create_task(other())
        result = await run(workflow(nodes, edges))
        beside.cancel()
        assert result.state == "succeeded"
        assert turns >= 1

    awaited(story)


def test_every_event_is_frozen() -> None:
    event = told_events.NodeSkipped(run_id="r", node_id="n")  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        event.node_id = "m"  # type: ignore[misc,assignment]
