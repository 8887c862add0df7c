"""The first minute: the sample runs, three marks go along with what a person does, and Help ▸ Tour repeats them."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QFileDialog, QFrame, QPushButton

from studio.shell.tour import DRY_RUN, OWN, PORT
from tests.gui.canvas.support import port


def test_the_tour_comes_after_the_first_run_goes_along_and_ends_for_good(window, drive, settings, tmp_path):
    settings.has_seen_tour = False
    tour = window.tour
    drive.activate()
    drive.finish(window.files.open_sample())
    assert tour.step is None
    drive.run()
    drive.until(lambda: tour.step == PORT)
    assert tour.mark.isVisible()
    assert window.rect().contains(tour.mark.geometry())
    # Dragging from the port that is ringed opens the palette; what is chosen there leads to the next mark.
    at = port(drive.canvas, "report", "value", is_output=True)
    corner = drive.canvas.viewer.mapFromScene(QPointF(*at))
    ringed = drive.canvas.viewer.viewport().mapTo(window, corner)
    assert any(
        ring.isVisible() and ring.geometry().contains(ringed)
        for ring in window.findChildren(QFrame, "coachRing")
    )
    drive.mouse.drag(at, (at[0] + 160, at[1] + 60))
    drive.until(drive.canvas.palette_popup.isVisible)
    drive.until(lambda: not tour.mark.isVisible())
    drive.key(Qt.Key.Key_Return)
    drive.until(lambda: tour.step == DRY_RUN)
    window.session.undo()
    drive.click(window.toolbar.dry_button)
    drive.until(lambda: tour.step == OWN)
    assert window.docks["changes"].widget().isVisible()
    # The last one leads to a project of one's own.
    drive.click(tour.mark.findChild(QPushButton, "save"))
    assert tour.step is None
    drive.choose_file(tmp_path / "mine.studio")
    drive.until(lambda: window.session.location is not None)
    assert not drive.is_asking(QFileDialog)
    assert settings.has_seen_tour
    drive.run()
    assert tour.step is None


def test_help_repeats_the_tour_and_escape_ends_all_of_it(window, drive):
    drive.activate()
    drive.menu("Help", "Tour")
    tour = window.tour
    drive.until(lambda: tour.step == PORT)
    assert window.session.is_sample
    drive.activate()
    drive.key(Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    drive.until(lambda: not tour.mark.isVisible())
    drive.key(Qt.Key.Key_Escape)
    drive.until(tour.mark.isVisible)
    drive.click(tour.mark.findChild(QPushButton, "next"))
    assert tour.step == DRY_RUN
    window.resize(900, 620)
    drive.until(lambda: window.rect().contains(tour.mark.geometry()))
    assert "Dry run" in tour.mark.text.text()
    drive.activate()
    drive.key(Qt.Key.Key_Escape)
    assert tour.step is None
    assert not tour.mark.isVisible()
    drive.until(lambda: drive.canvas.isAncestorOf(window.focusWidget()))
    drive.canvas.viewer.zoom_to(0.2)
    drive.menu("Help", "Tour")
    drive.until(lambda: tour.step == PORT)
    assert drive.canvas.zoom() == 1.0, "a port can be dragged from"
    tour.end()
