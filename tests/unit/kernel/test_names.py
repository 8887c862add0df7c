"""Case, plurals, near misses."""

import pytest

from studio.kernel.names import (
    FreeNames,
    did_you_mean,
    nearest,
    pascal_case,
    plural,
    snake_case,
    unique_name,
    with_article,
)


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("AgentExecution", "agent_execution"),
        ("APIProviderConfig", "api_provider_config"),
        ("list orders", "list_orders"),
        ("id", "id"),
    ],
)
def test_snake_case(name: str, snake: str) -> None:
    assert snake_case(name) == snake


def test_pascal_case_keeps_what_is_pascal_already() -> None:
    assert [pascal_case(name) for name in ("invoice_line", "InvoiceLine", "2fast", "a-b c")] == [
        "InvoiceLine",
        "InvoiceLine",
        "T2fast",
        "ABC",
    ]


@pytest.mark.parametrize(
    ("word", "many"),
    [
        ("order", "orders"),
        ("category", "categories"),
        ("day", "days"),
        ("box", "boxes"),
        ("match", "matches"),
    ],
)
def test_plural(word: str, many: str) -> None:
    assert plural(word) == many


def test_near_misses_ignore_case_and_come_best_first() -> None:
    assert nearest("statsu", ["status", "state", "total"])[0] == "status"
    assert did_you_mean("Totl", ["total", "status"]) == "Did you mean 'total'?"
    assert did_you_mean("zzz", ["b", "a"]) == "Known: a, b."
    assert did_you_mean("zzz", []) == ""


def test_many_free_names_are_those_that_one_after_the_other_would_be() -> None:
    wanted = ["a", "a_2", "a", "b_7", "b", "a_9", "a", "b_7"]
    taken = {"a", "a_3", "b_7"}
    free = FreeNames(taken)
    given = [free.take(name) for name in wanted]
    for name in wanted:
        taken.add(unique_name(name, taken))
    assert given == ["a_2", "a_4", "a_5", "b_2", "b", "a_9", "a_6", "b_3"]
    assert set(given) | {"a", "a_3", "b_7"} == taken


def test_unique_names_count_up() -> None:
    assert unique_name("a", []) == "a"
    assert unique_name("a", ["a", "a_2"]) == "a_3"
    assert unique_name("a_2", ["a_2"]) == "a_3"


def test_a_word_gets_the_article_that_it_is_spoken_with() -> None:
    assert [with_article(word) for word in ("int", "Order", "user", "str")] == [
        "an int", "an Order", "a user", "a str",
    ]  # fmt: skip
