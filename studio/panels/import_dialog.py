"""Which tables become models?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QWidget

from studio.panels.base import Panel

if TYPE_CHECKING:
    from studio.qt.theme import Theme
    from studio.session import RunHandle, Session


class ImportModelsDialog(QDialog):
    modelsImported = Signal(int)

    def __init__(
        self,
        session: Session,
        theme: Theme,
        parent: QWidget | None = None,
        *,
        connection_id: str | None = None,
    ) -> None:
        super().__init__(parent)
