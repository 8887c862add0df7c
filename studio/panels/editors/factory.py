"""Which editor does a param get? The one its spec names, else the one of its type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from studio.panels.editors.base import EditorContext, ValueEditor
from studio.panels.editors.binary import BytesEditor
from studio.panels.editors.expressions import ExpressionEditor
from studio.panels.editors.figures import AggregateEditor
from studio.panels.editors.filters import FilterEditor
from studio.panels.editors.mappings import MappingEditor
from studio.panels.editors.names import FieldNamesEditor, OrderEditor, RelationNamesEditor, WriteNamesEditor
from studio.panels.editors.paths import PathEditor
from studio.panels.editors.simple import ChoiceEditor, LineEditor
from studio.panels.editors.structured import RawSwitch
from studio.panels.editors.table import TableEditor
from studio.panels.editors.texts import JsonEditor, TextEditor
from studio.panels.editors.workflows import WorkflowEditor

if TYPE_CHECKING:
    from studio.workflow.spec import ParamSpec


def make_editor(param: ParamSpec, context: EditorContext, parent: QWidget) -> ValueEditor:
    """The editor of a param's literal values."""
    kind = param.type.kind
    if param.editor == "workflow":
        return WorkflowEditor(context, parent)
    if param.editor == "connection":
        # Chosen, not typed: half a name makes another kind of node of it.
        return ChoiceEditor(context.connections, parent)
    if param.editor in ("file", "new_file"):
        return PathEditor(context, parent, is_written=param.editor == "new_file")
    named = _named(param, context, parent)
    if named is not None:
        return named
    if param.choices:
        return ChoiceEditor(param.choices, parent, nullable=param.type.nullable)
    if param.type.many or kind in ("dict", "list", "vector", "record"):
        return JsonEditor("list" if param.type.many else kind, context, parent)
    if kind == "bool":
        return ChoiceEditor([True, False], parent, nullable=param.type.nullable)
    if kind == "text":
        return TextEditor(context, parent)
    if kind == "bytes":
        return BytesEditor(context, parent)
    return LineEditor("str" if kind == "enum" else kind, context, parent)


def _named(param: ParamSpec, context: EditorContext, parent: QWidget) -> ValueEditor | None:
    match param.editor:
        case "text":
            return TextEditor(context, parent)
        case "code":
            return TextEditor(context, parent, language="python")
        case "sql":
            return TextEditor(context, parent, language="sql")
        case "json":
            return JsonEditor(param.type.kind, context, parent)
        case "expression":
            return ExpressionEditor(context, parent, bare=bool(param.local_names), names=param.local_names)
        case "filter":
            return RawSwitch(FilterEditor(context, parent), "dict", context, parent)
        case "order":
            return RawSwitch(OrderEditor(context, parent), "list", context, parent)
        case "aggregate":
            return RawSwitch(AggregateEditor(context, parent), "dict", context, parent)
        case "rows":
            return RawSwitch(TableEditor(context, parent), "list", context, parent)
        case "mapping":
            inner = MappingEditor(context, parent, local_names=param.local_names)
            return RawSwitch(inner, "dict", context, parent)
        case "relations" | "writes":
            kind = RelationNamesEditor if param.editor == "relations" else WriteNamesEditor
            return RawSwitch(kind(param.suggestions, context, parent), "list", context, parent)
        case "fields" if param.type.kind == "list" or param.type.many:
            return RawSwitch(FieldNamesEditor(context, parent), "list", context, parent)
        case "fields":
            inner = MappingEditor(context, parent, changes=param.name in ("fields", "update"))
            return RawSwitch(inner, "dict", context, parent)
    return None
