"""The terminal: exit codes, stdout for results, stderr for the rest."""

import asyncio
import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from studio import __main__ as door
from studio.cli.app import app
from studio.persistence import project_to_yaml
from studio.session import Environment, Session
from studio.session.sample import fill_shop, sample_project

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "stock.yaml"
HEAD = "format: studio/project\nversion: 1\nname: P\n"
SLOW = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS c FROM n"


class Terminal:
    """Starts Studio as a person would, in a folder of its own and without a display."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
        self.environ = {key: value for key, value in os.environ.items() if key not in hidden}
        self.environ |= {
            "STUDIO_HOME": str(folder / "home"),
            "NO_COLOR": "1",
            "COLUMNS": "160",
            "PYTHONWARNINGS": "error::ResourceWarning",
        }

    def __call__(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - this very program
            [sys.executable, "-m", "studio", *arguments],
            cwd=self.folder,
            env={**self.environ, "PYTHONPATH": str(EXAMPLE.parents[1]), **environ},
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-m", "studio", *arguments],
            cwd=self.folder,
            env={**self.environ, "PYTHONPATH": str(EXAMPLE.parents[1])},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def write(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text, encoding="utf-8")
        return name


@pytest.fixture
def studio(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def make_store(folder: Path) -> str:
    """A saved project on a filled shop; gives its path."""
    env = Environment(data_dir=folder / "home")
    path = folder / "shop.studio"

    async def work() -> None:
        session = await Session.sample(env)
        session.add_workflow("Empty")
        await session.save_as(str(path))
        await session.close()

    run(work())
    return str(path)


def test_a_text_runs_alone_with_results_on_stdout_and_progress_on_stderr(studio):
    studio.write("stock.yaml", EXAMPLE.read_text(encoding="utf-8"))
    done = studio("run", "stock.yaml")
    assert (done.returncode, done.stderr.count("✓")) == (0, 5)
    assert "runs_low (2 rows)" in done.stdout
    assert "24.00" in done.stdout
    assert "✓" not in done.stdout
    assert (studio.folder / "stock.sqlite").exists()


def test_json_is_one_document_of_a_stable_shape(studio):
    studio.write("stock.yaml", EXAMPLE.read_text(encoding="utf-8"))
    done = studio("run", "stock.yaml", "--format", "json", "--param", "least=15")
    document = json.loads(done.stdout)
    assert list(document) == [
        "run_id", "workflow", "state", "started_at", "duration_ms", "inputs", "nodes", "outputs", "error",
        "mode", "transaction", "changes",
    ]  # fmt: skip
    assert document["state"] == "succeeded"
    assert document["inputs"] == {"least": 15}
    assert [row["id"] for row in document["outputs"]["runs_low"]] == ["lock", "hinge", "handle"]
    assert document["outputs"]["runs_low"][0]["price"] == "24.00"
    assert list(document["nodes"][0]) == [
        "id",
        "title",
        "type",
        "state",
        "rows",
        "duration_ms",
        "error",
        "origin",
    ]


def test_a_store_runs_and_keeps_the_run_in_its_history(studio):
    path = make_store(studio.folder)
    done = studio("run", path, "--workflow", "Restock and reward", "-p", "reorder_level=30")
    assert done.returncode == 0
    assert "best_customers" in done.stdout

    async def history() -> int:
        session = await Session.open(Environment(data_dir=studio.folder / "home"), path)
        assert session.pending_recovery is None
        runs = await session.history_runs()
        await session.close()
        return len(runs)

    assert run(history()) == 1


def test_a_run_in_review_asks_in_a_terminal_and_without_one_keeps_nothing_and_says_so(studio):
    studio.write("stock.yaml", EXAMPLE.read_text(encoding="utf-8"))
    alone = studio("run", "stock.yaml", "--mode", "review", "--format", "json")
    document = json.loads(alone.stdout)
    assert (alone.returncode, document["transaction"]) == (1, "rolled_back")
    assert document["changes"][0]["operation"] == "create"
    assert "there is no terminal to ask" in alone.stderr
    terminal, theirs = pty.openpty()
    asked = subprocess.Popen(
        [sys.executable, "-m", "studio", "run", "stock.yaml", "--mode", "review"],
        cwd=studio.folder,
        env={**studio.environ, "PYTHONPATH": str(EXAMPLE.parents[1])},
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.write(terminal, b"perhaps\ny\n")
    _, told = asked.communicate(timeout=100)
    os.close(terminal)
    os.close(theirs)
    assert asked.returncode == 0, told
    assert "Please answer y or n." in told
    assert told.rstrip().endswith("Committed.")
    again = studio("run", "stock.yaml", "--to", "low", "--mode", "dry", "--format", "json")
    assert "nothing was kept" in again.stderr
    assert json.loads(again.stdout)["outputs"]["low"][0]["id"] == "lock"


def test_a_part_of_a_workflow_is_named_by_its_nodes(studio):
    studio.write("stock.yaml", EXAMPLE.read_text(encoding="utf-8"))
    wrong = studio("run", "stock.yaml", "--to", "reprt")
    assert (wrong.returncode, "Did you mean" in wrong.stderr) == (2, True)
    refused = studio("run", "stock.yaml", "--from", "Report", "--format", "json")
    codes = {problem["code"] for problem in json.loads(refused.stdout)["problems"]}
    assert (refused.returncode, codes) == (3, {"upstream-not-reusable"})


def test_a_store_that_is_open_in_a_window_can_be_run_as_it_was_saved(studio):
    path = make_store(studio.folder)

    async def story() -> int:
        session = await Session.open(Environment(data_dir=studio.folder / "home"), path)
        done = await asyncio.to_thread(studio, "run", path, "-w", "restock")
        await session.close()
        return int(done.returncode)

    assert run(story()) == 0


def test_another_connection_can_stand_in(studio):
    project = sample_project("sqlite:///shop.sqlite")
    from studio.kernel.loop import default_loop

    default_loop().run(fill_shop(f"sqlite:///{studio.folder / 'filled.sqlite'}"))
    studio.write("shop.yaml", project_to_yaml(project))
    empty = studio("run", "shop.yaml", "--format", "json")
    assert json.loads(empty.stdout)["outputs"] == {"best_customers": []}
    filled = studio("run", "shop.yaml", "--format", "json", "--connection", "sqlite:///filled.sqlite")
    assert len(json.loads(filled.stdout)["outputs"]["best_customers"]) == 16
    wrong = studio("run", "shop.yaml", "--connection", "shpo")
    assert wrong.returncode == 2
    assert "Did you mean 'shop'" in wrong.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--param", "least"), "gives no value"),
        (("--param", "leest=3"), "Did you mean 'least'"),
        (("--param", "least=[3"), "no valid YAML"),
        (("--workflow", "Count"), "no workflow 'Count'"),
        (("--mode", "fast"), "fast"),
        (("--format", "xml"), "xml"),
    ],
)
def test_wrong_arguments_are_told_and_nothing_runs(studio, arguments, words):
    studio.write("stock.yaml", EXAMPLE.read_text(encoding="utf-8"))
    done = studio("run", "stock.yaml", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert not (studio.folder / "stock.sqlite").exists()


def test_a_param_of_the_wrong_kind_fails_the_run_and_names_it(studio):
    studio.write("stock.yaml", EXAMPLE.read_text(encoding="utf-8"))
    done = studio("run", "stock.yaml", "--param", "least=many")
    assert done.returncode in (1, 2)
    assert "least" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_that_fails_says_where_and_what_to_do_and_what_it_could_not_take_back(studio):
    text = HEAD + (
        "connections:\n  - {name: shop, url: 'sqlite:///x.sqlite'}\n"
        "models:\n  - {name: Item, fields: {name: str}}\n"
        "workflows:\n  - name: W\n    nodes:\n      - {id: find, type: ItemReadNode, title: Find it, params: {id: 4711}}\n"
        "      - {id: write, type: ItemCreateNode, params: {name: '{{ find.name }}'}}\n"
        "      - {id: send, type: HTTPRequest, params: {method: POST, url: 'http://localhost:9', json: '{{ write.id }}'}}\n"
    )
    studio.write("x.yaml", text)
    done = studio("run", "x.yaml", "--mode", "atomic")
    assert done.returncode == 1
    assert 'warning workflow "W", node "send": What "HTTP request" changes elsewhere stays' in done.stderr
    assert "Find it" in done.stderr
    assert "4711" in done.stderr
    again = studio("run", "x.yaml", "--format", "json")
    assert "warning" not in again.stderr  # where each node commits, nothing is rolled back
    document = json.loads(again.stdout)
    assert (document["state"], document["error"]["code"]) == ("failed", "not-found")


def test_problems_refuse_a_run_and_are_listed_by_check(studio):
    text = HEAD + (
        "workflows:\n  - name: W\n    nodes:\n"
        "      - {id: a, type: Outputt}\n      - {id: b, type: Map, params: {fields: {}}}\n"
    )
    studio.write("x.yaml", text)
    checked = studio("check", "x.yaml")
    assert checked.returncode == 3
    assert 'workflow "W", node "a"' in checked.stdout
    assert "Did you mean 'Output'" in checked.stdout
    document = json.loads(studio("check", "x.yaml", "--format", "json").stdout)
    assert {problem["node"] for problem in document["problems"]} == {"a", "b"}
    refused = studio("run", "x.yaml", "--format", "json")
    assert refused.returncode == 3
    assert json.loads(refused.stdout)["state"] == "refused"


def test_check_is_quiet_about_what_is_right(studio):
    studio.write("stock.yaml", EXAMPLE.read_text(encoding="utf-8"))
    done = studio("check", "stock.yaml")
    assert (done.returncode, done.stdout.strip()) == (0, "No problems in 1 workflow.")
    assert studio("check", make_store(studio.folder)).returncode == 0


def test_lineage_lists_who_touches_a_field(studio):
    shop = make_store(studio.folder)

    def lineage(*arguments: str) -> Any:
        return CliRunner().invoke(app, ["lineage", shop, *arguments], env=studio.environ)

    done = lineage("Order.status")
    assert done.exit_code == 0
    assert "Spent by customer" in done.stdout
    assert "filters by" in done.stdout
    document = json.loads(lineage("Customer", "--format", "json").stdout)
    assert {"Customer.id", "Customer.tier"} <= {use["field"] for use in document["uses"]}
    refused = lineage("Order.statsu")
    assert (refused.exit_code, "Did you mean 'status'" in refused.stderr) == (2, True)


def test_broken_text_is_told_with_its_line_and_column(studio):
    studio.write("x.yaml", HEAD + "workflows:\n  - name: [W\n    nodes: []\n")
    for command in ("run", "check", "nodes"):
        done = studio(command, "x.yaml")
        assert done.returncode == 2
        assert "line 6, column" in done.stderr
        assert "x.yaml" in done.stderr


@pytest.mark.parametrize("name", ["gone.studio", "gone.yaml", "folder", "text.studio"])
def test_a_bad_file_is_told_without_a_traceback(studio, name):
    (studio.folder / "folder").mkdir()
    studio.write("text.studio", "hello")
    done = studio("check", name)
    assert done.returncode == 2
    assert name in done.stderr.replace("\n", "")
    assert "Traceback" not in done.stderr


def test_nodes_lists_what_a_project_can_use(studio):
    studio.write("stock.yaml", EXAMPLE.read_text(encoding="utf-8"))
    common = json.loads(studio("nodes", "--format", "json").stdout)["nodes"]
    own = json.loads(studio("nodes", "stock.yaml", "--format", "json").stdout)["nodes"]
    assert {"Output", "SQL"} <= {node["type"] for node in common}
    assert len(own) == len(common) + 12
    item = next(node for node in own if node["type"] == "ItemListNode")
    assert item["connection"] == "warehouse"
    assert "ItemListNode" in studio("nodes", "stock.yaml").stdout


def test_ctrl_c_stops_the_run_at_the_database(studio):
    text = HEAD + (
        "connections:\n  - {name: shop, url: 'sqlite:///x.sqlite'}\n"
        "workflows:\n  - name: W\n    nodes:\n"
        "      - {id: first, type: Constant, params: {value: 1}}\n"
        f"      - {{id: slow, type: SQL, params: {{sql: '{SLOW}', connection: shop}}}}\n"
    )
    studio.write("x.yaml", text)
    child = studio.start("run", "x.yaml", "--format", "json")
    assert child.stderr is not None
    assert "first" in child.stderr.readline()
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=100)
    assert child.returncode == 130
    assert json.loads(out)["state"] == "cancelled"
    assert "Traceback" not in err


def test_without_a_display_the_sample_runs_in_the_terminal(studio):
    done = studio()
    assert done.returncode == 0
    assert "no display" in done.stderr
    for title in ("Low stock", "Restock", "Make them gold"):
        assert title in done.stdout
    assert " ms" in done.stdout
    assert "best_customers (16 rows)" in done.stdout
    refused = studio("shop.studio")
    assert refused.returncode == 2
    assert "studio run shop.studio" in refused.stderr


def test_help_and_version(studio):
    from studio import __version__

    helped = studio("--help")
    assert helped.returncode == 0
    for word in ("run", "check", "nodes", "Exit codes"):
        assert word in helped.stdout
    assert studio("--version").stdout.strip() == f"studio {__version__}"
    mistyped = studio("chek")
    assert mistyped.returncode == 2
    assert "No such command 'chek'. Did you mean 'check'?" in mistyped.stderr


def test_a_mistyped_command_or_option_is_told_the_nearest_or_all_there_are():
    for typed, words in (
        ("delete all", "No such command 'delete'. Known: check, lineage, nodes, run."),
        ("run x --worklfow a", "No such option: --worklfow. Did you mean '--workflow'?"),
        ("run x --database y", "No such option: --database. Known: --actor, --connection, --format,"),
        ("run x -q", "No such option: -q. Known: --actor,"),
        ("check x --FORMAT json", "No such option: --FORMAT. Did you mean '--format'?"),
        ("--vers", "No such option: --vers. Did you mean '--version'?"),
        ("--workflow a run x", "No such option: --workflow. Did you mean 'run --workflow'?"),
        ("run", "Missing argument 'STORE-OR-YAML'."),
        ("run x --to", "Option '--to' requires an argument."),
    ):
        done = CliRunner().invoke(app, typed.split(), env={"COLUMNS": "200", "NO_COLOR": "1"})
        assert (done.exit_code, words in done.stderr) == (2, True), done.stderr


def test_the_door_opens_without_anything_heavy():
    code = (
        "import sys, studio.__main__, studio.session\n"
        "heavy = {'sqlalchemy', 'asyncpg', 'keyring', 'typer', 'rich', 'PySide6', 'alembic', 'numpy'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.returncode, done.stderr) == (0, "")


def test_a_run_says_for_which_tenant_it_is(studio):
    text = EXAMPLE.read_text(encoding="utf-8").replace(
        "    doc: Something on a shelf.\n",
        "    doc: Something on a shelf.\n    options: {multi_tenant: true, audit_log: true}\n",
    )
    studio.write("stock.yaml", text)
    unsaid = studio("run", "stock.yaml")
    assert (unsaid.returncode, "by tenant" in unsaid.stderr) == (1, True)
    assert "runs_low (2 rows)" in studio("run", "stock.yaml", "--tenant", "acme", "--actor", "ada").stdout
    with sqlite3.connect(studio.folder / "stock.sqlite") as stock:
        assert stock.execute("SELECT DISTINCT tenant_id FROM items").fetchall() == [("acme",)]
        who = stock.execute("SELECT DISTINCT user_id, tenant_id, run_id IS NULL FROM studio_audit_trail")
        assert who.fetchall() == [("ada", "acme", 0)]
    stock.close()


def test_flags_of_the_window_come_before_the_file_and_the_command(monkeypatch):
    opened = []

    def open_window(location, *, new_window):
        opened.append((location, new_window, os.environ["STUDIO_HOME"]))
        return 0

    monkeypatch.setattr(door, "open_window", open_window)
    monkeypatch.setenv("STUDIO_HOME", "/elsewhere")
    for arguments in (
        [],
        ["--new-window"],
        ["--new-window", "./shop.studio"],
        ["--portable", "./shop.studio"],
    ):
        monkeypatch.setattr(sys, "argv", ["studio", *arguments])
        with pytest.raises(SystemExit) as caught:
            door.main()
        assert caught.value.code == 0
    assert opened == [
        (None, False, "/elsewhere"),
        (None, True, "/elsewhere"),
        ("./shop.studio", True, "/elsewhere"),
        ("./shop.studio", False, str(Path(sys.prefix) / "studio-data")),
    ]
