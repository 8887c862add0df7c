"""How do the nodes look that run another workflow? Subworkflow and ForEach, in general and for the workflow that a node names.

What they do stands in `subworkflows`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeVar

from studio.models.spec import MISSING
from studio.nodes.base import COMMON, humanise
from studio.workflow.graph import Workflow, WorkflowInput
from studio.workflow.references import declared_inputs, declared_outputs, input_type, spec_for
from studio.workflow.spec import AFTER, DONE, ERROR_PORT, NodeSpec, ParamSpec, PortSpec
from studio.workflow.types import ANY, PortType

if TYPE_CHECKING:
    from studio.nodes.catalogue import NodeCatalogue

_COUNT: Final = PortType(kind="int")
_MANY: Final = PortType(kind="any", many=True, nullable=True)
_TEXT: Final = PortType(kind="str")
_TAKEN: Final = frozenset({AFTER, "db_instance", "model_name"})
Part = TypeVar("Part")
MOST_FAILURES: Final = 1_000
"""So many failures of a ForEach are kept; more are counted."""

_WORKFLOW: Final = ParamSpec(
    name="workflow",
    type=_TEXT,
    label="Workflow",
    description="The workflow that is run: its id, so that it may be renamed; a name that only one workflow has is understood as well.",
    required=True,
    editor="workflow",
    expressions=False,
    connectable=False,
)

SUBWORKFLOW: Final = NodeSpec(
    type="Subworkflow",
    title="Subworkflow",
    category="flow",
    code="SUB",
    description="Runs another workflow as a part of this one: its inputs are params here, its Output nodes are output ports.",
    params=(_WORKFLOW, *COMMON),
    outputs=(),
    extra_params=True,
    extra_outputs=True,
    value="What the Output nodes gave, by their names; those that were skipped are missing.",
    example=MappingProxyType({"workflow": "pricing", "order_id": 7}),
)

FOR_EACH: Final = NodeSpec(
    type="ForEach",
    title="For each",
    category="flow",
    code="FOR",
    description="Runs another workflow once for each record, or for each batch of records. Rows are taken as they come.",
    params=(
        _WORKFLOW,
        ParamSpec(
            name="records",
            type=_MANY,
            label="Records",
            description="The records, or other values; rows of a List or a file are not gathered first.",
            required=True,
        ),
        ParamSpec(
            name="input",
            type=_TEXT,
            label="Given to",
            description="The input of the workflow that is given the record or batch. Empty: its only one, or the one called "
            "`record`, `item`, `records` or `batch`. Its other inputs are params here, the same for each record.",
            expressions=False,
            connectable=False,
        ),
        ParamSpec(
            name="batch_size",
            type=_COUNT,
            label="Batch size",
            description="How many records are given to the workflow at once, as a list. Empty: one, as it is.",
            minimum=1,
            maximum=100_000,
            connectable=False,
            expressions=False,
        ),
        ParamSpec(
            name="concurrency",
            type=_COUNT,
            label="At once",
            description="How many runs may be under way at once. Where all is one transaction, they go one by one.",
            default=1,
            minimum=1,
            maximum=64,
            connectable=False,
            expressions=False,
        ),
        ParamSpec(
            name="on_error",
            type=_TEXT,
            label="When one fails",
            description="stop: the node fails. collect: it goes on, and `failed` tells. skip: it goes on, and failures are only counted.",
            default="stop",
            choices=("stop", "collect", "skip"),
            editor="choice",
            expressions=False,
            connectable=False,
        ),
        *COMMON,
    ),
    outputs=(
        PortSpec(
            name="records",
            type=_MANY,
            label="records",
            description="What the runs gave, in the order of the records: the value of the only Output node, or a record with one "
            "field for each. Lists that batches give are put one behind the other. Empty without Output nodes.",
            primary=True,
        ),
        PortSpec(name="count", type=_COUNT, label="count", description="How many records there were."),
        PortSpec(
            name="failed",
            type=PortType(kind="record", many=True),
            label="failed",
            description=f"With on_error collect: {{row, record, code, message, hint, node}} of each that failed, up to {MOST_FAILURES:,}.",
            primary=True,
        ),
        PortSpec(
            name="failed_count", type=_COUNT, label="failed count", description="How many runs have failed."
        ),
    ),
    extra_params=True,
    value="A list of what the runs gave, with `.taken` (how many records), `.failed` and `.failed_count`.",
    example=MappingProxyType({"workflow": "pricing", "concurrency": 4, "on_error": "collect"}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """What a workflow takes and gives, under the names that the params and ports of a node have for it."""

    inputs: Mapping[str, WorkflowInput]
    outputs: Mapping[str, PortSpec]
    writes: bool
    """Whether it changes a database, or anything else that no rollback takes back."""
    needs_trust: bool


def interface_of(workflow: Workflow, catalogue: NodeCatalogue, general: NodeSpec) -> Interface:
    """The interface of a workflow for a kind of node, whose own names come first: what is called like one gets an underscore."""
    own = {param.name for param in general.params} | _TAKEN
    nodes = [node for node in workflow.nodes.values() if not node.disabled]
    specs = [spec_for(node, catalogue) for node in nodes]
    known = (node for node, spec in zip(nodes, specs, strict=True) if spec is not None)
    inputs = declared_inputs(workflow)
    outputs = declared_outputs(workflow, catalogue)
    return Interface(
        inputs=_named(((entry.name, entry) for entry in inputs), own),
        outputs=_named(((port.name, port) for port in outputs), {DONE, ERROR_PORT}),
        writes=any(spec is not None and spec.writes for spec in specs)
        or any(catalogue.type_of(node).outside(node.params) for node in known),
        needs_trust=any(spec is not None and spec.needs_trust for spec in specs),
    )


def _named(entries: Iterable[tuple[str, Part]], taken: Iterable[str]) -> dict[str, Part]:
    found: dict[str, Part] = {}
    used = set(taken)
    for name, entry in entries:
        own = name.replace(".", "_")  # a dot is the way into a value
        while own in used:
            own += "_"
        used.add(own)
        found[own] = entry
    return found


def subworkflow_spec(workflow: Workflow, interface: Interface) -> NodeSpec:
    """The spec of a Subworkflow node that runs this workflow."""
    return replace(
        SUBWORKFLOW,
        title=workflow.name or SUBWORKFLOW.title,
        description=_description(workflow, "Runs the workflow"),
        params=(_WORKFLOW, *_input_params(interface.inputs), *COMMON),
        outputs=tuple(
            replace(
                port,
                name=name,
                label=humanise(port.name).lower() if port.name.islower() else port.name,
                description=port.description or f"What the Output node {port.name!r} gave.",
                primary=True,
            )
            for name, port in interface.outputs.items()
        ),
        extra_params=False,
        extra_outputs=False,
        writes=interface.writes,
        needs_trust=interface.needs_trust,
    )


def for_each_spec(workflow: Workflow, interface: Interface, given: str | None) -> NodeSpec:
    """The spec of a ForEach node that runs this workflow and gives its records to the input `given`."""
    own = FOR_EACH.params
    others = {name: entry for name, entry in interface.inputs.items() if entry.name != given}
    gathered = replace(FOR_EACH.outputs[0], type=_gathered(list(interface.outputs.values())))
    return replace(
        FOR_EACH,
        title=f"For each: {workflow.name}" if workflow.name else FOR_EACH.title,
        description=_description(workflow, "Runs for each record the workflow"),
        params=(own[0], own[1], *_input_params(others), *own[2:]),
        outputs=(gathered, *FOR_EACH.outputs[1:]),
        extra_params=False,
        writes=interface.writes,
        needs_trust=interface.needs_trust,
    )


def given_input(interface: Interface, wanted: object) -> str | None:
    """The name of the input that a ForEach gives its records to; None when it is not clear."""
    names = [entry.name for entry in interface.inputs.values()]
    if isinstance(wanted, str) and wanted:
        return wanted if wanted in names else None
    if len(names) == 1:
        return names[0]
    return next((name for name in ("record", "item", "records", "batch") if name in names), None)


def _description(workflow: Workflow, verb: str) -> str:
    told = workflow.description.strip()
    name = f'{verb} "{workflow.name}"'
    return f"{name}: {told}" if told else f"{name}."


def _input_params(inputs: Mapping[str, WorkflowInput]) -> Iterable[ParamSpec]:
    for name, entry in inputs.items():
        yield ParamSpec(
            name=name,
            type=input_type(entry),
            label=humanise(entry.name),
            description=entry.description or f"The input {entry.name!r} of the workflow.",
            required=entry.required,
            default=MISSING if entry.required or entry.default is None else entry.default,
            primary=True,
        )


def _gathered(outputs: list[PortSpec]) -> PortType:
    """The type of what many runs give together."""
    if len(outputs) != 1:
        return PortType(kind="record", many=True)
    (port,) = outputs
    if port.type.many or port.type.kind == "list":
        return _MANY
    return replace(port.type, many=True) if port.type != ANY else _MANY
