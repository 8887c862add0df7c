"""What travels in a drag between Studio's own widgets? The names of the formats and their contents, both ways."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from PySide6.QtCore import QMimeData

NODE_TYPE_MIME: Final = "application/x-studio-node-type"
"""A node to be made: UTF-8 JSON `{"type": name, "params": {…}}`, `params` optional."""

FIELD_MIME: Final = "application/x-studio-field"
"""A model's field: UTF-8 JSON `{"model": name, "field": name}`."""


def node_type_mime(type_name: str, params: Mapping[str, Any] | None = None) -> QMimeData:
    """The drag of a node type; as plain text it is the type's name."""
    content: dict[str, Any] = {"type": type_name}
    if params:
        content["params"] = dict(params)
    return _mime(NODE_TYPE_MIME, content, type_name)


def field_mime(model: str, field: str) -> QMimeData:
    """The drag of a field; as plain text it is `Model.field`."""
    return _mime(FIELD_MIME, {"model": model, "field": field}, f"{model}.{field}")


def read_node_type(mime: QMimeData) -> tuple[str, dict[str, Any]] | None:
    """The type's name and the params that a drag carries; None when it carries no node type."""
    content = _content(mime, NODE_TYPE_MIME)
    name = content.get("type") if content else None
    if content is None or not isinstance(name, str):
        return None
    params = content.get("params")
    return name, params if isinstance(params, dict) else {}


def read_field(mime: QMimeData) -> tuple[str, str] | None:
    """The model's and the field's name that a drag carries; None when it carries no field."""
    content = _content(mime, FIELD_MIME)
    if content is None:
        return None
    model, field = content.get("model"), content.get("field")
    return (model, field) if isinstance(model, str) and isinstance(field, str) else None


def _mime(kind: str, content: Mapping[str, Any], text: str) -> QMimeData:
    mime = QMimeData()
    mime.setData(kind, json.dumps(content).encode())
    mime.setText(text)
    return mime


def _content(mime: QMimeData, kind: str) -> dict[str, Any] | None:
    if not mime.hasFormat(kind):
        return None
    try:
        content = json.loads(bytes(mime.data(kind).data()).decode())
    except ValueError:
        return None
    return content if isinstance(content, dict) else None
