"""What travels in a drag between Studio's own widgets? The names of the formats and their contents, both ways."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from PySide6.QtCore import QMimeData

NODE_TYPE_MIME: Final = "application/x-studio-node-type"
"""A node to be made: UTF-8 JSON `{"type": name, "params": {…}}`, `params` optional."""

FIELD_MIME: Final = "application/x-studio-field"
"""A model's field: UTF-8 JSON `{"model": name, "field": name}`."""

MODEL_MIME: Final = "application/x-studio-model"
"""A model, to be asked what to do with it: UTF-8 JSON `{"model": name, "types": [names of node types]}`, the commonest first."""

OUTPUT_MIME: Final = "application/x-studio-output"
"""A value that a node gives: UTF-8 JSON `{"node": id, "port": path}`."""


def node_type_mime(type_name: str, params: Mapping[str, Any] | None = None) -> QMimeData:
    """The drag of a node type; as plain text it is the type's name."""
    content: dict[str, Any] = {"type": type_name}
    if params:
        content["params"] = dict(params)
    return _mime(NODE_TYPE_MIME, content, type_name)


def field_mime(model: str, field: str) -> QMimeData:
    """The drag of a field; as plain text it is `Model.field`."""
    return _mime(FIELD_MIME, {"model": model, "field": field}, f"{model}.{field}")


def model_mime(model: str, types: Sequence[str]) -> QMimeData:
    """The drag of a model with the node types that are offered for it; for who knows no models it is a drag of the first of them."""
    mime = node_type_mime(types[0])
    mime.setData(MODEL_MIME, json.dumps({"model": model, "types": list(types)}).encode())
    return mime


def output_mime(node: str, port: str) -> QMimeData:
    """The drag of what a node gives at a port; as plain text it is `node.port`, as expressions write it."""
    return _mime(OUTPUT_MIME, {"node": node, "port": port}, f"{node}.{port}")


def read_node_type(mime: QMimeData) -> tuple[str, dict[str, Any]] | None:
    """The type's name and the params that a drag carries; None when it carries no node type."""
    content = _content(mime, NODE_TYPE_MIME)
    name = content.get("type") if content else None
    if content is None or not isinstance(name, str):
        return None
    params = content.get("params")
    return name, params if isinstance(params, dict) else {}


def read_model(mime: QMimeData) -> tuple[str, tuple[str, ...]] | None:
    """The model's name and the node types that a drag offers; None when it carries no model."""
    content = _content(mime, MODEL_MIME) or {}
    model, types = content.get("model"), content.get("types")
    if not isinstance(model, str) or not isinstance(types, list):
        return None
    return model, tuple(name for name in types if isinstance(name, str))


def read_field(mime: QMimeData) -> tuple[str, str] | None:
    """The model's and the field's name that a drag carries; None when it carries no field."""
    return _two_names(mime, FIELD_MIME, "model", "field")


def read_output(mime: QMimeData) -> tuple[str, str] | None:
    """The node's id and the path out of it that a drag carries; None when it carries no output."""
    return _two_names(mime, OUTPUT_MIME, "node", "port")


def _two_names(mime: QMimeData, kind: str, *keys: str) -> tuple[str, str] | None:
    content = _content(mime, kind) or {}
    one, other = (content.get(key) for key in keys)
    return (one, other) if isinstance(one, str) and isinstance(other, str) else None


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
