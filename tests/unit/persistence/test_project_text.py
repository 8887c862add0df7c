from dataclasses import replace
from pathlib import Path

import pytest

from studio.kernel.errors import TextError
from studio.kernel.ids import WorkflowId
from studio.persistence import project_from_yaml, project_to_yaml
from studio.session.sample import sample_project
from studio.workflow.graph import frozen
from studio.workflow.text import workflow_to_yaml

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
HEAD = "format: studio/project\nversion: 1\nname: P\n"
SHOP = HEAD + "connections:\n  - {name: shop, url: 'sqlite:///x.db'}\n"


def test_a_project_comes_back_the_same():
    project = sample_project("sqlite:///shop.sqlite")
    (workflow,) = project.workflows.values()
    template = replace(workflow, id=WorkflowId("t"), name="To begin with")
    project = replace(project, templates=frozen({template.id: template}))
    text = project_to_yaml(project)
    assert text.index("\nworkflows:") < text.index("\ntemplates:")
    assert project_from_yaml(text) == project
    assert project_to_yaml(project_from_yaml(text)) == text


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_the_examples_can_be_read(path):
    project = project_from_yaml(path.read_text(encoding="utf-8"))
    assert project.workflows


def test_ids_may_be_left_out():
    project = project_from_yaml(SHOP + "models:\n  - {name: A, fields: {x: int}}\nworkflows:\n  - name: W\n")
    (workflow,) = project.workflows.values()
    assert workflow.id
    assert project.models["A"].connection == "shop" == project.default_connection


def test_a_workflows_own_text_is_a_project_of_one():
    workflow = next(iter(sample_project("sqlite:///x.db").workflows.values()))
    project = project_from_yaml(workflow_to_yaml(workflow))
    assert list(project.workflows.values()) == [workflow]


def test_a_password_never_enters_a_text():
    project = sample_project("postgresql://me:secret@host/shop")
    assert "secret" not in project_to_yaml(project)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (HEAD + "connections:\n  - {name: shop, url: 'postgresql://me:secret@h/db'}\n", 5, "secret_name"),
        (HEAD + "connections:\n  - {name: shop}\n", 5, "needs a 'url'"),
        (HEAD + "connections:\n  - {name: shop, url: 'sqlite:///x', secret: envrionment}\n", 5, "Did you mean 'environment'"),
        (HEAD + "connections:\n  - {name: shop, url: 'sqlite:///x', stage: prodution}\n", 5, "Did you mean 'production'"),
        (SHOP + "models:\n  - {name: A, connection: shp, fields: {}}\n", 7, "Did you mean 'shop'"),
        (SHOP + "models:\n  - {name: A, fields: {x: {type: strr}}}\n", 7, "Did you mean 'str'"),
        (SHOP + "default_connection: nowhere\n", 6, "no connection 'nowhere'"),
        (SHOP + "workflows:\n  - {id: w}\n", 7, "has no 'name'"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line_and_a_remedy(text, line, words):
    with pytest.raises(TextError) as caught:
        project_from_yaml(text)
    assert caught.value.line == line
    assert words in str(caught.value)
    assert "me:secret" not in str(caught.value)
