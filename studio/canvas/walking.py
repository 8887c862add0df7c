"""Which nodes does one come to from a node? Along edges, or in a direction; plain questions to the geometry."""

from __future__ import annotations

import numpy as np

from studio.canvas.geometry import Bools, Geometry


def reached(geometry: Geometry, *, upstream: bool) -> Bools:
    """The selected nodes and all that leads to them, or follows them."""
    near, far = (geometry.target, geometry.source) if upstream else (geometry.source, geometry.target)
    chosen = geometry.selected.copy()
    frontier = chosen.copy()
    while frontier.any():
        found = np.zeros_like(chosen)
        found[far[frontier[near]]] = True
        frontier = found & ~chosen
        chosen |= frontier
    # The way leads through what lies in collapsed frames; what is not seen is not selected.
    return chosen & ~geometry.hidden


def neighbour(geometry: Geometry, i: int, dx: int, dy: int) -> int | None:
    """The nearest node in a direction, a unit vector; what lies aside counts double."""
    ahead = (geometry.x - geometry.x[i]) * dx + (geometry.y - geometry.y[i]) * dy
    aside = np.abs((geometry.x - geometry.x[i]) * dy) + np.abs((geometry.y - geometry.y[i]) * dx)
    cost = np.where((ahead > 1.0) & ~geometry.hidden, ahead + 2.0 * aside, np.inf)
    best = int(cost.argmin())
    return best if np.isfinite(cost[best]) else None
