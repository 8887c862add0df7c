"""Results: pages of rows, records, values, errors, and what is copied of them."""

import asyncio
import base64
import json
import re
from typing import Any

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QImage, QImageWriter
from PySide6.QtWidgets import QApplication, QPushButton

from studio.kernel.errors import NoSuchTable
from studio.kernel.ids import NodeId, WorkflowId
from studio.panels import ResultsPanel
from studio.panels.chart_data import ChartWish
from studio.panels.rows_model import PAGE_ROWS, PAGES_KEPT
from studio.session.events import RunFinished
from tests.gui.panels.support import PanelSession, duplicate_error, make_handle, order_row


@pytest.fixture
def panel(theme, session, show):
    panel = ResultsPanel(theme)
    panel.set_session(session)
    return show(panel, 900, 400)


def open_rows(panel, qtbot, count=1998, node="list_orders"):
    panel.set_run(make_handle({node: [order_row(number) for number in range(1, count + 1)]}))
    panel.show_output(node)
    view = panel.current.rows
    qtbot.waitUntil(lambda: view.model.rowCount() == count)
    return view


def test_without_a_run_the_way_to_rows_is_offered(panel, qtbot):
    assert panel.empty.isVisible()
    with qtbot.waitSignal(panel.runRequested):
        qtbot.mouseClick(panel.empty.link("run"), Qt.MouseButton.LeftButton)


def test_rows_appear_with_their_kinds_and_the_range_in_sight(panel, qtbot):
    view = open_rows(panel, qtbot)
    assert view.model.columns[:3] == ("id", "customer_id", "total")
    assert view.model.kind("total") == "decimal"
    assert view.model.kind("status") == "enum"
    qtbot.waitUntil(lambda: view.status.text().startswith("1–"))
    assert "of 1,998" in view.status.text()
    assert panel.tabs.tabText(0) == "List orders"


def test_a_hundred_thousand_rows_are_fetched_where_they_come_into_sight(panel, qtbot):
    rows = [{"id": number} for number in range(100_000)]
    panel.set_run(make_handle({"list_orders": rows}))
    panel.show_output("list_orders")
    view = panel.current.rows
    qtbot.waitUntil(lambda: view.model.rowCount() == 100_000)
    bar = view.grid.verticalScrollBar()
    # The grid lays itself out a moment after the rows are known.
    qtbot.waitUntil(lambda: bar.maximum() > 1000)
    bar.setValue(bar.maximum())
    last = view.model.index(99_999, 0)
    qtbot.waitUntil(lambda: view.model.data(last) == "99999")
    qtbot.waitUntil(lambda: "100,000 of 100,000" in view.status.text())
    assert len(view.model._pages) < 6
    for step in range(0, bar.maximum(), bar.maximum() // 300):
        bar.setValue(step)
        QApplication.processEvents()
    assert len(view.model._pages) <= PAGES_KEPT


def test_a_click_on_a_header_orders_all_rows_not_only_those_in_sight(panel, qtbot):
    view = open_rows(panel, qtbot)
    header = view.grid.kind_header
    place = QPoint(header.sectionViewportPosition(0) + 20, 20)
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert view.model.order == ("id",)
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert view.model.order == ("-id",)
    qtbot.waitUntil(lambda: view.model.data(view.model.index(0, 0)) == "1998")
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert view.model.order == ()
    # The right button offers the same, and more.
    at = header.viewport().mapToGlobal(place)
    asked = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, at)
    QApplication.sendEvent(header.viewport(), asked)
    menu = QApplication.activePopupWidget()
    assert menu is not None
    offered = {action.text().replace("&", ""): action for action in menu.actions()}
    assert not offered["Not sorted"].isEnabled()
    offered["Sort descending"].trigger()
    assert view.model.order == ("-id",)
    offered["Hide column"].trigger()
    assert "id" not in view.grid.shown_columns()
    menu.close()


def test_null_is_named_and_grey(panel, qtbot, theme):
    view = open_rows(panel, qtbot)
    index = view.model.index(6, view.model.columns.index("note"))
    assert index.data() == "NULL"
    assert index.data(Qt.ItemDataRole.FontRole).italic()
    assert index.data(Qt.ItemDataRole.ForegroundRole) == theme.color("text_muted")


def test_space_opens_the_record_and_the_record_follows_the_row(panel, qtbot):
    view = open_rows(panel, qtbot)
    view.grid.setFocus()
    view.grid.setCurrentIndex(view.model.index(4, 0))
    qtbot.keyClick(view.grid, Qt.Key.Key_Space)
    assert view.record.isVisible()
    tree = view.record.tree
    assert tree.topLevelItem(0).text(1) == "5"
    settings = tree.topLevelItem(view.model.columns.index("settings"))
    settings.setExpanded(True)
    assert settings.child(0).text(1) == "dark"
    qtbot.keyClick(view.grid, Qt.Key.Key_Down)
    assert tree.topLevelItem(0).text(1) == "6"
    qtbot.keyClick(view.grid, Qt.Key.Key_Space)
    assert not view.record.isVisible()


def test_the_whole_of_a_long_value_is_shown_below_the_record(panel, qtbot):
    view = open_rows(panel, qtbot)
    view.grid.setCurrentIndex(view.model.index(4, view.model.columns.index("settings")))
    view.toggle_record()
    assert json.loads(view.record.text.toPlainText()) == {"theme": "dark", "tags": ["a", "b"]}


def test_the_selected_cells_are_copied_as_a_spreadsheet_takes_them(panel, qtbot):
    view = open_rows(panel, qtbot)
    view.grid.setCurrentIndex(view.model.index(0, 0))
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right):
        qtbot.keyClick(view.grid, key, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(view.grid, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: QApplication.clipboard().text() == "id\tcustomer_id\n1\t2\n2\t3")
    assert "4 cells · sum 8 · mean 2.00" in view.figures.text()
    # So many that most of them were never in sight are added up aside; what is hidden does not count.
    view.grid.hideColumn(view.model.columns.index("total"))
    view.grid.hideColumn(view.model.columns.index("customer_id"))
    view.grid.selectAll()
    assert view.figures.text() == "9,990 cells"
    qtbot.waitUntil(lambda: view.figures.text() == "9,990 cells · sum 1997001 · mean 999.50")


def test_all_rows_are_copied_as_json_even_those_that_were_never_in_sight(panel, qtbot):
    view = open_rows(panel, qtbot, count=PAGE_ROWS + 5)
    with qtbot.waitSignal(view.message) as told:
        view.deeds.copy_json()
    assert told.args == ["Copied 205 rows."]
    data = json.loads(QApplication.clipboard().text())
    assert [row["id"] for row in data] == list(range(1, 206))


def test_one_cell_is_copied_alone(panel, qtbot):
    view = open_rows(panel, qtbot)
    view.grid.setCurrentIndex(view.model.index(0, 4))
    qtbot.keyClick(view.grid, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == "Order 1: leave it at the door"


def test_another_port_is_shown_by_its_button(panel, qtbot):
    open_rows(panel, qtbot)
    view = panel.current
    first = next(button for button in view._group.buttons() if button.property("port") == "first")
    qtbot.mouseClick(first, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(view.value.isVisible)
    assert view.value.tree.topLevelItem(0).text(1) == "1"


def test_a_value_that_is_no_rows_is_shown_as_a_tree(panel, qtbot):
    panel.set_run(make_handle({"map": {"n": 3, "deep": {"list": [1, None]}}}))
    panel.show_output("map")
    tree = panel.current.value.tree
    qtbot.waitUntil(panel.current.value.isVisible)
    assert [tree.topLevelItem(number).text(0) for number in range(2)] == ["n", "deep"]
    deep = tree.topLevelItem(1)
    deep.setExpanded(True)
    deep.child(0).setExpanded(True)
    assert deep.child(0).child(1).text(1) == "NULL"


def test_no_rows_say_so_with_the_filter_that_was_asked_for(panel, qtbot):
    panel.set_run(make_handle({"list_orders": []}))
    panel.show_output("list_orders")
    qtbot.waitUntil(lambda: "0 rows" in panel.current.empty._title.text())
    assert "paid" in panel.current.empty._text.text()
    with qtbot.waitSignal(panel.nodeActivated) as asked:
        qtbot.mouseClick(panel.current.empty.link("node"), Qt.MouseButton.LeftButton)
    assert asked.args == ["list_orders"]


def test_a_failed_node_shows_what_where_why_and_what_to_do(panel, qtbot):
    panel.set_run(make_handle({}, failed={"create_order": duplicate_error()}))
    panel.show_output("create_order")
    card = panel.current.card
    assert card.isVisible()
    for part in ("already exists", "row 731", "upsert node", "unique constraint"):
        assert part in card.text
    copy = next(
        button
        for button in card.findChildren(type(panel.empty.link("run")))
        if button.property("fix") == "copy"
    )
    qtbot.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text() == card.text


def test_a_running_node_shows_its_progress_and_then_its_rows(panel, qtbot):
    values = {"list_orders": [order_row(1)]}
    handle = make_handle({}, running=("list_orders",))
    handle.put(NodeId("list_orders"), progress=(1200, 5000))
    panel.set_run(handle)
    panel.show_output("list_orders")
    assert re.search(r"1,200 / 5,000 · [\d,]+/s$", panel.current.empty._text.text())
    # What it gave can be had when the whole run is over, however often it is looked for before.
    handle.put(NodeId("list_orders"), state="succeeded", rows=1, duration_ms=2.0, progress=None)
    qtbot.waitUntil(lambda: panel.current.empty._title.text() == "Done")
    assert "when the run is over" in panel.current.empty._text.text()
    handle.delivered(lambda node_id, port: values[node_id])
    handle.end("succeeded")
    qtbot.waitUntil(lambda: panel.current.rows.isVisible() and panel.current.rows.model.rowCount() == 1)


def test_the_next_run_replaces_what_open_tabs_show(panel, session, qtbot):
    open_rows(panel, qtbot, count=3)
    handle = make_handle({"list_orders": [order_row(1)]})
    panel.set_run(handle)
    session.tell(RunFinished(handle))
    qtbot.waitUntil(lambda: panel.current.rows.model.rowCount() == 1)
    assert panel.tabs.count() == 1


def test_tabs_come_back_close_and_follow_renames(panel, session, qtbot):
    open_rows(panel, qtbot, count=3)
    panel.show_output("map")
    assert panel.tabs.count() == 2
    panel.show_output("list_orders")
    assert panel.tabs.count() == 2
    assert panel.tabs.currentIndex() == 0
    from studio.project.graph_changes import EditNode
    from studio.workflow.graph import frozen

    session.edit(EditNode(workflow=WorkflowId("w1"), node=NodeId("map"), values=frozen({"title": "Gross"})))
    assert panel.tabs.tabText(1) == "Gross"
    panel.close_tab(1)
    panel.close_tab(0)
    assert panel.empty.isVisible()


def test_rows_are_drawn_as_a_chart_that_says_what_it_shows(panel, qtbot, each_theme):
    view = open_rows(panel, qtbot, count=40)
    panel.set_theme(each_theme)
    qtbot.mouseClick(view.chart_button, Qt.MouseButton.LeftButton)
    chart = view.chart
    qtbot.waitUntil(lambda: chart.canvas.chart is not None)
    # Numbers over time, unless somebody wants something else.
    assert (chart.wish.kind, chart.wish.x, chart.wish.values) == ("line", "paid_at", ("total",))
    assert chart.status.text() == "All 40 rows"
    qtbot.waitUntil(lambda: chart.canvas.isVisible() and bool(chart.canvas.picture()))
    chart.kind.setCurrentIndex(chart.kind.findData("bar"))
    chart.kind.activated.emit(0)
    chart.along.setCurrentIndex(chart.along.findData("status"))
    chart.along.activated.emit(0)
    qtbot.waitUntil(lambda: chart.canvas.chart.labels == ("paid", "shipped", "pending"))
    chart.canvas.repaint()
    spot = chart.canvas._painter.spots[1]
    assert chart.canvas.text_at(spot.area.center()).startswith("status: shipped\ntotal: ")
    pixels = chart.canvas.grab().toImage()
    assert pixels.pixelColor(spot.area.center().toPoint()) == each_theme.color("type_int")
    # At most three columns; a histogram of none says what to do.
    for name in ("id", "customer_id"):
        next(entry for entry in chart._values_menu.actions() if entry.text() == name).setChecked(True)
        qtbot.waitUntil(lambda name=name: name in chart.wish.values)
    assert not any(entry.isEnabled() for entry in chart._values_menu.actions() if not entry.isChecked())
    chart.set_wish(ChartWish(kind="histogram"))
    qtbot.waitUntil(chart.empty.isVisible)
    # It follows the order, and is copied as a picture.
    view._order_by("id", False)
    view._order_by("id", False)
    chart.set_wish(ChartWish(kind="bar", values=("id",)))
    qtbot.waitUntil(lambda: [entry.points[0] for entry in chart.canvas.chart.series] == [(0, 40.0)])
    chart.copy_picture()
    assert QApplication.clipboard().pixmap().size() == chart.canvas.size() * 2


def test_a_kept_tab_stays_with_its_run_and_the_next_run_gets_another(panel, session, qtbot):
    open_rows(panel, qtbot, count=3)
    kept = panel.current
    qtbot.mouseClick(panel.keep_button, Qt.MouseButton.LeftButton)
    assert panel.tabs.tabText(0).startswith("List orders · ")
    assert not panel.tabs.tabIcon(0).isNull()
    open_rows(panel, qtbot, count=5)
    assert panel.tabs.count() == 2
    assert (kept.rows.model.rowCount(), panel.keep_button.isChecked()) == (3, False)
    # Many tabs push others out, never one that is kept.
    for node in ("map", "create_order", "update_order", "sql"):
        panel.show_output(node)
    for name in ("Customer", "Order", "OrderItem"):
        panel.show_model(name)
        panel.toggle_kept()
        panel.show_model(name)
        assert panel.current.is_kept is False
    panel.set_run(make_handle({"list_orders": []}))
    panel.show_output("map")
    panel.show_output("list_orders")
    assert panel.tabs.count() == 12
    assert kept in panel.views
    # Released, it follows the runs again.
    panel.tabs.setCurrentIndex(panel.views.index(kept))
    panel.toggle_kept()
    assert panel.tabs.tabText(panel.tabs.currentIndex()) == "List orders"
    qtbot.waitUntil(lambda: "0 rows" in kept.empty._title.text())


def test_columns_are_filtered_where_they_stand_and_the_next_run_keeps_the_filters(panel, qtbot):
    view = open_rows(panel, qtbot, count=200)
    qtbot.mouseClick(view.filter_button, Qt.MouseButton.LeftButton)
    field = view.filters.field("status")
    qtbot.waitUntil(lambda: field.isVisible() and field.width() > 40)
    header = view.grid.kind_header
    assert field.x() == header.sectionViewportPosition(view.model.columns.index("status")) + 2
    assert QApplication.focusWidget() is view.filters.field("id")
    qtbot.keyClicks(field, "in paid, shipped")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: view.model.rowCount() == 134)
    # What cannot be read is marked and left out; a filter that matches nothing leaves the fields in sight.
    bad = view.filters.field("total")
    qtbot.keyClicks(bad, "~ 5")
    view.filters.apply()
    assert bad.property("invalid") == "true"
    assert "part of a text" in bad.toolTip()
    bad.setText("< 0")
    view.filters.apply()
    qtbot.waitUntil(lambda: view.model.total == 0)
    assert view.isVisible()
    assert view.status.text().startswith("0 rows match the filters")
    qtbot.keyClick(bad, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: view.model.rowCount() == 134)
    panel.set_run(make_handle({"list_orders": [order_row(number) for number in range(4)]}))
    qtbot.waitUntil(lambda: view.model.rowCount() == 2)
    # Without the row nothing is filtered; what was typed is not lost.
    qtbot.mouseClick(view.filter_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: view.model.rowCount() == 4)
    assert view.filters.texts == {"status": "in paid, shipped"}


def test_columns_are_chosen_and_ordered_and_views_are_kept_by_name(panel, qtbot):
    view = open_rows(panel, qtbot, count=40)
    qtbot.mouseClick(view.columns_button, Qt.MouseButton.LeftButton)
    popup = view.looks.popup
    popup.list.item(1).setCheckState(Qt.CheckState.Unchecked)
    popup.list.setCurrentRow(2)
    qtbot.keyClick(popup.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    qtbot.keyClick(popup.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    shown = ["total", "id", "status", "note", "paid_at", "settings"]
    assert view.grid.shown_columns() == shown
    view._order_by("total", False)
    view.filters.show_texts({"id": "> 10"})
    qtbot.keyClicks(popup.name, "Later ones")
    qtbot.keyClick(popup.name, Qt.Key.Key_Return)
    assert [entry.property("look") for entry in popup.findChildren(QPushButton) if entry.property("look")]
    popup.all_button.click()
    popup.close()
    assert len(view.grid.shown_columns()) == 7
    # At least one column stays.
    for number in range(7):
        popup.list.item(number).setCheckState(Qt.CheckState.Unchecked)
    assert len(view.grid.shown_columns()) == 1
    # In another tab of the same rows the view is there, and shows them as they were.
    panel.toggle_kept()
    again = open_rows(panel, qtbot, count=30)
    assert again is not view
    qtbot.mouseClick(again.columns_button, Qt.MouseButton.LeftButton)
    buttons = again.looks.popup.findChildren(QPushButton)
    next(entry for entry in buttons if entry.property("look") == "Later ones").click()
    qtbot.waitUntil(lambda: again.model.rowCount() == 20)
    assert again.grid.shown_columns() == shown
    assert again.grid.kind_header.order == ("total",)
    assert again.filters.field("id").text() == "> 10"
    again.looks._remove("Later ones")
    assert panel.book.looks(again.looks.place) == {}


def test_a_value_that_is_a_picture_is_shown_as_one_and_json_in_a_text_unfolds(panel, qtbot):
    image = QImage(64, 48, QImage.Format.Format_RGB32)
    image.fill(0x336699)
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert QImageWriter(buffer, QByteArray(b"png")).write(image)
    encoded = base64.b64encode(data.data()).decode()
    rows = [
        {
            "raw": data.data(),
            "url": f"data:image/png;base64,{encoded}",
            "no": b"no picture",
            "json": '{"a": [1]}',
        }
    ]
    panel.set_run(make_handle({"map": rows}))
    panel.show_output("map")
    view = panel.current.rows
    qtbot.waitUntil(lambda: view.model.rowCount() == 1)
    view.toggle_record()
    record = view.record
    for name in ("raw", "url"):
        record.show_field(name)
        assert record.picture.isVisible()
        assert record.picture.caption.text().startswith("PNG, 64 × 48 · ")
        assert not record.picture.label.pixmap().isNull()
    record.show_field("no")
    assert not record.picture.isVisible()
    assert record.text.toPlainText() == b"no picture".hex(" ")
    record.show_field("json")
    item = record.tree.currentItem()
    item.setExpanded(True)
    assert (item.childCount(), item.child(0).text(0)) == (1, "a")


# ---------------------------------------------------------------- browsing a model


@pytest.fixture
def browsing(theme, show, qtbot):
    session = PanelSession.of(rows=[order_row(number) for number in range(1, 451)])
    panel: Any = ResultsPanel(theme)
    panel.set_session(session)
    show(panel, 900, 500)
    panel.show_model("Order")
    qtbot.waitUntil(lambda: panel.current.rows.model.rowCount() == 450)
    return panel


def test_a_models_records_are_paged_and_ordered_by_the_database(browsing, qtbot):
    asked = browsing.session.answers.asked
    # The rows in sight, and no others to measure columns by.
    assert asked == [("browse", "Order", None, (), 0, PAGE_ROWS)]
    browsing.current.rows._order_by("total", False)
    qtbot.waitUntil(lambda: ("browse", "Order", None, ("total",), 0, PAGE_ROWS) in asked)


def test_rows_whose_reading_somebody_has_stopped_are_read_when_they_are_looked_at_again(browsing, qtbot):
    view = browsing.current.rows
    qtbot.waitUntil(lambda: view.model.row(0) is not None)
    answers = browsing.session.answers
    answers.gate = asyncio.Event()
    view.toggle_chart()
    view.reload()
    qtbot.waitUntil(lambda: view.model.is_busy and view.chart._reading is not None)
    view.model._job.stop()
    view.chart._reading.stop()
    qtbot.waitUntil(lambda: view.busy._jobs == 0 and view.chart._reading is None)
    answers.gate = None
    qtbot.waitUntil(lambda: view.model.row(0) is not None)
    qtbot.waitUntil(lambda: view.chart.canvas.chart is not None)


def test_a_value_that_refers_to_a_record_leads_to_it_by_ctrl_and_click_or_a_key(browsing, qtbot):
    grid = browsing.current.rows.grid
    column = browsing.current.rows.model.columns.index("customer_id")
    index = grid.model().index(2, column)
    place = grid.visualRect(index).center()
    assert "Ctrl+click" in index.data(Qt.ItemDataRole.ToolTipRole)
    qtbot.mouseMove(grid.viewport(), place)
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, place)
    assert browsing.current.model_id == "Customer"
    assert ("browse", "Customer", {"id": 4}, (), 0, PAGE_ROWS) in answered(browsing, qtbot, 1)
    assert browsing.tabs.count() == 2
    browsing.tabs.setCurrentIndex(0)
    grid.setCurrentIndex(grid.model().index(3, column))
    qtbot.keyClick(grid, Qt.Key.Key_F4)
    assert browsing.current.filter_button.isChecked()
    assert ("browse", "Customer", {"id": 5}, (), 0, PAGE_ROWS) in answered(browsing, qtbot, 1)
    # Where nothing is referred to, Ctrl and a click select.
    browsing.tabs.setCurrentIndex(0)
    for row in (0, 1):
        place = grid.visualRect(grid.model().index(row, 0)).center()
        qtbot.mouseClick(
            grid.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, place
        )
    cells = {(index.row(), index.column()) for index in grid.selectionModel().selectedIndexes()}
    assert cells >= {(0, 0), (1, 0)}


def answered(panel, qtbot, rows):
    """What the session was asked, once that many rows are shown."""
    qtbot.waitUntil(lambda: panel.current.rows.model.rowCount() == rows)
    return panel.session.answers.asked


def test_a_filter_is_typed_applied_and_cleared(browsing, qtbot):
    view = browsing.current
    qtbot.mouseClick(view.filter_button, Qt.MouseButton.LeftButton)
    row = view.filter_editor.inner.rows[0]
    row.field.setCurrentText("customer_id")
    line = row.value_line()
    line.setFocus()
    qtbot.keyClicks(line, "7")
    qtbot.mouseClick(view.apply_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: view.rows.model.rowCount() == 5)
    assert any(
        asked[2] == {"customer_id": 7} for asked in browsing.session.answers.asked if asked[0] == "browse"
    )
    view.clear_filter()
    qtbot.waitUntil(lambda: view.rows.model.rowCount() == 450)


def test_a_filter_that_matches_nothing_offers_to_be_cleared(browsing, qtbot):
    view = browsing.current
    view.filter_editor.show_value({"customer_id": -1})
    view.apply_filter()
    qtbot.waitUntil(view.empty.isVisible)
    assert "customer_id" in view.empty._text.text()
    qtbot.mouseClick(view.empty.link("clear"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: view.rows.isVisible() and view.rows.model.rowCount() == 450)


def test_a_table_that_is_missing_shows_the_error_and_can_be_tried_again(theme, show, qtbot):
    session = PanelSession.of(
        rows=NoSuchTable("There is no table orders.", hint="Make it, or remove the model.")
    )
    panel: Any = ResultsPanel(theme)
    panel.set_session(session)
    show(panel, 900, 400)
    panel.show_model("Order")
    qtbot.waitUntil(panel.current.card.isVisible)
    assert "no table orders" in panel.current.card.text
    session.answers.rows = [order_row(1)]
    panel.current.card.activated.emit("reload")
    qtbot.waitUntil(lambda: panel.current.rows.model.rowCount() == 1)


def test_a_removed_models_tab_is_closed(browsing):
    from studio.project.project_changes import SetModels

    browsing.session.edit(SetModels(remove=("Order",)))
    assert browsing.tabs.count() == 0
