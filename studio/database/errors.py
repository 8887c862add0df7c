"""How does a driver's error become one of ours? What both dialects' tables share: finding field and value, and wording the remedy.

The dialects' own tables (`sqlite_errors`, `postgresql_errors`, `mysql_errors`) say which typed error a driver's code means and which columns it names;
`locate` then says it in the model's words: the field, the value, the row.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from studio.kernel.errors import (
    BadValue,
    CheckViolated,
    ConnectionLost,
    DatabaseError,
    DuplicateKey,
    ForeignKeyViolated,
    ValueMissing,
    ValueTooLong,
)
from studio.kernel.names import with_article
from studio.models.refusals import shorten
from studio.models.spec import TENANT_ID, Kind, ModelSpec
from studio.query.updates import operands_in

OF_A_ROW = (DuplicateKey, ForeignKeyViolated, ValueMissing, CheckViolated, ValueTooLong)
"""What one row's values can cause."""


def lost_in_a_write(error: BaseException) -> BaseException:
    """Says of a connection that was lost while a change was being committed that nobody knows; any other error stays as it is."""
    if isinstance(error, ConnectionLost):
        error.message = (
            f"{error.message.removesuffix('.')}; what was being written may or may not have been kept."
        )
        error.hint = "Look whether it is there before you run it again."
    return error


def lost_in_a_transaction(error: BaseException) -> None:
    """Says of a connection that was lost before the COMMIT that nothing is kept."""
    if isinstance(error, ConnectionLost):
        error.hint = "Nothing of the transaction is kept. Check the server, then run it again."


def locate(
    error: DatabaseError,
    spec: ModelSpec,
    values: Mapping[str, Any] | None = None,
    *,
    row: int | None = None,
) -> DatabaseError:
    """The same error in the model's words. `values` are the row's by field name; `row` counts from 1.

    Of an error that no single row causes only the field is named, where the driver names a column.
    """
    if not isinstance(error, OF_A_ROW):
        if isinstance(error, BadValue):
            _locate_number(error, spec, values or {})
            if row is not None:
                error.at(row=row)
        return error
    columns, given = _without_tenant(error, spec)
    # Who is referenced still has no field at fault.
    fields = [] if error.context.get("referenced") else _fields(error, spec, columns)
    if len(given) != len(fields) or (spec.multi_tenant and not columns):
        given = ()  # MariaDB names no columns and runs the values of all of them together, the tenant's among them
    known = values or {}
    if row is not None:
        error.at(row=row)
    if fields:
        error.field = fields[0]
    shown = _shown(fields, known, given)
    names = " and ".join(f'"{name}"' for name in fields)
    if isinstance(error, DuplicateKey) and fields:
        error.message = f"{spec.name} has a record with {shown or f'the same {names}'} already."
        error.hint = f"{names[:1].upper()}{names[1:]} must be unique: choose another value, or use Upsert."
        error.context["value"] = _first_value(fields, known, given)
        error.context["found_by"] = {
            name: known[name] if name in known else given[place]
            for place, name in enumerate(fields)
            if name in known or place < len(given)
        }
    elif isinstance(error, ForeignKeyViolated):
        _locate_reference(error, spec, fields, known)
    elif isinstance(error, ValueMissing) and fields:
        error.message = f"{spec.name} needs a value for {names}."
        error.hint = "Give it a value."
    elif isinstance(error, CheckViolated):
        rule = error.context.get("constraint", "")
        condition = spec.by_name[fields[0]].check if fields else None
        error.message = f"{spec.name} refuses {shown or 'the record'}: the check {condition or rule or 'of the table'} fails."
        error.hint = "Give a value that the check allows."
    return error


def _locate_number(error: BadValue, spec: ModelSpec, values: Mapping[str, Any]) -> None:
    """Names the field of a number that its column is too narrow for. PostgreSQL does not name the column, but says how wide it is."""
    if error.field is not None:
        return
    error.field = next(iter(_fields(error, spec, error.context.get("columns", ()))), None)
    bits = error.context.get("bits")
    for name, value in values.items():
        if bits and name in spec.by_name and isinstance(value, int) and value.bit_length() >= bits:
            too_wide(error, spec, name, value, bits)
            return


def too_wide(error: DatabaseError, spec: ModelSpec, name: str, value: int, bits: int) -> None:
    """Says of an error which field's column is too narrow for which number."""
    error.field = name
    error.message = (
        f'{spec.name}: "{name}" cannot hold {shorten(value)}: its column takes whole numbers of {bits} bits.'
    )
    error.hint = "Widen the column, or give a smaller number."


def locate_reckoning(error: DatabaseError, spec: ModelSpec, changes: Mapping[str, Any]) -> None:
    """Names the field of a number that an update has reckoned and its column cannot keep, or of a place that it cannot change."""
    plain = ("$set", "$unset", "$now")
    names = {name.partition(".")[0] for operator, name, _ in operands_in(changes) if operator not in plain}
    locate_figure(error, spec, names)


def locate_figure(error: DatabaseError, spec: ModelSpec, names: Collection[str]) -> None:
    """Names the field of a number that cannot be told or kept. Most databases do not say it; where only one was reckoned with, it is that one."""
    if not isinstance(error, BadValue) or len(names) != 1:
        return
    (name,) = names
    error.field = name
    kind = spec.by_name[name].kind
    if kind is Kind.DECIMAL:
        error.hint = "Reckon with smaller numbers, or give the field more digits."
    elif kind is Kind.FLOAT:
        error.message = f'"{name}" leaves what a float holds, about 1.8e308.'


def _without_tenant(error: DatabaseError, spec: ModelSpec) -> tuple[Sequence[str], Sequence[Any]]:
    """The columns that the driver names and their values, but for the tenant's: what is unique or referenced among its records."""
    columns: Sequence[str] = error.context.get("columns", ())
    given: Sequence[Any] = error.context.get("values") or ()
    if not spec.multi_tenant or len(columns) < 2:
        return columns, given
    tenant = spec[TENANT_ID].column
    kept = [place for place, column in enumerate(columns) if column != tenant]
    return [columns[place] for place in kept], [given[place] for place in kept if place < len(given)]


def _fields(error: DatabaseError, spec: ModelSpec, columns: Sequence[str]) -> list[str]:
    by_column = {field.column.lower(): field.name for field in spec.fields}
    found = [by_column[column.lower()] for column in columns if column.lower() in by_column]
    constraint = str(error.context.get("constraint", ""))
    if found or not constraint:
        return found
    for index in spec.indexes:
        if index.name == constraint:
            return list(index.fields)
    for prefix in (
        "uq",
        "ck",
        "fk",
        "ix",
    ):  # the last is SQLAlchemy's, of a column that is unique and indexed
        start = f"{prefix}_{spec.table}_"
        if constraint.startswith(start) and constraint[len(start) :].lower() in by_column:
            return [by_column[constraint[len(start) :].lower()]]
    checked = [
        field.name for field in spec.fields if field.check and constraint.strip() == field.check.strip()
    ]
    if checked:
        return checked
    if constraint.lower() in by_column:
        # MariaDB calls a unique key like its first column.
        return [by_column[constraint.lower()]]
    if constraint.endswith("_pkey") or constraint == "PRIMARY":
        return list(spec.key)
    return []


def _shown(fields: Sequence[str], known: Mapping[str, Any], given: Sequence[Any]) -> str:
    parts = []
    for place, name in enumerate(fields):
        if name in known:
            parts.append(f'"{name}" {shorten(known[name])}')
        elif place < len(given):
            parts.append(f'"{name}" {shorten(given[place])}')
    return " and ".join(parts) if len(parts) == len(fields) else ""


def _first_value(fields: Sequence[str], known: Mapping[str, Any], given: Sequence[Any]) -> Any:
    if fields[0] in known:
        return known[fields[0]]
    return given[0] if given else None


def _locate_reference(
    error: DatabaseError, spec: ModelSpec, fields: Sequence[str], known: Mapping[str, Any]
) -> None:
    if error.context.get("referenced"):
        by = error.context.get("by")
        error.message = f"The record of {spec.name} is still referenced{f' from {by}' if by else ''}."
        error.hint = "Delete or change the records that reference it first."
        return
    suspects = [field.name for field in spec.fields if field.references and known.get(field.name) is not None]
    blamed = list(fields) or (suspects if len(suspects) == 1 else [])
    if not blamed:
        names = " or ".join(f'"{name}"' for name in suspects)
        if names:
            error.message = f"{spec.name}: the record that {names} references does not exist."
            error.hint = "Create the referenced record first, or give another value."
        else:
            error.message = f"A record of {spec.name} would reference one that does not exist, or is still referenced itself."
            error.hint = "Create the referenced record first; delete or change referencing records before."
        return
    error.field = blamed[0]
    target = (spec.by_name[blamed[0]].references or "").partition(".")[0]
    error.context.setdefault("value", _first_value(blamed, known, error.context.get("values") or ()))
    shown = _shown(blamed, known, error.context.get("values") or ()) or f'"{blamed[0]}"'
    error.message = f"{spec.name}: {shown} references {with_article(target or 'record')} that does not exist."
    error.hint = f"Create the {target or 'referenced'} record first, or give another value."
