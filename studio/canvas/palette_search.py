"""Which kinds of node does the palette offer for a few letters, in which order? Words in, ranked sections out; no widgets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Final

from studio.workflow.graph import Workflow
from studio.workflow.references import REFERENCE
from studio.workflow.spec import AFTER, NodeSpec, PortSpec
from studio.workflow.types import PortType

COMPATIBLE: Final = "Compatible"
RECENT: Final = "Recent"
MODELS: Final = "Models"
FLOW: Final = "Flow"
DATA: Final = "Data"
WORKFLOWS: Final = "Workflows"
TEMPLATES: Final = "Templates"
ELSEWHERE: Final = (">", "@", "#", ":")
"""Whoever types one of these first looks for something that is no kind of node: a command, a node, a model, a run."""
MOST_RECENT: Final = 5
_ENOUGH: Final = 62.0
"""Below this likeness (0–100) an entry is not what was typed."""
_ASIDE_WEIGHT: Final = 10.0
_TITLE_WEIGHT: Final = 12.0
"""What it counts when the typed words are the beginnings of a title: more than any likeness of the rest, less than a section apart."""


@dataclass(frozen=True)
class Entry:
    """A kind of node on offer. `port` is the one of its ports that would be joined, empty outside of compatible-only mode.

    With `runs` (an id and a name) it is a node that runs that workflow; with a `template` it is all that this one holds.
    """

    spec: NodeSpec
    port: str = ""
    runs: tuple[str, str] | None = None
    template: Workflow | None = None

    @property
    def params(self) -> dict[str, Any]:
        """What a node that is made of it begins with."""
        return {REFERENCE: self.runs[0]} if self.runs is not None else {}

    @property
    def title(self) -> str:
        """`Order · Bulk create`, or the title of a node that belongs to no model."""
        spec = self.spec
        if self.template is not None:
            return self.template.name
        if self.runs is not None:
            return self.runs[1]
        if spec.model and spec.operation:
            return f"{spec.model} · {spec.operation.replace('_', ' ').capitalize()}"
        return spec.title

    @property
    def code(self) -> str:
        """The letters of its chip."""
        return "TPL" if self.template is not None else self.spec.code.partition("×")[0]

    @property
    def description(self) -> str:
        return self.template.description if self.template is not None else self.spec.description

    @property
    def words(self) -> str:
        spec = self.spec
        if self.template is not None:
            return f"{self.template.name} template".lower()
        if self.runs is not None:
            return f"{self.runs[1]} workflow".lower()
        parts = [spec.model or "", spec.operation.replace("_", " "), spec.title, spec.code, spec.type]
        return " ".join(part for part in parts if part).lower()


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    entries: tuple[Entry, ...]


def signature(entry: Entry) -> str:
    """What goes in and comes out, shortly: `email, name → record`."""
    spec = entry.spec
    if entry.template is not None:
        count = len(entry.template.nodes)
        return "1 node" if count == 1 else f"{count} nodes"
    if entry.runs is not None:
        return "runs this workflow"
    needed = [param.name for param in spec.params if param.required] or [
        port.name for port in spec.inputs if port.primary
    ]
    given = [port.name for port in spec.outputs if port.primary] or [port.name for port in spec.outputs[:2]]
    left = ", ".join(needed[:3]) + (" …" if len(needed) > 3 else "")
    right = ", ".join(given[:3])
    if entry.port:
        joined = "runs after it" if entry.port == AFTER else f"joins {entry.port}"
        return joined + (f" → {right}" if right else "")
    return " → ".join(part for part in (left, right) if part)


def preview(entry: Entry) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a kind of node takes and gives, each name with its type, without the params for experts; a star marks what it needs."""
    spec = entry.spec
    if entry.template is not None:
        nodes = [(node.title or node.id, node.type) for node in entry.template.nodes.values()]
        return [("Adds", nodes)] if nodes else []
    takes = [
        (f"{param.name} *" if param.required else param.name, str(param.type))
        for param in sorted(spec.params, key=lambda param: not param.required)
        if param.required or not param.advanced
    ]
    gives = [(port.name, str(port.type)) for port in spec.outputs]
    return [(title, rows) for title, rows in (("Takes", takes), ("Gives", gives)) if rows]


def by_fit(entries: Iterable[Entry], other: PortType, recent: Sequence[str]) -> list[Entry]:
    """Entries to be joined to a port of a type, the most likely first.

    Those come first that would be joined by a port that they are there for, and among them those that mean as many values; then those that
    were used lately, and those of the same model.
    """
    rank = {name: place for place, name in enumerate(recent)}

    def key(entry: Entry) -> tuple[int, bool, int, int]:
        port = _joined_port(entry)
        of_model = 0 if other.model and entry.spec.model == other.model else 2 if entry.spec.model else 1
        lately = rank.get(entry.spec.type, len(rank))
        if port is None:
            return 2, False, lately, of_model
        aside = 0 if port.primary or port.required else 1
        return aside, port.type.many != other.many, lately, of_model

    return sorted(entries, key=key)


def _joined_port(entry: Entry) -> PortSpec | None:
    """The port that would be joined; None when it stands for order alone."""
    ports = (*entry.spec.inputs, *entry.spec.outputs)
    return next((port for port in ports if port.name == entry.port and port.name != AFTER), None)


def sections(
    entries: Iterable[Entry], query: str, recent: Sequence[str] = (), *, compatible: bool = False
) -> list[Section]:
    """The entries that match `query`, in sections; with a query the best come first, in sections as well.

    `recent` are type names, the latest first. With `compatible`, all entries are of one section of that name.
    """
    every = list(entries)
    query = " ".join(query.lower().split())
    scores = _scores(every, query, recent) if query else None
    if compatible:
        return _non_empty([Section(COMPATIBLE, _ranked(every, scores, less=_aside))])
    templates = [entry for entry in every if entry.template is not None]
    workflows = [entry for entry in every if entry.runs is not None]
    every = [entry for entry in every if entry.runs is None and entry.template is None]
    by_type = {entry.spec.type: entry for entry in every}
    lately = [by_type[name] for name in recent if name in by_type][:MOST_RECENT]
    general = [entry for entry in every if not entry.spec.model]
    found = [
        Section(RECENT, tuple(lately) if scores is None else ()),
        Section(MODELS, _ranked([entry for entry in every if entry.spec.model], scores)),
        Section(FLOW, _ranked([entry for entry in general if entry.spec.category != "data"], scores)),
        Section(DATA, _ranked([entry for entry in general if entry.spec.category == "data"], scores)),
        Section(WORKFLOWS, _ranked(workflows, scores)),
        Section(TEMPLATES, _ranked(templates, scores)),
    ]
    if scores is not None:
        found.sort(key=lambda section: -max((scores[id(entry)] for entry in section.entries), default=0.0))
    return _non_empty(found)


def _share_of_title(typed: Sequence[str], entry: Entry) -> float:
    """How much of the title is typed already (0–1), when the typed words begin its words in their order; else 0."""
    words = iter(entry.title.lower().split())
    if not all(any(word.startswith(part) for word in words) for part in typed):
        return 0.0
    return sum(map(len, typed)) / len(entry.title)


def _title_words(entry: Entry) -> list[str]:
    return [word for word in entry.title.lower().split() if word != "·"]


def _abbreviates(letters: str, words: Sequence[str]) -> bool:
    """Whether letters are beginnings of some of the words, in their order, run together: `ordcr` or `obc` for Order · Bulk create."""
    if not letters:
        return True
    if not words:
        return False
    pairs = zip(letters, words[0], strict=False)
    most = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return any(_abbreviates(letters[count:], words[1:]) for count in range(most, -1, -1))


def _non_empty(found: list[Section]) -> list[Section]:
    return [section for section in found if section.entries]


def _ranked(
    entries: list[Entry], scores: dict[int, float] | None, less: Callable[[Entry], float] = lambda _: 0.0
) -> tuple[Entry, ...]:
    if scores is None:
        return tuple(entries)
    matching = [entry for entry in entries if scores[id(entry)] >= _ENOUGH]
    return tuple(sorted(matching, key=lambda entry: less(entry) - scores[id(entry)]))


def _aside(entry: Entry) -> float:
    """What counts against an entry that would be joined by a port that it is not there for: `Read CSV` after a list, by its columns."""
    port = _joined_port(entry)
    return 0.0 if port is not None and (port.primary or port.required) else _ASIDE_WEIGHT


def prepare() -> None:
    """Loads what a search needs, which takes longer than a search."""
    from rapidfuzz import fuzz, process  # noqa: F401 - for `_scores`


def _scores(entries: list[Entry], query: str, recent: Sequence[str]) -> dict[int, float]:
    """How much each entry is like the query: 0–100 by letters, more when typed words begin its words or it was used lately."""
    from rapidfuzz import fuzz, process

    texts = [entry.words for entry in entries]
    likeness = process.cdist([query], texts, scorer=fuzz.partial_token_set_ratio)[0].tolist() if texts else []
    whole = process.cdist([query], [entry.title.lower() for entry in entries], scorer=fuzz.WRatio)[0].tolist()
    rank = {name: place for place, name in enumerate(recent)}
    typed = query.split()
    scores = {}
    for entry, text, like, total in zip(entries, texts, likeness, whole, strict=True):
        words = text.split()
        begun = sum(any(word.startswith(part) for word in words) for part in typed)
        if begun == len(typed):
            score = 100.0 + total / 10 + _TITLE_WEIGHT * _share_of_title(typed, entry)
        elif len(typed) == 1 and len(query) > 1 and _abbreviates(query, _title_words(entry)):
            score = 90.0 + _TITLE_WEIGHT * len(query) / len(entry.title)
        elif like >= 85 and begun:
            score = like * 0.8
        else:
            score = total * 0.85
        if score >= _ENOUGH and entry.spec.type in rank:
            score += 8.0 / (1 + rank[entry.spec.type])
        scores[id(entry)] = score
    return scores
