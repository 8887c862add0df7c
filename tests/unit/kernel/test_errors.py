"""The tree of errors."""

import inspect
import re
from pathlib import Path

from studio.kernel import errors
from studio.kernel.errors import BuildError, DuplicateKey, StudioError, TextError
from studio.kernel.problems import Problem

DOCS = Path(__file__).parents[3] / "docs" / "problems.md"


def every_error() -> list[type[StudioError]]:
    return [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, StudioError)]


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [cls.code for cls in every_error()]
    assert len(codes) == len(set(codes))


def test_every_code_is_documented_and_every_documented_code_of_an_error_exists() -> None:
    documented = set(re.findall(r"^\| `([a-z-]+)` \|", DOCS.read_text(encoding="utf-8"), flags=re.MULTILINE))
    missing = {cls.code for cls in every_error()} - documented - {"error"}
    assert missing == set()


def test_the_place_is_filled_in_from_the_inside_out() -> None:
    error = DuplicateKey("email a@b.c already exists.", hint="Use Upsert.", field="email", row=731)
    error.at(node="import", workflow="Nightly", row=5)
    assert (
        str(error)
        == 'workflow "Nightly", node "import", field "email", row 731: email a@b.c already exists. Use Upsert.'
    )
    assert error.to_data()["code"] == "duplicate-key"
    assert error.to_problem().row == 731


def test_a_build_error_lists_all_its_problems() -> None:
    error = BuildError(
        [
            Problem(code="unknown-node", message="No node type X.", node="a"),
            Problem(code="filter", message="No field y."),
        ]
    )
    assert "2 problems" in str(error)
    assert 'node "a": No node type X.' in str(error) and "No field y." in str(error)


def test_text_errors_carry_line_and_column() -> None:
    error = TextError("A colon is missing.", line=3, column=7)
    assert str(error) == "line 3, column 7: A colon is missing."
    assert (error.to_problem().line, error.to_problem().column) == (3, 7)
