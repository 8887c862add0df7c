"""What does a node do with the fields that come to it? What a tracer of one kind of node is given, and how it tells what it found.

The kinds themselves stand in `traced_models` and `traced_kinds`; the way from node to node is `lineage`'s business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from studio.kernel.errors import ExpressionError, StudioError
from studio.models.relations import Family
from studio.models.spec import ModelSpec
from studio.nodes.shaping import order_terms
from studio.workflow.graph import Node, frozen
from studio.workflow.lineage import NOTHING, UNKNOWN, FieldRef, How, Shape, Use, either
from studio.workflow.params import (
    bare_expression,
    expression_of,
    is_dynamic,
    is_literal,
    takes_filter,
    unwrap,
)
from studio.workflow.reach import reaches
from studio.workflow.spec import NodeSpec

LATER_NOTE = "only the run tells which fields"
RECORDS_NOTE = "whole records, whose fields only the run tells"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What a node gives: its natural value, which expressions name, and its output ports; a port that is missing carries no field."""

    natural: Shape = NOTHING
    ports: Mapping[str, Shape] = field(default_factory=frozen)


class Station:
    """A node on the way, with what its params hold before any run."""

    def __init__(
        self,
        node: Node,
        spec: NodeSpec | None,
        *,
        params: Mapping[str, Any],
        edges: Iterable[tuple[str, tuple[str, ...], Shape]],
        root: Callable[[str], Shape],
        model: ModelSpec | None = None,
        family: Family | None = None,
        inputs: Mapping[str, Shape] = frozen(),
    ) -> None:
        """Takes the params under their own names; what edges bring, each (param, way into it, value); what a name in an expression is."""
        self.node = node
        self.spec = spec
        self.params = params
        self.model = model
        self.family = family or Family([model] if model is not None else [])
        self.inputs = inputs
        self.uses: dict[Use, None] = {}
        self._root = root
        self._shapes: dict[str, Shape] = {}
        self._edges: dict[str, list[tuple[tuple[str, ...], Shape]]] = {}
        for name, path, shape in edges:
            self._edges.setdefault(name, []).append((path, shape))

    # -------------------------------------------------------------- params

    @property
    def given(self) -> list[str]:
        """The params that have a value, or an edge."""
        return list(dict.fromkeys((*self.params, *self._edges)))

    def is_given(self, name: str) -> bool:
        return name in self.params or name in self._edges

    def is_later(self, name: str) -> bool:
        """Whether the param, as a whole or in part, comes during the run."""
        return name in self._edges or is_dynamic(self.params.get(name))

    def shape(self, name: str, local: Mapping[str, Shape] = frozen()) -> Shape:
        """What the param holds; the expressions in it are told as uses. `local` are the names that the node itself gives them."""
        if name not in self._shapes:
            self._shapes[name] = self._shape(name, local)
        return self._shapes[name]

    def _shape(self, name: str, local: Mapping[str, Shape]) -> Shape:
        param = self.spec.params_by_name.get(name) if self.spec is not None else None
        value = self.params.get(name)
        if param is not None and not param.expressions:
            found = _plain(value)
        else:
            bare = (
                bool(local)
                and param is not None
                and bool(param.local_names)
                and not takes_filter(param, value)
            )
            found = self._of(value, name, local, bare=bare)
        for path, shape in self._edges.get(name, ()):
            found = found.placed(path, shape)
        return found

    def _of(self, value: Any, place: str, local: Mapping[str, Shape], *, bare: bool) -> Shape:
        if isinstance(value, str):
            return self._expression(value, place, local, bare=bare)
        if is_literal(value):
            return _plain(unwrap(value))
        if isinstance(value, Mapping):
            return Shape(
                parts=frozen(
                    (str(key), self._of(part, f"{place}.{key}", local, bare=bare))
                    for key, part in value.items()
                )
            )
        if isinstance(value, list | tuple):
            return either([self._of(part, place, local, bare=bare) for part in value])
        return NOTHING

    def _expression(self, text: str, place: str, local: Mapping[str, Shape], *, bare: bool) -> Shape:
        try:
            expression = bare_expression(text) if bare else expression_of(text)
        except ExpressionError:
            return NOTHING  # the checks tell
        if expression is None:
            return NOTHING
        found, made_of = NOTHING, frozenset[FieldRef]()
        for path, is_value in reaches(expression.text):
            root, *rest = path
            shape = (local[root] if root in local else self._root(root)).at(rest)
            self.use(How.COMPUTES, place, shape.origins)
            if is_value:
                found = found.merged(shape)
            else:
                made_of |= shape.origins
        return found.merged(Shape(made_of)) if made_of else found

    # -------------------------------------------------------------- telling

    def use(
        self, how: How, place: str, fields: Iterable[FieldRef], note: str = "", *, is_sure: bool = True
    ) -> None:
        for each in fields:
            self.uses[
                Use(node=self.node.id, how=how, place=place, field=each, note=note, is_sure=is_sure)
            ] = None

    def may(self, how: How, place: str, over: Shape, note: str = LATER_NOTE) -> None:
        """Any field of the record might be meant."""
        for part in over.parts.values():
            self.use(how, place, part.origins, note, is_sure=False)

    def filters(self, param: str, over: Shape) -> None:
        """Tells which fields of `over` a filter asks for."""
        if not self.is_given(param):
            return
        shape = self.shape(param)
        for name in _filtered(shape):
            self.use(How.FILTERS, f"{param}.{name}", over.at(name.split(".")).origins)
        if shape.is_open or (not shape.parts and self.is_later(param)):
            self.may(How.FILTERS, param, over)

    def names(self, param: str, how: How, over: Shape, names: Iterable[str] | None = None) -> tuple[str, ...]:
        """Tells which fields of `over` a list of names holds, and gives the names."""
        if not self.is_given(param):
            return ()
        if self.is_later(param):
            self.shape(param)
            self.may(how, param, over)
            return ()
        known = tuple(names if names is not None else names_in(self.params[param]))
        for name in known:
            found = over.at(name.split("."))
            self.use(how, param, found.origins or found.all_origins)
        return known

    def orders(self, param: str, over: Shape) -> None:
        try:
            terms = () if self.is_later(param) else order_terms(self.params.get(param))
        except StudioError:
            return  # the checks tell
        self.names(param, How.SORTS, over, [name for name, _ in terms])

    def aggregates(self, over: Shape) -> Shape:
        """Tells what groups and figures are made of; gives the records of the groups."""
        parts = {name: over.at(name.split(".")) for name in self.names("group_by", How.GROUPS, over)}
        if self.is_later("aggregate"):
            self.may(How.COMPUTES, "aggregate", over)
        figures = self.params.get("aggregate")
        for name, figure in figures.items() if isinstance(figures, Mapping) else ():
            sources = [part for part in _texts(figure) if not part.startswith("{{")]
            origins = frozenset[FieldRef]().union(*(over.at(_bare(part)).origins for part in sources))
            self.use(How.COMPUTES, f"aggregate.{name}", origins)
            parts[str(name)] = Shape(origins)
        groups = Shape(parts=frozen(parts), is_open=self.is_later("aggregate") or self.is_later("group_by"))
        self.filters("having", groups)
        self.orders("order_by", groups)
        return groups

    def hands_over(self, param: str, note: str, *, local: Mapping[str, Shape] = frozen()) -> None:
        """Tells of what leaves the workflow with a param."""
        if self.is_given(param):
            self.hand_over(param, self.shape(param, local), note)

    def hand_over(self, place: str, shape: Shape, note: str) -> None:
        for path, origin in shape.leaves():
            self.use(How.HANDS_OVER, ".".join((place, *path)), (origin,), note)


def names_in(value: Any) -> tuple[str, ...]:
    """The names in a param that holds names, or is one; what is of another kind holds none, and the checks tell."""
    if isinstance(value, str):
        return (value,)
    return tuple(name for name in value if isinstance(name, str)) if isinstance(value, list | tuple) else ()


def _bare(name: str) -> list[str]:
    return name.lstrip("$").split(".")


def _plain(value: Any) -> Shape:
    """What a value holds that is written into the node: names, but no field of a model."""
    if isinstance(value, Mapping):
        return Shape(parts=frozen((str(key), _plain(part)) for key, part in value.items()))
    return either(map(_plain, value)) if isinstance(value, list | tuple) else NOTHING


def _texts(value: Any) -> Iterator[str]:
    """The texts in a figure: `{"$sum": "amount"}`."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)


def _filtered(shape: Shape) -> Iterator[str]:
    """The names that a filter asks for, through `$and`, `$or`, `$nor` and `$not`."""
    for name, part in shape.parts.items():
        if name.startswith("$"):
            yield from _filtered(part)
        else:
            yield name


__all__ = ["LATER_NOTE", "RECORDS_NOTE", "UNKNOWN", "Station", "Trace", "names_in"]
