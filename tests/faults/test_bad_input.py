"""Bad input in the terminal: each gets a message with place and remedy, its exit code, and leaves the data as they were."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pytest

from studio.kernel.errors import StoreError
from studio.persistence import project_from_yaml
from studio.session import Environment, Session
from tests.support import bad_input as bad
from tests.support.servers import postgres_server, run_sql
from tests.support.terminal import Ended, Terminal, forking

RUN_FAILED, BAD_USAGE, PROBLEMS, STOPPED = 1, 2, 3, 130


@pytest.fixture(scope="module")
def server() -> Iterator[subprocess.Popen[str]]:
    with forking() as process:
        yield process


@pytest.fixture
def studio(server, tmp_path) -> Terminal:
    return Terminal(server, tmp_path)


@pytest.fixture(scope="module")
def filled(server: subprocess.Popen[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's database, to be copied."""
    folder = tmp_path_factory.mktemp("filled")
    (folder / "fill.yaml").write_text(bad.shop_text(bad.FILL), encoding="utf-8")
    done = Terminal(server, folder)("run", "fill.yaml")
    assert done.code == 0, done.err
    return folder / "shop.sqlite"


@pytest.fixture
def shop(filled: Path, tmp_path: Path) -> Path:
    """The shop's database, with three customers and two orders."""
    path = tmp_path / "shop.sqlite"
    path.write_bytes(filled.read_bytes())
    return path


@pytest.fixture(scope="module")
def good_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved project, to be copied and damaged."""
    folder = tmp_path_factory.mktemp("store")

    async def save() -> None:
        session = await Session.sample(Environment(data_dir=folder / "home"))
        await session.save_as(str(folder / "good.studio"))
        await session.close()

    asyncio.run(save())
    return folder / "good.studio"


def write(folder: Path, text: str, name: str = "shop.yaml") -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return name


def checked(done: Ended, code: int) -> Ended:
    """Holds what a command wrote to the rules that hold for every one of them."""
    both = done.out + done.err
    assert done.code == code, both
    assert "Traceback" not in both
    assert "Studio itself" not in both
    assert bad.SECRET not in both
    assert bad.QUOTED_SECRET not in both
    return done


def tells(told: bad.Told, text: str) -> bool:
    """Whether a message for people has the words and the place."""
    place = [f'node "{told.node}"'] if told.node else []
    place += [f'field "{told.field}"'] if told.field else []
    place += [f"row {told.row}"] if told.row is not None else []
    place += [f"line {told.line}, column {told.column}"] if told.line is not None else []
    return all(word in text for word in (*told.words, *place))


def prints(path: Path) -> dict[str, str]:
    """Checksums of what lies in a folder, beside what SQLite leaves with a file and what the terminal writes."""
    return {
        found.name: hashlib.sha256(found.read_bytes()).hexdigest() if found.is_file() else ""
        for found in path.iterdir()
        if not found.name.startswith(".") and not found.name.endswith(("-shm", "-wal"))
    }


# ---------------------------------------------------------------- texts and files


@pytest.mark.parametrize("case", bad.BAD_TEXTS, ids=lambda case: case.id)
def test_a_text_that_cannot_be_read_is_told_with_line_and_column(studio, case):
    name = write(studio.folder, case.text)
    done = checked(studio("check", name, "--format", "json"), BAD_USAGE)
    assert name in done.err
    assert tells(case.told, done.err), done.err
    (problem,) = done.document["problems"]
    assert case.told.is_in(problem), problem


@pytest.mark.parametrize("case", bad.BAD_FILES, ids=lambda case: case.id)
def test_a_file_that_is_no_project_is_told_and_left_as_it_is(studio, good_store, case):
    path = studio.folder / f"case{case.suffix}"
    case.make(path, good_store)
    before = prints(studio.folder)
    done = checked(studio("run", path.name, "--format", "json"), BAD_USAGE)
    assert path.name in done.err
    assert tells(case.told, done.err), done.err
    (problem,) = done.document["problems"]
    assert case.told.is_in(problem), problem
    assert {key: value for key, value in prints(studio.folder).items() if key != "home"} == before


def test_a_workflow_that_cannot_be_read_is_told_and_kept(studio, good_store):
    path = studio.folder / "shop.studio"
    path.write_bytes(good_store.read_bytes())
    with sqlite3.connect(path) as database:
        database.execute("UPDATE orchestrations SET config_yaml = 'nodes: ['")
    database.close()
    done = checked(studio("check", "shop.studio"), PROBLEMS)
    assert "cannot be read" in done.out and "line 2" in done.out and "untouched" in done.out
    done = checked(studio("run", "shop.studio"), BAD_USAGE)
    assert "cannot be read" in done.err and "no workflow that could be run" in done.err
    assert any("nodes: [" in row for row in bad.rows_of(path)["orchestrations"])


def test_a_newer_format_that_can_be_read_is_run_and_never_written(studio, good_store):
    path = studio.folder / "shop.studio"
    path.write_bytes(good_store.read_bytes())
    with sqlite3.connect(path) as database:
        database.execute("UPDATE projects SET format_version = '99.0'")
    database.close()
    before = bad.rows_of(path)
    done = checked(studio("check", "shop.studio"), 0)
    assert "newer Studio" in done.out and "another name" in done.out
    assert "newer Studio" in checked(studio("run", "shop.studio"), 0).err
    assert bad.rows_of(path) == before


def test_a_store_that_is_open_elsewhere_is_told_and_run_as_it_was_saved(studio, good_store):
    path = studio.folder / "shop.studio"
    path.write_bytes(good_store.read_bytes())

    async def story() -> Ended:
        session = await Session.open(Environment(data_dir=studio.folder / "home"), str(path))
        done: Ended = await asyncio.to_thread(studio, "run", "shop.studio")
        await session.close()
        return done

    before = bad.rows_of(path)
    done = checked(asyncio.run(story()), 0)
    assert "can only be read" in done.err
    assert bad.rows_of(path) == before


def test_a_key_that_means_nothing_is_told_and_does_no_harm(studio, shop):
    node = "id: show, type: Constant, params: {value: 1}, parms: {value: 2}"
    write(studio.folder, bad.shop_text(f"    nodes:\n      - {{{node}}}\n"))
    (problem,) = checked(studio("check", "shop.yaml", "--format", "json"), 0).document["problems"]
    assert bad.Told(code="unknown-key", node="show", words=("'parms'", "Did you mean 'params'")).is_in(
        problem
    )
    assert checked(studio("run", "shop.yaml", "--format", "json"), 0).document["outputs"] == {"show": 1}


# ---------------------------------------------------------------- before a run


@pytest.mark.parametrize("case", bad.BAD_GRAPHS, ids=lambda case: case.id)
def test_a_problem_is_told_before_anything_runs(studio, shop, case):
    before = hashlib.sha256(shop.read_bytes()).digest()
    write(studio.folder, bad.shop_text(case.workflow))
    refused = checked(studio("run", "shop.yaml", "--format", "json"), PROBLEMS)
    (problem,) = refused.document["problems"]
    assert case.told.is_in(problem), problem
    assert tells(case.told, refused.err), refused.err
    assert hashlib.sha256(shop.read_bytes()).digest() == before


def test_without_being_asked_for_json_nothing_but_results_goes_to_stdout(studio, shop, good_store):
    first, second = bad.BAD_GRAPHS[0], bad.DATA_FAULTS[0]
    write(studio.folder, bad.shop_text(first.workflow))
    done = checked(studio("check", "shop.yaml"), PROBLEMS)
    assert done.err == ""
    assert tells(first.told, done.out)
    assert checked(studio("run", "shop.yaml"), PROBLEMS).out == ""
    write(studio.folder, bad.shop_text(second.workflow))
    assert checked(studio("run", "shop.yaml", "--param", "least=many"), RUN_FAILED).out == ""
    write(studio.folder, "nodes: [")
    assert checked(studio("run", "shop.yaml"), BAD_USAGE).out == ""
    assert checked(studio("check", "nowhere.studio"), BAD_USAGE).out == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--param", "least=many"], ('"least" wants a whole number', "such as 12")),
        (["--param", 'least="12"'], ('"least" wants a whole number', "without quotes")),
        (["--param", "leest=12"], ("no input 'leest'", "Did you mean 'least'")),
        ([], ("'least' is missing", "of the type int")),
        (["--param", "least=1", "--connection", f"postgresql://me:{bad.QUOTED_SECRET}@[::1/shop"], ("cannot be read",)),
    ],
)  # fmt: skip
def test_a_wrong_value_for_an_input_is_refused_before_anything_runs(studio, shop, arguments, words):
    before = hashlib.sha256(shop.read_bytes()).digest()
    nodes = 'id: read, type: CustomerListNode, params: {filter: {credit: {$gte: "{{ least }}"}}}'
    write(
        studio.folder,
        bad.shop_text(f"    inputs:\n      - {{name: least, kind: int}}\n    nodes:\n      - {{{nodes}}}\n"),
    )
    done = checked(studio("run", "shop.yaml", *arguments), BAD_USAGE)
    assert done.out == ""
    assert all(word in done.err for word in words), done.err
    assert hashlib.sha256(shop.read_bytes()).digest() == before


# ---------------------------------------------------------------- while a run goes on


def fails(studio: Terminal, case: bad.BadRun, text: str, environ: Mapping[str, str] | None = None) -> None:
    """Runs a case for people and for programs, and holds what is said to what must be told."""
    write(studio.folder, text)
    params = [
        part for name, value in case.inputs.items() for part in ("--param", f"{name}={json.dumps(value)}")
    ]
    arguments = ("run", "shop.yaml", "--mode", case.mode, *params)
    done = checked(studio(*arguments, "--format", "json", environ=environ), RUN_FAILED)
    assert 'workflow "Harm"' in done.err
    assert tells(case.told, done.err), done.err
    document = done.document
    assert document["state"] == "failed"
    assert case.told.is_in(document["error"]), document["error"]
    if case.told.node:
        states = {node["id"]: node["state"] for node in document["nodes"]}
        assert states[case.told.node] == "failed"


@pytest.mark.parametrize("case", [*bad.DATA_FAULTS, *bad.PLACE_FAULTS], ids=lambda case: case.id)
def test_a_failed_run_is_told_and_leaves_the_data_whole(studio, shop, case):
    bad.make_places(studio.folder)
    before = bad.rows_of(shop)
    fails(studio, case, bad.shop_text(case.workflow, case.url, case.connection))
    assert bad.rows_of(shop) == before
    assert not (studio.folder / "nowhere").exists()


@pytest.fixture(scope="module")
def postgres_shop(
    server: subprocess.Popen[str], tmp_path_factory: pytest.TempPathFactory, postgres_module_url: str
) -> str:
    """The shop's database on a server."""
    folder = tmp_path_factory.mktemp("filled-server")
    url, password = without_password(postgres_module_url)
    write(folder, bad.shop_text(bad.FILL, url, ", secret: environment, secret_name: SHOP_PASSWORD"))
    done = Terminal(server, folder)("run", "shop.yaml", environ={"SHOP_PASSWORD": password})
    assert done.code == 0, done.err
    return postgres_module_url


def without_password(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return f"postgresql://{parts.username}@{parts.hostname}:{parts.port}{parts.path}", unquote(
        parts.password or ""
    )


def server_rows(url: str) -> str:
    return run_sql(url, "SELECT * FROM customers ORDER BY id; SELECT * FROM orders ORDER BY id;")


@pytest.mark.parametrize("case", bad.DATABASE_FAULTS, ids=lambda case: case.id)
def test_a_failed_run_on_a_server_is_told_and_leaves_the_data_whole(studio, postgres_shop, case):
    url, password = without_password(postgres_shop)
    before = server_rows(postgres_shop)
    text = bad.shop_text(case.workflow, url, ", secret: environment, secret_name: SHOP_PASSWORD")
    fails(studio, case, text, environ={"SHOP_PASSWORD": password})
    assert server_rows(postgres_shop) == before


def spoilt(case: bad.BadServer, good: str) -> tuple[str, str]:
    """The URL without its password, and the password, as the case makes them wrong."""
    parts = urlsplit(good)
    host = case.host or f"{parts.hostname}:{parts.port}"
    password = unquote(parts.password or "") if case.right_password else bad.SECRET
    return f"postgresql://{parts.username}@{host}/{case.database or parts.path[1:]}", password


@pytest.mark.parametrize("case", bad.BAD_SERVERS, ids=lambda case: case.id)
def test_a_server_that_does_not_let_us_in_is_told_without_the_password(studio, postgres_shop, case):
    url, password = spoilt(case, postgres_shop)
    write(studio.folder, bad.shop_text(bad.COUNT, url, ", secret: environment, secret_name: SHOP_PASSWORD"))
    done = checked(
        studio("run", "shop.yaml", "--format", "json", environ={"SHOP_PASSWORD": password}), RUN_FAILED
    )
    assert case.told.is_in(done.document["error"])
    assert tells(case.told, done.err)
    assert password not in done.out + done.err
    store = url.replace("@", f":{quote(password, safe='')}@", 1)
    done = checked(studio("run", store), BAD_USAGE)
    assert done.out == ""
    assert tells(case.told, done.err)
    assert password not in done.err and quote(password, safe="") not in done.err
    kept = [path.read_bytes() for path in studio.folder.rglob("*") if path.is_file()]
    assert not any(password.encode() in content for content in kept)


def test_a_server_that_is_killed_in_the_middle_of_a_run_is_told_and_the_next_run_works(studio):
    harm = (
        "    nodes:\n      - {id: make, type: CustomerCreateNode, params: {email: new@x}}\n"
        '      - {id: wait, type: SQL, params: {sql: "SELECT pg_sleep(60)::text AS x"}}\n'
        "    edges:\n      - {from: [make, done], to: [wait, after]}\n"
    )
    secret = ", secret: environment, secret_name: SHOP_PASSWORD"
    with bad.server_folder() as data:
        with postgres_server(data / "cluster", fsync=False, settings=bad.KEEPS_WHAT_IT_COMMITTED) as url:
            shown, password = without_password(url)
            write(studio.folder, bad.shop_text(bad.FILL, shown, secret), "fill.yaml")
            assert studio("run", "fill.yaml", environ={"SHOP_PASSWORD": password}).code == 0
            write(studio.folder, bad.shop_text(harm, shown, secret))
            child = studio.start(
                "run",
                "shop.yaml",
                "--format",
                "json",
                "--mode",
                "atomic",
                environ={"SHOP_PASSWORD": password},
            )
            assert child.stderr is not None
            assert "make" in child.stderr.readline()
            asleep = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep';"
            while not run_sql(url, asleep).strip():
                assert child.poll() is None
            os.kill(int((data / "cluster" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
            for backend in backends(data / "cluster"):
                os.kill(backend, signal.SIGKILL)
            out, err = child.communicate(timeout=100)
        done = checked(Ended(code=child.returncode, out=out, err=err), RUN_FAILED)
        assert done.document["error"]["code"] in ("connection-lost", "connection-failed")
        assert done.document["error"]["hint"] and done.document["error"]["node"] == "wait"
        assert password not in out + err
        with postgres_server(data / "cluster", fsync=False, settings=bad.KEEPS_WHAT_IT_COMMITTED) as url:
            shown, password = without_password(url)
            write(studio.folder, bad.shop_text(bad.COUNT, shown, secret))
            done = checked(
                studio("run", "shop.yaml", "--format", "json", environ={"SHOP_PASSWORD": password}), 0
            )
            assert done.document["outputs"] == {"customers": {"count": 3}, "orders": {"count": 2}}


def backends(cluster: Path) -> list[int]:
    """The processes that a killed server has left behind, found by the folder they work in."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").resolve() == cluster.resolve():
                found.append(int(process.name))
        except OSError:
            continue
    return found


# ---------------------------------------------------------------- what a person does, and rights


def test_python_runs_only_where_it_is_trusted(studio, shop):
    write(
        studio.folder,
        bad.shop_text("    nodes:\n      - {id: code, type: Python, params: {code: 'return 6 * 7'}}\n"),
    )
    done = checked(studio("run", "shop.yaml"), RUN_FAILED)
    assert done.out == ""
    assert 'node "code"' in done.err and "--trust" in done.err
    trusted = checked(studio("run", "shop.yaml", "--trust", "--format", "json"), 0)
    assert trusted.document["outputs"] == {"code": 42}


def test_a_run_that_is_stopped_leaves_nothing_behind(studio, shop):
    before = bad.rows_of(shop)
    write(studio.folder, bad.shop_text(
        "    nodes:\n      - {id: make, type: CustomerCreateNode, params: {email: new@x}}\n"
        f'      - {{id: wait, type: SQL, params: {{sql: "{bad.ENDLESS}"}}}}\n'
        "    edges:\n      - {from: [make, done], to: [wait, after]}\n"))  # fmt: skip
    child = studio.start("run", "shop.yaml", "--format", "json", "--mode", "atomic")
    assert child.stderr is not None
    assert "make" in child.stderr.readline()
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=100)
    done = checked(Ended(code=child.returncode, out=out, err=err), STOPPED)
    assert done.document["state"] == "cancelled"
    assert bad.rows_of(shop) == before


LOCKER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
"""


@pytest.fixture(scope="module")
def locked(filled, server, tmp_path_factory) -> Iterator[subprocess.Popen[str]]:
    """A run that waits for a lock of another process, begun early because it waits for as long as Studio is patient."""
    folder = tmp_path_factory.mktemp("locked")
    (folder / "shop.sqlite").write_bytes(filled.read_bytes())
    write(
        folder,
        bad.shop_text("    nodes:\n      - {id: make, type: CustomerCreateNode, params: {email: new@x}}\n"),
    )
    holder = subprocess.Popen(  # noqa: S603 - a program of the test's own
        [sys.executable, "-c", LOCKER, str(folder / "shop.sqlite")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout is not None
    assert holder.stdout.readline() == "locked\n"
    child = Terminal(server, folder).start("run", "shop.yaml", "--format", "json")
    yield child
    child.kill()
    child.communicate()
    holder.communicate("\n", timeout=100)


@pytest.fixture(autouse=True)
def _locked_early(locked) -> None:
    """Begins to wait with the first test of the module."""


def test_a_database_that_another_process_has_locked_is_told(locked):
    out, err = locked.communicate(timeout=100)
    done = checked(Ended(code=locked.returncode, out=out, err=err), RUN_FAILED)
    told = bad.Told(
        code="lock-timeout", node="make", words=("shop.sqlite", "locked by another program", "wait")
    )
    assert told.is_in(done.document["error"])


def test_a_look_at_data_is_cut_short_when_its_project_closes_and_opens_nothing_anew(shop, tmp_path):
    async def story() -> None:
        session = Session.in_memory(
            project_from_yaml(bad.shop_text(bad.COUNT)), env=Environment(data_dir=tmp_path / "home")
        )
        session.base_folder = tmp_path
        assert await session.row_count("Customer") == 3
        looks = [asyncio.ensure_future(session.row_count("Order")) for _ in range(20)]
        await asyncio.sleep(0)
        await session.close()
        for ended in await asyncio.gather(*looks, return_exceptions=True):
            assert ended == 2 or isinstance(ended, asyncio.CancelledError | StoreError)
        with pytest.raises(StoreError, match="has been closed"):
            await session.row_count("Customer")

    known = set(threading.enumerate())
    asyncio.run(story())
    fresh = [thread for thread in set(threading.enumerate()) - known if "sqlite" in thread.name]
    for thread in fresh:
        thread.join(20)  # it has been told to end
    assert not [thread for thread in fresh if thread.is_alive()]


@pytest.fixture
def given_away(studio, shop, good_store) -> Iterator[Terminal]:
    """A folder with a shop and a project in it that may only be read."""
    (studio.folder / "good.studio").write_bytes(good_store.read_bytes())
    write(
        studio.folder,
        bad.shop_text("    nodes:\n      - {id: make, type: CustomerCreateNode, params: {email: new@x}}\n"),
    )
    for name in (".out", ".err"):
        (studio.folder / name).touch()
    (studio.folder / "home").mkdir(exist_ok=True)
    for path in (shop, studio.folder / "good.studio", studio.folder / "shop.yaml"):
        path.chmod(0o444)
    studio.folder.chmod(0o555)
    yield studio
    studio.folder.chmod(0o755)


def test_files_that_may_only_be_read_are_read_and_told(given_away, shop):
    before = prints(given_away.folder)
    done = checked(given_away("run", "shop.yaml", "--format", "json", unprivileged=True), RUN_FAILED)
    told = bad.Told(code="read-only", node="make", words=("shop.sqlite", "cannot be written", "permissions"))
    assert told.is_in(done.document["error"]), done.document["error"]
    done = checked(given_away("check", "good.studio", unprivileged=True), 0)
    assert "can only be read" in done.out and "another name" in done.out
    after = prints(given_away.folder)
    assert {name: after[name] for name in before} == before
