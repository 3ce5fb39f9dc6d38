"""Many codes at once, and changes of the account while a sign-in is under way."""

import asyncio

import pytest

from identity_service.factor_acts.values import Owner
from tests.identity.answers import ensure_oauth_error
from tests.identity.both_steps import (
    SECOND_FACTOR,
    WRONG_CODE,
    Codes,
    add_codes,
    register_with_codes,
    send_code,
    send_password,
)
from tests.identity.browsing import Browsing, browsing
from tests.identity.second_factors import add_passkey_as, remove_passkey
from tests.identity.signing_on import COOKIE
from tests.identity.test_rotation_locks import DISABLE, PASSWORD_GRANT, blocked_by
from tests.support.databases import Databases
from tests.support.services import PASSWORD, Identity

HALF_OPEN_ROWS = "SELECT wrong_codes FROM identity.half_open_sign_ins"
LIVE = "SELECT acr FROM identity.sign_ons WHERE ended_at IS NULL"
ADD_FACTOR = "UPDATE identity.users SET has_second_factor = true"
REMOVE_FACTOR = "UPDATE identity.users SET has_second_factor = false"
ANOTHER_PASSWORD = "UPDATE identity.users SET password_hash = '$2b$04$' || repeat('a', 53)"
CREDENTIALS = {"login": "ada", "password": PASSWORD}


@pytest.fixture
async def ada(identity: Identity) -> Codes:
    return await register_with_codes(identity)


async def live_levels(databases: Databases) -> list[str]:
    return [row["acr"] for row in await databases.fetch("identity_owner", LIVE)]


async def test_code_that_is_sent_twenty_times_at_once_signs_on_once(
    identity: Identity, ada: Codes, databases: Databases
) -> None:
    async with browsing(identity) as browser:
        path, code = await send_password(browser), ada.code()
        answers = await asyncio.gather(*(send_code(browser, code, path) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [303, *[422] * 19]
    assert await live_levels(databases) == ["mfa"]


@pytest.mark.parametrize("kind", ["app", "recovery"])
async def test_code_that_is_sent_in_eight_browsers_at_once_signs_one_of_them_on(
    identity: Identity, ada: Codes, databases: Databases, kind: str
) -> None:
    code = ada.code() if kind == "app" else ada.recovery_codes[0]

    async def attempt() -> int:
        async with browsing(identity) as browser:
            path = await send_password(browser)
            return (await send_code(browser, code, path)).status_code

    assert sorted(await asyncio.gather(*(attempt() for _ in range(8)))) == [303, *[422] * 7]
    assert await live_levels(databases) == ["mfa"]


async def test_code_that_comes_too_late_for_its_sign_in_is_not_used(
    identity: Identity, ada: Codes, databases: Databases
) -> None:
    async with browsing(identity) as browser:
        path = await send_password(browser)
        await asyncio.gather(*(send_code(browser, code, path) for code in ada.recovery_codes))
    used = "SELECT FROM identity.recovery_codes WHERE used_at IS NOT NULL"
    assert len(await databases.fetch("identity_owner", used)) == 1
    assert await live_levels(databases) == ["mfa"]


async def test_twenty_wrong_codes_at_once_are_five_and_end_the_sign_in(
    identity: Identity, ada: Codes, databases: Databases
) -> None:
    async with browsing(identity) as browser:
        path = await send_password(browser)
        await asyncio.gather(*(send_code(browser, WRONG_CODE, path) for _ in range(20)))
        assert identity.parts.authentication.second_factor.outcomes["wrong"] == 5
        assert identity.parts.authentication.second_factor.outcomes["over"] == 15
        assert await databases.fetch("identity_owner", HALF_OPEN_ROWS) == []
        assert "This sign-in is over" in (await send_code(browser, ada.code(), path)).text


async def test_factor_that_is_added_during_a_sign_in_by_password_is_asked_for(
    identity: Identity, databases: Databases
) -> None:
    await identity.register("ada")
    async with browsing(identity) as browser:
        async with blocked_by(databases, browser.send("/sign-in", CREDENTIALS), ADD_FACTOR) as answer:
            pass
        assert (await answer).headers["Location"].startswith(SECOND_FACTOR)
    assert await live_levels(databases) == []


async def test_factor_that_is_added_during_a_password_grant_refuses_it(
    identity: Identity, databases: Databases
) -> None:
    await identity.register("ada")
    async with blocked_by(databases, identity.token(**PASSWORD_GRANT), ADD_FACTOR) as answer:
        pass
    ensure_oauth_error(await answer, "invalid_grant")
    assert "second factor" in (await answer).json()["error_description"]
    assert await databases.fetch("identity_owner", "SELECT FROM identity.sessions") == []


async def test_factor_that_is_removed_during_a_sign_in_is_not_asked_for(
    identity: Identity, ada: Codes, databases: Databases
) -> None:
    async with browsing(identity) as browser:
        async with blocked_by(databases, browser.send("/sign-in", CREDENTIALS), REMOVE_FACTOR) as answer:
            pass
        assert (await answer).headers["Location"] == "/account"
    assert await live_levels(databases) == ["pwd"]


@pytest.mark.parametrize("change", [DISABLE, ANOTHER_PASSWORD, REMOVE_FACTOR], ids=["disabled", "password", "factor"])
async def test_account_that_changes_while_the_code_is_judged_is_not_signed_on(
    identity: Identity, ada: Codes, databases: Databases, change: str
) -> None:
    async with browsing(identity) as browser:
        path = await send_password(browser)
        async with blocked_by(databases, send_code(browser, ada.code(), path), change) as answer:
            pass
        assert "This sign-in is over" in (await answer).text
    assert await live_levels(databases) == []


async def owner_in(browser: Browsing, identity: Identity) -> Owner:
    """The owner of the account that is signed on in this browser."""
    sign_on = await identity.parts.sign_ons.find(browser.http.cookies[COOKIE])
    assert sign_on is not None
    return Owner(sign_on.user_id, sign_on_id=sign_on.id)


async def test_no_sign_on_without_the_factor_outlives_its_addition(identity: Identity, databases: Databases) -> None:
    async def attempt() -> int:
        async with browsing(identity) as browser:
            return (await browser.send("/sign-in", CREDENTIALS)).status_code

    async with browsing(identity, "ada") as browser:
        owner = await owner_in(browser, identity)
        earlier, later = ([attempt() for _ in range(4)] for _ in range(2))
        *answers, _ = await asyncio.gather(*earlier, *later, add_passkey_as(identity, owner))
        assert answers == [303] * 8
        assert await live_levels(databases) == ["phr"]
        assert await browser.is_signed_on()


async def test_no_session_without_the_factor_outlives_its_addition(identity: Identity, databases: Databases) -> None:
    async with browsing(identity, "ada") as browser:
        owner = await owner_in(browser, identity)
        before = [await identity.sign_in("ada") for _ in range(4)]
        requests = [identity.refresh(tokens["refresh_token"]) for tokens in before]
        requests += [identity.token(**PASSWORD_GRANT) for _ in range(8)]
        answers, _ = await asyncio.gather(asyncio.gather(*requests), add_passkey_as(identity, owner))
    assert {answer.status_code for answer in answers} <= {200, 400}
    assert await databases.fetch("identity_owner", "SELECT FROM identity.sessions WHERE ended_at IS NULL") == []


async def test_code_and_the_end_of_every_sign_on_do_not_wait_for_each_other_for_ever(
    identity: Identity, databases: Databases
) -> None:
    async def attempt(code: str) -> int:
        async with browsing(identity) as browser:
            path = await send_password(browser)
            return (await send_code(browser, code, path)).status_code

    async def add_and_remove(owner: Owner) -> None:
        for _ in range(3):
            await remove_passkey(identity, owner, await add_passkey_as(identity, owner))

    async with browsing(identity, "ada") as browser:
        owner = await owner_in(browser, identity)
        ada = await add_codes(identity, str(owner.user_id))
        *answers, _ = await asyncio.gather(*map(attempt, ada.recovery_codes[:6]), add_and_remove(owner))
        # A removal ends the half-open sign-ins, too: then the password comes first again.
        assert set(answers) <= {303, 422}
        assert await browser.is_signed_on()
