"""Which bad inputs must Studio take in its stride, and what must it say of each? One table for the terminal and for the window.

A case holds the fault and the expected place and remedy; how it is brought before Studio stands in the tests that use the table.
Left out: faults that need a second process or a server (a lock, a kill), which are written out where they are tested.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

SECRET: Final = "s3sam3/open-wide"
"""A password that no output, log or message may ever show, neither as it is nor quoted."""
QUOTED_SECRET: Final = "s3sam3%2Fopen-wide"

ENDLESS: Final = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS c FROM n"

# ---------------------------------------------------------------- a shop to be harmed

_SHOP: Final = """\
format: studio/project
version: 1
name: Shop
connections:
  - {{name: shop, url: "{url}"{connection}}}
models:
  - name: Customer
    fields:
      id: int
      email: {{type: str, unique: true, max_length: 40}}
      credit: {{type: int, default: 0, min: 0}}
  - name: Order
    fields:
      id: int
      customer_id: {{type: int, references: Customer.id}}
      total: {{type: decimal, precision: 8, scale: 2}}
workflows:
  - name: Harm
"""
SQLITE_URL: Final = "sqlite:///shop.sqlite"

FILL: Final = """\
    nodes:
      - id: customers
        type: CustomerBulkCreateNode
        params: {data: [{email: ada@x}, {email: ben@x}, {email: cleo@x}]}
      - id: orders
        type: OrderBulkCreateNode
        params: {data: [{customer_id: 1, total: !decimal "9.50"}, {customer_id: 1, total: !decimal "3.25"}]}
    edges:
      - {from: [customers, done], to: [orders, after]}
"""

COUNT: Final = """\
    nodes:
      - {id: customers, type: CustomerCountNode}
      - {id: orders, type: OrderCountNode}
"""
"""What proves that all is well afterwards: 3 customers, 2 orders."""


def shop_text(workflow: str, url: str = SQLITE_URL, connection: str = "") -> str:
    """A project's text: the shop with one workflow; `connection` is more of the connection's YAML."""
    return _SHOP.format(url=url, connection=connection) + workflow


def rows_of(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of a SQLite file, for comparing before and after."""
    database = sqlite3.connect(path)
    try:
        found = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        return {
            name: sorted(database.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr)
            for (name,) in found.fetchall()
        }
    finally:
        database.close()


@contextlib.contextmanager
def server_folder() -> Iterator[Path]:
    """A folder for a server of one's own, where the user who runs it can reach it; gone with the block."""
    with tempfile.TemporaryDirectory(prefix="studio-killed-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


KEEPS_WHAT_IT_COMMITTED: Final = {"synchronous_commit": "on"}
"""A setting for servers that are killed; those of tests are quick and forgetful otherwise."""


# ---------------------------------------------------------------- what must be told


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a person must learn: the stable code, the place, and words of the message or its remedy."""

    code: str
    words: tuple[str, ...]
    node: str | None = None
    field: str | None = None
    row: int | None = None
    line: int | None = None
    column: int | None = None

    def is_in(self, data: dict[str, Any]) -> bool:
        """Whether a problem or an error, as data, says all this, and gives a remedy."""
        said = f"{data['message']} {data['hint']}"
        places = ("code", "node", "row", "line", "column", *(("field",) if self.field else ()))
        return (
            all(data.get(name) == getattr(self, name) for name in places)
            and all(word in said for word in self.words)
            and bool(data["hint"])
        )


# ---------------------------------------------------------------- texts that cannot be read


@dataclass(frozen=True, kw_only=True)
class BadText:
    """A workflow's text with a fault."""

    id: str
    text: str
    told: Told


_HEAD: Final = "format: studio/workflow\nversion: 1\nname: W\n"
_TWO: Final = "nodes:\n  - {id: read, type: Constant}\n  - {id: show, type: Output}\n"


def _text(id_: str, text: str, line: int, column: int, *words: str) -> BadText:
    return BadText(id=id_, text=text, told=Told(code="text", words=words, line=line, column=column))


BAD_TEXTS: Final = (
    _text("an open bracket", _HEAD + "nodes: [\n", 5, 1, "bracket"),
    _text("a wrong indentation", _HEAD + "nodes:\n  - id: a\n   type: SQL\n", 6, 4, "indentation"),
    _text("a tab", _HEAD + "nodes:\n\t- id: a\n", 5, 1, "not with tabs"),
    _text("a duplicate key", _HEAD + "name: V\n", 4, 1, "'name' stands twice"),
    _text("a list on top", "- format: studio/workflow\n", 1, 1, "must be a mapping"),
    _text("a word on top", "hello\n", 1, 1, "must be a mapping"),
    _text("nothing at all", "", 1, 1, "empty"),
    _text("another program's format", "format: flow/flow\nname: W\n", 1, 9, "'flow/flow'", "studio/workflow"),
    _text("a newer version", "format: studio/workflow\nversion: 99\nname: W\n", 2, 10, "99", "newer Studio"),
    _text("no format", "name: W\nnodes: []\n", 1, 1, "'format' is missing"),
    _text("an edge to an unknown node", _HEAD + _TWO + "edges:\n  - {from: [raed, value], to: [show, value]}\n",
        8, 13, "'raed'", "Did you mean 'read'"),
    _text("an edge with one end", _HEAD + _TWO + "edges:\n  - {from: [read, value]}\n", 8, 5, "no 'to'"),
    _text("a node without a type", _HEAD + "nodes:\n  - {id: read}\n", 5, 5, "no 'type'"),
    _text("two nodes of one id", _HEAD + _TWO + "  - {id: read, type: SQL}\n", 7, 5, "two nodes", "'read'"),
    _text("nodes that are no list", _HEAD + "nodes: {a: {type: Constant}}\n", 4, 8, "must be a list"),
    _text("a switch that is no switch", _HEAD + "nodes:\n  - {id: a, type: SQL, disabled: maybe}\n", 5, 34, "true or false"),
    _text("an alias", _HEAD + "nodes:\n  - &a {id: a, type: Constant}\n  - *a\n", 6, 5, "Aliases"),
    _text("a tag that would run code", _HEAD + "description: !!python/object/apply:os.system [ls]\n", 4, 14, "Remove"),
    _text("a character that is none", _HEAD + "description: a\0b\n", 4, 15, "character"),
)  # fmt: skip


# ---------------------------------------------------------------- files that are no project


@dataclass(frozen=True, kw_only=True)
class BadFile:
    """A place that holds no project that could be opened. `make` puts it at a path, given a good store."""

    id: str
    make: Callable[[Path, Path], object]
    told: Told
    suffix: str = ".studio"


def _file(
    id_: str, code: str, *words: str, make: Callable[[Path, Path], object], suffix: str = ".studio"
) -> BadFile:
    return BadFile(id=id_, make=make, told=Told(code=code, words=words), suffix=suffix)


def _half(path: Path, good: Path) -> None:
    content = good.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def _garbage(path: Path, good: Path) -> None:
    content = bytearray(good.read_bytes())
    content[8192:-4096] = b"\xa5" * (len(content) - 12288)
    path.write_bytes(content)


def _altered(script: str) -> Callable[[Path, Path], object]:
    def make(path: Path, good: Path) -> None:
        shutil.copyfile(good, path)
        database = sqlite3.connect(path)
        database.executescript(script)
        database.close()

    return make


def _birds(path: Path, good: Path) -> None:
    database = sqlite3.connect(path)
    database.executescript("CREATE TABLE birds (name TEXT); INSERT INTO birds VALUES ('wren')")
    database.close()


_PNG: Final = b"\x89PNG\r\n\x1a\n" + b"\0\xff" * 300

BAD_FILES: Final = (
    _file("missing", "unknown-database", "There is no file", make=lambda path, good: None),
    _file("a folder", "store", "is a folder", make=lambda path, good: path.mkdir()),
    _file("zero bytes", "not-a-database", "is empty", make=lambda path, good: path.write_bytes(b"")),
    _file("half a file", "not-a-database", "damaged", "copy", make=_half),
    _file("garbage in the middle", "not-a-database", "damaged", "copy", make=_garbage),
    _file("a text", "not-a-database", "not a SQLite database",
        make=lambda path, good: path.write_text("Dear diary,\n")),
    _file("a picture", "not-a-database", "not a SQLite database", make=lambda path, good: path.write_bytes(_PNG)),
    _file("somebody else's database", "foreign-file", "no Studio project", "Import models", make=_birds),
    _file("a store without its project", "store", "holds no project", make=_altered("DELETE FROM projects")),
    _file("a format that nobody knows yet", "newer-format", "newer Studio", "99", make=_altered(
        "UPDATE projects SET format_version = '99.0'; ALTER TABLE orchestrations DROP COLUMN config_yaml")),
    _file("a missing text", "unknown-database", "There is no file", make=lambda path, good: None, suffix=".yaml"),
    _file("a picture named as text", "text", "UTF-8", make=lambda path, good: path.write_bytes(_PNG), suffix=".yaml"),
    _file("a folder named as text", "error", "cannot be read", make=lambda path, good: path.mkdir(), suffix=".yaml"),
)  # fmt: skip


# ---------------------------------------------------------------- workflows that are refused before they run


@dataclass(frozen=True, kw_only=True)
class BadGraph:
    """A workflow that has a problem. `workflow` is YAML below `workflows: - name: Harm`."""

    id: str
    workflow: str
    told: Told


def _nodes(*nodes: str, edges: tuple[str, ...] = (), inputs: tuple[str, ...] = ()) -> str:
    """Lines of YAML: each node, edge and input is the inside of a flow mapping."""
    parts = {"inputs": inputs, "nodes": nodes, "edges": edges}
    return "".join(
        f"    {name}:\n" + "".join(f"      - {{{line}}}\n" for line in lines)
        for name, lines in parts.items()
        if lines
    )


def _graph(
    id_: str, code: str, node: str, field_: str | None, *words: str, at: str, row: int | None = None
) -> BadGraph:
    return BadGraph(id=id_, workflow=at, told=Told(code=code, words=words, node=node, field=field_, row=row))


_READ: Final = "id: read, type: CustomerReadNode, params: {id: 1}"
_LIST: Final = "id: read, type: CustomerListNode"
_MAKE: Final = "id: make, type: CustomerCreateNode, params: {email: new@x}"

BAD_GRAPHS: Final = (
    _graph("a cycle", "cycle", "second", None, '"First"', '"Second"', "Remove one of the edges", at=_nodes(
        "id: first, type: Map, title: First, params: {fields: {a: 1}}",
        "id: second, type: Map, title: Second, params: {fields: {a: 1}}",
        edges=("from: [first, records], to: [second, records]", "from: [second, records], to: [first, records]"))),
    _graph("a type clash: text to number", "type-clash", "make", "credit",
        '"email" of "Read customer" to "credit" of "Create customer"', "whole number", "Map",
        at=_nodes(_READ, _MAKE, edges=("from: [read, email], to: [make, credit]",))),
    _graph("a type clash: many to one", "type-clash", "find", "id", "list of Customer", "records.0",
        at=_nodes(_LIST, "id: find, type: CustomerReadNode", edges=("from: [read, records], to: [find, id]",))),
    _graph("an unknown port", "unknown-port", "read", None, "'recrods'", "Did you mean 'records'",
        at=_nodes(_LIST, "id: show, type: Output", edges=("from: [read, recrods], to: [show, value]",))),
    _graph("an unknown field in params", "unknown-param", "make", "emial", "'emial'", "Did you mean 'email'",
        at=_nodes("id: make, type: CustomerCreateNode, params: {email: new@x, emial: typo}")),
    _graph("an unknown field in an update", "unknown-field", "change", "fields", "'crdit'", "Did you mean 'credit'",
        at=_nodes("id: change, type: CustomerUpdateNode, params: {id: 1, fields: {crdit: 3}}")),
    _graph("an unknown field in a filter", "filter", "read", "filter", "'emial'", "Did you mean 'email'",
        at=_nodes("id: read, type: CustomerListNode, params: {filter: {emial: x}}")),
    _graph("an unknown operator", "filter", "read", "filter", "$gtt", "'$gt'",
        at=_nodes("id: read, type: CustomerListNode, params: {filter: {credit: {$gtt: 3}}}")),
    _graph("an unknown field to order by", "filter", "read", "order_by", "'crdit'", "Did you mean 'credit'",
        at=_nodes("id: read, type: CustomerListNode, params: {order_by: [crdit]}")),
    _graph("a text where a number belongs", "param-type", "make", "credit", "'12'", "without quotes",
        at=_nodes('id: make, type: CustomerCreateNode, params: {email: new@x, credit: "12"}')),
    _graph("a text where a filter wants a number", "value-refused", "read", "filter", '"credit"', "without quotes",
        at=_nodes('id: read, type: CustomerListNode, params: {filter: {credit: {$gt: "12"}}}')),
    _graph("a text for a number in a row", "value-refused", "make", "data", '"credit"', "without quotes", row=2,
        at=_nodes('id: make, type: CustomerBulkCreateNode, params: {data: [{email: a@y}, {email: b@y, credit: "12"}]}')),
    _graph("a required param left out", "missing-param", "make", "email", '"email"', "connect it",
        at=_nodes("id: make, type: CustomerCreateNode, params: {credit: 3}")),
    _graph("a managed field written", "managed-field", "make", "created_at", "automatically",
        at=_nodes("id: make, type: CustomerCreateNode, params: {email: new@x, created_at: 2020-01-01}")),
    _graph("an unknown node type", "unknown-node", "make", None, "'CustmerCreateNode'", "Did you mean 'CustomerCreateNode'",
        at=_nodes("id: make, type: CustmerCreateNode, params: {email: new@x}")),
    _graph("a missing model", "unknown-node", "bills", None, "no model 'Invoice'", "Import the model",
        at=_nodes("id: bills, type: InvoiceListNode")),
    _graph("an unknown connection", "unknown-connection", "ask", "connection", "'shpo'", "Did you mean 'shop'",
        at=_nodes('id: ask, type: SQL, params: {sql: "SELECT 1", connection: shpo}')),
    _graph("two statements", "sql-statement", "ask", "sql", "2 statements",
        at=_nodes('id: ask, type: SQL, params: {sql: "SELECT 1; DELETE FROM orders"}')),
    _graph("an expression that cannot be read", "expression", "show", "value", "{{ 1 + }}", "Mend it",
        at=_nodes('id: show, type: Constant, params: {value: "{{ 1 + }}"}')),
    _graph("an expression that names nobody", "unknown-name", "show", "value", "'nobody'",
        at=_nodes('id: show, type: Constant, params: {value: "{{ nobody.x }}"}')),
)  # fmt: skip


# ---------------------------------------------------------------- workflows that fail while they run


@dataclass(frozen=True, kw_only=True)
class BadRun:
    """A workflow that can only fail. `url` and `connection` say where it runs; `inputs` and `mode` how."""

    id: str
    workflow: str
    told: Told
    inputs: dict[str, Any] = field(default_factory=dict)
    mode: str = "auto"
    url: str = SQLITE_URL
    connection: str = ""


def _run(id_: str, code: str, node: str | None, field_: str | None, *words: str, at: str, row: int | None = None,
    **rest: Any) -> BadRun:  # fmt: skip
    return BadRun(
        id=id_, workflow=at, told=Told(code=code, words=words, node=node, field=field_, row=row), **rest
    )


def many_customers(faulty: int, **fault: Any) -> list[dict[str, Any]]:
    """1,000 new customers, of whom one (counted from 1) is different."""
    rows: list[dict[str, Any]] = [{"email": f"c{number}@x"} for number in range(1, 1001)]
    rows[faulty - 1] |= fault
    return rows


_BULK: Final = _nodes(
    'id: make, type: CustomerBulkCreateNode, params: {data: "{{ rows }}"}', inputs=("name: rows",)
)

DATA_FAULTS: Final = (
    _run("a text for a number by an input", "value-refused", "read", "credit", "'many'", "a number such as",
        at=_nodes('id: read, type: CustomerListNode, params: {filter: {credit: {$gte: "{{ least }}"}}}', inputs=("name: least",)),
        inputs={"least": "many"}),
    _run("a text for a number by an edge", "value-refused", "make", "credit", "'12'", "without quotes",
        at=_nodes('id: text, type: Constant, params: {value: "12"}', _MAKE, edges=("from: [text, value], to: [make, credit]",))),
    _run("a part that is not there", "node", "make", "credit", "no part 'b'", "path",
        at=_nodes("id: some, type: Constant, params: {value: {a: 1}}", _MAKE, edges=("from: [some, value.b], to: [make, credit]",))),
    _run("a text that is too long", "value-refused", "make", "email", "at most 40", "Shorten",
        at=_nodes(f"id: text, type: Constant, params: {{value: {'x' * 60}}}", "id: make, type: CustomerCreateNode",
            edges=("from: [text, value], to: [make, email]",))),
    _run("a unique violation", "duplicate-key", "make", "email", "'ada@x'", "Upsert",
        at=_nodes("id: make, type: CustomerCreateNode, params: {email: ada@x}")),
    _run("a unique violation in row 731 of 1,000", "duplicate-key", "make", "email", "'c30@x'", "Upsert", row=731,
        at=_BULK, inputs={"rows": many_customers(731, email="c30@x")}),
    _run("a text for a number in row 731 of 1,000", "value-refused", "make", "credit", "'12'", "without quotes", row=731,
        at=_BULK, inputs={"rows": many_customers(731, credit="12")}),
    _run("a missing reference", "foreign-key", "make", "customer_id", "99", "Create the Customer record first",
        at=_nodes("id: make, type: OrderCreateNode, params: {customer_id: 99, total: 3}")),
    _run("a record that is still referenced", "foreign-key", "drop", None, "still referenced", "Delete or change",
        at=_nodes("id: drop, type: CustomerDeleteNode, params: {id: 1}")),
    _run("a record that is not there", "not-found", "find", None, "4711", "if_missing",
        at=_nodes("id: find, type: CustomerReadNode, params: {id: 4711}")),
    _run("several records for one", "many-matched", "find", None, "3 match", "Narrow",
        at=_nodes("id: find, type: CustomerReadNode, params: {filter: {credit: 0}}")),
    _run("a failure after a write, all or nothing", "not-found", "find", None, "4711", "if_missing", mode="atomic",
        at=_nodes(_MAKE, "id: find, type: CustomerReadNode, params: {id: 4711}", edges=("from: [make, done], to: [find, after]",))),
    _run("a table that is not there", "no-such-table", "ask", None, "nowhere", "import",
        at=_nodes('id: ask, type: SQL, params: {sql: "SELECT * FROM nowhere"}')),
)  # fmt: skip
"""Of the data: the same on both databases."""

DATABASE_FAULTS: Final = tuple(
    case
    for case in DATA_FAULTS
    if case.told.code in ("duplicate-key", "foreign-key", "no-such-table") or case.mode == "atomic"
)
"""Of them, those that the database itself finds."""

PLACE_FAULTS: Final = (
    _run("an endless statement", "timeout", "ask", None, "after 0.2 s", "timeout_s",
        at=_nodes(f'id: ask, type: SQL, params: {{timeout_s: 0.2, sql: "{ENDLESS}"}}')),
    _run("a read-only connection", "read-only", "make", None, "cannot be written", "set to read-only",
        at=_nodes(_MAKE), connection=", read_only: true"),
    _run("a full disk", "disk-full", "make", None, "no room", "Free some space", mode="atomic",
        at=_nodes('id: small, type: SQL, params: {sql: "PRAGMA max_page_count = 12"}',
            'id: make, type: CustomerBulkCreateNode, params: {data: "{{ rows }}"}',
            inputs=("name: rows",), edges=("from: [small, done], to: [make, after]",)),
        inputs={"rows": [{"email": f"{'e' * 30}{number}"} for number in range(1000)]}),
    _run("a folder that is missing", "unknown-database", None, None, "nowhere", "Create the folder",
        at=_nodes(_LIST), url="sqlite:///nowhere/shop.sqlite"),
    _run("a folder for a file", "unknown-database", None, None, "is a folder", "Choose an SQLite file",
        at=_nodes(_LIST), url="sqlite:///folder"),
    _run("a text for a database", "not-a-database", None, None, "not an SQLite database", "Choose",
        at=_nodes(_LIST), url="sqlite:///diary.txt"),
    _run("an unknown kind of database", "connection-failed", None, None, "'oracle'", "Known: mariadb",
        at=_nodes(_LIST), url="oracle://host/shop"),
    _run("a port that is no number", "connection-failed", None, None, "host and port", "postgresql://",
        at=_nodes(_LIST), url="postgresql://me@host:many/shop"),
    _run("a password that nobody set", "authentication-failed", None, None, "NO_SUCH_VARIABLE", "Set",
        at=_nodes(_LIST), url="postgresql://me@127.0.0.1:1/shop", connection=", secret: environment, secret_name: NO_SUCH_VARIABLE"),
)  # fmt: skip
"""Of the place: the file, the disk, the connection."""


def make_places(folder: Path) -> None:
    """What the cases of `PLACE_FAULTS` find in the folder."""
    (folder / "folder").mkdir()
    (folder / "diary.txt").write_text("Dear diary,\n", encoding="utf-8")


# ---------------------------------------------------------------- servers that do not answer


@dataclass(frozen=True, kw_only=True)
class BadServer:
    """How a good URL is made wrong, for connections and for stores."""

    id: str
    told: Told
    host: str = ""
    database: str = ""
    right_password: bool = False


def _server(id_: str, code: str, *words: str, **rest: Any) -> BadServer:
    return BadServer(id=id_, told=Told(code=code, words=words), **rest)


BAD_SERVERS: Final = (
    _server("a wrong password", "authentication-failed", "refuses the user or the password", "Check both"),
    _server("a closed port", "connection-failed", "cannot be reached", "Check that the server runs", host="127.0.0.1:1"),
    _server("an unknown host", "connection-failed", "no-such-host.invalid", "host's name", host="no-such-host.invalid:5432"),
    _server("an unknown database", "unknown-database", "no_such_shop", "create it", database="no_such_shop", right_password=True),
)  # fmt: skip
