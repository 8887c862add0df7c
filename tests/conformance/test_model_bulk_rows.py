"""Do bulk writes by rows reach, of models with options, just the records that may be changed, and name the row that is refused?"""

from typing import Annotated, Any, ClassVar

import pytest

from studio import DataFlow, Field, LocalRuntime, WorkflowBuilder
from studio.database.careful_bulk import CarefulAccess
from studio.kernel.behalf import on_behalf_of
from studio.kernel.errors import DuplicateKey, ValueRefused
from tests.conformance.asking import one, single


class Card:
    id: str
    email: Annotated[str | None, Field(unique=True)] = None
    n: int = 0
    secret: str = "old"
    __dataflow__: ClassVar = {
        "multi_tenant": True,
        "soft_delete": True,
        "encryption": {"fields": ["secret"]},
    }


class Owned:
    id: str
    email: Annotated[str | None, Field(unique=True)] = None
    name: str
    n: int = 0
    __dataflow__: ClassVar = {"multi_tenant": True, "soft_delete": True}


def test_records_are_created_and_changed_together_and_what_is_refused_is_told_as_if_one_by_one(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slowly: list[Any] = []
    one_by_one = CarefulAccess.one_row

    async def one_row(self: CarefulAccess, *args: Any) -> Any:
        slowly.append(args[2])
        return await one_by_one(self, *args)

    monkeypatch.setattr(CarefulAccess, "one_row", one_row)
    with DataFlow(database_url, models=[Owned]) as db:

        def upsert(rows: list[dict[str, Any]], type_name: str = "OwnedBulkUpsertNode", **more: Any) -> Any:
            return one(db, type_name, {"data": rows, "return_ids": True, **more})

        with on_behalf_of(tenant="other"):
            one(db, "OwnedBulkCreateNode", {"data": [{"id": "theirs", "name": "x", "email": "a@x"}]})
        with on_behalf_of(tenant="acme"):
            rows: list[dict[str, Any]] = [
                {"id": f"c{number}", "name": "new", "n": number} for number in range(8)
            ]
            one(
                db,
                "OwnedBulkCreateNode",
                {"data": [{"id": "c1", "name": "old"}, {"id": "gone", "name": "old"}]},
            )
            one(db, "OwnedDeleteNode", {"id": "gone"})
            twice = [
                *rows,
                {"id": "c1", "name": "last"},
                {"id": "c9", "name": "a", "email": "a@x"},
                {"id": "c9", "name": "b"},
            ]
            made = upsert(twice)
            assert made == {"created": 8, "updated": 3, "skipped": 0, "ids": [row["id"] for row in twice]}
            merged = upsert(rows[:2], "OwnedBulkCreateNode", conflict_resolution="upsert")
            assert merged == {"created": 0, "updated": 2, "skipped": 0, "ids": ["c0", "c1"]}
            assert slowly == []
            found = {row["id"]: row for row in one(db, "OwnedListNode", {"limit": None})}
            assert {key: row["name"] for key, row in found.items()} == {
                **{f"c{n}": "new" for n in range(8)},
                "c9": "b",
            }
            assert found["c9"]["email"] == "a@x"
            assert found["c1"]["created_at"] < found["c1"]["updated_at"]

            before = one(db, "OwnedListNode", {"include_deleted": True})
            for row, fault in (
                ({"id": "gone", "name": "x"}, "has a deleted record with \"id\" 'gone'"),
                ({"id": "theirs", "name": "x"}, "\"id\" 'theirs' already, which cannot be changed here"),
                ({"id": "c3", "name": "x", "email": "a@x"}, "\"email\" 'a@x' already"),
            ):
                with pytest.raises(DuplicateKey, match=fault) as taken:
                    upsert([*rows[:3], row, *rows[3:]])
                assert taken.value.row == 4
            # What is there need not be given anew; what is new must be.
            assert upsert([{"id": "c4", "n": 9}, {"id": "c5", "n": 9}])["updated"] == 2
            incomplete: list[dict[str, Any]] = [{"id": "c4", "name": "x"}, {"id": "c77", "n": 7}]
            with pytest.raises(ValueRefused) as missing:
                LocalRuntime(db).execute(arriving(db, incomplete, "OwnedBulkUpsertNode"))
            assert (missing.value.row, missing.value.field) == (2, "name")
            after = one(db, "OwnedListNode", {"include_deleted": True})
            assert [(row["id"], row["name"]) for row in after] == [(row["id"], row["name"]) for row in before]
            assert [row["n"] for row in after if row["id"] in ("c4", "c5")] == [9, 9]
        with on_behalf_of(tenant="other"):
            assert [(row["id"], row["name"]) for row in one(db, "OwnedListNode")] == [("theirs", "x")]


def arriving(
    db: DataFlow, rows: list[dict[str, Any]], type_name: str = "CardBulkUpdateNode"
) -> WorkflowBuilder:
    """Rows that no check sees before the run."""
    workflow = single(db, type_name)
    workflow.add_node("Constant", "rows", {"value": rows})
    workflow.add_connection("rows", "value", "node", "data")
    return workflow


def test_rows_change_what_is_the_tenants_own_and_not_deleted(database_url: str) -> None:
    with DataFlow(database_url, models=[Card], encryption_key="k" * 43 + "=") as db:

        def update(rows: list[dict[str, Any]]) -> Any:
            return one(db, "CardBulkUpdateNode", {"data": rows})

        with on_behalf_of(tenant="other"):
            one(db, "CardBulkCreateNode", {"data": [{"id": "theirs"}]})
        with on_behalf_of(tenant="acme"):
            ids = [f"c{number}" for number in range(20)]
            one(db, "CardBulkCreateNode", {"data": [{"id": card} for card in ids]})
            one(db, "CardDeleteNode", {"id": "c1"})
            rows = [{"id": card, "n": place} for place, card in enumerate(["theirs", "nobody", *ids])]
            assert update(rows) == {"matched": 19, "updated": 19}
            assert update([{"id": "c0", "n": 1}, {"id": "c0", "n": 70}])["updated"] == 2
            assert update([{"id": "theirs", "n": 1}, {"id": "c1", "n": 1}]) == {"matched": 0, "updated": 0}

            # Rows are counted as they were given, those without a record among them.
            with pytest.raises(DuplicateKey) as taken:
                update([{**row, "email": "a@b.c" if row["id"] in ("c4", "c9") else None} for row in rows])
            assert (taken.value.row, taken.value.field) == (12, "email")
            with pytest.raises(ValueRefused) as refused:
                LocalRuntime(db).execute(arriving(db, [*rows, {"id": None, "n": 3}]))
            assert refused.value.row == 23
            dry = LocalRuntime(db, mode="dry").run(single(db, "CardBulkUpdateNode", {"data": rows}))
            assert dry.changes is not None
            assert dry.changes.counts == {("Card", "update"): 19}
            found = one(db, "CardListNode", {"filter": {"n": {"$gt": 0}}, "limit": None})
            assert {card["id"]: card["n"] for card in found} == {
                "c0": 70,
                **{f"c{number}": number + 2 for number in range(2, 20)},
            }

            # A row that nothing tells from others is created, where the others are changed.
            merging = {"data": [{"n": 1}, {"id": "c2", "n": 4}], "conflict_resolution": "upsert"}
            merged = one(db, "CardBulkCreateNode", merging)
            assert (merged["created"], merged["updated"]) == (1, 1)

            # A secret is sealed row by row; it is found by its new value only.
            assert update([{"id": "c2", "secret": "new"}, {"id": "theirs", "secret": "new"}])["updated"] == 1
            assert [card["id"] for card in one(db, "CardListNode", {"filter": {"secret": "new"}})] == ["c2"]
        with on_behalf_of(tenant="other"):
            (theirs,) = one(db, "CardListNode")
            assert (theirs["n"], theirs["secret"]) == (0, "old")
