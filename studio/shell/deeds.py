"""What does each command do? The deeds of `command_list`, by id, upon the parts of one window."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from studio.kernel.errors import StudioError
from studio.qt.background import run_in_background
from studio.qt.crash import LOG_FILE
from studio.shell.command_list import BOOKMARKS, MENUS
from studio.shell.docks import BOTTOM

if TYPE_CHECKING:
    from studio.shell.main_window import MainWindow

Deed = Callable[[], object]

LEFT = ("models", "workflows")

WAITS_FOR_A_PERSON_MS: Final = 60_000
"""Milliseconds: work that waits for a person's answer is not shown as busy."""


def deeds(window: MainWindow) -> dict[str, Deed]:
    """Everything a person can invoke in `window`."""
    return {
        **_file_deeds(window),
        **_edit_deeds(window),
        **_view_deeds(window),
        **_run_deeds(window),
        **_other_deeds(window),
    }


def _file_deeds(window: MainWindow) -> dict[str, Deed]:
    files = window.files

    def export() -> None:
        if (workflow_id := window.pages.tabs.workflow_id) is not None:
            run_in_background(window, files.export(workflow_id), text=window.tr("Exporting…"))

    def export_canvas() -> None:
        if (canvas := window.pages.tabs.canvas) is not None:
            run_in_background(
                window,
                files.export_canvas(canvas),
                text=window.tr("Exporting…"),
                busy_after_ms=WAITS_FOR_A_PERSON_MS,
            )

    def reopen() -> None:
        window.settings.reopens_last = window.commands.action("reopen_last").isChecked()

    return {
        "new": lambda: run_in_background(window, files.new(), text=window.tr("Making a project…")),
        "open": lambda: run_in_background(
            window, files.choose_and_open(), busy_after_ms=WAITS_FOR_A_PERSON_MS
        ),
        "open_server": lambda: run_in_background(
            window, files.choose_server_and_open(), busy_after_ms=WAITS_FOR_A_PERSON_MS
        ),
        "open_sample": lambda: run_in_background(
            window, files.open_sample(), text=window.tr("Opening the sample…")
        ),
        "save": lambda: run_in_background(window, files.save(), text=window.tr("Saving…")),
        "save_as": lambda: run_in_background(window, files.save_as(), busy_after_ms=WAITS_FOR_A_PERSON_MS),
        "save_server": lambda: run_in_background(
            window, files.choose_server_and_save(), busy_after_ms=WAITS_FOR_A_PERSON_MS
        ),
        "compare_saved": window.comparing.with_saved,
        "import_yaml": lambda: run_in_background(
            window, files.choose_and_import(), busy_after_ms=WAITS_FOR_A_PERSON_MS
        ),
        "export_yaml": export,
        "export_canvas": export_canvas,
        "reopen_last": reopen,
        "close_project": lambda: run_in_background(
            window, files.close(), busy_after_ms=WAITS_FOR_A_PERSON_MS
        ),
        "quit": window.close,
    }


def _edit_deeds(window: MainWindow) -> dict[str, Deed]:
    def undo() -> None:
        if window.session is not None:
            window.session.undo()

    def redo() -> None:
        if window.session is not None:
            window.session.redo()

    names = (
        "cut", "copy", "paste", "duplicate", "delete", "select_all", "select_upstream", "select_downstream", "rename",
        "zoom_in", "zoom_out", "zoom_100", "fit", "fit_selection", "add_note", "toggle_disabled", "toggle_pin", "toggle_collapsed",
        "toggle_ports", "activate", "show_results", "paste_with_links", "delete_and_reconnect", "connect_selected", "disconnect_selected",
        "tidy", "align_left", "align_center", "align_right", "align_top", "align_middle", "align_bottom", "distribute_across",
        "distribute_down", "straighten", "find_nodes", "toggle_minimap", "add_frame", "dissolve_frames", *BOOKMARKS,
        "make_subworkflow", "enter_subworkflow", "leave_subworkflow", "toggle_breakpoint", "edit_breakpoint",
    )  # fmt: skip
    canvas_deeds: dict[str, Deed] = {name: _on_canvas(window, name) for name in names}
    return {**canvas_deeds, "undo": undo, "redo": redo, "add_node": _on_canvas(window, "open_palette")}


def _on_canvas(window: MainWindow, name: str) -> Deed:
    def deed() -> None:
        canvas = window.pages.tabs.canvas
        if canvas is None:
            return
        try:
            canvas.do(name)
        except StudioError as error:
            window.show_error(error)

    return deed


def _view_deeds(window: MainWindow) -> dict[str, Deed]:
    def toggle(command_id: str, names: tuple[str, ...]) -> Deed:
        def deed() -> None:
            window.docks.set_shown(names, shown=window.commands.action(command_id).isChecked())

        return deed

    def full_screen() -> None:
        if window.commands.action("full_screen").isChecked():
            window.showFullScreen()
        else:
            window.showNormal()

    return {
        "toggle_left": toggle("toggle_left", LEFT),
        "toggle_inspector": toggle("toggle_inspector", ("inspector",)),
        "toggle_bottom": toggle("toggle_bottom", BOTTOM),
        "show_log": lambda: window.docks.reveal("log"),
        "show_lineage": lambda: window.docks.enter("lineage"),
        "show_outline": lambda: window.docks.enter("outline"),
        "show_history": lambda: window.docks.enter("history"),
        "go_to": window.finder.open_places,
        "command_palette": window.finder.open_commands,
        "full_screen": full_screen,
        "layout_build": lambda: window.layouts.choose("build"),
        "layout_debug": lambda: window.layouts.choose("debug"),
        "layout_data": lambda: window.layouts.choose("data"),
        "reset_layout": window.layouts.reset,
        "theme_system": lambda: window.preferences.set_theme("system"),
        "theme_light": lambda: window.preferences.set_theme("light"),
        "theme_dark": lambda: window.preferences.set_theme("dark"),
        "theme_high_contrast": lambda: window.preferences.set_theme("high-contrast"),
        "snap": lambda: window.preferences.set_snaps(window.commands.action("snap").isChecked()),
        "next_tab": lambda: window.pages.tabs.step(1),
        "previous_tab": lambda: window.pages.tabs.step(-1),
        "close_tab": lambda: window.pages.tabs.close_at(window.pages.tabs.currentIndex()),
        "next_pane": lambda: window.docks.step_focus(window.pages.tabs.canvas or window.pages, 1),
        "previous_pane": lambda: window.docks.step_focus(window.pages.tabs.canvas or window.pages, -1),
    }


def _run_deeds(window: MainWindow) -> dict[str, Deed]:
    def run_to_here() -> None:
        canvas = window.pages.tabs.canvas
        if canvas is not None and len(chosen := canvas.selection()) == 1:
            window.navigation.run(until=chosen[0])

    def run_from_here() -> None:
        canvas = window.pages.tabs.canvas
        if canvas is not None and len(chosen := canvas.selection()) == 1:
            window.navigation.run(start=chosen[0])

    def run() -> None:
        if window.runs.is_paused:
            window.runs.go_on()
        else:
            window.navigation.run()

    def step() -> None:
        if window.runs.is_paused:
            window.runs.step()
        else:
            window.navigation.run(step=True)

    return {
        "run": run,
        "step": step,
        "clear_breakpoints": window.breakpoints.clear,
        "run_from_here": run_from_here,
        "mode_auto": lambda: window.preferences.set_mode("auto"),
        "mode_atomic": lambda: window.preferences.set_mode("atomic"),
        "mode_review": lambda: window.preferences.set_mode("review"),
        "commit": window.reviews.commit,
        "roll_back": window.reviews.roll_back,
        "show_changes": lambda: window.docks.enter("changes"),
        "dry_run": lambda: window.navigation.run(mode="dry"),
        "run_to_here": run_to_here,
        "stop": window.runs.stop,
        "next_problem": window.panels.problems.next_problem,
        "previous_problem": window.panels.problems.previous_problem,
    }


def _other_deeds(window: MainWindow) -> dict[str, Deed]:
    def open_data_folder() -> None:
        window.env.data_dir.mkdir(parents=True, exist_ok=True)
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(window.env.data_dir)))

    def open_log() -> None:
        file = window.env.data_dir / "logs" / LOG_FILE
        if file.exists():
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(file)))
        else:
            window.tell(window.tr("Nothing has been written to the log file yet."))

    def shortcuts() -> None:
        from studio.shell.help_dialogs import ShortcutsDialog

        window.show_dialog(ShortcutsDialog(window.commands, MENUS, window))

    def settings() -> None:
        from studio.shell.settings_dialog import SettingsDialog

        window.show_dialog(SettingsDialog(window.preferences, window))

    def licences() -> None:
        from studio.shell.help_dialogs import LicencesDialog

        window.show_dialog(LicencesDialog(window.theme, window))

    def about() -> None:
        from studio.qt.versions import versions
        from studio.shell.help_dialogs import AboutDialog

        # Packages are looked up, and git is asked for the commit.
        run_in_background(
            window,
            asyncio.to_thread(versions),
            lambda found: window.show_dialog(AboutDialog(found, window)),
        )

    def change_passphrase() -> None:
        changed = asyncio.to_thread(window.env.secrets.change_passphrase)
        run_in_background(window, changed, success=told_of_passphrase, busy_after_ms=WAITS_FOR_A_PERSON_MS)

    def told_of_passphrase(is_changed: object) -> None:
        if is_changed:
            window.tell(window.tr("The file of passwords has another passphrase now."))

    models = window.panels.models
    return {
        "new_workflow": window.new_workflow,
        "save_template": window.navigation.save_template,
        "change_passphrase": change_passphrase,
        "connections": models.open_connections,
        "import_models": models.open_import,
        "new_model": models.open_new_model,
        "export_rows": window.panels.results.export,
        "choose_columns": window.panels.results.choose_columns,
        "filter_rows": window.panels.results.toggle_filters,
        "show_chart": window.panels.results.toggle_chart,
        "keep_tab": window.panels.results.toggle_kept,
        "tenant": lambda: run_in_background(
            window, window.tenants.choose(), busy_after_ms=WAITS_FOR_A_PERSON_MS
        ),
        "shortcuts": shortcuts,
        "tour": window.tour.start,
        "settings": settings,
        "licences": licences,
        "about": about,
        "open_data_folder": open_data_folder,
        "open_log": open_log,
    }
