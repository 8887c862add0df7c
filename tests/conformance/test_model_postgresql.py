"""Does the option `postgresql` make its indexes there, and nothing elsewhere?"""

from typing import Any

import pytest

from studio import DataFlow
from studio.kernel.errors import ModelError
from tests.conformance.asking import one


class AdvancedModel:
    name: str
    specs: dict[str, Any]
    tags: list[str]
    state: str = "new"

    __dataflow__ = {  # noqa: RUF012 - as models are written
        "postgresql": {
            "jsonb_gin_indexes": ["specs", "tags"],
            "text_search": ["name"],
            "partial_indexes": [
                {"fields": ["specs"], "condition": "specs IS NOT NULL"},
                {
                    "name": "open_states",
                    "fields": ["state", "name"],
                    "condition": "state <> 'done'",
                    "unique": True,
                },
            ],
        }
    }


def test_the_indexes_are_made_on_postgresql(postgres_url: str) -> None:
    for _ in range(2):  # the second time the table is there, with all its indexes
        with DataFlow(postgres_url, models=[AdvancedModel]) as db:
            one(db, "AdvancedModelCountNode")
            found = one(db, "SQL", {"sql": "SELECT indexname AS n, indexdef AS d FROM pg_indexes ORDER BY 1"})
    made = {
        row["n"]: row["d"] for row in found if row["n"] != "advanced_models_pkey" and "advanced" in row["d"]
    }
    assert len(made) == 5
    assert "USING gin (specs)" in made["gin_advanced_models_specs"]
    assert "USING gin (tags)" in made["gin_advanced_models_tags"]
    assert "to_tsvector('simple'::regconfig" in made["fts_advanced_models_name"]
    assert "CREATE UNIQUE INDEX" in made["open_states"] and "state <> 'done'" in made["open_states"]
    (partial,) = [text for name, text in made.items() if name.startswith("part_")]
    assert "USING gin (specs) WHERE (specs IS NOT NULL)" in partial


def test_elsewhere_they_are_no_hindrance(sqlite_url: str) -> None:
    with DataFlow(sqlite_url, models=[AdvancedModel]) as db:
        one(db, "AdvancedModelCreateNode", {"name": "x", "specs": {}, "tags": ["a"]})
        assert one(db, "SQL", {"sql": "SELECT name FROM sqlite_master WHERE type = 'index'"}) == []


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"jsonb_gin_indexes": ["name"]}, "wants a dict or a list, which 'name' is not"),
        ({"text_search": ["nam"]}, "unknown field 'nam'.*name"),
        ({"partial_indexes": [{"fields": ["name"]}]}, "needs fields and a condition"),
        ({"brin_indexes": []}, "no part 'brin_indexes'"),
    ],
)
def test_a_fault_in_the_option_is_named(sqlite_url: str, option: dict[str, Any], words: str) -> None:
    with DataFlow(sqlite_url) as db, pytest.raises(ModelError, match=words):

        @db.model
        class Thing:
            name: str
            __dataflow__ = {"postgresql": option}  # noqa: RUF012
