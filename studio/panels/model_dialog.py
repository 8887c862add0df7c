"""What does a new model look like?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QWidget

if TYPE_CHECKING:
    from studio.qt.theme import Theme
    from studio.session import Session


class ModelDialog(QDialog):
    modelSaved = Signal(str)

    def __init__(
        self,
        session: Session,
        theme: Theme,
        parent: QWidget | None = None,
        *,
        connection_id: str | None = None,
    ) -> None:
        super().__init__(parent)
