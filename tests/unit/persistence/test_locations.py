import os
import sqlite3
from pathlib import Path

import pytest

from studio.kernel.errors import ForeignFile, NotADatabase, StoreError, UnknownDatabase
from studio.kernel.loop import default_loop
from studio.persistence.locations import locate, without_password
from studio.persistence.store import ProjectStore
from studio.session.environment import utc_now


def opening(place: Path | str) -> None:
    async def work() -> None:
        store = await ProjectStore.open(str(place), clock=utc_now)
        await store.close()

    default_loop().run(work())


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:///shop.db", "sqlite:///shop.db"),
        ("postgresql://u@h/db", "postgresql://u@h/db"),
        ("postgresql://u:p%40ss@h:5/db?x=1", "postgresql://u@h:5/db?x=1"),
        ("postgresql://u:p/w@h/db", "postgresql://u@h/db"),
        ("postgresql://:p@h/db", "postgresql://@h/db"),
        ("postgresql:///db", "postgresql:///db"),
    ],
)
def test_a_password_is_taken_out_of_a_url_and_nothing_else(url, shown):
    assert without_password(url) == shown


def test_a_server_is_shown_without_its_password():
    location = locate("postgresql://u:secret@h/db")
    assert (location.path, location.kind) == (None, "server")
    assert "secret" not in location.shown


def test_a_url_of_another_kind_is_refused():
    with pytest.raises(StoreError, match="cannot be kept at a mysql:// URL"):
        locate("mysql://h/db")


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(UnknownDatabase, match=r"There is no file .*gone\.studio.*Check the name"):
        opening(tmp_path / "gone.studio")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_told(tmp_path):
    with pytest.raises(StoreError, match="is a folder"):
        opening(tmp_path)


@pytest.mark.parametrize("content", [b"", b"hello, world\n" * 99, b"\x89PNG\r\n\x1a\n" + b"\0" * 99])
def test_a_file_that_is_no_database_is_told_and_left_alone(tmp_path, content):
    path = tmp_path / "x.studio"
    path.write_bytes(content)
    with pytest.raises(NotADatabase, match=r"x\.studio"):
        opening(path)
    assert path.read_bytes() == content


def test_a_database_that_is_no_project_is_told_with_the_way_to_use_it_and_left_alone(tmp_path):
    path = tmp_path / "books.db"
    connection = sqlite3.connect(path)
    connection.execute("create table projects (id integer primary key, title text)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(ForeignFile, match="Import models from a database"):
        opening(path)
    assert path.read_bytes() == before


def test_a_damaged_project_is_told_and_left_alone(tmp_path):
    path = tmp_path / "x.studio"
    path.write_bytes(b"SQLite format 3\x00" + os.urandom(20_000))
    before = path.read_bytes()
    with pytest.raises(NotADatabase):
        opening(path)
    assert path.read_bytes() == before
    assert not path.with_name("x.studio.lock").exists()
