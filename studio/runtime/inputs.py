"""Which values does a run start with? Those given, checked against what the workflow declares, and the defaults of the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from studio.kernel.errors import StudioError, WorkflowError
from studio.kernel.names import did_you_mean
from studio.models.spec import FieldSpec, Kind
from studio.models.values import make_checker
from studio.workflow.graph import Workflow, WorkflowInput
from studio.workflow.references import declared_inputs

_KINDS: Final = frozenset(kind.value for kind in Kind)


def bind_inputs(
    workflow: Workflow,
    given: Mapping[str, Any] | None,
    *,
    part: Workflow | None = None,
    declared: Sequence[WorkflowInput] | None = None,
) -> dict[str, Any]:
    """The value of each input by name. Where only a part of the workflow is run, what it does not ask for may be missing.

    `declared` are the workflow's `declared_inputs` where they are known already.

    Raises:
        WorkflowError: an input is missing or unknown, or its value is not of its kind.
    """
    values = dict(given or {})
    bound: dict[str, Any] = {}
    inputs = declared_inputs(workflow) if declared is None else declared
    needed = None
    if part is not None and part is not workflow:
        needed = {entry.name for entry in declared_inputs(part)}
    for entry in inputs:
        if entry.name in values:
            bound[entry.name] = _checked(entry, values.pop(entry.name), workflow)
        elif entry.required and needed is not None and entry.name not in needed:
            continue
        elif entry.required:
            raise WorkflowError(
                f"The input {entry.name!r} is missing.",
                hint=f"Give it when starting the run{_kind_hint(entry)}.",
                workflow=workflow.name or None,
                field=entry.name,
            )
        else:
            bound[entry.name] = entry.default
    if values:
        name = min(values)
        known = [entry.name for entry in inputs]
        raise WorkflowError(
            f"The workflow has no input {name!r}.",
            hint=did_you_mean(name, known) or "It takes no inputs at all.",
            workflow=workflow.name or None,
            field=name,
        )
    return bound


def _checked(entry: WorkflowInput, value: Any, workflow: Workflow) -> Any:
    if entry.kind not in _KINDS or value is None:
        if value is None and entry.required and entry.kind != "any":
            raise WorkflowError(
                f"The input {entry.name!r} must have a value.",
                hint=f"Give it when starting the run{_kind_hint(entry)}.",
                workflow=workflow.name or None,
                field=entry.name,
            )
        return value
    if _holds_values(entry.kind, value):
        return value  # records of a database among them, whose values need not be such that JSON can say them
    spec = FieldSpec(name=entry.name, kind=Kind(entry.kind), nullable=not entry.required)
    try:
        return value if spec.kind is Kind.ENUM else make_checker(spec)(value)
    except StudioError as error:
        raise WorkflowError(
            error.message, hint=error.hint, workflow=workflow.name or None, field=entry.name
        ) from error


def _holds_values(kind: str, value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        if kind == Kind.DICT
        else kind == Kind.LIST and isinstance(value, list | tuple)
    )


def _kind_hint(entry: WorkflowInput) -> str:
    return "" if entry.kind == "any" else f"; it is of the type {entry.kind}"
