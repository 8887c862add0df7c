import datetime as dt
import os
import subprocess
import sys

import pytest

from studio.kernel.errors import StoreBusy
from studio.persistence.locks import FileLock, is_held
from studio.persistence.server_lock import STALE_AFTER_S, holder, owner_mark

NOW = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)


def test_a_lock_is_held_by_one_and_names_its_process(tmp_path):
    path = tmp_path / "x.studio"
    first, second = FileLock(path), FileLock(path)
    first.acquire()
    assert is_held(path)
    with pytest.raises(StoreBusy, match=f"open in process {os.getpid()}"):
        second.acquire()
    first.release()
    assert not is_held(path)
    second.acquire()
    second.release()
    second.release()
    assert not path.with_name("x.studio.lock").exists()


def test_a_lock_ends_with_its_process_however_that_ends(tmp_path):
    path = tmp_path / "x.studio"
    code = (
        "import pathlib, sys, time\n"
        "from studio.persistence.locks import FileLock\n"
        f"FileLock(pathlib.Path({str(path)!r})).acquire()\n"
        "lock = FileLock(pathlib.Path(sys.argv[1])); lock.acquire()\n"
        "print('locked', flush=True); time.sleep(600)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(path) + "2"], stdout=subprocess.PIPE)  # noqa: S603
    other = tmp_path / "x.studio2"
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"locked\n"
        assert is_held(other)
    finally:
        child.kill()
        child.communicate()
    assert not is_held(other)
    lock = FileLock(other)
    lock.acquire()
    lock.release()


def test_the_mark_on_a_server_counts_while_it_is_renewed():
    mark = owner_mark("mine", NOW)
    later = NOW + dt.timedelta(seconds=STALE_AFTER_S - 1)
    assert holder(mark, "mine", later) is None
    assert holder(mark, "other", later) == f"process {os.getpid()} on {mark['host']}"
    assert holder(mark, "other", later + dt.timedelta(seconds=2)) is None
    assert holder({**mark, "host": "elsewhere", "pid": 1}, "other", NOW) == "process 1 on elsewhere"
    assert holder(None, "other", NOW) is None


def test_the_mark_of_a_process_of_this_machine_that_is_gone_does_not_count():
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    mark = {**owner_mark("gone", NOW), "pid": done.pid}
    assert holder(mark, "mine", NOW) is None
