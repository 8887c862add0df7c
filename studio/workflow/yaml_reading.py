"""What plain data does a YAML text hold, and where did each part stand? Every fault is told with line and column.

Anchors and aliases are refused: they save typing, and let a page of text grow into gigabytes. What an unquoted word means follows YAML
1.2, so `no` and `12:30` are text. Taking a document apart is `entries`' business.
"""

from __future__ import annotations

import contextlib
import gc
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import yaml

from studio.kernel.errors import TextError
from studio.kernel.names import did_you_mean
from studio.workflow.yaml_tags import READERS, STANDARD

_DEEPEST: Final = 100
"""Levels of nesting; real texts have ten."""

_INT: Final = re.compile(r"[-+]?[0-9]+|0x[0-9a-fA-F]+|0o[0-7]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL_FLOATS: Final = {".inf": math.inf, "+.inf": math.inf, "-.inf": -math.inf, ".nan": math.nan}
_UNREADABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

NodeKind = Literal["mapping", "sequence", "scalar"]
KIND_WORDS: Final[Mapping[str, str]] = {
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
        _check_tag(event, ("!tuple", f"{STANDARD}seq"), line, column)
        items: list[YamlNode] = []
        while not isinstance(following := next(events), yaml.SequenceEndEvent):
            items.append(_node(following, events, depth + 1))
        return YamlNode("sequence", items, line, column, event.tag)
    _check_tag(event, (f"{STANDARD}map",), line, column)
    pairs: list[tuple[YamlNode, YamlNode]] = []
    seen: set[Any] = set()
    while not isinstance(following := next(events), yaml.MappingEndEvent):
        key = _node(following, events, depth + 1)
        if key.kind != "scalar":
            raise key.fault(f"A key must be a single value, not {KIND_WORDS[key.kind]}.")
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
    read = READERS.get(tag or "")
    if read is None:
        if tag in (f"{STANDARD}{kind}" for kind in ("int", "float", "bool", "null")):
            return _plain_value(text, line, column)
        known = [name for name in READERS if name.startswith("!")]
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
