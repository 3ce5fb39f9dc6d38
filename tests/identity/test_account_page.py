"""The first page of an account: only its owner sees it, in a browser where they signed on."""

import httpx
import pytest
from fastapi.routing import APIRoute

from identity_service.dependencies import _fresh_sign_on, _sign_on
from identity_service.pages import account_routes
from tests.identity.client_lines import run
from tests.identity.signing_on import COOKIE, ORIGIN, register_and_sign_on, submit, use, who
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, POSTS_URL, Identity

NOTES = (
    f"clients create notes --public --grant authorization_code --scope account --audience {IDENTITY_URL}"
    " --redirect-uri https://notes.example/auth/callback"
)


async def test_owner_sees_the_account_and_changes_both_names(identity: Identity) -> None:
    await register_and_sign_on(identity)
    page = (await identity.http.get("/account")).text
    for text in ("<dd>ada</dd>", "ada@example.com", "Not verified", "<dd>user</dd>"):
        assert text in page
    for path in ("email", "password", "devices", "delete"):
        assert f'href="/account/{path}"' in page
    answer = await submit(identity, "/account", username="countess", full_name="Ada <Lovelace>")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account?done=profile-changed")
    page = (await identity.http.get(answer.headers["Location"])).text
    assert 'role="status">Your names are changed' in page
    assert 'value="countess"' in page
    assert 'value="Ada &lt;Lovelace&gt;"' in page
    await submit(identity, "/account", username="countess", full_name="")
    assert "Lovelace" not in (await identity.http.get("/account?done=nothing")).text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"username": "eve"}, "username"),
        ({"username": "admin"}, "username"),
        ({"username": "a"}, "username"),
        ({"full_name": "Ada"}, "username"),
        ({"username": "ada", "full_name": "a" * 101}, "full_name"),
        ({"username": "ada", "full_name": "\u200b"}, "full_name"),
    ],
)
async def test_names_that_cannot_be_are_refused_at_their_field(
    identity: Identity, databases: Databases, fields: dict[str, str], field: str
) -> None:
    await identity.register("eve")
    await register_and_sign_on(identity)
    answer = await submit(identity, "/account", ORIGIN, **fields)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert "<dd>ada</dd>" in answer.text
    rows = await databases.fetch("identity_owner", "SELECT full_name FROM identity.users WHERE username = 'ada'")
    assert [row["full_name"] for row in rows] == [None]


async def test_nobody_else_sees_or_changes_it(identity: Identity, databases: Databases) -> None:
    await register_and_sign_on(identity)
    secret = identity.http.cookies[COOKIE]
    for headers in ({}, {"Origin": POSTS_URL}, {**ORIGIN, "Sec-Fetch-Site": "cross-site"}):
        assert (await submit(identity, "/account", headers, username="countess")).status_code == 403
    identity.http.cookies.clear()
    answer = await submit(identity, "/account", username="countess")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?return=/account")
    # The access token of a client opens no page, and the cookie no operation of the API.
    token = (await identity.sign_in("ada", resource="http://localhost:8001"))["access_token"]
    assert (await identity.http.get("/account", headers={"Authorization": f"Bearer {token}"})).status_code == 303
    use(identity, secret)
    assert (await identity.http.get("/users/me")).status_code == 401
    assert await who(identity) == "ada"


async def test_page_of_an_allowed_origin_cannot_read_the_account_with_the_cookie(identity: Identity) -> None:
    await register_and_sign_on(identity)
    preflight = {"Origin": POSTS_URL, "Access-Control-Request-Method": "GET"}

    def allowed(answer: httpx.Response) -> list[str]:
        return [name for name in answer.headers if name.startswith("access-control")]

    for path in ("/account", "/account/password", "/sign-in", "/sign-out", "/done/signed-out"):
        answer = await identity.http.get(path, headers={"Origin": POSTS_URL})
        assert allowed(answer) == []
        assert answer.headers["Vary"] == "Origin"
        assert allowed(await identity.http.options(path, headers=preflight)) == []
    others = allowed(await identity.http.get("/users/me", headers={"Origin": POSTS_URL}))
    assert "access-control-allow-origin" in others
    assert "access-control-allow-credentials" not in others


def test_every_page_of_the_account_asks_for_a_sign_on() -> None:
    routes = [route for route in account_routes.router.routes if isinstance(route, APIRoute)]
    assert routes
    for route in routes:
        calls = {dependency.call for dependency in route.dependant.dependencies}
        assert calls & {_sign_on, _fresh_sign_on}, route.path


@pytest.mark.parametrize(
    ("url", "is_known"),
    [
        ("https://notes.example/mine?page=2", True),
        ("https://notes.example.evil.example/", False),
        ("https://notes.example@evil.example/", False),
        ("http://notes.example/", False),
        ("//notes.example/", False),
        ("javascript:alert(1)//https://notes.example", False),
        ("https://notes.example/" + "x" * 2_000, False),
        ("", False),
    ],
)
async def test_a_link_leads_back_to_the_application_that_one_comes_from_and_to_no_other_page(
    identity: Identity, url: str, is_known: bool
) -> None:
    await run(identity, NOTES)
    await register_and_sign_on(identity)
    page = (await identity.http.get("/account", params={"return_to": url})).text
    assert ("Back to https://notes.example" in page, "evil" in page, "alert" in page) == (is_known, False, False)
    assert (f'href="{url}"' in page) is is_known
