"""Does the layered layout keep its promises? Nothing overlaps, edges lead to the right, simple graphs are straight."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.canvas.layering import COLUMN_GAP, ROW_GAP, Box, Link, layered


def boxes(count):
    return [Box(240.0, 120.0, float(i)) for i in range(count)]


def assert_apart(shapes, corners):
    for (a, (ax, ay)), (b, (bx, by)) in itertools.combinations(zip(shapes, corners, strict=True), 2):
        beside = ax + a.width <= bx + 1e-6 or bx + b.width <= ax + 1e-6
        above = ay + a.height <= by + 1e-6 or by + b.height <= ay + 1e-6
        assert beside or above


@given(
    count=st.integers(1, 24),
    ends=st.lists(st.tuples(st.integers(0, 23), st.integers(0, 23)), max_size=60),
    heights=st.lists(st.floats(36, 400), min_size=24, max_size=24),
)
def test_nothing_overlaps_and_what_leads_on_lies_to_the_right(count, ends, heights):
    shapes = [Box(240.0, heights[i], float(i % 5)) for i in range(count)]
    links = [Link(a % count, b % count, 40, 60) for a, b in ends]
    corners = layered(shapes, links)
    assert_apart(shapes, corners)
    assert min(x for x, _ in corners) == 0
    assert min(y for _, y in corners) == pytest.approx(0, abs=1e-6)
    forward = [link for link in links if link.source < link.target]
    if len(forward) == len(links):
        for link in links:
            assert corners[link.target][0] >= corners[link.source][0] + 240 + COLUMN_GAP - 1e-6


def test_a_chain_is_a_straight_line_of_edges():
    links = [Link(i, i + 1, 50 + 10 * i, 70) for i in range(4)]
    corners = layered(boxes(5), links)
    for link in links:
        start = corners[link.source][1] + link.source_y
        assert corners[link.target][1] + link.target_y == pytest.approx(start, abs=0.5)


def test_crossings_that_can_be_avoided_are_avoided():
    # Two ladders whose feet are given in the wrong order.
    corners = layered(boxes(6), [Link(0, 5), Link(1, 4), Link(2, 3), Link(0, 4)])
    columns = [[corners[i][1] for i in chosen] for chosen in ((0, 1, 2), (3, 4, 5))]
    assert columns[0] == sorted(columns[0])
    assert corners[5][1] < corners[4][1] < corners[3][1]


def test_what_nothing_leads_to_stands_right_before_what_it_leads_to():
    corners = layered(boxes(4), [Link(0, 1), Link(1, 2), Link(3, 2)])
    assert corners[3][0] == corners[1][0]


def test_loops_and_links_to_oneself_are_taken_as_they_come():
    shapes = boxes(3)
    corners = layered(shapes, [Link(0, 1), Link(1, 2), Link(2, 0), Link(1, 1)])
    assert [x for x, _ in corners] == [0, 320, 640]
    assert_apart(shapes, corners)


def test_parts_lie_below_one_another_in_their_order_and_nodes_without_edges_at_the_foot():
    shapes = [Box(240, 120, 500), Box(240, 120, 500), Box(240, 120, 0), Box(240, 120, 0), Box(240, 120, -99)]
    corners = layered(shapes, [Link(0, 1), Link(2, 3)])
    assert corners[2][1] < corners[0][1] < corners[4][1]


def test_the_same_graph_always_comes_out_the_same_and_long_edges_have_their_lane():
    links = [Link(i * 37 % 199, i * 37 % 199 + 1 + i * 13 % (199 - i * 37 % 199)) for i in range(260)]
    first = layered(boxes(200), links)
    assert first == layered(boxes(200), links)
    assert_apart(boxes(200), first)
    assert (
        min(b[1] - a[1] for a, b in itertools.pairwise(sorted(first)) if a[0] == b[0]) >= 120 + ROW_GAP - 1e-6
    )
