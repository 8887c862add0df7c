"""A window with a project made in memory, in a Studio home of the test's own."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QMessageBox

from studio.models.spec import FieldSpec, Kind, ModelSpec
from studio.project import Connection, ModelEntry, Project
from studio.qt.background import cancel_jobs
from studio.qt.loop import attached
from studio.session import Environment, Session
from studio.shell.look import apply_theme, theme_of
from studio.shell.main_window import MainWindow
from studio.shell.settings import Settings
from studio.workflow.graph import Node, Place, Workflow, frozen


@pytest.fixture
def env(tmp_path, monkeypatch):
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path / "home"))
    return Environment.default()


@pytest.fixture
def loop(qapp):
    with attached(qapp) as running:
        yield running


@pytest.fixture
def settings(env):
    settings = Settings(env.data_dir)
    settings.theme = "dark"
    return settings


@pytest.fixture
def window(qapp, qtbot, loop, env, settings):
    """The main window, shown, without a project."""
    apply_theme(qapp, theme_of(settings.theme))
    window = MainWindow(env, settings)
    window.furnish()
    window.show()
    qtbot.waitExposed(window)
    yield window
    cancel_jobs()
    window.set_session(None)
    window.closed.set()
    window.close()
    window.deleteLater()
    qapp.processEvents()
    qapp.setStyleSheet("")


def make_project() -> Project:
    """A shop: one connection, two models, a workflow of two nodes and an empty one."""
    customer = ModelSpec(
        name="Customer",
        table="customers",
        fields=(
            FieldSpec(name="id", kind=Kind.INT, key=True, generated=True),
            FieldSpec(name="name", kind=Kind.STR),
        ),
    )
    order = ModelSpec(
        name="Order",
        table="orders",
        fields=(
            FieldSpec(name="id", kind=Kind.INT, key=True, generated=True),
            FieldSpec(name="total", kind=Kind.DECIMAL),
        ),
    )
    nodes = [
        Node(id="list_orders", type="OrderListNode", title="List orders"),
        Node(id="count_customers", type="CustomerCountNode", title="Count customers"),
    ]
    return Project(
        id="p",
        name="Shop",
        connections=frozen({"c": Connection(id="c", name="shop", url="sqlite:///shop.db")}),
        models=frozen(
            {
                spec.name: ModelEntry(id=spec.name, name=spec.name, connection="c", spec=spec)
                for spec in (customer, order)
            }
        ),
        workflows=frozen(
            {
                "w1": Workflow(
                    id="w1",
                    name="Nightly sync",
                    nodes=frozen({node.id: node for node in nodes}),
                    places=frozen({"list_orders": Place(x=0, y=0), "count_customers": Place(x=320, y=40)}),
                ),
                "w2": Workflow(id="w2", name="Import users"),
            }
        ),
        default_connection="c",
    )


@pytest.fixture
def session(window, env):
    """The shop, shown in the window."""
    session = Session.in_memory(make_project(), env=env)
    window.set_session(session)
    return session


@pytest.fixture
def question(qtbot):
    """Waits for a question of the window and presses the button of that key."""

    def answer(key: str) -> str:
        def find() -> QMessageBox | None:
            boxes = [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, QMessageBox)]
            return next((box for box in boxes if box.isVisible()), None)

        qtbot.waitUntil(lambda: find() is not None)
        box = find()
        assert box is not None
        text = box.text()
        button = next(button for button in box.buttons() if button.objectName() == key)
        button.click()
        qtbot.waitUntil(lambda: find() is None)
        return text

    return answer
