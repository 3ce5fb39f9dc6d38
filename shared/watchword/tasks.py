"""Background work: repeating it, stopping it, and waiting for what it does."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, Final

from watchword.errors import Unavailable
from watchword.lines import one_line, quoted

CANCEL_AGAIN_SECONDS: Final = 1.0


async def repeat(
    work: Callable[[], Awaitable[object]],
    pause: Callable[[], float],
    logger: logging.Logger,
    *,
    name: str | None = None,
) -> None:
    """Call `work` again and again until the task is cancelled, `pause()` seconds after each call.

    An error is logged and does not end the repetition: Unavailable as a warning, anything else with its traceback.
    The log line names the work, by `name` or by its function, and the seconds until the next call.
    """
    title = str(name or getattr(work, "__qualname__", repr(work)))
    while True:
        error = await _failure_of(work)
        seconds = pause()
        if error is not None:
            _log_failure(logger, title, error, seconds)
        await asyncio.sleep(seconds)


def _log_failure(logger: logging.Logger, title: str, error: Exception, seconds: float) -> None:
    fields: dict[str, Any] = {"work": title, "again_in": seconds}
    # What an error says may come from the other side.
    text = "background work failed: %s: %s; again in %.1f s"
    if isinstance(error, Unavailable):
        fields["reason"] = error.reason
        logger.warning(text, title, one_line(str(error)), seconds, extra=fields)
    else:
        logger.error(text, title, quoted(error), seconds, exc_info=error, extra=fields)


async def _failure_of(work: Callable[[], Awaitable[object]]) -> Exception | None:
    try:
        await work()
    except Exception as error:
        return error
    return None


async def run_until_first(*works: Coroutine[Any, Any, object]) -> None:
    """Run them side by side until one ends, then cancel the others and wait for them. Raises what that one raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await cancel_and_wait(tasks)
    for task in tasks:
        if task in done:
            await task
        elif not task.cancelled():
            # Retrieved, so that asyncio does not log how work ended that is not wanted any more.
            task.exception()


async def cancel_and_wait(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """Cancel the tasks and return when every one has ended.

    A library that is cleaning up can swallow a cancellation, so each is repeated every second until the task ends.
    """
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN_SECONDS)


async def wait_for(event: asyncio.Event, seconds: float) -> None:
    """Return when the event is set or the time is over."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
