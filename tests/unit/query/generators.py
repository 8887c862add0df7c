"""A model with a field of every kind, rows full of corners, and random filters over them: for tests that compare meanings."""

import datetime as dt
import enum
import random
import uuid
from decimal import Decimal
from typing import Annotated, Any

from studio.models import Field, ModelSpec, Text, model_from_class


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"
    BLUE = "Blau"


class Thing:
    id: int
    number: int | None = None
    count: int = 0
    ratio: float | None = None
    amount: Decimal | None = None
    price: Annotated[Decimal | None, Field(precision=10, scale=2)] = None
    name: str | None = None
    note: Text = Text("")
    active: bool | None = None
    seen: dt.datetime | None = None
    born: dt.date | None = None
    alarm: dt.time | None = None
    lasted: dt.timedelta | None = None
    blob: bytes | None = None
    profile: dict[str, Any] | None = None
    tags: list[Any] | None = None
    colour: Colour | None = None
    token: uuid.UUID | None = None


THING: ModelSpec = model_from_class(Thing)

INTS = [0, 1, -1, 2, 5, 7, 100, 2**31, -(2**40), 2**53 + 1, 2**63 - 1, -(2**63)]
FLOATS = [0.0, -1.5, 0.1, 0.30000000000000004, 1e-9, 1e15, 3.0, 5.0, -2.25, 123456789.12345]
DECIMALS = [
    Decimal(text)
    for text in ("0", "1", "1.0", "1.10", "-3.33", "99.99", "10", "9", "0.001", "12345678901234567890.5")
]
PRICES = [Decimal(text) for text in ("0.00", "1.00", "9.99", "10.00", "-3.30", "1234567.89")]
TEXTS = [
    "", "a", "A", "abc", "ABC", "aBc", "b", "Zebra", "zebra", "äpfel", "Äpfel", "ÄPFEL", "éa", "straße", "STRASSE", "İstanbul",
    "istanbul", "ΑΣ", "ας", "ασ", "привет", "ПРИВЕТ", "日本", "🙂", "a%b", "a_b", "100%", "a\\b", "line\nbreak", "a'b\"c", " x ", "x",
    "SELECT * FROM users; drop", "a.b", "red", "foo bar", "12", "1.0", "true", "null", "\u007f", "\ue000", "\U0001f642z",
]  # fmt: skip
MOMENTS = [
    dt.datetime(2026, 1, 31, 12, 0, tzinfo=dt.UTC),
    dt.datetime(2026, 1, 31, 12, 0, 0, 1, tzinfo=dt.UTC),
    dt.datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=dt.UTC),
    dt.datetime(2024, 2, 29, tzinfo=dt.UTC),
    dt.datetime(999, 1, 1, tzinfo=dt.UTC),
    dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=dt.UTC),
]
DATES = [
    dt.date(2026, 1, 31),
    dt.date(2024, 2, 29),
    dt.date(1, 1, 1),
    dt.date(9999, 12, 31),
    dt.date(1969, 7, 20),
]
TIMES = [dt.time(0), dt.time(12, 30), dt.time(12, 30, 0, 5), dt.time(23, 59, 59, 999999)]
SPANS = [
    dt.timedelta(0),
    dt.timedelta(microseconds=1),
    dt.timedelta(days=-3, seconds=5),
    dt.timedelta(days=400),
]
BLOBS = [b"", b"\x00", b"\x00\xff", b"abc", b"\xff"]
TOKENS = [uuid.UUID(int=number) for number in (0, 1, 2**64, 2**127 + 5, 2**128 - 1)]
JSON_SCALARS: list[Any] = [
    None, True, False, 0, 1, 2, -5, 1.0, 2.5, 0.1, 1e20, 7, "", "a", "A", "dark", "light", "1", "äpfel", "ÄPFEL", "true", "a%b",
]  # fmt: skip
JSON_VALUES: list[Any] = [
    *JSON_SCALARS, [], {}, [1, 2], [1.0, 2], ["a"], ["a", "b", None], [[1], [2]], {"x": 1}, {"x": 1.0, "y": None}, {"x": {"y": 1}},
    [{"x": 1, "y": 2}], [True, 1], {"a": [1, {"b": "c"}]},
]  # fmt: skip
KEYS = ["theme", "x", "y", "a", "0", "1", "odd key", 'qu"ote', "ä", "-1", "it's"]
PATHS = [
    "theme", "x", "y", "x.y", "a", "a.0", "0", "1", "a.b", "odd key", 'qu"ote', "ä", "theme.x", "-1", "x.-1", "it's", "0.x", "missing.deep.down",
]  # fmt: skip
NOW = dt.datetime(2026, 1, 31, 12, 0, tzinfo=dt.UTC)

POOLS: dict[str, list[Any]] = {
    "number": INTS, "count": INTS, "ratio": FLOATS, "amount": DECIMALS, "price": PRICES, "name": TEXTS, "note": TEXTS,
    "active": [True, False], "seen": MOMENTS, "born": DATES, "alarm": TIMES, "lasted": SPANS, "blob": BLOBS,
    "colour": list(Colour), "token": TOKENS,
}  # fmt: skip
NEVER_NULL = {"count", "note"}
TEXT_FIELDS = ("name", "note", "colour")
REGEXES = [
    "^a", "a$", "^$", "b", "[A-Z]", "^[a-z]+$", r"\d", r"\D\d?", r"\w+\s\w+", "(?i)abc", "a.b", "a|b", "^(?:a|z).*", r"\bbar\b",
    r"[^a-z]", r"\.", "a{1,2}b?", "(ab)+", "^.{3}$", "s(?!t)", "(?=.*b)a", r"[\d\s%]", r"\\", r"\u00e4", "ä", r"[ä-ü]", "(?i)ÄPFEL",
    r"\A\w", r"c\Z", "a+?b", r"[]x]", r"[a\-z]", r"\W$", r"\n", "^line", "b$|break$", r"\By",
]  # fmt: skip
PATTERNS = [
    "%",
    "_",
    "a%",
    "%b",
    "%a%",
    "a_b",
    "a\\%b",
    "a\\_b",
    "ä%",
    "Ä%",
    "%\\\\%",
    "",
    "___",
    "_b_",
    "%ş%",
    "α_",
    "ß%",
    "%ss%",
    "i%",
    "100\\%",
]


def random_rows(count: int, seed: int = 7) -> list[dict[str, Any]]:
    """Records in canonical values, ids from 1."""
    draw = random.Random(seed)  # noqa: S311 - not for secrets
    rows = []
    for number in range(1, count + 1):
        row: dict[str, Any] = {"id": number}
        for name, pool in POOLS.items():
            empty = name not in NEVER_NULL and draw.random() < 0.2
            row[name] = None if empty else draw.choice(pool)
        row["profile"] = None if draw.random() < 0.15 else _document(draw)
        row["tags"] = (
            None if draw.random() < 0.15 else [draw.choice(JSON_VALUES) for _ in range(draw.randrange(4))]
        )
        rows.append(row)
    return rows


def _document(draw: random.Random) -> dict[str, Any]:
    return {draw.choice(KEYS): draw.choice(JSON_VALUES) for _ in range(draw.randrange(5))}


def random_filter(draw: random.Random, depth: int = 3) -> dict[str, Any]:
    """A filter that parses against THING."""
    if depth and draw.random() < 0.45:
        kind = draw.choice(["$and", "$or", "$nor", "$not", "several"])
        if kind == "$not":
            return {"$not": random_filter(draw, depth - 1)}
        if kind == "several":
            merged: dict[str, Any] = {}
            for _ in range(draw.randrange(4)):
                merged.update(random_filter(draw, 0))
            return merged
        return {kind: [random_filter(draw, depth - 1) for _ in range(draw.randrange(4))]}
    choice = draw.random()
    if choice < 0.5:
        name = draw.choice(list(POOLS))
        return {name: _field_condition(draw, name)}
    if choice < 0.8:
        return {f"profile.{draw.choice(PATHS)}": _dynamic_condition(draw)}
    if choice < 0.87:
        return {f"tags.{draw.choice(['0', '1', '-1', '0.x', '1.0'])}": _dynamic_condition(draw)}
    return draw.choice([_tags_condition, _profile_condition])(draw)


def _several(draw: random.Random, pool: list[Any]) -> list[Any]:
    values = [draw.choice(pool) for _ in range(draw.randrange(5))]
    if draw.random() < 0.2:
        values.append(None)
    return values


def _field_condition(draw: random.Random, name: str) -> Any:
    pool = POOLS[name]
    one = draw.choice(pool)
    simple: list[Any] = [
        one, None, _several(draw, pool), {"$eq": one}, {"$ne": one}, {"$ne": None}, {"$in": _several(draw, pool)},
        {"$nin": _several(draw, pool)}, {"$null": draw.random() < 0.5}, {"$exists": draw.random() < 0.5},
        {"$gt": one}, {"$gte": one}, {"$lt": one}, {"$lte": one}, {"$between": [one, draw.choice(pool)]},
        {"$gte": one, "$lt": draw.choice(pool)}, {"$not": {"$gt": one}}, {"$not": {"$in": _several(draw, pool)}},
    ]  # fmt: skip
    if name in TEXT_FIELDS:
        simple += [_text_condition(draw) for _ in range(12)]
    if name in ("seen", "born"):
        simple.append({"$gte": {"$date": draw.choice(["today", "-5m", "-24h", "now", "2024-02-29"])}})
    return draw.choice(simple)


def _text_condition(draw: random.Random) -> dict[str, Any]:
    operator = draw.choice(["$like", "$ilike", "$regex", "$startswith", "$endswith", "$contains"])
    if operator in ("$like", "$ilike"):
        value = draw.choice([*PATTERNS, draw.choice(TEXTS).replace("\\", "\\\\")])
    elif operator == "$regex":
        value = draw.choice(REGEXES)
    else:
        text = draw.choice(TEXTS)
        start = draw.randrange(len(text) + 1)
        value = draw.choice([text, text[:start], text[start:], "\U0010ffff"])
    condition = {operator: value}
    return {"$not": condition} if draw.random() < 0.2 else condition


def _dynamic_condition(draw: random.Random) -> Any:
    one = draw.choice(JSON_VALUES)
    scalar = draw.choice([value for value in JSON_SCALARS if value is not None])
    same = draw.choice([value for value in JSON_SCALARS if type(value) is type(scalar)])
    operator = draw.choice(["$gt", "$gte", "$lt", "$lte"])
    return draw.choice(
        [
            one if not isinstance(one, dict) or one else {"$eq": one}, {"$eq": one}, {"$ne": one}, {operator: scalar}, {operator: scalar},
            {"$between": [scalar, same]}, {"$in": _several(draw, JSON_VALUES)}, {"$nin": _several(draw, JSON_VALUES)},
            {"$exists": draw.random() < 0.5}, {"$null": draw.random() < 0.5}, {"$contains": one}, {"$size": draw.randrange(3)},
            {"$size": {operator: draw.randrange(3)}}, {"$not": {operator: scalar}}, _text_condition(draw), _text_condition(draw),
        ]
    )  # fmt: skip


def _tags_condition(draw: random.Random) -> dict[str, Any]:
    one = draw.choice(JSON_VALUES)
    listed = [draw.choice(JSON_VALUES) for _ in range(draw.randrange(3))]
    conditions: list[Any] = [
        listed, {"$eq": one}, {"$ne": one}, {"$contains": one}, {"$contains": one}, {"$in": [one, listed]}, {"$nin": [one]},
        {"$size": draw.randrange(4)}, {"$size": {"$gte": 1, "$lt": 3}}, {"$size": {"$nin": [0, 2]}}, {"$null": True}, None,
        {"$exists": False},
    ]  # fmt: skip
    return {"tags": draw.choice(conditions)}


def _profile_condition(draw: random.Random) -> dict[str, Any]:
    document = _document(draw)
    conditions: list[Any] = [
        {"$eq": document}, {"$ne": document}, {"$in": [document, {}]}, {"$contains": draw.choice(KEYS)}, {"$contains": document},
        {"$null": True}, {"$exists": True}, None, document,
    ]  # fmt: skip
    return {"profile": draw.choice(conditions)}


def random_update(draw: random.Random) -> dict[str, Any]:
    """An update that parses against THING; what it meets in a row may make it fail, then on every database."""
    name = draw.choice(
        [
            "number",
            "count",
            "ratio",
            "amount",
            "price",
            "name",
            "seen",
            "born",
            "lasted",
            "tags",
            "profile",
            "profile",
        ]
    )
    if name == "profile":
        places = draw.sample(["theme", "y.z", "a.b.c", "x.y", "0", "odd key", 'qu"ote'], draw.randrange(1, 4))
        return {f"profile.{place}": _document_change(draw) for place in places}
    if name == "tags":
        if draw.random() < 0.3:
            return {f"tags.{draw.choice(['0', '1', '-1', '0.x'])}": _document_change(draw)}
        return {"tags": _list_change(draw)}
    one = draw.choice(POOLS[name])
    small: dict[str, list[Any]] = {
        "number": [1, -3, 2**40], "count": [1, 0, -1, 7], "ratio": [0.5, -2.0, 3], "amount": [Decimal("0.9"), Decimal("1.10"), 3],
        "price": [Decimal("0.125"), 0.9, 2, Decimal("-1.005")], "lasted": [dt.timedelta(seconds=5), dt.timedelta(days=-1)],
    }  # fmt: skip
    choices: list[Any] = [one, {"$set": one}, {"$min": one}, {"$max": one}]
    if name in small:
        choices += [{"$inc": draw.choice(small[name])}] * 2
        if name != "lasted":
            choices += [{"$multiply": draw.choice(small[name])}] * 2
    if name not in NEVER_NULL:
        choices += [None, {"$unset": True}]
    if name in ("seen", "born"):
        choices.append({"$now": True})
    return {name: draw.choice(choices)}


def _document_change(draw: random.Random) -> Any:
    one = draw.choice(JSON_VALUES)
    number = draw.choice([1, 2, -3, 0.5, 10])
    return draw.choice(
        [one if not isinstance(one, dict) else {"$set": one}, {"$set": one}, {"$unset": True}, {"$inc": number}, {"$multiply": number},
         {"$push": one}, {"$pull": one}]
    )  # fmt: skip


def _list_change(draw: random.Random) -> Any:
    some = [draw.choice(JSON_VALUES) for _ in range(draw.randrange(3))]
    one = draw.choice(JSON_VALUES)
    return draw.choice(
        [some, {"$push": one}, {"$push": {"$each": some}}, {"$pull": one}, {"$pull": {"$each": some}}]
    )
