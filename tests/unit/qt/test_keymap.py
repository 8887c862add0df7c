"""Keys are the usual ones until a person changes them, and no key means two things unless somebody took it."""

from __future__ import annotations

import pytest

from studio.qt.commands import Command
from studio.qt.keymap import Keymap, both_enters, canonical, is_typed_text

RUN = Command(id="run", text="&Run", shortcuts=("Ctrl+Enter", "Ctrl+Return", "F5"))
SAVE = Command(id="save", text="&Save", shortcuts=("Ctrl+S",))
NOTE = Command(id="note", text="Add n&ote", shortcuts=("C",), scope="shown")
FIXED = {"Left": "Go to the node on the left"}


@pytest.fixture
def keymap():
    return Keymap([RUN, SAVE, NOTE], fixed=FIXED)


def test_both_enter_keys_are_one_alternative(keymap):
    assert keymap.keys("run") == ("Ctrl+Return", "F5")
    assert both_enters(keymap.keys("run")) == ("Ctrl+Return", "Ctrl+Enter", "F5")


def test_own_keys_replace_the_usual_ones_until_they_are_given_back(keymap):
    changed = keymap.with_keys("save", ["Ctrl+Alt+S"])
    assert changed.keys("save") == ("Ctrl+Alt+S",)
    assert dict(changed.changed) == {"save": ("Ctrl+Alt+S",)}
    assert keymap.keys("save") == ("Ctrl+S",)
    assert dict(changed.usual("save").changed) == {}
    assert dict(changed.with_keys("save", ["ctrl+s"]).changed) == {}


def test_a_key_that_is_taken_leaves_the_one_who_had_it(keymap):
    assert [command.id for command in keymap.holders("F5", but="save")] == ["run"]
    taken = keymap.taking("save", ["F5"])
    assert taken.keys("save") == ("F5",)
    assert taken.keys("run") == ("Ctrl+Return",)
    assert taken.conflicts() == {}
    back = taken.usual("run")
    assert back.keys("run") == ("Ctrl+Return", "F5")
    assert back.keys("save") == ()


def test_conflicts_name_everyone_who_has_a_key(keymap):
    assert keymap.with_keys("save", ["F5"]).conflicts() == {"F5": ["run", "save"]}


def test_keys_of_the_canvas_and_of_writing_are_refused_with_the_reason(keymap):
    assert "always “Go to the node on the left”" in (keymap.refusal("note", "Left") or "")
    assert "for writing" in (keymap.refusal("save", "S") or "")
    assert keymap.refusal("note", "S") is None
    assert keymap.refusal("save", "Ctrl+Alt+K") is None


def test_keys_of_commands_that_are_not_here_are_kept(keymap):
    kept = Keymap([SAVE], {"gone": ["F9"]})
    assert dict(kept.with_keys("save", ["F8"]).changed) == {"gone": ("F9",), "save": ("F8",)}


@pytest.mark.parametrize(
    ("keys", "is_text"),
    [("A", True), ("Shift+A", True), ("Shift+?", True), ("Del", True), ("F5", False), ("Ctrl+A", False)],
)
def test_what_types_text(keys, is_text):
    assert is_typed_text(keys) is is_text


def test_text_that_is_no_shortcut_is_nothing():
    assert canonical("Ctrl+") == ""
    assert canonical("ctrl+enter") == "Ctrl+Return"
