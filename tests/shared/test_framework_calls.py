"""What plans need of how FastAPI calls an operation, beyond its documentation.

If one of these tests fails after an upgrade, `watchword/http/_framework.py` and `_calls.py` are to be repaired.
"""

from functools import wraps
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Query, _compat, routing
from fastapi.dependencies import models, utils
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from opentelemetry.sdk.trace import TracerProvider
from pydantic import ValidationError
from starlette import _exception_handler
from starlette.applications import Starlette
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response

from watchword.http._calls import Unplanned, calls_of
from watchword.http._framework import handlers_of, operations, own_layers, routers_of, validator_of, version_of
from watchword.service.middleware import UnhandledErrors

NAMES: list[tuple[Any, str]] = [
    (models, "_is_coroutine_callable"),
    (_compat, "field_annotation_is_scalar"),
    (utils, "get_typed_return_annotation"),
    (utils, "get_validation_alias"),
    (utils, "_get_flat_body_params"),
    (utils, "_should_embed_body_fields"),
    (_exception_handler, "wrap_app_handling_exceptions"),
    (routing.APIRouter(), "_routes_version"),
    (routing.APIRouter(), "middleware_stack"),
    (ExceptionMiddleware(Response()), "_exception_handlers"),
    (ExceptionMiddleware(Response()), "_status_handlers"),
    (FastAPI(), "_native_telemetry"),
]


@pytest.mark.parametrize(("place", "name"), NAMES, ids=[name for _, name in NAMES])
def test_framework_still_has_the_name(place: Any, name: str) -> None:
    assert hasattr(place, name)


async def first(request: Request) -> int:
    return 1


async def second(one: Annotated[int, Depends(first)], size: Annotated[int, Query(alias="the-size")]) -> int:
    return one + size


async def endpoint(number: int, two: Annotated[int, Depends(second)], depth: int = 3) -> Response:
    return Response()


def dependant_of(app: FastAPI) -> Any:
    (operation,) = operations(app)
    return operation.dependant


def test_calls_are_in_order_with_their_parameters_and_what_their_results_are_for() -> None:
    app = FastAPI(openapi_url=None)
    app.get("/{number}", dependencies=[Depends(first)])(endpoint)
    calls, body = calls_of(dependant_of(app))
    assert [call.function for call in calls] == [first, second, endpoint]
    assert [list(call.requests) for call in calls] == [["request"], [], []]
    assert [[parameter.key for parameter in call.path] for call in calls] == [[], [], ["number"]]
    assert [[parameter.key for parameter in call.query] for call in calls] == [[], ["the-size"], ["depth"]]
    assert [call.receivers for call in calls] == [[(1, "one")], [(2, "two")], []]
    assert [call.defaults() for call in calls] == [{}, {}, {"depth": 3}]
    assert body is None


def test_a_value_is_validated_as_the_parameter_is_declared() -> None:
    app = FastAPI(openapi_url=None)
    app.get("/{number}")(endpoint)
    (model_field,) = dependant_of(app).path_params
    validated = validator_of(model_field)
    assert validated("1") == 1
    with pytest.raises(ValidationError):
        validated("one")


def test_a_function_that_is_not_declared_to_return_a_response_is_not_planned() -> None:
    app = FastAPI(openapi_url=None)
    app.get("/")(first)
    with pytest.raises(Unplanned):
        calls_of(dependant_of(app))


def test_the_version_changes_with_every_route_of_every_router() -> None:
    app, outer, inner = FastAPI(), APIRouter(prefix="/outer"), APIRouter(prefix="/inner")
    outer.include_router(inner)
    app.include_router(outer)
    routers, are_plain = routers_of(app)
    assert ([*routers], are_plain) == ([app.router, outer, inner], True)
    versions = {version_of(routers)}
    for router in (app.router, outer, inner):
        router.get("/more")(endpoint_without_parameters)
        versions.add(version_of(routers))
    assert len(versions) == 4


async def endpoint_without_parameters() -> Response:
    return Response()


async def answer_error(request: Request, error: Exception) -> Response:
    return Response()


def own_layer_of(app: FastAPI) -> object:
    app.add_middleware(UnhandledErrors)
    return own_layers(app, app.build_middleware_stack())


@pytest.mark.parametrize("handlers", [{}, {404: answer_error, KeyError: answer_error}])
def test_the_layers_around_an_app_s_own_are_left_out_if_they_do_nothing(handlers: dict[Any, Any]) -> None:
    assert isinstance(own_layer_of(FastAPI(exception_handlers=handlers)), UnhandledErrors)


@pytest.mark.parametrize(
    "options",
    [
        {"debug": True},
        {"exception_handlers": {500: answer_error}},
        {"exception_handlers": {Exception: answer_error}},
        {"telemetry": {"tracing": True, "tracer_provider": TracerProvider()}},
    ],
    ids=lambda options: next(iter(options)),
)
def test_the_layers_around_an_app_s_own_are_kept_if_they_may_do_anything(options: dict[str, Any]) -> None:
    assert own_layer_of(FastAPI(**options)) is None


@pytest.mark.parametrize("replaced", [FastAPI, Starlette, ServerErrorMiddleware])
def test_the_layers_around_an_app_s_own_are_kept_if_an_agent_watches_them(
    replaced: type[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    call = replaced.__call__

    @wraps(call)
    async def watched(*arguments: Any) -> None:
        await call(*arguments)

    monkeypatch.setattr(replaced, "__call__", watched)
    assert not isinstance(own_layer_of(FastAPI()), UnhandledErrors)


def test_a_layer_of_the_app_s_own_with_a_name_of_fastapi_s_is_kept() -> None:
    class AppBodyLimitMiddleware(UnhandledErrors):
        pass

    app = FastAPI()
    inner = UnhandledErrors(app.router)
    named = AppBodyLimitMiddleware(inner)
    assert own_layers(app, named) is named


@pytest.mark.parametrize(("name", "value"), [("root_path", "/api"), ("max_body_size", 1_000)])
def test_the_layers_around_an_app_s_own_are_kept_if_a_limit_or_a_path_was_set(name: str, value: Any) -> None:
    app = FastAPI()
    setattr(app, name, value)
    assert own_layer_of(app) is None


def test_the_handlers_of_errors_are_those_of_the_layer_that_calls_them() -> None:
    async def answer(request: Request, error: Exception) -> Response:
        return Response()

    router = APIRouter()
    layer = ExceptionMiddleware(AsyncExitStackMiddleware(router), handlers={KeyError: answer, 418: answer})
    handlers = handlers_of(layer, router)
    assert handlers is not None
    assert (handlers[0][KeyError], handlers[1][418]) == (answer, answer)
    assert handlers_of(Response(), router) is None
    assert handlers_of(layer, APIRouter()) is None
