"""How does the window show where a run waits? The node is marked and brought into view, the status bar says what can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject

from studio.kernel.problems import Severity
from studio.qt.keymap import shown
from studio.qt.messages import Message
from studio.shell.run_control import node_to_show

if TYPE_CHECKING:
    from studio.canvas.breadcrumb import Crumb
    from studio.runtime import Pause
    from studio.session import RunHandle, Session
    from studio.shell.main_window import MainWindow
    from studio.shell.message_bar import Offer

_ONE_TRANSACTION: Final = ("atomic", "review", "dry")


class PauseControl(QObject):
    """The pauses of the run that a window shows."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._has_told = False
        window.runs.paused.connect(self._on_paused)
        window.runs.resumed.connect(self._on_resumed)
        window.runs.finished.connect(self._on_resumed)

    def text(self, handle: RunHandle) -> str:
        """What the status bar says of a run that waits; empty when it does not."""
        session, pause = self._window.session, handle.pause
        if session is None or pause is None:
            return ""
        titles = _titles(session, way_to(session, handle, pause))
        if not titles:
            return ""
        inside = self.tr(" in “{}”").format(" › ".join(titles[:-1])) if titles[1:] else ""
        parts = [self.tr("Paused before “{0}”{1}").format(titles[-1], inside), self._keys_text()]
        if pause.note:
            parts.append(self.tr("its condition could not be told"))
        if handle.mode in _ONE_TRANSACTION:
            parts.append(self.tr("the transaction stays open meanwhile"))
        return " — ".join(part for part in parts if part)

    def mark(self) -> None:
        """Brings the marks of all canvases and of the outline in line with the run that is shown."""
        window = self._window
        if window.session is None:
            return
        handle = window.runs.handle
        pause = handle.pause if handle is not None and handle is window.navigation.shown_run else None
        way = way_to(window.session, handle, pause) if handle is not None and pause is not None else ()
        for canvas in window.pages.tabs.canvases:
            here = next((crumb for crumb in way if crumb.workflow == canvas.workflow_id), None)
            if here is None:
                canvas.runs.wait_at(None)
            else:
                is_last = here is way[-1]
                canvas.runs.wait_at(
                    here.node, self.tr("paused here") if is_last else self.tr("paused inside")
                )

    def _keys_text(self) -> str:
        """`F5 continue · F10 step · Shift+F5 stop`, with a person's own keys."""
        named = (("run", self.tr("continue")), ("step", self.tr("step")), ("stop", self.tr("stop")))
        keymap = self._window.preferences.keymap
        # The last key of Run is the one that stands beside Step's and Stop's.
        told = [(keymap.keys(command_id)[-1:], word) for command_id, word in named]
        return " · ".join(f"{shown(keys[0])} {word}" for keys, word in told if keys)

    def _on_paused(self, _: object) -> None:
        window, handle = self._window, self._window.runs.handle
        pause = handle.pause if handle is not None else None
        if window.session is None or handle is None or pause is None:
            return
        window.navigation.finish_showing()
        way = way_to(window.session, handle, pause)
        self._has_told = False
        self.mark()
        self._reveal(way)
        window.toolbar.show_paused(paused=True)
        window.refresh()
        window.status.tell(self.text(handle))
        self._tell(pause, way)
        given = node_to_show(window.session, handle)
        if given is not None and window.panels.results.current is None:
            window.panels.results.show_output(given, "")

    def _reveal(self, way: tuple[Crumb, ...]) -> None:
        """Brings what waits into view, on the canvas in front if that shows a part of the way, else on the run's own."""
        tabs, navigation = self._window.pages.tabs, self._window.navigation
        if not way or navigation.shown_run is not self._window.runs.handle:
            return
        here = next((crumb for crumb in way if crumb.workflow == tabs.workflow_id), None)
        if here is None:
            here = way[0]
            navigation.show_workflow(here.workflow)
        if tabs.canvas is not None:
            tabs.canvas.reveal(here.node)

    def _tell(self, pause: Pause, way: tuple[Crumb, ...]) -> None:
        """What needs more than the status bar: a condition that failed, and the way into a workflow within."""
        window = self._window
        offers: list[Offer] = []
        told: list[str] = []
        titles = _titles(window.session, way) if window.session is not None else []
        if pause.note and titles:
            told.append(
                self.tr("The condition of the breakpoint before “{0}” could not be told: {1}").format(
                    titles[-1], pause.note
                )
            )
        if len(way) > 1 and window.pages.tabs.workflow_id != way[-1].workflow:
            told.append(
                self.tr("The run waits before “{0}” in “{1}”.").format(titles[-1], " › ".join(titles[:-1]))
            )
            offers.append((self.tr("Show it"), lambda: self._enter(way)))
        if told:
            severity = Severity.WARNING if pause.note else Severity.INFO
            window.message_bar.tell(Message(what=" ".join(told), severity=severity), offers)
            self._has_told = True

    def _enter(self, way: tuple[Crumb, ...]) -> None:
        """Shows the workflow within, with the way that led there."""
        self._window.navigation.follow_trail(way[-1].workflow, way[:-1], way[-1].node)

    def _on_resumed(self, _: object) -> None:
        window = self._window
        if window.runs.is_paused:
            return
        self.mark()
        window.toolbar.show_paused(paused=False)
        window.refresh()
        if self._has_told:
            window.message_bar.hide()
            self._has_told = False


def way_to(session: Session, handle: RunHandle, pause: Pause) -> tuple[Crumb, ...]:
    """The node before which a run waits, after those that run the workflows around it, outermost first."""
    from studio.canvas.breadcrumb import Crumb
    from studio.workflow.references import REFERENCE, Library

    library = Library(lambda: session.project.workflows)
    workflow, path = session.project.workflows.get(handle.workflow_id), pause.path
    way: list[Crumb] = []
    while workflow is not None and path:
        node_id = workflow.node_around(path)
        if node_id is None:
            break
        way.append(Crumb(workflow.id, node_id))
        path = path.removeprefix(node_id).removeprefix("/")
        workflow = library.get(workflow.nodes[node_id].params.get(REFERENCE)) if path else None
    return tuple(way)


def _titles(session: Session, way: tuple[Crumb, ...]) -> list[str]:
    from studio.workflow.checks import title_of
    from studio.workflow.references import spec_for

    nodes = [session.project.workflow(crumb.workflow).nodes[crumb.node] for crumb in way]
    return [title_of(node, spec_for(node, session.catalogue)) for node in nodes]
