"""The pages of links: a GET changes nothing, an invalid link is a page, and a token is in no Referer."""

import secrets

import pytest

from tests.support.services import IDENTITY_URL, Identity

ORIGIN = {"Origin": IDENTITY_URL}
OF_LINKS = ("verify-email", "reset-password", "confirm-address", "undo-address", "secure-account")
OF_LETTERS = ("forgot-password", "verify-email")


@pytest.mark.parametrize("page", OF_LINKS)
async def test_an_unknown_link_is_a_page_that_says_so(identity: Identity, page: str) -> None:
    path = f"/{page}/{secrets.token_urlsafe(32)}"
    fields = {"new_password": "paper clouds over Turin"} if page == "reset-password" else {}
    form = {"Content-Type": "application/x-www-form-urlencoded", **ORIGIN}
    for answer in (
        await identity.http.get(path),
        await identity.http.post(path, data=fields, headers=form),
    ):
        assert 400 <= answer.status_code < 500
        assert "This link does not work" in answer.text


@pytest.mark.parametrize("page", OF_LETTERS)
async def test_asking_for_a_letter_looks_alike_for_known_and_unknown_addresses(identity: Identity, page: str) -> None:
    await identity.register("ada")
    answers = [
        await identity.http.post(f"/{page}", data={"email": email}, headers=ORIGIN)
        for email in ("ada@example.com", "nobody@example.com")
    ]
    assert {(answer.status_code, answer.headers["Location"]) for answer in answers} == {
        (303, "/done/look-into-your-mail")
    }
    assert (await identity.http.post(f"/{page}", data={"email": "ada"}, headers=ORIGIN)).status_code == 422
    assert (await identity.http.post(f"/{page}", data={"email": "ada@example.com"})).status_code == 403
