"""What can a person do about a finding? For each problem or error the edits that mend it and the places that it leads to.

Data only: an edit is applied as one step by whoever was asked for it, a place is gone to by the window. How edits are worked out
stands in `remedy_edits`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from studio.kernel.errors import StudioError
from studio.kernel.ids import NodeId, WorkflowId
from studio.kernel.names import nearest
from studio.kernel.problems import Problem
from studio.models.spec import FieldSpec
from studio.project.graph_changes import EditNode, SetEdges
from studio.session import remedy_edits as edits
from studio.session.wiring import converter
from studio.workflow.checks import why_not
from studio.workflow.graph import frozen
from studio.workflow.references import REFERENCE, spec_for
from studio.workflow.spec import Catalogue, NodeSpec

if TYPE_CHECKING:
    from studio.project.state import ModelEntry, Project
    from studio.session.editor import Editor
    from studio.workflow.graph import Edge, Node, Workflow

Lead = Literal[
    "field", "source", "record", "records", "type", "run", "connection", "import", "trust", "tenant", "copy", "workflow",
]  # fmt: skip
"""To a param's editor; the choice of a source for it, of a record, of a kind of node; the records of a model; and so on."""
_TRIES: Final = 3
_INSTALL: Final = re.compile(r"pip install (?:'[^']+'|\S+)")
_GENERATED: Final = re.compile(
    r"(\w+?)(?:Bulk)?(?:Create|Read|Update|Delete|List|Count|Upsert|Aggregate)Node"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """A button beside a finding: an edit of its workflow (`changes`), or a `lead` to where a person decides.

    `at` is what the lead is about: a param's name, the id of a model, connection or workflow, a text to copy.
    """

    text: str
    changes: edits.Changes = ()
    lead: Lead | None = None
    at: str = ""
    filter: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A finding in its place."""

    project: Project
    catalogue: Catalogue
    workflow: Workflow
    node: Node
    spec: NodeSpec | None
    problem: Problem
    context: Mapping[str, Any]

    @property
    def field(self) -> str:
        return self.problem.field or ""

    @property
    def model(self) -> ModelEntry | None:
        """The model that the node is about."""
        return self.model_called(self.spec.model) if self.spec is not None and self.spec.model else None

    def model_called(self, name: str) -> ModelEntry | None:
        connection = self.spec.connection if self.spec is not None else None
        named = [entry for entry in self.project.models.values() if entry.name == name]
        names = {key: known.name for key, known in self.project.connections.items()}
        near = (entry for entry in named if names.get(entry.connection) == connection)
        return next(near, named[0] if named else None)

    def model_field(self) -> FieldSpec | None:
        """The field of the model that the finding is about."""
        model = self.model
        if model is None or model.spec is None:
            return None
        return model.spec.by_name.get(self.field.rpartition(".")[2])

    def takes(self, param: str) -> bool:
        return self.spec is not None and param in self.spec.params_by_name


Rule = Callable[[_Case], Iterator[Remedy]]


def remedies(session: Editor, workflow_id: WorkflowId, finding: Problem | StudioError) -> tuple[Remedy, ...]:
    """The remedies of a finding, the likeliest first; none for what only the message can help with, or when its node is gone."""
    problem = finding if isinstance(finding, Problem) else finding.to_problem()
    workflow = session.project.workflows.get(workflow_id)
    node = workflow.nodes.get(NodeId(problem.node or "")) if workflow is not None else None
    if workflow is None or node is None:
        return ()
    case = _Case(
        project=session.project,
        catalogue=session.catalogue,
        workflow=workflow,
        node=node,
        spec=spec_for(node, session.catalogue),
        problem=problem,
        context=getattr(finding, "context", {}),
    )
    found = (remedy for rule in _RULES.get(problem.code, (_go_to_field,)) for remedy in rule(case))
    return tuple(remedy for remedy in found if remedy.changes or remedy.lead)


# ------------------------------------------------------------------ params


def _go_to_field(case: _Case) -> Iterator[Remedy]:
    head = case.field.partition(".")[0]
    if head and (case.takes(head) or head in case.node.params):
        yield Remedy(text=f"Go to “{head}”", lead="field", at=head)


def _choose_source(case: _Case) -> Iterator[Remedy]:
    if case.spec is not None and case.spec.input(case.field) is not None:
        yield Remedy(text="Map from…", lead="source", at=case.field)


def _remove_param(case: _Case) -> Iterator[Remedy]:
    if case.field:
        changes = edits.without_param(case.workflow, case.node, case.field)
        yield Remedy(text=f"Remove “{case.field}”", changes=changes)


def _remove_managed(case: _Case) -> Iterator[Remedy]:
    changes = edits.without_managed(case.workflow, case.node, case.field)
    yield Remedy(text="Remove", changes=changes)


def _rename_param(case: _Case) -> Iterator[Remedy]:
    names = [param.name for param in case.spec.params] if case.spec is not None else []
    for near in nearest(case.field, names, most=1):
        changes = edits.renamed_param(case.workflow, case.node, case.field, near)
        yield Remedy(text=f"Rename to “{near}”", changes=changes)


def _set(case: _Case, text: str, values: Mapping[str, Any]) -> Iterator[Remedy]:
    if all(case.takes(name) for name in values):
        yield Remedy(text=text, changes=edits.set_params(case.workflow, case.node, values))


# ------------------------------------------------------------------ the graph


def _edges_at_field(case: _Case) -> list[Edge]:
    head = case.field.partition(".")[0]
    ending = case.workflow.incoming.get(case.node.id, ())
    return [edge for edge in ending if edge.target_port.partition(".")[0] == head]


def _insert_converter(case: _Case) -> Iterator[Remedy]:
    for edge in _edges_at_field(case):
        by = converter(case.workflow, case.catalogue, edge)
        if by is not None:
            changes = edits.converted(case.workflow, case.catalogue, edge, by)
            yield Remedy(text=f"Insert “{by.title}” ({by.reason})", changes=changes)


def _other_port(case: _Case) -> Iterator[Remedy]:
    """An edge whose port is misspelt, at the port that was meant."""
    for edge in case.workflow.edges_of(case.node.id):
        begins = edge.source == case.node.id
        head, dot, rest = (edge.source_port if begins else edge.target_port).partition(".")
        ports = (case.spec.all_outputs if begins else case.spec.inputs) if case.spec is not None else ()
        names = [port.name for port in ports]
        near = (
            nearest(head, names, most=1) if head not in names and repr(head) in case.problem.message else []
        )
        if near:
            port = near[0] + dot + rest
            meant = replace(edge, source_port=port) if begins else replace(edge, target_port=port)
            if why_not(case.workflow.without_edges([edge]), case.catalogue, meant) is None:
                change = SetEdges(workflow=case.workflow.id, remove=(edge,), add=(meant,))
                yield Remedy(text=f"Connect “{near[0]}” instead", changes=(change,))


def _remove_edge(case: _Case) -> Iterator[Remedy]:
    fed = _edges_at_field(case) if case.field else []
    if not fed:  # the fault lies where the edge begins
        ports = (edge for edge in case.workflow.outgoing.get(case.node.id, ()))
        fed = [edge for edge in ports if repr(edge.source_port) in case.problem.message]
    for edge in fed[-1:]:
        change = SetEdges(workflow=case.workflow.id, remove=(edge,))
        yield Remedy(text="Remove the edge", changes=(change,))


def _open_loop(case: _Case) -> Iterator[Remedy]:
    closing = edits.closing_edges(case.workflow)
    if closing:
        ends = (case.workflow.nodes[end] for end in (closing[0].source, closing[0].target))
        names = " → ".join(f"“{node.title or node.id}”" for node in ends)
        change = SetEdges(workflow=case.workflow.id, remove=closing)
        yield Remedy(text=f"Remove the edge {names}", changes=(change,))


def _replace_type(case: _Case) -> Iterator[Remedy]:
    generated = _GENERATED.fullmatch(case.node.type)
    models = [entry.name for entry in case.project.models.values()]
    if generated is not None and not nearest(generated[1], models):
        yield Remedy(text="Load models…", lead="import", at=case.project.default_connection)
    else:
        for near in nearest(case.node.type, [spec.type for spec in case.catalogue.specs()], most=1):
            spec = case.catalogue.find(near)
            change = edits.of_type(case.workflow, case.node.id, near)
            yield Remedy(text=f"Replace with “{spec.title if spec else near}”", changes=(change,))
    yield Remedy(text="Replace…", lead="type")


def _name_connection(case: _Case) -> Iterator[Remedy]:
    specs = (spec for spec in case.catalogue.specs() if spec.type == case.node.type and spec.connection)
    for spec in list(specs)[:_TRIES]:
        values = {"db_instance": spec.connection}
        changes = edits.set_params(case.workflow, case.node, values)
        yield Remedy(text=f"Use “{spec.connection}”", changes=changes)


def _disable(case: _Case) -> Iterator[Remedy]:
    change = EditNode(workflow=case.workflow.id, node=case.node.id, values=frozen({"disabled": True}))
    yield Remedy(text="Disable the node", changes=(change,))


def _open_inner(case: _Case) -> Iterator[Remedy]:
    named = case.node.params.get(REFERENCE)
    for workflow in case.project.workflows.values():
        if named in (workflow.id, workflow.name) and workflow.id != case.workflow.id:
            yield Remedy(text=f"Open “{workflow.name}”", lead="workflow", at=workflow.id)
            return


# ------------------------------------------------------------------ what a run met


def _unique_fields(case: _Case) -> list[str]:
    """The fields by which the record that is there is known."""
    found = case.context.get("found_by")
    return list(found) if isinstance(found, Mapping) and found else ([case.field] if case.field else [])


def _show_record(case: _Case) -> Iterator[Remedy]:
    found = case.context.get("found_by")
    if case.model is not None and isinstance(found, Mapping) and found:
        yield Remedy(text="Open record", lead="records", at=case.model.id, filter=dict(found))


def _show_records(case: _Case) -> Iterator[Remedy]:
    if case.model is not None:
        yield Remedy(text=f"Show all of {case.model.name}", lead="records", at=case.model.id)


def _upsert(case: _Case) -> Iterator[Remedy]:
    operation, unique = case.spec.operation if case.spec is not None else "", _unique_fields(case)
    if operation == "create":
        changes = edits.upsert_for_create(case.workflow, case.catalogue, case.node, unique)
        yield Remedy(text="Switch to Upsert", changes=changes)
    elif operation == "bulk_create":
        yield from _set(
            case, "Update rows that exist", {"conflict_resolution": "upsert", "conflict_on": unique}
        )
        yield from _set(case, "Skip rows that exist", {"conflict_resolution": "skip", "conflict_on": unique})


def _if_missing(case: _Case) -> Iterator[Remedy]:
    yield from _set(case, "Go on without it", {"if_missing": "null"})
    if case.spec is not None and case.spec.operation == "update":
        changes = edits.upsert_for_update(case.workflow, case.catalogue, case.node)
        yield Remedy(text="Create it (Upsert)", changes=changes)


def _mend_reference(case: _Case) -> Iterator[Remedy]:
    known = case.model_field()
    if known is None or known.references is None:
        return
    owner = case.model_called(known.references.partition(".")[0])
    title, changes = edits.read_before(case.workflow, case.catalogue, case.node, case.field, known.references)
    if owner is not None and case.takes(case.field):
        yield Remedy(text=f"Pick {owner.name}…", lead="record", at=case.field)
    yield Remedy(text=f"Add “{title}” before", changes=changes)


def _several(case: _Case) -> Iterator[Remedy]:
    operation = case.spec.operation if case.spec is not None else ""
    if operation in ("update", "delete"):
        changes = edits.bulk_for_one(case.workflow, case.catalogue, case.node, operation)
        yield Remedy(text=f"{operation.capitalize()} all that match", changes=changes)
    if "filter" in case.node.params:
        yield Remedy(text="Go to “filter”", lead="field", at="filter")


def _more_time(case: _Case) -> Iterator[Remedy]:
    limit = case.node.params.get("timeout_s")
    if isinstance(limit, int | float) and limit > 0:
        yield from _set(case, f"Allow {2 * limit:g} s", {"timeout_s": 2 * limit})


def _try_again(case: _Case) -> Iterator[Remedy]:
    if not case.node.params.get("retries"):
        yield from _set(case, f"Try up to {_TRIES} times", {"retries": _TRIES - 1})


def _run(case: _Case) -> Iterator[Remedy]:
    yield Remedy(text="Retry", lead="run")


def _connections(case: _Case) -> Iterator[Remedy]:
    ids = {known.name: key for key, known in case.project.connections.items()}
    named = case.spec.connection if case.spec is not None else None
    yield Remedy(
        text="Connection…", lead="connection", at=ids.get(named or "", case.project.default_connection)
    )


def _import(case: _Case) -> Iterator[Remedy]:
    if case.model is not None:
        yield Remedy(text="Import the tables anew…", lead="import", at=case.model.connection)


def _go_to_statement(case: _Case) -> Iterator[Remedy]:
    if case.takes("sql"):
        yield Remedy(text="Go to “sql”", lead="field", at="sql")


def _install(case: _Case) -> Iterator[Remedy]:
    told = _INSTALL.search(f"{case.problem.hint} {case.problem.message}")
    if told is not None:
        yield Remedy(text="Copy the command", lead="copy", at=told[0])


def _trust(case: _Case) -> Iterator[Remedy]:
    yield Remedy(text="Trust this project", lead="trust")


def _tenant(case: _Case) -> Iterator[Remedy]:
    yield Remedy(text="Tenant…", lead="tenant")


_RULES: Final[Mapping[str, tuple[Rule, ...]]] = {
    "missing-param": (_go_to_field, _choose_source),
    "unknown-param": (_rename_param, _remove_param),
    "given-twice": (_remove_param,),
    "wrong-model": (_remove_param,),
    "managed-field": (_remove_managed,),
    "retries-of-writes": (_remove_param,),
    "type-clash": (_insert_converter, _remove_edge),
    "port-twice": (_remove_edge,),
    "not-connectable": (_remove_edge, _go_to_field),
    "unknown-port": (_other_port, _remove_edge),
    "unknown-part": (_remove_edge,),
    "cycle": (_open_loop,),
    "unknown-node": (_replace_type,),
    "ambiguous-node": (_name_connection,),
    "unknown-connection": (_name_connection,),
    "not-in-dry-run": (_disable,),
    "inner-problem": (_open_inner,),
    "recursion": (_go_to_field,),
    "untrusted": (_trust,),
    "missing-package": (_install,),
    "missing-driver": (_install,),
    "tenant-required": (_tenant,),
    "duplicate-key": (_show_record, _upsert, _go_to_field),
    "foreign-key": (_mend_reference,),
    "not-found": (_if_missing, _show_records),
    "many-matched": (_several,),
    "timeout": (_more_time, _run),
    "connection-lost": (_run, _connections),
    "connection-failed": (_run, _connections),
    "request-failed": (_try_again, _go_to_field),
    "authentication-failed": (_connections,),
    "unknown-database": (_connections,),
    "not-a-database": (_connections,),
    "no-keyring": (_connections,),
    "read-only": (_connections,),
    "lock-timeout": (_try_again, _run),
    "deadlock": (_try_again, _run),
    "no-such-table": (_import, _go_to_statement),
    "schema-differs": (_import,),
    "statement-refused": (_go_to_statement,),
}
"""By code; of any other code, the param that it is about."""
