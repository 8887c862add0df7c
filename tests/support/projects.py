"""Random values, workflows and projects for tests that search."""

import datetime as dt
import re
import string
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st

from studio.kernel.ids import NodeId, WorkflowId
from studio.models.codec import Fresh
from studio.models.spec import MANAGED, MISSING, FieldSpec, IndexSpec, Kind, ModelSpec
from studio.workflow import Bookmark, Edge, Frame, Node, Note, Pin, Place, Workflow, WorkflowInput
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
frame_ids = st.sampled_from(["", "f", "g", "#h"])
places = st.builds(
    Place, x=coordinates, y=coordinates, collapsed=st.booleans(), all_ports=st.booleans(), frame=frame_ids
)
routes = st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=3).map(tuple)
bookmarks = st.builds(
    Bookmark,
    x=coordinates,
    y=coordinates,
    zoom=st.sampled_from([0.25, 1.0, 2.5]),
    title=st.sampled_from(["", "Here"]),
)


def notes(note_id: str) -> st.SearchStrategy[Note]:
    return st.builds(
        Note, id=st.just(note_id), text=texts, x=coordinates, y=coordinates, color=texts, frame=frame_ids
    )


def frames(frame_id: str) -> st.SearchStrategy[Frame]:
    return st.builds(
        Frame,
        id=st.just(frame_id),
        title=texts,
        x=coordinates,
        width=coordinates,
        color=texts,
        collapsed=st.booleans(),
        frame=frame_ids,
    )


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
            pinned=draw(st.none() | values.map(Pin)),
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
        notes=frozen({note_id: draw(notes(note_id)) for note_id in note_ids}),
        frames=frozen({key: draw(frames(key)) for key in draw(st.lists(names, max_size=2, unique=True))}),
        routes=frozen({edge.id: draw(routes) for edge in edges if draw(st.booleans())}),
        bookmarks=frozen(
            {key: draw(bookmarks) for key in draw(st.lists(st.sampled_from("123"), unique=True))}
        ),
        extra=draw(extras),
    )


# ---------------------------------------------------------------- models

identifiers = st.from_regex(r"[a-z][a-z0-9]{0,6}", fullmatch=True)
class_names = st.from_regex(r"[A-Z][a-z]{1,6}", fullmatch=True)
kinds = st.sampled_from(list(Kind))
_NEVER_KEYS = (Kind.VECTOR, Kind.LIST, Kind.DICT, Kind.BYTES)


def _sensible(spec: FieldSpec) -> FieldSpec:
    """The field without what its type cannot have; a vector with dimensions."""
    if spec.default_factory:
        spec = replace(spec, default=MISSING)
    if not spec.references:
        spec = replace(spec, on_delete="no action")
    if spec.kind not in (Kind.STR, Kind.TEXT, Kind.BYTES, Kind.LIST):
        spec = replace(spec, max_length=None)
    if spec.kind not in (Kind.FLOAT, Kind.DECIMAL):
        spec = replace(spec, minimum=None)
    if spec.kind is not Kind.VECTOR:
        return spec
    return replace(
        spec, dimensions=1 + len(spec.name), unique=False, index=False, pattern=None, references=None, on_delete="no action"
    )  # fmt: skip


def fields(*, name: str, can_be_vector: bool, is_key: bool) -> st.SearchStrategy[FieldSpec]:
    return st.builds(
        FieldSpec,
        name=st.just(name),
        kind=kinds if can_be_vector else kinds.filter(lambda kind: kind not in _NEVER_KEYS),
        item_kind=st.none(),
        nullable=st.booleans(),
        key=st.just(is_key),
        generated=st.booleans(),
        default=st.one_of(st.just(MISSING), scalars),
        default_factory=st.one_of(st.none(), st.sampled_from([list, dict]), st.just(Fresh({"a": [1]}))),
        server_default=st.none() | texts,
        unique=st.booleans(),
        index=st.booleans(),
        max_length=st.none() | st.integers(1, 99),
        minimum=st.none() | st.integers(-(2**50), 2**50) | st.decimals(-100, 100, allow_nan=False, places=3),
        pattern=st.none() | texts.map(re.escape),
        references=st.none() | st.just("Other.id"),
        on_delete=st.sampled_from(["restrict", "cascade", "set null", "no action"]),
        choices=st.lists(texts, max_size=2).map(tuple),
        description=texts,
        column=st.sampled_from(["", f"Other {name}"]),
        naive=st.booleans(),
    ).map(_sensible)


@st.composite
def models(draw: Callable[..., Any], *, name: str | None = None) -> ModelSpec:
    reflected = draw(st.booleans())
    wanted = draw(st.lists(identifiers, min_size=1, max_size=4, unique=True))
    key = tuple(wanted[: draw(st.integers(0, 2))]) if reflected else ("id",)
    if not reflected:
        wanted = ["id", *[field for field in wanted if field != "id"]]
    own = [
        draw(fields(name=field, can_be_vector=field not in (*key, wanted[0]), is_key=field in key))
        for field in wanted
    ]
    if not reflected and draw(st.booleans()):
        own += [FieldSpec(name=managed, kind=Kind.DATETIME, managed=True) for managed in MANAGED]
    return ModelSpec(
        name=name or draw(class_names),
        table=draw(identifiers),
        fields=tuple(own),
        key=key,
        doc=draw(texts),
        indexes=draw(
            st.lists(
                st.builds(IndexSpec, name=identifiers, fields=st.just((wanted[0],)), unique=st.booleans()),
                max_size=1,
            ).map(tuple)
        ),
        schema=draw(st.none() | identifiers),
        reflected=reflected,
        options=MappingProxyType({}),
    )
