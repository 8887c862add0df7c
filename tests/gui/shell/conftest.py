"""A window in a Studio home of the test's own, with a project made in memory; also for the story, which lies a folder above."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from studio.kernel.ids import NodeId, WorkflowId
from studio.kernel.loop import default_loop
from studio.models.spec import FieldSpec, Kind, ModelSpec
from studio.project import Connection, ModelEntry, Project
from studio.qt.background import wait_for_jobs
from studio.qt.loop import attached
from studio.session import Environment, Session
from studio.shell.look import apply_theme, theme_of
from studio.shell.main_window import MainWindow
from studio.shell.settings import Settings
from studio.workflow.graph import Node, Place, Workflow, frozen
from tests.gui.shell.driving import Driver


@pytest.fixture(scope="session")
def engine():
    """The engine's thread, which belongs to the process and outlives a test."""

    async def prepare() -> None:
        # Its helper thread as well, and no others.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1, "engine-helper"))
        await asyncio.to_thread(int)

    engine = default_loop()
    engine.run(prepare())
    yield engine
    engine.stop()


@pytest.fixture
def env(engine, tmp_path, monkeypatch):
    """A Studio home of the test's own."""
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
    settings.has_seen_tour = True
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
    session = window.session
    window.set_session(None)
    ending = asyncio.ensure_future(wait_for_jobs())
    qtbot.waitUntil(ending.done)
    if session is not None:
        closing = asyncio.ensure_future(session.close())
        qtbot.waitUntil(closing.done)
    window.closed.set()
    window.close()
    window.deleteLater()
    qapp.processEvents()
    qapp.setStyleSheet("")


def make_project(url: str = "sqlite:///:memory:") -> Project:
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
        Node(id=NodeId("list_orders"), type="OrderListNode", title="List orders"),
        Node(id=NodeId("count_customers"), type="CustomerCountNode", title="Count customers"),
    ]
    return Project(
        id="p",
        name="Shop",
        connections=frozen({"c": Connection(id="c", name="shop", url=url)}),
        models=frozen(
            {
                spec.name: ModelEntry(id=spec.name, name=spec.name, connection="c", spec=spec)
                for spec in (customer, order)
            }
        ),
        workflows=frozen(
            {
                "w1": Workflow(
                    id=WorkflowId("w1"),
                    name="Nightly sync",
                    nodes=frozen({node.id: node for node in nodes}),
                    places=frozen({"list_orders": Place(x=0, y=0), "count_customers": Place(x=320, y=40)}),
                ),
                "w2": Workflow(id=WorkflowId("w2"), name="Import users"),
            }
        ),
        default_connection="c",
    )


@pytest.fixture
def session(window, env, tmp_path):
    """The shop, shown in the window."""
    session = Session.in_memory(make_project(f"sqlite:///{tmp_path / 'shop.db'}"), env=env)
    window.set_session(session)
    return session


@pytest.fixture
def drive(window, qtbot):
    """The window's person."""
    return Driver(window, qtbot)
