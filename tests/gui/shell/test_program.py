"""The program as a process: what it imports before it paints, how it is interrupted, and what it says when it cannot start."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit

from studio.project import Connection
from studio.qt.crash import CrashDialog
from studio.session import Session
from studio.session.secret_file import SecretFile
from studio.session.secrets import SystemSecrets
from studio.shell.app import Program, begin_again, painted
from studio.shell.asking import SecretDialog, WindowAsker
from studio.shell.single_instance import SingleInstance, absolute, address_of, hand_over

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
        while self.window is not None and self.window.session is not None:
            if not self.window.session.is_sample:
                print("opened", self.window.session.title, flush=True)
                break
            await asyncio.sleep(0.01)

shell.Program = Person
sys.exit(shell.run_window(arguments=["studio"]))
"""


def run(program: str, home: str, **environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own text
        [sys.executable, "-c", program],
        env={**os.environ, "STUDIO_HOME": home, "QT_QPA_PLATFORM": "offscreen", **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_nothing_heavy_is_imported_before_the_window_paints(tmp_path):
    program = f"import sys, studio.shell.app\nprint([name for name in {NOT_BEFORE_THE_FIRST_PAINT} if name in sys.modules])"
    with run(program, str(tmp_path)) as process:
        out, err = process.communicate(timeout=60)
    assert out.strip() == "[]", err


def test_a_second_start_opens_its_file_in_the_window_that_runs_and_ctrl_c_closes_that_in_order(tmp_path, env):
    shop = tmp_path / "shop.studio"

    async def make():
        session = await Session.new(env)
        await session.save_as(str(shop))
        await session.close()

    asyncio.run(make())
    # The system's addresses of sockets are short, a test's folders long.
    folder = tempfile.TemporaryDirectory(prefix="s")
    place = {"home": str(tmp_path / "home"), "XDG_RUNTIME_DIR": folder.name}
    with run(READY, **place) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        second = (
            "import sys\nfrom studio.__main__ import open_window\nfrom studio.shell import single_instance\n"
            # The first window may be slow to answer: it is the only one that is to open the file.
            f"single_instance._PATIENCE_MS = 60_000\nsys.exit(open_window({str(shop)!r}))"
        )
        with run(second, **place) as other:
            assert other.wait(timeout=60) == 0
        assert process.stdout.readline().split() == ["opened", "shop"]
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in err
    assert (tmp_path / "home" / "window.ini").is_file()
    assert (tmp_path / "home" / "logs").is_dir()
    assert not list(Path(folder.name).iterdir()), "nothing is left of the socket"
    folder.cleanup()


def test_a_home_that_cannot_be_made_is_told_and_not_a_crash(tmp_path):
    (tmp_path / "home").write_text("a file where a folder belongs")
    program = "import sys\nfrom studio.__main__ import open_window\nsys.exit(open_window(None))"
    with run(program, str(tmp_path / "home")) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "STUDIO_HOME" in err
    assert "Traceback" not in err


def test_a_crash_is_shown_beside_the_window_which_stays_usable_or_starts_anew(
    window, env, qapp, qtbot, monkeypatch
):
    program = Program(qapp, env, WindowAsker(qapp))
    program.window = window
    program.reporter.crashed.emit("Traceback: boom")
    dialog = window.findChild(CrashDialog)
    assert dialog is not None
    assert dialog.isVisible()
    assert not dialog.isModal()
    answers = [None, False, True]

    async def leave():
        answer = answers.pop(0)
        if answer is None:  # stopped in the status bar
            raise asyncio.CancelledError
        return answer

    monkeypatch.setattr(window, "leave", leave)
    dialog.restart_button.click()
    assert not dialog.isVisible()
    qtbot.waitUntil(lambda: len(answers) == 2 and program.begin_again_with is None)
    program.restart()
    qtbot.waitUntil(lambda: len(answers) == 1 and program.begin_again_with is None)
    program.restart()
    qtbot.waitUntil(lambda: not answers)
    assert program.begin_again_with == "", "without a project it begins as usual"
    started = []
    monkeypatch.setattr(subprocess, "Popen", lambda words, **_: started.append(words[1:]))
    begin_again("", new_window=False)
    begin_again("/shop.studio", new_window=True)
    assert started == [["-m", "studio"], ["-m", "studio", "--new-window", "/shop.studio"]]
    program.window = None
    program.deleteLater()


def test_painted_waits_for_the_first_paint_and_not_for_ever(window, drive, qtbot):
    drive.finish(painted(window, timeout_s=0.05))
    QTimer.singleShot(0, window.update)
    drive.finish(painted(window, timeout_s=20))


def test_one_window_is_met_by_other_starts_and_takes_over_what_a_crash_has_left(
    drive, qtbot, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    folder = tempfile.TemporaryDirectory(prefix="s")
    monkeypatch.setenv("XDG_RUNTIME_DIR", folder.name)
    address = address_of(tmp_path)
    assert address.startswith(folder.name)
    assert address != address_of(tmp_path / "other")
    assert not hand_over(address, None), "nobody there"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(address)
    assert not hand_over(address, None), "a crash has left it behind"
    one = SingleInstance(tmp_path)
    heard: list[str] = []
    one.requested.connect(heard.append)
    assert one.listen()
    assert Path(address).stat().st_mode & 0o077 == 0, "its user's only"

    def answer(said):
        got = bytearray()
        with socket.socket(socket.AF_UNIX) as other:
            other.connect(address)
            other.sendall(said)
            other.setblocking(False)
            drive.until(lambda: is_answered(other, got))
        return bytes(got)

    shop = absolute("shop.studio")
    assert shop == str(tmp_path / "shop.studio")
    for location in (shop, "", absolute("postgresql://ada@h/shop")):
        assert answer(json.dumps({"open": location, "token": ""}).encode() + b"\n") == b"taken\n"
    for nonsense in (b"?\n", b'{"open": 7, "token": ""}\n', b"[]\n"):
        assert answer(nonsense) == b""
    assert heard == [shop, "", "postgresql://ada@h/shop"]
    assert not SingleInstance(tmp_path, one).listen(), "there is one already"
    one.stop()
    assert not hand_over(address, None)
    assert not hand_over("", None)
    one.deleteLater()
    folder.cleanup()


def is_answered(end, got):
    """Whether a line has come, or the other side has hung up."""
    try:
        got += (more := end.recv(100))
    except BlockingIOError:
        return False
    return not more or got.endswith(b"\n")


def is_question(widget):
    return isinstance(widget, SecretDialog) and widget.isVisible()


def question_of(drive):
    drive.until(lambda: any(map(is_question, QApplication.topLevelWidgets())))
    return next(filter(is_question, QApplication.topLevelWidgets()))


def test_a_password_is_asked_for_over_the_window_while_whoever_needs_it_waits(window, drive, qtbot, tmp_path):
    asker = WindowAsker(window)
    connection = Connection(id="c", name="shop", url="postgresql://ada@h/shop", secret="ask")
    asked = ThreadPoolExecutor(1)

    answer = asked.submit(asker.password, connection)
    question = question_of(drive)
    assert "postgresql://ada@h/shop" in question.findChild(QLabel).text()
    assert not question.ok_button.isEnabled()
    qtbot.keyClicks(question.secret, "s3cret")
    qtbot.keyClick(question.secret, Qt.Key.Key_Return)
    drive.until(answer.done)
    assert answer.result() == "s3cret"

    answer = asked.submit(lambda: asker.passphrase(tmp_path / "f", is_new=True, attempt=1))
    question = question_of(drive)
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
    assert question_of(drive).problem.text() == "That is not its passphrase."
    asker.stop()
    drive.until(answer.done)
    assert answer.result() is None
    assert asker.password(connection) is None, "nobody waits for a window that has gone"
    asked.shutdown()


def test_the_passphrase_of_the_file_of_passwords_is_changed_at_the_window(window, drive, qtbot, tmp_path):
    path, connection = tmp_path / "f", Connection(id="c", name="shop", url="postgresql://h/d", secret="file")
    window.env.secrets = secrets = SystemSecrets({}, file=SecretFile(path, cost=2), asker=WindowAsker(window))
    change = window.commands.action("change_passphrase")
    change.trigger()
    drive.until(lambda: window.message_bar.message is not None)
    assert "no encrypted file" in window.message_bar.message.what
    made = SecretFile(path, cost=2)
    made.open("open sesame")
    made.set("c", "s3cret")
    change.trigger()
    question = question_of(drive)
    qtbot.keyClicks(question.secret, "open sesame")
    qtbot.keyClick(question.secret, Qt.Key.Key_Return)
    question = question_of(drive)
    for line in (question.secret, question.again):
        qtbot.keyClicks(line, "a new passphrase")
    qtbot.mouseClick(question.ok_button, Qt.MouseButton.LeftButton)
    drive.until(lambda: "another passphrase" in window.statusBar().currentMessage())
    assert secrets.get(connection) == "s3cret"
    SecretFile(path, cost=2).open("a new passphrase")
