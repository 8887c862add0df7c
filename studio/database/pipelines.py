"""How does a mapping become a row, fast? One function per (model, operation, columns), written out as Python source and compiled.

A *pipeline* takes a mapping of field names and the moment of the batch, and gives the tuple that the driver takes: checked, completed
with defaults, timestamps and ids, in the driver's own types. The generated code handles the usual case inline; whatever is unusual
goes to the field's checker, and a row that is refused is looked at again, field by field, so that the error names all its faults.

A *maker* goes the other way: a driver's row to a record. Single rows and bulk use the same functions.

Left out: which statement the tuples go to (`plans`), and everything that needs the database.
"""

from __future__ import annotations

import datetime as dt
import functools
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from studio.database.dialect import Converter, Dialect, Inline, Rarely, Row
from studio.database.results import Record
from studio.kernel.errors import ValueRefused
from studio.kernel.names import did_you_mean
from studio.models.refusals import shorten
from studio.models.spec import (
    DELETED_AT,
    INT_MAX,
    INT_MIN,
    MISSING,
    TENANT_ID,
    VERSION,
    FieldSpec,
    Kind,
    ModelSpec,
)
from studio.models.values import Checker, make_checker

if TYPE_CHECKING:
    from studio.database.encryption import FieldCipher

Pipeline = Callable[..., tuple[Any, ...]]
"""Takes a row, the moment of the batch and, for a model with tenants, the tenant."""
Maker = Callable[[Row], Record]
Ended = Callable[..., bytes]
"""Takes rows, the moment of the batch, the tenant and a function that notes keys; gives what its ending makes of all the rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Ending:
    """What follows a pipeline when it is written out together with what becomes of its tuples, so that no tuple need be made.

    Lines of Python's source in which a row's values are called `v0`, `v1`, … and nothing else of a pipeline is used: `before` the first row,
    for `each` of them, and the expression of the `result`. `note` is the function that notes keys. `space` holds what they use. Of
    whole numbers in the places `bounded` the ending itself raises those beyond 64 bits, so that the pipeline need not look.
    """

    before: tuple[str, ...]
    each: tuple[str, ...]
    result: str
    space: Mapping[str, Any]
    bounded: frozenset[int]


_UNUSUAL: Mapping[Kind, str] = {
    Kind.INT: f"{{v}}.__class__ is not int or not {INT_MIN} <= {{v}} <= {INT_MAX}",
    Kind.FLOAT: "{v}.__class__ is not float or {v} - {v} != 0.0",
    Kind.DECIMAL: "{v}.__class__ is not Decimal or not {v} or not {v}.is_finite() or not -999 < {v}.adjusted() < 999",
    Kind.STR: '{v}.__class__ is not str or not {v}.isascii() or "\\0" in {v}',
    Kind.TEXT: '{v}.__class__ is not str or not {v}.isascii() or "\\0" in {v}',
    Kind.BOOL: "{v} is not True and {v} is not False",
    Kind.DATETIME: "{v}.__class__ is not datetime or {v}.tzinfo is not UTC",
    Kind.DATE: "{v}.__class__ is not date",
    Kind.TIME: "{v}.__class__ is not time or {v}.tzinfo is not None",
    Kind.BYTES: "{v}.__class__ is not bytes",
    Kind.UUID: "{v}.__class__ is not UUID",
}
"""When a value needs its checker. Without an entry it always does."""


_KEPT: Mapping[str, str] = {DELETED_AT: "None", VERSION: "1", TENANT_ID: "tenant"}
"""What a new record has in the managed fields that are no timestamps, as expressions of the pipeline."""


class OtherFields(Exception):
    """A row gives other fields than those before it."""


class RowPipelines:
    """The pipelines of one model to one set of columns. `columns` are field names, in the order of the tuples."""

    def __init__(
        self, spec: ModelSpec, dialect: Dialect, columns: Sequence[str], *, completing: bool
    ) -> None:
        """With `completing`, a field that a row leaves out gets its default; without, every column must be given (updates)."""
        self.spec = spec
        self.dialect = dialect
        self.columns = tuple(columns)
        self.completing = completing
        self._checkers = {field.name: make_checker(field) for field in spec.fields}
        self._by_given: dict[tuple[frozenset[str], bool], Pipeline] = {}
        self._ended: dict[tuple[frozenset[str], Ending, bool], Ended | None] = {}
        key = spec.key[0] if len(spec.key) == 1 else ""
        self._makes_key = key if completing and key and not spec.by_name[key].required else ""
        """The key that is made when it is not given, which a None stands for as well."""

    def pipeline(self, given: Iterable[str], *, exact: bool = False) -> Pipeline:
        """The function for rows that give these fields. Rows with other fields pass through it as well, more slowly.

        With `exact` they raise OtherFields.
        """
        names = frozenset(given)
        made = self._by_given.get((names, exact))
        if made is None:
            made = self._by_given[names, exact] = self._compile(names, exact)
        return made

    def ended(self, given: Iterable[str], ending: Ending, *, exact: bool = False) -> Ended | None:
        """The pipeline for rows that give these fields, and what becomes of its tuples, as one function; None when every row is refused."""
        key = frozenset(given), ending, exact
        if key not in self._ended:
            self._ended[key] = self._compile_ended(*key)
        return self._ended[key]

    def _compile(self, given: frozenset[str], exact: bool) -> Pipeline:
        body = self._body(given, exact, "return again(row, now, tenant)")
        if body is None:
            # Unknown or managed fields: nothing to compile, every row is refused with all its faults.
            return self._explain
        lines, parts, space = body
        source = [
            "def pipeline(row, now, tenant=None):",
            "    try:",
            *_indented(lines, 2),
            f"        return ({', '.join(parts)}{',' if parts else ''})",
            "    except (KeyError, TypeError, AttributeError, ValueRefused):",
            "        return again(row, now, tenant)",
        ]
        made: Pipeline = self._run(source, space)["pipeline"]
        return made

    def _compile_ended(self, given: frozenset[str], ending: Ending, exact: bool) -> Ended | None:
        body = self._body(given, exact, "raise KeyError", ending.bounded)
        if body is None or not body[1]:
            return None
        lines, parts, space = body
        names = [f"v{number}" for number in range(len(parts))]
        source = [
            "def ended(rows, now, tenant=None, note=None):",
            *_indented(ending.before, 1),
            "    for row in rows:",
            "        try:",
            *_indented(lines, 3),
            *(
                f"            {name} = {part}"
                for name, part in zip(names, parts, strict=True)
                if name != part
            ),
            "        except (KeyError, TypeError, AttributeError, ValueRefused):",
            f"            {', '.join(names)}, = again(row, now, tenant)",
            *_indented(ending.each, 2),
            f"    return {ending.result}",
        ]
        made: Ended = self._run(source, {**space, **ending.space})["ended"]
        return made

    def _run(self, source: Sequence[str], space: dict[str, Any]) -> dict[str, Any]:
        exec(compile("\n".join(source), f"<rows of {self.spec.name}>", "exec"), space)  # noqa: S102 - made of numbers and quoted names only
        return space

    def _body(
        self, given: frozenset[str], exact: bool, unusual: str, bounded: Collection[int] = ()
    ) -> tuple[list[str], list[str], dict[str, Any]] | None:
        """The lines that take a row apart, the expressions of its values, and what both use; None when no such row is taken.

        `unusual` is the statement that hands the row over to `_again`.
        """
        if any(name not in self.columns or self.spec.by_name[name].managed for name in given):
            return None
        space: dict[str, Any] = {
            "datetime": dt.datetime, "date": dt.date, "time": dt.time, "UTC": dt.UTC, "Decimal": Decimal,
            "UUID": uuid.UUID, "ValueRefused": ValueRefused,
            "again": functools.partial(self._exactly, given) if exact else self._again,
        }  # fmt: skip
        lines = [f"if len(row) != {len(given)}: {unusual}"]
        parts = []
        for number, name in enumerate(self.columns):
            field = self.spec.by_name[name]
            if name in given:
                lines += self._given_lines(field, number, space, is_bounded=number in bounded)
                parts.append(f"v{number}")
            else:
                expression = self._omitted(field, number, space)
                if expression is None:
                    lines.append(unusual)
                parts.append(expression or "None")
        return lines, parts, space

    def _given_lines(
        self, field: FieldSpec, number: int, space: dict[str, Any], *, is_bounded: bool
    ) -> list[str]:
        variable = f"v{number}"
        space[f"check{number}"] = self._checkers[field.name]
        binder = self._binder(field)
        lines = [f"{variable} = row[{field.name!r}]"]
        unusual = _unusual(field)
        if is_bounded and unusual == _UNUSUAL[Kind.INT]:
            unusual = "{v}.__class__ is not int"
        checked = f"{variable} = check{number}({variable})"
        condition = unusual.format(v=variable) if unusual else ""
        if field.nullable:
            lines.append(f"if {variable} is not None:")
            indent = "    "
        else:
            indent = ""
        lines.append(f"{indent}if {condition}: {checked}" if condition else f"{indent}{checked}")
        if binder is not None:
            space[f"bind{number}"] = binder
            lines.append(f"{indent}{variable} = bind{number}({variable})")
        return lines

    def _omitted(self, field: FieldSpec, number: int, space: dict[str, Any]) -> str | None:
        """The expression for a column that the row does not give; None when it must be given."""
        binder = self._binder(field)
        if field.managed:
            return _KEPT.get(field.name, "now")
        if not self.completing or field.required:
            return None
        if field.default_factory is not None:
            check, factory = self._checkers[field.name], field.default_factory
            space[f"make{number}"] = _made(factory, check, binder)
            return f"make{number}()"
        if field.default is not MISSING and field.default is not None:
            value = self._checkers[field.name](field.default)
            space[f"fixed{number}"] = value if binder is None else binder(value)
            return f"fixed{number}"
        if field.key and field.kind in (Kind.STR, Kind.TEXT, Kind.UUID):
            space[f"make{number}"] = _new_key(field, binder)
            return f"make{number}()"
        return "None"

    def _binder(self, field: FieldSpec) -> Converter | None:
        # A secret is sealed as the value that it is; see `SealedPipelines`.
        return None if field.encrypted else self.dialect.binder(field, reflected=self.spec.reflected)

    # -------------------------------------------------------------- the unusual row

    def _exactly(
        self, given: frozenset[str], row: Any, now: Any, tenant: str | None = None
    ) -> tuple[Any, ...]:
        if isinstance(row, Mapping) and row.keys() != given:
            made = {self._makes_key} if row.get(self._makes_key, row) is None else set()
            if row.keys() - made != given:
                raise OtherFields
        return self._again(row, now, tenant)

    def _again(self, row: Any, now: Any, tenant: str | None = None) -> tuple[Any, ...]:
        """A row with other fields than most goes through their own pipeline; one with a fault is explained."""
        if isinstance(row, Mapping):
            if row.get(self._makes_key, row) is None:
                row = {name: value for name, value in row.items() if name != self._makes_key}
            given = frozenset(row)
            known = self._by_given.get((given, False))
            if known is None and not self._faults(row):
                return self.pipeline(given)(dict(row), now, tenant)
            if known is not None and not self._faults(row):
                return self._plainly(row, now, tenant)
        return self._explain(row, now, tenant)

    def _plainly(self, row: Mapping[str, Any], now: Any, tenant: str | None = None) -> tuple[Any, ...]:
        """A faultless row that its pipeline could not take: field by field."""
        values = []
        for name in self.columns:
            field = self.spec.by_name[name]
            binder = self._binder(field)
            if name in row:
                value = self._checkers[name](row[name])
                values.append(value if value is None or binder is None else binder(value))
                continue
            space: dict[str, Any] = {"now": now, "tenant": tenant}
            expression = self._omitted(field, 0, space)
            values.append(eval(expression or "None", space))  # noqa: S307 - one of the expressions of _omitted
        return tuple(values)

    def _explain(self, row: Any, now: Any, tenant: str | None = None) -> tuple[Any, ...]:
        if not isinstance(row, Mapping):
            raise ValueRefused(
                f"A row of {self.spec.name} must be a mapping of field names, not {shorten(row)}.",
                hint=f"Give {{{self.spec.names[0]!r}: …}}.",
            )
        faults = self._faults(row)
        if not faults:
            return self._plainly(row, now, tenant)
        raise gather(faults, self.spec.name)

    def _faults(self, row: Mapping[str, Any]) -> list[ValueRefused]:
        allowed = {name for name in self.columns if not self.spec.by_name[name].managed}
        faults = [refuse_name(self.spec, name) for name in row if name not in allowed]
        for name in self.columns:
            field = self.spec.by_name[name]
            if name in row:
                try:
                    self._checkers[name](row[name])
                except ValueRefused as refused:
                    faults.append(refused)
            elif field.managed:
                continue
            elif not self.completing or field.required:
                faults.append(
                    ValueRefused(
                        f'{self.spec.name} needs "{name}", which is not given.',
                        hint="Give it a value." if self.completing else "Each row must have the same fields.",
                        field=name,
                    )
                )
        return faults


def _indented(lines: Iterable[str], depth: int) -> list[str]:
    return [f"{'    ' * depth}{line}" for line in lines]


class SealedPipelines:
    """The pipelines to an INSERT of a model with encrypted fields: sealed in their places, their digests at the end of the tuple."""

    def __init__(
        self, spec: ModelSpec, dialect: Dialect, columns: Sequence[str], ciphers: Mapping[str, FieldCipher]
    ) -> None:
        plain = [name for name in columns if name in spec]
        self._plain = RowPipelines(spec, dialect, plain, completing=True)
        self._ciphers = [(plain.index(name), cipher) for name, cipher in ciphers.items()]

    def pipeline(self, given: Iterable[str], *, exact: bool = False) -> Pipeline:
        convert, ciphers = self._plain.pipeline(given, exact=exact), self._ciphers

        def sealed(row: Any, now: Any, tenant: str | None = None) -> tuple[Any, ...]:
            values = list(convert(row, now, tenant))
            for place, cipher in ciphers:
                value = values[place]
                values.append(None if value is None else cipher.digest(value))
                values[place] = None if value is None else cipher.seal(value)
            return tuple(values)

        return sealed

    def ended(self, given: Iterable[str], ending: Ending, *, exact: bool = False) -> None:
        """None: what is sealed becomes a tuple first."""


def _unusual(field: FieldSpec) -> str:
    """The condition under which a value needs the checker; empty where it always does."""
    if field.pattern is not None or field.minimum is not None or field.maximum is not None or field.naive:
        return ""
    if field.kind is Kind.DECIMAL and (field.precision is not None or field.scale is not None):
        return ""
    condition = _UNUSUAL.get(field.kind, "")
    if condition and field.max_length is not None:
        condition += f" or len({{v}}) > {field.max_length}"
    return condition


def _made(factory: Callable[[], Any], check: Checker, binder: Converter | None) -> Callable[[], Any]:
    def make() -> Any:
        value = check(factory())
        return value if value is None or binder is None else binder(value)

    return make


def _new_key(field: FieldSpec, binder: Converter | None) -> Callable[[], Any]:
    if field.kind is not Kind.UUID:
        return lambda: str(uuid.uuid4())
    return uuid.uuid4 if binder is None else lambda: binder(uuid.uuid4())


def refuse_name(spec: ModelSpec, name: Any) -> ValueRefused:
    """The refusal of a field that may not be given: managed, or unknown."""
    field = spec.by_name.get(name)
    if field is not None and field.managed:
        return ValueRefused(
            f'{spec.name}: "{name}" is kept by Studio and cannot be given.', hint="Leave it out.", field=name
        )
    if field is not None:
        return ValueRefused(
            f'{spec.name}: "{name}" cannot be set here.',
            hint="Rows of one batch have the same fields.",
            field=name,
        )
    settable = [known.name for known in spec.settable]
    return ValueRefused(
        f"{spec.name} has no field {name!r}.", hint=did_you_mean(str(name), settable), field=str(name)
    )


def gather(faults: Sequence[ValueRefused], model: str) -> ValueRefused:
    """One error for all the faults of a row; a single fault stays itself."""
    if len(faults) == 1:
        return faults[0]
    lines = "".join(f"\n  - {fault.message} {fault.hint}".rstrip() for fault in faults)
    return ValueRefused(
        f"{model}: {len(faults)} fields are refused:{lines}",
        hint="Mend each of them.",
        field=faults[0].field,
        faults=tuple(faults),
    )


def make_maker(
    names: Sequence[str], readers: Sequence[Converter | None], *, always: Collection[str] = ()
) -> Maker:
    """The function that turns a driver's row into a record with these names, reading each value that is not None.

    `always` names those that never are None.
    """
    space: dict[str, Any] = {}
    parts = []
    for number, (name, reader) in enumerate(zip(names, readers, strict=True)):
        value = f"r[{number}]"
        if reader is not None:
            space[f"read{number}"] = reader
            if isinstance(reader, Inline):
                space.update(reader.names)
                read = reader.expression.format(v=value)
            elif isinstance(reader, Rarely):
                read = f"{value} if {reader.usual.format(v=value)} else read{number}({value})"
            else:
                read = f"read{number}({value})"
            value = read if name in always else f"None if {value} is None else {read}"
        parts.append(f"{name!r}: {value}")
    exec(f"def maker(r): return {{{', '.join(parts)}}}", space)  # noqa: S102 - made of numbers and quoted names only
    made: Maker = space["maker"]
    return made
