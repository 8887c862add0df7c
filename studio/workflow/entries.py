"""Which entries does a mapping of a text hold, and are they of the right kind? What is missing, wrong or unknown is told with its place."""

from __future__ import annotations

from typing import Any

from studio.kernel.errors import TextError
from studio.kernel.names import did_you_mean
from studio.workflow.yaml_reading import KIND_WORDS, YamlNode


class Taker:
    """Takes the known entries out of a mapping, checks their kind, and keeps what is left over."""

    def __init__(self, node: YamlNode, what: str) -> None:
        if node.kind != "mapping":
            raise node.fault(
                f"{what} must be a mapping, not {KIND_WORDS[node.kind]}.", "Write `key: value` lines."
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
            raise node.fault(f"{name!r} of {self.what} must be a mapping, not {KIND_WORDS[node.kind]}.")
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
                f"{name!r} of {self.what} must be a list, not {KIND_WORDS[node.kind]}.",
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
