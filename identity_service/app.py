"""The app: its routers, its error handlers, and what starts and stops with it. No I/O until it starts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI

from identity_service.accounts import deletion_routes as deletions
from identity_service.accounts import routes as users
from identity_service.events import routes as events
from identity_service.keys import routes as keys
from identity_service.metrics import build_metrics
from identity_service.oauth import errors as oauth_errors
from identity_service.oauth import routes as oauth
from identity_service.parts import MIGRATIONS, Parts, assemble
from identity_service.sessions import routes as sessions
from identity_service.sessions.cleanup import delete_expired_forever
from identity_service.settings import Settings
from watchword.auth import protect
from watchword.metrics.metrics import metrics_routes
from watchword.observability.logs import configure_logging
from watchword.observability.tracing import configure_tracing
from watchword.service.app import new_app, on_shutdown_signal, running
from watchword.service.health import health_routes
from watchword.service.settings import load


def create_app(parts: Parts) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        tidy = partial(delete_expired_forever, parts.database, parts.clock)
        background = (parts.keyring.run, parts.passwords.start, parts.listener.run, parts.pusher.run, tidy)
        async with running(parts.database, MIGRATIONS, *background, metrics.keep):
            await parts.keyring.check()
            on_shutdown_signal(parts.doorbell.close)
            yield
        parts.passwords.stop()

    async def database_is_usable() -> str:
        return await MIGRATIONS.ensure_usable(parts.database.reads)

    async def a_key_signs() -> str:
        return parts.keyring.signer().kid

    metrics = build_metrics(parts)
    app = new_app(
        "Watchword identity",
        "Learns who you are and signs a token that says so.",
        parts.settings,
        lifespan,
        cookie_origins=parts.settings.browser_origins,
        answered=metrics.answered,
    )
    app.state.parts = parts
    protect(app, parts.verifier)
    oauth_errors.install(app)
    rooms = (oauth.router, keys.router, users.router, deletions.router, sessions.router)
    for router in (*rooms, events.router, events.streams_router):
        app.include_router(router)
    app.include_router(health_routes({"database": database_is_usable, "signing_key": a_key_signs}))
    app.include_router(metrics_routes(metrics))
    return app


def from_environment() -> FastAPI:
    """Build the app from the settings in the environment; the server calls this."""
    settings = load(Settings)
    configure_logging("identity", settings.log_level)
    configure_tracing("watchword-identity")
    return create_app(assemble(settings))
