"""The main story, by mouse and keys: import an existing database, draw a workflow, run it, read the rows, save, and again tomorrow.

"Tomorrow" is another process, as is the one that is killed before it could save.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit

from studio.panels import ConnectionDialog, ImportModelsDialog
from studio.panels.models_tree import ID, KIND
from studio.session import Session
from studio.session.secrets import split_password
from tests.gui.canvas.support import port, settle

TABLES = 11

# What a person does tomorrow: opens the file, runs the workflow, looks at the grid. Prints what it then sees.
TOMORROW = """
import asyncio, json, sys
from studio.shell import app as shell

class Person(shell.Program):
    async def main(self, location):
        asyncio.ensure_future(self.use())
        return await super().main(location)

    async def use(self):
        while self.window is None or not hasattr(self.window, "navigation") or self.window.session is None:
            await asyncio.sleep(0.01)
        window = self.window
        window.navigation.run()
        while window.runs.handle is None or window.runs.is_running:
            await asyncio.sleep(0.01)
        results = window.panels.results
        while results.current is None or results.current.rows.model.rowCount() == 0:
            await asyncio.sleep(0.01)
        model = results.current.rows.model
        while model.index(0, 0).data() in (None, ""):
            await asyncio.sleep(0.01)
        rows = [
            [model.index(row, column).data() for column in range(model.columnCount())]
            for row in range(model.rowCount())
        ]
        print(json.dumps({"title": window.windowTitle(), "columns": list(model.columns), "rows": rows}), flush=True)
        window.close()

shell.Program = Person
sys.exit(shell.run_window(location=sys.argv[1], arguments=["studio"]))
"""

# A person who edits and never comes to saving: three edits, then says so and waits to be killed.
UNLUCKY = """
import asyncio, sys
from studio.shell import app as shell

class Person(shell.Program):
    async def main(self, location):
        asyncio.ensure_future(self.use())
        return await super().main(location)

    async def use(self):
        while self.window is None or not hasattr(self.window, "navigation") or self.window.session is None:
            await asyncio.sleep(0.01)
        session = self.window.session
        workflow_id = next(iter(session.project.workflows))
        session.rename_workflow(workflow_id, "Renamed in time")
        session.add_workflow("Never saved")
        self.window.navigation.add_node("Output")
        # Journals are written behind; what the engine has been handed is written when it says so.
        await session.env.loop.call(session._home._journal.written())
        print("edited", flush=True)

shell.Program = Person
sys.exit(shell.run_window(location=sys.argv[1], arguments=["studio"]))
"""


@pytest.fixture
def start():
    """Starts a person's program in a process of its own, which does not outlive the test."""
    with contextlib.ExitStack() as stack:

        def start(program: str, *arguments: str, home: Path) -> subprocess.Popen[str]:
            environ = {**os.environ, "STUDIO_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"}
            process = subprocess.Popen(  # noqa: S603 - our own text
                [sys.executable, "-c", textwrap.dedent(program), *arguments],
                env=environ,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield start


def find(model, kind, key):
    """The row of the models' tree that stands for something."""
    stack = [model.index(row, 0) for row in range(model.rowCount())]
    while stack:
        index = stack.pop()
        if index.data(KIND) == kind and index.data(ID) == key:
            return index
        stack += [model.index(row, 0, index) for row in range(model.rowCount(index))]
    raise LookupError(key)


def import_tables(drive, path):
    """Data ▸ Import models…, a file, all of its tables."""
    drive.menu("Data", "Import models from a database…")
    dialog = drive.dialog(ImportModelsDialog)
    drive.click(dialog.file_button)
    drive.choose_file(path)
    drive.until(lambda: len(dialog.chosen()) == TABLES)
    drive.click(dialog.import_button)
    drive.until(lambda: not drive.is_asking(ImportModelsDialog))
    drive.activate()


def drop_operation(drive, type_name, x, y):
    """Drags an operation from the models' tree onto the canvas; the new node's id."""
    before = set(nodes(drive))
    panel = drive.window.panels.models
    index = find(panel.tree_model, "operation", type_name)
    drive.mouse.drop(panel.tree_model.mimeData([index]), x, y)
    return (set(nodes(drive)) - before).pop()


def search_node(drive, words):
    """N on the canvas, some letters, Enter; the new node's id."""
    before = set(nodes(drive))
    drive.canvas.setFocus()
    drive.key(Qt.Key.Key_N)
    drive.until(drive.canvas.palette_popup.isVisible)
    drive.bot.keyClicks(QApplication.focusWidget(), words)
    drive.key(Qt.Key.Key_Return)
    drive.until(lambda: len(nodes(drive)) == len(before) + 1)
    return (set(nodes(drive)) - before).pop()


def nodes(drive):
    return drive.window.session.project.workflow(drive.canvas.workflow_id).nodes


@pytest.fixture
def record_shop(chinook_sqlite_url: str) -> Path:
    return Path(chinook_sqlite_url.removeprefix("sqlite:///"))


def test_import_draw_run_read_save_and_again_tomorrow(window, drive, start, record_shop, tmp_path):
    drive.activate()
    drive.finish(window.files.new())

    import_tables(drive, record_shop)
    models = {entry.name: entry.spec for entry in window.session.project.models.values()}
    assert len(models) == TABLES
    assert models["PlaylistTrack"].key == ("PlaylistId", "TrackId")
    assert window.commands.action("undo").text() == "&Undo import 11 models"
    assert record_shop.stem in window.toolbar.pill.text()

    tracks = drop_operation(drive, "TrackListNode", 0, 0)
    output = search_node(drive, "output")
    canvas = drive.canvas
    canvas.fit()
    settle(canvas)
    drive.mouse.drag(
        port(canvas, tracks, "records", is_output=True), port(canvas, output, "value", is_output=False)
    )
    edges = window.session.project.workflow(canvas.workflow_id).edges
    assert [(edge.source, edge.source_port, edge.target, edge.target_port) for edge in edges] == [
        (tracks, "records", output, "value")
    ]

    canvas.select([tracks])
    drive.until(lambda: "limit" in window.panels.inspector.form.rows)
    limit = window.panels.inspector.form.rows["limit"].editor.findChild(QLineEdit)
    limit.setFocus()
    drive.bot.keyClicks(limit, "7")
    drive.bot.keyClick(limit, Qt.Key.Key_Return)
    assert nodes(drive)[tracks].params["limit"] == 7

    handle = drive.run()
    assert handle.state == "succeeded", handle.error
    columns, *rows = drive.grid()
    assert len(rows) == 7
    assert {"Name", "UnitPrice", "Milliseconds"} <= set(columns)
    assert all(rows[0])

    file = tmp_path / "records.studio"
    drive.canvas.setFocus()
    drive.key(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    drive.choose_file(file)
    drive.until(lambda: not window.isWindowModified() and window.session.location is not None)
    drive.finish(window.files.close())

    tomorrow = start(TOMORROW, str(file), home=tmp_path / "tomorrow")
    out, err = tomorrow.communicate(timeout=100)
    assert tomorrow.returncode == 0, err
    seen = json.loads(out)
    assert seen == {"title": "Workflow[*] — records", "columns": columns, "rows": rows}


@pytest.mark.postgresql
def test_the_same_tables_are_imported_from_a_server_through_a_connection(
    window, drive, chinook_postgres_url, monkeypatch
):
    url, password = split_password(chinook_postgres_url)
    monkeypatch.setenv("RECORDS_PASSWORD", password)
    drive.activate()
    drive.finish(window.files.new())
    drive.menu("Data", "Connections…")
    dialog = drive.dialog(ConnectionDialog)
    drive.bot.keyClicks(dialog.form.name, "records")
    QApplication.clipboard().setText(url)
    dialog.form.url.selectAll()
    drive.bot.keyClick(dialog.form.url, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    drive.bot.keyClick(dialog.form.secret, Qt.Key.Key_Home)
    while dialog.form.secret.currentData() != "environment":
        drive.bot.keyClick(dialog.form.secret, Qt.Key.Key_Down)
    assert dialog.form.variable.text() == "RECORDS_PASSWORD"
    drive.click(dialog.test_button)
    drive.until(lambda: "PostgreSQL" in dialog.verdict.text())
    assert f"{TABLES} tables" in dialog.verdict.text()
    drive.click(dialog.import_button)
    tables = drive.dialog(ImportModelsDialog)
    drive.until(lambda: len(tables.chosen()) == TABLES)
    drive.click(tables.import_button)
    drive.until(lambda: not drive.is_asking(ImportModelsDialog))
    drive.activate()
    assert window.toolbar.pill.text() == "records · PostgreSQL"

    lines = drop_operation(drive, "InvoiceLineAggregateNode", 0, 0)
    window.session.set_params(
        drive.canvas.workflow_id,
        lines,
        {"aggregate": {"sold": {"$sum": "quantity"}, "lines": {"$count": "*"}}},
    )
    handle = drive.run()
    assert handle.state == "succeeded", handle.error
    header, row = drive.grid()
    assert header == ["sold", "lines"]
    assert int(row[1]) == drive.finish(window.session.row_count(model_id(window, "InvoiceLine")))


def model_id(window, name):
    return next(entry.id for entry in window.session.project.models.values() if entry.name == name)


def test_every_edit_of_the_story_is_undone_and_done_again(window, drive, record_shop):
    drive.activate()
    drive.finish(window.files.new())
    history = window.session.history
    states = [window.session.project]
    import_tables(drive, record_shop)
    states.append(window.session.project)
    albums = drop_operation(drive, "AlbumListNode", 0, 0)
    states.append(window.session.project)
    drive.mouse.drag(*[(point[0] + 60, point[1] + 18) for point in ((0, 0), (200, 100))])
    states.append(window.session.project)
    drive.canvas.select([albums])
    drive.canvas.setFocus()
    drive.key(Qt.Key.Key_Delete)
    states.append(window.session.project)
    assert albums not in nodes(drive)
    while history.position:
        drive.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.session.project == states[0]
    assert not window.isWindowModified()
    while history.redo_label:
        drive.key(Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert window.session.project == states[-1]
    assert all(one != other for one, other in itertools.pairwise(states))


def test_a_killed_process_loses_no_edit(window, env, drive, start, tmp_path):
    file = tmp_path / "precious.studio"
    session = drive.finish(Session.new(env, name="Precious"))
    drive.finish(session.save_as(str(file)))
    drive.finish(session.close())

    unlucky = start(UNLUCKY, str(file), home=env.data_dir)
    assert unlucky.stdout is not None
    line = unlucky.stdout.readline().strip()
    unlucky.send_signal(signal.SIGKILL)
    _, err = unlucky.communicate(timeout=60)
    assert line == "edited", err

    drive.activate()
    starting = drive.begin(window.files.start(None))
    asked = drive.answer("restore")
    drive.finish(starting)
    assert "precious" in asked.lower()
    assert "3 unsaved changes" in asked
    names = [workflow.name for workflow in window.session.project.workflows.values()]
    assert names == ["Renamed in time", "Never saved"]
    last = list(window.session.project.workflows.values())[-1]
    assert [node.type for node in last.nodes.values()] == ["Output"]
    assert window.isWindowModified()
    assert window.session.location == str(file)
    drive.finish(window.files.save())
    drive.finish(window.files.close())
    again = drive.finish(Session.open(env, str(file)))
    assert [workflow.name for workflow in again.project.workflows.values()] == names
    assert again.pending_recovery is None
    drive.finish(again.close())
