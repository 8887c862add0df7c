"""How does a node read its params? Dynamic parts, filters that can only be checked in part, what a record is known by, small refusals."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from studio.kernel.errors import NodeError, StudioError
from studio.kernel.names import did_you_mean
from studio.kernel.problems import Problem
from studio.models.spec import Kind, ModelSpec
from studio.workflow.params import LATER, LITERAL, is_dynamic, is_literal, is_operator, unwrap


def unwrapped(value: Any) -> Any:
    """The value with every `{"$literal": x}` in it replaced by x."""
    if is_literal(value):
        return value[LITERAL]
    if isinstance(value, Mapping):
        return {key: unwrapped(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [unwrapped(part) for part in value]
    return value


def problem_of(error: StudioError, field: str) -> Problem:
    """The error as a finding about one param of the node."""
    return Problem(code=error.code, message=error.message, hint=error.hint, field=field)


def check_filter(model: ModelSpec, filter: Any, *, param: str = "filter", dialect: str = "") -> list[Problem]:
    """What is wrong with a filter on the model, as far as its operands are known, and what a database of the `dialect` cannot look up."""
    from studio.query.filters import parse_filter, refuse_unfindable
    from studio.query.vocabulary import vocabulary

    if filter is None or filter is LATER or not isinstance(filter, Mapping):
        return []  # a wrong type has been reported by then
    problems: list[Problem] = []
    if is_dynamic(filter):
        from studio.nodes.stand_ins import StandIns

        stand_ins = StandIns(vocabulary(model), param=param)
        filter, problems = stand_ins.filter(filter), stand_ins.problems
    try:
        parsed = parse_filter(model, unwrapped(filter))
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
    has_operators = False
    for name, value in values.items():
        if operators and (str(name).startswith("$") or is_operator(value)):
            has_operators = True
        elif operators and "." in str(name) and name not in model:
            has_operators = True
            problems += _found(check_value(model, str(name).partition(".")[0], LATER, param=param))
        else:
            problems += _found(check_value(model, name, value, param=param))
    return problems if problems or not has_operators else _check_update(model, values, param, dialect)


def _check_update(model: ModelSpec, values: Mapping[str, Any], param: str, dialect: str) -> list[Problem]:
    from studio.nodes.stand_ins import expression_problem, operand_kind
    from studio.query.updates import operands_in, parse_update
    from studio.query.vocabulary import vocabulary

    try:
        parse_update(model, unwrapped(values), dialect=dialect, is_known=lambda value: not is_dynamic(value))
    except StudioError as error:
        return [problem_of(error, param)]
    problems: list[Problem] = []
    words = vocabulary(model)
    for operator, name, operand in operands_in(values):
        term = words.get(name) or words[name.partition(".")[0]]
        kind = operand_kind(term, operator, has_path=name not in words)
        found = expression_problem(name, kind, operand, param=param)
        if found is not None and term.kind is Kind.INT:
            found = expression_problem(
                name, term.kind.value, operand, param=param
            )  # names int(…) as the remedy
        problems += _found(found)
    return problems


def _found(problem: Problem | None) -> list[Problem]:
    return [] if problem is None else [problem]


def check_value(model: ModelSpec, name: str, value: Any, *, param: str) -> Problem | None:
    """What is wrong with one field's new value, or None."""
    from studio.nodes.stand_ins import expression_problem
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
        return expression_problem(name, term.field.kind.value, value, param=param)
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
        return check_id(model, params["id"])
    return check_filter(model, params["filter"], dialect=dialect)


def check_id(model: ModelSpec, key: Any) -> list[Problem]:
    """What is wrong with the id of a record, a mapping where the key has several fields."""
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
