"""The frame that every Watchword service stands in: the app with its middleware and docs, and the process around it."""

import asyncio
import gc
import logging
import signal
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from watchword.database.database import Database
from watchword.database.migrations import Migrations
from watchword.metrics.workers import shared_metrics_folder
from watchword.observability.tracing import telemetry
from watchword.service import docs
from watchword.service.middleware import Answered, RequestContext
from watchword.service.reload import reload_options
from watchword.service.request_head import LimitedHead
from watchword.service.settings import ServiceSettings
from watchword.tasks import cancel_and_wait

logger = logging.getLogger("watchword.serving")

SHUTDOWN_SECONDS = 15

# Longer than proxies keep a connection that they do not use (60 to 90 seconds): where the server closes first, a
# request that is on its way is lost.
KEEP_ALIVE_SECONDS = 120


def new_app(
    title: str,
    summary: str,
    settings: ServiceSettings,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]],
    *,
    cookie_origins: Sequence[str] = (),
    answered: Answered | None = None,
) -> FastAPI:
    """An app without routes: request ids and limits, CORS for the configured origins only, API docs at /docs.

    `cookie_origins`: pages of these may also send this service's cookies along; `answered` is told of every request.
    """
    app = FastAPI(
        title=title,
        summary=summary,
        version="0.1.0",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=telemetry(),
    )
    docs.install(app)
    if origins := sorted({*settings.cors_origins, *cookie_origins}):
        _allow_origins(app, origins, cookies=bool(cookie_origins))
    app.add_middleware(RequestContext, max_body_size=settings.max_body_bytes, answered=answered)
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
    """The life of a service: it starts on a schema that is not behind, runs its background work, and gives all back."""
    tasks: list[asyncio.Task[None]] = []
    try:
        await migrations.usable_revision(database.reads)
        for work in background:
            tasks.append(asyncio.ensure_future(work()))
            tasks[-1].add_done_callback(_note_failure)
        # What start-up has built stays; leaving it out of every collection takes the worst pauses away.
        gc.collect()
        gc.freeze()
        yield
    finally:
        await cancel_and_wait(tasks)
        await database.close()


def _note_failure(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.critical("background work has ended", exc_info=error)


def on_shutdown_signal(callback: Callable[[], None]) -> None:
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


def exit_on_sigterm() -> None:
    """SIGTERM ends the process at any time, with status 143: process 1 of a container has no default for it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def serve(factory: str, settings: ServiceSettings) -> None:
    """Run the app that `factory` names until SIGTERM or SIGINT: drain, then stop."""
    with shared_metrics_folder(settings.workers):
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
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=list(settings.trusted_proxies),
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            **reload_options(factory),
        )
