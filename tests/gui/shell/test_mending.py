"""Findings are mended where they are told: by the Fix of a Problems row, by the buttons of the card in Results, by what stands in its place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QPushButton

from studio.kernel.ids import NodeId
from studio.models.spec import FieldSpec, Kind, ModelSpec
from studio.project import ModelEntry
from studio.project.project_changes import PutWorkflow
from studio.session import Session
from studio.workflow.graph import Node, Place, frozen
from tests.gui.shell.conftest import make_project

CONTROL = Qt.KeyboardModifier.ControlModifier
KEY = FieldSpec(name="id", kind=Kind.INT, key=True, generated=True)
W = "w2"


@pytest.fixture
def shop(window, drive, env, tmp_path) -> Session:
    """Customers with unique emails, and orders that refer to them."""
    customer = ModelSpec(
        name="Customer",
        table="customers",
        fields=(KEY, FieldSpec(name="email", kind=Kind.STR, unique=True)),
    )
    order = ModelSpec(
        name="Order",
        table="orders",
        fields=(KEY, FieldSpec(name="customer_id", kind=Kind.INT, references="Customer.id")),
    )
    project = make_project(f"sqlite:///{tmp_path / 'shop.db'}")
    entries = {
        spec.name: ModelEntry(id=spec.name, name=spec.name, connection="c", spec=spec)
        for spec in (customer, order)
    }
    session = Session.in_memory(replace(project, models=frozen(entries)), env=env)
    window.set_session(session)
    drive.activate()
    return session


def put(window, *nodes: tuple[str, str, dict[str, Any]]) -> None:
    """Makes these the nodes of the workflow, which is shown."""
    made = [Node(id=NodeId(key), type=kind, title=key, params=frozen(params)) for key, kind, params in nodes]
    workflow = replace(
        window.session.project.workflow(W),
        nodes=frozen({node.id: node for node in made}),
        places=frozen({node.id: Place(x=300.0 * number) for number, node in enumerate(made)}),
        edges=(),
    )
    window.session.edit(PutWorkflow(workflow=workflow))
    window.navigation.show_workflow(W)


def nodes(window):
    return window.session.project.workflow(W).nodes


def press(drive, text: str) -> None:
    """Clicks a button of what Results shows now."""
    view = drive.window.panels.results.current

    def found() -> QPushButton | None:
        buttons = view.findChildren(QPushButton)
        return next((button for button in buttons if button.isVisible() and button.text() == text), None)

    drive.until(lambda: found() is not None)
    drive.click(found())


def fix(drive, code: str) -> None:
    """Clicks the Fix of the row in Problems that has a finding of that code."""
    panel = drive.window.panels.problems
    drive.window.docks.reveal("problems")
    drive.until(lambda: any(problem.code == code for _, problem in panel.problems) and panel.list.isVisible())
    row = next(number for number, (_, problem) in enumerate(panel.problems) if problem.code == code)
    box = panel.list.visualRect(panel.list.model().index(row, 4))
    drive.bot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=box.center())


def test_a_row_of_problems_is_mended_by_a_click_or_by_its_menu(window, drive, shop):
    put(
        window,
        ("read", "CustomerReadNode", {"id": 1}),
        ("order", "OrderCreateNode", {"created_at": "2025-01-01"}),
    )
    fix(drive, "managed-field")
    assert "created_at" not in nodes(window)["order"].params
    assert shop.history.undo_label == "Remove"
    assert drive.canvas.selection() == ["order"]
    # The first remedy of what is missing leads to its editor, the menu has the other: what could be mapped to it.
    fix(drive, "missing-param")
    form = window.panels.inspector.form
    drive.until(lambda: form.rows["customer_id"].isAncestorOf(window.focusWidget()))
    panel = window.panels.problems
    panel.list.setFocus()
    drive.key(Qt.Key.Key_Period, CONTROL)
    (menu,) = (found for found in panel.findChildren(QMenu) if found.isVisible())
    source = next(action for action in menu.actions() if action.text() == "Map from…")
    drive.bot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(source).center())
    popup = window.mending.popup
    drive.until(popup.isVisible)
    assert "read › Id" in [goal.title for goal in popup.shown]
    drive.bot.keyClicks(popup.line, "read id")
    drive.key(Qt.Key.Key_Return)
    (joined,) = shop.project.workflow(W).edges
    assert (joined.source, joined.source_port, joined.target_port) == ("read", "id", "customer_id")
    drive.until(lambda: not panel.problems)
    assert "No problems ✓" in panel.empty._title.text()


def test_the_card_of_a_failed_node_opens_the_record_switches_to_upsert_and_picks_what_is_missing(
    window, drive, shop
):
    put(window, ("ada", "CustomerCreateNode", {"email": "ada@example.org"}))
    assert drive.run().state == "succeeded"
    assert drive.run().state == "failed"
    press(drive, "Open record")
    assert drive.grid()[1][:2] == ["1", "ada@example.org"]
    window.navigation.show_output("ada")
    press(drive, "Switch to Upsert")
    assert nodes(window)["ada"].type == "CustomerUpsertNode"
    assert "Ctrl+Z" in window.statusBar().currentMessage()
    # What was offered was for a Create: the card follows the node.
    card = window.panels.results.current.card
    drive.until(
        lambda: "Switch to Upsert" not in [button.text() for button in card.findChildren(QPushButton)]
    )
    assert drive.run().state == "succeeded"
    drive.canvas.setFocus()
    drive.key(Qt.Key.Key_Z, CONTROL)
    assert nodes(window)["ada"].type == "CustomerCreateNode"

    put(window, ("order", "OrderCreateNode", {"customer_id": 7}))
    assert drive.run().state == "failed"
    press(drive, "Pick Customer…")
    drive.until(lambda: window.mending.popup is not None and window.mending.popup.isVisible())
    popup = window.mending.popup
    assert [goal.title.split(" · ")[:2] for goal in popup.shown] == [["1", "ada@example.org"]]
    drive.key(Qt.Key.Key_Return)
    assert nodes(window)["order"].params["customer_id"] == 1
    assert drive.run().state == "succeeded"


def test_what_stands_where_rows_would_be_leads_on(window, drive, shop):
    put(
        window,
        ("ada", "CustomerUpsertNode", {"email": "ada@example.org"}),
        ("list", "CustomerListNode", {"filter": {"email": "nobody"}}),
    )
    assert drive.run().state == "succeeded"
    window.panels.results.set_run(None)
    window.navigation.show_output("list")
    view = window.panels.results.current
    assert view.empty._title.text() == "Run to here (F7) to see rows"
    press(drive, "Run to here")
    drive.until(lambda: window.runs.handle.until == "list" and not window.runs.is_running)
    drive.until(lambda: view.empty.isVisible() and view.empty._title.text() == "Query ran: 0 rows")
    assert "nobody" in view.empty._text.text()
    press(drive, "Show SQL")
    inspector = window.panels.inspector
    drive.until(inspector.sql.isVisible)
    press(drive, "Clear filter")
    assert "filter" not in nodes(window)["list"].params
    assert drive.run().state == "succeeded"
    window.navigation.show_output("list")
    assert drive.grid()[1][:2] == ["1", "ada@example.org"]
