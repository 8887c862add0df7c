"""What can be invoked in the window, and where does it stand? All commands and menus as data; what they do is connected in `main_window`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from PySide6.QtGui import QAction

from studio.qt.commands import Command

_PROJECT: Final = ("project",)
_WORKFLOW: Final = ("workflow",)
_SELECTION: Final = ("workflow", "selection")

COMMANDS: Final[tuple[Command, ...]] = (
    # File
    Command(id="new", text="&New project", shortcuts=("Ctrl+N",), icon="ph.file-plus"),
    Command(id="open", text="&Open…", shortcuts=("Ctrl+O",), icon="ph.folder-open", tip="Open a project file (.studio) or a workflow (.yaml)"),
    Command(id="open_server", text="Open from &server…", icon="ph.hard-drives", tip="Open a project that is kept in a PostgreSQL database"),
    Command(id="open_sample", text="Open sa&mple shop", icon="ph.storefront", tip="A fresh copy of the sample project, on a temporary database"),
    Command(id="save", text="&Save", shortcuts=("Ctrl+S",), icon="ph.floppy-disk", when=_PROJECT),
    Command(id="save_as", text="Save &as…", shortcuts=("Ctrl+Shift+S",), when=_PROJECT),
    Command(id="save_server", text="Save to se&rver…", when=_PROJECT, tip="Keep this project in a PostgreSQL database, where a team can open it"),
    Command(id="compare_saved", text="Compare with sa&ved…", icon="ph.git-diff", when=_PROJECT, tip="What has changed in the project since it was saved"),
    Command(id="import_yaml", text="&Import workflow…", icon="ph.download-simple", when=_PROJECT, tip="Add a workflow from a YAML file"),
    Command(id="export_yaml", text="&Export workflow…", icon="ph.upload-simple", when=_WORKFLOW, tip="Write this workflow to a YAML file"),
    Command(id="export_canvas", text="Export can&vas…", icon="ph.image", when=_WORKFLOW, tip="Write the whole workflow as a picture, PNG or SVG"),
    Command(id="reopen_last", text="&Reopen the last project at start", checkable=True),
    Command(id="close_project", text="&Close project", when=_PROJECT),
    Command(id="change_passphrase", text="Change &passphrase…", icon="ph.key", tip="Encrypt the file of passwords under another passphrase"),
    Command(id="settings", text="Se&ttings…", shortcuts=("Ctrl+,",), icon="ph.gear", role=QAction.MenuRole.PreferencesRole, tip="Look, canvas and keyboard shortcuts"),
    Command(id="quit", text="&Quit", shortcuts=("Ctrl+Q",), role=QAction.MenuRole.QuitRole),
    # Edit
    Command(id="undo", text="&Undo", shortcuts=("Ctrl+Z",), icon="ph.arrow-u-up-left", when=("project", "undo")),
    Command(id="redo", text="&Redo", shortcuts=("Ctrl+Shift+Z", "Ctrl+Y"), icon="ph.arrow-u-up-right", when=("project", "redo")),
    Command(id="cut", text="Cu&t", shortcuts=("Ctrl+X",), icon="ph.scissors", when=_SELECTION, scope="shown"),
    Command(id="copy", text="&Copy", shortcuts=("Ctrl+C",), icon="ph.copy", when=_SELECTION, scope="shown", tip="Copy the selected nodes as text"),
    Command(id="paste", text="&Paste", shortcuts=("Ctrl+V",), icon="ph.clipboard-text", when=(*_WORKFLOW, "can_paste"), scope="shown"),
    Command(id="paste_with_links", text="Paste with &incoming links", shortcuts=("Ctrl+Shift+V",), when=(*_WORKFLOW, "can_paste_with_links"), scope="shown", tip="Paste, and join the copies to what led to the originals"),
    Command(id="duplicate", text="&Duplicate", shortcuts=("Ctrl+D",), icon="ph.copy-simple", when=_SELECTION, scope="shown"),
    Command(id="delete", text="D&elete", shortcuts=("Del", "Backspace"), icon="ph.trash", when=_SELECTION, scope="shown"),
    Command(id="delete_and_reconnect", text="Delete and reco&nnect", shortcuts=("Ctrl+Del",), when=_SELECTION, scope="shown", tip="Delete the selected nodes and join what led to them with what followed"),
    Command(id="find_nodes", text="&Find on canvas…", shortcuts=("Ctrl+F",), icon="ph.magnifying-glass", when=_WORKFLOW, scope="shown", tip="Find nodes by words, is:invalid, model:…, state:failed"),
    Command(id="select_all", text="Select &all", shortcuts=("Ctrl+A",), when=_WORKFLOW, scope="shown"),
    Command(id="select_upstream", text="Select up&stream", shortcuts=("Shift+Left",), when=_SELECTION, scope="shown"),
    Command(id="select_downstream", text="Select do&wnstream", shortcuts=("Shift+Right",), when=_SELECTION, scope="shown"),
    Command(id="rename", text="Re&name", shortcuts=("F2",), icon="ph.pencil-simple", when=_SELECTION, scope="shown"),
    # View
    Command(id="toggle_left", text="&Models and project", shortcuts=("Ctrl+B",), checkable=True),
    Command(id="toggle_inspector", text="&Inspector", shortcuts=("Ctrl+I",), checkable=True),
    Command(id="toggle_bottom", text="&Results and runs", shortcuts=("Ctrl+J",), checkable=True),
    Command(id="show_log", text="&Log", shortcuts=("Ctrl+`",)),
    Command(id="show_lineage", text="Lin&eage", shortcuts=("Ctrl+Shift+I",), icon="ph.path", tip="Which nodes read a field, write it, filter by it or pass it on"),
    Command(id="show_outline", text="O&utline", shortcuts=("Ctrl+Shift+O",), icon="ph.list-bullets", tip="The workflow as a tree, to read and edit by keys alone"),
    Command(id="show_history", text="&History", shortcuts=("Ctrl+Shift+H",), icon="ph.clock-counter-clockwise", tip="Every edit, to go back to"),
    Command(id="go_to", text="&Go to anything…", shortcuts=("Ctrl+K",), icon="ph.magnifying-glass", tip="A node, another workflow, a model or a run by name"),
    Command(id="command_palette", text="Comman&ds…", shortcuts=("Ctrl+Shift+P",), icon="ph.terminal-window", tip="Every command by name"),
    Command(id="zoom_in", text="Zoom &in", shortcuts=("Ctrl++", "Ctrl+="), icon="ph.magnifying-glass-plus", when=_WORKFLOW),
    Command(id="zoom_out", text="Zoom &out", shortcuts=("Ctrl+-",), icon="ph.magnifying-glass-minus", when=_WORKFLOW),
    Command(id="zoom_100", text="&Actual size", shortcuts=("Ctrl+0",), when=_WORKFLOW),
    Command(id="fit", text="&Fit all", shortcuts=("Ctrl+1",), icon="ph.corners-out", when=_WORKFLOW),
    Command(id="fit_selection", text="Fit s&election", shortcuts=("F",), when=_SELECTION, scope="shown"),
    Command(id="toggle_minimap", text="Mi&nimap", shortcuts=("Ctrl+M",), when=_WORKFLOW, scope="shown", checkable=True, tip="Show or hide the map of the whole workflow"),
    *(Command(id=f"go_to_bookmark_{key}", text=f"Go to bookmark &{key}", shortcuts=(f"Alt+{key}",), when=_WORKFLOW, scope="shown", tip="Show the part of the workflow that was kept there") for key in "123456789"),
    *(Command(id=f"set_bookmark_{key}", text=f"Set bookmark {key}", shortcuts=(f"Ctrl+Alt+{key}",), when=_WORKFLOW, scope="shown", tip="Keep what is seen of the workflow; once more from the same place clears it") for key in "123456789"),
    Command(id="layout_build", text="&Build", checkable=True, tip="Models, canvas, inspector and results beside one another"),
    Command(id="layout_debug", text="&Debug", checkable=True, tip="The canvas with the inspector, and more room for results, runs and log"),
    Command(id="layout_data", text="D&ata", checkable=True, tip="Models, and most of the room for their records"),
    Command(id="reset_layout", text="&Reset this layout", tip="Put every panel back to where it stands at first"),
    Command(id="full_screen", text="Full s&creen", shortcuts=("F11",), checkable=True),
    Command(id="theme_system", text="&As the system", checkable=True),
    Command(id="theme_light", text="&Light", checkable=True),
    Command(id="theme_dark", text="&Dark", checkable=True),
    Command(id="theme_high_contrast", text="&High contrast", checkable=True),
    # Graph
    Command(id="add_node", text="&Add node…", shortcuts=("N", "Tab"), icon="ph.plus-circle", when=_WORKFLOW, scope="shown", tip="Search for a node and put it under the pointer"),
    Command(id="add_note", text="Add n&ote", shortcuts=("C",), icon="ph.note", when=_WORKFLOW, scope="shown"),
    Command(id="add_frame", text="&Frame", shortcuts=("Ctrl+G",), icon="ph.selection", when=_SELECTION, scope="shown", tip="Put a titled frame around what is selected"),
    Command(id="dissolve_frames", text="&Ungroup", shortcuts=("Ctrl+Shift+G",), when=(*_SELECTION, "can_dissolve_frames"), scope="shown", tip="Take the frame away and leave what lies in it"),
    Command(id="make_subworkflow", text="Make subwor&kflow", shortcuts=("Alt+X",), icon="ph.stack", when=_SELECTION, scope="shown", tip="Make a workflow of the selected nodes; a node stands for it"),
    Command(id="enter_subworkflow", text="Enter subworkflow", shortcuts=("Alt+Return", "Alt+Enter"), icon="ph.sign-in", when=(*_SELECTION, "can_enter_subworkflow"), scope="shown", tip="Show the workflow that the selected node runs"),
    Command(id="leave_subworkflow", text="Leave subworkflow", shortcuts=("Alt+Shift+Return", "Alt+Shift+Enter"), icon="ph.sign-out", when=(*_WORKFLOW, "can_leave_subworkflow"), scope="shown", tip="Go back to the workflow that led here"),
    Command(id="toggle_disabled", text="&Disable or enable", shortcuts=("D",), when=_SELECTION, scope="shown"),
    Command(id="toggle_collapsed", text="&Collapse or expand", shortcuts=("H",), when=_SELECTION, scope="shown"),
    Command(id="toggle_ports", text="Show or fold optional &ports", shortcuts=("Ctrl+H",), when=_SELECTION, scope="shown"),
    Command(id="activate", text="&Edit params", shortcuts=("Return", "Enter"), when=_SELECTION, scope="shown", tip="Edit the params of the selected node in the inspector"),
    Command(id="show_results", text="Show &results", shortcuts=("O",), when=_SELECTION, scope="shown"),
    Command(id="connect_selected", text="Connect &in order", shortcuts=("Ctrl+L",), when=(*_SELECTION, "can_connect_selected"), scope="shown", tip="Join the selected nodes from left to right, each with the next"),
    Command(id="disconnect_selected", text="Dis&connect", shortcuts=("Ctrl+Shift+L",), when=_SELECTION, scope="shown", tip="Take away the edges between the selected nodes"),
    Command(id="tidy", text="&Tidy", shortcuts=("L", "Shift+Alt+T"), icon="ph.tree-structure", when=_WORKFLOW, scope="shown", tip="Lay out the selected nodes, or all, in layers from left to right"),
    Command(id="align_left", text="Align &left", shortcuts=("Shift+A",), when=_SELECTION, scope="shown"),
    Command(id="align_center", text="Align centres", when=_SELECTION, scope="shown"),
    Command(id="align_right", text="Align ri&ght", shortcuts=("Shift+D",), when=_SELECTION, scope="shown"),
    Command(id="align_top", text="Align top", shortcuts=("Shift+W",), when=_SELECTION, scope="shown"),
    Command(id="align_middle", text="Align middles", when=_SELECTION, scope="shown"),
    Command(id="align_bottom", text="Align &bottom", shortcuts=("Shift+S",), when=_SELECTION, scope="shown"),
    Command(id="distribute_across", text="Distribute across", when=_SELECTION, scope="shown", tip="Make the gaps between the selected nodes equal, from left to right"),
    Command(id="distribute_down", text="Distribute down", when=_SELECTION, scope="shown", tip="Make the gaps between the selected nodes equal, from top to bottom"),
    Command(id="straighten", text="Straighten", shortcuts=("Q",), when=_SELECTION, scope="shown", tip="Make the edges between the selected nodes straight"),
    Command(id="snap", text="&Snap to grid", checkable=True, icon="ph.grid-four"),
    Command(id="save_template", text="Save as temp&late", icon="ph.puzzle-piece", when=_WORKFLOW, tip="Keep what is selected, or else the whole workflow, to begin others with"),
    Command(id="new_workflow", text="New &workflow", shortcuts=("Ctrl+T",), icon="ph.plus", when=_PROJECT),
    # Run
    Command(id="run", text="&Run", shortcuts=("Ctrl+Enter", "Ctrl+Return", "F5"), icon="ph.play-fill", tint="text_on_accent", when=("workflow", "free"), tip="Run this workflow"),
    Command(id="step", text="S&tep", shortcuts=("F10",), icon="ph.arrow-line-right", when=("workflow", "free"), tip="Run the node before which the run waits, and wait before the next; else begin a run that waits before its first node"),
    Command(id="run_to_here", text="Run to &here", shortcuts=("F7",), icon="ph.fast-forward", when=("workflow", "one_selected", "idle"), tip="Run the selected node and what it depends on"),
    Command(id="run_from_here", text="Run &from here", shortcuts=("Shift+F7",), icon="ph.skip-forward", when=("workflow", "one_selected", "idle"), tip="Run the selected node and what follows, with what the last run gave before it"),
    Command(id="dry_run", text="&Dry run", shortcuts=("Ctrl+Shift+Enter", "Ctrl+Shift+Return"), icon="ph.flask", when=("workflow", "idle"), tip="Run this workflow for real, then roll every change back"),
    Command(id="stop", text="&Stop", shortcuts=("Shift+F5",), icon="ph.stop-fill", when=("running",), tip="Stop the run, at the database as well"),
    Command(id="toggle_breakpoint", text="Set or remove brea&kpoint", shortcuts=("F9",), icon="ph.record-fill", tint="error", when=_SELECTION, tip="Let runs wait before the selected nodes, or no longer"),
    Command(id="edit_breakpoint", text="Breakpoint &with condition…", shortcuts=("Shift+F9",), when=_SELECTION, tip="Let runs wait before the selected nodes when an expression is true"),
    Command(id="clear_breakpoints", text="Re&move all breakpoints", shortcuts=("Ctrl+Shift+F9",), when=("breakpoints",), tip="Remove every breakpoint of this project"),
    Command(id="toggle_pin", text="&Pin or unpin value", shortcuts=("P",), icon="ph.push-pin", when=_SELECTION, scope="shown", tip="Keep what the selected nodes gave, and give it from now on instead of running them"),
    Command(id="mode_auto", text="Commit &each node", checkable=True, tip="Each node commits by itself; what was done before a failure stays"),
    Command(id="mode_atomic", text="&All or nothing", checkable=True, tip="One transaction for the whole run; any failure rolls everything back"),
    Command(id="mode_review", text="Re&view, then commit", checkable=True, tip="One transaction, left open until you commit it or roll it back"),
    Command(id="commit", text="&Commit", shortcuts=("Ctrl+Shift+C",), icon="ph.check-circle", when=("open_transaction",), tip="Keep everything that the run in review has changed"),
    Command(id="roll_back", text="Roll &back", shortcuts=("Ctrl+Shift+R",), icon="ph.arrow-counter-clockwise", when=("open_transaction",), tip="Undo everything that the run in review has changed"),
    Command(id="show_changes", text="C&hanges", icon="ph.git-diff", tip="What the last run created, updated and deleted"),
    Command(id="next_problem", text="&Next problem", shortcuts=("F8",), when=_WORKFLOW),
    Command(id="previous_problem", text="&Previous problem", shortcuts=("Shift+F8",), when=_WORKFLOW),
    # Data
    Command(id="connections", text="&Connections…", icon="ph.database", when=_PROJECT),
    Command(id="import_models", text="&Import models from a database…", icon="ph.table", when=_PROJECT),
    Command(id="new_model", text="New &model…", when=_PROJECT),
    Command(id="export_rows", text="&Export rows…", shortcuts=("Ctrl+Shift+E",), icon="ph.export", when=("rows",), tip="Write all rows of the tab in front into a file: CSV, JSON, JSON Lines or SQL"),
    Command(id="show_chart", text="&Show or hide the chart", shortcuts=("Ctrl+Shift+D",), icon="ph.chart-bar", when=("rows",), tip="The rows of the tab in front as bars, lines or a histogram"),
    Command(id="filter_rows", text="&Filter by column", shortcuts=("Ctrl+Shift+F",), icon="ph.funnel-simple", when=("rows",), tip="A row of filters below the header: = ≠ < >, in a, b, null, ~ part of a text"),
    Command(id="choose_columns", text="C&olumns and views…", shortcuts=("Ctrl+Shift+A",), icon="ph.columns", when=("rows",), tip="Which columns are shown, in which order; columns, order and filters kept under a name"),
    Command(id="keep_tab", text="&Keep or release the result", shortcuts=("Ctrl+Shift+K",), icon="ph.push-pin", when=("result",), tip="Keep the tab in front as it is: what is run or shown next gets another one"),
    Command(id="tenant", text="&Tenant…", icon="ph.users", when=_PROJECT, tip="Whose records are meant, in models that keep them by tenant"),
    # Window
    Command(id="next_tab", text="&Next workflow", shortcuts=("Ctrl+Tab", "Ctrl+PgDown"), when=_WORKFLOW),
    Command(id="previous_tab", text="&Previous workflow", shortcuts=("Ctrl+Shift+Tab", "Ctrl+PgUp"), when=_WORKFLOW),
    Command(id="close_tab", text="&Close tab", shortcuts=("Ctrl+W",), when=_WORKFLOW),
    Command(id="next_pane", text="Next p&ane", shortcuts=("F6",)),
    Command(id="previous_pane", text="Previous pan&e", shortcuts=("Shift+F6",)),
    # Help
    Command(id="shortcuts", text="&Keyboard shortcuts", shortcuts=("F1", "Shift+?"), icon="ph.keyboard"),
    Command(id="tour", text="&Tour", tip="Three marks beside what is worth knowing first; Esc ends them"),
    Command(id="open_data_folder", text="Open &data folder"),
    Command(id="open_log", text="Open lo&g file"),
    Command(id="licences", text="&Licences"),
    Command(id="about", text="&About Studio", role=QAction.MenuRole.AboutRole),
)  # fmt: skip

LACKING: Final[Mapping[str, str]] = {
    "project": "There is no project: open one, or make a new one",
    "workflow": "No workflow is shown",
    "selection": "Nothing is selected on the canvas",
    "one_selected": "It needs one selected node, no more",
    "undo": "There is nothing to undo",
    "redo": "There is nothing to do again",
    "running": "No run is going on",
    "idle": "A run is going on",
    "free": "A run is going on",
    "breakpoints": "There are no breakpoints",
    "open_transaction": "No run waits to be committed",
    "rows": "No tab with rows is in front in Results",
    "result": "No result is in front in Results",
    "can_paste": "Nothing has been copied",
    "can_paste_with_links": "Nothing has been copied",
    "can_dissolve_frames": "No frame, and nothing that lies in one, is selected",
    "can_enter_subworkflow": "No node that runs a workflow is selected",
    "can_leave_subworkflow": "This workflow was not entered from another one",
    "can_connect_selected": "It needs two selected nodes or more",
}
"""Why a command is disabled, by the condition that does not hold."""

RECENT: Final = "recent"
"""In a menu: the submenu of recent projects."""
THEME: Final = "theme"
BOOKMARK: Final = "bookmark"
LAYOUT: Final = "layout"

MENUS: Final[tuple[tuple[str, tuple[str | None, ...]], ...]] = (
    ("&File", ("new", "open", "open_server", RECENT, "open_sample", None, "save", "save_as", "save_server", "compare_saved", None, "import_yaml", "export_yaml", "export_canvas", None, "reopen_last", None, "close_project", "quit")),
    ("&Edit", ("undo", "redo", None, "cut", "copy", "paste", "paste_with_links", "duplicate", "delete", "delete_and_reconnect", None, "find_nodes", "select_all", "select_upstream", "select_downstream", None, "rename")),
    ("&View", ("toggle_left", "toggle_inspector", "toggle_bottom", "show_log", "show_lineage", "show_outline", "show_history", None, "zoom_in", "zoom_out", "zoom_100", "fit", "fit_selection", "toggle_minimap", BOOKMARK, None, THEME, LAYOUT, "full_screen")),
    ("&Graph", ("add_node", "add_note", "add_frame", "dissolve_frames", None, "make_subworkflow", "enter_subworkflow", "leave_subworkflow", None, "activate", "show_results", None, "toggle_disabled", "toggle_collapsed", "toggle_ports", None, "connect_selected", "disconnect_selected", None, "tidy", "align_left", "align_center", "align_right", "align_top", "align_middle", "align_bottom", "distribute_across", "distribute_down", "straighten", "snap", None, "save_template", "new_workflow")),
    ("&Run", ("run", "run_to_here", "run_from_here", "dry_run", None, "step", "stop", None, "toggle_breakpoint", "edit_breakpoint", "clear_breakpoints", None, "mode_auto", "mode_atomic", "mode_review", None, "commit", "roll_back", "show_changes", None, "toggle_pin", None, "next_problem", "previous_problem")),
    ("&Data", ("connections", "import_models", "new_model", None, "filter_rows", "choose_columns", "show_chart", "export_rows", "keep_tab", None, "tenant")),
    ("&Tools", ("go_to", "command_palette", None, "change_passphrase", "settings")),
    ("&Window", ("next_tab", "previous_tab", "close_tab", None, "next_pane", "previous_pane")),
    ("&Help", ("shortcuts", "tour", None, "open_data_folder", "open_log", "licences", None, "about")),
)  # fmt: skip

MODES: Final = ("mode_auto", "mode_atomic", "mode_review")
LAYOUTS: Final = ("layout_build", "layout_debug", "layout_data")
THEMES: Final = ("theme_system", "theme_light", "theme_dark", "theme_high_contrast")
BOOKMARKS: Final = tuple(f"{verb}_bookmark_{key}" for verb in ("go_to", "set") for key in "123456789")

SUBMENUS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    THEME: ("&Theme", THEMES),
    BOOKMARK: ("Boo&kmarks", BOOKMARKS),
    LAYOUT: ("La&yout", (*LAYOUTS, "reset_layout")),
}
"""Title and commands of what stands in a menu as one entry."""


def flat(ids: Iterable[str | None]) -> list[str | None]:
    """A menu's entries with those of its submenus in their place."""
    return [known for name in ids for known in (SUBMENUS[name][1] if name and name in SUBMENUS else (name,))]
