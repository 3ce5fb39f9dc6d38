"""Signing out in a browser: a button ends the sign-on, and nothing else does."""

import pytest

from tests.identity.signing_on import COOKIE, ORIGIN, cookie_of, cookies_of, register_and_sign_on, submit, use, who
from tests.support.services import Identity


async def test_button_ends_the_sign_on_and_clears_the_browser(identity: Identity) -> None:
    secret = await register_and_sign_on(identity)
    assert (await identity.http.get("/sign-out")).status_code == 200
    assert await who(identity) == "ada"
    answer = await submit(identity, "/sign-out")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/done/signed-out")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    cookie = cookie_of(answer)
    assert (cookie.value, cookie["max-age"], cookie["path"]) == ("", "0", "/")
    assert COOKIE not in identity.http.cookies
    assert "You are signed out" in (await identity.http.get("/done/signed-out")).text
    assert await who(identity, secret) is None


@pytest.mark.parametrize("secret", ["", "x" * 43])
async def test_signing_out_without_a_sign_on_does_no_harm(identity: Identity, secret: str) -> None:
    use(identity, secret)
    for _ in range(2):
        assert (await submit(identity, "/sign-out")).headers["Location"] == "/done/signed-out"


async def test_another_site_signs_nobody_out(identity: Identity) -> None:
    await register_and_sign_on(identity)
    for headers in ({}, {"Origin": "http://localhost:8002"}, {**ORIGIN, "Sec-Fetch-Site": "same-site"}):
        answer = await submit(identity, "/sign-out", headers)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
    assert (await identity.http.delete("/sign-out", headers=ORIGIN)).status_code == 405
    assert await who(identity) == "ada"


async def test_two_cookies_are_deleted_by_signing_out(identity: Identity) -> None:
    secret = await register_and_sign_on(identity)
    identity.http.cookies.clear()
    answer = await submit(identity, "/sign-out", {**ORIGIN, "Cookie": f"{COOKIE}={secret}; {COOKIE}=planted"})
    assert answer.status_code == 303
    assert {cookie["path"] for cookie in cookies_of(answer)} == {"/", "/sign-out"}
