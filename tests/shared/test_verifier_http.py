"""All 401s look alike from outside. Which check refused a token is in the log and nowhere else."""

import logging
from typing import Any

import httpx
import pytest

from tests.shared.forgeries import Forgery, each_forgery
from tests.support.services import POSTS_URL, Posts
from watchword.testing import Issuer

DRAFT = {"title": "A title", "body": "A body"}
UNAUTHENTICATED = {
    "type": "about:blank",
    "title": "Unauthorized",
    "status": 401,
    "detail": "A valid access token is required.",
    "code": "unauthenticated",
}


@pytest.fixture
def issuer(issuer: Issuer) -> Issuer:
    """An issuer whose tokens are meant for posts."""
    issuer.audience = POSTS_URL
    return issuer


async def publish(posts: Posts, token: str) -> httpx.Response:
    field = f"Bearer {token}".encode("latin-1")
    return await posts.http.post("/posts", json=DRAFT, headers={b"Authorization": field})


def refusal(answer: httpx.Response) -> dict[str, Any]:
    """The body without `request_id`, the one member that differs from request to request."""
    body: dict[str, Any] = answer.json()
    assert body.pop("request_id") == answer.headers["x-request-id"]
    return body


async def test_valid_token_passes(posts: Posts, issuer: Issuer) -> None:
    assert (await publish(posts, issuer.mint(scope="posts:write"))).status_code == 201


@each_forgery
async def test_forgery_is_unauthenticated_and_the_reason_is_in_the_log_only(
    posts: Posts, issuer: Issuer, forgery: Forgery, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="watchword.refusals")
    token = forgery.make(issuer)
    answer = await publish(posts, token)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="watchword", error="invalid_token"'
    assert answer.headers["content-type"] == "application/problem+json"
    assert refusal(answer) == UNAUTHENTICATED
    [record] = [record for record in caplog.records if record.name == "watchword.refusals"]
    assert vars(record)["reason"] == forgery.reason
    assert record.getMessage() == f"refused: {forgery.reason} (401 unauthenticated)"
    assert token == "" or token not in caplog.text


async def test_no_token_looks_like_an_invalid_one_but_for_its_challenge(posts: Posts) -> None:
    answer = await posts.http.post("/posts", json=DRAFT)
    assert answer.status_code == 401
    assert refusal(answer) == UNAUTHENTICATED
    assert answer.headers["www-authenticate"] == 'Bearer realm="watchword"'


async def test_invalid_token_is_refused_also_if_none_is_needed(posts: Posts, issuer: Issuer) -> None:
    assert (await posts.http.get("/posts")).status_code == 200
    answer = await posts.http.get("/posts", headers=issuer.bearer(expires_in=-60))
    assert answer.status_code == 401
    assert refusal(answer) == UNAUTHENTICATED


async def test_token_that_was_accepted_is_refused_once_its_key_is_withdrawn(posts: Posts, issuer: Issuer) -> None:
    token = issuer.mint(scope="posts:write")
    assert (await publish(posts, token)).status_code == 201
    issuer.rotate("second")
    issuer.withdraw("first")
    answer = await publish(posts, token)
    assert answer.status_code == 401
    assert refusal(answer) == UNAUTHENTICATED
