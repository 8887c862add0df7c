"""How does a store reach its database? Through Studio's own generated nodes, run as a workflow; never by other SQL.

Everything here runs on the engine's loop.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from studio.kernel.errors import RunCancelled, StudioError
from studio.kernel.ids import NodeId, WorkflowId
from studio.models.declare import model_from_class
from studio.models.spec import ModelSpec
from studio.persistence.project_models import STORE_MODELS
from studio.workflow.graph import Edge, Node, Workflow, frozen
from studio.workflow.params import LITERAL
from studio.workflow.spec import AFTER, DONE

if TYPE_CHECKING:
    from studio.dataflow import DataFlow
    from studio.kernel.loop import EngineLoop

_NAME: Final = "store"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One generated node to be run: its type (`ProjectReadNode`) and its params, every one of them meant as it stands."""

    type: str
    params: Mapping[str, Any] = field(default_factory=dict)


@functools.cache
def store_specs() -> tuple[ModelSpec, ...]:
    """The models of a store."""
    return tuple(model_from_class(model) for model in STORE_MODELS)


class StoreGateway:
    """Runs steps in a store's database, one after another; with `models`, in a database of other models."""

    def __init__(
        self,
        url: str,
        *,
        models: Sequence[ModelSpec] | None = None,
        engine: EngineLoop | None = None,
        read_only: bool = False,
        must_exist: bool = False,
    ) -> None:
        self._url = url
        self._models = models
        self.engine = engine
        self._read_only = read_only
        self._must_exist = must_exist
        self._db: DataFlow | None = None

    @property
    def db(self) -> DataFlow:
        """The store's DataFlow, with all its models."""
        if self._db is None:
            from studio.database import DatabaseOptions
            from studio.dataflow import DataFlow

            options = DatabaseOptions(read_only=self._read_only, must_exist=self._must_exist)
            self._db = DataFlow(
                self._url,
                name=_NAME,
                models=store_specs() if self._models is None else self._models,
                options=options,
                engine=self.engine,
                environment={},  # a program's variables are not about the stores of projects
            )
        return self._db

    async def tables(self) -> frozenset[str]:
        """The names of the tables that the database has."""
        return frozenset(spec.table for spec in await self.db.database.reflect())

    async def prepare(self) -> None:
        """Creates what tables are missing."""
        await self.db.initialize()

    async def run(self, steps: Sequence[Step], *, atomic: bool = False) -> list[Any]:
        """The natural values of the steps, in their order; with `atomic` all of them happen or none.

        Raises:
            DatabaseError: And whatever else stops a node; what has happened before it stays unless `atomic`.
        """
        from studio.runtime import compile_plan, run_workflow

        db = self.db
        plan = compile_plan(_workflow(steps), db.catalogue)
        result = await run_workflow(
            plan,
            databases={db.name: db.database},
            mode="atomic" if atomic else "auto",
            keep_schema=(db.name,) if self._read_only else (),
        )
        if result.error is not None:
            raise _without_place(result.error)
        if result.state != "succeeded":
            raise RunCancelled("The store's work was stopped.")
        return [result.results[_step_id(index)] for index in range(len(steps))]

    async def close(self) -> None:
        if self._db is not None:
            await self._db.aclose()
            self._db = None


def _workflow(steps: Sequence[Step]) -> Workflow:
    nodes = [
        Node(
            id=_step_id(index),
            type=step.type,
            params=frozen({name: _as_meant(value) for name, value in step.params.items()}),
        )
        for index, step in enumerate(steps)
    ]
    edges = tuple(
        Edge(source=_step_id(index), source_port=DONE, target=_step_id(index + 1), target_port=AFTER)
        for index in range(len(steps) - 1)
    )
    return Workflow(
        id=WorkflowId(_NAME), name="", nodes=frozen({node.id: node for node in nodes}), edges=edges
    )


def _as_meant(value: Any) -> Any:
    """The value so that no node takes a part of it for an expression: a name that looks like one is a name all the same."""
    if isinstance(value, str):
        return {LITERAL: value} if "{{" in value else value
    if isinstance(value, Mapping):
        return (
            {LITERAL: value} if LITERAL in value else {key: _as_meant(entry) for key, entry in value.items()}
        )
    if isinstance(value, list | tuple):
        return [_as_meant(entry) for entry in value]
    return value


def _step_id(index: int) -> NodeId:
    return NodeId(f"step_{index}")


def _without_place(error: StudioError) -> StudioError:
    """The error without the step's id, which means nothing to a person."""
    error.node = None
    return error
