"""How do a connection's form and its URL say the same? Both ways, without a password in the URL that is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from studio.database.tls import Tls, take_tls, words_of
from studio.kernel.errors import ConnectionFailed

Dialect = Literal["sqlite", "postgresql", "mysql"]
DEFAULT_PORT: Final = 5432
DEFAULT_PORTS: Final = {"postgresql": DEFAULT_PORT, "mysql": 3306}
_SERVERS: Final[dict[str, Dialect]] = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
}


_NO_TLS: Final = Tls(mode="off", is_said=False)


class UrlRefused(ValueError):
    """The text is no URL that Studio can use; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlParts:
    """What a form shows. `path` is SQLite's file (empty: in memory); `password` is only ever held while the form is open.

    `options` are what of the URL's query no field stands for.
    """

    dialect: Dialect
    path: str = ""
    host: str = ""
    port: int | None = None
    database: str = ""
    user: str = ""
    password: str = ""
    tls: Tls = _NO_TLS
    options: str = ""

    @property
    def is_memory(self) -> bool:
        return self.dialect == "sqlite" and self.path in ("", ":memory:")


def parts_of(url: str) -> UrlParts:
    """The parts of a URL; raises UrlRefused. Drivers in the scheme (`postgresql+asyncpg`) are dropped: Studio picks its own."""
    text = url.strip()
    if text == ":memory:":
        return UrlParts(dialect="sqlite", path=":memory:")
    scheme, separator, rest = text.partition("://")
    dialect = scheme.partition("+")[0].lower()
    if not separator:
        raise UrlRefused("A URL begins with sqlite:///, postgresql:// or mysql://.")
    if dialect == "sqlite":
        path, _, options = rest.partition("?")
        if path and not path.startswith("/"):
            raise UrlRefused("SQLite takes three slashes: sqlite:///shop.db, or four for an absolute path.")
        file = unquote(path[1:])
        return UrlParts(dialect="sqlite", path=file or ":memory:", options=options)
    server = _SERVERS.get(dialect)
    if server is None:
        raise UrlRefused(f"{scheme!r} is not supported yet: use sqlite, postgresql or mysql.")
    try:
        split = urlsplit(f"postgresql://{rest}")
        port = split.port
    except ValueError as fault:
        raise UrlRefused(f"The URL cannot be read: {fault}.") from fault
    query = dict(parse_qsl(split.query, keep_blank_values=True))
    try:
        tls = take_tls(server, query)
    except ConnectionFailed as fault:
        raise UrlRefused(str(fault)) from fault
    return UrlParts(
        dialect=server,
        host=unquote(split.hostname or ""),
        port=port,
        database=unquote(split.path.removeprefix("/")),
        user=unquote(split.username or ""),
        password=unquote(split.password or ""),
        tls=tls,
        options=urlencode(query),
    )


def url_of(parts: UrlParts, *, with_password: bool = False) -> str:
    """The URL of the parts; the password is left out unless asked for."""
    query = parse_qsl(parts.options, keep_blank_values=True)
    if parts.dialect != "sqlite":
        query = [*words_of(parts.dialect, parts.tls).items(), *query]
    options = f"?{urlencode(query, safe='/')}" if query else ""
    if parts.dialect == "sqlite":
        return f"sqlite:///{'' if parts.is_memory else quote(parts.path, safe='/: ~')}{options}"
    user = quote(parts.user, safe="")
    if with_password and parts.password:
        user += f":{quote(parts.password, safe='')}"
    host = quote(parts.host or "localhost", safe=":")
    if ":" in host:
        host = f"[{host}]"
    port = f":{parts.port}" if parts.port and parts.port != DEFAULT_PORTS[parts.dialect] else ""
    return (
        f"{parts.dialect}://{user}{'@' if user else ''}{host}{port}/{quote(parts.database, safe='')}{options}"
    )


def problem_of(parts: UrlParts) -> str | None:
    """What is missing before the connection can be tried."""
    if parts.dialect != "sqlite":
        if not parts.database:
            return "Give the name of the database."
        if parts.port is not None and not 0 < parts.port < 65536:
            return "A port lies between 1 and 65535."
    return None
