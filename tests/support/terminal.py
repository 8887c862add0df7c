"""How is Studio typed at in a terminal many times without importing it anew each time? A process that forks itself for each command.

What is forked is a real process with its own arguments, folder, environment, standard streams and exit code, and it ends as any
interpreter ends; only the importing has been done before. `Terminal.start` begins one that has imported nothing.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

_REPOSITORY: Final = Path(__file__).resolve().parents[2]
_HIDDEN: Final = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
_IMPORTED: Final = (
    "asyncpg",
    "rich.table",
    "typer._adapters",
    "uvloop",
    "studio.cli.app",
    "studio.database.access",
    "studio.database.postgresql",
    "studio.database.sqlite",
    "studio.nodes.generated",
    "studio.persistence.store",
    "studio.runtime",
    "studio.session.running",
    "studio.session.session",
    "studio.workflow.checks",
)
_CAPABILITY_VERSION: Final = 0x20080522


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a command ended: its exit code (negative: the signal that ended it), and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """What it wrote as JSON."""
        found: dict[str, Any] = json.loads(self.out)
        return found


class Terminal:
    """Types commands in a folder; `unprivileged`: bound by the rights of files even where everything else runs as root."""

    def __init__(self, server: subprocess.Popen[str], folder: Path) -> None:
        self._server = server
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if name not in _HIDDEN}
        self._environ = {**kept, **studio_environment(folder)}

    def __call__(
        self, *arguments: str, unprivileged: bool = False, environ: Mapping[str, str] | None = None
    ) -> Ended:
        """Runs `studio ARGUMENTS` and waits for its end."""
        out, err = self.folder / ".out", self.folder / ".err"
        order = {
            "arguments": arguments,
            "folder": str(self.folder),
            "environ": {**self._environ, **(environ or {})},
            "unprivileged": unprivileged,
            "out": str(out),
            "err": str(err),
        }
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(order) + "\n")
        self._server.stdin.flush()
        code = int(self._server.stdout.readline())
        return Ended(code=code, out=out.read_text(encoding="utf-8"), err=err.read_text(encoding="utf-8"))

    def start(self, *arguments: str, environ: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Begins `studio ARGUMENTS` in an interpreter of its own, and returns at once."""
        return subprocess.Popen(
            [sys.executable, "-m", "studio", *arguments],
            cwd=self.folder,
            env={**self._environ, "PYTHONPATH": str(_REPOSITORY), **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def studio_environment(folder: Path) -> dict[str, str]:
    """A Studio home below the folder, and output as a program likes it: no colours, no wrapping."""
    return {
        "STUDIO_HOME": str(folder / "home"),
        "NO_COLOR": "1",
        "COLUMNS": "400",
        "PYTHONIOENCODING": "utf-8",
    }


@contextlib.contextmanager
def forking() -> Iterator[subprocess.Popen[str]]:
    """The process that forks, for `Terminal`; ended with the block."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.support.terminal"],
        cwd=_REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield server
    finally:
        server.communicate(timeout=100)


def _import_all() -> None:
    """Imports what commands import, and keeps it out of the children's garbage collections. Starts no thread."""
    for name in _IMPORTED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


def _serve(orders: IO[str], answers: IO[str]) -> dict[str, Any] | None:
    """Answers each order with an exit code; returns the order in the child that is to do it, None at the end."""
    for line in orders:
        child = os.fork()
        if not child:
            order: dict[str, Any] = json.loads(line)
            return order
        _, status = os.waitpid(child, 0)
        answers.write(f"{os.waitstatus_to_exitcode(status)}\n")
        answers.flush()
    return None


def _become(order: dict[str, Any]) -> None:
    """Makes this process the one that was ordered."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for stream, path in ((0, os.devnull), (1, order["out"]), (2, order["err"])):
        opened = os.open(path, flags if stream else os.O_RDONLY, 0o644)
        os.dup2(opened, stream)
        os.close(opened)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environ"])
    if order["unprivileged"]:
        _drop_privileges()
    sys.argv = ["studio", *order["arguments"]]


def _drop_privileges() -> None:
    """Gives up root's right to ignore who may read and write what; whoever is not root never had it."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    none = (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capset(header, none):
        raise OSError(ctypes.get_errno(), "the capabilities could not be dropped")


def main(arguments: Sequence[str] = ()) -> None:
    _import_all()
    answers = os.fdopen(os.dup(1), "w")
    order = _serve(os.fdopen(os.dup(0)), answers)
    if order is None:
        return
    answers.close()
    _become(order)
    from studio.__main__ import main as studio

    studio()


if __name__ == "__main__":
    main()
