"""The app: routers, refusals, and what starts and stops with it. No I/O until it starts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from posts_service.metrics import build_metrics
from posts_service.parts import MIGRATIONS, Parts, assemble
from posts_service.posts import routes as posts
from posts_service.settings import Settings
from watchword.auth import protect
from watchword.metrics.metrics import metrics_routes
from watchword.observability.logs import configure_logging
from watchword.observability.tracing import configure_tracing
from watchword.service.app import new_app, running
from watchword.service.health import health_routes
from watchword.service.settings import load


def create_app(parts: Parts) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with running(parts.database, MIGRATIONS, metrics.run):
            yield

    async def database_is_usable() -> str:
        return await MIGRATIONS.usable_revision(parts.database.reads)

    async def issuer_is_heard() -> dict[str, object]:
        return {"silent": parts.receiver.is_silent(), "seconds": round(parts.receiver.silent_for(), 1)}

    metrics = build_metrics(parts)
    app = new_app(
        "Watchword posts",
        "Whose post it is, and who may change it.",
        parts.settings,
        lifespan,
        answered=metrics.answered,
    )
    app.state.parts = parts
    protect(app, parts.verifier)
    app.include_router(posts.router)
    app.include_router(health_routes({"database": database_is_usable, "security_events": issuer_is_heard}))
    app.include_router(metrics_routes(metrics))
    return app


def from_environment() -> FastAPI:
    """What the server runs: the app with the settings of its environment."""
    settings = load(Settings)
    configure_logging("posts", settings.log_level)
    configure_tracing("watchword-posts")
    return create_app(assemble(settings))
