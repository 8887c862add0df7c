"""What may each option of a DataFlow be, and which environment variable says it? One table for arguments, configs and the environment."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from studio.kernel.errors import WorkflowError

_YES: Final = ("true", "yes", "on", "1")
_NO: Final = ("false", "no", "off", "0")
_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """`wanted` says in words what `fits`; `read` makes a value of a variable's text, or raises ValueError."""

    wanted: str
    fits: Callable[[Any], bool]
    read: Callable[[str], Any] = str
    variables: tuple[str, ...] = ()
    secret: bool = False
    """What is given is never shown."""


def _whole(least: int, *variables: str) -> Option:
    return Option(
        wanted=f"a whole number of at least {least}",
        fits=lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= least,
        read=int,
        variables=variables,
    )


def _yes_or_no(*variables: str) -> Option:
    return Option(
        wanted="true or false",
        fits=lambda value: isinstance(value, bool),
        read=_truth,
        variables=variables,
    )


def _truth(text: str) -> bool:
    if text.lower() in (*_YES, *_NO):
        return text.lower() in _YES
    raise ValueError(text)


def _is_time(value: Any) -> bool:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _are_texts(value: Any) -> bool:
    return _is_text(value) or (isinstance(value, list | tuple) and value != [] and all(map(_is_text, value)))


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


OPTIONS: Final[Mapping[str, Option]] = MappingProxyType(
    {
        "database_url": Option(
            wanted="text", fits=_is_text, variables=("DATABASE_URL", "DATAFLOW_DATABASE_URL")
        ),
        "name": Option(wanted="text", fits=_is_text),
        "pool_size": _whole(1, "DATAFLOW_POOL_SIZE"),
        "max_overflow": _whole(0, "DATAFLOW_MAX_OVERFLOW"),
        "pool_recycle": _whole(1, "DATAFLOW_POOL_RECYCLE"),
        "pool_pre_ping": _yes_or_no("DATAFLOW_POOL_PRE_PING"),
        "echo": _yes_or_no("DATAFLOW_ECHO"),
        "monitoring": _yes_or_no("DATAFLOW_ENABLE_METRICS"),
        "slow_statement_ms": Option(
            wanted="a number of milliseconds above 0",
            fits=_is_time,
            read=float,
            variables=("DATAFLOW_SLOW_STATEMENT_MS",),
        ),
        "log_level": Option(
            wanted=f"one of {', '.join(_LEVELS)}",
            fits=lambda value: isinstance(value, str) and value.upper() in _LEVELS,
            variables=("DATAFLOW_LOG_LEVEL",),
        ),
        "auto_migrate": _yes_or_no("DATAFLOW_AUTO_MIGRATE"),
        "existing_schema_mode": _yes_or_no("DATAFLOW_EXISTING_SCHEMA_MODE"),
        "multi_tenant": _yes_or_no("DATAFLOW_MULTI_TENANT"),
        "encryption_key": Option(
            wanted="text, or a list of it",
            fits=_are_texts,
            read=_parts,
            variables=("DATAFLOW_ENCRYPTION_KEY",),
            secret=True,
        ),
        "testing": _yes_or_no(),
        "migration_config": Option(wanted="a mapping", fits=lambda value: isinstance(value, Mapping)),
    }
)


def refused(name: str, value: Any) -> str | None:
    """What the option wants instead of the value, or None when it fits."""
    option = OPTIONS[name]
    return None if option.fits(value) else option.wanted


def from_environment(environment: Mapping[str, str], *, but: Collection[str]) -> dict[str, Any]:
    """What the environment says of the options that are not in `but`; an empty variable says nothing.

    Raises WorkflowError that names the variable whose value does not fit.
    """
    found: dict[str, Any] = {}
    for name, option in OPTIONS.items():
        variable = next((each for each in option.variables if environment.get(each)), None)
        if name in but or variable is None:
            continue
        text = environment[variable]
        try:
            value = option.read(text.strip())
        except ValueError:
            value = None
        if value is None or not option.fits(value):
            shown = "" if option.secret else f", not {text!r}"
            raise WorkflowError(
                f"The environment variable {variable} wants {option.wanted}{shown}.",
                hint="Mend it, or unset it.",
            )
        found[name] = value
    return found


def log_as(level: str | None, *, echo: bool) -> None:
    """Sets how much Studio logs. Where nobody listens, what was asked for goes to standard error."""
    logger = logging.getLogger("studio")
    if level is not None:
        logger.setLevel(level.upper())
    elif echo and not logger.isEnabledFor(logging.INFO):
        logger.setLevel(logging.INFO)
    if (level is not None or echo) and not logger.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        logger.addHandler(handler)
