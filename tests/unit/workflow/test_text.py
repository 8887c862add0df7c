from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from studio.kernel.errors import TextError
from studio.workflow.text import nodes_from_yaml, nodes_to_yaml, workflow_from_yaml, workflow_to_yaml
from studio.workflow.yaml_reading import read_yaml
from studio.workflow.yaml_writing import write_yaml
from tests.support import projects
from tests.support.exactness import exact

HEAD = "format: studio/workflow\nversion: 1\nid: w\nname: W\n"


@given(projects.values)
def test_any_plain_value_comes_back_the_same_in_type_and_order(value):
    assert exact(read_yaml(write_yaml({"value": value})).plain()) == exact({"value": value})


@given(projects.workflows())
@settings(max_examples=20)  # each is a whole workflow
def test_a_workflow_comes_back_the_same(workflow):
    again = workflow_from_yaml(workflow_to_yaml(workflow))
    assert exact(again) == exact(workflow)
    assert again == workflow or "nan" in repr(workflow)


@given(projects.workflows())
@settings(max_examples=20)  # each is a whole workflow
def test_writing_what_was_read_gives_the_same_text(workflow):
    text = workflow_to_yaml(workflow)
    assert workflow_to_yaml(workflow_from_yaml(text)) == text


@given(projects.workflows())
@settings(max_examples=20)  # each is a whole workflow
def test_other_readers_can_parse_the_text_too(workflow):
    nodes: Any = yaml.compose(workflow_to_yaml(workflow), Loader=yaml.SafeLoader)
    assert [key.value for key, _ in nodes.value][:4] == ["format", "version", "id", "name"]


@given(projects.workflows())
@settings(max_examples=20)  # each is a whole workflow
def test_copied_nodes_come_back_without_the_workflows_name(workflow):
    again = nodes_from_yaml(nodes_to_yaml(workflow))
    assert (exact(again.nodes), exact(again.edges), again.name) == (
        exact(workflow.nodes),
        exact(workflow.edges),
        "",
    )


def test_keys_stand_in_a_fixed_order_and_the_layout_stands_apart_at_the_end():
    text = HEAD + (
        "layout: {nodes: {a: {x: 1, y: 2}}}\n"
        "edges: [{from: [a, records], to: [b, data]}]\n"
        "nodes: [{type: ListNode, id: a}, {params: {limit: 3}, id: b, type: SinkNode}]\n"
    )
    assert workflow_to_yaml(workflow_from_yaml(text)) == HEAD + (
        "nodes:\n"
        "  - id: a\n"
        "    type: ListNode\n"
        "  - id: b\n"
        "    type: SinkNode\n"
        "    params:\n"
        "      limit: 3\n"
        "edges:\n"
        "  - {from: [a, records], to: [b, data]}\n"
        "layout:\n"
        "  nodes:\n"
        "    a: {x: 1, y: 2}\n"
    )


def test_text_of_several_lines_is_written_as_a_block_people_can_read():
    text = write_yaml({"code": "a = 1\nb = 2\n"})
    assert text == "code: |\n  a = 1\n  b = 2\n"


def test_unknown_keys_at_every_depth_are_written_back():
    text = HEAD + (
        "inputs:\n"
        "  - name: limit\n"
        "    kind: int\n"
        "    unit: rows\n"
        "nodes:\n"
        "  - id: a\n"
        "    type: ListNode\n"
        "    color: red\n"
        "edges:\n"
        "  - {from: [a, x], to: [a, y], style: bent}\n"
        "owner: {team: data}\n"
        "layout:\n"
        "  nodes:\n"
        "    a: {x: 1, y: 2, layer: 3}\n"
        "  notes:\n"
        "    - id: n\n"
        "      text: hi\n"
        "      x: 0\n"
        "      y: 0\n"
        "      width: 240\n"
        "      height: 120\n"
        "      author: me\n"
        "  rulers: [1, 2]\n"
    )
    assert workflow_to_yaml(workflow_from_yaml(text)) == text


def test_words_that_older_yaml_takes_for_something_else_stay_text():
    plain = read_yaml("a: no\nb: on\nc: 12:30\nd: 2024-01-01\ne: 1_000\nf: 010\n").plain()
    assert plain == {"a": "no", "b": "on", "c": "12:30", "d": "2024-01-01", "e": "1_000", "f": 10}


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("name: [a\nb: c\n", 2, 2, "no valid YAML"),
        ("a:\n\tb: 1\n", 2, 1, "no valid YAML"),
        ("a: b: c\n", 1, 5, "no valid YAML"),
        ("a: 1\na: 2\n", 2, 1, "stands twice"),
        ("a: &x 1\nb: *x\n", 2, 4, "Aliases"),
        ("a: 1\n---\nb: 2\n", 2, 1, "more than one document"),
        ("", 1, 1, "empty"),
        ("a: \x01\n", 1, 4, "cannot hold"),
        ('a: !decimel "1"\n', 1, 4, "not known. Did you mean '!decimal'"),
        ('a: !decimal "x"\n', 1, 4, "no number"),
        ("[1, 2]", 1, 1, "must be a mapping"),
        ("version: 1\n", 1, 1, "'format' is missing"),
        ("format: studio/workflows\n", 1, 9, "Did you mean 'studio/workflow'"),
        ("format: studio/workflow\nversion: 2\n", 2, 10, "newer Studio"),
        ("format: studio/workflow\nversion: one\n", 2, 10, "whole number"),
        ("format: studio/workflow\nid: w\n", 1, 1, "has no 'name'"),
        (HEAD + "nodes: {a: 1}\n", 5, 8, "must be a list, not a mapping"),
        (HEAD + "nodes:\n  - {id: a}\n", 6, 5, "a node has no 'type'"),
        (HEAD + "nodes:\n  - {id: a, type: T}\n  - {id: a, type: T}\n", 7, 5, "two nodes"),
        (HEAD + "nodes:\n  - {id: a, type: T, params: [1]}\n", 6, 30, "must be a mapping, not a list"),
        (HEAD + "nodes:\n  - {id: a, type: T, disabled: 3}\n", 6, 32, "true or false"),
        (HEAD + "nodes:\n  - {id: list, type: T}\nedges:\n  - {from: [lst, x], to: [list, y]}\n", 8, 13, "Did you mean 'list'"),
        (HEAD + "nodes:\n  - {id: a, type: T}\nedges:\n  - {from: a.x, to: [a, y]}\n", 8, 12, "[node, port]"),
        (HEAD + "layout: {nodes: {z: {x: 1}}}\n", 5, 18, "does not exist"),
        (HEAD + "layout: {notes: [{text: hi}]}\n", 5, 18, "has no 'id'"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line_its_column_and_a_remedy(text, line, column, words):
    with pytest.raises(TextError) as caught:
        workflow_from_yaml(text)
    error = caught.value
    assert words in str(error)
    assert (error.line, error.column) == (line, column)


def test_a_syntax_fault_comes_with_a_remedy():
    with pytest.raises(TextError, match="spaces, not with tabs"):
        workflow_from_yaml("a:\n\tb: 1\n")


@pytest.mark.parametrize("text", ["[" * 50_000, "- " * 50_000, "a: " + "{b: " * 50_000])
def test_text_nested_without_end_is_refused_and_harms_nobody(text):
    with pytest.raises(TextError):
        workflow_from_yaml(text)


def test_a_value_that_is_no_plain_data_is_refused_with_the_way_to_it():
    with pytest.raises(TextError, match=r"set cannot be written as text \(at \$\.params\.filter\)"):
        write_yaml({"params": {"filter": [{1}]}})


def test_half_a_surrogate_pair_is_refused():
    with pytest.raises(TextError, match="surrogate"):
        write_yaml({"a": "\ud800"})
