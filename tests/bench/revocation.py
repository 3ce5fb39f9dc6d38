"""Measure the time from the answer to a sign-out until every worker of posts refuses, idle and under load."""

import asyncio
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

import httpx

from tests.bench.effort import Effort
from tests.bench.load import CLIENT_CORE
from tests.bench.plot import Series, curves
from tests.bench.section import Budget, Section
from tests.support.person import Person
from tests.support.services import unique
from tests.support.stack import Stack, stack

REVOCATIONS, FEW, CONNECTIONS, PEOPLE = 200, 20, 12, 10
PICTURE = "revocation-latency.svg"
MOST_MILLISECONDS = 150


def measure(home: Path, effort: Effort) -> Section:
    count = FEW if effort.is_trial else REVOCATIONS
    lines = ["| posts workers | load | p50 ms | p99 ms | max ms |", "|---|---|---|---|---|"]
    series: list[Series] = []
    slowest = 0.0
    for workers in (1, 4):
        folder = home / str(workers)
        folder.mkdir()
        with stack(folder, IDENTITY_BCRYPT_ROUNDS="4", POSTS_WORKERS=str(workers)) as running:
            for load in ("idle", "under load"):
                times = asyncio.run(_measure(running, count, load == "under load"))
                p99 = quantiles(times, n=100)[98]
                slowest = max(slowest, p99)
                lines.append(f"| {workers} | {load} | {median(times):.0f} | {p99:.0f} | {max(times):.0f} |")
                series.append(Series(f"{workers} worker{'s' if workers > 1 else ''}, {load}", times))
    picture = curves(series, "Milliseconds from the answer to a sign-out until every worker refuses the token")
    text = "\n".join([*lines, "", f"{count} sign-outs each", "", f"![Share of sign-outs obeyed]({PICTURE})"])
    return Section(text, [Budget("largest p99", slowest, most=MOST_MILLISECONDS, unit=" ms")], {PICTURE: picture})


async def _measure(running: Stack, count: int, under_load: bool) -> list[float]:
    async with httpx.AsyncClient(timeout=20, trust_env=False) as http:
        people = [await Person(http, running, unique("ada")).register() for _ in range(PEOPLE)]
        sessions = [await Person(http, running, people[i % PEOPLE].username).sign_in() for i in range(count)]
        # One connection each; the kernel spreads them over the workers.
        connections = [httpx.AsyncClient(timeout=20, trust_env=False) for _ in range(CONNECTIONS)]
        url = f"{running.posts}/posts?state=draft"
        try:
            with _load(running, people[0], under_load):
                return [await _until_refused(session, connections, url) for session in sessions]
        finally:
            for connection in connections:
                await connection.aclose()


async def _until_refused(session: Person, connections: list[httpx.AsyncClient], url: str) -> float:
    """Milliseconds from the answer to the sign-out until every connection has been refused."""
    for connection in connections:
        assert (await connection.get(url, headers=session.headers)).status_code == 200
    await session.sign_out()
    started = time.perf_counter()
    waiting = list(connections)
    while waiting:
        answers = await asyncio.gather(*(connection.get(url, headers=session.headers) for connection in waiting))
        waiting = [connection for connection, answer in zip(waiting, answers, strict=True) if answer.status_code != 401]
        assert time.perf_counter() - started < 30
    return (time.perf_counter() - started) * 1000


@contextmanager
def _load(running: Stack, person: Person, under_load: bool) -> Iterator[None]:
    """If `under_load`, run wrk on guarded pages over four connections during the block."""
    if not under_load:
        yield
        return
    header = f"Authorization: {person.headers['Authorization']}"
    url = f"{running.posts}/posts"
    command = ["taskset", "-c", CLIENT_CORE, "wrk", "-t1", "-c4", "-d300s", "-H", header, url]
    wrk = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        wrk.terminate()
        wrk.wait()
