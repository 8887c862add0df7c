"""How does a node read its params? Dynamic parts, filters that can only be checked in part, what a record is known by, small refusals."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from studio.kernel.errors import NodeError, StudioError
from studio.kernel.names import did_you_mean
from studio.kernel.problems import Problem
from studio.models.spec import ModelSpec
from studio.workflow.params import LATER, LITERAL, is_dynamic, is_literal, is_operator, unwrap
from studio.workflow.value_checks import evident_problem


def unwrapped(value: Any) -> Any:
    """The value with every `{"$literal": x}` in it replaced by x."""
    if is_literal(value):
        return value[LITERAL]
    if isinstance(value, Mapping):
        return {key: unwrapped(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [unwrapped(part) for part in value]
    return value


def known_part(filter: Mapping[str, Any]) -> dict[str, Any]:
    """The filter without the conditions whose operands are known only during a run."""
    known: dict[str, Any] = {}
    for key, operand in filter.items():
        if not is_dynamic(operand):
            known[key] = operand
        elif key in ("$and", "$or", "$nor") and isinstance(operand, list | tuple):
            parts = [known_part(part) for part in operand if isinstance(part, Mapping)]
            parts = [part for part in parts if part]
            if parts:
                known[key] = parts
        elif isinstance(operand, Mapping) and not is_literal(operand):
            inner = known_part(operand)
            if inner:
                known[key] = inner
    return known


def dynamic_fields(filter: Mapping[str, Any]) -> Iterable[str]:
    """The fields that a filter's dynamic conditions name, so that at least their names can be checked."""
    for key, operand in filter.items():
        if key in ("$and", "$or", "$nor") and isinstance(operand, list | tuple):
            for part in operand:
                if isinstance(part, Mapping):
                    yield from dynamic_fields(part)
        elif key == "$not" and isinstance(operand, Mapping):
            yield from dynamic_fields(operand)
        elif not key.startswith("$") and is_dynamic(operand):
            yield key


def problem_of(error: StudioError, field: str) -> Problem:
    """The error as a finding about one param of the node."""
    return Problem(code=error.code, message=error.message, hint=error.hint, field=field)


def check_filter(model: ModelSpec, filter: Any, *, param: str = "filter", dialect: str = "") -> list[Problem]:
    """What is wrong with a filter on the model, as far as its operands are known, and what a database of the `dialect` cannot look up."""
    from studio.query.filters import parse_filter, refuse_unfindable

    if filter is None or filter is LATER or not isinstance(filter, Mapping):
        return []  # a wrong type has been reported by then
    problems: list[Problem] = []
    known = filter
    if is_dynamic(filter):
        known = known_part(filter)
        problems = [
            Problem(
                code="unknown-field",
                message=f"{model.name} has no field {name.partition('.')[0]!r}.",
                hint=did_you_mean(name.partition(".")[0], model.names),
                field=param,
            )
            for name in dynamic_fields(filter)
            if name.partition(".")[0] not in model
        ]
    try:
        parsed = parse_filter(model, unwrapped(known))
        refuse_unfindable(parsed.condition, parsed.values, dialect)
    except StudioError as error:
        problems.append(problem_of(error, param))
    return problems


def check_values(
    model: ModelSpec, values: Any, *, param: str, operators: bool = False, dialect: str = ""
) -> list[Problem]:
    """What is wrong with new values for the model's fields: unknown and managed fields, values that do not fit.

    With `operators`, it is an update: a value may be an operator, and a name a path into a document. What those do, and whether a
    database of the `dialect` can do it, is the query room's to judge.
    """
    if not isinstance(values, Mapping):
        return []
    problems: list[Problem] = []
    asked: dict[str, Any] = {}
    for name, value in values.items():
        if operators and (str(name).startswith("$") or is_operator(value)):
            asked[name] = value
            continue
        if operators and "." in str(name) and name not in model:
            asked[name] = value
            problem = check_value(model, str(name).partition(".")[0], LATER, param=param)
        else:
            problem = check_value(model, name, value, param=param)
        if problem:
            problems.append(problem)
    if not asked or problems:
        return problems
    from studio.query.updates import parse_update, places_in, refuse_unwritable

    try:
        for place in places_in(asked):
            refuse_unwritable(place, dialect)
    except StudioError as error:
        return [problem_of(error, param)]
    if is_dynamic(values):
        asked = {name: value for name, value in asked.items() if not is_dynamic(value)}
    else:
        asked = dict(values)  # all of it, since one place must not be changed twice
    try:
        parse_update(model, unwrapped(asked))
    except StudioError as error:
        problems.append(problem_of(error, param))
    return problems


def check_value(model: ModelSpec, name: str, value: Any, *, param: str) -> Problem | None:
    """What is wrong with one field's new value, or None."""
    from studio.query.vocabulary import vocabulary

    term = vocabulary(model).get(name)
    if term is None:
        return Problem(
            code="unknown-field",
            message=f"{model.name} has no field {name!r}.",
            hint=did_you_mean(name, [field.name for field in model.settable]),
            field=param,
        )
    if term.field.managed:
        return managed_problem(name, param)
    if is_dynamic(value):
        evident = evident_problem(name, term.field.kind.value, value) if isinstance(value, str) else None
        if evident is None:
            return None
        return Problem(code="param-type", message=evident, hint="Correct the expression.", field=param)
    try:
        term.accept(unwrap(value))
    except StudioError as error:
        return problem_of(error, param)
    return None


def managed_problem(name: str, param: str) -> Problem:
    return Problem(
        code="managed-field",
        message=f"{name!r} is kept by Studio and cannot be written.",
        hint="Remove it; it is set automatically.",
        field=param,
    )


_PLAIN: Final = frozenset({int, str, uuid.UUID})


def selection(model: ModelSpec, params: Mapping[str, Any], node: str) -> dict[str, Any]:
    """The filter that `id` or `filter` stands for; raises NodeError unless exactly one of them is given."""
    given = params.get("id")
    filter = params.get("filter")
    if "id" in params and given is not None:
        if filter:
            raise NodeError(
                f"{node} takes an id or a filter, not both.", hint="Remove one of them.", field="id"
            )
        return key_filter(model, given)
    if filter:
        return dict(filter)
    if "id" in params:
        raise NodeError(
            f"{node} was given no id: it is None.",
            hint="Check the node that gives it; an If before this one can leave it out.",
            field="id",
        )
    raise NodeError(f"{node} needs an id or a filter.", hint="Give one of them.", field="filter")


def key_filter(model: ModelSpec, key: Any) -> dict[str, Any]:
    """The filter for one key, a mapping when the key has several fields; raises NodeError for the wrong parts."""
    if len(model.key) == 1:
        # Only a mapping or a list could be taken for a condition; a plain value is found the quickest way.
        return {model.key[0]: key if key.__class__ in _PLAIN else {"$eq": key}}
    if not isinstance(key, Mapping) or set(key) != set(model.key):
        raise NodeError(
            f"The id of {model.name} has several parts: {', '.join(model.key)}.",
            hint="Give a mapping with exactly these: {"
            + ", ".join(f"{part}: …" for part in model.key)
            + "}.",
            field="id",
        )
    return {part: {"$eq": key[part]} for part in model.key}


def key_of(model: ModelSpec, record: Mapping[str, Any]) -> Any:
    """The record's key as Read takes it: one value, or a mapping when the key has several fields."""
    if len(model.key) == 1:
        return record[model.key[0]]
    return {part: record[part] for part in model.key}


def conflict_fields(
    model: ModelSpec, wanted: Sequence[str] | str | None, values: Mapping[str, Any], node: str
) -> tuple[str, ...]:
    """The unique fields by which a record is known: those wanted, else the key, else the first unique set given; raises NodeError."""
    sets = model.unique_sets()
    if wanted:
        names = (wanted,) if isinstance(wanted, str) else tuple(map(str, wanted))
        if any(set(names) == set(known) for known in sets):
            return names
        shown = "; ".join(", ".join(known) for known in sets)
        raise NodeError(
            f"{node}: no two records of {model.name} are kept from having the same {', '.join(names)}.",
            hint=f"Unique are: {shown}. Declare the field unique, or take one of these.",
            field="conflict_on",
        )
    for known in sets:
        if all(values.get(name) is not None for name in known):
            return known
    shown = " or ".join(", ".join(known) for known in sets)
    raise NodeError(f"{node} cannot tell which record is meant.", hint=f"Give {shown}.", field="conflict_on")


def check_selection(
    model: ModelSpec, params: Mapping[str, Any], node: str, *, dialect: str = ""
) -> list[Problem]:
    """Findings about `id` and `filter` of a node that means one record."""
    has_id, has_filter = "id" in params, bool(params.get("filter"))
    if has_id and has_filter:
        return [
            Problem(
                code="two-selections",
                message=f"{node} takes an id or a filter, not both.",
                hint="Remove one of them.",
                field="id",
            )
        ]
    if not has_id and not has_filter:
        return [
            Problem(
                code="missing-param",
                message=f"{node} needs an id or a filter.",
                hint="Give one of them, or connect the id.",
                field="id",
            )
        ]
    if has_id:
        return _check_id(model, params["id"])
    return check_filter(model, params["filter"], dialect=dialect)


def _check_id(model: ModelSpec, key: Any) -> list[Problem]:
    if is_dynamic(key):
        return []
    if len(model.key) > 1:
        try:
            key_filter(model, key)
        except StudioError as error:
            return [problem_of(error, "id")]
        parts = [check_value(model, part, key[part], param="id") for part in model.key]
        return [part for part in parts if part]
    found = check_value(model, model.key[0], key, param="id")
    return [found] if found else []
