"""How do the nodes look that part ways and bring them together again, wait, tell and fail? Switch, Merge, Wait, Log, Fail.

What they do stands in `branching`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from studio.nodes.base import COMMON, MOST_SECONDS
from studio.workflow.spec import NodeSpec, ParamSpec, PortSpec
from studio.workflow.types import ANY, PortType

MOST_CASES: Final = 8
"""So many ports a Switch has beside `default`, and so many inputs a Merge: a kind of node has the same ports wherever it stands."""
CASES: Final = tuple(f"case_{number}" for number in range(1, MOST_CASES + 1))
INPUTS: Final = ("value", *(f"value_{number}" for number in range(2, MOST_CASES + 1)))

_TEXT: Final = PortType(kind="str")
_COUNT: Final = PortType(kind="int")
_PASSED_ON: Final = PortSpec(
    name="value", type=ANY, label="value", description="The value, passed on.", primary=True
)

SWITCH: Final = NodeSpec(
    type="Switch",
    title="Switch",
    category="flow",
    code="SWI",
    description="Passes its value on through the port of the first case that holds, or through default; the other ways are skipped.",
    params=(
        ParamSpec(name="value", type=ANY, label="Value", description="What is looked at and passed on."),
        ParamSpec(
            name="on",
            type=_TEXT,
            label="Compare",
            description="An expression over `value` whose result is compared with the cases. Empty: the value itself.",
            editor="expression",
            local_names=("value",),
            connectable=False,
        ),
        ParamSpec(
            name="cases",
            type=PortType(kind="list"),
            label="Cases",
            description=f"Up to {MOST_CASES} values, one for each port; a list among them stands for any of its values.",
            editor="json",
        ),
        ParamSpec(
            name="conditions",
            type=PortType(kind="list"),
            label="Conditions",
            description=f"Instead of cases: up to {MOST_CASES} expressions over `value`, one for each port.",
            editor="json",
            local_names=("value",),
            connectable=False,
        ),
        *COMMON,
    ),
    outputs=(
        *(
            PortSpec(
                name=name,
                type=ANY,
                label=name.replace("_", " "),
                description=f"The value, when case {number} is the first that holds.",
                primary=number <= 2,
            )
            for number, name in enumerate(CASES, start=1)
        ),
        PortSpec(
            name="default",
            type=ANY,
            label="default",
            description="The value, when no case holds.",
            primary=True,
        ),
        PortSpec(
            name="case",
            type=PortType(kind="int", nullable=True),
            label="case",
            description="The number of the case that holds, or nothing.",
        ),
    ),
    value='{"case": its number or None, "value": …}',
    example=MappingProxyType({"on": "value.status", "cases": ["paid", ["open", "pending"]]}),
)

MERGE: Final = NodeSpec(
    type="Merge",
    title="Merge",
    category="flow",
    code="MRG",
    description="Brings ways together again. It runs when something comes; ways that were not taken do not keep it from running.",
    params=(
        *(
            ParamSpec(
                name=name,
                type=ANY,
                label=name.replace("_", " ").capitalize(),
                description="What comes by this way; only an edge gives it.",
                required=number == 1,
                primary=number == 2,
                expressions=False,
                advanced=number > 2,
            )
            for number, name in enumerate(INPUTS, start=1)
        ),
        ParamSpec(
            name="mode",
            type=_TEXT,
            label="What is taken",
            description="first: what comes first, without waiting for the rest. all: a list of what has come, when each way is "
            "decided. append: the same, with lists put one behind the other.",
            default="first",
            choices=("first", "all", "append"),
            editor="choice",
            expressions=False,
            connectable=False,
        ),
        *COMMON,
    ),
    outputs=(
        PortSpec(
            name="value",
            type=ANY,
            label="value",
            description="What came, or the list of it.",
            primary=True,
        ),
        PortSpec(
            name="count", type=_COUNT, label="count", description="How many values there are in the list."
        ),
    ),
    value="What came first; or the list of what came.",
    example=MappingProxyType({"mode": "append"}),
)

WAIT: Final = NodeSpec(
    type="Wait",
    title="Wait",
    category="flow",
    code="WAI",
    description="Waits for a while, or until a time, and passes its value on. Stopping the run ends it at once.",
    params=(
        ParamSpec(name="value", type=ANY, label="Value", description="What is passed on."),
        ParamSpec(
            name="seconds",
            type=PortType(kind="float"),
            label="Seconds",
            description="How long it waits.",
            minimum=0,
            maximum=MOST_SECONDS,
        ),
        ParamSpec(
            name="until",
            type=PortType(kind="datetime"),
            label="Until",
            description="Instead of seconds: the time at which it goes on, in UTC when nothing else is said. A time gone by is no wait.",
        ),
        *COMMON,
    ),
    outputs=(_PASSED_ON,),
    value="The value.",
    example=MappingProxyType({"seconds": 1.5}),
)

LOG: Final = NodeSpec(
    type="Log",
    title="Log",
    category="flow",
    code="LOG",
    description="Writes a message and a value into the log, and passes the value on.",
    params=(
        ParamSpec(name="value", type=ANY, label="Value", description="What is told of and passed on."),
        ParamSpec(
            name="message",
            type=ANY,
            label="Message",
            description="What is written before the value: text, or an expression.",
            editor="text",
        ),
        *COMMON,
    ),
    outputs=(_PASSED_ON,),
    value="The value.",
    example=MappingProxyType({"message": "Orders of today:", "value": 3}),
)

FAIL: Final = NodeSpec(
    type="Fail",
    title="Fail",
    category="flow",
    code="FAI",
    description="Fails with a message of your own: the run stops, unless something hangs on its error port.",
    params=(
        ParamSpec(
            name="value",
            type=ANY,
            label="Value",
            description="What the failure is about; the error port carries it in `record`.",
        ),
        ParamSpec(
            name="message",
            type=ANY,
            label="Message",
            description="What went wrong: text, or an expression.",
            editor="text",
            required=True,
        ),
        ParamSpec(name="hint", type=_TEXT, label="Hint", description="What can be done about it."),
        *COMMON,
    ),
    outputs=(),
    value="Nothing: it never succeeds.",
    example=MappingProxyType(
        {"message": "There are no orders today.", "hint": "Look whether the shop is open."}
    ),
)
