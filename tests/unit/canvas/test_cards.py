from studio.canvas.cards import HEADER, OPERATIONS, ROW, CardMaker, Wires, tone
from studio.kernel.ids import NodeId
from studio.workflow.graph import Place
from tests.unit.canvas.specs import BULK, CREATE, IF, LIST, PYTHON, SmallCatalogue, edge, node, workflow

NO_WIRES = Wires({}, {})


def card(entry, place=None, wires=NO_WIRES, **more):
    return CardMaker(SmallCatalogue()).make(entry, place or Place(), wires, **more)


def names(ports):
    return [port.name for port in ports]


def test_a_card_shows_primary_and_required_ports_and_folds_the_rest():
    shape = card(node("a", CREATE)).shape
    assert names(shape.inputs) == ["customer_id"]
    assert names(shape.outputs) == ["record"]
    assert shape.inputs[0].wanting
    # status, after; id, done, error
    assert shape.hidden == 5
    assert shape.fold_y is not None
    assert not shape.is_open


def test_where_outputs_outnumber_inputs_the_folding_row_stands_beside_them_and_leaves_no_gap():
    made = card(node("a", LIST))
    shape = made.shape
    assert names(shape.inputs) == []
    assert shape.fold_y == shape.outputs[0].y - ROW / 2
    assert made.zone(40, shape.outputs[0].y) == "fold"
    assert made.zone(200, shape.outputs[0].y) == "body"


def test_a_required_param_that_is_set_is_not_asked_for():
    shape = card(node("a", CREATE, customer_id="c1")).shape
    assert names(shape.inputs) == []
    assert shape.summary_y is not None


def test_connected_ports_are_shown():
    graph = workflow(
        node("a", CREATE),
        node("b", CREATE),
        edges=(edge("a", "id", "b", "status"), edge("a", "done", "b", "after")),
    )
    wires = Wires.of(graph)
    source = card(graph.nodes[NodeId("a")], wires=wires).shape
    target = card(graph.nodes[NodeId("b")], wires=wires).shape
    assert names(source.outputs) == ["record", "id", "done"]
    assert names(target.inputs) == ["customer_id", "status", "after"]
    assert [port.wired for port in target.inputs] == [False, True, True]


def test_dotted_paths_and_aliases_end_at_the_port_they_mean():
    graph = workflow(node("a"), node("b"), edges=(edge("a", "records.0.id", "b", "conditions.customer_id"),))
    wires = Wires.of(graph)
    source, target = card(graph.nodes[NodeId("a")], wires=wires), card(graph.nodes[NodeId("b")], wires=wires)
    assert names(target.shape.inputs) == ["filter"]
    assert source.port_y("records.0.id", is_output=True) == source.shape.outputs[0].y
    assert target.port_y("conditions.customer_id", is_output=False) == target.shape.inputs[0].y


def test_all_ports_are_shown_when_unfolded_or_peeked_at():
    folded = card(node("a", CREATE))
    unfolded = card(node("a", CREATE), Place(all_ports=True))
    assert names(unfolded.shape.inputs) == ["customer_id", "status", "after"]
    assert names(unfolded.shape.outputs) == ["record", "id", "done", "error"]
    assert unfolded.shape.is_open
    assert unfolded.shape.height > folded.shape.height
    assert card(node("a", CREATE), peek=True).shape == unfolded.shape


def test_a_collapsed_card_is_a_header_at_which_all_edges_end():
    collapsed = card(node("a", CREATE), Place(collapsed=True))
    assert collapsed.shape.height == HEADER
    assert collapsed.port_y("customer_id", is_output=False) == HEADER / 2
    assert collapsed.port_y("error", is_output=True) == HEADER / 2


def test_a_node_without_primary_outputs_shows_its_first():
    shape = card(node("a", PYTHON)).shape
    assert names(shape.outputs) == []
    assert names(card(node("a", LIST)).shape.outputs) == ["records"]


def test_a_node_of_unknown_type_keeps_the_ports_that_its_edges_name():
    graph = workflow(
        node("a", "Mystery", x=1),
        node("b"),
        edges=(edge("a", "left.x", "b", "after"), edge("b", "count", "a", "in")),
    )
    ghost = card(graph.nodes[NodeId("a")], wires=Wires.of(graph))
    assert ghost.is_ghost
    assert names(ghost.shape.inputs) == ["in"]
    assert names(ghost.shape.outputs) == ["left"]
    assert ghost.summary == "type not known: Mystery"
    assert OPERATIONS[ghost.tone] == "ghost"


def test_cards_are_toned_by_operation():
    assert [OPERATIONS[tone(spec)] for spec in (LIST, CREATE, BULK, IF, PYTHON, None)] == [
        "list", "create", "create", "flow", "code", "ghost",
    ]  # fmt: skip
    assert card(node("a", BULK)).bulk
    assert card(node("a", BULK)).code == "CRE"


def test_equal_nodes_share_one_shape():
    maker = CardMaker(SmallCatalogue())
    one = maker.make(node("a", limit=1), Place(), NO_WIRES)
    two = maker.make(node("b", limit=2), Place(x=50), NO_WIRES)
    assert one.shape is two.shape


def test_zones_from_top_to_bottom():
    made = card(node("a", CREATE, status="new"))
    shape = made.shape
    assert made.zone(20, 3) == "header"
    assert made.zone(20, HEADER + 5) == "body"
    assert made.zone(20, shape.fold_y + ROW / 2) == "fold"
    assert made.zone(20, shape.height + 4) == "footer"
