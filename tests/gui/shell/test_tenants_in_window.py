"""The window says whose records it means: a run that needs a tenant asks for it, and only that tenant's records are seen."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import ClassVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog, QLineEdit

from studio.kernel.behalf import TenantContext
from studio.kernel.errors import TenantRequired
from studio.kernel.ids import NodeId, WorkflowId
from studio.models.declare import model_from_class
from studio.session import Session
from studio.shell.settings import Settings
from studio.workflow.graph import Node, Place, Workflow, frozen
from tests.gui.shell.conftest import make_project


class Order:
    """What one of the tenants was ordered."""

    __dataflow__: ClassVar = {"multi_tenant": True}

    id: int
    total: Decimal


def shop(url):
    """Orders are kept by tenant; one workflow lists them, another runs that one, a third asks customers alone."""
    made = make_project(url)
    order = made.models["Order"]
    listing = Workflow(
        id=WorkflowId("w1"),
        name="Orders",
        nodes=frozen({"n": Node(id=NodeId("n"), type="OrderCreateNode", params=frozen({"total": "1.5"}))}),
        places=frozen({"n": Place()}),
    )
    outer = Workflow(
        id=WorkflowId("w2"),
        name="Outer",
        nodes=frozen({"s": Node(id=NodeId("s"), type="Subworkflow", params=frozen({"workflow": "Orders"}))}),
    )
    plain = Workflow(
        id=WorkflowId("w3"),
        name="Customers",
        nodes=frozen({"c": Node(id=NodeId("c"), type="CustomerCountNode")}),
    )
    tenanted = replace(order, spec=model_from_class(Order))
    return replace(
        made,
        models=frozen({**made.models, "Order": tenanted}),
        workflows=frozen({flow.id: flow for flow in (listing, outer, plain)}),
    )


@pytest.fixture
def session(window, drive, env, tmp_path):
    session = Session.in_memory(shop(f"sqlite:///{tmp_path / 'shop.db'}"), env=env)
    window.set_session(session)
    drive.activate()
    return session


def answer(drive, text, *, accepts=True):
    dialog = drive.dialog(QInputDialog)
    asked = dialog.labelText()
    line = dialog.findChild(QLineEdit)
    drive.bot.keyClicks(line, text)
    drive.bot.keyClick(line, Qt.Key.Key_Return if accepts else Qt.Key.Key_Escape)
    drive.until(lambda: not drive.is_asking(QInputDialog))
    drive.activate()
    return asked


def test_a_run_asks_for_the_tenant_once_and_the_status_bar_shows_it(window, drive, session, env):
    assert window.status.tenant.text() == "No tenant"
    drive.canvas.setFocus()
    drive.key(Qt.Key.Key_F5)
    assert "Order keeps its records by tenant" in answer(drive, "acme", accepts=False)
    assert window.runs.handle is None
    drive.canvas.setFocus()
    drive.key(Qt.Key.Key_F5)
    answer(drive, "acme")
    drive.until(lambda: window.runs.handle is not None)
    assert drive.run_ended().state == "succeeded"
    assert window.status.tenant.text() == "Tenant acme"
    assert drive.run().state == "succeeded"
    page = drive.finish(session.browse("Order"))
    assert (page.total, drive.finish(session.row_count("Order"))) == (2, 2)
    assert TenantContext.current() is None
    # Another tenant sees nothing of it; without one the message says where to name it.
    session.tenant = "globex"
    assert drive.finish(session.row_count("Order")) == 0
    session.tenant = None
    with pytest.raises(TenantRequired, match="Data ▸ Tenant…"):
        drive.finish(session.browse("Order"))


def test_only_workflows_that_need_it_ask_and_an_empty_name_is_told(window, drive, session):
    assert [session.models_by_tenant(WorkflowId(key)) for key in ("w1", "w2", "w3")] == [
        ("Order",),
        ("Order",),
        (),
    ]
    window.navigation.show_workflow("w3")
    assert drive.run().state == "succeeded"
    drive.finish(window.tenants.is_known_for(session, ()))
    asking = drive.begin(window.tenants.is_known_for(session, ("Order",)))
    answer(drive, "  ")
    drive.until(asking.done)
    assert asking.result() is False
    assert "Data ▸ Tenant…" in window.status.currentMessage()


def test_it_is_named_in_the_menu_taken_away_again_and_remembered_for_the_project(
    window, drive, env, tmp_path
):
    drive.finish(window.files.new())
    session = window.session
    drive.activate()
    drive.menu("Data", "Tenant…")
    assert "None of this project does yet" in answer(drive, "acme")
    drive.until(lambda: window.status.tenant.text() == "Tenant acme")
    saving = drive.begin(window.files.save_as())
    drive.choose_file(tmp_path / "shop.studio")
    drive.until(saving.done)
    drive.until(lambda: window.settings.tenants == {session.location: "acme"})
    drive.click(window.status.tenant)
    dialog = drive.dialog(QInputDialog)
    assert dialog.textValue() == "acme"
    dialog.setTextValue("")
    dialog.accept()
    drive.until(lambda: not window.status.tenant.isVisible())
    assert session.tenant is None
    assert window.settings.tenants == {}
    window.settings.tenants = {session.location: "globex"}
    window.settings.sync()
    assert Settings(env.data_dir).tenants == {session.location: "globex"}
    window.set_session(None)
    window.set_session(session)
    assert window.status.tenant.text() == "Tenant globex"
    assert window.session.tenant == "globex"
