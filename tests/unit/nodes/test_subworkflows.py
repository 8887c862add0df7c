"""How does one workflow run another, once or for each record? Ports, runs, events, failures, and what is refused before a run."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from studio import LocalRuntime, WorkflowBuilder
from studio.kernel.errors import BuildError, RunCancelled, RunTimeout
from studio.kernel.ids import NodeId
from studio.kernel.problems import Problem
from studio.nodes import NodeCatalogue, common_types
from studio.nodes.subworkflows import Gathered
from studio.runtime import Plan, RunResult, compile_plan, events, run_workflow
from studio.workflow import Node, PortType, Workflow
from studio.workflow.graph import frozen
from studio.workflow.references import Library


def gross() -> WorkflowBuilder:
    """{net, rate} → total, and rated where there is a rate."""
    made = WorkflowBuilder(name="Gross", id="gross", description="What a customer pays.")
    made.add_input("net", int, description="Before tax.")
    made.add_input("rate", int, 0)
    made.add_node("Constant", "sum", {"value": "{{ net + rate }}"})
    made.add_node("Output", "total")
    made.add_connection("sum", "value", "total", "value")
    made.add_node("If", "has_rate", {"condition": "rate > 0", "value": "{{ rate }}"})
    made.add_node("Output", "rated", {"name": "done"})
    made.add_connection("has_rate", "true", "rated", "value")
    return made


def picky() -> WorkflowBuilder:
    """Gives its item back tenfold; fails for 3 and 4."""
    made = WorkflowBuilder(name="Picky", id="picky")
    made.add_input("item", int)
    made.add_node("Input", "in", {"name": "item"})
    made.add_node("If", "bad", {"condition": "value == 3 or value == 4"})
    made.add_connection("in", "value", "bad", "value")
    made.add_node("Fail", "refuse", {"message": "no such thing", "hint": "Take another."})
    made.add_connection("bad", "true", "refuse", "value")
    made.add_node("Output", "out", {"value": "{{ item * 10 }}"})
    made.add_connection("bad", "false", "out", "after")
    return made


def outer(*others: WorkflowBuilder) -> WorkflowBuilder:
    made = WorkflowBuilder(name="Outer", id="outer")
    for other in others:
        made.add_workflow(other)
    return made


def plan_of(builder: WorkflowBuilder) -> Plan:
    workflows = builder.workflows()
    catalogue = NodeCatalogue(common_types(), library=Library(lambda: workflows))
    return compile_plan(builder.workflow(), catalogue)


def run(builder: WorkflowBuilder, **how: Any) -> RunResult:
    return asyncio.run(run_workflow(plan_of(builder), databases={}, **how))


def problems(builder: WorkflowBuilder) -> list[Problem]:
    with pytest.raises(BuildError) as caught:
        plan_of(builder)
    return list(caught.value.problems)


def for_each(values: object, **params: object) -> WorkflowBuilder:
    made = outer(picky())
    made.add_node("ForEach", "each", {"workflow": "picky", "records": values, **params})
    return made


def test_a_subworkflow_takes_inputs_as_params_and_gives_outputs_as_ports() -> None:
    flow = outer(gross())
    flow.add_node("Constant", "five", {"value": 5})
    flow.add_node("Subworkflow", "sub", {"workflow": "gross", "rate": "{{ five - 3 }}"})
    flow.add_connection("five", "value", "sub", "net")
    flow.add_node("Output", "out")
    flow.add_connection("sub", "total", "out", "value")
    result = run(flow)
    result.raise_for_state()
    assert result.outputs == {"out": 7}
    assert result.results["sub"] == {"total": 7, "done": 2}
    assert result.nodes["sub/sum"].value == 7
    assert list(result.nodes) == [
        "five", "sub", "sub/sum", "sub/has_rate", "sub/total", "sub/rated", "out",
    ]  # fmt: skip


def test_an_output_that_was_skipped_closes_its_port() -> None:
    flow = outer(gross())
    flow.add_node("Subworkflow", "sub", {"workflow": "Gross", "net": 5})
    flow.add_node("Output", "rated")
    flow.add_connection("sub", "done_", "rated", "value")
    result = run(flow)
    result.raise_for_state()
    assert result.results == {"sub": {"total": 5}}
    assert {name: result.nodes[name].state for name in ("sub/rated", "rated")} == {
        "sub/rated": "skipped",
        "rated": "skipped",
    }


def test_the_spec_follows_the_workflow_that_is_named_and_stays_the_same_object_while_that_looks_the_same() -> (
    None
):
    workflows: dict[str, Workflow] = {"gross": gross().workflow()}
    catalogue = NodeCatalogue(common_types(), library=Library(lambda: workflows))
    node = Node(id=NodeId("n"), type="Subworkflow", params=frozen({"workflow": "gross"}))
    spec = catalogue.spec_of(node)
    assert spec is not None
    assert (spec.title, spec.writes) == ("Gross", False)
    net, rate = spec.params[1:3]
    assert (net.name, net.required, net.type) == ("net", True, PortType(kind="int"))
    assert (rate.name, rate.required, rate.default) == ("rate", False, 0)
    assert [port.name for port in spec.outputs] == ["total", "done_"]
    edited = gross()
    edited.place("sum", 10, 20)
    workflows["gross"] = edited.workflow()
    assert catalogue.spec_of(node) is spec
    edited.add_input("country", str, "")
    workflows["gross"] = edited.workflow()
    again = catalogue.spec_of(node)
    assert again is not None
    assert [param.name for param in again.params[1:4]] == ["net", "rate", "country"]
    assert [param.name for param in again.params].count("country") == 1


def test_an_output_port_has_the_type_of_what_is_connected_in_the_inner_workflow() -> None:
    inner = WorkflowBuilder(name="In", id="in")
    inner.add_input("text", str)
    inner.add_node("Input", "i", {"name": "text"})
    inner.add_node("Output", "same")
    inner.add_connection("i", "value", "same", "value")
    inner.add_node("Map", "map", {"records": [1], "fields": {"a": "record"}})
    inner.add_node("Output", "rows")
    inner.add_connection("map", "records", "rows", "value")
    workflows = {"in": inner.workflow()}
    catalogue = NodeCatalogue(common_types(), library=Library(lambda: workflows))
    spec = catalogue.spec_of(Node(id=NodeId("n"), type="Subworkflow", params=frozen({"workflow": "in"})))
    assert spec is not None
    assert [str(port.type) for port in spec.outputs] == ["text", "list of record"]


def test_what_is_wrong_with_a_reference_is_found_before_the_run() -> None:
    flow = outer(gross())
    flow.add_node("Subworkflow", "near", {"workflow": "gros", "anything": 1})
    flow.add_node("Subworkflow", "nothing", {"workflow": ""})
    flow.add_node("Subworkflow", "itself", {"workflow": "outer"})
    flow.add_node("Subworkflow", "wrong", {"workflow": "gross", "nett": 1, "net": "five"})
    flow.add_node("Output", "out")
    flow.add_connection("near", "whatever", "out", "value")
    found = [(problem.code, problem.node, problem.field) for problem in problems(flow)]
    assert found == [
        ("unknown-workflow", "near", "workflow"),
        ("missing-param", "nothing", "workflow"),
        ("recursion", "itself", "workflow"),
        ("unknown-param", "wrong", "nett"),
        ("param-type", "wrong", "net"),
    ]
    assert problems(flow)[0].hint == "Did you mean 'Gross'?"


def test_a_loop_of_workflows_is_refused_with_the_way_it_takes() -> None:
    first, second = WorkflowBuilder(name="First", id="first"), WorkflowBuilder(name="Second", id="second")
    first.add_node("Subworkflow", "to_second", {"workflow": "second"})
    second.add_node("ForEach", "to_first", {"workflow": "first", "records": [1]})
    flow = outer(first, second)
    flow.add_node("Subworkflow", "start", {"workflow": "first"})
    (problem,) = [problem for problem in problems(flow) if "without end" in problem.message]
    assert '"First" → "Second" → "First"' in problem.message
    assert (problem.code, problem.node) == ("inner-problem", "start")


def test_problems_of_the_inner_workflow_are_told_with_its_name_and_node() -> None:
    inner = WorkflowBuilder(name="Broken", id="broken")
    inner.add_node("Limit", "limit")
    flow = outer(inner)
    flow.add_node("Subworkflow", "sub", {"workflow": "broken"})
    (problem,) = problems(flow)
    assert problem.message == 'In the workflow "Broken", node "limit": "Limit" needs "records".'


def test_a_failure_names_the_outer_and_the_inner_node_and_can_be_taken_by_the_error_port() -> None:
    flow = outer(picky())
    flow.add_node("Subworkflow", "sub", {"workflow": "picky", "item": 3})
    result = run(flow)
    assert result.state == "failed"
    assert result.error is not None
    assert str(result.error) == 'workflow "Outer", node "sub/refuse": no such thing Take another.'
    assert (result.nodes["sub"].state, result.nodes["sub/out"].state) == ("failed", "skipped")
    flow.add_node("Output", "caught")
    flow.add_connection("sub", "error", "caught", "value")
    caught = run(flow).outputs["caught"]
    assert (caught["message"], caught["node"], caught["record"]) == (
        "no such thing",
        "sub",
        {"workflow": "picky", "item": 3},
    )


def test_events_of_inner_nodes_carry_their_path_and_those_of_a_loop_are_summed() -> None:
    told: list[events.Event] = []
    flow = for_each([1, 2, 5])
    flow.add_node("Subworkflow", "sub", {"workflow": "picky", "item": 1})
    run(flow, on_event=told.append).raise_for_state()
    started = [event.node_id for event in told if isinstance(event, events.NodeStarted)]
    assert started.count(NodeId("sub/in")) == started.count(NodeId("each/in")) == 1
    (begun,) = (event for event in told if isinstance(event, events.RunStarted))
    assert set(begun.nodes) >= set(started)
    progress = [event for event in told if isinstance(event, events.NodeProgressed)]
    assert (progress[-1].node_id, progress[-1].done, progress[-1].total) == ("each", 3, 3)
    skipped = {event.node_id for event in told if isinstance(event, events.NodeSkipped)}
    assert skipped == {"sub/refuse", "each/refuse"}


@pytest.mark.parametrize("concurrency", [1, 3])
def test_a_loop_keeps_the_order_and_says_what_failed(concurrency: int) -> None:
    flow = for_each([1, 2, 3, 4, 5, 6], on_error="collect", concurrency=concurrency)
    value = run(flow).results["each"]
    assert isinstance(value, Gathered)
    assert value == [10, 20, 50, 60]
    assert (value.taken, value.failed_count) == (6, 2)
    assert value.failed[0] == {
        "row": 3, "record": 3, "code": "node", "message": "no such thing", "hint": "Take another.", "node": "each/refuse",
    }  # fmt: skip
    assert [failure["row"] for failure in value.failed] == [3, 4]


def test_a_loop_may_skip_failures_or_stop_at_the_first() -> None:
    value = run(for_each([1, 3, 5], on_error="skip")).results["each"]
    assert (value, value.failed, value.failed_count) == ([10, 50], [], 1)
    for concurrency in (1, 4):
        result = run(for_each([1, 4, 3, 5], concurrency=concurrency))
        assert result.error is not None
        assert (result.error.node, result.error.row) == ("each/refuse", 2)


def test_batches_are_given_as_lists_and_what_they_give_is_put_together() -> None:
    inner = WorkflowBuilder(name="Batch", id="batch")
    inner.add_input("batch", list)
    inner.add_input("factor", int)
    inner.add_node("Map", "map", {"records": "{{ batch }}", "fields": {"a": "record * factor"}})
    inner.add_node("Output", "rows")
    inner.add_connection("map", "records", "rows", "value")
    flow = outer(inner)
    flow.add_node(
        "ForEach", "each", {"workflow": "batch", "records": [1, 2, 3, 4, 5], "batch_size": 2, "factor": 3}
    )
    flow.add_node("Output", "count")
    flow.add_connection("each", "count", "count", "value")
    result = run(flow)
    result.raise_for_state()
    assert result.results["each"] == [{"a": 3}, {"a": 6}, {"a": 9}, {"a": 12}, {"a": 15}]
    assert result.outputs["count"] == 5
    assert result.nodes["each/map"].rows == 5


def test_rows_of_a_file_go_through_a_loop_as_they_come(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("n\n" + "".join(f"{number}\n" for number in range(2_500)))
    inner = WorkflowBuilder(name="Quiet", id="quiet")
    inner.add_input("record", dict)
    inner.add_node("Constant", "double", {"value": "{{ record.n * 2 }}"})
    flow = outer(inner)
    flow.add_node("ReadCSV", "read", {"path": str(tmp_path / "in.csv"), "types": {"n": "int"}})
    flow.add_node("ForEach", "each", {"workflow": "quiet"})
    flow.add_connection("read", "records", "each", "records")
    result = run(flow)
    result.raise_for_state()
    assert (result.results["each"], result.results["each"].taken) == (
        [],
        2_500,
    )  # without Output nodes nothing is gathered
    assert len(result.results["read"]) == 100  # the first are shown, the others were never held together


def test_a_loop_whose_input_is_not_clear_is_refused_with_the_inputs_there_are() -> None:
    flow = outer(gross(), WorkflowBuilder(name="None", id="none"))
    flow.add_node("ForEach", "unclear", {"workflow": "gross", "records": [], "net": 1})
    flow.add_node("ForEach", "wrong", {"workflow": "gross", "records": [], "net": 1, "input": "rat"})
    flow.add_node("ForEach", "nothing", {"workflow": "none", "records": []})
    found = {problem.node: f"{problem.code}: {problem.hint}" for problem in problems(flow)}
    assert found == {
        "unclear": "for-each-input: Name one in the param input: net, rate.",
        "wrong": "for-each-input: Did you mean 'rate'?",
        "nothing": "for-each-input: Give it an input.",
    }


def test_what_cannot_be_taken_back_is_neither_tried_again_as_a_whole_nor_done_in_a_dry_run() -> None:
    inner = WorkflowBuilder(name="Post", id="post")
    inner.add_node("HTTPRequest", "send", {"url": "https://example.invalid", "method": "POST"})
    flow = outer(inner)
    flow.add_node("Subworkflow", "sub", {"workflow": "post", "retries": 2})
    assert [(problem.code, problem.node) for problem in problems(flow)] == [("retries-of-writes", "sub")]
    flow = outer(inner)
    flow.add_node("Subworkflow", "sub", {"workflow": "post"})
    error = run(flow, mode="dry").error
    assert isinstance(error, BuildError)
    assert [(problem.code, problem.node) for problem in error.problems] == [("not-in-dry-run", "sub/send")]


def test_a_time_limit_and_a_stop_reach_into_the_inner_workflow() -> None:
    inner = WorkflowBuilder(name="Slow", id="slow")
    inner.add_input("item", "any")
    inner.add_node("Wait", "wait", {"seconds": 600})
    for kind, params in (("Subworkflow", {"item": 1}), ("ForEach", {"records": [1, 2, 3], "concurrency": 2})):
        flow = outer(inner)
        flow.add_node(kind, "node", {"workflow": "slow", "timeout_s": 0.01, **params})
        result = run(flow)
        assert isinstance(result.error, RunTimeout)
        assert result.nodes["node/wait"].state == "cancelled"

        async def stopped(flow: WorkflowBuilder = flow) -> RunResult:
            begun = asyncio.Event()

            def watch(event: events.Event) -> None:
                if isinstance(event, events.NodeStarted):
                    begun.set()

            task = asyncio.create_task(run_workflow(plan_of(flow), databases={}, on_event=watch))
            await begun.wait()
            task.cancel()
            return await task

        result = asyncio.run(stopped())
        assert isinstance(result.error, RunCancelled)


def test_a_workflow_that_was_read_from_text_runs_with_those_that_the_runtime_is_given() -> None:
    flow = outer()
    flow.add_node("Subworkflow", "sub", {"workflow": "gross", "net": 5})
    read = Workflow.from_yaml(flow.workflow().to_yaml())
    assert read == flow.workflow()
    results, _ = LocalRuntime(workflows=[gross()]).execute(read)
    assert results == {"sub": {"total": 5}}
    with pytest.raises(BuildError, match="no workflow 'gross'"):
        LocalRuntime().execute(read)


def test_what_went_wrong_in_building_a_workflow_is_told_by_the_one_that_runs_it() -> None:
    inner = gross()
    inner.add_connection("sum", "value", "nowhere", "value")
    flow = outer(inner)
    flow.add_node("Subworkflow", "sub", {"workflow": "gross", "net": 5})
    with pytest.raises(BuildError) as caught:
        flow.build()
    assert [(problem.code, problem.workflow, problem.node) for problem in caught.value.problems] == [
        ("unknown-node-id", "Gross", "nowhere")
    ]


def test_the_python_text_builds_the_workflow_with_those_that_it_runs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    flow = outer(gross())
    flow.add_node("Subworkflow", "sub", {"workflow": "gross", "net": 5})
    text = flow.workflow().to_python(workflows=flow.workflows().values())
    found: dict[str, Any] = {"__name__": "read"}
    exec(text, found)  # noqa: S102 - the program that was written
    again = found["workflow"]
    assert again.workflow() == flow.workflow()
    assert again.workflows() == {"gross": gross().workflow()}
    exec(text, {"__name__": "__main__"})  # noqa: S102 - the same
    assert "sub {'total': 5}" in capsys.readouterr().out
