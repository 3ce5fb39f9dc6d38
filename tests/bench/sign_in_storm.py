"""Measure other requests during 64 concurrent sign-ins with real hashes. The rate of sign-ins is measured apart."""

import asyncio
import time
from collections.abc import Coroutine
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import httpx

from tests.bench.effort import Effort
from tests.bench.section import Budget, Section
from tests.support.services import PASSWORD
from tests.support.stack import Stack, stack

STORM, IDLE_SECONDS, PACE_SECONDS = 64, 8.0, 0.01
MOST_OF_IDLE = 3.0


def measure(home: Path, _: Effort) -> Section:
    with stack(home) as running:
        return asyncio.run(_measure(running))


async def _measure(running: Stack) -> Section:
    async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
        body = {"username": "ada", "email": "ada@example.com", "password": PASSWORD}
        (await http.post(f"{running.identity}/users", json=body)).raise_for_status()
        form = {"grant_type": "password", "username": "ada", "password": PASSWORD}
        tokens = (await http.post(f"{running.identity}/oauth/token", data=form)).raise_for_status().json()
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        post = await http.post(f"{running.posts}/posts", json={"title": "t", "body": "b"}, headers=headers)
        urls = {
            "identity `/livez`": f"{running.identity}/livez",
            "posts `GET /posts/{id}`": f"{running.posts}{post.headers['Location']}",
        }
        idle = await _watch(http, urls, headers, asyncio.sleep(IDLE_SECONDS))
        stormy = await _watch(http, urls, headers, _storm(http, running, form))
    lines = ["| Request | p50 ms idle | p99 ms idle | p50 ms in the storm | p99 ms in the storm | p99 ratio |"]
    lines.append("|---|---|---|---|---|---|")
    for name in urls:
        calm, rough = _p99(idle[name]), _p99(stormy[name])
        halves = median(idle[name]), median(stormy[name])
        lines.append(f"| {name} | {halves[0]:.1f} | {calm:.1f} | {halves[1]:.1f} | {rough:.1f} | {rough / calm:.1f} |")
    ratios = {name: _p99(stormy[name]) / _p99(idle[name]) for name in urls}
    budgets = [Budget(f"{name}, p99 of idle", ratio, most=MOST_OF_IDLE) for name, ratio in ratios.items()]
    return Section("\n".join(lines), budgets)


def _p99(times: list[float]) -> float:
    return quantiles(times, n=100)[98]


async def _storm(http: httpx.AsyncClient, running: Stack, form: dict[str, str]) -> None:
    answers = await asyncio.gather(*(http.post(f"{running.identity}/oauth/token", data=form) for _ in range(STORM)))
    assert {answer.status_code for answer in answers} == {200}


async def _watch(
    http: httpx.AsyncClient, urls: dict[str, str], headers: dict[str, str], meanwhile: Coroutine[Any, Any, None]
) -> dict[str, list[float]]:
    """Send requests at a steady pace until `meanwhile` has ended; the milliseconds of each."""
    task = asyncio.ensure_future(meanwhile)
    times: dict[str, list[float]] = {name: [] for name in urls}
    while not task.done():
        for name, url in urls.items():
            started = time.perf_counter()
            (await http.get(url, headers=headers)).raise_for_status()
            times[name].append((time.perf_counter() - started) * 1000)
        await asyncio.sleep(PACE_SECONDS)
    await task
    return times
