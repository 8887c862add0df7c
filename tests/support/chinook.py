"""What does a database look like that Studio did not make?

A small record shop of the same shape as the well-known Chinook sample: eleven tables, foreign keys, a composite key,
decimals, dates, and names in CamelCase (SQLite) or snake_case (PostgreSQL, MariaDB). The rows are made up, the same ones each
time. `write_sqlite` makes the file; `write_postgres` and `write_mysql` copy any file of this shape, so that a real Chinook file serves
as well.
"""

import contextlib
import random
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from tests.support import mariadb
from tests.support.servers import run_sql

Row = tuple[Any, ...]

SEED: Final = 20_240_229
ROWS_OF_TRACKS: Final = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: its SQLite type, whether it may be empty, and the table its values are keys of."""

    name: str
    type: str
    required: bool = False
    references: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table and its key. SQLite counts a key of one INTEGER column up; in PostgreSQL, as in Chinook, nothing does."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]


def _table(name: str, *columns: str, key: tuple[str, ...] = ()) -> Table:
    """Read columns written as "Name TYPE", with "!" for required and "-> Table" for a reference."""
    read = []
    for column in columns:
        text, _, references = column.partition(" -> ")
        column_name, _, column_type = text.partition(" ")
        read.append(
            Column(
                name=column_name,
                type=column_type.rstrip("!"),
                required=column_type.endswith("!"),
                references=references,
            )
        )
    key = key or (f"{name}Id",)
    own = () if len(key) > 1 else (Column(name=key[0], type="INTEGER", required=True),)
    return Table(name=name, key=key, columns=(*own, *read))


_PLACE: Final = ("Address NVARCHAR(70)", "City NVARCHAR(40)", "State NVARCHAR(40)", "Country NVARCHAR(40)")
_REACH: Final = ("PostalCode NVARCHAR(10)", "Phone NVARCHAR(24)", "Fax NVARCHAR(24)")

# Each table after those it refers to.
TABLES: Final = (
    _table("Artist", "Name NVARCHAR(120)"),
    _table("Album", "Title NVARCHAR(160)!", "ArtistId INTEGER! -> Artist"),
    _table(
        "Employee",
        "LastName NVARCHAR(20)!",
        "FirstName NVARCHAR(20)!",
        "Title NVARCHAR(30)",
        "ReportsTo INTEGER -> Employee",
        "BirthDate DATETIME",
        "HireDate DATETIME",
        *_PLACE,
        *_REACH,
        "Email NVARCHAR(60)",
    ),
    _table(
        "Customer",
        "FirstName NVARCHAR(40)!",
        "LastName NVARCHAR(20)!",
        "Company NVARCHAR(80)",
        *_PLACE,
        *_REACH,
        "Email NVARCHAR(60)!",
        "SupportRepId INTEGER -> Employee",
    ),
    _table("Genre", "Name NVARCHAR(120)"),
    _table("MediaType", "Name NVARCHAR(120)"),
    _table(
        "Track",
        "Name NVARCHAR(200)!",
        "AlbumId INTEGER -> Album",
        "MediaTypeId INTEGER! -> MediaType",
        "GenreId INTEGER -> Genre",
        "Composer NVARCHAR(220)",
        "Milliseconds INTEGER!",
        "Bytes INTEGER",
        "UnitPrice NUMERIC(10,2)!",
    ),
    _table(
        "Invoice",
        "CustomerId INTEGER! -> Customer",
        "InvoiceDate DATETIME!",
        "BillingAddress NVARCHAR(70)",
        "BillingCity NVARCHAR(40)",
        "BillingState NVARCHAR(40)",
        "BillingCountry NVARCHAR(40)",
        "BillingPostalCode NVARCHAR(10)",
        "Total NUMERIC(10,2)!",
    ),
    _table(
        "InvoiceLine",
        "InvoiceId INTEGER! -> Invoice",
        "TrackId INTEGER! -> Track",
        "UnitPrice NUMERIC(10,2)!",
        "Quantity INTEGER!",
    ),
    _table("Playlist", "Name NVARCHAR(120)"),
    _table(
        "PlaylistTrack",
        "PlaylistId INTEGER! -> Playlist",
        "TrackId INTEGER! -> Track",
        key=("PlaylistId", "TrackId"),
    ),
)


def snake_case(name: str) -> str:
    """Return `album_id` for `AlbumId`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


# ---------------------------------------------------------------- writing


def write_sqlite(path: Path) -> None:
    """Make the file. It must not exist."""
    if path.exists():
        raise FileExistsError(path)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = ON")
        for table in TABLES:
            connection.execute(_create(table, dialect="sqlite"))
            for column in table.columns:
                if column.references:
                    index = f"IFK_{table.name}{column.name}"
                    connection.execute(f'CREATE INDEX "{index}" ON "{table.name}" ("{column.name}")')
        for name, rows in made_up_rows().items():
            if rows:
                marks = ", ".join("?" * len(rows[0]))
                # Decimals are written as text; the column's NUMERIC affinity makes numbers of them.
                values = (
                    [str(value) if isinstance(value, Decimal) else value for value in row] for row in rows
                )
                connection.executemany(f'INSERT INTO "{name}" VALUES ({marks})', values)


def write_postgres(sqlite_file: Path, database_url: str) -> None:
    """Copy a SQLite file of this shape into an empty PostgreSQL database, with names in snake_case."""
    script = _script(sqlite_file, dialect="postgresql")
    run_sql(database_url, "BEGIN;\n" + "\n".join(script) + "\nCOMMIT;\n")


def write_mysql(sqlite_file: Path, database_url: str) -> None:
    """Copy it into an empty MariaDB database, with names in snake_case and a collation that knows no case."""
    script = _script(sqlite_file, dialect="mysql")
    begin = "SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES';\nSTART TRANSACTION;\n"
    mariadb.run_sql(database_url, begin + "\n".join(script) + "\nCOMMIT;\n")


def _script(sqlite_file: Path, *, dialect: str) -> list[str]:
    script = [_create(table, dialect=dialect) + ";" for table in TABLES]
    script.extend(
        f"CREATE INDEX {name}_{key}_idx ON {name} ({key});"
        for table in TABLES
        for name, key in _references(table)
    )
    with contextlib.closing(
        sqlite3.connect(f"{sqlite_file.resolve().as_uri()}?mode=ro", uri=True)
    ) as connection:
        for table in TABLES:
            names = ", ".join(f'"{column.name}"' for column in table.columns)
            rows = connection.execute(f'SELECT {names} FROM "{table.name}"').fetchall()
            script.extend(_insert(table, rows))
    return script


def _create(table: Table, *, dialect: str) -> str:
    def named(name: str) -> str:
        return f'"{name if dialect == "sqlite" else snake_case(name)}"'

    lines = []
    for column in table.columns:
        kind = column.type if dialect == "sqlite" else _server_type(column.type, dialect)
        lines.append(f"{named(column.name)} {kind}{' NOT NULL' if column.required else ''}")
    lines.append(f"PRIMARY KEY ({', '.join(named(name) for name in table.key)})")
    for column in table.columns:
        if column.references:
            target = f"{named(column.references)} ({named(column.references + 'Id')})"
            lines.append(f"FOREIGN KEY ({named(column.name)}) REFERENCES {target}")
    how = " CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci" if dialect == "mysql" else ""
    return f"CREATE TABLE {named(table.name)} (\n  " + ",\n  ".join(lines) + f"\n){how}"


def _references(table: Table) -> Iterator[tuple[str, str]]:
    """Yield the table's name and a column's, in snake_case, for each column that refers to another table."""
    for column in table.columns:
        if column.references:
            yield snake_case(table.name), snake_case(column.name)


def _server_type(sqlite_type: str, dialect: str) -> str:
    moment = "timestamp" if dialect == "postgresql" else "datetime"
    return sqlite_type.replace("NVARCHAR", "varchar").replace("DATETIME", moment).lower()


def _insert(table: Table, rows: list[Row]) -> Iterator[str]:
    name = snake_case(table.name)
    for start in range(0, len(rows), 500):
        values = ",\n".join(
            f"({', '.join(_literal(value) for value in row)})" for row in rows[start : start + 500]
        )
        yield f'INSERT INTO "{name}" VALUES\n{values};'


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int | float):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


# ---------------------------------------------------------------- the made-up shop

_ADJECTIVES: Final = (
    "Amber",
    "Broken",
    "Copper",
    "Distant",
    "Electric",
    "Frozen",
    "Gentle",
    "Hollow",
    "Über",
    "Quiet",
)
_NOUNS: Final = (
    "Harbour",
    "Engine",
    "Garden",
    "Lantern",
    "Meadow",
    "O'Clock",
    "Parade",
    "River",
    "Señales",
    "Winter",
)
_FIRST_NAMES: Final = ("Ada", "Björn", "Chiara", "Dmitri", "Élodie", "Farah", "Goran", "Hana", "Ines", "João")
_LAST_NAMES: Final = (
    "Almeida",
    "Brandt",
    "Castillo",
    "Dvořák",
    "Eriksen",
    "Fofana",
    "García",
    "Hughes",
    "O'Brien",
)
_CITIES: Final = (
    ("Lisbon", None, "Portugal", "1100-148"),
    ("Oslo", None, "Norway", "0171"),
    ("Toronto", "ON", "Canada", "M5V 2T6"),
    ("São Paulo", "SP", "Brazil", "01310-100"),
    ("Graz", None, "Austria", "8010"),
    ("Boston", "MA", "USA", "02110"),
)
_GENRES: Final = ("Rock", "Jazz", "Metal", "Alternative & Punk", "Blues", "Latin", "Classical", "Soundtrack")
_MEDIA: Final = (
    "MPEG audio file",
    "Protected AAC audio file",
    "Protected MPEG-4 video file",
    "AAC audio file",
)
_PRICES: Final = (Decimal("0.99"), Decimal("1.99"))


def made_up_rows() -> dict[str, list[Row]]:
    """Return the rows of every table, in the order of `TABLES` and of its columns."""
    pick = random.Random(SEED)  # noqa: S311 - made-up rows, not secrets
    titles = [f"{adjective} {noun}" for adjective in _ADJECTIVES for noun in _NOUNS]
    pick.shuffle(titles)
    rows: dict[str, list[Row]] = {table.name: [] for table in TABLES}
    rows["Artist"] = [(number, f"The {titles[number]}s") for number in range(1, 26)]
    rows["Artist"].append((26, None))
    rows["Album"] = [(number, titles[(number * 7) % 100], (number * 3) % 25 + 1) for number in range(1, 41)]
    rows["Genre"] = list(enumerate(_GENRES, start=1))
    rows["MediaType"] = list(enumerate(_MEDIA, start=1))
    rows["Track"] = [_track(number, pick, titles) for number in range(1, ROWS_OF_TRACKS + 1)]
    rows["Employee"] = [_employee(number, pick) for number in range(1, 9)]
    rows["Customer"] = [_customer(number, pick) for number in range(1, 31)]
    rows["Playlist"] = list(enumerate(("Music", "Films", "Late evening", "Music", None), start=1))
    rows["PlaylistTrack"] = sorted(
        (playlist, track)
        for playlist in (1, 2, 3)
        for track in pick.sample(range(1, ROWS_OF_TRACKS + 1), 12 * playlist)
    )
    _add_invoices(rows, pick)
    return rows


def _track(number: int, pick: random.Random, titles: list[str]) -> Row:
    is_film = number % 40 == 0
    return (
        number,
        f"{pick.choice(titles)} No. {number}",
        (number - 1) // 6 + 1,
        3 if is_film else pick.choice((1, 1, 1, 2, 4)),
        pick.randint(1, len(_GENRES)),
        f"{pick.choice(_FIRST_NAMES)} {pick.choice(_LAST_NAMES)}" if pick.random() < 0.7 else None,
        pick.randint(95_000, 420_000) * (12 if is_film else 1),
        pick.randint(2_000_000, 12_000_000),
        _PRICES[is_film],
    )


def _place(pick: random.Random) -> Row:
    city, state, country, code = pick.choice(_CITIES)
    return (f"{pick.randint(1, 180)} {pick.choice(_NOUNS)} Street", city, state, country, code)


def _phone(pick: random.Random) -> str:
    return f"+{pick.randint(1, 99)} (555) {pick.randint(100, 999)}-{pick.randint(1000, 9999)}"


def _employee(number: int, pick: random.Random) -> Row:
    titles = ("General Manager", "Sales Manager", "IT Manager")
    title = titles[number - 1] if number <= 3 else ("Sales Support Agent" if number <= 6 else "IT Staff")
    boss = None if number == 1 else (1 if number <= 3 else (2 if number <= 6 else 3))
    first, last = _FIRST_NAMES[number - 1], _LAST_NAMES[number % len(_LAST_NAMES)]
    born = f"{pick.randint(1955, 1990)}-{pick.randint(1, 12):02}-{pick.randint(1, 28):02} 00:00:00"
    hired = f"{pick.randint(2002, 2004)}-{pick.randint(1, 12):02}-{pick.randint(1, 28):02} 00:00:00"
    reach = (*_place(pick), _phone(pick), _phone(pick), f"{first.lower()}@shop.example")
    return (number, last, first, title, boss, born, hired, *reach)


def _customer(number: int, pick: random.Random) -> Row:
    first, last = pick.choice(_FIRST_NAMES), pick.choice(_LAST_NAMES)
    company = f"{pick.choice(_NOUNS)} & Sons" if number % 4 == 0 else None
    fax = _phone(pick) if number % 5 == 0 else None
    reach = (*_place(pick), _phone(pick), fax, f"customer{number}@mail.example")
    return (number, first, last, company, *reach, 4 + number % 3)


def _add_invoices(rows: dict[str, list[Row]], pick: random.Random) -> None:
    prices = {track[0]: track[-1] for track in rows["Track"]}
    for number in range(1, 61):
        customer = pick.choice(rows["Customer"])
        lines = [
            (track, prices[track], pick.choice((1, 1, 1, 2)))
            for track in pick.sample(sorted(prices), number % 9 + 1)
        ]
        total = sum((price * quantity for _, price, quantity in lines), Decimal(0))
        day = f"{2009 + number // 13}-{number % 12 + 1:02}-{number % 28 + 1:02} 00:00:00"
        address, city, state, country, code = customer[4:9]
        rows["Invoice"].append((number, customer[0], day, address, city, state, country, code, total))
        first = len(rows["InvoiceLine"]) + 1
        rows["InvoiceLine"].extend((first + offset, number, *line) for offset, line in enumerate(lines))
