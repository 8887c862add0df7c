"""Random values, workflows and projects for tests that search."""

import datetime as dt
import string
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from studio.kernel.ids import NodeId, WorkflowId
from studio.workflow import Edge, Node, Note, Place, Workflow, WorkflowInput
from studio.workflow.graph import frozen

LOOKALIKES = ["", "null", "true", "No", "yes", "1", "0x1F", "1e3", "-.inf", ".nan", "12:30", "2024-01-01", "~", "- a", "a: b", "#x",
              " a", "a ", "a\nb", "a\n", "a\n\n", "\n", "  a\nb", "a \nb", "{{ x }}", "*a", "&a", "!t", "%", "@", "`", "'", '"', "\t", "\r",
              "\x85", "\u2028", "\ufeff", "\x00", "é", "😀", "$eq", "---", "a\n---\nb", "=", "<<", "k" * 1200]  # fmt: skip

texts = st.one_of(
    st.sampled_from(LOOKALIKES),
    st.text(st.characters(codec="utf-8"), max_size=12),
    st.text("ab \n\t:#-{}", max_size=10),
)
names = st.text(string.ascii_lowercase + "_", min_size=1, max_size=6)
moments = st.datetimes(
    timezones=st.sampled_from([None, dt.UTC, dt.timezone(dt.timedelta(hours=-3, minutes=-30))])
)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), texts, moments, st.dates(), st.times(), st.timedeltas(), st.uuids(),
    st.binary(max_size=8), st.decimals(allow_nan=False, allow_infinity=False).map(Decimal),
)  # fmt: skip


def _containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(texts, inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
    )


values = st.recursive(scalars, _containers, max_leaves=8)
params = st.dictionaries(names, values, max_size=4).map(frozen)
extras = st.dictionaries(names.map(lambda name: f"x_{name}"), values, max_size=2).map(frozen)
coordinates = st.floats(-1e6, 1e6).map(lambda value: round(value, 3) + 0.0)
places = st.builds(Place, x=coordinates, y=coordinates, collapsed=st.booleans(), all_ports=st.booleans())


@st.composite
def workflows(draw: Callable[..., Any], *, workflow_id: str | None = None) -> Workflow:
    node_ids = draw(st.lists(names, max_size=5, unique=True))
    nodes = [
        Node(
            id=NodeId(node_id),
            type=draw(names),
            params=draw(params),
            title=draw(texts),
            comment=draw(texts),
            disabled=draw(st.booleans()),
            extra=draw(extras),
        )
        for node_id in node_ids
    ]
    ends = st.sampled_from(node_ids) if node_ids else st.nothing()
    edges = (
        draw(
            st.lists(
                st.builds(Edge, source=ends, source_port=names, target=ends, target_port=names),
                max_size=5,
                unique=True,
            )
        )
        if node_ids
        else []
    )
    note_ids = draw(st.lists(names, max_size=2, unique=True))
    inputs = draw(st.lists(names, max_size=2, unique=True))
    return Workflow(
        id=WorkflowId(workflow_id or draw(names)),
        name=draw(texts),
        description=draw(texts),
        inputs=tuple(
            WorkflowInput(
                name=name,
                kind="any",
                default=draw(scalars),
                required=draw(st.booleans()),
                description=draw(texts),
            )
            for name in inputs
        ),
        nodes=frozen({node.id: node for node in nodes}),
        edges=tuple(edges),
        places=frozen({node.id: draw(places) for node in nodes}),
        notes=frozen(
            {
                note_id: Note(
                    id=note_id, text=draw(texts), x=draw(coordinates), y=draw(coordinates), color=draw(texts)
                )
                for note_id in note_ids
            }
        ),
        extra=draw(extras),
    )
