"""Work in pieces: in order, one in each turn of the event loop, at once when somebody needs it done."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, QTimer

from studio.qt.turns import Turns


def test_pieces_are_done_in_order_and_let_others_come_between(qtbot, qapp):
    parent = QObject()
    turns = Turns(parent)
    done: list[object] = []
    other = QTimer(parent)
    other.setInterval(0)
    other.timeout.connect(partial(done.append, "other"))
    other.start()
    turns.do(partial(done.append, 1), partial(done.append, 2))
    turns.do(partial(done.append, 3))
    assert done == []
    qtbot.waitUntil(lambda: 3 in done)
    other.stop()
    assert [piece for piece in done if piece != "other"] == [1, 2, 3]
    assert "other" in done[done.index(1) : done.index(3)]


def test_what_waits_is_done_at_once_or_not_at_all_when_somebody_says_so(qtbot, qapp):
    parent = QObject()
    turns = Turns(parent)
    done: list[object] = []
    turns.do(partial(done.append, 1), partial(done.append, 2))
    turns.finish()
    assert done == [1, 2]
    turns.do(partial(done.append, 3))
    turns.forget()
    turns.do(partial(done.append, 4))
    qtbot.waitUntil(lambda: 4 in done)
    assert done == [1, 2, 4]


def test_a_piece_may_finish_the_others_or_add_to_them(qtbot, qapp):
    parent = QObject()
    turns = Turns(parent)
    done: list[object] = []

    def first():
        done.append(1)
        turns.do(partial(done.append, 3))
        turns.finish()

    turns.do(first, partial(done.append, 2))
    turns.finish()
    assert done == [1, 2, 3]
