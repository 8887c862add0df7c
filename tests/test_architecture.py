"""The plan of the house holds: imports point down, Qt stays upstairs, and rooms name what they offer.

`docs/architecture.md` says it in words, `[tool.importlinter]` in `pyproject.toml` as contracts.
"""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGE: Final = ROOT / "studio"
CONFIGURATION: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS: Final = {
    contract["id"]: contract for contract in CONFIGURATION["tool"]["importlinter"]["contracts"]
}

QT_ROOMS: Final = {"qt", "canvas", "panels", "shell"}
QT: Final = {"PySide6", "shiboken6", "NodeGraphQt", "qasync", "qtawesome", "qtpy", "Qt"}


def modules() -> Iterator[tuple[str, Path]]:
    """Yield every module's room (or its own name, outside of rooms) and file."""
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).parts[0].removesuffix(".py"), path


def rooms() -> set[str]:
    return {path.parent.name for path in PACKAGE.glob("*/__init__.py")}


def imported(path: Path) -> set[str]:
    """Return the first names of all imports of a file: within functions, for type checkers, and by name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            found.update(str(part.value) for part in node.args if isinstance(part, ast.Constant))
    return {name.partition(".")[0] for name in found}


# ---------------------------------------------------------------- contracts


def test_every_contract_is_kept() -> None:
    # In a process of its own: it sets up logging anew, which would silence the loggers that other tests listen to.
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True, no_logo=True))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_contract_about_qt_speaks_of_every_room_below_it() -> None:
    spoken_of = {name.removeprefix("studio.") for name in CONTRACTS["qt"]["source_modules"]}
    assert spoken_of == rooms() - QT_ROOMS


def test_qt_is_imported_in_its_rooms_only() -> None:
    offenders = {
        str(path): found
        for room, path in modules()
        if room not in QT_ROOMS and (found := imported(path) & QT)
    }
    assert offenders == {}


def test_nodegraphqt_is_imported_in_the_canvas_only() -> None:
    offenders = [
        str(path) for room, path in modules() if room != "canvas" and "NodeGraphQt" in imported(path)
    ]
    assert offenders == []


# ---------------------------------------------------------------- rooms


@pytest.mark.parametrize("room", sorted(rooms()))
def test_a_room_says_which_question_it_answers_and_only_names_what_it_offers(room: str) -> None:
    tree = ast.parse((PACKAGE / room / "__init__.py").read_text(encoding="utf-8"))
    assert "?" in (ast.get_docstring(tree) or ""), "the docstring is the question the room answers"
    beyond = [ast.unparse(node) for node in tree.body[1:] if not _is_re_export(node, room)]
    assert beyond == []


def _is_re_export(node: ast.stmt, room: str) -> bool:
    """A name of the room itself, or the means to load such names when they are first asked for."""
    if isinstance(node, ast.ImportFrom):
        helpers = ("__future__", "typing", "studio.kernel.lazy")
        return node.module in helpers or f"{node.module}.".startswith(f"studio.{room}.")
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING" and all(
            _is_re_export(inner, room) for inner in node.body
        )
    if not isinstance(node, ast.Assign):
        return False
    targets = [ast.unparse(target) for target in node.targets]
    is_lazy = isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "lazily"
    return targets == ["__all__"] or (targets == ["__getattr__"] and is_lazy)


def test_every_folder_with_code_is_a_room() -> None:
    folders = {path.relative_to(PACKAGE).parts[0] for path in PACKAGE.glob("*/**/*.py")}
    assert folders == rooms()


# ---------------------------------------------------------------- what an import brings along


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        # The terminal works where Qt cannot be loaded; the engine never asks for it.
        ("studio", {"PySide6", "sqlalchemy"}),
        ("studio.cli", {"PySide6", "NodeGraphQt"}),
        ("studio.dataflow", {"PySide6", "NodeGraphQt"}),
        ("studio.persistence", {"PySide6", "NodeGraphQt"}),
        # Drivers and the web of database libraries load when a database is opened: a window is painted sooner.
        ("studio.project", {"PySide6", "sqlalchemy", "numpy"}),
        ("studio.workflow", {"PySide6", "sqlalchemy", "numpy"}),
    ],
)
def test_importing_a_room_does_not_load(module: str, absent: set[str]) -> None:
    code = f"import sys, {module}; print(*(sys.modules.keys() & {absent!r}))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert loaded.stdout.split() == []


# ---------------------------------------------------------------- the window's foundation

CALLS_OF_QT: Final = """
import sys
from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

class Sender(QObject):
    sent = Signal()

application = QCoreApplication([])
sender, timer = Sender(), QTimer()
sender.sent.connect(sender.deleteLater)
sender.sent.disconnect()
def references():
    return sys.getrefcount(None), sys.getrefcount(True)
before = references()
for _ in range(2_000):
    sender.setObjectName("x")
    sender.blockSignals(False)
    sender.sent.emit()
    timer.setInterval(0)
    QTimer.singleShot(0, sender, sender.objectName)
    application.processEvents()
after = references()
print(max(abs(now - then) for now, then in zip(after, before)))
"""


def test_calls_of_qt_lose_no_reference_to_none() -> None:
    # PySide6 6.12.0 on Python 3.11 lost one with each call, and ended the process when none was left.
    done = subprocess.run(
        [sys.executable, "-c", CALLS_OF_QT], capture_output=True, text=True, check=True, timeout=60
    )
    assert int(done.stdout) < 100
