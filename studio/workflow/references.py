"""How does one workflow use another? What it takes and gives, how it is found by its name, and what is wrong with a way that leads to it.

A node of a kind in `REFERRING` runs another workflow: that one's inputs are its params, its Output nodes are its output ports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from studio.kernel.names import did_you_mean
from studio.kernel.problems import Problem
from studio.workflow.graph import REFERRING, Node, Workflow, WorkflowInput
from studio.workflow.params import unwrap
from studio.workflow.spec import Catalogue, NodeSpec, PortSpec
from studio.workflow.types import ANY, PortType

REFERENCE = "workflow"
"""The param that names the other workflow."""


class Library:
    """The workflows that may be run by others. They are asked for anew each time, since they are edited."""

    def __init__(self, workflows: Callable[[], Mapping[Any, Workflow]]) -> None:
        """Takes what gives the workflows by their ids."""
        self._workflows = workflows

    def get(self, name: object) -> Workflow | None:
        """The workflow of that id, or the only one that is called so."""
        if not isinstance(name, str) or not name:
            return None
        workflows = self._workflows()
        found = workflows.get(name)
        if found is not None:
            return found
        named = [workflow for workflow in workflows.values() if workflow.name == name]
        return named[0] if len(named) == 1 else None

    def all(self) -> Iterable[Workflow]:
        return self._workflows().values()

    def closure(self, workflow: Workflow) -> tuple[Workflow, ...]:
        """The workflow, and all that are run within it at any depth, each once."""
        found: dict[str, Workflow] = {workflow.id: workflow}
        stack = [workflow]
        while stack:
            for name in stack.pop().references:
                other = self.get(name)
                if other is not None and other.id not in found:
                    found[other.id] = other
                    stack.append(other)
        return tuple(found.values())


def is_same(some: Sequence[Workflow], others: Sequence[Workflow]) -> bool:
    """Whether they are the very same workflows, none of them edited."""
    return len(some) == len(others) and all(one is other for one, other in zip(some, others, strict=True))


@runtime_checkable
class Referring(Protocol):
    """A catalogue that knows the workflows that nodes may run, and makes the specs of such nodes."""

    library: Library

    def spec_of(self, node: Node) -> NodeSpec | None:
        """The spec of a node of a kind in `REFERRING`; with any params and outputs when its workflow is not there."""
        ...


def spec_for(node: Node, catalogue: Catalogue) -> NodeSpec | None:
    """The spec of the node's type on the connection that it names with `db_instance`, or the only one; for the workflow that it runs."""
    if node.type in REFERRING and isinstance(catalogue, Referring):
        return catalogue.spec_of(node)
    spec = catalogue.find(node.type)
    wanted = node.params.get("db_instance")
    if spec is None or spec.connection is None or not wanted or spec.connection == wanted:
        return spec
    others = (other for other in catalogue.specs() if other.type == node.type)
    return next((other for other in others if other.connection == wanted), None)


def declared_inputs(workflow: Workflow) -> tuple[WorkflowInput, ...]:
    """What a run may be given: the workflow's own inputs, then those that only an Input node names."""
    declared = {entry.name: entry for entry in workflow.inputs}
    for node in workflow.nodes.values():
        name = node.params.get("name")
        if node.type != "Input" or node.disabled or not isinstance(name, str) or name in declared:
            continue
        has_default = "default" in node.params
        declared[name] = WorkflowInput(
            name=name,
            default=unwrap(node.params.get("default")),
            required=not has_default,
            description=node.comment,
        )
    return tuple(declared.values())


def declared_outputs(workflow: Workflow, catalogue: Catalogue) -> tuple[PortSpec, ...]:
    """What a run gives: a port for each Output node, called as it is, with the type of what is connected to it."""
    found: dict[str, PortSpec] = {}
    for node in workflow.nodes.values():
        if node.type == "Output" and not node.disabled:
            name = str(node.params.get("name") or node.id)
            kind = _type_of(workflow, node, catalogue)
            found[name] = PortSpec(name=name, type=kind, label=name, description=node.comment)
    return tuple(found.values())


def _type_of(workflow: Workflow, output: Node, catalogue: Catalogue) -> PortType:
    edges = [edge for edge in workflow.incoming.get(output.id, ()) if edge.target_port == "value"]
    if len(edges) != 1 or "." in edges[0].source_port:
        return ANY
    source = workflow.nodes[edges[0].source]
    if source.type == "Input":
        wanted = source.params.get("name")
        declared = next((entry for entry in workflow.inputs if entry.name == wanted), None)
        return ANY if declared is None else input_type(declared)
    spec = spec_for(source, catalogue)
    port = spec.output(edges[0].source_port) if spec is not None else None
    return ANY if port is None or port.type.kind == "signal" else port.type


def input_type(entry: WorkflowInput) -> PortType:
    """The type of the port that an input becomes."""
    if entry.kind in ("any", "enum"):
        return ANY
    return PortType(kind=entry.kind, nullable=not entry.required)  # type: ignore[arg-type]  # kinds of fields are kinds of ports


def reference_problem(node: Node, library: Library, within: Sequence[Workflow]) -> Problem | None:
    """What is wrong with the way to the workflow that a node runs; `within` are those on the way to it, the one it stands in last."""
    name = node.params.get(REFERENCE)
    if not isinstance(name, str) or not name:
        if REFERENCE in node.params:
            return _problem(
                "missing-param", "It is not said which workflow is to be run.", _known(library, within)
            )
        return None  # a missing param is reported as such
    found = library.get(name)
    around: list[str] = [workflow.id for workflow in within]
    wanted = found.id if found is not None else name
    if wanted in around:
        loop = [*within[around.index(wanted) :], within[around.index(wanted)]]
        path = " → ".join(f'"{workflow.name}"' for workflow in loop)
        return _problem(
            "recursion", f"The workflow would run itself without end: {path}.", "Name another workflow."
        )
    if found is not None:
        return None
    named = [workflow for workflow in library.all() if workflow.name == name]
    if named:
        ids = ", ".join(workflow.id for workflow in named)
        return _problem(
            "unknown-workflow", f"Several workflows are called {name!r}.", f"Name one by its id: {ids}."
        )
    return _problem("unknown-workflow", f"There is no workflow {name!r}.", _near(name, library, within))


def _near(name: str, library: Library, within: Sequence[Workflow]) -> str:
    names = [workflow.name for workflow in library.all() if workflow.id != within[-1].id]
    return did_you_mean(name, names) or _known(library, within)


def _known(library: Library, within: Sequence[Workflow]) -> str:
    names = [repr(workflow.name) for workflow in library.all() if workflow.id != within[-1].id]
    return (
        f"Name one of these: {', '.join(names[:12])}."
        if names
        else "There is no other workflow yet: make one first."
    )


def _problem(code: str, message: str, hint: str) -> Problem:
    return Problem(code=code, message=message, hint=hint, field=REFERENCE)


__all__ = [
    "REFERENCE",
    "REFERRING",
    "Library",
    "Referring",
    "declared_inputs",
    "declared_outputs",
    "input_type",
    "is_same",
    "reference_problem",
    "spec_for",
]
