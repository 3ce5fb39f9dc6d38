"""A compromised key is withdrawn at once."""

import pytest

from identity_service.administration import Administration
from identity_service.keys.service import KeyNotFound
from identity_service.recording.cause import BY_COMMAND_LINE
from tests.identity.answers import ensure_oauth_error, ensure_problem, header_of
from tests.identity.signing import published_kids, signing_kid
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity, bearer
from watchword.testing import StandingClock


async def withdraw(identity: Identity, kid: str) -> str:
    """Withdraw this key, and return the one that signs instead."""
    withdrawn = await Administration(identity.parts).withdraw_keys([kid])
    await identity.parts.keyring.check()
    return withdrawn.signing_kid


async def test_withdrawn_key_is_not_published_and_another_signs(identity: Identity) -> None:
    await identity.register("ada")
    old = signing_kid(identity)
    new = await withdraw(identity, old)
    assert await published_kids(identity) == [new]
    assert header_of((await identity.sign_in("ada"))["access_token"])["kid"] == new


async def test_tokens_of_a_withdrawn_key_are_refused(identity: Identity) -> None:
    await identity.register("ada")
    tokens = await identity.sign_in("ada", resource=IDENTITY_URL)
    headers = bearer(tokens["access_token"])
    assert (await identity.http.get("/users/me", headers=headers)).status_code == 200
    await withdraw(identity, signing_kid(identity))
    ensure_problem(await identity.http.get("/users/me", headers=headers), 401, "unauthenticated")
    ensure_oauth_error(await identity.refresh(tokens["refresh_token"]), "invalid_grant")


async def test_withdrawing_the_next_key_leaves_the_present_one(identity_at: Identity, clock: StandingClock) -> None:
    present = signing_kid(identity_at)
    coming = (await identity_at.parts.signing_keys.rotate()).kid
    assert await withdraw(identity_at, coming) == present
    for _ in range(20):
        clock.advance(minutes=1)
        assert signing_kid(identity_at) != coming
        await identity_at.parts.keyring.check()


async def test_withdrawing_the_present_key_before_its_successors_turn_leaves_no_gap(
    identity_at: Identity, clock: StandingClock
) -> None:
    present = signing_kid(identity_at)
    await identity_at.parts.signing_keys.rotate()
    await withdraw(identity_at, present)
    for _ in range(40 * 2):
        assert signing_kid(identity_at) != present
        clock.advance(hours=12)
        await identity_at.parts.keyring.check()


async def test_withdrawing_returns_the_key_that_signs_instead(identity_at: Identity, clock: StandingClock) -> None:
    present = signing_kid(identity_at)
    await identity_at.parts.signing_keys.rotate()
    await withdraw(identity_at, present)
    clock.advance(hours=1)
    spare = (await identity_at.parts.signing_keys.rotate()).kid
    signs = await withdraw(identity_at, spare)
    assert signs == signing_kid(identity_at)


async def test_withdrawing_twice_has_the_effect_of_once(identity: Identity) -> None:
    old = signing_kid(identity)
    new = await withdraw(identity, old)
    assert await withdraw(identity, old) == new
    assert await published_kids(identity) == [new]


@pytest.mark.parametrize("kid", ["", "unknown", "01890000-0000-7000-8000-000000000000"])
async def test_unknown_key_cannot_be_withdrawn(identity: Identity, kid: str) -> None:
    with pytest.raises(KeyNotFound):
        await Administration(identity.parts).withdraw_keys([kid])


async def test_withdrawing_a_key_between_two_others_leaves_no_gap(
    clean_databases: Databases, clock: StandingClock
) -> None:
    async with services.identity(clean_databases, clock=clock, signing_key_seconds=120) as identity:
        for _ in range(3):
            await identity.parts.keyring.check()
        _, second, third, *_ = await identity.parts.signing_keys.load()
        await withdraw(identity, second.kid)
        while clock.now() < third.signs_until:
            assert signing_kid(identity) != second.kid
            clock.advance(seconds=5)


async def test_keys_that_are_withdrawn_at_once_leave_one_that_signs(
    identity_at: Identity, clock: StandingClock
) -> None:
    parts, first = identity_at.parts, signing_kid(identity_at)
    one = (await parts.signing_keys.rotate()).kid
    other = await withdraw(identity_at, first)
    clock.advance(hours=1)
    assert (await parts.signing_keys.get_or_make_successor(one)).kid == other
    await withdraw(identity_at, other)
    assert await parts.admin.key_withdrawal.withdraw_unless_last(one, BY_COMMAND_LINE) is None
    assert await withdraw(identity_at, one) == signing_kid(identity_at)
    assert signing_kid(identity_at) not in (first, one, other)
