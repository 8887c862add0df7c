"""How are fields kept secret? AES-256-GCM for what is stored, and a keyed digest beside it, by which equal values are found.

    envelope   0x01 · key id (4 bytes) · nonce (12 bytes) · ciphertext and tag; bound to its table and column as associated data
    digest     HMAC-SHA-256 over table, column and value, in base64; under another key than the ciphertext's

A key is 32 bytes, given as base64 or hexadecimal text; the keys for the two purposes, and the key's public id, are derived from it by HKDF.
Of several keys the first writes and all read. No key, and no value, ever stands in an error. Why the associated data leave the record's
id out: docs/decisions/encrypted-fields.md.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import enum
import hmac
import os
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from studio.kernel.errors import EncryptionFailed
from studio.models.spec import FieldSpec, Kind, ModelSpec

KEY_VARIABLE: Final = "DATAFLOW_ENCRYPTION_KEY"
_FORMAT: Final = b"\x01"
_ID: Final = 4
_NONCE: Final = 12
_HEAD: Final = 1 + _ID + _NONCE
_HOW: Final = "A key is 32 random bytes as text; make one with `python -c 'import secrets; print(secrets.token_urlsafe(32))'`."
_MICROSECOND: Final = dt.timedelta(microseconds=1)


class _Key(NamedTuple):
    id: bytes
    cipher: AESGCM
    digesting: bytes


class KeyRing:
    """The keys of one database, the one that writes first. Shows nothing of them."""

    __slots__ = ("_keys",)

    def __init__(self, keys: Iterable[str]) -> None:
        """Raises EncryptionFailed for what is no key, without saying what it was."""
        self._keys = tuple(_derived(_decoded(key)) for key in keys)
        if not self._keys:
            raise EncryptionFailed("There is no encryption key.", hint=_HOW)

    def __repr__(self) -> str:
        return f"<KeyRing of {len(self._keys)}>"

    @property
    def keys(self) -> tuple[_Key, ...]:
        return self._keys

    @classmethod
    def from_environment(cls) -> KeyRing | None:
        """The keys in DATAFLOW_ENCRYPTION_KEY, separated by commas; None when it is not set."""
        given = [part.strip() for part in os.environ.get(KEY_VARIABLE, "").split(",")]
        return cls(part for part in given if part) if any(given) else None


class FieldCipher:
    """Seals and opens the values of one field, and digests them. Values are canonical and never None."""

    def __init__(self, spec: ModelSpec, field: FieldSpec, ring: KeyRing, *, rotates: bool) -> None:
        """With `rotates` older keys read as well; without, the first is the only one."""
        keys = ring.keys if rotates else ring.keys[:1]
        self._writer = keys[0]
        self._by_id = {key.id: key for key in keys}
        self._place = f"{spec.table}\0{field.column}".encode()
        self._name = f"{spec.name}.{field.name}"
        self._field = field.name
        self._encode, self._decode = _FORMS[field.kind]
        self._same = _EQUAL.get(field.kind, self._encode)
        self._members: Mapping[Any, Any] = (
            {member.value: member for member in field.enum_type} if field.enum_type else {}
        )

    def seal(self, value: Any) -> bytes:
        """The envelope, another one each time."""
        key, nonce = self._writer, os.urandom(_NONCE)
        return _FORMAT + key.id + nonce + key.cipher.encrypt(nonce, self._encode(value), self._place)

    def open(self, envelope: Any) -> Any:
        """The value. Raises EncryptionFailed when the key is not there, or the envelope is not what was written here."""
        sealed = envelope.encode() if isinstance(envelope, str) else bytes(envelope)
        if len(sealed) < _HEAD or sealed[:1] != _FORMAT:
            raise EncryptionFailed(
                f"{self._name} holds a value that was not encrypted by Studio.",
                hint="Write the field anew through Studio.",
                field=self._field,
            )
        key = self._by_id.get(sealed[1 : 1 + _ID])
        if key is None:
            raise EncryptionFailed(
                f"{self._name} was encrypted under another key than those that are given.",
                hint=f"Add the older key behind the newer one, in encryption_key or {KEY_VARIABLE}.",
                field=self._field,
            )
        try:
            plain = key.cipher.decrypt(sealed[1 + _ID : _HEAD], sealed[_HEAD:], self._place)
        except InvalidTag as error:
            raise EncryptionFailed(
                f"{self._name} cannot be decrypted: what is stored has been changed, or belongs to another column.",
                hint="Restore the record from a copy.",
                field=self._field,
            ) from error
        value = self._decode(plain)
        return self._members.get(value, value) if self._members else value

    def digest(self, value: Any) -> str:
        """What equal values share, under the key that writes."""
        return self._digest(self._writer, value)

    def digests(self, value: Any) -> list[str]:
        """What records with this value may have been written with: one digest for each key."""
        return [self._digest(key, value) for key in self._by_id.values()]

    def _digest(self, key: _Key, value: Any) -> str:
        told = self._place + b"\0" + self._same(value)
        return base64.b64encode(hmac.digest(key.digesting, told, "sha256")).decode()


def ciphers_for(spec: ModelSpec, ring: KeyRing | None) -> dict[str, FieldCipher]:
    """The ciphers of the model's encrypted fields by name; raises EncryptionFailed when there are such fields and no key."""
    fields = [field for field in spec.fields if field.encrypted]
    if not fields:
        return {}
    ring = ring or KeyRing.from_environment()
    if ring is None:
        raise EncryptionFailed(
            f"{spec.name} has encrypted fields, and there is no key for them.",
            hint=f"Give DataFlow an encryption_key, or set {KEY_VARIABLE}. {_HOW}",
            field=fields[0].name,
        )
    rotates = bool(spec.options.get("encryption", {}).get("key_rotation", True))
    return {field.name: FieldCipher(spec, field, ring, rotates=rotates) for field in fields}


def _decoded(text: str) -> bytes:
    given = text.strip()
    if re.fullmatch(r"[0-9a-fA-F]{64}", given):
        return bytes.fromhex(given)
    try:
        key = base64.b64decode(
            given.replace("-", "+").replace("_", "/") + "=" * (-len(given) % 4), validate=True
        )
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise EncryptionFailed("The encryption key is none: it has not 32 bytes.", hint=_HOW)
    return key


def _derived(master: bytes) -> _Key:
    def part(purpose: bytes, length: int) -> bytes:
        return HKDF(algorithm=SHA256(), length=length, salt=None, info=b"studio " + purpose).derive(master)

    return _Key(part(b"key id", _ID), AESGCM(part(b"encryption", 32)), part(b"blind index", 32))


# ------------------------------------------------------------------ values as bytes, equal where values are


def _decimal(value: Any) -> bytes:
    return format(value if isinstance(value, Decimal) else Decimal(str(value)), "f").encode()


def _same_decimal(value: Any) -> bytes:
    """1.50 and 1.5 are equal."""
    plain = _decimal(value)
    return plain.rstrip(b"0").rstrip(b".") if b"." in plain else plain


def _text(value: Any) -> bytes:
    return str(value.value if isinstance(value, enum.Enum) else value).encode()


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _iso(value: Any) -> bytes:
    return str(value.isoformat()).encode()


_FORMS: Final[Mapping[Kind, tuple[Callable[[Any], bytes], Callable[[bytes], Any]]]] = {
    Kind.INT: (_text, int),
    Kind.FLOAT: (lambda value: repr(value).encode(), float),
    Kind.DECIMAL: (_decimal, lambda plain: Decimal(plain.decode())),
    Kind.STR: (_text, bytes.decode),
    Kind.TEXT: (_text, bytes.decode),
    Kind.ENUM: (_text, bytes.decode),
    Kind.BOOL: (lambda value: b"1" if value else b"0", lambda plain: plain == b"1"),
    Kind.DATETIME: (_iso, lambda plain: dt.datetime.fromisoformat(plain.decode())),
    Kind.DATE: (_iso, lambda plain: dt.date.fromisoformat(plain.decode())),
    Kind.TIME: (_iso, lambda plain: dt.time.fromisoformat(plain.decode())),
    Kind.TIMEDELTA: (
        lambda value: str(value // _MICROSECOND).encode(),
        lambda plain: dt.timedelta(microseconds=int(plain)),
    ),
    Kind.BYTES: (bytes, bytes),
    Kind.DICT: (_json, orjson.loads),
    Kind.LIST: (_json, orjson.loads),
    Kind.VECTOR: (_json, orjson.loads),
    Kind.UUID: (lambda value: value.bytes, lambda plain: uuid.UUID(bytes=plain)),
}
_EQUAL: Final[Mapping[Kind, Callable[[Any], bytes]]] = {
    Kind.DECIMAL: _same_decimal,
    Kind.FLOAT: lambda value: repr(value + 0.0).encode(),  # -0.0 equals 0.0
}
"""Where equal values have several forms: the one that is digested."""
