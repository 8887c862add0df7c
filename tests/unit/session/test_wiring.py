"""Which node makes what does not fit fit, and does it give what is wanted when it runs?"""

import pytest

from studio.dataflow import LocalRuntime, WorkflowBuilder
from studio.session.wiring import conversion
from studio.workflow.types import PortType


@pytest.mark.parametrize(
    ("given", "wanted", "value", "result"),
    [
        (PortType(kind="str"), PortType(kind="int"), "7", 7),
        (PortType(kind="int"), PortType(kind="str"), 7, "7"),
        (PortType(kind="record", many=True), PortType(kind="record"), [{"a": 1}, {"a": 2}], {"a": 1}),
    ],
)
def test_a_converter_gives_what_is_wanted(given, wanted, value, result):
    found = conversion(given, wanted)
    assert found is not None
    workflow = WorkflowBuilder()
    workflow.add_node("Constant", "source", {"value": value})
    workflow.add_node(found.type, "convert", dict(found.params))
    workflow.add_node("Output", "end", {"name": "end"})
    workflow.add_connection("source", "value", "convert", found.entry)
    workflow.add_connection("convert", found.leaving, "end", "value")
    results, _ = LocalRuntime().execute(workflow.build())
    assert results["end"] == result


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (PortType(kind="int"), PortType(kind="float")),
        (PortType(kind="record"), PortType(kind="int")),
        (PortType(kind="int"), PortType(kind="int", many=True)),
        (PortType(kind="str"), PortType(kind="bool")),
        (PortType(kind="signal"), PortType(kind="int")),
    ],
)
def test_what_fits_and_what_nothing_makes_fit_get_none(given, wanted):
    assert conversion(given, wanted) is None
