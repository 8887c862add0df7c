"""Does a Python node run code in a process of its own, tell its faults, and end when it is told to?"""

import asyncio
import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from studio.database import Rows
from studio.kernel.errors import NodeError, RunTimeout, StudioError
from studio.nodes.code import CODE_TYPES
from studio.runtime import Event, NodeLogged, RunResult
from tests.unit.runtime.fakes import run, workflow


def execute(code: str, *, on_event: Any = None, **params: Any) -> RunResult:
    graph = workflow({"py": ("Python", {"code": code, **params})})
    return asyncio.run(run(graph, trusted=True, on_event=on_event))


def value(code: str, **params: Any) -> Any:
    result = execute(code, **params)
    result.raise_for_state()
    return result.results["py"]


def test_it_is_a_function_or_the_body_of_one() -> None:
    assert value("return inputs['x'] * 2", x=21) == 42
    assert (
        value(
            "import math\ndef helper(n):\n    return math.sqrt(n)\ndef run(inputs):\n    return helper(inputs['x'])",
            x=9,
        )
        == 3
    )
    assert value("x = 1") is None


def test_values_come_and_go_unchanged() -> None:
    data = {"a": [1, 2.5, Decimal("1.20"), None, b"\0", "ü"], "b": {"c": True}}
    assert value("return inputs['data']", data=data) == data


def test_rows_come_as_plain_lists() -> None:
    graph = workflow(
        {
            "rows": ("Constant", {"value": Rows([{"a": 1}, {"a": 2}])}),
            "py": ("Python", {"code": "return type(inputs['r']).__name__, inputs['r']"}),
        },
        [("rows", "value", "py", "r")],
    )
    result = asyncio.run(run(graph, trusted=True))
    assert result.results["py"] == ("list", [{"a": 1}, {"a": 2}])


def test_it_runs_in_another_process_and_what_it_prints_is_logged() -> None:
    events: list[Event] = []
    result = execute(
        "import os, sys\nprint('hello')\nprint('there', file=sys.stderr)\nreturn os.getpid()",
        on_event=events.append,
    )
    assert result.results["py"] != os.getpid()
    (logged,) = [event for event in events if isinstance(event, NodeLogged)]
    assert logged.text.split() == ["hello", "there"]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("x = 1\nreturn x / 0", "ZeroDivisionError: division by zero (line 2)"),
        ("def run(inputs):\n    raise ValueError('no')", "ValueError: no (line 2)"),
        ("import sys\nsys.exit(3)", "SystemExit: 3 (line 2)"),
        ("import os\nos._exit(3)", "without an answer (exit status 3)"),
        ("return lambda: 1", "pickle"),
        ("class A:\n    pass\nreturn A()", "A"),
        ("return inputs['missing']", "KeyError: 'missing' (line 1)"),
    ],
)
def test_its_faults_are_told_with_the_line(code: str, words: str) -> None:
    result = execute(code)
    assert isinstance(result.error, NodeError)
    assert words in result.error.message
    assert (result.error.node, result.error.field) == ("py", "code")


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("how", ["timeout", "cancel"])
def test_it_can_be_stopped_at_any_time(tmp_path: Path, how: str) -> None:
    """Even in a loop that never gives way."""
    mark = tmp_path / "pid"
    code = f"import os\nopen({str(mark)!r}, 'w').write(str(os.getpid()))\nwhile True: pass"
    params: Mapping[str, Any] = {"code": code, **({"timeout_s": 1.0} if how == "timeout" else {})}

    async def story() -> RunResult:
        task = asyncio.create_task(run(workflow({"py": ("Python", params)}), trusted=True))
        if how == "cancel":
            while not (mark.exists() and mark.read_text()):  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.01)
            task.cancel()
        return await task

    result = asyncio.run(asyncio.wait_for(story(), 60))
    assert result.state == ("cancelled" if how == "cancel" else "failed")
    if how == "timeout":
        assert isinstance(result.error, RunTimeout)
    # It may have been stopped before it could say which it is.
    if mark.exists() and (number := mark.read_text()):
        assert not _is_running(int(number))


def test_code_that_cannot_be_read_is_found_without_running_it() -> None:
    (kind,) = [kind for kind in CODE_TYPES if kind.spec.type == "Python"]
    (problem,) = kind.check({"code": "x = 1\nreturn (1"})
    assert (problem.code, problem.field, problem.line) == ("python-syntax", "code", 2)
    assert [problem.code for problem in kind.check({"code": "  "})] == ["missing-param"]
    assert kind.check({"code": "return 1"}) == []


def test_without_trust_it_refuses_even_when_asked_directly() -> None:
    result = asyncio.run(run(workflow({"py": ("Python", {"code": "return 1"})})))
    assert isinstance(result.error, StudioError)
    assert "trust" in str(result.error).lower()
