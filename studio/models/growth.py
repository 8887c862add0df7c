"""May a model be declared again? When the second declaration only adds: fields and indexes more, and rules that the table does not know.

What is stored must stay as it was: each field's kind, column and constraints, the key, the table. Defaults, limits, patterns and
descriptions are the program's own and may change.
"""

from __future__ import annotations

from typing import Final

from studio.models.spec import FieldSpec, ModelSpec

_STORED: Final = (
    ("kind", "is"),
    ("column", "is kept in the column"),
    ("nullable", "may be empty"),
    ("unique", "is unique"),
    ("max_length", "is at most this long"),
    ("precision", "has this precision"),
    ("scale", "has this scale"),
    ("check", "is checked by"),
    ("references", "references"),
    ("on_delete", "on_delete is"),
    ("server_default", "server_default is"),
    ("generated", "is made by the database"),
)
"""What a column says of a field, and the words for it."""


def conflict(old: ModelSpec, new: ModelSpec) -> str | None:
    """Why `new` is not `old` with additions, as the end of a sentence; None when it is."""
    if new.table != old.table or new.schema != old.schema:
        return f"its table was {old.table!r} and is {new.table!r}"
    if new.key != old.key:
        return f"its key was {', '.join(old.key)} and is {', '.join(new.key)}"
    for field in old.fields:
        if field.name not in new:
            return f'the field "{field.name}" is gone'
        reason = _changed(field, new.by_name[field.name])
        if reason is not None:
            return reason
    for index in old.indexes:
        if index not in new.indexes:
            return f"the index {index.name!r} is gone or changed"
    return None


def _changed(old: FieldSpec, new: FieldSpec) -> str | None:
    for name, words in _STORED:
        before, after = getattr(old, name), getattr(new, name)
        if before != after and not (name == "unique" and after):
            return f'the field "{old.name}" {words} {_shown(after)}, and was {_shown(before)}'
    return None


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "nothing" if value is None else str(value)
