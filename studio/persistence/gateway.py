"""How does a store reach its database? Through Studio's own generated nodes, run as a workflow; never by other SQL.

Everything here runs on the engine's loop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from studio.persistence.project_models import STORE_MODELS

if TYPE_CHECKING:
    from studio.dataflow import DataFlow


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One generated node to be run: its type (`ProjectReadNode`) and its params."""

    type: str
    params: Mapping[str, Any] = field(default_factory=dict)


class StoreGateway:
    """Runs steps in a store's database, one after another."""

    def __init__(self, url: str, *, read_only: bool = False, must_exist: bool = False) -> None:
        self._url = url
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
            db = DataFlow(self._url, name="store", options=options)
            for model in STORE_MODELS:
                db.model(model)
            self._db = db
        return self._db
