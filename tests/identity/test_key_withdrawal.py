"""A compromised key is taken out at once."""

import pytest

from identity_service.keys.service import KeyNotFound
from tests.identity.answers import ensure_oauth_error, ensure_problem, header_of
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import Identity, bearer
from watchword.testing import StandingClock


async def published(identity: Identity) -> list[str]:
    return [key["kid"] for key in (await identity.http.get("/.well-known/jwks.json")).json()["keys"]]


async def withdraw(identity: Identity, kid: str) -> str:
    """Withdraw this key; the one that signs then."""
    key = await identity.parts.signing_keys.withdraw(kid)
    await identity.parts.keyring.check()
    return key.kid


async def test_withdrawn_key_is_published_no_more_and_another_signs(identity: Identity) -> None:
    await identity.register("ada")
    old = identity.parts.keyring.signer().kid
    new = await withdraw(identity, old)
    assert await published(identity) == [new]
    assert header_of((await identity.sign_in("ada"))["access_token"])["kid"] == new


async def test_tokens_of_a_withdrawn_key_are_refused(identity: Identity) -> None:
    await identity.register("ada")
    tokens = await identity.sign_in("ada")
    headers = bearer(tokens["access_token"])
    assert (await identity.http.get("/users/me", headers=headers)).status_code == 200
    await withdraw(identity, identity.parts.keyring.signer().kid)
    ensure_problem(await identity.http.get("/users/me", headers=headers), 401, "unauthenticated")
    ensure_oauth_error(await identity.refresh(tokens["refresh_token"]), "invalid_grant")


async def test_withdrawing_the_key_to_come_leaves_the_present_one(standing: Identity, clock: StandingClock) -> None:
    present = standing.parts.keyring.signer().kid
    coming = (await standing.parts.signing_keys.rotate()).kid
    assert await withdraw(standing, coming) == present
    for _ in range(20):
        clock.advance(minutes=1)
        assert standing.parts.keyring.signer().kid != coming
        await standing.parts.keyring.check()


async def test_withdrawing_the_present_key_before_its_successors_turn_leaves_no_gap(
    standing: Identity, clock: StandingClock
) -> None:
    present = standing.parts.keyring.signer().kid
    await standing.parts.signing_keys.rotate()
    await withdraw(standing, present)
    for _ in range(40 * 2):
        assert standing.parts.keyring.signer().kid != present
        clock.advance(hours=12)
        await standing.parts.keyring.check()


async def test_withdrawing_says_which_key_signs_then(standing: Identity, clock: StandingClock) -> None:
    present = standing.parts.keyring.signer().kid
    await standing.parts.signing_keys.rotate()
    await withdraw(standing, present)
    clock.advance(hours=1)
    spare = (await standing.parts.signing_keys.rotate()).kid
    signs = await withdraw(standing, spare)
    assert signs == standing.parts.keyring.signer().kid


async def test_withdrawing_twice_is_withdrawing_once(identity: Identity) -> None:
    old = identity.parts.keyring.signer().kid
    new = await withdraw(identity, old)
    assert await withdraw(identity, old) == new
    assert await published(identity) == [new]


@pytest.mark.parametrize("kid", ["", "unknown", "01890000-0000-7000-8000-000000000000"])
async def test_unknown_key_cannot_be_withdrawn(identity: Identity, kid: str) -> None:
    with pytest.raises(KeyNotFound):
        await identity.parts.signing_keys.withdraw(kid)


async def test_withdrawing_a_key_between_two_others_leaves_no_gap(emptied: Databases, clock: StandingClock) -> None:
    async with services.identity(emptied, clock=clock, signing_key_seconds=100) as identity:
        for _ in range(3):
            await identity.parts.keyring.check()
        _, second, third, _ = await identity.parts.signing_keys.load()
        await withdraw(identity, second.kid)
        while clock.now() < third.signs_until:
            assert identity.parts.keyring.signer().kid != second.kid
            clock.advance(seconds=5)


async def test_replica_that_has_not_looked_yet_looks_once_a_second_for_an_unknown_key(
    standing: Identity, databases: Databases, clock: StandingClock
) -> None:
    async with services.identity(databases, clock=clock) as other:
        await standing.register("ada")
        await withdraw(standing, standing.parts.keyring.signer().kid)
        tokens = await standing.sign_in("ada")
        headers = bearer(tokens["access_token"])
        assert (await other.http.get("/users/me", headers=headers)).status_code == 401
        clock.advance(seconds=1)
        assert (await other.http.get("/users/me", headers=headers)).status_code == 200
        assert (await other.refresh(tokens["refresh_token"])).status_code == 200
