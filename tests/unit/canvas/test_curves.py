"""Do edges run smoothly through the points that they pass?"""

from itertools import pairwise

import numpy as np

from studio.canvas.curves import Cuts, bent, controls, legs_through, points_along, polyline_distance, reach
from studio.canvas.primitives import flattened

ENDS = np.array([[0.0, 0.0, 900.0, 0.0, 80.0], [0.0, 500.0, 100.0, 500.0, 40.0]])


def test_a_leg_leads_from_each_point_to_the_next():
    dots = np.array([[300.0, 200.0], [600.0, 200.0]])
    legs, edges = legs_through(ENDS, dots, np.array([0, 0]))
    assert edges.tolist() == [0, 0, 0]
    assert legs[:, :2].tolist() == [[0, 0], [300, 200], [600, 200]]
    assert legs[:, 6:].tolist() == [[300, 200], [600, 200], [900, 0]]


def test_the_way_has_no_kink_at_a_point():
    legs, _ = legs_through(ENDS, np.array([[300.0, 200.0], [100.0, 350.0]]), np.array([0, 0]))
    for before, after in pairwise(legs):
        into, out = before[6:] - before[4:6], after[2:4] - after[:2]
        assert np.allclose(into / np.hypot(*into), out / np.hypot(*out))


def test_points_in_a_row_are_passed_in_a_straight_line():
    legs, _ = legs_through(ENDS, np.array([[300.0, 200.0], [600.0, 200.0]]), np.array([0, 0]))
    assert np.allclose(points_along(legs[[1]])[:, 1], 200.0)


def test_edges_out_of_ports_run_level_and_each_keeps_its_own_points():
    legs, edges = legs_through(ENDS, np.array([[300.0, 200.0], [50.0, 900.0]]), np.array([0, 1]))
    assert edges.tolist() == [0, 0, 1, 1]
    assert legs[2, 1] == legs[2, 3] == 500.0
    assert legs[3, 5] == legs[3, 7] == 500.0


def test_curves_that_are_cut_at_once_are_cut_as_each_by_itself():
    curves = controls(ENDS)
    cuts = Cuts.of(np.array([5, 16]))
    points = cuts.points(curves)
    apart = [flattened(curves[:1], 5, evenly=False), flattened(curves[1:], 16, evenly=False)]
    assert np.allclose(cuts.lines(points), np.concatenate(apart))
    assert cuts.starts.tolist() == [0, 5, 21]
    assert np.allclose(cuts.boxes(points)[:, :2], [lines[:, :2].min(axis=0) for lines in apart])
    assert np.allclose(cuts.boxes(points)[:, 2:], [lines[:, 2:].max(axis=0) for lines in apart])


def test_a_curve_from_port_to_port_is_as_near_with_a_fifth_fewer_pieces_where_it_bends_most():
    across = np.array([320.0, 320.0, 90.0, -200.0, -400.0])
    down = np.array([220.0, -15.0, 400.0, 150.0, 20.0])
    zeros = np.zeros(5)
    curves = controls(np.stack([zeros, zeros, across, down, reach(across, down)], axis=1))

    def gap(pieces, *, evenly):
        """How far from the pieces the curve runs at most, of all the curves."""
        gaps = []
        for curve in curves[:, None]:
            lines = flattened(curve, pieces, evenly=evenly)
            points = np.concatenate([lines[:, :2], lines[-1:, 2:]])
            gaps += [polyline_distance(points, x, y) for x, y in flattened(curve, 300)[:, :2]]
        return max(gaps)

    assert gap(26, evenly=False) <= gap(32, evenly=True)
    assert bent(np.arange(5), 4)[[0, 2, 4]].tolist() == [0.0, 0.5, 1.0]
