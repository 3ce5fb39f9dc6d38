"""What makes older tokens untrue is told by counters, so that no clock decides."""

import asyncio

import pytest

from identity_service.administration import Administration
from tests.identity.answers import claims_of, ensure_problem, statuses
from tests.identity.obeying import ObeyingService
from tests.identity.receivers import receiver_with_stream
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, POSTS_URL, Identity, bearer
from watchword.testing import StandingClock

OTHER_PASSWORD = "staple trombone violin"


async def set_roles(identity: Identity, *roles: str) -> None:
    await Administration(identity.parts).set_roles("ada", roles)


async def token_for(identity: Identity, refresh_token: str, audience: str) -> str:
    answer = await identity.refresh(refresh_token, resource=audience)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


async def accepts(identity: Identity, access_token: str) -> bool:
    """Whether identity itself accepts the token."""
    answer = await identity.http.get("/users/me", headers=bearer(access_token))
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


async def test_token_says_the_versions_and_when_it_was_issued_also_right_after_a_change(
    identity_at: Identity, clock: StandingClock
) -> None:
    await identity_at.register("ada")
    before = claims_of((await identity_at.sign_in("ada"))["access_token"])
    await set_roles(identity_at, "user", "moderator")
    tokens = await identity_at.sign_in("ada")
    after = claims_of(tokens["access_token"])
    refreshed = claims_of((await identity_at.refresh(tokens["refresh_token"])).json()["access_token"])
    assert (before["ver"], before["rver"], after["ver"], after["rver"]) == (0, 0, 1, 0)
    assert after["ver"] == refreshed["ver"]
    assert before["iat"] == after["iat"] == refreshed["iat"] == int(clock.now().timestamp())


async def test_only_the_version_tells_tokens_of_one_second_apart(identity_at: Identity, clock: StandingClock) -> None:
    await identity_at.register("ada")
    posts = await ObeyingService.of(identity_at)
    before = await identity_at.sign_in("ada")
    await set_roles(identity_at, "user", "moderator")
    after = await identity_at.refresh(before["refresh_token"])
    await posts.receive()
    assert not await posts.accepts(before["access_token"])
    assert await posts.accepts(after.json()["access_token"])


async def test_event_of_a_change_has_the_version_and_the_true_time(identity_at: Identity, clock: StandingClock) -> None:
    await identity_at.register("ada")
    posts = await receiver_with_stream(identity_at)
    await set_roles(identity_at, "user", "moderator")
    await set_roles(identity_at, "user")
    changes = [event for _, _, event in await posts.events()]
    assert [change["ver"] for change in changes] == [1, 2]
    assert {change["event_timestamp"] for change in changes} == {int(clock.now().timestamp())}


async def test_clocks_that_differ_by_four_seconds_change_nothing_in_a_service(
    identity_at: Identity, behind: Identity
) -> None:
    await identity_at.register("ada")
    posts = await ObeyingService.of(identity_at)
    ahead, here = await identity_at.sign_in("ada"), await behind.sign_in("ada")
    await set_roles(behind, "user", "moderator")
    await posts.receive()
    # Issued before the change, the one by a clock that is ahead of it; and issued after it.
    assert not await posts.accepts(ahead["access_token"])
    assert not await posts.accepts(here["access_token"])
    assert await posts.accepts((await behind.refresh(here["refresh_token"])).json()["access_token"])


async def test_clocks_that_differ_by_four_seconds_change_nothing_in_identity_itself(
    identity_at: Identity, behind: Identity
) -> None:
    await identity_at.register("ada")
    sessions = [await identity.sign_in("ada", resource=IDENTITY_URL) for identity in (identity_at, behind)]
    await set_roles(identity_at, "user", "moderator")
    for tokens in sessions:
        assert not await accepts(identity_at, tokens["access_token"])
        assert await accepts(identity_at, await token_for(behind, tokens["refresh_token"], IDENTITY_URL))


async def test_account_that_is_enabled_by_a_clock_that_is_behind_is_accepted_and_its_old_tokens_are_not(
    identity_at: Identity, behind: Identity
) -> None:
    await identity_at.register("ada")
    posts = await ObeyingService.of(identity_at)
    before = await identity_at.sign_in("ada")
    await Administration(identity_at.parts).set_active("ada", False)
    await Administration(behind.parts).set_active("ada", True)
    await posts.receive()
    assert not await posts.accepts(before["access_token"])
    for identity in (identity_at, behind):
        assert await posts.accepts((await identity.sign_in("ada"))["access_token"])


@pytest.mark.parametrize("is_active", [True, False])
async def test_disabling_and_enabling_hold_in_their_order_however_they_arrive(
    identity_at: Identity, is_active: bool
) -> None:
    await identity_at.register("ada")
    posts = await ObeyingService.of(identity_at)
    if is_active:
        await Administration(identity_at.parts).set_active("ada", False)
    else:
        token = (await identity_at.sign_in("ada"))["access_token"]
        for active in (False, True):
            await Administration(identity_at.parts).set_active("ada", active)
    await Administration(identity_at.parts).set_active("ada", is_active)
    if is_active:
        token = (await identity_at.sign_in("ada"))["access_token"]
    await posts.receive(in_reverse=True)
    assert await posts.accepts(token) is is_active


async def successor(identity: Identity, refresh_token: str) -> str:
    """The unspent refresh token of this session."""
    return str((await identity.refresh(refresh_token)).json()["refresh_token"])


async def test_change_is_obeyed_by_both_processes_of_identity(identity_at: Identity, behind: Identity) -> None:
    await identity_at.register("ada")
    token = (await identity_at.sign_in("ada", resource=IDENTITY_URL))["access_token"]
    await set_roles(behind, "user", "moderator")
    assert not await accepts(identity_at, token)
    assert not await accepts(behind, token)


async def test_change_that_the_previous_release_made_is_obeyed_by_its_time(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    await identity_at.register("ada")
    old = await identity_at.sign_in("ada", resource=IDENTITY_URL)
    clock.advance(seconds=1)
    at = int(clock.now().timestamp())
    await databases.execute("identity_app", "UPDATE identity.users SET tokens_valid_from = $1", at)
    assert not await accepts(identity_at, old["access_token"])
    fresh = (await identity_at.refresh(old["refresh_token"])).json()["access_token"]
    assert await accepts(identity_at, fresh)


async def test_process_of_the_previous_release_refuses_what_a_change_makes_untrue(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    await identity_at.register("ada")
    issued_at = claims_of((await identity_at.sign_in("ada"))["access_token"])["iat"]
    await set_roles(identity_at, "user", "moderator")
    (row,) = await databases.fetch("identity_app", "SELECT tokens_valid_from FROM identity.users")
    # This is all that it compares.
    assert issued_at < row["tokens_valid_from"] <= int(clock.now().timestamp()) + 1


async def test_signing_out_everywhere_else_is_one_event_that_spares_this_session(identity_at: Identity) -> None:
    await identity_at.register("ada")
    posts = await ObeyingService.of(identity_at)
    here, *others = [await identity_at.sign_in("ada") for _ in range(4)]
    await end_others(identity_at, await token_for(identity_at, here["refresh_token"], IDENTITY_URL))
    await posts.receive()
    assert len(posts.revocations) == 1
    assert [await posts.accepts(tokens["access_token"]) for tokens in (here, *others)] == [True, False, False, False]
    assert await posts.accepts((await identity_at.sign_in("ada"))["access_token"])


async def test_session_that_is_spared_stays_refused_for_what_changed_before(identity_at: Identity) -> None:
    await identity_at.register("ada")
    posts = await ObeyingService.of(identity_at)
    stale, _ = await identity_at.sign_in("ada"), await identity_at.sign_in("ada")
    await set_roles(identity_at, "user", "moderator")
    fresh = await token_for(identity_at, stale["refresh_token"], POSTS_URL)
    here = await token_for(identity_at, await successor(identity_at, stale["refresh_token"]), IDENTITY_URL)
    await end_others(identity_at, here)
    await posts.receive()
    assert [await posts.accepts(token) for token in (stale["access_token"], fresh)] == [False, True]


async def test_password_change_spares_the_session_in_which_it_was_made(identity_at: Identity) -> None:
    await identity_at.register("ada")
    posts = await ObeyingService.of(identity_at)
    here, other = await identity_at.sign_in("ada"), await identity_at.sign_in("ada")
    change = {"current_password": services.PASSWORD, "new_password": OTHER_PASSWORD}
    headers = bearer(await token_for(identity_at, here["refresh_token"], IDENTITY_URL))
    assert (await identity_at.http.put("/users/me/password", json=change, headers=headers)).status_code == 204
    await posts.receive()
    assert [await posts.accepts(tokens["access_token"]) for tokens in (here, other)] == [True, False]


async def end_others(identity: Identity, access_token: str) -> None:
    answer = await identity.http.delete("/sessions", headers=bearer(access_token))
    assert answer.status_code == 204, answer.text


async def test_two_sessions_that_end_all_others_at_once_leave_one(identity_at: Identity) -> None:
    await identity_at.register("ada")
    tokens = [(await identity_at.sign_in("ada", resource=IDENTITY_URL))["access_token"] for _ in range(8)]
    answers = await asyncio.gather(*(identity_at.http.delete("/sessions", headers=bearer(token)) for token in tokens))
    assert statuses(answers) == {204: 1, 401: 7}
    assert [await accepts(identity_at, token) for token in tokens].count(True) == 1


async def test_session_that_was_ended_meanwhile_ends_no_other(identity_at: Identity, databases: Databases) -> None:
    await identity_at.register("ada")
    here, other = [await identity_at.sign_in("ada", resource=IDENTITY_URL) for _ in range(2)]
    answers = await asyncio.gather(
        *(
            identity_at.http.delete(path, headers=bearer(here["access_token"]))
            for path in ("/sessions/current", "/sessions")
        )
    )
    if statuses(answers) != {204: 2}:
        ensure_problem(answers[1], 401, "unauthenticated")
        assert await accepts(identity_at, other["access_token"])
