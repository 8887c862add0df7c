"""Every option has an effect, whoever says it, and is refused by name when it cannot have one."""

import asyncio
import gc
import http.server
import logging
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio import DataFlow, DataFlowConfig, LocalRuntime, WorkflowBuilder
from studio.dataflow import instances
from studio.dataflow.metrics import Metrics
from studio.dataflow.settings import OPTIONS
from studio.kernel.errors import ModelError, StudioError, ValueRefused, WorkflowError

PAGE = Path(__file__).parents[3] / "docs" / "configuration.md"


class User:
    id: int
    name: str


@pytest.fixture
def quiet() -> Iterator[logging.Logger]:
    """The logger of Studio, left as it was found."""
    logger = logging.getLogger("studio")
    level, handlers = logger.level, list(logger.handlers)
    yield logger
    logger.setLevel(level)
    logger.handlers[:] = handlers


def one(db: DataFlow, type_name: str, params: dict[str, Any] | None = None) -> Any:
    workflow = WorkflowBuilder(db)
    workflow.add_node(type_name, "node", params)
    return LocalRuntime().execute(workflow)[0]["node"]


def made(*args: Any, environment: dict[str, str] | None = None, **options: Any) -> DataFlow:
    return DataFlow(*args, environment=environment or {}, **options)


def test_the_page_and_the_options_are_the_same() -> None:
    page = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)`[^|]*\|([^|]*)\|", page, flags=re.MULTILINE)
    assert [name for name, _ in rows] == list(OPTIONS)
    assert set(OPTIONS) == set(DataFlowConfig.__dataclass_fields__)
    for name, variables in rows:
        assert tuple(re.findall(r"`(\w+)`", variables)) == OPTIONS[name].variables, name


def test_an_argument_counts_before_a_config_and_that_before_the_environment() -> None:
    said = {
        "DATAFLOW_POOL_SIZE": "3",
        "DATAFLOW_MAX_OVERFLOW": "5",
        "DATAFLOW_POOL_RECYCLE": "60",
        "DATABASE_URL": "",
    }
    db = made(
        "sqlite:///a.db", pool_size=1, config={"pool_size": 2, "pool_max_overflow": 4}, environment=said
    )
    options = db.database.options
    assert (options.pool_size, options.max_overflow, options.pool_recycle) == (1, 4, 60)
    assert (
        made({"database_url": "sqlite:///b.db", "echo": False}, environment={"DATAFLOW_ECHO": "true"}).name
        == "b"
    )
    assert made(environment={"DATAFLOW_DATABASE_URL": "sqlite:///c.db"}).name == "c"
    assert (
        made(
            config=DataFlowConfig(database_url="sqlite:///d.db"), environment=said
        ).database.options.pool_size
        == 3
    )
    assert made().name == "studio"


def test_every_variable_reaches_its_option() -> None:
    said = {
        "DATABASE_URL": "sqlite:///x.db",
        "DATAFLOW_POOL_SIZE": " 3 ",
        "DATAFLOW_MAX_OVERFLOW": "0",
        "DATAFLOW_POOL_RECYCLE": "60",
        "DATAFLOW_POOL_PRE_PING": "Yes",
        "DATAFLOW_ECHO": "off",
        "DATAFLOW_ENABLE_METRICS": "true",
        "DATAFLOW_SLOW_STATEMENT_MS": "1.5",
        "DATAFLOW_LOG_LEVEL": "warning",
        "DATAFLOW_AUTO_MIGRATE": "0",
        "DATAFLOW_EXISTING_SCHEMA_MODE": "1",
        "DATAFLOW_MULTI_TENANT": "yes",
        "DATAFLOW_ENCRYPTION_KEY": f"{'ab' * 32}, {'cd' * 32}",
    }
    known = [option.variables[-1] for option in OPTIONS.values() if option.variables]
    assert len(known) == len(said)
    config = made(environment=said).config
    assert config == DataFlowConfig(
        database_url="sqlite:///x.db",
        pool_size=3,
        max_overflow=0,
        pool_recycle=60,
        pool_pre_ping=True,
        echo=False,
        monitoring=True,
        slow_statement_ms=1.5,
        log_level="warning",
        auto_migrate=False,
        existing_schema_mode=True,
        multi_tenant=True,
        encryption_key=["ab" * 32, "cd" * 32],
    )
    assert config.creates_tables is False


@pytest.mark.parametrize(
    ("variable", "text", "wanted"),
    [
        ("DATAFLOW_POOL_SIZE", "ten", "a whole number of at least 1"),
        ("DATAFLOW_POOL_SIZE", "0", "at least 1"),
        ("DATAFLOW_ENABLE_METRICS", "perhaps", "true or false"),
        ("DATAFLOW_LOG_LEVEL", "LOUD", "one of DEBUG"),
        ("DATAFLOW_SLOW_STATEMENT_MS", "nan", "above 0"),
    ],
)
def test_a_variable_that_does_not_fit_is_refused_by_its_name(variable: str, text: str, wanted: str) -> None:
    with pytest.raises(WorkflowError, match=variable) as caught:
        made("sqlite:///x.db", environment={variable: text})
    assert wanted in caught.value.message


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"pool_pre_ping": 1}, "true or false"),
        ({"slow_statement_ms": -1}, "above 0"),
        ({"log_level": 20}, "one of DEBUG"),
        ({"config": {"pool_sise": 1}}, "Did you mean 'pool_size'"),
        ({"config": {"max_overflow": 1, "pool_max_overflow": 1}}, "twice"),
        ({"migration_config": {"webhok_url": "x"}}, "Did you mean 'webhook_url'"),
        ({"migration_config": {"webhook_url": "file:///etc/passwd"}}, "http://"),
        ({"migration_config": {"slow_migration_threshold": True}}, "milliseconds"),
        ({"testing": True}, "in memory and takes no other"),
    ],
)
def test_an_option_that_cannot_have_its_effect_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(WorkflowError) as caught:
        made("sqlite:///x.db", **options)
    assert words in str(caught.value)


# ---------------------------------------------------------------- what is going on


def test_operations_are_measured_by_model_when_that_is_wanted() -> None:
    with made(":memory:", models=[User], monitoring=True) as db:
        for name in ("Ada", "Bob"):
            one(db, "UserCreateNode", {"name": name})
        for _ in range(2):
            one(db, "UserListNode", {"cache_ttl": 60})
        one(db, "UserBulkUpdateNode", {"data": [{"id": 1, "name": "Eve"}]})
        one(db, "SQL", {"sql": "SELECT 1"})
        with pytest.raises(StudioError):
            one(db, "UserCreateNode", {"id": 1, "name": "again"})
        workflow = WorkflowBuilder(db)
        workflow.add_node("UserListNode", "all", {"limit": None, "fields": ["name"]})
        workflow.add_node("UserBulkCreateNode", "again", {})
        workflow.add_connection("all", "records", "again", "data")
        LocalRuntime().execute(workflow)  # streamed
        data = db.metrics.data()
        assert {name: (figures.count, figures.errors) for name, figures in data.items()} == {
            "SQL.execute": (1, 0),
            "User.bulk_create": (1, 0),
            "User.bulk_update": (1, 0),
            "User.create": (3, 1),
            "User.list": (3, 0),
        }
        assert 0 < data["User.create"].mean_ms <= data["User.create"].max_ms
        assert "Query: User.create - Avg: " in db.metrics.summary()
    with made(":memory:", models=[User]) as db:
        one(db, "UserCreateNode", {"name": "Ada"})
        assert db.metrics.summary() == ""
        assert type(db.database.access()).__name__ == "Access"  # nothing stands between


def test_a_benchmark_tells_mean_percentile_and_count() -> None:
    now = 0.0
    metrics = Metrics(clock=lambda: now)
    for took in [*range(1, 100), 1900]:
        with metrics.benchmark("complex_query"):
            now += took / 1000
    assert metrics.summary() == "Query: complex_query - Avg: 68ms, P95: 95ms, Count: 100"
    with pytest.raises(ZeroDivisionError), metrics.benchmark("a"):
        now += 0.0012
        raise ZeroDivisionError
    assert metrics.summary().splitlines()[0] == "Query: a - Avg: 1.2ms, P95: 1.2ms, Count: 1, Errors: 1"
    metrics.reset()
    assert metrics.data() == {}
    with made(":memory:") as db, db.benchmark("mine"):
        pass
    assert db.metrics.data()["mine"].count == 1


def test_slow_statements_are_logged_without_their_values(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with made(sqlite_url, models=[User], slow_statement_ms=0.0001) as db:
        one(db, "UserCreateNode", {"name": "secret"})
        one(db, "UserBulkCreateNode", {"data": [{"name": "secret"}] * 3})
        assert len(one(db, "UserListNode")) == 4
    slow = [record.message for record in caplog.records if record.name == "studio.database.measuring"]
    assert any("INSERT INTO users" in message for message in slow)
    assert any("insert of 3 records of User" in message for message in slow)
    assert "secret" not in caplog.text


def test_the_log_level_and_echo_are_heard_and_statements_come_without_values(
    quiet: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    made(":memory:", environment={"DATAFLOW_LOG_LEVEL": "error"})
    assert quiet.level == logging.ERROR
    with made(":memory:", models=[User], echo=True) as db:
        one(db, "UserCreateNode", {"name": "secret"})
    assert quiet.level == logging.INFO
    said = [record.getMessage() for record in caplog.records if record.name == "studio.database.sqlite"]
    assert any(message.startswith("INSERT INTO users") for message in said)
    assert "secret" not in caplog.text


def test_health_is_told_and_never_raised(sqlite_url: str) -> None:
    with made(sqlite_url, models=[User]) as db:
        missing = db.health_check()
        assert (missing.reachable, missing.latency_ms) == (False, None)
        assert "There is no database" in missing.error
        one(db, "UserCreateNode", {"name": "Ada"})
        health = asyncio.run(db.ahealth_check())
        assert (health.reachable, health.product, health.can_write, health.error) == (
            True,
            "SQLite",
            True,
            "",
        )
        assert health.latency_ms is not None
        assert health.pool.most == 5
        assert 1 <= health.pool.open <= 5
    with made("postgresql://user:hunter2@127.0.0.1:1/shop") as db:
        down = db.health_check()
        assert down.reachable is False
        assert "hunter2" not in repr(down)


# ---------------------------------------------------------------- the schema


def test_changes_of_the_schema_are_told_as_far_as_that_is_wanted(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[bytes] = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(500)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    wanted = {
        "monitoring": True,
        "performance_tracking": True,
        "slow_migration_threshold": 0.0001,
        "webhook_url": f"http://127.0.0.1:{server.server_port}/hook?key=hunter2",
    }
    try:
        with made(sqlite_url, models=[User], migration_config=wanted) as db:
            one(db, "UserCountNode")
            one(db, "UserCountNode")
            assert db.schema_log is not None
            (change,) = db.schema_log.history()
            assert change.models == ("User",)
            assert change.statements[0].startswith("\nCREATE TABLE users")
            figures = db.schema_log.figures()
            assert (figures.count, figures.failed, figures.statements) == (1, 0, 1)
            for waiting in threading.enumerate():
                if waiting.name == "schema webhook":
                    waiting.join()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert b'"models":["User"]' in told[0]
    assert "slow change of the schema" in caplog.text
    assert "the webhook of" in caplog.text
    assert "hunter2" not in caplog.text
    assert made(sqlite_url).schema_log is None


# ---------------------------------------------------------------- tests


def test_each_test_has_a_database_of_its_own_wherever_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nowhere/at-all")
    for _ in range(2):
        db = DataFlow(testing=True)

        @db.model
        class User:
            id: int
            name: str

        user = db.test_create(User, name="Test User")
        assert (user.name, user.id, user["name"]) == ("Test User", 1, "Test User")
        assert one(db, "UserReadNode", {"id": 1}) == user
        with pytest.raises(AttributeError, match="Did you mean 'name'"):
            user.nme  # noqa: B018 - the attribute is what is asked for
        with pytest.raises(AttributeError, match="is a view"):
            user.name = "x"
        assert asyncio.run(db.atest_create("User", name="Second")).id == 2
        with pytest.raises(ValueRefused, match="name"):
            db.test_create(User)
        with pytest.raises(ModelError, match="no model"):
            db.test_create("Usr", name="x")
    with made(":memory:", models=[User]) as other, pytest.raises(WorkflowError, match="for tests only"):
        other.test_create("User", name="x")


def test_a_test_that_closes_nothing_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    gc.collect()
    monkeypatch.setattr(instances, "_open", [])

    def test() -> None:
        db = DataFlow(testing=True, models=[User])
        db.test_create("User", name="x")

    gc.disable()
    try:
        test()
        assert instances.open_instances() == []
    finally:
        gc.enable()
