"""The pages of a signed-on person's account: who may use them, and what they do."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from tests.identity.address_changes import address
from tests.identity.answers import statuses
from tests.identity.browsing import Browsing, browsing, leads_to_sign_in
from tests.identity.mailbox import all_sent, letters, token_in_letter
from tests.identity.receivers import receiver_with_stream
from tests.identity.signing_in import ensure_ended
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, Identity
from tests.support.waiting import until
from watchword.testing import StandingClock

ADA = "ada@example.com"
COUNTESS = "countess@example.com"
OTHER = "paper clouds over Turin"
FORMS: dict[str, dict[str, str]] = {
    "/account/email": {"email": COUNTESS},
    "/account/email/verification": {},
    "/account/password": {"current_password": PASSWORD, "new_password": OTHER},
    "/account/devices": {"id": str(uuid4())},
    "/account/devices/others": {},
    "/account/delete": {"confirmation": "ada"},
}
SENSITIVE = FORMS.keys() - {"/account/email/verification"}
SEEN_BY_ANY_SIGN_ON = {"/account/devices", "/account/email/verification"}
BLOCKED = "SELECT FROM pg_locks WHERE NOT granted"


@pytest.fixture
async def ada(mailing: Identity) -> AsyncIterator[Browsing]:
    """The browser of ada, who has just signed on."""
    async with browsing(mailing, "ada") as browser:
        yield browser


async def ensure_unchanged(identity: Identity, databases: Databases, folder: Path) -> None:
    await identity.sign_in("ada")
    assert await address(databases) == ADA
    await all_sent(databases)
    assert letters(folder, COUNTESS) == []


async def test_without_a_sign_on_every_page_leads_to_the_sign_in_and_back(identity: Identity) -> None:
    await identity.register("ada")
    async with browsing(identity) as browser:
        for path, fields in FORMS.items():
            assert leads_to_sign_in(await browser.http.get(path), path), path
            assert leads_to_sign_in(await browser.send(path, fields), path), path
        ended = f"/account/devices/ended/{uuid4()}"
        assert leads_to_sign_in(await browser.http.get(ended), ended)
    await identity.sign_in("ada")


async def test_what_is_sensitive_asks_for_a_fresh_sign_in_and_comes_back(
    ada: Browsing, mailing: Identity, databases: Databases, clock: StandingClock, tmp_path: Path
) -> None:
    session = await mailing.sign_in("ada", resource=IDENTITY_URL)
    clock.advance(seconds=601)
    for path in FORMS.keys() - SEEN_BY_ANY_SIGN_ON:
        assert leads_to_sign_in(await ada.http.get(path), path), path
    for path in SENSITIVE:
        assert leads_to_sign_in(await ada.send(path, FORMS[path]), path), path
    await ensure_unchanged(mailing, databases, tmp_path)
    assert (await mailing.refresh(session["refresh_token"])).status_code == 200
    for path in SEEN_BY_ANY_SIGN_ON:
        await ada.open(path)
    await ada.sign_on()
    for path in FORMS:
        await ada.open(path)


FOREIGN: tuple[dict[str, str], ...] = (
    {},
    {"Origin": "null"},
    {"Origin": "http://localhost:8002"},
    {"Origin": "https://evil.example"},
)


async def test_a_form_of_a_stranger_changes_nothing(
    ada: Browsing, mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    for path, fields in FORMS.items():
        for headers in FOREIGN:
            answer = await ada.send(path, fields, headers=headers)
            assert (answer.status_code, "not sent from a page of this site" in answer.text) == (403, True), path
    await ensure_unchanged(mailing, databases, tmp_path)


async def test_address_is_changed_by_a_link_to_the_other_one(
    ada: Browsing, mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    page = await ada.open("/account/email")
    assert (ADA in page, "Not verified yet" in page) == (True, True)
    answer = await ada.send("/account/email", {"email": "countess"})
    assert (answer.status_code, 'value="countess"' in answer.text, "name@example.com" in answer.text) == (
        422,
        True,
        True,
    )
    answer = await ada.send("/account/email", {"email": COUNTESS})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/done/look-into-your-mail")
    assert ADA in await ada.open("/account/email")
    token = await token_in_letter(tmp_path, COUNTESS, "/confirm-address")
    assert (await ada.send(f"/confirm-address/{token}", {"password": PASSWORD})).status_code == 303
    page = await ada.open("/account/email")
    assert (COUNTESS in page, ADA in page, "Verified" in page) == (True, False, True)
    assert await address(databases) == COUNTESS
    await mailing.sign_in(COUNTESS)


async def test_a_taken_address_is_answered_as_a_free_one(ada: Browsing, mailing: Identity, tmp_path: Path) -> None:
    await mailing.register("eve")
    answers = [await ada.send("/account/email", {"email": email}) for email in ("eve@example.com", COUNTESS)]
    assert {(answer.status_code, answer.headers["Location"]) for answer in answers} == {
        (303, "/done/look-into-your-mail")
    }
    await until(lambda: letters(tmp_path, "eve@example.com", "address") != [])
    await token_in_letter(tmp_path, COUNTESS, "/confirm-address")


async def test_the_letter_that_verifies_the_address_is_sent_again_until_it_is_verified(
    ada: Browsing, databases: Databases, tmp_path: Path
) -> None:
    first = await token_in_letter(tmp_path, ADA, "/verify-email")
    assert ADA in await ada.open("/account/email/verification")
    assert (await ada.send("/account/email/verification")).status_code == 303
    second = await token_in_letter(tmp_path, ADA, "/verify-email", 2)
    assert (await ada.send(f"/verify-email/{first}")).status_code == 404
    assert (await ada.send(f"/verify-email/{second}", {"password": PASSWORD})).status_code == 303
    assert "send_again" not in await ada.open("/account/email")
    assert (await ada.send("/account/email/verification")).status_code == 303
    await all_sent(databases)
    assert len(letters(tmp_path, ADA)) == 2


WRONG = {
    "current_password": ({"current_password": "wrong"}, {"current_password": ""}, {"current_password": "x" * 9_000}),
    "new_password": ({"new_password": "short"}, {"new_password": "password1"}, {"new_password": ""}),
}


async def test_password_is_changed_by_those_who_know_it_and_signs_out_everywhere_else(
    ada: Browsing, mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    right = FORMS["/account/password"]
    session = await mailing.sign_in("ada", resource=IDENTITY_URL)
    async with browsing(mailing) as elsewhere:
        await elsewhere.sign_on()
        for field, cases in WRONG.items():
            for wrong in cases:
                answer = await ada.send("/account/password", {**right, **wrong})
                assert (answer.status_code, f'id="{field}-flaw"' in answer.text) == (422, True), wrong
                assert not {PASSWORD, OTHER} & set(re.findall(r'value="([^"]*)"', answer.text))
        assert await elsewhere.is_signed_on()
        answer = await ada.send("/account/password", right)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/done/password-changed-here")
        assert (await ada.is_signed_on(), await elsewhere.is_signed_on()) == (True, False)
    await ensure_ended(mailing, session)
    await mailing.sign_in("ada", OTHER)
    await token_in_letter(tmp_path, ADA, "/security-notice")


async def test_of_five_changes_of_the_password_at_once_one_works(ada: Browsing, mailing: Identity) -> None:
    words = [f"{OTHER} {number}" for number in range(5)]
    sending = (ada.send("/account/password", {"current_password": PASSWORD, "new_password": word}) for word in words)
    answers = await asyncio.gather(*sending)
    assert statuses(answers)[303] == 1
    assert statuses(answers).keys() <= {303, 409, 422}


async def test_account_is_deleted_once_its_name_was_typed_and_the_erasure_can_be_watched(
    ada: Browsing, mailing: Identity, databases: Databases
) -> None:
    posts = await receiver_with_stream(mailing)
    for wrong in ("", "eve", "ada@example.com", "x" * 300):
        answer = await ada.send("/account/delete", {"confirmation": wrong})
        assert (answer.status_code, 'id="confirmation-flaw"' in answer.text) == (422, True)
    answer = await ada.send("/account/delete", {"confirmation": " Ada "})
    assert answer.status_code == 303
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert await databases.fetch("identity_app", "SELECT FROM identity.users") == []
    receipt = answer.headers["Location"]
    assert leads_to_sign_in(await ada.send("/account/delete", {"confirmation": "ada"}), "/account/delete")
    async with browsing(mailing) as anybody:
        assert "posts: has not confirmed it yet" in await anybody.open(receipt)
        await posts.acknowledge()
        assert "posts: has erased" in await anybody.open(receipt)
        for unknown in (str(uuid4()), "nonsense"):
            page = await anybody.http.get(f"/deleted-account/{unknown}")
            assert page.status_code in {404, 422}
            assert page.headers["Content-Type"].startswith("text/html")


async def test_a_deletion_that_is_sent_twice_leads_to_one_receipt(ada: Browsing, mailing: Identity) -> None:
    answers = await asyncio.gather(*(ada.send("/account/delete", {"confirmation": "ada"}) for _ in range(5)))
    assert statuses(answers) == {303: 5}
    places = {answer.headers["Location"] for answer in answers} - {"/sign-in?return=/account/delete"}
    assert len([place for place in places if place.startswith("/deleted-account/")]) == 1


@pytest.mark.parametrize("path", ["/account/email", "/account/devices/others"])
async def test_a_sign_on_that_ends_while_its_form_waits_changes_nothing(
    ada: Browsing, mailing: Identity, databases: Databases, tmp_path: Path, path: str
) -> None:
    session = await mailing.sign_in("ada", resource=IDENTITY_URL)
    owner = await asyncpg.connect(databases.url("identity_owner"))
    async with owner.transaction():
        await owner.execute("SELECT FROM identity.users FOR UPDATE")
        sending = asyncio.create_task(ada.send(path, FORMS[path]))
        await until(lambda: is_blocked(databases))
        await owner.execute("UPDATE identity.sign_ons SET ended_at = now(), end_reason = 'signed out'")
    await owner.close()
    assert leads_to_sign_in(await sending, path)
    assert (await mailing.refresh(session["refresh_token"])).status_code == 200
    await ensure_unchanged(mailing, databases, tmp_path)


async def is_blocked(databases: Databases) -> bool:
    return await databases.fetch("identity_owner", BLOCKED) != []
