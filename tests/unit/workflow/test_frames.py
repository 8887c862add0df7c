"""What lies in which frame?"""

from dataclasses import replace

from studio.kernel.ids import NodeId, WorkflowId
from studio.workflow.frames import around, content, frame_at, outermost_first, stand_in
from studio.workflow.graph import Frame, Node, Note, Place, Workflow, frozen

OUTER = Frame(id="outer", x=0, y=0, width=400, height=400)
INNER = Frame(id="inner", x=100, y=100, width=100, height=100, frame="outer")
FRAMES = {"inner": INNER, "outer": OUTER}


def test_what_lies_in_a_frame_is_found_at_any_depth():
    workflow = Workflow(
        id=WorkflowId("w"),
        name="W",
        nodes=frozen({NodeId(key): Node(id=NodeId(key), type="T") for key in "abc"}),
        places=frozen(
            {NodeId("a"): Place(frame="inner"), NodeId("b"): Place(frame="gone"), NodeId("c"): Place()}
        ),
        notes=frozen({"n": Note(id="n", text="", frame="outer")}),
        frames=frozen(FRAMES),
    )
    found = content(workflow, ["outer"])
    assert (found.nodes, found.notes, found.frames) == (("a",), ("n",), ("inner",))
    assert content(workflow, ["inner"]).nodes == ("a",)
    assert content(workflow, []).nodes == ()


def test_the_innermost_open_frame_takes_what_is_dropped():
    assert frame_at(FRAMES, 150, 150) == "inner"
    assert frame_at(FRAMES, 50, 50) == "outer"
    assert frame_at(FRAMES, 500, 50) == ""
    assert frame_at(FRAMES, 150, 150, without={"inner"}) == "outer"
    assert frame_at(FRAMES, 150, 150, without={"outer"}) == ""
    assert frame_at({**FRAMES, "outer": replace(OUTER, collapsed=True)}, 150, 150) == ""


def test_the_outermost_collapsed_frame_stands_for_what_it_hides():
    collapsed = {key: replace(frame, collapsed=True) for key, frame in FRAMES.items()}
    assert stand_in(FRAMES, "inner") is None
    assert stand_in({**FRAMES, "inner": collapsed["inner"]}, "inner") == "inner"
    assert stand_in(collapsed, "inner") == "outer"
    assert [frame.id for frame in outermost_first(FRAMES)] == ["outer", "inner"]


def test_frames_that_lie_in_one_another_in_a_circle_end_the_search():
    circle = {"a": Frame(id="a", frame="b"), "b": Frame(id="b", frame="a")}
    assert around(circle, "a") == ["a", "b"]
    assert stand_in(circle, "a") is None
