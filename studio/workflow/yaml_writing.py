"""How does plain data become YAML? A small writer: the same data always gives the same text, short things on one line.

Plain data: None, bool, int, float, str, lists, mappings; beside them what `yaml_tags` knows, and tuples (`!tuple`). `yaml_reading` gives
it back equal. What a document means is `text`'s business.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from studio.kernel.errors import TextError
from studio.workflow.yaml_tags import TAGGED

_WIDTH: Final = 100
_LONGEST_KEY: Final = 1000
"""YAML 1.1: a simple key has at most 1,024 characters."""

_PLAIN: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$./@+-]*(?: [A-Za-z0-9_$./@+-]+)*")
_RESERVED: Final = frozenset({"null", "true", "false", "yes", "no", "on", "off"})
_UNPRINTABLE: Final = re.compile(
    r"[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_ESCAPED: Final = re.compile(
    r"[\"\\]|[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_SHORT_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}


class Block(dict[str, Any]):
    """A mapping that is written with one line for each key, however short it is."""


class Flow(dict[str, Any]):
    """A mapping that is written on one line, however long it is."""


def write_yaml(document: Mapping[str, Any]) -> str:
    """The document's text. Keys keep their order; the same data always gives the same text.

    Raises:
        TextError: A value is not plain data; the message names the way to it.
    """
    if not document:
        return "{}\n"
    lines: list[str] = []
    _write_mapping(document, 0, lines, "$")
    return "\n".join(lines) + "\n"


def _write_mapping(mapping: Mapping[Any, Any], indent: int, lines: list[str], path: str) -> None:
    margin = " " * indent
    for key, value in mapping.items():
        name = _key(key, path)
        if len(name) > _LONGEST_KEY:
            lines.append(f"{margin}? {name}")
            _write_entry(f"{margin}:", value, indent, lines, f"{path}.{key}")
        else:
            _write_entry(f"{margin}{name}:", value, indent, lines, f"{path}.{key}")


def _write_sequence(sequence: Sequence[Any], indent: int, lines: list[str], path: str) -> None:
    margin = " " * indent
    for index, value in enumerate(sequence):
        here = f"{path}[{index}]"
        if isinstance(value, Mapping) and value and _on_one_line(value, indent + 2, here) is None:
            nested: list[str] = []
            _write_mapping(value, indent + 2, nested, here)
            nested[0] = f"{margin}- {nested[0][indent + 2 :]}"
            lines += nested
        else:
            _write_entry(f"{margin}-", value, indent, lines, here)


def _write_entry(head: str, value: Any, indent: int, lines: list[str], path: str) -> None:
    """A key or a dash with its value, on the same line or below."""
    if isinstance(value, str):
        if "\n" in value and (header := _literal_header(value)):
            lines.append(f"{head} {header}")
            margin = " " * (indent + 2)
            lines += [f"{margin}{line}" if line else "" for line in _literal_lines(value)]
        else:
            lines.append(f"{head} {_string(value)}")
        return
    one_line = _on_one_line(value, len(head) + 1, path)
    if one_line is not None:
        lines.append(f"{head} {one_line}")
    elif isinstance(value, Mapping):
        lines.append(head)
        _write_mapping(value, indent + 2, lines, path)
    else:
        lines.append(f"{head} !tuple" if isinstance(value, tuple) else head)
        _write_sequence(value, indent + 2, lines, path)


def _on_one_line(value: Any, column: int, path: str) -> str | None:
    """The value's text when it goes on one line, else None."""
    if isinstance(value, Flow) or not value:
        return _flow(value, path)
    if isinstance(value, Block):
        return None
    if isinstance(value, Mapping):
        if any(_is_nested(entry) for entry in value.values()) or any(_is_long(key) for key in value):
            return None
    elif isinstance(value, list | tuple):
        if any(_is_nested(entry) for entry in value):
            return None
    else:
        return _flow(value, path)
    text = _flow(value, path)
    return text if column + len(text) <= _WIDTH else None


def _is_nested(value: Any) -> bool:
    if isinstance(value, str):
        return "\n" in value
    return isinstance(value, Mapping | list | tuple) and bool(value)


def _is_long(key: Any) -> bool:
    return isinstance(key, str) and len(key) > _LONGEST_KEY // 10


def _flow(value: Any, path: str) -> str:
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, Mapping):
        return (
            "{" + ", ".join(f"{_key(key, path)}: {_flow(entry, path)}" for key, entry in value.items()) + "}"
        )
    if isinstance(value, list | tuple):
        text = "[" + ", ".join(_flow(entry, path) for entry in value) + "]"
        return f"!tuple {text}" if isinstance(value, tuple) else text
    return _scalar(value, path)


def _key(key: Any, path: str) -> str:
    return _string(key) if isinstance(key, str) else _scalar(key, path)


def _scalar(value: Any, path: str) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return _float(value)
    for tag, kind, write, _ in TAGGED:
        if isinstance(value, kind):
            return f'!{tag} "{write(value)}"'
    raise TextError(
        f"A {type(value).__name__} cannot be written as text (at {path}).",
        hint="Use text, numbers, dates, lists and mappings.",
    )


def _float(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    text = float.__repr__(value)
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa if '.' in mantissa or not e else mantissa + '.0'}{e}{exponent}"


def _string(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _RESERVED:
        return str(text)
    return '"' + _ESCAPED.sub(_escape, text) + '"'


def _escape(found: re.Match[str]) -> str:
    char = found.group()
    code = ord(char)
    if 0xD800 <= code <= 0xDFFF:
        raise TextError("A text holds half of a surrogate pair, which no file can keep.", hint="Remove it.")
    return _SHORT_ESCAPES.get(char) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def _literal_header(text: str) -> str:
    """`|`, `|-` or `|+` when the text can stand as a literal block, else an empty string."""
    if text[0] in " \n" or _UNPRINTABLE.search(text) or " \n" in text or text.endswith(" "):
        return ""
    if not text.endswith("\n"):
        return "|-"
    return "|+" if text.endswith("\n\n") else "|"


def _literal_lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n")
