"""Is a server asked as the node says, its answer bounded and typed, and no secret written where it could be read?"""

import asyncio
import base64
import json
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from studio.kernel.errors import BuildError, NodeError, RequestFailed, RunCancelled, RunTimeout, StudioError
from studio.kernel.ids import NodeId, WorkflowId
from studio.kernel.problems import Severity
from studio.nodes import NodeCatalogue, common_types, http_request
from studio.runtime import RunResult, compile_plan, events
from studio.workflow import Edge, Node, Workflow
from studio.workflow.checks import check
from studio.workflow.graph import frozen
from studio.workflow.references import Library
from tests.unit.nodes.one_node import ports, run


class Handler(BaseHTTPRequestHandler):
    """Answers as its path says; the server's `seen` are the requests."""

    server: "Server"
    protocol_version = "HTTP/1.1"

    def finish(self) -> None:
        super().finish()
        self.server.left.put(self.client_address)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def answer(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("content-length") or 0)
        asked = {
            "method": self.command,
            "path": parts.path,
            "query": parse_qs(parts.query),
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": self.rfile.read(length).decode(),
            "from": self.client_address,
        }
        self.server.seen.append(asked)
        match parts.path.split("/")[1:]:
            case ["echo"]:
                self.say(200, json.dumps(asked).encode(), "application/json; charset=utf-8")
            case ["status", status]:
                self.say(int(status), b"so it is")
            case ["busy", times, *wait]:
                over = len(self.server.seen) > int(times)
                self.say(
                    200 if over else 503,
                    b"[1]",
                    "application/json",
                    **{"Retry-After": wait[0]} if wait else {},
                )
            case ["to", *where]:
                port = self.server.server_address[1]
                target = "/echo" if where == ["here"] else f"http://localhost:{port}/echo"
                self.say(302, b"", Location="/to/loop" if where == ["loop"] else target)
            case ["cookie"]:
                self.say(302, b"", **{"Location": "/echo", "Set-Cookie": "seen=yes; Path=/"})
            case ["long"]:
                self.say(200, b"x" * 100_000)
            case ["latin"]:
                self.say(200, "Grüße".encode("latin-1"), "text/plain; charset=latin-1")
            case ["bytes"]:
                self.say(200, b"\x00\xff", "image/png")
            case ["broken"]:
                self.say(200, b"{nonsense", "application/json")
            case ["hang"]:
                self.server.hung.set()
                self.server.free.wait(30)

    def say(self, status: int, body: bytes, kind: str = "text/plain", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[dict[str, Any]] = []
        self.left: queue.Queue[Any] = queue.Queue()
        """The connections that have ended."""
        self.hung = threading.Event()
        self.free = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.free.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def server(served: Server) -> Server:
    served.seen.clear()
    return served


def ask(server: Server, path: str, **params: Any) -> RunResult:
    return run({"node": ("HTTPRequest", {"url": server.url + path, **params})})


def answer(server: Server, path: str, **params: Any) -> Any:
    result = ask(server, path, **params)
    result.raise_for_state()
    return result.results["node"]


def failure(server: Server, path: str, **params: Any) -> StudioError:
    error = ask(server, path, **params).error
    assert error is not None
    assert error.node == "node"
    return error


def found(**params: Any) -> list[tuple[str, str | None, Severity]]:
    """The problems that are found before a run."""
    node = Node(
        id=NodeId("node"), type="HTTPRequest", params=frozen({"url": "https://example.org", **params})
    )
    graph = Workflow(id=WorkflowId("w"), name="w", nodes=frozen({node.id: node}))
    problems = check(graph, NodeCatalogue(common_types()))
    return [(problem.code, problem.field, problem.severity) for problem in problems]


def test_a_request_carries_its_query_headers_and_values_exactly(server: Server) -> None:
    from decimal import Decimal

    got = answer(
        server,
        "/echo?page=1",
        method="PUT",
        params={"tag": ["a", "b c"], "none": None, "yes": True},
        headers={"X-Shop": "ada", "content-type": "application/vnd.shop+json"},
        json={"total": Decimal("1.10"), "n": 2**70},
    )
    assert (got["status"], got["ok"], got["headers"]["content-type"]) == (
        200,
        True,
        "application/json; charset=utf-8",
    )
    body = got["body"]
    assert body["method"] == "PUT"
    assert body["query"] == {"page": ["1"], "tag": ["a", "b c"], "yes": ["true"]}
    assert body["body"] == '{"total": 1.10, "n": 1180591620717411303424}'
    assert body["headers"]["x-shop"] == "ada"
    assert body["headers"]["content-type"] == "application/vnd.shop+json"
    assert (
        answer(server, "/echo", method="POST", body={"a": "1 2", "b": "ü"})["body"]["body"]
        == "a=1+2&b=%C3%BC"
    )
    assert answer(server, "/echo", method="POST", body="ü")["body"]["body"] == "ü"
    assert ports("HTTPRequest", {"url": f"{server.url}/status/201"}, "body", "status", "ok") == {
        "body": "so it is",
        "status": 201,
        "ok": True,
    }


def test_an_answer_is_what_its_type_says_or_what_is_wanted(server: Server) -> None:
    assert answer(server, "/latin")["body"] == "Grüße"
    assert answer(server, "/bytes")["body"] == b"\x00\xff"
    assert answer(server, "/echo", method="HEAD")["body"] is None
    assert answer(server, "/busy/0", response="bytes")["body"] == b"[1]"
    assert failure(server, "/broken").field == "response"
    assert answer(server, "/broken", response="text")["body"] == "{nonsense"


def test_a_status_that_is_not_expected_fails_with_what_the_server_said(server: Server) -> None:
    error = failure(server, "/status/404")
    assert isinstance(error, RequestFailed)
    assert (error.message, error.detail) == ("127.0.0.1 answered 404 Not Found.", "so it is")
    for expected in ([404], ["4xx"], ["any"], [200, 404]):
        got = answer(server, "/status/404", expect_status=expected)
        assert (got["status"], got["ok"]) == (404, False)
    assert isinstance(failure(server, "/status/200", expect_status=[404]), RequestFailed)


def test_an_answer_that_is_too_long_is_not_read_to_its_end(server: Server) -> None:
    assert failure(server, "/long", max_bytes=99_999).field == "max_bytes"
    assert len(answer(server, "/long", max_bytes=100_000)["body"]) == 100_000


def test_a_secret_is_taken_from_the_environment_and_goes_to_no_other_server(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "s3cret")
    kept = {"secret_name": "SHOP_TOKEN"}

    def shown(path: str, **params: Any) -> dict[str, str]:
        headers: dict[str, str] = answer(server, path, **kept, **params)["body"]["headers"]
        return headers

    assert shown("/echo", auth="bearer")["authorization"] == "Bearer s3cret"
    basic = shown("/echo", auth="basic", user="ada")["authorization"]
    assert base64.b64decode(basic.removeprefix("Basic ")) == b"ada:s3cret"
    assert shown("/echo", auth="header", auth_header="X-Shop-Key")["x-shop-key"] == "s3cret"
    for auth, header in (("bearer", "authorization"), ("header", "x-api-key")):
        assert header in shown("/to/here", auth=auth)
        assert header not in shown("/to/elsewhere", auth=auth)
    monkeypatch.delenv("SHOP_TOKEN")
    error = failure(server, "/echo", auth="bearer", **kept)
    assert (error.field, error.hint) == ("secret_name", "Set SHOP_TOKEN before starting Studio.")


def test_redirects_are_followed_unless_they_never_end_or_shall_not_be(server: Server) -> None:
    assert failure(server, "/to/loop").field == "url"
    assert (
        answer(server, "/to/here", follow_redirects=False, expect_status=[302])["headers"]["location"]
        == "/echo"
    )


def test_a_busy_server_is_asked_again_as_often_as_retries_say(server: Server) -> None:
    told: list[events.Event] = []
    node = ("HTTPRequest", {"url": f"{server.url}/busy/2/0", "retries": 2})
    for mode in ("auto", "atomic"):
        server.seen.clear()
        result = run({"node": node}, on_event=told.append, mode=mode)
        assert (result.state, result.nodes["node"].attempts, len(server.seen)) == ("succeeded", 3, 3)
    assert sum(isinstance(event, events.NodeRetried) for event in told) == 4
    server.seen.clear()
    assert isinstance(failure(server, "/busy/5", retries=1), RequestFailed)
    assert len(server.seen) == 2
    assert isinstance(failure(server, "/busy/9/3600", retries=1), RequestFailed)  # nobody waits an hour
    assert len(server.seen) == 3
    assert isinstance(failure(server, "/status/500", retries=3), RequestFailed)
    assert len(server.seen) == 4


def test_a_server_that_is_not_there_is_told_with_its_name() -> None:
    result = run({"node": ("HTTPRequest", {"url": "http://127.0.0.1:9/", "retries": 1})})
    assert isinstance(result.error, RequestFailed)
    assert result.error.message == "127.0.0.1 cannot be reached."
    assert result.nodes["node"].attempts == 2


def test_a_time_limit_and_a_stop_end_a_request_that_hangs(server: Server) -> None:
    assert isinstance(failure(server, "/hang", timeout_s=0.05), RunTimeout)
    server.hung.clear()

    async def stopped() -> RunResult:
        from studio.runtime import run_workflow

        node = Node(id=NodeId("node"), type="HTTPRequest", params=frozen({"url": f"{server.url}/hang"}))
        graph = Workflow(id=WorkflowId("w"), name="w", nodes=frozen({node.id: node}))
        plan = compile_plan(graph, NodeCatalogue(common_types()))
        task = asyncio.create_task(run_workflow(plan, databases={}))
        await asyncio.to_thread(server.hung.wait, 30)
        task.cancel()
        return await task

    assert isinstance(asyncio.run(stopped()).error, RunCancelled)


@pytest.mark.parametrize("end", ["succeeded", "failed", "cancelled"])
def test_the_requests_of_a_run_share_a_connection_but_no_cookies_and_it_ends_with_the_run(
    server: Server, end: str
) -> None:
    stop = asyncio.Event()

    async def story() -> RunResult:
        from studio.runtime import run_workflow

        ends: dict[str, tuple[str, dict[str, Any]]] = {
            "failed": ("Fail", {"message": "no"}),
            "cancelled": ("Wait", {"seconds": 3600}),
            "succeeded": ("Constant", {"value": 1}),
        }
        last, params = ends[end]
        nodes = [
            Node(
                id=NodeId(name),
                type="HTTPRequest",
                params=frozen({"url": f"{server.url}/{path}", "method": method}),
            )
            for name, path, method in (("a", "cookie", "GET"), ("b", "echo", "POST"), ("c", "echo", "GET"))
        ]
        nodes.append(Node(id=NodeId("last"), type=last, params=frozen(params)))
        names = [node.id for node in nodes]
        graph = Workflow(
            id=WorkflowId("w"),
            name="w",
            nodes=frozen({node.id: node for node in nodes}),
            edges=tuple(
                Edge(source=one, source_port="done", target=other, target_port="after")
                for one, other in pairwise(names)
            ),
        )

        def on_event(event: events.Event) -> None:
            if isinstance(event, events.NodeStarted) and event.node_id == "last":
                stop.set()

        plan = compile_plan(graph, NodeCatalogue(common_types()))
        task = asyncio.create_task(run_workflow(plan, databases={}, on_event=on_event))
        await stop.wait()
        if end == "cancelled":
            task.cancel()
        return await task

    while not server.left.empty():
        server.left.get()
    result = asyncio.run(story())
    assert result.state == end
    assert [asked["headers"].get("cookie") for asked in server.seen] == [None, "seen=yes", None, None]
    (used,) = {asked["from"] for asked in server.seen}
    assert server.left.get(timeout=30) == used


def test_what_stays_when_a_run_is_rolled_back_is_a_warning_where_something_else_writes(
    server: Server,
) -> None:
    def made(name: str, *nodes: tuple[str, str, dict[str, Any]]) -> Workflow:
        found = {id: Node(id=NodeId(id), type=kind, params=frozen(params)) for id, kind, params in nodes}
        return Workflow(id=WorkflowId(name), name=name, nodes=frozen(found))

    url = {"url": server.url}
    send = ("send", "HTTPRequest", {**url, "method": "PUT"})
    write = ("write", "SQL", {"sql": "DELETE FROM orders"})
    inner = made("inner", send, ("read", "HTTPRequest", url))
    catalogue = NodeCatalogue(common_types()).with_library(Library(lambda: {"inner": inner}))
    outer = ("sub", "Subworkflow", {"workflow": "inner"})
    for nodes, named in (
        ([send], []),
        ([("read", "HTTPRequest", url), write], []),
        ([send, write], ["send"]),
        ([outer], []),
        ([outer, ("sub2", "Subworkflow", {"workflow": "inner"}), write], ["sub"]),
    ):
        plan = compile_plan(made("w", *nodes), catalogue)
        assert [(problem.code, problem.node) for problem in plan.warnings] == [
            ("not-rolled-back", node) for node in named
        ]
        assert all(problem.severity is Severity.WARNING and problem.hint for problem in plan.warnings)
    assert 'What "HTTP request" changes elsewhere' in plan.warnings[0].message


def test_a_dry_run_asks_only_what_changes_nothing(server: Server) -> None:
    for method, state in (
        ("GET", "succeeded"),
        ("HEAD", "succeeded"),
        ("POST", "failed"),
        ("DELETE", "failed"),
    ):
        node = ("HTTPRequest", {"url": f"{server.url}/echo", "method": method})
        server.seen.clear()
        result = run({"first": ("Constant", {"value": 1}), "node": node}, mode="dry")
        assert result.state == state
        if state == "failed":
            assert isinstance(result.error, BuildError)
            assert [(problem.code, problem.node) for problem in result.error.problems] == [
                ("not-in-dry-run", "node")
            ]
            assert (server.seen, dict(result.results)) == ([], {})


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"url": "ftp://example.org"}, ("bad-url", "url", Severity.ERROR)),
        ({"url": "example.org"}, ("bad-url", "url", Severity.ERROR)),
        ({"url": "https://ada:pw@example.org"}, ("plain-secret", "url", Severity.ERROR)),
        ({"headers": {"Authorization": "Bearer abc"}}, ("plain-secret", "headers", Severity.WARNING)),
        ({"headers": {"X-Api_Key": "abc"}}, ("plain-secret", "headers", Severity.WARNING)),
        ({"params": {"access_token": "abc"}}, ("plain-secret", "params", Severity.WARNING)),
        ({"auth": "bearer"}, ("missing-param", "secret_name", Severity.ERROR)),
        ({"auth": "basic", "secret_name": "X"}, ("missing-param", "user", Severity.ERROR)),
        ({"json": 1, "body": "x", "method": "POST"}, ("two-selections", "body", Severity.ERROR)),
        ({"method": "POST", "retries": 1}, ("retries-of-writes", "retries", Severity.ERROR)),
        ({"expect_status": ["9xx"]}, ("param-type", "expect_status", Severity.ERROR)),
        ({"method": "FETCH"}, ("param-type", "method", Severity.ERROR)),
    ],
)
def test_what_is_wrong_is_found_before_the_run(
    params: dict[str, Any], expected: tuple[str, str, Severity]
) -> None:
    assert found(**params) == [expected]


def test_a_secret_that_an_input_gives_is_no_reason_to_warn() -> None:
    assert [code for code, _, _ in found(headers={"Authorization": "{{ token }}"})] == ["unknown-name"]


def test_without_httpx_the_command_that_installs_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    http_request._package_problem.cache_clear()
    try:
        assert found() == [("missing-package", "url", Severity.ERROR)]
        (problem,) = http_request._package_problem()
        assert problem.hint == "pip install 'dataflow-studio[http]'."
    finally:
        monkeypatch.undo()
        http_request._package_problem.cache_clear()


def test_an_address_that_only_the_run_knows_is_judged_there() -> None:
    result = run(
        {"url": ("Constant", {"value": "file:///etc/passwd"}), "node": ("HTTPRequest", {})},
        [("url", "value", "node", "url")],
    )
    assert isinstance(result.error, NodeError)
    assert result.error.field == "url"
