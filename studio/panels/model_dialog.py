"""What does a new model look like? A name and its fields, checked as they are typed; Create is one undo step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from studio.kernel.errors import StudioError
from studio.kernel.names import pascal_case, plural, snake_case
from studio.models.options import checked_options, complete, managed_fields
from studio.models.spec import MISSING, MOST_DIMENSIONS, FieldSpec, Kind, ModelSpec
from studio.panels.editors.base import CalmCombo, mark_invalid
from studio.panels.literals import LiteralRefused, parse_literal
from studio.panels.widgets import muted_label, number_box, set_role, tool_button

if TYPE_CHECKING:
    from studio.qt.theme import Theme
    from studio.session import Session

KINDS: Final = (
    Kind.STR, Kind.TEXT, Kind.INT, Kind.FLOAT, Kind.DECIMAL, Kind.BOOL, Kind.DATETIME, Kind.DATE, Kind.TIME,
    Kind.TIMEDELTA, Kind.UUID, Kind.BYTES, Kind.DICT, Kind.LIST, Kind.VECTOR,
)  # fmt: skip
_NAME, _KIND, _NULL, _UNIQUE, _DEFAULT = range(5)
_USUAL_DIMENSIONS: Final = 1536


class TypeCell(QWidget):
    """The type of a field; beside a vector's the number of its dimensions."""

    def __init__(self, kind: Kind, parent: QWidget) -> None:
        super().__init__(parent)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        self.combo = CalmCombo(self)
        for known in KINDS:
            self.combo.addItem(known.value, known)
        self.combo.setAccessibleName(self.tr("Type"))
        self.combo.currentIndexChanged.connect(self._show_size)
        line.addWidget(self.combo, 1)
        self.size_box = number_box(self)
        self.size_box.setRange(1, MOST_DIMENSIONS)
        self.size_box.setValue(_USUAL_DIMENSIONS)
        self.size_box.setAccessibleName(self.tr("Dimensions"))
        self.size_box.setToolTip(self.tr("How many numbers each vector has, 1 to 16,000"))
        line.addWidget(self.size_box)
        self.setFocusProxy(self.combo)
        self.combo.setCurrentIndex(KINDS.index(kind))
        self._show_size()

    @property
    def kind(self) -> Kind:
        return KINDS[self.combo.currentIndex()]

    @property
    def dimensions(self) -> int | None:
        """None for a type that has none."""
        return self.size_box.value() if self.kind is Kind.VECTOR else None

    def _show_size(self, _index: int = 0) -> None:
        self.size_box.setVisible(self.kind is Kind.VECTOR)


class ModelDialog(QDialog):
    """A new model on one connection. `id`, `created_at` and `updated_at` come by themselves."""

    modelSaved = Signal(str)
    """The new model's name."""

    def __init__(
        self,
        session: Session,
        theme: Theme,
        parent: QWidget | None = None,
        *,
        connection_id: str | None = None,
    ) -> None:
        super().__init__(parent)
        self.session = session
        self.theme = theme
        self.setWindowTitle(self.tr("New model"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(680, 460)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 14, 14, 14)
        column.setSpacing(10)
        column.addLayout(self._make_head(connection_id))
        column.addWidget(self._make_table(), 1)
        column.addLayout(self._make_row_buttons())
        column.addLayout(self._make_options())
        note = self.tr("Every record also gets created_at and updated_at, which are filled in by themselves.")
        column.addWidget(muted_label(note, self, wrap=True))
        self.error = QLabel(self)
        self.error.setWordWrap(True)
        set_role(self.error, "role", "error")
        self.error.hide()
        column.addWidget(self.error)
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.create_button = box.addButton(self.tr("C&reate"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.create_button.setDefault(True)
        box.accepted.connect(self.accept)
        box.rejected.connect(self.reject)
        column.addWidget(box)
        self.add_field("id", Kind.INT)
        self.add_field("name", Kind.STR)
        self.name.setFocus()

    def _make_head(self, connection_id: str | None) -> QFormLayout:
        form = QFormLayout()
        form.setHorizontalSpacing(12)
        self.name = QLineEdit(self)
        self.name.setPlaceholderText(self.tr("Customer"))
        self.name.textEdited.connect(self._name_edited)
        form.addRow(self.tr("&Name"), self.name)
        self.table_label = muted_label("", self)
        form.addRow(self.tr("Table"), self.table_label)
        self.connection = CalmCombo(self)
        for connection in self.session.project.connections.values():
            self.connection.addItem(connection.name, connection.id)
        wanted = connection_id or self.session.project.default_connection
        self.connection.setCurrentIndex(max(0, self.connection.findData(wanted)))
        form.addRow(self.tr("Co&nnection"), self.connection)
        return form

    def _make_table(self) -> QTableWidget:
        self.table = QTableWidget(0, 5, self)
        self.table.setAccessibleName(self.tr("Fields"))
        self.table.setHorizontalHeaderLabels(
            [self.tr("Field"), self.tr("Type"), self.tr("May be null"), self.tr("Unique"), self.tr("Default")]
        )
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(_DEFAULT, QHeaderView.ResizeMode.Stretch)
        for section, width in ((_NAME, 150), (_KIND, 204), (_NULL, 108), (_UNIQUE, 72)):
            header.resizeSection(section, width)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(34)
        self.table.itemChanged.connect(self._clear_error)
        return self.table

    def _make_row_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        add = QPushButton(self.tr("&Add field"), self)
        add.clicked.connect(self._add_clicked)
        row.addWidget(add)
        remove = tool_button("trash", self.theme, self, tip=self.tr("Remove the selected field"))
        remove.clicked.connect(self.remove_field)
        row.addWidget(remove)
        row.addStretch(1)
        return row

    def _make_options(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(18)
        self.options: dict[str, QCheckBox] = {}
        for option, text, tip in (
            (
                "soft_delete",
                self.tr("Only &mark what is deleted"),
                self.tr("Deleting marks a record (deleted_at) instead of removing it."),
            ),
            (
                "versioned",
                self.tr("Count &versions"),
                self.tr("Each change counts (version); one of a record that has moved on is refused."),
            ),
            (
                "audit_log",
                self.tr("Keep an audit &trail"),
                self.tr("Every change leaves an entry, with the record before and after it."),
            ),
        ):
            box = QCheckBox(text, self)
            box.setToolTip(tip)
            row.addWidget(box)
            self.options[option] = box
        row.addStretch(1)
        return row

    # ------------------------------------------------------------ fields

    def add_field(self, name: str = "", kind: Kind = Kind.STR) -> None:
        number = self.table.rowCount()
        self.table.insertRow(number)
        self.table.setItem(number, _NAME, QTableWidgetItem(name))
        self.table.setCellWidget(number, _KIND, TypeCell(kind, self.table))
        for column in (_NULL, _UNIQUE):
            box = QCheckBox(self.table)
            box.setAccessibleName(self.tr("May be null") if column == _NULL else self.tr("Unique"))
            box.setEnabled(name != "id")
            self.table.setCellWidget(number, column, _centred(box, self.table))
        self.table.setItem(number, _DEFAULT, QTableWidgetItem(""))

    def _add_clicked(self) -> None:
        self.add_field()
        self.table.setCurrentCell(self.table.rowCount() - 1, _NAME)
        self.table.setFocus()
        item = self.table.item(self.table.rowCount() - 1, _NAME)
        if item is not None:
            self.table.editItem(item)

    def remove_field(self) -> None:
        number = self.table.currentRow()
        if number >= 0:
            self.table.removeRow(number)
            self._clear_error()

    def _name_edited(self, text: str) -> None:
        self._clear_error()
        name = pascal_case(text) if text.strip() else ""
        self.table_label.setText(plural(snake_case(name)) if name else "")

    def _clear_error(self, _item: object = None) -> None:
        self.error.hide()
        mark_invalid(self.name, False)

    # ------------------------------------------------------------ the model

    def model(self) -> ModelSpec:
        """The model as it stands; raises LiteralRefused or StudioError that say what is wrong."""
        name = pascal_case(self.name.text().strip()) if self.name.text().strip() else ""
        if not name:
            raise LiteralRefused(self.tr("Give the model a name, such as Customer."))
        connection = str(self.connection.currentData())
        taken = [entry for entry in self.session.project.models.values() if entry.name == name]
        if any(entry.connection == connection for entry in taken):
            raise LiteralRefused(self.tr("This connection has a model {name} already.").format(name=name))
        fields = [self._field(number) for number in range(self.table.rowCount())]
        options = {option: True for option, box in self.options.items() if box.isChecked()}
        return make_model(name, [field for field in fields if field is not None], options)

    def _field(self, number: int) -> FieldSpec | None:
        name = self._text(number, _NAME)
        if not name:
            return None
        cell = self.table.cellWidget(number, _KIND)
        assert isinstance(cell, TypeCell)
        kind = cell.kind
        text = self._text(number, _DEFAULT)
        default: Any = MISSING
        if text:
            try:
                default = parse_literal(kind.value, text)
            except LiteralRefused as refusal:
                raise LiteralRefused(f"{name}: {refusal}") from refusal
        return FieldSpec(
            name=name,
            kind=kind,
            dimensions=cell.dimensions,
            nullable=self._is_checked(number, _NULL),
            unique=self._is_checked(number, _UNIQUE),
            default=default,
        )

    def _text(self, number: int, column: int) -> str:
        item = self.table.item(number, column)
        return item.text().strip() if item is not None else ""

    def _is_checked(self, number: int, column: int) -> bool:
        cell = self.table.cellWidget(number, column)
        return any(box.isChecked() for box in cell.findChildren(QCheckBox))

    def accept(self) -> None:
        try:
            spec = self.model()
            self.session.import_models(str(self.connection.currentData()), [spec])
        except (LiteralRefused, StudioError) as refusal:
            self.error.setText(str(refusal))
            self.error.show()
            mark_invalid(self.name, not self.name.text().strip())
            return
        self.modelSaved.emit(spec.name)
        super().accept()


def make_model(name: str, fields: list[FieldSpec], options: Mapping[str, bool]) -> ModelSpec:
    """A model of these fields with its key, its timestamps and what the options add; raises LiteralRefused."""
    kept = [field.name for field in managed_fields(options)]
    names = [field.name for field in fields]
    for field in fields:
        if not field.name.isidentifier() or field.name.startswith("_"):
            raise LiteralRefused(
                f"{field.name!r} is no name for a field: use letters, digits and underscores."
            )
        if names.count(field.name) > 1:
            raise LiteralRefused(f"There are two fields named {field.name}.")
        if field.name in kept:
            raise LiteralRefused(f"{field.name} comes by itself; leave it out.")
    if "id" not in names:
        fields = [FieldSpec(name="id", kind=Kind.INT), *fields]
    made = [_as_key(field) if field.name == "id" else field for field in fields]
    return ModelSpec(
        name=name,
        table=plural(snake_case(name)),
        fields=complete(name, made, options),
        options=checked_options(name, options),
    )


def _as_key(field: FieldSpec) -> FieldSpec:
    if field.kind not in (Kind.INT, Kind.STR, Kind.UUID):
        raise LiteralRefused("An id is an int, a str or a uuid.")
    return replace(field, key=True, nullable=False, unique=False, generated=field.kind is Kind.INT)


def _centred(box: QCheckBox, parent: QWidget) -> QWidget:
    holder = QWidget(parent)
    line = QHBoxLayout(holder)
    line.setContentsMargins(0, 0, 0, 0)
    line.addWidget(box, 0, Qt.AlignmentFlag.AlignCenter)
    return holder
