"""What of a SQLAlchemy class is refused, and how is it said? What works is tried on databases, in the conformance tests."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column, relationship

from studio import DataFlow
from studio.kernel.errors import ModelError
from studio.models import Kind
from studio.models.codec import model_from_data, model_to_data


class Upper(sa.types.TypeDecorator[str]):
    """A type with code of its own."""

    impl = sa.String
    cache_ok = True


class VECTOR(sa.types.UserDefinedType[Any]):
    """As pgvector's package has it."""

    cache_ok = True

    def __init__(self, dim: int | None = None) -> None:
        self.dim = dim

    def get_col_spec(self, **kwargs: Any) -> str:
        return "VECTOR" if self.dim is None else f"VECTOR({self.dim})"


def _by_context(context: Any) -> int:
    return int(context.get_current_parameters()["id"])


def _refused(declare: Callable[[type[DeclarativeBase]], type]) -> ModelError:
    class Base(DeclarativeBase):
        pass

    cls = declare(Base)
    with DataFlow(":memory:") as db, pytest.raises(ModelError) as caught:
        db.register(cls)
    error = caught.value
    assert error.hint
    assert "Thing" in error.message
    return error


COLUMNS: dict[str, tuple[Callable[[], Any], str]] = {
    "array": (lambda: mapped_column(postgresql.ARRAY(sa.Integer)), "has the type ARRAY"),
    "vector": (lambda: mapped_column(VECTOR()), "has no number of dimensions"),
    "decorator": (lambda: mapped_column(Upper(20)), "code of its own (Upper)"),
    "collation": (lambda: mapped_column(sa.String(20, collation="NOCASE")), "compared by NOCASE"),
    "zoned time": (lambda: mapped_column(sa.Time(timezone=True)), "a time of day with a zone"),
    "variant": (
        lambda: mapped_column(sa.String(5).with_variant(sa.Integer(), "sqlite")),
        "another kind of value on another database",
    ),
    "computed": (lambda: mapped_column(sa.Integer, sa.Computed("id + 1")), "computed by the database"),
    "identity": (lambda: mapped_column(sa.Integer, sa.Identity(always=True)), "never takes a value"),
    "onupdate": (lambda: mapped_column(sa.Integer, onupdate=sa.func.random()), "has an onupdate that is"),
    "server_onupdate": (
        lambda: mapped_column(sa.Integer, server_onupdate=sa.FetchedValue()),
        "changed by the database with each update",
    ),
    "context": (lambda: mapped_column(sa.Integer, default=_by_context), "looks at the statement's other"),
    "expression": (lambda: mapped_column(sa.Integer, default=sa.func.random()), "an SQL expression"),
    "sequence": (lambda: mapped_column(sa.Integer, sa.Sequence("numbers")), "a sequence"),
    "fetched": (lambda: mapped_column(sa.Integer, server_default=sa.FetchedValue()), "FetchedValue"),
    "no table": (lambda: mapped_column(sa.ForeignKey("nowhere.id")), "which is not there"),
    "on update": (
        lambda: mapped_column(sa.ForeignKey("thing.id", onupdate="CASCADE"), nullable=True),
        "a foreign key with onupdate='CASCADE'",
    ),
    "set default": (
        lambda: mapped_column(sa.ForeignKey("thing.id", ondelete="SET DEFAULT"), nullable=True),
        "ondelete='SET DEFAULT'",
    ),
    "set null": (
        lambda: mapped_column(sa.ForeignKey("thing.id", ondelete="SET NULL"), nullable=False),
        "is not nullable",
    ),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_column_without_a_counterpart_is_refused_by_its_name(kind: str) -> None:
    make, said = COLUMNS[kind]

    def declare(base: type[DeclarativeBase]) -> type:
        class Thing(base):  # type: ignore[valid-type,misc]  # each test has a base of its own
            __tablename__ = "thing"
            id: Mapped[int] = mapped_column(primary_key=True)
            odd: Mapped[Any] = make()

        return Thing

    error = _refused(declare)
    assert said in error.message
    assert error.field == "odd"


CLASSES: dict[str, tuple[dict[str, Any], str, str]] = {
    "key": (
        {"code": mapped_column(sa.Integer, primary_key=True)},
        "is the primary key, which must be named 'id'",
        'mapped_column("code", primary_key=True)',
    ),
    "managed": (
        {"id": mapped_column(sa.Integer, primary_key=True), "created_at": mapped_column(sa.Date)},
        "is kept by Studio and is a datetime",
        "another name",
    ),
    "expression index": (
        {
            "id": mapped_column(sa.Integer, primary_key=True),
            "__table_args__": (sa.Index("ix_odd", sa.text("lower(id)")),),
        },
        "'ix_odd' is on an expression",
        "columns themselves",
    ),
    "partial index": (
        {
            "id": mapped_column(sa.Integer, primary_key=True),
            "__table_args__": (sa.Index("ix_odd", "id", postgresql_where=sa.text("id > 3")),),
        },
        "'ix_odd' has options of one database",
        "postgresql_where",
    ),
    "expression": (
        {"id": (found := mapped_column(sa.Integer, primary_key=True)), "odd": column_property(found + 1)},
        "is an expression",
        "in the workflow",
    ),
    "inheritance": (
        {
            "id": mapped_column(sa.Integer, primary_key=True),
            "kind": (kind := mapped_column(sa.String(9))),
            "__mapper_args__": {"polymorphic_on": kind},
        },
        "shares its records",
        "mixin",
    ),
    "composite reference": (
        {
            "id": mapped_column(sa.Integer, primary_key=True),
            "a": mapped_column(sa.Integer),
            "b": mapped_column(sa.Integer),
            "__table_args__": (sa.ForeignKeyConstraint(["a", "b"], ["thing.id", "thing.b"]),),
        },
        "a part of a foreign key of 2 columns",
        "Give the other table an id",
    ),
    "join": (
        {
            "id": mapped_column(sa.Integer, primary_key=True),
            "parent_id": mapped_column(sa.ForeignKey("thing.id"), nullable=True),
            "__annotations__": {},
            "first": relationship(
                "Thing", primaryjoin="and_(Thing.parent_id == remote(Thing.id), Thing.id > 3)", viewonly=True
            ),
        },
        "'first' has a condition beside its keys",
        "filter in the workflow",
    ),
    "option": (
        {"id": mapped_column(sa.Integer, primary_key=True), "__dataflow__": {"soft_delet": True}},
        "__dataflow__ has no option 'soft_delet'",
        "without effect",
    ),
}


@pytest.mark.parametrize("kind", CLASSES)
def test_a_class_without_a_counterpart_is_refused_with_the_remedy(kind: str) -> None:
    parts, said, remedy = CLASSES[kind]
    error = _refused(lambda base: type("Thing", (base,), {"__tablename__": "thing", **parts}))
    assert said in error.message
    assert remedy in error.hint


def test_a_class_that_is_not_mapped_and_one_whose_target_is_missing_are_refused() -> None:
    class Base(DeclarativeBase):
        pass

    class User(Base):
        __tablename__ = "user"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Post(Base):
        __tablename__ = "post"
        id: Mapped[int] = mapped_column("post_id", primary_key=True)
        user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
        written: Mapped[dt.datetime] = mapped_column(sa.DateTime(timezone=True), default=sa.func.now())
        settings: Mapped["dict[str, int]"] = mapped_column(sa.JSON, default={"a": 1})

    with DataFlow(":memory:") as db:
        with pytest.raises(ModelError, match="Plain is no SQLAlchemy class"):
            db.register(type("Plain", (), {}))
        assert db.register(Post) is Post
        with pytest.raises(ModelError, match="references 'User', which is no model"):
            db.get_generated_nodes("Post") and db.catalogue
        db.register(User)
        assert db.catalogue.find("PostCreateNode")
        assert db.models["Post"]["id"].column == "post_id"
        with pytest.raises(ModelError, match="made by a function, which a project cannot keep"):
            model_to_data(db.models["Post"])
        assert model_from_data(model_to_data(db.models["User"])) == db.models["User"]


def test_a_column_of_vectors_becomes_a_field_with_its_dimensions() -> None:
    class Base(DeclarativeBase):
        pass

    class Passage(Base):
        __tablename__ = "passages"
        id: Mapped[int] = mapped_column(primary_key=True)
        near: Mapped[list[float] | None] = mapped_column(VECTOR(3))

    with DataFlow(":memory:") as db:
        db.register(Passage)
        field = db.models["Passage"]["near"]
        assert (field.kind, field.dimensions, field.nullable) == (Kind.VECTOR, 3, True)
        assert db.get_model_info("Passage")["fields"]["near"]["dimensions"] == 3
