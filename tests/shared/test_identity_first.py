"""A caller is authenticated before their request is judged: without a valid token any malformed request is 401."""

from typing import Annotated, Any
from uuid import UUID

import pytest
from fastapi import APIRouter, Depends, FastAPI, Form, Query
from pydantic import BaseModel

from tests.shared.apps import BODY_LIMIT, Service, guarded_app
from tests.support.services import POSTS_URL, Posts
from watchword.auth import Principal, requires
from watchword.testing import Issuer

THING = "/inner/things/01890000-0000-7000-8000-000000000000"
JSON = {"Content-Type": "application/json"}
VALID = {"json": {"name": "a name"}}


class Thing(BaseModel):
    name: str


def app_of(issuer: Issuer) -> FastAPI:
    app = guarded_app(issuer)
    inner, outer = APIRouter(prefix="/things"), APIRouter(prefix="/inner")

    @inner.put("/{thing_id}")
    async def change(
        thing_id: UUID,
        thing: Thing,
        caller: Annotated[Principal, Depends(requires("things:write"))],
        times: Annotated[int, Query(le=9)] = 1,
    ) -> str:
        return thing.name * times

    @inner.post("", dependencies=[Depends(requires("things:write"))])
    async def make(name: Annotated[str, Form()]) -> str:
        return name

    outer.include_router(inner)
    app.include_router(outer)
    return app


each_mistake = pytest.mark.parametrize(
    ("status", "method", "path", "sent"),
    [
        pytest.param(200, "PUT", THING, VALID, id="none"),
        pytest.param(422, "PUT", THING, {"content": b'{"name":', "headers": JSON}, id="malformed_json"),
        pytest.param(422, "PUT", THING, {"content": b"\xff\xfe", "headers": JSON}, id="not_utf8"),
        pytest.param(422, "PUT", THING, {"content": b"name", "headers": {"Content-Type": "text/plain"}}, id="text"),
        pytest.param(422, "PUT", THING, {"data": {"name": "a name"}}, id="form_for_json"),
        pytest.param(422, "PUT", THING, {}, id="no_body"),
        pytest.param(422, "PUT", THING, {"json": {"name": 1}}, id="wrong_member"),
        pytest.param(413, "PUT", THING, {"json": {"name": "x" * BODY_LIMIT}}, id="too_large_body"),
        pytest.param(422, "PUT", "/inner/things/1", VALID, id="no_uuid_in_the_path"),
        pytest.param(422, "PUT", THING, {**VALID, "params": {"times": "many"}}, id="wrong_query"),
        pytest.param(422, "POST", "/inner/things", {"json": {"name": "a name"}}, id="json_for_a_form"),
        pytest.param(413, "POST", "/inner/things", {"data": {"name": "x" * BODY_LIMIT}}, id="too_large_form"),
        pytest.param(
            400,
            "POST",
            "/inner/things",
            {"content": b"--", "headers": {"Content-Type": "multipart/form-data"}},
            id="multipart_without_boundary",
        ),
    ],
)


@each_mistake
async def test_caller_with_a_valid_token_learns_the_mistake(
    service: Service, status: int, method: str, path: str, sent: dict[str, Any]
) -> None:
    headers = {**sent.get("headers", {}), **service.issuer.bearer(scope="things:write")}
    answer = await service.http.request(method, path, **{**sent, "headers": headers})
    assert answer.status_code == status, answer.text


@each_mistake
async def test_no_token_is_unauthenticated_whatever_was_sent(
    service: Service, status: int, method: str, path: str, sent: dict[str, Any]
) -> None:
    answer = await service.http.request(method, path, **sent)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="watchword"'
    assert "errors" not in answer.json()


@each_mistake
async def test_invalid_token_is_unauthenticated_whatever_was_sent(
    service: Service, status: int, method: str, path: str, sent: dict[str, Any]
) -> None:
    headers = {**sent.get("headers", {}), **service.issuer.bearer(scope="things:write", expires_in=-60)}
    answer = await service.http.request(method, path, **{**sent, "headers": headers})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="watchword", error="invalid_token"'


@each_mistake
async def test_too_little_scope_is_forbidden_whatever_was_sent(
    service: Service, status: int, method: str, path: str, sent: dict[str, Any]
) -> None:
    headers = {**sent.get("headers", {}), **service.issuer.bearer()}
    answer = await service.http.request(method, path, **{**sent, "headers": headers})
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/posts/01890000-0000-7000-8000-000000000000", "/posts/no-uuid"])
async def test_unknown_id_without_a_token_is_unauthenticated(posts: Posts, issuer: Issuer, path: str) -> None:
    headers = issuer.bearer(scope="posts:write", claims={"aud": POSTS_URL})
    known = await posts.http.delete(path, headers=headers)
    assert known.status_code in (404, 422)
    assert (await posts.http.delete(path)).status_code == 401
