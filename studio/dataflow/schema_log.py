"""Who is told when tables are made or grow? A history, figures, a warning when it was slow, and a web address that wants to know.

What `migration_config` asks for, and no more: each part works only when it is asked for, and none can hold up or break a change. Kept in the
process; what was done to a database by others is not known here.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlsplit

from studio.kernel.errors import WorkflowError
from studio.kernel.names import did_you_mean

if TYPE_CHECKING:
    from studio.database.results import SchemaChange

_log = logging.getLogger(__name__)

_KEYS: Final = ("monitoring", "performance_tracking", "slow_migration_threshold", "webhook_url")
_KEPT: Final = 1000
_WEBHOOK_TIMEOUT_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaFigures:
    """Of all changes since the program began; failed ones count as well."""

    count: int
    failed: int
    statements: int
    avg_duration_ms: float
    max_duration_ms: float


class SchemaLog:
    """What one DataFlow did to its schema by itself.

    Args:
        monitoring: log each change and keep the newest thousand for `history`.
        performance_tracking: keep figures.
        slow_migration_threshold: milliseconds from which a change is warned of.
        webhook_url: told of each change as JSON, by POST; a failure is logged and nothing else.
    """

    def __init__(
        self,
        *,
        monitoring: bool = False,
        performance_tracking: bool = False,
        slow_migration_threshold: float | None = None,
        webhook_url: str | None = None,
    ) -> None:
        self._monitoring = monitoring
        self._tracking = performance_tracking
        self._slow_ms = slow_migration_threshold
        self._webhook = webhook_url
        self._newest: deque[SchemaChange] = deque(maxlen=_KEPT)
        self._figures = SchemaFigures(
            count=0, failed=0, statements=0, avg_duration_ms=0.0, max_duration_ms=0.0
        )

    @classmethod
    def of(cls, wanted: Mapping[str, Any] | None) -> Self | None:
        """The log that `migration_config` asks for; None when it asks for none.

        Raises WorkflowError for a key that does not exist and a value that does not fit.
        """
        if not wanted:
            return None
        for key, value in wanted.items():
            if key not in _KEYS:
                raise WorkflowError(
                    f"migration_config has no key {key!r}.", hint=did_you_mean(str(key), _KEYS)
                )
            reason = _unfit(key, value)
            if reason:
                raise WorkflowError(f"migration_config: {key} wants {reason}, not {value!r}.")
        if wanted.get("webhook_url") is not None and find_spec("httpx") is None:
            raise WorkflowError(
                "A webhook needs httpx, which is not installed.",
                hint="pip install 'dataflow-studio[http]', or leave webhook_url out.",
            )
        return cls(**wanted)

    def tell(self, change: SchemaChange) -> None:
        """Takes in a change; what a database is given as `on_schema`."""
        what = (
            f"{', '.join(change.models)}: {len(change.statements)} statements in {change.duration_ms:.0f} ms"
        )
        if self._monitoring:
            self._newest.append(change)
            if change.error is None:
                _log.info("schema of %s: %s", change.database, what)
            else:
                _log.error("schema of %s: %s, then failed: %s", change.database, what, change.error)
        if self._tracking:
            old, count = self._figures, self._figures.count + 1
            self._figures = SchemaFigures(
                count=count,
                failed=old.failed + (change.error is not None),
                statements=old.statements + len(change.statements),
                avg_duration_ms=old.avg_duration_ms + (change.duration_ms - old.avg_duration_ms) / count,
                max_duration_ms=max(old.max_duration_ms, change.duration_ms),
            )
        if self._slow_ms is not None and change.duration_ms >= self._slow_ms:
            _log.warning("slow change of the schema of %s: %s", change.database, what)
        if self._webhook is not None:
            # Not a daemon: a short program waits for it at its end, for as long as the timeout at most.
            threading.Thread(target=_post, args=(self._webhook, change), name="schema webhook").start()

    def history(self, limit: int | None = None) -> list[SchemaChange]:
        """The newest changes, newest first."""
        newest = list(reversed(self._newest))
        return newest if limit is None else newest[:limit]

    def figures(self) -> SchemaFigures:
        return self._figures


def _unfit(key: str, value: Any) -> str:
    if key in ("monitoring", "performance_tracking"):
        return "" if isinstance(value, bool) else "true or false"
    if value is None:
        return ""
    if key == "slow_migration_threshold":
        fits = isinstance(value, int | float) and not isinstance(value, bool) and value > 0
        return "" if fits else "a number of milliseconds above 0"
    address = urlsplit(value) if isinstance(value, str) else None
    fits = address is not None and address.scheme in ("http", "https") and bool(address.hostname)
    return "" if fits else "an address that begins with http:// or https://"


def _post(url: str, change: SchemaChange) -> None:
    import httpx

    told = {**asdict(change), "started_at": change.started_at.isoformat()}
    try:
        httpx.post(url, json=told, timeout=_WEBHOOK_TIMEOUT_S).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # The address may hold a secret, and httpx repeats it.
        _log.warning("the webhook of %s cannot be told: %s", change.database, type(error).__name__)
