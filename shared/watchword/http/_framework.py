"""Everything of FastAPI and Starlette that this library uses without their documentation naming it, in one file.

An upgrade can break these names without notice. tests/shared/test_framework.py tries each and says where it is used.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

# Not `from fastapi.routing import …`: a name that is gone must fail the test that explains it, not every import.
from fastapi import FastAPI, routing
from starlette.routing import WebSocketRoute
from starlette.types import Scope


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
