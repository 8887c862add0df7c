"""How is a file named? By its path, typed or chosen in the system's dialog."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from studio.panels.editors.base import EditorContext
from studio.panels.editors.simple import LineEditor
from studio.panels.literals import is_expression
from studio.panels.widgets import repaint_icons, tool_button
from studio.qt.theme import Theme


class PathEditor(LineEditor):
    """The path of a file that is read, or of one that `is_written` and need not be there yet."""

    def __init__(self, context: EditorContext, parent: QWidget, *, is_written: bool) -> None:
        super().__init__("str", context, parent)
        self._is_written = is_written
        self.button = tool_button("folder-open", context.theme, self, tip=self.tr("Choose the file"))
        self.button.clicked.connect(self._choose)
        self.row.addWidget(self.button)

    def set_theme(self, theme: Theme) -> None:
        repaint_icons(self, theme)

    def take_file(self, name: str) -> None:
        """A person has chosen this file."""
        self.show_value(name)
        self.edited.emit()
        self.finished.emit()

    def _choose(self) -> None:
        dialog = QFileDialog(self, self.tr("Choose the file"))
        if self._is_written:
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            # What becomes of a file that is there is another param's business.
            dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
        dialog.setFileMode(
            QFileDialog.FileMode.AnyFile if self._is_written else QFileDialog.FileMode.ExistingFile
        )
        known = self.line.text()
        if known and not is_expression(known):
            path = Path(known).expanduser()
            dialog.setDirectory(str(path.parent))
            dialog.selectFile(path.name)
        dialog.fileSelected.connect(self.take_file)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
