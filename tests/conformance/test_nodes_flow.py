"""What do the nodes that belong to no model do with values that come from a database, and what do runs do with nodes that fail?"""

from decimal import Decimal

import pytest

from studio.kernel.errors import BuildError, NodeError, RecordNotFound, StatementRefused
from tests.conformance.shop import Shop


def test_edges_carry_parts_of_values_into_parts_of_params(shop: Shop) -> None:
    (order,) = shop.orders(10)
    results = shop.results(
        {
            "list": ("OrderListNode", {"filter": {"id": order}}),
            "update": ("OrderUpdateNode", {"filter": {}, "fields": {"note": "n"}}),
        },
        [
            ("list", "records.0.id", "update", "filter.id"),
            ("list", "first.total", "update", "fields.total"),
            ("list", "count", "update", "fields.stock"),
        ],
    )
    changed = results["update"]
    assert (changed["id"], changed["total"], changed["stock"], changed["note"]) == (
        order,
        Decimal(10),
        1,
        "n",
    )


def test_a_path_that_leads_nowhere_says_where_it_ends(shop: Shop) -> None:
    result = shop.run(
        {"list": ("CustomerListNode", {}), "read": ("CustomerReadNode", {})},
        [("list", "records.0.id", "read", "id")],
    )
    assert isinstance(result.error, NodeError)
    assert (result.error.node, result.error.field) == ("read", "id")
    assert "has no part '0'" in result.error.message


def test_an_expression_reckons_with_results_and_inputs_and_runs_after_what_it_names(shop: Shop) -> None:
    (order,) = shop.orders(10)
    results = shop.results(
        {
            "update": ("OrderUpdateNode", {"id": order, "fields": {"total": "{{ read.total + cost * 2 }}"}}),
            "read": ("OrderReadNode", {"id": order}),
        },
        inputs={"cost": Decimal("1.5")},
        declared={"cost": "decimal"},
    )
    assert results["update"]["total"] == Decimal(13)
    for expression in ("{{ 1 / 0 }}", "{{ 9 ** 9 ** 9 }}", "{{ abs('x') }}"):
        error = shop.refusal("OrderUpdateNode", {"id": order, "fields": {"total": expression}})
        assert (error.code, error.field, bool(error.hint)) == ("expression", "fields", True)


def test_if_lets_one_branch_run_and_skips_the_other(shop: Shop) -> None:
    (order,) = shop.orders(10)
    for condition, taken, skipped in (
        ("value.total > 5", "big", "small"),
        ("{{ value.total > limit }}", "small", "big"),
        ({"total": {"$lt": 5}}, "small", "big"),
    ):
        result = shop.run(
            {
                "read": ("OrderReadNode", {"id": order}),
                "if": ("If", {"condition": condition}),
                "big": ("OrderUpdateNode", {"fields": {"note": "big"}}),
                "small": ("OrderUpdateNode", {"fields": {"note": "small"}}),
                "after": ("OrderCountNode", {}),
            },
            [
                ("read", "record", "if", "value"),
                ("if", "true.id", "big", "id"),
                ("if", "false.id", "small", "id"),
                ("big", "done", "after", "after"),
                ("small", "done", "after", "after"),
            ],
            declared={"limit": "int"},
            inputs={"limit": 50},
        )
        assert result.state == "succeeded"
        assert result.nodes[taken].state == "succeeded"
        assert result.nodes[skipped].state == "skipped"
        assert skipped not in result.results
        assert result.results["after"] == {"count": 1}
        assert result.results[taken]["note"] == taken


def test_map_and_filter_reshape_rows_on_their_way_into_a_bulk_node(shop: Shop) -> None:
    shop.orders(10, 20, 30)
    results = shop.results(
        {
            "list": ("OrderListNode", {"order_by": ["total"]}),
            "some": ("Filter", {"filter": {"total": {"$gte": 20}}}),
            "map": ("Map", {"fields": {"customer_id": "record.customer_id", "total": "record.total * 2"}}),
            "add": ("OrderBulkCreateNode", {}),
        },
        [
            ("list", "records", "some", "records"),
            ("some", "records", "map", "records"),
            ("map", "records", "add", "data"),
        ],
    )
    assert results["add"]["created"] == 2
    assert [record["total"] for record in results["map"]] == [Decimal(40), Decimal(60)]
    assert [record["total"] for record in results["some"].rejected] == [Decimal(10)]


def test_a_stream_carries_all_rows_from_a_list_into_a_bulk_node(shop: Shop) -> None:
    shop.orders(*range(3000))
    result = shop.run(
        {
            "list": ("OrderListNode", {"limit": None, "fields": ["id", "total"], "order_by": ["id"]}),
            "change": ("OrderBulkUpdateNode", {"batch_size": 500}),
            "count": ("OrderCountNode", {}),
        },
        [("list", "records", "change", "data"), ("change", "done", "count", "after")],
    )
    result.raise_for_state()
    assert result.results["change"] == {"matched": 3000, "updated": 3000}
    assert result.nodes["list"].rows == 3000
    assert len(result.results["list"]) == 100
    assert result.results["list"].has_more is True


def test_rows_may_be_streamed_into_the_table_they_come_from(shop: Shop) -> None:
    shop.orders(*range(2500))
    nodes = {
        "list": ("OrderListNode", {"limit": None, "fields": ["customer_id", "total"]}),
        "add": ("OrderBulkCreateNode", {"batch_size": 300}),
    }
    for mode, count in (("auto", 5000), ("atomic", 10000)):
        shop.results(nodes, [("list", "records", "add", "data")], mode=mode)
        assert shop.one("OrderCountNode") == {"count": count}


def test_a_failing_stream_leaves_nothing_behind(shop: Shop) -> None:
    shop.orders(*range(1500))
    result = shop.run(
        {
            "list": ("OrderListNode", {"limit": None, "order_by": ["id"]}),
            "add": ("OrderBulkCreateNode", {"batch_size": 100}),
        },
        [("list", "records", "add", "data")],
    )
    assert result.state == "failed"
    assert result.nodes["add"].state == "failed"
    assert shop.one("OrderCountNode") == {"count": 1500}


def test_sql_runs_one_statement_with_bound_values(shop: Shop) -> None:
    shop.orders(10, 20, 30)
    params = {
        "sql": "SELECT stock, count(*) AS n FROM orders WHERE stock >= :least GROUP BY stock",
        "params": {"least": 0},
    }
    seen = shop.ports("SQL", params, "records", "count", "first")
    assert seen == {"records": [{"stock": 0, "n": 3}], "count": 1, "first": {"stock": 0, "n": 3}}
    changed = shop.ports(
        "SQL", {"sql": "UPDATE orders SET stock = stock + :n", "params": {"n": 4}}, "affected"
    )
    assert changed == {"affected": 3}
    assert shop.one("OrderCountNode", {"filter": {"stock": 4}}) == {"count": 3}


def test_a_value_in_sql_is_never_part_of_the_statement(shop: Shop) -> None:
    shop.customers("ada", "x' OR '1'='1")
    params = {"sql": "SELECT id FROM customers WHERE name = :name", "params": {"name": "x' OR '1'='1"}}
    assert [row["id"] for row in shop.one("SQL", params)] == ["x' OR '1'='1"]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ("missing-param", "sql")),
        ({"sql": "SELECT 1; SELECT 2"}, ("sql-statement", "sql")),
        ({"sql": " -- nothing"}, ("sql-statement", "sql")),
        ({"sql": "SELECT :x"}, ("sql-value", "params")),
        ({"sql": "SELECT 1", "params": {"x": 1}}, ("sql-value", "params")),
        ({"sql": 5}, ("param-type", "sql")),
    ],
    ids=str,
)
def test_sql_refuses_before_the_run(shop: Shop, params: dict[str, object], expected: tuple[str, str]) -> None:
    assert shop.problem("SQL", params) == expected


def test_sql_that_the_server_refuses_says_so_at_its_node(shop: Shop) -> None:
    error = shop.refusal("SQL", {"sql": "SELEC 1"})
    assert isinstance(error, StatementRefused)
    assert shop.refusal("SQL", {"sql": "SELECT * FROM nowhere"}).code == "no-such-table"
    assert "other" in str(shop.refusal("SQL", {"sql": "SELECT 1", "connection": "other"}))


def test_python_takes_rows_and_gives_values_back(shop: Shop) -> None:
    shop.orders(10, 20)
    result = shop.run(
        {
            "list": ("OrderListNode", {"order_by": ["total"]}),
            "sum": ("Python", {"code": 'return {"sum": sum(row["total"] for row in inputs["rows"])}'}),
        },
        [("list", "records", "sum", "rows")],
        trusted=True,
    )
    result.raise_for_state()
    assert result.results["sum"] == {"sum": Decimal(30)}


def test_a_failure_stops_the_run_and_says_which_nodes_never_came(shop: Shop) -> None:
    result = shop.run(
        {
            "read": ("CustomerReadNode", {"id": "nobody"}),
            "update": ("CustomerUpdateNode", {"name": "x"}),
            "count": ("CustomerCountNode", {}),
        },
        [("read", "id", "update", "id"), ("update", "done", "count", "after")],
    )
    assert result.state == "failed"
    assert isinstance(result.error, RecordNotFound)
    assert (result.error.workflow, result.error.node) == ("story", "read")
    assert [result.nodes[name].state for name in ("read", "update", "count")] == [
        "failed",
        "abandoned",
        "abandoned",
    ]
    assert result.results == {}


def test_a_connected_error_port_carries_the_failure_and_the_run_goes_on(shop: Shop) -> None:
    shop.customers("ada")
    for mode in ("auto", "atomic"):
        result = shop.run(
            {
                "create": ("CustomerCreateNode", {"id": "ada", "name": "Ada"}),
                "told": ("Output", {}),
                "never": ("CustomerCountNode", {}),
                "count": ("CustomerCountNode", {}),
            },
            [
                ("create", "error", "told", "value"),
                ("create", "done", "never", "after"),
                ("told", "done", "count", "after"),
            ],
            mode=mode,
        )
        result.raise_for_state()
        assert result.state == "succeeded"
        told = result.results["told"]
        assert (told["code"], told["node"], told["record"]) == (
            "duplicate-key",
            "create",
            {"id": "ada", "name": "Ada"},
        )
        assert result.results["count"] == {"count": 1}
        assert [result.nodes[name].state for name in ("create", "never")] == ["failed", "abandoned"]


def test_an_atomic_run_keeps_all_or_nothing(shop: Shop) -> None:
    nodes = {
        "one": ("CustomerCreateNode", {"id": "ada", "name": "Ada"}),
        "two": ("OrderCreateNode", {"customer_id": "nobody"}),
    }
    edges = [("one", "done", "two", "after")]
    assert shop.run(nodes, edges, mode="atomic").state == "failed"
    assert shop.one("CustomerCountNode") == {"count": 0}
    assert shop.run(nodes, edges).state == "failed"
    assert shop.one("CustomerCountNode") == {"count": 1}


def test_a_dry_run_shows_what_would_change_and_changes_nothing(shop: Shop) -> None:
    (order,) = shop.orders(10)
    before = shop.one("OrderListNode")
    result = shop.run(
        {
            "create": ("OrderCreateNode", {"customer_id": "ada"}),
            "update": ("OrderUpdateNode", {"id": order, "stock": 4}),
            "delete": ("OrderBulkDeleteNode", {"filter": {"total": 0}}),
        },
        [("create", "done", "update", "after"), ("update", "done", "delete", "after")],
        mode="dry",
    )
    result.raise_for_state()
    assert result.results["delete"] == {"deleted": 1}
    assert result.changes is not None
    assert result.changes.counts == {("Order", "create"): 1, ("Order", "update"): 1, ("Order", "delete"): 1}
    update = next(entry for entry in result.changes.entries if entry.operation == "update")
    assert update.before is not None
    assert update.after is not None
    assert (update.before["stock"], update.after["stock"]) == (0, 4)
    assert shop.one("OrderListNode") == before


def test_a_run_to_a_node_runs_only_what_leads_to_it(shop: Shop) -> None:
    nodes = {
        "one": ("CustomerCreateNode", {"id": "ada", "name": "Ada"}),
        "two": ("CustomerUpdateNode", {"fields": {"name": "{{ one.name + '!' }}"}}),
        "three": ("CustomerDeleteNode", {}),
        "other": ("CustomerCreateNode", {"id": "bob", "name": "Bob"}),
    }
    edges = [("one", "id", "two", "id"), ("two", "id", "three", "id")]
    results = shop.results(nodes, edges, until="two")
    assert list(results) == ["one", "two"]
    assert [row["name"] for row in shop.one("CustomerListNode")] == ["Ada!"]


def test_problems_of_several_nodes_are_told_together(shop: Shop) -> None:
    nodes = {
        "a": ("CustomerCreateNode", {"nmae": "x"}),
        "b": ("CustomerListNode", {"filter": {"emial": 1}}),
        "c": ("CustomreReadNode", {}),
    }
    with pytest.raises(BuildError) as caught:
        shop.builder(nodes, [("a", "id", "b", "limit"), ("b", "records", "zz", "x")]).build()
    found = {(problem.node, problem.code) for problem in caught.value.problems}
    assert found == {
        ("zz", "unknown-node-id"),
        ("a", "unknown-param"),
        ("a", "missing-param"),
        ("b", "filter"),
        ("b", "type-clash"),
        ("c", "unknown-node"),
    }
