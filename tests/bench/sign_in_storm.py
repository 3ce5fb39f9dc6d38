"""Measure other requests during 64 concurrent sign-ins with real hashes, and the rate against plain bcrypt."""

import asyncio
import os
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import bcrypt
import httpx

from tests.support.services import PASSWORD
from tests.support.stack import Stack, stack

STORM, IDLE_SECONDS, PACE_SECONDS = 64, 8.0, 0.01


def measure(home: Path) -> str:
    with stack(home) as running:
        return asyncio.run(_measure(running))


async def _measure(running: Stack) -> str:
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
        started = time.perf_counter()
        stormy = await _watch(http, urls, headers, _storm(http, running, form))
        seconds = time.perf_counter() - started
    lines = ["| Request | p50 ms idle | p99 ms idle | p50 ms in the storm | p99 ms in the storm | p99 ratio |"]
    lines.append("|---|---|---|---|---|---|")
    for name in urls:
        calm, rough = quantiles(idle[name], n=100)[98], quantiles(stormy[name], n=100)[98]
        halves = median(idle[name]), median(stormy[name])
        lines.append(f"| {name} | {halves[0]:.1f} | {calm:.1f} | {halves[1]:.1f} | {rough:.1f} | {rough / calm:.1f} |")
    bare = await asyncio.to_thread(_bare)
    lines.append(
        f"\n{STORM} sign-ins in {seconds:.1f} s: {STORM / seconds:.2f}/s; bare bcrypt on the same cores: {bare:.2f}/s"
    )
    return "\n".join(lines)


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


def _bare() -> float:
    """bcrypt hashes per second with one thread per core and no other work."""
    threads = os.cpu_count() or 1
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(12))
    started = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda _: bcrypt.checkpw(PASSWORD.encode(), hashed), range(24)))
    return 24 / (time.perf_counter() - started)
