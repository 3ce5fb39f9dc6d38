"""The form of requests to the token endpoint (RFC 6749 sections 3.2 and 5.2)."""

from urllib.parse import urlencode

import httpx
import pytest

from tests.identity.answers import ensure_oauth_error, ensure_problem
from tests.support.services import PASSWORD, Identity

FORM = "application/x-www-form-urlencoded"
SIGN_IN = {"grant_type": "password", "username": "ada", "password": PASSWORD}


async def post(identity: Identity, body: str | bytes, content_type: str = FORM) -> httpx.Response:
    return await identity.http.post("/oauth/token", content=body, headers={"Content-Type": content_type})


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
async def test_only_post_is_offered(identity: Identity, method: str) -> None:
    response = await identity.http.request(method, "/oauth/token", params=SIGN_IN)
    ensure_problem(response, 405, "method_not_allowed")
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize("content_type", [FORM, FORM + "; charset=UTF-8", FORM.upper()])
async def test_form_encoded_body_is_read(identity: Identity, content_type: str) -> None:
    await identity.register("ada")
    assert (await post(identity, urlencode(SIGN_IN), content_type)).status_code == 200


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
async def test_any_other_body_is_refused(identity: Identity, content_type: str) -> None:
    await identity.register("ada")
    ensure_oauth_error(await post(identity, urlencode(SIGN_IN), content_type), "invalid_request")


async def test_json_body_is_refused(identity: Identity) -> None:
    ensure_oauth_error(await identity.http.post("/oauth/token", json=SIGN_IN), "invalid_request")


async def test_parameters_in_the_query_are_ignored(identity: Identity) -> None:
    await identity.register("ada")
    response = await identity.http.post("/oauth/token", params=SIGN_IN, headers={"Content-Type": FORM})
    ensure_oauth_error(response, "invalid_request")


@pytest.mark.parametrize("body", ["", "grant_type=", "username=ada&password=x", "grant_type", "&&&", "=password"])
async def test_grant_type_is_required(identity: Identity, body: str) -> None:
    ensure_oauth_error(await post(identity, body), "invalid_request")


@pytest.mark.parametrize("grant_type", ["implicit", "code", "PASSWORD", "password ", "x" * 10_000])
async def test_unknown_grant_type_is_refused(identity: Identity, grant_type: str) -> None:
    ensure_oauth_error(await identity.token(grant_type=grant_type), "unsupported_grant_type")


async def test_a_form_longer_than_any_needs_to_be_is_not_decoded(identity: Identity) -> None:
    ensure_problem(await post(identity, "grant_type=" + "%zz" * 30_000), 413, "too_large")


NOT_REPEATABLE = [*SIGN_IN.items(), ("scope", "account"), ("client_id", "web"), ("unknown", "1")]


@pytest.mark.parametrize(("name", "value"), NOT_REPEATABLE, ids=[name for name, _ in NOT_REPEATABLE])
async def test_repeated_parameter_is_refused(identity: Identity, name: str, value: str) -> None:
    await identity.register("ada")
    body = urlencode([*{**SIGN_IN, name: value}.items(), (name, value)])
    ensure_oauth_error(await post(identity, body), "invalid_request")


@pytest.mark.parametrize("name", ["scope", "resource", "client_id", "client_secret", "unknown"])
async def test_parameter_without_a_value_counts_as_absent(identity: Identity, name: str) -> None:
    await identity.register("ada")
    assert (await identity.token(**{**SIGN_IN, name: ""})).status_code == 200


async def test_unknown_parameter_is_ignored(identity: Identity) -> None:
    await identity.register("ada")
    assert (await identity.token(**SIGN_IN, unknown="x")).status_code == 200


BAD_BODIES = {
    "not UTF-8": urlencode(SIGN_IN).encode() + b"&x=\xff",
    "percent-encoded, not UTF-8": urlencode(SIGN_IN) + "&x=%ff",
    "surrogate": urlencode(SIGN_IN) + "&x=%ed%a0%80",
    "NUL": urlencode(SIGN_IN) + "&x=a%00",
    "NUL in a name": urlencode({**SIGN_IN, "username": "ada\x00"}),
    "too many parameters": urlencode(SIGN_IN) + "&x=1" * 40,
    "very many parameters": urlencode(SIGN_IN) + "&" * 1_000,
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES.keys())
async def test_malformed_form_is_refused(identity: Identity, body: str | bytes) -> None:
    await identity.register("ada")
    ensure_oauth_error(await post(identity, body), "invalid_request")
