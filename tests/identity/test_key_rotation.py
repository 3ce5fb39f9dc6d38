"""Which key signs is a function of the clock, and the next one is always there in time."""

import asyncio

import pytest

from identity_service.keys.schedule import Schedule
from tests.identity.answers import header_of
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import Identity, bearer
from tests.support.waiting import until
from watchword.testing import StandingClock

COUNT = "SELECT count(*) AS number FROM identity.signing_keys"


async def published(identity: Identity) -> list[str]:
    return [key["kid"] for key in (await identity.http.get("/.well-known/jwks.json")).json()["keys"]]


def signing(identity: Identity) -> str:
    return identity.parts.keyring.signer().kid


async def test_new_key_is_published_at_once_and_signs_after_the_notice(
    standing: Identity, clock: StandingClock
) -> None:
    old = signing(standing)
    new = (await standing.parts.signing_keys.rotate()).kid
    await standing.parts.keyring.check()
    assert set(await published(standing)) == {old, new}
    clock.advance(seconds=standing.parts.schedule.notice.total_seconds() - 1)
    assert signing(standing) == old
    clock.advance(seconds=1)
    assert signing(standing) == new


async def test_notice_is_longer_than_anyone_keeps_the_published_keys(standing: Identity) -> None:
    assert standing.parts.schedule.notice.total_seconds() > standing.parts.settings.jwks_max_age_seconds


async def test_tokens_name_the_key_that_signs(standing: Identity, clock: StandingClock) -> None:
    await standing.register("ada")
    new = (await standing.parts.signing_keys.rotate()).kid
    await standing.parts.keyring.check()
    clock.advance(minutes=10)
    assert header_of((await standing.sign_in("ada"))["access_token"])["kid"] == new


async def test_old_key_verifies_until_its_last_token_ends_and_then_leaves(
    standing: Identity, clock: StandingClock
) -> None:
    await standing.register("ada")
    old, new = signing(standing), (await standing.parts.signing_keys.rotate()).kid
    clock.advance(seconds=standing.parts.schedule.notice.total_seconds() - 1)
    await standing.parts.keyring.check()
    last = await standing.sign_in("ada")
    assert header_of(last["refresh_token"])["kid"] == old
    clock.advance(minutes=10)
    assert (await standing.http.get("/users/me", headers=bearer(last["access_token"]))).status_code == 200
    clock.advance(days=14, minutes=-10, seconds=-1)
    assert old in await published(standing)
    assert (await standing.refresh(last["refresh_token"])).status_code == 200
    clock.advance(seconds=2)
    assert await published(standing) == [new]


async def test_withdrawn_keys_leave_the_table_with_the_next_rotation(
    standing: Identity, databases: Databases, clock: StandingClock
) -> None:
    await standing.parts.signing_keys.rotate()
    clock.advance(days=15)
    await standing.parts.signing_keys.rotate()
    assert (await databases.fetch("identity_app", COUNT))[0]["number"] == 2


async def test_newest_of_several_rotations_wins(standing: Identity, clock: StandingClock) -> None:
    await asyncio.gather(*(standing.parts.signing_keys.rotate() for _ in range(3)))
    newest = (await standing.parts.signing_keys.rotate()).kid
    await standing.parts.keyring.check()
    assert signing(standing) != newest
    clock.advance(seconds=standing.parts.schedule.notice.total_seconds())
    assert signing(standing) == newest


async def test_some_key_signs_at_every_instant_and_was_published_in_time(
    standing: Identity, clock: StandingClock
) -> None:
    known_since = {signing(standing): clock.now()}
    signed: list[str] = []
    began = clock.now()
    for _ in range(100 * 4):
        clock.advance(hours=6)
        kid = signing(standing)
        assert kid in await published(standing)
        assert known_since[kid] + standing.parts.schedule.notice <= clock.now()
        signed.append(kid)
        await standing.parts.keyring.check()
        known_since = {kid: clock.now() for kid in await published(standing)} | known_since
    assert len(set(signed)) == 4
    assert (clock.now() - began).days == 100


async def test_replicas_agree_on_the_key_and_make_one_successor(
    standing: Identity, databases: Databases, clock: StandingClock
) -> None:
    async with services.identity(databases, clock=clock) as other:
        for _ in range(35):
            clock.advance(days=1)
            assert signing(standing) == signing(other)
            await asyncio.gather(*(replica.parts.keyring.check() for replica in (standing, other) * 3))
            assert signing(standing) == signing(other)
            assert await published(standing) == await published(other)
    assert (await databases.fetch("identity_app", COUNT))[0]["number"] == 2


async def test_service_that_was_away_longer_than_its_key_makes_one_at_once(
    standing: Identity, clock: StandingClock
) -> None:
    old = signing(standing)
    clock.advance(days=90)
    await standing.parts.keyring.check()
    assert signing(standing) != old
    await standing.signed_in("ada")


async def test_without_a_signing_key_the_service_says_so_and_comes_again(
    standing: Identity, clock: StandingClock
) -> None:
    await standing.register("ada")
    clock.advance(days=90)
    response = await standing.token(grant_type="password", username="ada", password=services.PASSWORD)
    assert (response.status_code, response.json()["code"]) == (503, "no_signing_key")
    assert response.headers["retry-after"] == "1"
    ready = await standing.http.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]["signing_key"]) == (503, "no_signing_key")
    await standing.parts.keyring.check()
    assert (await standing.http.get("/readyz")).status_code == 200


@pytest.mark.parametrize("seconds", [60, 300, 700, 7_200])
async def test_short_lived_keys_follow_each_other_without_piling_up(
    emptied: Databases, clock: StandingClock, seconds: int
) -> None:
    async with services.identity(emptied, clock=clock, signing_key_seconds=seconds) as identity:
        schedule: Schedule = identity.parts.schedule
        for _ in range(20):
            await identity.parts.keyring.check()
            clock.advance(seconds=5)
            assert signing(identity)
        ahead = schedule.lead.total_seconds() / seconds
        assert (await emptied.fetch("identity_app", COUNT))[0]["number"] <= 100 / seconds + ahead + 2


async def test_keeping_goes_on_after_a_look_that_failed(emptied: Databases, caplog: pytest.LogCaptureFixture) -> None:
    async with services.identity(emptied, key_check_seconds=0.01) as identity:
        await emptied.fetch("identity_owner", "REVOKE SELECT ON identity.signing_keys FROM identity_app")
        try:
            await until(lambda: "background work failed" in caplog.messages)
        finally:
            await emptied.fetch("identity_owner", "GRANT SELECT ON identity.signing_keys TO identity_app")
        new = (await identity.parts.signing_keys.rotate()).kid
        await until(lambda: identity.parts.keyring.find(new) is not None)
