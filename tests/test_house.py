"""The doors open, the locks lock, and what the papers say of the house is so."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT: Final = Path(__file__).resolve().parents[1]
PROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]
DOORS: Final = {"help", "run", "test", "check", "format", "bench", "docs", "lock", "clean"}
PYTHONS: Final = ("3.11", "3.12", "3.13")
LOCKS: Final = sorted(path.name for path in (ROOT / "requirements").glob("*.txt"))


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def entries(lock: str) -> Iterator[tuple[str, str]]:
    """Yield each requirement of a lock and the rest of its entry: continued lines, comments left out."""
    text = "\n".join(
        line for line in read(f"requirements/{lock}").splitlines() if not line.lstrip().startswith("#")
    )
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip():
            requirement, _, rest = line.partition(" --hash=")
            yield requirement.strip(), f"--hash={rest}" if rest else ""


def locked(lock: str, python: str) -> dict[str, str]:
    """Return the version of each distribution a lock gives a Python on Linux."""
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "platform_machine": "x86_64",
        "os_name": "posix",
    }
    found: dict[str, str] = {}
    for text, _ in entries(lock):
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            assert requirement.name not in found, f"{requirement.name} twice on Python {python}"
            found[canonicalize_name(requirement.name)] = str(requirement.specifier).removeprefix("==")
    return found


def declared(extras: set[str], python: str) -> Iterator[Requirement]:
    """Yield what pyproject.toml asks for on a Python on Linux, with extras that name other extras unfolded."""
    asked = [*PROJECT["dependencies"]]
    for extra in extras:
        asked.extend(PROJECT["optional-dependencies"][extra])
    for text in asked:
        requirement = Requirement(text)
        if canonicalize_name(requirement.name) == PROJECT["name"]:
            yield from declared(requirement.extras, python)
        elif _applies(requirement.marker, python):
            yield requirement


def _applies(marker: Marker | None, python: str) -> bool:
    return marker is None or marker.evaluate({"python_version": python, "platform_system": "Linux"})


# ---------------------------------------------------------------- locks


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_place(lock: str) -> None:
    places = [
        line
        for line in read(f"requirements/{lock}").splitlines()
        if re.search(r"://|file:|index|(^|\s)/", line)
    ]
    assert places == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_entry_of_a_lock_has_one_version_and_its_hashes(lock: str) -> None:
    for requirement, hashes in entries(lock):
        assert re.fullmatch(r"[\w.-]+(\[[\w,]+\])?==[^\s;]+( ; .+)?", requirement), requirement
        assert re.fullmatch(r"(--hash=sha256:[0-9a-f]{64}\s*)+", hashes), requirement


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(("lock", "extras"), [("run.txt", set()), ("dev.txt", {"dev"})])
def test_a_lock_gives_what_the_project_asks_for(lock: str, extras: set[str], python: str) -> None:
    given = locked(lock, python)
    for requirement in declared(extras, python):
        name = canonicalize_name(requirement.name)
        assert name in given, f"{lock} lacks {requirement}: make lock"
        assert requirement.specifier.contains(given[name], prereleases=True), (
            f"{name} {given[name]}: make lock"
        )


@pytest.mark.parametrize("python", PYTHONS)
def test_those_who_work_on_studio_get_the_versions_of_those_who_run_it(python: str) -> None:
    assert locked("run.txt", python).items() <= locked("dev.txt", python).items()


@pytest.mark.parametrize("lock", ["run.txt", "dev.txt"])
def test_the_whole_of_pyside_is_not_locked_nor_the_version_that_kills(lock: str) -> None:
    for python in PYTHONS:
        given = locked(lock, python)
        assert not given.keys() & {"pyside6", "pyside6-addons", "pyqt5", "pyqt6"}
        assert python != "3.11" or Version(given["pyside6-essentials"]) < Version("6.12")


def test_the_locks_hold_the_tool_that_installs_studio_itself() -> None:
    backend = [
        Requirement(text) for text in tomllib.loads(read("pyproject.toml"))["build-system"]["requires"]
    ]
    given = locked("run.txt", "3.11")
    for requirement in backend:
        assert requirement.specifier.contains(given[canonicalize_name(requirement.name)]), requirement


# ---------------------------------------------------------------- doors


def test_make_help_lists_every_door() -> None:
    listed = subprocess.run(["make", "help"], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert set(re.findall(r"^  make (\w+) ", listed, re.MULTILINE)) == DOORS
    assert set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE)) == DOORS


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_a_page_names_only_doors_there_are(page: str) -> None:
    assert set(re.findall(r"\bmake ([a-z]+)\b(?=[` \n#]|$)", _code(read(page)))) <= DOORS


def _code(page: str) -> str:
    """Return what a page sets as code: between backticks and fences."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", page, re.DOTALL))


def test_continuous_integration_types_what_a_person_types() -> None:
    lines = [
        line for line in read(".ci/run").splitlines() if line and not line.startswith(("#", "set ", "cd "))
    ]
    assert lines == ["exec make test"]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_preparing_a_second_time_changes_nothing() -> None:
    stamp = ROOT / ".venv" / ".studio.json"
    prepare = [sys.executable, "scripts/bootstrap.py", "run"]
    subprocess.run(prepare, check=True, cwd=ROOT)
    before = stamp.stat().st_mtime_ns
    said = subprocess.run(prepare, capture_output=True, text=True, check=True, cwd=ROOT)
    assert (said.stdout, said.stderr) == ("", "")
    assert stamp.stat().st_mtime_ns == before


def test_the_bootstrap_can_be_read_by_a_python_too_old_to_run_studio() -> None:
    tree = ast.parse(read("scripts/bootstrap.py"), feature_version=(3, 7))
    imports = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imports <= sys.stdlib_module_names
    assert not any(isinstance(node, ast.NamedExpr | ast.Match) for node in ast.walk(tree))


# ---------------------------------------------------------------- papers


def test_the_changelog_begins_with_the_version_of_the_package() -> None:
    entry = re.search(r"^## \[?(\d+\.\d+\.\d+\S*?)\]?(?:\s|$)", read("CHANGELOG.md"), re.MULTILINE)
    assert entry, "CHANGELOG.md has no entry"
    assert entry[1] == PROJECT["version"] == version(PROJECT["name"])


def test_the_contributing_page_knows_every_door() -> None:
    page = read("CONTRIBUTING.md")
    assert [door for door in sorted(DOORS - {"help"}) if f"make {door}" not in page] == []


def test_every_link_of_every_page_arrives() -> None:
    checked = subprocess.run(
        [sys.executable, "scripts/docs.py", "--links"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert checked.returncode == 0, checked.stdout


def test_what_git_keeps_names_no_machine() -> None:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    # Written in two pieces, or this file would find itself.
    patterns = ["/wo" + "rk/", "../sha" + "red", "py" + "thonhosted", "py" + "pi.org", "/ro" + "ot/"]
    arguments = [part for pattern in patterns for part in ("-e", pattern)]
    found = subprocess.run(
        [git, "grep", "-n", "-I", "-F", *arguments], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert found.stdout == ""
