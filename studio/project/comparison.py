"""What is different between two states of a project? Workflows, their nodes and edges, models, connections; the layout told apart.

Parts are known by their ids, so what was renamed is changed and not new. How the differences are shown is `panels`' business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Literal, TypeVar

from studio.models.codec import model_to_data
from studio.models.spec import MISSING
from studio.project.state import Connection, ModelEntry, Project
from studio.workflow.graph import Edge, Node, Workflow, WorkflowInput

What = Literal["added", "removed", "changed"]
_Part = TypeVar("_Part")
_LAYOUT: Final = ("places", "notes", "frames", "routes", "bookmarks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not the same. `before` and `after` are plain values, MISSING where there is none; `parts` say it more closely.

    `kind` is what it is: workflow, template, model, connection, node, edge, input, layout; anything else is a value, called `title`.
    `workflow` and `node` are the ids of what is still there, for those who want to see it.
    """

    what: What
    kind: str
    title: str
    before: Any = MISSING
    after: Any = MISSING
    parts: tuple[Difference, ...] = ()
    workflow: str = ""
    node: str = ""

    @property
    def count(self) -> int:
        """How many things differ in it, itself when it has no parts."""
        return sum(part.count for part in self.parts) or 1


def compare_projects(before: Project, after: Project) -> tuple[Difference, ...]:
    """What differs, in the order in which a project is written down."""
    return (
        *_values((("name", before.name, after.name), ("description", before.description, after.description))),
        *_by_id("connection", before.connections, after.connections, _connection, lambda entry: entry.name),
        *_by_id("model", before.models, after.models, _model, lambda entry: entry.name),
        *_by_id("workflow", before.workflows, after.workflows, compare_workflows, lambda entry: entry.name),
        *_by_id("template", before.templates, after.templates, compare_workflows, lambda entry: entry.name),
    )


def compare_workflows(before: Workflow, after: Workflow) -> tuple[Difference, ...]:
    """What differs in a workflow; where its parts lie comes last, as one difference of the kind `layout`."""
    old, new = ({entry.name: entry for entry in workflow.inputs} for workflow in (before, after))
    return (
        *_values((("name", before.name, after.name), ("description", before.description, after.description))),
        *_by_id("input", old, new, _plain_fields, lambda entry: entry.name),
        *_nodes(before, after),
        *_edges(before, after),
        *_layout(before, after),
    )


def _by_id(
    kind: str,
    before: Mapping[Any, _Part],
    after: Mapping[Any, _Part],
    compare: Callable[[_Part, _Part], Iterable[Difference]],
    title: Callable[[_Part], str],
) -> Iterator[Difference]:
    is_graph = kind == "workflow"
    for key, old in before.items():
        if key not in after:
            yield Difference(what="removed", kind=kind, title=title(old))
    for key, new in after.items():
        workflow = str(key) if is_graph else ""
        if key not in before:
            yield Difference(what="added", kind=kind, title=title(new), workflow=workflow)
        elif before[key] is not new and (parts := tuple(compare(before[key], new))):
            yield Difference(what="changed", kind=kind, title=title(new), parts=parts, workflow=workflow)


def _values(pairs: Iterable[tuple[str, Any, Any]], *, node: str = "") -> Iterator[Difference]:
    for name, old, new in pairs:
        if type(old) is type(new) and old == new:
            continue
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _values(
                (
                    (f"{name}.{key}" if name else str(key), old.get(key, MISSING), new.get(key, MISSING))
                    for key in dict.fromkeys((*old, *new))
                ),
                node=node,
            )
        else:
            what: What = "added" if old is MISSING else "removed" if new is MISSING else "changed"
            yield Difference(what=what, kind="value", title=name, before=old, after=new, node=node)


def _plain_fields(
    before: Connection | WorkflowInput, after: Connection | WorkflowInput
) -> Iterator[Difference]:
    names = [entry.name for entry in fields(before) if entry.name not in ("id", "extra")]
    return _values((name, getattr(before, name), getattr(after, name)) for name in names)


_connection = _plain_fields


def _model(before: ModelEntry, after: ModelEntry) -> Iterator[Difference]:
    def data(entry: ModelEntry) -> Mapping[str, Any]:
        spec = model_to_data(entry.spec) if entry.spec is not None else {}
        return {**spec, "connection": entry.connection}

    return _values([("", data(before), data(after))])


# ------------------------------------------------------------------ graphs


def _nodes(before: Workflow, after: Workflow) -> Iterator[Difference]:
    for key, old in before.nodes.items():
        if key not in after.nodes:
            yield Difference(what="removed", kind="node", title=old.title or old.id, before=old.type)
    for key, new in after.nodes.items():
        known = before.nodes.get(key)
        if known is None:
            yield Difference(what="added", kind="node", title=new.title or new.id, after=new.type, node=key)
        elif known is not new and (parts := tuple(_node(known, new))):
            yield Difference(what="changed", kind="node", title=new.title or new.id, parts=parts, node=key)


def _node(before: Node, after: Node) -> Iterator[Difference]:
    names = ("title", "type", "comment", "disabled")
    yield from _values(((name, getattr(before, name), getattr(after, name)) for name in names), node=after.id)
    old, new = (node.pinned.value if node.pinned is not None else MISSING for node in (before, after))
    yield from _values([("pinned", old, new)], node=after.id)
    yield from _values([("", before.params, after.params)], node=after.id)


def _edges(before: Workflow, after: Workflow) -> Iterator[Difference]:
    kept = set(before.edges) & set(after.edges)
    for edge in before.edges:
        if edge not in kept:
            yield Difference(what="removed", kind="edge", title=_edge_title(edge, before))
    for edge in after.edges:
        if edge not in kept:
            yield Difference(what="added", kind="edge", title=_edge_title(edge, after), node=edge.target)


def _edge_title(edge: Edge, workflow: Workflow) -> str:
    def name(key: Any) -> str:
        return workflow.nodes[key].title or str(key)

    return f"{name(edge.source)}.{edge.source_port} → {name(edge.target)}.{edge.target_port}"


def _layout(before: Workflow, after: Workflow) -> Iterator[Difference]:
    """How many places, notes, frames, routes and bookmarks are others; places of nodes that came or went are not counted."""
    parts = []
    for name in _LAYOUT:
        old, new = getattr(before, name), getattr(after, name)
        keys = (old.keys() & new.keys()) if name == "places" else (old.keys() | new.keys())
        count = sum(old.get(key, MISSING) != new.get(key, MISSING) for key in keys)
        if count:
            parts.append(Difference(what="changed", kind="value", title=name, after=count))
    if parts:
        yield Difference(what="changed", kind="layout", title="layout", parts=tuple(parts))


__all__ = ["Difference", "compare_projects", "compare_workflows"]
