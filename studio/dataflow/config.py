"""With which options is a DataFlow made? The ones that have an effect; any other is refused with the nearest names.

Each may be given by name, in a config, or by an environment variable, and counts in this order; what each does and its default stands in
docs/configuration.md.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from studio.dataflow.settings import OPTIONS, from_environment, refused
from studio.kernel.errors import WorkflowError
from studio.kernel.names import did_you_mean

if TYPE_CHECKING:
    from studio.database import DatabaseOptions

DEFAULT_URL: Final = "sqlite:///studio.db"
_ALIASES: Final = {"pool_max_overflow": "max_overflow", "url": "database_url"}
_INSTEAD: Final = {
    "adapter": "Give the URL of the database: its kind follows from it.",
    "tenant_header": "Whoever takes in requests says the tenant: `with TenantContext.set_current(tenant):`.",
    "audit_logging": 'Say it of the models whose changes are to be kept: __dataflow__ = {"audit_log": True}.',
    "redis_url": "Lists are kept in the process: cache_key and cache_ttl of List nodes.",
    "read_url": "A DataFlow is one database: make another for the replica, and name it in db_instance.",
}
"""What to do instead of giving options that other systems have, where no option of ours is like them."""
_OF_THE_DATABASE: Final = (
    *("pool_size", "max_overflow", "pool_recycle", "pool_pre_ping"),
    *("echo", "slow_statement_ms"),
)
_SLOW_MS: Final = 500.0
"""What is slow where metrics are collected and nothing else is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFlowConfig:
    """The options of a DataFlow, to be kept and handed on. None: the environment's, else the usual.

    `auto_migrate` creates missing tables and adds missing columns on first use; `existing_schema_mode` never changes the database, whatever
    `auto_migrate` says. The pool's sizes are connections, `pool_recycle` is in seconds, `slow_statement_ms` in milliseconds.
    """

    database_url: str | None = None
    name: str | None = None
    pool_size: int | None = None
    max_overflow: int | None = None
    pool_recycle: int | None = None
    pool_pre_ping: bool | None = None
    echo: bool | None = None
    monitoring: bool | None = None
    slow_statement_ms: float | None = None
    log_level: str | None = None
    auto_migrate: bool | None = None
    existing_schema_mode: bool | None = None
    multi_tenant: bool | None = None
    """Every model keeps its records by tenant, unless it says something else itself."""
    encryption_key: str | Sequence[str] | None = field(default=None, repr=False)
    """The key of encrypted fields, or several, the newest first."""
    testing: bool | None = None
    migration_config: Mapping[str, Any] | None = None

    @property
    def encryption_keys(self) -> tuple[str, ...]:
        given = self.encryption_key
        return () if given is None else (given,) if isinstance(given, str) else tuple(given)

    @property
    def creates_tables(self) -> bool:
        return self.auto_migrate is not False and not self.existing_schema_mode

    def database_options(self, base: DatabaseOptions | None = None) -> DatabaseOptions:
        """The options of the database below, with what is given here put in."""
        from studio.database import DatabaseOptions

        given = {name: value for name in _OF_THE_DATABASE if (value := getattr(self, name)) is not None}
        if self.monitoring:
            given.setdefault("slow_statement_ms", _SLOW_MS)
        return replace(base or DatabaseOptions(), **given)


def make_config(
    config: DataFlowConfig | Mapping[str, Any] | None,
    options: Mapping[str, Any],
    environment: Mapping[str, str] | None = None,
) -> DataFlowConfig:
    """The config with the options put in, and what neither says taken from the environment (the process's own when None).

    Raises WorkflowError for an option that does not exist, a value that does not fit, and a variable that does not.
    """
    if isinstance(config, DataFlowConfig):
        kept = {
            entry.name: value
            for entry in fields(DataFlowConfig)
            if (value := getattr(config, entry.name)) is not None
        }
    else:
        kept = dict(config or {})
    said = {**_checked(kept), **_checked(options)}
    if said.get("testing"):
        # A test is the same wherever it runs.
        environment = {}
        said.setdefault("database_url", ":memory:")
        if said["database_url"] not in (":memory:", "sqlite://", "sqlite:///:memory:"):
            raise WorkflowError(
                "DataFlow(testing=True) makes a database of its own in memory and takes no other.",
                hint="Leave the URL out; for a test on a server, give the URL of a database made for it, without testing.",
            )
    values = from_environment(os.environ if environment is None else environment, but=said)
    return DataFlowConfig(**{**values, **said})


def _checked(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options under their own names, those that are None left out."""
    values: dict[str, Any] = {}
    for given, value in options.items():
        name = _ALIASES.get(given, given)
        if name not in OPTIONS:
            raise WorkflowError(
                f"DataFlow has no option {given!r}.",
                hint=f"{_hint(given)} An option without effect is refused rather than ignored.".lstrip(),
            )
        if name in values:
            raise WorkflowError(f"DataFlow is given {name!r} twice.", hint=f"Remove {given!r}.")
        if value is None:
            continue
        wanted = refused(name, value)
        if wanted is not None:
            shown = "" if OPTIONS[name].secret else f", not {value!r}"
            raise WorkflowError(f"DataFlow's option {given!r} wants {wanted}{shown}.")
        values[name] = value
    return values


def _hint(given: str) -> str:
    return _INSTEAD.get(given) or did_you_mean(given, [*OPTIONS, *_ALIASES])


def find_url(url: str | None) -> str:
    """The URL given, else a SQLite file in the current folder; `:memory:` is written out."""
    chosen = url or DEFAULT_URL
    return "sqlite:///:memory:" if chosen == ":memory:" else chosen


def name_from(url: str) -> str:
    """A name for people: the database's, or the file's without its suffix."""
    path = urlsplit(url).path.rstrip("/")
    stem = PurePath(path).stem if url.startswith("sqlite") else path.rpartition("/")[2]
    return stem.strip(":") or "database"
