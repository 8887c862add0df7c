"""Do ways part and meet again as told? Switch, Merge, Wait, Log and Fail."""

import asyncio
import datetime as dt
import enum
import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from studio.kernel.errors import NodeError
from studio.runtime import NodeLogged, RunResult
from tests.unit.nodes.one_node import failure, problem, run, value

Nodes = dict[str, tuple[str, Mapping[str, Any]]]


class Status(enum.Enum):
    PAID = "paid"


def taken(result: RunResult) -> set[str]:
    return {name for name, outcome in result.nodes.items() if outcome.state == "succeeded"}


# ---------------------------------------------------------------- Switch


@pytest.mark.parametrize(
    ("given", "params", "case"),
    [
        ("paid", {"cases": ["open", "paid"]}, 2),
        (Status.PAID, {"cases": ["open", "paid"]}, 2),
        ({"status": "open"}, {"on": "value.status", "cases": ["paid", ["open", "pending"]]}, 2),
        (1, {"cases": [True, Decimal("1.0")]}, 2),
        (None, {"cases": [0, None]}, 2),
        ("x", {"cases": ["open"]}, None),
        ("{{ x }}", {"cases": [{"$literal": "{{ x }}"}]}, 1),
        (7, {"conditions": ["value > 10", "{{ value > 5 }}", "value > 1"]}, 2),
        (0, {"conditions": ["value > 10", True]}, 2),
        (0, {"conditions": ["value > 10"]}, None),
    ],
    ids=str,
)
def test_switch_takes_the_first_case_that_holds(given: Any, params: dict[str, Any], case: int | None) -> None:
    outs: Nodes = {f"out_{name}": ("Output", {}) for name in ("case_1", "case_2", "default")}
    edges = [("switch", name.removeprefix("out_"), name, "value") for name in outs]
    start = {"start": ("Constant", {"value": {"$literal": given}})}
    nodes = {**start, "switch": ("Switch", params), **outs}
    result = run(nodes, [("start", "value", "switch", "value"), *edges])
    result.raise_for_state()
    assert result.results["switch"] == {"case": case, "value": given}
    port = "out_default" if case is None else f"out_case_{case}"
    assert taken(result) == {"start", "switch", port}
    assert result.results[port] == given


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ("missing-param", "cases")),
        ({"cases": []}, ("missing-param", "cases")),
        ({"cases": [1], "conditions": ["value"]}, ("two-selections", "cases")),
        ({"cases": list(range(9))}, ("too-many-cases", "cases")),
        ({"conditions": ["value >"]}, ("expression", "conditions")),
        ({"conditions": ["valu > 1"]}, ("unknown-name", "conditions")),
    ],
    ids=str,
)
def test_switch_refuses_before_the_run(params: dict[str, Any], expected: tuple[str, str]) -> None:
    assert problem("Switch", value=1, **params) == expected


# ---------------------------------------------------------------- Merge

WAYS: Nodes = {
    "switch": ("Switch", {"value": 5, "conditions": ["value > 3", "value > 1"]}),
    "big": ("Map", {"fields": {"size": {"$literal": "big"}}}),
    "small": ("Map", {"fields": {"size": {"$literal": "small"}}}),
}
EDGES = [("switch", "case_1", "big", "records"), ("switch", "case_2", "small", "records")]
MEETING = [*EDGES, ("big", "records", "merge", "value"), ("small", "records", "merge", "value_2")]


@pytest.mark.parametrize("mode", ["first", "all", "append"])
def test_merge_runs_although_a_way_was_not_taken(mode: str) -> None:
    result = run(
        {**WAYS, "merge": ("Merge", {"mode": mode}), "end": ("Output", {})},
        [*MEETING, ("merge", "value", "end", "value")],
    )
    result.raise_for_state()
    assert result.nodes["small"].state == "skipped"
    expected: list[Any] = [{"size": "big"}]
    assert result.results["end"] == ([expected] if mode == "all" else expected)


@pytest.mark.parametrize("mode", ["first", "all", "append"])
def test_merge_is_skipped_when_no_way_was_taken(mode: str) -> None:
    ways = {**WAYS, "switch": ("Switch", {"value": 0, "conditions": ["value > 3", "value > 1"]})}
    result = run({**ways, "merge": ("Merge", {"mode": mode})}, MEETING)
    assert result.state == "succeeded"
    assert result.nodes["merge"].state == "skipped"


def test_merge_takes_what_comes_first_and_does_not_wait_for_the_rest() -> None:
    nodes: Nodes = {
        "slow": ("Wait", {"seconds": 60, "value": "slow"}),
        "quick": ("Wait", {"seconds": 0, "value": "quick"}),
        "merge": ("Merge", {}),
        "stop": ("Fail", {"message": "enough"}),
    }
    edges = [
        ("slow", "value", "merge", "value"),
        ("quick", "value", "merge", "value_2"),
        ("merge", "value", "stop", "value"),
    ]
    started = time.perf_counter()
    result = run(nodes, edges)
    assert time.perf_counter() - started < 30
    assert result.results["merge"] == "quick"
    assert result.nodes["slow"].state == "cancelled"


def test_merge_gathers_everything_in_the_order_of_its_inputs() -> None:
    nodes: Nodes = {
        "late": ("Wait", {"seconds": 0.01, "value": [1, 2]}),
        "early": ("Constant", {"value": 3}),
        "none": ("Constant", {"value": None}),
    }
    edges = [
        ("late", "value", "merge", "value"),
        ("early", "value", "merge", "value_2"),
        ("none", "value", "merge", "value_3"),
    ]
    assert run({**nodes, "merge": ("Merge", {"mode": "all"})}, edges).results["merge"] == [[1, 2], 3, None]
    assert run({**nodes, "merge": ("Merge", {"mode": "append"})}, edges).results["merge"] == [1, 2, 3]


def test_merge_takes_a_failure_for_what_failed() -> None:
    nodes: Nodes = {
        "fail": ("Fail", {"message": "gone", "value": 4}),
        "other": ("Map", {"records": {}, "fields": {"x": "1"}}),
        "merge": ("Merge", {"mode": "all"}),
    }
    edges = [("fail", "error", "merge", "value"), ("other", "record", "merge", "value_2")]
    (told, other) = run(nodes, edges).results["merge"]
    assert (told["message"], told["record"]["value"], other) == ("gone", 4, {"x": 1})


def test_merge_refuses_values_that_no_edge_brings() -> None:
    assert problem("Merge") == ("missing-param", "value")
    assert problem("Merge", value=1) == ("merge-value", "value")


# ---------------------------------------------------------------- Wait, Log, Fail


def test_wait_passes_its_value_on_after_a_while_or_at_a_time() -> None:
    started = time.perf_counter()
    assert value("Wait", value=3, seconds=0.05) == 3
    assert time.perf_counter() - started >= 0.05
    assert value("Wait", value=3, until="2001-01-01T00:00:00Z") == 3
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=0.05)
    assert value("Wait", until=soon) is None
    assert dt.datetime.now(dt.UTC) >= soon


def test_wait_refuses_before_the_run() -> None:
    assert problem("Wait", value=1) == ("missing-param", "seconds")
    assert problem("Wait", seconds=1, until="2001-01-01") == ("two-selections", "seconds")
    assert problem("Wait", seconds=-1) == ("param-type", "seconds")
    assert problem("Wait", until="tomorrow") == ("param-type", "until")


def test_log_tells_its_message_and_its_value_and_passes_the_value_on() -> None:
    told: list[str] = []

    def listen(event: object) -> None:
        if isinstance(event, NodeLogged):
            told.append(event.text)

    for params in (
        {"message": "{{ 1 + 1 }}"},
        {"value": {"a": "x"}, "message": "Record:"},
        {"value": [{"n": number} for number in range(5)]},
        {"value": "y" * 5000},
    ):
        result = run({"log": ("Log", params)}, on_event=listen)
        result.raise_for_state()
        assert result.results["log"] == params.get("value")
    assert told[:3] == ["2", "Record: a: 'x'", "5 rows:\nn: 0\nn: 1\nn: 2\n…"]
    assert len(told[3]) < 1100
    assert problem("Log") == ("missing-param", "message")


def test_fail_stops_the_run_with_its_message_and_hint() -> None:
    error = failure("Fail", message="{{ 'no ' + 'orders' }}", hint="Look again.")
    assert isinstance(error, NodeError)
    assert (error.message, error.hint) == ("no orders", "Look again.")


def test_a_wait_is_over_at_once_when_the_run_is_stopped() -> None:
    from studio.kernel.ids import NodeId, WorkflowId
    from studio.runtime import compile_plan, run_workflow
    from studio.workflow import Node, Workflow
    from studio.workflow.graph import frozen
    from tests.unit.nodes.one_node import CATALOGUE

    node = Node(id=NodeId("wait"), type="Wait", params=frozen({"seconds": 3600}))
    workflow = Workflow(id=WorkflowId("w"), name="story", nodes=frozen({node.id: node}))

    async def story() -> RunResult:
        begun = asyncio.Event()
        task = asyncio.create_task(
            run_workflow(compile_plan(workflow, CATALOGUE), databases={}, on_event=lambda event: begun.set())
        )
        await begun.wait()
        await asyncio.sleep(0)
        task.cancel()
        return await task

    assert asyncio.run(asyncio.wait_for(story(), 60)).state == "cancelled"
