"""How is a List told to keep its rows? What `cache_key`, `cache_ttl` and `cache_invalidation` mean to the database's cache."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from studio.kernel.errors import NodeError
from studio.kernel.names import did_you_mean, snake_case
from studio.kernel.problems import Problem
from studio.models.relations import Family
from studio.nodes.base import Params
from studio.nodes.paths import names_of
from studio.workflow.params import is_dynamic

if TYPE_CHECKING:
    from studio.database import CacheWish
    from studio.database.results import Watched, Written

_WRITES: Final[Mapping[str, tuple[Written, ...]]] = MappingProxyType(
    {
        "create": ("create",),
        "update": ("update",),
        "delete": ("delete",),
        "upsert": ("create", "update"),
        "bulk_create": ("create", "update"),
        "bulk_update": ("update",),
        "bulk_delete": ("delete",),
        "bulk_upsert": ("create", "update"),
    }
)
"""What each operation may do to the table."""


def wants_cache(params: Params) -> bool:
    return params.get("cache_key") is not None or params.get("cache_ttl") is not None


def cache_wish(family: Family, params: Params) -> CacheWish:
    """How the list is to be kept; raises NodeError for a write that does not exist."""
    from studio.database import CacheWish

    named = params.get("cache_invalidation")
    ended_by: set[Watched] = set()
    for name in names_of(named) if named else ():
        ended_by |= _watched(family, name)
    return CacheWish(
        name=params.get("cache_key") or "",
        ttl_s=params.get("cache_ttl"),
        ended_by=frozenset(ended_by) if named else None,
    )


def _watched(family: Family, name: Any) -> set[Watched]:
    for operation in sorted(_WRITES, key=len, reverse=True):
        model_name = str(name).removesuffix(f"_{operation}")
        if model_name == name:
            continue
        for model in family.models.values():
            if model_name in (model.name, snake_case(model.name)):
                return {(model.table, done) for done in _WRITES[operation]}
    known = [f"{snake_case(model)}_{operation}" for model in family.models for operation in _WRITES]
    raise NodeError(
        f"cache_invalidation names the write {name!r}, which does not exist.",
        hint=did_you_mean(str(name), known) or "Write a model and an operation: user_create.",
        field="cache_invalidation",
    )


def check_cache(family: Family, params: Params) -> list[Problem]:
    """What is wrong with the three params as they stand in the node."""
    named = params.get("cache_invalidation")
    if not named:
        return []
    if not wants_cache(params):
        return [
            Problem(
                code="no-cache",
                message="cache_invalidation has no effect, because nothing is kept.",
                hint="Give cache_key or cache_ttl, or remove it.",
                field="cache_invalidation",
            )
        ]
    if is_dynamic(named):
        return []
    problems = []
    for name in names_of(named):
        try:
            _watched(family, name)
        except NodeError as error:
            problems.append(
                Problem(
                    code="unknown-write", message=error.message, hint=error.hint, field="cache_invalidation"
                )
            )
    return problems
