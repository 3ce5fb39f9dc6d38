"""Authorization requests: what an application may ask for, and to whom a refusal goes."""

from typing import Any

import pytest

from identity_service.oauth.authorization.answers import ResponseMode
from identity_service.oauth.authorization.errors import AuthorizationFailed
from identity_service.oauth.authorization.request import AuthorizationRequest
from identity_service.oauth.authorization.requests import AuthorizationRequests
from tests.identity.authorizing import STATE, Application, application
from tests.support.services import IDENTITY_URL, POSTS_URL, Identity
from watchword.errors import BadRequest
from watchword.testing import StandingClock


@pytest.fixture
async def app(identity: Identity) -> Application:
    return await application(identity, scopes=["posts:write", "account"], audiences=[IDENTITY_URL, POSTS_URL])


@pytest.fixture
def requests(identity: Identity, clock: StandingClock) -> AuthorizationRequests:
    return AuthorizationRequests(identity.parts.clients, identity.parts.token_reader, clock)


async def read(requests: AuthorizationRequests, app: Application, **changes: Any) -> AuthorizationRequest:
    return await requests.read(app.query(**changes))


async def refused(requests: AuthorizationRequests, query: str) -> AuthorizationFailed:
    """What the application is told of this request."""
    with pytest.raises(AuthorizationFailed) as refusal:
        await requests.read(query)
    return refusal.value


async def shown(requests: AuthorizationRequests, query: str) -> str:
    """The code of what the person is shown, because nobody may be answered."""
    with pytest.raises(BadRequest) as refusal:
        await requests.read(query)
    return refusal.value.code


async def test_request_says_all_that_the_application_asks_for(
    requests: AuthorizationRequests, app: Application
) -> None:
    request = await read(
        requests,
        app,
        scope="posts:write",
        resource=[POSTS_URL, IDENTITY_URL],
        nonce="n-1",
        prompt="login consent",
        max_age="60",
        response_mode="form_post",
        login_hint="ada",
        acr_values="mfa",
        unknown="ignored",
    )
    assert request.client.id == app.id
    assert request.destination == (app.redirect_uri, ResponseMode.FORM_POST, STATE)
    assert (request.scopes, request.names_scopes) == (["posts:write"], True)
    assert request.audiences == sorted([POSTS_URL, IDENTITY_URL])
    assert (request.nonce, request.login_hint, request.max_age) == ("n-1", "ada", 60)
    assert request.prompts == {"login", "consent"}
    assert "unknown" not in request.query


async def test_request_without_scope_and_resource_is_for_all_of_the_application(
    requests: AuthorizationRequests, app: Application
) -> None:
    request = await read(requests, app, scope="", resource="", state=None, prompt="", login_hint="a" * 5_000)
    assert (sorted(request.scopes), request.names_scopes) == (["account", "posts:write"], False)
    assert request.audiences == [IDENTITY_URL, POSTS_URL]
    assert (request.destination.state, request.prompts, request.login_hint) == (None, frozenset(), None)


async def test_person_is_shown_what_nobody_may_be_answered(requests: AuthorizationRequests, app: Application) -> None:
    uri = app.redirect_uri
    unregistered = [
        f"{uri}/more",
        uri.removesuffix("k"),
        uri.upper(),
        f"{uri}?x=1",
        f"{uri}#x",
        uri.replace("app.example", "app.example:8443"),
        uri.replace("app.example", "app.example:443"),
        uri.replace("https", "http"),
        "https://evil.example/callback",
        "//app.example/callback",
        "javascript:alert(1)",
    ]
    for other in unregistered:
        assert await shown(requests, app.query(redirect_uri=other)) == "redirect_uri_unregistered", other
    for unknown in ("nobody", "APP", "a\x01"):
        assert await shown(requests, app.query(client_id=unknown)) == "application_unknown"
    malformed = [
        "",
        app.query(client_id=None),
        app.query(redirect_uri=None),
        app.query(client_id=[app.id, "web"]),
        app.query(redirect_uri=[uri, "https://evil.example"]),
        app.query(state="\x00"),
        app.query(state="s" * 6_000),
        f"{app.query()}&state=%ff",
        "&".join(["a=b"] * 1_000),
    ]
    for query in malformed:
        assert await shown(requests, query) == "authorization_malformed", query[:80]


REFUSALS: dict[str, list[dict[str, Any]]] = {
    "invalid_request": [
        {"response_type": None},
        {"state": ["a", "b"]},
        {"scope": ["posts:write", "posts:write"]},
        {"response_mode": "fragment"},
        {"code_challenge": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge": "a" * 42},
        {"code_challenge": "a" * 43 + "="},
        {"prompt": "none login"},
        {"prompt": "none create"},
        {"prompt": "login update"},
        {"prompt": "CREATE"},
        {"max_age": "-1"},
        {"max_age": "1.5"},
        {"max_age": "9" * 20},
        {"nonce": "n" * 501},
        {"authenticated_after": "9999999999999"},
        {"former_max_age": "long"},
        {"former_max_age": "1" * 6_000},
    ],
    "unsupported_response_type": [{"response_type": "token"}, {"response_type": "code id_token"}],
    "request_not_supported": [{"request": "e30.e30."}],
    "request_uri_not_supported": [{"request_uri": "https://app.example/request"}],
    "invalid_scope": [
        {"scope": "posts:write posts:other"},
        {"scope": " "},
        {"scope": "posts:write", "resource": IDENTITY_URL},
    ],
    "invalid_target": [{"resource": "https://other.example"}, {"resource": [POSTS_URL, "https://other.example"]}],
}


@pytest.mark.parametrize("error", REFUSALS)
async def test_application_is_told_what_it_may_not_ask_for(
    requests: AuthorizationRequests, app: Application, error: str
) -> None:
    for changes in REFUSALS[error]:
        refusal = await refused(requests, app.query(**changes))
        assert refusal.error.error == error, changes
        assert refusal.destination.redirect_uri == app.redirect_uri
        assert refusal.destination.state == (None if "state" in changes else STATE)


async def test_application_without_the_grant_may_not_ask(identity: Identity, requests: AuthorizationRequests) -> None:
    app = await application(identity, grants=["client_credentials"])
    assert (await refused(requests, app.query())).error.error == "unauthorized_client"


async def test_way_through_the_sign_in_page_demands_it_once(
    requests: AuthorizationRequests, app: Application, clock: StandingClock
) -> None:
    before = clock.now()
    request = await read(requests, app, prompt="login consent", max_age="0")
    assert request.asks_to_sign_in(before, clock.now())
    assert request.may_show_pages
    clock.advance(seconds=1)
    later = await requests.read(request.query_after_sign_in(clock.now()))
    assert later.asks_to_sign_in(before, clock.now())
    assert not later.asks_to_sign_in(clock.now(), clock.now())
    assert (later.prompts, later.max_age) == (frozenset({"consent"}), None)
    assert (await requests.read(later.query_after_consent())).prompts == frozenset()
    assert later.destination == request.destination


async def test_recent_enough_is_what_max_age_says(
    requests: AuthorizationRequests, app: Application, clock: StandingClock
) -> None:
    signed_on_at = clock.now()
    request = await read(requests, app, max_age="60")
    clock.advance(seconds=60)
    assert not request.asks_to_sign_in(signed_on_at, clock.now())
    clock.advance(seconds=1)
    assert request.asks_to_sign_in(signed_on_at, clock.now())
    assert not (await read(requests, app, prompt="none")).may_show_pages
