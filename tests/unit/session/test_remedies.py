"""What is offered beside a finding: that the edit makes it go, that undo takes the edit back, and that half a remedy is not offered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from studio.kernel.errors import (
    ConnectionLost,
    DuplicateKey,
    ForeignKeyViolated,
    ManyRecordsMatched,
    NoSuchTable,
    RecordNotFound,
    RunTimeout,
    StudioError,
    TenantRequired,
)
from studio.kernel.ids import NodeId, WorkflowId
from studio.kernel.problems import Problem
from studio.models.spec import FieldSpec, Kind, ModelSpec
from studio.project import Connection, ModelEntry, Project
from studio.session import Session
from studio.session.remedies import Remedy, remedies
from studio.workflow.graph import Edge, Node, Place, Workflow, frozen

W = WorkflowId("w")
KEY = FieldSpec(name="id", kind=Kind.INT, key=True, generated=True)
STAMPS = tuple(
    FieldSpec(name=name, kind=Kind.DATETIME, managed=True) for name in ("created_at", "updated_at")
)
CUSTOMER = ModelSpec(
    name="Customer",
    table="customers",
    fields=(
        KEY,
        FieldSpec(name="email", kind=Kind.STR, unique=True),
        FieldSpec(name="name", kind=Kind.STR, nullable=True),
        *STAMPS,
    ),
)
ORDER = ModelSpec(
    name="Order",
    table="orders",
    fields=(
        KEY,
        FieldSpec(name="customer_id", kind=Kind.INT, references="Customer.id"),
        FieldSpec(name="total", kind=Kind.INT, nullable=True),
        *STAMPS,
    ),
)


def session_of(*nodes: Node, edges: tuple[Edge, ...] = (), others: tuple[Workflow, ...] = ()) -> Session:
    workflow = Workflow(
        id=W,
        name="W",
        nodes=frozen({node.id: node for node in nodes}),
        edges=edges,
        places=frozen({node.id: Place(x=300.0 * number) for number, node in enumerate(nodes)}),
    )
    models = {
        spec.name: ModelEntry(id=spec.name, name=spec.name, connection="c", spec=spec)
        for spec in (CUSTOMER, ORDER)
    }
    return Session.in_memory(
        Project(
            id="p",
            name="P",
            connections=frozen({"c": Connection(id="c", name="shop", url="sqlite:///:memory:")}),
            models=frozen(models),
            workflows=frozen({found.id: found for found in (workflow, *others)}),
            default_connection="c",
        )
    )


def node(node_id: str, kind: str, **params: Any) -> Node:
    return Node(id=NodeId(node_id), type=kind, title=node_id, params=frozen(params))


def edge(source: str, source_port: str, target: str, target_port: str) -> Edge:
    return Edge(
        source=NodeId(source), source_port=source_port, target=NodeId(target), target_port=target_port
    )


def do(session: Session, remedy: Remedy) -> None:
    with session.group(remedy.text):
        for change in remedy.changes:
            session.edit(change)


def texts(session: Session, finding: Problem | StudioError) -> list[str]:
    return [remedy.text for remedy in remedies(session, W, finding)]


LISTED = node("l", "CustomerListNode")
MENDED_BY_AN_EDIT = {
    "managed-field": (session_of(node("n", "CustomerCreateNode", email="a", created_at="2025-01-01")), "Remove"),
    "managed in rows": (
        session_of(node("n", "CustomerBulkCreateNode", data=[{"email": "a", "updated_at": "2025-01-01"}])),
        "Remove",
    ),
    "unknown-param": (session_of(node("n", "CustomerCreateNode", email="a", nme="Ada")), "Rename to “name”"),
    "unknown-param, removed": (session_of(node("n", "CustomerCreateNode", email="a", nme="x")), "Remove “nme”"),
    "given-twice": (
        session_of(node("n", "CustomerListNode", filter={"id": 1}, conditions={"id": 2})),
        "Remove “conditions”",
    ),
    "wrong-model": (session_of(node("n", "CustomerListNode", model_name="Order")), "Remove “model_name”"),
    "type-clash": (
        session_of(LISTED, node("n", "Log", message="m"), node("o", "OrderCreateNode", customer_id=1), edges=(edge("l", "records", "o", "total"),)),
        "Remove the edge",
    ),
    "unknown-port": (
        session_of(LISTED, node("o", "Output", name="o"), edges=(edge("l", "recrods", "o", "value"),)),
        "Connect “records” instead",
    ),
    "cycle": (
        session_of(
            node("a", "Constant", value=1), node("b", "Constant", value=2),
            edges=(edge("a", "done", "b", "after"), edge("b", "done", "a", "after")),
        ),
        "Remove the edge “b” → “a”",
    ),
    "unknown-node": (session_of(node("n", "CustomerListsNode")), "Replace with “List customers”"),
    "unknown-connection": (session_of(node("n", "CustomerListNode", db_instance="shp")), "Use “shop”"),
}  # fmt: skip


@pytest.mark.parametrize("case", MENDED_BY_AN_EDIT)
def test_the_edit_that_is_offered_makes_the_problem_go_in_one_step_that_undo_takes_back(case):
    session, text = MENDED_BY_AN_EDIT[case]
    problem, *others = session.problems(W)
    assert not others, [str(other) for other in others]
    before = session.project
    found = {remedy.text: remedy for remedy in remedies(session, W, problem)}
    assert text in found
    do(session, found[text])
    assert session.problems(W) == ()
    assert session.history.undo_label == text
    session.undo()
    assert session.project == before


def test_a_converter_comes_between_ends_that_do_not_fit():
    session = session_of(
        node("c", "CustomerReadNode", id=1),
        node("m", "OrderCreateNode", customer_id=1),
        edges=(edge("c", "email", "m", "total"),),
    )
    (problem,) = session.problems(W)
    first = remedies(session, W, problem)[0]
    assert first.text.startswith("Insert “To ")
    do(session, first)
    assert session.problems(W) == ()
    assert len(session.project.workflow(W).nodes) == 3


def test_what_is_missing_is_led_to_and_what_is_unknown_may_be_loaded():
    session = session_of(node("n", "OrderCreateNode"), node("g", "InvoiceListNode"))
    leads = {
        problem.code: [(remedy.lead, remedy.at) for remedy in remedies(session, W, problem)]
        for problem in session.problems(W)
    }
    assert leads["missing-param"] == [("field", "customer_id"), ("source", "customer_id")]
    assert ("type", "") in leads["unknown-node"]
    assert ("import", "c") in leads["unknown-node"]


def test_a_value_that_exists_leads_to_its_record_and_to_an_upsert_by_its_field():
    session = session_of(node("n", "CustomerCreateNode", email="a@b.c"))
    error = DuplicateKey("exists", node="n", field="email", found_by={"email": "a@b.c"})
    record, upsert, _ = remedies(session, W, error)
    assert (record.lead, record.at, record.filter) == ("records", "Customer", {"email": "a@b.c"})
    do(session, upsert)
    mended = session.project.workflow(W).nodes[NodeId("n")]
    assert (mended.type, mended.params["conflict_on"]) == ("CustomerUpsertNode", ["email"])
    assert session.problems(W) == ()
    assert "Switch to Upsert" not in texts(session, error), "it is one now"
    rows = session_of(node("n", "CustomerBulkCreateNode", data=[{"email": "a@b.c"}]))
    assert texts(rows, error)[1:3] == ["Update rows that exist", "Skip rows that exist"]
    do(rows, remedies(rows, W, error)[1])
    assert rows.project.workflow(W).nodes[NodeId("n")].params["conflict_resolution"] == "upsert"
    assert rows.problems(W) == ()


@pytest.mark.parametrize("is_fed", [False, True])
def test_a_missing_reference_is_picked_or_read_before(is_fed):
    given = () if is_fed else (("customer_id", 7),)
    session = session_of(
        node("c", "Constant", value=7),
        node("n", "OrderCreateNode", **dict(given)),
        edges=(edge("c", "value", "n", "customer_id"),) if is_fed else (),
    )
    error = ForeignKeyViolated("no such customer", node="n", field="customer_id")
    pick, read = remedies(session, W, error)
    assert (pick.text, pick.lead, pick.at) == ("Pick Customer…", "record", "customer_id")
    do(session, read)
    workflow = session.project.workflow(W)
    (into,) = workflow.incoming[NodeId("n")]
    reading = workflow.nodes[into.source]
    assert (reading.type, into.source_port) == ("CustomerReadNode", "id")
    assert reading.params.get("id") == (None if is_fed else 7)
    assert len(workflow.incoming.get(reading.id, ())) == is_fed
    assert session.problems(W) == ()


def test_a_record_that_is_not_there_is_done_without_or_created():
    update = node("n", "CustomerUpdateNode", filter={"email": "a"}, fields={"name": "Ada"})
    session = session_of(update)
    error = RecordNotFound("none", node="n")
    without, created, shown = remedies(session, W, error)
    assert shown.lead == "records"
    do(session, without)
    assert session.project.workflow(W).nodes[update.id].params["if_missing"] == "null"
    session.undo()
    do(session, created)
    mended = session.project.workflow(W).nodes[update.id]
    assert mended.type == "CustomerUpsertNode"
    assert dict(mended.params) == {
        "where": {"email": "a"},
        "create": {"name": "Ada"},
        "update": {"name": "Ada"},
    }
    assert session.problems(W) == ()
    # What an Upsert could not do as well is not offered.
    relative = session_of(
        replace(update, params=frozen({"filter": {"email": {"$like": "a%"}}, "fields": {"name": "Ada"}}))
    )
    assert "Create it (Upsert)" not in texts(relative, error)


def test_several_matches_become_a_bulk_node():
    for operation, left in (
        ("Update", {"filter": {"name": "x"}, "update": {"name": "y"}}),
        ("Delete", {"filter": {"name": "x"}}),
    ):
        given = {"filter": {"name": "x"}, **({"fields": {"name": "y"}} if operation == "Update" else {})}
        session = session_of(node("n", f"Customer{operation}Node", **given))
        do(session, remedies(session, W, ManyRecordsMatched("2 match", node="n"))[0])
        mended = session.project.workflow(W).nodes[NodeId("n")]
        assert (mended.type, dict(mended.params)) == (f"CustomerBulk{operation}Node", left)
        assert session.problems(W) == ()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RunTimeout("slow", node="n"), ["Allow 60 s", "Retry"]),
        (ConnectionLost("gone", node="n"), ["Retry", "Connection…"]),
        (NoSuchTable("no table", node="n"), ["Import the tables anew…"]),
        (TenantRequired("whose?", node="n"), ["Tenant…"]),
        (DuplicateKey("elsewhere", node="outer/inner"), []),
    ],
)
def test_what_the_world_refuses_leads_to_where_it_is_decided(error, expected):
    session = session_of(node("n", "CustomerListNode", timeout_s=30))
    assert texts(session, error) == expected
