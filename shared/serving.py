"""The frame that every Postern service stands in: the app with its middleware and docs, and the process around it."""

import asyncio
import gc
import logging
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from shared import docs
from shared.database import Database
from shared.head import LimitedHead
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
    cookie_origins: Sequence[str] = (),
) -> FastAPI:
    """An app without routes: request ids and limits, CORS for the configured origins only, API docs at /docs.

    `cookie_origins`: pages of these may also send this service's cookies along.
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
    if origins := sorted({*settings.cors_origins, *cookie_origins}):
        _allow_origins(app, origins, cookies=bool(cookie_origins))
    app.add_middleware(RequestContext, max_body_size=settings.max_body_bytes)
    return app


def _allow_origins(app: FastAPI, origins: Sequence[str], *, cookies: bool) -> None:
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


def when_told_to_end(callback: Callable[[], None]) -> None:
    """Call this in the event loop as soon as the process is told to end, before the server waits for open requests.

    To be called from the event loop of the server; elsewhere than in a main thread nothing happens.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)

        def handle(signum: int, frame: FrameType | None, before: Any = before) -> None:
            loop.call_soon_threadsafe(callback)
            if callable(before):
                before(signum, frame)

        if callable(before):
            signal.signal(number, handle)


def serve(factory: str, settings: ServiceSettings) -> None:
    """Run the app that `factory` names until SIGTERM or SIGINT: drain, then stop."""
    uvicorn.run(
        factory,
        factory=True,
        http=LimitedHead,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
