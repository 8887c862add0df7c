"""What do a model's options and hooks ask of each read and write? Worked out once per model; a model without has no `Care` at all.

How writes obey it is `careful`'s business; how columns come to be is `tables`'.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from studio.database.results import Record
from studio.kernel.errors import HookFailed, StudioError
from studio.models.spec import HOOK_EVENTS, HookEvent, ModelSpec


class Care:
    """What one model asks for.

    `looks_back` says that every write has to see the record as it was: for hooks.
    """

    __slots__ = ("_hooks", "_on_update", "has_hooks", "looks_back", "spec")

    def __init__(self, spec: ModelSpec) -> None:
        self.spec = spec
        self._hooks: dict[HookEvent, list[Callable[[Record], Any]]] = {event: [] for event in HOOK_EVENTS}
        for hook in spec.hooks:
            self._hooks[hook.event].append(hook.function)
        self._on_update = {field.name: field.on_update for field in spec.fields if field.on_update}
        self.has_hooks = bool(spec.hooks)
        self.looks_back = self.has_hooks

    def filter(self, given: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """The filter with what the model's options add to every one."""
        return given

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
                f"{self.spec.name}: the {event} hook {name!r} failed: {type(error).__name__}: {error}",
                hint="Nothing of this node has been written.",
            ) from error


def care_for(spec: ModelSpec) -> Care | None:
    """What the model asks for; None when it is nothing."""
    return Care(spec) if spec.hooks or any(field.on_update for field in spec.fields) else None
