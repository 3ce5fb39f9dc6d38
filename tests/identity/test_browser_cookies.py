"""Other hosts, other ports and earlier releases set cookies that a browser sends here. None signs anybody in."""

from http.cookies import Morsel

import httpx
import pytest
from fastapi import Response

from identity_service.authentication.cookie import RefreshCookie
from tests.identity.answers import ensure_problem
from tests.identity.test_browser import COOKIE, FORMER, OVER_TLS, PAGE, cookie_of, cookies_of, sign_in
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, Identity, bearer

REFRESH = "/sessions/current/refresh"


async def call(identity: Identity, path: str, *headers: tuple[str, str]) -> httpx.Response:
    """Sign in as `ada`, or refresh, with these headers beside those of our page."""
    body = {"username": "ada", "password": PASSWORD} if path == "/sessions" else None
    response = await identity.http.post(path, json=body, headers=[*PAGE.items(), *headers])
    identity.http.cookies.clear()
    return response


@pytest.fixture
async def planted(identity: Identity) -> tuple[str, str]:
    """The cookie of `ada`, and that of `eve`, who plants hers in the browser of ada."""
    for name in ("ada", "eve"):
        await identity.register(name)
    tokens = []
    for name in ("ada", "eve"):
        tokens.append(cookie_of(await sign_in(identity, username=name)).value)
        identity.http.cookies.clear()
    return tokens[0], tokens[1]


@pytest.mark.parametrize("path", ["/sessions", REFRESH])
@pytest.mark.parametrize("order", ["ada first", "eve first", "two headers", "the same twice"])
async def test_two_cookies_of_one_name_are_refused(
    identity: Identity, databases: Databases, planted: tuple[str, str], path: str, order: str
) -> None:
    ada, eve = (f"{COOKIE}={value}" for value in planted)
    headers = {
        "ada first": [("Cookie", f"{ada}; {eve}")],
        "eve first": [("Cookie", f"{eve};{ada}")],
        "two headers": [("Cookie", ada), ("Cookie", f"other=1; {eve}")],
        "the same twice": [("Cookie", f"{ada}; other=1; {ada}")],
    }[order]
    ensure_problem(await call(identity, path, *headers), 401, "not_signed_in")
    live = "SELECT FROM identity.sessions WHERE ended_at IS NULL"
    assert len(await databases.fetch("identity_app", live)) == 2


async def test_both_cookies_are_cleared_wherever_they_may_have_been_set(
    identity: Identity, planted: tuple[str, str]
) -> None:
    refused = await call(identity, REFRESH, ("Cookie", f"{COOKIE}={planted[0]}; {COOKIE}={planted[1]}"))
    cleared = cookies_of(refused, COOKIE)
    assert all((one.value, one["max-age"]) == ("", "0") for one in cleared)
    paths = {"/", "/sessions", "/sessions/", "/sessions/current", "/sessions/current/", REFRESH}
    assert {(one["path"], one["domain"]) for one in cleared} == {
        (path, domain) for path in paths for domain in ("", "localhost")
    }
    assert cookie_of(refused, FORMER)["path"] == "/sessions/current"


async def test_cookie_without_a_name_locks_nobody_out(identity: Identity, planted: tuple[str, str]) -> None:
    """A browser sends its value alone, so that it may look like ours, or like ours without a value."""
    own = f"{COOKIE}={planted[0]}"
    assert (await call(identity, REFRESH, ("Cookie", f"{COOKIE}; {own}"))).status_code == 200
    refused = await call(identity, REFRESH, ("Cookie", f"{own}; {COOKIE}={planted[1]}"))
    cleared = [one for one in refused.headers.get_list("set-cookie") if one.startswith("=deleted; ")]
    assert "=deleted; Path=/; Max-Age=0" in cleared
    assert f"=deleted; Path={REFRESH}; Max-Age=0; Domain=localhost" in cleared
    assert len(cleared) == len(cookies_of(refused, COOKIE))


@pytest.mark.parametrize(
    ("issuer", "domains"),
    [
        ("https://id.example.com", ["", "id.example.com", "example.com"]),
        ("https://example.com:8443", ["", "example.com"]),
        ("http://127.0.0.1:8001", [""]),
    ],
)
def test_cookie_is_cleared_for_every_domain_that_a_neighbour_may_use(issuer: str, domains: list[str]) -> None:
    response = httpx_response(issuer)
    name = OVER_TLS if issuer.startswith("https") else COOKIE
    assert [one["domain"] for one in cookies_of(response, name) if one["path"] == "/"] == domains


def httpx_response(issuer: str) -> httpx.Response:
    """What a browser gets when its cookies for this issuer are deleted."""
    response = Response()
    RefreshCookie.of(issuer, ()).delete_everywhere(response, REFRESH)
    return httpx.Response(200, headers=response.raw_headers)


async def test_next_sign_in_works_in_a_browser_with_a_planted_cookie(identity: Identity) -> None:
    """With a real cookie jar: eve has planted her cookie for the path of the refresh."""
    for name in ("ada", "eve"):
        await identity.register(name)
    eve = cookie_of(await sign_in(identity, username="eve")).value
    identity.http.cookies.clear()
    await sign_in(identity)
    # The way in which the jar of httpx names the host of an address without dots.
    identity.http.cookies.set(COOKIE, eve, domain="localhost.local", path="/sessions/current")
    refused = await identity.http.post(REFRESH, headers=PAGE)
    ensure_problem(refused, 401, "not_signed_in")
    assert COOKIE not in identity.http.cookies
    assert (await sign_in(identity, resource=IDENTITY_URL)).status_code == 201
    refreshed = await identity.http.post(REFRESH, headers=PAGE)
    assert refreshed.status_code == 200
    me = await identity.http.get("/users/me", headers=bearer(refreshed.json()["access_token"]))
    assert me.json()["username"] == "ada"


NOT_OURS = {
    "former name": FORMER,
    "another port": f"{FORMER}_8002",
    "prefix of TLS": OVER_TLS,
    "upper case": COOKIE.upper(),
    "another white space before it": f"\xa0{COOKIE}",
    "next line before it": f"\x85{COOKIE}",
}


@pytest.mark.parametrize("name", NOT_OURS.values(), ids=NOT_OURS.keys())
async def test_nothing_is_read_from_a_cookie_of_another_name(
    identity: Identity, planted: tuple[str, str], name: str
) -> None:
    header = f"{name}={planted[1]}".encode("latin-1")
    headers = {**{k.encode(): v.encode() for k, v in PAGE.items()}, b"Cookie": header}
    refused = await identity.http.post(REFRESH, headers=headers)
    ensure_problem(refused, 401, "not_signed_in")
    both = {**headers, b"Cookie": header + f"; {COOKIE}={planted[0]}".encode()}
    assert (await identity.http.post(REFRESH, headers=both)).status_code == 200


async def test_signing_in_and_out_clears_the_cookie_of_earlier_releases(identity: Identity) -> None:
    await identity.register("ada")
    signed_in = await sign_in(identity, resource=IDENTITY_URL)
    headers = bearer(signed_in.json()["access_token"])
    signed_out = await identity.http.delete("/sessions/current", headers=headers)
    for answer in (signed_in, signed_out):
        former: Morsel[str] = cookie_of(answer, FORMER)
        assert (former.value, former["max-age"], former["path"]) == ("", "0", "/sessions/current")


async def test_foreign_page_clears_no_cookie(identity: Identity, planted: tuple[str, str]) -> None:
    two = {"Cookie": f"{COOKIE}={planted[0]}; {COOKIE}={planted[1]}"}
    refused = await identity.http.post(REFRESH, headers={**PAGE, "Origin": "https://evil.example", **two})
    ensure_problem(refused, 403, "cross_site")
    assert "set-cookie" not in refused.headers


async def test_cookie_over_tls_can_be_set_by_no_other_host(clean_databases: Databases) -> None:
    async with services.identity(clean_databases, issuer="https://id.example") as identity:
        await identity.register("ada")
        response = await sign_in(identity, {**PAGE, "Origin": "https://id.example"})
    cookie = cookie_of(response, OVER_TLS)
    assert (cookie["secure"], cookie["path"], cookie["domain"], cookie["httponly"]) == (True, "/", "", True)
