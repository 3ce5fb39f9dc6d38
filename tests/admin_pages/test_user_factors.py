"""The second factors of an account on the pages of the administration."""

import pytest

from identity_service.factor_acts.values import Owner
from tests.admin.audit import acts
from tests.admin_pages.reading import facts_of
from tests.identity.browsing import Browsing, browsing
from tests.identity.receivers import receiver_with_stream
from tests.identity.second_factors import add_app, add_passkey_as
from tests.identity.signing_on import COOKIE
from tests.support.databases import Databases
from tests.support.services import Identity

USERS = "/admin/ui/users"
FACTORS = "SELECT FROM identity.totp_factors UNION ALL SELECT FROM identity.passkeys"

pytestmark = pytest.mark.usefixtures("without_waiting")


async def equip(identity: Identity, browser: Browsing, user_id: str) -> None:
    """Give the person who is signed on in this browser a passkey, with its recovery codes, and an app."""
    sign_on = await identity.parts.sign_ons.find(browser.http.cookies[COOKIE])
    assert sign_on is not None
    await add_passkey_as(identity, Owner(sign_on.user_id, sign_on_id=sign_on.id), "Telephone")
    await add_app(identity, user_id)


async def test_the_page_of_an_account_says_what_it_has_and_offers_to_reset_that_alone(
    identity: Identity, grace: Browsing
) -> None:
    async with browsing(identity, "ada") as ada:
        path = f"{USERS}/{await user_id_of(identity)}"
        page = await grace.open(path)
        facts = facts_of(page)
        assert [facts[name] for name in ("Authenticator app", "Passkeys", "Recovery codes left")] == ["None"] * 3
        assert "Reset factors" not in page
        await equip(identity, ada, path.rpartition("/")[2])
    page = await grace.open(path)
    facts = facts_of(page)
    assert facts["Authenticator app"].startswith("Added 2")
    assert (facts["Passkeys"], facts["Recovery codes left"]) == ("Telephone", "10")
    assert f'href="{path}/reset-factors"' in page


async def test_a_reset_removes_every_factor_signs_out_everywhere_and_says_who_obeys(
    identity: Identity, grace: Browsing, databases: Databases
) -> None:
    await receiver_with_stream(identity)
    async with browsing(identity, "ada") as ada:
        user_id = await user_id_of(identity)
        await equip(identity, ada, user_id)
        path = f"{USERS}/{user_id}/reset-factors"
        assert "Make sure that it is the owner who asks you" in await grace.open(path)
        assert len(await databases.fetch("identity_owner", FACTORS)) == 2
        foreign = await grace.send(path, headers={"Origin": "https://evil.example"})
        assert (foreign.status_code, await ada.is_signed_on()) == (403, True)
        answer = await grace.send(path)
        assert not await ada.is_signed_on()
    assert "has not confirmed it yet" in await grace.open(answer.headers["location"])
    assert await databases.fetch("identity_owner", FACTORS) == []
    assert "factors.reset" in [action for _, action, *_ in await acts(databases, user_id)]
    again = await grace.send(path)
    assert (again.status_code, again.headers["location"]) == (303, f"{USERS}/{user_id}")


async def user_id_of(identity: Identity) -> str:
    return str(await identity.parts.accounts.find_id("ada"))
