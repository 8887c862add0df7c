"""What is kept of the changes of an audited model? A record per change in a table of its own, written with the change or not at all.

Who asks for the trail is the business of `dataflow.audit`; when it is written, that of `careful`.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any, Final

import orjson

from studio.database.results import Record
from studio.kernel.behalf import ActorContext, TenantContext, current_node
from studio.models.options import MOST_TENANT
from studio.models.spec import FieldSpec, IndexSpec, Kind, ModelSpec

_SHORT: Final = 255

AUDIT_MODEL: Final = ModelSpec(
    name="StudioAuditEntry",
    table="studio_audit_trail",
    doc="What was done to the records of audited models.",
    fields=(
        FieldSpec(name="id", kind=Kind.INT, key=True, generated=True),
        FieldSpec(name="recorded_at", kind=Kind.DATETIME),
        FieldSpec(name="operation_type", kind=Kind.STR, max_length=_SHORT),
        FieldSpec(name="model_name", kind=Kind.STR, max_length=_SHORT),
        FieldSpec(name="record_id", kind=Kind.TEXT, nullable=True),
        FieldSpec(name="user_id", kind=Kind.STR, max_length=_SHORT, nullable=True),
        FieldSpec(name="tenant_id", kind=Kind.STR, max_length=MOST_TENANT, nullable=True),
        FieldSpec(name="before", kind=Kind.DICT, nullable=True),
        FieldSpec(name="after", kind=Kind.DICT, nullable=True),
        FieldSpec(name="changed", kind=Kind.INT, default=1),
        FieldSpec(name="run_id", kind=Kind.STR, max_length=_SHORT, nullable=True),
        FieldSpec(name="node_id", kind=Kind.TEXT, nullable=True),
        FieldSpec(name="metadata", kind=Kind.DICT, nullable=True),
    ),
    indexes=(
        IndexSpec(name="ix_studio_audit_model", fields=("model_name", "recorded_at")),
        IndexSpec(name="ix_studio_audit_time", fields=("recorded_at",)),
    ),
)
"""One change each. `changed` is 1, or the number of changes beyond those whose images are kept; then `record_id` and images are empty."""


def audit_row(
    operation: str,
    model: str,
    *,
    key: Any = None,
    before: Record | None = None,
    after: Record | None = None,
    hidden: Collection[str] = (),
    changed: int = 1,
    actor: str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Record:
    """An entry of the trail as a record of `AUDIT_MODEL`; who, for which tenant, and where is what the context says.

    `hidden` are fields whose values must not be seen: of those only whether there is one.
    """
    run, node = current_node()
    return {
        "recorded_at": dt.datetime.now(dt.UTC),
        "operation_type": operation,
        "model_name": model,
        "record_id": None if key is None else record_key(key),
        "user_id": actor or ActorContext.current(),
        "tenant_id": TenantContext.current(),
        "before": _image(before, hidden),
        "after": _image(after, hidden),
        "changed": changed,
        "run_id": run,
        "node_id": node,
        "metadata": None if metadata is None else _plain(metadata),
    }


def record_key(key: Any) -> str:
    """A record's key as the trail has it: its text; JSON where it has several fields."""
    return orjson.dumps(_plain(key)).decode() if isinstance(key, Mapping) else str(key)


def _image(record: Record | None, hidden: Collection[str]) -> Any:
    if record is None:
        return None
    veiled = {name: "(encrypted)" for name in hidden if record.get(name) is not None}
    return _plain({**record, **veiled})


def _plain(value: Any) -> Any:
    """The value as JSON says it: dates and Decimals as text, bytes in base64."""
    return orjson.loads(orjson.dumps(value, default=_spelt, option=orjson.OPT_NON_STR_KEYS))


def _spelt(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)
