"""Pages of clients may call the endpoints for tokens from their own origins, without cookies (RFC 9700 section 2.6)."""

import pytest

from identity_service.administration import Administration
from identity_service.clients.changes import ClientChanges, ListChange
from identity_service.clients.service import Clients
from identity_service.clients.uses import ClientUses
from tests.identity.client_lines import run
from tests.support.services import IDENTITY_URL, POSTS_URL, Identity
from watchword.clock import SystemClock
from watchword.database.database import Database

ORIGIN = "https://spa.example:8443"
CALLBACK = f"{ORIGIN}/callback"
SPA = f"clients create spa --public --grant authorization_code --scope account --audience {IDENTITY_URL}"
OPEN = [f"/.well-known/{name}" for name in ("jwks.json", "oauth-authorization-server", "openid-configuration")]
OF_CLIENTS = ["/oauth/token", "/oauth/revoke", "/oauth/userinfo"]
OWN = ["/sign-in", "/account", "/users/me", "/oauth/introspect", "/oauth/authorize", "/oauth/token/"]


async def allowed(identity: Identity, path: str, origin: str) -> set[str | None]:
    """What the answers to a preflight and to a request from a page of this origin allow."""
    method = "GET" if path in OPEN or "userinfo" in path else "POST"
    preflight = {"Origin": origin, "Access-Control-Request-Method": method}
    preflight["Access-Control-Request-Headers"] = "authorization, content-type"
    answers = [
        await identity.http.options(path, headers=preflight),
        await identity.http.request(method, path, headers={"Origin": origin}),
    ]
    assert not any("access-control-allow-credentials" in answer.headers for answer in answers)
    return {answer.headers.get("access-control-allow-origin") for answer in answers}


async def test_what_everybody_may_know_is_for_pages_of_every_origin(identity: Identity) -> None:
    for path in OPEN:
        for origin in ("https://anybody.example", "null"):
            assert await allowed(identity, path, origin) == {"*"}


@pytest.mark.parametrize("uri", [CALLBACK, ORIGIN, f"{ORIGIN}?x=1", f"{ORIGIN}/"])
async def test_page_of_a_client_may_call_from_the_moment_that_its_redirect_uri_is_registered(
    identity: Identity, uri: str
) -> None:
    assert await allowed(identity, "/oauth/token", ORIGIN) == {None}
    await run(identity, f"{SPA} --redirect-uri {uri}")
    for path in OF_CLIENTS:
        assert await allowed(identity, path, ORIGIN) == {ORIGIN}
    for path in OWN:
        assert await allowed(identity, path, ORIGIN) == {None}, path
    elsewhere = ListChange(["https://elsewhere.example/callback"], [uri])
    await Administration(identity.parts).change_client("spa", ClientChanges(redirect_uris=elsewhere))
    assert await allowed(identity, "/oauth/token", ORIGIN) == {None}


OTHERS = [
    "https://spa.example",
    "https://spa.example:844",
    "https://spa.example:84433",
    "http://spa.example:8443",
    "https://spa.example:8443/callback",
    "https://SPA.example:8443",
    "https://evil.example",
    "https://",
    "https:",
    "null",
    "",
    "%",
    "https://spa.example:8443\\",
    "com.example.spa:",
    "com.example.spa",
]


@pytest.mark.parametrize("origin", OTHERS)
async def test_page_of_another_origin_may_not(identity: Identity, origin: str) -> None:
    await run(identity, f"{SPA} --redirect-uri {CALLBACK}")
    await run(identity, f"{SPA.replace('spa', 'app')} --native --redirect-uri com.example.spa:/callback")
    for path in OF_CLIENTS:
        assert await allowed(identity, path, origin) == {None}


async def test_no_page_may_call_while_the_database_does_not_answer() -> None:
    away = Database("postgresql://identity_app@127.0.0.1:1/away")
    assert await Clients(away, ClientUses(away, SystemClock())).may_call_from(ORIGIN) is False
    await away.close()


async def test_configured_origin_keeps_what_it_has(identity: Identity) -> None:
    answer = await identity.http.get(OPEN[0], headers={"Origin": POSTS_URL})
    assert answer.headers["access-control-allow-origin"] == POSTS_URL
    assert "access-control-allow-credentials" not in answer.headers
