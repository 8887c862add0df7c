"""How does MariaDB say a comparison? JSON is text there: JSON_TYPE tells kinds apart, JSON_EQUALS compares, JSON_TABLE looks at items.

JSON_CONTAINS is not used: it finds `[[1]]` in `[1, 2]`. What a document has to hold is taken apart into demands (`MysqlParts`) instead.
Expressions are written out as phrases, because most of them have no name in SQLAlchemy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from studio.query.conditions import Comparison, Operator
from studio.query.sql_filters import Clause, Place, compare, is_text
from studio.query.sql_types import (
    UNVEILED,
    VEILED,
    Folded,
    JsonText,
    MysqlList,
    MysqlParts,
    MysqlPath,
    MysqlPaths,
    MysqlRegex,
)

TEXT_COLLATION: Final = "utf8mb4_nopad_bin"
_LETTERS: Final = "utf8mb4_uca1400_as_cs"
"""Its small letters are Unicode's; those of the binary collations are of 2003."""
_GUARDS: Final = 4
_WHOLE: Final = "'^-?[0-9]{1,60}$'"
_SIGNS: Final = {"eq": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}

# Written out: only a person's values are bound.
_ZERO: Final[sa.ColumnElement[int]] = sa.literal_column("0", sa.Integer())


class phrase(FunctionElement[Any]):  # noqa: N801 - functions of SQL are written in small letters
    """SQL written out, `<0>`, `<1>`, … standing for expressions."""

    inherit_cache = False

    def __init__(self, template: str, *clauses: Any, type_: sa.types.TypeEngine[Any] | None = None) -> None:
        super().__init__(*clauses)
        self.template = template
        self.type = type_ if type_ is not None else sa.Text()


@compiles(phrase)
def _write_phrase(element: phrase, compiler: SQLCompiler, **kwargs: Any) -> str:
    parts = list(element.clauses)
    # No letters but the template's own: the names of our own functions and the numbers of the parts.
    return re.sub(
        r"<(\d+)>", lambda found: str(compiler.process(parts[int(found[1])], **kwargs)), element.template
    )


def test(template: str, *clauses: Any) -> Clause:
    """A phrase that is true or false."""
    made: Clause = phrase(template, *clauses, type_=sa.Boolean())
    return made


class MysqlGrammar:
    """MariaDB's words; see `sql_filters.Grammar`."""

    name: Final = "mysql"

    def operand_type(self, place: Place) -> sa.types.TypeEngine[Any]:
        own: sa.types.TypeEngine[Any] = place.column.type
        return own

    def comparable(self, place: Place) -> sa.ColumnElement[Any]:
        if place.reflected and is_text(place.term):
            return phrase(f"CONVERT(<0> USING utf8mb4) COLLATE {TEXT_COLLATION}", place.column)
        return place.column

    def ordered(self, place: Place) -> sa.ColumnElement[Any]:
        return self.comparable(place)

    def in_list(self, place: Place, name: str) -> Clause:
        values = sa.bindparam(name, type_=MysqlList(self.operand_type(place)))
        return test("(<0> IN (<1>))", self.comparable(place), values)

    # -------------------------------------------------------------- text

    def text(self, place: Place) -> sa.ColumnElement[Any]:
        if place.path is None and not place.term.is_document:
            return self.comparable(place)
        return _text_of(self.value(place))

    def text_test(self, text: sa.ColumnElement[Any], comparison: Comparison, names: Sequence[str]) -> Clause:
        operand = sa.bindparam(names[0], type_=sa.Text())
        operator = comparison.operator
        if operator == "like":
            return test(r"(<0> LIKE <1> ESCAPE '\')", text, operand)
        if operator == "ilike":
            small = phrase(
                f"CONVERT(LOWER(<0> COLLATE {_LETTERS}) USING utf8mb4) COLLATE {TEXT_COLLATION}", text
            )
            return test(r"(<0> LIKE <1> ESCAPE '\')", small, sa.bindparam(names[0], type_=Folded()))
        if operator == "regex":
            return test("(<0> REGEXP <1>)", text, sa.bindparam(names[0], type_=MysqlRegex()))
        if operator == "contains":
            return sa.func.instr(text, operand) > _ZERO
        if operator == "endswith":
            return sa.func.right(text, sa.bindparam(names[1], type_=sa.Integer())) == operand
        first = text >= operand
        if not comparison.bounded:
            return first
        return sa.and_(first, text < sa.bindparam(names[1], type_=sa.Text()))

    # -------------------------------------------------------------- JSON

    def value(self, place: Place) -> sa.ColumnElement[Any]:
        """The document, or what stands at the path, as JSON text; null when there is nothing."""
        if place.path is None:
            return place.column
        if place.plain:
            return sa.func.json_extract(place.column, sa.bindparam(place.path, type_=MysqlPath()))
        document = VEILED.format("<0>")
        guards = ", ".join(
            f"g{number} LONGTEXT CHARACTER SET utf8mb4 PATH '$.g[{number}]'" for number in range(_GUARDS)
        )
        are_lists = " AND ".join(
            f"(m.g{number} IS NULL OR JSON_TYPE(JSON_EXTRACT({document}, m.g{number})) = 'ARRAY')"
            for number in range(_GUARDS)
        )
        found = (
            f"(SELECT JSON_EXTRACT({document}, m.path) FROM JSON_TABLE(<1>, '$[*]' COLUMNS(path LONGTEXT CHARACTER SET utf8mb4 PATH '$.p', {guards})) AS m"
            f" WHERE {are_lists} AND JSON_EXTRACT({document}, m.path) IS NOT NULL LIMIT 1)"
        )
        return phrase(UNVEILED.format(found), place.column, sa.bindparam(place.path, type_=MysqlPaths()))

    def json_is_null(self, place: Place) -> Clause:
        if place.path is None and not place.reflected:
            return place.column.is_(None)
        return test("(COALESCE(JSON_TYPE(<0>), 'NULL') = 'NULL')", self.value(place))

    def json_exists(self, place: Place) -> Clause:
        return self.value(place).is_not(None)

    def json_compare(self, place: Place, comparison: Comparison, operator: Operator, name: str) -> Clause:
        value = self.value(place)
        if operator == "eq":
            return test(f"({json_equals('<0>', '<1>')} = 1)", value, sa.bindparam(name, type_=JsonText()))
        if comparison.form == "text":
            return compare(_text_of(value), operator, sa.bindparam(name, type_=sa.Text()))
        sign = _SIGNS[operator]
        if comparison.form == "bool":
            operand = sa.bindparam(name, type_=sa.Integer())
            return test(f"(JSON_TYPE(<0>) = 'BOOLEAN' AND (<0> = 'true') {sign} <1>)", value, operand)
        # Whole numbers to the last digit, others as floats.
        return test(
            "(JSON_TYPE(<0>) IN ('INTEGER', 'DOUBLE') AND"
            f" CASE WHEN <0> REGEXP {_WHOLE} AND <1> REGEXP {_WHOLE}"
            f" THEN CAST(<0> AS DECIMAL(65)) {sign} CAST(<1> AS DECIMAL(65))"
            f" ELSE CAST(<0> AS DOUBLE) {sign} CAST(<1> AS DOUBLE) END)",
            value,
            sa.bindparam(name, type_=JsonText()),
        )

    def json_in(self, place: Place, name: str) -> Clause:
        return test(
            "(<0> IS NOT NULL AND EXISTS (SELECT 1 FROM JSON_TABLE(<1>, '$[*]' COLUMNS(v JSON PATH '$')) AS w"
            f" WHERE {json_equals('<0>', 'w.v')}))",
            self.value(place),
            sa.bindparam(name, type_=JsonText()),
        )

    def json_contains(self, place: Place, comparison: Comparison, name: str) -> Clause:
        value = self.value(place)
        item = f"(JSON_TYPE(<0>) = 'ARRAY' AND EXISTS (SELECT 1 FROM JSON_TABLE({VEILED.format('<0>')}, '$[*]' COLUMNS(v JSON PATH '$')) AS h WHERE "
        if comparison.form == "json":
            demands = sa.bindparam(name, type_=MysqlParts())
            whole = _meets(VEILED.format("<0>"), "<1>", MysqlParts.most_depth)
            # A mapping is looked for in a mapping as well: only then does a demand lead to a name.
            return test(
                f"({item}{_meets('h.v', '<1>', MysqlParts.most_depth)}))"
                f" OR (JSON_TYPE(<0>) = 'OBJECT' AND COALESCE(JSON_VALUE(<1>, '$[0].p') <> '$' OR JSON_VALUE(<1>, '$[0].k') = 'o', 0)"
                f" AND {whole}))",
                value,
                demands,
            )
        operand = sa.bindparam(name, type_=JsonText())
        among = f"{item}{json_equals('h.v', VEILED.format('<1>'))}))"
        if comparison.form != "text":
            return test(among, value, operand)
        return test(
            f"CASE JSON_TYPE(<0>) WHEN 'ARRAY' THEN {among}"
            f" WHEN 'STRING' THEN INSTR(JSON_UNQUOTE(<0>) COLLATE {TEXT_COLLATION}, JSON_UNQUOTE(<1>)) > 0"
            " WHEN 'OBJECT' THEN EXISTS (SELECT 1 FROM JSON_TABLE(JSON_KEYS(<0>), '$[*]' COLUMNS(v JSON PATH '$')) AS n"
            f" WHERE {json_equals('n.v', '<1>')}) END",
            value,
            operand,
        )

    def json_size(self, place: Place) -> sa.ColumnElement[Any]:
        return phrase(
            "(CASE JSON_TYPE(<0>) WHEN 'ARRAY' THEN JSON_LENGTH(<0>) END)",
            self.value(place),
            type_=sa.Integer(),
        )


def json_equals(left: str, right: str) -> str:
    """Whether two JSON texts say the same. Each ends in a blank: without one MariaDB reads a number on into whatever follows it in memory."""
    return f"JSON_EQUALS(CONCAT({left}, ' '), CONCAT({right}, ' '))"


def _text_of(value: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return phrase(
        f"(CASE JSON_TYPE(<0>) WHEN 'STRING' THEN JSON_UNQUOTE(<0>) END) COLLATE {TEXT_COLLATION}", value
    )


def _meets(document: str, demands: str, depth: int) -> str:
    """Whether a document meets all demands; see `MysqlParts`. Items of lists are looked at `depth` lists deep."""
    own = f"r{depth}"
    found = f"JSON_EXTRACT({document}, {own}.p)"
    cases = f"WHEN 'e' THEN {json_equals(found, f'{own}.v')} WHEN 'o' THEN JSON_TYPE({found}) = 'OBJECT' WHEN 'a' THEN JSON_TYPE({found}) = 'ARRAY'"
    if depth:
        item = f"i{depth}"
        cases += (
            f" WHEN 'i' THEN JSON_TYPE({found}) = 'ARRAY' AND EXISTS (SELECT 1 FROM JSON_TABLE({found}, '$[*]' COLUMNS(v JSON PATH '$'))"
            f" AS {item} WHERE {_meets(f'{item}.v', f'{own}.s', depth - 1)})"
        )
    return (
        f"NOT EXISTS (SELECT 1 FROM JSON_TABLE({demands}, '$[*]' COLUMNS(p LONGTEXT CHARACTER SET utf8mb4 PATH '$.p', k VARCHAR(1) CHARACTER SET utf8mb4 PATH '$.k', v JSON PATH '$.v',"
        f" s JSON PATH '$.s')) AS {own} WHERE NOT COALESCE(CASE {own}.k {cases} END, 0))"
    )
