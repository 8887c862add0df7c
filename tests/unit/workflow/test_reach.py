"""Which values does an expression reach, and which of them may it be?"""

import pytest

from studio.workflow.reach import reaches


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("record.email", "record.email!"),
        ("list[0].author['name']", "list.author.name!"),
        ("list[n + 1].email", "list.email! n"),
        ("list[low:high]", "list! low high"),
        ("a.x if b.y > 1 else c.z", "b.y a.x! c.z!"),
        ("a.x or coalesce(b.y, 'none')", "a.x! b.y!"),
        ("upper(a.x) + str(b.y)", "a.x b.y"),
        ("sum(list.records, 'total')", "list.records.total!"),
        ("len(list.records)", "list.records"),
        ("not true and [a.x, {'k': b.y}]", "a.x b.y"),
        ("max(a.x, 3)", "a.x!"),
        ("{'k': a.x}.k", "a.x"),
        ("a.x +", ""),
        ("null", ""),
    ],
)
def test_what_an_expression_reaches(text, expected):
    found = (f"{'.'.join(reach.path)}{'!' if reach.is_value else ''}" for reach in reaches(text))
    assert " ".join(found) == expected
