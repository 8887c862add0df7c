"""How does a workflow look as Python? A program that builds it with `WorkflowBuilder`, equal to the last coordinate, and runs it.

What a newer Studio wrote and this one does not know (`extra`) has no place in a program and is left out; YAML keeps it.
"""

from __future__ import annotations

import datetime as dt
import enum
import keyword
import math
import re
import textwrap
import uuid
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from studio.kernel.names import snake_case
from studio.models.relation_data import relations_to_data
from studio.models.spec import MISSING, FieldSpec, IndexSpec, Kind, ModelSpec
from studio.workflow.graph import Bookmark, Edge, Frame, Node, Note, Place, Route, Workflow, WorkflowInput

WIDTH: Final = 100
_TAKEN: Final = frozenset(
    {
        "workflow", "db", "results", "run_id", "node_id", "value", "dt", "enum", "math", "uuid",
    }
)  # fmt: skip
"""What the program calls its own."""
_ANNOTATIONS: Final = {
    Kind.DECIMAL: "Decimal",
    Kind.TEXT: "Text",
    Kind.DATETIME: "dt.datetime",
    Kind.DATE: "dt.date",
    Kind.TIME: "dt.time",
    Kind.TIMEDELTA: "dt.timedelta",
    Kind.UUID: "uuid.UUID",
}


def workflow_to_python(
    workflow: Workflow,
    models: Iterable[ModelSpec] = (),
    *,
    url: str | None = None,
    workflows: Iterable[Workflow] = (),
) -> str:
    """The workflow as a program.

    Args:
        workflow: what it builds.
        models: models to declare; without any, the program expects them to be declared where it is pasted.
        url: the database, without a password; without one the program takes DATABASE_URL.
        workflows: those that its nodes run, at any depth; without them the program expects to be given them.
    """
    declared = list(models)
    writer = _Writer()
    body = [*_inner_lines(workflow, workflows, writer, bool(declared))]
    body += _builder_lines(workflow, writer, bool(declared))
    body += [f"workflow.add_workflow({name})" for name in _names(workflow, workflows)]
    classes = [line for model in declared for line in _class_lines(model, writer)]
    names = ["LocalRuntime", "WorkflowBuilder"]
    if declared:
        names += [
            "DataFlow",
            *(["Field"] if writer.uses_field else []),
            *(["Text"] if writer.uses_text else []),
            *(["Vector"] if writer.uses_vector else []),
        ]
    lines = [f'"""{_docstring(workflow)}"""', "", *writer.imports(sorted(names))]
    if declared:
        lines += ["", f"db = DataFlow({'' if url is None else writer.text(url)})", *classes, ""]
    lines += ["", *body, "", 'if __name__ == "__main__":']
    lines += [
        "    results, run_id = LocalRuntime().execute(workflow.build())",
        "    for node_id, value in results.items():",
        "        print(node_id, value)",
    ]
    return "\n".join(lines) + "\n"


def node_to_python(node: Node, edges: Iterable[Edge] = ()) -> str:
    """The calls that add one node and the edges that end at it."""
    writer = _Writer()
    lines = _node_lines(node, writer)
    lines += [_edge_line(edge, writer) for edge in edges if edge.target == node.id]
    return "\n".join(lines) + "\n"


def value_to_python(value: Any) -> str:
    """A plain value as a Python expression, broken over lines when it is long."""
    return _Writer().text(value)


def _docstring(workflow: Workflow) -> str:
    return _in_triple_quotes(workflow.description.strip() or workflow.name or "A workflow.")


def _in_triple_quotes(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return escaped[:-1] + '\\"' if escaped.endswith('"') and not escaped.endswith('\\"') else escaped


class _Writer:
    """Writes values as Python and remembers what has to be imported for them."""

    def __init__(self) -> None:
        self.modules: set[str] = set()
        self.uses_field = False
        self.uses_text = False
        self.uses_vector = False

    def imports(self, names: list[str]) -> list[str]:
        order = [
            ("datetime", "import datetime as dt"),
            ("enum", "import enum"),
            ("math", "import math"),
            ("uuid", "import uuid"),
            ("decimal", "from decimal import Decimal"),
            ("annotated", "from typing import Annotated"),
        ]
        lines = [line for module, line in order if module in self.modules]
        return [*lines, *([""] if lines else []), f"from studio import {', '.join(names)}"]

    def text(self, value: Any, indent: int = 0, used: int = 0) -> str:
        """The value as an expression; broken over lines when it does not fit. `used` counts the columns before it."""
        flat = self._flat(value)
        if indent + used + len(flat) <= WIDTH or not isinstance(value, Mapping | list | tuple) or not value:
            return flat
        inner = " " * (indent + 4)
        if isinstance(value, Mapping):
            parts = []
            for key, part in value.items():
                head = f"{self._flat(key)}: "
                parts.append(f"{inner}{head}{self.text(part, indent + 4, len(head) + 1)},")
            return "\n".join(["{", *parts, " " * indent + "}"])
        opening, closing = ("[", "]") if isinstance(value, list) else ("(", ")")
        items = [f"{inner}{self.text(part, indent + 4, 1)}," for part in value]
        return "\n".join([opening, *items, " " * indent + closing])

    def _flat(self, value: Any) -> str:
        if isinstance(value, enum.Enum):
            value = value.value
        if isinstance(value, Mapping):
            return (
                "{" + ", ".join(f"{self._flat(key)}: {self._flat(part)}" for key, part in value.items()) + "}"
            )
        if isinstance(value, list):
            return "[" + ", ".join(map(self._flat, value)) + "]"
        if isinstance(value, tuple):
            return "(" + ", ".join(map(self._flat, value)) + ("," if len(value) == 1 else "") + ")"
        if isinstance(value, float) and not math.isfinite(value):
            self.modules.add("math")
            return "math.nan" if math.isnan(value) else ("math.inf" if value > 0 else "-math.inf")
        if isinstance(value, str):
            return _quoted(value)
        if isinstance(value, Decimal):
            self.modules.add("decimal")
        elif isinstance(value, uuid.UUID):
            self.modules.add("uuid")
            return f"uuid.{value!r}"
        elif isinstance(value, dt.date | dt.time | dt.timedelta):
            self.modules.add("datetime")
            return repr(value).replace("datetime.", "dt.")
        return repr(value)


def _quoted(text: str) -> str:
    """The text in double quotes where that needs no more escapes."""
    shown = repr(text)
    if shown.startswith("'") and '"' not in text:
        return '"' + shown[1:-1].replace("\\'", "'") + '"'
    return shown


def _names(workflow: Workflow, workflows: Iterable[Workflow]) -> dict[str, Workflow]:
    """The other workflows by the names of their variables."""
    found: dict[str, Workflow] = {}
    for other in workflows:
        if other.id == workflow.id:
            continue
        name = snake_case(other.name)
        name = name if name.isidentifier() and not keyword.iskeyword(name) else f"workflow_{name}".rstrip("_")
        name = name if name.isidentifier() else "workflow_other"
        while name in found or name in _TAKEN:
            name += "_"
        found[name] = other
    return found


def _inner_lines(
    workflow: Workflow, workflows: Iterable[Workflow], writer: _Writer, with_db: bool
) -> Iterable[str]:
    for name, other in _names(workflow, workflows).items():
        yield from _builder_lines(other, writer, with_db, name)
        yield ""


def _builder_lines(
    workflow: Workflow, writer: _Writer, with_db: bool, variable: str = "workflow"
) -> list[str]:
    arguments = [f"name={writer.text(workflow.name)}", f"id={writer.text(str(workflow.id))}"]
    if workflow.description:
        arguments.append(f"description={writer.text(workflow.description)}")
    lines = [f"{variable} = WorkflowBuilder({', '.join([*(['db'] if with_db else []), *arguments])})"]
    calls = [_input_line(entry, writer) for entry in workflow.inputs]
    for node in workflow.nodes.values():
        calls += _node_lines(node, writer)
    calls += [_edge_line(edge, writer) for edge in workflow.edges]
    calls += [_place_line(node_id, place) for node_id, place in workflow.places.items()]
    calls += [_note_line(note, writer) for note in workflow.notes.values()]
    calls += [_frame_line(frame, writer) for frame in workflow.frames.values()]
    calls += [
        _route_line(edge, workflow.routes[edge.id], writer)
        for edge in workflow.edges
        if edge.id in workflow.routes
    ]
    calls += [_bookmark_line(key, workflow.bookmarks[key]) for key in sorted(workflow.bookmarks)]
    if variable != "workflow":
        calls = [re.sub(r"^workflow\.", f"{variable}.", call) for call in calls]
    return [*lines, *calls]


def _input_line(entry: WorkflowInput, writer: _Writer) -> str:
    arguments = [writer.text(entry.name), writer.text(entry.kind)]
    if not entry.required or entry.default is not None:
        arguments.append(f"default={writer.text(entry.default)}")
    if entry.required and entry.default is not None:
        arguments.append("required=True")
    if entry.description:
        arguments.append(f"description={writer.text(entry.description)}")
    return f"workflow.add_input({', '.join(arguments)})"


def _node_lines(node: Node, writer: _Writer) -> list[str]:
    arguments = [writer.text(node.type), writer.text(str(node.id))]
    extras = []
    if node.title:
        extras.append(f"title={writer.text(node.title)}")
    if node.comment:
        extras.append(f"comment={writer.text(node.comment)}")
    if node.disabled:
        extras.append("disabled=True")
    pin = _call("pin", [writer.text(str(node.id))], node.pinned.value, [], writer) if node.pinned else []
    if not node.params:
        return [f"workflow.add_node({', '.join([*arguments, *extras])})", *pin]
    return [*_call("add_node", arguments, node.params, extras, writer), *pin]


def _call(name: str, arguments: list[str], value: object, extras: list[str], writer: _Writer) -> list[str]:
    """A call with a value among its arguments, on one line where it fits."""
    whole = f"workflow.{name}({', '.join([*arguments, writer.text(value), *extras])})"
    if len(whole) <= WIDTH and "\n" not in whole:
        return [whole]
    parts = [*arguments, writer.text(value, 4, 1), *extras]
    return [f"workflow.{name}(", *(line for part in parts for line in f"    {part},".splitlines()), ")"]


def _edge_line(edge: Edge, writer: _Writer) -> str:
    ends = (str(edge.source), edge.source_port, str(edge.target), edge.target_port)
    return f"workflow.add_connection({', '.join(map(writer.text, ends))})"


def _place_line(node_id: str, place: Place) -> str:
    arguments = [_quoted(node_id), repr(place.x), repr(place.y)]
    if place.collapsed:
        arguments.append("collapsed=True")
    if place.all_ports:
        arguments.append("all_ports=True")
    if place.frame:
        arguments.append(f"frame={_quoted(place.frame)}")
    return f"workflow.place({', '.join(arguments)})"


def _note_line(note: Note, writer: _Writer) -> str:
    return f"workflow.add_note({', '.join([writer.text(note.text), *_box_arguments(note, writer)])})"


def _frame_line(frame: Frame, writer: _Writer) -> str:
    arguments = [writer.text(frame.title), *_box_arguments(frame, writer)]
    if frame.collapsed:
        arguments.append("collapsed=True")
    return f"workflow.add_frame({', '.join(arguments)})"


def _box_arguments(box: Note | Frame, writer: _Writer) -> list[str]:
    arguments = [repr(box.x), repr(box.y), f"width={box.width!r}", f"height={box.height!r}"]
    if box.color:
        arguments.append(f"color={writer.text(box.color)}")
    if box.frame:
        arguments.append(f"frame={writer.text(box.frame)}")
    return [*arguments, f"id={writer.text(box.id)}"]


def _route_line(edge: Edge, route: Route, writer: _Writer) -> str:
    ends = (str(edge.source), edge.source_port, str(edge.target), edge.target_port)
    points = [repr((float(x), float(y))) for x, y in route]
    return f"workflow.route({', '.join([*map(writer.text, ends), *points])})"


def _bookmark_line(key: str, bookmark: Bookmark) -> str:
    title = f", title={_quoted(bookmark.title)}" if bookmark.title else ""
    return f"workflow.bookmark({_quoted(key)}, {bookmark.x!r}, {bookmark.y!r}, zoom={bookmark.zoom!r}{title})"


# ------------------------------------------------------------------ models


def _class_lines(model: ModelSpec, writer: _Writer) -> list[str]:
    """The class that declares a model, with the enumerations that its fields need before it."""
    enums = [line for field in model.fields if field.choices for line in _enum_lines(model, field, writer)]
    lines = ["", "", *enums, "@db.model", f"class {model.name}:"]
    if model.doc:
        doc = f'"""{_in_triple_quotes(model.doc)}"""'
        lines += [*textwrap.indent(doc, "    ").splitlines(), ""]
    lines += [f"    {_field_line(model, field, writer)}" for field in model.settable]
    lines.append(f"    __tablename__ = {writer.text(model.table)}")
    if model.indexes:
        entries = [_index_data(index) for index in model.indexes]
        lines.append(f"    __indexes__ = {writer.text(entries, 4, 16)}")
    if model.checks:
        checks = {check.name: check.condition for check in model.checks}
        lines.append(f"    __checks__ = {writer.text(checks, 4, 15)}")
    if model.relations:
        lines.append(f"    __relations__ = {writer.text(relations_to_data(model.relations), 4, 18)}")
    if model.options:
        lines.append(f"    __dataflow__ = {writer.text(model.options, 4, 17)}")
    return lines


def _index_data(index: IndexSpec) -> dict[str, Any]:
    return {"name": index.name, "fields": list(index.fields), **({"unique": True} if index.unique else {})}


def _enum_name(model: ModelSpec, field: FieldSpec) -> str:
    own = field.enum_type.__name__ if field.enum_type is not None else ""
    return own or model.name + "".join(part.capitalize() for part in field.name.split("_"))


def _enum_lines(model: ModelSpec, field: FieldSpec, writer: _Writer) -> list[str]:
    writer.modules.add("enum")
    lines = [f"class {_enum_name(model, field)}(enum.Enum):"]
    for number, choice in enumerate(field.choices, start=1):
        name = "".join(char if char.isalnum() else "_" for char in str(choice)).upper()
        lines.append(f"    {name if name.isidentifier() else f'CHOICE_{number}'} = {writer.text(choice)}")
    return [*lines, "", ""]


def _field_line(model: ModelSpec, field: FieldSpec, writer: _Writer) -> str:
    annotation = _annotation(model, field, writer)
    options = _field_options(field, writer)
    if options:
        writer.uses_field = True
        writer.modules.add("annotated")
        annotation = f"Annotated[{annotation}, Field({', '.join(options)})]"
    line = f"{field.name}: {annotation}"
    default = field.default
    if default is MISSING and field.default_factory is not None:
        made = field.default_factory()
        return f"{line} = {writer.text(made)}" if isinstance(made, list | dict) else line
    if default is MISSING:
        return f"{line} = None" if field.nullable and not field.key else line
    if field.choices and default is not None:
        enum_name = _enum_name(model, field)
        value = field.stored(default) if isinstance(default, enum.Enum) else default
        return f"{line} = {enum_name}({writer.text(value)})"
    return f"{line} = {writer.text(default)}"


def _annotation(model: ModelSpec, field: FieldSpec, writer: _Writer) -> str:
    if field.choices:
        name = _enum_name(model, field)
    elif field.kind is Kind.VECTOR:
        name = f"Annotated[list[float], Vector({field.dimensions})]"
        writer.modules.add("annotated")
        writer.uses_vector = True
    elif field.item_kind is not None:
        name = f"list[{field.item_kind.value}]"
    else:
        name = _ANNOTATIONS.get(field.kind, field.kind.value)
    if name.startswith("dt."):
        writer.modules.add("datetime")
    elif name == "Decimal":
        writer.modules.add("decimal")
    elif name.startswith("uuid."):
        writer.modules.add("uuid")
    elif name == "Text":
        writer.uses_text = True
    return f"{name} | None" if field.nullable else name


def _field_options(field: FieldSpec, writer: _Writer) -> list[str]:
    plain: tuple[tuple[str, Any, Any], ...] = (
        ("server_default", field.server_default, None),
        ("unique", field.unique, False),
        ("index", field.index, False),
        ("max_length", field.max_length, None),
        ("precision", field.precision, None),
        ("scale", field.scale, None),
        ("check", field.check, None),
        ("min", field.minimum, None),
        ("max", field.maximum, None),
        ("pattern", field.pattern, None),
        ("references", field.references, None),
        ("on_delete", field.on_delete, "no action"),
        ("description", field.description, ""),
    )
    return [f"{name}={writer.text(value)}" for name, value, usual in plain if value != usual]
