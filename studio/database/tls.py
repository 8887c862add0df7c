"""How is what goes to a server encrypted, and whom is it believed to be? A URL's words become what a driver takes, and its failures ours.

One meaning for both kinds of server. PostgreSQL's words are libpq's (`sslmode`, `sslrootcert`), MariaDB's those of its clients (`ssl-mode`,
`ssl-ca`). What the form of a connection shows comes from here too, so nothing is imported before it is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlencode

from studio.kernel.errors import ConnectionFailed, DatabaseError, TlsFailed
from studio.kernel.names import did_you_mean

if TYPE_CHECKING:
    import ssl

TlsMode = Literal["off", "prefer", "require", "verify-ca", "verify-host"]

MODES: Final[tuple[TlsMode, ...]] = ("off", "prefer", "require", "verify-ca", "verify-host")
"""From the least safe on: `prefer` takes what the server offers, `require` refuses to go without, the others also ask who answers."""

_POSTGRESQL: Final[Mapping[str, TlsMode]] = {
    "disable": "off",
    "prefer": "prefer",
    "require": "require",
    "verify-ca": "verify-ca",
    "verify-full": "verify-host",
    "allow": "prefer",
}
_MYSQL: Final[Mapping[str, TlsMode]] = {
    "disabled": "off",
    "preferred": "prefer",
    "required": "require",
    "verify_ca": "verify-ca",
    "verify_identity": "verify-host",
    # Of drivers that only know yes and no.
    "require": "require",
    "true": "require",
    "1": "require",
    "false": "off",
    "0": "off",
}
_DEFAULTS: Final[Mapping[str, TlsMode]] = {"postgresql": "prefer", "mysql": "off"}
_NAMES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "postgresql": {"mode": ("sslmode",), "ca": ("sslrootcert",), "cert": ("sslcert",), "key": ("sslkey",)},
    "mysql": {
        "mode": ("ssl-mode", "ssl_mode", "ssl"),
        "ca": ("ssl-ca", "ssl_ca"),
        "cert": ("ssl-cert", "ssl_cert"),
        "key": ("ssl-key", "ssl_key"),
    },
}
"""What the parts are called in a URL; the first name is the one that is written."""
_UNTRUSTED: Final = frozenset({18, 19, 20, 21})
"""OpenSSL's X509_V_ERR_…: signed by itself, by one unknown, or with nobody to ask."""
_EXPIRED: Final = frozenset({9, 10})
_OTHER_HOST: Final = frozenset({62, 64})


class TlsNotOffered(TlsFailed):
    """The server does without, and the connection may not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """How a connection is encrypted. Files are paths; an empty `ca` means the authorities that the system trusts.

    `is_said` tells whether the URL says the mode, or the driver's usual one is meant.
    """

    mode: TlsMode
    ca: str = ""
    cert: str = ""
    key: str = ""
    is_said: bool = True

    @property
    def verifies(self) -> bool:
        return self.mode in ("verify-ca", "verify-host")

    @property
    def has_files(self) -> bool:
        return bool(self.ca or self.cert or self.key)


def default_mode(dialect: str) -> TlsMode:
    """What is meant where a URL says nothing."""
    return _DEFAULTS[dialect]


def take_tls(dialect: str, query: dict[str, Any]) -> Tls:
    """Takes the words about TLS out of a URL's query; raises ConnectionFailed for a mode that does not exist."""
    names = _NAMES[dialect]
    said = {
        part: next((str(query[name]) for name in known if name in query), "") for part, known in names.items()
    }
    for known in names.values():
        for name in known:
            query.pop(name, None)
    word = said["mode"]
    words = _MYSQL if dialect == "mysql" else _POSTGRESQL
    mode = words.get(word.lower().replace("-", "_") if dialect == "mysql" else word.lower())
    if word and mode is None:
        raise ConnectionFailed(
            f"The URL's {names['mode'][0]} is {word!r}, which is no way to encrypt.",
            hint=did_you_mean(word, list(words)[: len(MODES)]),
        )
    if mode == "require" and said["ca"] and dialect == "postgresql":
        mode = "verify-ca"  # as libpq reads it
    mode = mode or default_mode(dialect)
    return Tls(mode=mode, ca=said["ca"], cert=said["cert"], key=said["key"], is_said=bool(word))


def words_of(dialect: str, tls: Tls) -> dict[str, str]:
    """What a URL's query says of it; nothing for the mode that is meant anyway."""
    names = _NAMES[dialect]
    known = _MYSQL if dialect == "mysql" else _POSTGRESQL
    word = next(word for word, mode in known.items() if mode == tls.mode)
    word = word.upper() if dialect == "mysql" else word
    said = {names["mode"][0]: word} if tls.is_said or tls.mode != default_mode(dialect) else {}
    files = {"ca": tls.ca, "cert": tls.cert, "key": tls.key}
    return said | {names[part][0]: file for part, file in files.items() if file}


def context_of(tls: Tls) -> ssl.SSLContext | None:
    """What a driver encrypts with; None for none. Reads the files: raises TlsFailed for one that is missing or no certificate."""
    if tls.mode == "off":
        return None
    import ssl

    try:
        context = (
            ssl.create_default_context(cafile=_path(tls.ca))
            if tls.verifies
            else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        )
    except OSError as error:
        raise _unreadable("file of authorities", tls.ca, error) from error
    context.check_hostname = tls.mode == "verify-host"
    context.verify_mode = ssl.CERT_REQUIRED if tls.verifies else ssl.CERT_NONE
    if tls.cert:
        try:
            context.load_cert_chain(_path(tls.cert) or "", _path(tls.key))
        except OSError as error:
            raise _unreadable("client's certificate", tls.cert, error) from error
    return context


def files_as_dsn(tls: Tls) -> str:
    """A URL for libpq's kind of driver that says nothing but the files."""
    files = {"sslrootcert": tls.ca, "sslcert": tls.cert, "sslkey": tls.key}
    return "postgresql:///?" + urlencode({name: _path(file) for name, file in files.items() if file})


def _path(text: str) -> str | None:
    return str(Path(text).expanduser()) if text else None


def _unreadable(what: str, path: str, error: OSError) -> TlsFailed:
    return TlsFailed(
        f"The {what} {path} cannot be read.",
        hint="Choose a file in PEM format that is there and may be read.",
        detail=error.strerror or str(error),
    )


def failure(error: BaseException, where: str) -> DatabaseError | None:
    """What a failed handshake means; None for an error of another kind."""
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        return _distrusted(error, where)
    if isinstance(error, ssl.SSLError):
        if error.reason == "WRONG_VERSION_NUMBER":
            # MariaDB without TLS answers the handshake with a plain refusal.
            return _not_offered(where)
        return TlsFailed(
            f"No encrypted connection to {where} comes about.",
            hint="Check that the server's TLS works and is no older than 1.2.",
            detail=error.reason or str(error),
        )
    if isinstance(error, ConnectionError) and "rejected SSL upgrade" in str(error):
        return _not_offered(where)
    return None


def _not_offered(where: str) -> TlsNotOffered:
    return TlsNotOffered(
        f"{where} offers no TLS, but the connection requires it.",
        hint="Switch TLS on at the server, or choose “prefer” or “off” in the connection.",
    )


def wanted_by_server(where: str, detail: str) -> TlsFailed:
    return TlsFailed(
        f"{where} takes encrypted connections only.",
        hint="Choose “require” for TLS in the connection.",
        detail=detail,
    )


def _distrusted(error: ssl.SSLCertVerificationError, where: str) -> TlsFailed:
    if error.verify_code in _OTHER_HOST:
        return TlsFailed(
            f"The certificate of {where} is another host's.",
            hint="Write the host as the certificate names it, or choose “verify CA”, which does not compare the host.",
            detail=error.verify_message,
        )
    if error.verify_code in _EXPIRED:
        return TlsFailed(
            f"The certificate of {where} is not valid now.",
            hint="Have it renewed, and check this computer's clock.",
            detail=error.verify_message,
        )
    if error.verify_code in _UNTRUSTED:
        return TlsFailed(
            f"The certificate of {where} is signed by nobody who is trusted here.",
            hint="Name the file of the authority that signed it as the CA file, or choose “require” to encrypt without asking who answers.",
            detail=error.verify_message,
        )
    return TlsFailed(
        f"The certificate of {where} is refused.",
        hint="Ask whoever runs the server for a valid one.",
        detail=error.verify_message,
    )
