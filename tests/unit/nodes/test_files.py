"""Are records read from files and written to them whole, exactly and in bounded memory?"""

import asyncio
import datetime as dt
import enum
import math
import stat
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from studio.nodes import file_formats
from tests.unit.nodes.one_node import failure, ports, problem, run, value


class Status(enum.Enum):
    PAID = "paid"


KINDS = {
    "whole": "int", "real": "float", "money": "decimal", "short": "str", "flag": "bool", "moment": "datetime", "day": "date",
    "hour": "time", "span": "timedelta", "raw": "bytes", "data": "dict", "items": "list", "other": "uuid",
}  # fmt: skip
RECORD: dict[str, Any] = {
    "whole": 2**63 - 1,
    "real": 0.1,
    "money": Decimal("79228162514264337593543950336.10"),
    "short": 'Ada, "the first";\n\tGrüße 世界 🌍',
    "flag": False,
    "moment": dt.datetime(2025, 1, 31, 12, 30, 15, 123456, tzinfo=dt.UTC),
    "day": dt.date(2024, 2, 29),
    "hour": dt.time(23, 59, 59, 999999),
    "span": dt.timedelta(days=-3, microseconds=7),
    "raw": bytes(range(256)),
    "data": {"a": [1, 2.5, None, {"b": "ü"}], "": True},
    "items": ["x", 1, None, {"y": []}],
    "other": uuid.UUID(int=5),
}
EMPTY = dict.fromkeys(RECORD)


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# ---------------------------------------------------------------- there and back


@pytest.mark.parametrize("kind", ["CSV", "JSON"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_every_type_comes_back_equal(tmp_path: Path, kind: str, encoding: str) -> None:
    path = str(tmp_path / "all")
    wrote = value(f"Write{kind}", path=path, records=[RECORD, EMPTY], encoding=encoding)
    assert wrote == {"path": path, "rows": 2, "bytes": Path(path).stat().st_size}
    back = value(f"Read{kind}", path=path, types=KINDS, encoding=encoding)
    assert back == [RECORD, EMPTY]
    assert [type(part) for part in back[0].values()] == [type(part) for part in RECORD.values()]


def test_json_lines_and_arrays_are_both_read(tmp_path: Path) -> None:
    records = [{"n": number, "text": "x" * number} for number in range(300)]
    for lines in (True, False):
        path = tmp_path / f"{lines}.json"
        value("WriteJSON", path=str(path), records=records, lines=lines)
        assert path.read_text().startswith('{"n": 0' if lines else "[\n{")
        assert value("ReadJSON", path=str(path)) == records
    (tmp_path / "pretty.json").write_text('[\n  {\n "a": 1\n },\n {"a": 2} ]\n')
    assert value("ReadJSON", path=str(tmp_path / "pretty.json")) == [{"a": 1}, {"a": 2}]


def test_an_item_longer_than_a_piece_of_the_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_formats, "_CHUNK", 7)
    records = [{"text": "é" * 500, "n": [1, 2, -3.5e10]}, {"n": 12345678}]
    for lines in (True, False):
        value("WriteJSON", path=str(tmp_path / "a"), records=records, lines=lines)
        assert value("ReadJSON", path=str(tmp_path / "a")) == records


@pytest.mark.parametrize("kind", ["CSV", "JSON"])
def test_no_records_make_a_file_that_gives_none(tmp_path: Path, kind: str) -> None:
    path = str(tmp_path / "none")
    assert value(f"Write{kind}", path=path, records=[])["rows"] == 0
    assert value(f"Read{kind}", path=path) == []
    (tmp_path / "none").write_text("")
    assert value(f"Read{kind}", path=path) == []


def test_rows_go_from_file_to_file_in_batches(tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.jsonl"
    source.write_text("n,text\n" + "".join(f"{number},x\n" for number in range(25_000)))
    result = run(
        {
            "read": ("ReadCSV", {"path": str(source), "types": {"n": "int"}}),
            "write": ("WriteJSON", {"path": str(target), "lines": True}),
        },
        [("read", "records", "write", "records")],
    )
    result.raise_for_state()
    assert result.results["write"]["rows"] == 25_000
    assert result.nodes["read"].rows == 25_000
    assert len(result.results["read"]) == 100  # the first are shown, the others were never gathered
    with target.open() as lines:
        assert sum(1 for _ in lines) == 25_000


# ---------------------------------------------------------------- reading CSV


def read_csv(tmp_path: Path, text: str | bytes, **params: Any) -> Any:
    path = tmp_path / "in.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return value("ReadCSV", path=str(path), **params)


def csv_failure(tmp_path: Path, text: str | bytes, **params: Any) -> Any:
    path = tmp_path / "in.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return failure("ReadCSV", path=str(path), **params)


def test_the_header_names_the_fields_and_may_be_renamed(tmp_path: Path) -> None:
    text = "\ufeffNo,Customer Name\r\n1,Ada\r\n\r\n2\r\n"
    assert read_csv(tmp_path, text) == [
        {"No": "1", "Customer Name": "Ada"},
        {"No": "2", "Customer Name": None},
    ]
    renamed = read_csv(tmp_path, text, rename={"Customer Name": "name"}, types={"No": "int"}, limit=1)
    assert renamed == [{"No": 1, "name": "Ada"}]
    assert read_csv(tmp_path, "1;Ada", names=["id", "name"], delimiter=";") == [{"id": "1", "name": "Ada"}]
    assert read_csv(tmp_path, "a\tb\n1\t2", delimiter="\\t") == [{"a": "1", "b": "2"}]


def test_an_empty_cell_is_nothing_unless_it_shall_be_text(tmp_path: Path) -> None:
    text = "a,n\n,\n"
    assert read_csv(tmp_path, text, types={"n": "int"}) == [{"a": None, "n": None}]
    assert read_csv(tmp_path, text, types={"n": "int"}, empty_is_null=False) == [{"a": "", "n": None}]


@pytest.mark.parametrize(
    ("text", "params", "row", "words"),
    [
        ("a,b\n1,2\n1,2,3\n", {}, 2, "3 cells"),
        ('a\n1\n"2\n', {}, 2, "cannot be read"),
        ("a,a\n1,2\n", {}, None, "Two columns are called 'a'"),
        ("a\n1\n", {"rename": {"b": "c"}}, None, "no column 'b'"),
        ("total\n1\n", {"types": {"totl": "int"}}, None, "no column 'totl'"),
        ("a\n1\nx\n", {"types": {"a": "int"}}, 2, "'x'"),
        ("a\n12,5\n".replace(",", "."), {"types": {"a": "int"}}, 1, "'12.5'"),
        ("a\nmaybe\n", {"types": {"a": "bool"}}, 1, "'maybe'"),
        ("a\n2025-13-01\n", {"types": {"a": "date"}}, 1, "2025-13-01"),
        (b"a\n\xff\n", {}, 1, "not written in utf-8"),
    ],
    ids=str,
)
def test_a_fault_in_a_file_is_told_with_its_row(
    tmp_path: Path, text: str | bytes, params: dict[str, Any], row: int | None, words: str
) -> None:
    error = csv_failure(tmp_path, text, **params)
    assert error.row == row
    assert words in error.message


def test_a_file_that_is_not_there_is_told_with_its_path(tmp_path: Path) -> None:
    for kind in ("ReadCSV", "ReadJSON"):
        error = failure(kind, path=str(tmp_path / "no.csv"))
        assert (error.field, "There is no" in error.message) == ("path", True)
        assert failure(kind, path=str(tmp_path)).field == "path"


# ---------------------------------------------------------------- reading JSON


@pytest.mark.parametrize(
    ("text", "row", "words"),
    [
        ('[{"a": 1}, {"a": }]', 2, "line 1"),
        ('{"a": 1}\n\n{"a" 2}\n', 2, "line 3"),
        ('[{"a": 1}', 2, "no end"),
        ('[{"a": 1}, 5]', 2, "a number"),
        ('"text"', 1, "a text"),
        ('[{"a": NaN}]', 1, "NaN"),
        ("nonsense", 1, "line 1"),
    ],
    ids=str,
)
def test_a_fault_in_json_is_told_with_its_row_and_line(
    tmp_path: Path, text: str, row: int, words: str
) -> None:
    path = tmp_path / "in.json"
    path.write_text(text)
    error = failure("ReadJSON", path=str(path))
    assert error.row == row
    assert words in error.message


def test_a_fault_in_json_is_told_with_its_column_however_far_the_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for chunk in (1 << 16, 5):
        monkeypatch.setattr(file_formats, "_CHUNK", chunk)
        for text, place in (
            ('[{"a": 1}, {"b": nul}]', "line 1, column 18"),
            ('{"a": 1}\n{"b": 2}\n{"c" 3}\n', "line 3, column 6"),
        ):
            (tmp_path / "in.json").write_text(text)
            assert f"({place})" in failure("ReadJSON", path=str(tmp_path / "in.json")).message


@pytest.mark.parametrize("kind", ["CSV", "JSON", "Parquet"])
def test_a_disk_that_has_no_room_fails_the_node_and_leaves_nothing(tmp_path: Path, kind: str) -> None:
    resource = pytest.importorskip("resource", reason="limits of a process: POSIX only")
    records = [{"n": number, "text": str(number) * 5} for number in range(3_000)]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        error = failure(f"Write{kind}", path=str(tmp_path / "out"), records=records)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "cannot be written" in error.message
    assert left(tmp_path) == []


def test_numbers_are_exact_where_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "in.json"
    path.write_text(
        '[{"price": 0.10000000000000000001, "ratio": 0.5, "more": [1.5], "big": 123456789012345678901234}]'
    )
    (record,) = value("ReadJSON", path=str(path), types={"price": "decimal"})
    assert record["price"] == Decimal("0.10000000000000000001")
    assert (type(record["ratio"]), record["more"], record["big"]) == (float, [1.5], 123456789012345678901234)


# ---------------------------------------------------------------- writing


def test_fields_are_chosen_and_a_field_without_a_column_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    records = [{"a": 1, "b": Status.PAID}, {"a": None, "b": "x", "c": True}]
    value("WriteCSV", path=str(path), records=records, fields=["b", "a"])
    assert path.read_text() == "b,a\npaid,1\nx,\n"
    value("WriteCSV", path=str(path), records=records, delimiter=";")
    assert path.read_text() == "a;b;c\n1;paid;\n;x;true\n"
    value("WriteJSON", path=str(path), records=records, fields=["c"], lines=True)
    assert path.read_text() == '{"c": null}\n{"c": true}\n'


def test_what_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")
    for params in (
        {"records": [{"a": 1}, {"a": object()}]},
        {"records": [{"a": 1}, {"a": math.inf}]},
        {"records": [{"a": "é"}], "encoding": "ascii"},
        {"records": [{"a": 1}, 5]},
        {"records": [{"a": 1}], "if_exists": "error"},
    ):
        for kind in ("WriteCSV", "WriteJSON"):
            failure(kind, path=str(path), **params)
            assert (path.read_text(), left(tmp_path)) == ("old", ["out.csv"]), params
    assert failure("WriteCSV", path=str(path), records=[{"a": 1}, {"a": math.inf}]).row == 2
    assert failure("WriteCSV", path=str(tmp_path / "no" / "out.csv"), records=[]).field == "path"
    assert failure("WriteCSV", path=str(tmp_path), records=[]).field == "path"


def test_a_file_is_replaced_with_its_permissions_and_a_link_stays_one(tmp_path: Path) -> None:
    path, link = tmp_path / "out.csv", tmp_path / "link.csv"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    value("WriteCSV", path=str(link), records=[{"a": 1}])
    assert path.read_text() == "a\n1\n"
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert left(tmp_path) == ["link.csv", "out.csv"]


@pytest.mark.parametrize("mode", ["dry", "atomic"])
def test_in_one_transaction_a_file_is_put_in_place_only_at_its_end(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "out.csv"
    nodes: dict[str, Any] = {"write": ("WriteCSV", {"path": str(path), "records": [{"a": 1}]})}
    result = run(nodes, mode=mode)
    assert (result.state, result.results["write"]["rows"]) == ("succeeded", 1)
    assert left(tmp_path) == (["out.csv"] if mode == "atomic" else [])
    path.unlink(missing_ok=True)
    nodes["fail"] = ("Fail", {"message": "no"})
    assert run(nodes, [("write", "done", "fail", "after")], mode=mode).state == "failed"
    assert left(tmp_path) == []


def test_a_run_that_is_stopped_leaves_no_file(tmp_path: Path) -> None:
    from studio.kernel.ids import NodeId, WorkflowId
    from studio.runtime import NodeProgressed, RunResult, compile_plan, run_workflow
    from studio.workflow import Edge, Node, Workflow
    from studio.workflow.graph import frozen
    from tests.unit.nodes.one_node import CATALOGUE

    source = tmp_path / "in.csv"
    source.write_text("n\n" + "1\n" * 200_000)
    nodes = (
        Node(id=NodeId("read"), type="ReadCSV", params=frozen({"path": str(source)})),
        Node(id=NodeId("write"), type="WriteCSV", params=frozen({"path": str(tmp_path / "out.csv")})),
    )
    edge = Edge(source=nodes[0].id, source_port="records", target=nodes[1].id, target_port="records")
    workflow = Workflow(
        id=WorkflowId("w"), name="story", nodes=frozen({node.id: node for node in nodes}), edges=(edge,)
    )

    async def story() -> RunResult:
        begun = asyncio.Event()

        def listen(event: object) -> None:
            if isinstance(event, NodeProgressed):
                begun.set()

        task = asyncio.create_task(
            run_workflow(compile_plan(workflow, CATALOGUE), databases={}, on_event=listen)
        )
        await begun.wait()
        task.cancel()
        return await task

    assert asyncio.run(asyncio.wait_for(story(), 60)).state == "cancelled"
    assert left(tmp_path) == ["in.csv"]


def test_ports_tell_of_what_was_read_and_written(tmp_path: Path) -> None:
    path = str(tmp_path / "a.csv")
    wrote = ports("WriteCSV", {"path": path, "records": [{"a": 1}, {"a": 2}]}, "path", "rows", "bytes")
    assert wrote == {"path": path, "rows": 2, "bytes": 6}
    seen = ports("ReadCSV", {"path": path}, "records", "first", "count")
    assert seen == {"records": [{"a": "1"}, {"a": "2"}], "first": {"a": "1"}, "count": 2}


@pytest.mark.parametrize(
    ("kind", "params", "expected"),
    [
        ("ReadCSV", {}, ("missing-param", "path")),
        ("ReadCSV", {"path": ""}, ("missing-param", "path")),
        ("ReadCSV", {"path": "a", "encoding": "utf-9"}, ("param-type", "encoding")),
        ("ReadCSV", {"path": "a", "encoding": "base64"}, ("param-type", "encoding")),
        ("ReadCSV", {"path": "a", "delimiter": ";;"}, ("param-type", "delimiter")),
        ("ReadCSV", {"path": "a", "types": {"n": "integer"}}, ("field-kind", "types")),
        ("ReadJSON", {"path": "a", "model": "Order"}, ("unknown-model", "model")),
        ("WriteCSV", {"path": "a", "records": [], "if_exists": "append"}, ("param-type", "if_exists")),
        ("WriteJSON", {"path": "a"}, ("missing-param", "records")),
    ],
    ids=str,
)
def test_file_nodes_refuse_before_the_run(
    kind: str, params: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert problem(kind, **params) == expected
