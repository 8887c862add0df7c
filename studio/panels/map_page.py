"""Which value goes to which field? What comes from before a node beside the fields that it takes; dragged, chosen by keys, or paired by itself.

What a mapping is stands in `session.mapping` and `session.mapping_edits`; how the rows look in `map_trees`.
"""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from studio.models.spec import MISSING
from studio.panels.display import cell_text
from studio.panels.map_trees import FieldTree, SourceTree
from studio.panels.node_side import NodeSide
from studio.panels.widgets import EmptyState, add_action, muted_label, set_role
from studio.project.changes import Group
from studio.workflow.params import unwrap
from studio.workflow.types import clash

if TYPE_CHECKING:
    from studio.kernel.ids import NodeId, WorkflowId
    from studio.qt.theme import Theme
    from studio.session import RunHandle, Session
    from studio.session.automap import AutoMapping
    from studio.session.mapping import Giver, Site, Source, Target
    from studio.session.mapping_edits import Deed

_NARROW_PX: Final = 320
"""Below this width the two columns stand one above the other."""
_NAMED: Final = 6
"""So many fields are named in a sentence."""
_OFFERED: Final = 12
"""So many values are offered in a field's menu."""
_LOOKED_AT: Final = 60
"""Of so many that fit, the nearest, those of the field's name are offered first."""


class MapPage(NodeSide):
    """The mapping of one node.

    Invariant: it holds no mapping of its own; whatever is shown was read from the project after the last edit.
    """

    betweenRequested = Signal(object, object)
    """An Edge and a Converter: that node is to come between its ends."""
    paramRequested = Signal(str)
    """A param of the node is to be edited by hand."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent)
        self._site: Site | None = None
        self._givers: tuple[Giver, ...] = ()
        self._targets: tuple[Target, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._pages = QStackedWidget(self)
        column.addWidget(self._pages)
        self.empty = EmptyState(theme, self._pages)
        self._pages.addWidget(self.empty)
        self._body = QWidget(self._pages)
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 6, 0, 0)
        body.setSpacing(4)
        body.addLayout(self._make_bar())
        body.addWidget(self._make_columns(), 1)
        self.note = QLabel(self._body)
        self.note.setWordWrap(True)
        self.note.setContentsMargins(12, 4, 12, 8)
        self.note.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.note.setAccessibleName(self.tr("What was mapped"))
        self.note.hide()
        body.addWidget(self.note)
        self._pages.addWidget(self._body)

    def _make_bar(self) -> QHBoxLayout:
        bar = QHBoxLayout()
        bar.setContentsMargins(12, 0, 12, 0)
        self.auto_button = QPushButton(self.tr("&Auto-map"), self._body)
        self.auto_button.setToolTip(
            self.tr(
                "Map fields that are not set to what is called the same, and foreign keys to their records"
            )
        )
        self.auto_button.clicked.connect(self.auto_map)
        bar.addWidget(self.auto_button)
        self.unmap_button = QPushButton(self.tr("&Unmap"), self._body)
        self.unmap_button.setToolTip(self.tr("Take away what the field is set to (Del)"))
        self.unmap_button.clicked.connect(self._unmap_clicked)
        bar.addWidget(self.unmap_button)
        bar.addStretch(1)
        return bar

    def _make_columns(self) -> QSplitter:
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self._body)
        self.splitter.setChildrenCollapsible(False)
        self.sources = SourceTree(self.theme, self.splitter)
        self.fields = FieldTree(self.theme, self._why_not_drop, self.splitter)
        self._fields_head = muted_label("", self.splitter)
        for head, tree in (
            (muted_label(self.tr("From before"), self.splitter), self.sources),
            (self._fields_head, self.fields),
        ):
            side = QWidget(self.splitter)
            column = QVBoxLayout(side)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(2)
            head.setContentsMargins(12, 2, 4, 2)
            head.setMinimumWidth(40)
            column.addWidget(head)
            column.addWidget(tree, 1)
            tree.setMinimumWidth(100)
            self.splitter.addWidget(side)
        self.splitter.setSizes([100, 100])
        self.sources.chosen.connect(self._enter_fields)
        self.sources.picked.connect(self._show_fits)
        self.fields.mapWanted.connect(self._map_wanted)
        self.fields.unmapWanted.connect(self.unmap)
        self.fields.menuWanted.connect(self._open_menu)
        self.fields.outputDropped.connect(self._dropped)
        self.fields.fieldDropped.connect(self._field_dropped)
        self.fields.selectionModel().currentChanged.connect(self._show_can_unmap)
        return self.splitter

    # ------------------------------------------------------------ what is shown

    def show_node(
        self, session: Session, workflow_id: WorkflowId, node_id: NodeId, run: RunHandle | None
    ) -> bool:
        """Shows the mapping of a node, with samples from a run; False when the node takes no fields of records."""
        from studio.session.mapping import site_of

        place = (session, workflow_id, node_id)
        if place != self.place:
            self._say("")
        self._site = site_of(session, workflow_id, node_id)
        self.put(place, run)
        return self._site is not None

    def clear(self) -> None:
        self._site, self._givers, self._targets = None, (), ()
        self.sources.show_givers(())
        self.fields.show_targets(())
        self._say("")
        self.put(None, None)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.empty.set_theme(theme)
        self.sources.set_theme(theme)
        self.fields.set_theme(theme)
        self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_narrow = self.width() < _NARROW_PX
        wanted = Qt.Orientation.Vertical if is_narrow else Qt.Orientation.Horizontal
        if self.splitter.orientation() != wanted:
            self.splitter.setOrientation(wanted)
            self.splitter.setSizes([100, 100])

    def fill(self) -> None:
        from studio.session.mapping import givers, site_of, targets

        self._site = site_of(*self.place) if self.place is not None else None
        if self._site is None:
            return
        self._givers = givers(self._site, self.run)
        self._targets = targets(self._site, self.run)
        if not self._givers:
            self.empty.show_state(
                self.tr("Connect a node that gives records"),
                self.tr(
                    "Put a Read, a List or a file before this node, or draw a wire to it: "
                    "what it gives appears here, to be mapped to the fields."
                ),
                picture="link",
            )
            self._pages.setCurrentWidget(self.empty)
            return
        self.fields.show_targets([(target, *self._held(target)) for target in self._targets])
        self.sources.show_givers(self._givers)
        own = [target for target in self._targets if target.field is not None and target.state != "managed"]
        is_set = sum(target.state != "unset" for target in own)
        self._fields_head.setText(
            self.tr("{model}: {set} of {all} set").format(
                model=self._site.model.name, set=is_set, all=len(own)
            )
        )
        self._show_can_unmap()
        self._pages.setCurrentWidget(self._body)

    def _held(self, target: Target) -> tuple[str, str]:
        """What a field is set to in words, and the colour of these."""
        if target.state == "managed":
            return self.tr("set automatically"), "text_muted"
        if target.state in ("wire", "whole") and target.edge is not None:
            source = f"← {self._title(target.edge.source)} › {target.edge.source_port}"
            text = (
                source if target.state == "wire" else self.tr("{source} (all at once)").format(source=source)
            )
            return text, "accent_text"
        if target.state == "rows":
            return self.tr("rows › {field}").format(field=target.value), "accent_text"
        if target.state == "expression":
            return (
                f"ƒ {str(target.value).strip().removeprefix('{{').removesuffix('}}').strip()}",
                "accent_text",
            )
        if target.state == "value":
            return f"= {cell_text(unwrap(target.value))}", "text"
        if target.required:
            return self.tr("must be given"), "error"
        if target.default is not MISSING and target.default is not None:
            return self.tr("default: {value}").format(value=cell_text(target.default)), "text_muted"
        field = target.field
        if field is not None and field.key and (field.generated or not field.required):
            site = self._site
            made = site is not None and site.operation == "create"
            return self.tr("made by itself") if made else self.tr("not set"), "text_muted"
        return self.tr("not set"), "text_muted"

    def _title(self, node_id: NodeId) -> str:
        known = next((giver.title for giver in self._givers if giver.node == node_id), None)
        return known or str(node_id)

    def _show_can_unmap(self, *_: object) -> None:
        target = self.fields.target
        self.unmap_button.setEnabled(target is not None and target.state not in ("unset", "managed"))

    def _show_fits(self) -> None:
        from studio.session.mapping_edits import could_fit

        source = self.sources.source
        self.fields.show_fits(None if source is None else partial(could_fit, source))

    def _say(self, text: str, *, is_refusal: bool = False) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))
        set_role(self.note, "role", "error" if is_refusal else "muted")

    # ------------------------------------------------------------ mapping

    def map(self, source: Source, target: Target) -> None:
        """Maps a value to a field, offers what would make it fit, or says why it cannot be."""
        from studio.session.mapping_edits import Refused, mapped

        site = self._site
        if site is None:
            return
        found = mapped(site, source, target)
        if not isinstance(found, Refused):
            self._do(found, target.name)
            self._say(
                self.tr("{field} ← {title} › {port}").format(
                    field=target.name, title=source.title, port=source.port
                )
            )
        elif found.offer is not None:
            self._offer(found.words, found.offer, target)
            self._say(found.reason, is_refusal=True)
        else:
            self._say(found.reason, is_refusal=True)

    def _do(self, deed: Deed, name: str) -> None:
        from studio.session.mapping_edits import Between

        if self.place is None:
            return
        if isinstance(deed, Between):
            self.betweenRequested.emit(deed.edge, deed.converter)
        else:
            title = self.tr("Map {name}").format(name=name)
            self.place[0].edit(Group(changes=(deed,), title=title))

    def _offer(self, words: str, deed: Deed, target: Target) -> None:
        """At the field: the node that would make it fit. Enter takes it, Esc leaves all as it was."""
        menu = self._menu()
        action = add_action(menu, words, partial(self._take_offer, deed, target.name))
        menu.setActiveAction(action)
        menu.popup(self.fields.place_of(target))

    def _take_offer(self, deed: Deed, name: str) -> None:
        self._say("")
        self._do(deed, name)

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return menu

    def auto_map(self) -> None:
        """Maps every field that is not set and that something before the node is meant for, as one step; says what and what not."""
        from studio.session.automap import as_change, auto_mapping
        from studio.session.mapping_edits import Between

        if self._site is None or self.place is None:
            return
        found = auto_mapping(self._site, self._givers, self._targets)
        change = as_change(found.deeds, self.tr("Auto-map"))
        if change is not None:
            self.place[0].edit(change)
        for deed in found.deeds:
            if isinstance(deed, Between):
                self.betweenRequested.emit(deed.edge, deed.converter)
        self._say(self._told(found))

    def _told(self, found: AutoMapping) -> str:
        """What was mapped, what not and why, and what was set before."""
        sentences = []
        if found.pairs:
            pairs = [f"{target.name} ← {source.title} › {source.name}" for target, source in found.pairs]
            sentences.append(self.tr("Mapped {pairs}.").format(pairs=self._some(pairs)))
        else:
            sentences.append(self.tr("Nothing was mapped."))
        nameless = [left.target.name for left in found.left if not left.reason]
        if nameless:
            text = self.tr("Nothing before is called {names}.")
            sentences.append(text.format(names=self._some(nameless)))
        sentences += [left.reason for left in found.left if left.reason][:2]
        if found.kept:
            text = self.tr("Set before and kept: {names}.")
            sentences.append(text.format(names=self._some([target.name for target in found.kept])))
        return " ".join(sentences)

    def _some(self, names: list[str]) -> str:
        shown = ", ".join(names[:_NAMED])
        if len(names) <= _NAMED:
            return shown
        return self.tr("{names} and {count} more").format(names=shown, count=len(names) - _NAMED)

    def unmap(self, target: Any) -> None:
        """Takes away what a field is set to."""
        from studio.session.mapping_edits import Refused, unmapped

        if self._site is None or self.place is None:
            return
        found = unmapped(self._site, target)
        if isinstance(found, Refused):
            self._say(found.reason, is_refusal=True)
        elif found is not None:
            self.place[0].edit(
                Group(changes=(found,), title=self.tr("Unmap {name}").format(name=target.name))
            )
            self._say(self.tr("{field} is no longer set. Ctrl+Z brings it back.").format(field=target.name))

    # ------------------------------------------------------------ gestures

    def _why_not_drop(self, node: str, port: str, target: Target) -> str:
        from studio.session.mapping_edits import Refused, mapped

        source = self._find(node, port)
        if self._site is None or source is None:
            return ""
        found = mapped(self._site, source, target)
        return found.reason if isinstance(found, Refused) and found.offer is None else ""

    def _find(self, node: str, port: str) -> Source | None:
        every = (source for giver in self._givers if giver.node == node for source in giver.sources)
        return next((source for source in every if source.port == port), None)

    def _dropped(self, node: str, port: str, target: Any) -> None:
        source = self._find(node, port)
        if source is not None:
            self.map(source, target)

    def _field_dropped(self, model: str, field: str, target: Any) -> None:
        """A field of the panel Models: from the node nearest before that gives such records."""
        site = self._site
        if site is None or self.place is None:
            return
        port = target.param or target.port or None
        edge = site.wiring.field_edge(site.workflow, site.editor.catalogue, (model, field), site.node, port)
        source = self._find(edge.source, edge.source_port) if not isinstance(edge, str) else None
        if source is not None:
            self.map(source, target)
        else:
            self._say(
                edge if isinstance(edge, str) else self.tr("Nothing here gives that field."), is_refusal=True
            )

    def _map_wanted(self, target: Any) -> None:
        source = self.sources.source
        if source is not None:
            self.map(source, target)
        else:
            self._open_menu(target, self.fields.place_of(target))

    def _enter_fields(self) -> None:
        self.fields.setFocus(Qt.FocusReason.OtherFocusReason)

    def _unmap_clicked(self) -> None:
        target = self.fields.target
        if target is not None:
            self.unmap(target)

    def _open_menu(self, target: Any, at: QPoint) -> None:
        menu = self._menu()
        self.fill_menu(menu, target)
        menu.popup(at)

    def fill_menu(self, menu: QMenu, target: Target) -> None:
        """The values that fit a field, then what else can be done with it."""
        every = (source for giver in self._givers for source in giver.sources)
        alike = (
            source
            for source in every
            if target.state != "managed" and clash(source.type, target.type) is None
        )
        fitting = sorted(islice(alike, _LOOKED_AT), key=partial(_strangeness, target))
        for source in fitting[:_OFFERED]:
            text = f"{source.title} › {source.name}".replace("&", "&&")
            add_action(menu, text, partial(self.map, source, target))
        if not fitting:
            add_action(menu, self.tr("Nothing before fits"), partial(self._say, ""), enabled=False)
        menu.addSeparator()
        if target.param:
            add_action(menu, self.tr("Set in &Params"), partial(self.paramRequested.emit, target.port))
        can = target.state not in ("unset", "managed")
        add_action(menu, self.tr("&Unmap"), partial(self.unmap, target), enabled=can).setShortcut("Del")


def _strangeness(target: Target, source: Source) -> int:
    """What is called like the field comes first, then the key that it refers to."""
    from studio.session.wiring import refers

    if source.name == target.name:
        return 0
    return (
        1
        if target.field is not None and source.model and refers(target.field, source.model, source.name)
        else 2
    )
