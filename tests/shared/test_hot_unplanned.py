"""What a plan does not do is left to FastAPI, which serves such a route of the class as any other."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any
from uuid import UUID

import pytest
from fastapi import APIRouter, BackgroundTasks, Cookie, Depends, FastAPI, File, Form, Header, Query, Security
from fastapi.security import OAuth2PasswordBearer, SecurityScopes
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from tests.shared.apps import client_for
from tests.shared.hot_things import is_served_by_fastapi
from watchword.http import HotRoute, hot, problems


class Thing(BaseModel):
    name: str = ""


class Page(BaseModel):
    limit: int = 1


def way_of(request: Request) -> Response:
    return Response("fastapi" if is_served_by_fastapi(request) else "planned")


async def context() -> AsyncIterator[int]:
    yield 1


def in_a_thread() -> int:
    return 1


async def with_response(response: Response) -> None: ...


async def with_scopes(scopes: SecurityScopes) -> None: ...


async def with_list(names: Annotated[list[str] | None, Query()] = None) -> None: ...


async def with_body(thing: Thing) -> None: ...


async def leaves_context(request: Request, _: Annotated[int, Depends(context)]) -> Response:
    return way_of(request)


async def runs_in_a_thread(request: Request, _: Annotated[int, Depends(in_a_thread)]) -> Response:
    return way_of(request)


def is_run_in_a_thread(request: Request) -> Response:
    return way_of(request)


async def returns_data(request: Request) -> str:
    return bytes(way_of(request).body).decode()


async def sets_fields(request: Request, response: Response) -> Response:
    return way_of(request)


async def has_tasks(request: Request, tasks: BackgroundTasks) -> Response:
    return way_of(request)


async def has_cookie(request: Request, session: Annotated[str, Cookie()] = "") -> Response:
    return way_of(request)


async def has_list(request: Request, names: Annotated[list[str] | None, Query()] = None) -> Response:
    return way_of(request)


async def has_list_of_fields(request: Request, names: Annotated[list[str] | None, Header()] = None) -> Response:
    return way_of(request)


async def has_model(request: Request, page: Annotated[Page, Query()]) -> Response:
    return way_of(request)


async def makes_default(request: Request, name: Annotated[str, Query(default_factory=str)]) -> Response:
    return way_of(request)


async def validates_default(request: Request, name: Annotated[str, Query(validate_default=True)] = "") -> Response:
    return way_of(request)


async def copies_default(request: Request, number: UUID = UUID(int=1)) -> Response:  # noqa: B008
    return way_of(request)


async def has_scopes(request: Request, _: Annotated[None, Security(with_scopes, scopes=["a"])]) -> Response:
    return way_of(request)


READS = [
    leaves_context,
    runs_in_a_thread,
    is_run_in_a_thread,
    sets_fields,
    has_tasks,
    has_cookie,
    has_list,
    has_list_of_fields,
    has_model,
    makes_default,
    validates_default,
    copies_default,
    has_scopes,
]


def app_with(endpoint: Callable[..., Any], *, path: str = "/", route_class: Any = HotRoute, **options: Any) -> FastAPI:
    app = FastAPI(openapi_url=None)
    problems.install(app)
    hot.install(app)
    router = APIRouter(route_class=route_class)
    router.add_api_route(path, endpoint, **options)
    app.include_router(router, prefix="/things")
    return app


@pytest.mark.parametrize("endpoint", READS, ids=lambda endpoint: endpoint.__name__)
async def test_fastapi_serves_what_is_not_planned(endpoint: Callable[..., Any]) -> None:
    async with client_for(app_with(endpoint)) as http:
        answer = await http.get("/things/")
    assert (answer.status_code, answer.text) == (200, "fastapi")


async def test_fastapi_renders_what_is_no_response() -> None:
    async with client_for(app_with(returns_data)) as http:
        assert (await http.get("/things/")).json() == "fastapi"


@pytest.mark.parametrize("dependency", [with_response, with_scopes, with_list, with_body, context, in_a_thread])
async def test_a_dependency_of_a_router_that_is_not_planned_leaves_its_routes_to_fastapi(dependency: Any) -> None:
    async def endpoint(request: Request) -> Response:
        return way_of(request)

    async with client_for(app_with(endpoint, methods=["POST"], dependencies=[Depends(dependency)])) as http:
        assert (await http.post("/things/", json={})).text == "fastapi"


async def takes_form(request: Request, name: Annotated[str, Form()]) -> Response:
    return way_of(request)


async def takes_file(request: Request, name: Annotated[bytes, File()]) -> Response:
    return way_of(request)


@pytest.mark.parametrize(
    ("endpoint", "sent"), [(takes_form, {"data": {"name": "a"}}), (takes_file, {"files": {"name": b"a"}})]
)
async def test_fastapi_reads_forms(endpoint: Callable[..., Any], sent: dict[str, Any]) -> None:
    async with client_for(app_with(endpoint, methods=["POST"])) as http:
        assert (await http.post("/things/", **sent)).text == "fastapi"


async def takes_two(request: Request, thing: Thing, page: Page) -> Response:
    return way_of(request)


async def test_fastapi_reads_a_body_of_several_parameters() -> None:
    async with client_for(app_with(takes_two, methods=["POST"])) as http:
        assert (await http.post("/things/", json={"thing": {}, "page": {}})).text == "fastapi"


async def test_a_body_with_a_limit_of_its_own_is_left_to_fastapi() -> None:
    async def endpoint(request: Request, thing: Thing) -> Response:
        return way_of(request)

    async with client_for(app_with(endpoint, methods=["POST"], max_body_size=10)) as http:
        assert (await http.post("/things/", json={})).text == "fastapi"
        assert (await http.post("/things/", json={"name": "too long"})).status_code == 413


async def test_a_security_scheme_of_fastapi_is_planned() -> None:
    scheme = OAuth2PasswordBearer("/token")

    async def endpoint(request: Request, token: Annotated[str, Depends(scheme)]) -> Response:
        return Response(f"{token} {way_of(request).body!r}")

    async with client_for(app_with(endpoint)) as http:
        assert (await http.get("/things/", headers={"Authorization": "Bearer a"})).text == "a b'planned'"


async def test_an_endpoint_that_does_not_return_its_response_is_an_error() -> None:
    async def endpoint() -> Response:
        return None  # type: ignore[return-value]

    async with client_for(app_with(endpoint)) as http:
        with pytest.raises(TypeError, match="declared to return"):
            await http.get("/things/")
