"""A malformed request is judged by the guards of its own operation, however the app is laid out."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from pydantic import BaseModel

from tests.shared.apps import guarded_app
from watchword.auth import optional, requires, signed_in
from watchword.testing import Issuer

JSON = {"Content-Type": "application/json"}


class Thing(BaseModel):
    name: str


async def one_for_all(thing: Thing) -> str:
    return thing.name


def app_of(issuer: Issuer) -> FastAPI:
    app = guarded_app(issuer)
    app.add_api_route("/things", one_for_all, methods=["POST"], dependencies=[Depends(optional)])
    app.add_api_route("/things", one_for_all, methods=["PUT"], dependencies=[Depends(signed_in)])
    app.add_api_route("/things/{name}", one_for_all, methods=["PUT"], dependencies=[Depends(requires("a:x"))])
    router = APIRouter(prefix="/again", dependencies=[Depends(requires("b:x"))])
    router.add_api_route("/things", one_for_all, methods=["PUT"])
    app.include_router(router)
    return app


@pytest.fixture(params=["", "/api"])
async def http(issuer: Issuer, request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the app alone, and of the app below a path of the server's."""
    transport = httpx.ASGITransport(app_of(issuer), root_path=request.param)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://service.example{request.param}") as http:
        yield http


@pytest.mark.parametrize(
    ("method", "path", "anonymous", "without_scope"),
    [
        ("POST", "/things", 422, 422),
        ("PUT", "/things", 401, 422),
        ("PUT", "/things/one", 401, 403),
        ("PUT", "/again/things", 401, 403),
    ],
)
async def test_the_guards_of_the_operation_itself_answer(
    http: httpx.AsyncClient, issuer: Issuer, method: str, path: str, anonymous: int, without_scope: int
) -> None:
    assert (await http.request(method, path, content=b"{", headers=JSON)).status_code == anonymous
    answer = await http.request(method, path, content=b"{", headers=JSON | issuer.bearer())
    assert answer.status_code == without_scope


async def test_a_405_names_the_methods_of_the_path_below_any_prefix(http: httpx.AsyncClient) -> None:
    answer = await http.get("/things")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST, PUT")
