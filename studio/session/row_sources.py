"""Where do rows come from that are looked at, filtered, ordered, written into files? From a model's table, or from what a node delivered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from studio.kernel.ids import NodeId
    from studio.session.runs import RunHandle


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRows:
    """The records of a model that a filter matches (None: all), in an order. The database does both."""

    model_id: str
    filter: Mapping[str, Any] | None = None
    order_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputRows:
    """The rows that a node delivered at a port (None: its natural value), filtered and ordered in memory.

    `model` names the model that they are records of, if they are.
    """

    handle: RunHandle
    node_id: NodeId
    port: str | None = None
    filter: Mapping[str, Any] | None = None
    order_by: tuple[str, ...] = ()
    model: str | None = None


RowSource = ModelRows | OutputRows
