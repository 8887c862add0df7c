"""Going anywhere by typing: what is found for which letters, and how the popup takes keys and gives the focus back."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from studio.panels import Goal, QuickOpen
from studio.panels.quick_search import MOST, found_goals

GOALS = [
    Goal(kind="node", id="@a", title="List orders", detail="Order list"),
    Goal(kind="node", id="@b", title="Bestände prüfen"),
    Goal(kind="workflow", id="/w", title="Nightly orders"),
    Goal(kind="model", id="#o", title="Order", names=("orders",)),
    Goal(kind="run", id=":r", title="Nightly sync, 2026-03-01", detail="failed", names=("run failed",)),
    Goal(kind="command", id=">run", title="Run: Run", detail="F5"),
    Goal(kind="command", id=">undo", title="Edit: Undo", is_enabled=False),
    Goal(kind="command", id=">export", title="File: Export workflow", names=("YAML",)),
]


def titles(text, recent=()):
    return [goal.title for goal in found_goals(GOALS, text, recent)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@", ["List orders", "Bestände prüfen"]),
        ("@ord", ["List orders"]),
        ("#ord", ["Order"]),
        (":failed", ["Nightly sync, 2026-03-01"]),
        ("> exp wor", ["File: Export workflow"]),
        (">yaml", ["File: Export workflow"]),
        ("prüf", ["Bestände prüfen"]),
        ("nightly", ["Nightly orders", "Nightly sync, 2026-03-01"]),
        ("undo", []),
    ],
)
def test_a_prefix_picks_the_kind_and_letters_the_goal(text, expected):
    assert titles(text) == expected


def test_without_letters_what_was_used_lately_comes_first():
    assert titles(">", [">export"])[0] == "File: Export workflow"
    assert titles("", ["#o", "@b"])[:3] == ["Order", "Bestände prüfen", "List orders"]


def test_of_equals_the_one_used_lately_comes_first():
    twins = [Goal(kind="node", id=name, title="Order list") for name in ("@one", "@two")]
    assert found_goals(twins, "order", ["@two"])[0].id == "@two"


def test_no_more_are_listed_than_anybody_reads():
    many = [Goal(kind="node", id=f"@{number}", title=f"Order {number}") for number in range(500)]
    assert len(found_goals(many, "order", ())) == len(found_goals(many, "", ())) == MOST


@pytest.fixture
def window(show):
    window = QWidget()
    QVBoxLayout(window).addWidget(QLineEdit(window))
    show(window, 900, 600)
    window.findChild(QLineEdit).setFocus()
    return window


@pytest.fixture
def popup(theme, window, qtbot):
    popup = QuickOpen(theme, window)
    popup.open(GOALS, title="Go to anything")
    qtbot.waitUntil(popup.line.hasFocus)
    return popup


def test_arrows_walk_enter_chooses_and_the_focus_returns(popup, window, qtbot):
    chosen: list[Goal] = []
    popup.chosen.connect(chosen.append)
    qtbot.keyClick(popup.line, Qt.Key.Key_Down)
    qtbot.keyClick(popup.line, Qt.Key.Key_Down)
    qtbot.keyClick(popup.line, Qt.Key.Key_Up)
    qtbot.keyClick(popup.line, Qt.Key.Key_Return)
    assert [goal.id for goal in chosen] == ["@b"]
    assert not popup.isVisible()
    assert window.findChild(QLineEdit).hasFocus()


def test_escape_and_a_click_elsewhere_close_it_without_choosing(popup, window, qtbot):
    chosen: list[Goal] = []
    popup.chosen.connect(chosen.append)
    qtbot.keyClick(popup.line, Qt.Key.Key_Escape)
    assert not popup.isVisible()
    popup.open(GOALS, title="Go to anything")
    qtbot.waitUntil(popup.line.hasFocus)
    window.findChild(QLineEdit).setFocus(Qt.FocusReason.MouseFocusReason)
    assert not popup.isVisible()
    assert chosen == []


def test_what_is_not_possible_now_is_shown_and_cannot_be_chosen(popup, qtbot):
    chosen: list[Goal] = []
    popup.chosen.connect(chosen.append)
    popup.line.selectAll()
    qtbot.keyClicks(popup.line, ">undo")
    assert [goal.id for goal in popup.shown] == [">undo"]
    qtbot.keyClick(popup.line, Qt.Key.Key_Return)
    assert chosen == []
    assert popup.isVisible()


def test_a_click_chooses_and_nothing_found_is_said(popup, qtbot):
    qtbot.keyClicks(popup.line, "zzzz")
    assert popup.shown == []
    assert popup.list.topLevelItem(0).text(0) == "Nothing is called that."
    qtbot.keyClick(popup.line, Qt.Key.Key_Return)
    assert popup.isVisible()
    popup.line.clear()
    place = popup.list.visualItemRect(popup.list.topLevelItem(2)).center()
    with qtbot.waitSignal(popup.chosen) as told:
        qtbot.mouseClick(popup.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert told.args[0].id == "/w"


def test_it_has_a_name_and_each_row_says_what_it_is(popup):
    line = QAccessible.queryAccessibleInterface(popup.line)
    assert line.text(QAccessible.Text.Name) == "Go to anything"
    assert popup.list.topLevelItem(0).data(0, Qt.ItemDataRole.AccessibleTextRole) == "List orders, Order list"
