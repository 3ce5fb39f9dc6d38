"""What the password alone gets at every door, by whether the account has a second factor or must have one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from identity_service.factor_acts.values import Owner
from identity_service.recording.cause import BY_COMMAND_LINE
from identity_service.roles.values import RoleContent
from tests.identity.answers import claims_of
from tests.identity.authorizing import answer_of, application
from tests.identity.both_steps import SECOND_FACTOR, add_codes, register_with_codes, send_code, send_password
from tests.identity.browsing import Browsing, browsing
from tests.identity.device_flow import allow, enter, register_client, switched_on
from tests.identity.mailbox import token_in_letter
from tests.identity.second_factors import add_app_as, add_passkey_as
from tests.identity.signing_in import issue_initial_password
from tests.identity.signing_on import COOKIE
from tests.identity.test_new_device_letter import VERIFY
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import PASSWORD, Identity
from watchword.testing import StandingClock

pytestmark = pytest.mark.usefixtures("seeded_roles")

OTHER = "staple battery horse"
FRESH = "/sign-in?return=/account/delete&fresh=true"
IN, HALF, REFUSED, MUST_ADD = "in", "the second factor is asked for", "refused", "a second factor must be added"


@dataclass
class Account:
    """An account with the browser of its owner, who has added the factors there, and with tokens from before that."""

    identity: Identity
    owner: Browsing
    tokens: dict[str, Any]
    folder: Path
    clock: StandingClock


async def owner_of(account: Account) -> Owner:
    sign_on = await account.identity.parts.sign_ons.find(account.owner.http.cookies[COOKIE])
    assert sign_on is not None
    return Owner(sign_on.user_id, sign_on_id=sign_on.id)


async def nothing(_: Account) -> None:
    """The account stays without a second factor, and needs none."""


async def app(account: Account) -> None:
    await add_app_as(account.identity, await owner_of(account))


async def passkey(account: Account) -> None:
    await add_passkey_as(account.identity, await owner_of(account))


async def requirement(account: Account) -> None:
    await account.identity.parts.roles.change("user", RoleContent(None, None, True), BY_COMMAND_LINE)


async def where(browser: Browsing, location: str) -> str:
    """What a person has got who was sent there after the password."""
    if location.startswith(SECOND_FACTOR):
        # Whatever they open instead leads them back to the password.
        answer = await browser.http.get("/account/devices")
        assert answer.headers["Location"].startswith("/sign-in?")
        return HALF
    answer = await browser.http.get(location)
    while answer.status_code == 303:
        location = answer.headers["Location"]
        answer = await browser.http.get(location)
    assert answer.status_code == 200
    return MUST_ADD if location.startswith("/account/security") else IN


async def page(account: Account, password: str = PASSWORD) -> str:
    async with browsing(account.identity) as browser:
        answer = await browser.send("/sign-in", {"login": "ada", "password": password})
        assert answer.status_code == 303
        return await where(browser, answer.headers["Location"])


async def fresh_sign_in(account: Account) -> str:
    """The owner, who is signed on, enters the password again for something important."""
    account.clock.advance(minutes=11)
    answer = await account.owner.send(FRESH, {"password": PASSWORD})
    assert answer.status_code == 303
    if not answer.headers["Location"].startswith(SECOND_FACTOR):
        return await where(account.owner, answer.headers["Location"])
    assert (await account.owner.http.get("/account/delete")).headers["Location"] == FRESH
    return HALF


async def password_grant(account: Account) -> str:
    identity = account.identity
    right, wrong = [
        await identity.token(grant_type="password", username="ada", password=password) for password in (PASSWORD, OTHER)
    ]
    assert "second factor" not in wrong.json()["error_description"]
    if right.status_code == 200:
        return IN
    assert right.json()["error"] == "invalid_grant"
    assert "second factor" in right.json()["error_description"]
    return REFUSED


async def code(account: Account) -> str:
    """An application asks for a code without showing a page, in a browser in which the password was right."""
    client = await application(account.identity)
    async with browsing(account.identity) as browser:
        await browser.send("/sign-in", {"login": "ada", "password": PASSWORD})
        answer = answer_of(await browser.http.get(client.path(prompt="none")), client)
        if "code" not in answer:
            return {"login_required": REFUSED, "interaction_required": MUST_ADD}[answer["error"]]
        tokens = (await client.exchange(account.identity, answer["code"])).json()
        assert claims_of(tokens["access_token"])["acr"] == "pwd"
        return IN


async def device(account: Account) -> str:
    """A person allows a device in a browser in which the password was right."""
    await register_client(account.identity)
    television = await switched_on(account.identity)
    async with browsing(account.identity) as browser:
        await browser.send("/sign-in", {"login": "ada", "password": PASSWORD})
        answer = await enter(browser, television.user_code, "allow")
        location = answer.headers["Location"]
    if location == "/done/device-allowed":
        await television.tokens()
        return IN
    assert await television.error() == "authorization_pending"
    return MUST_ADD if location.startswith("/account/security") else REFUSED


async def refresh(account: Account) -> str:
    """A session that the password alone has started, before the account changed, goes on."""
    answer = await account.identity.refresh(account.tokens["refresh_token"])
    return IN if answer.status_code == 200 else REFUSED


async def reset_by_letter(account: Account) -> str:
    """A letter sets another password, which signs on as any password does."""
    http = account.identity.http
    await http.post("/password-resets", json={"email": "ada@example.com"})
    token = await token_in_letter(account.folder, "ada@example.com", "/reset-password")
    answer = await http.post(f"/password-resets/{token}", json={"new_password": OTHER})
    assert answer.status_code == 204
    assert not await account.owner.is_signed_on()
    return await page(account, OTHER)


ACCOUNTS: dict[str, Callable[[Account], Awaitable[None]]] = {
    "without": nothing,
    "app": app,
    "passkey": passkey,
    "must have one": requirement,
}
DOORS: dict[Callable[[Account], Awaitable[str]], tuple[str, str, str, str]] = {
    page: (IN, HALF, HALF, MUST_ADD),
    fresh_sign_in: (IN, HALF, HALF, MUST_ADD),
    password_grant: (IN, REFUSED, REFUSED, REFUSED),
    code: (IN, REFUSED, REFUSED, MUST_ADD),
    device: (IN, REFUSED, REFUSED, MUST_ADD),
    refresh: (IN, REFUSED, REFUSED, IN),
    reset_by_letter: (IN, HALF, HALF, MUST_ADD),
}
"""What the password alone gets, for each kind of ACCOUNTS."""


@pytest.mark.parametrize("kind", ACCOUNTS)
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
async def test_password_alone_gets_what_the_account_allows(
    mailing: Identity,
    databases: Databases,
    clock: StandingClock,
    tmp_path: Path,
    door: Callable[[Account], Awaitable[str]],
    kind: str,
) -> None:
    async with browsing(mailing, "ada") as owner:
        await databases.execute("identity_owner", VERIFY)
        account = Account(mailing, owner, await mailing.sign_in("ada"), tmp_path, clock)
        await ACCOUNTS[kind](account)
        expected = dict(zip(ACCOUNTS, DOORS[door], strict=True))[kind]
        assert await door(account) == expected


async def test_tokens_say_that_a_second_factor_was_shown(identity: Identity) -> None:
    ada, client = await register_with_codes(identity), await application(identity)
    await register_client(identity)
    television = await switched_on(identity)
    async with browsing(identity) as browser:
        path = await send_password(browser, path=f"/sign-in?return={quote(client.path(), safe='')}")
        way_on = (await send_code(browser, ada.code(), path)).headers["Location"]
        answer = answer_of(await browser.http.get(way_on), client)
        by_code = (await client.exchange(identity, answer["code"])).json()
        await allow(browser, television)
        by_device = await television.tokens()
    refreshed = (await identity.refresh(by_code["refresh_token"], client_id=client.id)).json()
    for tokens in (by_code, by_device, refreshed):
        claims = claims_of(tokens["access_token"])
        assert (claims["acr"], claims["amr"]) == ("mfa", ["pwd", "otp", "mfa"])


async def test_initial_password_of_an_account_with_a_factor_leads_through_both_steps_to_its_change(
    identity: Identity,
) -> None:
    ada = await register_with_codes(identity)
    password = await issue_initial_password(identity, "ada")
    async with browsing(identity) as browser:
        answer = await browser.send("/sign-in", {"login": "ada", "password": password})
        assert await where(browser, answer.headers["Location"]) == HALF
        assert (await send_code(browser, ada.code())).status_code == 303
        assert (await browser.http.get("/account")).headers["Location"] == "/account/password"


async def test_outdated_hash_is_replaced_by_a_half_open_sign_in_and_by_no_grant_that_is_refused(
    clean_databases: Databases,
) -> None:
    hashes = "SELECT password_hash FROM identity.users"
    async with services.identity(clean_databases) as identity:
        user_id = await identity.register("ada")
        await identity.parts.roles.change("user", RoleContent(None, None, True), BY_COMMAND_LINE)
    async with services.identity(clean_databases, bcrypt_rounds=5) as identity:
        refused = await identity.token(grant_type="password", username="ada", password=PASSWORD)
        assert "second factor" in refused.json()["error_description"]
        ((row,)) = await clean_databases.fetch("identity_owner", hashes)
        assert "r=4" in row["password_hash"]
        ada = await add_codes(identity, user_id)
        async with browsing(identity) as browser:
            path = await send_password(browser)
            ((row,)) = await clean_databases.fetch("identity_owner", hashes)
            assert "r=5" in row["password_hash"]
            assert (await send_code(browser, ada.code(), path)).status_code == 303
