"""The links that connect an address with an account ask for the account's password: who reads the letters may be
somebody else than who caused them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.identity.address_changes import FRESH, OLD, Owner, address
from tests.identity.answers import ensure_problem, pointers
from tests.identity.mailbox import token_in_letter
from tests.identity.test_hashing_queue import full
from tests.identity.test_limits import at
from tests.identity.test_link_pages import press
from tests.identity.test_registration import register
from tests.support import services
from tests.support.databases import Databases
from tests.support.limits import exact_counts
from tests.support.services import PASSWORD, Identity

__all__ = ["exact_counts"]

STRANGERS = "staple battery horse"
VERIFY = "/verify-email"


@pytest.fixture
async def limited(clean_databases: Databases, tmp_path: Path) -> AsyncIterator[Identity]:
    """As `verifying`, with few attempts, and a queue that is soon full."""
    settings: dict[str, Any] = {"mail_folder": tmp_path, "email_verification": "required", "limit_sign_in": "2/9000"}
    async with services.identity(clean_databases, hash_threads=1, hash_queue=1, **settings) as identity:
        yield identity


async def confirm(identity: Identity, token: str, body: object = None) -> httpx.Response:
    return await identity.http.post(f"/email-verifications/{token}", json=body)


async def test_address_does_not_verify_the_account_that_a_stranger_has_registered_with_it(
    verifying: Identity, tmp_path: Path
) -> None:
    await register(verifying)
    await token_in_letter(tmp_path, OLD, VERIFY)
    await register(verifying, password=STRANGERS)
    token = await token_in_letter(tmp_path, OLD, VERIFY, 2)
    ensure_problem(await confirm(verifying, token, {"password": PASSWORD}), 403, "wrong_password")
    for password in (PASSWORD, STRANGERS):
        answer = await verifying.token(grant_type="password", username="ada", password=password)
        assert answer.status_code == 400
    await verifying.http.post("/password-resets", json={"email": OLD})
    reset = await token_in_letter(tmp_path, OLD, "/reset-password")
    answer = await verifying.http.post(f"/password-resets/{reset}", json={"new_password": "paper clouds over Turin"})
    assert answer.status_code == 204
    await verifying.sign_in("ada", "paper clouds over Turin")
    ensure_problem(await confirm(verifying, token, {"password": STRANGERS}), 404, "link_invalid")


async def test_stranger_who_registers_an_address_again_does_not_keep_its_owner_from_setting_a_password(
    verifying: Identity, tmp_path: Path
) -> None:
    assert (await register(verifying, username="mallory", password=STRANGERS)).status_code == 202
    await verifying.http.post("/password-resets", json={"email": OLD})
    token = await token_in_letter(tmp_path, OLD, "/reset-password")
    for name in ("eve", "trudy"):
        assert (await register(verifying, username=name, password=STRANGERS)).status_code == 202
    answer = await verifying.http.post(f"/password-resets/{token}", json={"new_password": PASSWORD})
    assert answer.status_code == 204
    await verifying.sign_in("trudy")
    assert (await verifying.token(grant_type="password", username="trudy", password=STRANGERS)).status_code == 400


async def test_link_works_that_goes_over_to_a_later_registration_at_the_same_moment(
    verifying: Identity, tmp_path: Path
) -> None:
    for number in range(5):
        email = f"ada-{number}@example.com"
        assert (await register(verifying, username=f"mallory-{number}", email=email)).status_code == 202
        await verifying.http.post("/password-resets", json={"email": email})
        token = await token_in_letter(tmp_path, email, "/reset-password")
        answers = await asyncio.gather(
            *(register(verifying, username=f"eve-{number}-{turn}", email=email) for turn in range(3)),
            verifying.http.post(f"/password-resets/{token}", json={"new_password": STRANGERS}),
        )
        assert [answer.status_code for answer in answers] == [202, 202, 202, 204]
        await verifying.sign_in(email, STRANGERS)


async def test_link_is_valid_until_the_right_password_was_given(verifying: Identity, tmp_path: Path) -> None:
    await register(verifying)
    token = await token_in_letter(tmp_path, OLD, VERIFY)
    for body, pointer in ((None, "/body"), ({}, "/body/password")):
        answer = await confirm(verifying, token, body)
        assert (pointers(answer), answer.json()["errors"][0]["code"]) == ([pointer], "missing")
    for malformed in (None, 1, "\x00", "x" * 1025):
        assert pointers(await confirm(verifying, token, {"password": malformed})) == ["/body/password"]
    ensure_problem(await confirm(verifying, token, {"password": STRANGERS}), 403, "wrong_password")
    assert (await confirm(verifying, token, {"password": PASSWORD})).status_code == 204


async def test_account_that_can_be_used_without_it_verifies_its_address_by_the_password_as_well(
    mailing: Identity, tmp_path: Path
) -> None:
    headers = await mailing.signed_in("ada")
    token = await token_in_letter(tmp_path, OLD, VERIFY)
    assert 'type="password"' in (await mailing.http.get(f"{VERIFY}/{token}")).text
    assert pointers(await confirm(mailing, token, {})) == ["/body/password"]
    ensure_problem(await confirm(mailing, token, {"password": STRANGERS}), 403, "wrong_password")
    assert (await mailing.http.get("/users/me", headers=headers)).json()["email_verified"] is False
    assert (await press(mailing, f"{VERIFY}/{token}", password=PASSWORD)).status_code == 303
    assert (await mailing.http.get("/users/me", headers=headers)).json()["email_verified"] is True


async def test_passwords_of_a_link_are_limited_and_wait_in_the_queue(limited: Identity, tmp_path: Path) -> None:
    await register(limited)
    token = await token_in_letter(tmp_path, OLD, VERIFY)
    async with full(limited.parts.passwords, 2):
        ensure_problem(await confirm(limited, token, {"password": PASSWORD}), 503, "hashing_busy")
    for _ in range(2):
        ensure_problem(await confirm(limited, token, {"password": STRANGERS}), 403, "wrong_password")
    ensure_problem(await confirm(limited, token, {"password": PASSWORD}), 429, "too_many_requests")
    assert (await press(limited, f"{VERIFY}/{token}", password=PASSWORD)).status_code == 429
    assert (await confirm(at(limited, "192.0.2.1"), token, {"password": PASSWORD})).status_code == 204


async def test_new_passwords_of_a_link_are_limited(limited: Identity, tmp_path: Path) -> None:
    await register(limited)
    await limited.http.post("/password-resets", json={"email": OLD})
    token = await token_in_letter(tmp_path, OLD, "/reset-password")
    answers = [
        await limited.http.post(f"/password-resets/{token}", json={"new_password": password})
        for password in ("password", "password", STRANGERS)
    ]
    assert [answer.status_code for answer in answers] == [422, 422, 429]


async def test_page_asks_for_the_password_and_says_what_is_wrong_with_it(verifying: Identity, tmp_path: Path) -> None:
    await register(verifying)
    path = f"{VERIFY}/{await token_in_letter(tmp_path, OLD, VERIFY)}"
    page = (await verifying.http.get(path)).text
    assert 'autocomplete="current-password"' in page
    assert 'autocomplete="username" value="ada" readonly' in page
    for fields, text in (({}, "Enter the password"), ({"password": STRANGERS}, "not the password of this account")):
        answer = await press(verifying, path, **fields)
        assert answer.status_code == 422
        assert text in answer.text
        assert STRANGERS not in answer.text
    assert (await press(verifying, path, password=PASSWORD)).headers["Location"] == "/done/address-verified"


async def test_change_of_address_is_confirmed_with_the_password_of_the_account(
    mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    owner = await Owner.of(mailing, tmp_path)
    token = await owner.link()
    assert pointers(await mailing.http.post(f"/email-changes/{token}", json={})) == ["/body/password"]
    ensure_problem(await owner.confirm(token, STRANGERS), 403, "wrong_password")
    page = f"/confirm-address/{token}"
    for fields in ({}, {"password": STRANGERS}):
        assert (await press(mailing, page, **fields)).status_code == 422
    assert await address(databases) == OLD
    assert (await owner.confirm(token)).status_code == 204
    assert await address(databases) == FRESH


async def test_wrong_password_of_a_request_to_move_uses_up_no_letter(
    clean_databases: Databases, tmp_path: Path
) -> None:
    limits: dict[str, Any] = {"limit_letters_address": "1/9000", "mail_folder": tmp_path}
    async with services.identity(clean_databases, **limits) as identity:
        owner = await Owner.of(identity, tmp_path)
        ensure_problem(await owner.ask(password=STRANGERS), 403, "wrong_password")
        assert (await owner.ask()).status_code == 202
        assert (await owner.ask()).status_code == 429
