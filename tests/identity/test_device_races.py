"""Devices and people who act at once, each on a connection of its own."""

import asyncio

import pytest

from tests.identity.answers import claims_of, statuses
from tests.identity.browsing import Browsing, browsing
from tests.identity.device_flow import Television, allow, enter, switched_on
from tests.identity.receivers import receiver_with_stream
from tests.identity.test_rotation_locks import LOCKS, blocked_by
from tests.support.databases import Databases
from tests.support.services import PASSWORD, Identity

AT_ONCE = 20
RAISE = "UPDATE identity.sign_ons SET acr = 'mfa', amr = '{pwd,otp,mfa}'"
LOWER = "UPDATE identity.sign_ons SET acr = 'pwd', amr = '{pwd}'"
SESSIONS = "SELECT ended_at IS NOT NULL AS is_ended FROM identity.sessions WHERE client_id = 'notes-tv'"
INTERVAL = "SELECT interval_seconds FROM identity.device_grants"
OTHER = "paper clouds over Turin"

pytestmark = pytest.mark.usefixtures("device_client")


async def test_of_twenty_polls_at_once_one_is_in_time(television: Television, databases: Databases) -> None:
    answers = await asyncio.gather(*(television.error() for _ in range(AT_ONCE)))
    assert sorted(answers) == ["authorization_pending", *["slow_down"] * (AT_ONCE - 1)]
    (row,) = await databases.fetch("identity_app", INTERVAL)
    assert row["interval_seconds"] == 5 * AT_ONCE


async def test_twenty_polls_at_once_of_an_allowed_device_make_one_session_which_is_ended(
    identity: Identity, ada: Browsing, television: Television, databases: Databases
) -> None:
    await allow(ada, television)
    receiver = await receiver_with_stream(identity)
    answers = await asyncio.gather(*(television.poll() for _ in range(AT_ONCE)))
    assert statuses(answers) == {200: 1, 400: AT_ONCE - 1}
    assert {answer.json()["error"] for answer in answers if answer.status_code == 400} == {"invalid_grant"}
    (session,) = await databases.fetch("identity_app", SESSIONS)
    assert session["is_ended"]
    assert await receiver.kinds() == ["session-revoked"]


async def test_of_those_who_allow_and_deny_at_once_one_decides(
    identity: Identity, ada: Browsing, databases: Databases
) -> None:
    for _ in range(5):
        television = await switched_on(identity)
        choices = ["allow", "deny"] * 3
        answers = await asyncio.gather(*(enter(ada, television.user_code, choice) for choice in choices))
        assert statuses(answers) == {303: 1, 422: 5}
        (won,) = [answer.headers["Location"] for answer in answers if answer.status_code == 303]
        answer = await television.poll()
        assert answer.status_code == {"/done/device-allowed": 200, "/done/device-denied": 400}[won]


async def test_of_two_people_who_allow_a_device_at_once_one_is_signed_in_on_it(
    identity: Identity, ada: Browsing
) -> None:
    async with browsing(identity, "eve") as eve:
        for _ in range(5):
            television = await switched_on(identity)
            both = {"ada": ada, "eve": eve}
            answers = await asyncio.gather(
                *(enter(one, television.user_code, "allow", username=name) for name, one in both.items())
            )
            assert statuses(answers) == {303: 1, 422: 1}
            (winner,) = [name for name, answer in zip(both, answers, strict=True) if answer.status_code == 303]
            claims = await identity.parts.verifier.verify((await television.tokens())["access_token"])
            assert claims.username == winner


async def test_polls_while_the_person_decides_and_changes_the_password_end_in_no_deadlock(
    identity: Identity, ada: Browsing, databases: Databases
) -> None:
    """Whichever comes first: a session that was started is ended, and one that was not is never."""
    televisions = [await switched_on(identity) for _ in range(4)]
    for television in televisions[:2]:
        await allow(ada, television)
    fields = {"current_password": PASSWORD, "new_password": OTHER}
    changed, *_ = await asyncio.gather(
        ada.send("/account/password", fields),
        *(television.poll() for television in televisions for _ in range(3)),
        *(enter(ada, television.user_code, "allow") for television in televisions[2:]),
    )
    assert changed.status_code == 303
    sessions = await databases.fetch("identity_app", SESSIONS)
    # Those that were allowed before the change have no session that goes on.
    errors = [await television.error() for television in televisions[:2]]
    assert set(errors) <= {"access_denied", "invalid_grant"}
    assert sum(not session["is_ended"] for session in sessions) <= 2


async def test_factor_that_is_removed_while_a_device_is_allowed_does_not_come_back_by_the_device(
    ada: Browsing, television: Television, databases: Databases
) -> None:
    await databases.execute("identity_owner", RAISE)
    request = enter(ada, television.user_code, "allow")
    async with blocked_by(databases, request, LOCKS["user"], LOWER) as decision:
        pass
    assert (await decision).headers["Location"] == "/done/device-allowed"
    claims = claims_of((await television.tokens())["access_token"])
    assert (claims["acr"], claims["amr"]) == ("pwd", ["pwd"])
