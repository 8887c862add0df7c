"""What is wrong with an Aggregate before it runs? All that is known of its params is judged, whatever else only the run will bring.

After a group whose names are not all known, nothing is: what follows it is left to the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from studio.kernel.errors import StudioError
from studio.kernel.problems import Problem
from studio.models.spec import ModelSpec
from studio.nodes.base import Params
from studio.nodes.reading import check_filter, problem_of, unwrapped
from studio.nodes.stand_ins import StandIns
from studio.query.aggregates import AGGREGATE_OPERATORS, PIPELINE_STAGES, parse_aggregate
from studio.query.filters import refuse_unfindable
from studio.query.stages import Match
from studio.query.vocabulary import Vocabulary, vocabulary
from studio.workflow.params import LATER, is_dynamic

_ALONE: Final = ("group_by", "aggregate", "having", "order_by", "filter")
"""The params that a pipeline stands instead of."""
_READ: Final = ("group_by", "aggregate", "filter", "having", "order_by", "limit")
"""The params in an order in which each can be judged after those before it."""
_HEADS: Final = frozenset({"group_by", "aggregate"})
"""The params that say which names the result has; there must be one."""
_NAMING: Final = frozenset({"having", "order_by"})
"""The params that use those names."""
_RENAMING: Final = frozenset({"$group", "$project"})
"""The stages after which there are other fields than before."""
_FIGURES: Final = frozenset(AGGREGATE_OPERATORS)


def check_aggregate(model: ModelSpec, params: Params, *, title: str, dialect: str) -> list[Problem]:
    """What is wrong with the params of an Aggregate, and what a database of the `dialect` cannot look up."""
    pipeline = params.get("pipeline")
    given = [name for name in _ALONE if params.get(name) and params[name] is not LATER]
    if pipeline is not None and given:
        return [
            Problem(
                code="two-selections",
                message=f"{title} takes a pipeline or {given[0]}, not both.",
                hint=f"Put {given[0]} into the pipeline.",
                field="pipeline",
            )
        ]
    if pipeline is not None:
        return _check_pipeline(model, pipeline, dialect)
    return _check_groups(model, params, dialect)


def _check_groups(model: ModelSpec, params: Params, dialect: str) -> list[Problem]:
    """Reads one param more each time: the one that cannot be read any more is at fault, and left out of the rest."""
    known = _known_groups(model, params)
    problems = check_filter(model, params.get("filter"), dialect=dialect)
    if problems:
        known.pop("filter", None)
    read: dict[str, Any] = {}
    for name in _READ:
        value = known.get(name)
        if value is None or (not value and name != "limit"):
            continue
        if name in _NAMING and not _HEADS.isdisjoint(problem.field for problem in problems):
            continue  # the names are not known
        read[name] = value
        if _HEADS.isdisjoint(read):
            continue
        found = _check(model, read, name, dialect)
        if found:
            problems += found
            del read[name]
    if _HEADS.isdisjoint(read) and not problems and not is_dynamic([params.get(name) for name in _HEADS]):
        problems = _check(model, {}, "aggregate", dialect)
    return problems


def _known_groups(model: ModelSpec, params: Params) -> dict[str, Any]:
    """What is known of the params for groups, as `parse_aggregate` takes them."""
    filter, having = params.get("filter"), params.get("having")
    known = {name: _known(params.get(name)) for name in ("group_by", "aggregate", "limit")}
    if isinstance(filter, Mapping):
        known["filter"] = StandIns(vocabulary(model), param="filter").filter(filter)
    if not is_dynamic([params.get("group_by"), params.get("aggregate")]):
        # The names that an order and `having` can use are all known.
        known["order_by"] = _known(params.get("order_by"))
        known["having"] = (
            StandIns(None, param="having").filter(having) if isinstance(having, Mapping) else _known(having)
        )
    return known


def _check_pipeline(model: ModelSpec, pipeline: Any, dialect: str) -> list[Problem]:
    """Judges the stages up to one whose fields only the run will tell."""
    if not isinstance(pipeline, list | tuple):
        return []  # it comes in the run, or its type has been reported by then
    known: list[Any] = []
    words: Vocabulary | None = vocabulary(model)
    problems: list[Problem] = []
    is_cut = False
    for stage in pipeline:
        if not is_dynamic(stage):
            known.append(stage)
            if isinstance(stage, Mapping) and not _RENAMING.isdisjoint(stage):
                words = None
            continue
        name, value = (
            next(iter(stage.items())) if isinstance(stage, Mapping) and len(stage) == 1 else ("", None)
        )
        if name in ("$match", "$having") and isinstance(value, Mapping):
            stand_ins = StandIns(words, param="pipeline")
            known.append({name: stand_ins.filter(value)})
            problems += stand_ins.problems
        elif name in ("$limit", "$skip"):
            known.append({name: 1})
        elif name in _FIGURES:
            is_cut = True
        elif not name or name in _RENAMING:
            is_cut = True
            break
        elif name not in PIPELINE_STAGES:
            known.append({name: None})  # there is no such stage, whatever it is given
    if is_cut and all(_FIGURES.isdisjoint(stage) for stage in known if isinstance(stage, Mapping)):
        known.append({"$group": {"_id": None, "n": {"$sum": 1}}})  # an end, since the real one is not known
    return problems + _check(model, {"pipeline": known}, "pipeline", dialect)


def _check(model: ModelSpec, known: Mapping[str, Any], param: str, dialect: str) -> list[Problem]:
    try:
        parsed = parse_aggregate(model, **unwrapped(known))
        for stage in parsed.stages:
            if isinstance(stage, Match):
                refuse_unfindable(stage.condition, parsed.values, dialect)
    except StudioError as error:
        return [problem_of(error, param)]
    return []


def _known(value: Any) -> Any:
    """The value without what only a run brings, None when that is all of it."""
    if not is_dynamic(value):
        return value
    if isinstance(value, Mapping):
        return {name: item for name, item in value.items() if not is_dynamic(item)}
    if isinstance(value, list | tuple):
        return [item for item in value if not is_dynamic(item)]
    return None
