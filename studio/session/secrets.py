"""Where do passwords live? In the keyring, an encrypted file, the environment or a person's head; never in a store, text, log or message."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import quote, urlsplit, urlunsplit

from studio.kernel.errors import AuthenticationFailed, StudioError
from studio.session.asking import Asker, Nobody
from studio.session.secret_file import FILE_NAME, SecretFile, WrongPassphrase

if TYPE_CHECKING:
    from types import ModuleType

    from studio.project.state import Connection

SERVICE: Final = "studio"
"""The name under which the keyring keeps Studio's entries."""

PASSPHRASE: Final = "STUDIO_PASSPHRASE"
"""The environment variable with the passphrase of the encrypted file, for where nobody can be asked."""

KEPT: Final = ("keyring", "file")
"""Places where Studio keeps a password that is typed."""

_PAUSE_S: Final = 5.0


class SecretsUnavailable(StudioError):
    """This machine has no keyring that could keep a password."""

    code = "no-keyring"


class Secrets(Protocol):
    """Gives and keeps the secret of a connection."""

    def get(self, connection: Connection) -> str | None:
        """The password, or None when the connection has none or nothing is kept; raises SecretsUnavailable."""
        ...

    def set(self, connection: Connection, secret: str) -> None:
        """Keeps the password where the connection says; raises SecretsUnavailable when it cannot be kept."""
        ...

    def forget(self, connection: Connection) -> None:
        """Gives up an answer that turned out to be wrong, so that it is asked for again."""
        ...

    def remove(self, connection: Connection) -> None:
        """Removes the password that is kept for a connection; harmless when there is none. Nobody is asked anything for it."""
        ...

    def change_passphrase(self) -> bool:
        """Asks for the passphrase of the encrypted file and for a new one; False when no answer is given.

        Raises SecretsUnavailable when there is no such file.
        """
        ...


class SystemSecrets:
    """The operating system's keyring, an encrypted file, the process's environment variables, and whoever can be asked.

    May be used on any thread but a window's: what is asked is waited for. The keyring is imported when first needed: it is slow to import
    and most projects never ask for it. The passphrase is asked for once, and what it opened stays open for as long as the process lives.
    """

    def __init__(
        self,
        environ: Mapping[str, str] | None = None,
        *,
        file: SecretFile | None = None,
        asker: Asker | None = None,
    ) -> None:
        """`file` is where passwords are kept encrypted; without one, none can be."""
        self._environ = os.environ if environ is None else environ
        self._asker = asker or Nobody()
        self._answers: dict[tuple[str, str], str] = {}
        self._declined: dict[str, float] = {}
        """When whoever was asked gave no answer."""
        self._turn = threading.Lock()
        """Held while somebody is asked: two questions at once help nobody."""
        self.file = file

    def get(self, connection: Connection) -> str | None:
        match connection.secret:
            case "environment":
                name = secret_name(connection)
                if name not in self._environ:
                    raise AuthenticationFailed(
                        f"The password of connection {connection.name!r} is expected in the environment variable {name}, which is not set.",
                        hint=f"Set {name} before starting Studio, or choose another place for the password.",
                    )
                return self._environ[name]
            case "keyring":
                return _from_keyring(connection)
            case "file":
                with self._turn:
                    return self._opened(connection).get(secret_name(connection))
            case "ask":
                with self._turn:
                    return self._answer(connection)
            case _:
                return None

    def set(self, connection: Connection, secret: str) -> None:
        match connection.secret:
            case "keyring":
                _into_keyring(connection, secret)
            case "file":
                with self._turn:
                    self._opened(connection).set(secret_name(connection), secret)
            case "environment":
                raise SecretsUnavailable(
                    f"Studio does not set environment variables: {secret_name(connection)} is for you to set.",
                    hint="Set it where Studio is started.",
                )
            case _:
                raise SecretsUnavailable(
                    f"The connection {connection.name!r} does not say where its password is kept.",
                    hint="Choose the keyring, the encrypted file or an environment variable.",
                )

    def forget(self, connection: Connection) -> None:
        self._answers.pop((connection.id, connection.url), None)

    def remove(self, connection: Connection) -> None:
        match connection.secret:
            case "keyring":
                _out_of_keyring(connection)
            case "file":
                with self._turn:
                    # A closed file keeps it: nobody is asked for a passphrase only to forget something.
                    if self.file is not None and self.file.exists and self._is_open(self.file):
                        self.file.remove(secret_name(connection))
            case _:
                self.forget(connection)

    def change_passphrase(self) -> bool:
        with self._turn:
            if self.file is None or not self.file.exists:
                raise SecretsUnavailable(
                    "There is no encrypted file of passwords yet.",
                    hint="It comes into being with the first password that a connection keeps there.",
                )
            if not self._opens(self.file):
                return False
            given = self._asker.passphrase(self.file.path, is_new=True, attempt=1)
            if given is None:
                return False
            self.file.change_passphrase(given)
            return True

    def _answer(self, connection: Connection) -> str:
        key = connection.id, connection.url
        if key not in self._answers:
            given = None if self._is_declined(connection.id) else self._asker.password(connection)
            if given is None:
                self._declined.setdefault(connection.id, time.monotonic())
                raise AuthenticationFailed(
                    f"The password of connection {connection.name!r} was not given.",
                    hint="Give it when it is asked for; where nobody can be asked, choose an environment variable for it.",
                )
            self._answers[key] = given
        return self._answers[key]

    def _is_declined(self, what: str) -> bool:
        """Whether it was asked for a moment ago in vain: many may need it at once, and a no is said once."""
        at = self._declined.get(what)
        if at is not None and time.monotonic() - at < _PAUSE_S:
            return True
        self._declined.pop(what, None)
        return False

    def _opened(self, connection: Connection) -> SecretFile:
        """The encrypted file, for which the passphrase has been given."""
        file = self.file
        if file is None:
            raise SecretsUnavailable(
                f"There is no encrypted file for the password of connection {connection.name!r}.",
                hint="Choose another place for it.",
            )
        if not self._is_open(file) and (self._is_declined(FILE_NAME) or not self._opens(file)):
            self._declined.setdefault(FILE_NAME, time.monotonic())
            raise AuthenticationFailed(
                f"The passphrase of the file of passwords was not given, and the password of connection {connection.name!r} lies in it.",
                hint=f"Give it when it is asked for; where nobody can be asked, set {PASSPHRASE}.",
            )
        return file

    def _is_open(self, file: SecretFile) -> bool:
        """Whether the file is open, or could be opened without a question. Raises WrongPassphrase for one that the environment gives."""
        if not file.is_open and (given := self._environ.get(PASSPHRASE)):
            try:
                file.open(given)
            except WrongPassphrase as error:
                error.hint = f"It was taken from the environment variable {PASSPHRASE}: correct it there."
                raise
        return file.is_open

    def _opens(self, file: SecretFile) -> bool:
        """Asks for the passphrase until it is right; False when no answer is given."""
        attempt = 1
        while True:
            answer = self._asker.passphrase(file.path, is_new=not file.exists, attempt=attempt)
            if answer is None:
                return False
            try:
                file.open(answer)
            except WrongPassphrase:
                attempt += 1
            else:
                return True


def secret_name(connection: Connection) -> str:
    """The environment variable, or the entry of the keyring or file, that holds the connection's password."""
    if connection.secret_name:
        return connection.secret_name
    if connection.secret in KEPT:
        return connection.id
    return "".join(letter if letter.isalnum() else "_" for letter in connection.name.upper()) + "_PASSWORD"


def with_password(url: str, password: str | None) -> str:
    """The URL with the password put in, quoted; unchanged when there is none or the URL names no host."""
    parts = urlsplit(url)
    if not password or not parts.netloc:
        return url
    user, at, host = parts.netloc.rpartition("@")
    name = user.partition(":")[0] if at else ""
    return urlunsplit(parts._replace(netloc=f"{name}:{quote(password, safe='')}@{host}"))


def split_password(url: str) -> tuple[str, str | None]:
    """The URL without its password, and the password (unquoted) if it had one."""
    from urllib.parse import unquote

    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    name, colon, password = user.partition(":")
    if not (at and colon):
        return url, None
    return urlunsplit(parts._replace(netloc=f"{name}@{host}" if name else host)), unquote(password)


def _no_keyring(reason: str) -> SecretsUnavailable:
    return SecretsUnavailable(
        "This machine has no keyring to keep a password in.",
        hint="Choose another place for it: the encrypted file, an environment variable, or to be asked for it.",
        detail=reason,
    )


@contextlib.contextmanager
def _keyring() -> Iterator[ModuleType]:
    """The keyring, whose own errors become SecretsUnavailable."""
    try:
        import keyring
        import keyring.errors
    except ImportError as error:
        raise _no_keyring(str(error)) from error
    try:
        yield keyring
    except keyring.errors.KeyringError as error:
        raise _no_keyring(str(error)) from error


def _from_keyring(connection: Connection) -> str | None:
    with _keyring() as keyring:
        found: str | None = keyring.get_password(SERVICE, secret_name(connection))
    return found


def _into_keyring(connection: Connection, secret: str) -> None:
    with _keyring() as keyring:
        keyring.set_password(SERVICE, secret_name(connection), secret)


def _out_of_keyring(connection: Connection) -> None:
    with _keyring() as keyring:
        if keyring.get_password(SERVICE, secret_name(connection)) is not None:
            keyring.delete_password(SERVICE, secret_name(connection))
