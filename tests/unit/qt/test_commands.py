"""Commands are data; what they become acts where they say and only when it makes sense."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QMainWindow, QTextEdit, QVBoxLayout, QWidget

from studio.qt.commands import Command, CommandSet
from studio.qt.theme import Theme

SAVE = Command(id="save", text="&Save…", shortcuts=("Ctrl+S",), icon="ph.floppy-disk", when=("project",))
NEXT = Command(id="next", text="Next", shortcuts=("N",), when=("project",), scope="shown")


class Window(QMainWindow):
    """A window with a canvas, a field and two commands that note what was done."""

    def __init__(self) -> None:
        super().__init__()
        self.canvas = QTextEdit()
        self.canvas.setReadOnly(True)
        self.field = QLineEdit()
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.addWidget(self.canvas)
        column.addWidget(self.field)
        self.setCentralWidget(middle)
        self.done: list[str] = []
        self.commands = CommandSet([SAVE, NEXT], Theme.dark(), self)
        self.commands.fill(self.menuBar().addMenu("Graph"), ["next", None, "save"])
        self.commands.connect_to(
            {"save": lambda: self.done.append("save"), "next": lambda: self.done.append("next")}
        )


@pytest.fixture
def window(qtbot):
    window = Window()
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


def test_a_command_is_enabled_only_while_its_conditions_hold(window):
    action = window.commands.action("save")
    assert not action.isEnabled()
    window.commands.set_conditions(project=True)
    assert action.isEnabled()
    window.commands.set_conditions(project=False)
    assert not action.isEnabled()


def test_a_window_shortcut_acts_wherever_the_focus_is(window, qtbot):
    window.commands.set_conditions(project=True)
    window.field.setFocus()
    qtbot.keyClick(window.field, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert window.done == ["save"]


def test_a_shortcut_that_is_only_shown_is_left_to_the_widget_that_has_the_focus(window, qtbot):
    window.commands.set_conditions(project=True)
    for widget in (window.canvas, window.field):
        widget.setFocus()
        qtbot.keyClick(widget, Qt.Key.Key_N)
    assert window.done == []
    assert window.field.text() == "n"
    window.commands.action("next").trigger()
    assert window.done == ["next"]


def test_an_unknown_command_names_the_nearest(window):
    with pytest.raises(KeyError, match="save"):
        window.commands.action("savee")


def test_what_is_not_connected_is_known(qtbot):
    window = QMainWindow()
    qtbot.addWidget(window)
    commands = CommandSet([SAVE, NEXT], Theme.dark(), window)
    commands.connect_to({"save": lambda: None})
    assert commands.unconnected == ["next"]


def test_a_tooltip_says_the_keys_and_plain_text_has_no_marks():
    assert SAVE.plain_text == "Save"
    assert SAVE.shortcut_text() == "Ctrl+S"
