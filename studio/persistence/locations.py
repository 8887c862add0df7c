"""What lies at a place a person named? A project store, another database, something else; opening it is `store`'s business."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from studio.kernel.errors import ForeignFile, NotADatabase, StoreError, UnknownDatabase

SUFFIX: Final = ".studio"
_SQLITE_MAGIC: Final = b"SQLite format 3\x00"
_SERVERS: Final = ("postgresql", "postgres")


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where a store is. `shown` never holds a password; `path` is None for a server's."""

    url: str
    shown: str
    path: Path | None

    @property
    def kind(self) -> Literal["file", "server"]:
        return "server" if self.path is None else "file"


def locate(text: str) -> Location:
    """The location that a path or a URL names; nothing is read. Raises StoreError for a URL of another kind."""
    scheme = text.partition("://")[0] if "://" in text else ""
    if scheme.split("+")[0] in _SERVERS:
        return Location(url=text, shown=without_password(text), path=None)
    if scheme == "sqlite":
        text = text.removeprefix("sqlite:///")
    elif scheme:
        raise StoreError(
            f"A project cannot be kept at a {scheme}:// URL.", hint="Name a file, or a postgresql:// URL."
        )
    path = Path(text).expanduser().absolute()
    return Location(url=sqlite_url(path), shown=str(path), path=path)


def sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"


def without_password(url: str) -> str:
    """The URL letter for letter, save for the password; one with nothing to take away comes back unchanged."""
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    if "@" not in authority and ":" in authority and "@" in path:
        # A slash that should have been quoted stands in the password.
        secret, _, behind = rest.rpartition("@")
        host, slash, path = behind.partition("/")
        authority = f"{secret}@{host}"
    user, at, host = authority.rpartition("@")
    if not at or ":" not in user:
        return url
    return f"{scheme}{separator}{user.partition(':')[0]}@{host}{slash}{path}"


def is_text(path: Path) -> bool:
    """Whether a file is meant to be YAML, by its name."""
    return path.suffix.lower() in (".yaml", ".yml")


def check_file(path: Path) -> None:
    """Raises UnknownDatabase, NotADatabase, ForeignFile or StoreError when the file can be no store; reads its first bytes only."""
    if path.is_dir():
        raise StoreError(
            f"{path} is a folder.", hint=f"Name a project file, such as {path / ('shop' + SUFFIX)}."
        )
    if not path.exists():
        raise UnknownDatabase(f"There is no file {path}.", hint="Check the name, or begin a new project.")
    try:
        with path.open("rb") as file:
            head = file.read(len(_SQLITE_MAGIC))
    except OSError as error:
        raise StoreError(
            f"{path} cannot be read: {error.strerror}.", hint="Check the file's permissions."
        ) from error
    if not head:
        raise NotADatabase(f"{path} is empty: no project was ever saved in it.", hint="Open another file.")
    if head != _SQLITE_MAGIC:
        raise NotADatabase(
            f"{path} is no project: it is not a SQLite database.",
            hint="A project's file ends in .studio; a workflow's text (.yaml) can be imported into a project.",
        )


def foreign(shown: str) -> ForeignFile:
    return ForeignFile(
        f"{shown} is a database, but no Studio project.",
        hint="To work with its tables, open a project and choose “Import models from a database…”.",
    )
