"""With which options is a DataFlow made? The ones that have an effect; any other is refused with the nearest names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from studio.kernel.errors import WorkflowError
from studio.kernel.names import did_you_mean

if TYPE_CHECKING:
    from studio.database import DatabaseOptions

DEFAULT_URL: Final = "sqlite:///studio.db"
URL_VARIABLES: Final = ("DATABASE_URL", "DATAFLOW_DATABASE_URL")
_ALIASES: Final = {"pool_max_overflow": "max_overflow", "url": "database_url"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFlowConfig:
    """The options of a DataFlow, to be kept and handed on. None means the usual.

    `auto_migrate` creates missing tables on first use; `existing_schema_mode` never changes the database and says which column is
    missing or different. The pool's sizes are connections, `pool_recycle` is in seconds.
    """

    database_url: str | None = None
    name: str | None = None
    pool_size: int | None = None
    max_overflow: int | None = None
    pool_recycle: int | None = None
    echo: bool | None = None
    auto_migrate: bool = True
    existing_schema_mode: bool = False

    @property
    def creates_tables(self) -> bool:
        return self.auto_migrate and not self.existing_schema_mode

    def database_options(self, base: DatabaseOptions | None = None) -> DatabaseOptions:
        """The options of the database below, with what is given here put in."""
        from studio.database import DatabaseOptions

        given = {
            name: value
            for name in ("pool_size", "max_overflow", "pool_recycle", "echo")
            if (value := getattr(self, name)) is not None
        }
        return replace(base or DatabaseOptions(), **given)


def make_config(config: DataFlowConfig | None, options: Mapping[str, Any]) -> DataFlowConfig:
    """A config with the options put in; raises WorkflowError for an option that does not exist or has the wrong type."""
    known = {entry.name: entry for entry in fields(DataFlowConfig)}
    values: dict[str, Any] = {}
    for given, value in options.items():
        name = _ALIASES.get(given, given)
        if name not in known:
            raise WorkflowError(
                f"DataFlow has no option {given!r}.",
                hint=did_you_mean(given, [*known, *_ALIASES])
                + " An option without effect is refused rather than ignored.",
            )
        if name in values:
            raise WorkflowError(f"DataFlow is given {name!r} twice.", hint=f"Remove {given!r}.")
        if value is not None:
            values[name] = _checked(name, value)
    return replace(config or DataFlowConfig(), **values)


def _checked(name: str, value: Any) -> Any:
    if name in ("database_url", "name"):
        wanted, fits = "text", isinstance(value, str)
    elif name in ("echo", "auto_migrate", "existing_schema_mode"):
        wanted, fits = "true or false", isinstance(value, bool)
    else:
        least = 0 if name == "max_overflow" else 1
        wanted = f"a whole number of at least {least}"
        fits = isinstance(value, int) and not isinstance(value, bool) and value >= least
    if not fits:
        raise WorkflowError(f"DataFlow's option {name!r} wants {wanted}, not {value!r}.")
    return value


def find_url(url: str | None) -> str:
    """The URL given, else that of the environment, else a SQLite file in the current folder; `:memory:` is written out."""
    chosen = url or next((os.environ[name] for name in URL_VARIABLES if os.environ.get(name)), DEFAULT_URL)
    return "sqlite:///:memory:" if chosen == ":memory:" else chosen


def name_from(url: str) -> str:
    """A name for people: the database's, or the file's without its suffix."""
    path = urlsplit(url).path.rstrip("/")
    stem = PurePath(path).stem if url.startswith("sqlite") else path.rpartition("/")[2]
    return stem.strip(":") or "database"
