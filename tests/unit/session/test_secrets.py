import asyncio
import json
import threading
from base64 import b64encode
from dataclasses import replace

import keyring
import keyring.backend
import keyring.backends.fail
import pytest

from studio.kernel.errors import AuthenticationFailed
from studio.project.project_changes import SetConnections
from studio.project.state import Connection
from studio.session import Environment, Session
from studio.session.databases import Databases
from studio.session.secret_file import SecretFile, SecretFileUnusable, WrongPassphrase
from studio.session.secrets import (
    SecretsUnavailable,
    SystemSecrets,
    secret_name,
    split_password,
    with_password,
)
from tests.support.answering import Answering


class Ring(keyring.backend.KeyringBackend):
    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture(autouse=True)
def _ring():
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


def connection(secret: str, name: str = "") -> Connection:
    return Connection(id="c1", name="my shop", url="postgresql://me@h/db", secret=secret, secret_name=name)  # type: ignore[arg-type]


def test_a_password_is_taken_from_the_environment_under_the_name_given_or_made():
    secrets = SystemSecrets({"SHOP": "one", "MY_SHOP_PASSWORD": "two"})
    assert secrets.get(connection("environment", "SHOP")) == "one"
    assert secrets.get(connection("environment")) == "two"
    assert secrets.get(connection("none")) is None


def test_a_variable_that_is_not_set_is_named():
    with pytest.raises(
        AuthenticationFailed, match=r"variable MY_SHOP_PASSWORD, which is not set.*Set MY_SHOP_PASSWORD"
    ):
        SystemSecrets({}).get(connection("environment"))


def test_a_password_is_kept_in_the_keyring_under_the_connections_id():
    ring = Ring()
    keyring.set_keyring(ring)
    secrets = SystemSecrets({})
    secrets.set(connection("keyring"), "s3cret")
    assert ring.kept == {("studio", "c1"): "s3cret"}
    assert secrets.get(connection("keyring")) == "s3cret"


def test_without_a_keyring_the_way_out_is_told_and_nothing_is_written_in_the_clear():
    keyring.set_keyring(keyring.backends.fail.Keyring())
    secrets = SystemSecrets({})
    for use in (
        lambda: secrets.get(connection("keyring")),
        lambda: secrets.set(connection("keyring"), "s3cret"),
    ):
        with pytest.raises(SecretsUnavailable, match="encrypted file, an environment variable") as caught:
            use()
        assert "s3cret" not in str(caught.value)


def test_a_variable_is_not_set_by_studio():
    with pytest.raises(SecretsUnavailable, match="MY_SHOP_PASSWORD is for you to set"):
        SystemSecrets({}).set(connection("environment"), "x")


@pytest.mark.parametrize("password", ["plain", "p@ss/w:rd", "ü%20 ", "a" * 99])
def test_a_password_put_into_a_url_comes_out_again(password):
    url = with_password("postgresql://me@host:5/db?x=1", password)
    assert split_password(url) == ("postgresql://me@host:5/db?x=1", password)


def test_a_url_without_a_host_takes_no_password():
    assert with_password("sqlite:///x.db", "p") == "sqlite:///x.db"
    assert secret_name(connection("keyring")) == "c1"


# ---------------------------------------------------------------- the encrypted file


def quick(path):
    return SecretFile(path, cost=2)


def test_the_file_keeps_passwords_for_its_owner_and_for_who_knows_the_passphrase(tmp_path):
    path = tmp_path / "home" / "secrets.enc"
    file = quick(path)
    file.open("open sesame")
    assert file.get("connection-one") is None
    assert not path.exists(), "it comes into being with the first password"
    file.set("connection-one", "s3cret ü")
    file.set("connection-two", "other")
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["secrets.enc"], "nothing is left beside it"
    text = path.read_text()
    assert not any(word in text for word in ("s3cret", "connection-one", "connection-two", "sesame"))
    assert json.loads(text)["version"] == 1
    again = quick(path)
    with pytest.raises(WrongPassphrase):
        again.open("open says me")
    assert not again.is_open
    again.open("open sesame")
    assert (again.get("connection-one"), again.get("connection-two"), again.get("connection-three")) == (
        "s3cret ü",
        "other",
        None,
    )
    file.set("connection-three", "third")
    assert again.get("connection-three") == "third", "what another process has written since is seen"


def test_a_file_that_was_altered_or_is_no_file_of_ours_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "secrets.enc"
    file = quick(path)
    file.open("open sesame")
    file.set("c1", "s3cret")
    good = json.loads(path.read_text())
    for text, kind in (
        (json.dumps({**good, "data": b64encode(b"x" * 40).decode()}), WrongPassphrase),
        (json.dumps({**good, "nonce": ""}), WrongPassphrase),
        (json.dumps({**good, "version": 2}), SecretFileUnusable),
        (json.dumps({**good, "n": 2**40}), SecretFileUnusable),
        (json.dumps({**good, "n": "many"}), SecretFileUnusable),
        (json.dumps({**good, "salt": "%"}), SecretFileUnusable),
        ("[]", SecretFileUnusable),
        ("", SecretFileUnusable),
        ("\xff\xfe", SecretFileUnusable),
    ):
        path.write_text(text, encoding="latin-1")
        before = path.read_bytes()
        with pytest.raises(kind) as caught:
            quick(path).open("open sesame")
        assert caught.value.hint
        with pytest.raises(kind):
            file.set("c1", "new")
        assert path.read_bytes() == before


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path, monkeypatch):
    file = quick(tmp_path / "secrets.enc")
    file.open("open sesame")
    file.set("c1", "s3cret")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SecretFileUnusable, match="No space left"):
        file.set("c1", "new")
    assert file.get("c1") == "s3cret"
    assert [each.name for each in tmp_path.iterdir()] == ["secrets.enc"]


def test_the_passphrase_is_asked_for_once_and_again_while_it_is_wrong(tmp_path):
    asker = Answering("open sesame")
    secrets = SystemSecrets({}, file=quick(tmp_path / "f"), asker=asker)
    secrets.set(connection("file"), "s3cret")
    assert secrets.get(connection("file")) == "s3cret"
    assert asker.asked == [("passphrase", True, 1)]
    asker = Answering("wrong", "open sesame")
    secrets = SystemSecrets({}, file=quick(tmp_path / "f"), asker=asker)
    assert secrets.get(connection("file")) == "s3cret"
    assert asker.asked == [("passphrase", False, 1), ("passphrase", False, 2)]


def test_where_nobody_can_be_asked_the_passphrase_comes_from_the_environment(tmp_path):
    with pytest.raises(AuthenticationFailed, match="STUDIO_PASSPHRASE"):
        SystemSecrets({}, file=quick(tmp_path / "f")).get(connection("file"))
    secrets = SystemSecrets({"STUDIO_PASSPHRASE": "open sesame"}, file=quick(tmp_path / "f"))
    secrets.set(connection("file"), "s3cret")
    assert secrets.get(connection("file")) == "s3cret"
    with pytest.raises(WrongPassphrase, match="correct it there") as caught:
        SystemSecrets({"STUDIO_PASSPHRASE": "says me"}, file=quick(tmp_path / "f")).get(connection("file"))
    assert "says me" not in str(caught.value)
    with pytest.raises(SecretsUnavailable, match="no encrypted file"):
        SystemSecrets({}).get(connection("file"))


def test_a_password_that_is_asked_for_is_asked_once_until_it_is_forgotten():
    asker = Answering("one", "two", None)
    secrets = SystemSecrets({}, asker=asker)
    assert [secrets.get(connection("ask")) for _ in range(2)] == ["one", "one"]
    secrets.forget(connection("ask"))
    assert secrets.get(connection("ask")) == "two"
    secrets.forget(connection("ask"))
    for _ in range(2):
        with pytest.raises(AuthenticationFailed, match="was not given"):
            secrets.get(connection("ask"))
    assert len(asker.asked) == 3, "a no is said once, however many need the password"


def test_the_passphrase_is_changed_in_place_by_whoever_knows_it(tmp_path, monkeypatch):
    file, kept = quick(tmp_path / "f"), connection("file")
    with pytest.raises(SecretsUnavailable, match="no encrypted file"):
        SystemSecrets({}, file=file).change_passphrase()
    asker = Answering("open sesame", None, "wrong", "open sesame", None, "open sesame", "a new one")
    secrets = SystemSecrets({}, file=file, asker=asker)
    secrets.set(kept, "s3cret")
    assert [secrets.change_passphrase() for _ in range(3)] == [False, False, True]
    assert asker.asked[1:] == [
        ("passphrase", is_new, attempt)
        for is_new, attempt in ((0, 1), (0, 1), (0, 2), (1, 1), (0, 1), (1, 1))
    ], "it is asked for although the file is open"
    assert secrets.get(kept) == "s3cret", "whoever has it open goes on"
    again = quick(tmp_path / "f")
    with pytest.raises(WrongPassphrase):
        again.open("open sesame")
    again.open("a new one")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SecretFileUnusable, match="No space left"):
        again.change_passphrase("another")
    assert again.get("c1") == "s3cret", "it has the one before"


def test_a_connection_that_has_gone_leaves_no_password_behind_once_it_cannot_come_back(tmp_path):
    ring = Ring()
    keyring.set_keyring(ring)
    secrets = SystemSecrets({"STUDIO_PASSPHRASE": "open sesame"}, file=quick(tmp_path / "f"))
    env = Environment(data_dir=tmp_path / "home", secrets=secrets)
    place = str(tmp_path / "p.studio")
    kept = [connection("keyring"), replace(connection("file"), id="c2", name="other")]
    shared = replace(connection("keyring", "everyones"), id="c3", name="third")

    def left() -> tuple[bool, bool]:
        return ("studio", "c1") in ring.kept, secrets.get(kept[1]) is not None

    async def story() -> None:
        session = await Session.new(env)
        session.edit(SetConnections(put=(*kept, shared)))
        await session.keep_secrets([(each, "s3cret") for each in (*kept, shared)])
        await session.save_as(place)
        session.edit(SetConnections(remove=("c1", "c2", "c3")))
        await session.close()
        assert left() == (True, True), "the removal was not saved"
        session = await Session.open(env, place)
        session.edit(SetConnections(remove=("c1", "c3")))
        await session.save()
        assert left() == (True, True), "the removal can be undone"
        await session.close()
        assert left() == (False, True)
        session = await Session.open(env, place)
        session.edit(SetConnections(put=(replace(kept[1], secret="environment"),)))
        await session.save()
        await session.close()
        assert left() == (False, False), "its password is somewhere else now"

    asyncio.run(story())
    assert ring.kept == {("studio", "everyones"): "s3cret"}, (
        "a name that was given may be another project's too"
    )


def test_whoever_waits_for_a_password_holds_up_nobody_who_wants_another_database(tmp_path):
    may_answer = threading.Event()

    class Slow(SystemSecrets):
        def get(self, connection: Connection) -> str | None:
            assert may_answer.wait(30)
            return "s3cret"

    async def story() -> None:
        databases = Databases(Slow({}), lambda: tmp_path)
        waiting = asyncio.create_task(databases.get(connection("keyring")))
        other = Connection(id="c2", name="file", url="sqlite:///x.db")
        assert await databases.get(other) is await databases.get(other)
        assert not waiting.done()
        may_answer.set()
        assert (await waiting).name == "my shop"
        await databases.close()

    asyncio.run(story())
