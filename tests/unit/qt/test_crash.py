"""What nobody caught is written down, shown once, and tells no secret."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading

import pytest
from PySide6.QtCore import qWarning
from PySide6.QtGui import QGuiApplication

from studio.qt.crash import CrashDialog, CrashReporter, masked
from studio.qt.versions import commit, packages, versions


@pytest.fixture
def reporter(qapp, tmp_path):
    reporter = CrashReporter(tmp_path / "logs")
    reporter.install()
    yield reporter
    reporter.uninstall()


def fail(text: str = "boom") -> None:
    raise ZeroDivisionError(text)


def throw(text: str = "boom") -> None:
    try:
        fail(text)
    except ZeroDivisionError as error:
        sys.excepthook(type(error), error, error.__traceback__)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql://ada:hush@db:5432/x", "postgresql://ada:***@db:5432/x"),
        ("password=hush&user=ada", "password=***&user=ada"),
        ("{'api_key': 'hush'}", "{'api_key': '***'}"),
        ("nothing secret here: 42", "nothing secret here: 42"),
    ],
)
def test_secrets_are_masked(text, expected):
    assert masked(text) == expected


def test_an_uncaught_exception_is_logged_and_reported_once(reporter, qtbot, capsys):
    reports: list[str] = []
    reporter.crashed.connect(reports.append)
    throw("postgresql://ada:hush@db/x")
    throw("again")
    qtbot.waitUntil(lambda: len(reports) == 1)
    qtbot.wait(5)
    assert len(reports) == 1
    assert "ZeroDivisionError" in reports[0]
    assert "Python: " in reports[0]
    written = (reporter.folder / "studio.log").read_text()
    assert written.count("Nobody caught this") == 2
    assert "hush" not in written + reports[0] + capsys.readouterr().err


def test_an_exception_of_a_thread_is_caught(reporter, qtbot, capsys):
    reports: list[str] = []
    reporter.crashed.connect(reports.append)
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(reports) == 1)
    assert "in fail" in reports[0]
    assert "boom" in capsys.readouterr().err


def test_an_exception_of_the_event_loop_is_caught(reporter, qtbot, loop, capsys):
    reports: list[str] = []
    reporter.crashed.connect(reports.append)
    loop.set_exception_handler(reporter.catch_in_loop)
    loop.call_soon(fail)
    qtbot.waitUntil(lambda: len(reports) == 1)
    assert "boom" in capsys.readouterr().err


def test_qt_speaks_in_the_same_log(reporter):
    qWarning("a signal was not connected")
    logging.getLogger("studio.qt").info("password=hush")
    written = (reporter.folder / "studio.log").read_text()
    assert "a signal was not connected" in written
    assert "password=***" in written


def test_the_hooks_are_given_back(qapp, tmp_path):
    before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    reporter = CrashReporter(tmp_path)
    reporter.install()
    assert sys.excepthook == reporter.catch
    reporter.uninstall()
    assert (sys.excepthook, threading.excepthook, sys.unraisablehook) == before


def test_the_report_can_be_copied(qtbot, tmp_path):
    dialog = CrashDialog("the whole report", tmp_path)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.copy_button.click()
    assert QGuiApplication.clipboard().text() == "the whole report"


def test_versions_name_what_studio_is_made_of():
    names = [name for name, _ in versions()]
    assert {"Studio", "Python", "Qt", "PySide6", "SQLite", "asyncpg (driver)", "asyncmy (driver)"} <= set(
        names
    )
    assert all(version for _, version in versions())
    used = {str(each.metadata["Name"]).lower().replace("_", "-") for each in packages()}
    assert {"sqlalchemy", "cryptography", "pyside6-essentials", "shiboken6", "asyncmy"} <= used
    assert not {"dataflow-studio", "pytest", "ruff"} & used


def test_the_commit_is_told_where_it_is_known(tmp_path):
    def git(*words):
        identity = ("-c", "user.name=Ada", "-c", "user.email=ada@x", "-c", "commit.gpgsign=false")
        done = subprocess.run(  # noqa: S603 - our own words
            ["git", *identity, "-C", tmp_path, *words],  # noqa: S607 - the machine's
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    git("init", "-q")
    assert commit(tmp_path) == "", "nothing is committed yet"
    (tmp_path / "file").write_text("one")
    git("add", ".")
    git("commit", "-qm", "one")
    assert commit(tmp_path) == git("rev-parse", "--short=12", "HEAD")
    (tmp_path / "file").write_text("two")
    assert commit(tmp_path).endswith(", changed since")
    (tmp_path / "installed").mkdir()
    assert commit(tmp_path / "installed") == "", "installed from files, not from a repository"
