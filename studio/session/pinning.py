"""What does a person pin to a node? What it gave in the last run, whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.kernel.errors import WorkflowError
from studio.workflow.checks import spec_for, title_of
from studio.workflow.graph import Node, Pin
from studio.workflow.pins import pin_of
from studio.workflow.spec import Catalogue

if TYPE_CHECKING:
    from studio.runtime import RunResult


def pinned(node: Node, catalogue: Catalogue, last: RunResult | None) -> Pin:
    """The pin with the node's latest value.

    Raises:
        WorkflowError: There is none: it has not run, or has failed, or its rows went by; or the value cannot be kept.
    """
    title = title_of(node, spec_for(node, catalogue))
    outcome = last.nodes.get(node.id) if last is not None else None
    if outcome is None:
        raise WorkflowError(
            f'"{title}" has not run yet, so there is nothing to pin.', hint="Run to here (F7) first."
        )
    if outcome.state != "succeeded":
        raise WorkflowError(
            f'"{title}" gave nothing in the last run: it was {outcome.state}.', hint="Run to here (F7) first."
        )
    if outcome.is_sample:
        raise WorkflowError(
            f'"{title}" handed its rows on without keeping them, so there is nothing to pin.',
            hint="Run to here (F7): then it keeps its rows.",
        )
    return pin_of(outcome.value, title=title)
