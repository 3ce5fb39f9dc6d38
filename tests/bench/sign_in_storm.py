"""Measure what other requests wait during 64 concurrent sign-ins with real hashes. Sign-ins are measured apart."""

import multiprocessing
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from statistics import median
from typing import Final

from tests.bench.effort import Effort
from tests.bench.form_load import post_all
from tests.bench.section import Budget, Section
from tests.bench.testbed import LIMIT, LONG_TOKENS, limit_server, prepare
from tests.bench.tokens import password_form
from tests.bench.watch import Connections, Waits, WatchedRequest, pages, watch
from tests.support.stack import stack

# Long enough that the p99 of the idle time is one of several hundred samples.
IDLE_ROUNDS = 3
STORM = 64
LIVEZ, POST, LIMIT_POST = "identity `/livez`", "posts `GET /posts/{id}`", f"the same post, {LIMIT}"
MOST_OF_IDLE = 3.0
# One person signs in, and none of the sign-ins ends another session.
SETTINGS: Final = {**LONG_TOKENS, "IDENTITY_SESSIONS_PER_ACCOUNT": "10000"}


def measure(home: Path, effort: Effort) -> Section:
    with stack(home, **SETTINGS) as running, Connections() as connections:
        headers, path = prepare(running)
        limit = connections.enter_context(limit_server(running, home, core=None))
        ours = [
            WatchedRequest(LIVEZ, connections.to(running.identity), "/livez"),
            WatchedRequest(POST, connections.to(running.posts), path, headers),
            *pages(running, connections, headers),
        ]
        requests = [*ours, WatchedRequest(LIMIT_POST, connections.to(limit.url), path)]
        process = connections.enter_context(_storm_process())
        idle, stormy = [], []
        for _ in range(effort.rounds):
            idle.append(watch(requests, _deadline(IDLE_ROUNDS * effort.seconds)))
            forms = [password_form("ada")] * STORM
            storm = process.submit(post_all, f"{running.identity}/oauth/token", forms, at_once=STORM)
            stormy.append(watch(requests, storm.done))
            assert {answer.status for answer in storm.result()} == {HTTPStatus.OK}
    ratios = {request.name: _ratio(request.name, idle, stormy) for request in requests}
    budgets = [Budget(f"{name}, p99 of idle", ratios[name], most=MOST_OF_IDLE) for name, *_ in ours]
    return Section(_table(idle, stormy, ratios), budgets)


def _ratio(name: str, idle: Sequence[Mapping[str, Waits]], stormy: Sequence[Mapping[str, Waits]]) -> float:
    return median(storm[name].p99 / quiet[name].p99 for quiet, storm in zip(idle, stormy, strict=True))


def _table(
    idle: Sequence[Mapping[str, Waits]], stormy: Sequence[Mapping[str, Waits]], ratios: Mapping[str, float]
) -> str:
    lines = ["| Request | p50 ms idle | p99 ms idle | p50 ms in the storm | p99 ms in the storm | p99 ratio |"]
    lines.append("|---|---|---|---|---|---|")
    for name, ratio in ratios.items():
        waits = ([each[name] for each in rounds] for rounds in (idle, stormy))
        columns = [median(column) for rounds in waits for column in zip(*rounds, strict=True)]
        lines.append(f"| {name} | {' | '.join(f'{column:.1f}' for column in columns)} | {ratio:.1f} |")
    return "\n".join(lines)


@contextmanager
def _storm_process() -> Iterator[Executor]:
    """A process that posts the forms: in this one, the storm and the watch would wait for each other's interpreter."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        # It has started, and imported what it needs, before anything is measured.
        process.submit(post_all, "http://localhost", [], at_once=1).result()
        yield process


def _deadline(seconds: float) -> Callable[[], bool]:
    """Tells whether so many seconds have passed since now."""
    end = time.perf_counter() + seconds
    return lambda: time.perf_counter() > end
