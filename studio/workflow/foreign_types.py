"""What do other systems call our kinds of node? For whoever brings a workflow from there: the name here, or the way without such a node.

Near misses in letters are `kernel.names`' business.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

from studio.kernel.names import did_you_mean

_OPERATIONS: Final = {
    "Get": "Read",
    "Fetch": "Read",
    "Find": "List",
    "Query": "List",
    "Search": "List",
    "Insert": "Create",
    "Add": "Create",
    "Edit": "Update",
    "Remove": "Delete",
    "Save": "Upsert",
}
_OPERATION: Final = re.compile(rf"(\w+?)({'|'.join(_OPERATIONS)})(Node)")

_KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "SQL": ("SQLDatabaseNode", "AsyncSQLDatabaseNode", "SQLQueryNode"),
    "Python": ("PythonCodeNode", "CodeNode"),
    "HTTPRequest": ("HTTPRequestNode", "AsyncHTTPRequestNode", "RESTClientNode", "AsyncRESTClientNode"),
    "ReadCSV": ("CSVReaderNode",),
    "WriteCSV": ("CSVWriterNode",),
    "ReadJSON": ("JSONReaderNode",),
    "WriteJSON": ("JSONWriterNode",),
    "If": ("ConditionalNode", "IfNode"),
    "Switch": ("SwitchNode", "ConditionalRouterNode"),
    "Merge": ("MergeNode",),
    "Filter": ("FilterNode",),
    "Map": ("MapNode", "DataTransformerNode"),
    "Sort": ("SortNode",),
    "ForEach": ("LoopNode", "ForEachNode"),
    "Subworkflow": ("WorkflowNode",),
}
_ALIKE: Final = {name: ours for ours, names in _KINDS.items() for name in names}

_ATOMIC: Final = 'A whole run is one transaction: LocalRuntime().execute(workflow, mode="atomic") keeps all that its nodes write, or nothing.'
_DOCUMENTS: Final = "Studio works on SQL databases; documents go into fields of the types dict and list."
_WAYS: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), way)
    for pattern, way in (
        (
            r"(DataFlow)?(Distributed)?Transaction(Context|Manager|Scope|Commit|Rollback|Savepoint|RollbackToSavepoint)?Node",
            _ATOMIC,
        ),
        (r"(DataFlow)?(SagaCoordinator|TwoPhaseCommit|TwoPhaseCommitCoordinator)Node", _ATOMIC),
        (r"GDPRExportNode", "Read what there is of a person with List nodes, and write it with WriteJSON."),
        (
            r"GDPRDeleteNode",
            'Delete the record; on_delete="cascade" of the fields that refer to it takes along what belongs to it.',
        ),
        (r"VectorSearchNode|HybridSearchNode|CreateVectorIndexNode", "Vectors are kept and compared as a whole; finding the nearest is not part of Studio."),
        (r"PerformanceTestNode", 'Measure with `with db.benchmark("name"):`, or make the DataFlow with monitoring=True.'),
        (r"Mongo\w*Node|(Bulk)?Document(Insert|Find)Node|CreateIndexNode", _DOCUMENTS),
        (r"AggregateNode", 'Each model has an Aggregate node of its own, such as "OrderAggregateNode".'),
    )
)  # fmt: skip


def way_without(node_type: str) -> str | None:
    """How what such a node does elsewhere is done here without one; None for a name that nobody uses in that way."""
    return next((way for pattern, way in _WAYS if pattern.fullmatch(node_type)), None)


def meant_by(node_type: str, types: Collection[str]) -> str:
    """What to write instead of a kind of node that there is not: what it is called here, or the nearest of `types`."""
    operation = _OPERATION.sub(lambda hit: hit[1] + _OPERATIONS[hit[2]] + hit[3], node_type)
    for ours in (operation, _ALIKE.get(node_type)):
        if ours in types:
            return f"Did you mean {ours!r}?"
    return did_you_mean(node_type, types)
