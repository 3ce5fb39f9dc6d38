"""Bodies that are not JSON, too large, or hold invalid text are refused, and never cause a 500."""

import json
import logging

import pytest

from tests.identity.answers import ensure_problem, pointers
from tests.support.services import PASSWORD, Identity

JSON = {"Content-Type": "application/json"}
TEN_MEGABYTES = b"x" * 10_000_000


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"{'a': 1}", b"null", b"[]", b'"ada"', b"1", b"[" * 5_000, b'{"username": NaN}', b"\xff\xfe"],
)
async def test_what_is_no_json_object_is_refused(identity: Identity, body: bytes) -> None:
    response = await identity.http.post("/users", content=body, headers=JSON)
    assert response.status_code in (400, 422), response.text
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("member", ["username", "email", "password"])
async def test_lone_surrogate_is_refused(identity: Identity, member: str) -> None:
    body = {"username": "ada", "email": "ada@example.com", "password": PASSWORD, member: f"{PASSWORD}\ud800"}
    response = await identity.http.post("/users", content=json.dumps(body), headers=JSON)
    assert pointers(response) == [f"/body/{member}"]


async def test_lone_surrogate_in_a_members_name_is_refused(identity: Identity) -> None:
    body = {"username": "ada", "email": "ada@example.com", "password": PASSWORD, "\ud800": 1}
    response = await identity.http.post("/users", content=json.dumps(body), headers=JSON)
    assert response.status_code == 422, response.text


@pytest.mark.parametrize("path", ["/users", "/oauth/token"])
async def test_body_over_the_limit_is_refused(identity: Identity, path: str) -> None:
    kind = "application/json" if path == "/users" else "application/x-www-form-urlencoded"
    response = await identity.http.post(path, content=TEN_MEGABYTES, headers={"Content-Type": kind})
    ensure_problem(response, 413, "too_large")


async def test_password_appears_in_no_log_and_no_answer(identity: Identity, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    body = {"username": "ada", "email": "ada@example.com", "password": PASSWORD}
    answers = [
        await identity.http.post("/users", json=body),
        await identity.http.post("/users", json=body),
        await identity.http.post("/users", json={**body, "username": "x"}),
        await identity.http.post("/users", content=json.dumps(body)[:-1], headers=JSON),
        await identity.token(grant_type="password", username="ada", password=PASSWORD),
        await identity.token(grant_type="password", username="eve", password=PASSWORD),
        await identity.token(grant_type="password", password=PASSWORD),
    ]
    assert caplog.records
    assert not [record for record in caplog.records if PASSWORD in str(vars(record)) + record.getMessage()]
    assert not [answer for answer in answers if PASSWORD in answer.text]
