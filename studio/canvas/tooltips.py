"""What does a card say when the mouse rests on it? The full words of what is cut short, and the problems."""

from __future__ import annotations

import html

from studio.canvas.cards import CardPort
from studio.canvas.edge_data import EdgeData
from studio.canvas.hits import Hit
from studio.canvas.projector import Projector
from studio.canvas.states import CardState
from studio.kernel.ids import NodeId
from studio.workflow.bypass import routes_around


def tooltip(projector: Projector, hit: Hit, data: EdgeData) -> str:
    """The tool tip for what lies under the mouse, as rich text; empty when there is nothing to say."""
    geometry = projector.geometry
    if hit.port is not None and hit.node is not None:
        return _port(projector, hit.node, hit.port)
    if hit.node is not None:
        return _node(projector, hit.node)
    if hit.edge is not None:
        edge = geometry.edges[hit.edge]
        source = geometry.cards[geometry.index[edge.source]].title
        target = geometry.cards[geometry.index[edge.target]].title
        ends = f"{_bold(source)} {_plain(edge.source_port)} → {_bold(target)} {_plain(edge.target_port)}"
        return "<br>".join(part for part in (ends, data.peek(edge)) if part)
    return ""


def _port(projector: Projector, node: int, port: CardPort) -> str:
    spec = projector.geometry.cards[node].spec
    declared = (spec.output(port.name) if port.is_output else spec.input(port.name)) if spec else None
    words = [str(port.type)]
    if port.type.nullable and port.type.kind not in ("any", "signal"):
        words.append("may be empty")
    if port.wanting:
        words.append("required")
    lines = [f"{_bold(port.label)} · {_plain(', '.join(words))}"]
    if declared and declared.description:
        lines.append(_plain(declared.description))
    return "<br>".join(lines)


def _node(projector: Projector, node: int) -> str:
    geometry = projector.geometry
    card, node_id = geometry.cards[node], geometry.ids[node]
    lines = [_bold(card.title)]
    if card.spec is None:
        lines.append(
            f"The type {_plain(card.node.type)} is not known here. The node is kept as it is; "
            "import its model, or delete it."
        )
    elif card.spec.description:
        lines.append(_plain(card.spec.description))
    if card.summary:
        lines.append(_plain(card.summary))
    if card.node.disabled:
        lines.append(_disabled(projector, node_id))
    if card.node.comment:
        lines.append(_plain(card.node.comment))
    condition = projector.breakpoints.get(node_id)
    if condition is not None:
        lines.append(
            _plain(f"Breakpoint when {condition}" if condition else "Breakpoint: runs wait before this node")
        )
    footer = projector.footers.get(node_id)
    if footer is not None and footer.state is CardState.ERROR:
        lines.append(_plain(footer.text))
    elif footer is not None and footer.state is CardState.STALE:
        lines.append("Edited since it ran, or something before it was: it may give something else by now.")
    lines += [
        _plain(f"{problem.message} {problem.hint}".strip()) for problem in projector.problems.get(node_id, [])
    ]
    return "<br>".join(lines)


def _disabled(projector: Projector, node_id: NodeId) -> str:
    """What passes a disabled node all the same."""
    workflow = projector.workflow
    around = routes_around(workflow, projector.maker.catalogue) if workflow is not None else {}
    outgoing = workflow.outgoing.get(node_id, ()) if workflow is not None else ()
    passing = dict.fromkeys(edge.source_port for edge in outgoing if edge.id in around)
    if not passing:
        return "Disabled: what needs it is skipped."
    return _plain(f"Disabled: {', '.join(passing)} passes through as it comes in.")


def _bold(text: str) -> str:
    return f"<b>{html.escape(text)}</b>"


def _plain(text: str) -> str:
    return html.escape(text)
