"""Which nodes hold code of a person's own? SQL, with bound values, and Python, in a process of its own and only where it is trusted."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import pickle
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from studio.kernel.errors import NodeError, RunError
from studio.kernel.names import did_you_mean
from studio.kernel.problems import Problem
from studio.nodes import worker
from studio.nodes.base import COMMON, NodeContext, NodeType, Params
from studio.nodes.sql_text import bound_names, statement_count
from studio.workflow.params import LATER
from studio.workflow.spec import NodeSpec, ParamSpec, PortSpec
from studio.workflow.types import ANY, PortType

if TYPE_CHECKING:
    from studio.database import Database, Statement

_WORKER: Final = Path(worker.__file__)
_UNTRUSTED: Final = "Python nodes run only in a project that a person trusts."
_TRUST: Final = "Trust the project (Project ▸ Trust, or --trust in the terminal), or remove the node."

SQL: Final = NodeSpec(
    type="SQL",
    title="SQL",
    category="code",
    code="SQL",
    description="Runs one SQL statement of your own. Values are bound by name, never pasted into the text.",
    params=(
        ParamSpec(
            name="sql",
            type=PortType(kind="text"),
            label="Statement",
            description="One statement; values are written :name.",
            required=True,
            editor="sql",
            expressions=False,
            connectable=False,
        ),
        ParamSpec(
            name="params",
            type=PortType(kind="dict"),
            label="Values",
            description="The value of each :name.",
            editor="mapping",
        ),
        ParamSpec(
            name="connection",
            type=PortType(kind="str"),
            label="Connection",
            description="The connection it runs on. Empty: the only one.",
            expressions=False,
            connectable=False,
            aliases=("db_instance",),
        ),
        *COMMON,
    ),
    outputs=(
        PortSpec(
            name="records",
            type=PortType(kind="record", many=True),
            label="records",
            description="The rows, by the names of their columns.",
            primary=True,
        ),
        PortSpec(name="count", type=PortType(kind="int"), label="count", description="How many rows came."),
        PortSpec(
            name="first",
            type=PortType(kind="record", nullable=True),
            label="first",
            description="The first row, or nothing.",
        ),
        PortSpec(
            name="affected",
            type=PortType(kind="int", nullable=True),
            label="affected",
            description="How many rows the statement changed, where the database says so.",
        ),
    ),
    value="Rows: a list of records with .affected.",
    writes=True,
    example=MappingProxyType(
        {
            "sql": "SELECT status, count(*) AS n FROM orders WHERE total > :least GROUP BY status",
            "params": {"least": 100},
        }
    ),
)

PYTHON: Final = NodeSpec(
    type="Python",
    title="Python",
    category="code",
    code="PY",
    description=(
        "Runs Python of your own in a process of its own. It may define run(inputs), or be the body of such a function, with return. "
        "Whatever else is given to the node stands in inputs. Only in a project that a person trusts."
    ),
    params=(
        ParamSpec(
            name="code",
            type=PortType(kind="text"),
            label="Code",
            description="def run(inputs): …, or just its body.",
            required=True,
            editor="code",
            expressions=False,
            connectable=False,
        ),
        *COMMON,
    ),
    outputs=(
        PortSpec(name="value", type=ANY, label="value", description="What the code returned.", primary=True),
    ),
    value="What the code returned.",
    extra_params=True,
    needs_trust=True,
    writes=True,
    example=MappingProxyType({"code": 'return sum(row["total"] for row in inputs["rows"])'}),
)


class SqlType(NodeType):
    __slots__ = ()

    async def run(self, ctx: NodeContext, params: Params) -> Any:
        sql, values = self._statement(params)
        return await ctx.access(params.get("connection")).execute(sql, values)

    def _statement(self, params: Params) -> tuple[str, dict[str, Any]]:
        problems = self.check(params)
        if problems:
            raise NodeError(problems[0].message, hint=problems[0].hint, field=problems[0].field)
        return params["sql"], dict(params.get("params") or {})

    def output(self, value: Any, port: str) -> Any:
        if port == "records":
            return value
        if port == "count":
            return len(value)
        if port == "first":
            return value[0] if value else None
        return value.affected

    def rows(self, value: Any) -> int | None:
        return len(value) if value or value.affected is None else int(value.affected)

    def statements(self, params: Params, database: Database) -> list[Statement]:
        from studio.database import Statement

        sql, values = self._statement(params)
        return [Statement(sql=sql, params=values)]

    def check(self, params: Params) -> list[Problem]:
        sql = params.get("sql")
        if not isinstance(sql, str):
            return []
        count = statement_count(sql)
        if count != 1:
            text = (
                "There is no statement."
                if not count
                else f"These are {count} statements; a SQL node runs one."
            )
            hint = "Write one." if not count else "Put each into a node of its own, joined by after."
            return [Problem(code="sql-statement", message=text, hint=hint, field="sql")]
        given = params.get("params")
        if given is LATER:
            return []
        names = bound_names(sql)
        known = set(given or {})
        missing = [
            Problem(
                code="sql-value",
                message=f"The statement uses :{name}, but params has no {name!r}.",
                hint=did_you_mean(name, known - set(names)) or f"Add {name} to params.",
                field="params",
            )
            for name in names
            if name not in known
        ]
        unused = [
            Problem(
                code="sql-value",
                message=f"params has {name!r}, which the statement does not use.",
                hint=did_you_mean(str(name), set(names) - known)
                or f"Write :{name} where it belongs, or remove it.",
                field="params",
            )
            for name in sorted(map(str, known - set(names)))
        ]
        return missing + unused


class PythonType(NodeType):
    __slots__ = ()

    async def run(self, ctx: NodeContext, params: Params) -> Any:
        if not ctx.trusted:
            raise RunError(_UNTRUSTED, hint=_TRUST)
        inputs = {name: _plain(value) for name, value in params.items() if name != "code"}
        try:
            data = pickle.dumps((params["code"], inputs), protocol=5)
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            raise NodeError(
                f"The inputs cannot be handed to the Python process: {error}.", hint="Hand over plain data."
            ) from error
        answer, said, status = await _in_process(data)
        if said.strip():
            ctx.log(said.rstrip())
        return _result(answer, status)

    def rows(self, value: Any) -> int | None:
        return len(value) if isinstance(value, list) else None

    def check(self, params: Params) -> list[Problem]:
        code = params.get("code")
        if not isinstance(code, str):
            return []
        if not code.strip():
            return [
                Problem(
                    code="missing-param",
                    message="There is no code.",
                    hint="Write at least return.",
                    field="code",
                )
            ]
        try:
            worker.compile_code(code)
        except SyntaxError as error:
            return [
                Problem(
                    code="python-syntax",
                    message=f"The code cannot be read: {error.msg} (line {error.lineno}).",
                    field="code",
                    line=error.lineno,
                    column=error.offset,
                )
            ]
        return []


def _plain(value: Any) -> Any:
    """The value without classes that the other process does not know: rows as lists, enumerations as their text."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value


async def _in_process(data: bytes) -> tuple[bytes, str, int]:
    """Runs the worker on the data; killed when the task is cancelled. Returns its answer, what it printed, and its exit status."""
    # A thread waits for it: a loop that is not the main thread's cannot watch children everywhere. A daemon thread, since a node
    # that never ends must not keep the program from ending.
    process = subprocess.Popen(  # noqa: ASYNC220, S603
        [sys.executable, "-P", str(_WORKER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[tuple[bytes, bytes]] = loop.create_future()

    def wait() -> None:
        told = process.communicate(data)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(lambda: None if ended.done() else ended.set_result(told))

    threading.Thread(target=wait, name="studio-python-node", daemon=True).start()
    try:
        answer, said = await asyncio.shield(ended)
    except asyncio.CancelledError:
        process.kill()
        await ended  # the pipes close at once
        raise
    return answer, said.decode("utf-8", "replace"), process.returncode


def _result(answer: bytes, status: int) -> Any:
    if not answer:
        raise NodeError(
            f"The Python process ended without an answer (exit status {status}).",
            hint="It may have been killed, or called sys.exit or os._exit.",
            field="code",
        )
    try:
        kind, *rest = pickle.loads(answer)  # noqa: S301 - written by our own worker, from code a person trusts
    except (pickle.UnpicklingError, AttributeError, ImportError, EOFError, IndexError) as error:
        raise NodeError(
            f"What the code returned cannot be handed over: {error}.",
            hint="Return plain data: numbers, text, dates, lists, mappings.",
            field="code",
        ) from error
    if kind == "value":
        return rest[0]
    name, message, line = rest
    place = f" (line {line})" if line else ""
    raise NodeError(f"{name}: {message}{place}", hint="Correct the code.", field="code", line=line)


def trust_problem(spec: NodeSpec, node: str) -> Problem:
    """The finding that refuses a run before it begins, for a node that needs trust where there is none."""
    return Problem(code="untrusted", message=f"{spec.title}: {_UNTRUSTED}", hint=_TRUST, node=node)


CODE_TYPES: Final[tuple[NodeType, ...]] = (SqlType(SQL), PythonType(PYTHON))
