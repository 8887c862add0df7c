"""Who listens to a SQLAlchemy class, and how are they told of Studio's writes? Mapper events become hooks of the model.

A listener is called as by a session, `(mapper, connection, target)`, on the engine's loop. `connection` is None: the write runs on a connection of
Studio's own, which speaks asyncio. `target` is an object of the class made from the record and attached to no session; what a `before_`
listener sets on it is written, its relationships are empty. In `before_insert` it has what was given, defaults come later; in
`before_update` it is the record as it will be. Validators (`@validates`) are heard like listeners before a write.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy import orm

from studio.models.spec import HOOK_EVENTS, Hook, HookEvent, ModelSpec

_VALIDATED = ("before_insert", "before_update")


def heard(cls: type, spec: ModelSpec) -> ModelSpec:
    """The model with a hook for each event that somebody listens to by now; the very same one when nothing has changed."""
    mapper = cast("orm.Mapper[Any]", sa.inspect(cls))
    wanted = tuple(event for event in HOOK_EVENTS if _is_heard(mapper, event))
    if wanted == tuple(hook.event for hook in spec.hooks if isinstance(hook.function, Listeners)):
        return spec
    own = tuple(hook for hook in spec.hooks if not isinstance(hook.function, Listeners))
    return replace(spec, hooks=(*(Hook(event, Listeners(mapper, event)) for event in wanted), *own))


def _is_heard(mapper: orm.Mapper[Any], event: HookEvent) -> bool:
    return bool(getattr(mapper.dispatch, event)) or (event in _VALIDATED and bool(mapper.validators))


class Listeners:
    """Those of one event of one class, as the function of a hook."""

    def __init__(self, mapper: orm.Mapper[Any], event: HookEvent) -> None:
        self._mapper = mapper
        self._event = event
        self._names = tuple(attribute.key for attribute in mapper.column_attrs)

    @property
    def __name__(self) -> str:
        return f"listeners of {self._mapper.class_.__name__}"

    def __call__(self, record: Mapping[str, Any]) -> dict[str, Any] | None:
        """Tells the listeners; gives the record with what they have set on the object, or None after a write."""
        target = self._mapper.class_manager.new_instance()
        is_before = self._event in _VALIDATED
        for name in self._names:
            if name in record:
                # Lists and mappings are copied: a listener that changes one in place has changed the record's value too, unseen.
                value = copy.deepcopy(record[name]) if isinstance(record[name], list | dict) else record[name]
                if is_before:
                    setattr(target, name, value)
                else:
                    orm.attributes.set_committed_value(target, name, value)
        getattr(self._mapper.dispatch, self._event)(self._mapper, None, orm.attributes.instance_state(target))
        if not is_before:
            return None
        held = orm.attributes.instance_dict(target)
        changed = {
            name: held[name]
            for name in self._names
            if name in held and (name not in record or record[name] != held[name])
        }
        return {**record, **changed}
