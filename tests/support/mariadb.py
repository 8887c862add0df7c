"""Where do tests and benchmarks get a real MariaDB from?

`mariadb_server` runs Debian's own package: the installed one, or the one that `scripts/bootstrap.py` has unpacked below
`build/mariadb` without installing it. It is set up on a data folder of one's own, on 127.0.0.1 and a free port, behind a
real password. `SharedServer` of `tests.support.servers` lets all processes of one test run use one such server.
"""

import contextlib
import getpass
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from tests.support.certificates import make_certificate
from tests.support.processes import ServerProcess, ServerUnavailableError
from tests.support.servers import USER, keep, name_of, url_of

UNPACKED: Final = Path(__file__).resolve().parents[2] / "build" / "mariadb"
_UNSAFE_BUT_QUICK: Final = {
    "innodb_flush_log_at_trx_commit": "0",
    "innodb_doublewrite": "0",
    "innodb_fast_shutdown": "2",
}


class Installation(NamedTuple):
    """Where the programs are. `libraries` is a folder for LD_LIBRARY_PATH, empty for an installed server."""

    base: Path
    server: Path
    setup: Path
    client: Path
    libraries: str


@contextlib.contextmanager
def mariadb_server(
    data_dir: Path, *, fsync: bool, settings: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run MariaDB while the block runs, and stop it however the block ends.

    Args:
        data_dir: An empty or missing folder to initialise, or one that an earlier call has left. It is not removed.
        fsync: False for tests, which never outlive the machine; benchmarks say True.
        settings: Further server settings, such as `{"innodb_buffer_pool_size": "1G"}`.

    Yields:
        `mysql://studio:<password>@127.0.0.1:<port>/mysql`, of a user who may do everything.

    Raises:
        ServerUnavailableError: With the end of the server's log.
    """
    with mariadb_process(data_dir, fsync=fsync, settings=settings) as server:
        yield server.url


@contextlib.contextmanager
def mariadb_process(
    data_dir: Path, *, fsync: bool, settings: Mapping[str, str] | None = None
) -> Iterator[ServerProcess]:
    """The same, for those who kill the server and start it again."""
    data_dir = data_dir.resolve()
    found = installation()
    password = _ensure_initialised(found, data_dir)
    first = data_dir.with_name(data_dir.name + ".sql")
    # Servers that share a folder for temporary tables delete one another's when they start.
    temporary = data_dir.with_name(data_dir.name + ".tmp")
    temporary.mkdir(exist_ok=True)
    # Offered to whoever asks for it, and for nothing else.
    tls = make_certificate(data_dir)
    options = {
        "ssl_cert": str(tls.certificate),
        "ssl_key": str(tls.key),
        "bind_address": "127.0.0.1",
        "skip_name_resolve": "ON",
        "skip_log_bin": "",
        "max_connections": "200",
        "max_prepared_stmt_count": "100000",
        "performance_schema": "OFF",
        # What a careless administrator leaves; Studio's tables say their own.
        "character_set_server": "latin1",
        "default_time_zone": "+03:00",
        **({} if fsync else _UNSAFE_BUT_QUICK),
        **(settings or {}),
    }
    arguments = [f"--{name}={value}" if value else f"--{name}" for name, value in options.items()]

    def command(port: int) -> list[str | Path]:
        return [
            *(found.server, "--no-defaults", f"--basedir={found.base}", f"--datadir={data_dir}"),
            *(f"--user={getpass.getuser()}", f"--port={port}"),
            *("--socket=server.sock", "--pid-file=server.pid", f"--tmpdir={temporary}"),
            *([f"--init-file={first}"] if first.exists() else []),
            *arguments,
        ]

    process = ServerProcess(
        "MariaDB",
        command,
        data_dir=data_dir,
        url=lambda port: f"mysql://{USER}:{quote(password, safe='')}@127.0.0.1:{port}/mysql",
        is_ready=lambda _, said: "ready for connections" in said,
        how={"env": _environment(found)},
        stop=signal.SIGTERM,
    )
    with process.running():
        first.unlink(missing_ok=True)
        yield process


def installation() -> Installation:
    """Find the server: on the PATH, or unpacked below build/."""
    paths = [*os.get_exec_path(), "/usr/sbin", "/usr/local/sbin"]
    installed = shutil.which("mariadbd", path=os.pathsep.join(paths))
    base = Path(installed).resolve().parents[1] if installed else UNPACKED / "usr"
    server, setup, client = (
        base / "sbin" / "mariadbd",
        base / "bin" / "mariadb-install-db",
        base / "bin" / "mariadb",
    )
    for program in (server, setup, client):
        if not program.exists():
            raise ServerUnavailableError(
                f"There is no {program}. `make test` fetches it where apt-get is at hand; elsewhere install"
                " MariaDB 10.11 or newer (Debian: mariadb-server-core and mariadb-client-core)."
            )
    # Packages put what belongs to the base system into /lib and the rest into /usr/lib.
    places = () if installed else (base / "lib", base.parent / "lib")
    libraries = ":".join(str(folder) for place in places for folder in sorted(place.glob("*-linux-gnu*")))
    return Installation(base, server, setup, client, libraries)


def _environment(found: Installation, **more: str) -> dict[str, str]:
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC", **more}
    if found.libraries:
        environment["LD_LIBRARY_PATH"] = found.libraries
    return environment


def _ensure_initialised(found: Installation, data_dir: Path) -> str:
    """Set up the data folder where it is empty, and return the password of its user."""
    password_file = data_dir.with_name(data_dir.name + ".password")
    if (data_dir / "mysql").exists():
        return password_file.read_text(encoding="utf-8")
    data_dir.mkdir(parents=True, exist_ok=True)
    # Characters a URL has to quote, so that every test also tests the quoting.
    password = f"p@ss/{secrets.token_hex(8)}"
    password_file.touch(mode=0o600)
    password_file.write_text(password, encoding="utf-8")
    command: list[str | Path] = [
        *(found.setup, "--no-defaults", f"--basedir={found.base}", f"--datadir={data_dir}"),
        *(f"--user={getpass.getuser()}", "--auth-root-authentication-method=normal"),
        # Forced, because the host of a container may have a name that nobody can look up.
        *("--skip-test-db", "--skip-name-resolve", "--force"),
    ]
    # As for the server: with a folder for temporary tables of its own.
    temporary = data_dir.with_name(data_dir.name + ".setup")
    temporary.mkdir(exist_ok=True)
    environment = _environment(found, TMPDIR=str(temporary))
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise ServerUnavailableError(f"mariadb-install-db failed in {data_dir}:\n{done.stdout}{done.stderr}")
    first = data_dir.with_name(data_dir.name + ".sql")
    first.touch(mode=0o600)
    first.write_text(
        f"CREATE USER {USER} IDENTIFIED BY '{password}';\nGRANT ALL ON *.* TO {USER} WITH GRANT OPTION;\n"
        "DROP USER IF EXISTS root@localhost, ''@localhost;\n",
        encoding="utf-8",
    )
    return password


# ---------------------------------------------------------------- its databases


def create_database(server_url: str) -> str:
    """Create a database with a new name on the server, and return its URL."""
    name = f"test_{secrets.token_hex(6)}"
    run_sql(server_url, f"CREATE DATABASE {name}")
    return url_of(server_url, name)


def drop_database(server_url: str, database_url: str) -> None:
    """Remove a database, after ending whoever is still connected to it: their locks would be waited for."""
    name = name_of(database_url)
    try:
        run_sql(server_url, f"SET lock_wait_timeout = 0; DROP DATABASE IF EXISTS {name}")
    except RuntimeError:  # somebody holds a lock still
        there = run_sql(server_url, f"SELECT id FROM information_schema.processlist WHERE db = '{name}'")
        for connection in there.split():
            with contextlib.suppress(RuntimeError):
                run_sql(server_url, f"KILL CONNECTION {connection}")
        run_sql(server_url, f"DROP DATABASE IF EXISTS {name}")


def run_sql(database_url: str, script: str) -> str:
    """Run statements one by one, and return what they print: tab-separated rows.

    Raises:
        RuntimeError: A statement failed; those before it have been done.
    """
    found = installation()
    parts = urlsplit(database_url)
    command: list[str | Path] = [
        *(
            found.client,
            "--no-defaults",
            f"--host={parts.hostname}",
            f"--port={parts.port}",
            f"--user={parts.username}",
        ),
        *(
            "--skip-ssl",
            "--batch",
            "--raw",
            "--skip-column-names",
            "--default-character-set=utf8mb4",
            name_of(database_url),
        ),
    ]
    done = subprocess.run(
        command,
        input=script,
        capture_output=True,
        text=True,
        check=False,
        env=_environment(found, MYSQL_PWD=unquote(parts.password or "")),
    )
    if done.returncode:
        raise RuntimeError(f"mariadb: {done.stderr.strip()}")
    return done.stdout


if __name__ == "__main__":
    keep(mariadb_server, "mariadb")
