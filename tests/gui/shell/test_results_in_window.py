"""What the window does with rows: written into files, with progress and a way to stop it."""

from __future__ import annotations

import json
import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog

from studio.nodes.file_formats import CsvWriter
from studio.panels import export_bar

CONTROL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def results(window, drive):
    """The sample, with the records of a model in the tab in front."""
    drive.activate()
    drive.finish(window.files.open_sample())
    action = window.commands.action("export_rows")
    assert not action.isEnabled()
    model = next(entry for entry in window.session.project.models.values() if entry.name == "Customer")
    window.navigation.browse(model.id)
    panel = window.panels.results
    drive.until(lambda: panel.rows is not None and panel.rows.model.rowCount() == 40)
    assert action.isEnabled()
    return panel


def told(panel):
    """The sentences that the panel says from now on."""
    said: list[str] = []
    panel.message.connect(said.append)
    return said


def choose(drive, path):
    """Chooses a file that Qt's own dialog would ask about, or refuse."""
    dialog = drive.dialog(QFileDialog)
    dialog.fileSelected.emit(str(path))
    dialog.reject()


def test_rows_are_exported_as_they_are_shown_and_an_export_can_be_stopped(
    results, window, drive, tmp_path, monkeypatch
):
    said = told(results)
    rows = results.rows
    # The order and the columns that are seen, in the format that the file's name says.
    rows.grid.kind_header.hideSection(rows.model.columns.index("email"))
    rows.grid.kind_header.moveSection(rows.model.columns.index("name"), 0)
    rows._order_by("id", False)
    rows._order_by("id", False)
    drive.key(Qt.Key.Key_E, CONTROL_SHIFT)
    kinds = drive.dialog(QFileDialog).findChild(QComboBox, "fileTypeCombo")
    kinds.setCurrentIndex(2)
    kinds.activated.emit(2)
    assert drive.dialog(QFileDialog).selectedFiles()[0].endswith("customers.jsonl")
    drive.choose_file(tmp_path / "rows.json")
    drive.until(lambda: len(said) == 1)
    assert said[0].startswith(f"Wrote 40 rows to {tmp_path / 'rows.json'} (")
    written = json.loads((tmp_path / "rows.json").read_text())
    assert [row["id"] for row in written] == list(range(40, 0, -1))
    assert list(written[0])[:2] == ["name", "id"]
    assert "email" not in written[0]
    # On the clipboard they are the same statements that a file would hold.
    rows.grid.selectionModel().clear()
    rows.deeds.actions["copy_insert"].trigger()
    drive.until(lambda: len(said) == 2)
    copied = QApplication.clipboard().text().splitlines()
    assert len(copied) == 40
    assert copied[0].startswith("INSERT INTO customers (name, id, city, ")
    said.pop()
    # A node's rows by its button, as SQL.
    drive.run()
    drive.until(lambda: results.rows is not None and results.rows.model.columns[:1] == ("customer_id",))
    results.rows.deeds.actions["export_sql"].trigger()
    drive.choose_file(tmp_path / "report")
    drive.until(lambda: len(said) == 2)
    lines = (tmp_path / "report.sql").read_text().splitlines()
    assert len(lines) == results.rows.model.rowCount()
    assert all(line.startswith("INSERT INTO report (customer_id, ") for line in lines)
    # One that takes long shows how far it is; stopped, it leaves what was there.
    gate, write = threading.Event(), CsvWriter.write

    def slowly(self, records):
        gate.wait(100)
        write(self, records)

    monkeypatch.setattr(CsvWriter, "write", slowly)
    monkeypatch.setattr(export_bar, "_SHOWN_AFTER_MS", 0)
    (tmp_path / "slow.csv").write_text("kept")
    results.rows.deeds.export_csv()
    choose(drive, tmp_path / "slow.csv")
    bar = results.exports[0]
    drive.until(lambda: bar.isVisible() and bar.label.text().startswith("Writing slow.csv · 0 of "))
    drive.click(bar.cancel_button)
    assert not results.exports
    gate.set()
    assert said[2] == "The export was stopped; slow.csv is as it was."
    drive.until(lambda: not list(tmp_path.glob(".*.tmp")))
    assert (tmp_path / "slow.csv").read_text() == "kept"


def test_a_file_that_cannot_be_written_is_told(results, window, drive, tmp_path):
    refused: list[object] = []
    results.failed.connect(refused.append)
    results.rows.deeds.export_csv()
    choose(drive, tmp_path / "nowhere" / "rows.csv")
    drive.until(lambda: bool(refused))
    assert "There is no " in str(refused[0])
    assert not results.exports or not results.exports[0].isVisible()


def test_both_filters_hold_and_a_view_is_kept_in_the_settings(results, window, drive):
    view, rows = results.current, results.rows
    view.set_filter({"city": {"$in": ["Cork", "Dijon"]}})
    drive.until(lambda: rows.model.total == 11)
    drive.key(Qt.Key.Key_F, CONTROL_SHIFT)
    field = rows.filters.field(rows.model.columns[0])
    drive.until(lambda: QApplication.focusWidget() is field)
    drive.bot.keyClicks(field, "> 20")
    drive.key(Qt.Key.Key_Return)
    drive.until(lambda: rows.model.total == 5)
    assert QApplication.focusWidget() is rows.grid
    drive.key(Qt.Key.Key_A, CONTROL_SHIFT)
    popup = rows.looks.popup
    drive.until(popup.isVisible)
    popup.name.setFocus()
    drive.bot.keyClicks(popup.name, "Late in two towns")
    drive.bot.keyClick(popup.name, Qt.Key.Key_Return)
    popup.close()
    kept = window.settings.looks(rows.looks.place)
    assert kept["Late in two towns"]["filters"] == {"id": "> 20"}
    window.settings.keep_looks(rows.looks.place, {})
    assert window.settings.looks(rows.looks.place) == {}
