"""What is mapped by itself arrives when the workflow runs: one record by edges, rows through a Map."""

from typing import Annotated

from studio.dataflow import DataFlow, LocalRuntime
from studio.kernel.ids import NodeId, WorkflowId
from studio.models.declare import Field, model_from_class
from studio.project import Connection, ModelEntry, Project
from studio.session import Session
from studio.session.automap import as_change, auto_mapping
from studio.session.mapping import givers, site_of, targets
from studio.session.mapping_edits import Between, Refused, mapped
from studio.workflow.graph import Edge, Node, Workflow, frozen

WORKFLOW = WorkflowId("w")


class Lead:
    id: int
    name: str
    e_mail: str
    count: int = 0


class Customer:
    id: int
    lead_id: Annotated[int, Field(references="Lead.id")]
    name: str
    email: str
    count: int
    found: str = "by hand"


def node(node_id, kind, **params):
    return Node(id=NodeId(node_id), type=kind, params=frozen(params))


def edge(source, source_port, target, target_port):
    return Edge(
        source=NodeId(source), source_port=source_port, target=NodeId(target), target_port=target_port
    )


def open_session(url, *nodes, edges=()):
    shown = Workflow(
        id=WORKFLOW, name="Map", nodes=frozen({entry.id: entry for entry in nodes}), edges=tuple(edges)
    )
    models = {kind.__name__: model_from_class(kind) for kind in (Lead, Customer)}
    return Session.in_memory(
        Project(
            id="p",
            name="p",
            connections=frozen({"c": Connection(id="c", name="crm", url=url)}),
            models=frozen(
                {
                    name: ModelEntry(id=name, name=name, connection="c", spec=spec)
                    for name, spec in models.items()
                }
            ),
            workflows=frozen({WORKFLOW: shown}),
            default_connection="c",
        )
    )


def site_at(session, node_id):
    site = site_of(session, WORKFLOW, NodeId(node_id))
    assert site is not None
    return site


def map_all(session, node_id):
    """Maps all that can be, putting nodes between as the canvas does; the names that were mapped."""
    site = site_at(session, node_id)
    found = auto_mapping(site, givers(site, None), targets(site))
    change = as_change(found.deeds, "Auto-map")
    if change is not None:
        session.edit(change)
    for deed in found.deeds:
        if isinstance(deed, Between):
            made = deed.converter
            added = session.add_node(WORKFLOW, made.type, x=0, y=0, params=made.params)
            session.connect(WORKFLOW, edge(deed.edge.source, deed.edge.source_port, added, made.entry))
            session.connect(WORKFLOW, edge(added, made.leaving, node_id, deed.edge.target_port))
    return {target.name for target, _ in found.pairs}


def test_what_is_mapped_by_itself_arrives_when_the_workflow_runs(sqlite_url):
    session = open_session(
        sqlite_url,
        node("first", "LeadCreateNode", name="Ada", e_mail="ada@example.org", count=7),
        node("one", "CustomerCreateNode"),
        node("leads", "LeadListNode"),
        node("many", "CustomerBulkCreateNode"),
        node("all", "CustomerListNode", order_by=["id"]),
        edges=[
            edge("first", "done", "one", "after"),
            edge("one", "done", "leads", "after"),
            edge("many", "done", "all", "after"),
        ],
    )
    # The list's own output `count` is not the field of that name.
    wanted = {"lead_id", "name", "email", "count"}
    assert map_all(session, "one") == wanted
    assert map_all(session, "many") == wanted
    assert not [found for found in session.problems(WORKFLOW) if found.severity == "error"]
    db = DataFlow(sqlite_url, name="crm")
    db.model(Lead)
    db.model(Customer)
    results, _ = LocalRuntime().execute(session.project.workflow(WORKFLOW))
    db.close()
    rows = [{name: row[name] for name in sorted(wanted)} for row in results["all"]]
    assert rows == [{"count": 7, "email": "ada@example.org", "lead_id": 1, "name": "Ada"}] * 2


def test_where_and_create_of_an_upsert_are_not_mapped_past_and_a_filter_keeps_the_key_unset(sqlite_url):
    session = open_session(
        sqlite_url,
        node("read", "CustomerReadNode", id=1),
        node("parts", "CustomerUpsertNode", where={"id": 1}, create={"name": "x"}),
        node("update", "CustomerUpdateNode", filter={"email": "x"}),
    )
    site = site_at(session, "parts")
    (giver, *_) = givers(site, None)
    by_name = {target.name: target for target in targets(site)}
    assert (by_name["name"].state, by_name["name"].value, by_name["name"].port) == (
        "value",
        "x",
        "create.name",
    )
    refused = mapped(
        site, next(source for source in giver.sources if source.name == "email"), by_name["email"]
    )
    assert isinstance(refused, Refused)
    assert "where and create" in refused.reason
    assert "id" not in map_all(session, "update")
