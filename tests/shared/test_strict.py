"""A request that says one thing twice is refused, in every service."""

import asyncio

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from pydantic import BaseModel

from tests.shared.apps import Service, client_for, guarded_app
from watchword.auth import public, requires
from watchword.http import BadRequestRoute, Body, StrictRoute
from watchword.testing import Issuer

JSON = {"Content-Type": "application/json"}


class Inner(BaseModel):
    a: int


class Thing(Body):
    name: str
    inner: Inner | None = None


def app_of(issuer: Issuer) -> FastAPI:
    api = guarded_app(issuer)
    for prefix, route_class in (("/strict", StrictRoute), ("/protocol", BadRequestRoute)):
        api.include_router(things(route_class), prefix=prefix)
    return api


def things(route_class: type[StrictRoute]) -> APIRouter:
    router = APIRouter(route_class=route_class)

    @router.get("/things")
    @public
    async def find_thing(name: str = "", page: int = 1) -> str:
        return f"{name} {page}"

    @router.post("/things")
    @public
    async def make_thing(thing: Thing) -> str:
        return thing.name

    @router.put("/things", dependencies=[Depends(requires("things"))])
    async def replace_thing(thing: Thing) -> str:
        return thing.name

    return router


@pytest.mark.parametrize("query", ["name=a&name=b", "name=a&page=1&name=a", "page=1&page=1", "other=1&other=2"])
async def test_query_parameter_given_twice_is_refused(service: Service, query: str) -> None:
    answer = await service.http.get(f"/strict/things?{query}")
    assert answer.status_code == 422
    assert [error["code"] for error in answer.json()["errors"]] == ["repeated"]


@pytest.mark.parametrize("query", ["", "name=a", "name=a&page=2", "name=a%26name=b", "name=&page=2"])
async def test_query_parameters_given_once_are_read(service: Service, query: str) -> None:
    assert (await service.http.get(f"/strict/things?{query}")).status_code == 200


async def test_very_many_query_parameters_are_refused(service: Service) -> None:
    many = "&".join(f"other{number}=1" for number in range(101))
    answer = await service.http.get(f"/strict/things?{many}")
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("/query", "too_many")]
    assert (await service.http.get(f"/strict/things?{many.rpartition('&')[0]}")).status_code == 200


REPEATED = {
    "twice": ('{"name": "a", "name": "b"}', "/body/name"),
    "twice the same": ('{"name": "a", "name": "a"}', "/body/name"),
    "written differently": ('{"name": "a", "n\\u0061me": "b"}', "/body/name"),
    "no text": ('{"\\ud800": 1, "\\ud800": 2}', "/body/?"),
    "in an inner object": ('{"name": "a", "inner": {"a": 1, "a": 2}}', "/body/a"),
}


@pytest.mark.parametrize(("content", "pointer"), REPEATED.values(), ids=REPEATED.keys())
async def test_member_given_twice_is_refused_by_name(service: Service, content: str, pointer: str) -> None:
    answer = await service.http.post("/strict/things", content=content, headers=JSON)
    assert answer.status_code == 422
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(pointer, "repeated")]


@pytest.mark.parametrize("content", ['{"name": "a"}', '{"name": "name", "inner": {"a": 1}}'])
async def test_member_given_once_in_each_object_is_read(service: Service, content: str) -> None:
    assert (await service.http.post("/strict/things", content=content, headers=JSON)).status_code == 200


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
async def test_body_in_another_encoding_than_utf_8_is_refused(service: Service, encoding: str) -> None:
    content = '{"name": "a"}'.encode(encoding)
    assert (await service.http.post("/strict/things", content=content, headers=JSON)).status_code in (400, 422)


@pytest.mark.parametrize("content", ["{", "[1", "nothing", '{"name": 1}', "[" * 2_000])
async def test_malformed_body_is_answered_as_elsewhere(service: Service, content: str) -> None:
    assert (await service.http.post("/strict/things", content=content, headers=JSON)).status_code in (400, 422)


@pytest.mark.parametrize("content", ["{", '{"name": 1}', '{"name": "a", "name": "b"}', ""])
async def test_protocol_that_says_so_gets_400(service: Service, content: str) -> None:
    answer = await service.http.post("/protocol/things", content=content, headers=JSON)
    assert (answer.status_code, answer.json()["code"], len(answer.json()["errors"])) == (400, "bad_request", 1)


async def test_caller_is_authenticated_before_a_repetition_is_seen(service: Service) -> None:
    repeated = '{"name": "a", "name": "b"}'
    answer = await service.http.put("/strict/things?a=1&a=2", content=repeated, headers=JSON)
    assert answer.status_code == 401


async def test_a_handler_of_errors_reads_the_body_of_a_request_to_a_strict_route() -> None:
    app, router = FastAPI(), APIRouter(route_class=StrictRoute)

    @router.post("/things")
    async def fail(thing: Thing) -> str:
        raise LookupError(thing.name)

    async def show_body(request: Request, _: Exception) -> Response:
        return Response(await request.body(), 400)

    app.include_router(router)
    app.add_exception_handler(LookupError, show_body)
    async with asyncio.timeout(10), client_for(app) as http:
        assert (await http.post("/things", content=b'{"name": "a"}', headers=JSON)).content == b'{"name": "a"}'
