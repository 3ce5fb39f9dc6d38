"""Sessions show the caller behind the trusted proxies, and hashes are counted as its network's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Event

import httpx
import pytest

from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, Identity, bearer
from tests.support.waiting import until

PROXY = "10.0.0.9"
FORM = {"grant_type": "password", "username": "ada", "password": PASSWORD, "resource": IDENTITY_URL}


@pytest.fixture
async def identity_behind(clean_databases: Databases) -> AsyncIterator[Identity]:
    """The identity service behind a proxy, with a queue in which one source has one place, and the account `ada`."""
    async with services.identity(
        clean_databases, trusted_proxies="10.0.0.0/8", hash_threads=1, hash_queue=4
    ) as service:
        await service.register("ada")
        yield service


async def sign_in(identity: Identity, peer: str, *forwarded: str) -> httpx.Response:
    """Sign ada in from this peer, with these lines of X-Forwarded-For."""
    transport = httpx.ASGITransport(identity.app, client=(peer, 4711))
    lines = [("X-Forwarded-For", line) for line in forwarded]
    async with httpx.AsyncClient(transport=transport, base_url=IDENTITY_URL) as http:
        return await http.post("/oauth/token", data=FORM, headers=lines)


@asynccontextmanager
async def busy_with(identity: Identity, source: str) -> AsyncIterator[None]:
    """The thread that hashes is busy, and this source has its place in the queue, as long as the block lasts."""
    gate = Event()
    queue = identity.parts.passwords.queue
    work = [asyncio.create_task(queue.run(gate.wait, name)) for name in ("192.0.2.1", source)]
    await until(lambda: queue.jobs() == {"running": 1, "waiting": 1})
    try:
        yield
    finally:
        gate.set()
        await asyncio.gather(*work)


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", ["203.0.113.9"], "192.0.2.1"),
        (PROXY, ["203.0.113.9", "10.1.1.1"], "10.1.1.1"),
        (PROXY, ["203.0.113.9, [2001:db8::5]:4711"], "2001:db8::5"),
        (PROXY, ["203.0.113.9, unknown"], PROXY),
    ],
    ids=["spoofed", "inside_a_trusted_network", "ipv6_whole", "garbage"],
)
async def test_session_shows_an_address_that_its_caller_did_not_choose(
    identity_behind: Identity, peer: str, forwarded: list[str], address: str
) -> None:
    tokens = (await sign_in(identity_behind, peer, *forwarded)).json()
    (session,) = (await identity_behind.http.get("/sessions", headers=bearer(tokens["access_token"]))).json()
    assert session["address"] == address


async def test_household_with_many_addresses_of_ipv6_has_one_line_in_the_queue(identity_behind: Identity) -> None:
    async with busy_with(identity_behind, "2001:db8::"):
        same = await sign_in(identity_behind, PROXY, "2001:db8::5")
        other = asyncio.create_task(sign_in(identity_behind, PROXY, "2001:db8:0:1::5"))
        await until(lambda: identity_behind.parts.passwords.queue.jobs()["waiting"] == 2)
    assert (same.status_code, same.json()["code"]) == (503, "hashing_busy")
    assert (await other).status_code == 200
