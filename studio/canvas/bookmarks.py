"""How does one come back to a part of a large graph? Nine bookmarks, kept with the workflow; the view glides there."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer

from studio.project.layout_changes import SetBookmarks
from studio.workflow.graph import Bookmark, frozen

if TYPE_CHECKING:
    from studio.canvas.view import CanvasView

DURATION_S: Final = 0.25
_FRAME_MS: Final = 16


class Bookmarks(QObject):
    """The bookmarks of one canvas. Invariant: when the view has come to rest, it shows the bookmark exactly."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._from = self._to = Bookmark()
        self._began = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(_FRAME_MS)
        self._timer.timeout.connect(self._step)
        view.viewer.pressed.connect(self.stop)
        view.viewer.panned.connect(self.stop)

    @property
    def is_moving(self) -> bool:
        return self._timer.isActive()

    def stop(self) -> None:
        """The view stays where it is: a person has taken hold of it."""
        self._timer.stop()

    def set(self, key: str) -> None:
        """Keeps what is seen under a digit; what is kept there already is cleared when it is just what is seen."""
        workflow, view = self._view.workflow, self._view
        if workflow is None:
            return
        self.stop()
        here = self._here()
        kept = workflow.bookmarks.get(key)
        if kept is not None and replace(kept, title="") == here:
            view.session.edit(SetBookmarks(workflow=workflow.id, remove=(key,)))
            view.message.emit(f"Bookmark {key} is cleared.")
            return
        # A bookmark that is set anew keeps its name.
        named = replace(here, title=kept.title) if kept is not None else here
        view.session.edit(SetBookmarks(workflow=workflow.id, put=frozen({key: named})))
        view.message.emit(f"Bookmark {key} is set; Alt+{key} comes back here.")

    def jump(self, key: str) -> None:
        """Shows what is kept under a digit."""
        workflow = self._view.workflow
        found = workflow.bookmarks.get(key) if workflow is not None else None
        if found is None:
            self._view.message.emit(f"Bookmark {key} is not set; Ctrl+Alt+{key} sets it to what you see.")
            return
        self._from, self._to = self._here(), found
        if self._view.arrangement.glide.reduces_motion:
            self._show(found)
            return
        self._began = time.perf_counter()
        self._timer.start()

    def _here(self) -> Bookmark:
        camera = self._view.viewer.camera()
        x, y = camera.to_scene(camera.width / 2, camera.height / 2)
        return Bookmark(x=round(x, 2), y=round(y, 2), zoom=round(camera.zoom, 4))

    def _show(self, at: Bookmark) -> None:
        viewer = self._view.viewer
        viewer.zoom_to(at.zoom)
        viewer.center_on(at.x, at.y)

    def _step(self) -> None:
        share = (time.perf_counter() - self._began) / DURATION_S
        if share >= 1.0:
            self._timer.stop()
            self._show(self._to)
            return
        eased, begin, end = 1.0 - (1.0 - share) ** 3, self._from, self._to
        zoom = math.exp(math.log(begin.zoom) + (math.log(end.zoom) - math.log(begin.zoom)) * eased)
        x, y = begin.x + (end.x - begin.x) * eased, begin.y + (end.y - begin.y) * eased
        self._show(Bookmark(x=x, y=y, zoom=zoom))
