"""What must every kind of node be able to do? The base class of node types, what a running node is given, and shared params.

What the kinds do stands in `records`, `bulk`, `flow` and `code`; when they run is the runtime's business.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, Protocol, TypeVar

from studio.kernel.problems import Problem
from studio.workflow.spec import NodeSpec, ParamSpec
from studio.workflow.types import PortType

if TYPE_CHECKING:
    from pathlib import Path

    from studio.database import Access, Database, Statement
    from studio.models.spec import ModelSpec

Params = Mapping[str, Any]
Join = Literal["", "each", "first"]
"""What a node does with edges that bring nothing: "" does not run either, "each" waits until each edge is decided and takes what came,
"first" takes what comes first and waits for nothing more."""

NOTHING_CLOSED: Final[frozenset[str]] = frozenset()


class Closing(Protocol):
    """What has to be closed when it is no longer used."""

    async def aclose(self) -> object: ...


Held = TypeVar("Held", bound=Closing)


class _Later:
    """The type of `NOT_NOW`."""

    def __repr__(self) -> str:
        return "NOT_NOW"


NOT_NOW: Final = _Later()
"""What `run_now` gives when the node has to be awaited after all."""


class NodeContext(Protocol):
    """What a node may reach while it runs. Everything here is used on the engine's loop only."""

    @property
    def node_id(self) -> str: ...

    @property
    def inputs(self) -> Mapping[str, Any]:
        """The run's inputs by name, defaults filled in."""
        ...

    @property
    def names(self) -> Mapping[str, Any]:
        """What expressions may name: results of the nodes that have succeeded, by node id, and the run's inputs."""
        ...

    @property
    def folder(self) -> Path | None:
        """Where relative paths begin: the project's folder; None: where Studio was started."""
        ...

    @property
    def trusted(self) -> bool:
        """Whether a person has allowed this project's Python to run."""
        ...

    def access(self, connection: str | None) -> Access:
        """The database of that name, in the run's mode; None: the only one. Raises RunError when there is no such database."""
        ...

    def progress(self, done: int, total: int | None) -> None:
        """Reports rows done so far, of `total` when it is known."""
        ...

    def log(self, text: str) -> None:
        """Passes on what the node printed."""
        ...

    def model(self, name: str) -> ModelSpec:
        """The model of that name; raises WorkflowError when there is none."""
        ...

    def inner_runs(self, *, many: bool = False) -> AbstractContextManager[InnerRuns]:
        """For a node that runs another workflow. With `many`, what happens in each run is told as one sum at the end, without values."""
        ...

    def shared(self, make: Callable[[], Held]) -> Held:
        """What all nodes of the run use together that ask with the same `make`: made once, and closed when the run's nodes are through."""
        ...

    def settle(self, keep: Callable[[], None], drop: Callable[[], None]) -> None:
        """Takes over something outside of the databases that is made but not in place: `keep` puts it there, `drop` takes it away.

        One of them is called: at once when each node commits by itself, otherwise when the run's transaction ends, as it ends.
        """
        ...


class InnerRuns(Protocol):
    """Runs of the workflow that a node refers to, within the run that the node is in."""

    @property
    def most_at_once(self) -> int:
        """How many of them may be under way at once: one, when all share a transaction."""
        ...

    async def run(self, inputs: Mapping[str, Any], *, apart: bool = False) -> dict[str, Any]:
        """Runs it once; returns what its Output nodes gave, by name, without those that were skipped.

        With `apart`, a failure within a transaction undoes this one run and leaves the transaction usable. Raises what stopped it.
        """
        ...


class NodeType:
    """One kind of node: its looks (`spec`) and its doing.

    A type is made once per catalogue and holds nothing of a run. `params` always arrive under their own names (no
    aliases), with edges' values and expressions filled in; a type never changes them.
    """

    __slots__ = ("spec",)

    spec: NodeSpec
    eats: ClassVar[str] = ""
    """The param whose rows the node takes as they come, in batches; empty: none."""

    def __init__(self, spec: NodeSpec) -> None:
        self.spec = spec

    async def run(self, ctx: NodeContext, params: Params) -> Any:
        """Does the node's work; returns its natural value. Raises StudioError."""
        raise NotImplementedError(f"{self.spec.type} does not say what it does")

    def run_now(self, ctx: NodeContext, params: Params) -> Any:
        """The natural value when it can be had without awaiting and in well under a millisecond, else `NOT_NOW`."""
        return NOT_NOW

    def join(self, params: Params) -> Join:
        """What the node does with edges that bring nothing; `params` are as they stand in the node."""
        return ""

    def can_stream(self, params: Params) -> bool:
        """Whether the rows of the port `records` may be handed on in batches; `params` are as they stand in the node."""
        return False

    def stream(
        self, ctx: NodeContext, params: Params, *, batch_size: int
    ) -> AsyncIterator[list[dict[str, Any]]]:
        """The rows of the port `records` in batches, for a node that can stream."""
        raise NotImplementedError(f"{self.spec.type} cannot stream")

    def output(self, value: Any, port: str) -> Any:
        """What an output port carries, a view on the natural value. Never called for `done` and `error`."""
        return value

    def closed(self, value: Any) -> frozenset[str]:
        """The output ports through which nothing goes this time; what hangs on them is skipped."""
        return NOTHING_CLOSED

    def rows(self, value: Any) -> int | None:
        """How many rows the node gave or changed, for badges and history; None when rows are not what it deals in."""
        return None

    def outside(self, params: Params) -> bool:
        """Whether it changes something elsewhere that no rollback takes back; `params` are as they stand in the node."""
        return False

    def statements(self, params: Params, database: Database) -> list[Statement]:
        """The statements that the node would execute, for people to read. Nothing is executed."""
        return []

    def check(self, params: Params) -> list[Problem]:
        """What is wrong with the params as far as it can be known before a run.

        Values that come by an edge or from an expression are `workflow.checks.LATER`. Missing, unknown and mistyped params have been
        reported already; this adds what only the type knows (either `id` or `filter`, a filter's fields).
        """
        return []


MOST_SECONDS: Final = 365 * 86_400
"""A year: nothing waits longer, and clocks can still count it."""

TIMEOUT: Final = ParamSpec(
    name="timeout_s",
    type=PortType(kind="float"),
    label="Time limit (s)",
    description="Seconds after which the node is stopped and fails. Empty: no limit.",
    advanced=True,
    expressions=False,
    connectable=False,
    minimum=0.001,
    maximum=MOST_SECONDS,
)
RETRIES: Final = ParamSpec(
    name="retries",
    type=PortType(kind="int"),
    label="Retries",
    description="How often to try again after a deadlock, a lock timeout or (reading only) a lost connection; a request, after a server "
    "that is not there or busy.",
    default=0,
    advanced=True,
    expressions=False,
    connectable=False,
    minimum=0,
    maximum=100,
)
COMMON: Final = (TIMEOUT, RETRIES)
"""The params that every node takes; the runtime obeys them, node types never see them."""


def humanise(name: str) -> str:
    """`customer_id` → `Customer id`."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]
