"""How are connections, models, fields and operations laid out as a tree? The item model, what it carries in a drag, and how rows are drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QMimeData, QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from studio.panels.display import short_count
from studio.panels.fuzzy import best_matches
from studio.panels.widgets import item_icon
from studio.qt.mime import field_mime, model_mime, node_type_mime

if TYPE_CHECKING:
    from studio.models.spec import FieldSpec
    from studio.project.state import Connection, ModelEntry
    from studio.qt.theme import Theme
    from studio.session import Session
    from studio.workflow.spec import NodeSpec, PortSpec

KIND: Final = Qt.ItemDataRole.UserRole + 1
"""connection, model, fields, field, operation, group."""
ID: Final = Qt.ItemDataRole.UserRole + 2
"""Of a connection or a model entry; of a field, `Model.field`; of an operation, the node type's name."""
EXTRA: Final = Qt.ItemDataRole.UserRole + 3
"""Faint text at the right."""
TYPE: Final = Qt.ItemDataRole.UserRole + 4
"""The node type that is made by a drag or Enter."""
OFFERED: Final = Qt.ItemDataRole.UserRole + 5
"""Of a model: the node types that are offered where it is dropped."""

_MOST_MATCHES: Final = 60

_COMMONEST: Final = (
    "list", "create", "update", "read", "delete", "count", "aggregate", "bulk_create",
)  # fmt: skip
"""The operations of a model, the commonest first; the first four that it has are offered."""
_OFFERED: Final = 4

OPERATION_GLYPHS: Final = {
    "create": "plus-circle",
    "read": "eye",
    "update": "pencil-simple",
    "delete": "trash",
    "list": "list-bullets",
    "count": "hash",
    "upsert": "git-merge",
    "aggregate": "math-operations",
}


class ModelsTree(QStandardItemModel):
    """Connection ▸ model ▸ fields and operations, and the nodes of no model; or, while searching, the matches in one list."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme
        self.model_items: dict[str, QStandardItem] = {}

    def fill(self, session: Session, counts: dict[str, int | str]) -> None:
        """Makes the tree of a project; `counts` are the models' row counts as far as they are known."""
        self._reset()
        project = session.project
        by_model = _operations_of(session)
        for connection in project.connections.values():
            item = self.connection_item(connection, is_default=connection.id == project.default_connection)
            self.appendRow(item)
            for entry in project.models.values():
                if entry.connection == connection.id:
                    item.appendRow(
                        self.model_item(entry, by_model.get((entry.name, connection.name), ()), counts)
                    )
        orphans = [entry for entry in project.models.values() if entry.connection not in project.connections]
        for entry in orphans:
            self.appendRow(self.model_item(entry, (), counts))
        for item in self._general_items(session):
            self.appendRow(item)

    def fill_matches(self, session: Session, query: str, counts: dict[str, int | str]) -> None:
        """Makes a list of the best answers to a search: operations and models, then fields, then flow nodes as they rank."""
        entries: list[tuple[str, tuple[str, Any]]] = []
        connections, by_model = session.project.connections, _operations_of(session)
        for entry in session.project.models.values():
            entries.append((entry.name, ("model", entry)))
            if entry.spec is not None:
                entries += [
                    (f"{entry.name} {field.name}", ("field", (entry.name, field)))
                    for field in entry.spec.fields
                ]
        for spec in session.catalogue.specs():
            words = f"{spec.model} {operation_title(spec)}" if spec.model else spec.title
            entries.append((words, ("operation", spec)))
        self._reset()
        for kind, what in best_matches(query, entries, most=_MOST_MATCHES, weigh=_weight):
            if kind == "model":
                connection = connections.get(what.connection)
                known = by_model.get((what.name, connection.name), ()) if connection is not None else ()
                self.appendRow(self.model_item(what, known, counts, path=what.name))
            elif kind == "field":
                self.appendRow(self.field_item(what[0], what[1], path=f"{what[0]} ▸ {what[1].name}"))
            else:
                path = f"{what.model} ▸ {operation_title(what)}" if what.model else what.title
                self.appendRow(self.operation_item(what, path=path))

    def set_count(self, model_id: str, count: object, fault: str = "") -> None:
        """Shows a model's row count; `fault` says why there is none."""
        item = self.model_items.get(model_id)
        if item is not None:
            _put_count(item, count)
            if fault:
                item.setToolTip(fault)

    def _reset(self) -> None:
        self.clear()
        self.model_items = {}

    # ------------------------------------------------------------ items

    def connection_item(self, connection: Connection, *, is_default: bool) -> QStandardItem:
        item = self._item(connection.name, "connection", connection.id, "database")
        dialect = connection.url.partition(":")[0].partition("+")[0]
        item.setData(dialect + (" ★" if is_default else ""), EXTRA)
        item.setToolTip(
            connection.url + ("\n" + self.tr("New nodes use this connection") if is_default else "")
        )
        font = self.theme.font(bold=True)
        item.setFont(font)
        return item

    def model_item(
        self,
        entry: ModelEntry,
        operations: Iterable[NodeSpec],
        counts: dict[str, int | str],
        *,
        path: str = "",
    ) -> QStandardItem:
        item = self._item(path or entry.name, "model", entry.id, "table")
        self.model_items[entry.id] = item
        known = list(operations)
        listing = next((spec.type for spec in known if spec.operation == "list"), None)
        item.setData(listing, TYPE)
        item.setData((entry.name, _commonest(known)), OFFERED)
        if entry.id in counts:
            _put_count(item, counts[entry.id])
        if entry.spec is None:
            item.setToolTip(
                self.tr("This Studio cannot read the definition of {name}.").format(name=entry.name)
            )
            return item
        item.setToolTip(entry.spec.doc or self.tr("Table {table}").format(table=entry.spec.table))
        if path:
            return item
        fields = self._item(self.tr("Fields"), "fields", entry.id, "rows")
        fields.setData(str(len(entry.spec.fields)), EXTRA)
        for field in entry.spec.fields:
            fields.appendRow(self.field_item(entry.name, field))
        item.appendRow(fields)
        related = [
            port for spec in known if spec.operation == "read" for port in spec.outputs if port.related
        ]
        if related:
            relations = self._item(self.tr("Relations"), "relations", entry.id, "link")
            relations.setData(str(len(related)), EXTRA)
            for port in related:
                relations.appendRow(self.relation_item(entry.name, port))
            item.appendRow(relations)
        for spec in known:
            item.appendRow(self.operation_item(spec))
        return item

    def field_item(self, model: str, field: FieldSpec, *, path: str = "") -> QStandardItem:
        glyph = "key" if field.key else "link" if field.references else "circle"
        item = self._item(
            path or field.name, "field", f"{model}.{field.name}", glyph, tint=_type_token(self.theme, field)
        )
        item.setData(field_facts(field), EXTRA)
        item.setToolTip("\n".join(part for part in (field.description, _column_text(field)) if part))
        return item

    def relation_item(self, model: str, port: PortSpec) -> QStandardItem:
        glyph = "rows" if port.type.many else "link"
        item = self._item(port.name, "relation", f"{model}.{port.name}", glyph)
        item.setData(f"→ {port.type}", EXTRA)
        said = self.tr('Read along where Include of a Read or a List names "{name}".')
        item.setToolTip(said.format(name=port.name))
        return item

    def operation_item(self, spec: NodeSpec, *, path: str = "") -> QStandardItem:
        operation = spec.operation
        glyph = OPERATION_GLYPHS.get(
            operation.removeprefix("bulk_"), "code" if spec.category == "code" else "flow-arrow"
        )
        if operation.startswith("bulk_"):
            glyph = "stack"
        token = operation.removeprefix("bulk_") or ("code" if spec.category == "code" else "flow")
        item = self._item(path or operation_title(spec), "operation", spec.type, glyph, tint=token)
        item.setData(spec.code, EXTRA)
        item.setData(spec.type, TYPE)
        item.setToolTip(f"{spec.description}\n{spec.type}")
        return item

    def _general_items(self, session: Session) -> list[QStandardItem]:
        """The groups of nodes that belong to no model."""
        flow = self._item(self.tr("Flow"), "group", "flow", "tree-structure")
        data = self._item(self.tr("Data"), "group", "data", "funnel")
        for group in (flow, data):
            group.setFont(self.theme.font(bold=True))
        for spec in session.catalogue.specs():
            if spec.category != "model":
                (data if spec.category == "data" else flow).appendRow(self.operation_item(spec))
        return [flow, data]

    def _item(self, text: str, kind: str, id_: str, glyph: str, *, tint: str = "text_muted") -> QStandardItem:
        item = QStandardItem(item_icon(glyph, self.theme, tint), text)
        item.setEditable(False)
        item.setData(kind, KIND)
        item.setData(id_, ID)
        item.setDragEnabled(kind in ("operation", "model", "field"))
        return item

    # ------------------------------------------------------------ drags

    def mimeTypes(self) -> list[str]:
        from studio.qt.mime import FIELD_MIME, MODEL_MIME, NODE_TYPE_MIME

        return [MODEL_MIME, NODE_TYPE_MIME, FIELD_MIME, "text/plain"]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        for index in indexes:
            name, offered = index.data(OFFERED) or ("", ())
            if offered:
                return model_mime(name, offered)
            type_name = index.data(TYPE)
            if type_name:
                return node_type_mime(str(type_name))
            if index.data(KIND) == "field":
                model, _, field = str(index.data(ID)).partition(".")
                return field_mime(model, field)
        return QMimeData()

    def supportedDragActions(self) -> Qt.DropAction:
        return Qt.DropAction.CopyAction


class ExtraDelegate(QStyledItemDelegate):
    """Draws a row and, faintly at its right, what stands in EXTRA."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        extra = str(index.data(EXTRA) or "")
        if not extra:
            super().paint(painter, option, index)
            return
        font = self.theme.font(size_px=11)
        painter.save()
        painter.setFont(font)
        width = painter.fontMetrics().horizontalAdvance(extra)
        painter.restore()
        room = option.rect.width()
        shown = min(width + 12, room // 2)
        whole: Any = QStyleOptionViewItem(option)
        style = whole.widget.style() if whole.widget else None
        if style is not None:
            # The background spans the whole row, the text only what the extra leaves.
            style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, whole, painter, whole.widget)
        whole.rect = whole.rect.adjusted(0, 0, -shown, 0)
        super().paint(painter, whole, index)
        rect: QRect = option.rect
        place = QRect(rect.right() - shown + 4, rect.top(), shown - 10, rect.height())
        painter.save()
        try:
            painter.setFont(font)
            painter.setPen(self.theme.color("text_muted"))
            text = painter.fontMetrics().elidedText(extra, Qt.TextElideMode.ElideRight, place.width())
            painter.drawText(place, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), text)
        finally:
            painter.restore()


def _commonest(specs: Iterable[NodeSpec]) -> tuple[str, ...]:
    """The types of a model's commonest operations."""
    by_operation = {spec.operation: spec.type for spec in specs}
    return tuple(by_operation[name] for name in _COMMONEST if name in by_operation)[:_OFFERED]


def operation_title(spec: NodeSpec) -> str:
    """`Bulk create` for a model's operation, the spec's own title for the others."""
    words = spec.operation.replace("_", " ")
    return words[:1].upper() + words[1:] if words else spec.title


def field_facts(field: FieldSpec) -> str:
    """The type and the marks of a field: `decimal · null`, `str · unique · → Customer`."""
    facts = [f"{field.kind.value}({field.dimensions})" if field.dimensions else field.kind.value]
    if field.key:
        facts.append("pk")
    if field.unique and not field.key:
        facts.append("unique")
    if field.nullable:
        facts.append("null")
    if field.references:
        facts.append(f"→ {field.references.partition('.')[0]}")
    return " · ".join(facts)


def _weight(what: tuple[str, Any]) -> float:
    """What makes a node comes before what describes a model."""
    return {"operation": 1.0, "model": 1.0}.get(what[0], 0.7)


def _type_token(theme: Theme, field: FieldSpec) -> str:
    token = f"type_{field.kind.value}"
    return token if token in theme.tokens else "text_muted"


def _column_text(field: FieldSpec) -> str:
    return field_facts(field) + (f"\ncolumn {field.column}" if field.column != field.name else "")


def _put_count(item: QStandardItem, count: object) -> None:
    item.setData(short_count(count) if isinstance(count, int) else str(count), EXTRA)


def _operations_of(session: Session) -> dict[tuple[str, str], list[NodeSpec]]:
    found: dict[tuple[str, str], list[NodeSpec]] = {}
    for spec in session.catalogue.specs():
        if spec.model is not None:
            found.setdefault((spec.model, spec.connection or ""), []).append(spec)
    return found
