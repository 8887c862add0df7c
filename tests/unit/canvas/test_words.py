"""Summaries, footers and the palette's ranking: what the canvas says in words."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from studio.canvas.palette_search import COMPATIBLE, FLOW, MODELS, RECENT, Entry, by_fit, sections, signature
from studio.canvas.states import CardState, duration_text, footer_of, rows_text
from studio.canvas.summary import filter_text, has_summary, summary, value_text
from studio.kernel.errors import DuplicateKey
from studio.kernel.ids import NodeId
from studio.session.runs import NodeRunView
from studio.workflow.spec import NodeSpec, ParamSpec
from tests.unit.canvas.specs import BULK, CREATE, IF, LIST, PYTHON, RECORDS, node

ENTRIES = [Entry(spec) for spec in (LIST, CREATE, BULK, IF, PYTHON)]


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ({"status": "active"}, "status = active"),
        ({"total": {"$gte": 100, "$lt": 200}}, "total ≥ 100, total < 200"),
        ({"name": None}, "name is empty"),
        ({"status": ["a", "b"]}, "status in a, b"),
        ({"$or": [{"a": 1}, {"b": 2}]}, "a = 1 or b = 2"),
        ({"$not": {"a": 1}}, "not (a = 1)"),
        ({"city": {"$exists": False}}, "city is empty"),
        ({"city": {"$null": False}}, "city is set"),
    ],
)
def test_filters_in_words(conditions, words):
    assert filter_text(conditions) == words


def test_a_summary_begins_with_the_filter():
    shown = summary(node("a", LIST, limit=20, order_by=["-created_at", "name"], filter={"status": "new"}))
    assert shown == "status = new · at most 20 · by -created_at, name"


def test_updates_say_what_is_added_and_multiplied():
    shown = summary(node("a", "OrderUpdateNode", fields={"$inc": {"n": 2}, "$multiply": {"price": 0.9}}))
    assert shown == "n = +2, price = ×0.9"
    assert summary(node("a", "OrderUpdateNode", fields={"price": {"$multiply": 0.9}})) == "price = ×0.9"


def test_params_that_say_nothing_are_left_out():
    assert not has_summary(node("a", LIST, db_instance="main", filter={}))
    assert summary(node("a", LIST, db_instance="main", limit={"$literal": 5})) == "at most 5"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("two\nlines", "two lines"),
        (True, "yes"),
        (Decimal("1.20"), "1.20"),
        (b"abc", "3 bytes"),
        ([1, 2, 3, 4, 5], "1, 2, 3, 4, … (5)"),
        (dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC), "2026-01-02 03:04:05+00:00"),
        ("x" * 60, "x" * 47 + "…"),
    ],
)
def test_values_in_words(value, text):
    assert value_text(value) == text


@pytest.mark.parametrize(
    ("duration", "text"), [(0.4, "<1 ms"), (12.3, "12 ms"), (1234, "1.2 s"), (125_000, "2 min 5 s")]
)
def test_durations(duration, text):
    assert duration_text(duration) == text


def test_rows():
    assert rows_text(1) == "1 row"
    assert rows_text(1998) == "1,998 rows"


def view(state, **more):
    return NodeRunView(node_id=NodeId("a"), state=state, **more)


def test_footers_of_a_run():
    assert footer_of(view("succeeded", rows=1998, duration_ms=12), running=False).text == "1,998 rows · 12 ms"
    running = footer_of(view("running", progress=(1200, 4800)), running=True)
    assert (running.state, running.text, running.progress) == (CardState.RUNNING, "1,200 of 4,800", 0.25)
    unknown = footer_of(view("running", progress=(7, None)), running=True)
    assert (unknown.text, unknown.progress) == ("7 rows", None)
    failed = footer_of(view("failed", error=DuplicateKey("email a@b.c\nalready exists")), running=False)
    assert (failed.state, failed.text) == (CardState.ERROR, "email a@b.c already exists")
    assert footer_of(view("pending"), running=True).state is CardState.QUEUED
    assert footer_of(view("pending"), running=False).state is CardState.IDLE
    assert footer_of(view("abandoned"), running=False).text == "not run"
    assert footer_of(view("cancelled"), running=False).state is CardState.CANCELLED


def titles(found):
    return [(section.title, [entry.spec.type for entry in section.entries]) for section in found]


def test_without_a_query_everything_is_offered_in_sections():
    found = titles(sections(ENTRIES, "", ["If", "Unknown"]))
    assert found == [
        (RECENT, ["If"]),
        (MODELS, ["OrderListNode", "OrderCreateNode", "OrderBulkCreateNode"]),
        (FLOW, ["If", "Python"]),
    ]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("order list", "OrderListNode"),
        ("ord li", "OrderListNode"),
        ("crea", "OrderCreateNode"),
        ("bulk", "OrderBulkCreateNode"),
        ("py", "Python"),
        ("lst", "OrderListNode"),
        ("oder lst", "OrderListNode"),
        ("ordli", "OrderListNode"),
        ("obc", "OrderBulkCreateNode"),
    ],
)
def test_a_few_letters_find_the_node(query, first):
    assert sections(ENTRIES, query)[0].entries[0].spec.type == first


def test_the_shorter_of_two_titles_that_begin_as_typed_comes_first():
    lines = [
        Entry(replace(spec, type=spec.type.replace("Order", "OrderLine"), model="OrderLine"))
        for spec in (BULK, LIST)
    ]
    found = sections([*lines, *ENTRIES], "ord li")[0].entries
    assert [entry.spec.type for entry in found][:2] == ["OrderListNode", "OrderLineListNode"]


def test_what_was_used_lately_comes_first_among_equals():
    found = sections(ENTRIES, "order", ["OrderBulkCreateNode"])
    assert found[0].entries[0].spec.type == "OrderBulkCreateNode"


def test_nothing_matches_nonsense():
    assert sections(ENTRIES, "zzzqqq") == []


def test_compatible_entries_are_one_section():
    found = sections([Entry(BULK, "data")], "", ["If"], compatible=True)
    assert titles(found) == [(COMPATIBLE, ["OrderBulkCreateNode"])]


def test_of_two_kinds_that_match_alike_the_one_comes_first_that_is_there_for_what_the_wire_brings():
    read = NodeSpec(
        type="ReadCSV", title="Read CSV", category="data", params=(ParamSpec(name="names", type=RECORDS),)
    )
    write = NodeSpec(
        type="WriteCSV",
        title="Write CSV",
        category="data",
        params=(ParamSpec(name="records", type=RECORDS, required=True),),
    )
    entries = [Entry(read, "names"), Entry(write, "records")]
    (found,) = sections(entries, "csv", compatible=True)
    assert [entry.spec.type for entry in found.entries] == ["WriteCSV", "ReadCSV"]


def test_what_is_offered_for_a_wire_begins_with_what_takes_it_best():
    entries = [Entry(CREATE, "after"), Entry(IF, "value"), Entry(BULK, "data")]
    ranked = by_fit(entries, LIST.outputs[0].type, [])
    assert [entry.port for entry in ranked] == ["data", "value", "after"]
    assert signature(ranked[-1]) == "runs after it → record"
    among_equals = [Entry(CREATE, "after"), Entry(LIST, "after")]
    assert by_fit(among_equals, LIST.outputs[0].type, [LIST.type])[0].spec is LIST, "used lately"


def test_signatures():
    assert signature(Entry(CREATE)) == "customer_id → record"
    assert signature(Entry(BULK, "data")) == "joins data → created"
    assert Entry(BULK).title == "Order · Bulk create"
    assert Entry(IF).title == "If"
