"""Do the generated specs hold together, and is the page about them complete and current?"""

import re
from pathlib import Path

import pytest

from studio.kernel.errors import WorkflowError
from studio.kernel.ids import NodeId, WorkflowId
from studio.models import FieldSpec, Kind, ModelSpec, model_from_class
from studio.nodes import NodeCatalogue
from studio.nodes.base import COMMON
from studio.nodes.documentation import nodes_page, sample_model
from studio.nodes.generated import generated_specs, generated_types
from studio.workflow import AFTER, DONE, ERROR_PORT, Edge, Node, Workflow
from studio.workflow.checks import check
from studio.workflow.graph import frozen
from tests.conformance.shop import MODELS

PAGE = Path(__file__).parents[3] / "docs" / "nodes.md"
CATALOGUE = NodeCatalogue.of([("shop", model_from_class(cls)) for cls in MODELS])


@pytest.mark.parametrize("spec", CATALOGUE.specs(), ids=lambda spec: spec.type)
def test_a_spec_is_sound(spec) -> None:
    names = [param.name for param in spec.params]
    assert len(names) == len(set(names))
    assert AFTER not in names
    outputs = [port.name for port in spec.outputs]
    assert len(outputs) == len(set(outputs))
    assert not {DONE, ERROR_PORT} & set(outputs)
    aliases = [alias for param in spec.params for alias in param.aliases]
    assert not set(aliases) & set(names)
    assert len(aliases) == len(set(aliases))
    assert {param.name for param in COMMON} <= set(names)
    for param in spec.params:
        assert param.label, param.name
        assert param.description.endswith("."), param.name
    assert spec.title
    assert spec.description.endswith(".")
    assert spec.value
    assert re.fullmatch(r"[A-Z]{2,3}(×N)?", spec.code)


@pytest.mark.parametrize("spec", CATALOGUE.specs(), ids=lambda spec: spec.type)
def test_the_example_of_a_spec_can_be_built(spec) -> None:
    source = Node(id=NodeId("source"), type="Constant", params=frozen({"value": []}))
    node = Node(id=NodeId("node"), type=spec.type, params=spec.example)
    missing = [param.name for param in spec.params if param.required and param.name not in spec.example]
    edges = tuple(
        Edge(source=source.id, source_port="value", target=node.id, target_port=name) for name in missing
    )
    nodes = frozen({source.id: source, node.id: node})
    workflow = Workflow(id=WorkflowId("w"), name="w", nodes=nodes, edges=edges)
    elsewhere = ("unknown-name", "unknown-workflow")  # an example names what stands around it
    assert [str(problem) for problem in check(workflow, CATALOGUE) if problem.code not in elsewhere] == []


def test_twelve_nodes_have_their_names_titles_and_codes() -> None:
    order = sample_model()
    assert [(spec.type, spec.title, spec.code) for spec in generated_specs(order, "shop")] == [
        ("OrderCreateNode", "Create order", "CRE"),
        ("OrderReadNode", "Read order", "REA"),
        ("OrderUpdateNode", "Update order", "UPD"),
        ("OrderDeleteNode", "Delete order", "DEL"),
        ("OrderListNode", "List orders", "LST"),
        ("OrderCountNode", "Count orders", "CNT"),
        ("OrderUpsertNode", "Upsert order", "UPS"),
        ("OrderAggregateNode", "Aggregate orders", "AGG"),
        ("OrderBulkCreateNode", "Bulk create orders", "CRE×N"),
        ("OrderBulkUpdateNode", "Bulk update orders", "UPD×N"),
        ("OrderBulkDeleteNode", "Bulk delete orders", "DEL×N"),
        ("OrderBulkUpsertNode", "Bulk upsert orders", "UPS×N"),
    ]


def test_a_table_without_a_key_gets_what_needs_no_key() -> None:
    keyless = ModelSpec(name="Log", table="log", fields=(FieldSpec(name="text", kind=Kind.STR),), key=())
    types = generated_types(keyless, "shop")
    assert [kind.spec.operation for kind in types] == ["list", "count", "aggregate", "bulk_create"]


def test_create_asks_for_required_fields_first_and_never_for_managed_ones() -> None:
    spec = generated_specs(sample_model(), "shop")[0]
    own = [param for param in spec.params if param.field]
    assert [param.name for param in own] == ["customer_id", "id", "status", "total", "note"]
    assert [param.required for param in own] == [True, False, False, False, False]
    status = spec.params_by_name["status"]
    assert (status.editor, status.choices, status.default) == (
        "choice",
        ("pending", "paid", "shipped"),
        "pending",
    )


def test_a_type_is_found_by_name_and_by_connection() -> None:
    order = sample_model()
    two = NodeCatalogue.of([("shop", order), ("crm", order)])
    assert two.type("OrderListNode", "crm").spec.connection == "crm"
    assert two.type("Map", "crm").spec.type == "Map"
    with pytest.raises(WorkflowError, match="Several connections have 'OrderListNode': 'shop', 'crm'"):
        two.type("OrderListNode")
    with pytest.raises(WorkflowError, match="no node type 'OrderLstNode'"):
        two.type("OrderLstNode")
    with pytest.raises(WorkflowError, match="'other' has no 'OrderListNode'"):
        two.type("OrderListNode", "other")


def test_the_page_about_nodes_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == nodes_page(), "Run: make docs"


def test_the_page_about_nodes_names_every_node_param_and_port() -> None:
    page = nodes_page()
    for spec in NodeCatalogue.of([("shop", sample_model())]).specs():
        start = page.index(f"### {spec.type}\n")
        section = page[start : page.find("\n### ", start + 4)]
        for param in spec.params:
            assert f"`{param.name}`" in (page if param in COMMON else section), (spec.type, param.name)
        for port in spec.outputs:
            assert f"| `{port.name}` |" in section, (spec.type, port.name)
        assert f'workflow.add_node("{spec.type}"' in section
