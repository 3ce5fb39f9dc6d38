"""Background work is repeated whatever happens to it, and ends when it is cancelled."""

import asyncio
import logging
from collections.abc import Callable, Iterator

import pytest

from tests.support.waiting import until
from watchword import tasks
from watchword.errors import Unavailable
from watchword.tasks import cancel_and_wait, repeat, run_until_first

logger = logging.getLogger("watchword.test")


class Work:
    """Work that raises these errors in turn, and after them none."""

    def __init__(self, *errors: Exception | None) -> None:
        self.calls = 0
        self._errors = iter(errors)

    async def __call__(self) -> None:
        self.calls += 1
        if (error := next(self._errors, None)) is not None:
            raise error


def counting_pauses() -> tuple[list[float], Callable[[], float]]:
    """The pauses that were taken, and a function that makes each a little longer than the one before."""
    pauses: list[float] = []

    def pause() -> float:
        pauses.append(len(pauses) / 1_000)
        return pauses[-1]

    return pauses, pause


def records(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What the work of this test has logged, and nothing that a test before has left."""
    return [record for record in caplog.records if record.name == logger.name]


def lines(caplog: pytest.LogCaptureFixture) -> Iterator[tuple[str, object, object, object]]:
    """Of each log line its level, and what it says of the work, the reason and the next call."""
    for record in records(caplog):
        members = vars(record)
        yield record.levelname, members["work"], members.get("reason"), members["again_in"]


async def test_work_is_repeated_after_a_pause_that_is_chosen_each_time() -> None:
    work = Work()
    pauses, pause = counting_pauses()
    task = asyncio.create_task(repeat(work, pause, logger))
    await until(lambda: work.calls >= 5)
    await cancel_and_wait([task])
    assert pauses[:4] == [0.0, 0.001, 0.002, 0.003]
    assert work.calls - len(pauses) in (0, 1)


async def test_an_error_is_logged_with_its_work_and_does_not_end_the_repetition(
    caplog: pytest.LogCaptureFixture,
) -> None:
    work = Work(Unavailable("no contact"), None, ValueError("a mistake"))
    _, pause = counting_pauses()
    task = asyncio.create_task(repeat(work, pause, logger, name="polling"))
    await until(lambda: work.calls >= 5)
    await cancel_and_wait([task])
    assert list(lines(caplog)) == [("WARNING", "polling", "no contact", 0.0), ("ERROR", "polling", None, 0.002)]
    assert [record.exc_info is not None for record in records(caplog)] == [False, True]
    assert [record.getMessage() for record in records(caplog)] == [
        "background work failed: polling: no contact; again in 0.0 s",
        "background work failed: polling: ValueError('a mistake'); again in 0.0 s",
    ]


async def test_work_without_a_name_is_logged_by_its_function(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise Unavailable("no contact")

    task = asyncio.create_task(repeat(fail, lambda: 60, logger))
    await until(lambda: bool(records(caplog)))
    await cancel_and_wait([task])
    ((_, work, _, again_in),) = lines(caplog)
    assert str(work).endswith("fail")
    assert again_in == 60


async def test_cancelling_ends_the_repetition_in_the_work_and_in_the_pause() -> None:
    forever = asyncio.Event()
    pausing = Work()
    working = asyncio.create_task(repeat(forever.wait, lambda: 0, logger))
    waiting = asyncio.create_task(repeat(pausing, lambda: 3_600, logger))
    await until(lambda: pausing.calls == 1)
    await cancel_and_wait([working, waiting])
    assert (working.cancelled(), waiting.cancelled(), pausing.calls) == (True, True, 1)


async def test_a_task_that_swallows_its_cancellation_is_cancelled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "CANCEL_AGAIN_SECONDS", 0.01)
    swallowed = 0

    async def swallow_three_times() -> None:
        nonlocal swallowed
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed > 3:
                    raise

    task = asyncio.create_task(swallow_three_times())
    await asyncio.sleep(0)
    await cancel_and_wait([task])
    assert (task.done(), swallowed) == (True, 4)


async def test_waiting_for_tasks_that_have_ended_or_failed_raises_nothing() -> None:
    async def fail() -> None:
        raise ValueError

    failed = asyncio.create_task(fail())
    await asyncio.wait([failed])
    await cancel_and_wait([failed])
    await cancel_and_wait([])
    assert isinstance(failed.exception(), ValueError)


class Waiting:
    """Work that ends when `ends` is set, with an error or without one."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error
        self.ends = asyncio.Event()
        self.was_cancelled = False

    async def run(self) -> None:
        try:
            await self.ends.wait()
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise
        if self._error is not None:
            raise self._error


async def test_the_first_work_that_ends_ends_the_others() -> None:
    first, second = Waiting(), Waiting()
    first.ends.set()
    await run_until_first(first.run(), second.run())
    assert second.was_cancelled


async def test_the_error_of_the_first_that_ends_is_raised_after_the_others_have_ended() -> None:
    first, second = Waiting(), Waiting(ValueError("a mistake"))
    second.ends.set()
    with pytest.raises(ValueError, match="a mistake"):
        await run_until_first(first.run(), second.run())
    assert first.was_cancelled


async def test_all_works_end_with_the_one_who_runs_them() -> None:
    works = Waiting(), Waiting()
    running = asyncio.create_task(run_until_first(*(work.run() for work in works)))
    await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.wait([running])
    assert running.cancelled()
    assert all(work.was_cancelled for work in works)
