"""How is a node tried that needs no database? Run by itself, with an Output node for each port that is looked at."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from studio.kernel.errors import BuildError, StudioError
from studio.kernel.ids import NodeId, WorkflowId
from studio.nodes import NodeCatalogue, common_types
from studio.runtime import RunResult, compile_plan, run_workflow
from studio.workflow import Edge, Node, Workflow
from studio.workflow.graph import frozen

CATALOGUE = NodeCatalogue(common_types())


def run(
    nodes: Mapping[str, tuple[str, Mapping[str, Any]]],
    edges: list[tuple[str, str, str, str]] | None = None,
    **how: Any,
) -> RunResult:
    """Runs nodes by id, joined by edges."""
    made = [Node(id=NodeId(name), type=kind, params=frozen(params)) for name, (kind, params) in nodes.items()]
    joined = [
        Edge(source=NodeId(source), source_port=port, target=NodeId(target), target_port=param)
        for source, port, target, param in edges or []
    ]
    workflow = Workflow(
        id=WorkflowId("w"), name="story", nodes=frozen({node.id: node for node in made}), edges=tuple(joined)
    )
    plan = compile_plan(workflow, CATALOGUE)
    return asyncio.run(run_workflow(plan, databases={}, **how))


def value(kind: str, **params: Any) -> Any:
    """The natural value of a node."""
    result = run({"node": (kind, params)})
    result.raise_for_state()
    return result.results["node"]


def ports(kind: str, params: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """What some of a node's ports carry."""
    outs: dict[str, tuple[str, Mapping[str, Any]]] = {f"out_{name}": ("Output", {}) for name in names}
    edges = [("node", name, f"out_{name}", "value") for name in names]
    result = run({"node": (kind, params), **outs}, edges)
    result.raise_for_state()
    return {name: result.results[f"out_{name}"] for name in names}


def failure(kind: str, **params: Any) -> StudioError:
    """What a node fails with while it runs."""
    result = run({"node": (kind, params)})
    assert result.state == "failed"
    assert result.error is not None
    assert result.error.node == "node"
    return result.error


def problem(kind: str, **params: Any) -> tuple[str, str | None]:
    """Code and field of the only thing that keeps a node from being run."""
    with pytest.raises(BuildError) as caught:
        run({"node": (kind, params)})
    (found,) = caught.value.problems
    assert found.node == "node"
    return found.code, found.field
