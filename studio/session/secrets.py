"""Where do passwords live? In the keyring or an environment variable; never in a store, a text, a log or a message."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, urlsplit, urlunsplit

from studio.kernel.errors import AuthenticationFailed, StudioError

if TYPE_CHECKING:
    from studio.project.state import Connection

SERVICE = "studio"
"""The name under which the keyring keeps Studio's entries."""


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


class SystemSecrets:
    """The operating system's keyring and the process's environment variables.

    The keyring is imported when first needed: it is slow to import and most projects never ask for it.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._environ = os.environ if environ is None else environ

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
            case _:
                return None

    def set(self, connection: Connection, secret: str) -> None:
        match connection.secret:
            case "keyring":
                _into_keyring(connection, secret)
            case "environment":
                raise SecretsUnavailable(
                    f"Studio does not set environment variables: {secret_name(connection)} is for you to set.",
                    hint="Set it where Studio is started.",
                )
            case _:
                raise SecretsUnavailable(
                    f"The connection {connection.name!r} does not say where its password is kept.",
                    hint="Choose the keyring or an environment variable.",
                )


def secret_name(connection: Connection) -> str:
    """The environment variable, or the keyring's entry, that holds the connection's password."""
    if connection.secret_name:
        return connection.secret_name
    if connection.secret == "keyring":
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
        hint="Keep the password in an environment variable: choose “Environment variable” in the connection and name it.",
        detail=reason,
    )


def _from_keyring(connection: Connection) -> str | None:
    try:
        import keyring
        import keyring.errors
    except ImportError as error:
        raise _no_keyring(str(error)) from error
    try:
        return keyring.get_password(SERVICE, secret_name(connection))
    except keyring.errors.KeyringError as error:
        raise _no_keyring(str(error)) from error


def _into_keyring(connection: Connection, secret: str) -> None:
    try:
        import keyring
        import keyring.errors
    except ImportError as error:
        raise _no_keyring(str(error)) from error
    try:
        keyring.set_password(SERVICE, secret_name(connection), secret)
    except keyring.errors.KeyringError as error:
        raise _no_keyring(str(error)) from error
