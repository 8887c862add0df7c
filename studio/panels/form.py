"""How are the params of a node (or of several) filled in? A form made from the node's spec, kept in step with the project.

What a param's editor looks like is `form_row`'s and `editors`' business; every edit goes through the session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.models.spec import MISSING
from studio.panels.base import problems_of
from studio.panels.editors.base import EditorContext
from studio.panels.editors.mappings import MappingEditor
from studio.panels.editors.texts import JsonEditor
from studio.panels.form_row import ParamRow
from studio.panels.widgets import clear_layout, muted_label
from studio.qt.icons import icon
from studio.workflow.graph import REFERRING
from studio.workflow.references import Library, spec_for

if TYPE_CHECKING:
    from studio.kernel.ids import NodeId, WorkflowId
    from studio.models.spec import ModelSpec
    from studio.qt.theme import Theme
    from studio.session import Session
    from studio.workflow.graph import Edge, Node, Workflow
    from studio.workflow.spec import Catalogue, NodeSpec, ParamSpec

_SIMPLE: Final = frozenset({"auto", "text", "choice"})


class ParamForm(QWidget):
    """The params of the chosen nodes: required ones first, then optional ones, advanced ones folded away.

    Invariant: the rows belong to `spec`s that are still the nodes' own; when a node gets another type, the form is made anew.
    """

    sourceActivated = Signal(str)
    usageRequested = Signal(str)
    """A model's field, as `User.email`."""
    message = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme
        self.session: Session | None = None
        self.workflow_id: WorkflowId | None = None
        self.node_ids: tuple[NodeId, ...] = ()
        self.rows: dict[str, ParamRow] = {}
        self.extra: MappingEditor | None = None
        self._made_for: tuple[Any, ...] = ()
        self._specs: list[NodeSpec | None] = []
        self._is_writing = False
        self._pending: dict[str, Any] = {}
        self._folded: tuple[ParamSpec, ...] = ()
        """The advanced params; their rows are made when they are first unfolded, which few people ever do."""
        self._make_folded: Callable[[], None] | None = None
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(12, 10, 12, 16)
        self.column.setSpacing(12)

    # ------------------------------------------------------------ what is shown

    def show_nodes(self, session: Session, workflow_id: WorkflowId, node_ids: Sequence[NodeId]) -> None:
        self.session, self.workflow_id, self.node_ids = session, workflow_id, tuple(node_ids)
        self.refresh()

    def clear(self) -> None:
        self.session, self.workflow_id, self.node_ids = None, None, ()
        self._made_for = ()
        self._empty()

    def refresh(self) -> None:
        """Shows the project as it is now; the rows are kept unless other ones are called for."""
        nodes = self.nodes
        if not nodes or self.session is None:
            return
        specs = [spec_for(node, self.session.catalogue) for node in nodes]
        model = self._model_of(nodes[0], specs[0])
        workflows = self._workflows() if any(node.type in REFERRING for node in nodes) else ()
        key = (self.workflow_id, self.node_ids, tuple(map(id, specs)), id(model), workflows)
        if key != self._made_for:
            focused = self._focused_param()
            self._made_for = key
            # Kept, or another spec could get the same identity.
            self._specs = specs
            self._make(nodes, specs, model)
            if focused is not None:
                self.focus_field(focused)
            # What is being written has made other rows, which show nothing yet.
            self._is_writing = False
        self._show_values(nodes)
        self._show_feeds(nodes)
        self.show_problems()

    def show_problems(self) -> None:
        """Puts the session's findings under the params they belong to."""
        if self.session is None or self.workflow_id is None or len(self.node_ids) != 1:
            return
        found: dict[str, list[str]] = {}
        for problem in problems_of(self.session, self.workflow_id):
            if problem.node == self.node_ids[0] and problem.field:
                text = f"{problem.message} {problem.hint}".strip()
                found.setdefault(problem.field.partition(".")[0], []).append(text)
        for name, row in self.rows.items():
            names = (name, *row.param.aliases)
            row.show_problems([text for known in names for text in found.get(known, ())])

    @property
    def nodes(self) -> list[Node]:
        workflow = self.workflow
        if workflow is None:
            return []
        return [workflow.nodes[node_id] for node_id in self.node_ids if node_id in workflow.nodes]

    @property
    def workflow(self) -> Workflow | None:
        if self.session is None or self.workflow_id is None:
            return None
        return self.session.project.workflows.get(self.workflow_id)

    def focus_field(self, name: str) -> bool:
        """Puts the caret into a param's editor, unfolding what hides it; False when there is no such param."""
        head = name.partition(".")[0]
        if any(head == param.name or head in param.aliases for param in self._folded):
            self.advanced_button.setChecked(True)
        for known, row in self.rows.items():
            if head == known or head in row.param.aliases:
                row.focus_editor()
                return True
        return False

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self._made_for = ()
        self.refresh()

    # ------------------------------------------------------------ making

    def _empty(self) -> None:
        self.rows = {}
        self.extra = None
        self._folded = ()
        self._make_folded = None
        clear_layout(self.column)

    def _make(self, nodes: Sequence[Node], specs: Sequence[NodeSpec | None], model: ModelSpec | None) -> None:
        self._empty()
        self._pending.clear()
        spec = specs[0]
        if spec is None:
            self._make_ghost(nodes[0])
            return
        context = EditorContext(
            theme=self.theme,
            model=model,
            names=self._names(),
            workflows=self._workflows(),
            connections=self._connections(spec.model),
        )
        params = _shared_params(specs) if len(nodes) > 1 else list(spec.params)
        if len(nodes) > 1:
            text = (
                self.tr("Shared params; a change goes to all of them.")
                if params
                else self.tr("They share no simple params.")
            )
            self.column.addWidget(muted_label(text, self, wrap=True))
        plain = [param for param in params if not param.advanced]
        for param in sorted(plain, key=lambda param: not param.required):
            self._add_row(param, context, self.column)
        advanced = [param for param in params if param.advanced]
        self._make_extra(nodes, spec, context)
        self._make_advanced(advanced, context)
        if not params and not spec.extra_params and len(nodes) == 1:
            self.column.addWidget(muted_label(self.tr("This node has no params."), self))
        self.column.addStretch(1)

    def _make_advanced(self, params: Sequence[ParamSpec], context: EditorContext) -> None:
        self.advanced_button = QPushButton(self)
        self.advanced_button.setProperty("kind", "link")
        self.advanced_button.setCheckable(True)
        self.advanced_button.setIcon(icon("ph.caret-right", self.theme, "accent_text"))
        self.advanced_button.setToolTip(self.tr("Params that are seldom needed"))
        self.advanced_button.toggled.connect(self._fold_advanced)
        self._advanced = QWidget(self)
        column = QVBoxLayout(self._advanced)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self._advanced.hide()
        self._folded = tuple(params)
        self._make_folded = partial(self._add_rows, params, context, column)
        self.advanced_button.setVisible(bool(params))
        self.column.addWidget(self.advanced_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.column.addWidget(self._advanced)
        if params and not self.rows:
            self.advanced_button.setChecked(True)

    def _add_rows(self, params: Sequence[ParamSpec], context: EditorContext, column: QVBoxLayout) -> None:
        for param in params:
            self._add_row(param, context, column)

    def _add_row(self, param: ParamSpec, context: EditorContext, column: QVBoxLayout) -> None:
        spec = self._specs[0]
        row = ParamRow(param, self._context_for(param, context), self)
        row.set_example(spec.example.get(param.name, MISSING) if spec is not None else MISSING)
        if param.editor == "connection" and spec is not None and self.session is not None:
            usual = self.session.catalogue.find(spec.type)
            row.editor.set_ghost(usual.connection or "" if usual is not None else "")
        row.changed.connect(self._changed)
        row.finished.connect(self._finished)
        row.disconnectRequested.connect(self._disconnect)
        row.sourceActivated.connect(self.sourceActivated)
        row.usageRequested.connect(self._show_usage)
        self.rows[param.name] = row
        column.addWidget(row)

    def _context_for(self, param: ParamSpec, context: EditorContext) -> EditorContext:
        """With the fields that the param speaks of where they are not the model's."""
        spec = self._specs[0]
        if spec is not None and "aggregate" in spec.params_by_name and param.name in ("having", "order_by"):
            return replace(context, fields=self._names_going)
        return replace(context, fields=self._names_coming) if context.model is None else context

    def _names_coming(self) -> tuple[str, ...]:
        return self._names_at()[0]

    def _names_going(self) -> tuple[str, ...]:
        return self._names_at()[1]

    def _names_at(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Those of the records that come to the chosen node, and of those that it gives."""
        if self.session is None or self.workflow_id is None or len(self.nodes) != 1:
            return (), ()
        # Loaded when it is first asked for: a window begins without it.
        from studio.session.lineage import names_at

        return names_at(self.session, self.workflow_id, self.node_ids[0])

    def _make_extra(self, nodes: Sequence[Node], spec: NodeSpec, context: EditorContext) -> None:
        """Params that the spec does not declare: a Python node's inputs, or what no longer belongs here."""
        unknown = [name for name in nodes[0].params if name not in spec.params_by_name]
        if len(nodes) > 1 or not (spec.extra_params or unknown):
            return
        title = self.tr("Inputs") if spec.extra_params else self.tr("Unknown params")
        label = QLabel(title, self)
        label.setToolTip(
            self.tr("Values that the code sees under these names.")
            if spec.extra_params
            else self.tr("This kind of node does not know them. Remove them, or rename them.")
        )
        self.column.addWidget(label)
        self.extra = MappingEditor(EditorContext(theme=self.theme, names=context.names), self)
        self.extra.edited.connect(self._extra_changed)
        self.extra.finished.connect(self._finished)
        self.column.addWidget(self.extra)

    def _make_ghost(self, node: Node) -> None:
        connection = node.params.get("db_instance")
        known = self.session.catalogue.find(node.type) if self.session is not None else None
        if connection is not None and known is not None:
            text = self.tr(
                "The connection “{connection}” has no model “{model}”. The node is kept as it is."
            ).format(connection=connection, model=known.model)
        else:
            text = self.tr(
                "This Studio does not know nodes of type “{type}”: its model is not in the project, or it comes from a newer "
                "version. The node is kept as it is."
            ).format(type=node.type)
        self.column.addWidget(muted_label(text, self, wrap=True))
        if connection is not None and known is not None:
            usual = QPushButton(self.tr("Use “{}”").format(known.connection), self)
            usual.setToolTip(self.tr("The connection that has this model"))
            usual.clicked.connect(self._forget_connection)
            self.column.addWidget(usual, 0, Qt.AlignmentFlag.AlignLeft)
        raw = JsonEditor("any", EditorContext(theme=self.theme), self)
        raw.show_value(dict(node.params))
        raw.text.setReadOnly(True)
        self.column.addWidget(raw)
        self.column.addStretch(1)

    def _names(self) -> tuple[str, ...]:
        """What an expression may name: the results of nodes upstream, and the run's inputs."""
        workflow = self.workflow
        if workflow is None or self.session is None:
            return ()
        return names_before(workflow, self.node_ids[0], self.session.catalogue)

    def _connections(self, model: str | None) -> tuple[str, ...]:
        """The names of the connections that have a model of that name."""
        if self.session is None or model is None:
            return ()
        project = self.session.project
        holders = {entry.connection for entry in project.models.values() if entry.name == model}
        return tuple(known.name for known in project.connections.values() if known.id in holders)

    def _workflows(self) -> tuple[tuple[str, str], ...]:
        """The ids and names of the workflows that a node may run: all that do not run this one themselves."""
        workflow, session = self.workflow, self.session
        if workflow is None or session is None:
            return ()
        library = Library(lambda: session.project.workflows)
        return tuple(
            (other.id, other.name)
            for other in session.project.workflows.values()
            if all(within.id != workflow.id for within in library.closure(other))
        )

    def _focused_param(self) -> str | None:
        """The param whose editor has the keyboard, so that it keeps it when the rows are made anew."""
        focused = QApplication.focusWidget()
        if focused is None:
            return None
        return next((name for name, row in self.rows.items() if row.isAncestorOf(focused)), None)

    def _model_of(self, node: Node, spec: NodeSpec | None) -> ModelSpec | None:
        """The model that the params speak of: the node's own, or that of the records that come in."""
        if spec is None or self.session is None:
            return None
        name = spec.model or self._incoming_model(node)
        for entry in self.session.project.models.values():
            if entry.name == name and entry.spec is not None:
                connection = self.session.project.connections.get(entry.connection)
                if spec.connection is None or (connection is not None and connection.name == spec.connection):
                    return entry.spec
        return None

    def _incoming_model(self, node: Node) -> str | None:
        workflow = self.workflow
        if workflow is None or self.session is None:
            return None
        for edge in workflow.incoming.get(node.id, ()):
            source = spec_for(workflow.nodes[edge.source], self.session.catalogue)
            port = source.output(edge.source_port) if source else None
            if port is not None and port.type.model:
                return port.type.model
        return None

    # ------------------------------------------------------------ following the project

    def _show_values(self, nodes: Sequence[Node]) -> None:
        if self._is_writing:
            self._show_advanced_count()
            return
        for row in self.rows.values():
            values = [_value_of(node.params, row.param) for node in nodes]
            equal = all(_is_same(value, values[0]) for value in values)
            if len(nodes) > 1:
                row.set_mixed(not equal)
            row.show_value(values[0] if equal else MISSING)
        if self.extra is not None:
            spec = self._specs[0]
            known = spec.params_by_name if spec else {}
            extra = {name: value for name, value in nodes[0].params.items() if name not in known}
            self.extra.show_value(extra or MISSING)
        self._show_advanced_count()

    def _show_feeds(self, nodes: Sequence[Node]) -> None:
        workflow = self.workflow
        if workflow is None or len(nodes) != 1:
            return
        by_param: dict[str, list[tuple[Edge, str]]] = {}
        for edge in workflow.incoming.get(nodes[0].id, ()):
            source = workflow.nodes[edge.source]
            by_param.setdefault(edge.target_port.partition(".")[0], []).append(
                (edge, source.title or source.id)
            )
        for name, row in self.rows.items():
            feeds = [feed for known in (name, *row.param.aliases) for feed in by_param.get(known, ())]
            if feeds or row.has_feeds:
                row.show_feeds(feeds)

    def _show_advanced_count(self) -> None:
        if not self._made_for or self._specs[0] is None:
            return
        nodes = self.nodes
        count = sum(
            any(_value_of(node.params, param) is not MISSING for node in nodes) for param in self._folded
        )
        text = self.tr("Advanced")
        self.advanced_button.setText(
            self.tr("{text} · {count} set").format(text=text, count=count) if count else text
        )

    def _fold_advanced(self, shown: bool) -> None:
        if shown and self._make_folded is not None:
            make, self._make_folded = self._make_folded, None
            make()
            nodes = self.nodes
            self._show_values(nodes)
            self._show_feeds(nodes)
            self.show_problems()
        self._advanced.setVisible(shown)
        glyph = "ph.caret-down" if shown else "ph.caret-right"
        self.advanced_button.setIcon(icon(glyph, self.theme, "accent_text"))

    # ------------------------------------------------------------ writing

    def _changed(self, name: str, value: Any) -> None:
        nodes = self.nodes
        if len(nodes) != 1:
            # One step for all of them, not one for each key: written when the editor is left.
            self._pending[name] = value
            return
        self._is_writing = True
        try:
            self._write(nodes[0], self.rows[name].param, value)
        finally:
            self._is_writing = False
        self._show_advanced_count()

    def _finished(self) -> None:
        if self.session is None:
            return
        pending, self._pending = self._pending, {}
        for name, value in pending.items():
            with self.session.group(self.tr("Set {name}").format(name=name)):
                for node in self.nodes:
                    self._write(node, self.rows[name].param, value)
        self.session.history.seal()

    def _write(self, node: Node, param: ParamSpec, value: Any) -> None:
        if self.session is None or self.workflow_id is None:
            return
        used = next((name for name in (param.name, *param.aliases) if name in node.params), param.name)
        if value is not MISSING:
            self.session.set_params(self.workflow_id, node.id, {used: value}, merge=True)
        elif used in node.params:
            self.session.set_params(self.workflow_id, node.id, {}, clear=(used,), merge=True)

    def _forget_connection(self) -> None:
        """The node means the connection that has its model again."""
        if self.session is not None and self.workflow_id is not None:
            self.session.set_params(self.workflow_id, self.node_ids[0], {}, clear=("db_instance",))

    def _extra_changed(self) -> None:
        nodes = self.nodes
        spec = self._specs[0]
        if (
            self.extra is None
            or self.session is None
            or self.workflow_id is None
            or spec is None
            or not nodes
        ):
            return
        value = self.extra.value()
        wanted = {} if value is MISSING else value
        taken = [name for name in wanted if name in spec.params_by_name]
        if taken:
            self.message.emit(self.tr("“{name}” is a param of its own.").format(name=taken[0]))
            return
        gone = tuple(
            name for name in nodes[0].params if name not in spec.params_by_name and name not in wanted
        )
        self._is_writing = True
        try:
            self.session.set_params(self.workflow_id, nodes[0].id, wanted, clear=gone, merge=True)
        finally:
            self._is_writing = False

    def _show_usage(self, field: str) -> None:
        spec = self._specs[0] if self._specs else None
        if self.session is not None and spec is not None and spec.model is not None:
            from studio.session.lineage import field_text

            self.usageRequested.emit(field_text(self.session, spec.model, field, spec.connection or ""))

    def _disconnect(self, edge: Any) -> None:
        if self.session is not None and self.workflow_id is not None:
            self.session.disconnect(self.workflow_id, [edge])


def _shared_params(specs: Sequence[NodeSpec | None]) -> list[ParamSpec]:
    """The params that all specs have, alike and simple enough to be set at once."""
    known = [spec for spec in specs if spec is not None]
    if len(known) != len(specs):
        return []
    return [
        param
        for param in known[0].params
        if param.editor in _SIMPLE
        and all(
            (other := spec.params_by_name.get(param.name)) is not None
            and (other.type, other.choices, other.editor) == (param.type, param.choices, param.editor)
            for spec in known
        )
    ]


def _value_of(params: Mapping[str, Any], param: ParamSpec) -> Any:
    for name in (param.name, *param.aliases):
        if name in params:
            return params[name]
    return MISSING


def _is_same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def names_before(workflow: Workflow, node_id: NodeId, catalogue: Catalogue) -> tuple[str, ...]:
    """What is known when a node runs: the workflow's inputs, and the results of nodes upstream with their ports."""
    found = [entry.name for entry in workflow.inputs]
    for other in workflow.upstream(node_id):
        spec = spec_for(workflow.nodes[other], catalogue)
        found.append(other)
        found += [f"{other}.{port.name}" for port in (spec.outputs if spec else ())]
    return tuple(sorted(found))
