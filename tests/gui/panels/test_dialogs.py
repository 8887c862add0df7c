"""Connections, imports, new models, and the first page."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLineEdit, QPushButton

from studio.kernel.errors import AuthenticationFailed, UnknownDatabase
from studio.kernel.loop import EngineLoop
from studio.models.spec import Kind
from studio.panels import ConnectionDialog, ImportModelsDialog, ModelDialog, Recent, ResultsPanel, WelcomePage
from studio.project import Project
from studio.session import Environment, Session
from studio.session.secrets import SecretsUnavailable
from tests.gui.panels.support import SERVER, PanelSession, shop_models


@pytest.fixture
def opened(qtbot):
    """Opens a dialog; it is rejected when the test ends, if it is still there."""
    dialogs = []

    def open_dialog(dialog: QDialog) -> QDialog:
        dialogs.append(dialog)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        qtbot.addWidget(dialog)
        dialog.open()
        qtbot.waitExposed(dialog)
        return dialog

    return open_dialog


def write(line, text):
    line.selectAll()
    line.clear()
    line.setText(text)
    line.textEdited.emit(text)


def choose(box, data):
    box.setCurrentIndex(box.findData(data))
    box.activated.emit(box.currentIndex())


# ---------------------------------------------------------------- connections


def test_fields_and_url_say_the_same_both_ways(session, theme, opened):
    dialog = opened(ConnectionDialog(session, theme, new=True))
    form = dialog.form
    write(form.url, "postgresql://ada:s%3Acret@db.example:6543/shop?sslmode=require")
    assert form.dialect.currentText() == "PostgreSQL"
    assert (form.host.text(), form.port.value(), form.database.text(), form.user.text()) == (
        "db.example",
        6543,
        "shop",
        "ada",
    )
    assert form.password.text() == "s:cret"
    form.url.editingFinished.emit()
    assert form.url.text() == "postgresql://ada@db.example:6543/shop?sslmode=require"
    write(form.host, "other")
    form.port.setValue(5432)
    assert form.url.text() == "postgresql://ada@other/shop?sslmode=require"
    choose(form.tls.mode, "verify-ca")
    form.tls.take_file("/no/such.pem")
    assert form.url.text() == "postgresql://ada@other/shop?sslmode=verify-ca&sslrootcert=/no/such.pem"
    assert form.problem(set())[0] is form.name
    write(form.name, "shop")
    assert form.problem(set()) == (form.tls.ca, "There is no such CA file.")
    choose(form.tls.mode, "off")
    assert form.url.text() == "postgresql://ada@other/shop?sslmode=disable"
    assert not form.tls.ca.isVisible()
    choose(form.dialect, "mysql")
    assert form.tls.mode.currentData() == "off", "what is usual there"
    write(form.url, "mysql://ada@other/shop?ssl-mode=VERIFY_IDENTITY")
    assert form.tls.mode.currentData() == "verify-host"
    assert form.tls.ca.isVisible()
    write(form.name, "")
    form.dialect.setCurrentIndex(0)
    form.dialect.activated.emit(0)
    form.take_file("/data/shop.db")
    assert form.url.text() == "sqlite:////data/shop.db"
    assert form.name.text() == "shop"


def test_a_url_with_a_password_can_be_typed_letter_by_letter(session, theme, opened, qtbot):
    dialog = opened(ConnectionDialog(session, theme, new=True))
    form = dialog.form
    form.url.setFocus()
    form.url.selectAll()
    qtbot.keyClicks(form.url, "postgresql://ada:s3cret@db.example:6543/shop")
    assert form.url.text() == "postgresql://ada:s3cret@db.example:6543/shop"
    qtbot.keyClick(form.url, Qt.Key.Key_Return)
    assert form.url.text() == "postgresql://ada@db.example:6543/shop"
    assert form.password.text() == "s3cret"
    assert form.connection().url == "postgresql://ada@db.example:6543/shop"


def test_a_saved_connection_is_one_step_and_its_password_goes_to_the_keyring_only(
    session, theme, opened, qtbot
):
    dialog = opened(ConnectionDialog(session, theme, new=True))
    write(dialog.form.name, "prod")
    write(dialog.form.url, "postgresql://ada:hush@db.example/shop")
    before = session.history.position
    with qtbot.waitSignal(dialog.connectionSaved):
        qtbot.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    saved = next(entry for entry in session.project.connections.values() if entry.name == "prod")
    assert saved.url == "postgresql://ada@db.example/shop"
    assert (saved.secret, saved.secret_name) == ("keyring", saved.id)
    assert ("keyring", saved.id, "hush") in session.answers.asked
    assert "hush" not in repr(session.project)
    assert session.history.position == before + 1
    session.undo()
    assert len(session.project.connections) == 1


def test_without_a_keyring_another_place_for_the_password_is_offered(session, theme, opened, qtbot):
    session.answers.kept = SecretsUnavailable("This machine has no keyring.", hint="Choose another place.")
    dialog = opened(ConnectionDialog(session, theme, new=True))
    write(dialog.form.name, "prod")
    choose(dialog.form.dialect, "postgresql")
    assert dialog.form.secret.currentData() == "keyring", "what is usual for a server"
    write(dialog.form.url, "postgresql://ada:hush@db.example/shop")
    qtbot.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(dialog.card.isVisible)
    assert len(session.project.connections) == 1, "nothing is saved"
    offered = {button.property("fix"): button for button in dialog.card.findChildren(QPushButton)}
    assert set(offered) == {"mendsecret_file", "mendsecret_ask", "mendsecret_environment", "copy"}
    qtbot.mouseClick(offered["mendsecret_ask"], Qt.MouseButton.LeftButton)
    assert not dialog.form.password.isVisible()
    assert not dialog.card.isVisible()
    dialog.form.choose_secret("file")
    session.answers.kept = None
    with qtbot.waitSignal(dialog.connectionSaved):
        qtbot.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    saved = next(entry for entry in session.project.connections.values() if entry.name == "prod")
    assert (saved.secret, saved.secret_name) == ("file", saved.id)
    assert session.answers.asked[-1] == ("file", saved.id, "hush")


def test_the_test_button_says_what_answered(session, theme, opened, qtbot):
    session.answers.server = SERVER
    dialog = opened(ConnectionDialog(session, theme))
    dialog.test_button.setFocus()
    qtbot.mouseClick(dialog.test_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(
        lambda: "Connected to PostgreSQL 15.8 in 34 ms; 15 tables; can write: yes" in dialog.verdict.text()
    )
    assert dialog.test_button.hasFocus(), "the focus comes back to where it was"


def test_a_database_that_is_missing_is_made_at_the_press_of_a_button_and_tested(
    session, theme, opened, qtbot
):
    missing = UnknownDatabase("There is no shop.", hint="Create it.", can_be_made=True)
    session.answers.server = missing
    dialog = opened(ConnectionDialog(session, theme))
    dialog.form.read_only.setChecked(True)
    dialog.test()
    qtbot.waitUntil(dialog.card.isVisible)
    assert [button.text() for button in dialog.card.findChildren(QPushButton)] == ["&Copy"], "read only"
    dialog.form.read_only.setChecked(False)
    dialog.test()
    qtbot.waitUntil(lambda: len(dialog.card.findChildren(QPushButton)) == 2)
    button = next(each for each in dialog.card.findChildren(QPushButton) if "Create" in each.text())
    session.answers.server = SERVER
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Connected to PostgreSQL 15.8" in dialog.verdict.text())
    assert [asked[0] for asked in session.answers.asked][-2:] == ["create", "test"]


def test_a_connection_is_called_after_its_database_when_nobody_names_it(session, theme, opened, qtbot):
    session.answers.server = SERVER
    dialog = opened(ConnectionDialog(session, theme, new=True))
    taken = next(iter(session.project.connections.values())).name
    write(dialog.form.url, f"postgresql://ada@db.example/{taken}")
    qtbot.mouseClick(dialog.test_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Connected" in dialog.verdict.text())
    assert dialog.form.name.text() == f"{taken}_2"
    qtbot.keyClick(dialog.test_button, Qt.Key.Key_Return)
    assert f"{taken}_2" in [known.name for known in session.project.connections.values()], "Enter saves"


def test_a_refused_test_shows_the_reason_and_what_to_do(session, theme, opened, qtbot):
    session.answers.server = AuthenticationFailed(
        "The server refused user ada.", hint="Check user and password."
    )
    dialog = opened(ConnectionDialog(session, theme))
    qtbot.mouseClick(dialog.test_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(dialog.card.isVisible)
    assert "Check user and password." in dialog.card.text
    assert dialog.test_button.isEnabled()


def test_the_window_stays_alive_while_a_test_waits_and_the_dialog_can_be_closed(
    session, theme, opened, qtbot
):
    session.answers.gate = asyncio.Event()
    dialog = opened(ConnectionDialog(session, theme))
    qtbot.mouseClick(dialog.test_button, Qt.MouseButton.LeftButton)
    assert not dialog.test_button.isEnabled()
    qtbot.waitUntil(lambda: dialog.busy.is_moving)
    dialog.reject()
    assert not dialog.isVisible()


@pytest.mark.parametrize(
    ("name", "url", "said"),
    [
        ("", "sqlite:///:memory:", "name"),
        ("shop", "sqlite:///x.db", "already"),
        ("new", "oracle://h/d", "oracle"),
        ("new", "postgresql://h/", "name of the database"),
    ],
)
def test_what_is_wrong_is_said_in_the_dialog_and_nothing_is_saved(
    session, theme, opened, qtbot, name, url, said
):
    dialog = opened(ConnectionDialog(session, theme, new=True))
    write(dialog.form.name, name)
    write(dialog.form.url, url)
    qtbot.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    assert dialog.isVisible()
    assert said in dialog.verdict.text()
    assert dialog.form.findChildren(QLineEdit)
    assert any(line.property("invalid") == "true" for line in dialog.form.findChildren(QLineEdit))
    assert len(session.project.connections) == 1


def test_cancel_forgets_everything(session, theme, opened, qtbot):
    dialog = opened(ConnectionDialog(session, theme))
    write(dialog.form.name, "other")
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert session.project.connections["c"].name == "shop"


def test_a_connection_with_models_is_removed_only_on_a_second_press(session, theme, opened, qtbot):
    dialog = opened(ConnectionDialog(session, theme))
    qtbot.mouseClick(dialog.remove_button, Qt.MouseButton.LeftButton)
    assert "3 models" in dialog.verdict.text()
    assert dialog.list.count() == 1
    qtbot.mouseClick(dialog.remove_button, Qt.MouseButton.LeftButton)
    assert dialog.list.count() == 0
    qtbot.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    assert not session.project.connections


def test_an_environment_variable_is_named_for_the_password(session, theme, opened, qtbot):
    dialog = opened(ConnectionDialog(session, theme, new=True))
    write(dialog.form.name, "prod db")
    write(dialog.form.url, "postgresql://ada@h/shop")
    dialog.form.secret.setCurrentIndex(dialog.form.secret.findData("environment"))
    dialog.form.secret.activated.emit(1)
    assert dialog.form.variable.isVisible()
    assert not dialog.form.password.isVisible()
    assert dialog.form.variable.text() == "PROD_DB_PASSWORD"
    qtbot.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    saved = next(entry for entry in session.project.connections.values() if entry.name == "prod db")
    assert (saved.secret, saved.secret_name) == ("environment", "PROD_DB_PASSWORD")


# ---------------------------------------------------------------- importing models


def test_tables_are_chosen_searched_and_imported_as_one_step(theme, opened, qtbot):
    base = PanelSession.of()
    connection = base.project.connections["c"]
    from studio.workflow.graph import frozen

    session = PanelSession.of(
        Project(id="p", name="New", connections=frozen({"c": connection}), default_connection="c"),
        tables=shop_models(),
    )
    dialog = opened(ImportModelsDialog(session, theme))
    qtbot.waitUntil(lambda: dialog.list.topLevelItemCount() == 3)
    assert dialog.count.text() == "3 of 3 tables chosen"
    qtbot.keyClicks(dialog.search, "item")
    qtbot.mouseClick(dialog.none_button, Qt.MouseButton.LeftButton)
    dialog.search.clear()
    assert dialog.count.text() == "2 of 3 tables chosen"
    before = session.history.position
    with qtbot.waitSignal(dialog.modelsImported) as imported:
        qtbot.mouseClick(dialog.import_button, Qt.MouseButton.LeftButton)
    assert imported.args == [2]
    assert {entry.name for entry in session.project.models.values()} == {"Customer", "Order"}
    assert session.history.position == before + 1


def test_models_that_are_there_already_are_not_chosen_at_first(session, theme, opened, qtbot):
    session.answers.tables = shop_models()
    dialog = opened(ImportModelsDialog(session, theme))
    qtbot.waitUntil(lambda: dialog.list.topLevelItemCount() == 3)
    assert dialog.chosen() == []
    assert not dialog.import_button.isEnabled()
    qtbot.mouseClick(dialog.all_button, Qt.MouseButton.LeftButton)
    assert len(dialog.chosen()) == 3


def test_a_table_that_has_a_model_of_another_name_is_not_chosen_at_first(session, theme, opened, qtbot):
    customer, *others = shop_models()
    session.answers.tables = [replace(customer, name="Customers"), *others]
    dialog = opened(ImportModelsDialog(session, theme))
    qtbot.waitUntil(lambda: dialog.list.topLevelItemCount() == 3)
    assert dialog.chosen() == []
    assert dialog.list.topLevelItem(0).text(1) == "Customers (is Customer already)"


def test_a_database_that_cannot_be_read_says_why_and_is_tried_again(session, theme, opened, qtbot):
    session.answers.tables = UnknownDatabase("There is no file shop.db.", hint="Choose another file.")
    dialog = opened(ImportModelsDialog(session, theme))
    qtbot.waitUntil(dialog.card.isVisible)
    assert "Choose another file." in dialog.card.text
    session.answers.tables = shop_models()
    again = next(
        button for button in dialog.card.findChildren(QPushButton) if button.property("fix") == "again"
    )
    qtbot.mouseClick(again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.list.topLevelItemCount() == 3)


def test_a_file_becomes_a_connection_and_its_tables_are_shown(session, theme, opened, qtbot, tmp_path):
    session.answers.tables = shop_models()
    dialog = opened(ImportModelsDialog(session, theme))
    dialog.take_file(str(tmp_path / "music.sqlite"))
    added = next(entry for entry in session.project.connections.values() if entry.name == "music")
    assert added.url == f"sqlite:///{tmp_path}/music.sqlite"
    assert dialog.source.currentData() == added.id
    qtbot.waitUntil(lambda: ("reflect", added.id) in session.answers.asked)


def test_a_real_database_is_imported_and_browsed(theme, opened, show, qtbot, tmp_path, chinook_sqlite_url):
    engine = EngineLoop()
    engine.start()
    session = Session.in_memory(
        Project(id="p", name="Music"), env=Environment(data_dir=tmp_path, engine=engine)
    )
    try:
        dialog = opened(ImportModelsDialog(session, theme))
        dialog.take_file(chinook_sqlite_url.removeprefix("sqlite:///"))
        qtbot.waitUntil(lambda: dialog.list.topLevelItemCount() > 5)
        qtbot.mouseClick(dialog.all_button, Qt.MouseButton.LeftButton)
        qtbot.mouseClick(dialog.import_button, Qt.MouseButton.LeftButton)
        artist = next(entry for entry in session.project.models.values() if entry.name == "Artist")
        results: Any = ResultsPanel(theme)
        results.set_session(session)
        show(results, 900, 400)
        results.show_model(artist.id)
        model = results.current.rows.model
        qtbot.waitUntil(lambda: model.rowCount() > 0 and model.data(model.index(0, 0)) != "…")
        assert "Name" in model.columns or "name" in model.columns
        results.current.rows._order_by(model.columns[0], False)
        results.current.rows._order_by(model.columns[0], False)
        total = model.rowCount()
        qtbot.waitUntil(lambda: model.data(model.index(0, 0)) == str(total))
        results.set_session(None)
    finally:
        engine.run(session._databases.close())
        engine.stop()


# ---------------------------------------------------------------- a new model


def test_a_new_model_is_typed_and_becomes_part_of_the_project(session, theme, opened, qtbot):
    dialog = opened(ModelDialog(session, theme))
    qtbot.keyClicks(dialog.name, "invoice line")
    assert dialog.table_label.text() == "invoice_lines"
    dialog.add_field("total", Kind.DECIMAL)
    dialog.table.item(2, 4).setText("0.00")
    dialog.options["soft_delete"].click()
    qtbot.keyClick(dialog.options["versioned"], Qt.Key.Key_Space)
    with qtbot.waitSignal(dialog.modelSaved) as saved:
        qtbot.mouseClick(dialog.create_button, Qt.MouseButton.LeftButton)
    assert saved.args == ["InvoiceLine"]
    spec = next(entry.spec for entry in session.project.models.values() if entry.name == "InvoiceLine")
    assert spec.names == ("id", "name", "total", "created_at", "updated_at", "deleted_at", "version")
    assert (spec.soft_delete, spec.versioned, spec.audit_log) == (True, True, False)
    assert spec["id"].key
    assert spec["id"].generated
    assert session.catalogue.find("InvoiceLineCreateNode") is not None


def test_a_vector_asks_for_its_dimensions(session, theme, opened, qtbot):
    dialog = opened(ModelDialog(session, theme))
    qtbot.keyClicks(dialog.name, "passage")
    dialog.add_field("near")
    cell = dialog.table.cellWidget(2, 1)
    assert not cell.size_box.isVisible()
    cell.setFocus()
    qtbot.keyClicks(cell.combo, "vec")
    qtbot.waitUntil(cell.size_box.isVisible)
    cell.size_box.selectAll()
    qtbot.keyClicks(cell.size_box, "3")
    with qtbot.waitSignal(dialog.modelSaved):
        qtbot.mouseClick(dialog.create_button, Qt.MouseButton.LeftButton)
    spec = next(entry.spec for entry in session.project.models.values() if entry.name == "Passage")
    assert (spec["near"].kind, spec["near"].dimensions, spec["name"].dimensions) == (Kind.VECTOR, 3, None)


@pytest.mark.parametrize(
    ("name", "field", "default", "said"),
    [
        ("", "x", "", "Give the model a name"),
        ("Order", "x", "", "has a model Order already"),
        ("Invoice", "two words", "", "no name for a field"),
        ("Invoice", "name", "", "two fields"),
        ("Invoice", "created_at", "", "by itself"),
        ("Invoice", "n", "many", "whole number"),
    ],
)
def test_a_model_that_cannot_be_is_refused_with_the_reason(
    session, theme, opened, qtbot, name, field, default, said
):
    dialog = opened(ModelDialog(session, theme))
    write(dialog.name, name)
    dialog.add_field(field, Kind.INT)
    dialog.table.item(2, 4).setText(default)
    qtbot.mouseClick(dialog.create_button, Qt.MouseButton.LeftButton)
    assert dialog.isVisible()
    assert said in dialog.error.text()
    assert len(session.project.models) == 3


# ---------------------------------------------------------------- welcome


@pytest.fixture
def welcome(theme, show):
    return show(WelcomePage(theme), 1000, 640)


def test_each_card_asks_for_its_beginning(welcome, qtbot):
    for card, signal in (
        (welcome.sample, welcome.sampleRequested),
        (welcome.connect_card, welcome.connectRequested),
        (welcome.new, welcome.newRequested),
        (welcome.recent.open_button, welcome.openRequested),
    ):
        with qtbot.waitSignal(signal):
            qtbot.mouseClick(card, Qt.MouseButton.LeftButton)


def test_enter_opens_the_sample(welcome, qtbot):
    welcome.setFocus()
    with qtbot.waitSignal(welcome.sampleRequested):
        qtbot.keyClick(welcome.sample, Qt.Key.Key_Return)


def test_recent_projects_are_opened_by_a_click_and_those_that_are_gone_are_not(welcome, qtbot):
    welcome.set_recent([Recent("Shop", "/data/shop.studio"), Recent("Old", "/gone.studio", exists=False)])
    view = welcome.recent.list
    with qtbot.waitSignal(welcome.recentOpened) as opened:
        qtbot.mouseClick(
            view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualItemRect(view.item(0)).center()
        )
    assert opened.args == ["/data/shop.studio"]
    with qtbot.assertNotEmitted(welcome.recentOpened):
        qtbot.mouseClick(
            view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualItemRect(view.item(1)).center()
        )


def test_pinned_projects_stand_first_and_are_pinned_by_a_key(welcome, qtbot):
    entries = [Recent("New", "/new.studio"), Recent("Kept", "/kept.studio", is_pinned=True)]
    welcome.set_recent(entries)
    view = welcome.recent.list
    assert [view.item(row).text().split("\n")[0] for row in range(2)] == ["Kept", "New"]
    welcome.show()
    view.setFocus()
    for row, expected in ((1, ["/new.studio", True]), (0, ["/kept.studio", False])):
        view.setCurrentRow(row)
        with qtbot.waitSignal(welcome.recentPinned) as pinned:
            qtbot.keyClick(view, Qt.Key.Key_P)
        assert pinned.args == expected
