import random
from dataclasses import replace

import numpy as np
import pytest

from studio.canvas.projector import Difference, Projector
from studio.canvas.states import CardState, Footer
from studio.kernel.ids import NodeId
from studio.kernel.problems import Problem, Severity
from studio.workflow.graph import Place, frozen
from tests.unit.canvas.specs import BULK, CREATE, LIST, SPECS, SmallCatalogue, edge, node, workflow

KINDS = {"any": 0, "int": 1, "str": 2, "record": 3, "signal": 4, "error": 5}


def projected(graph):
    projector = Projector(SmallCatalogue(), KINDS)
    projector.show(graph)
    return projector


def picture(projector):
    """All that is drawn of a workflow, to compare one projector with another."""
    geometry = projector.geometry
    return (
        geometry.ids,
        geometry.x.tolist(),
        geometry.y.tolist(),
        geometry.height.tolist(),
        geometry.tone.tolist(),
        [(card.node, card.shape, card.title, card.summary) for card in geometry.cards],
        geometry.edges,
        geometry.ends.tolist(),
        geometry.edge_kind.tolist(),
    )


def test_moving_a_node_makes_no_card_anew():
    graph = workflow(node("a"), node("b"))
    projector = projected(graph)
    difference = projector.update(graph.with_places({NodeId("a"): Place(x=40, y=60)}))
    assert difference == Difference(cards=0, moved=1, nodes_changed=False, edges_changed=False)
    assert projector.geometry.x[0] == 40


def test_setting_a_param_makes_one_card_anew():
    graph = workflow(node("a"), node("b"))
    projector = projected(graph)
    kept = projector.geometry.cards[1]
    difference = projector.update(graph.with_nodes([node("a", LIST, limit=5)]))
    assert (difference.cards, difference.nodes_changed) == (1, False)
    assert projector.geometry.cards[0].summary == "at most 5"
    assert projector.geometry.cards[1] is kept


def test_connecting_makes_the_cards_at_both_ends_anew():
    graph = workflow(node("a"), node("b", CREATE), node("c"))
    projector = projected(graph)
    difference = projector.update(graph.with_edges([edge("a", "count", "b", "status")]))
    assert (difference.cards, difference.edges_changed) == (2, True)
    assert "status" in [port.name for port in projector.geometry.cards[1].shape.inputs]


def test_the_same_workflow_again_changes_nothing():
    graph = workflow(node("a"), node("b"), edges=(edge("a", "records", "b", "filter"),))
    projector = projected(graph)
    difference = projector.update(replace(graph, name="renamed"))
    assert difference == Difference(cards=0, moved=0, nodes_changed=False, edges_changed=False)


def test_unknown_types_become_known_with_another_catalogue():
    projector = projected(
        workflow(node("a", "Later"), node("b"), edges=(edge("a", "records", "b", "filter"),))
    )
    assert projector.geometry.cards[0].is_ghost
    projector.set_catalogue(SmallCatalogue([*SPECS, replace(LIST, type="Later")]))
    assert not projector.geometry.cards[0].is_ghost


def test_peeking_shows_all_ports_until_it_ends():
    projector = projected(workflow(node("a", CREATE), node("b")))
    folded = projector.geometry.height.tolist()
    projector.peek("a")
    assert projector.geometry.height[0] > folded[0]
    projector.peek(None)
    assert projector.geometry.height.tolist() == folded


def test_a_footer_makes_the_card_taller_until_it_is_cleared():
    projector = projected(workflow(node("a"), node("b")))
    before = projector.geometry.height.tolist()
    projector.set_footers({"a": Footer(CardState.OK, "3 rows"), "gone": Footer(CardState.OK, "")})
    assert projector.geometry.height[0] > before[0]
    assert projector.states().tolist() == [CardState.OK, CardState.IDLE]
    assert projector.look(0).footer.text == "3 rows"
    projector.clear_footers()
    assert projector.geometry.height.tolist() == before


def test_the_worst_problem_of_a_node_counts_and_hints_do_not():
    projector = projected(workflow(node("a"), node("b"), node("c")))
    projector.set_problems(
        [
            Problem(code="x", message="slow", severity=Severity.WARNING, node="a"),
            Problem(code="x", message="wrong", node="a"),
            Problem(code="x", message="odd", severity=Severity.WARNING, node="b"),
            Problem(code="x", message="by the way", severity=Severity.INFO, node="c"),
            Problem(code="x", message="of the workflow"),
        ]
    )
    assert projector.severity_array().tolist() == [2, 1, 0]


@pytest.mark.parametrize("seed", range(12))
def test_after_any_edits_the_picture_is_that_of_the_workflow_shown_afresh(seed):
    chance = random.Random(seed)  # noqa: S311 - a repeatable sequence
    graph = workflow(*(node(f"n{i}", chance.choice((LIST, CREATE, BULK))) for i in range(8)))
    projector = projected(graph)
    seen = [graph]
    for step in range(40):
        ids = list(graph.nodes)
        kind = chance.choice(("add", "remove", "move", "set", "join", "cut", "fold", "back", "shuffle"))
        if kind == "add":
            graph = graph.with_nodes(
                [node(f"x{step}", chance.choice((LIST, CREATE, BULK)))],
                {NodeId(f"x{step}"): Place(x=step * 10.0, y=5.0)},
            )
        elif kind == "remove" and len(ids) > 2:
            graph = graph.without_nodes(chance.sample(ids, 2))
        elif kind == "move" and ids:
            graph = graph.with_places({chance.choice(ids): Place(x=chance.random() * 900, y=step)})
        elif kind == "set" and ids:
            chosen = graph.nodes[chance.choice(ids)]
            graph = graph.with_nodes([replace(chosen, params=frozen({"limit": step}))])
        elif kind == "join" and len(ids) > 1:
            one, two = chance.sample(ids, 2)
            graph = graph.with_edges([edge(one, "done", two, "after")])
        elif kind == "cut" and graph.edges:
            graph = graph.without_edges([chance.choice(graph.edges)])
        elif kind == "fold" and ids:
            graph = graph.with_places(
                {chance.choice(ids): Place(collapsed=chance.random() < 0.5, all_ports=chance.random() < 0.5)}
            )
        elif kind == "back":
            graph = chance.choice(seen)
        elif kind == "shuffle":
            order = list(graph.nodes.values())
            chance.shuffle(order)
            graph = replace(graph, nodes=frozen({entry.id: entry for entry in order}))
        seen.append(graph)
        projector.update(graph)
        assert picture(projector) == picture(projected(graph))
    assert np.all(projector.geometry.source < len(projector.geometry))
