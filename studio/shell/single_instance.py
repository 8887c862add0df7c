"""Does Studio run already? A second start hands over what it was to open and ends; the window that runs opens it and comes to the front.

One for each user and Studio home. What a crash has left behind is no obstacle: where nobody answers, the place is taken over.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Final

from PySide6.QtCore import QLockFile, QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

_ANSWER: Final = b"taken\n"
_PATIENCE_MS: Final = 3000
"""So long a running window may take to answer; then the second start goes on by itself."""
_LONGEST_PATH: Final = 80
"""In bytes: the system's addresses of sockets end at 104 or 108, and Qt makes them in a folder beside first."""
_LONGEST_REQUEST: Final = 1 << 16
_TOKEN: Final = "XDG_ACTIVATION_TOKEN"
"""The desktop's leave to come to the front (Wayland)."""


def address_of(data_dir: Path) -> str:
    """Where the window of this home is met: a socket that only its user can reach; empty where there is no place for one."""
    mark = f"studio-{hashlib.sha256(str(data_dir.absolute()).encode()).hexdigest()[:16]}"
    if sys.platform == "win32":
        return mark
    # Never in a folder that all may write to: somebody else could wait there.
    for folder in (
        os.environ.get("XDG_RUNTIME_DIR", ""),
        f"/run/user/{os.getuid()}",
        str(data_dir.absolute()),
    ):
        path = f"{folder}/{mark}.socket"
        if folder and Path(folder).is_dir() and len(os.fsencode(path)) <= _LONGEST_PATH:
            return path
    return ""


def hand_over(address: str, location: str | None) -> bool:
    """Asks the window that runs to open something, or only to come to the front; whether there was one and it has answered.

    Relative paths are this process's. Blocks for three seconds at most.
    """
    socket = QLocalSocket()
    socket.connectToServer(address)  # an empty address is refused at once
    if not socket.waitForConnected(_PATIENCE_MS):
        return False
    request = {"open": absolute(location), "token": os.environ.get(_TOKEN, "")}
    socket.write(json.dumps(request).encode() + b"\n")
    answer = b""
    while len(answer) < len(_ANSWER) and socket.waitForReadyRead(_PATIENCE_MS):
        answer += bytes(socket.readAll().data())
    socket.disconnectFromServer()
    return answer == _ANSWER


def absolute(location: str | None) -> str | None:
    """A location that means the same in another process's folder; URLs stay as they are."""
    if location is None or "://" in location:
        return location
    return str(Path(location).expanduser().absolute())


class SingleInstance(QObject):
    """Listens for other starts, from `listen` on to `stop`."""

    requested = Signal(str)
    """Another start: what it was to open, empty for nothing."""

    def __init__(self, data_dir: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._data_dir = data_dir
        self.address = address_of(data_dir)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._accept)

    def listen(self) -> bool:
        """Takes the place; False where it cannot be had, which costs nothing but the convenience."""
        if not self.address:
            return False
        lock = QLockFile(str(self._data_dir / "instance.lock"))
        # Two starts after a crash must not clear away each other's socket.
        if not lock.tryLock(_PATIENCE_MS):
            return False
        try:
            # Qt would put its socket in the place of one that somebody listens at.
            probe = QLocalSocket()
            probe.connectToServer(self.address)
            if probe.waitForConnected(_PATIENCE_MS):
                probe.abort()
                return False
            QLocalServer.removeServer(self.address)
            return self._server.listen(self.address)
        finally:
            lock.unlock()

    def stop(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.setParent(self)
            socket.readyRead.connect(self._read)
            socket.disconnected.connect(socket.deleteLater)
            if socket.canReadLine():
                self._take(socket)

    def _read(self) -> None:
        socket = self.sender()
        if isinstance(socket, QLocalSocket):
            self._take(socket)

    def _take(self, socket: QLocalSocket) -> None:
        if not socket.canReadLine():
            if socket.bytesAvailable() > _LONGEST_REQUEST:
                socket.abort()
            return
        try:
            request = json.loads(bytes(socket.readLine().data()))
            location, token = request["open"] or "", request["token"]
        except (ValueError, KeyError, TypeError):
            socket.abort()
            return
        if not isinstance(location, str) or not isinstance(token, str):
            socket.abort()
            return
        socket.write(_ANSWER)
        socket.flush()
        if token:
            # Qt takes it from there when the window asks to come to the front.
            os.environ[_TOKEN] = token
        self.requested.emit(location)
