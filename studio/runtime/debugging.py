"""Where does a run wait for a person? Before nodes with a breakpoint, and before each node that is stepped to.

What is running already goes on meanwhile; nothing new starts, in the run or in those within it. Everything here but `Debugger.find` happens on the
engine's loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from studio.kernel.errors import ExpressionError
from studio.kernel.ids import NodeId, WorkflowId
from studio.runtime.outcomes import NodeOutcome
from studio.workflow.expressions import parse_condition

_Word = Literal["go on", "step", "give up"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Before which node a run waits. `path` leads to it from the run's own workflow (`outer/inner`).

    `note` says why a condition could not be told: then it is waited as well.
    """

    workflow_id: WorkflowId
    node_id: NodeId
    path: str
    reason: Literal["breakpoint", "step"]
    note: str = ""


class Debugger:
    """Asked before each node of one run, and of the runs within it."""

    def __init__(
        self,
        find: Callable[[WorkflowId, NodeId], str | None],
        told: Callable[[Pause | None], object],
        *,
        step: bool = False,
    ) -> None:
        """`find` gives the condition of a node's breakpoint ("": always), None where there is none; it may change its mind during the run.

        `told` hears of each pause, and of its end (None). With `step` the run waits before its first node.
        """
        self._find = find
        self._told = told
        self._is_stepping = step
        self._turn = asyncio.Lock()
        self._word: asyncio.Future[_Word] | None = None
        self._owner: object = None
        self.outcomes: Callable[[], Mapping[str, NodeOutcome]] = dict
        """What has become of the run's nodes until now."""

    def go_on(self) -> None:
        """Up to the next breakpoint. Harmless when nothing waits."""
        self._say("go on")

    def step(self) -> None:
        """Lets the node start, and waits before the next one."""
        self._say("step")

    def failed(self, owner: object) -> None:
        """A run has failed: what waits in it will not be started."""
        if owner is self._owner:
            self._say("give up")

    async def before(
        self, owner: object, workflow_id: WorkflowId, node_id: NodeId, path: str, names: Mapping[str, Any]
    ) -> None:
        """Returns when the node may start. `names` are what its breakpoint's condition may name; `owner` is the run that it is in."""
        async with self._turn:
            pause = self._pause(workflow_id, node_id, path, names)
            if pause is None:
                return
            self._word = asyncio.get_running_loop().create_future()
            self._owner = owner
            self._told(pause)
            try:
                self._is_stepping = await self._word == "step"
            finally:
                self._word = self._owner = None
                self._told(None)

    def _pause(
        self, workflow_id: WorkflowId, node_id: NodeId, path: str, names: Mapping[str, Any]
    ) -> Pause | None:
        condition = self._find(workflow_id, node_id)
        note = ""
        if condition:
            try:
                is_met = bool(parse_condition(condition).evaluate(names))
            except ExpressionError as error:
                is_met, note = True, str(error)
        else:
            is_met = condition is not None
        if not (is_met or self._is_stepping):
            return None
        return Pause(
            workflow_id=workflow_id,
            node_id=node_id,
            path=path,
            reason="breakpoint" if is_met else "step",
            note=note,
        )

    def _say(self, word: _Word) -> None:
        if self._word is not None and not self._word.done():
            self._word.set_result(word)
