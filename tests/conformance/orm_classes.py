"""Which SQLAlchemy classes are tried as models? Every way of declaring that the guides of such projects show, in one shop."""

import datetime as dt
import decimal
import enum
import uuid
from typing import Any, Optional

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Enum,
    ForeignKey,
    Index,
    Integer,
    Interval,
    LargeBinary,
    Numeric,
    SmallInteger,
    String,
    Table,
    Text,
    Time,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column, relationship


class Base(DeclarativeBase):
    """What they have in common: the table is called like the class."""

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805 - a directive is given the class
        return cls.__name__.lower()


tag_item_association = Table(
    "tag_item_association",
    Base.metadata,
    Column("tag_id", Integer, ForeignKey("tag.id", ondelete="CASCADE"), primary_key=True),
    Column("item_id", Integer, ForeignKey("item.id", ondelete="CASCADE"), primary_key=True),
)
likes = Table(
    "likes", Base.metadata, Column("user_id", ForeignKey("user.id")), Column("item_id", ForeignKey("item.id"))
)


class Subscribed(enum.Enum):
    """Its names are kept, as SQLAlchemy does it."""

    FREE = "free"
    PREMIUM = "premium"


class Level(enum.StrEnum):
    """Its values are kept."""

    LOW = "low"
    HIGH = "high"


def _naive_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


class User(Base):
    """User model representing application users.

    Relationships:
        - Has many orders (one-to-many)
    """

    id: Mapped[int] = mapped_column(primary_key=True, index=True)
    username: Mapped[str] = mapped_column(String(50), index=True, unique=True)
    full_name: Mapped[str | None] = mapped_column(String(100), nullable=True)
    age: Mapped[int] = mapped_column(CheckConstraint("age >= 18"), default=18)
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), default=_naive_now)
    updated_at: Mapped[dt.datetime] = mapped_column(
        DateTime(timezone=True), default=_naive_now, onupdate=_naive_now
    )

    orders: Mapped[list["Order"]] = relationship(
        "Order", back_populates="user", order_by="Order.total.desc()"
    )
    profile: Mapped["UserProfile"] = relationship("UserProfile", back_populates="user", uselist=False)
    manager: Mapped[Optional["User"]] = relationship("User", remote_side=[id], back_populates="reports")
    reports: Mapped[list["User"]] = relationship("User", back_populates="manager")
    liked: Mapped[list["Item"]] = relationship("Item", secondary=likes)
    subscriptions: Mapped[list["Subscription"]] = relationship(cascade="all, delete-orphan")


class UserProfile(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    bio: Mapped[str | None] = mapped_column(String(1000), nullable=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), unique=True)
    user: Mapped["User"] = relationship("User", back_populates="profile")


class Order(Base):
    """Order model representing user purchases."""

    id: Mapped[int] = mapped_column(primary_key=True, index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"))
    total: Mapped[float]
    number: Mapped[int] = mapped_column(SmallInteger, server_default="7")
    placed_at: Mapped[dt.datetime] = mapped_column(DateTime, server_default=func.now())
    created_at: Mapped[dt.datetime] = mapped_column(DateTime, server_default=func.now())

    user: Mapped["User"] = relationship("User", back_populates="orders")
    lines: Mapped[list["OrderLine"]] = relationship(back_populates="order")

    __table_args__ = (
        Index("ix_order_user_id_created_at", "user_id", "created_at"),
        UniqueConstraint("user_id", "number", name="uq_order_number"),
        CheckConstraint("total >= 0 AND number > 0", name="ck_order_sane"),
    )


class OrderLine(Base):
    """A key of two fields, and a class that links."""

    order_id: Mapped[int] = mapped_column(ForeignKey("order.id", ondelete="CASCADE"), primary_key=True)
    product_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("product.id"), primary_key=True)
    quantity: Mapped[int] = mapped_column(default=1)
    order: Mapped["Order"] = relationship(back_populates="lines")
    product: Mapped["Product"] = relationship()


class Product(Base):
    """Everything that a column may hold."""

    id: Mapped[uuid.UUID] = mapped_column(default=uuid.uuid4, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(Text, nullable=True)
    price: Mapped[float]
    cost: Mapped[decimal.Decimal] = mapped_column(Numeric(10, 2), default=decimal.Decimal("1.50"))
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    released: Mapped[dt.date] = mapped_column(Date, default=dt.date(2024, 2, 29))
    opens: Mapped[dt.time] = mapped_column(Time, default=dt.time(8, 30))
    seen_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), default=func.now())
    lasts: Mapped[dt.timedelta] = mapped_column(Interval, default=dt.timedelta(days=2))
    picture: Mapped[bytes] = mapped_column(LargeBinary, default=b"\x00\xff")
    settings: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    sizes: Mapped[list[int]] = mapped_column(JSON, default=lambda: [1, 2])
    batch: Mapped[str] = mapped_column(Uuid(as_uuid=False), default=lambda: str(uuid.UUID(int=7)))
    level: Mapped[Level] = mapped_column(
        Enum(Level, values_callable=lambda found: [member.value for member in found]), default=Level.LOW
    )
    kind: Mapped[str] = mapped_column(Enum("book", "film", name="kind"), server_default=text("'book'"))
    updated_at: Mapped[dt.datetime] = mapped_column(
        DateTime(timezone=True), default=_naive_now, onupdate=_naive_now
    )


class Tag(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50), unique=True)
    items: Mapped[list["Item"]] = relationship("Item", secondary=tag_item_association, back_populates="tags")


class Item(Base):
    """Item model representing products or services."""

    id: Mapped[int] = mapped_column(primary_key=True, index=True)
    name: Mapped[str] = mapped_column(String(100), index=True)
    price: Mapped[float]
    is_deleted: Mapped[bool] = mapped_column(default=False)
    deleted_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True), nullable=True)
    created_by_email: Mapped[str | None]
    tags: Mapped[list["Tag"]] = relationship("Tag", secondary=tag_item_association, back_populates="items")


class Subscription(Base):
    """Subscription model for user service plans."""

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=lambda: str(uuid.uuid4()))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    type: Mapped[Subscribed] = mapped_column(Enum(Subscribed), default=Subscribed.FREE)
    start_date: Mapped[dt.date] = mapped_column(Date)
    seen_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True), onupdate=func.now())
    state: Mapped[str] = mapped_column(String(9), default="new", onupdate="old")
    end_date: Mapped[dt.date | None] = mapped_column(Date, nullable=True)
