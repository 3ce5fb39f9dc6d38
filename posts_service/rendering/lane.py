"""Texts that wait for one worker."""

import asyncio
import logging
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from posts_service.errors import RenderingBusy, TooHardToRender
from posts_service.rendering.frames import DONE
from posts_service.rendering.process import WorkerDied, WorkerProcess
from watchword.fair_queue import FairQueue

logger = logging.getLogger("watchword.rendering")

# A text that has waited for so long is refused rather than rendered: its writer has given up, or will try again.
MAX_WAIT_SECONDS: Final = 5.0
# A worker that something else has ended is not the fault of the text that it had; a second one is.
ATTEMPTS: Final = 2


@dataclass(frozen=True, slots=True)
class _Order:
    text: bytes
    html: asyncio.Future[str]
    at: float


class Lane:
    """A queue with one worker, which is started with the first text and again when it has died."""

    def __init__(self, *, cpu_seconds: float, places: int, max_wait_seconds: float = MAX_WAIT_SECONDS) -> None:
        self._cpu_seconds = cpu_seconds
        self._places = places
        self._max_wait_seconds = max_wait_seconds
        self._queue: FairQueue[_Order] = FairQueue()
        self._worker: WorkerProcess | None = None
        self._serving: asyncio.Task[None] | None = None
        self._is_closed = False

    def __len__(self) -> int:
        """How many texts wait."""
        return len(self._queue)

    @property
    def pid(self) -> int | None:
        """The process that renders, if it has been started."""
        return None if self._worker is None else self._worker.pid

    async def render(self, text: str, owner: Hashable) -> str:
        """The HTML of the text. Raises RenderingBusy and TooHardToRender. A text whose caller is cancelled leaves the
        queue, unless it is being rendered."""
        if self._is_closed:
            raise RenderingBusy("closed")
        self._ensure_place(owner)
        loop = asyncio.get_running_loop()
        order = _Order(text.encode("utf-8", "surrogatepass"), loop.create_future(), loop.time())
        self._queue.put(owner, order)
        if self._serving is None or self._serving.done():
            self._serving = loop.create_task(self._serve())
        try:
            return await order.html
        except asyncio.CancelledError:
            self._queue.discard(owner, order)
            raise

    async def close(self) -> None:
        """End the worker, and refuse what waits for it."""
        self._is_closed = True
        if self._serving is not None:
            self._serving.cancel()
            with suppress(asyncio.CancelledError):
                await self._serving
        while len(self._queue):
            _fail(self._queue.take(), RenderingBusy("closed"))
        await self._end_worker()

    def _ensure_place(self, owner: Hashable) -> None:
        """If the queue is full, the owner of the most texts loses the last place. Raises RenderingBusy if that would be
        no fairer."""
        if len(self._queue) < self._places:
            return
        displaced = self._queue.make_room_for(owner)
        if displaced is None:
            raise RenderingBusy("every place is taken")
        _fail(displaced, RenderingBusy("another writer has taken this place"))

    async def _serve(self) -> None:
        """Render until nothing waits."""
        while len(self._queue):
            order = self._queue.take()
            # Its writer may have gone. Only this task speaks with the worker, so that every answer meets its text.
            if order.html.done():
                continue
            try:
                html = await self._html_of(order)
            except asyncio.CancelledError:
                _fail(order, RenderingBusy("closed"))
                raise
            except Exception as error:
                _fail(order, error)
            else:
                if not order.html.done():
                    order.html.set_result(html)

    async def _html_of(self, order: _Order) -> str:
        waited = asyncio.get_running_loop().time() - order.at
        if waited > self._max_wait_seconds:
            raise RenderingBusy(f"waited for {waited:.1f} s")
        answer = await self._answer(order.text)
        if not answer.startswith(DONE):
            raise TooHardToRender(answer[1:].decode())
        return answer[1:].decode()

    async def _answer(self, text: bytes) -> bytes:
        for attempt in range(1, ATTEMPTS + 1):
            worker = self._worker = self._worker or await self._start()
            try:
                return await worker.ask(text)
            except WorkerDied as error:
                self._worker = None
                if error.is_out_of_time:
                    raise TooHardToRender(f"more than {self._cpu_seconds} s of CPU time") from None
                if error.is_silent:
                    raise RenderingBusy("the worker did not answer") from None
                logger.warning("worker has died: %s; attempt %d of %d", error, attempt, ATTEMPTS)
        raise TooHardToRender(f"{ATTEMPTS} workers have died of it")

    async def _start(self) -> WorkerProcess:
        try:
            return await WorkerProcess.start(self._cpu_seconds)
        except (OSError, WorkerDied) as error:
            logger.error("worker did not start: %s", error)
            raise RenderingBusy(f"worker did not start: {error}") from error

    async def _end_worker(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            await worker.end()


def _fail(order: _Order, error: Exception) -> None:
    if not order.html.done():
        order.html.set_exception(error)
