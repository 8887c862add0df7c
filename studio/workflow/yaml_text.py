"""How does plain data become YAML and come back equal? A small writer, and a reader that knows where everything stood.

Plain data: None, bool, int, float, str, lists, mappings; beside them Decimal, datetime, date, time, timedelta, UUID, bytes and tuples,
each under a tag (`!decimal "1.20"`). What a document means is `text`'s business. Anchors and aliases are refused: they save typing, and
let a page of text grow into gigabytes. The module is longer than most because writer and reader are two halves of one table of tags.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import datetime as dt
import decimal
import gc
import math
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import yaml

from studio.kernel.errors import TextError
from studio.kernel.names import did_you_mean

_WIDTH: Final = 100
_DEEPEST: Final = 100
"""Levels of nesting; real texts have ten."""
_LONGEST_KEY: Final = 1000
"""YAML 1.1: a simple key has at most 1,024 characters."""

_PLAIN: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$./@+-]*(?: [A-Za-z0-9_$./@+-]+)*")
_RESERVED: Final = frozenset({"null", "true", "false", "yes", "no", "on", "off"})
_INT: Final = re.compile(r"[-+]?[0-9]+|0x[0-9a-fA-F]+|0o[0-7]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL_FLOATS: Final = {".inf": math.inf, "+.inf": math.inf, "-.inf": -math.inf, ".nan": math.nan}
_UNPRINTABLE: Final = re.compile(
    r"[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_ESCAPED: Final = re.compile(
    r"[\"\\]|[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_SHORT_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}
_DURATION: Final = re.compile(r"P(-?\d+)DT(\d+)(?:\.(\d{6}))?S")
_STANDARD: Final = "tag:yaml.org,2002:"


class Block(dict[str, Any]):
    """A mapping that is written with one line for each key, however short it is."""


class Flow(dict[str, Any]):
    """A mapping that is written on one line, however long it is."""


# ---------------------------------------------------------------- writing


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
    for tag, kind, write, _ in _TAGGED:
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


def _write_duration(value: dt.timedelta) -> str:
    micros = f".{value.microseconds:06d}" if value.microseconds else ""
    return f"P{value.days}DT{value.seconds}{micros}S"


def _read_duration(text: str) -> dt.timedelta:
    found = _DURATION.fullmatch(text)
    if not found:
        raise ValueError("write it as P1DT3600S, days and seconds")
    days, seconds, micros = found.groups()
    return dt.timedelta(days=int(days), seconds=int(seconds), microseconds=int(micros or 0))


def _read_bytes(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as error:
        raise ValueError("it is no Base64") from error


def _read_decimal(text: str) -> decimal.Decimal:
    try:
        return decimal.Decimal(text)
    except decimal.InvalidOperation as error:
        raise ValueError("it is no number") from error


_TAGGED: Final[tuple[tuple[str, type, Callable[[Any], str], Callable[[str], Any]], ...]] = (
    ("decimal", decimal.Decimal, str, _read_decimal),
    ("datetime", dt.datetime, dt.datetime.isoformat, dt.datetime.fromisoformat),
    ("date", dt.date, dt.date.isoformat, dt.date.fromisoformat),
    ("time", dt.time, dt.time.isoformat, dt.time.fromisoformat),
    ("timedelta", dt.timedelta, _write_duration, _read_duration),
    ("uuid", uuid.UUID, str, uuid.UUID),
    ("bytes", bytes, lambda value: base64.b64encode(value).decode(), _read_bytes),
)
"""Tag, type, writer and reader. Order matters: a datetime is a date as well."""

_READERS: Final[Mapping[str, Callable[[str], Any]]] = {f"!{tag}": read for tag, _, _, read in _TAGGED} | {
    f"{_STANDARD}binary": _read_bytes,
    f"{_STANDARD}str": str,
    f"{_STANDARD}timestamp": dt.datetime.fromisoformat,
}


# ---------------------------------------------------------------- reading

NodeKind = Literal["mapping", "sequence", "scalar"]
_KIND_WORDS: Final[Mapping[str, str]] = {
    "mapping": "a mapping",
    "sequence": "a list",
    "scalar": "a single value",
}


@dataclass(slots=True)
class YamlNode:
    """A part of a document and where it begins (line and column count from 1).

    `value` is the scalar's value, the list of nodes of a sequence, or the list of pairs (key's node, value's node) of a mapping.
    """

    kind: NodeKind
    value: Any
    line: int
    column: int
    tag: str | None = None

    def plain(self) -> Any:
        """The data without its places."""
        if self.kind == "scalar":
            return self.value
        if self.kind == "sequence":
            items = [node.plain() for node in self.value]
            return tuple(items) if self.tag == "!tuple" else items
        return {key.value: node.plain() for key, node in self.value}

    def fault(self, message: str, hint: str = "") -> TextError:
        return TextError(message, line=self.line, column=self.column, hint=hint)


def read_yaml(text: str) -> YamlNode:
    """The one document that a text holds.

    Raises:
        TextError: It is no YAML, holds no document or several, or uses what is refused here; with line and column.
    """
    loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
    try:
        with without_collections():
            return _document(yaml.parse(text, Loader=loader))
    except yaml.MarkedYAMLError as error:
        mark: Any = error.problem_mark or error.context_mark
        reason = " ".join(part for part in (error.context, error.problem) if part)
        raise TextError(
            f"This is no valid YAML: {reason}.",
            line=mark.line + 1 if mark else None,
            column=mark.column + 1 if mark else None,
            hint=_remedy(text, mark.line if mark else None, reason),
        ) from error
    except (yaml.YAMLError, UnicodeError) as error:
        raise _unreadable(text, error) from error


@contextlib.contextmanager
def without_collections() -> Iterator[None]:
    """A long text makes a million objects that all stay: looking for garbage among them takes as long as reading."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _document(events: Iterator[Any]) -> YamlNode:
    found: YamlNode | None = None
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent) and found is not None:
            mark: Any = event.start_mark
            raise TextError(
                "There is more than one document in the text.",
                line=mark.line + 1,
                column=mark.column + 1,
                hint="Keep one; remove the line '---'.",
            )
        if isinstance(event, yaml.NodeEvent):
            found = _node(event, events, 0)
    if found is None:
        raise TextError("The text is empty.", line=1, column=1, hint="Choose a text that Studio exported.")
    return found


def _node(event: Any, events: Iterator[Any], depth: int) -> YamlNode:
    mark = event.start_mark
    line, column = mark.line + 1, mark.column + 1
    if type(event) is yaml.ScalarEvent:
        return YamlNode("scalar", _resolve(event, line, column), line, column)
    if isinstance(event, yaml.AliasEvent):
        raise TextError(
            f"Aliases (*{event.anchor}) are not read.", line=line, column=column, hint="Write the value out."
        )
    if depth >= _DEEPEST:
        raise TextError(f"The text is nested more than {_DEEPEST} levels deep.", line=line, column=column)
    if isinstance(event, yaml.SequenceStartEvent):
        _check_tag(event, ("!tuple", f"{_STANDARD}seq"), line, column)
        items: list[YamlNode] = []
        while not isinstance(following := next(events), yaml.SequenceEndEvent):
            items.append(_node(following, events, depth + 1))
        return YamlNode("sequence", items, line, column, event.tag)
    _check_tag(event, (f"{_STANDARD}map",), line, column)
    pairs: list[tuple[YamlNode, YamlNode]] = []
    seen: set[Any] = set()
    while not isinstance(following := next(events), yaml.MappingEndEvent):
        key = _node(following, events, depth + 1)
        if key.kind != "scalar":
            raise key.fault(f"A key must be a single value, not {_KIND_WORDS[key.kind]}.")
        identity = (type(key.value), key.value)
        if identity in seen:
            raise key.fault(f"The key {key.value!r} stands twice.", hint="Remove one of them.")
        seen.add(identity)
        pairs.append((key, _node(next(events), events, depth + 1)))
    return YamlNode("mapping", pairs, line, column)


def _check_tag(event: Any, known: tuple[str, ...], line: int, column: int) -> None:
    if event.tag and event.tag != "!" and event.tag not in known:
        raise TextError(
            f"The tag {event.tag!r} does not belong on a list or mapping.",
            line=line,
            column=column,
            hint="Remove it.",
        )


def _resolve(event: Any, line: int, column: int) -> Any:
    text: str = event.value
    tag: str | None = event.tag
    if tag is None:
        return _plain_value(text, line, column) if event.implicit[0] else text
    if tag == "!":
        return text
    read = _READERS.get(tag or "")
    if read is None:
        if tag in (f"{_STANDARD}{kind}" for kind in ("int", "float", "bool", "null")):
            return _plain_value(text, line, column)
        known = [name for name in _READERS if name.startswith("!")]
        raise TextError(
            f"The tag {tag!r} is not known.", line=line, column=column, hint=did_you_mean(tag or "", known)
        )
    try:
        return read(text)
    except ValueError as error:
        raise TextError(f"{text!r} is not right for {tag}: {error}.", line=line, column=column) from error


def _plain_value(text: str, line: int, column: int) -> Any:
    """What an unquoted scalar means: YAML 1.2's core schema, so `no` and `12:30` are text."""
    if not text or text in ("~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE"):
        return True
    if text in ("false", "False", "FALSE"):
        return False
    first = text[0]
    if not (first.isdigit() or first in "+-."):
        return text
    if _INT.fullmatch(text):
        try:
            return int(text, 0) if text[:2] in ("0x", "0o") else int(text)
        except ValueError as error:
            raise TextError("The number has too many digits.", line=line, column=column) from error
    if _FLOAT.fullmatch(text):
        return float(text)
    return _SPECIAL_FLOATS.get(text.lower(), text)


def _unreadable(text: str, error: Exception) -> TextError:
    position = getattr(error, "position", getattr(error, "start", None))
    if (bad := _UNREADABLE.search(text)) is not None:
        position = bad.start()
    before = text[: position or 0]
    return TextError(
        "The text holds a character that YAML cannot hold.",
        line=before.count("\n") + 1,
        column=len(before) - (before.rfind("\n") + 1) + 1,
        hint="Remove it, or write it as an escape in double quotes.",
    )


_UNREADABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def _remedy(text: str, line: int | None, reason: str) -> str:
    lines = text.split("\n")
    shown = lines[line] if line is not None and line < len(lines) else ""
    if "\t" in shown or "'\\t'" in reason:
        return "Indent with spaces, not with tabs."
    if "mapping values are not allowed" in reason:
        return "Put a text that holds a colon in double quotes, and check the indentation."
    if "expected <block end>" in reason or "did not find expected" in reason:
        return "Check the indentation of this line and the one before it, and that every bracket and quote is closed."
    if "could not find expected ':'" in reason:
        return "Each key needs a colon and a space after it."
    return "Check this line: quotes, brackets and indentation."


# ---------------------------------------------------------------- taking a mapping apart


class Taker:
    """Takes the known entries out of a mapping, checks their kind, and keeps what is left over."""

    def __init__(self, node: YamlNode, what: str) -> None:
        if node.kind != "mapping":
            raise node.fault(
                f"{what} must be a mapping, not {_KIND_WORDS[node.kind]}.", "Write `key: value` lines."
            )
        self.node = node
        self.what = what
        self.keys: dict[str, YamlNode] = {}
        self._left: dict[Any, YamlNode] = {}
        for key, value in node.value:
            self.keys[key.value] = key
            self._left[key.value] = value

    def take(self, name: str) -> YamlNode | None:
        return self._left.pop(name, None)

    def text(self, name: str, default: str | None = None) -> str:
        """Raises TextError when it is absent and there is no default, or is no text."""
        node = self.take(name)
        if node is None or (node.kind == "scalar" and node.value is None and default is not None):
            if default is None:
                raise self.missing(name)
            return default
        if node.kind != "scalar" or isinstance(node.value, bool | float | type(None)):
            raise node.fault(f"{name!r} of {self.what} must be text.", "Put it in double quotes.")
        return node.value if isinstance(node.value, str) else str(node.value)

    def flag(self, name: str, *, default: bool = False) -> bool:
        node = self.take(name)
        if node is None:
            return default
        if not isinstance(node.value, bool):
            raise node.fault(f"{name!r} of {self.what} must be true or false.", f"Write `{name}: true`.")
        return node.value

    def number(self, name: str, default: float) -> float:
        node = self.take(name)
        if node is None:
            return default
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            raise node.fault(f"{name!r} of {self.what} must be a number.")
        return float(node.value)

    def mapping(self, name: str) -> dict[str, Any]:
        """A mapping's data; an empty one when it is absent or null."""
        node = self.take(name)
        if node is None or (node.kind == "scalar" and node.value is None):
            return {}
        if node.kind != "mapping":
            raise node.fault(f"{name!r} of {self.what} must be a mapping, not {_KIND_WORDS[node.kind]}.")
        for key, _ in node.value:
            if not isinstance(key.value, str):
                raise key.fault(
                    f"A name in {name!r} of {self.what} must be text.", "Put it in double quotes."
                )
        plain: dict[str, Any] = node.plain()
        return plain

    def sequence(self, name: str) -> list[YamlNode]:
        node = self.take(name)
        if node is None or (node.kind == "scalar" and node.value is None):
            return []
        if node.kind != "sequence":
            raise node.fault(
                f"{name!r} of {self.what} must be a list, not {_KIND_WORDS[node.kind]}.",
                "Begin each entry with a dash.",
            )
        items: list[YamlNode] = node.value
        return items

    def missing(self, name: str) -> TextError:
        near = did_you_mean(name, [key for key in self._left if isinstance(key, str)])
        return self.node.fault(
            f"{self.what} has no {name!r}.", near if near.startswith("Did") else f"Add `{name}: …`."
        )

    def left(self) -> dict[str, Any]:
        """The data of the entries that nobody took, in their order."""
        return {str(name): node.plain() for name, node in self._left.items()}

    def nothing_left(self, known: Iterable[str]) -> None:
        """Raises TextError at the first entry that nobody took."""
        for name in self._left:
            raise self.keys[name].fault(f"{self.what} has no key {name!r}.", did_you_mean(str(name), known))
