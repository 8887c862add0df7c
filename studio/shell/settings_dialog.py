"""Where does a person set how Studio looks and acts? A page for look and canvas, one for the keys. Every choice acts at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QSpinBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from studio.panels.widgets import number_box
from studio.persistence.retention import Retention
from studio.shell.shortcut_page import ShortcutPage

if TYPE_CHECKING:
    from studio.shell.preferences import Preferences
    from studio.shell.settings import MotionChoice, ThemeChoice

_THEMES: Final = (
    ("system", "As the system"),
    ("light", "Light"),
    ("dark", "Dark"),
    ("high-contrast", "High contrast"),
)
_MOTIONS: Final = (("system", "As the system"), ("reduced", "Reduced"), ("full", "Full"))
_WHEELS: Final = (
    ("zoom", "Zooms (Space + drag or the middle button moves)"),
    ("pan", "Moves the view (Ctrl + wheel zooms)"),
)


class SettingsDialog(QDialog):
    """All settings. There is nothing to confirm: Close closes."""

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("settingsDialog")
        self.setWindowTitle(self.tr("Settings"))
        self.resize(760, 620)
        self._preferences = preferences
        self.tabs = QTabWidget()
        self.tabs.addTab(self._general(), self.tr("Look and canvas"))
        self.shortcuts = ShortcutPage(preferences)
        self.tabs.addTab(self.shortcuts, self.tr("Keyboard"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        close = buttons.button(QDialogButtonBox.StandardButton.Close)
        close.setAutoDefault(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 12)
        layout.setSpacing(12)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(buttons)
        self._show()
        preferences.changed.connect(self._show)

    def _general(self) -> QWidget:
        page = QWidget()
        form = QFormLayout(page)
        form.setContentsMargins(14, 16, 14, 14)
        form.setVerticalSpacing(12)
        form.setHorizontalSpacing(18)
        self.theme = _choice(_THEMES, self.tr("Theme"))
        self.theme.activated.connect(self._theme_chosen)
        self.motion = _choice(_MOTIONS, self.tr("Motion"))
        self.motion.setToolTip(self.tr("Reduced: nodes and views go to their place at once"))
        self.motion.activated.connect(self._motion_chosen)
        self.wheel = _choice(_WHEELS, self.tr("Mouse wheel"))
        self.wheel.activated.connect(self._wheel_chosen)
        self.snaps = QCheckBox(self.tr("Snap to grid"))
        self.snaps.clicked.connect(self._snaps_chosen)
        self.tab_adds = QCheckBox(self.tr("Tab adds a node"))
        self.tab_adds.setToolTip(
            self.tr("While the canvas has the focus; otherwise Tab goes on to the next part of the window")
        )
        self.tab_adds.clicked.connect(self._tab_chosen)
        self.reopens = QCheckBox(self.tr("Start with the project that was open last"))
        self.reopens.clicked.connect(self._reopens_chosen)
        form.addRow(self.tr("&Theme"), self.theme)
        form.addRow(self.tr("&Motion"), self.motion)
        form.addRow(self.tr("Mouse &wheel"), self.wheel)
        form.addRow(self.tr("Canvas"), self.snaps)
        form.addRow("", self.tab_adds)
        form.addRow(self.tr("Start"), self.reopens)
        self.runs_kept = _number(1, 100_000, self.tr(" runs"), self.tr("The greatest number of runs kept"))
        self.megabytes_kept = _number(
            1, 100_000, self.tr(" MB"), self.tr("The greatest size of the runs kept")
        )
        for box in (self.runs_kept, self.megabytes_kept):
            box.editingFinished.connect(self._retention_chosen)
        kept = QHBoxLayout()
        kept.setSpacing(8)
        kept.addWidget(self.runs_kept)
        kept.addWidget(self.megabytes_kept)
        kept.addStretch(1)
        form.addRow(self.tr("Runs kept"), kept)
        return page

    def _show(self) -> None:
        settings = self._preferences.settings
        self.theme.setCurrentIndex(self.theme.findData(settings.theme))
        self.motion.setCurrentIndex(self.motion.findData(settings.motion))
        self.wheel.setCurrentIndex(self.wheel.findData("pan" if settings.wheel_pans else "zoom"))
        self.snaps.setChecked(settings.snaps)
        self.tab_adds.setChecked(self._preferences.tab_adds)
        self.reopens.setChecked(settings.reopens_last)
        self.runs_kept.setValue(settings.retention.runs)
        self.megabytes_kept.setValue(settings.retention.megabytes)

    def _theme_chosen(self) -> None:
        self._preferences.set_theme(cast("ThemeChoice", self.theme.currentData()))

    def _motion_chosen(self) -> None:
        self._preferences.set_motion(cast("MotionChoice", self.motion.currentData()))

    def _wheel_chosen(self) -> None:
        self._preferences.set_wheel_pans(self.wheel.currentData() == "pan")

    def _snaps_chosen(self) -> None:
        self._preferences.set_snaps(self.snaps.isChecked())

    def _tab_chosen(self) -> None:
        self._preferences.set_tab_adds(self.tab_adds.isChecked())

    def _reopens_chosen(self) -> None:
        self._preferences.set_reopens_last(self.reopens.isChecked())

    def _retention_chosen(self) -> None:
        chosen = Retention(runs=self.runs_kept.value(), megabytes=self.megabytes_kept.value())
        if chosen != self._preferences.settings.retention:
            self._preferences.set_retention(chosen)


def _number(least: int, most: int, suffix: str, name: str) -> QSpinBox:
    box = number_box()
    box.setRange(least, most)
    box.setGroupSeparatorShown(True)
    box.setSuffix(suffix)
    box.setAccessibleName(name)
    box.setToolTip(name)
    return box


def _choice(entries: tuple[tuple[str, str], ...], name: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    for value, text in entries:
        box.addItem(text, value)
    return box
