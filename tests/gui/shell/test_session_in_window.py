"""The window always shows its session: title, tabs, marks, undo's name, and what is enabled."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from studio.canvas.graph import CanvasNode
from studio.kernel.errors import AuthenticationFailed, ConnectionFailed, ConnectionLost, LockTimeout
from studio.panels import ConnectionDialog
from studio.panels.compare_dialog import CompareDialog
from studio.shell.standing import since
from studio.workflow.graph import Place


def enabled(window, command_id: str) -> bool:
    return bool(window.commands.action(command_id).isEnabled())


def test_a_project_gives_the_window_its_title_and_a_tab_for_each_workflow(window, session):
    tabs = window.pages.tabs
    assert window.windowTitle() == "Nightly sync[*] — Shop"
    assert [tabs.tabText(index) for index in range(tabs.count())] == ["Nightly sync", "Import users"]
    assert window.pages.currentWidget() is tabs
    assert "shop" in window.toolbar.pill.text()
    assert "SQLite" in window.toolbar.pill.text()


def test_an_edit_marks_window_and_tab_and_undo_takes_the_marks_back(window, session, qtbot):
    session.move("w1", {"list_orders": Place(x=50, y=50)})
    assert window.isWindowModified()
    assert window.pages.tabs.tabText(0) == "Nightly sync •"
    assert window.commands.action("undo").text() == "&Undo move List orders"
    window.commands.action("undo").trigger()
    assert not window.isWindowModified()
    assert window.pages.tabs.tabText(0) == "Nightly sync"
    assert not enabled(window, "undo")
    assert window.commands.action("redo").text() == "&Redo move List orders"


def test_a_new_workflow_opens_its_tab_and_undoing_it_closes_it(window, session, qtbot):
    window.commands.action("new_workflow").trigger()
    tabs = window.pages.tabs
    assert tabs.count() == 3
    assert tabs.currentIndex() == 2
    assert tabs.canvas.isAncestorOf(QApplication.focusWidget()), "N adds a node at once"
    window.panels.models.setFocus()
    qtbot.mouseClick(tabs.tabBar(), Qt.MouseButton.LeftButton, pos=tabs.tabBar().tabRect(0).center())
    qtbot.waitUntil(lambda: tabs.canvas.isAncestorOf(QApplication.focusWidget()))
    assert tabs.currentIndex() == 0
    session.undo()
    assert tabs.count() == 2


def test_renaming_a_workflow_renames_its_tab(window, session):
    session.rename_workflow("w2", "Import customers")
    assert window.pages.tabs.tabText(1) == "Import customers •"


def test_a_closed_tab_stays_in_the_project_and_opens_again(window, session):
    window.commands.action("close_tab").trigger()
    window.commands.action("close_tab").trigger()
    assert window.pages.tabs.count() == 0
    assert window.pages.currentWidget() is not window.pages.tabs
    assert list(session.project.workflows) == ["w1", "w2"]
    assert not enabled(window, "run")
    window.navigation.show_workflow("w2")
    assert window.pages.tabs.workflow_id == "w2"
    assert window.pages.currentWidget() is window.pages.tabs


def test_what_has_changed_since_it_was_saved_is_shown_leads_there_and_is_restored(window, session, drive):
    drive.activate()
    session.set_params("w1", "list_orders", {"limit": 5})
    session.move("w1", {"list_orders": Place(x=50, y=50)})
    session.add_workflow("Third")
    window.comparing.with_saved("w1")
    dialog = drive.dialog(CompareDialog)
    assert dialog.summary.text() == "1 changed · layout differs"
    row = dialog.list.topLevelItem(0).child(0)
    assert [row.text(column) for column in range(3)] == ["limit", "", "5"]
    dialog.list.setCurrentItem(row)
    drive.bot.keyClick(dialog.list, Qt.Key.Key_Return)
    drive.until(lambda: window.pages.tabs.workflow_id == "w1")
    drive.until(lambda: window.pages.tabs.canvas.selection() == ["list_orders"])
    window.panels.workflows.compareRequested.emit("w1")
    drive.click(drive.dialog(CompareDialog).buttons["restore"])
    drive.until(lambda: session.history.undo_label == "Restore workflow")
    assert session.project.workflows["w1"] == session.history.at(0).workflows["w1"]
    window.commands.action("compare_saved").trigger()
    assert dialog_lines(drive) == "+ workflow Third"
    window.panels.history.compareRequested.emit(0)
    drive.click(drive.dialog(CompareDialog).buttons["restore"])
    drive.until(lambda: "Third" not in {workflow.name for workflow in session.project.workflows.values()})


def dialog_lines(drive):
    dialog = drive.dialog(CompareDialog)
    dialog.copy_all()
    drive.click(dialog.buttons["close"])
    drive.until(lambda: not drive.is_asking(CompareDialog))
    return QApplication.clipboard().text()


def test_tabs_are_walked_by_keys(window, session, qtbot):
    window.commands.action("next_tab").trigger()
    assert window.pages.tabs.workflow_id == "w2"
    qtbot.waitUntil(lambda: window.windowTitle() == "Import users[*] — Shop")
    window.commands.action("next_tab").trigger()
    assert window.pages.tabs.workflow_id == "w1"
    window.commands.action("previous_tab").trigger()
    assert window.pages.tabs.workflow_id == "w2"


def test_without_a_project_the_window_welcomes(window, session):
    window.set_session(None)
    assert window.windowTitle() == "Studio"
    assert window.pages.currentWidget() is window.pages.welcome
    assert not enabled(window, "save")


def test_a_node_asked_for_in_the_models_tree_comes_beside_the_others(window, session):
    window.panels.models.nodeRequested.emit("OrderCountNode")
    workflow = session.project.workflow("w1")
    added = next(node for node in workflow.nodes.values() if node.type == "OrderCountNode")
    assert workflow.places[added.id] == Place(x=620, y=40)
    assert window.pages.tabs.canvas.selection() == [added.id]
    session.undo()
    assert added.id not in session.project.workflow("w1").nodes


def test_a_step_of_several_edits_can_be_undone_as_soon_as_it_is_done(window, session, qtbot):
    session.add_node("w1", "OrderCountNode", x=0, y=300)
    qtbot.waitUntil(lambda: enabled(window, "undo"))
    assert window.commands.action("undo").text() == "&Undo add node Count orders"


def test_problems_are_counted_in_the_status_bar(window, session, qtbot):
    assert window.status.problems.text().strip() == "No problems"
    session.add_node("w1", "NoSuchNode", x=0, y=300)
    qtbot.waitUntil(lambda: window.status.problems.text().strip() == "1 error")
    window.pages.tabs.setCurrentIndex(1)
    qtbot.waitUntil(lambda: window.status.problems.text().strip() == "No problems")


def test_what_is_selected_on_the_canvas_is_in_the_inspector(window, session, qtbot):
    window.pages.tabs.canvas.select(["list_orders"])
    qtbot.waitUntil(lambda: enabled(window, "delete"))
    assert window.panels.inspector.title.text() == "List orders"
    assert enabled(window, "run_to_here")
    window.pages.tabs.canvas.select(["list_orders", "count_customers"])
    qtbot.waitUntil(lambda: not enabled(window, "run_to_here"))
    assert enabled(window, "delete")
    menu = window.pages.tabs.canvas.viewer.context_menus()["nodes"].get_menu(CanvasNode.__name__)
    runs = [
        action
        for action in menu.actions()
        if action.text().replace("&", "") in ("Run to here", "Run from here")
    ]
    assert [action.shortcut().toString() for action in runs] == ["F7", "Shift+F7"]
    assert not any(action.isEnabled() for action in runs), "there are two"


def test_the_canvas_has_the_focus_when_a_project_opens(window, session, qtbot):
    window.activateWindow()
    qtbot.waitUntil(lambda: window.pages.tabs.canvas.isAncestorOf(window.focusWidget()))


def test_the_status_bar_says_what_the_database_did(window, session, qtbot, monkeypatch):
    status, watch = window.status, window.connection_watch
    qtbot.waitUntil(lambda: status.connection.text().strip() == "shop: no file yet")
    info = SimpleNamespace(product="PostgreSQL", version="15.8", database="shop", tables=1, can_write=True)
    answers: list[Any] = []

    async def probe(self, connection):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def says(answer, text):
        answers.append(answer)
        watch.check()
        qtbot.waitUntil(lambda: watch._job is None and status.connection.text().strip() == text)

    monkeypatch.setattr(type(session), "probe", probe)
    says(ConnectionFailed("h cannot be reached."), "Not connected to shop")
    says(info, "Connected shop (PostgreSQL 15)")
    says(LockTimeout("All are in use."), "Connected shop (PostgreSQL 15)")
    says(ConnectionLost("h is gone.", hint="Look after it."), "Lost shop")
    assert "Look after it." in status.connection.toolTip()
    assert watch._timer.isActive(), "it is asked again by itself"
    answers.append(info)
    watch._timer.timeout.emit()
    qtbot.waitUntil(lambda: status.connection.text().strip() == "Connected shop (PostgreSQL 15)")
    says(AuthenticationFailed("No such password."), "Not connected to shop")
    assert not watch._timer.isActive(), "a wrong password is not tried again and again"
    watch.after_run()
    assert not watch._timer.isActive()
    answers.append(info)
    dialog = window.panels.models.open_connections()
    dialog.form.read_only.click()
    dialog.form.stage.setCurrentIndex(dialog.form.stage.findData("production"))
    dialog.accept()
    said = "Connected shop (PostgreSQL 15) · production · read only"
    qtbot.waitUntil(lambda: status.connection.text().strip() == said)
    assert window.toolbar.pill.text() == "shop · SQLite · production"
    assert window.toolbar.pill.property("stage") == status.connection.property("stage") == "production"
    qtbot.mouseClick(status.connection, Qt.MouseButton.LeftButton)
    dialog = window.findChild(ConnectionDialog)
    assert dialog.isVisible()
    dialog.reject()
    answers.append(info)
    window.set_session(None)
    assert not status.connection.isVisible()


def test_how_long_ago_a_project_was_saved_is_said_in_words():
    now = dt.datetime(2026, 3, 5, 12, 0, tzinfo=dt.UTC)
    told = [
        since(now - dt.timedelta(**ago), now) for ago in ({"seconds": 59}, {"minutes": 2}, {"minutes": 59})
    ]
    assert told == ["Saved just now", "Saved 2 min ago", "Saved 59 min ago"]
    hours = since(now - dt.timedelta(hours=2), now)
    assert hours == f"Saved {(now - dt.timedelta(hours=2)).astimezone():%H:%M}"
    assert since(now - dt.timedelta(days=40), now) != since(now - dt.timedelta(days=41), now)
