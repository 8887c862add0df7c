"""How are passwords kept in a file that tells nobody anything? As one encrypted whole under a passphrase, replaced in one step.

The file is JSON: a header in the clear that says how it is encrypted (version, scrypt's costs and salt), then the whole of names and
passwords under AES-256-GCM, which also vouches for the header. Who asks for the passphrase, and when, is `secrets`' business.
"""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from studio.kernel.errors import StudioError
from studio.kernel.whole_files import write_whole

FILE_NAME: Final = "secrets.enc"
FORMAT: Final = "studio-secrets"
VERSION: Final = 1
COST: Final = 2**16
"""scrypt's N, with r = 8: 64 MiB and about a sixth of a second for each guess."""
_MOST_COST: Final = 2**20
"""A header that asks for more is no header of ours, and would take all memory."""
_BLOCK: Final = 8


class WrongPassphrase(StudioError):
    """The file of passwords is encrypted under another passphrase, or has been altered."""

    code = "wrong-passphrase"


class SecretFileUnusable(StudioError):
    """The file of passwords is damaged, of a newer Studio, or cannot be read or written."""

    code = "secret-file"


@dataclass(frozen=True, slots=True)
class _Key:
    """What the passphrase became: without it nothing is read or written, and it does not give the passphrase away."""

    salt: bytes
    cost: int
    key: bytes


@dataclass(frozen=True, slots=True)
class _Sealed:
    """The file as it lies there."""

    salt: bytes
    cost: int
    nonce: bytes
    data: bytes


class SecretFile:
    """Names and their passwords. The file comes into being with the first password, readable by its owner only.

    Invariant: neither a password nor the passphrase is ever written in the clear, in no other file either.
    """

    def __init__(self, path: Path, *, cost: int = COST) -> None:
        self.path = path
        self._cost = cost
        self._key: _Key | None = None

    @property
    def exists(self) -> bool:
        return self.path.exists()

    @property
    def is_open(self) -> bool:
        """Whether the passphrase has been given. The key is kept in memory, the passphrase nowhere."""
        return self._key is not None

    def open(self, passphrase: str) -> None:
        """Takes the passphrase: of the file that is there, or for the one that will be.

        Raises:
            WrongPassphrase: It is another one's.
            SecretFileUnusable: The file cannot be read.
        """
        found = self._read()
        if found is None:
            self._key = _derived(passphrase, os.urandom(16), self._cost)
            return
        key = _derived(passphrase, found.salt, found.cost)
        self._decrypted(found, key)
        self._key = key

    def get(self, name: str) -> str | None:
        """The password of that name; None when there is none. Raises what `open` raises."""
        return self._all().get(name)

    def set(self, name: str, secret: str) -> None:
        """Keeps a password. Raises what `open` raises; the file is then as it was."""
        kept = self._all()
        self._write({**kept, name: secret})

    def remove(self, name: str) -> None:
        """Removes a password; harmless when there is none. Raises what `open` raises."""
        kept = self._all()
        if kept.pop(name, None) is not None:
            self._write(kept)

    def change_passphrase(self, passphrase: str) -> None:
        """Encrypts all of it anew, under another passphrase. Raises what `open` raises; the file is then as it was."""
        kept, before = self._all(), self._key
        self._key = _derived(passphrase, os.urandom(16), self._cost)
        try:
            self._write(kept)
        except SecretFileUnusable:
            self._key = before
            raise

    # ------------------------------------------------------------ inside

    def _all(self) -> dict[str, str]:
        assert self._key is not None, "opened before it is asked"
        found = self._read()
        if found is None:
            return {}
        if found.salt != self._key.salt:
            self._key = None
            raise WrongPassphrase(
                f"The file of passwords {self.path} has been made anew, with another passphrase.",
                hint="Try again, and give the new one.",
            )
        return self._decrypted(found, self._key)

    def _read(self) -> _Sealed | None:
        try:
            return _parsed(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SecretFileUnusable(
                f"The file of passwords {self.path} cannot be read: {error.strerror}.",
                hint="Make it readable.",
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise SecretFileUnusable(
                f"{self.path} is no file of passwords of this Studio: it is damaged, or a newer one's.",
                hint="Restore it from a copy, or remove it and type the passwords again.",
            ) from error

    def _decrypted(self, found: _Sealed, key: _Key) -> dict[str, str]:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            plain = AESGCM(key.key).decrypt(found.nonce, found.data, _vouched(key))
        except (InvalidTag, ValueError) as error:
            raise WrongPassphrase(
                f"This is not the passphrase of the file of passwords {self.path}.",
                hint="Try again. Where it is forgotten, remove the file and type the passwords again.",
            ) from error
        kept: dict[str, str] = json.loads(plain)
        return kept

    def _write(self, kept: Mapping[str, str]) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key = self._key
        assert key is not None
        nonce = os.urandom(12)
        sealed = AESGCM(key.key).encrypt(nonce, json.dumps(kept).encode(), _vouched(key))
        text = json.dumps(
            {**_header(key), "nonce": b64encode(nonce).decode(), "data": b64encode(sealed).decode()}, indent=1
        )
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self.path, text.encode(), is_private=True)
        except OSError as error:
            raise SecretFileUnusable(
                f"The file of passwords {self.path} cannot be written: {error.strerror}.",
                hint="Make its folder writable; the file is as it was.",
            ) from error


def _parsed(text: str) -> _Sealed:
    """Raises ValueError, KeyError or TypeError for what is no file of this version."""
    data = json.loads(text)
    cost = data["n"]
    if (data["format"], data["version"], data["r"], data["p"]) != (FORMAT, VERSION, _BLOCK, 1):
        raise ValueError("of another format")
    if not (isinstance(cost, int) and 2 <= cost <= _MOST_COST and cost & (cost - 1) == 0):
        raise ValueError("no cost of ours")
    salt, nonce, sealed = (b64decode(data[name], validate=True) for name in ("salt", "nonce", "data"))
    return _Sealed(salt, cost, nonce, sealed)


def _derived(passphrase: str, salt: bytes, cost: int) -> _Key:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    key = Scrypt(salt=salt, length=32, n=cost, r=_BLOCK, p=1).derive(passphrase.encode())
    return _Key(salt, cost, key)


def _header(key: _Key) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "cipher": "aes-256-gcm",
        "kdf": "scrypt",
        "n": key.cost,
        "r": _BLOCK,
        "p": 1,
        "salt": b64encode(key.salt).decode(),
    }


def _vouched(key: _Key) -> bytes:
    return json.dumps(_header(key), sort_keys=True).encode()
