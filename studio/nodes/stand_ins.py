"""What stands where only a run brings a value, so that all around it can be judged beforehand? A value that would be right there.

What is evidently wrong with the expression itself is said as well: a text where a number belongs. Updates need no stand-ins, since their
reader passes over what is not known; which kind of value an operator of theirs wants is told here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from studio.kernel.problems import Problem
from studio.models.spec import Kind
from studio.nodes.samples import sample
from studio.query.vocabulary import Term, Vocabulary
from studio.workflow.params import is_dynamic, is_literal, is_operator
from studio.workflow.value_checks import evident_problem

_COMPARING: Final = frozenset({"$eq", "$ne", "$gt", "$gte", "$lt", "$lte"})
_OF_TEXT: Final = frozenset({"$like", "$ilike", "$regex", "$startswith", "$endswith"})
_OF_LISTS: Final = frozenset({"$in", "$nin"})
_FLAGS: Final = frozenset({"$exists", "$null"})
_TEXT: Final = "x"


class StandIns:
    """Reads filters; `problems` are those of the expressions in them.

    Without a vocabulary nobody knows yet what the names mean, and conditions on what only a run brings are left out.
    """

    def __init__(self, words: Vocabulary | None, *, param: str) -> None:
        self.problems: list[Problem] = []
        self._words = words
        self._param = param

    def filter(self, filter: Mapping[str, Any]) -> dict[str, Any]:
        """The filter with a stand-in for each value that is not known."""
        read: dict[str, Any] = {}
        for key, operand in filter.items():
            if not is_dynamic(operand):
                read[key] = operand
            elif key in ("$and", "$or", "$nor"):
                parts = operand if isinstance(operand, list | tuple) else ()
                read[key] = [self.filter(part) if isinstance(part, Mapping) else {} for part in parts]
            elif key == "$not":
                read[key] = self.filter(operand) if isinstance(operand, Mapping) else {}
            elif self._words is not None:
                read[key] = self._condition(self._words, key, operand)
        return read

    def _condition(self, words: Vocabulary, name: str, operand: Any) -> Any:
        term = words.get(name) or words.get(name.partition(".")[0])
        if term is None:
            return None  # the name is what will be refused
        has_path = name not in words
        if not is_operator(operand) or "$date" in operand:
            return self._value(term, operand, has_path=has_path)
        return self._operators(term, operand, has_path=has_path)

    def _operators(self, term: Term, operators: Mapping[str, Any], *, has_path: bool) -> dict[str, Any]:
        return {
            name: self._operand(term, name, value, has_path=has_path) if is_dynamic(value) else value
            for name, value in operators.items()
        }

    def _operand(self, term: Term, name: str, value: Any, *, has_path: bool) -> Any:
        if name == "$not" and isinstance(value, Mapping):
            return self._operators(term, value, has_path=has_path)
        if name in _COMPARING:
            return self._value(term, value, has_path=has_path)
        if name in _OF_LISTS or name == "$between":
            if not isinstance(value, list | tuple):
                self._judge(term, "list", value)
                return [] if name in _OF_LISTS else [_right(term, has_path=has_path)] * 2
            given = next((item for item in value if not is_dynamic(item)), None)
            return [
                given if has_path and given is not None and is_dynamic(item)
                else self._value(term, item, has_path=has_path)
                for item in value
            ]  # fmt: skip
        if name in _OF_TEXT or (name == "$contains" and term.is_text):
            self._judge(term, "text", value)
            return _TEXT
        if name == "$contains":
            if not has_path and term.field.item_kind is not None:
                self._judge(term, term.field.item_kind.value, value)
            return _filled(value, _TEXT if has_path else _item(term))
        if name == "$size":
            self._judge(term, "int", value)
            return _filled(value, 1) if isinstance(value, Mapping) else 1
        if name in _FLAGS:
            self._judge(term, "bool", value)
        return True

    def _value(self, term: Term, value: Any, *, has_path: bool) -> Any:
        if not is_dynamic(value):
            return value
        if not has_path and not term.is_document and term.kind is not None:
            self._judge(term, term.kind.value, value)
        if isinstance(value, Mapping) and "$date" in value:
            return {"$date": "now"}
        if isinstance(value, Mapping | list | tuple):
            return _filled(value, _TEXT if has_path else _item(term))
        return _right(term, has_path=has_path)

    def _judge(self, term: Term, kind: str, value: Any) -> None:
        found = expression_problem(term.name, kind, value, param=self._param)
        if found is not None:
            self.problems.append(found)


def expression_problem(name: str, kind: str | None, value: Any, *, param: str) -> Problem | None:
    """What is evidently wrong with an expression where a value of that kind belongs; None: any would do."""
    evident = evident_problem(name, kind, value) if kind is not None and isinstance(value, str) else None
    if evident is None:
        return None
    return Problem(code="param-type", message=evident, hint="Correct the expression.", field=param)


def operand_kind(term: Term, operator: str, *, has_path: bool) -> str | None:
    """The kind of value that an operator of an update wants; None when that is not certain."""
    if operator in ("$inc", "$multiply"):
        kinds = {Kind.DECIMAL: "decimal", Kind.TIMEDELTA: "timedelta"}
        return "float" if has_path or term.kind is None else kinds.get(term.kind, "float")
    if has_path or term.kind is None:
        return None
    if operator in ("$push", "$pull"):
        return term.field.item_kind.value if term.field.item_kind is not None else None
    return term.kind.value if operator in ("$set", "$min", "$max") else None


def _right(term: Term, *, has_path: bool) -> Any:
    return _TEXT if has_path else sample(term.field)


def _item(term: Term) -> Any:
    """What may stand among others: in the field itself where it holds a list, else beside its value in a list of choices."""
    if term.kind is Kind.DICT or (term.kind is Kind.LIST and term.field.item_kind is None):
        return _TEXT
    found = sample(term.field)
    return found[0] if term.kind in (Kind.LIST, Kind.VECTOR) else found


def _filled(value: Any, stand_in: Any) -> Any:
    """The value with what is not known in it replaced, at any depth."""
    if not is_dynamic(value):
        return value
    if isinstance(value, Mapping) and not is_literal(value):
        return {key: _filled(part, stand_in) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(part, stand_in) for part in value]
    return stand_in
