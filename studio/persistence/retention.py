"""How much of a project's runs is kept? The newest, up to a number and a size; `run_history` sees to it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """The newest runs, so many and so many megabytes (of a million bytes) of them; the newest one always."""

    runs: int = 200
    megabytes: int = 250
