"""What every test may ask for: real databases, and nothing left over from another run.

A test gets a database of its own; nothing has to be cleaned up. One PostgreSQL, one MariaDB and one MongoDB server serve a whole run, all of
its processes. Each starts when the first test asks, and a server that cannot be had fails the run. Only a run that says
`STUDIO_TESTS=quick` skips what needs it, and says so at its end.
"""

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import hypothesis
import pytest
from pytestqt.qtbot import QtBot

# Tests have no screen, even where the machine has one; whoever wants to watch says QT_QPA_PLATFORM=xcb.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from tests.support import chinook, mariadb
from tests.support.processes import ServerUnavailableError
from tests.support.servers import (
    SharedServer,
    create_database,
    drop_database,
    name_of,
)

QUICK: Final = os.environ.get("STUDIO_TESTS") == "quick"
SERVERS: Final = "STUDIO_TEST_SERVERS"
SERVER: Final = pytest.StashKey[SharedServer]()
MARIADB: Final = pytest.StashKey[SharedServer]()
MONGODB: Final = pytest.StashKey[SharedServer]()
SKIPPED_FOR_QUICKNESS: Final = "Skipped by STUDIO_TESTS=quick"

# No deadline and no limit to how long examples take to make: the machine is shared, and a test never asserts time. The
# same examples on every continuous run, so that a failure there means a change, and new ones on every run at home, so
# that they go on searching.
_PATIENT: Final = hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.register_profile("home", parent=_PATIENT)
hypothesis.settings.register_profile("ci", parent=_PATIENT, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "home")


# ---------------------------------------------------------------- the run


# How long a test of the window waits for what must come: a busy machine is no fault of the program's.
PATIENCE_MS: Final = 30_000


def pytest_configure(config: pytest.Config) -> None:
    for waiting in (
        QtBot.waitUntil,
        QtBot.waitSignal,
        QtBot.waitSignals,
        QtBot.waitExposed,
        QtBot.waitActive,
    ):
        assert waiting.__kwdefaults__ is not None
        waiting.__kwdefaults__["timeout"] = PATIENCE_MS
    if not hasattr(config, "workerinput"):
        # Not below pytest's own temporary folders: those are closed to the user who runs the server.
        folder = tempfile.mkdtemp(prefix="studio-servers-")
        Path(folder).chmod(0o755)
        # Worker processes inherit it.
        os.environ[SERVERS] = f"{os.getpid()}:{folder}"
    main_pid, _, folder = os.environ[SERVERS].partition(":")
    config.stash[SERVER] = SharedServer(Path(folder), main_pid=int(main_pid))
    for key, name in ((MARIADB, "mariadb"), (MONGODB, "mongodb")):
        own = Path(folder) / name
        own.mkdir(exist_ok=True)
        config.stash[key] = SharedServer(own, main_pid=int(main_pid), module=f"tests.support.{name}")


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput") or SERVER not in config.stash:
        return
    for key in (MONGODB, MARIADB, SERVER):
        config.stash[key].stop()
    shutil.rmtree(os.environ.pop(SERVERS).partition(":")[2], ignore_errors=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [
        report
        for report in terminalreporter.stats.get("skipped", [])
        if SKIPPED_FOR_QUICKNESS in str(report.longrepr)
    ]
    if skipped:
        terminalreporter.section("not a full run", sep="!", red=True, bold=True)
        terminalreporter.line(
            f"{len(skipped)} tests had no database server and were skipped: STUDIO_TESTS=quick."
        )


# ---------------------------------------------------------------- garbage

# Allocations after which a test's garbage is looked for; Python's own threshold is for programs that never pause.
_LITTERED: Final = 20_000


def pytest_collection_finish() -> None:
    """What the collection made stays to the end. Looking for garbage is for the main thread, between tests.

    A widget in a cycle that Python found on another thread would be destroyed there, under the hands of Qt (see `studio.qt.garbage`).
    """
    gc.collect()
    gc.freeze()
    gc.disable()


# So many looks at what is young before everything is looked at, which takes a sixth of a second.
_LOOKS: Final = 40


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    young, _, looks = gc.get_count()
    if looks > _LOOKS:
        gc.collect()
    elif young > _LITTERED:
        gc.collect(1)


def _url_of(server: SharedServer) -> str:
    try:
        return server.url()
    except ServerUnavailableError as error:
        if QUICK:
            pytest.skip(f"{SKIPPED_FOR_QUICKNESS}: {error}")
        raise


# ---------------------------------------------------------------- PostgreSQL


@pytest.fixture(scope="session")
def postgres_server_url(pytestconfig: pytest.Config) -> str:
    """The running server, as the URL of its maintenance database: for making databases and users."""
    return _url_of(pytestconfig.stash[SERVER])


@pytest.fixture
def postgres_url(postgres_server_url: str) -> Iterator[str]:
    """An empty PostgreSQL database for one test."""
    url = create_database(postgres_server_url)
    yield url
    drop_database(postgres_server_url, url)


@pytest.fixture(scope="module")
def postgres_module_url(postgres_server_url: str) -> Iterator[str]:
    """A PostgreSQL database that all tests of a file share: for tests that only read."""
    url = create_database(postgres_server_url)
    yield url
    drop_database(postgres_server_url, url)


# ---------------------------------------------------------------- MariaDB


@pytest.fixture(scope="session")
def mysql_server_url(pytestconfig: pytest.Config) -> str:
    """The running MariaDB server: for making databases and users."""
    return _url_of(pytestconfig.stash[MARIADB])


@pytest.fixture
def mysql_url(mysql_server_url: str) -> Iterator[str]:
    """An empty MariaDB database for one test."""
    url = mariadb.create_database(mysql_server_url)
    yield url
    mariadb.drop_database(mysql_server_url, url)


@pytest.fixture(scope="module")
def mysql_module_url(mysql_server_url: str) -> Iterator[str]:
    """A MariaDB database that all tests of a file share: for tests that only read."""
    url = mariadb.create_database(mysql_server_url)
    yield url
    mariadb.drop_database(mysql_server_url, url)


# ---------------------------------------------------------------- MongoDB


@pytest.fixture(scope="session")
def mongodb_server_url(pytestconfig: pytest.Config) -> str:
    """The running MongoDB server, which says what a filter means there. A test takes a database of a name of its own."""
    return _url_of(pytestconfig.stash[MONGODB])


# ---------------------------------------------------------------- any database


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """An SQLite database for one test, as a file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'test.sqlite'}"


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database for one test, which is run once on each kind."""
    fixture = {"sqlite": "sqlite_url", "postgresql": "postgres_url", "mysql": "mysql_url"}[request.param]
    return str(request.getfixturevalue(fixture))


# ---------------------------------------------------------------- a database Studio did not make


def _chinook_sources() -> list[str]:
    real = os.environ.get("STUDIO_CHINOOK", "")
    return ["made-up", *([real] if real else [])]


@pytest.fixture(
    scope="session", params=_chinook_sources(), ids=["made-up", "real"][: len(_chinook_sources())]
)
def chinook_source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The record shop as a file nobody may write to. Runs again with the file STUDIO_CHINOOK names, if it does."""
    if request.param != "made-up":
        return Path(request.param).resolve(strict=True)
    path = tmp_path_factory.mktemp("chinook") / "chinook.sqlite"
    chinook.write_sqlite(path)
    return path


@pytest.fixture
def chinook_sqlite_url(chinook_source: Path, tmp_path: Path) -> str:
    """The record shop in an SQLite file of the test's own; tables and columns in CamelCase."""
    return f"sqlite:///{shutil.copyfile(chinook_source, tmp_path / 'chinook.sqlite')}"


@pytest.fixture(scope="session")
def _chinook_template(chinook_source: Path, postgres_server_url: str) -> Iterator[str]:
    url = create_database(postgres_server_url)
    chinook.write_postgres(chinook_source, url)
    yield name_of(url)
    drop_database(postgres_server_url, url)


@pytest.fixture
def chinook_mysql_url(chinook_source: Path, mysql_url: str) -> str:
    """The record shop in a MariaDB database of the test's own; tables and columns in snake_case."""
    chinook.write_mysql(chinook_source, mysql_url)
    return mysql_url


@pytest.fixture
def chinook_postgres_url(_chinook_template: str, postgres_server_url: str) -> Iterator[str]:
    """The record shop in a PostgreSQL database of the test's own; tables and columns in snake_case."""
    url = create_database(postgres_server_url, template=_chinook_template)
    yield url
    drop_database(postgres_server_url, url)
