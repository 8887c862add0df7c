"""Where can one go, and what can be done, by typing a few letters? Commands, nodes, workflows, models and runs of one window as goals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt

from studio.panels import Goal, QuickOpen
from studio.shell.command_list import MENUS, RECENT, flat
from studio.workflow.references import spec_for

if TYPE_CHECKING:
    from studio.qt.theme import Theme
    from studio.shell.main_window import MainWindow

_OWN: Final = ("go_to", "command_palette")
_LATELY: Final = 40


class Finder(QObject):
    """Offers the window's goals in a popup, and does what is chosen. The popup is made when it is first asked for."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.popup: QuickOpen | None = None

    def open_places(self) -> None:
        self._open("", self.tr("Go to anything"))

    def open_commands(self) -> None:
        self._open(">", self.tr("Commands"))

    def open_with(self, text: str) -> None:
        """Goes on with what was typed elsewhere, which begins with a prefix."""
        self._open(text, self.tr("Go to anything"))

    def set_theme(self, theme: Theme) -> None:
        if self.popup is not None:
            self.popup.set_theme(theme)

    def _open(self, prefix: str, title: str) -> None:
        window = self._window
        if self.popup is None:
            self.popup = QuickOpen(window.theme, window)
            self.popup.chosen.connect(self._go)
        window.refresh()
        window.standing.before_choosing()
        self.popup.open(
            self.goals(),
            title=title,
            text=prefix,
            recent=window.settings.used_goals,
            placeholder=self.tr("A node, workflow, model or run"),
            hint=self.tr("> commands · @ nodes · # models · : runs"),
        )

    # ------------------------------------------------------------ what there is

    def goals(self) -> list[Goal]:
        """Everything that can be gone to or done now."""
        return [*self._nodes(), *self._workflows(), *self._models(), *self._runs(), *self._commands()]

    def _commands(self) -> Iterator[Goal]:
        commands = {command.id: command for command in self._window.commands.commands}
        for menu, ids in MENUS:
            listed = flat(ids)
            for command_id in listed:
                if command_id is None or command_id == RECENT or command_id in _OWN:
                    continue
                command, action = commands[command_id], self._window.commands.action(command_id)
                text = action.text().replace("&", "").removesuffix("…")
                yield Goal(
                    kind="command",
                    id=f">{command_id}",
                    title=self.tr("{menu}: {command}").format(menu=menu.replace("&", ""), command=text),
                    detail=command.shortcut_text(),
                    names=(command.tip,) if command.tip else (),
                    icon=command.icon.removeprefix("ph."),
                    is_enabled=action.isEnabled(),
                )

    def _nodes(self) -> Iterator[Goal]:
        session, workflow_id = self._window.session, self._window.pages.tabs.workflow_id
        if session is None or workflow_id is None:
            return
        for node in session.project.workflow(workflow_id).nodes.values():
            spec = spec_for(node, session.catalogue)
            kind = spec.title if spec else node.type
            yield Goal(
                kind="node",
                id=f"@{node.id}",
                title=node.title or kind,
                detail=kind,
                names=(node.id, node.type),
            )

    def _workflows(self) -> Iterator[Goal]:
        session = self._window.session
        for workflow in session.project.workflows.values() if session is not None else ():
            if workflow.id != self._window.pages.tabs.workflow_id:
                yield Goal(
                    kind="workflow", id=f"/{workflow.id}", title=workflow.name, detail=self.tr("workflow")
                )

    def _models(self) -> Iterator[Goal]:
        session = self._window.session
        if session is None:
            return
        for entry in session.project.models.values():
            connection = session.project.connections.get(entry.connection)
            detail = (
                self.tr("model · {name}").format(name=connection.name) if connection else self.tr("model")
            )
            names = (entry.spec.table,) if entry.spec is not None else ()
            yield Goal(kind="model", id=f"#{entry.id}", title=entry.name, detail=detail, names=names)

    def _runs(self) -> Iterator[Goal]:
        for run in self._window.panels.runs.known_runs():
            when = run.started_at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
            yield Goal(
                kind="run",
                id=f":{run.run_id}",
                title=self.tr("{workflow}, {when}").format(workflow=run.workflow_name, when=when),
                detail=run.state,
                names=(run.state,),
            )

    # ------------------------------------------------------------ going there

    def _go(self, goal: object) -> None:
        if not isinstance(goal, Goal):
            return
        window, key = self._window, goal.id[1:]
        lately = [goal.id, *(used for used in window.settings.used_goals if used != goal.id)]
        window.settings.used_goals = lately[:_LATELY]
        if goal.kind == "command":
            window.commands.action(key).trigger()
        elif goal.kind == "node":
            window.navigation.show_node(key)
            if (canvas := window.pages.tabs.canvas) is not None:
                canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        elif goal.kind == "workflow":
            window.navigation.show_workflow(key)
        elif goal.kind == "model":
            window.navigation.browse(key)
        else:
            window.panels.runs.open_run(key)
