"""How does a column of a SQLAlchemy class become a field? Its type, defaults and what it references; what has no counterpart is refused.

Classes as wholes are `orm`'s business.
"""

from __future__ import annotations

import copy
import datetime as dt
import enum
import functools
import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.sql import schema as sa_schema

from studio.kernel.errors import ModelError
from studio.models.spec import MISSING, FieldSpec, Kind, OnDelete

Table = sa.Table
Column = sa.Column[Any]
Target = Callable[[Column], str]
"""Gives `Model.field` for a column that is referenced; raises ModelError when no model has it."""

_LIST: Final = re.compile(r"\b(?:[Ll]ist|[Ss]equence|tuple|[Ss]et)\b")
_VECTOR: Final = re.compile(r"vector(?:\((\d+)\))?", re.IGNORECASE)
"""What the type of a column with vectors, pgvector's, is called in SQL."""
_SMALL: Final = (-(2**15), 2**15 - 1)
_ON_DELETE: Final[Mapping[str, OnDelete]] = {
    "CASCADE": "cascade",
    "SET NULL": "set null",
    "RESTRICT": "restrict",
    "NO ACTION": "no action",
}
_NOW: Final = frozenset({"now", "current_timestamp", "sysdate", "localtimestamp"})


class Owner(NamedTuple):
    """Whose column it is: the model's name and the class (None: a table that has none)."""

    model: str
    cls: type | None = None

    def refusal(self, column: Column | str, fault: str, hint: str) -> ModelError:
        """The error that names the model, the column and the remedy."""
        name = column if isinstance(column, str) else column.name
        return ModelError(f"{self.model}: the column {name!r} {fault}.", hint=hint, field=name)


def field_from_column(
    owner: Owner, name: str, column: Column, target: Target, *, is_managed: bool = False
) -> FieldSpec:
    """The field that a column becomes; `is_managed` for the timestamps that Studio keeps, whose own defaults do not matter."""
    _check_kinds_of_column(owner, column, is_managed=is_managed)
    reference, on_delete = _reference(owner, column, target)
    found = _typed(owner, name, column)
    default, factory = (MISSING, None) if is_managed else _default(owner, column, found["kind"])
    is_key = column.primary_key
    if on_delete == "set null" and not column.nullable:
        raise owner.refusal(
            column, "is set to null when what it references goes, but is not nullable", "Make it Optional."
        )
    return FieldSpec(
        name=name,
        column=column.name,
        key=is_key,
        generated=is_key and column.table.autoincrement_column is column,
        nullable=bool(column.nullable) and not is_key,
        managed=is_managed,
        default=default,
        default_factory=factory,
        on_update=None if is_managed else _on_update(owner, column, found["kind"]),
        server_default=_server_default(owner, column),
        unique=bool(column.unique) and not is_key,
        index=bool(column.index),
        check=_check(owner, column),
        references=reference,
        on_delete=on_delete,
        description=column.comment or column.doc or "",
        **found,
    )


def _check_kinds_of_column(owner: Owner, column: Column, *, is_managed: bool) -> None:
    if column.computed is not None:
        raise owner.refusal(
            column, "is computed by the database", "Leave it out of the class, and read it with SQL."
        )
    if column.identity is not None and column.identity.always:
        raise owner.refusal(
            column, "never takes a value that is given", "Write Identity(always=False), or no Identity."
        )
    if column.server_onupdate is not None and not is_managed:
        raise owner.refusal(
            column,
            "is changed by the database with each update (server_onupdate)",
            "Call it updated_at, which Studio keeps, or use onupdate with a Python value or function.",
        )


# ------------------------------------------------------------------ types


def _typed(owner: Owner, name: str, column: Column) -> dict[str, Any]:
    """Kind, size and choices of a column's type."""
    own = _of_type(owner, name, column, column.type)
    for other in getattr(column.type, "_variant_mapping", {}).values():
        if _of_type(owner, name, column, other)["kind"] is not own["kind"]:
            raise owner.refusal(
                column, f"is another kind of value on another database ({other!r})", "Use one type for all."
            )
    return own


def _of_type(owner: Owner, name: str, column: Column, type_: Any) -> dict[str, Any]:  # noqa: C901 - one line a type
    if isinstance(type_, sa.Enum):
        return _enumeration(owner, column, type_)
    if isinstance(type_, sa.Interval):
        return {"kind": Kind.TIMEDELTA}
    if isinstance(type_, sa.types.TypeDecorator):
        raise owner.refusal(
            column,
            f"has a type with code of its own ({type(type_).__name__})",
            f"Use {type(type_.impl_instance).__name__}, which it stores, and convert in the workflow.",
        )
    if isinstance(type_, sa.String):
        if type_.collation:
            raise owner.refusal(
                column,
                f"is compared by {type_.collation}",
                "Leave the collation out: text is compared by its code points.",
            )
        if isinstance(type_, sa.Text) or (type_.length is None and not isinstance(type_, sa.CHAR)):
            return {"kind": Kind.TEXT if isinstance(type_, sa.Text) else Kind.STR}
        return {"kind": Kind.STR, "max_length": type_.length}
    if isinstance(type_, sa.Boolean):
        return {"kind": Kind.BOOL}
    if isinstance(type_, sa.SmallInteger):
        return {"kind": Kind.INT, "minimum": _SMALL[0], "maximum": _SMALL[1]}
    if isinstance(type_, sa.Integer):
        return {"kind": Kind.INT}
    if isinstance(type_, sa.Float) or (isinstance(type_, sa.Numeric) and not type_.asdecimal):
        return {"kind": Kind.FLOAT}
    if isinstance(type_, sa.Numeric):
        scale = type_.scale if type_.scale is not None or type_.precision is None else 0
        return {"kind": Kind.DECIMAL, "precision": type_.precision, "scale": scale}
    if isinstance(type_, sa.DateTime):
        return {"kind": Kind.DATETIME, "naive": not type_.timezone}
    if isinstance(type_, sa.Date):
        return {"kind": Kind.DATE}
    if isinstance(type_, sa.Time):
        if type_.timezone:
            raise owner.refusal(
                column, "is a time of day with a zone", "Use Time without one, or DateTime(timezone=True)."
            )
        return {"kind": Kind.TIME}
    if isinstance(type_, sa.LargeBinary):
        return {"kind": Kind.BYTES, "max_length": type_.length}
    if isinstance(type_, sa.JSON):
        return {"kind": Kind.LIST if _is_list(owner, name, column) else Kind.DICT}
    if isinstance(type_, sa.Uuid):
        return {"kind": Kind.UUID} if type_.as_uuid else {"kind": Kind.STR, "max_length": 36}
    if isinstance(type_, sa.types.UserDefinedType):
        vector = _VECTOR.fullmatch(str(getattr(type_, "get_col_spec", str)()))
        if vector is not None:
            return {"kind": Kind.VECTOR, "dimensions": int(vector[1]) if vector[1] else None}
    raise owner.refusal(
        column,
        f"has the type {type_!r}, which Studio does not know",
        "Use a type of SQLAlchemy's own that all databases have: JSON for lists and mappings, String for text.",
    )


def _enumeration(owner: Owner, column: Column, type_: sa.Enum) -> dict[str, Any]:
    """What is stored are the names of the members, as SQLAlchemy does it, or the values with `values_callable`."""
    if type_.enum_class is None:
        return {"kind": Kind.ENUM, "choices": tuple(type_.enums)}
    members: type[enum.Enum] = type_.enum_class
    if not all(isinstance(member.value, str) for member in members):
        raise owner.refusal(
            column, f"is an enumeration whose values are no text ({members.__name__})", 'Write FREE = "free".'
        )
    return {"kind": Kind.ENUM, "choices": tuple(type_.enums), "enum_type": members}


def _is_list(owner: Owner, name: str, column: Column) -> bool:
    """Whether JSON holds a list: by the annotation, else by the default; a mapping where neither says so."""
    for cls in owner.cls.__mro__ if owner.cls is not None else ():
        hint = inspect.get_annotations(cls).get(name)
        if hint is not None:
            return _LIST.search(hint if isinstance(hint, str) else repr(hint)) is not None
    return isinstance(getattr(column.default, "arg", None), list)


# ------------------------------------------------------------------ defaults


def _default(owner: Owner, column: Column, kind: Kind) -> tuple[Any, Callable[[], Any] | None]:
    default = column.default
    if default is None:
        return MISSING, None
    argument: Any = getattr(default, "arg", None)
    if default.is_scalar and not isinstance(argument, list | dict):
        return argument, None
    return MISSING, _maker(owner, column, kind, default, "a default")


def _on_update(owner: Owner, column: Column, kind: Kind) -> Callable[[], Any] | None:
    found = column.onupdate
    return None if found is None else _maker(owner, column, kind, found, "an onupdate")


def _maker(owner: Owner, column: Column, kind: Kind, default: Any, name: str) -> Callable[[], Any]:
    """What makes the values of a default or of onupdate."""
    argument: Any = getattr(default, "arg", None)
    if default.is_scalar:
        return functools.partial(copy.deepcopy, argument)
    if default.is_callable:
        if _takes_context(argument):
            raise owner.refusal(
                column,
                f"has {name} that looks at the statement's other values",
                "Use a function without arguments, or a before_insert or before_update event.",
            )
        return functools.partial(argument, None)
    if default.is_clause_element and kind is Kind.DATETIME and _is_now(argument):
        return functools.partial(dt.datetime.now, dt.UTC)
    raise owner.refusal(
        column,
        f"has {name} that is an SQL expression or a sequence",
        "Use server_default for the expression, or a Python value or function.",
    )


def _takes_context(function: Any) -> bool:
    """Whether the function was written for SQLAlchemy's context; one without arguments has been wrapped by SQLAlchemy itself."""
    code = getattr(function, "__code__", None)
    return code is None or code.co_filename != sa_schema.__file__


def _is_now(expression: Any) -> bool:
    return (
        isinstance(expression, sa.sql.functions.FunctionElement)
        and str(getattr(expression, "name", "")).lower() in _NOW
    )


def _server_default(owner: Owner, column: Column) -> str | None:
    default = column.server_default
    if default is None or isinstance(default, sa.Identity):
        return None
    if not isinstance(default, sa.DefaultClause):
        raise owner.refusal(
            column,
            "gets its value in the database in a way that the class does not say (FetchedValue)",
            "Say it: server_default=text(…).",
        )
    argument = default.arg
    if isinstance(argument, str):
        escaped = argument.replace("'", "''")
        return f"'{escaped}'"
    if _is_now(argument):
        return "CURRENT_TIMESTAMP"
    return sql_text(argument)


def sql_text(expression: Any) -> str:
    """An expression as SQL, its values written into it; a text as it stands."""
    if isinstance(expression, sa.TextClause):
        return expression.text
    return str(expression.compile(compile_kwargs={"literal_binds": True, "include_table": False}))


# ------------------------------------------------------------------ constraints


def _check(owner: Owner, column: Column) -> str | None:
    found = [
        sql_text(constraint.sqltext)
        for constraint in column.constraints
        if isinstance(constraint, sa.CheckConstraint)
    ]
    return " AND ".join(f"({text})" for text in found) if len(found) > 1 else next(iter(found), None)


def _reference(owner: Owner, column: Column, target: Target) -> tuple[str | None, OnDelete]:
    keys = list(column.foreign_keys)
    if not keys:
        return None, "no action"
    if len(keys) > 1:
        raise owner.refusal(column, "references two columns", "Keep one of the foreign keys.")
    (key,) = keys
    constraint = key.constraint
    if constraint is not None and len(constraint.columns) > 1:
        raise owner.refusal(
            column,
            f"is a part of a foreign key of {len(constraint.columns)} columns",
            "Give the other table an id, and reference that.",
        )
    for option, value in (
        ("onupdate", key.onupdate),
        ("deferrable", key.deferrable),
        ("initially", key.initially),
    ):
        if value and str(value).upper() not in ("NO ACTION", "RESTRICT"):
            raise owner.refusal(column, f"is a foreign key with {option}={value!r}", f"Leave {option} out.")
    on_delete = _ON_DELETE.get((key.ondelete or "NO ACTION").upper())
    if on_delete is None:
        raise owner.refusal(
            column, f"is a foreign key with ondelete={key.ondelete!r}", f"Known: {', '.join(_ON_DELETE)}."
        )
    try:
        there = key.column
    except sa.exc.SQLAlchemyError as error:
        raise ModelError(
            f"{owner.model}: the column {column.name!r} references {key.target_fullname!r}, which is not there: {error}.",
            hint="Import the module of that class first.",
            field=column.name,
        ) from error
    return target(there), on_delete
