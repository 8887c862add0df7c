"""What can a program do with a model's class? Ask it for a query builder; not instantiate it, for records are plain mappings."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Final, NoReturn

from studio.kernel.errors import ModelError

if TYPE_CHECKING:
    from studio.dataflow.dataflow import DataFlow
    from studio.dataflow.queries import Query
    from studio.models.spec import ModelSpec

_HOMES: Final = "__studio_homes__"


def refuse_instances(cls: type, spec: ModelSpec, db: DataFlow) -> None:
    """Makes the class describe records only, and gives it `query_builder(db=None)`."""
    homes: list[weakref.ref[DataFlow]] = list(cls.__dict__.get(_HOMES, ()))
    homes.append(weakref.ref(db))

    def refuse(self: Any, *args: Any, **values: Any) -> NoReturn:
        raise ModelError(
            f"{spec.name} describes records and cannot be instantiated.",
            hint=f'Records are plain mappings: workflow.add_node("{spec.name}CreateNode", "create", {{…}}) stores one.',
        )

    def query_builder(db: DataFlow | None = None) -> Query:
        """A builder of filters for this model; `db` says on which DataFlow, when several have taken the class in."""
        return (db or _only_home(cls, spec)).query_builder(spec.name)

    setattr(cls, _HOMES, homes)
    setattr(cls, "__init__", refuse)  # noqa: B010 - mypy forbids the plain assignment, and rightly so elsewhere
    setattr(cls, "query_builder", staticmethod(query_builder))  # noqa: B010 - the class has no such attribute yet


def _only_home(cls: type, spec: ModelSpec) -> DataFlow:
    homes = [db for db in (home() for home in cls.__dict__[_HOMES]) if db is not None and db.is_open]
    different: list[DataFlow] = list({id(db): db for db in homes}.values())
    if len(different) == 1:
        return different[0]
    if not different:
        raise ModelError(f"The DataFlow of {spec.name} is closed.", hint="Declare the model on an open one.")
    names = ", ".join(repr(db.name) for db in different)
    raise ModelError(
        f"Several DataFlows have taken in {spec.name}: {names}.", hint="Name one: query_builder(db=…)."
    )
