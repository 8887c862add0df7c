"""Encryption between Studio and a server is what the connection says, never less, and a refusal says what to do.

MariaDB encrypts by itself. The PostgreSQL of the tests is built without TLS: a front of its own shakes hands and hands on what it decrypts.
"""

import asyncio
import contextlib
import ssl
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg
import pytest

from studio.database import Database, postgresql_errors
from studio.kernel.errors import AuthenticationFailed, ConnectionFailed, TlsFailed
from tests.support.certificates import make_certificate

SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
CLIENT_SSL = 0x800
ASKED = {
    "postgresql": "SELECT 1 AS encrypted",
    "mysql": "SELECT VARIABLE_VALUE AS encrypted FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'SSL_VERSION'",
}


def at(url, host="localhost", port=None, **query):
    parts = urlsplit(url)
    place = f"{parts.username}:{parts.password}@{host}:{port or parts.port}"
    words = "&".join(f"{name.replace('_', '-')}={quote(str(value))}" for name, value in query.items())
    return urlunsplit(parts._replace(netloc=place, query=words))


async def ask(url):
    """What the server says of the encryption; empty for none."""
    database = Database(url)
    try:
        ((row),) = await database.access().execute(ASKED[database.dialect])
        return str(row["encrypted"])
    finally:
        await database.close()


async def refusal(url, kind=TlsFailed):
    with pytest.raises(kind) as caught:
        await ask(url)
    assert caught.value.hint
    return f"{caught.value.message} {caught.value.hint}"


async def pump(reader, writer):
    with contextlib.suppress(OSError, ssl.SSLError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError, ssl.SSLError, RuntimeError):
        writer.close()


@contextlib.asynccontextmanager
async def front(url, greet):
    """A port before the server of a URL; `greet` does what comes first, and says False when nothing is to follow."""
    parts = urlsplit(url)

    async def serve(reader, writer):
        back_reader, back_writer = await asyncio.open_connection(parts.hostname, parts.port)
        with contextlib.suppress(OSError, ssl.SSLError, asyncio.IncompleteReadError):
            if await greet(reader, writer, back_reader, back_writer):
                await asyncio.gather(pump(reader, back_writer), pump(back_reader, writer))
        for end in (writer, back_writer):
            end.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def test_mariadb_is_encrypted_as_the_connection_says(mysql_url):
    async def story():
        ca = (await values(mysql_url, "SELECT @@ssl_cert AS value"))[0]
        assert await ask(at(mysql_url)) == await ask(at(mysql_url, ssl_mode="DISABLED")) == ""
        for mode in ("PREFERRED", "REQUIRED"):
            assert (await ask(at(mysql_url, ssl_mode=mode))).startswith("TLSv1")
        for mode in ("VERIFY_CA", "VERIFY_IDENTITY"):
            assert "CA file" in await refusal(at(mysql_url, ssl_mode=mode))
            assert (await ask(at(mysql_url, ssl_mode=mode, ssl_ca=ca))).startswith("TLSv1")
        by_address = {"host": "127.0.0.1", "ssl_ca": ca}
        assert (await ask(at(mysql_url, ssl_mode="VERIFY_CA", **by_address))).startswith("TLSv1")
        assert "another host" in await refusal(at(mysql_url, ssl_mode="VERIFY_IDENTITY", **by_address))
        assert "cannot be read" in await refusal(at(mysql_url, ssl_mode="VERIFY_CA", ssl_ca="/no/such.pem"))
        assert "verify_ca" in await refusal(at(mysql_url, ssl_mode="VERIFY"), ConnectionFailed)
        await values(mysql_url, "CREATE USER careful IDENTIFIED BY 'x' REQUIRE SSL")
        await values(mysql_url, "GRANT ALL ON *.* TO careful")
        careful = urlunsplit(
            urlsplit(mysql_url)._replace(netloc=f"careful:x@localhost:{urlsplit(mysql_url).port}")
        )
        assert (await ask(at(careful, ssl_mode="REQUIRED"))).startswith("TLSv1")
        assert "TLS is off" in await refusal(careful, AuthenticationFailed)
        await values(mysql_url, "DROP USER careful")

    asyncio.run(story())


async def values(url, sql):
    database = Database(url)
    try:
        return [row["value"] for row in await database.access().execute(sql) or ()]
    finally:
        await database.close()


def test_a_mariadb_without_tls_is_used_only_where_that_may_be(mysql_url):
    async def without(reader, writer, back_reader, back_writer):
        writer.write(await back_reader.read(65536))
        head = await reader.readexactly(4)
        answer = await reader.readexactly(int.from_bytes(head[:3], "little"))
        if int.from_bytes(answer[:4], "little") & CLIENT_SSL:
            writer.write(b"\x16\x00\x00\x02\xff\x13\x04#08S01Bad handshake")
            return False
        back_writer.write(head + answer)
        return True

    async def story():
        async with front(mysql_url, without) as port:
            assert await ask(at(mysql_url, port=port, ssl_mode="PREFERRED")) == ""
            assert "offers no TLS" in await refusal(at(mysql_url, port=port, ssl_mode="REQUIRED"))

    asyncio.run(story())


def test_postgresql_is_encrypted_as_the_connection_says(postgres_url, tmp_path):
    tls = make_certificate(tmp_path / "server")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tls.certificate, tls.key)
    mine = make_certificate(tmp_path / "client", host="ada")
    context.load_verify_locations(mine.certificate)
    context.verify_mode = ssl.CERT_OPTIONAL
    encrypted, shown = [], []

    async def shake_hands(reader, writer, _back_reader, back_writer):
        first = await reader.readexactly(8)
        if first == SSL_REQUEST:
            writer.write(b"S")
            await writer.start_tls(context)
            shown.append(writer.get_extra_info("peercert"))
        else:
            back_writer.write(first)
        encrypted.append(first == SSL_REQUEST)
        return True

    async def story():
        async with front(postgres_url, shake_hands) as port:

            async def is_encrypted(host="localhost", **words):
                encrypted.clear()
                await ask(at(postgres_url, host, port, **words))
                return set(encrypted) == {True}

            ca = {"sslrootcert": tls.certificate}
            assert not await is_encrypted(sslmode="disable")
            assert await is_encrypted(sslmode="require")
            assert await is_encrypted(sslmode="verify-full", **ca)
            assert await is_encrypted("127.0.0.1", sslmode="require", **ca), "as libpq: this checks the CA"
            shown.clear()
            for words in ({}, {"sslmode": "prefer"}, {"sslmode": "require"}):
                assert await is_encrypted(**words, sslcert=mine.certificate, sslkey=mine.key)
            assert [dict(name)["commonName"] for each in shown for name in each["subject"]] == ["ada"] * 3
            for words in ({}, {"sslmode": "prefer"}, {"sslmode": "require"}):
                gone = at(postgres_url, port=port, **words, sslcert=tmp_path / "gone.crt")
                assert "client's certificate" in await refusal(gone)
            place = {"host": "127.0.0.1", "port": port}
            assert "another host" in await refusal(at(postgres_url, **place, sslmode="verify-full", **ca))
            assert "CA file" in await refusal(at(postgres_url, **place, sslmode="verify-ca"))
        assert await ask(at(postgres_url, sslmode="prefer")) == "1"
        assert "offers no TLS" in await refusal(at(postgres_url, sslmode="require"))
        assert "verify-full" in await refusal(at(postgres_url, sslmode="verify"), ConnectionFailed)

    asyncio.run(story())


def test_a_postgresql_that_wants_tls_is_not_taken_for_a_wrong_password():
    said = 'no pg_hba.conf entry for host "10.0.0.9", user "ada", database "shop", no encryption'
    error = asyncpg.InvalidAuthorizationSpecificationError(said)
    told = postgresql_errors.translate(error, where="PostgreSQL h:5432/shop")
    assert isinstance(told, TlsFailed)
    assert "require" in told.hint
