"""Keys over HTTP: when they are fetched, how often, and what becomes of them when the issuer changes them."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.shared.key_server import KeyServer, eventually, serving
from watchword.auth import InvalidToken, RemoteKeys, Verifier, jwks
from watchword.testing import Issuer


@pytest.fixture
async def server(issuer: Issuer) -> AsyncIterator[KeyServer]:
    async with serving(issuer) as server:
        yield server


async def refused(keys: RemoteKeys, kid: str) -> str | None:
    with pytest.raises(InvalidToken) as refusal:
        await keys.get(kid)
    return refusal.value.reason


async def test_keys_are_fetched_at_the_start(server: KeyServer) -> None:
    keys = RemoteKeys(server.url)
    await keys.start()
    try:
        await eventually(lambda: keys.find("first"))
        assert server.requests == 1
    finally:
        await keys.stop()


async def test_starting_waits_for_nobody(server: KeyServer) -> None:
    server.gate.clear()
    keys = RemoteKeys(server.url)
    await keys.start()
    await eventually(lambda: server.requests)
    assert keys.find("first") is None
    await keys.stop()


async def test_tokens_are_verified_with_fetched_keys(server: KeyServer, issuer: Issuer) -> None:
    verifier = Verifier(issuer=issuer.url, audience=issuer.audience, keys=RemoteKeys(server.url))
    assert (await verifier.verify(issuer.mint("ada"))).subject == "ada"
    assert (await verifier.verify(issuer.mint("bob"))).subject == "bob"
    assert server.requests == 1


async def test_unknown_kid_fetches_keys_once_per_cooldown(server: KeyServer) -> None:
    keys = RemoteKeys(server.url, cooldown=3_600)
    for _ in range(3):
        assert await asyncio.gather(*(refused(keys, f"unknown-{n}") for n in range(50))) == ["unknown kid"] * 50
    assert server.requests == 1


async def test_unknown_kid_fetches_again_after_the_cooldown(server: KeyServer) -> None:
    keys = RemoteKeys(server.url, cooldown=0)
    for asked in (1, 2, 3):
        await refused(keys, "unknown")
        assert server.requests == asked


async def test_a_key_made_since_the_last_fetch_is_found(server: KeyServer, issuer: Issuer) -> None:
    keys = RemoteKeys(server.url, cooldown=0)
    await keys.get("first")
    issuer.rotate("second")
    assert (await keys.get("second")).kid == "second"
    assert server.requests == 2


async def test_there_is_never_more_than_one_fetch_under_way(server: KeyServer) -> None:
    server.gate.clear()
    keys = RemoteKeys(server.url, cooldown=0)
    await keys.start()
    waiting = [asyncio.create_task(refused(keys, f"unknown-{n}")) for n in range(50)]
    await eventually(lambda: server.requests)
    server.gate.set()
    assert await asyncio.gather(*waiting) == ["unknown kid"] * 50
    await keys.stop()
    assert server.most_at_once == 1


async def test_one_who_gives_up_waiting_takes_the_fetch_from_nobody(server: KeyServer) -> None:
    server.gate.clear()
    keys = RemoteKeys(server.url, cooldown=3_600)
    impatient, patient = (asyncio.create_task(keys.get("first")) for _ in range(2))
    await eventually(lambda: server.requests)
    impatient.cancel()
    server.gate.set()
    assert (await patient).kid == "first"
    with pytest.raises(asyncio.CancelledError):
        await impatient
    assert server.requests == 1


async def test_unknown_kids_never_evict_a_good_key(server: KeyServer) -> None:
    keys = RemoteKeys(server.url, cooldown=0)
    good = await keys.get("first")
    for n in range(20):
        await refused(keys, f"unknown-{n}")
        assert keys.find("first") is good


async def test_unchanged_key_stays_the_same_object(server: KeyServer, issuer: Issuer) -> None:
    keys = RemoteKeys(server.url, cooldown=0)
    first = await keys.get("first")
    issuer.rotate("second")
    second = await keys.get("second")
    await refused(keys, "unknown")
    assert keys.find("first") is first
    assert keys.find("second") is second


async def test_withdrawn_key_goes_with_the_next_fetch(server: KeyServer, issuer: Issuer) -> None:
    keys = RemoteKeys(server.url, cooldown=0)
    await keys.get("first")
    issuer.rotate("second")
    issuer.withdraw("first")
    assert keys.find("first") is not None
    await keys.get("second")
    assert keys.find("first") is None
    assert await refused(keys, "first") == "unknown kid"


async def test_keys_are_fetched_again_within_their_lifetime(server: KeyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jwks, "MAX_AGE_SECONDS", (0.0, 0.01))
    server.fields = {"Cache-Control": "public, max-age=3600"}
    keys = RemoteKeys(server.url)
    await keys.start()
    try:
        await eventually(lambda: server.requests >= 5)
    finally:
        await keys.stop()


@pytest.mark.parametrize(
    ("cache_control", "seconds"),
    [
        ("max-age=60", 60),
        ("public, max-age=60, must-revalidate", 60),
        ("", 300),
        ("no-store", 300),
        ("max-age=soon", 300),
        ("max-age=-1", 300),
        ("max-age=0", 1),
        ("max-age=31536000", 3_600),
        ("max-age=" + "9" * 100, 3_600),
    ],
)
def test_lifetime_of_the_keys_is_the_issuers_within_bounds(cache_control: str, seconds: float) -> None:
    assert jwks._max_age(cache_control) == seconds


async def test_keys_are_at_hand_once_started(server: KeyServer) -> None:
    keys = RemoteKeys(server.url)
    await keys.start()
    assert keys.find("first") is not None
    await keys.stop()


async def test_stopping_leaves_no_task_behind() -> None:
    asked = asyncio.Event()

    async def never_answers(_: httpx.Request) -> httpx.Response:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    keys = RemoteKeys("http://issuer.example/jwks.json", transport=httpx.MockTransport(never_answers))
    before = asyncio.all_tasks()
    await keys.start()
    await asked.wait()
    assert asyncio.all_tasks() > before
    await keys.stop()
    assert asyncio.all_tasks() == before


async def test_stopping_what_was_never_started_is_no_mistake() -> None:
    await RemoteKeys("http://issuer.example/jwks.json").stop()
