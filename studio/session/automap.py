"""Which field does each value go to by itself? By the same name, by a name that is nearly the same, by the models' foreign keys; never twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from studio.project.changes import Change, Group
from studio.session.mapping import Giver, Site, Source, Target
from studio.session.mapping_edits import Between, Deed, Refused, expression_of, map_rows, mapped
from studio.session.wiring import refers

_NEAREST: Final = 100
"""So many nodes that lead here are looked through, the nearest first."""
_TRIED: Final = 8
"""So many values of the same name are tried on a field, the nearest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A field that nothing was mapped to: the words for why not, empty where nothing is called so."""

    target: Target
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoMapping:
    """What goes where, the edits that do it (a bulk node's is one), and the fields that stay without."""

    pairs: tuple[tuple[Target, Source], ...]
    deeds: tuple[Deed, ...]
    left: tuple[Left, ...]
    kept: tuple[Target, ...]
    """Fields that were set before and stay so."""


def auto_mapping(site: Site, givers: Sequence[Giver], targets: Sequence[Target]) -> AutoMapping:
    """Pairs the fields that are not set with values: of the nodes that lead here, or, where none does, of the nearest that has one."""
    with_keys = _takes_keys(site)
    open_ = [
        target
        for target in targets
        if target.state == "unset" and target.field is not None and (with_keys or not target.field.key)
    ]
    kept = tuple(
        target for target in targets if target.state not in ("unset", "managed") and target.field is not None
    )
    leading = [giver for giver in givers if giver.leads][:_NEAREST]
    tries = [leading] if leading else [[giver] for giver in givers[:_NEAREST]]
    best: AutoMapping | None = None
    for group in tries:
        found = _of_rows(site, group, open_) if site.is_bulk else _of_values(site, group, open_)
        if best is None or found.pairs:
            best = found
        if found.pairs:
            break
    if best is None:
        best = AutoMapping(pairs=(), deeds=(), left=tuple(Left(target=target) for target in open_), kept=())
    return AutoMapping(pairs=best.pairs, deeds=best.deeds, left=best.left, kept=kept)


def as_change(deeds: Iterable[Deed], title: str) -> Change | None:
    """The edits as one step; None when there are none. What puts a node between others is not among them."""
    changes = tuple(deed for deed in deeds if not isinstance(deed, Between))
    return Group(changes=changes, title=title) if changes else None


class _ByName:
    """Values by how they are called; the nearest first."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._by_name: dict[str, list[Source]] = {}
        self._of_models: list[Source] = []
        for source in sources:
            self._by_name.setdefault(_plain(source.name), []).append(source)
            if source.model:
                self._of_models.append(source)

    def candidates(self, site: Site, target: Target) -> list[Source]:
        """The values that a field could mean: called exactly so, called nearly so, or the key that it refers to."""
        field = target.field
        if field is None:
            return []
        called = self._by_name.get(_plain(field.name), ())
        alike = [source for source in called if not field.key or source.model in ("", site.model.name)]
        exact = [source for source in alike if source.name == field.name]
        keys = (
            [source for source in self._of_models if refers(field, source.model, source.name)]
            if field.references
            else []
        )
        return list({id(source): source for source in (*exact, *alike, *keys)}.values())


def _of_values(site: Site, givers: Sequence[Giver], open_: Sequence[Target]) -> AutoMapping:
    named = _ByName(source for giver in givers for source in giver.sources)
    pairs: list[tuple[Target, Source]] = []
    deeds: list[Deed] = []
    left: list[Left] = []
    for target in open_:
        reason = ""
        for source in named.candidates(site, target)[:_TRIED]:
            deed = mapped(site, source, target)
            if isinstance(deed, Refused):
                reason = reason or deed.reason
            elif not isinstance(deed, Between):
                pairs.append((target, source))
                deeds.append(deed)
                break
        else:
            left.append(Left(target=target, reason=reason))
    return AutoMapping(pairs=tuple(pairs), deeds=tuple(deeds), left=tuple(left), kept=())


def _of_rows(site: Site, givers: Sequence[Giver], open_: Sequence[Target]) -> AutoMapping:
    """Of a bulk node: the fields of one port's rows, through one Map; of the port that has most of them."""
    best = AutoMapping(pairs=(), deeds=(), left=tuple(Left(target=target) for target in open_), kept=())
    for rows in _row_ports(givers):
        named = _ByName(rows)
        pairs: list[tuple[Target, Source]] = []
        left: list[Left] = []
        for target in open_:
            refusal = ""
            for source in named.candidates(site, target):
                deed = mapped(site, source, target)
                if not isinstance(deed, Refused):
                    pairs.append((target, source))
                    break
                refusal = refusal or deed.reason
            else:
                left.append(Left(target=target, reason=refusal))
        if len(pairs) <= len(best.pairs):
            if any(entry.reason for entry in left) and not best.pairs:
                best = AutoMapping(pairs=(), deeds=(), left=tuple(left), kept=())
            continue
        wanted = {target.name: expression_of(source.name) for target, source in pairs}
        deed = map_rows(site, pairs[0][1], wanted)
        if not isinstance(deed, Refused):
            best = AutoMapping(pairs=tuple(pairs), deeds=(deed,), left=tuple(left), kept=())
    return best


def _row_ports(givers: Sequence[Giver]) -> list[list[Source]]:
    """The fields of rows, port by port."""
    by_port: dict[tuple[str, str], list[Source]] = {}
    for giver in givers:
        for source in giver.sources:
            if source.rows and source.port != source.rows:
                by_port.setdefault((source.node, source.rows), []).append(source)
    return list(by_port.values())


def _takes_keys(site: Site) -> bool:
    """Whether a key says which record is meant: a new record gets its own, and a filter says it already."""
    return site.operation != "create" and not any(
        name in site.node.params or any(edge.target_port.partition(".")[0] == name for edge in site.incoming)
        for name in ("filter", "conditions")
    )


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").replace(" ", "").casefold()
