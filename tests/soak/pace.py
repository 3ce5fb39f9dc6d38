"""A steady pace of requests, and a count of their answers."""

import asyncio
import time
from collections import Counter

import httpx

MOST_FAILURES_SHOWN = 20


class Pace:
    """Lets `per_second` requests begin in a second, those of all senders together. Lost time is not made up for."""

    def __init__(self, per_second: float) -> None:
        self._interval = 1 / per_second
        self._next = time.monotonic()

    async def turn(self, _: httpx.Request) -> None:
        """Return when the next request may begin; a hook of an HTTP client."""
        now = time.monotonic()
        slot = max(now, self._next)
        self._next = slot + self._interval
        await asyncio.sleep(slot - now)


class Answers:
    """The statuses of all answers, the answers that were not as intended (their number, and the first of them), and the
    seconds that all took."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.seconds = 0.0
        self.failed = 0
        self.failures: list[str] = []

    @property
    def count(self) -> int:
        return self.statuses.total()

    async def add(self, answer: httpx.Response) -> None:
        """Count one answer; a hook of an HTTP client."""
        self.statuses[answer.status_code] += 1

    def fail(self, error: Exception) -> None:
        self.failed += 1
        if len(self.failures) < MOST_FAILURES_SHOWN:
            self.failures.append(repr(error))


def expect(answer: httpx.Response, status: int) -> httpx.Response:
    """The answer, which must have this status."""
    request = answer.request
    assert answer.status_code == status, f"{request.method} {request.url}: {answer.status_code} {answer.text}"
    return answer
