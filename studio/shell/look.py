"""Which look does the window have? From a choice to a theme, and from a theme to the application."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from studio.qt.theme import Theme, system_theme
from studio.shell.settings import ThemeChoice


def theme_of(choice: ThemeChoice) -> Theme:
    """The look that a choice means now."""
    themes = {"light": Theme.light, "dark": Theme.dark, "high-contrast": Theme.high_contrast}
    return themes.get(choice, system_theme)()


def apply_theme(app: QApplication, theme: Theme) -> None:
    """Gives the application a look: style, palette, font and style sheet."""
    app.setStyle("Fusion")
    app.setPalette(theme.palette())
    app.setFont(theme.font())
    app.setStyleSheet(theme.stylesheet())
