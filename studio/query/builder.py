"""How is a query put together step by step? A fluent way to the same filter, order and page that a List node takes as params."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol, Self, TypeAlias

from studio.kernel.errors import FilterError
from studio.models.spec import MISSING, MOST_ROWS, ModelSpec
from studio.query.filters import OPERATORS, Filter, parse_filter
from studio.query.order import OrderBy, OrderTerm, parse_order
from studio.query.vocabulary import near_misses


class WrittenStatement(Protocol):
    """SQL text with its values by name."""

    @property
    def sql(self) -> str: ...

    @property
    def params(self) -> Mapping[str, Any]: ...


Compile: TypeAlias = Callable[[str, ModelSpec, Mapping[str, Any]], Sequence[WrittenStatement]]
"""Writes the statements of an operation ("list") without running them; `Database.compile` is one."""

_SIGNS: Final[Mapping[str, str]] = {
    "=": "$eq", "==": "$eq", "!=": "$ne", "<>": "$ne", ">": "$gt", ">=": "$gte", "<": "$lt", "<=": "$lte",
    "in": "$in", "not in": "$nin", "like": "$like", "ilike": "$ilike",
}  # fmt: skip


class QueryBuilder:
    """Collects conditions, an order and a page. Each method gives the builder back; conditions add up, all must hold.

    Names and values are checked as they come, so that a mistake is told where it was made.
    """

    def __init__(self, spec: ModelSpec, compiler: Compile | None = None) -> None:
        self.spec = spec
        self._compile = compiler
        self._conditions: list[dict[str, Any]] = []
        self._order: list[OrderTerm] = []
        self._page: dict[str, Any] = {}

    def where(self, field: str | Mapping[str, Any], operator: Any = MISSING, value: Any = MISSING) -> Self:
        """`where("age", "$gte", 18)`, `where("age", ">=", 18)`, `where("age", 18)` or `where({"age": 18})`."""
        if isinstance(field, Mapping):
            return self.filter(field)
        if operator is MISSING:
            raise FilterError(
                f"where({field!r}) wants a value.", hint='Write where("age", "$gte", 18).', field=field
            )
        if value is MISSING:
            return self.filter({field: operator})
        name = _SIGNS.get(str(operator).strip().lower(), str(operator))
        if name not in OPERATORS and f"${name}" in OPERATORS:
            name = f"${name}"
        if name not in OPERATORS:
            raise FilterError(
                f"There is no operator {operator!r}.", hint=near_misses(name, OPERATORS), field=field
            )
        return self.filter({field: {name: value}})

    def filter(self, condition: Mapping[str, Any]) -> Self:
        """Adds a filter as a List node takes it."""
        parse_filter(self.spec, condition)
        if condition:
            self._conditions.append(dict(condition))
        return self

    def order_by(self, field: OrderBy, direction: str = "ASC") -> Self:
        """`order_by("created_at", "DESC")`, `order_by("-created_at")` or `order_by(["-created_at", "name"])`; later ones rank lower."""
        given: Any = (
            [(field, direction)]
            if isinstance(field, str) and not field.startswith("-") and str(direction).upper() != "ASC"
            else field
        )
        return self._add(given)

    def sort(self, order: OrderBy) -> Self:
        """`sort({"created_at": -1})`."""
        return self._add(order)

    def _add(self, order: OrderBy) -> Self:
        added = parse_order(self.spec, order).terms
        replaced = {term.field for term in added}
        self._order = [term for term in self._order if term.field not in replaced] + list(added)
        return self

    def limit(self, count: int | None) -> Self:
        """At most so many records; None: all."""
        if count is not None:
            _check_count("limit", count)
        self._page["limit"] = count
        return self

    def offset(self, count: int) -> Self:
        _check_count("offset", count)
        self._page["offset"] = count
        return self

    def fields(self, *names: str) -> Self:
        """Only these fields of each record."""
        for name in names:
            if name not in self.spec:
                raise FilterError(
                    f"{self.spec.name} has no field {name!r}.",
                    hint=near_misses(name, self.spec.names),
                    field=name,
                )
        self._page["fields"] = list(names)
        return self

    def to_filter(self) -> dict[str, Any]:
        """All conditions as one filter. Those on different fields stand side by side, others under `$and`."""
        names = [name for condition in self._conditions for name in condition]
        if len(names) == len(set(names)):
            return {name: value for condition in self._conditions for name, value in condition.items()}
        return {"$and": list(self._conditions)}

    def parse(self) -> Filter:
        return parse_filter(self.spec, self.to_filter())

    def to_params(self) -> dict[str, Any]:
        """What a List node takes as params; only what was said."""
        params: dict[str, Any] = {}
        if self._conditions:
            params["filter"] = self.to_filter()
        if self._order:
            params["order_by"] = [str(term) for term in self._order]
        return {**params, **self._page}

    def build_select(self) -> tuple[str, Mapping[str, Any]]:
        """The SQL that a List node with these params runs, and its values by name; nothing is run.

        Raises FilterError when the builder was made without a database.
        """
        if self._compile is None:
            raise FilterError(
                "This builder belongs to no database, so it cannot write SQL.",
                hint="Make it with Model.query_builder() or db.query(…).",
            )
        statement = self._compile("list", self.spec, self.to_params())[0]
        return statement.sql, statement.params


def _check_count(name: str, count: Any) -> None:
    if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= MOST_ROWS:
        raise FilterError(
            f"{name} wants a whole number from 0 to {MOST_ROWS:,}, not {count!r}.",
            hint=f"Write {name}(10).",
            field=name,
        )
