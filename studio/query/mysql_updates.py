"""How does MariaDB change a value in place? Numbers by its own arithmetic; documents step by step, each step naming what it found.

A step on a document is a subquery whose FROM names the document (`d`), the parts of the path (`s`) and each beginning of the path (`p1`, `p2`, …)
once: JSON_TABLE may look at what stands before it, so it serves as a way to give an expression a name.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from studio.models.spec import Kind
from studio.query.conditions import NO_SLOT
from studio.query.mysql_grammar import json_equals, phrase
from studio.query.sql_filters import Place
from studio.query.sql_types import JsonText, MysqlSteps
from studio.query.updates import Step

Value = sa.ColumnElement[Any]
_ITEMS: Final = "'$[*]' COLUMNS(v JSON PATH '$')"
_WHOLE: Final = "'^-?[0-9]+([eE][+]?[0-9]+)?$'"


class MysqlWriter:
    """See `sql_updates._Writer`."""

    def grow(self, place: Place, current: Value, step: Step, operand: str) -> Value:
        column_type = place.column.type
        other = sa.bindparam(operand, type_=column_type)
        if step.verb == "multiply":
            return phrase("<0> * <1>", current, other, type_=column_type)
        return phrase("COALESCE(<0>, 0) + <1>", current, other, type_=column_type)

    def document(self, place: Place, current: Value, steps: list[Step], prefix: str) -> Value:
        for step in steps:
            current = _changed(place, current, step, prefix)
        return current


def _refused(wanted: str, found: str) -> str:
    """Makes the statement fail: a text is read as a number that it cannot be."""
    return f"CAST(CONCAT('{wanted} is needed, not ', {found}) AS SIGNED)"


def _changed(place: Place, document: Value, step: Step, prefix: str) -> Value:
    is_list = place.term.kind is Kind.LIST
    empty = "'[]'" if is_list else "'{}'"
    keeps_null = step.verb in ("unset", "pull", "multiply")
    clauses: list[Any] = [document]
    # An empty document stands for a missing one where something is put into it.
    missing = "'null'" if keeps_null else empty
    sources = [f"JSON_TABLE(CONCAT('[', COALESCE(<0>, {missing}), ']'), {_ITEMS}) AS d"]
    path = "'$'"
    if step.path != NO_SLOT:
        clauses.append(sa.bindparam(f"{prefix}{step.path}", type_=MysqlSteps()))
        columns = ", ".join(
            f"k{n} LONGTEXT CHARACTER SET utf8mb4 PATH '$[{n - 1}].k', i{n} LONGTEXT CHARACTER SET utf8mb4 PATH '$[{n - 1}].i'"
            for n in range(1, step.depth + 1)
        )
        sources.append(f"JSON_TABLE(<1>, '$' COLUMNS({columns})) AS s")
        for n in range(1, step.depth + 1):
            following = f"CONCAT({path}, IF({_kind(path)} = 'ARRAY', s.i{n}, s.k{n}))"
            sources.append(
                f"JSON_TABLE(JSON_ARRAY({following}), '$[*]' COLUMNS(p LONGTEXT CHARACTER SET utf8mb4 PATH '$')) AS p{n}"
            )
            path = f"p{n}.p"
    operand = ""
    if step.verb != "unset":
        operand = f"<{len(clauses)}>"
        clauses.append(sa.bindparam(f"{prefix}{step.slot}", type_=JsonText()))
    changed = _value(step, path, operand)
    whole = f"CASE WHEN d.v = 'null' THEN NULL ELSE {changed} END" if keeps_null else changed
    return phrase(f"(SELECT {whole} FROM {', '.join(sources)})", *clauses, type_=place.column.type)


def _kind(path: str) -> str:
    return "JSON_TYPE(d.v)" if path == "'$'" else f"JSON_TYPE(JSON_EXTRACT(d.v, {path}))"


def _value(step: Step, path: str, operand: str) -> str:
    found = "d.v" if path == "'$'" else f"JSON_EXTRACT(d.v, {path})"
    kind = f"COALESCE({_kind(path)}, 'NULL')"
    if step.verb == "unset":
        # Where the way names a place in a list that is no number, there is no path.
        return f"CASE WHEN {path} IS NULL THEN {_refused('a number', found='d.v')} ELSE JSON_REMOVE(d.v, {path}) END"
    if step.verb == "set":
        return _put(step, path, operand)
    if step.verb == "push":
        value = (
            f"CASE {kind} WHEN 'NULL' THEN {operand} WHEN 'ARRAY' THEN JSON_MERGE_PRESERVE({found}, {operand})"
            f" ELSE {_refused('a list', kind)} END"
        )
        return _put(step, path, value)
    if step.verb == "pull":
        kept = (
            "(SELECT COALESCE(CONCAT('[', GROUP_CONCAT(x.v ORDER BY x.n SEPARATOR ','), ']'), '[]')"
            f" FROM JSON_TABLE({found}, '$[*]' COLUMNS(n FOR ORDINALITY, v JSON PATH '$')) AS x"
            f" WHERE NOT EXISTS (SELECT 1 FROM JSON_TABLE({operand}, {_ITEMS}) AS g WHERE {json_equals('x.v', 'g.v')}))"
        )
        return f"CASE {kind} WHEN 'ARRAY' THEN {_put(step, path, kept)} ELSE d.v END"
    grown = f"CASE WHEN {kind} IN ('INTEGER', 'DOUBLE') THEN {_number(step, found, operand)} ELSE {_refused('a number', kind)} END"
    if step.verb == "inc":
        return _put(step, path, f"CASE {kind} WHEN 'NULL' THEN {operand} ELSE {grown} END")
    return f"CASE {kind} WHEN 'NULL' THEN d.v ELSE {_put(step, path, grown)} END"


def _number(step: Step, found: str, operand: str) -> str:
    """Exact; whole where both are, else with a digit after the point at least."""
    sign = "+" if step.verb == "inc" else "*"
    result = f"(CAST({found} AS DECIMAL(65,30)) {sign} CAST({operand} AS DECIMAL(65,30)))"
    return (
        f"IF({found} REGEXP {_WHOLE} AND {operand} REGEXP {_WHOLE}, CAST({result} AS DECIMAL(65,0)),"
        f" REGEXP_REPLACE(CAST({result} AS CHAR), '(\\.[0-9]+?)0+$', '\\1'))"
    )


def _put(step: Step, path: str, value: str) -> str:
    """The document with the value at the path; mappings that are missing on the way are made."""
    if path == "'$'":
        return value
    changed = "d.v"
    for n in range(1, step.depth):
        kind = f"COALESCE({_kind(f'p{n}.p')}, 'NULL')"
        on_the_way = (
            f"CASE WHEN {kind} IN ('OBJECT', 'ARRAY') THEN JSON_EXTRACT(d.v, p{n}.p) WHEN {kind} = 'NULL' THEN '{{}}'"
            f" ELSE {_refused('a mapping', kind)} END"
        )
        changed = f"JSON_SET({changed}, p{n}.p, JSON_COMPACT({on_the_way}))"
    put = f"JSON_SET({changed}, {path}, JSON_COMPACT({value}))"
    return f"CASE WHEN {path} IS NULL THEN {_refused('a number or another name', 'd.v')} ELSE {put} END"
