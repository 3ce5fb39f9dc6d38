"""The process around a service's app: the server, what runs beside it, and how it stops."""

import asyncio
import gc
import logging
import signal
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import cache
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from watchword.service.settings import ServiceSettings
from watchword.tasks import cancel_and_wait

if TYPE_CHECKING:
    from watchword.database.database import Database
    from watchword.database.migrations import Migrations

logger = logging.getLogger("watchword.serving")

SHUTDOWN_SECONDS: Final = 15
"""How long after the signal open requests and jobs have to end. It fits into the grace that deploy/ gives a process."""

# Longer than proxies keep an idle connection (60 to 90 seconds): if the server closes it first, a request that is on
# its way is lost.
KEEP_ALIVE_SECONDS: Final = 120

# A worker process that does not answer its parent for so long is killed with its connections. A busy machine may keep a
# worker that starts from answering for several seconds.
WORKER_SILENCE_SECONDS: Final = 30

ALLOCATIONS_PER_COLLECTION: Final = 10_000
"""How many objects more there are before the garbage collector looks at the youngest. Python's 700 are fewer than what
a process makes that serves several requests at a time: it would look at them again and again, and find no garbage."""

_shutdown_callbacks: Final[list[tuple[asyncio.AbstractEventLoop, Callable[[], None]]]] = []

BackgroundWork = Callable[[], Awaitable[None]]
"""Work that runs as a task for as long as the app does."""


@asynccontextmanager
async def running(database: "Database", migrations: "Migrations", *background: BackgroundWork) -> AsyncIterator[None]:
    """Run the background work around the block, and close the database after it.

    Raises SchemaBehind, SchemaForeign or SchemaForbidden if the schema is not one that this code can work with.
    """
    tasks: list[asyncio.Task[None]] = []
    try:
        await migrations.usable_revision(database.reads)
        for work in background:
            tasks.append(asyncio.ensure_future(work()))
            tasks[-1].add_done_callback(_log_failure)
        _freeze_heap()
        yield
    finally:
        await cancel_and_wait(tasks)
        await database.close()


@cache
def _freeze_heap() -> None:
    """Leave what start-up has built out of every collection, which takes the worst pauses away. Once in a process: in
    the tests of a service, which start one app after the other, it would keep each of them for ever."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS_PER_COLLECTION)


def _log_failure(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.critical("background work has ended", exc_info=error)


def on_shutdown_signal(callback: Callable[[], None]) -> Callable[[], None]:
    """Run `callback` in the event loop when SIGTERM or SIGINT arrives, before the server waits for open requests.

    Call it in the server's event loop. Outside the main thread, where signals never arrive, it does nothing. The
    function that it returns takes the callback away again.
    """
    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    entry = asyncio.get_running_loop(), callback
    _shutdown_callbacks.append(entry)
    for number in (signal.SIGTERM, signal.SIGINT):
        previous = signal.getsignal(number)
        if callable(previous) and not isinstance(previous, _SignalHandler):
            signal.signal(number, _SignalHandler(previous))
    return lambda: _shutdown_callbacks.remove(entry)


class _SignalHandler:
    """Has every callback run, and calls the handler that was there before."""

    def __init__(self, previous: Callable[[int, FrameType | None], Any]) -> None:
        self._previous = previous

    def __call__(self, number: int, frame: FrameType | None) -> None:
        for loop, callback in tuple(_shutdown_callbacks):
            # A loop that is closed has nothing left to end.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(callback)
        self._previous(number, frame)


def exit_on_sigterm() -> None:
    """Make SIGTERM end the process with status 143 at any time: process 1 of a container ignores it by default."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def serve(factory: str, settings: ServiceSettings) -> None:
    """Serve the app that the function `factory` ("module:name") builds.

    SIGTERM or SIGINT stops it: open requests and jobs have SHUTDOWN_SECONDS to end.
    """
    # Imported here, so that commands which serve nothing start without them.
    import uvicorn

    from watchword.metrics.workers import shared_metrics_folder
    from watchword.service.reload import reload_options
    from watchword.service.time_limits import BoundedConnection

    with shared_metrics_folder(settings.workers):
        uvicorn.run(
            factory,
            factory=True,
            http=BoundedConnection,
            host=settings.host,
            port=settings.port,
            workers=settings.workers,
            access_log=False,
            log_config=None,
            server_header=False,
            # The app finds the caller (trusted_hops): uvicorn would take an address that the caller may have chosen.
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            timeout_worker_healthcheck=WORKER_SILENCE_SECONDS,
            **reload_options(factory),
        )
