"""How does one param stand in the form? Its label, its editor, the switch to an expression, what feeds it, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.models.spec import MISSING
from studio.panels.display import cell_text
from studio.panels.editors.base import EditorContext, ValueEditor
from studio.panels.editors.expressions import ExpressionEditor
from studio.panels.editors.factory import make_editor
from studio.panels.editors.filters import FilterEditor
from studio.panels.editors.structured import RawSwitch
from studio.panels.editors.texts import JsonEditor
from studio.panels.literals import format_literal, is_expression
from studio.panels.widgets import ElidedLabel, add_action, clear_layout, repaint_icons, tool_button

if TYPE_CHECKING:
    from studio.qt.theme import Theme
    from studio.workflow.graph import Edge
    from studio.workflow.spec import ParamSpec


class ParamRow(QWidget):
    """One param.

    It never writes anything: `changed` says what a person wants, `show_value` what holds.
    """

    changed = Signal(str, object)
    """The param's name and its new value (MISSING: not set)."""
    finished = Signal()
    disconnectRequested = Signal(object)
    sourceActivated = Signal(str)
    usageRequested = Signal(str)
    """The model's field that the param stands for."""

    def __init__(self, param: ParamSpec, context: EditorContext, parent: QWidget) -> None:
        super().__init__(parent)
        self.param = param
        self.context = context
        self._value: Any = MISSING
        self._problems: tuple[str, ...] = ()
        self._is_fed = False
        self._expression: ExpressionEditor | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addLayout(self._make_head())
        self.editor = make_editor(param, context, self)
        self.editor.setAccessibleName(param.label or param.name)
        self.editor.setToolTip(param.description)
        self._ghost = _ghost(param)
        self.editor.set_ghost(self._ghost)
        self.editor.edited.connect(self._edited)
        self.editor.finished.connect(self.finished)
        if isinstance(self.editor, RawSwitch):
            self._tools.insertWidget(0, self.editor.switch)
            self.editor.switch.show()
        self.label.setBuddy(self.editor)
        self._body = QVBoxLayout()
        self._body.setSpacing(3)
        self._body.addWidget(self.editor)
        column.addLayout(self._body)
        self._feeds = QVBoxLayout()
        self._feeds.setSpacing(3)
        column.addLayout(self._feeds)
        self.error = QLabel(self)
        self.error.setProperty("role", "error")
        self.error.setWordWrap(True)
        self.error.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.error.hide()
        column.addWidget(self.error)

    def _make_head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(4)
        param = self.param
        star = f' <span style="color:{self.context.theme.hex("error")}">*</span>' if param.required else ""
        self.label = QLabel(f"{param.label or param.name}{star}", self)
        self.label.setTextFormat(Qt.TextFormat.RichText)
        self.label.setToolTip(_tip(param))
        head.addWidget(self.label)
        kind = ElidedLabel("", self)
        kind.set_text(_kind_text(param))
        kind.setProperty("role", "muted")
        font = self.context.theme.font(size_px=11)
        kind.setFont(font)
        head.addWidget(kind, 1)
        self._tools = QHBoxLayout()
        self._tools.setSpacing(0)
        head.addLayout(self._tools)
        self.function_button = QToolButton(self)
        self.function_button.setText("ƒ")
        self.function_button.setCheckable(True)
        self.function_button.setToolTip(self.tr("Use an expression, such as read.total * 2"))
        self.function_button.setAccessibleName(self.tr("Use an expression"))
        self.function_button.setVisible(
            param.expressions and not param.local_names and param.editor != "expression"
        )
        self.function_button.clicked.connect(self._function_clicked)
        self._tools.addWidget(self.function_button)
        self.more_button = tool_button(
            "dots-three",
            self.context.theme,
            self,
            tip=self.tr("Clear, null, empty text, usage"),
            tint="text_muted",
        )
        self.more_button.clicked.connect(self._open_menu)
        self._tools.addWidget(self.more_button)
        return head

    # ------------------------------------------------------------ what is shown

    @property
    def is_set(self) -> bool:
        return self._value is not MISSING

    @property
    def has_feeds(self) -> bool:
        return self._feeds.count() > 0

    @property
    def is_expression(self) -> bool:
        return self._expression is not None and self.function_button.isChecked()

    def show_value(self, value: Any) -> None:
        """Shows what holds; an editor that has the focus keeps it, and its caret."""
        self._value = value
        wanted = is_expression(value) and not self.param.local_names and self.param.expressions
        if wanted != self.function_button.isChecked() and not self._holds_focus():
            self._show_expression(wanted)
        shown = self._shown_editor()
        shown.show_value(value)
        self._show_problems(shown.problem)

    def show_problems(self, messages: Sequence[str]) -> None:
        """Shows what the checks have found; the editor's own finding comes first."""
        self._problems = tuple(messages)
        self._show_problems(self._shown_editor().problem)

    def show_feeds(self, feeds: Sequence[tuple[Edge, str]]) -> None:
        """`feeds` are the edges that end here, with the titles of their sources. One that gives the whole param takes the editor's place."""
        names = {self.param.name, *self.param.aliases}
        self._is_fed = any(edge.target_port in names for edge, _ in feeds)
        clear_layout(self._feeds)
        for edge, title in feeds:
            self._feeds.addWidget(FeedLine(edge, title, self))
        self._show_shown()
        self.function_button.setEnabled(not self._is_fed)

    def set_mixed(self, mixed: bool) -> None:
        """Says that the nodes chosen have different values."""
        self.editor.set_ghost(self.tr("different values") if mixed else self._ghost)

    def set_example(self, example: Any) -> None:
        """Shows faintly how JSON that has no default is written."""
        if not self._ghost and example is not MISSING and isinstance(self.editor, JsonEditor):
            self._ghost = self.tr("such as {}").format(format_literal("any", example))
            self.editor.set_ghost(self._ghost)

    def set_theme(self, theme: Theme) -> None:
        self.editor.set_theme(theme)
        repaint_icons(self, theme)

    def focus_editor(self) -> None:
        self._shown_editor().setFocus(Qt.FocusReason.OtherFocusReason)

    def begin_condition(self, field: str) -> None:
        """Begins a condition on a field where the param is a filter that shows its conditions; else its editor gets the caret."""
        shown = self._shown_editor()
        inner = shown.inner if isinstance(shown, RawSwitch) and not shown.is_raw else None
        if isinstance(inner, FilterEditor) and not self._is_fed:
            inner.begin_condition(field)
        else:
            self.focus_editor()

    # ------------------------------------------------------------ inside

    def _holds_focus(self) -> bool:
        shown = self._shown_editor()
        return any(child.hasFocus() for child in shown.findChildren(QWidget))

    def _shown_editor(self) -> ValueEditor:
        return self._expression if self._expression is not None and self.is_expression else self.editor

    def _show_expression(self, shown: bool) -> None:
        if shown and self._expression is None:
            self._expression = ExpressionEditor(self.context, self)
            self._expression.setAccessibleName(self.param.label or self.param.name)
            self._expression.edited.connect(self._edited)
            self._expression.finished.connect(self.finished)
            self._body.addWidget(self._expression)
        if self._expression is not None:
            self._expression.setVisible(shown)
        self.function_button.setChecked(shown)
        self._show_shown()

    def _show_shown(self) -> None:
        expression = self.function_button.isChecked()
        self.editor.setVisible(not self._is_fed and not expression)
        if self._expression is not None:
            self._expression.setVisible(not self._is_fed and expression)

    def _show_problems(self, own: str) -> None:
        texts = (own,) if own else self._problems
        self.error.setText("\n".join(texts))
        self.error.setVisible(bool(texts))
        self._shown_editor().set_invalid(bool(texts))

    def _edited(self) -> None:
        shown = self._shown_editor()
        self._value = shown.value()
        self._problems = ()
        self._show_problems(shown.problem)
        self.changed.emit(self.param.name, self._value)

    def _function_clicked(self) -> None:
        wanted = self.function_button.isChecked()
        self._show_expression(wanted)
        if wanted and self._expression is not None:
            text = (
                self._value
                if isinstance(self._value, int | float) and not isinstance(self._value, bool)
                else MISSING
            )
            self._expression.show_value(self._value if is_expression(self._value) else text)
        elif is_expression(self._value):
            self.editor.show_value(MISSING)
            self._set(MISSING)
        self.focus_editor()

    def _open_menu(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.fill_menu(menu)
        menu.popup(self.more_button.mapToGlobal(QPoint(0, self.more_button.height())))

    def fill_menu(self, menu: QMenu) -> None:
        """The actions on the value: clear it, or set what cannot be typed."""
        choices = [(self.tr("&Clear"), self.clear, self.is_set)]
        if self.param.type.nullable:
            choices.append((self.tr("Set to &null"), self.set_null, True))
        if self.param.type.kind in ("str", "text", "any"):
            choices.append((self.tr("Set to &empty text"), self.set_empty, True))
        for text, slot, enabled in choices:
            action = QAction(text, menu)
            action.setEnabled(enabled and not self._is_fed)
            action.triggered.connect(slot)
            menu.addAction(action)
        if self.param.field is not None and self.context.model is not None:
            menu.addSeparator()
            text = self.tr("Show &usage of {field}").format(field=self.param.field)
            add_action(menu, text, partial(self.usageRequested.emit, self.param.field))

    def clear(self) -> None:
        self._set(MISSING)

    def set_null(self) -> None:
        self._set(None)

    def set_empty(self) -> None:
        self._set("")

    def _set(self, value: Any) -> None:
        self._show_expression(False)
        self.show_value(value)
        self.changed.emit(self.param.name, value)
        self.finished.emit()


_LINK_MARGINS_PX: Final = 12
"""What the style sheet keeps free around a link, and a little more."""


class FeedLine(QWidget):
    """An edge that gives a param: where it comes from, and a button that takes it away."""

    def __init__(self, edge: Edge, title: str, row: ParamRow) -> None:
        super().__init__(row)
        self.edge = edge
        self._row = row
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        _, _, inner = edge.target_port.partition(".")
        text = f"← {edge.source}.{edge.source_port}"
        self._text = f"{inner} {text}" if inner else text
        self.source = QPushButton(self._text, self)
        self.source.setAccessibleName(self._text)
        self.source.setProperty("kind", "link")
        self.source.setCursor(Qt.CursorShape.PointingHandCursor)
        self.source.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.source.setToolTip(
            row.tr("{title} › {port}. Click to select the node.").format(title=title, port=edge.source_port)
        )
        self.source.setFont(row.context.theme.mono(size_px=12))
        self.source.clicked.connect(self._activate)
        line.addWidget(self.source, 1)
        self.disconnect_button = tool_button(
            "link-break", row.context.theme, self, tip=row.tr("Disconnect"), text=row.tr("Disconnect")
        )
        self.disconnect_button.clicked.connect(self._disconnect)
        line.addWidget(self.disconnect_button)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.source.width() - _LINK_MARGINS_PX
        shown = self.source.fontMetrics().elidedText(self._text, Qt.TextElideMode.ElideMiddle, room)
        self.source.setText(shown)

    def _activate(self) -> None:
        self._row.sourceActivated.emit(self.edge.source)

    def _disconnect(self) -> None:
        self._row.disconnectRequested.emit(self.edge)


_PLAIN_KINDS: Final = {"bool": "yes or no", "float": "number", "enum": "choice", "datetime": "date and time"}


def _kind_text(param: ParamSpec) -> str:
    """What is wanted, in a person's words; nothing where the editor shows it."""
    kind = param.type
    if param.editor not in ("auto", "text", "choice") and kind.model is None:
        return ""
    if kind.kind == "any" and not kind.many:
        return ""
    if kind.many or kind.model is not None:
        return str(kind)
    return _PLAIN_KINDS.get(kind.kind, str(kind))


def _ghost(param: ParamSpec) -> str:
    """What holds when nothing is given, as a faint text."""
    if param.default is MISSING:
        return ""
    return "null" if param.default is None else cell_text(param.default)


def _tip(param: ParamSpec) -> str:
    facts = [param.description, f"{param.name}: {param.type}"]
    return "\n".join(fact for fact in facts if fact)
