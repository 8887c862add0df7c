"""How do a session's runs reach the databases of its connections? Each is opened when first needed, and anew when its connection changes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from studio.kernel.errors import AuthenticationFailed, ConnectionFailed, StoreError, StudioError
from studio.project.state import Connection, Project
from studio.session.secrets import Secrets, with_password

if TYPE_CHECKING:
    from studio.database import Database, DatabaseOptions

_SQLITE: Final = "sqlite:///"
_TEST_TIMEOUT_S: Final = 5.0


class Databases:
    """The open databases of a session, by connection. Used on the engine's loop, except for `describe`, which does no I/O.

    Invariant: at most one database is open for a connection, and it was opened with the connection as it is now.
    """

    def __init__(
        self,
        secrets: Secrets,
        folder: Callable[[], Path | None],
        is_somebody_elses: Callable[[str], bool] = lambda connection_id: False,
    ) -> None:
        """`folder` is where relative paths begin; `is_somebody_elses` says of a connection that its file is not Studio's to make."""
        self._secrets = secrets
        self._folder = folder
        self._is_somebody_elses = is_somebody_elses
        self._open: dict[str, tuple[Connection, Database]] = {}
        self._instead: dict[str, tuple[Connection, str | None]] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        """By connection: whoever waits for a person's password holds up nobody who wants another database."""
        self._readers: set[asyncio.Task[object]] = set()
        self._is_closed = False

    def use_instead(self, connection_id: str, other: Connection, secret: str | None) -> None:
        """From now on, `other` stands in for a connection; `secret` is its password when it is not kept anywhere."""
        self._instead[connection_id] = (other, secret)

    async def get(self, connection: Connection) -> Database:
        """The connection's database, not connected yet when it is new.

        Raises:
            SecretsUnavailable: No keyring here.
            AuthenticationFailed: The environment variable that holds the password is not set, or nobody gave it.
            WrongPassphrase, SecretFileUnusable: The encrypted file stays closed.
        """
        async with self._taking_turns(connection.id):
            known = self._open.get(connection.id)
            if known is not None and known[0] == connection:
                return known[1]
            if known is not None:
                del self._open[connection.id]
                await known[1].close()
            other, secret = self._instead.get(connection.id, (connection, None))
            from studio.database import DatabaseOptions

            options = DatabaseOptions(must_exist=self._is_somebody_elses(connection.id))
            database = await self._make(other, secret, options)
            self._open[connection.id] = (connection, database)
            return database

    @contextlib.asynccontextmanager
    async def reading(self, connection: Connection) -> AsyncIterator[Database]:
        """The connection's database for a look at its data, which `close` cuts short: afterwards nobody may connect anew.

        Raises StoreError when the project has been closed, and what `get` raises.
        """
        if self._is_closed:
            raise StoreError("The project has been closed.", hint="Open it again.")
        task = asyncio.current_task()
        assert task is not None
        self._readers.add(task)
        try:
            yield await self.get(connection)
        finally:
            self._readers.discard(task)

    async def fresh(self, connection: Connection, secret: str | None) -> Database:
        """A database of the caller's own, for trying a connection out: a missing file stays missing, and waiting is short."""
        from studio.database import DatabaseOptions

        options = DatabaseOptions(
            must_exist=True, read_only=connection.read_only, connect_timeout_s=_TEST_TIMEOUT_S
        )
        return await self._make(connection, secret, options)

    async def keep(self, secrets: Sequence[tuple[Connection, str]]) -> None:
        """Keeps passwords where their connections say, and opens those connections anew; raises what `Secrets.set` raises."""
        for connection, secret in secrets:
            await asyncio.to_thread(self._secrets.set, connection, secret)
            async with self._taking_turns(connection.id):
                known = self._open.pop(connection.id, None)
                if known is not None:
                    await known[1].close()

    async def remove_secrets(self, connections: Iterable[Connection]) -> None:
        """Removes the passwords that are kept for connections; one that cannot be reached stays where it is, which is no reason to fail."""
        for connection in connections:
            with contextlib.suppress(StudioError):
                await asyncio.to_thread(self._secrets.remove, connection)

    def describe(self, connection: Connection) -> Database:
        """A database that is only asked how it would say things; it never connects, so it needs no secret."""
        from studio.database import Database

        return Database(self.url(connection), name=connection.name)

    async def forget(self, project: Project) -> None:
        """Closes the databases whose connections are gone or have changed."""
        for key, (connection, database) in list(self._open.items()):
            if project.connections.get(key) != connection:
                del self._open[key]
                await database.close()

    async def close(self) -> None:
        self._is_closed = True
        readers = list(self._readers)
        for reader in readers:
            reader.cancel()
        if readers:
            await asyncio.wait(readers)
        while self._open:
            _, (_, database) = self._open.popitem()
            await database.close()

    def url(self, connection: Connection) -> str:
        """The connection's URL; a relative SQLite path begins at the project's folder."""
        url = connection.url
        folder = self._folder()
        if not url.startswith(_SQLITE):
            return url
        path, question, query = url.removeprefix(_SQLITE).partition("?")
        if (
            not path
            or path == ":memory:"
            or path.startswith("file:")
            or folder is None
            or Path(path).is_absolute()
        ):
            return url
        return f"{_SQLITE}{folder / path}{question}{query}"

    def is_not_made_yet(self, connection: Connection) -> bool:
        """Whether the connection's SQLite file does not exist, and a run would make it."""
        other, _ = self._instead.get(connection.id, (connection, None))
        url = self.url(other)
        path = url.removeprefix(_SQLITE).partition("?")[0]
        if not url.startswith(_SQLITE) or not path or path.startswith((":", "file:")):
            return False
        return not (self._is_somebody_elses(connection.id) or Path(path).exists())

    def remove_file(self, connection: Connection) -> None:
        """Removes a SQLite file that nobody has open, with what lies beside it."""
        path = Path(self.url(connection).removeprefix(_SQLITE))
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                path.with_name(path.name + suffix).unlink(missing_ok=True)

    def _taking_turns(self, connection_id: str) -> asyncio.Lock:
        """What is held while a connection's database is opened or closed; of the engine's loop."""
        return self._turns.setdefault(connection_id, asyncio.Lock())

    async def _make(
        self, connection: Connection, secret: str | None, options: DatabaseOptions | None = None
    ) -> Database:
        from studio.database import Database, DatabaseOptions

        url = self.url(connection)
        is_kept = secret is None and _names_host(url)
        if is_kept:
            # The person may be asked something: not on the loop.
            secret = await asyncio.to_thread(self._secrets.get, connection)
        options = options or DatabaseOptions()
        database = Database(
            with_password(url, secret),
            name=connection.name,
            options=replace(options, read_only=options.read_only or connection.read_only),
        )
        if is_kept and connection.secret == "ask":
            await self._refuse_wrong_answer(connection, database)
        return database

    async def _refuse_wrong_answer(self, connection: Connection, database: Database) -> None:
        """Raises AuthenticationFailed for a password that the server does not take; the next who needs it asks again."""
        try:
            await database.connect()
        except BaseException as error:
            await database.close()
            if isinstance(error, AuthenticationFailed):
                self._secrets.forget(connection)
            raise


def _names_host(url: str) -> bool:
    """Raises ConnectionFailed for a URL that makes no sense, without repeating it: it may hold a password."""
    try:
        return bool(urlsplit(url).netloc)
    except ValueError:
        raise ConnectionFailed(
            "The connection's URL cannot be read.", hint="Write postgresql://user@host:5432/database."
        ) from None


def masked(error: StudioError, secret: str | None) -> StudioError:
    """The error without the secret, should a driver have repeated it."""
    if secret:
        error.message = error.message.replace(secret, "•••")
        error.detail = error.detail.replace(secret, "•••")
    return error
