"""Does a bulk update by rows reach, of models with options, just the records that are there to be changed, and name the row that is refused?"""

from typing import Annotated, Any, ClassVar

import pytest

from studio import DataFlow, Field, LocalRuntime, WorkflowBuilder
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


def arriving(db: DataFlow, rows: list[dict[str, Any]]) -> WorkflowBuilder:
    """Rows that no check sees before the run."""
    workflow = single(db, "CardBulkUpdateNode")
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
