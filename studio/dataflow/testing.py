"""What helps to test a program? Records made without a workflow, and looked at by attributes.

A `DataFlow(testing=True)` has a database of its own in memory: tests that make one each share nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from studio.kernel.errors import WorkflowError
from studio.kernel.names import did_you_mean

if TYPE_CHECKING:
    from studio.database import Database
    from studio.models.spec import ModelSpec


class TestRecord(Mapping[str, Any]):
    """A stored record, as it came back from the database; cannot be changed, and changes nothing."""

    __slots__ = ("_model", "_values")
    __test__ = False  # not a test of pytest's

    def __init__(self, model: str, values: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_model", model)
        object.__setattr__(self, "_values", dict(values))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(
                f"{self._model} has no field {name!r}. {did_you_mean(name, self._values)}".strip()
            ) from None

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"A record of a test is a view: update {self._model} by a workflow.")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"A record of a test is a view: update {self._model} by a workflow.")

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mapping) and self._values == dict(other)

    __hash__ = None  # type: ignore[assignment]  # like the mapping that it shows

    def __repr__(self) -> str:
        return f"{self._model}({', '.join(f'{name}={value!r}' for name, value in self._values.items())})"


async def create_for_test(
    database: Database, specs: Mapping[str, ModelSpec], name: str, values: Mapping[str, Any]
) -> TestRecord:
    """Stores a record by the write path that every node uses; required fields are the caller's to give."""
    await database.ensure(tuple(specs.values()))
    return TestRecord(name, await database.access().create(specs[name], values))


def refuse_outside_tests(name: str) -> NoReturn:
    raise WorkflowError(
        f"test_create writes for tests only, and {name!r} is not a DataFlow(testing=True).",
        hint="Make one, or store the record by a workflow.",
    )
