"""The classes of routes that are answered without FastAPI's machinery when a request is well formed."""

from fastapi.routing import APIRoute

from watchword.http.strict import StrictRoute


class HotRoute(APIRoute):
    """A route for operations that are called often: `APIRouter(route_class=HotRoute)`.

    It declares and refuses what FastAPI's own route does. In an app that `protect` or `install` was called for,
    well-formed requests are answered by a plan that is made once: its dependencies and then its endpoint are called
    directly. Everything else takes FastAPI's way, before any dependency has been called. A validator of a
    parameter must therefore not rely on a dependency that has run.

    Planned are routes whose endpoint is `async` and annotated to return a Response, if each of its dependencies is
    `async`, does not `yield`, and takes no more than the request, other dependencies and single values of the path, the
    query or the header; and one JSON body, unless it has more than 16 KiB. Any other route of this class is served by
    FastAPI, as is every route while `app.dependency_overrides` are set or traces are on.
    """


class StrictHotRoute(HotRoute, StrictRoute):
    """A strict route for operations that are called often."""
