import keyring
import keyring.backend
import keyring.backends.fail
import pytest

from studio.kernel.errors import AuthenticationFailed
from studio.project.state import Connection
from studio.session.secrets import (
    SecretsUnavailable,
    SystemSecrets,
    secret_name,
    split_password,
    with_password,
)


class Ring(keyring.backend.KeyringBackend):
    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


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
        with pytest.raises(SecretsUnavailable, match="environment variable") as caught:
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
