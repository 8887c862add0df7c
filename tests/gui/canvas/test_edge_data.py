"""Do edges say what went along them in the run that is shown: rows in the middle, the first rows and a profile under the mouse?"""

import datetime as dt

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip

from studio.kernel.ids import NodeId, RunId
from studio.session import RunHandle
from tests.gui.canvas.support import WORKFLOW, edge, node, session_of
from tests.gui.canvas.test_picture import around, has_color, picture

ROWS = [{"id": i, "city": "Cork" if i % 2 else None} for i in range(16)]


@pytest.fixture
def ran(open_canvas):
    session = session_of(
        node("a", "OrderListNode", "First"),
        node("b", "OrderBulkCreateNode", "Second"),
        edges=(edge("a", "records", "b", "data"),),
        places={"a": (0, 0), "b": (400, 0)},
    )
    view, mouse = open_canvas(session)
    handle = RunHandle(
        run_id=RunId("r1"),
        workflow_id=WORKFLOW,
        nodes=[NodeId("a"), NodeId("b")],
        started_at=dt.datetime.now(dt.UTC),
    )
    for key in ("a", "b"):
        handle.put(NodeId(key), state="succeeded", rows=16, duration_ms=1.0)
    return view, mouse, handle


def finish(view, handle, value):
    def take(node_id, port):
        return {("a", "records"): value}[node_id, port]

    handle.delivered(take)
    handle.end("succeeded")
    view.set_run(handle)


def middle(view):
    x, y = view.projector.geometry.curve(0)[10].tolist()
    return x, y


def tip(view, mouse):
    at = mouse.pixel(*middle(view)).toPoint()
    viewport = view.viewer.viewport()
    QToolTip.hideText()
    QApplication.sendEvent(viewport, QHelpEvent(QEvent.Type.ToolTip, at, viewport.mapToGlobal(at)))
    return QToolTip.text()


def test_the_number_of_rows_stands_on_an_edge_after_the_run(ran):
    view, _, handle = ran
    plain = picture(view)
    finish(view, handle, ROWS)
    assert view.viewer.edge_data.label(edge("a", "records", "b", "data")) == "16"
    x, y = middle(view)
    assert has_color(around(view, picture(view), x, y, 7), view._style.text, 40)
    assert not has_color(around(view, plain, x, y, 7), view._style.text, 40)


def test_hovering_shows_the_first_rows_and_a_profile(ran):
    view, mouse, handle = ran
    assert "16 rows" not in tip(view, mouse)
    finish(view, handle, ROWS)
    text = tip(view, mouse)
    for part in ("First", "16 rows", "city", "text", "50%", "Cork", "distinct", "—"):
        assert part in text
    assert text.count("<tr>") == 3 + 6


def test_a_record_shows_its_fields_and_an_empty_list_says_so(ran):
    view, mouse, handle = ran
    finish(view, handle, {"id": 7, "city": "<Ghent>"})
    assert "&lt;Ghent&gt;" in tip(view, mouse)
    assert view.viewer.edge_data.label(edge("a", "records", "b", "data")) == ""
    other = RunHandle(
        run_id=RunId("r2"), workflow_id=WORKFLOW, nodes=[NodeId("a")], started_at=dt.datetime.now(dt.UTC)
    )
    finish(view, other, [])
    assert "0 rows" in tip(view, mouse)


def test_what_was_not_delivered_is_not_shown_and_the_next_run_begins_without(ran):
    view, mouse, handle = ran
    finish(view, handle, ROWS)
    view.set_run(None)
    assert "16 rows" not in tip(view, mouse)
    running = RunHandle(
        run_id=RunId("r3"), workflow_id=WORKFLOW, nodes=[NodeId("a")], started_at=dt.datetime.now(dt.UTC)
    )
    view.set_run(running)
    assert view.viewer.edge_data.label(edge("a", "records", "b", "data")) == ""
    running.end("cancelled")
    view.set_run(running)
    assert view.viewer.edge_data.label(edge("a", "records", "b", "data")) == ""
