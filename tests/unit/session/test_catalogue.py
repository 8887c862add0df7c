"""Which kinds of node does a project have, and what do they know of their databases?"""

from typing import Any

import pytest

from studio.models import model_from_class
from studio.project.state import Connection, ModelEntry, Project
from studio.session.catalogue import project_catalogue
from studio.workflow.graph import frozen


class Setting:
    data: dict[str, Any]


@pytest.mark.parametrize(
    ("url", "fits"),
    [("sqlite:///x.db", True), ("mysql://x@localhost/x", False), ("nothing://", True), ("", True)],
)
def test_a_node_is_judged_by_the_kind_of_its_database(url: str, fits: bool) -> None:
    spec = model_from_class(Setting)
    project = Project(
        id="p",
        name="p",
        connections=frozen({"c": Connection(id="c", name="main", url=url)}),
        models=frozen({"m": ModelEntry(id="m", name="Setting", connection="c", spec=spec)}),
    )
    catalogue = project_catalogue(project, dict)
    kind = catalogue.find("SettingUpdateNode")
    assert kind is not None
    problems = catalogue.check_params(kind, {"id": 1, "fields": {"data.-a": 5}})
    assert [problem.field for problem in problems] == ([] if fits else ["fields"])
