"""What do a model's options and hooks ask of each read and write? Worked out once per model; a model without has no `Care` at all.

How writes obey it is `careful`'s business; how columns come to be is `tables`'.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from studio.database.results import Record
from studio.kernel.behalf import TenantContext
from studio.kernel.errors import HookFailed, StudioError, TenantRequired, ValueRefused
from studio.models.options import MOST_TENANT
from studio.models.spec import DELETED_AT, HOOK_EVENTS, TENANT_ID, HookEvent, ModelSpec, digest_name
from studio.models.values import make_checker
from studio.query.conditions import All, Comparison, Condition, Not, Some
from studio.query.filters import Filter
from studio.query.updates import Step, Update
from studio.query.vocabulary import vocabulary

if TYPE_CHECKING:
    from studio.database.encryption import FieldCipher, KeyRing


class Care:
    """What one model asks for.

    `looks_back` says that every update has to see the record as it was; `ciphers` are those of the encrypted fields.
    """

    __slots__ = (
        "_checks", "_hooks", "_on_update", "ciphers", "has_hooks", "is_audited", "is_soft", "is_tenanted", "is_versioned", "looks_back", "spec",
    )  # fmt: skip

    def __init__(self, spec: ModelSpec, ring: KeyRing | None = None) -> None:
        """Raises EncryptionFailed when fields are encrypted and there is no key."""
        self.spec = spec
        self.ciphers = _ciphers(spec, ring)
        self._hooks: dict[HookEvent, list[Callable[[Record], Any]]] = {event: [] for event in HOOK_EVENTS}
        for hook in spec.hooks:
            self._hooks[hook.event].append(hook.function)
        self._on_update = {field.name: field.on_update for field in spec.fields if field.on_update}
        self.has_hooks = bool(spec.hooks)
        self.is_soft = spec.soft_delete
        self.is_versioned = spec.versioned
        self.is_tenanted = spec.multi_tenant
        self.is_audited = spec.audit_log
        self.looks_back = self.has_hooks
        self._checks: dict[tuple[str, ...], list[tuple[str, Callable[[Any], Any]]]] = {}
        """Made when first asked for: what checks the values of these fields."""

    # -------------------------------------------------------------- which records there are

    @property
    def tenant(self) -> str | None:
        """Whose records are meant; None for a model that all tenants share.

        Raises TenantRequired when nobody has said.
        """
        if not self.is_tenanted:
            return None
        tenant = TenantContext.current()
        if tenant is None:
            raise TenantRequired(
                f"{self.spec.name} keeps its records by tenant, and it is not said which tenant this is for.",
                hint="Name it: in the window with Data ▸ Tenant…, in the terminal with `--tenant acme`, "
                'in Python with `with TenantContext.set_current("acme"):` or the runtime\'s tenant="acme".',
            )
        if len(tenant) > MOST_TENANT:
            raise TenantRequired(
                f"A tenant's id has at most {MOST_TENANT} characters; this one has {len(tenant)}.",
                hint="Use a shorter id.",
            )
        return tenant

    def filter(
        self, given: Mapping[str, Any] | None, *, include_deleted: bool = False, of_all: bool = False
    ) -> Mapping[str, Any] | None:
        """The filter with what the model's options add: only this tenant's records, and only those that are not deleted.

        `of_all` leaves the tenant out: for looking up what a key that is unique for all of them collides with.
        """
        parts: list[Mapping[str, Any]] = [] if given is None or given == {} else [given]
        if self.is_soft and not include_deleted:
            parts.append({DELETED_AT: None})
        if self.is_tenanted and not of_all:
            parts.append({TENANT_ID: {"$eq": self.tenant}})
        return {"$and": parts} if len(parts) > 1 else parts[0] if parts else given

    # -------------------------------------------------------------- many at once

    def changes_together(self, rows: Sequence[Any]) -> bool:
        """Whether one statement may change the records of all these rows: none is shown to a hook, made or sealed by itself."""
        if self.has_hooks or self._on_update:
            return False
        return not any(name in row for name in self.ciphers for row in rows if isinstance(row, Mapping))

    def values_of(self, row: Any, fields: tuple[str, ...]) -> tuple[Any, ...] | None:
        """What the row gives in these fields, as records have it; None when one of them is lacking, empty, or could not be a value."""
        checks = self._checks.get(fields)
        if checks is None:
            checks = [(name, make_checker(self.spec[name], constraints=False)) for name in fields]
            self._checks[fields] = checks
        try:
            values = tuple([check(row[name]) for name, check in checks])
        except (ValueRefused, LookupError, TypeError):
            return None
        return None if None in values else values

    # -------------------------------------------------------------- what must not be seen

    def hide(self, filter: Filter) -> Filter:
        """The filter on what is stored: equality with a secret becomes equality of digests."""
        if not self.ciphers:
            return filter
        values = list(filter.values)
        condition = self._hidden(filter.condition, values)
        return Filter(condition, tuple(values), vocabulary(self.spec.stored))

    def _hidden(self, condition: Condition, values: list[Any]) -> Condition:
        if isinstance(condition, All | Some):
            return type(condition)(tuple(self._hidden(part, values) for part in condition.parts))
        if isinstance(condition, Not):
            return Not(self._hidden(condition.part, values))
        cipher = self.ciphers.get(condition.field)
        if cipher is None or condition.operator not in ("eq", "in"):
            return condition
        value = values[condition.slot]
        wanted = value if condition.operator == "in" else (value,)
        values[condition.slot] = tuple(digest for one in wanted for digest in cipher.digests(one))
        return Comparison(digest_name(condition.field), "in", condition.slot)

    def seal(self, changes: Update) -> Update:
        """The changes of what is stored: a secret's envelope and its digest."""
        if not self.ciphers:
            return changes
        values = list(changes.values)
        steps: list[Step] = []
        for step in changes.steps:
            steps.append(step)
            cipher = self.ciphers.get(step.field)
            if cipher is None:
                continue
            name, value = digest_name(step.field), values[step.slot] if step.verb == "set" else None
            if value is None:
                steps.append(Step(name, "unset"))
            else:
                values[step.slot] = cipher.seal(value)
                values.append(cipher.digest(value))
                steps.append(Step(name, "set", len(values) - 1))
        return Update(tuple(steps), tuple(values), vocabulary(self.spec.stored))

    # -------------------------------------------------------------- hooks

    def touched(self, changes: Mapping[str, Any]) -> Mapping[str, Any]:
        """The changes of an update with those that every update makes, unless they are given."""
        if not self._on_update:
            return changes
        given = {*changes, *(name for part in changes.values() if isinstance(part, Mapping) for name in part)}
        made = {name: make() for name, make in self._on_update.items() if name not in given}
        return {**changes, **made}

    async def before(self, event: HookEvent, record: Mapping[str, Any]) -> Record:
        """The values as the hooks leave them.

        Raises HookFailed when one fails; a StudioError of its own passes as it is.
        """
        values = dict(record)
        for function in self._hooks[event]:
            answer = await self._call(event, function, values)
            if isinstance(answer, Mapping):
                values = dict(answer)
        return values

    async def after(self, event: HookEvent, record: Mapping[str, Any]) -> None:
        """Shows the hooks what has been written. Raises as `before` does."""
        for function in self._hooks[event]:
            await self._call(event, function, dict(record))

    async def _call(self, event: HookEvent, function: Callable[[Record], Any], record: Record) -> Any:
        try:
            answer = function(record)
            return await answer if inspect.isawaitable(answer) else answer
        except StudioError:
            raise
        except Exception as error:
            name = getattr(function, "__name__", repr(function))
            raise HookFailed(
                f"{self.spec.name}: the {event} hook {name!r} failed: {type(error).__name__}: {str(error).rstrip('.')}.",
                hint="Nothing of this node has been written.",
            ) from error


def _ciphers(spec: ModelSpec, ring: KeyRing | None) -> dict[str, FieldCipher]:
    if not any(field.encrypted for field in spec.fields):
        return {}
    from studio.database.encryption import ciphers_for

    return ciphers_for(spec, ring)


def care_for(spec: ModelSpec, ring: KeyRing | None = None) -> Care | None:
    """What the model asks for; None when it is nothing. `ring` has the keys of the database."""
    asks = spec.hooks or spec.soft_delete or spec.versioned or spec.multi_tenant or spec.audit_log
    of_fields = any(field.encrypted or field.on_update for field in spec.fields)
    return Care(spec, ring) if asks or of_fields else None
