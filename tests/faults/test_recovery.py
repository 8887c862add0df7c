"""A real process edits and is killed; the next one offers the unsaved edits and restores them."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from studio.kernel.errors import StoreBusy
from studio.session import Environment, Session

EDITOR = """
import asyncio, sys, pathlib
from studio.project.project_changes import EditProject
from studio.session import Environment, Session
from studio.workflow.graph import frozen

async def edit(home, location):
    env = Environment(data_dir=pathlib.Path(home))
    session = await (Session.open(env, location) if location else Session.new(env, name="Draft"))
    (workflow_id,) = session.project.workflows
    for number in range(50):
        session.add_node(workflow_id, "Constant", x=float(number), y=0.0, params={"value": number})
    session.undo()
    session.edit(EditProject(values=frozen({"name": "Edited"})))
    # What the engine has been handed is written when it says so; what follows is killed in the middle.
    await env.loop.call(session._home._journal.written())
    print("journaled", flush=True)
    while True:
        session.edit(EditProject(values=frozen({"description": session.project.description + "x"})))
        await asyncio.sleep(0)

asyncio.run(edit(sys.argv[1], sys.argv[2]))
"""


def edit_and_be_killed(home: Path, location: str = "") -> None:
    child = subprocess.Popen(  # noqa: S603 - this very Python, and a script of our own
        [sys.executable, "-c", EDITOR, str(home), location], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"journaled\n", child.communicate()[1].decode()
        if location:
            with pytest.raises(StoreBusy, match=f"process {child.pid}"):
                asyncio.run(Session.open(Environment(data_dir=home), location))
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
    assert child.returncode == -signal.SIGKILL


async def restored(home: Path, location: str) -> Session:
    env = Environment(data_dir=home)
    (offer,) = await Session.recoverable(env)
    assert offer.edits >= 52
    if location:
        assert offer.location == location
    session = await Session.open(env, offer.location)
    assert session.pending_recovery == offer
    assert await session.restore() == offer.edits
    return session


@pytest.mark.parametrize("is_saved", [True, False], ids=["saved", "untitled"])
def test_after_a_kill_the_next_start_offers_the_unsaved_edits_and_restores_them(tmp_path, is_saved):
    home = tmp_path / "home"
    location = str(tmp_path / "shop.studio") if is_saved else ""

    async def prepare() -> None:
        session = await Session.new(Environment(data_dir=home), name="Draft")
        await session.save_as(location)
        await session.close()

    async def story() -> None:
        session = await restored(home, location)
        (workflow,) = session.project.workflows.values()
        assert session.project.name == "Edited"
        assert [node.params["value"] for node in workflow.nodes.values()] == list(range(49))
        assert session.is_modified
        assert session.location == (location or None)
        while session.history.position:
            session.undo()
        assert session.project.name == "Draft"
        session.history.go_to(10_000)
        await session.save_as(str(tmp_path / "after.studio"))
        await session.close()
        assert await Session.recoverable(session.env) == []

    if is_saved:
        asyncio.run(prepare())
    edit_and_be_killed(home, location)
    asyncio.run(story())


def test_a_kill_in_the_middle_of_saving_leaves_the_old_project_or_the_new_one(tmp_path):
    home, location = tmp_path / "home", str(tmp_path / "shop.studio")
    saver = """
import asyncio, sys, pathlib
from studio.session import Environment, Session

async def work(home, location):
    session = await Session.open(Environment(data_dir=pathlib.Path(home)), location)
    (workflow_id,) = session.project.workflows
    print("saving", flush=True)
    for number in range(1, 10_000):
        session.rename_workflow(workflow_id, f"Name {number}")
        other = session.add_workflow(f"Beside {number}")
        await session.save()
        session.remove_workflow(other)

asyncio.run(work(sys.argv[1], sys.argv[2]))
"""

    async def prepare() -> None:
        session = await Session.new(Environment(data_dir=home))
        await session.save_as(location)
        await session.close()

    asyncio.run(prepare())
    for _ in range(3):
        child = subprocess.Popen([sys.executable, "-c", saver, str(home), location], stdout=subprocess.PIPE)  # noqa: S603
        assert child.stdout is not None
        assert child.stdout.readline() == b"saving\n"
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.15)
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()

        async def look() -> list[str]:
            session = await Session.open(Environment(data_dir=home), location)
            names = [workflow.name for workflow in session.project.workflows.values()]
            await session.discard_recovered()
            remaining = list(session.project.workflows)[1:]
            for workflow_id in remaining:
                session.remove_workflow(workflow_id)
            await session.save()
            await session.close()
            return names

        names = asyncio.run(look())
        if len(names) == 2:
            assert names[1] == names[0].replace("Name", "Beside")
        else:
            assert len(names) == 1
