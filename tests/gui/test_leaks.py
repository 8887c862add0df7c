"""The watch over leaks sees what it is for, and nothing else."""

import threading

import pytest
from PySide6.QtCore import QThread, QTimer
from PySide6.QtWidgets import QDialog, QWidget

from tests.gui import conftest


def test_a_widget_nobody_closed_is_a_leak(qapp) -> None:
    with conftest.watch_for_leaks() as found:
        widget = QWidget()
        widget.setObjectName("forgotten")
    assert found == ["widget QWidget 'forgotten'"]
    widget.deleteLater()


def test_a_widget_that_is_to_be_deleted_is_no_leak(qapp) -> None:
    with conftest.watch_for_leaks() as found:
        widget = QWidget()
        widget.deleteLater()
        QWidget().child = QWidget()  # type: ignore[attr-defined]
    assert found == []


def test_a_dialog_with_a_parent_is_its_parents_business(qapp, qtbot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    with conftest.watch_for_leaks() as found:
        dialog = QDialog(window)
        dialog.show()
    assert found == []


def test_a_timer_that_goes_on_is_a_leak_and_is_stopped(qapp) -> None:
    timer = QTimer()
    with conftest.watch_for_leaks() as found:
        timer.start(10_000)
    assert found == ["timer QTimer"]
    assert not timer.isActive()


def test_a_thread_that_goes_on_is_a_leak(qapp, monkeypatch) -> None:
    monkeypatch.setattr(conftest, "GRACE_S", 0.05)
    end = threading.Event()
    thread = threading.Thread(target=end.wait, name="forgotten")
    with conftest.watch_for_leaks() as found:
        thread.start()
    end.set()
    thread.join()
    assert found == ["thread forgotten"]


def test_a_thread_of_qt_that_goes_on_is_a_leak(qapp, monkeypatch) -> None:
    monkeypatch.setattr(conftest, "GRACE_S", 0.05)
    thread = QThread()
    with conftest.watch_for_leaks() as found:
        thread.start()
    thread.quit()
    thread.wait()
    assert found == ["thread QThread"]


def test_a_dialog_that_waits_for_a_person_fails_the_test(qapp, qtbot) -> None:
    dialog = QDialog()
    qtbot.addWidget(dialog)
    with pytest.raises(pytest.fail.Exception, match="use open"):
        dialog.exec()
