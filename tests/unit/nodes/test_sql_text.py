"""Are bound names and statements found in SQL, wherever quotes and comments hide colons and semicolons?"""

import pytest

from studio.nodes.sql_text import bound_names, only_reads, statement_count


@pytest.mark.parametrize(
    ("sql", "names", "count"),
    [
        ("", (), 0),
        (" ; ;; ", (), 0),
        ("-- only a comment; nothing", (), 0),
        ("SELECT 1", (), 1),
        ("SELECT 1;", (), 1),
        ("SELECT 1; SELECT 2", (), 2),
        ("SELECT :a, :b, :a", ("a", "b"), 1),
        ("SELECT ':a; --' || :b", ("b",), 1),
        ("SELECT 'it''s; :a'", (), 1),
        ('SELECT ":a;" FROM "t;"', (), 1),
        ("SELECT a::int, :b::text", ("b",), 1),
        ("SELECT 1 /* ; :a */ + :b -- ; :c", ("b",), 1),
        ("SELECT $$ ; :a $$, $x$ ; :b $$ $x$, :c", ("c",), 1),
        ("SELECT '10:30', :a_1", ("a_1",), 1),
        ("SELECT 'open", (), 1),
        ("INSERT INTO t VALUES (:x); DELETE FROM t", ("x",), 2),
    ],
)
def test_names_and_statements(sql: str, names: tuple[str, ...], count: int) -> None:
    assert bound_names(sql) == names
    assert statement_count(sql) == count


@pytest.mark.parametrize(
    ("sql", "reads"),
    [
        ("SELECT 1", True),
        ("/* x */ values (1)", True),
        ("  -- a\n explain select 1", True),
        ("DELETE FROM t", False),
        ("WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", False),
    ],
)
def test_only_what_surely_reads_is_said_to(sql: str, reads: bool) -> None:
    assert only_reads(sql) is reads
