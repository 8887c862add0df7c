"""Which nodes do tables get that Studio did not make, and do they work? The record shop: foreign names, a composite key, decimals, dates."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from studio import DataFlow, LocalRuntime, WorkflowBuilder
from studio.kernel.errors import BadValue, BuildError, NodeError
from tests.support.servers import run_sql


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def records(request: pytest.FixtureRequest, chinook_source: Path) -> Iterator[DataFlow]:
    """The record shop, its tables taken in as models."""
    fixture = {
        "sqlite": "chinook_sqlite_url",
        "postgresql": "chinook_postgres_url",
        "mysql": "chinook_mysql_url",
    }[request.param]
    with DataFlow(request.getfixturevalue(fixture), existing_schema_mode=True) as db:
        db.register_schema_as_models()
        yield db


def _one(db: DataFlow, type_name: str, params: dict[str, Any]) -> Any:
    workflow = WorkflowBuilder(db, name="story")
    workflow.add_node(type_name, "node", params)
    results, _ = LocalRuntime().execute(workflow)
    return results["node"]


def test_all_tables_become_models_and_get_their_nodes(records: DataFlow) -> None:
    assert {"Album", "Artist", "Invoice", "PlaylistTrack", "Track"} <= set(records.list_models())
    assert len(records.get_generated_nodes("Album")) == 12


def test_a_record_is_read_created_changed_and_deleted_by_its_id(records: DataFlow) -> None:
    album = _one(records, "AlbumReadNode", {"id": 1})
    assert album["id"] == 1
    (title,) = [name for name in album if name.lower() == "title"]
    created = _one(records, "AlbumCreateNode", {**album, "id": 9001, title: "New"})
    assert created[title] == "New"
    changed = _one(records, "AlbumUpdateNode", {"id": 9001, "fields": {title: "Newer"}})
    assert changed[title] == "Newer"
    assert _one(records, "AlbumDeleteNode", {"id": 9001}) == {"deleted": 1, "id": 9001}


def test_decimals_and_naive_dates_come_as_they_are_stored(records: DataFlow) -> None:
    invoice = _one(records, "InvoiceReadNode", {"id": 1})
    kinds = {type(value) for value in invoice.values()}
    assert Decimal in kinds
    dates = [value for value in invoice.values() if isinstance(value, dt.datetime)]
    assert dates
    assert dates[0].tzinfo is None


def test_a_composite_key_is_a_mapping(records: DataFlow) -> None:
    (row,) = _one(records, "PlaylistTrackListNode", {"limit": 1})
    assert _one(records, "PlaylistTrackReadNode", {"id": row}) == row
    assert _one(records, "PlaylistTrackDeleteNode", {"id": row}) == {"deleted": 1, "id": row}
    assert _one(records, "PlaylistTrackCreateNode", dict(row)) == row
    with pytest.raises(BuildError, match="several parts"):
        _one(records, "PlaylistTrackReadNode", {"id": {next(iter(row)): 1}})
    with pytest.raises(BuildError, match="mapping"):
        _one(records, "PlaylistTrackReadNode", {"id": 5})


def test_a_composite_key_that_comes_by_an_edge_is_checked_when_it_comes(records: DataFlow) -> None:
    workflow = WorkflowBuilder(records, name="story")
    workflow.add_node("Constant", "key", {"value": {"a": 1}})
    workflow.add_node("PlaylistTrackReadNode", "read")
    workflow.add_connection("key", "value", "read", "id")
    with pytest.raises(NodeError, match="several parts") as caught:
        LocalRuntime().execute(workflow)
    assert caught.value.node == "read"


def test_what_only_the_table_is_too_narrow_for_is_told_by_its_field(database_url: str) -> None:
    with DataFlow(database_url) as db:
        _one(
            db,
            "SQL",
            {"sql": "CREATE TABLE parts (a INTEGER, b VARCHAR(9), held SMALLINT, PRIMARY KEY (a, b))"},
        )
        db.register_schema_as_models()
        key: dict[str, Any] = {"a": 1, "b": "x"}
        _one(db, "PartsCreateNode", key)
        for type_name, params in (
            ("PartsBulkCreateNode", {"data": [key], "return_ids": True}),
            ("PartsBulkUpsertNode", {"data": [key], "return_ids": True}),
        ):
            with pytest.raises(BuildError, match=r"several fields \(a, b\), so there are no ids"):
                _one(db, type_name, params)
        if db.database.dialect == "sqlite":
            return  # whose columns are as wide as any number
        refused: list[tuple[str, dict[str, Any], int | None]] = [
            ("PartsCreateNode", {"a": 2, "b": "y", "held": 70_000}, None),
            ("PartsUpdateNode", {"id": key, "fields": {"held": 70_000}}, None),
            ("PartsBulkCreateNode", {"data": [{"a": 2, "b": "y"}, {"a": 3, "b": "y", "held": 70_000}]}, 2),
        ]
        for type_name, params, row in refused:
            with pytest.raises(BadValue) as caught:
                _one(db, type_name, params)
            assert (caught.value.field, caught.value.row) == ("held", row)
        assert _one(db, "PartsCountNode", {}) == {"count": 1}


def test_a_table_without_a_key_gets_four_nodes(postgres_url: str) -> None:
    run_sql(postgres_url, "CREATE TABLE measures (place text, degrees numeric(5,2));")
    with DataFlow(postgres_url) as db:
        assert db.register_schema_as_models() == ["Measures"]
        assert db.get_generated_nodes("Measures") == [
            "MeasuresListNode",
            "MeasuresCountNode",
            "MeasuresAggregateNode",
            "MeasuresBulkCreateNode",
        ]
        data = [{"place": "Oslo", "degrees": "4.5"}, {"place": "Graz", "degrees": None}]
        created = _one(db, "MeasuresBulkCreateNode", {"data": data})
        assert created == {"created": 2, "updated": 0, "skipped": 0, "ids": []}
        assert _one(db, "MeasuresCountNode", {"filter": {"degrees": {"$gt": 4}}}) == {"count": 1}
        with pytest.raises(BuildError, match="no node type 'MeasuresReadNode'"):
            _one(db, "MeasuresReadNode", {"id": 1})
