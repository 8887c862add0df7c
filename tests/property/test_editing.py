"""Random edits of every kind, one after the other: each can be undone and redone exactly, kept and read back, and replayed."""

from typing import Any

import hypothesis
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from studio.kernel.ids import WorkflowId
from studio.persistence.changes_codec import change_from_text, change_to_text
from studio.persistence.codec import project_from_rows, project_to_rows
from studio.project.change_types import CHANGE_TYPES
from studio.project.changes import Change
from studio.project.history import History
from studio.project.state import Project
from studio.workflow import Workflow
from studio.workflow.graph import frozen
from tests.support.edits import MAKERS
from tests.support.exactness import exact

EMPTY = Project(
    id="p",
    name="P",
    workflows=frozen({WorkflowId("a"): Workflow(id=WorkflowId("a"), name="A")}),
)


class Editing(RuleBasedStateMachine):
    """A person at the keyboard, and beside them whoever replays the journal."""

    def __init__(self) -> None:
        super().__init__()
        self.history = History(EMPTY)
        self.journal: list[str] = []
        self.history.observe(lambda before, after, change: self.journal.append(change_to_text(change)))

    @rule(data=st.data(), kind=st.sampled_from(CHANGE_TYPES))
    def edit(self, data: st.DataObject, kind: type) -> None:
        change = MAKERS[kind](data.draw, self.history.project)
        if change is None:
            return
        before, position = exact(self.history.project), self.history.position
        self.history.apply(change)
        if self.history.position > position:
            after = exact(self.history.project)
            self.history.undo()
            assert exact(self.history.project) == before
            self.history.redo()
            assert exact(self.history.project) == after

    @rule(data=st.data())
    def edit_in_a_group(self, data: st.DataObject) -> None:
        before, position = exact(self.history.project), self.history.position
        with self.history.group("Several"):
            for _ in range(2):
                change = MAKERS[data.draw(st.sampled_from(CHANGE_TYPES))](data.draw, self.history.project)
                if change is not None:
                    self.history.apply(change)
        if self.history.position > position:
            self.history.undo()
            assert exact(self.history.project) == before
            self.history.redo()

    @rule(data=st.data())
    def fail_in_a_group(self, data: st.DataObject) -> None:
        before = exact(self.history.project)
        with pytest.raises(ZeroDivisionError), self.history.group("Broken"):
            change = MAKERS[data.draw(st.sampled_from(CHANGE_TYPES))](data.draw, self.history.project)
            if change is not None:
                self.history.apply(change)
            raise ZeroDivisionError
        assert exact(self.history.project) == before

    @precondition(lambda self: self.history.position)
    @rule()
    def undo_and_redo(self) -> None:
        after = exact(self.history.project)
        assert self.history.undo()
        between = exact(self.history.project)
        assert self.history.redo()
        assert exact(self.history.project) == after
        assert self.history.undo()
        assert exact(self.history.project) == between

    @rule()
    def undo_everything_and_redo_everything(self) -> None:
        position, now = self.history.position, exact(self.history.project)
        self.history.go_to(0)
        assert exact(self.history.project) == exact(EMPTY)
        self.history.go_to(position)
        assert exact(self.history.project) == now

    @invariant()
    def what_is_kept_comes_back_the_same(self) -> None:
        read = project_from_rows(project_to_rows(self.history.project, studio_version="1"))
        assert exact(read.project) == exact(self.history.project)
        assert read.problems == ()

    def teardown(self) -> None:
        replayed = EMPTY
        for text in self.journal:
            replayed = change_from_text(text).apply(replayed)
        assert exact(replayed) == exact(self.history.project)


TestEditing = Editing.TestCase
TestEditing.settings = settings(max_examples=40, stateful_step_count=10)


@hypothesis.given(data=st.data(), kind=st.sampled_from(CHANGE_TYPES))
def test_every_kind_of_change_is_written_down_and_read_back_the_same(data: Any, kind: type) -> None:
    change: Change | None = MAKERS[kind](data.draw, EMPTY)
    hypothesis.assume(change is not None)
    assert change is not None
    assert exact(change_from_text(change_to_text(change))) == exact(change)


@hypothesis.given(data=st.data(), kind=st.sampled_from(CHANGE_TYPES))
def test_the_inverse_of_every_change_is_written_down_and_read_back_the_same(data: Any, kind: type) -> None:
    change: Change | None = MAKERS[kind](data.draw, EMPTY)
    hypothesis.assume(change is not None)
    assert change is not None
    inverse = change.inverse(EMPTY)
    assert exact(change_from_text(change_to_text(inverse))) == exact(inverse)
