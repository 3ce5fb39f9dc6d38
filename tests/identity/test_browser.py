"""POST /sessions: a browser signs in from one of our own pages, and no other page can."""

from http.cookies import Morsel, SimpleCookie
from typing import Any

import httpx
import pytest

from tests.identity.answers import claims_of, ensure_problem, pointers
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, POSTS_URL, Identity, bearer

CREDENTIALS = {"username": "ada", "password": PASSWORD}
PAGE = {"Origin": POSTS_URL, "X-Requested-With": "page"}
COOKIE = "watchword_refresh_8001"
OVER_TLS = "__Host-watchword_refresh"
FORMER = "watchword_refresh"


async def sign_in(identity: Identity, headers: Any = PAGE, **members: str) -> httpx.Response:
    return await identity.http.post("/sessions", json={**CREDENTIALS, **members}, headers=headers)


def cookie_of(response: httpx.Response, name: str = COOKIE) -> Morsel[str]:
    """The one cookie of this name that an answer sets."""
    (cookie,) = cookies_of(response, name)
    return cookie


def cookies_of(response: httpx.Response, name: str) -> list[Morsel[str]]:
    """Every cookie of this name that an answer sets."""
    headers = [SimpleCookie(header) for header in response.headers.get_list("set-cookie")]
    return [header[name] for header in headers if name in header]


async def test_browser_gets_an_access_token_and_a_cookie(identity: Identity) -> None:
    user_id = await identity.register("ada")
    response = await sign_in(identity, resource=IDENTITY_URL)
    assert (response.status_code, response.headers["cache-control"]) == (201, "no-store")
    body = response.json()
    assert set(body) == {"access_token", "token_type", "expires_in", "scope"}
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 600)
    assert claims_of(body["access_token"])["sub"] == user_id
    assert (await identity.http.get("/users/me", headers=bearer(body["access_token"]))).status_code == 200


async def test_refresh_token_is_in_the_cookie_and_never_in_the_body(identity: Identity) -> None:
    await identity.register("ada")
    response = await sign_in(identity)
    cookie = cookie_of(response)
    assert claims_of(cookie.value)["sid"] == claims_of(response.json()["access_token"])["sid"]
    assert cookie.value not in response.text
    assert "refresh_token" not in response.text


async def test_cookie_is_for_this_host_and_site_and_no_script(identity: Identity) -> None:
    await identity.register("ada")
    cookie = cookie_of(await sign_in(identity))
    assert cookie["httponly"] is True
    assert cookie["samesite"].lower() == "strict"
    assert cookie["path"] == "/"
    assert cookie["domain"] == ""


@pytest.mark.parametrize(
    ("issuer", "secure"),
    [
        ("https://id.example", True),
        ("http://id.example", True),
        ("http://localhost.example", True),
        ("http://localhost:8001", False),
        ("http://127.0.0.1:8001", False),
    ],
)
async def test_cookie_needs_tls_unless_the_issuer_is_this_machine(
    clean_databases: Databases, issuer: str, secure: bool
) -> None:
    async with services.identity(clean_databases, issuer=issuer) as identity:
        await identity.register("ada")
        response = await sign_in(identity, {**PAGE, "Origin": issuer})
        cookie = cookie_of(response, OVER_TLS if secure else f"{FORMER}_8001")
        assert (bool(cookie["secure"]), cookie["path"], cookie["domain"]) == (secure, "/", "")


@pytest.mark.parametrize("origin", [POSTS_URL, IDENTITY_URL])
async def test_pages_of_posts_and_identity_may_sign_in(identity: Identity, origin: str) -> None:
    await identity.register("ada")
    assert (await sign_in(identity, {**PAGE, "Origin": origin})).status_code == 201


CROSS_SITE: dict[str, list[tuple[str, str]]] = {
    "no Origin": [("X-Requested-With", "page")],
    "foreign Origin": [("Origin", "https://evil.example"), ("X-Requested-With", "page")],
    "our Origin with more": [("Origin", POSTS_URL + ".evil.example"), ("X-Requested-With", "page")],
    "our Origin over another scheme": [("Origin", "https://localhost:8002"), ("X-Requested-With", "page")],
    "two Origins": [("Origin", POSTS_URL), ("Origin", "https://evil.example"), ("X-Requested-With", "page")],
    "Origin twice": [("Origin", POSTS_URL), ("Origin", POSTS_URL), ("X-Requested-With", "page")],
    "null": [("Origin", "null"), ("X-Requested-With", "page")],
    "no X-Requested-With": [("Origin", POSTS_URL)],
    "empty X-Requested-With": [("Origin", POSTS_URL), ("X-Requested-With", "")],
}


@pytest.mark.parametrize("headers", CROSS_SITE.values(), ids=CROSS_SITE.keys())
async def test_foreign_page_cannot_sign_in(
    identity: Identity, databases: Databases, headers: list[tuple[str, str]]
) -> None:
    await identity.register("ada")
    response = await sign_in(identity, headers)
    ensure_problem(response, 403, "cross_site")
    assert "set-cookie" not in response.headers
    assert await databases.fetch("identity_app", "SELECT FROM identity.sessions") == []


async def test_unknown_user_and_wrong_password_look_alike(identity: Identity) -> None:
    await identity.register("ada")
    wrong = await sign_in(identity, password="wrong battery horse")
    unknown = await sign_in(identity, username="nobody")
    for refused in (wrong, unknown):
        ensure_problem(refused, 401, "not_signed_in")
        assert "set-cookie" not in refused.headers
    assert {**wrong.json(), "request_id": None} == {**unknown.json(), "request_id": None}
    assert set(wrong.headers) == set(unknown.headers)


async def test_disabled_user_cannot_sign_in(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    await databases.execute("identity_owner", "UPDATE identity.users SET is_active = false")
    ensure_problem(await sign_in(identity), 401, "not_signed_in")


async def test_nobody_can_sign_in_before_the_set_up(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    await databases.execute("identity_owner", "DELETE FROM identity.clients WHERE id = 'web'")
    ensure_problem(await sign_in(identity), 503, "not_set_up")


async def test_email_address_signs_in_as_well(identity: Identity) -> None:
    await identity.register("ada")
    assert (await sign_in(identity, username="ADA@example.com")).status_code == 201


async def test_unknown_members_are_refused(identity: Identity) -> None:
    assert pointers(await sign_in(identity, scope="account")) == ["/body/scope"]


async def test_browser_may_send_the_cookie_from_configured_pages_only(identity: Identity) -> None:
    preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-requested-with"}
    path = "/sessions/current/refresh"
    ours = await identity.http.options(path, headers={**preflight, "Origin": POSTS_URL})
    assert (ours.status_code, ours.headers["access-control-allow-origin"]) == (200, POSTS_URL)
    assert ours.headers["access-control-allow-credentials"] == "true"
    foreign = await identity.http.options(path, headers={**preflight, "Origin": "https://evil.example"})
    assert (foreign.status_code, foreign.headers.get("access-control-allow-origin")) == (400, None)
