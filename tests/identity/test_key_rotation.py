"""Which key signs is a function of the clock, and the next key is always made in time."""

import asyncio

import pytest

from identity_service.keys.schedule import Schedule
from tests.identity.answers import header_of
from tests.identity.signing import published_kids, signing_kid
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity, bearer
from tests.support.waiting import until
from watchword.testing import StandingClock

COUNT = "SELECT count(*) AS number FROM identity.signing_keys"


async def test_new_key_is_published_at_once_and_signs_after_the_notice(
    identity_at: Identity, clock: StandingClock
) -> None:
    old = signing_kid(identity_at)
    new = (await identity_at.parts.signing_keys.rotate()).kid
    await identity_at.parts.keyring.check()
    assert set(await published_kids(identity_at)) == {old, new}
    clock.advance(seconds=identity_at.parts.schedule.notice.total_seconds() - 1)
    assert signing_kid(identity_at) == old
    clock.advance(seconds=1)
    assert signing_kid(identity_at) == new


async def test_notice_is_longer_than_a_jwks_may_be_cached(identity_at: Identity) -> None:
    assert identity_at.parts.schedule.notice.total_seconds() > identity_at.parts.settings.jwks_max_age_seconds


async def test_tokens_name_the_key_that_signs(identity_at: Identity, clock: StandingClock) -> None:
    await identity_at.register("ada")
    new = (await identity_at.parts.signing_keys.rotate()).kid
    await identity_at.parts.keyring.check()
    clock.advance(minutes=10)
    assert header_of((await identity_at.sign_in("ada"))["access_token"])["kid"] == new


async def test_old_key_verifies_until_its_last_token_ends_and_then_leaves(
    identity_at: Identity, clock: StandingClock
) -> None:
    await identity_at.register("ada")
    old, new = signing_kid(identity_at), (await identity_at.parts.signing_keys.rotate()).kid
    clock.advance(seconds=identity_at.parts.schedule.notice.total_seconds() - 1)
    await identity_at.parts.keyring.check()
    last = await identity_at.sign_in("ada", resource=IDENTITY_URL)
    assert header_of(last["refresh_token"])["kid"] == old
    clock.advance(minutes=10)
    assert (await identity_at.http.get("/users/me", headers=bearer(last["access_token"]))).status_code == 200
    clock.advance(days=14, minutes=-10, seconds=-1)
    assert old in await published_kids(identity_at)
    assert (await identity_at.refresh(last["refresh_token"])).status_code == 200
    clock.advance(seconds=2)
    assert await published_kids(identity_at) == [new]


async def test_withdrawn_keys_leave_the_table_with_the_next_rotation(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    await identity_at.parts.signing_keys.rotate()
    clock.advance(days=15)
    await identity_at.parts.signing_keys.rotate()
    assert (await databases.fetch("identity_app", COUNT))[0]["number"] == 2


async def test_key_of_the_latest_rotation_signs(identity_at: Identity, clock: StandingClock) -> None:
    await asyncio.gather(*(identity_at.parts.signing_keys.rotate() for _ in range(3)))
    newest = (await identity_at.parts.signing_keys.rotate()).kid
    await identity_at.parts.keyring.check()
    assert signing_kid(identity_at) != newest
    clock.advance(seconds=identity_at.parts.schedule.notice.total_seconds())
    assert signing_kid(identity_at) == newest


async def test_some_key_signs_at_every_instant_and_was_published_in_time(
    identity_at: Identity, clock: StandingClock
) -> None:
    known_since = {signing_kid(identity_at): clock.now()}
    signed: list[str] = []
    began = clock.now()
    for _ in range(100 * 4):
        clock.advance(hours=6)
        kid = signing_kid(identity_at)
        assert kid in await published_kids(identity_at)
        assert known_since[kid] + identity_at.parts.schedule.notice <= clock.now()
        signed.append(kid)
        await identity_at.parts.keyring.check()
        known_since = {kid: clock.now() for kid in await published_kids(identity_at)} | known_since
    assert len(set(signed)) == 4
    assert (clock.now() - began).days == 100


async def test_replicas_agree_on_the_key_and_make_one_successor(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    async with services.identity(databases, clock=clock) as other:
        for _ in range(35):
            clock.advance(days=1)
            assert signing_kid(identity_at) == signing_kid(other)
            await asyncio.gather(*(replica.parts.keyring.check() for replica in (identity_at, other) * 3))
            assert signing_kid(identity_at) == signing_kid(other)
            assert await published_kids(identity_at) == await published_kids(other)
    assert (await databases.fetch("identity_app", COUNT))[0]["number"] == 2


async def test_service_that_was_stopped_longer_than_its_key_signs_makes_a_key_at_once(
    identity_at: Identity, clock: StandingClock
) -> None:
    old = signing_kid(identity_at)
    clock.advance(days=90)
    await identity_at.parts.keyring.check()
    assert signing_kid(identity_at) != old
    await identity_at.signed_in("ada")


async def test_without_a_signing_key_the_service_is_unavailable_until_one_is_made(
    identity_at: Identity, clock: StandingClock
) -> None:
    await identity_at.register("ada")
    clock.advance(days=90)
    response = await identity_at.token(grant_type="password", username="ada", password=services.PASSWORD)
    assert (response.status_code, response.json()["code"]) == (503, "no_signing_key")
    assert response.headers["retry-after"] == "1"
    ready = await identity_at.http.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]["signing_key"]) == (503, "no_signing_key")
    await identity_at.parts.keyring.check()
    assert (await identity_at.http.get("/readyz")).status_code == 200


@pytest.mark.parametrize("seconds", [120, 300, 700, 7_200])
async def test_short_lived_keys_follow_each_other_without_piling_up(
    clean_databases: Databases, clock: StandingClock, seconds: int
) -> None:
    async with services.identity(clean_databases, clock=clock, signing_key_seconds=seconds) as identity:
        schedule: Schedule = identity.parts.schedule
        for _ in range(20):
            await identity.parts.keyring.check()
            clock.advance(seconds=5)
            assert signing_kid(identity)
        ahead = schedule.lead.total_seconds() / seconds
        assert (await clean_databases.fetch("identity_app", COUNT))[0]["number"] <= 100 / seconds + ahead + 2


async def test_checking_goes_on_after_a_check_that_failed(
    clean_databases: Databases, caplog: pytest.LogCaptureFixture
) -> None:
    async with services.identity(clean_databases, key_check_seconds=0.01) as identity:
        await clean_databases.execute("identity_owner", "REVOKE SELECT ON identity.signing_keys FROM identity_app")
        try:
            await until(lambda: "background work failed" in caplog.text)
        finally:
            await clean_databases.execute("identity_owner", "GRANT SELECT ON identity.signing_keys TO identity_app")
        new = (await identity.parts.signing_keys.rotate()).kid
        await until(lambda: identity.parts.keyring.find(new) is not None)
