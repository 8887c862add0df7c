"""On whose behalf is something done? The tenant, the actor and the node, carried by context variables from who begins a run to the database.

A context variable reaches everything that is begun under it: coroutines, tasks, and work handed over to the engine's loop. Nothing else
shares it, so two requests served at once never see each other's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Final

_tenant: Final[ContextVar[str | None]] = ContextVar("studio_tenant", default=None)
_actor: Final[ContextVar[str | None]] = ContextVar("studio_actor", default=None)


_Place = tuple[str | None, str | None]

_node: Final[ContextVar[_Place]] = ContextVar("studio_node", default=(None, None))


def enter_node(run: str, node: str) -> Token[_Place]:
    """Says that the current task, and what it begins, works for a node of a run until `leave_node` is given what this returns."""
    return _node.set((run, node))


def leave_node(entered: Token[_Place]) -> None:
    _node.reset(entered)


def current_node() -> _Place:
    """The run and the node that work is done for; None each outside of a run."""
    return _node.get()


class TenantContext:
    """Whose records are meant: `with TenantContext.set_current("acme"):` around whatever begins a run."""

    @staticmethod
    @contextmanager
    def set_current(tenant_id: object) -> Iterator[str]:
        """Within the block only the records of this tenant exist. Its id is kept as text; None and empty text are no tenant.

        Raises ValueError for what is no tenant.
        """
        token = _tenant.set(_named(tenant_id, "tenant"))
        try:
            yield str(tenant_id)
        finally:
            _tenant.reset(token)

    @staticmethod
    def current() -> str | None:
        """The tenant's id; None outside of any."""
        return _tenant.get()


class ActorContext:
    """Who acts, for the audit trail: `with ActorContext.set_current("user-456"):` around whatever begins a run."""

    @staticmethod
    @contextmanager
    def set_current(actor_id: object) -> Iterator[str]:
        """Within the block everything is done by this actor. Raises ValueError for None and empty text."""
        token = _actor.set(_named(actor_id, "actor"))
        try:
            yield str(actor_id)
        finally:
            _actor.reset(token)

    @staticmethod
    def current() -> str | None:
        """The actor's id; None when nobody said."""
        return _actor.get()


@contextmanager
def on_behalf_of(*, tenant: object = None, actor: object = None) -> Iterator[None]:
    """Both at once; None leaves what is."""
    tokens = (
        None if tenant is None else _tenant.set(_named(tenant, "tenant")),
        None if actor is None else _actor.set(_named(actor, "actor")),
    )
    try:
        yield
    finally:
        if tokens[0] is not None:
            _tenant.reset(tokens[0])
        if tokens[1] is not None:
            _actor.reset(tokens[1])


def _named(given: object, what: str) -> str:
    name = "" if given is None else str(given)
    if not name:
        raise ValueError(f"A {what} needs an id; {given!r} is none.")
    return name
