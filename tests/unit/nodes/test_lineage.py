"""Who touches a field? What each kind of node is known to do with one, along edges, through expressions and into other workflows."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any

import pytest

from studio.kernel.errors import WorkflowError
from studio.kernel.ids import NodeId, WorkflowId
from studio.models.declare import Field, model_from_class
from studio.nodes import NodeCatalogue, common_types, lineage_walk
from studio.nodes.lineage import Lineage, find_fields
from studio.nodes.lineage_walk import OFF_NOTE, SQL_GUESS
from studio.nodes.traced_kinds import (
    FILE_NOTE,
    LOG_NOTE,
    PYTHON_NOTE,
    SERVER_NOTE,
    SQL_NOTE,
    TRACERS,
    UNKNOWN_NOTE,
)
from studio.nodes.traced_models import SET_NOTE
from studio.nodes.tracing import LATER_NOTE, RECORDS_NOTE, Station
from studio.workflow import Edge, Node, Place, Workflow
from studio.workflow.graph import REFERRING, frozen
from studio.workflow.references import Library


class User:
    """The model asked about."""

    email: Annotated[str, Field(unique=True)]
    age: int = 0
    profile: dict[str, Any] | None = None


class Post:
    """One that leads to it."""

    author_id: Annotated[int, Field(references="User.id")]
    title: str = ""


MODELS = [("shop", model_from_class(User)), ("shop", model_from_class(Post))]
LIST: tuple[str, str, dict[str, Any]] = ("list", "UserListNode", {})


def drawn(*parts: tuple[str, str, dict[str, Any]] | str, id: str = "w") -> Workflow:
    """A workflow of nodes (id, type, params), and edges written `source.port > target.param`."""
    nodes = [Node(id=NodeId(p[0]), type=p[1], params=frozen(p[2])) for p in parts if not isinstance(p, str)]
    edges = []
    for part in parts:
        if isinstance(part, str):
            (source, _, port), (target, _, param) = (end.strip().partition(".") for end in part.split(">"))
            edges.append(
                Edge(source=NodeId(source), source_port=port, target=NodeId(target), target_port=param)
            )
    return Workflow(id=WorkflowId(id), name=id).with_nodes(nodes).with_edges(edges)


def catalogue_of(*workflows: Workflow) -> NodeCatalogue:
    known = {workflow.id: workflow for workflow in workflows}
    return NodeCatalogue.of(MODELS).with_library(Library(lambda: known))


def told(*workflows: Workflow, field: str = "User.email") -> list[str]:
    """Each use as `node how place`, with ? behind what is uncertain and its remark in brackets."""
    catalogue = catalogue_of(*workflows)
    found = Lineage(catalogue).of(find_fields(catalogue.models(), field), workflows)
    return [
        f"{use.node} {use.how.value}{'' if use.is_sure else '?'} {use.place}{f' [{use.note}]' if use.note else ''}"
        for entry in found
        for use in entry.uses
    ]


READ = "list reads records"


@pytest.mark.parametrize(
    ("type_name", "params", "field", "expected"),
    [
        ("Create", {"email": "a@b.c"}, "email", ["n writes email"]),
        ("Create", {"email": "a@b.c"}, "created_at", [f"n writes record [{SET_NOTE}]"]),
        ("Create", {"age": 1}, "email", []),
        ("Read", {"id": 1}, "id", ["n finds by id", "n reads record"]),
        ("Read", {"filter": {"$or": [{"email": "x"}, {"age": 1}]}}, "email", ["n filters by filter.email", "n reads record"]),
        ("Update", {"id": 1, "fields": {"email": "x"}, "age": 2}, "email", ["n writes fields.email"]),
        ("Update", {"id": 1, "fields": {"profile.theme": "x"}}, "profile", ["n writes fields.profile.theme"]),
        ("Update", {"id": 1, "age": 2}, "updated_at", [f"n writes record [{SET_NOTE}]"]),
        ("Delete", {"filter": {"email": "x"}}, "email", ["n filters by filter.email", "n deletes record"]),
        ("List", {"order_by": ["-email"], "fields": ["email"]}, "email", ["n sorts by order_by", "n reads fields"]),
        ("List", {"fields": ["age"]}, "email", []),
        ("List", {"filter": "{{ wanted }}"}, "email", [f"n filters by? filter [{LATER_NOTE}]", "n reads records"]),
        ("Count", {"filter": {"email": {"$like": "%x"}}}, "email", ["n filters by filter.email"]),
        ("Upsert", {"where": {"email": "x"}, "create": {"age": 1}}, "email", ["n finds by where.email"]),
        ("Upsert", {"email": "x", "conflict_on": ["email"]}, "email", ["n finds by conflict_on", "n writes email"]),
        (
            "Aggregate",
            {"group_by": "email", "aggregate": {"n": {"$max": "age"}}, "having": {"n": {"$gt": 1}}, "order_by": "email"},
            "email",
            ["n sorts by order_by", "n groups by group_by"],
        ),
        (
            "Aggregate",
            {"aggregate": {"n": {"$max": "age"}}, "having": {"n": {"$gt": 1}}},
            "age",
            ["n filters by having.n", "n computes with aggregate.n"],
        ),
        (
            "Aggregate",
            {"pipeline": [{"$match": {"age": 1}}, {"$group": {"_id": "$email", "n": {"$sum": "$age"}}}, {"$sort": {"n": -1}}]},
            "age",
            ["n filters by pipeline.0", "n sorts by pipeline.2", "n computes with pipeline.1"],
        ),
        ("Aggregate", {"pipeline": "{{ stages }}"}, "age", [f"n computes with? pipeline [{LATER_NOTE}]"]),
        ("BulkCreate", {"data": [{"email": "x"}, {"age": 1}]}, "age", ["n writes data.age"]),
        ("BulkUpdate", {"filter": {"email": "x"}, "update": {"age": 1}}, "age", ["n writes update.age"]),
        ("BulkUpdate", {"data": [{"id": 1, "age": 2}]}, "id", ["n finds by data.id"]),
        ("BulkDelete", {"ids": [1]}, "id", ["n finds by ids", "n deletes record"]),
        ("BulkUpsert", {"data": [{"email": "x"}], "conflict_on": "email"}, "email", ["n finds by conflict_on", "n writes data.email"]),
    ],
)  # fmt: skip
def test_what_a_models_node_does_with_a_field(type_name, params, field, expected):
    assert told(drawn(("n", f"User{type_name}Node", params)), field=f"User.{field}") == expected


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (
            [("n", "Map", {"fields": {"mail": "lower(record.email)", "n": 1}}), "list.records > n.records",
             ("out", "Output", {}), "n.records > out.value"],
            ["list passes on records → Map.records", "n computes with fields.mail", "n passes on records → Output.value [as mail]"],
        ),
        (
            [("n", "Map", {"fields": {"n": 1}, "keep": True}), "list.records > n.records",
             ("out", "Output", {}), "n.record.email > out.value"],
            ["list passes on records → Map.records", "n passes on record.email → Output.value"],
        ),
        (
            [("n", "Filter", {"filter": {"email": "x"}}), "list.records > n.records"],
            ["list passes on records → Filter.records", "n filters by filter.email"],
        ),
        (
            [("n", "Filter", {"condition": "record.email == 'x'"}), "list.records > n.records"],
            ["list passes on records → Filter.records", "n computes with condition"],
        ),
        (
            [("n", "Select", {"fields": ["email"], "rename": {"email": "to"}}), "list.records > n.records",
             ("out", "Output", {}), "n.record.to > out.value"],
            ["list passes on records → Select.records", "n selects fields", "n selects rename.email", "n passes on record.to → Output.value"],
        ),
        (
            [("n", "Select", {"drop": ["email"]}), "list.records > n.records", ("out", "Output", {}), "n.records > out.value"],
            ["list passes on records → Select.records"],
        ),
        (
            [("n", "Sort", {"order_by": "-email"}), "list.records > n.records"],
            ["list passes on records → Sort.records", "n sorts by order_by"],
        ),
        (
            [("n", "Limit", {"limit": 1}), "list.records > n.records", ("out", "Output", {}), "n.first.email > out.value"],
            ["list passes on records → Limit.records", "n passes on first.email → Output.value"],
        ),
        (
            [("n", "Distinct", {"fields": ["email"]}), "list.records > n.records"],
            ["list passes on records → Distinct.records", "n compares fields"],
        ),
        (
            [("posts", "PostListNode", {}), ("n", "Join", {"on": {"email": "title"}}), "list.records > n.left", "posts.records > n.right"],
            ["list passes on records → Join.left", "n compares on.email"],
        ),
        (
            [("n", "GroupBy", {"group_by": ["email"]}), "list.records > n.records"],
            ["list passes on records → Group by.records", "n groups by group_by"],
        ),
        (
            [("n", "If", {"condition": "value.email == 'x'"}), "list.first > n.value", ("out", "Output", {}), "n.true > out.value"],
            ["list passes on first → If.value", "n computes with condition", "n passes on true → Output.value"],
        ),
        (
            [("n", "Switch", {"on": "value.email", "cases": ["x"]}), "list.first > n.value"],
            ["list passes on first → Switch.value", "n computes with on"],
        ),
        (
            [("n", "Merge", {}), "list.first > n.value_2", ("out", "Output", {}), "n.value > out.value"],
            ["list passes on first → Merge.value_2", "n passes on value → Output.value"],
        ),
        (
            [("n", "Wait", {"seconds": 0}), "list.first.email > n.value", ("out", "Output", {}), "n.value > out.value"],
            ["list passes on first.email → Wait.value", "n passes on value → Output.value"],
        ),
        (
            [("n", "Log", {"message": "{{ list[0].email }}"})],
            ["n computes with message", f"n hands over message [{LOG_NOTE}]"],
        ),
        (
            [("n", "Fail", {"message": "no"}), "list.first.email > n.value"],
            ["list passes on first.email → Fail.value", f"n hands over value [{LOG_NOTE}]"],
        ),
        (
            [("n", "Constant", {"value": {"to": "{{ list[0].email }}"}}), ("out", "Output", {}), "n.value > out.value"],
            ["n computes with value.to", "n passes on value → Output.value [as to]"],
        ),
        (
            [("n", "WriteCSV", {"path": "x.csv", "fields": ["email"]}), "list.records > n.records"],
            ["list passes on records → Write CSV.records", "n selects fields", f"n hands over records.email [{FILE_NOTE}]"],
        ),
        (
            [("n", "HTTPRequest", {"url": "https://x.y", "json": {"to": "{{ list[0].email }}"}})],
            ["n computes with json.to", f"n hands over json.to [{SERVER_NOTE}]"],
        ),
        (
            [("n", "SQL", {"sql": "select 1", "params": {"m": "{{ list[0].email }}"}})],
            ["n computes with params.m", f"n hands over params.m [{SQL_NOTE}]"],
        ),
        (
            [("n", "Python", {"code": "return 1"}), "list.records > n.rows"],
            ["list passes on records → Python.rows", f"n hands over rows.email [{PYTHON_NOTE}]"],
        ),
        (
            [("n", "Gone", {}), "list.first.email > n.value"],
            ["list passes on first.email → Gone.value", f"n hands over value [{UNKNOWN_NOTE}]"],
        ),
        (
            [("n", "UserCreateNode", {"age": 1}), "list.first.email > n.email"],
            ["list passes on first.email → Create user.email", "n writes email"],
        ),
        (
            [("n", "UserBulkCreateNode", {}), "list.records > n.data"],
            ["list passes on records → Bulk create users.data", "n writes data.email"],
        ),
        (
            [("file", "ReadCSV", {"path": "x.csv"}), ("n", "UserBulkCreateNode", {}), "file.records > n.data"],
            [f"n writes? data [{RECORDS_NOTE}]"],
        ),
    ],
)  # fmt: skip
def test_what_other_nodes_do_with_a_field_that_comes_to_them(parts, expected):
    assert sorted(told(drawn(LIST, *parts))) == sorted([READ, *expected])


def test_every_kind_of_node_is_known():
    kinds = {kind.spec.type for kind in common_types()}
    assert kinds == TRACERS.keys() | REFERRING
    for kind in common_types():
        assert told(drawn(("n", kind.spec.type, dict(kind.spec.example)))) == []


@pytest.mark.parametrize("odd", [1, "{{", "{{ x.y }}", [1, {"a": None}], {"$or": 1, "": [2]}], ids=repr)
def test_params_that_the_checks_refuse_are_passed_over(odd):
    for spec in catalogue_of().specs():
        made = drawn(
            LIST, ("n", spec.type, dict.fromkeys(spec.params_by_name, odd)), "list.records > n.filter.a"
        )
        assert READ in told(made)


def test_the_text_of_raw_sql_is_told_as_a_guess():
    table = MODELS[0][1].table
    made = drawn(
        ("a", "SQL", {"sql": f"SELECT email FROM {table}"}),
        ("b", "SQL", {"sql": f"select * from {table.upper()}"}),
        ("c", "SQL", {"sql": f"SELECT age FROM {table}"}),
        ("d", "SQL", {"sql": "SELECT email FROM other"}),
    )
    assert told(made) == [f"a names? sql [{SQL_GUESS}]", f"b names? sql [{SQL_GUESS}]"]


def test_related_records_are_followed_by_their_relations():
    made = drawn(
        ("posts", "PostListNode", {"include": ["author"]}),
        ("out", "Output", {}),
        "posts.records.0.author.email > out.value",
    )
    assert told(made) == [
        "posts reads include.author",
        "posts passes on records.0.author.email → Output.value",
    ]
    assert told(made, field="Post.author_id")[0] == "posts finds by include.author"
    assert told(made, field="User.id")[0] == "posts finds by include.author"


def test_a_field_is_followed_into_the_workflows_that_are_run_and_out_of_them():
    inner = drawn(
        ("in", "Input", {"name": "person"}),
        ("out", "Output", {"name": "mail"}),
        "in.value.email > out.value",
        id="inner",
    )
    outer = drawn(
        LIST,
        ("each", "ForEach", {"workflow": "inner"}),
        ("sub", "Subworkflow", {"workflow": "inner"}),
        ("end", "Output", {}),
        "list.records > each.records",
        "list.first > sub.person",
        "sub.mail > end.value",
        id="outer",
    )
    found = told(outer, inner)
    assert "in passes on value.email → Output.value" in found
    assert "sub passes on mail → Output.value" in found
    assert "list passes on records → For each: inner.records" in found
    assert told(inner) == []


def test_disabled_nodes_do_nothing_and_what_runs_itself_is_no_endless_walk():
    off = drawn(LIST, ("n", "Sort", {"order_by": "email"}), ("out", "Output", {}),
                "list.records > n.records", "n.records > out.value")  # fmt: skip
    off = off.with_nodes([replace(off.nodes[NodeId("n")], disabled=True)])
    assert f"n sorts by? order_by [{OFF_NOTE}]" in told(off)
    assert "list passes on records → Output.value" in told(off)
    assert told(drawn(LIST, ("me", "Subworkflow", {"workflow": "w"}))) == [READ]


def test_only_what_was_edited_is_walked_through_again(monkeypatch):
    walked: list[str] = []
    one, two = drawn(LIST, id="one"), drawn(LIST, id="two")
    catalogue = catalogue_of(one, two)
    book, fields = Lineage.on(catalogue), find_fields(catalogue.models(), "User.email")
    through = lineage_walk.Walk.through

    def counted(self: Any, workflow: Workflow, inputs: Any) -> Any:
        walked.append(workflow.id)
        return through(self, workflow, inputs)

    monkeypatch.setattr(lineage_walk.Walk, "through", counted)
    assert len(book.of(fields, [one, two])) == 2
    moved = one.with_places({NodeId("list"): Place(x=9)})
    edited = two.with_nodes(
        [Node(id=NodeId("list"), type="UserListNode", params=frozen({"fields": ["age"]}))]
    )
    assert [entry.workflow for entry in book.of(fields, [moved, edited])] == [moved]
    assert walked == ["one", "two", "two"]
    assert Lineage.on(catalogue) is book


def test_after_an_edit_only_the_nodes_are_gone_through_that_it_concerns(monkeypatch):
    inner = drawn(
        ("in", "Input", {"name": "person"}), ("told", "Log", {"text": "{{ person.email }}"}), id="inner"
    )
    now = drawn(
        LIST,
        ("sort", "Sort", {"order_by": ["email"]}),
        ("cut", "Select", {"fields": ["email"]}),
        ("log", "Log", {"text": "{{ sort }}"}),
        ("sub", "Subworkflow", {"workflow": "inner"}),
        "list.records > sort.records",
        "sort.records > cut.records",
        "list.first > sub.person",
        id="outer",
    )  # fmt: skip
    known = {"inner": inner, "outer": now}
    catalogue = NodeCatalogue.of(MODELS).with_library(Library(lambda: known))
    book, fields = Lineage(catalogue), find_fields(catalogue.models(), "User")
    gone_through: list[str] = []

    class Counted(Station):
        def __init__(self, node: Node, *args: Any, **kwargs: Any) -> None:
            gone_through.append(node.id)
            super().__init__(node, *args, **kwargs)

    monkeypatch.setattr("studio.nodes.lineage_walk.Station", Counted)

    def node(name: str, **values: Any) -> list[Node]:
        return [replace(now.nodes[NodeId(name)], **values)]

    book.of(fields, known.values())
    edits: list[tuple[Callable[[], Workflow], list[str]]] = [
        (lambda: now.with_nodes(node("cut", title="Cut")), ["cut", "sub"]),
        (lambda: now.with_nodes(node("sort", params=frozen({"order_by": ["age"]}))), ["sort", "sub"]),
        (lambda: now.without_edges(now.edges[1:2]), ["cut", "sub"]),
        (lambda: now.with_nodes(node("list", params=frozen({"fields": ["age"]}))), ["list", "sort", "log", "sub", "in", "told"]),
        (lambda: now.with_nodes(node("sort", disabled=True)), ["sort", "log", "sub"]),
    ]  # fmt: skip
    for edit, concerned in edits:
        gone_through.clear()
        known["outer"] = now = edit()
        found = book.of(fields, known.values())
        assert sorted(gone_through) == sorted(concerned)
        assert found == Lineage(catalogue).of(fields, known.values())


def test_what_the_records_at_a_node_are_made_of_is_known_before_any_run():
    grouped = {"group_by": ["age"], "aggregate": {"users": {"$count": "*"}}}
    shown = drawn(("sum", "UserAggregateNode", grouped), ("sort", "Sort", {}), ("n", "Select", {"drop": ["age"]}),
                  "sum.records > sort.records", "sort.records > n.records")  # fmt: skip
    book = Lineage.on(catalogue_of(shown))
    assert book.names_at(shown, NodeId("sum")) == ((), ("age", "users"))
    assert book.names_at(shown, NodeId("sort")) == (("age", "users"), ("age", "users"))
    assert book.names_at(shown, NodeId("n")).going == ("users",)
    assert book.names_at(shown, NodeId("nobody")) == ((), ())


def test_a_field_is_named_with_its_model_and_near_misses_are_told():
    models = catalogue_of().models()
    models["other"] = {"User": models["shop"]["User"]}
    assert [str(ref) for ref in find_fields(models, " User.email ")] == ["User.email"]
    assert find_fields(models, "other:User.email")[0].connection == "other"
    assert find_fields(models, "User.age", "other")[0].connection == "other"
    assert len(find_fields(models, "Post")) == len(models["shop"]["Post"].fields)
    for text, hint in (("Usr.email", "User"), ("User.emial", "email"), ("nowhere:User", "User"), ("", "")):
        with pytest.raises(WorkflowError) as refused:
            find_fields(models, text)
        assert hint in refused.value.hint
