"""From an annotated class to a model."""

import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Annotated, Any, Optional

import pytest

from studio.kernel.errors import ModelError
from studio.models import MISSING, Field, Kind, Text, Vector, model_from_class


class Status(enum.Enum):
    PENDING = "pending"
    PAID = "paid"


class Order:
    """A customer's order."""

    id: str
    customer_id: Annotated[str, Field(references="Customer", on_delete="restrict", index=True)]
    total: Decimal = Field(min=0, precision=12, scale=2)
    status: Status = Status.PENDING
    items: list[Any] | None = None
    tags: list[str] = []  # noqa: RUF012 - a default of a model, copied for each record
    note: Optional[Text]  # noqa: UP045 - the older spelling must work as well
    placed: dt.datetime
    key: uuid.UUID
    __indexes__ = [{"name": "ix_status_date", "fields": ["status", "created_at"]}]  # noqa: RUF012


def test_a_class_gives_its_fields_in_order_and_the_managed_timestamps_last() -> None:
    spec = model_from_class(Order)
    assert spec.names == (
        "id",
        "customer_id",
        "total",
        "status",
        "items",
        "tags",
        "note",
        "placed",
        "key",
        "created_at",
        "updated_at",
    )
    assert spec.table == "orders"
    assert spec.doc == "A customer's order."
    assert spec["created_at"].managed
    assert spec.indexes[0].fields == ("status", "created_at")


def test_types_options_and_defaults_are_read() -> None:
    spec = model_from_class(Order)
    assert [field.kind for field in spec.fields[:9]] == [
        Kind.STR, Kind.STR, Kind.DECIMAL, Kind.ENUM, Kind.LIST, Kind.LIST, Kind.TEXT, Kind.DATETIME, Kind.UUID,
    ]  # fmt: skip
    assert spec["customer_id"].references == "Customer.id"
    assert spec["total"].minimum == 0
    assert spec["total"].default is MISSING
    assert spec["status"].choices == ("pending", "paid")
    assert spec["status"].default is Status.PENDING
    assert spec["tags"].item_kind is Kind.STR
    first, second = (spec["tags"].default_factory() for _ in range(2))  # type: ignore[misc]
    assert first == [] and first is not second


def test_optional_fields_may_be_omitted_and_plain_ones_must_be_given() -> None:
    spec = model_from_class(Order)
    assert spec["note"].nullable and not spec["note"].required
    assert spec["items"].nullable
    assert spec["customer_id"].required
    assert not spec["id"].required
    assert not spec["status"].required


def test_without_an_id_the_key_is_an_auto_increment_integer() -> None:
    class Thing:
        name: str

    spec = model_from_class(Thing)
    assert spec["id"].kind is Kind.INT and spec["id"].generated and spec.key == ("id",)


def test_a_key_with_another_name_is_refused_with_the_remedy() -> None:
    class Account:
        account_id: str
        name: str

    class Entry:
        uuid: str
        pk: int

    with pytest.raises(ModelError, match="must be named 'id'.*Rename 'account_id' to 'id'"):
        model_from_class(Account)
    with pytest.raises(ModelError, match="Rename 'pk' to 'id'"):
        model_from_class(Entry)


@pytest.mark.parametrize(
    ("namespace", "annotations", "words"),
    [
        ({}, {"x": complex}, "type complex of field 'x' is not supported"),
        ({"__dataflow__": {"soft_delet": True}}, {"x": int}, "no option 'soft_delet'"),
        ({"__dataflow__": "soft_delete"}, {"x": int}, "__dataflow__ is a mapping, not 'soft_delete'"),
        ({"__dataflow__": {"relations": ["x"]}}, {"x": int}, "relations is a mapping"),
        ({"__indexes__": {"fields": ["x"]}}, {"x": int}, "the indexes are a list"),
        ({"__checks__": ["x > 0"]}, {"x": int}, "__checks__ is a mapping"),
        ({}, {"_x": int}, "'_x' is no name for a field"),
        ({"__indexes__": [{"fields": ["nme"]}]}, {"name": str}, "unknown field 'nme'.*Did you mean 'name'"),
        ({}, {"created_at": str}, "kept by Studio"),
        ({}, {"x": "Nowhere"}, "cannot be resolved"),
        # What would have no effect, or contradicts itself.
        ({}, {"x": Annotated[int, Field(max_length=3)]}, "'x' is an int field and has no max_length"),
        ({}, {"x": Annotated[str, Field(max_length=0)]}, "max_length of 0"),
        ({}, {"x": Annotated[float, Field(precision=3)]}, "has no precision or scale.*Decimal"),
        ({}, {"x": Annotated[Decimal, Field(precision=3, scale=5)]}, "scale of 5; it can have 0 to 3"),
        ({}, {"x": Annotated[dict, Field(min=1)]}, "has no min or max"),
        ({}, {"x": Annotated[int, Field(min="low")]}, "has a min that does not fit.*a whole number"),
        (
            {},
            {"x": Annotated[dt.date, Field(min="2025-02-01", max="2025-01-31")]},
            "min of .* more than its max",
        ),
        ({}, {"x": Annotated[str, Field(pattern="(")]}, "no regular expression"),
        ({}, {"x": Annotated[str, Field(on_delete="cascade")]}, "on_delete but references nothing"),
        ({}, {"x": Annotated[int, Field(default=1, default_factory=int)]}, "a default and a default_factory"),
        ({"x": 3}, {"x": Annotated[int, Field(min=5)]}, "the default of 'x' does not fit.*at least 5"),
        # What not every database could keep.
        ({}, {"id": list}, "cannot be the key.*an int, a str or a UUID"),
        ({}, {"x": Annotated[Decimal, Field(precision=66)]}, "precision of 66; it can have 1 to 65"),
        ({}, {"name": str, "Name": str}, "differ in capital letters only"),
        ({}, {"x" * 64: int}, "has 64 bytes; it can have 63"),
        ({"__tablename__": "ü" * 32}, {"x": int}, "the name of the table has 64 bytes"),
        ({"__indexes__": ["name"]}, {"name": str}, "a mapping with a list of fields, not 'name'"),
        ({"__indexes__": [{"fields": "name"}]}, {"name": str}, "a mapping with a list of fields"),
        ({"__indexes__": [{"fields": ["name", "name"]}]}, {"name": str}, "names 'name' twice"),
        ({"__indexes__": [{"fields": ["name"], "unique": "no"}]}, {"name": str}, "true or false, not 'no'"),
        ({"__indexes__": [{"fields": ["name"]}] * 2}, {"name": str}, "two indexes are called"),
    ],
)
def test_a_wrong_declaration_is_refused_with_names(
    namespace: dict[str, object], annotations: dict[str, object], words: str
) -> None:
    """What has no effect, of fields and indexes, is an error."""
    cls = type("Thing", (), {**namespace, "__annotations__": annotations})
    with pytest.raises(ModelError, match=words):
        model_from_class(cls)


@pytest.mark.parametrize(
    ("hint", "nullable"),
    [
        (Vector(3), False),
        (Annotated[list[float], Vector(3)], False),
        (Annotated[Vector(3), Field(description="of its text")], False),
        (Annotated[list[float] | None, Field(description="of its text"), Vector(3)], True),
        (Vector(3) | None, True),
        ("Vector(3) | None", True),
    ],
)
def test_a_vector_has_dimensions_however_it_is_written(hint: Any, nullable: bool) -> None:
    spec = model_from_class(type("Thing", (), {"__annotations__": {"near": hint}, "__module__": __name__}))
    assert (spec["near"].kind, spec["near"].dimensions, spec["near"].item_kind) == (Kind.VECTOR, 3, None)
    assert spec["near"].nullable is nullable


@pytest.mark.parametrize(
    ("hint", "words"),
    [
        (Vector(0), "the vector 'near' has 0 dimensions; it can have 1 to 16,000.*Vector.1536."),
        (Vector(16_001), "has 16001 dimensions"),
        (Vector(True), "has True dimensions"),
        (Vector("3"), "has '3' dimensions"),  # type: ignore[arg-type] # what must be refused
        (Annotated[str, Vector(3)], "is a str field and has no dimensions"),
        (Annotated[list[str], Vector(3)], "is a list field and has no dimensions"),
        (Annotated[Vector(3), Field(unique=True)], "is a vector and cannot be unique"),
        (Annotated[Vector(3), Field(index=True)], "is a vector and cannot be indexed"),
        (Annotated[Vector(3), Field(max_length=3)], "cannot be limited by max_length"),
    ],
)
def test_a_vector_that_cannot_be_is_refused_with_the_remedy(hint: Any, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        model_from_class(type("Thing", (), {"__annotations__": {"near": hint}}))
    indexed = {"__annotations__": {"near": Vector(3)}, "__indexes__": [{"fields": ["near"]}]}
    with pytest.raises(ModelError, match="names the vector 'near', which has no order"):
        model_from_class(type("Thing", (), indexed))


def test_enumerations_must_hold_text() -> None:
    class Level(enum.Enum):
        LOW = 1

    cls = type("Thing", (), {"__annotations__": {"level": Level}})
    with pytest.raises(ModelError, match="values of Level must be text"):
        model_from_class(cls)


def test_table_names_are_snake_case_plurals_unless_given() -> None:
    def table(name: str, **namespace: str) -> str:
        return model_from_class(type(name, (), {"__annotations__": {"x": int}, **namespace})).table

    assert table("AgentExecution") == "agent_executions"
    assert table("APIProviderConfig") == "api_provider_configs"
    assert table("Category") == "categories"
    assert table("Box") == "boxes"
    assert table("User", __tablename__="people") == "people"
