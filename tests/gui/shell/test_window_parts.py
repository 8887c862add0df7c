"""The parts of the window: panels that hide and come back, looks, messages, busy work, and what is remembered."""

from __future__ import annotations

import asyncio
import itertools
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QByteArray, QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QGuiApplication, QHelpEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QToolButton, QToolTip

from studio.kernel.errors import ConnectionFailed, StudioError
from studio.kernel.problems import Severity
from studio.panels import ConnectionDialog
from studio.qt.background import run_in_background
from studio.qt.messages import Message
from studio.shell import message_bar
from studio.shell.help_dialogs import AboutDialog, LicencesDialog, ShortcutsDialog, licences
from studio.shell.inputs_dialog import InputsDialog
from studio.shell.message_bar import Toast
from studio.shell.settings import LAYOUT_VERSION, MAX_RECENT, Settings
from studio.workflow.graph import WorkflowInput


def test_panels_hide_and_come_back_by_their_commands(window):
    for command_id, dock in (
        ("toggle_left", "models"),
        ("toggle_inspector", "inspector"),
        ("toggle_bottom", "results"),
    ):
        action = window.commands.action(command_id)
        assert action.isChecked()
        action.trigger()
        assert window.docks[dock].isHidden()
        assert not action.isChecked()
        action.trigger()
        assert not window.docks[dock].isHidden()


def test_reset_layout_brings_everything_back(window):
    window.docks["inspector"].hide()
    window.docks["models"].setFloating(True)
    window.commands.action("reset_layout").trigger()
    assert not window.docks["inspector"].isHidden()
    assert not window.docks["models"].isFloating()
    assert window.dockWidgetArea(window.docks["models"]) is Qt.DockWidgetArea.LeftDockWidgetArea


def test_each_layout_is_remembered_as_it_was_left(window, drive, settings):
    shown = ("models", "inspector", "results")
    places = [not window.docks[name].isHidden() for name in shown]
    drive.activate()
    drive.menu("View", "Layout", "Debug")
    assert [not window.docks[name].isHidden() for name in shown] == [False, True, True]
    assert window.commands.action("layout_debug").isChecked()
    assert not window.commands.action("toggle_left").isChecked()
    window.docks["inspector"].hide()
    drive.menu("View", "Layout", "Data")
    assert [not window.docks[name].isHidden() for name in shown] == [True, False, True]
    drive.menu("View", "Layout", "Debug")
    assert window.docks["inspector"].isHidden()
    drive.menu("View", "Layout", "Reset this layout")
    assert [not window.docks[name].isHidden() for name in shown] == [False, True, True]
    drive.menu("View", "Layout", "Build")
    assert [not window.docks[name].isHidden() for name in shown] == places
    assert settings.layout == "build"


@pytest.mark.parametrize("width", [860, 1440])
def test_the_toolbar_says_the_database_however_little_room_there_is(window, session, drive, width):
    bar = window.toolbar
    window.resize(width, 600)
    drive.until(lambda: window.width() == width and bar.pill.isVisible())
    drive.until(lambda: bar.rect().contains(bar.pill.geometry()))
    assert bar.findChild(QToolButton, "go_toButton").isVisible() is (width > 1000)
    assert bar.dry_button.isVisible()


def test_f6_walks_from_pane_to_pane_and_back(window, session, qtbot):
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    visited = []
    for _ in range(6):
        window.commands.action("next_pane").trigger()
        focused = QApplication.focusWidget()
        panes = {"canvas": window.pages, **{panel.__class__.__name__: panel for panel in window.panels.all}}
        visited.append(
            next((name for name, pane in panes.items() if focused and pane.isAncestorOf(focused)), "")
        )
    assert "canvas" in visited
    assert len(set(visited)) >= 3
    assert "" not in visited


def test_a_window_without_room_for_its_usual_size_fills_the_screen_unless_it_was_given_another(
    window, monkeypatch
):
    settings = window.settings
    for size, geometry, fills in (
        ((1440, 900), b"", True),
        ((1920, 1080), b"", False),
        ((1440, 900), b"x", False),
    ):
        screen = SimpleNamespace(availableGeometry=lambda size=size: QRect(0, 0, *size))
        monkeypatch.setattr(type(window), "screen", lambda _, screen=screen: screen)
        settings.keep_window(QByteArray(geometry), QByteArray())
        window.resize(1440, 900)
        window.fit_screen()
        assert window.isMaximized() is fills
        window.setWindowState(Qt.WindowState.WindowNoState)


def test_another_look_is_taken_at_once_and_remembered(window, session, qapp, settings):
    window.commands.action("theme_light").trigger()
    assert window.theme.name == "light"
    assert settings.theme == "light"
    assert window.theme.hex("window") in qapp.styleSheet()
    assert all(panel.theme is window.theme for panel in window.panels.all)
    assert all(canvas.theme is window.theme for canvas in window.pages.tabs.canvases)
    assert window.commands.action("theme_light").isChecked()
    assert not window.commands.action("theme_dark").isChecked()
    window.commands.action("theme_dark").trigger()
    assert window.theme.name == "dark"


def test_an_error_says_what_and_what_to_do_and_can_be_copied(window, qtbot):
    window.show_error(
        ConnectionFailed("The server does not answer.", hint="Check the host.", detail="refused")
    )
    bar = window.message_bar
    assert bar.isVisible()
    assert bar.message.what == "The server does not answer."
    copy = next(button for button in bar.findChildren(QPushButton) if button.text() == "Copy")
    qtbot.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert "What to do: Check the host." in QGuiApplication.clipboard().text()


def test_a_database_that_cannot_be_reached_leads_to_its_connection(window, session, qtbot, drive):
    window.show_error(ConnectionFailed("The server does not answer."))
    offers = [
        found for found in window.message_bar.findChildren(QPushButton) if "Connections" in found.text()
    ]
    qtbot.mouseClick(offers[0], Qt.MouseButton.LeftButton)
    drive.dialog(ConnectionDialog).reject()
    window.show_error(StudioError("Something else."))
    assert not window.message_bar._offers


def test_an_offer_is_done_once_and_closes_the_bar(window, qtbot):
    done: list[str] = []
    bar = window.message_bar
    bar.tell(Message(what="Python nodes.", severity=Severity.INFO), [("Trust", lambda: done.append("trust"))])
    trust = next(button for button in bar.findChildren(QPushButton) if button.text() == "Trust")
    qtbot.mouseClick(trust, Qt.MouseButton.LeftButton)
    assert done == ["trust"]
    assert not bar.isVisible()


def test_long_work_can_be_cancelled_in_the_status_bar(window, qtbot, monkeypatch):
    monkeypatch.setattr("studio.shell.status.CANCEL_AFTER_MS", 1)
    job = run_in_background(window.panels.models, asyncio.Event().wait(), text="Reading…", busy_after_ms=1)
    busy = window.status.busy
    qtbot.waitUntil(lambda: busy.isVisible() and busy.cancel_button.isVisible())
    qtbot.mouseClick(busy.cancel_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not job.is_running and not busy.isVisible())
    # Whoever stops the first project from being opened is not left with the words that it is being opened.
    window.start(asyncio.Event().wait(), "Opening shop…")
    assert window.pages.currentWidget() is not window.pages.welcome
    qtbot.waitUntil(lambda: busy.isVisible() and busy.cancel_button.isVisible())
    qtbot.mouseClick(busy.cancel_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.pages.currentWidget() is window.pages.welcome)


def test_recent_projects_are_few_unique_and_the_missing_ones_known(env, tmp_path):
    settings = Settings(env.data_dir)
    for number in range(12):
        settings.remember(f"P{number}", str(tmp_path / f"{number}.studio"))
    (tmp_path / "11.studio").touch()
    settings.remember("P5", str(tmp_path / "5.studio"))
    settings.remember("Team", "postgresql://db/x")
    settings.sync()
    recent = Settings(env.data_dir).recent()
    assert [entry.name for entry in recent] == [
        "Team",
        "P5",
        "P11",
        "P10",
        "P9",
        "P8",
        "P7",
        "P6",
        "P4",
        "P3",
    ]
    assert [entry.name for entry in recent if entry.exists] == ["Team", "P11"]
    settings.pin(str(tmp_path / "3.studio"), True)
    for number in range(20, 31):
        settings.remember(f"P{number}", str(tmp_path / f"{number}.studio"))
    settings.sync()
    kept = Settings(env.data_dir)
    assert len(kept.recent()) == MAX_RECENT + 1
    assert [entry.name for entry in kept.recent() if entry.is_pinned] == ["P3"]
    settings.remember("P3", str(tmp_path / "3.studio"))
    assert settings.recent()[0].is_pinned
    settings.pin(str(tmp_path / "3.studio"), False)
    assert not any(entry.is_pinned for entry in settings.recent())


def test_missing_recent_projects_are_grey_and_can_be_removed(window, settings, tmp_path):
    settings.remember("Gone", str(tmp_path / "gone.studio"))
    window.recent_changed()
    entry, _, remove = window._recent_menu.actions()
    assert not entry.isEnabled()
    remove.trigger()
    assert settings.recent() == []
    for name in ("First", "Second"):
        (tmp_path / name).touch()
        settings.remember(name, str(tmp_path / name))
    window.pages.welcome.recentPinned.emit(str(tmp_path / "First"), True)
    shown = [action.text().split(" — ")[0] for action in window._recent_menu.actions()]
    assert shown == ["First", "", "Second"]
    window._forget([str(tmp_path / name) for name in ("First", "Second")])
    assert not window._recent_menu.isEnabled()


def test_places_of_the_panels_are_remembered(window, settings):
    window.docks["inspector"].hide()
    settings.keep_window(window.saveGeometry(), window.saveState(LAYOUT_VERSION))
    window.docks["inspector"].show()
    window._restore_window()
    assert window.docks["inspector"].isHidden()


def test_stars_are_remembered_by_the_place_of_the_project(window, session, settings, monkeypatch):
    monkeypatch.setattr(type(session), "location", "shop.studio")
    panel = window.panels.workflows
    panel.tree.choose("w2")
    panel.toggle_star()
    window.stars.change({"w2", "gone"})
    assert settings.stars == {"shop.studio": ["w2"]}
    window.set_session(None)
    assert not panel.tree.entries()
    window.set_session(session)
    assert panel.tree.entries()[0].text(0) == session.project.workflows["w2"].name


def test_inputs_are_read_by_kind_and_refused_beside_their_field(window, qtbot):
    inputs = (WorkflowInput(name="limit", kind="int"), WorkflowInput(name="name", kind="str", required=False))
    dialog = InputsDialog("Nightly sync", inputs, {}, window.theme, window)
    dialog.open()
    dialog.accept()
    assert dialog.isVisible()
    limit = dialog._edits["limit"]
    qtbot.keyClicks(limit, "ten")
    dialog.accept()
    assert dialog.isVisible()
    assert dialog._refusals["limit"].text()
    limit.clear()
    qtbot.keyClicks(limit, "10")
    dialog.accept()
    assert not dialog.isVisible()
    assert dialog.values == {"limit": 10, "name": ""}
    dialog.deleteLater()


def test_the_cheat_sheet_has_the_keys_of_today_the_mouse_and_the_outline(window, qtbot):
    window.preferences.set_tab_adds(False)
    window.commands.action("shortcuts").trigger()
    dialog = window.findChild(ShortcutsDialog)
    texts = [label.text() for label in dialog.findChildren(QLabel)]
    told = dict(itertools.pairwise(texts))
    assert told["Add node"] == "N"
    assert told["Run"] == "Ctrl+Enter  or  F5"
    assert told["Nudge what is selected"] == "Ctrl + Shift + arrows"
    assert told["Frame the selected rows"] == "Ctrl + G"
    keys = {command.id for command in window.commands.commands if command.shortcuts}
    bookmarks = {key for key in keys if "bookmark" in key}
    shown = {command.plain_text for command in window.commands.commands if command.id in keys - bookmarks}
    assert shown <= set(texts)
    dialog.close()


def test_help_shows_keys_versions_and_licences(window, qtbot):
    for command_id, kind in (
        ("shortcuts", ShortcutsDialog),
        ("about", AboutDialog),
        ("licences", LicencesDialog),
    ):
        window.commands.action(command_id).trigger()
        qtbot.waitUntil(lambda kind=kind: window.findChild(kind) is not None)
        dialog = window.findChild(kind)
        assert dialog.isVisible()
        if kind is LicencesDialog:
            qtbot.waitUntil(lambda dialog=dialog: dialog.text.toPlainText() == licences())
        dialog.close()
    assert "Lesser General Public License" in licences()
    assert "SQLAlchemy" in licences()


def test_a_passing_sentence_goes_with_the_next_key_once_it_could_be_read(window, qtbot, monkeypatch):
    toast = window.findChild(Toast)

    def press():
        QApplication.sendEvent(
            window.windowHandle(),
            QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Shift, Qt.KeyboardModifier.NoModifier),
        )

    window.tell("Pasted 1 node.")
    press()
    assert toast.isVisible(), "it has just come"
    monkeypatch.setattr(message_bar, "_READ_MS", 0)
    window.tell("Pasted 2 nodes.")
    qtbot.waitUntil(lambda: not toast._unread.isActive())
    press()
    assert not toast.isVisible()


def test_in_a_small_window_the_panels_stand_beside_one_another_and_each_keeps_to_its_room(
    window, session, qtbot
):
    docks = [window.docks[name] for name in ("models", "workflows", "inspector", "results")]
    results = window.docks["results"].widget()
    window.resize(900, 600)
    qtbot.waitUntil(lambda: window.docks["results"].width() == results.width() < 450)
    rooms = [*(dock.geometry() for dock in docks), window.centralWidget().geometry()]
    assert not any(one.intersects(other) for one, other in itertools.combinations(rooms, 2))
    runs = window.panels.runs
    window.docks.enter("runs")
    style = Qt.ToolButtonStyle
    qtbot.waitUntil(lambda: runs.compare_button.toolButtonStyle() == style.ToolButtonIconOnly)
    window.resize(1440, 900)
    qtbot.waitUntil(lambda: runs.compare_button.toolButtonStyle() == style.ToolButtonTextBesideIcon)


def test_a_sentence_without_room_ends_with_an_ellipsis_and_is_told_whole_by_the_pointer(
    window, session, qtbot
):
    status, sentence = window.status, "Run succeeded: " + "a long word and " * 30
    status.tell("Saved.")
    assert status.shown_sentence == "Saved."
    status.tell(sentence)
    assert status.shown_sentence.endswith("…")
    room = status.fontMetrics().horizontalAdvance(status.shown_sentence)
    assert room < min(part.x() for part in (status.connection, status.saved) if part.isVisible())
    place = status.rect().center() - QPoint(status.width() // 2 - 20, 0)
    QApplication.sendEvent(status, QHelpEvent(QEvent.Type.ToolTip, place, status.mapToGlobal(place)))
    assert QToolTip.text() == sentence
    QToolTip.hideText()
