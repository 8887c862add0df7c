"""Into a workflow within a workflow and back again, in the window, by its menus."""

from __future__ import annotations

from studio.canvas.breadcrumb import Crumb


def test_a_part_becomes_a_workflow_of_its_own_that_is_entered_and_left(window, session, drive):
    tabs = window.pages.tabs
    outer = tabs.workflow_id
    canvas = tabs.canvas
    node_id = next(iter(session.project.workflow(outer).nodes))
    canvas.select([node_id])
    window.refresh()
    window.commands.action("make_subworkflow").trigger()
    assert tabs.workflow_id == outer, "the person is still at work where they were"
    (made,) = tabs.canvas.selection()
    inner = session.project.workflow(outer).nodes[made].params["workflow"]
    window.refresh()
    drive.menu("Graph", "Enter subworkflow")
    assert tabs.workflow_id == inner
    assert tabs.canvas.breadcrumb.trail == (Crumb(outer, made),)
    assert tabs.canvas.breadcrumb.isVisible()
    tabs.canvas.clear_selection()
    drive.menu("Graph", "Leave subworkflow")
    assert tabs.workflow_id == outer
    assert tabs.canvas.selection() == [made]
    window.commands.action("undo").trigger()
    assert inner not in session.project.workflows
    assert tabs.index_of(inner) is None


def test_a_frame_alone_enables_what_may_be_done_with_it(window, session, drive):
    canvas = window.pages.tabs.canvas
    canvas.select_all()
    window.refresh()
    window.commands.action("add_frame").trigger()
    canvas.editor.close(keep=False)
    window.refresh()
    assert canvas.selection() == []
    drive.menu("Graph", "Ungroup")
    assert not session.project.workflow(canvas.workflow_id).frames
