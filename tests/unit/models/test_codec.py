import enum
import uuid
from typing import Annotated, Any

import pytest
from hypothesis import given

from studio.kernel.errors import ModelError
from studio.models import Field, Kind, model_from_class
from studio.models.codec import merge_left, model_from_data, model_to_data
from studio.workflow.yaml_reading import read_yaml
from studio.workflow.yaml_writing import write_yaml
from tests.support import projects
from tests.support.exactness import exact


class Status(enum.Enum):
    OPEN = "open"
    PAID = "paid"


class Order:
    """What somebody wants."""

    id: str
    status: Status = Status.OPEN
    lines: list[Any] = []  # noqa: RUF012 - read, never shared: each record gets its own
    tags: Annotated[list[str], Field(default=["new"])]
    note: str | None = None
    customer: Annotated[str, Field(references="Customer", on_delete="cascade", index=True)]

    __indexes__ = ({"fields": ["status", "customer"], "unique": True},)


@given(projects.models())
def test_a_model_comes_back_the_same_through_yaml(spec):
    text = write_yaml({"model": model_to_data(spec)})
    assert exact(model_from_data(read_yaml(text).plain()["model"])) == exact(spec)


def test_what_is_usual_is_left_out():
    assert model_to_data(model_from_class(Order)) == {
        "name": "Order",
        "doc": "What somebody wants.",
        "fields": {
            "id": {"type": "str"},
            "status": {"type": "enum", "default": "open", "choices": ["open", "paid"]},
            "lines": {"type": "list", "default": []},
            "tags": {"type": "list[str]", "default": ["new"]},
            "note": {"type": "str", "default": None, "nullable": True},
            "customer": {"type": "str", "index": True, "references": "Customer.id", "on_delete": "cascade"},
        },
        "indexes": [{"name": "ix_orders_status_customer", "fields": ["status", "customer"], "unique": True}],
    }


def test_each_record_gets_a_fresh_default():
    spec = model_from_data(model_to_data(model_from_class(Order)))
    factory = spec["tags"].default_factory
    assert factory is not None
    factory().append("old")
    assert factory() == ["new"]
    assert spec == model_from_data(model_to_data(spec))


def test_a_model_written_by_hand_may_be_short():
    spec = model_from_data(
        {"name": "Customer", "fields": {"email": "str", "age": "int?", "near": "vector(3)?"}}
    )
    assert (spec.table, spec.names) == (
        "customers",
        ("id", "email", "age", "near", "created_at", "updated_at"),
    )
    assert (spec["near"].kind, spec["near"].dimensions, spec["near"].nullable) == (Kind.VECTOR, 3, True)
    assert (spec["id"].kind, spec["id"].generated) == (Kind.INT, True)
    assert (spec["email"].nullable, spec["age"].nullable) == (False, True)


def test_a_default_made_by_a_function_is_refused_with_the_remedy():
    class Ticket:
        id: str
        code: Annotated[uuid.UUID, Field(default_factory=uuid.uuid4)]

    with pytest.raises(
        ModelError, match=r"Ticket: the default of 'code' is made by a function.*Give a plain default"
    ):
        model_to_data(model_from_class(Ticket))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "no name"),
        ({"name": "A", "fields": []}, "'fields' must be a mapping"),
        ({"name": "A", "fields": {}, "tabel": "x"}, "no option 'tabel'. Did you mean 'table'"),
        ({"name": "A", "fields": {"x": {"type": "strr"}}}, "the type 'strr' of field 'x' is not known. Did you mean 'str'"),
        ({"name": "A", "fields": {"x": {"type": "list[nope]"}}}, "the type 'nope'"),
        ({"name": "A", "fields": {"x": {"type": "str", "uniqe": True}}}, "Did you mean 'unique'"),
        ({"name": "A", "fields": {"x": {"type": "str", "max_length": "9"}}}, "must be a whole number, not '9'"),
        ({"name": "A", "fields": {"x": "vector"}}, "has no number of dimensions; it can have 1 to 16,000"),
        ({"name": "A", "fields": {"x": "vector(16001)"}}, "has 16001 dimensions"),
        ({"name": "A", "fields": {"x": "text(3)"}}, "is a text field and has no dimensions"),
        ({"name": "A", "fields": {"x": 3}}, "must be a type or a mapping"),
        ({"name": "A", "key": ["x"], "fields": {}}, "the key names the unknown field 'x'"),
        ({"name": "A", "fields": {"x": "int"}, "indexes": [{"fields": ["y"]}]}, "unknown field 'y'"),
    ],
)  # fmt: skip
def test_a_fault_names_the_model_and_the_remedy(data, words):
    with pytest.raises(ModelError) as caught:
        model_from_data(data)
    assert words in str(caught.value)


def test_what_a_newer_studio_wrote_can_be_set_aside_and_put_back():
    data = {
        "name": "A",
        "fields": {"id": {"type": "int"}, "x": {"type": "str", "collation": "de"}},
        "partition": {"by": "x"},
    }
    left: dict[str, object] = {}
    spec = model_from_data(data, left=left)
    assert left == {"partition": {"by": "x"}, "fields": {"x": {"collation": "de"}}}
    assert merge_left(model_to_data(spec), left) == {**data, "partition": {"by": "x"}}


def test_options_and_the_fields_that_they_add_come_back() -> None:
    class Note:
        text: str
        __dataflow__ = {"soft_delete": True, "versioned": True, "multi_tenant": True}  # noqa: RUF012
        __indexes__ = ({"fields": ["tenant_id", "text"]},)

    spec = model_from_class(Note)
    data = model_to_data(spec)
    assert list(data["fields"]) == ["id", "text"]
    assert data["options"] == {"soft_delete": True, "versioned": True, "multi_tenant": True}
    assert model_from_data(data) == spec
    bare = model_from_data({**data, "timestamps": False})
    assert bare.names == ("id", "text", "deleted_at", "version", "tenant_id")
    assert model_from_data(model_to_data(bare)) == bare
    with pytest.raises(ModelError, match="no option 'soft_delet'.*soft_delete"):
        model_from_data({**data, "options": {"soft_delet": True}})
