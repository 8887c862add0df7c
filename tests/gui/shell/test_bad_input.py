"""Bad input in the window: told on the node, in Problems, in Results and in the bar, with place and remedy; the window goes on.

The cases are those of the terminal (`tests/support/bad_input`). Trusting Python and Stop are driven in `test_running`.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pytest
from PySide6.QtWidgets import QFileDialog

from studio.canvas.states import CardState
from studio.database import DatabaseOptions
from studio.kernel.errors import StudioError
from studio.persistence import project_from_yaml
from studio.session import Session
from tests.support import bad_input as bad
from tests.support.servers import postgres_server, run_sql


@pytest.fixture
def show(window, env, drive, tmp_path):
    """Shows a project's text in the window, in place of the one before."""

    def show(text: str) -> Session:
        before = window.session
        session = Session.in_memory(project_from_yaml(text), env=env)
        session.base_folder = tmp_path
        window.set_session(session)
        if before is not None:
            drive.finish(before.close())
        return session

    drive.activate()
    return show


@pytest.fixture
def shop(show, drive, tmp_path: Path) -> Path:
    """The shop's database, with three customers and two orders."""
    show(bad.shop_text(bad.FILL))
    assert drive.run().state == "succeeded"
    return tmp_path / "shop.sqlite"


@pytest.fixture
def log(window):
    """Every line of the log and every message of the bar, from now on."""
    lines: list[str] = []
    original = window.message_bar.tell

    def tell(message, offers=()):
        lines.append(message.text)
        original(message, offers)

    window.message_bar.tell = tell
    return lines


def run_case(window, drive, session, case):
    """Runs the project's workflow with the case's inputs; the run when it has ended."""
    (workflow_id,) = session.project.workflows
    if case.inputs or case.mode != "auto":
        session.start_run(workflow_id, inputs=case.inputs, mode=case.mode)
        drive.until(lambda: window.runs.handle is not None)
        return drive.run_ended()
    return drive.run()


def is_told(told: bad.Told, text: str) -> bool:
    row = [f"row {told.row}"] if told.row is not None else []
    line = [f"line {told.line}, column {told.column}"] if told.line is not None else []
    return all(word in text for word in (*told.words, *row, *line))


def bar_text(window, drive) -> str:
    """What the bar says, once it says anything; then the bar is closed."""
    drive.until(lambda: window.message_bar.message is not None)
    message = window.message_bar.message
    assert message.fix, message
    assert bad.SECRET not in message.text and bad.QUOTED_SECRET not in message.text
    window.message_bar.hide()
    return str(message.text)


def problem_shown(window, drive, told: bad.Told):
    """The row of the Problems panel that says it."""

    def found():
        return [problem for _, problem in window.panels.problems.problems if problem.code == told.code]

    drive.until(lambda: bool(found()))
    (problem,) = found()
    assert (problem.node, problem.row) == (told.node, told.row)
    assert told.field is None or problem.field == told.field
    assert problem.hint
    assert is_told(told, str(problem))
    return problem


# ---------------------------------------------------------------- texts and files


def test_texts_that_cannot_be_read_are_told_with_line_and_column(window, shop, drive, tmp_path):
    project = window.session.project
    for case in bad.BAD_TEXTS:
        path = tmp_path / "case.yaml"
        path.write_text(case.text, encoding="utf-8")
        window.open(str(path))
        text = bar_text(window, drive)
        assert is_told(case.told, text), (case.id, text)
        assert window.session.project is project, case.id
    assert drive.run().state == "failed", "the shop is filled already"


def test_files_that_are_no_project_are_told_and_left_as_they_are(window, env, drive, tmp_path):
    good = tmp_path / "good.studio"
    drive.activate()
    drive.finish(window.files.open_sample())
    drive.finish(window.session.save_as(str(good)))
    drive.finish(window.files.new())
    session = window.session
    for case in bad.BAD_FILES:
        folder = tmp_path / case.id
        folder.mkdir()
        path = folder / f"case{case.suffix}"
        case.make(path, good)
        before = path.read_bytes() if path.is_file() else None
        window.open(str(path))
        text = bar_text(window, drive)
        assert is_told(case.told, text), (case.id, text)
        assert "case" in text
        assert window.session is session
        assert (path.read_bytes() if path.is_file() else None) == before
    drive.finish(window.files.open(str(good)))
    assert window.session.title == "good"
    assert drive.run().state == "succeeded"


def test_a_project_that_is_open_elsewhere_is_told_and_opens_when_it_is_free(window, env, drive, tmp_path):
    path = str(tmp_path / "shop.studio")
    drive.activate()
    drive.finish(window.files.new())
    other = drive.finish(Session.new(env))
    drive.finish(other.save_as(path))
    window.open(path)
    assert is_told(
        bad.Told(code="store-busy", words=("open in process", "Close it there")), bar_text(window, drive)
    )
    drive.finish(other.close())
    drive.finish(window.files.open(path))
    assert window.session.title == "shop"


def test_what_could_not_be_read_is_told_when_the_project_is_shown(window, drive, tmp_path):
    path = tmp_path / "shop.studio"
    drive.activate()
    drive.finish(window.files.open_sample())
    drive.finish(window.session.save_as(str(path)))
    drive.finish(window.files.close())
    newer = Path(shutil.copyfile(path, tmp_path / "newer.studio"))
    for file, script in (
        (path, "UPDATE orchestrations SET config_yaml = 'nodes: ['"),
        (newer, "UPDATE projects SET format_version = '99.0'"),
    ):
        with sqlite3.connect(file) as database:
            database.execute(script)
        database.close()
    drive.finish(window.files.open(str(path)))
    assert "cannot be read" in bar_text(window, drive)
    drive.finish(window.files.open(str(newer)))
    assert "newer Studio" in bar_text(window, drive)
    before = newer.read_bytes()
    window.session.add_workflow("Mine")
    window.commands.action("save").trigger()
    drive.choose_file(tmp_path / "mine.studio")
    drive.until(lambda: not window.isWindowModified())
    assert newer.read_bytes() == before
    assert window.session.title == "mine"


def test_a_place_that_cannot_be_written_is_told_and_the_project_stays_unsaved(
    window, drive, tmp_path, monkeypatch
):
    file = tmp_path / "file"
    file.write_text("in the way")

    async def choose(*_args, **_kwargs):
        return str(file / "shop.studio")

    monkeypatch.setattr("studio.shell.project_files.ask_save_file", choose)
    drive.activate()
    drive.finish(window.files.new())
    window.session.add_workflow("Precious")
    window.commands.action("save").trigger()
    assert "cannot be written" in bar_text(window, drive)
    assert window.isWindowModified()
    assert not drive.is_asking(QFileDialog)
    assert file.read_text() == "in the way"


# ---------------------------------------------------------------- before a run


def test_problems_stand_on_the_node_in_the_panel_and_in_the_bar_and_nothing_runs(window, shop, show, drive):
    before = bad.rows_of(shop)
    for case in bad.BAD_GRAPHS:
        session = show(bad.shop_text(case.workflow))
        problem_shown(window, drive, case.told)
        drive.until(lambda node=case.told.node: bool(drive.canvas.projector.problems.get(node)))
        (workflow_id,) = session.project.workflows
        drive.finish(window.runs.start(workflow_id))
        text = bar_text(window, drive)
        assert is_told(case.told, text), (case.id, text)
        assert window.runs.handle is None
        assert not window.docks["problems"].visibleRegion().isEmpty()
        assert bad.rows_of(shop) == before, case.id
    show(bad.shop_text(bad.COUNT))
    assert drive.run().state == "succeeded"


# ---------------------------------------------------------------- while a run goes on


def test_failed_runs_are_told_everywhere_and_leave_the_data_whole(window, shop, show, drive, tmp_path):
    bad.make_places(tmp_path)
    before = bad.rows_of(shop)
    for case in (*bad.DATA_FAULTS, *bad.PLACE_FAULTS):
        session = show(bad.shop_text(case.workflow, case.url, case.connection))
        handle = run_case(window, drive, session, case)
        assert handle.state == "failed", case.id
        problem_shown(window, drive, case.told)
        if case.told.node:
            card = window.panels.results.current.card
            drive.until(card.isVisible)
            assert is_told(case.told, card.text), (case.id, card.text)
            assert case.told.node in card.text
            drive.until(
                lambda node=case.told.node: drive.canvas.projector.footers[node].state is CardState.ERROR
            )
        else:
            assert is_told(case.told, bar_text(window, drive)), case.id
        assert "failed" in window.statusBar().currentMessage()
        assert bad.rows_of(shop) == before, case.id
    show(bad.shop_text(bad.COUNT))
    handle = drive.run()
    assert handle.state == "succeeded"
    assert [handle.value(node) for node in ("customers", "orders")] == [{"count": 3}, {"count": 2}]


def test_a_wrong_value_for_an_input_is_told_before_anything_runs(window, shop, show, drive):
    node = 'id: read, type: CustomerListNode, params: {filter: {credit: {$gte: "{{ least }}"}}}'
    text = f"    inputs:\n      - {{name: least, kind: int}}\n    nodes:\n      - {{{node}}}\n"
    session = show(bad.shop_text(text))
    (workflow_id,) = session.project.workflows
    with pytest.raises(StudioError, match="whole number"):
        session.start_run(workflow_id, inputs={"least": "many"})
    assert window.runs.handle is None
    assert session.start_run(workflow_id, inputs={"least": 0}) is not None
    drive.until(lambda: window.runs.handle is not None)
    assert drive.run_ended().state == "succeeded"


def test_a_database_that_another_process_has_locked_is_told_and_the_next_run_works(
    window, shop, show, drive, monkeypatch
):
    monkeypatch.setattr(
        "studio.database.DatabaseOptions",
        lambda **options: replace(DatabaseOptions(**options), lock_timeout_s=0.3),
    )
    show(bad.shop_text("    nodes:\n      - {id: make, type: CustomerCreateNode, params: {email: new@x}}\n"))
    other = sqlite3.connect(shop, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert drive.run().state == "failed"
    problem_shown(
        window, drive, bad.Told(code="lock-timeout", node="make", words=("locked by another program", "wait"))
    )
    other.execute("ROLLBACK")
    other.close()
    assert drive.run().state == "succeeded"
    assert len(bad.rows_of(shop)["customers"]) == 4


def test_servers_that_do_not_let_us_in_are_told_without_the_password(
    window, show, drive, log, monkeypatch, postgres_url
):
    parts = urlsplit(postgres_url)
    secret = ", secret: environment, secret_name: SHOP_PASSWORD"
    for case in bad.BAD_SERVERS:
        password = unquote(parts.password or "") if case.right_password else bad.SECRET
        monkeypatch.setenv("SHOP_PASSWORD", password)
        host = case.host or f"{parts.hostname}:{parts.port}"
        url = f"postgresql://{parts.username}@{host}/{case.database or parts.path[1:]}"
        session = show(bad.shop_text(bad.COUNT, url, secret))
        assert drive.run().state == "failed"
        assert is_told(case.told, bar_text(window, drive)), case.id
        problem_shown(window, drive, case.told)
        window.open(url.replace("@", f":{quote(password, safe='')}@", 1))
        assert is_told(case.told, bar_text(window, drive)), case.id
        assert window.session is session
        assert not any(password in line or quote(password, safe="") in line for line in log)
    monkeypatch.setenv("SHOP_PASSWORD", unquote(parts.password or ""))
    url = f"postgresql://{parts.username}@{parts.hostname}:{parts.port}{parts.path}"
    show(bad.shop_text(bad.FILL, url, secret))
    assert drive.run().state == "succeeded"


def test_a_server_that_is_killed_in_the_middle_of_a_run_is_told_and_the_next_run_works(
    window, show, drive, monkeypatch
):
    secret = ", secret: environment, secret_name: SHOP_PASSWORD"
    with (
        bad.server_folder() as folder,
        postgres_server(folder / "cluster", fsync=False, settings=bad.KEEPS_WHAT_IT_COMMITTED) as server,
    ):
        parts = urlsplit(server)
        monkeypatch.setenv("SHOP_PASSWORD", unquote(parts.password or ""))
        url = f"postgresql://{parts.username}@{parts.hostname}:{parts.port}{parts.path}"
        show(bad.shop_text(bad.FILL, url, secret))
        assert drive.run().state == "succeeded"
        wait = '{id: wait, type: SQL, params: {sql: "SELECT pg_sleep(60)::text AS x"}}'
        session = show(bad.shop_text(f"    nodes:\n      - {wait}\n", url, secret))
        (workflow_id,) = session.project.workflows
        handle = session.start_run(workflow_id)
        drive.until(lambda: handle.node("wait").state == "running")
        found = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%';"
        drive.until(lambda: bool(run_sql(server, found).strip()))
        # A backend that is killed takes the others with it: the server begins anew, from its log.
        os.kill(int(run_sql(server, found)), signal.SIGKILL)
        drive.run_ended()
        assert handle.state == "failed"
        problem_shown(window, drive, bad.Told(code="connection-lost", node="wait", words=()))
        show(bad.shop_text(bad.COUNT, url, secret))
        handle = drive.run()
        assert handle.state == "succeeded"
        assert [handle.value(node) for node in ("customers", "orders")] == [{"count": 3}, {"count": 2}]
        drive.finish(window.session.close())
