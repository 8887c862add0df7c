"""Which nodes does a run of a part do, and whose values does it take? Never a stale one silently, never a second write."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from studio.kernel.errors import BuildError, WorkflowError
from studio.kernel.ids import NodeId
from studio.nodes import NodeContext, NodeType
from studio.runtime import RunResult
from studio.workflow import Pin, Workflow
from studio.workflow.graph import frozen
from tests.unit.runtime.fakes import Told, run, spec, workflow


class Step(NodeType):
    """Gives its value and remembers who was run; `fail` in its value raises."""

    __slots__ = ("ran",)

    def __init__(self, name: str = "Step", *, writes: bool = False) -> None:
        super().__init__(spec(name, writes=writes))
        self.ran: list[str] = []

    async def run(self, ctx: NodeContext, params: Mapping[str, Any]) -> Any:
        self.ran.append(ctx.node_id)
        if params.get("value") == "fail":
            raise Told("it failed")
        return params.get("value")


class Story:
    """A line a → b → c → d of steps, b being one that writes."""

    def __init__(self) -> None:
        self.step, self.write = Step(), Step("Write", writes=True)
        self.graph = workflow(
            {"a": ("Step", {"value": 1}), "b": ("Write", {}), "c": ("Step", {}), "d": ("Step", {})},
            [("a", "value", "b", "value"), ("b", "value", "c", "value"), ("c", "value", "d", "value")],
        )

    def run(self, graph: Workflow | None = None, **how: Any) -> RunResult:
        self.step.ran.clear()
        self.write.ran.clear()
        return asyncio.run(run(graph or self.graph, self.step, self.write, **how))

    @property
    def ran(self) -> list[str]:
        return sorted([*self.step.ran, *self.write.ran])

    def altered(self, node_id: str, **values: Any) -> Workflow:
        node = self.graph.nodes[NodeId(node_id)]
        return self.graph.with_nodes([replace(node, **values)])


def origins(result: RunResult) -> dict[str, str]:
    return {node_id: outcome.origin for node_id, outcome in result.nodes.items()}


def test_a_run_from_a_node_takes_what_the_earlier_run_gave_before_it() -> None:
    story = Story()
    first = story.run()
    second = story.run(start="c", earlier=first.earlier())
    assert story.ran == ["c", "d"]
    assert second.results == {"b": 1, "c": 1, "d": 1}
    assert origins(second) == {"b": "reused", "c": "", "d": ""}
    third = story.run(start="d", earlier=second.earlier())
    assert (story.ran, origins(third)) == (["d"], {"c": "reused", "d": ""})
    assert story.run(start="b", until="c", earlier=first.earlier()).results == {"a": 1, "b": 1, "c": 1}
    assert story.ran == ["b", "c"]


def test_what_has_changed_is_run_again_and_what_writes_is_refused_with_the_reason() -> None:
    story = Story()
    first = story.run()
    moved = story.altered("c", params=frozen({"n": 2}))
    result = story.run(moved, start="d", earlier=first.earlier())
    assert (story.ran, origins(result)) == (["c", "d"], {"b": "reused", "c": "", "d": ""})
    titled = story.altered("c", title="Another name")
    assert origins(story.run(titled, start="d", earlier=first.earlier())) == {"c": "reused", "d": ""}
    changed = story.altered("a", params=frozen({"value": 2}))
    refused = story.run(changed, start="c", earlier=first.earlier())
    assert story.ran == []
    assert isinstance(refused.error, BuildError)
    (problem,) = refused.error.problems
    assert (problem.code, problem.node) == ("upstream-not-reusable", "b")
    assert '"Step" before it was changed since the last run' in problem.message


@pytest.mark.parametrize("mode", ["dry", "auto"])
def test_values_that_failed_or_were_rolled_back_are_not_used_again(mode: Any) -> None:
    story = Story()
    graph = story.graph if mode == "dry" else story.altered("b", params=frozen({"n": 1, "value": "fail"}))
    if mode == "auto":
        graph = graph.without_edges(edge for edge in graph.edges if edge.target == "b")
    first = story.run(graph, mode=mode)
    refused = story.run(graph, start="c", earlier=first.earlier())
    assert isinstance(refused.error, BuildError)
    words = "the last run was rolled back" if mode == "dry" else "failed in the last run"
    assert words in refused.error.problems[0].message
    assert story.ran == []


def test_without_an_earlier_run_what_only_reads_is_run_and_a_pinned_value_stands_in_for_what_writes() -> None:
    story = Story()
    assert isinstance(story.run(start="c").error, BuildError)
    pinned = story.altered("b", pinned=Pin({"id": 7}))
    result = story.run(pinned, start="c")
    assert (story.ran, result.results["d"]) == (["c", "d"], {"id": 7})
    assert origins(result) == {"b": "pinned", "c": "", "d": ""}


def test_a_pinned_node_is_never_run_and_the_rest_of_the_workflow_is() -> None:
    story = Story()
    result = story.run(story.altered("b", pinned=Pin([{"id": 1}, {"id": 2}])))
    assert story.ran == ["a", "c", "d"]
    assert result.nodes["b"].rows == 2
    assert result.results["d"] == [{"id": 1}, {"id": 2}]
    assert origins(result) == {"a": "", "b": "pinned", "c": "", "d": ""}


def test_a_pinned_value_that_the_node_could_not_have_given_is_told_as_such() -> None:
    graph = workflow(
        {"if": ("If", {"condition": True}), "out": ("Output", {})}, [("if", "true", "out", "value")]
    )
    node = graph.nodes[NodeId("if")]
    result = asyncio.run(run(graph.with_nodes([replace(node, pinned=Pin(3))])))
    assert result.error is not None
    assert 'pinned to "' in result.error.message
    assert result.error.node == "if"


def test_other_inputs_make_every_earlier_value_stale() -> None:
    from studio.workflow import WorkflowInput

    step = Step()
    graph = workflow(
        {"a": ("Step", {"value": "{{ x }}"}), "b": ("Step", {})},
        [("a", "value", "b", "value")],
        inputs=(WorkflowInput(name="x"),),
    )
    first = asyncio.run(run(graph, step, inputs={"x": 1}))
    again = asyncio.run(run(graph, step, inputs={"x": 1}, start="b", earlier=first.earlier()))
    other = asyncio.run(run(graph, step, inputs={"x": 2}, start="b", earlier=first.earlier()))
    assert (origins(again), origins(other)) == ({"a": "reused", "b": ""}, {"a": "", "b": ""})
    assert (again.results["b"], other.results["b"]) == (1, 2)


def test_a_part_that_is_none_is_refused_with_near_names() -> None:
    story = Story()
    stories: tuple[tuple[dict[str, Any], str], ...] = (
        ({"start": "x"}, "no node 'x' to run from"),
        ({"until": "x"}, "no node 'x' to run to"),
        ({"start": "c", "until": "a"}, "does not lead to 'a'"),
    )
    for how, words in stories:
        result = story.run(**how)
        assert isinstance(result.error, WorkflowError)
        assert words in result.error.message
