"""What does the window remember between starts? Its places, its look and the recent projects; never anything of a project itself.

Kept as an INI file in Studio's data folder, so that `STUDIO_HOME` moves everything at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from PySide6.QtCore import QByteArray, QSettings

from studio.persistence.retention import Retention

if TYPE_CHECKING:
    from studio.panels.welcome import Recent

ThemeChoice = Literal["system", "light", "dark", "high-contrast"]
MotionChoice = Literal["system", "reduced", "full"]
ModeChoice = Literal["auto", "atomic", "review"]
"""How a run commits: each node by itself, all or nothing, or all after a look at it."""

LayoutChoice = Literal["build", "debug", "data"]
"""Where the panels stand: for drawing, for watching runs, for looking at records."""

MAX_RECENT: Final = 10
LAYOUT_VERSION: Final = 5
"""Of the docks and toolbars; a state saved by another version is not restored."""

_CHOICES: Final[dict[str, ThemeChoice]] = {
    choice: choice for choice in ("system", "light", "dark", "high-contrast")
}

_MODES: Final[dict[str, ModeChoice]] = {choice: choice for choice in ("auto", "atomic", "review")}
_LAYOUTS: Final[dict[str, LayoutChoice]] = {choice: choice for choice in ("build", "debug", "data")}
_MOTIONS: Final[dict[str, MotionChoice]] = {choice: choice for choice in ("system", "reduced", "full")}


class Settings:
    """The window's memory. Reads are cached by Qt; writes reach the disk at `sync`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._store = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)

    @property
    def theme(self) -> ThemeChoice:
        return _CHOICES.get(str(self._store.value("look/theme", "system")), "system")

    @theme.setter
    def theme(self, choice: ThemeChoice) -> None:
        self._store.setValue("look/theme", choice)

    @property
    def reopens_last(self) -> bool:
        """Whether Studio starts with the project that was open last; else it starts with the sample."""
        return bool(self._store.value("start/reopen", defaultValue=False, type=bool))

    @reopens_last.setter
    def reopens_last(self, reopens: bool) -> None:
        self._store.setValue("start/reopen", reopens)

    @property
    def has_seen_tour(self) -> bool:
        """Whether the tour has been shown, and ended by whoever saw it."""
        return bool(self._store.value("start/tour", defaultValue=False, type=bool))

    @has_seen_tour.setter
    def has_seen_tour(self, has: bool) -> None:
        self._store.setValue("start/tour", has)

    @property
    def snaps(self) -> bool:
        """Whether nodes snap to the grid."""
        return bool(self._store.value("canvas/snap", defaultValue=True, type=bool))

    @snaps.setter
    def snaps(self, snaps: bool) -> None:
        self._store.setValue("canvas/snap", snaps)

    @property
    def mode(self) -> ModeChoice:
        """How runs commit."""
        return _MODES.get(str(self._store.value("run/mode", "auto")), "auto")

    @mode.setter
    def mode(self, choice: ModeChoice) -> None:
        self._store.setValue("run/mode", choice)

    @property
    def wheel_pans(self) -> bool:
        """Whether the mouse wheel moves the view of the canvas, and zooms with Ctrl only."""
        return bool(self._store.value("canvas/wheel_pans", defaultValue=False, type=bool))

    @wheel_pans.setter
    def wheel_pans(self, pans: bool) -> None:
        self._store.setValue("canvas/wheel_pans", pans)

    @property
    def motion(self) -> MotionChoice:
        """Whether things may move by themselves: as the desktop says, reduced, or in full."""
        return _MOTIONS.get(str(self._store.value("look/motion", "system")), "system")

    @motion.setter
    def motion(self, choice: MotionChoice) -> None:
        self._store.setValue("look/motion", choice)

    @property
    def reduces_motion(self) -> bool | None:
        """None: ask the desktop."""
        return {"system": None, "reduced": True, "full": False}[self.motion]

    @property
    def own_keys(self) -> dict[str, list[str]]:
        """A person's own shortcuts by command id; an empty list for a command that has lost its keys."""
        return {
            command_id: [str(key) for key in keys]
            for command_id, keys in self._mapping("keys/own").items()
            if isinstance(keys, list)
        }

    @own_keys.setter
    def own_keys(self, keys: Mapping[str, Sequence[str]]) -> None:
        self._store.setValue("keys/own", json.dumps({name: list(given) for name, given in keys.items()}))

    @property
    def tenants(self) -> dict[str, str]:
        """The tenant that was named last, by the location of the project."""
        return {place: str(tenant) for place, tenant in self._mapping("run/tenants").items()}

    @tenants.setter
    def tenants(self, tenants: Mapping[str, str]) -> None:
        self._store.setValue("run/tenants", json.dumps(dict(tenants)))

    @property
    def breakpoints(self) -> dict[str, list[tuple[str, str, str]]]:
        """Workflow, node and condition of each breakpoint, by the location of the project."""
        return {
            place: [
                (entry[0], entry[1], entry[2])
                for entry in entries
                if isinstance(entry, list)
                and len(entry) == 3
                and all(isinstance(part, str) for part in entry)
            ]
            for place, entries in self._mapping("run/breakpoints").items()
            if isinstance(entries, list)
        }

    @breakpoints.setter
    def breakpoints(self, breakpoints: Mapping[str, Sequence[tuple[str, str, str]]]) -> None:
        kept = {place: [list(entry) for entry in entries] for place, entries in breakpoints.items()}
        self._store.setValue("run/breakpoints", json.dumps(kept))

    @property
    def retention(self) -> Retention:
        """How much of a project's runs is kept."""
        usual = Retention()
        runs = self._store.value("run/kept", usual.runs, type=int)
        megabytes = self._store.value("run/kept_megabytes", usual.megabytes, type=int)
        return Retention(runs=max(int(str(runs)), 1), megabytes=max(int(str(megabytes)), 1))

    @retention.setter
    def retention(self, retention: Retention) -> None:
        self._store.setValue("run/kept", retention.runs)
        self._store.setValue("run/kept_megabytes", retention.megabytes)

    @property
    def stars(self) -> dict[str, list[str]]:
        """The ids of starred workflows and templates, by the location of the project."""
        return {
            place: [entry for entry in entries if isinstance(entry, str)]
            for place, entries in self._mapping("project/stars").items()
            if isinstance(entries, list)
        }

    @stars.setter
    def stars(self, stars: Mapping[str, Sequence[str]]) -> None:
        self._store.setValue("project/stars", json.dumps({place: list(ids) for place, ids in stars.items()}))

    def looks(self, place: str) -> dict[str, Any]:
        """The views that are kept of certain rows, by name."""
        found = self._mapping("results/looks").get(place)
        return found if isinstance(found, dict) else {}

    def keep_looks(self, place: str, looks: Mapping[str, Any]) -> None:
        kept = {**self._mapping("results/looks"), place: dict(looks)}
        self._store.setValue(
            "results/looks", json.dumps({key: entry for key, entry in kept.items() if entry})
        )

    @property
    def last_folder(self) -> str:
        """Where the last file dialog ended; an empty string at first."""
        return str(self._store.value("files/folder", ""))

    @last_folder.setter
    def last_folder(self, folder: str) -> None:
        self._store.setValue("files/folder", folder)

    @property
    def used_goals(self) -> list[str]:
        """What was gone to or done by name, the latest first."""
        return self._list("finder/used")

    @used_goals.setter
    def used_goals(self, goals: list[str]) -> None:
        self._store.setValue("finder/used", goals)

    @property
    def geometry(self) -> QByteArray:
        return QByteArray(self._store.value("window/geometry", QByteArray()))

    @property
    def state(self) -> QByteArray:
        return QByteArray(self._store.value("window/state", QByteArray()))

    @property
    def layout(self) -> LayoutChoice:
        """Which layout is shown."""
        return _LAYOUTS.get(str(self._store.value("window/layout", "build")), "build")

    @layout.setter
    def layout(self, choice: LayoutChoice) -> None:
        self._store.setValue("window/layout", choice)

    @property
    def layout_state(self) -> QByteArray:
        """How the layout that is shown was left; empty when it never was."""
        return QByteArray(self._store.value(f"window/state_{self.layout}", QByteArray()))

    def keep_layout(self, state: QByteArray) -> None:
        """Remembers how the layout that is shown is left."""
        self._store.setValue(f"window/state_{self.layout}", state)

    def keep_window(self, geometry: QByteArray, state: QByteArray) -> None:
        self._store.setValue("window/geometry", geometry)
        self._store.setValue("window/state", state)

    def recent(self) -> list[Recent]:
        """The projects opened before, the latest first; `exists` is false for a file that has gone."""
        from studio.panels.welcome import Recent

        names = self._list("recent/names")
        locations = self._list("recent/locations")
        pinned = set(self._list("recent/pinned"))
        return [
            Recent(
                name,
                location,
                exists="://" in location or Path(location).exists(),
                is_pinned=location in pinned,
            )
            for name, location in zip(names, locations, strict=False)
        ]

    def remember(self, name: str, location: str) -> None:
        """Puts a project at the head of the recent ones, of which ten are kept beside those that are pinned."""
        from studio.panels.welcome import Recent

        known = self.recent()
        is_pinned = any(entry.location == location and entry.is_pinned for entry in known)
        others = [entry for entry in known if entry.location != location]
        entries = [Recent(name, location, is_pinned=is_pinned), *others]
        old = [entry for entry in entries if not entry.is_pinned][MAX_RECENT:]
        self._keep_recent([entry for entry in entries if entry not in old])

    def pin(self, location: str, is_pinned: bool) -> None:
        """Keeps a recent project at the top, or no longer."""
        self._keep_recent(
            [
                entry._replace(is_pinned=is_pinned if entry.location == location else entry.is_pinned)
                for entry in self.recent()
            ]
        )

    def forget(self, location: str) -> None:
        self._keep_recent([entry for entry in self.recent() if entry.location != location])

    def sync(self) -> None:
        self._store.sync()

    def _keep_recent(self, entries: list[Recent]) -> None:
        self._store.setValue("recent/names", [entry.name for entry in entries])
        self._store.setValue("recent/locations", [entry.location for entry in entries])
        self._store.setValue("recent/pinned", [entry.location for entry in entries if entry.is_pinned])

    def _mapping(self, key: str) -> dict[str, Any]:
        """What was kept as JSON; nothing when it is no mapping any more."""
        try:
            found = json.loads(str(self._store.value(key, "{}")))
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def _list(self, key: str) -> list[str]:
        # A list of one entry comes back from an INI file as that entry.
        value = self._store.value(key, [])
        if isinstance(value, str):
            return [value] if value else []
        return [str(entry) for entry in value] if isinstance(value, list) else []
