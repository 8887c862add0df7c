"""What do the nodes do that take lists together? Join puts records of two lists side by side, GroupBy makes one record of many.

Both work in memory and give way to others; in the database, a SQL node and Aggregate do the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from studio.kernel.errors import NodeError, StudioError
from studio.kernel.names import did_you_mean
from studio.kernel.problems import Problem
from studio.nodes.base import NodeContext, NodeType, Params
from studio.nodes.combining_specs import GROUP_BY, JOIN
from studio.nodes.figures import TALLIES, Figure, Tally, figures_of
from studio.nodes.many import (
    each,
    field_of,
    identities,
    in_order,
    many_output,
    records_of,
    refuse_unknown,
)
from studio.nodes.reading import problem_of
from studio.nodes.shaping import check_order, names_of, order_terms
from studio.workflow.params import is_dynamic

MOST_JOINED: Final = 10_000_000
"""More records than this are not made of two lists: it is a field that says nothing, and would fill the memory."""

Record = Mapping[str, Any]


class _Pairs:
    """The pairs of equal fields of a join, as names of the left and of the right."""

    def __init__(self, on: Any) -> None:
        if isinstance(on, Mapping):
            self.left, self.right = [str(name) for name in on], [str(name) for name in on.values()]
        else:
            self.left = self.right = names_of(on)
        if not self.left:
            raise NodeError(
                "Join is not told which fields are equal.",
                hint="Name them: [id], or {customer_id: id}.",
                field="on",
            )


class JoinType(NodeType):
    __slots__ = ()

    async def run(self, ctx: NodeContext, params: Params) -> Any:
        left, _ = records_of(params["left"], "left")
        right, _ = records_of(params["right"], "right")
        pairs, how = _Pairs(params["on"]), params.get("how", "inner")
        refuse_unknown(left, pairs.left, "on")
        refuse_unknown(right, pairs.right, "on")
        partners = await _by_identity(ctx, right, pairs.right)
        beside = _Beside(left, right, pairs, params.get("prefix", "right_"))
        look = [field_of(name) for name in pairs.left]
        key_of = identities(look)
        joined: list[dict[str, Any]] = []
        met: set[int] = set()

        def join(record: Record) -> None:
            empty = any(part(record) is None for part in look)
            found = () if empty else partners.get(key_of(record), ())
            if len(joined) + len(found) > MOST_JOINED:
                raise NodeError(
                    f"The join gives more than {MOST_JOINED:,} records.",
                    hint="Join by fields that say more, or narrow the lists first.",
                    field="on",
                )
            joined.extend(beside.both(record, right[place]) for place in found)
            if how in ("right", "full"):
                met.update(found)
            if not found and how in ("left", "full"):
                joined.append(beside.left_alone(record))

        await each(ctx, left, join)
        if how in ("right", "full"):
            alone = [record for place, record in enumerate(right) if place not in met]
            await each(ctx, alone, lambda record: joined.append(beside.right_alone(record)))
        return joined

    def output(self, value: Any, port: str) -> Any:
        return many_output(value, port)

    def rows(self, value: Any) -> int | None:
        return len(value)

    def check(self, params: Params) -> list[Problem]:
        on = params.get("on")
        if "on" not in params or is_dynamic(on):
            return []
        if not isinstance(on, str | list | tuple | Mapping):
            return [
                Problem(
                    code="param-type",
                    message=f'"on" wants names of fields, not {type(on).__name__}.',
                    hint="Write [id], or {customer_id: id}.",
                    field="on",
                )
            ]
        try:
            _Pairs(on)
        except StudioError as error:
            return [problem_of(error, "on")]
        return []


async def _by_identity(
    ctx: NodeContext, records: Sequence[Record], names: Sequence[str]
) -> dict[Any, list[int]]:
    """The places of the records by their fields; those with an empty one are equal to nothing."""
    look = [field_of(name) for name in names]
    key_of = identities(look)
    places: dict[Any, list[int]] = {}

    def place(numbered: tuple[int, Record]) -> None:
        number, record = numbered
        if not any(part(record) is None for part in look):
            places.setdefault(key_of(record), []).append(number)

    await each(ctx, list(enumerate(records)), place)
    return places


class _Beside:
    """Makes one record of two. Fields of the right that the left has as well get a prefix, those that are equal by name stand once."""

    def __init__(self, left: Sequence[Record], right: Sequence[Record], pairs: _Pairs, prefix: str) -> None:
        self._left_names = list(dict.fromkeys(name for record in left for name in record))
        right_names = list(dict.fromkeys(name for record in right for name in record))
        taken = set(self._left_names)
        shared = {name for name, other in zip(pairs.left, pairs.right, strict=True) if name == other}
        self._names: list[tuple[str, str]] = []
        """The fields that the right adds, with the names they get."""
        for name in right_names:
            if name in shared and name in taken:
                continue
            new = name
            while new in taken:
                new = f"{prefix or '_'}{new}"
            taken.add(new)
            self._names.append((name, new))
        self._shared = [name for name in right_names if name in shared and name in self._left_names]

    def both(self, left: Record, right: Record) -> dict[str, Any]:
        made = dict(left)
        for name, new in self._names:
            made[new] = right.get(name)
        return made

    def left_alone(self, left: Record) -> dict[str, Any]:
        return {**left, **{new: None for _, new in self._names}}

    def right_alone(self, right: Record) -> dict[str, Any]:
        made: dict[str, Any] = dict.fromkeys(self._left_names)
        for name in self._shared:
            made[name] = right.get(name)
        for name, new in self._names:
            made[new] = right.get(name)
        return made


class GroupByType(NodeType):
    __slots__ = ()

    async def run(self, ctx: NodeContext, params: Params) -> Any:
        records, _ = records_of(params["records"], "records")
        names = names_of(params.get("group_by"))
        figures = figures_of(params.get("aggregate") or {})
        refuse_unknown(records, names, "group_by")
        refuse_unknown(records, (figure.field for figure in figures if figure.field), "aggregate")
        groups = await _grouped(ctx, records, names, figures)
        made = [group.record(names, figures) for group in groups]
        having = params.get("having")
        if having:
            from studio.query.filters import parse_filter
            from studio.query.matching import matcher

            matches = matcher(parse_filter(None, having))
            made = [record for record in made if matches(record)]
        order_by = params.get("order_by")
        return await in_order(ctx, made, order_terms(order_by)) if order_by else made

    def output(self, value: Any, port: str) -> Any:
        return many_output(value, port)

    def rows(self, value: Any) -> int | None:
        return len(value)

    def check(self, params: Params) -> list[Problem]:
        names, aggregate = params.get("group_by"), params.get("aggregate")
        if not names and not aggregate:
            return [
                Problem(
                    code="missing-param",
                    message="GroupBy is told neither what makes a group nor what is worked out.",
                    hint="Give group_by or aggregate.",
                    field="group_by",
                )
            ]
        problems = check_order(params.get("order_by"))
        if is_dynamic(aggregate) or is_dynamic(names) or not isinstance(aggregate or {}, Mapping):
            return problems
        try:
            figures_of(aggregate or {})
        except StudioError as error:
            return [*problems, problem_of(error, "aggregate")]
        known = [*names_of(names), *map(str, aggregate or {})]
        twice = [name for name in names_of(names) if name in (aggregate or {})]
        if twice:
            problems.append(
                Problem(
                    code="field-twice",
                    message=f"{twice[0]!r} names both a group and a figure.",
                    hint="Give the figure another name.",
                    field="aggregate",
                )
            )
        return problems or _unknown_order(params.get("order_by"), known)


def _unknown_order(order_by: Any, known: Sequence[str]) -> list[Problem]:
    if not order_by or is_dynamic(order_by):
        return []
    return [
        Problem(
            code="unknown-field",
            message=f"The groups have no field {name!r}.",
            hint=did_you_mean(name, known),
            field="order_by",
        )
        for name, _ in order_terms(order_by)
        if name not in known
    ]


class _Group:
    """One group: the values it is known by, and the tallies of its figures."""

    __slots__ = ("key", "tallies")

    def __init__(self, key: list[Any], figures: Sequence[Figure]) -> None:
        self.key = key
        self.tallies: list[Tally] = [TALLIES[figure.function]() for figure in figures]

    def record(self, names: Sequence[str], figures: Sequence[Figure]) -> dict[str, Any]:
        made = dict(zip(names, self.key, strict=True))
        for figure, tally in zip(figures, self.tallies, strict=True):
            try:
                result = tally.result()
            except OverflowError as error:
                raise NodeError(
                    f"{figure.function} of {figure.field!r} cannot be told: {error}.",
                    hint="Reckon with smaller numbers, or with Decimals.",
                    field="aggregate",
                ) from error
            made[figure.name] = result if figure.field else result * figure.factor
        return made


async def _grouped(
    ctx: NodeContext, records: Sequence[Record], names: Sequence[str], figures: Sequence[Figure]
) -> list[_Group]:
    """The groups in the order in which they first came; without fields, everything is one."""
    looks = [field_of(name) for name in names]
    key_of = identities(looks) if looks else (lambda record: None)
    taken = [field_of(figure.field) if figure.field else None for figure in figures]
    groups: dict[Any, _Group] = {} if names else {None: _Group([], figures)}

    def add(numbered: tuple[int, Record]) -> None:
        number, record = numbered
        key = key_of(record)
        group = groups.get(key)
        if group is None:
            group = groups[key] = _Group([look(record) for look in looks], figures)
        for look, tally, figure in zip(taken, group.tallies, figures, strict=True):
            value = look(record) if look is not None else record
            if value is None:
                continue
            try:
                tally.take(value)
            except (TypeError, OverflowError) as error:
                raise NodeError(
                    f"{figure.function} cannot take {figure.field!r} of row {number}: {error}.",
                    hint="Put a Map before it, or count it.",
                    field="aggregate",
                    row=number,
                ) from error

    await each(ctx, list(enumerate(records, start=1)), add)
    return list(groups.values())


COMBINING_TYPES: Final[tuple[NodeType, ...]] = (JoinType(JOIN), GroupByType(GROUP_BY))
