"""The program as a process: what it imports before it paints, how it is interrupted, and what it says when it cannot start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit

from studio.project import Connection
from studio.qt.crash import CrashDialog
from studio.shell.app import Program, painted
from studio.shell.asking import SecretDialog, WindowAsker

NOT_BEFORE_THE_FIRST_PAINT = (
    "sqlalchemy",
    "asyncpg",
    "keyring",
    "pygments",
    "typer",
    "numpy",
    "NodeGraphQt",
    "yaml",
)

# Says when the sample is open.
READY = """
import asyncio, sys
from studio.shell import app as shell

class Person(shell.Program):
    async def main(self, location):
        asyncio.ensure_future(self.use())
        return await super().main(location)

    async def use(self):
        while self.window is None or self.window.session is None:
            await asyncio.sleep(0.01)
        print("ready", flush=True)

shell.Program = Person
sys.exit(shell.run_window(arguments=["studio"]))
"""


def run(program: str, home: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own text
        [sys.executable, "-c", program],
        env={**os.environ, "STUDIO_HOME": home, "QT_QPA_PLATFORM": "offscreen"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_nothing_heavy_is_imported_before_the_window_paints(tmp_path):
    program = f"import sys, studio.shell.app\nprint([name for name in {NOT_BEFORE_THE_FIRST_PAINT} if name in sys.modules])"
    with run(program, str(tmp_path)) as process:
        out, err = process.communicate(timeout=60)
    assert out.strip() == "[]", err


def test_ctrl_c_closes_the_window_in_order(tmp_path):
    with run(READY, str(tmp_path / "home")) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in err
    assert (tmp_path / "home" / "window.ini").is_file()
    assert (tmp_path / "home" / "logs").is_dir()


def test_a_home_that_cannot_be_made_is_told_and_not_a_crash(tmp_path):
    (tmp_path / "home").write_text("a file where a folder belongs")
    program = "import sys\nfrom studio.__main__ import open_window\nsys.exit(open_window(None))"
    with run(program, str(tmp_path / "home")) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "STUDIO_HOME" in err
    assert "Traceback" not in err


def test_a_crash_is_shown_beside_the_window_which_stays_usable(window, env, qapp):
    program = Program(qapp, env, WindowAsker(qapp))
    program.window = window
    program.reporter.crashed.emit("Traceback: boom")
    dialog = window.findChild(CrashDialog)
    assert dialog is not None
    assert dialog.isVisible()
    assert not dialog.isModal()
    dialog.close()
    program.window = None
    program.deleteLater()


def test_painted_waits_for_the_first_paint_and_not_for_ever(window, drive, qtbot):
    drive.finish(painted(window, timeout_s=0.05))
    QTimer.singleShot(0, window.update)
    drive.finish(painted(window, timeout_s=20))


def is_question(widget):
    return isinstance(widget, SecretDialog) and widget.isVisible()


def test_a_password_is_asked_for_over_the_window_while_whoever_needs_it_waits(window, drive, qtbot, tmp_path):
    asker = WindowAsker(window)
    connection = Connection(id="c", name="shop", url="postgresql://ada@h/shop", secret="ask")
    asked = ThreadPoolExecutor(1)

    def dialog():
        drive.until(lambda: any(map(is_question, QApplication.topLevelWidgets())))
        return next(filter(is_question, QApplication.topLevelWidgets()))

    answer = asked.submit(asker.password, connection)
    question = dialog()
    assert "postgresql://ada@h/shop" in question.findChild(QLabel).text()
    assert not question.ok_button.isEnabled()
    qtbot.keyClicks(question.secret, "s3cret")
    qtbot.keyClick(question.secret, Qt.Key.Key_Return)
    drive.until(answer.done)
    assert answer.result() == "s3cret"

    answer = asked.submit(lambda: asker.passphrase(tmp_path / "f", is_new=True, attempt=1))
    question = dialog()
    for first, second, is_enough in (
        ("short", "short", 0),
        ("long enough", "long en", 0),
        ("long enough",) * 2 + (1,),
    ):
        question.secret.setText(first)
        question.again.setText(second)
        assert question.ok_button.isEnabled() == bool(is_enough)
        assert question.problem.isVisible() != bool(is_enough)
    qtbot.mouseClick(question.shows, Qt.MouseButton.LeftButton, pos=QPoint(8, question.shows.height() // 2))
    assert question.again.echoMode() == QLineEdit.EchoMode.Normal
    question.reject()
    drive.until(answer.done)
    assert answer.result() is None

    answer = asked.submit(lambda: asker.passphrase(tmp_path / "f", is_new=False, attempt=2))
    assert dialog().problem.text() == "That is not its passphrase."
    asker.stop()
    drive.until(answer.done)
    assert answer.result() is None
    assert asker.password(connection) is None, "nobody waits for a window that has gone"
    asked.shutdown()
