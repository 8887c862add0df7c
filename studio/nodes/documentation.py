"""How do people read about the nodes? Writes `docs/nodes.md` from the catalogue, so that no param or port can be missing from it.

python -m studio.nodes.documentation docs/nodes.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from studio.models.declare import build_model
from studio.models.relations import Family
from studio.models.spec import MISSING, FieldSpec, Kind, ModelSpec
from studio.nodes.base import COMMON
from studio.nodes.catalogue import NodeCatalogue, common_types
from studio.nodes.generated import generated_types
from studio.workflow.python_text import value_to_python
from studio.workflow.spec import NodeSpec, ParamSpec

_INTRODUCTION: Final = """\
# Nodes

This page is made from the node catalogue (`make docs`) and checked by a test; do not edit it by hand.

Every model gets the nodes of the first part, named after it: `{Model}{Operation}Node`. They are shown here for a sample model `Order`.
The nodes of the second part belong to no model.

- A node's *natural value* is its entry in `results`; its output ports are views on that value.
- Every param is an input port as well, so that an edge can give its value; both ends of an edge take dotted paths (`records.0.id`,
  `fields.total`). The few params that decide how a workflow is built can only be written into the node; they are marked *fixed*.
- Every node also has the input `after` (order without data) and the outputs `done` (the same) and `error`. Unconnected, a
  failure stops the run; connected, `error` carries `{code, message, hint, node, field, row, detail, record}` and the run goes on.
- A param may hold an expression, `{{ read.total * 1.2 + surcharge }}`: its names are node ids and inputs. A node that is named in one runs
  first. `{"$literal": x}` stands for x exactly as written.
- *Read* and *List* read related records along: `include: ["customer", "items.product"]` names relations, which follow from the models'
  foreign keys (`customer_id` gives `customer` here and `orders` on the customer) or are declared. They come nested, a record or None
  to one, a list in the order of its ids to many, in one more statement for each relation (two across a linking model), however many records
  there are. Paths and expressions reach into them: `records.0.customer.name`.
- A field that is called like a param or port of the node itself gets an underscore there (`filter_`, `error_`).
"""
_TRAITS: Final = MappingProxyType(
    {"writes": "writes to the database", "needs_trust": "needs a trusted project"}
)


def sample_model() -> ModelSpec:
    """The model that the page shows the generated nodes for."""
    return build_model(
        "Order",
        [
            FieldSpec(name="id", kind=Kind.STR, key=True),
            FieldSpec(
                name="customer_id", kind=Kind.STR, references="Customer.id", description="Who ordered."
            ),
            FieldSpec(
                name="status", kind=Kind.ENUM, choices=("pending", "paid", "shipped"), default="pending"
            ),
            FieldSpec(name="total", kind=Kind.DECIMAL, precision=12, scale=2, minimum=0, default=Decimal(0)),
            FieldSpec(name="note", kind=Kind.TEXT, nullable=True, default=None),
        ],
        doc="A customer's order.",
    )


def nodes_page() -> str:
    """The whole page as Markdown."""
    customer = build_model("Customer", [FieldSpec(name="id", kind=Kind.STR, key=True)])
    family = Family([sample_model(), customer])
    catalogue = NodeCatalogue([*generated_types(family.models["Order"], "shop", family), *common_types()])
    specs = list(catalogue.specs())
    generated = [spec for spec in specs if spec.model is not None]
    general = [spec for spec in specs if spec.model is None]
    lines = [_INTRODUCTION]
    lines += ["| node | what it does |", "|---|---|"]
    lines += [f"| [{spec.type}](#{spec.type.lower()}) | {_cell(spec.description)} |" for spec in specs]
    lines += ["", "## Params of every node", "", *_params_table(COMMON)]
    lines += ["", "## The nodes of a model"]
    lines += [line for spec in generated for line in _section(spec)]
    lines += ["", "## Flow, data and code"]
    lines += [line for spec in general for line in _section(spec)]
    return "\n".join(lines).rstrip() + "\n"


def _section(spec: NodeSpec) -> Iterable[str]:
    own = [param for param in spec.params if param not in COMMON]
    traits = [text for name, text in _TRAITS.items() if getattr(spec, name)]
    yield from ("", f"### {spec.type}", "")
    yield f"**{spec.title}** (`{spec.code}`{', ' + ', '.join(traits) if traits else ''}). {spec.description}"
    yield from ("", f"Natural value: {spec.value}", "")
    yield from _params_table(own)
    if spec.extra_params:
        yield from ("", "It takes any other param as well.")
    yield from ("", "| output | type | what it carries |", "|---|---|---|")
    for port in spec.outputs:
        empty = ", may be empty" if port.type.nullable and port.type.kind != "any" else ""
        yield f"| `{port.name}` | {port.type}{empty} | {_cell(port.description)} |"
    yield from ("", "```python", *_example(spec).splitlines(), "```")


def _params_table(params: Iterable[ParamSpec]) -> list[str]:
    lines = ["| param | type | default | what it says |", "|---|---|---|---|"]
    for param in params:
        names = ", ".join(f"`{name}`" for name in (param.name, *param.aliases))
        notes = _cell(param.description)
        if param.choices:
            notes += " One of " + ", ".join(f"`{choice}`" for choice in param.choices) + "."
        if not param.connectable:
            notes += " *Fixed.*"
        default = "" if param.default is MISSING else f"`{_cell(value_to_python(param.default))}`"
        lines.append(
            f"| {names} | {param.type} | {'**required**' if param.required else default} | {notes} |"
        )
    return lines


def _example(spec: NodeSpec) -> str:
    name = spec.operation or spec.type.lower()
    return f'workflow.add_node("{spec.type}", "{name}", {value_to_python(_plain(spec.example))})'


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main() -> None:
    Path(sys.argv[1]).write_text(nodes_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
