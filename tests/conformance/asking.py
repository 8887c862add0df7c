"""How do these tests run a single node? Shared by those of models' options and hooks."""

from typing import Any

from studio import DataFlow, LocalRuntime, WorkflowBuilder


def single(db: DataFlow, type_name: str, params: dict[str, Any] | None = None) -> WorkflowBuilder:
    """A workflow of one node, `node`."""
    workflow = WorkflowBuilder(db)
    workflow.add_node(type_name, "node", params)
    return workflow


def one(db: DataFlow, type_name: str, params: dict[str, Any] | None = None, **how: Any) -> Any:
    """What a node gives when it is run alone; `how` goes to the runtime."""
    results, _ = LocalRuntime(**how).execute(single(db, type_name, params))
    return results["node"]
