"""The frame of a service's app: the middleware, the operations every service has, and what starts and stops with it."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware

import watchword
from watchword.auth import ScopeTexts, Verifier, protect
from watchword.metrics.metrics import Metrics, metrics_routes
from watchword.metrics.process import watch_process
from watchword.observability.logs import configure_logging
from watchword.observability.tracing import configure_tracing, telemetry
from watchword.service.cross_origin import NOT_SHARED, CrossOriginMiddleware, SharedPaths
from watchword.service.front_page import Link, front_page_routes
from watchword.service.health import Check, health_routes
from watchword.service.installation import add_frame
from watchword.service.middleware import Fields
from watchword.service.process import BackgroundWork, on_shutdown_signal, running
from watchword.service.readiness import checks_of
from watchword.service.service_app import ServiceApp
from watchword.service.settings import ServiceSettings, load
from watchword.service.trusted_hops import TrustedHops

if TYPE_CHECKING:
    from watchword.database.database import Database
    from watchword.database.migrations import Migrations

AnySettings = TypeVar("AnySettings", bound=ServiceSettings)
Lifespan = Callable[[], AbstractAsyncContextManager[None]]

# The header fields that pages of other origins may send and read.
_SENT_FIELDS: Final = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "Prefer",
    "X-Request-ID",
    "X-Requested-With",
)
_READ_FIELDS: Final = (
    "ETag",
    "Link",
    "Location",
    "Preference-Applied",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-ID",
)


class ServiceParts(Protocol):
    """The parts that every service has. The frame keeps them as `app.state.parts`."""

    @property
    def settings(self) -> ServiceSettings: ...

    @property
    def database(self) -> "Database": ...

    @property
    def verifier(self) -> Verifier: ...


def new_app(
    parts: ServiceParts,
    migrations: "Migrations",
    metrics: Metrics,
    *,
    title: str,
    summary: str,
    routers: Sequence[APIRouter],
    layers: Sequence[Middleware] = (),
    checks: Mapping[str, Check] | None = None,
    background: Sequence[BackgroundWork] = (),
    lifespan: Lifespan = nullcontext,
    own_paths: Collection[str] = (),
    shared_paths: SharedPaths = NOT_SHARED,
    docs_client_id: str | None = None,
    links: Sequence[Link] = (),
    scopes: ScopeTexts | None = None,
) -> FastAPI:
    """Build the app of a service: its `routers`, guarded by `parts.verifier`, and /, /docs, /livez, /readyz, /metrics.

    It does no I/O before it starts. `layers` are around the routers and their guards, the first one innermost, and
    inside those of every service. `checks` are those of /readyz beside those of the database and of the verifier;
    `background` runs while the app does, and the app's requests are served within `lifespan`. No page of another origin
    sees what is at `own_paths` or below them: the service's own pages, which a cookie alone authenticates. Pages of
    origins beside those of the settings may call `shared_paths`. `docs_client_id` is the client that /docs signs in
    with, and shows the texts of `scopes`. The page at / names `links` first.
    """
    watch_process(metrics)
    background_work = partial(running, parts.database, migrations, *background, metrics.run)
    lifespans = background_work, _end_connections_on_shutdown(parts.verifier), lifespan
    app = _bare_app(title, summary, _one_lifespan(*lifespans))
    app.state.parts = parts
    app.trusted_hops = _trusted_hops(parts.settings)
    _add_guards(app, parts.verifier, scopes, layers)
    health = health_routes({**_checks(parts, migrations), **(checks or {})})
    _add_routes(app, (*routers, health, metrics_routes(metrics), front_page_routes(title, summary, links)))
    varies = _allow_origins(app, parts.settings.cors_origins, own_paths, shared_paths)
    _add_frame(app, parts.settings, docs_client_id, metrics, varies_by_origin=varies)
    return app


def _add_guards(app: FastAPI, verifier: Verifier, scopes: ScopeTexts | None, layers: Sequence[Middleware]) -> None:
    """Guard the app, and add the service's own layers. The other layers are added later, and so are around these: what
    a guard or a layer answers has their fields."""
    protect(app, verifier, scopes=scopes)
    for layer in layers:
        app.add_middleware(layer.cls, *layer.args, **layer.kwargs)


def _checks(parts: ServiceParts, migrations: "Migrations") -> dict[str, Check]:
    """The checks of /readyz that every service has: those of the database and of the verifier."""
    return {"database": partial(migrations.usable_revision, parts.database.reads), **checks_of(parts.verifier)}


def from_environment(name: str, settings: type[AnySettings], build: Callable[[AnySettings], FastAPI]) -> FastAPI:
    """Load the settings, configure logs and traces for the service of this name, and build its app."""
    loaded = load(settings)
    configure_logging(name, loaded.log_level)
    configure_tracing(f"watchword-{name}")
    return build(loaded)


def _add_routes(app: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Add the routes of these routers, which are tried in this order: the service's own come before the pages that few
    requests are for."""
    for router in routers:
        # Not by include_router, which builds each route again: the app adds nothing to them.
        app.router.routes.extend(router.routes)


def _one_lifespan(*parts: Lifespan) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """The lifespan that enters all of these, in this order."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for part in parts:
                await stack.enter_async_context(part())
            yield

    return lifespan


def _end_connections_on_shutdown(verifier: Verifier) -> Lifespan:
    """End streams and WebSockets of signed-in callers on a shutdown signal, since the server would wait for them."""

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        forget = on_shutdown_signal(verifier.open_connections.stop)
        try:
            yield
        finally:
            forget()

    return lifespan


def _trusted_hops(settings: ServiceSettings) -> TrustedHops | None:
    proxies = settings.trusted_proxies
    return TrustedHops(proxies, settings.trusted_hops) if proxies else None


def _bare_app(title: str, summary: str, lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]]) -> ServiceApp:
    return ServiceApp(
        title=title,
        summary=summary,
        version=watchword.__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=telemetry(),
    )


def _add_frame(
    app: FastAPI, settings: ServiceSettings, docs_client_id: str | None, metrics: Metrics, *, varies_by_origin: bool
) -> None:
    fields = _fields_of_site(settings.issuer)
    limit, on_answer = settings.max_body_bytes, metrics.count_request
    add_frame(app, limit, docs_client_id, on_answer, fields, varies_by_origin=varies_by_origin)


def _fields_of_site(issuer: str) -> Fields:
    """The header fields of every answer: if the issuer's URL is https, browsers must use only https here.

    Browsers ignore the field over http (RFC 6797 section 8.1), so a service on a developer's machine may send it.
    """
    return ((b"strict-transport-security", b"max-age=31536000"),) if issuer.startswith("https://") else ()


def _allow_origins(
    app: FastAPI, origins: Collection[str], own_paths: Collection[str], shared_paths: SharedPaths
) -> bool:
    """Add the layer for pages of other origins, unless there can be none. Whether answers vary by the origin."""
    if not origins and shared_paths is NOT_SHARED:
        return False
    app.add_middleware(
        CrossOriginMiddleware,
        own_paths=own_paths,
        shared_paths=shared_paths,
        allow_origins=sorted(origins),
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=_SENT_FIELDS,
        expose_headers=_READ_FIELDS,
    )
    return True
