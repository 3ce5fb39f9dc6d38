"""The pages of links: a GET changes nothing, a button acts once, and what does not work is a page that says so."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from identity_service.links import repository as links
from identity_service.links.models import LinkKind
from tests.identity.mailbox import letters, token_in_letter
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, Identity
from tests.support.waiting import until

ORIGIN = {"Origin": IDENTITY_URL}
TYPE = {"Content-Type": "application/x-www-form-urlencoded"}
FORM = {**TYPE, **ORIGIN}
OF_LINKS = ("verify-email", "reset-password", "confirm-address", "undo-address", "security-notice")
OF_LETTERS = ("forgot-password", "verify-email")
ADA = "ada@example.com"
COUNTESS = "countess@example.com"
OTHER = "paper clouds over Turin"


@pytest.fixture
async def mailing(clean_databases: Databases, tmp_path: Path) -> AsyncIterator[Identity]:
    """The identity service whose letters are in `tmp_path`."""
    async with services.identity(clean_databases, mail_folder=tmp_path) as service:
        yield service


async def press(identity: Identity, path: str, **fields: str) -> httpx.Response:
    return await identity.http.post(path, data=fields, headers=FORM)


async def leads_to(identity: Identity, path: str, outcome: str, **fields: str) -> None:
    """Look at the page twice, press its button, and find it used."""
    for _ in range(2):
        page = await identity.http.get(path)
        assert (page.status_code, page.headers["Referrer-Policy"]) == (200, "strict-origin")
    answer = await press(identity, path, **fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/done/{outcome}")
    assert (await identity.http.get(answer.headers["Location"])).status_code == 200
    assert (await press(identity, path, **fields)).status_code == 404


async def ask_to_move(identity: Identity) -> dict[str, str]:
    """Register ada, who asks for another address. Returns the header of her token."""
    headers = await identity.signed_in("ada")
    change = {"current_password": PASSWORD, "email": COUNTESS}
    assert (await identity.http.post("/users/me/email", json=change, headers=headers)).status_code == 202
    return headers


@pytest.mark.parametrize("page", OF_LINKS)
async def test_an_unknown_link_is_a_page_that_says_so(identity: Identity, page: str) -> None:
    path = f"/{page}/{secrets.token_urlsafe(32)}"
    fields = {"reset-password": {"new_password": OTHER}, "confirm-address": {"password": OTHER}}.get(page, {})
    for answer in (await identity.http.get(path), await press(identity, path, **fields)):
        assert answer.status_code == 404
        assert "This link does not work" in answer.text


@pytest.mark.parametrize("page", OF_LETTERS)
async def test_asking_for_a_letter_looks_alike_for_known_and_unknown_addresses(identity: Identity, page: str) -> None:
    await identity.register("ada")
    answers = [await press(identity, f"/{page}", email=email) for email in (ADA, "nobody@example.com")]
    assert {(answer.status_code, answer.headers["Location"]) for answer in answers} == {
        (303, "/done/look-into-your-mail")
    }
    assert (await press(identity, f"/{page}", email="ada")).status_code == 422
    assert (await identity.http.post(f"/{page}", data={"email": ADA})).status_code == 403


async def test_signing_up_looks_alike_for_free_and_taken_addresses_if_they_must_be_verified(
    clean_databases: Databases, tmp_path: Path
) -> None:
    async with services.identity(clean_databases, mail_folder=tmp_path, email_verification="required") as identity:
        fields = {"email": ADA, "full_name": "", "password": PASSWORD}
        free = await press(identity, "/sign-up", username="ada", **fields)
        path = f"/verify-email/{await token_in_letter(tmp_path, ADA, '/verify-email')}"
        await leads_to(identity, path, "address-verified", password=PASSWORD)
        taken = await press(identity, "/sign-up", username="eve", **fields)
        for answer in (free, taken):
            assert (answer.status_code, answer.headers["Location"]) == (303, "/done/look-into-your-mail")
        await until(lambda: len(letters(tmp_path, ADA)) == 2)
        await identity.sign_in("ada")
        refused = await identity.token(grant_type="password", username="eve", password=PASSWORD)
        assert refused.status_code == 400


async def test_link_sets_another_password_by_its_form(mailing: Identity, tmp_path: Path) -> None:
    await mailing.register("ada")
    await press(mailing, "/forgot-password", email=ADA)
    path = f"/reset-password/{await token_in_letter(tmp_path, ADA, '/reset-password')}"
    for weak in ("", "short", "password1"):
        answer = await press(mailing, path, new_password=weak)
        assert answer.status_code == 422
        assert 'id="new_password-flaw"' in answer.text
    await leads_to(mailing, path, "password-changed", new_password=OTHER)
    await mailing.sign_in("ada", OTHER)


async def test_address_is_changed_and_restored_by_buttons(mailing: Identity, tmp_path: Path) -> None:
    await ask_to_move(mailing)
    path = f"/confirm-address/{await token_in_letter(tmp_path, COUNTESS, '/confirm-address')}"
    assert COUNTESS in (await mailing.http.get(path)).text
    await leads_to(mailing, path, "address-changed", password=PASSWORD)
    await mailing.sign_in(COUNTESS)
    path = f"/undo-address/{await token_in_letter(tmp_path, ADA, '/undo-address')}"
    await leads_to(mailing, path, "address-restored")
    refused = await mailing.token(grant_type="password", username="ada", password=PASSWORD)
    assert refused.status_code == 400


async def test_account_is_secured_by_the_button_of_a_notice(mailing: Identity, tmp_path: Path) -> None:
    headers = await mailing.signed_in("ada")
    change = {"current_password": PASSWORD, "new_password": OTHER}
    assert (await mailing.http.put("/users/me/password", json=change, headers=headers)).status_code == 204
    path = f"/security-notice/{await token_in_letter(tmp_path, ADA, '/security-notice')}"
    await leads_to(mailing, path, "account-secured")
    refused = await mailing.token(grant_type="password", username="ada", password=OTHER)
    assert refused.status_code == 400
    path = f"/reset-password/{await token_in_letter(tmp_path, ADA, '/reset-password')}"
    await leads_to(mailing, path, "password-changed", new_password="seven grey kettles")


async def test_notice_in_a_letter_of_the_previous_release_leads_to_the_page(identity: Identity) -> None:
    ada = UUID(await identity.register("ada"))
    async with identity.parts.database.begin() as db:
        token = (await links.issue(db, LinkKind.NOTICE, ada, identity.parts.clock.now())).token
    answer = await identity.http.get(f"/secure-account/{token}")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/security-notice/{token}")
    assert (await identity.http.get(answer.headers["Location"])).status_code == 200


async def test_address_that_was_taken_meanwhile_is_a_page_and_the_link_stays(mailing: Identity, tmp_path: Path) -> None:
    await ask_to_move(mailing)
    path = f"/confirm-address/{await token_in_letter(tmp_path, COUNTESS, '/confirm-address')}"
    await mailing.register("countess")
    answer = await press(mailing, path, password=PASSWORD)
    assert answer.status_code == 409
    assert "Another account has this e-mail address by now" in answer.text
    assert (await mailing.http.get(path)).status_code == 200
    await mailing.sign_in(ADA)


async def test_button_of_a_stranger_changes_nothing(mailing: Identity, tmp_path: Path) -> None:
    await mailing.register("ada")
    path = f"/verify-email/{await token_in_letter(tmp_path, ADA, '/verify-email')}"
    for headers in ({}, {"Origin": "null"}, {"Origin": "https://evil.example"}):
        answer = await mailing.http.post(path, data={}, headers={**TYPE, **headers})
        assert answer.status_code == 403
    await leads_to(mailing, path, "address-verified", password=PASSWORD)


async def test_one_connection_makes_any_number_of_links(identity: Identity) -> None:
    """After a few executions PostgreSQL plans a statement for any parameters."""
    ada = UUID(await identity.register("ada"))
    async with identity.parts.database.begin() as db:
        tokens = [(await links.issue(db, LinkKind.NOTICE, ada, identity.parts.clock.now())).token for _ in range(12)]
    for token in tokens:
        assert (await identity.http.get(f"/security-notice/{token}")).status_code == 200
