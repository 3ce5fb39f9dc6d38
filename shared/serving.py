"""The frame that every Postern service stands in: the app with its middleware and docs, and the process around it."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import uvicorn
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from shared import docs
from shared.database import Database
from shared.middleware import RequestContext
from shared.migrations import Migrations
from shared.settings import ServiceSettings
from shared.tasks import end

logger = logging.getLogger("postern.serving")

SHUTDOWN_SECONDS = 15


def new_app(
    title: str,
    summary: str,
    settings: ServiceSettings,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]],
    *,
    cookies: bool = False,
) -> FastAPI:
    """An app without routes: request ids and limits, CORS for the configured origins only, API docs at /docs.

    `cookies`: pages of these origins may send this service's cookies along.
    """
    app = FastAPI(
        title=title,
        summary=summary,
        version="0.1.0",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    docs.install(app)
    if settings.cors_origins:
        _allow_origins(app, settings.cors_origins, cookies)
    app.add_middleware(RequestContext, max_body_size=settings.max_body_bytes)
    return app


def _allow_origins(app: FastAPI, origins: Sequence[str], cookies: bool) -> None:
    app.add_middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_credentials=cookies,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=[
            "Authorization",
            "Content-Type",
            "If-Match",
            "If-None-Match",
            "X-Request-ID",
            "X-Requested-With",
        ],
        expose_headers=["ETag", "Link", "Location", "Retry-After", "WWW-Authenticate", "X-Request-ID"],
    )


@asynccontextmanager
async def running(
    database: Database, migrations: Migrations, *background: Callable[[], Awaitable[None]]
) -> AsyncIterator[None]:
    """The life of a service: it starts at the schema's head only, runs its background work, and gives all back."""
    tasks: list[asyncio.Task[None]] = []
    try:
        await migrations.ensure_at_head(database.reads)
        for work in background:
            tasks.append(asyncio.ensure_future(work()))
            tasks[-1].add_done_callback(_note_failure)
        # What start-up has built stays; leaving it out of every collection takes the worst pauses away.
        gc.collect()
        gc.freeze()
        yield
    finally:
        await end(tasks)
        await database.close()


def _note_failure(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.critical("background work has ended", exc_info=error)


def serve(factory: str, settings: ServiceSettings) -> None:
    """Run the app that `factory` names until SIGTERM or SIGINT: drain, then stop."""
    uvicorn.run(
        factory,
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
