"""Which groups, and which figures of each? Reads `group_by`/`aggregate`/`having`, or a pipeline of stages, against a model.

Both become the same tree of stages without values. After a `$group` there are other fields than before: its keys and its figures, each of a
known kind, so that what follows is checked as strictly as a filter on the model. How it is written is `sql_aggregates`' business.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from studio.kernel.errors import FilterError
from studio.kernel.names import with_article
from studio.models.spec import MOST_ROWS, FieldSpec, Kind, ModelSpec
from studio.query.conditions import fields_of
from studio.query.filters import condition_into
from studio.query.order import OrderBy, OrderTerm, order_of
from studio.query.stages import (
    Aggregate,
    Figure,
    Function,
    Group,
    Limit,
    Match,
    Output,
    Project,
    Skip,
    Sort,
    Stage,
)
from studio.query.vocabulary import (
    NUMBERS,
    Term,
    Vocabulary,
    near_misses,
    refuse_secret,
    refuse_unordered,
    vocabulary,
)

if TYPE_CHECKING:
    import sqlalchemy as sa


_FUNCTIONS: Final[Mapping[str, Function]] = {
    "$sum": "sum",
    "$avg": "avg",
    "$min": "min",
    "$max": "max",
    "$count": "count",
    "$count_distinct": "count_distinct",
    "$stddev": "stddev",
}
AGGREGATE_OPERATORS: Final = tuple(_FUNCTIONS)
"""Every function of a group, for forms and documentation."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_WITH_EXTREMES: Final = NUMBERS | {
    Kind.STR, Kind.TEXT, Kind.ENUM, Kind.DATETIME, Kind.DATE, Kind.TIME, Kind.TIMEDELTA, Kind.UUID,
}  # fmt: skip


def parse_aggregate(
    spec: ModelSpec,
    *,
    filter: Mapping[str, Any] | None = None,
    group_by: Sequence[str] | str | None = (),
    aggregate: Mapping[str, Any] | None = None,
    having: Mapping[str, Any] | None = None,
    order_by: OrderBy | None = (),
    limit: int | None = None,
    pipeline: Sequence[Mapping[str, Any]] | None = None,
    now: dt.datetime | None = None,
) -> Aggregate:
    """Reads the params of an Aggregate node.

    Groups come in the order of their keys unless something else is said. A sum over nothing is 0, every other figure over nothing None.

    Args:
        spec: the model whose records are grouped.
        filter: which records count.
        group_by: the fields of the groups; none: one group of everything. Without `aggregate`: the distinct values.
        aggregate: name → `{"$sum": "field"}`; `{"$count": "*"}` counts records.
        having: a filter on the names in `group_by` and `aggregate`.
        order_by: an order of the same names.
        limit: at most so many groups.
        pipeline: instead of all these, a list of `$match $group $having $sort $limit $skip $project`.
        now: what `$date` is reckoned from.

    Raises:
        FilterError: an unknown field, operator or stage, or one that does not suit its field.
        ValueRefused: a value that does not fit its field.
    """
    reader = _Reader(spec, now)
    if pipeline is not None:
        if filter or group_by or aggregate or having or order_by or limit is not None:
            raise FilterError(
                "A pipeline stands alone.",
                hint="Put filter, groups, order and limit into its stages.",
                field="pipeline",
            )
        reader.pipeline(pipeline)
        return reader.finish()
    keys = [group_by] if isinstance(group_by, str) else list(group_by or ())
    if not keys and not aggregate:
        raise FilterError(
            "There is nothing to reckon.",
            hint='Write aggregate: {"total": {"$sum": "amount"}}.',
            field="aggregate",
        )
    if filter:
        reader.match("$match", filter)
    reader.group_of([(_checked_name(key), key) for key in keys], aggregate or {})
    if having:
        reader.match("$having", having)
    if order_by:
        reader.sort("$sort", order_by)
    if limit is not None:
        reader.limit("$limit", limit)
    return reader.finish()


def aggregate_select(
    aggregate: Aggregate, table: sa.FromClause, dialect: str, *, prefix: str = "p"
) -> sa.Select[Any]:
    """The query; its columns stand in the order of `aggregate.outputs`. Slot i is bound as `{prefix}{i}`."""
    from studio.query.sql_aggregates import select

    return select(aggregate, table, dialect, prefix=prefix)


def _checked_name(name: Any) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise FilterError(
            f"{name!r} is no name for a result.", hint="Use letters, digits and underscores, at most 63."
        )
    return name


class _Reader:
    def __init__(self, spec: ModelSpec, now: dt.datetime | None) -> None:
        self.now = now
        self.values: list[Any] = []
        self.stages: list[Stage] = []
        self.words = vocabulary(spec)
        self.vocabularies = [self.words]
        self.stored: dict[str, bool] = dict.fromkeys(self.words, True)
        self.key = spec.key
        self.telling: tuple[str, ...] = spec.key
        """What no two rows have alike, so that an order by it as well is the same everywhere; empty where nothing is known to."""

    def _add(self, stage: Stage, words: Vocabulary | None = None) -> None:
        self.stages.append(stage)
        self.words = self.words if words is None else words
        self.vocabularies.append(self.words)

    def finish(self) -> Aggregate:
        self._order_rest()
        for term in self.words.values():
            refuse_secret(term, "An aggregate with")
        outputs = tuple(Output(term.field, self.stored[name]) for name, term in self.words.items())
        return Aggregate(tuple(self.stages), tuple(self.values), tuple(self.vocabularies), outputs)

    def _order_rest(self) -> None:
        """Puts rows that nobody put into an order, but of which some are taken or all are given, into that of their key or groups.

        So every database gives the same.
        """
        starts = [place + 1 for place, stage in enumerate(self.stages) if isinstance(stage, Group)]
        ends = [*starts, len(self.stages) + 1]
        for start, end in zip(reversed([0, *starts]), reversed(ends), strict=True):
            own = self.stages[start : end - 1]
            deciding = next((stage for stage in own if isinstance(stage, Sort | Limit | Skip)), None)
            is_open = deciding is None and end > len(self.stages)
            group = self.stages[start - 1] if start else None
            telling = tuple(name for name, _ in group.keys) if isinstance(group, Group) else self.key
            if telling and (is_open or isinstance(deciding, Limit | Skip)):
                filters = 0 if start else len(list(itertools.takewhile(_is_match, own)))
                place = start + filters
                self.stages.insert(place, Sort(tuple(map(OrderTerm, telling))))
                self.vocabularies.insert(place + 1, self.vocabularies[place])

    # -------------------------------------------------------------- stages

    def pipeline(self, stages: Any) -> None:
        if not isinstance(stages, list | tuple) or not stages:
            raise FilterError(
                "A pipeline is a list of stages.", hint='Write [{"$group": {…}}].', field="pipeline"
            )
        for place, stage in enumerate(stages):
            if not isinstance(stage, Mapping) or len(stage) != 1:
                raise FilterError(
                    f"Stage {place + 1} of the pipeline is not one operator.",
                    hint='Write {"$match": {…}}.',
                    field="pipeline",
                )
        figures = list(itertools.dropwhile(lambda stage: "$match" in stage, stages))
        if figures and all(next(iter(stage)) in _FUNCTIONS for stage in figures):
            for stage in stages[: len(stages) - len(figures)]:
                self.match("$match", stage["$match"])
            self.group_of([], {_default_name(stage): stage for stage in figures})
            return
        for stage in stages:
            ((name, value),) = stage.items()
            read = _STAGES.get(name)
            if read is None:
                raise FilterError(
                    f"There is no stage {name}.", hint=near_misses(str(name), _STAGES), field="pipeline"
                )
            read(self, name, value)

    def match(self, name: str, value: Any) -> None:
        if not isinstance(value, Mapping):
            raise FilterError(f"{name} wants a filter.", hint=f'Write {{"{name}": {{"field": value}}}}.')
        if name == "$having" and not any(isinstance(stage, Group) for stage in self.stages):
            raise FilterError("$having stands before any $group.", hint="Use $match for records.")
        condition, self.now = condition_into(self.values, self.words, value, now=self.now)
        for field in fields_of(condition):
            refuse_secret(self.words.term(field), "An aggregate over")
        self._add(Match(condition))

    def sort(self, name: str, value: Any) -> None:
        order = order_of(self.words, value)
        if not order.terms:
            raise FilterError(f"{name} names no field.", hint='Write {"$sort": {"total": -1}}.')
        named = {term.field for term in order.terms}
        ties = tuple(OrderTerm(name) for name in self.telling if name not in named)
        self._add(Sort(order.terms + ties))

    def limit(self, name: str, value: Any) -> None:
        self._add(Limit(self._count(name, value)))

    def skip(self, name: str, value: Any) -> None:
        self._add(Skip(self._count(name, value)))

    def _count(self, name: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_ROWS:
            raise FilterError(
                f"{name} wants a whole number from 0 to {MOST_ROWS:,}, not {value!r}.",
                hint=f'Write {{"{name}": 10}}.',
                field=name[1:],
            )
        self.values.append(value)
        return len(self.values) - 1

    def project(self, name: str, value: Any) -> None:
        if not isinstance(value, Mapping) or not value:
            raise FilterError(
                "$project wants a mapping of names.", hint='Write {"$project": {"name": 1, "sum": "$total"}}.'
            )
        dropped = [key for key, shown in value.items() if shown in (0, False) and not isinstance(shown, str)]
        if dropped:
            if len(dropped) < len(value):
                raise FilterError("$project both keeps and drops.", hint="Give only 1 and names, or only 0.")
            for key in dropped:
                self.words.term(str(key), what="pipeline")
            columns = [(known, known) for known in self.words if known not in dropped]
        else:
            columns = [(_checked_name(key), self._source(key, shown)) for key, shown in value.items()]
        if not columns:
            raise FilterError("$project leaves nothing.", hint="Keep at least one field.")
        terms = [_renamed(self.words.term(source, what="pipeline"), new) for new, source in columns]
        self.stored = {new: self.stored[source] for new, source in columns}
        renamed = {source: new for new, source in columns}
        is_kept = renamed.keys() >= set(self.telling)
        self.telling = tuple(renamed[name] for name in self.telling) if is_kept else ()
        self._add(Project(tuple(columns)), Vocabulary("The projection", terms))

    def _source(self, key: str, shown: Any) -> str:
        if isinstance(shown, str):
            return shown.removeprefix("$")
        if shown is True or shown == 1:
            return key
        raise FilterError(
            f"$project of {key!r} wants 1, 0 or a field, not {shown!r}.",
            hint='Write {"name": "$field"}.',
            field=key,
        )

    def group(self, name: str, value: Any) -> None:
        if not isinstance(value, Mapping) or "_id" not in value:
            raise FilterError(
                "$group wants a mapping with _id.",
                hint='Write {"_id": "$status", "total": {"$sum": "$amount"}}.',
            )
        identity = value["_id"]
        keys: list[tuple[str, str]] = []
        if isinstance(identity, str):
            keys = [("_id", identity)]
        elif isinstance(identity, Mapping):
            keys = [(_checked_name(new), source) for new, source in identity.items()]
        elif isinstance(identity, list | tuple):
            keys = [(_checked_name(_bare(source)), source) for source in identity]
        elif identity is not None:
            raise FilterError(
                "$group's _id is a field, a mapping of fields or None.", hint='Write {"_id": "$status"}.'
            )
        self.group_of(
            [(new, _bare(source)) for new, source in keys],
            {key: item for key, item in value.items() if key != "_id"},
        )

    def group_of(self, keys: Sequence[tuple[str, str]], aggregate: Mapping[str, Any]) -> None:
        """The stage that makes groups; `aggregate` is name → function."""
        if not isinstance(aggregate, Mapping):
            raise FilterError(
                "aggregate is a mapping.", hint='Write {"total": {"$sum": "amount"}}.', field="aggregate"
            )
        if not keys and not aggregate:
            raise FilterError(
                "The group gives nothing.",
                hint='Name a field in _id, or a figure such as {"n": {"$sum": 1}}.',
                field="pipeline",
            )
        terms: dict[str, Term] = {}
        stored: dict[str, bool] = {}
        for new, source in keys:
            found = self.words.term(source, what="group")
            refuse_secret(found, "A group by")
            refuse_unordered(found, "makes no groups", "Group by fields that hold one value.")
            if new in terms:
                raise FilterError(f"The group names {new!r} twice.", hint="Name each field once.", field=new)
            terms[new] = _renamed(found, new)
            stored[new] = self.stored[source]
        figures: list[Figure] = []
        for name, item in aggregate.items():
            if _checked_name(name) in terms:
                raise FilterError(
                    f"{name!r} names both a group and a figure.",
                    hint="Give the figure another name.",
                    field=name,
                )
            figure, field = self._figure(name, item)
            figures.append(figure)
            stored[name] = figure.function in ("min", "max") and self.stored[figure.field or ""]
            source_term = self.words.get(figure.field or "")
            terms[name] = Term(
                field, reflected=stored[name] and source_term is not None and source_term.reflected
            )
        self.stored = stored
        self.telling = tuple(new for new, _ in keys)
        self._add(Group(tuple(keys), tuple(figures)), Vocabulary("The group", terms.values()))

    def _figure(self, name: str, item: Any) -> tuple[Figure, FieldSpec]:
        if not isinstance(item, Mapping) or len(item) != 1:
            raise FilterError(
                f"{name!r} wants one function.", hint=f'Write {{"{name}": {{"$sum": "field"}}}}.', field=name
            )
        ((operator, operand),) = item.items()
        function = _FUNCTIONS.get(str(operator))
        if function is None:
            raise FilterError(
                f"There is no function {operator}, which {name!r} uses.",
                hint=near_misses(str(operator), _FUNCTIONS),
                field=name,
            )
        if function in ("sum", "count") and isinstance(operand, int) and not isinstance(operand, bool):
            if not abs(operand) < 2**31:
                raise FilterError(
                    f"{operator} of {operand} is too large.", hint="Write 1 to count records.", field=name
                )
            factor = operand if function == "sum" else 1
            return Figure(name, "count", None, factor), FieldSpec(name=name, kind=Kind.INT)
        if function == "count" and (operand in ("*", None, True) or operand == {}):
            return Figure(name, "count", None), FieldSpec(name=name, kind=Kind.INT)
        if not isinstance(operand, str):
            raise FilterError(
                f"{operator} of {name!r} wants a field's name.",
                hint=f'Write {{"{operator}": "field"}}.',
                field=name,
            )
        term = self.words.term(_bare(operand), what="aggregate")
        if function != "count":  # of values only, and whether there is one the database does know
            refuse_secret(term, f"{operator} of")
        return Figure(name, function, term.name), _figure_field(name, function, term)


def _figure_field(name: str, function: Function, term: Term) -> FieldSpec:
    """What kind of value the figure is; refuses functions that a field has no use for."""
    kind = term.field.kind
    if function == "count_distinct" and not term.is_ordered:
        raise _unsuited(function, term, "Count the distinct values of fields that hold one value.")
    if function in ("count", "count_distinct"):
        return FieldSpec(name=name, kind=Kind.INT)
    if function in ("min", "max"):
        if kind not in _WITH_EXTREMES:
            raise _unsuited(function, term, "It compares numbers, text, dates and times.")
        return _renamed(term, name, nullable=True).field
    allowed = NUMBERS | {Kind.TIMEDELTA} if function == "sum" else NUMBERS
    if kind not in allowed:
        raise _unsuited(function, term, "It reckons with numbers.")
    if function == "sum":
        return FieldSpec(name=name, kind=kind, scale=term.field.scale)
    is_decimal = kind is Kind.DECIMAL and function == "avg"
    return FieldSpec(name=name, kind=Kind.DECIMAL if is_decimal else Kind.FLOAT, nullable=True)


def _unsuited(function: str, term: Term, hint: str) -> FilterError:
    return FilterError(
        f"${function} does not suit {term.name!r}, which is {with_article(str(term.kind))} field.",
        hint=hint,
        field=term.name,
    )


def _renamed(term: Term, name: str, *, nullable: bool | None = None) -> Term:
    field = replace(
        term.field,
        name=name,
        column=name,
        key=False,
        generated=False,
        managed=False,
        nullable=term.nullable if nullable is None else nullable,
    )
    return Term(field, reflected=term.reflected)


def _is_match(stage: Stage) -> bool:
    return isinstance(stage, Match)


def _bare(source: Any) -> str:
    """A field's name without the `$` before it."""
    if not isinstance(source, str):
        raise FilterError(f"{source!r} is no field's name.", hint='Write "$field".')
    return source.removeprefix("$")


def _default_name(stage: Mapping[str, Any]) -> str:
    ((operator, operand),) = stage.items()
    function = operator.removeprefix("$")
    if not isinstance(operand, str) or operand == "*":
        return str(function)
    return f"{function}_{_bare(operand)}".replace(
        ".", "_"
    )  # a path is refused where it is read, not for its name


_STAGES: Final[Mapping[str, Callable[[_Reader, str, Any], None]]] = {
    "$match": _Reader.match,
    "$group": _Reader.group,
    "$having": _Reader.match,
    "$sort": _Reader.sort,
    "$limit": _Reader.limit,
    "$skip": _Reader.skip,
    "$project": _Reader.project,
}

PIPELINE_STAGES: Final = tuple(_STAGES)
"""Every stage that a pipeline may have; figures alone stand without one."""
