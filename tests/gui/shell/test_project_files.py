"""Projects come and go without loss: save, reopen, the question before closing, recovery, import and export, bad files."""

from __future__ import annotations

import sqlite3

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from studio.panels.compare_dialog import CompareDialog
from studio.session import Session
from studio.session.secrets import split_password
from studio.shell.dialogs import ServerDialog

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def project(window, drive):
    """A new project, open in the window and unsaved."""
    drive.activate()
    drive.finish(window.files.new())
    return window.session


def names(session) -> list[str]:
    return [workflow.name for workflow in session.project.workflows.values()]


def test_a_new_project_has_one_workflow_and_is_not_modified(window, project):
    assert window.pages.tabs.count() == 1
    assert not window.isWindowModified()
    assert window.status.saved.text() == "Not saved to a file"


def test_save_asks_for_a_place_once_and_the_file_opens_again(window, project, drive, tmp_path):
    project.add_workflow("Import users")
    drive.key(Qt.Key.Key_S, CONTROL)
    drive.choose_file(tmp_path / "shop")
    drive.until(lambda: (tmp_path / "shop.studio").exists() and not window.isWindowModified())
    assert window.windowTitle() == "Import users[*] — shop"
    assert window.status.saved.text() == "Saved just now"
    assert window.pages.tabs.tabText(1) == "Import users"
    assert [entry.name for entry in window.settings.recent()] == ["shop"]
    project.add_workflow("Third")
    assert window.isWindowModified()
    drive.key(Qt.Key.Key_S, CONTROL)
    drive.until(lambda: not window.isWindowModified())
    assert not drive.is_asking(QFileDialog)
    drive.menu("File", "Close project")
    drive.until(lambda: window.session is None)
    drive.finish(window.files.open(str(tmp_path / "shop.studio")))
    assert names(window.session)[1:] == ["Import users", "Third"]


def test_unsaved_changes_are_asked_about_before_another_project_opens(window, project, drive):
    project.add_workflow("Precious")
    drive.menu("File", "New project")
    assert "Save the changes" in drive.answer("cancel")
    assert window.session is project
    drive.menu("File", "New project")
    drive.answer("discard")
    drive.until(lambda: window.session is not project)
    assert "Precious" not in names(window.session)


def test_saying_save_saves_before_leaving_and_cancelling_the_place_stays(window, project, drive, tmp_path):
    project.add_workflow("Precious")
    drive.menu("File", "Close project")
    drive.answer("save")
    dialog = drive.dialog(QFileDialog)
    dialog.reject()
    drive.until(lambda: not drive.is_asking(QFileDialog))
    assert window.session is project
    drive.activate()
    drive.menu("File", "Close project")
    drive.answer("save")
    drive.choose_file(tmp_path / "kept.studio")
    drive.until(lambda: window.session is None)
    drive.finish(window.files.open(str(tmp_path / "kept.studio")))
    assert "Precious" in names(window.session)


def test_the_window_closes_only_after_the_question(window, project, drive):
    project.add_workflow("Precious")
    window.close()
    drive.answer("cancel")
    drive.until(lambda: not window._is_closing)
    assert window.isVisible()
    assert not window.closed.is_set()
    window.close()
    drive.answer("discard")
    drive.until(window.closed.is_set)
    assert not window.isVisible()
    assert window.session is None


def test_a_missing_file_a_foreign_database_and_a_damaged_file_leave_the_project_as_it_is(
    window, project, drive, tmp_path
):
    foreign = tmp_path / "foreign.studio"
    with sqlite3.connect(foreign) as database:
        database.execute("CREATE TABLE birds (id INTEGER)")
    database.close()
    damaged = tmp_path / "damaged.studio"
    damaged.write_bytes(b"not a database at all" * 100)
    for path, word in (
        (tmp_path / "missing.studio", "missing.studio"),
        (foreign, "foreign.studio"),
        (damaged, "damaged.studio"),
    ):
        window.open(str(path))
        drive.until(lambda: window.message_bar.message is not None)
        message = window.message_bar.message
        assert word in message.text
        assert message.fix
        assert window.session is project
        window.message_bar.hide()
    with sqlite3.connect(foreign) as database:
        assert database.execute("SELECT name FROM sqlite_master").fetchall() == [("birds",)]
    database.close()


def test_a_workflow_is_exported_and_imported_without_loss(window, drive, tmp_path):
    drive.activate()
    drive.finish(window.files.open_sample())
    original = next(iter(window.session.project.workflows.values()))
    drive.menu("File", "Export workflow…")
    drive.choose_file(tmp_path / "restock.yaml")
    drive.until((tmp_path / "restock.yaml").exists)
    drive.finish(window.files.new())
    drive.menu("File", "Import workflow…")
    drive.choose_file(tmp_path / "restock.yaml")
    drive.until(lambda: window.pages.tabs.count() == 2)
    imported = window.session.project.workflow(window.pages.tabs.workflow_id)
    assert imported.nodes == original.nodes
    assert imported.edges == original.edges
    assert imported.places == original.places
    assert window.isWindowModified()


def test_the_canvas_is_exported_as_a_picture(window, drive, tmp_path):
    drive.activate()
    drive.finish(window.files.open_sample())
    drive.menu("File", "Export canvas…")
    drive.choose_file(tmp_path / "canvas.svg")
    drive.until((tmp_path / "canvas.svg").exists)
    assert (tmp_path / "canvas.svg").read_text("utf-8").startswith("<?xml")


def test_a_broken_text_is_refused_with_its_line(window, project, drive, tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text("format: studio/workflow\nversion: 1\nnodes: [\n", "utf-8")
    window.open(str(broken))
    drive.until(lambda: window.message_bar.message is not None)
    assert "line" in window.message_bar.message.text
    assert window.pages.tabs.count() == 1


def test_a_file_dropped_on_the_window_opens(window, project, drive, tmp_path):
    drive.finish(project.save_as(str(tmp_path / "dropped.studio")))
    drive.finish(window.files.new())
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "dropped.studio"))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    for event in (
        QDragEnterEvent(QPoint(20, 20), copy, mime, left, none),
        QDragMoveEvent(QPoint(20, 20), copy, mime, left, none),
        QDropEvent(QPointF(20, 20), copy, mime, left, none),
    ):
        QApplication.sendEvent(window, event)
    drive.until(lambda: window.session is not None and window.session.title == "dropped")


def test_a_server_is_opened_by_its_url_only(window, drive):
    drive.activate()
    drive.menu("File", "Open from server…")
    dialog = drive.dialog(ServerDialog)
    assert not dialog.open_button.isEnabled()
    drive.bot.keyClicks(dialog.edit, "https://example.org")
    assert not dialog.open_button.isEnabled()
    dialog.edit.clear()
    drive.bot.keyClicks(dialog.edit, "postgresql://ada:hush@127.0.0.1:1/nothing")
    drive.click(dialog.open_button)
    drive.until(lambda: window.message_bar.message is not None)
    assert "hush" not in window.message_bar.message.text
    assert window.session is None


@pytest.mark.postgresql
def test_a_project_is_kept_in_postgresql_like_in_a_file(window, project, drive, postgres_url):
    project.add_workflow("Team work")
    drive.menu("File", "Save to server…")
    dialog = drive.dialog(ServerDialog)
    drive.bot.keyClicks(dialog.edit, postgres_url)
    drive.click(dialog.open_button)
    drive.until(lambda: not window.isWindowModified() and project.location is not None)
    secret = split_password(postgres_url)[1]
    assert secret
    assert secret not in project.location
    drive.finish(window.files.new())
    drive.finish(window.files.open(postgres_url))
    assert "Team work" in names(window.session)
    window.settings.sync()
    kept = (window.env.data_dir / "window.ini").read_text("utf-8")
    assert "postgresql" in kept
    assert secret not in kept


def test_unsaved_edits_of_a_process_that_died_are_offered_at_the_next_start(window, env, drive):
    drive.activate()
    lost = drive.finish(Session.new(env, name="Lost"))
    lost.add_workflow("Precious")
    lost.add_workflow("More")
    drive.finish(lost.close(keep_edits=True))
    task = drive.begin(window.files.start(None))
    assert (
        "The last were: Add workflow Precious, Add workflow More."
        in drive.dialog(QMessageBox).informativeText()
    )
    asked = drive.answer("restore")
    drive.finish(task)
    assert "Lost" in asked
    assert "2 unsaved changes" in asked
    assert names(window.session)[1:] == ["Precious", "More"]
    assert window.isWindowModified()
    window.session.undo()
    assert "More" not in names(window.session)


def copied(dialog):
    dialog.copy_all()
    return QApplication.clipboard().text()


def test_recovery_is_compared_can_wait_and_be_given_up(window, env, drive):
    drive.activate()
    lost = drive.finish(Session.new(env, name="Lost"))
    lost.add_workflow("Precious")
    drive.finish(lost.close(keep_edits=True))
    for answer, compared, left in (("later", "close", 1), ("", "discard", 0)):
        task = drive.begin(window.files.offer_recoveries())
        drive.answer("compare")
        dialog = drive.dialog(CompareDialog)
        assert "+ workflow Precious" in copied(dialog)
        drive.click(dialog.buttons[compared])
        if answer:
            drive.answer(answer)
        drive.finish(task)
        assert len(drive.finish(Session.recoverable(env))) == left
    drive.finish(window.files.offer_recoveries())
    assert not drive.is_asking(QMessageBox)


def test_the_last_project_opens_at_start_only_when_wanted(window, project, drive, tmp_path):
    drive.finish(project.save_as(str(tmp_path / "mine.studio")))
    window.settings.remember("mine", str(tmp_path / "mine.studio"))
    drive.finish(window.files.close())
    drive.finish(window.files.start(None))
    assert window.session.location is None
    drive.finish(window.files.close())
    window.commands.action("reopen_last").trigger()
    assert window.settings.reopens_last
    drive.finish(window.files.start(None))
    assert window.session.title == "mine"


def test_a_start_with_a_bad_location_shows_why_and_goes_on_with_the_sample(window, drive, tmp_path):
    drive.finish(window.files.start(str(tmp_path / "gone.studio")))
    assert window.session is not None
    assert window.message_bar.message is not None
    assert "gone.studio" in window.message_bar.message.text
