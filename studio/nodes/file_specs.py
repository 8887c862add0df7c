"""How do the nodes look that read and write files? CSV and JSON, whose work `files` does, and Parquet, whose work `parquet` does."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Final

from studio.nodes.base import COMMON
from studio.nodes.shaping_specs import COUNT_PORT, DICT, FIRST_PORT, MANY, NAMES, records_port
from studio.workflow.spec import NodeSpec, ParamSpec, PortSpec
from studio.workflow.types import PortType

_TEXT: Final = PortType(kind="str")
_BOOL: Final = PortType(kind="bool")

_PATH: Final = ParamSpec(
    name="path",
    type=_TEXT,
    label="File",
    description="The file. A relative path begins in the project's folder, or where Studio was started when the project has none; ~ is the home folder.",
    required=True,
    editor="file",
)
_NEW_PATH: Final = replace(_PATH, editor="new_file")
_ENCODING: Final = ParamSpec(
    name="encoding",
    type=_TEXT,
    label="Encoding",
    description="How the text is written, for example utf-8, utf-16, cp1252 or latin-1.",
    default="utf-8",
    advanced=True,
)
_DELIMITER: Final = ParamSpec(
    name="delimiter",
    type=_TEXT,
    label="Delimiter",
    description="The character between two cells; \\t is a tab.",
    default=",",
)
_RENAME: Final = ParamSpec(
    name="rename",
    type=DICT,
    label="Rename",
    description="Names in the file and the fields that they become: {Customer No: customer_id}.",
    editor="mapping",
)
_TYPES: Final = ParamSpec(
    name="types",
    type=DICT,
    label="Types",
    description="Fields and what their values are: {total: decimal, ordered_at: datetime}. One of int, float, decimal, str, bool, "
    "datetime, date, time, timedelta (seconds), bytes (base64), dict, list, vector, uuid.",
    editor="mapping",
)
_MODEL: Final = ParamSpec(
    name="model",
    type=_TEXT,
    label="Types of model",
    description="A model whose fields say what the values are; types says it for the others.",
)
_READ_LIMIT: Final = ParamSpec(
    name="limit",
    type=PortType(kind="int", nullable=True),
    label="Limit",
    description="The greatest number of records. Empty: all; a bulk node or a file takes them in batches then.",
    minimum=0,
)
_RECORDS: Final = ParamSpec(
    name="records",
    type=MANY,
    label="Records",
    description="The records; from a List without a limit, or a file, they come in batches.",
    required=True,
)
_FIELDS: Final = ParamSpec(
    name="fields",
    type=NAMES,
    label="Fields",
    description="The fields that are written, in this order. Empty: all.",
    editor="fields",
)
_IF_EXISTS: Final = ParamSpec(
    name="if_exists",
    type=_TEXT,
    label="If it exists",
    description="What becomes of a file that is there: it is replaced as a whole, or the node fails.",
    default="replace",
    choices=("replace", "error"),
    editor="choice",
)
_READ_PORTS: Final = (records_port("The records, in the order of the file."), FIRST_PORT, COUNT_PORT)
_WRITE_PORTS: Final = (
    PortSpec(name="path", type=_TEXT, label="path", description="The whole path of the file.", primary=True),
    PortSpec(
        name="rows", type=PortType(kind="int"), label="rows", description="How many records were written."
    ),
    PortSpec(name="bytes", type=PortType(kind="int"), label="bytes", description="How large the file is."),
)
_WRITTEN: Final = " The file is whole or not there at all; in one transaction it is put in place with the commit, in a dry run it is not."
_WRITE_VALUE: Final = '{"path": …, "rows": n, "bytes": n}'

READ_CSV: Final = NodeSpec(
    type="ReadCSV",
    title="Read CSV",
    category="data",
    code="RCV",
    description="Reads records from a CSV file. Values are text unless their types are given.",
    params=(
        _PATH,
        _DELIMITER,
        ParamSpec(
            name="names",
            type=NAMES,
            label="Columns",
            description="The names of the columns of a file that has no header. Empty: the first row is the header.",
        ),
        _RENAME,
        _MODEL,
        _TYPES,
        ParamSpec(
            name="empty_is_null",
            type=_BOOL,
            label="Empty is nothing",
            description="Whether an empty cell is no value; otherwise it is an empty text, and no value of the other types.",
            default=True,
            advanced=True,
        ),
        _READ_LIMIT,
        _ENCODING,
        *COMMON,
    ),
    outputs=_READ_PORTS,
    value="The list of records; when they were taken in batches, the first of them.",
    example=MappingProxyType({"path": "orders.csv", "types": {"total": "decimal"}}),
)

READ_JSON: Final = NodeSpec(
    type="ReadJSON",
    title="Read JSON",
    category="data",
    code="RJS",
    description="Reads records from a JSON file: an array of objects, or objects one after the other (JSON Lines).",
    params=(_PATH, _RENAME, _MODEL, _TYPES, _READ_LIMIT, _ENCODING, *COMMON),
    outputs=_READ_PORTS,
    value="The list of records; when they were taken in batches, the first of them.",
    example=MappingProxyType({"path": "orders.json", "types": {"ordered_at": "datetime"}}),
)

WRITE_CSV: Final = NodeSpec(
    type="WriteCSV",
    title="Write CSV",
    category="data",
    code="WCV",
    description=f"Writes records into a CSV file with a header.{_WRITTEN}",
    params=(_NEW_PATH, _RECORDS, _FIELDS, _DELIMITER, _IF_EXISTS, _ENCODING, *COMMON),
    outputs=_WRITE_PORTS,
    value=_WRITE_VALUE,
    example=MappingProxyType({"path": "orders.csv", "fields": ["id", "total"]}),
)

WRITE_JSON: Final = NodeSpec(
    type="WriteJSON",
    title="Write JSON",
    category="data",
    code="WJS",
    description=f"Writes records into a JSON file, as an array or line by line.{_WRITTEN}",
    params=(
        _NEW_PATH,
        _RECORDS,
        _FIELDS,
        ParamSpec(
            name="lines",
            type=_BOOL,
            label="Lines",
            description="Whether there is an object on each line (JSON Lines) and no array around them.",
            default=False,
        ),
        _IF_EXISTS,
        _ENCODING,
        *COMMON,
    ),
    outputs=_WRITE_PORTS,
    value=_WRITE_VALUE,
    example=MappingProxyType({"path": "orders.jsonl", "lines": True}),
)

INSTALL_PARQUET: Final = "pip install 'dataflow-studio[parquet]'"
_COLUMN_TYPES: Final = replace(
    _TYPES,
    description="Columns and what they hold: {total: decimal, ordered_at: datetime}; dict and list are written as JSON text. "
    "Without a type a column has that of the first records.",
)

READ_PARQUET: Final = NodeSpec(
    type="ReadParquet",
    title="Read Parquet",
    category="data",
    code="RPQ",
    description="Reads records from a Parquet file, with the types of its columns; times come in UTC.",
    params=(
        _PATH,
        replace(_FIELDS, description="The columns that are read. Empty: all."),
        _RENAME,
        _MODEL,
        replace(
            _TYPES,
            description="Types of columns that the file says otherwise: {id: uuid, data: dict} for ids and documents kept as text.",
        ),
        _READ_LIMIT,
        *COMMON,
    ),
    outputs=_READ_PORTS,
    value="The list of records; when they were taken in batches, the first of them.",
    example=MappingProxyType({"path": "orders.parquet", "fields": ["id", "total"]}),
)

WRITE_PARQUET: Final = NodeSpec(
    type="WriteParquet",
    title="Write Parquet",
    category="data",
    code="WPQ",
    description="Writes records into a Parquet file: decimals with their digits, dates, times in UTC, bytes, lists and records, ids as "
    f"text.{_WRITTEN}",
    params=(
        _NEW_PATH,
        _RECORDS,
        _FIELDS,
        _MODEL,
        _COLUMN_TYPES,
        ParamSpec(
            name="compression",
            type=_TEXT,
            label="Compression",
            description="How the columns are packed.",
            default="snappy",
            choices=("snappy", "zstd", "gzip", "none"),
            editor="choice",
            advanced=True,
        ),
        _IF_EXISTS,
        *COMMON,
    ),
    outputs=_WRITE_PORTS,
    value=_WRITE_VALUE,
    example=MappingProxyType({"path": "orders.parquet", "types": {"total": "decimal"}}),
)
