"""Are records read from Parquet files and written to them whole, with exact types and in bounded memory?"""

import datetime as dt
import enum
import sys
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from studio.kernel.errors import MissingPackage
from studio.nodes import parquet, parquet_formats
from studio.nodes.file_specs import READ_PARQUET
from tests.unit.nodes.one_node import failure, ports, run, value

Nodes = dict[str, tuple[str, dict[str, Any]]]


class Status(enum.Enum):
    PAID = "paid"


RECORD: dict[str, Any] = {
    "whole": 2**63 - 1,
    "real": 0.1,
    "money": Decimal("79228162514264337593543950336.10"),
    "huge": 2**64,
    "text": 'Ada, "the first";\n\tGrüße 世界 🌍',
    "flag": False,
    "moment": dt.datetime(2025, 1, 31, 12, 30, 15, 123456, tzinfo=dt.UTC),
    "day": dt.date(2024, 2, 29),
    "hour": dt.time(23, 59, 59, 999999),
    "span": dt.timedelta(days=-3, microseconds=7),
    "raw": bytes(range(256)),
    "items": [1, None, 3],
    "lines": [{"n": 1, "price": Decimal("1.50")}, {"n": 2, "price": None}],
    "address": {"city": "Bern", "since": dt.datetime(2020, 1, 1, tzinfo=dt.UTC), "tags": ["a", "b"]},
}
EMPTY = dict.fromkeys(RECORD)


def write(path: Path, records: Any, **params: Any) -> Any:
    return value("WriteParquet", path=str(path), records=records, **params)


def read(path: Path, **params: Any) -> Any:
    return value("ReadParquet", path=str(path), **params)


def refused(path: Path, records: Any, **params: Any) -> str:
    error = failure("WriteParquet", path=str(path), records=records, **params)
    assert list(path.parent.iterdir()) == []
    return error.message


def test_every_type_comes_back_equal(tmp_path: Path) -> None:
    path = tmp_path / "all.parquet"
    wrote = write(path, [RECORD, EMPTY, RECORD])
    assert wrote == {"path": str(path), "rows": 3, "bytes": path.stat().st_size}
    back = read(path)
    assert back == [RECORD, EMPTY, RECORD]
    assert [type(part) for part in back[0].values()] == [
        Decimal if name == "huge" else type(part) for name, part in RECORD.items()
    ]
    assert str(pq.read_schema(path).field("moment").type) == "timestamp[us, tz=UTC]"


def test_ids_and_documents_are_kept_as_text_and_read_again_by_their_types(tmp_path: Path) -> None:
    path = tmp_path / "a"
    records = [
        {"id": uuid.UUID(int=5), "status": Status.PAID, "data": {"a": [1, "x", None, {"": True}]}, "n": 1}
    ]
    write(path, records, types={"data": "dict", "n": "decimal"})
    assert read(path) == [
        {"id": str(uuid.UUID(int=5)), "status": "paid", "data": '{"a": [1, "x", null, {"": true}]}', "n": 1}
    ]
    back = read(path, types={"id": "uuid", "data": "dict"}, rename={"status": "state"})
    assert (back[0]["id"], back[0]["data"], back[0]["state"]) == (
        records[0]["id"],
        records[0]["data"],
        "paid",
    )
    assert isinstance(back[0]["n"], Decimal)


def test_what_other_programs_write_is_read_as_it_is_meant(tmp_path: Path) -> None:
    path = tmp_path / "other.parquet"
    moment = dt.datetime(2025, 1, 31, 12, 30)  # noqa: DTZ001 - the file says no zone
    zone = dt.timezone(dt.timedelta(hours=2))
    table = pa.table(
        {
            "naive": pa.array([moment], pa.timestamp("ns")),
            "zoned": pa.array([moment.replace(tzinfo=zone)], pa.timestamp("ms", tz="+02:00")),
            "word": pa.array(["a"]).dictionary_encode(),
            "map": pa.array([[("k", moment)]], pa.map_(pa.string(), pa.timestamp("us"))),
            "small": pa.array([Decimal("1.20")], pa.decimal128(5, 2)),
            "large": pa.array([["x"]], pa.large_list(pa.large_string())),
        }
    )
    pq.write_table(table, path)
    assert read(path) == [
        {
            "naive": moment.replace(tzinfo=dt.UTC),
            "zoned": moment.replace(tzinfo=zone),
            "word": "a",
            "map": {"k": moment.replace(tzinfo=dt.UTC)},
            "small": Decimal("1.20"),
            "large": ["x"],
        }
    ]
    assert read(path)[0]["zoned"].tzinfo is dt.UTC
    pq.write_table(pa.table({"t": pa.array([1], pa.timestamp("ns"))}), path)
    error = failure("ReadParquet", path=str(path))
    assert "cannot be held exactly" in error.message
    assert error.field == "fields"


def test_rows_go_from_file_to_file_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_formats, "_GROUP_ROWS", 4_000)
    source, target = tmp_path / "in.csv", tmp_path / "out.parquet"
    source.write_text("n,text\n" + "".join(f"{number},x\n" for number in range(9_500)))
    nodes: Nodes = {
        "read": ("ReadCSV", {"path": str(source), "types": {"n": "int"}}),
        "write": ("WriteParquet", {"path": str(target), "compression": "zstd"}),
    }
    run(nodes, [("read", "records", "write", "records")]).raise_for_state()
    parts = pq.ParquetFile(target)
    groups = [parts.metadata.row_group(number).num_rows for number in range(parts.num_row_groups)]
    parts.close()
    assert groups == [4_000, 4_000, 1_500]
    nodes = {"read": ("ReadParquet", {"path": str(target)}), "write": ("WriteJSON", {"path": str(source)})}
    result = run(nodes, [("read", "records", "write", "records")])
    result.raise_for_state()
    assert (result.results["write"]["rows"], len(result.results["read"])) == (9_500, 100)
    assert [record["n"] for record in read(target, limit=3, fields=["n"])] == [0, 1, 2]
    assert ports("ReadParquet", {"path": str(target), "fields": ["text"], "limit": 2}, "count", "first") == {
        "count": 2,
        "first": {"text": "x"},
    }


def test_no_records_make_a_file_that_gives_none(tmp_path: Path) -> None:
    assert write(tmp_path / "none", [])["rows"] == 0
    assert read(tmp_path / "none") == []
    write(tmp_path / "typed", [], fields=["n"], types={"n": "int"})
    assert str(pq.read_schema(tmp_path / "typed").field("n").type) == "int64"


@pytest.mark.parametrize(
    ("values", "types", "reason"),
    [
        ([1, "x"], {}, "The values of 'v' are of different types: int and text."),
        ([1, True], {}, "The values of 'v' are of different types: bool and int."),
        ([1, "x"], {"v": "int"}, "Row 2 cannot be written: 'x' in 'v' is no whole number."),
        ([1, 1.5], {"v": "int"}, "Row 2 cannot be written: 1.5 in 'v' is no whole number."),
        ([1, True], {"v": "int"}, "Row 2 cannot be written: True in 'v' is no whole number."),
        ([0.5, 2**53 + 1], {}, "Row 2 cannot be written: 9007199254740993 in 'v' is no number."),
        ([dt.datetime(2025, 1, 1, 5, tzinfo=dt.UTC)], {"v": "date"}, "in 'v' is no date."),
        ([dt.time(1, tzinfo=dt.UTC)], {}, "in 'v' is no time."),
        ([2**63], {"v": "int"}, "Row 1 cannot be written: 9223372036854775808 in 'v' is no whole number."),
        ([Decimal("NaN")], {}, "NaN in 'v' is no number that a file can hold."),
        ([object()], {}, "A object in 'v' cannot be written into a file."),
    ],
)
def test_a_value_that_has_no_place_is_refused_and_nothing_is_left(
    tmp_path: Path, values: list[Any], types: dict[str, str], reason: str
) -> None:
    assert reason in refused(tmp_path / "a", [{"v": one} for one in values], types=types)


def test_a_later_batch_that_does_not_fit_the_first_is_refused_with_its_row(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    for last, reason in (
        ('{"n": "x"}', "Row 1001 cannot be written: 'x' in 'n' is no whole number."),
        ('{"n": 1, "m": 2}', "Row 1001 has a field 'm', for which there is no column."),
        ('{"n": 1, "o": 5}', "there was nothing in 'o' before"),
        ('{"n": 1, "d": {"a": 1, "b": 2}}', "in 'd' is no struct<a: int64>."),
    ):
        source.write_text('{"n": 1, "o": null, "d": {"a": 1}}\n' * 1_000 + last)
        nodes: Nodes = {
            "read": ("ReadJSON", {"path": str(source)}),
            "write": ("WriteParquet", {"path": str(tmp_path / "out")}),
        }
        result = run(nodes, [("read", "records", "write", "records")])
        assert result.error is not None
        assert reason in result.error.message
        assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_a_file_that_is_no_parquet_or_is_cut_off_is_told_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    assert failure("ReadParquet", path=str(path)).message == f"There is no {path}."
    path.write_text("a,b\n1,2\n")
    assert f"{path} cannot be read as Parquet" in failure("ReadParquet", path=str(path)).message
    write(path, [{"n": number} for number in range(100)])
    path.write_bytes(path.read_bytes()[:-20])
    assert f"{path} cannot be read as Parquet" in failure("ReadParquet", path=str(path)).message
    write(path, [{"n": 1}])
    assert failure("ReadParquet", path=str(path), fields=["m"]).hint == "There are: n."


def test_in_one_transaction_a_file_is_put_in_place_only_at_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    nodes: Nodes = {
        "write": ("WriteParquet", {"path": str(path), "records": [{"a": 1}]}),
        "fail": ("Fail", {"message": "no"}),
    }
    assert run(nodes, [("write", "done", "fail", "after")], mode="atomic").state == "failed"
    assert run({"write": nodes["write"]}, mode="dry").state == "succeeded"
    assert list(tmp_path.iterdir()) == []
    assert run({"write": nodes["write"]}, mode="atomic").state == "succeeded"
    assert read(path) == [{"a": 1}]


def test_without_pyarrow_the_command_that_installs_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parquet._package_problem.cache_clear()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    found = parquet.ReadParquetType(READ_PARQUET).check({"path": "a"})
    monkeypatch.undo()
    parquet._package_problem.cache_clear()
    assert [(one.code, one.hint) for one in found] == [
        ("missing-package", "pip install 'dataflow-studio[parquet]'.")
    ]
    monkeypatch.setitem(sys.modules, "studio.nodes.parquet_formats", None)
    monkeypatch.delattr("studio.nodes.parquet_formats")
    error = failure("ReadParquet", path=str(tmp_path / "a"))
    assert isinstance(error, MissingPackage)
    assert error.hint == "pip install 'dataflow-studio[parquet]'."
