"""The options of a database URL that speak of TLS mean the same for every connection: what cannot be had is refused."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from posts_service.parts import MIGRATIONS
from tests.shared.tables import SELECT_BACKEND, read, transact
from tests.support.authorities import Authority
from tests.support.databases import DATABASE, Databases
from tests.support.tls_proxy import TlsProxy, tls_before
from watchword.database import Database, DatabaseUnavailable
from watchword.database.connections import dedicated_connection
from watchword.database.migrations import MigrationFailed
from watchword.errors import Unavailable

HOST = "127.0.0.1"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "authority")


@pytest.fixture
def proxy(databases: Databases, authority: Authority) -> Iterator[TlsProxy]:
    with tls_before(databases.server.port, authority.server_context(HOST)) as proxy:
        yield proxy


def behind(proxy: TlsProxy, databases: Databases, role: str, options: str) -> str:
    return f"postgresql://{role}:{databases.passwords[role]}@{HOST}:{proxy.port}/{DATABASE}?{options}"


async def refusals(proxy: TlsProxy, databases: Databases, options: str) -> list[str]:
    """Connect in each of the ways, and say why those that failed did."""
    url = behind(proxy, databases, "posts_app", options)
    database = Database(url, size=1)

    async def listen() -> None:
        async with dedicated_connection(url) as (connection, _):
            await connection.execute("LISTEN somewhere")

    def migrate() -> None:
        MIGRATIONS.upgrade(behind(proxy, databases, "posts_owner", options))

    ways = [transact(database, SELECT_BACKEND), read(database, SELECT_BACKEND), listen(), asyncio.to_thread(migrate)]
    try:
        outcomes = [(await asyncio.gather(way, return_exceptions=True))[0] for way in ways]
    finally:
        await database.close()
    assert all(isinstance(outcome, DatabaseUnavailable | MigrationFailed | list | None) for outcome in outcomes), (
        outcomes
    )
    return [str(outcome.reason) for outcome in outcomes if isinstance(outcome, Unavailable)]


@pytest.mark.parametrize(
    "options",
    [
        "sslmode=require",
        "sslmode=verify-ca&sslrootcert={0}",
        "sslmode=verify-full&sslrootcert={0}",
        "sslmode=require&sslrootcert={0}&ssl_min_protocol_version=TLSv1.3",
        "sslmode=prefer",
    ],
)
async def test_every_way_connects_over_tls(
    proxy: TlsProxy, databases: Databases, authority: Authority, options: str
) -> None:
    assert await refusals(proxy, databases, options.format(authority.certificate)) == []
    assert (proxy.encrypted, proxy.turned_away) == (4, 0)


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
async def test_no_way_connects_to_a_server_whose_authority_is_not_trusted(
    proxy: TlsProxy, databases: Databases, tmp_path: Path, mode: str
) -> None:
    stranger = Authority(tmp_path, "stranger").certificate
    reasons = await refusals(proxy, databases, f"sslmode={mode}&sslrootcert={stranger}")
    assert ["certificate verify failed" in reason for reason in reasons] == [True] * 4
    assert proxy.encrypted == 0


async def test_the_name_of_the_server_is_checked_by_verify_full_only(
    databases: Databases, authority: Authority
) -> None:
    with tls_before(databases.server.port, authority.server_context("another.example")) as proxy:
        trusted = f"sslrootcert={authority.certificate}"
        assert await refusals(proxy, databases, f"sslmode=verify-ca&{trusted}") == []
        reasons = await refusals(proxy, databases, f"sslmode=verify-full&{trusted}")
    assert ["certificate is not valid for" in reason for reason in reasons] == [True] * 4


async def test_a_server_without_tls_is_refused_where_tls_is_demanded(databases: Databases) -> None:
    url = f"{databases.url('posts_app')}?sslmode=require"
    database = Database(url, size=1)
    for way in (transact, read):
        with pytest.raises(DatabaseUnavailable) as refused:
            await way(database, SELECT_BACKEND)
        assert "rejected SSL upgrade" in str(refused.value.reason)
    await database.close()


async def test_every_way_shows_the_certificate_of_the_client(databases: Databases, authority: Authority) -> None:
    certificate, key = authority.sign("posts_app")
    with tls_before(databases.server.port, authority.server_context(HOST, clients=True)) as proxy:
        own = f"sslcert={certificate}&sslkey={key}"
        assert await refusals(proxy, databases, f"sslmode=require&{own}") == []
        assert proxy.encrypted == 4
        assert len(await refusals(proxy, databases, "sslmode=require")) == 4


async def test_the_reason_never_shows_the_password(proxy: TlsProxy, databases: Databases, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "stranger").certificate
    reasons = await refusals(proxy, databases, f"sslmode=verify-full&sslrootcert={stranger}")
    assert not any(databases.passwords[role] in reason for reason in reasons for role in databases.passwords)
