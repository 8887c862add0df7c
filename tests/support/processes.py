"""How does the process of a database server live? It is started on a free port, killed and started again there, stopped.

What kind of server it is, where its program and its data are, the callers know (`servers`, `mariadb`, `mongodb`).
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

START_TIMEOUT_S: Final = 60.0
STOP_TIMEOUT_S: Final = 20.0
POLL_S: Final = 0.02


class ServerUnavailableError(RuntimeError):
    """The server could not be found, set up or started; the message carries what it said."""


class ServerProcess:
    """A server on 127.0.0.1 and one port, which stays its own through every restart."""

    def __init__(
        self,
        name: str,
        command: Callable[[int], Sequence[str | Path]],
        *,
        data_dir: Path,
        url: Callable[[int], str],
        is_ready: Callable[[subprocess.Popen[bytes], str], bool],
        how: Mapping[str, Any],
        stop: signal.Signals = signal.SIGINT,
    ) -> None:
        """Take what the program is called with at a port, and what tells from its log that it takes connections.

        `how` are the arguments of `subprocess` that say as whom and in which environment it runs; `stop` is what makes it end without waiting
        for its clients.
        """
        self._name = name
        self._command = command
        self._data_dir = data_dir
        self._log = data_dir.with_name(data_dir.name + ".log")
        self._url = url
        self._is_ready = is_ready
        self._how = how
        self._stop = stop
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return self._url(self.port)

    @contextlib.contextmanager
    def running(self) -> Iterator["ServerProcess"]:
        """Run the server while the block runs, and stop it however the block ends."""
        try:
            self.start()
            yield self
        finally:
            self.stop()

    def start(self) -> None:
        """Start the server and return once it takes connections. Another program may be quicker at the port: try again.

        Raises:
            ServerUnavailableError: With the end of the server's log.
        """
        said = ""
        for _ in range(5):
            port = self.port or _free_port()
            with self._log.open("wb") as output:
                process = subprocess.Popen(
                    self._command(port),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    # Ctrl-C in a terminal is for the tests; they stop the server when they are done with it.
                    start_new_session=True,
                    **self._how,
                )
            self._process = process
            deadline = time.monotonic() + START_TIMEOUT_S
            while process.poll() is None and time.monotonic() < deadline:
                if self._is_ready(process, self._said()):
                    self.port = port
                    return
                time.sleep(POLL_S)
            self.stop()
            said = self._said()[-4000:]
            if "already in use" not in said:
                break
        raise ServerUnavailableError(f"{self._name} did not start in {self._data_dir}. It said:\n{said}")

    def kill(self) -> None:
        """End the server as a power cut does, with all processes that work for it."""
        process = self._process
        assert process is not None
        workers = self._workers()
        process.kill()
        process.wait()
        for worker in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)

    @contextlib.contextmanager
    def silent(self) -> Iterator[None]:
        """While the block runs the server answers nobody, as when the network is gone, and goes on afterwards."""
        process = self._process
        assert process is not None
        stopped = [process.pid, *self._workers()]
        for each in stopped:
            os.kill(each, signal.SIGSTOP)
        try:
            while not all(map(_is_stopped, stopped)):
                time.sleep(POLL_S)
            yield
        finally:
            for each in stopped:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(each, signal.SIGCONT)

    def _workers(self) -> list[int]:
        """PostgreSQL's workers lead sessions of their own, so no signal to a group reaches them."""
        assert self._process is not None
        number = self._process.pid
        found = Path(f"/proc/{number}/task/{number}/children").read_text(encoding="utf-8").split()
        return [int(worker) for worker in found]

    def stop(self) -> None:
        """Stop the server: without waiting for its clients, and with all its force if it hangs."""
        process = self._process
        for stop in (self._stop, signal.SIGQUIT, signal.SIGKILL):
            if process is None or process.poll() is not None:
                return
            process.send_signal(stop)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_TIMEOUT_S)

    def _said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")


def _is_stopped(number: int) -> bool:
    """Whether all threads of a process stand still, or it is gone."""
    try:
        threads = list(Path(f"/proc/{number}/task").iterdir())
        states = [
            (thread / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] for thread in threads
        ]
    except FileNotFoundError:
        return True
    return set(states) <= {"T", "t", "Z"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
