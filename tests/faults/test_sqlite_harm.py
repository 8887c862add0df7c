"""What happens to an SQLite file when the disk ends in the middle of a write, and when its log is damaged after a crash."""

import subprocess
import sys
from pathlib import Path

from studio.database import ListQuery
from tests.unit.database.opening import CUSTOMER, run

ROOT = Path(__file__).resolve().parents[2]

FILL = """
import resource, sys
from studio.kernel.errors import ConnectionFailed, DiskFull
from tests.unit.database.opening import CUSTOMER, run

async def story(database):
    access = database.access()
    await access.create(CUSTOMER, {"id": "kept", "email": "kept"})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
    try:
        await access.bulk_create(CUSTOMER, [{"id": f"c{n}", "email": f"{n}"} for n in range(20_000)])
    except (DiskFull, ConnectionFailed) as error:
        print(error.message, error.hint)
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert await access.count(CUSTOMER) == 1
    await access.create(CUSTOMER, {"id": "next", "email": "next"})

run(sys.argv[1], story, models=[CUSTOMER])
"""

CRASH = """
import os, sys
from tests.unit.database.opening import CUSTOMER, run

async def story(database):
    await database.access().execute("PRAGMA wal_autocheckpoint = 0")
    for number in range(30):
        await database.access().create(CUSTOMER, {"id": f"k{number:02}", "email": str(number)})
    os.kill(os.getpid(), 9)

run(sys.argv[1], story, models=[CUSTOMER])
"""


def child(program: str, url: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - a program of the test's own
        [sys.executable, "-c", program, url],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_file_that_may_not_grow_is_told_and_the_write_is_undone(sqlite_url: str, tmp_path: Path) -> None:
    done = child(FILL, sqlite_url)
    assert done.returncode == 0, done.stderr
    assert "test.sqlite" in done.stdout and "disk" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["test.sqlite"]


def test_a_log_damaged_in_a_crash_gives_a_whole_database_and_leaves_no_files(
    sqlite_url: str, tmp_path: Path
) -> None:
    assert child(CRASH, sqlite_url).returncode == -9
    log = tmp_path / "test.sqlite-wal"
    content = bytearray(log.read_bytes())
    content[len(content) // 2 :] = b"\xa5" * (len(content) - len(content) // 2)
    log.write_bytes(content)

    async def story(database):
        access = database.access()
        found = [record["id"] for record in await access.list(CUSTOMER, ListQuery(limit=None))]
        # The log is good up to its damage: what is found is what was committed first, in order.
        assert found == [f"k{number:02}" for number in range(len(found))]
        assert 0 < len(found) < 30
        assert (await access.execute("PRAGMA integrity_check"))[0]["integrity_check"] == "ok"
        await access.create(CUSTOMER, {"id": "new", "email": "new"})

    run(sqlite_url, story, models=[])
    assert [path.name for path in tmp_path.iterdir()] == ["test.sqlite"]
