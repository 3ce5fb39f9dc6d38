"""How a client authenticates (RFC 6749 section 2.3), and what it may request."""

import logging
from base64 import b64encode
from urllib.parse import quote_plus

import httpx
import pytest

from identity_service.administration import Administration
from identity_service.clients.drafts import ClientDraft
from tests.identity.answers import ensure_oauth_error
from tests.support.services import IDENTITY_URL, PASSWORD, POSTS_SECRET, Identity
from watchword.errors import Invalid

OWN = {"grant_type": "client_credentials"}
PUBLIC = {"grant_type": "password", "username": "ada", "password": PASSWORD}


def basic(client_id: str, secret: str, scheme: str = "Basic") -> dict[str, str]:
    return {"Authorization": f"{scheme} {b64encode(f'{client_id}:{secret}'.encode()).decode()}"}


async def ask(identity: Identity, headers: dict[str, str], **form: str) -> httpx.Response:
    return await identity.http.post("/oauth/token", data=form, headers=headers)


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC"])
async def test_client_authenticates_by_basic(identity: Identity, scheme: str) -> None:
    assert (await ask(identity, basic("posts", POSTS_SECRET, scheme), **OWN)).status_code == 200


async def test_client_authenticates_by_the_form(identity: Identity) -> None:
    form = {**OWN, "client_id": "posts", "client_secret": POSTS_SECRET}
    assert (await identity.token(**form)).status_code == 200


async def test_basic_credentials_are_form_encoded(identity: Identity) -> None:
    secret = "a secret: with 100% blanks & ünïcödé + more"
    await Administration(identity.parts).create_client(
        ClientDraft("robot", "Robot", secret, ["client_credentials"], ["account"], [IDENTITY_URL])
    )
    assert (await ask(identity, basic("robot", quote_plus(secret)), **OWN)).status_code == 200


@pytest.mark.parametrize("form", [{"client_secret": POSTS_SECRET}, {"client_id": "web"}])
async def test_two_ways_of_authentication_are_refused(identity: Identity, form: dict[str, str]) -> None:
    response = await ask(identity, basic("posts", POSTS_SECRET), **OWN, **form)
    ensure_oauth_error(response, "invalid_request")


async def test_client_id_may_be_sent_twice_if_it_is_the_same(identity: Identity) -> None:
    assert (await ask(identity, basic("posts", POSTS_SECRET), **OWN, client_id="posts")).status_code == 200


WRONG = {
    "wrong secret": basic("posts", "wrong"),
    "secret in another case": basic("posts", POSTS_SECRET.upper()),
    "no secret": basic("posts", ""),
    "unknown client": basic("nobody", POSTS_SECRET),
    "no client": basic("", POSTS_SECRET),
    "NUL": basic("posts\x00", POSTS_SECRET),
    "encoded NUL": basic("posts%00", POSTS_SECRET),
    "very long": basic("posts", "x" * 5_000),
    "public client with a secret": basic("web", "secret"),
    "no colon": {"Authorization": "Basic " + b64encode(b"posts").decode()},
    "not base64": {"Authorization": "Basic %%%"},
    "not UTF-8": {"Authorization": "Basic " + b64encode(b"posts:\xff").decode()},
    "nothing": {"Authorization": "Basic"},
    "another scheme": {"Authorization": "Bearer " + b64encode(f"posts:{POSTS_SECRET}".encode()).decode()},
}


@pytest.mark.parametrize("headers", WRONG.values(), ids=WRONG.keys())
async def test_wrong_credentials_by_basic_are_refused(identity: Identity, headers: dict[str, str]) -> None:
    response = await ask(identity, headers, **OWN)
    ensure_oauth_error(response, "invalid_client", 401)
    assert response.headers["www-authenticate"] == 'Basic realm="watchword"'


@pytest.mark.parametrize(
    "form",
    [
        {"client_id": "posts", "client_secret": "wrong"},
        {"client_id": "posts"},
        {"client_id": "nobody", "client_secret": POSTS_SECRET},
        {"client_id": "web", "client_secret": "secret"},
        {"client_secret": POSTS_SECRET},
    ],
)
async def test_wrong_credentials_in_the_form_are_refused(identity: Identity, form: dict[str, str]) -> None:
    ensure_oauth_error(await identity.token(**OWN, **form), "invalid_client", 401)


async def test_request_that_names_no_client_is_the_first_party_clients(identity: Identity) -> None:
    await identity.register("ada")
    assert (await identity.token(**PUBLIC)).status_code == 200
    assert (await identity.token(**PUBLIC, client_id="web")).status_code == 200


async def test_swagger_sends_a_public_client_by_basic_without_a_secret(identity: Identity) -> None:
    await identity.register("ada")
    assert (await ask(identity, basic("web", ""), **PUBLIC)).status_code == 200


@pytest.mark.parametrize(
    ("client_id", "secret", "form"),
    [
        ("web", "", OWN),
        ("posts", POSTS_SECRET, PUBLIC),
        ("posts", POSTS_SECRET, {"grant_type": "refresh_token", "refresh_token": "x"}),
    ],
)
async def test_client_cannot_use_a_grant_type_that_it_does_not_have(
    identity: Identity, client_id: str, secret: str, form: dict[str, str]
) -> None:
    ensure_oauth_error(await ask(identity, basic(client_id, secret), **form), "unauthorized_client")


async def test_public_client_cannot_speak_for_itself(identity: Identity) -> None:
    own = ["client_credentials"], ["account"], [IDENTITY_URL]
    await identity.parts.clients.upsert(ClientDraft("robot", "Robot", None, *own).as_client())
    ensure_oauth_error(await identity.token(**OWN, client_id="robot"), "unauthorized_client")


@pytest.mark.parametrize(
    ("request_form", "error"),
    [({"scope": "ssf.read account"}, "invalid_scope"), ({"resource": "http://localhost:8002"}, "invalid_target")],
)
async def test_service_gets_no_more_than_it_may_have(
    identity: Identity, request_form: dict[str, str], error: str
) -> None:
    ensure_oauth_error(await ask(identity, basic("posts", POSTS_SECRET), **OWN, **request_form), error)


async def test_service_narrows_its_scope(identity: Identity) -> None:
    response = await ask(identity, basic("posts", POSTS_SECRET), **OWN, scope="ssf.read")
    assert response.json()["scope"] == "ssf.read"


@pytest.mark.parametrize(
    "client_id", ["0190b7a0-0000-7000-8000-000000000000", "abcdef01-0000-7000-8000-000000000000", "A", "a", "a b", "é"]
)
async def test_no_client_can_be_taken_for_a_user(identity: Identity, client_id: str) -> None:
    with pytest.raises(Invalid, match="a client id is"):
        await Administration(identity.parts).create_client(ClientDraft(client_id, "Robot", POSTS_SECRET, [], [], []))


async def test_reason_why_a_client_is_refused_is_in_the_log_message(
    identity: Identity, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await identity.token(grant_type="client_credentials", client_id="posts", client_secret="wrong")
    assert "refused: unknown, or the secret is wrong (401 invalid_client)" in caplog.messages
