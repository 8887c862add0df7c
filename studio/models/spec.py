"""What is a data model? The frozen description that every other room works from, however the model was declared."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

from studio.kernel.errors import ModelError
from studio.kernel.names import did_you_mean


class Kind(enum.StrEnum):
    """The kinds of value that a field can hold; people call them types."""

    INT = "int"
    FLOAT = "float"
    DECIMAL = "decimal"
    STR = "str"
    TEXT = "text"
    BOOL = "bool"
    DATETIME = "datetime"
    DATE = "date"
    TIME = "time"
    TIMEDELTA = "timedelta"
    BYTES = "bytes"
    DICT = "dict"
    LIST = "list"
    VECTOR = "vector"
    ENUM = "enum"
    UUID = "uuid"


class Missing(enum.Enum):
    """The type of `MISSING`: no value was given, which is not the same as None."""

    MISSING = "missing"

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing.MISSING

OnDelete = Literal["restrict", "cascade", "set null", "no action"]

MANAGED: Final = ("created_at", "updated_at")
"""The timestamps that the write path fills; a person never gives them."""

INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1
"""A whole number has at most 64 bits."""

MOST_ROWS: Final = 2**62 - 1
"""The greatest limit or offset: databases count in 64 bits, and a page looks at one row more than it gives."""

MOST_DIMENSIONS: Final = 16_000
"""pgvector: the numbers of a vector."""

DELETED_AT: Final = "deleted_at"
VERSION: Final = "version"
TENANT_ID: Final = "tenant_id"
OPTION_FIELDS: Final = frozenset({DELETED_AT, VERSION, TENANT_ID})
"""The fields that options add (soft_delete, versioned, multi_tenant); the write path fills them as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """One field. `column` is its name in the database, `name` its name everywhere else.

    `nullable` says whether None may be stored; `required` whether a Create must be given a value. `default` is a plain
    value (MISSING: none), `default_factory` a callable without arguments; `enum_type` is set when the enumeration's class is known,
    `choices` always for an enumeration (the stored values, in order).
    """

    name: str
    kind: Kind
    nullable: bool = False
    key: bool = False
    generated: bool = False
    """The database makes the value when it is omitted (an auto-increment integer key)."""
    managed: bool = False
    """The write path fills it (created_at, updated_at, what options add); refused in params."""
    default: Any = MISSING
    default_factory: Callable[[], Any] | None = None
    on_update: Callable[[], Any] | None = None
    """Makes the value that the field gets with each update that does not give one."""
    server_default: str | None = None
    unique: bool = False
    index: bool = False
    max_length: int | None = None
    precision: int | None = None
    scale: int | None = None
    check: str | None = None
    minimum: Any = None
    maximum: Any = None
    pattern: str | None = None
    references: str | None = None
    """`Model.field` of another model of the same DataFlow."""
    on_delete: OnDelete = "no action"
    item_kind: Kind | None = None
    """For `list[T]`: the kind of T; None for a list of anything."""
    dimensions: int | None = None
    """For a vector: how many numbers it has; None only where a reflected column takes any number of them."""
    choices: tuple[Any, ...] = ()
    enum_type: type[enum.Enum] | None = None
    encrypted: bool = False
    """What is stored is unreadable without a key; only equality can be asked of it."""
    description: str = ""
    column: str = ""
    naive: bool = False
    """A reflected timestamp column without a time zone: its values stay naive, as they are stored."""

    def __post_init__(self) -> None:
        if not self.column:
            object.__setattr__(self, "column", self.name)

    def stored(self, member: enum.Enum) -> Any:
        """What is kept for a member of the enumeration: its value, or its name where `choices` are names."""
        return member.value if member.value in self.choices or not self.choices else member.name

    @property
    def has_default(self) -> bool:
        return (
            self.default is not MISSING or self.default_factory is not None or self.server_default is not None
        )

    @property
    def required(self) -> bool:
        """A Create that does not give it is refused."""
        makes_itself = self.generated or self.managed or self.has_default
        text_key = self.key and self.name == "id" and self.kind in (Kind.STR, Kind.UUID)
        return not (self.nullable or makes_itself or text_key)


DIGEST_LENGTH: Final = 44
"""32 bytes in base64."""


def digest_name(name: str) -> str:
    """The field, or column, with the digest of an encrypted one."""
    return f"{name}_digest"


HookEvent = Literal[
    "before_insert", "after_insert", "before_update", "after_update", "before_delete", "after_delete"
]
HOOK_EVENTS: Final[tuple[HookEvent, ...]] = get_args(HookEvent)


@dataclass(frozen=True, slots=True)
class Hook:
    """A function that is called with each record that is written, single or among many; it may be a coroutine function.

    It takes the record as a mapping of field names. Before a write it may change the mapping, or return another one, and so the values that
    are written; after it, the mapping is what is stored. An exception stops the write.
    """

    event: HookEvent
    function: Callable[[dict[str, Any]], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSpec:
    name: str
    fields: tuple[str, ...]
    unique: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSpec:
    """A condition, in SQL by the model's author, that every record fulfils. One over a single field is rather the field's `check`."""

    name: str
    condition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationSpec:
    """A way from a record of one model to those of another, `model`: the ones whose `remote` fields equal its own `local` fields.

    To-one (`many` is False) it leads to a record or to None, to-many to a list. With `through` the
    two meet in the records of a third model: its fields `through_local` equal `local`, its `through_remote` equal `remote`.
    """

    name: str
    model: str
    many: bool
    local: tuple[str, ...] = ()
    remote: tuple[str, ...] = ()
    through: str | None = None
    through_local: tuple[str, ...] = ()
    through_remote: tuple[str, ...] = ()
    order_by: tuple[str, ...] = ()
    """To-many: the order of the records, as a list takes it; empty: by their key."""


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """One data model: its fields in order, the key's fields, the table that keeps it.

    Invariants: field names are unique; `key` names fields of the model, and is `("id",)` unless the table was reflected or links two
    others; a reflected table without a primary key has an empty `key`.
    """

    name: str
    table: str
    fields: tuple[FieldSpec, ...]
    key: tuple[str, ...] = ("id",)
    doc: str = ""
    indexes: tuple[IndexSpec, ...] = ()
    checks: tuple[CheckSpec, ...] = ()
    schema: str | None = None
    reflected: bool = False
    """The table existed before Studio: no DDL is ever issued for it."""
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    hooks: tuple[Hook, ...] = field(default=(), compare=False, repr=False)
    """Code of the program that holds the model: never kept in a file, and no part of what makes two models equal."""
    relations: tuple[RelationSpec, ...] = ()
    """Those that the model declares itself; which ones it has beside them, `relations.Family` knows."""

    @property
    def soft_delete(self) -> bool:
        """Deleting marks a record instead of removing it."""
        return bool(self.options.get("soft_delete"))

    @property
    def versioned(self) -> bool:
        """Records count their changes."""
        return bool(self.options.get("versioned"))

    @property
    def audit_log(self) -> bool:
        """Every change leaves an entry in the audit trail."""
        return bool(self.options.get("audit_log"))

    @property
    def multi_tenant(self) -> bool:
        """Each tenant has records of its own."""
        return bool(self.options.get("multi_tenant"))

    @cached_property
    def stored(self) -> ModelSpec:
        """The model as its table has it: ciphertext in encrypted fields, and behind all others a digest for each of them."""
        secrets = [spec for spec in self.fields if spec.encrypted]
        if not secrets:
            return self
        fields = [
            FieldSpec(name=spec.name, kind=Kind.BYTES, nullable=spec.nullable, column=spec.column)
            if spec.encrypted
            else spec
            for spec in self.fields
        ]
        digests = [
            FieldSpec(
                name=digest_name(spec.name),
                kind=Kind.STR,
                nullable=spec.nullable,
                index=True,
                max_length=DIGEST_LENGTH,
                column=digest_name(spec.column),
            )
            for spec in secrets
        ]
        return replace(self, fields=(*fields, *digests))

    @cached_property
    def by_name(self) -> Mapping[str, FieldSpec]:
        return MappingProxyType({spec.name: spec for spec in self.fields})

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(spec.name for spec in self.fields)

    @cached_property
    def settable(self) -> tuple[FieldSpec, ...]:
        """The fields that a person may give: all but the managed ones."""
        return tuple(spec for spec in self.fields if not spec.managed)

    @cached_property
    def key_fields(self) -> tuple[FieldSpec, ...]:
        return tuple(self.by_name[name] for name in self.key)

    def __getitem__(self, name: str) -> FieldSpec:
        """The field of that name; raises ModelError with the nearest names."""
        try:
            return self.by_name[name]
        except KeyError:
            raise ModelError(
                f"{self.name} has no field {name!r}.", hint=did_you_mean(name, self.names), field=name
            ) from None

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self.by_name

    def unique_sets(self) -> list[tuple[str, ...]]:
        """The sets of fields that identify one record: the key, each unique field, each unique index.

        In a model with tenants all but the key do so among one tenant's records, so none of them names the tenant.
        """
        sets = [self.key] if self.key else []
        sets += [(spec.name,) for spec in self.fields if spec.unique and (spec.name,) not in sets]
        for index in self.indexes:
            own = tuple(name for name in index.fields if not (self.multi_tenant and name == TENANT_ID))
            if index.unique and own not in sets:
                sets.append(own)
        return sets
