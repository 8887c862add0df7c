"""Are the statements of a node shown without running it, also where its values come only during a run?"""

from typing import Any

import pytest

from studio import WorkflowBuilder
from studio.kernel.errors import StudioError
from studio.kernel.ids import NodeId
from studio.nodes.preview import preview_statements
from tests.conformance.shop import Shop


def shown(shop: Shop, workflow: WorkflowBuilder, node: str) -> list[tuple[str, list[Any]]]:
    statements = preview_statements(workflow.workflow(), NodeId(node), shop.db.catalogue, shop.db.database)
    return [(" ".join(statement.sql.split()), list(statement.params.values())) for statement in statements]


def test_each_generated_node_shows_its_statement_from_its_example(shop: Shop) -> None:
    for spec in shop.db.catalogue.specs():
        if spec.model is None:
            continue
        workflow = WorkflowBuilder(shop.db)
        workflow.add_node(spec.type, "node", spec.example)
        statements = shown(shop, workflow, "node")
        assert statements, spec.type
        verb = statements[0][0].split()[0]
        assert verb in ("INSERT", "SELECT", "UPDATE", "DELETE", "WITH"), (spec.type, verb)
    assert shop.db.discover_schema() == {}


def test_values_that_come_during_a_run_are_shown_as_where_they_come_from(shop: Shop) -> None:
    workflow = WorkflowBuilder(shop.db)
    workflow.add_input("least", "int")
    workflow.add_node("CustomerReadNode", "customer", {"id": "ada"})
    workflow.add_node("OrderCreateNode", "create", {"total": "{{ least * 2 }}"})
    workflow.add_connection("customer", "id", "create", "customer_id")
    workflow.add_node("OrderListNode", "list", {"filter": {"stock": {"$gt": "{{ least }}"}, "note": "x"}})
    workflow.add_node("OrderUpdateNode", "update", {"fields": {"stock": {"$inc": "{{ least }}"}}})
    workflow.add_connection("create", "id", "update", "id")
    workflow.add_node("OrderBulkCreateNode", "bulk")
    workflow.add_connection("list", "records", "bulk", "data")
    ((_, created),) = shown(shop, workflow, "create")
    assert "‹customer.id›" in created
    assert "{{ least * 2 }}" in created
    ((_, listed),) = shown(shop, workflow, "list")
    assert "{{ least }}" in listed
    assert "x" in listed
    ((_, updated),) = shown(shop, workflow, "update")
    assert "‹create.id›" in updated
    assert "{{ least }}" in updated
    ((sql, _),) = shown(shop, workflow, "bulk")
    assert sql.startswith("INSERT INTO")


class Earlier:
    """What an earlier run was given and gave."""

    def __init__(self, names: dict[str, Any], ports: dict[tuple[str, str], Any]) -> None:
        self._names = names
        self._ports = ports

    def named(self, name: str) -> Any:
        return self._names[name]

    def delivered(self, node_id: NodeId, port: str) -> Any:
        return self._ports[node_id, port]


def create_from_a_customer(shop: Shop) -> WorkflowBuilder:
    workflow = WorkflowBuilder(shop.db)
    workflow.add_input("least", "int")
    workflow.add_node("CustomerReadNode", "customer", {"id": "ada"})
    workflow.add_node(
        "OrderCreateNode", "create", {"total": "{{ least * 2 }}", "note": {"$literal": "{{ least }}"}}
    )
    workflow.add_connection("customer", "id", "create", "customer_id")
    return workflow


def values_with(shop: Shop, workflow: WorkflowBuilder, earlier: Earlier) -> list[Any]:
    (statement,) = preview_statements(
        workflow.workflow(), NodeId("create"), shop.db.catalogue, shop.db.database, earlier
    )
    return list(statement.params.values())


def test_values_of_an_earlier_run_are_shown_where_there_are_any(shop: Shop) -> None:
    workflow = create_from_a_customer(shop)
    values = values_with(shop, workflow, Earlier({"least": 4}, {("customer", "id"): "ada"}))
    assert "ada" in values
    assert "{{ least }}" in values  # a literal is what it says
    assert any(str(value).startswith("8") for value in values)
    values = values_with(shop, workflow, Earlier({}, {("customer", "id"): "ada"}))
    assert "ada" in values
    assert "{{ least * 2 }}" in values


def test_values_of_an_earlier_run_that_do_not_fit_any_more_give_way(shop: Shop) -> None:
    workflow = create_from_a_customer(shop)
    values = values_with(shop, workflow, Earlier({"least": "much"}, {("customer", "id"): ["ada"]}))
    assert "‹customer.id›" in values
    assert "{{ least * 2 }}" in values


def test_params_that_are_wrong_are_refused(shop: Shop) -> None:
    workflow = WorkflowBuilder(shop.db)
    workflow.add_node("OrderListNode", "create", {"filter": {"totl": 1}})
    with pytest.raises(StudioError, match="totl"):
        values_with(shop, workflow, Earlier({}, {}))


def test_a_sql_node_shows_its_own_statement(shop: Shop) -> None:
    workflow = WorkflowBuilder(shop.db)
    workflow.add_node("SQL", "sql", {"sql": "SELECT :x AS x", "params": {"x": 4}})
    assert shown(shop, workflow, "sql") == [("SELECT :x AS x", [4])]


def test_a_node_that_asks_no_database_shows_nothing(shop: Shop) -> None:
    workflow = WorkflowBuilder(shop.db)
    workflow.add_node("Constant", "c", {"value": 1})
    assert shown(shop, workflow, "c") == []
