import numpy as np
import pytest

from studio.canvas.cards import WIDTH, CardMaker, Wires
from studio.canvas.curves import controls, points_along, polyline_distance, trimmed
from studio.canvas.geometry import Geometry, snapped
from studio.workflow.graph import Place
from tests.unit.canvas.specs import SmallCatalogue, edge, node, workflow

KINDS = {"any": 0, "record": 1}


def laid(*positions, edges=()):
    """Nodes n0, n1, … at the given positions."""
    graph = workflow(*(node(f"n{i}") for i in range(len(positions))), edges=edges)
    maker, geometry = CardMaker(SmallCatalogue()), Geometry()
    for i in geometry.set_nodes(list(graph.nodes)):
        geometry.set_card(i, maker.make(graph.nodes[geometry.ids[i]], Place(), Wires.of(graph)))
        geometry.set_position(i, *positions[i])
    geometry.set_edges(graph.edges, KINDS)
    return geometry


def test_nodes_in_a_rectangle_are_those_that_touch_it():
    geometry = laid((0, 0), (500, 0), (0, 1000))
    assert geometry.nodes_in(200, -10, 520, 10).tolist() == [0, 1]
    assert geometry.nodes_in(WIDTH + 1, 0, WIDTH + 2, 5).tolist() == []


def test_the_topmost_node_is_hit():
    geometry = laid((0, 0), (20, 20))
    assert geometry.node_at(30, 30) == 1
    assert geometry.node_at(5, 5) == 0
    assert geometry.node_at(-5, 5) is None


def test_bounds_hold_all_nodes():
    geometry = laid((-100, 50), (400, -20))
    left, top, right, bottom = geometry.bounds()
    assert (left, top, right) == (-100, -20, 400 + WIDTH)
    assert bottom == 50 + geometry.height[0]
    assert Geometry().bounds() is None


def test_edges_end_at_their_ports():
    geometry = laid((0, 0), (500, 100), edges=(edge("n0", "records", "n1", "filter"),))
    x1, y1, x2, y2, _ = geometry.ends[0]
    assert (x1, x2) == (WIDTH, 500)
    assert y1 == geometry.cards[0].port_y("records", is_output=True)
    assert y2 == 100 + geometry.cards[1].port_y("filter", is_output=False)
    assert geometry.edge_kind[0] == KINDS["record"]


def test_edges_follow_their_nodes():
    geometry = laid((0, 0), (500, 0), edges=(edge("n0", "records", "n1", "filter"),))
    before = geometry.ends[0].copy()
    geometry.set_position(1, 700, 40)
    assert geometry.ends[0][2] == before[2] + 200
    assert geometry.ends[0][3] == before[3] + 40
    geometry.place(np.array([0, 1]), np.array([10.0, 10.0]), np.array([0.0, 0.0]))
    assert geometry.ends[0][2] == 10


def test_an_edge_is_found_near_its_curve_only():
    geometry = laid((0, 0), (500, 200), edges=(edge("n0", "records", "n1", "filter"),))
    x, y = geometry.curve(0)[10]
    assert geometry.edge_at(x, y + 3, 6) == 0
    assert geometry.edge_at(x, y + 40, 6) is None


def test_nodes_that_stay_keep_what_is_known_of_them():
    geometry = laid((0, 0), (300, 0), (600, 0))
    geometry.selected[2] = True
    assert geometry.set_nodes(["n2", "n0", "new"]) == [2]
    assert geometry.x.tolist()[:2] == [600, 0]
    assert geometry.selected.tolist() == [True, False, False]
    assert geometry.index == {"n2": 0, "n0": 1, "new": 2}


def test_edges_of_nodes():
    edges = (edge("n0", "records", "n1", "filter"), edge("n1", "records", "n2", "filter"))
    geometry = laid((0, 0), (300, 0), (600, 0), edges=edges)
    assert geometry.edges_of(np.array([0])).tolist() == [0]
    assert geometry.edges_of(np.array([1])).tolist() == [0, 1]


def test_selected_edges_stay_selected_when_others_come():
    first = edge("n0", "records", "n1", "filter")
    geometry = laid((0, 0), (300, 0), edges=(first,))
    geometry.edge_selected[0] = True
    geometry.set_edges((edge("n0", "count", "n1", "limit"), first), KINDS)
    assert geometry.edge_selected.tolist() == [False, True]


@pytest.mark.parametrize("far", [(60_000.0, 0.0), (60_000.0, 900.0), (-70_000.0, 30_000.0)])
def test_a_long_curve_is_cut_to_what_is_seen_and_stays_where_it_was(far):
    ends = np.array([[-30_000.0, 300.0, far[0], far[1], 160.0]])
    cut, rows = trimmed(controls(ends), 1600, 1000)
    whole = points_along(controls(ends))
    if not len(rows):
        seen = (whole[:, 0] > -40) & (whole[:, 0] < 1640) & (whole[:, 1] > -40) & (whole[:, 1] < 1040)
        assert not seen.any()
        return
    t = np.linspace(0, 1, 4001)[:, None]
    full = controls(ends)[0].reshape(4, 2)
    fine = (
        (1 - t) ** 3 * full[0]
        + 3 * (1 - t) ** 2 * t * full[1]
        + 3 * (1 - t) * t**2 * full[2]
        + t**3 * full[3]
    )
    for corner in (cut[0][:2], cut[0][6:]):
        assert polyline_distance(fine, *corner) < 0.5
    inside = fine[(fine[:, 0] >= 0) & (fine[:, 0] <= 1600) & (fine[:, 1] >= 0) & (fine[:, 1] <= 1000)]
    part = cut[0].reshape(4, 2)
    cut_fine = (
        (1 - t) ** 3 * part[0]
        + 3 * (1 - t) ** 2 * t * part[1]
        + 3 * (1 - t) * t**2 * part[2]
        + t**3 * part[3]
    )
    for x, y in inside[::40]:
        assert polyline_distance(cut_fine, x, y) < 0.5


def test_curves_within_the_window_are_left_alone():
    points = controls(np.array([[10.0, 10.0, 700.0, 500.0, 80.0]]))
    cut, rows = trimmed(points, 1600, 1000)
    assert rows.tolist() == [0]
    assert np.array_equal(cut, points)


def test_snapping():
    assert snapped(29, 20) == 20
    assert snapped(-31, 20) == -40
