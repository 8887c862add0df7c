"""Every panel in every look: live changes of theme, and nothing that is cut off or without a name."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
)

from studio.kernel.ids import NodeId
from studio.panels import (
    ConnectionDialog,
    HistoryPanel,
    ImportModelsDialog,
    InspectorPanel,
    LineagePanel,
    LogPanel,
    ModelDialog,
    ModelsPanel,
    OutlinePanel,
    ProblemsPanel,
    ResultsPanel,
    RunsPanel,
    WelcomePage,
    WorkflowsPanel,
)
from studio.qt.theme import Theme
from tests.gui.panels.support import PanelSession, duplicate_error, make_handle, order_row, shop_models

PANELS = (
    HistoryPanel,
    InspectorPanel,
    LineagePanel,
    LogPanel,
    ModelsPanel,
    OutlinePanel,
    ProblemsPanel,
    ResultsPanel,
    RunsPanel,
    WorkflowsPanel,
)


@pytest.fixture
def full():
    return PanelSession.of(rows=[order_row(number) for number in range(1, 30)], tables=shop_models())


@pytest.fixture
def styled(qapp):
    def apply(theme):
        qapp.setPalette(theme.palette())
        qapp.setStyleSheet(theme.stylesheet())

    yield apply
    qapp.setStyleSheet("")


def fill(panel):
    """Gives a panel what it would show in the middle of work."""
    if isinstance(panel, InspectorPanel):
        panel.show_nodes("w1", ["list_orders"])
    elif isinstance(panel, OutlinePanel):
        panel.set_workflow("w1")
    elif isinstance(panel, ResultsPanel):
        panel.set_run(
            make_handle({"list_orders": [order_row(1)]}, failed={"create_order": duplicate_error()})
        )
        panel.show_output("list_orders")
        panel.show_output("create_order")
        panel.show_model("Order")
    elif isinstance(panel, LineagePanel):
        panel.show_field("Order.total")
    elif isinstance(panel, LogPanel):
        assert panel.session is not None
        panel.session.log("a line", level="warning", node=NodeId("map"))


@pytest.mark.parametrize("kind", PANELS)
def test_a_panel_takes_another_look_while_it_is_open(kind, full, show, styled, qtbot):
    dark, light = Theme.dark(), Theme.light()
    styled(dark)
    panel = kind(dark)
    panel.set_session(full)
    show(panel, 600, 400)
    fill(panel)
    qtbot.wait(50)
    before = panel.grab().toImage()
    styled(light)
    panel.set_theme(light)
    QApplication.processEvents()
    after = panel.grab().toImage()
    assert before != after
    assert panel.theme is light


@pytest.mark.parametrize("kind", PANELS)
def test_a_panel_can_lose_its_session_at_any_time(kind, full, theme, show, qtbot):
    panel = kind(theme)
    panel.set_session(full)
    show(panel, 600, 400)
    fill(panel)
    panel.set_session(None)
    full.set_params("w1", "map", {"keep": True})
    full.log("nobody hears this")
    qtbot.wait(50)
    assert panel.session is None
    assert full._listeners == []


def nameless(root):
    """What a screen reader would have no words for."""
    kinds = (QAbstractButton, QAbstractItemView, QComboBox, QLineEdit, QPlainTextEdit)
    widgets = [widget for kind in kinds for widget in root.findChildren(kind)]
    return [
        widget
        for widget in widgets
        if widget.isVisibleTo(root) and not is_qts_own(widget) and not has_words(root, widget)
    ]


def is_qts_own(widget):
    """Parts that Qt puts into its widgets itself: a table's corner, a combo box's line, a tab bar's arrows."""
    parent = widget.parentWidget()
    inside = isinstance(parent, QComboBox | QAbstractItemView | QTabBar | QAbstractSpinBox | QLineEdit)
    return widget.objectName().startswith("qt_") or inside or isinstance(widget, QHeaderView)


def has_words(root, widget):
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    return bool(widget.accessibleName() or widget.toolTip() or text) or is_labelled(root, widget)


def is_labelled(root, widget):
    while widget is not None and widget is not root:
        if any(label.buddy() is widget for label in root.findChildren(QLabel)) or widget.accessibleName():
            return True
        widget = widget.parentWidget()
    return False


@pytest.mark.parametrize("kind", PANELS)
def test_everything_in_a_panel_has_a_name_for_those_who_do_not_see_it(kind, full, theme, show, qtbot):
    panel = kind(theme)
    panel.set_session(full)
    show(panel, 600, 400)
    fill(panel)
    qtbot.wait(50)
    assert [type(widget).__name__ for widget in nameless(panel)] == []


@pytest.mark.parametrize("kind", [ConnectionDialog, ImportModelsDialog, ModelDialog])
def test_everything_in_a_dialog_has_a_name_for_those_who_do_not_see_it(kind, full, theme, qtbot):
    dialog = kind(full, theme)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    dialog.open()
    qtbot.wait(50)
    assert [type(widget).__name__ for widget in nameless(dialog)] == []


def test_the_first_page_takes_another_look(show):
    page = WelcomePage(Theme.dark())
    show(page, 900, 600)
    before = page.grab().toImage()
    page.set_theme(Theme.light())
    QApplication.processEvents()
    assert page.grab().toImage() != before
