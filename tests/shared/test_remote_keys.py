"""An issuer's keys over HTTP: when they are fetched, how often, and what happens when the issuer changes them."""

import asyncio

import httpx
import orjson
import pytest

from tests.shared.key_server import KeyServer
from tests.support.waiting import until
from watchword.auth import InvalidToken, KeysUnavailable, RemoteKeys, Verifier, remote_keys
from watchword.auth.errors import UnknownKey
from watchword.testing import Issuer


async def refusal_of(keys: RemoteKeys, kid: str) -> str | None:
    """The reason why this key is not given."""
    with pytest.raises(InvalidToken) as refusal:
        await keys.get(kid)
    return refusal.value.reason


async def seconds_until_another_try(keys: RemoteKeys, kid: str) -> int:
    """The `Retry-After` of the 503 with which this key is not given."""
    with pytest.raises(KeysUnavailable) as refusal:
        await keys.get(kid)
    return int(refusal.value.headers()["Retry-After"])


async def test_keys_are_there_once_started(key_server: KeyServer) -> None:
    keys = RemoteKeys(key_server.url)
    await keys.start()
    try:
        assert keys.find("first") is not None
        assert key_server.requests == 1
    finally:
        await keys.stop()


async def test_starting_waits_for_a_silent_issuer_no_longer_than_one_fetch_may_take(
    key_server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_keys, "FETCH_TIMEOUT_SECONDS", 0.2)
    key_server.gate.clear()
    keys = RemoteKeys(key_server.url)
    async with asyncio.timeout(10):
        await keys.start()
    assert (keys.find("first"), keys.fetches) == (None, {"ok": 0, "failed": 1})
    await keys.stop()


async def test_tokens_are_verified_with_fetched_keys(key_server: KeyServer, issuer: Issuer) -> None:
    verifier = Verifier(issuer=issuer.url, audience=issuer.audience, keys=RemoteKeys(key_server.url))
    assert (await verifier.verify(issuer.mint("ada"))).subject == "ada"
    assert (await verifier.verify(issuer.mint("bob"))).subject == "bob"
    assert key_server.requests == 1


async def test_unknown_kid_fetches_keys_once_per_cooldown(key_server: KeyServer) -> None:
    keys = RemoteKeys(key_server.url, cooldown=3_600)
    await asyncio.gather(*(keys.get(f"unknown-{n}") for n in range(50)), return_exceptions=True)
    for n in range(100):
        await seconds_until_another_try(keys, f"unknown-{n}")
    assert key_server.requests == 1


async def test_unknown_kid_is_no_refusal_while_the_cooldown_runs(key_server: KeyServer) -> None:
    keys = RemoteKeys(key_server.url, cooldown=3_600)
    await keys.start()
    try:
        assert 3_000 < await seconds_until_another_try(keys, "unknown") <= 3_600
    finally:
        await keys.stop()


async def test_a_valid_token_of_a_key_made_during_the_cooldown_is_503_and_then_accepted(
    key_server: KeyServer, issuer: Issuer
) -> None:
    keys = RemoteKeys(key_server.url, cooldown=1.5)
    verifier = Verifier(issuer=issuer.url, audience=issuer.audience, keys=keys)
    # The first fetch starts the cooldown, whatever caused it.
    await verifier.verify(issuer.mint())
    issuer.rotate("second")
    token = issuer.mint("ada")
    refusals: list[BaseException] = []

    async def is_accepted() -> bool:
        try:
            return (await verifier.verify(token)).subject == "ada"
        except KeysUnavailable as refusal:
            refusals.append(refusal)
            return False

    await until(is_accepted)
    assert len(refusals) > 0
    assert verifier.outcomes["key_not_fetched"] == len(refusals)
    assert (verifier.outcomes["keys_unavailable"], key_server.requests) == (0, 2)


async def test_a_good_token_of_a_key_made_during_a_fetch_is_no_refusal(key_server: KeyServer, issuer: Issuer) -> None:
    key_server.gate.clear()
    keys = RemoteKeys(key_server.url, cooldown=3_600)
    fetching = asyncio.create_task(keys.get("first"))
    await until(lambda: key_server.requests > 0)
    joining = asyncio.create_task(seconds_until_another_try(keys, "second"))
    key_server.gate.set()
    assert await joining > 3_000
    assert ((await fetching).kid, key_server.requests) == ("first", 1)


async def test_unknown_kid_is_refused_after_a_fresh_fetch_that_does_not_have_it(key_server: KeyServer) -> None:
    keys = RemoteKeys(key_server.url, cooldown=0.2)
    await keys.get("first")
    refusals: list[str | None] = []

    async def is_refused() -> bool:
        try:
            await keys.get("unknown")
        except UnknownKey as refusal:
            refusals.append(refusal.reason)
            return True
        except KeysUnavailable:
            return False
        raise AssertionError("unreachable")

    await until(is_refused)
    assert (refusals, key_server.requests) == (["unknown kid"], 2)


async def test_unknown_kid_fetches_again_after_the_cooldown(key_server: KeyServer) -> None:
    keys = RemoteKeys(key_server.url, cooldown=0)
    for requests in (1, 2, 3):
        await refusal_of(keys, "unknown")
        assert key_server.requests == requests


async def test_a_key_made_since_the_last_fetch_is_found(key_server: KeyServer, issuer: Issuer) -> None:
    keys = RemoteKeys(key_server.url, cooldown=0)
    await keys.get("first")
    issuer.rotate("second")
    assert (await keys.get("second")).kid == "second"
    assert key_server.requests == 2


async def test_kid_of_two_different_keys_is_no_key(
    key_server: KeyServer, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    (first,) = issuer.jwks()["keys"]
    issuer.rotate("second")
    (second,) = [key for key in issuer.jwks()["keys"] if key["kid"] == "second"]
    keys = RemoteKeys(key_server.url, cooldown=0)
    key_server.body = orjson.dumps({"keys": [first, second, {**second, "kid": "first"}, second]})
    for _ in range(2):
        assert await refusal_of(keys, "first") == "unknown kid"
    assert (await keys.get("second")).kid == "second"
    assert [record.levelname for record in caplog.records if "['first']" in record.getMessage()] == ["WARNING"]


async def test_there_is_never_more_than_one_fetch_at_once(key_server: KeyServer) -> None:
    keys = RemoteKeys(key_server.url, cooldown=0)
    await keys.start()
    key_server.gate.clear()
    waiting = [asyncio.create_task(refusal_of(keys, f"unknown-{n}")) for n in range(50)]
    await until(lambda: key_server.requests > 1)
    key_server.gate.set()
    assert await asyncio.gather(*waiting) == ["unknown kid"] * 50
    await keys.stop()
    assert key_server.most_at_once == 1


async def test_a_cancelled_caller_does_not_cancel_the_fetch_of_others(key_server: KeyServer) -> None:
    key_server.gate.clear()
    keys = RemoteKeys(key_server.url, cooldown=3_600)
    impatient, patient = (asyncio.create_task(keys.get("first")) for _ in range(2))
    await until(lambda: key_server.requests > 0)
    impatient.cancel()
    key_server.gate.set()
    assert (await patient).kid == "first"
    with pytest.raises(asyncio.CancelledError):
        await impatient
    assert key_server.requests == 1


async def test_unknown_kids_never_evict_a_published_key(key_server: KeyServer) -> None:
    keys = RemoteKeys(key_server.url, cooldown=0)
    published = await keys.get("first")
    for n in range(20):
        await refusal_of(keys, f"unknown-{n}")
        assert keys.find("first") is published


async def test_unchanged_key_stays_the_same_object(key_server: KeyServer, issuer: Issuer) -> None:
    keys = RemoteKeys(key_server.url, cooldown=0)
    first = await keys.get("first")
    issuer.rotate("second")
    second = await keys.get("second")
    await refusal_of(keys, "unknown")
    assert keys.find("first") is first
    assert keys.find("second") is second


async def test_withdrawn_key_goes_with_the_next_fetch(key_server: KeyServer, issuer: Issuer) -> None:
    keys = RemoteKeys(key_server.url, cooldown=0)
    await keys.get("first")
    issuer.rotate("second")
    issuer.withdraw("first")
    assert keys.find("first") is not None
    await keys.get("second")
    assert keys.find("first") is None
    assert await refusal_of(keys, "first") == "unknown kid"


async def test_withdrawn_key_is_not_kept_longer_by_a_verifier_that_nobody_started(
    key_server: KeyServer, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_keys, "MAX_AGE_SECONDS", (0.0, 0.01))
    verifier = Verifier(issuer=issuer.url, audience=issuer.audience, keys=RemoteKeys(key_server.url, cooldown=0))
    token = issuer.mint()
    await verifier.verify(token)
    issuer.rotate("second")
    issuer.withdraw("first")

    async def is_refused() -> bool:
        try:
            await verifier.verify(token)
        except InvalidToken:
            return True
        return False

    await until(is_refused)


async def test_keys_are_fetched_again_within_their_lifetime(
    key_server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_keys, "MAX_AGE_SECONDS", (0.0, 0.01))
    key_server.fields = {"Cache-Control": "public, max-age=3600"}
    keys = RemoteKeys(key_server.url)
    await keys.start()
    try:
        await until(lambda: key_server.requests >= 5)
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
def test_lifetime_of_the_keys_is_what_the_issuer_says_within_bounds(cache_control: str, seconds: float) -> None:
    assert remote_keys._max_age(cache_control) == seconds


async def test_stopping_leaves_no_task_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_keys, "FETCH_TIMEOUT_SECONDS", 0.1)
    request_has_come = asyncio.Event()

    async def never_answers(_: httpx.Request) -> httpx.Response:
        request_has_come.set()
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    keys = RemoteKeys("http://issuer.example/jwks.json", transport=httpx.MockTransport(never_answers))
    before = asyncio.all_tasks()
    await keys.start()
    await request_has_come.wait()
    assert asyncio.all_tasks() - before
    await keys.stop()
    assert asyncio.all_tasks() <= before


async def test_keys_that_were_never_started_can_be_stopped() -> None:
    await RemoteKeys("http://issuer.example/jwks.json").stop()
