"""How are Qt's own widgets drawn? One style sheet made from a theme's tokens; sizes are device-independent pixels.

Widgets with a look of their own set `objectName` or a dynamic property that is listed here (`kind="primary"`,
`kind="danger"`, `kind="flat"`, `role="muted"`, `role="title"`, `role="error"`); no widget carries a style sheet of its own.
"""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING, Final

from studio.qt.assets import asset

if TYPE_CHECKING:
    from studio.qt.theme import Theme

_SHEET: Final = Template("""
* { outline: none; }
QWidget { color: $text; selection-background-color: $accent; selection-color: $text_on_accent; }
QMainWindow, QDialog, QWizard, QMessageBox { background: $window; }
QMainWindow::separator { background: $window; width: 5px; height: 5px; }
QMainWindow::separator:hover { background: $accent; }
QToolTip { background: $card; color: $text; border: 1px solid $border_strong; padding: 4px 6px; }

QLabel { background: transparent; }
QLabel[role="muted"] { color: $text_muted; }
QLabel[role="title"] { font-size: 17px; font-weight: 600; }
QLabel[role="heading"] { font-weight: 600; }
QLabel[role="error"] { color: $error; }
QLabel[role="warning"] { color: $warning; }
QLabel[role="ok"] { color: $ok; }
QLabel:disabled { color: $text_muted; }

QMenuBar { background: $window; padding: 2px 4px; border-bottom: 1px solid $border; }
QMenuBar::item { background: transparent; padding: 5px 9px; border-radius: 4px; }
QMenuBar::item:selected { background: $hover; }
QMenu { background: $card; border: 1px solid $border_strong; padding: 5px; }
QMenu::item { padding: 5px 26px 5px 10px; border-radius: 4px; min-width: 140px; }
QMenu::item:selected { background: $selection; color: $text; }
QMenu::item:disabled { color: $text_muted; background: transparent; }
QMenu::separator { height: 1px; background: $border; margin: 5px 8px; }
QMenu::icon { padding-left: 8px; }
QMenu::indicator { width: 13px; height: 15px; margin-left: 7px; }
QMenu::indicator:checked { image: url($check_menu); }
QMenu::right-arrow { image: url($chevron_right); width: 12px; height: 12px; }

QToolBar { background: $window; border: none; border-bottom: 1px solid $border; padding: 4px 8px; spacing: 2px; }
QToolBar::separator { background: $border; width: 1px; margin: 5px 6px; }
QToolButton { background: transparent; border: 1px solid transparent; border-radius: 5px; padding: 4px; }
QToolBar QToolButton { padding: 4px 7px; }
QToolButton:hover { background: $hover; }
QToolButton:pressed, QToolButton:checked { background: $selection; }
QToolButton:focus { border-color: $accent; }
QToolButton:disabled { color: $text_muted; }
QToolButton::menu-indicator { image: none; width: 0; }
QToolButton[popupMode="1"] { padding-right: 18px; }
QToolButton::menu-button { border: none; width: 16px; }
QToolButton::menu-arrow { image: url($chevron_down); width: 10px; height: 10px; }
QToolButton#runButton { background: $accent; color: $text_on_accent; font-weight: 600; padding: 4px 13px 4px 10px; }
QToolButton#runButton[popupMode="1"] { padding-right: 24px; }
QToolButton#runButton::menu-button { border-left: 1px solid $accent_hover; width: 18px; }
QToolButton#runButton::menu-button:disabled { border-left-color: $border; }
QToolButton#runButton::menu-arrow { image: url($chevron_run); width: 10px; height: 10px; }
QToolButton#runButton::menu-arrow:disabled { image: url($chevron_down); }
QToolButton#runButton:hover { background: $accent_hover; }
QToolButton#runButton:focus { border-color: $text; }
QToolButton#runButton:disabled { background: $hover; color: $text_muted; }
QToolButton#stopButton[running="true"] { background: $danger; color: $text_on_danger; font-weight: 600; }
QToolButton#stopButton[running="true"]:hover { background: $danger_hover; }

QPushButton { background: $card; border: 1px solid $border_strong; border-radius: 5px; padding: 5px 14px; min-height: 16px; }
QPushButton:hover { background: $hover; }
QPushButton:pressed { background: $selection; }
QPushButton:focus { border-color: $accent_text; }
QPushButton:default, QPushButton[kind="primary"] { background: $accent; border-color: $accent; color: $text_on_accent; }
QPushButton[kind="primary"] { font-weight: 600; }
QPushButton:default:hover, QPushButton[kind="primary"]:hover { background: $accent_hover; }
QPushButton:default:focus, QPushButton[kind="primary"]:focus { border-color: $text; }
QPushButton[kind="danger"] { color: $error; border-color: $error; background: transparent; }
QPushButton[kind="danger"]:hover { background: $hover; }
QPushButton[kind="flat"] { background: transparent; border-color: transparent; padding: 4px 8px; }
QPushButton[kind="flat"]:hover { background: $hover; }
QPushButton[kind="flat"]:focus { border-color: $accent; }
QPushButton[kind="link"] { background: transparent; border: 1px solid transparent; color: $accent_text; padding: 2px 4px; text-align: left; }
QPushButton[kind="link"]:hover { text-decoration: underline; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QPushButton:disabled, QPushButton:default:disabled, QPushButton[kind="primary"]:disabled { background: $panel; border-color: $border; color: $text_muted; }

QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox, QDateEdit, QTimeEdit, QDateTimeEdit, QComboBox {
  background: $input; border: 1px solid $border; border-radius: 5px; padding: 4px 7px; min-height: 18px; }
QPlainTextEdit, QTextEdit { padding: 3px; }
QSpinBox { padding: 2px 0; }
QAbstractSpinBox > QLineEdit { min-height: 0; }
QLineEdit:hover, QComboBox:hover, QSpinBox:hover, QDoubleSpinBox:hover, QPlainTextEdit:hover { border-color: $border_strong; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QDateEdit:focus,
QTimeEdit:focus, QDateTimeEdit:focus, QComboBox:focus { border-color: $accent_text; }
QLineEdit[invalid="true"], QPlainTextEdit[invalid="true"], QComboBox[invalid="true"], QSpinBox[invalid="true"],
QDoubleSpinBox[invalid="true"], QDateTimeEdit[invalid="true"] { border-color: $error; }
QLineEdit:disabled, QPlainTextEdit:disabled, QTextEdit:disabled, QComboBox:disabled, QSpinBox:disabled,
QDoubleSpinBox:disabled { color: $text_muted; background: $panel; }
QLineEdit[readOnly="true"], QPlainTextEdit[readOnly="true"] { background: $panel; }
QComboBox::drop-down { border: none; width: 22px; }
QComboBox::down-arrow { image: url($chevron_down); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: $card; border: 1px solid $border_strong; padding: 4px; selection-background-color: $selection; selection-color: $text; }
QComboBox QAbstractItemView::item { min-height: 24px; padding: 0 6px; }
QSpinBox::up-button, QDoubleSpinBox::up-button, QDateTimeEdit::up-button { border: none; width: 18px; subcontrol-position: top right; }
QSpinBox::down-button, QDoubleSpinBox::down-button, QDateTimeEdit::down-button { border: none; width: 18px; subcontrol-position: bottom right; }
QSpinBox::up-arrow, QDoubleSpinBox::up-arrow, QDateTimeEdit::up-arrow { image: url($chevron_up); width: 9px; height: 9px; }
QSpinBox::down-arrow, QDoubleSpinBox::down-arrow, QDateTimeEdit::down-arrow { image: url($chevron_down); width: 9px; height: 9px; }
QDateTimeEdit::drop-down { border: none; width: 22px; }

QCheckBox, QRadioButton { spacing: 7px; background: transparent; }
QCheckBox::indicator, QRadioButton::indicator, QAbstractItemView::indicator, QGroupBox::indicator {
  width: 15px; height: 15px; border: 1px solid $border_strong; border-radius: 4px; background: $input; }
QRadioButton::indicator { border-radius: 8px; }
QCheckBox::indicator:hover, QRadioButton::indicator:hover { border-color: $accent_text; }
QCheckBox::indicator:focus, QRadioButton::indicator:focus { border-color: $accent_text; }
QCheckBox::indicator:checked, QAbstractItemView::indicator:checked, QGroupBox::indicator:checked {
  background: $accent; border-color: $accent; image: url($check); }
QCheckBox::indicator:indeterminate, QAbstractItemView::indicator:indeterminate { background: $accent; border-color: $accent; image: url($dash); }
QRadioButton::indicator:checked { border: 5px solid $accent; background: $text_on_accent; width: 7px; height: 7px; }
QCheckBox:disabled, QRadioButton:disabled { color: $text_muted; }

QGroupBox { border: 1px solid $border; border-radius: 6px; margin-top: 18px; padding: 8px; font-weight: 600; }
QGroupBox::title { subcontrol-origin: margin; left: 8px; padding: 0 2px; }

QTabWidget::pane { border: none; background: $panel; }
QTabBar { background: transparent; qproperty-drawBase: 0; }
QMainWindow > QTabBar { qproperty-elideMode: "ElideNone"; }
QTabBar::tab { background: transparent; color: $text_muted; padding: 7px 12px; border: none; border-bottom: 2px solid transparent; }
QTabBar::tab:hover { color: $text; background: $hover; }
QTabBar::tab:selected { color: $text; border-bottom-color: $accent_text; }
QTabBar::tab:focus { color: $text; background: $hover; }
QTabBar::close-button { image: url($close); width: 14px; height: 14px; border-radius: 3px; margin: 2px; }
QTabBar::close-button:hover { background: $border; }
QTabBar::scroller { width: 36px; }
QTabBar::tear { width: 0; border: none; image: none; }
QTabBar QToolButton { background: $window; border-radius: 0; }
QTabBar QToolButton::left-arrow { image: url($chevron_left); width: 12px; height: 12px; }
QTabBar QToolButton::right-arrow { image: url($chevron_right); width: 12px; height: 12px; }
QTabWidget#workflowTabs::pane { background: $canvas; }
QTabWidget#workflowTabs QTabBar::tab { padding: 7px 9px 7px 12px; }
QTabWidget#nodeSides QTabBar::tab { padding: 7px 8px; }
QTabWidget#nodeSides[narrow="true"] QTabBar::tab { padding: 7px 3px; }

QDockWidget { titlebar-close-icon: url($close); color: $text_muted; }
QWidget#dockTitle { background: $panel; border-bottom: 1px solid $border; }
QWidget#dockTitle QLabel { color: $text_muted; font-size: 11px; font-weight: 600; letter-spacing: 1px; }
QDockWidget > QWidget { background: $panel; }
QScrollArea, QScrollArea > QWidget > QWidget, QStackedWidget { background: transparent; border: none; }
QFrame#panel { background: $panel; }
QFrame[kind="card"] { background: $card; border: 1px solid $border; border-radius: 8px; }
QFrame[kind="card"]:hover { border-color: $accent_text; }
QFrame[frameShape="4"], QFrame[frameShape="5"] { color: $border; }

QAbstractItemView { background: $panel; alternate-background-color: $window; border: none; gridline-color: $border;
  selection-background-color: $selection; selection-color: $text; }
QTreeView, QListView { show-decoration-selected: 1; }
QTreeView::item, QListView::item { padding: 3px 2px; min-height: 18px; border: none; }
QTreeView::item:hover, QListView::item:hover { background: $hover; }
QTreeView::item:selected, QListView::item:selected, QTableView::item:selected { background: $selection; color: $text; }
QTreeView::branch { background: transparent; }
QTreeView::branch:hover { background: $hover; }
QTreeView::branch:selected { background: $selection; }
QTreeView::branch:has-children:closed { image: url($chevron_right); }
QTreeView::branch:has-children:open { image: url($chevron_down); }
QTableView { background: $panel; }
QTableView::item { padding: 2px 6px; }
QHeaderView { background: $window; }
QHeaderView::section { background: $window; color: $text_muted; border: none; border-right: 1px solid $border;
  border-bottom: 1px solid $border; padding: 5px 8px; font-weight: 600; }
QHeaderView::section:hover { color: $text; background: $hover; }
QHeaderView::down-arrow { image: url($chevron_down); width: 10px; height: 10px; }
QHeaderView::up-arrow { image: url($chevron_up); width: 10px; height: 10px; }
QTableCornerButton::section { background: $window; border: none; border-right: 1px solid $border; border-bottom: 1px solid $border; }

QScrollBar:vertical { background: transparent; width: 11px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 11px; margin: 0; }
QScrollBar::handle { background: $border_strong; border-radius: 4px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover { background: $text_muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; background: none; }
QScrollBar::add-page, QScrollBar::sub-page { background: none; }
QAbstractScrollArea::corner { background: $panel; }
QSplitter::handle { background: $border; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }

QProgressBar { background: $input; border: 1px solid $border; border-radius: 4px; text-align: center; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }
QStatusBar { background: $window; border-top: 1px solid $border; min-height: 24px; }
QStatusBar::item { border: none; }
QStatusBar QLabel { color: $text_muted; padding: 0 6px; }
QStatusBar QLabel#hint { color: $text; }
QStatusBar QPushButton { padding: 0 8px; min-height: 16px; }
QStatusBar QToolButton { padding: 1px 6px; color: $text_muted; }
QToolButton#connectionState[stage="development"] { border-bottom: 2px solid $ok; }
QToolButton#connectionState[stage="staging"] { border-bottom: 2px solid $warning; }
QToolButton#connectionState[stage="production"] { border-bottom: 2px solid $error; }

QFrame#messageBar { background: $card; border: none; border-left: 4px solid $running; border-bottom: 1px solid $border; }
QFrame#messageBar[severity="error"] { border-left-color: $error; }
QFrame#messageBar[severity="warning"] { border-left-color: $warning; }
QFrame#messageBar[severity="ok"] { border-left-color: $ok; }
QFrame#coachMark { background: $card; border: 1px solid $accent; border-radius: 8px; }
QFrame#coachRing { background: transparent; border: 2px solid $accent; border-radius: 8px; }
QLabel#toast { background: $card; color: $text; border: 1px solid $border_strong; border-radius: 8px; padding: 9px 16px; }
QToolButton#connectionPill { background: $card; border: 1px solid $border; border-radius: 12px; padding: 3px 11px; }
QToolButton#connectionPill[stage="development"] { border: 1px solid $ok; }
QToolButton#connectionPill[stage="staging"] { border: 2px solid $warning; }
QToolButton#connectionPill[stage="production"] { border: 2px solid $error; color: $error; font-weight: 600; }
QToolButton#connectionPill:hover, QToolButton#connectionPill:focus { border-color: $accent_text; }
""")


def stylesheet(theme: Theme) -> str:
    """The whole application's style sheet in the colours of `theme`."""
    tokens = {token: theme.hex(token) for token in theme.tokens}
    accent = theme.color("accent")
    hovered = accent.lighter(112) if theme.is_dark else accent.darker(112)
    icons = ("chevron_down", "chevron_up", "chevron_left", "chevron_right", "close", "dash", "check_menu")
    is_dark_on_accent = theme.hex("text_on_accent") == "#000000"
    check = "check_dark" if is_dark_on_accent else "check"
    return _SHEET.substitute(
        tokens,
        accent_hover=accent.darker(106).name() if theme.name == "dark" else hovered.name(),
        danger_hover=theme.color("danger").darker(112).name(),
        check=asset(f"icons/{check}.svg"),
        chevron_run=asset(f"icons/chevron_{'dark' if is_dark_on_accent else 'light'}.svg"),
        **{icon: asset(f"icons/{icon}.svg") for icon in icons},
    )
