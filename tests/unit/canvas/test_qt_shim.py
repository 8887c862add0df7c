"""Does NodeGraphQt come in without the modules it would drag along?"""

import subprocess
import sys

import pytest

from studio.canvas.qt_shim import LooseVersion


def test_versions_compare_by_number():
    assert LooseVersion("6.10.1") >= LooseVersion("5.10")
    assert LooseVersion("5.9") < LooseVersion("5.10")
    assert LooseVersion("5.10") == LooseVersion("5.10")


def imported(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sorted(sys.modules), sep='\\n')"
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_the_canvas_comes_without_setuptools_and_without_the_rest_of_qt():
    modules = imported("from studio.canvas import CanvasView")
    assert "NodeGraphQt.base.graph" in modules
    assert not {"setuptools", "distutils", "distutils.version"} & modules
    qt = {name for name in modules if name.startswith("PySide6.Qt")}
    assert qt == {"PySide6.QtCore", "PySide6.QtGui", "PySide6.QtWidgets"}


@pytest.mark.parametrize("heavy", ["sqlalchemy", "asyncpg", "keyring", "pygments", "rapidfuzz"])
def test_the_canvas_does_not_load(heavy):
    assert heavy not in imported("from studio.canvas import CanvasView")
