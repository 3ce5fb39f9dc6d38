"""Everything of FastAPI and Starlette that this library uses without their documentation naming it, in one file.

An upgrade can break these names without notice. tests/shared/test_framework.py tries each and says where it is used.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import FunctionType
from typing import Any, Final

# Not `from fastapi.routing import …`: a name that is gone must fail the test that explains it, not every import.
from fastapi import FastAPI, _compat, params, routing
from fastapi.dependencies import models, utils
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from starlette import _exception_handler
from starlette.applications import Starlette
from starlette.convertors import StringConvertor
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

HANDLERS: Final = "starlette.exception_handlers"
"""Where a scope has the handlers of errors."""

TELEMETRY: Final = "fastapi.telemetry"
"""Where a scope has the span of the request, if traces are on."""

Handlers = tuple[Mapping[Any, Any], Mapping[int, Any]]
"""The handlers of errors, by their class and by their status."""

# Each compares the path with a pattern, and the method. A class of an app's own can do anything.
_MATCHES_BY_PATH: Final = (Route.matches, routing.APIRoute.matches, Mount.matches)


@dataclass(frozen=True, slots=True)
class Operation:
    """A route of an app as it is served, with the prefixes and dependencies of all routers that it is included by."""

    context: "routing.RouteContext"

    @property
    def _route(self) -> Any:
        """What has the attributes of the route. The contexts of older releases do not show those of a
        WebSocket or a mount that a router includes."""
        return getattr(self.context, "starlette_route", None) or self.context

    @property
    def path(self) -> str | None:
        """The path below the app, with its parameters in braces; None for a `Host`."""
        path: str | None = getattr(self._route, "path", None)
        return path

    @property
    def documented_path(self) -> str | None:
        """The path as it is a key of `paths` in the OpenAPI document: parameters without their converters."""
        return self.context.path_format

    @property
    def methods(self) -> set[str]:
        """The HTTP methods; empty for a mount and for a WebSocket."""
        return self.context.methods or set()

    @property
    def name(self) -> str:
        """What an error message calls this operation."""
        kind = ["WebSocket"] if isinstance(self.context.original_route, WebSocketRoute) else ["*"]
        return f"{'/'.join(sorted(self.methods) or kind)} {self.path or getattr(self._route, 'host', '')}"

    @property
    def endpoint(self) -> object:
        """The function that is called, or for a mount the app inside it."""
        return getattr(self._route, "endpoint", None) or getattr(self._route, "app", None)

    @property
    def is_api_route(self) -> bool:
        """Whether FastAPI resolves dependencies for this route before it calls the endpoint of an HTTP request."""
        return isinstance(self.context.original_route, routing.APIRoute)

    @property
    def is_socket(self) -> bool:
        """Whether this is a WebSocket whose dependencies FastAPI resolves before it calls the endpoint."""
        return isinstance(self.context.original_route, routing.APIWebSocketRoute)

    @property
    def malformed_status(self) -> int:
        """The status of FastAPI's own refusals; a class of routes can have another than 422."""
        status: int = getattr(self.context.original_route, "malformed_status", 422)
        return status

    @property
    def refuses_repetition(self) -> bool:
        """Whether a query parameter that is given twice is refused, even one that the operation does not read."""
        refuses: bool = getattr(self.context.original_route, "refuses_repetition", False)
        return refuses

    @property
    def is_websocket(self) -> bool:
        """Whether this takes no HTTP request."""
        return isinstance(self.context.original_route, WebSocketRoute)

    @property
    def is_routed_by_path(self) -> bool:
        """Whether the path and the method of a request alone decide if it belongs to this route."""
        return type(self.context.original_route).matches in _MATCHES_BY_PATH

    @property
    def template(self) -> str:
        """The path with its parameters in braces; that of a mount has one for all that is below it."""
        path = self.path or ""
        return f"{path}/{{path:path}}" if isinstance(self.context.original_route, Mount) else path

    @property
    def pattern(self) -> re.Pattern[str]:
        """The pattern that the paths of this route match, if it is routed by its path."""
        pattern: re.Pattern[str] = self._route.path_regex
        return pattern

    def convertors(self) -> dict[str, Callable[[str], Any]]:
        """The functions that convert the texts of path parameters. A parameter that stays a text has none."""
        convertors: dict[str, Any] = self.context.param_convertors
        return {name: it.convert for name, it in convertors.items() if type(it) is not StringConvertor}

    @property
    def route(self) -> BaseRoute:
        """The route as it was declared, without the routers that include it."""
        return self.context.original_route

    @property
    def dependant(self) -> Any:
        """What FastAPI calls for a request, with the dependencies of all routers that it is included by."""
        return self.context.dependant

    @property
    def provider(self) -> Any:
        """The app whose `dependency_overrides` hold; None for a route that was made outside of a router."""
        return self.context.dependency_overrides_provider

    @property
    def has_body_limit(self) -> bool:
        """Whether FastAPI limits the body of its requests."""
        return getattr(self.context, "max_body_size", None) is not None

    def matches(self, path: str) -> bool:
        """Whether a request for this path, as `path_of` gives it, belongs to this route, whatever its method."""
        pattern = getattr(self.context, "path_regex", None)
        return pattern is not None and pattern.match(path) is not None

    def dependencies(self) -> Iterator[Callable[..., Any]]:
        """Every dependency, in the order in which FastAPI calls them."""
        return _calls(getattr(self._route, "dependant", None))


def operations(app: FastAPI) -> Iterator[Operation]:
    """Every operation of the app. `app.routes` alone does not show what included routers hold."""
    return (Operation(context) for context in routing.iter_route_contexts(app.routes))


def frontend_paths(app: FastAPI) -> Iterator[str]:
    """The paths of files served by `frontend()`, which FastAPI keeps apart from the app's routes."""
    for route in app.router._iter_low_priority_routes():
        group: Any = getattr(route, "original_route", route)
        prefix = getattr(route, "frontend_prefix", "")
        yield from (f"{prefix}{frontend.path}" for frontend in group.routes)


def path_of(scope: Scope) -> str:
    """The path of a request below the app: ASGI's `path` without `root_path`, which a proxy or a mount has set."""
    path: str = scope["path"]
    root_path: str = scope.get("root_path", "")
    below = path.removeprefix(root_path)
    return below if below[:1] in ("", "/") else path


def _calls(dependant: Any) -> Iterator[Callable[..., Any]]:
    for child in dependant.dependencies if dependant is not None else ():
        yield from _calls(child)
        if child.call is not None:
            yield child.call


def returns_response(endpoint: Callable[..., Any]) -> bool:
    """Whether a function is annotated to return a Response."""
    annotation = utils.get_typed_return_annotation(endpoint)
    return isinstance(annotation, type) and issubclass(annotation, Response)


def is_awaited(call: Callable[..., Any]) -> bool:
    """Whether FastAPI calls this by awaiting it, without a thread or a context."""
    return models._is_coroutine_callable(call)


def key_of(model_field: Any) -> str | None:
    """The one name by which a request has the value of a parameter; None if it can have others or several values."""
    info = model_field.field_info
    if not isinstance(info, params.Param) or not _compat.field_annotation_is_scalar(info.annotation):
        return None
    if model_field.config or not isinstance(info.validation_alias, str | None):
        return None
    return utils.get_validation_alias(model_field)


def validator_of(model_field: Any) -> Callable[[Any], Any]:
    """The function that returns the argument for the value of a parameter, or raises an error if it is not valid.

    Unlike the field's own method, it does not list everything that is wrong, which can take long.
    """
    return partial(model_field._type_adapter.validate_python, from_attributes=True)


def body_fields_of(dependant: Any) -> tuple[list[Any], bool]:
    """The parameters of an operation that are read from the body, and whether each is a member of it."""
    fields = utils._get_flat_body_params(dependant)
    return fields, utils._should_embed_body_fields(fields)


def routers_of(app: FastAPI) -> tuple[list[Any], bool]:
    """The app's router and all that it includes, and whether each routes as FastAPI's own class does."""
    routers = list(_routers(app.router))
    return routers, all(map(_is_plain, routers)) and app.router.middleware_stack == app.router.app


def version_of(routers: Sequence[Any]) -> int:
    """A number that grows when one of these routers adds a route by one of its methods.

    FastAPI looks at it to see whether it has to read the routes of an included router again. Those of the app itself
    it reads for each request.
    """
    version = 0
    for router in routers:
        version += router._routes_version
    return version


def _routers(router: Any) -> Iterator[Any]:
    yield router
    for route in router.routes:
        if (included := getattr(route, "original_router", None)) is not None:
            yield from _routers(included)


def _is_plain(router: Any) -> bool:
    own, plain = type(router), routing.APIRouter
    return all(getattr(own, name) is getattr(plain, name) for name in ("__call__", "app", "handle", "matches"))


def handlers_of(served: ASGIApp, router: ASGIApp) -> Handlers | None:
    """The handlers of errors of this layer; None unless it is the one in which Starlette calls them, with nothing but
    FastAPI's own layer between it and the router."""
    if not isinstance(served, ExceptionMiddleware) or not isinstance(served.app, AsyncExitStackMiddleware):
        return None
    return (served._exception_handlers, served._status_handlers) if served.app.app is router else None


def own_layers(app: FastAPI, outermost: ASGIApp) -> ASGIApp | None:
    """The outermost of the app's own layers, inside those that FastAPI puts around them. None if FastAPI's may have an
    effect: on traces, the root path, the size of a body, or what answers an error; or if an agent watches them.

    They can still have one for a request that an outer app traces (TELEMETRY is in its scope), and for an error that
    passes through all of the app's own layers.
    """
    telemetry = getattr(app, "_native_telemetry", None)
    is_traced = telemetry is None or telemetry.enabled()
    limits_body = getattr(app, "max_body_size", None) is not None
    answers_errors = app.debug or not app.exception_handlers.keys().isdisjoint({500, Exception})
    is_watched = not (_is_as_written(FastAPI) and _is_as_written(Starlette))
    if is_traced or is_watched or app.root_path or limits_body or answers_errors:
        return None
    layer: Any = outermost
    for name in ("ServerErrorMiddleware", "ExceptionTelemetryMiddleware", "AppBodyLimitMiddleware"):
        if type(layer).__name__ == name and _is_as_written(type(layer)):
            layer = layer.app
    own: ASGIApp = layer
    return own


def _is_as_written(layer: type[Any]) -> bool:
    """Whether this class is FastAPI's or Starlette's, and has the `__call__` that it was written with. An agent that
    watches an app replaces it."""
    call = layer.__call__
    is_own = type(call) is FunctionType and call.__globals__["__name__"] == layer.__module__
    return is_own and layer.__module__.partition(".")[0] in ("fastapi", "starlette")


def with_handlers(app: ASGIApp, request: Request) -> ASGIApp:
    """This app, whose errors go to the handlers in the scope of the request; so do the errors of these handlers."""
    once = _exception_handler.wrap_app_handling_exceptions(app, request)
    return _exception_handler.wrap_app_handling_exceptions(once, request)


def raising(error: Exception) -> ASGIApp:
    """An app that raises this error for each request."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise error

    return app
