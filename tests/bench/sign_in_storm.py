"""Measure what other requests wait during 64 concurrent sign-ins with real hashes. Sign-ins are measured apart."""

import multiprocessing
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from statistics import median, quantiles
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from tests.bench.effort import Effort
from tests.bench.form_load import TIMEOUT_SECONDS, exchange, post_all
from tests.bench.section import Budget, Section
from tests.bench.testbed import LIMIT, LONG_TOKENS, limit_server, prepare
from tests.bench.tokens import password_form
from tests.support.stack import stack

# Long enough that the p99 of the idle time is one of several hundred samples.
IDLE_ROUNDS = 2
STORM, PAUSE_SECONDS = 64, 0.01
LIVEZ, POST, LIMIT_POST = "identity `/livez`", "posts `GET /posts/{id}`", f"the same post, {LIMIT}"
MOST_OF_IDLE = 3.0
# One person signs in, and none of the sign-ins ends another session.
SETTINGS: Final = {**LONG_TOKENS, "IDENTITY_SESSIONS_PER_ACCOUNT": "10000"}


class WatchedRequest(NamedTuple):
    """A request that is sent again and again on one connection."""

    name: str
    connection: HTTPConnection
    path: str
    headers: Mapping[str, str]


class Waits(NamedTuple):
    """The p50 and the p99 of one request in one round, in milliseconds."""

    p50: float
    p99: float


def measure(home: Path, effort: Effort) -> Section:
    idle: dict[str, list[Waits]] = {LIVEZ: [], POST: [], LIMIT_POST: []}
    stormy: dict[str, list[Waits]] = {name: [] for name in idle}
    with stack(home, **SETTINGS) as running, ExitStack() as resources:
        headers, path = prepare(running)
        limit = resources.enter_context(limit_server(running, home, core=None))
        requests = [
            WatchedRequest(LIVEZ, resources.enter_context(_connection(running.identity)), "/livez", {}),
            WatchedRequest(POST, resources.enter_context(_connection(running.posts)), path, headers),
            WatchedRequest(LIMIT_POST, resources.enter_context(_connection(limit.url)), path, {}),
        ]
        process = resources.enter_context(_storm_process())
        for _ in range(effort.rounds):
            _add(idle, _watch(requests, _deadline(IDLE_ROUNDS * effort.seconds)))
            forms = [password_form("ada")] * STORM
            storm = process.submit(post_all, f"{running.identity}/oauth/token", forms, at_once=STORM)
            times = _watch(requests, storm.done)
            assert {answer.status for answer in storm.result()} == {HTTPStatus.OK}
            _add(stormy, times)
    ratios = {name: _ratio(idle[name], stormy[name]) for name in idle}
    budgets = [Budget(f"{name}, p99 of idle", ratios[name], most=MOST_OF_IDLE) for name in (LIVEZ, POST)]
    return Section(_table(idle, stormy, ratios), budgets)


def _ratio(idle: Sequence[Waits], stormy: Sequence[Waits]) -> float:
    return median(storm_waits.p99 / idle_waits.p99 for idle_waits, storm_waits in zip(idle, stormy, strict=True))


def _table(
    idle: Mapping[str, Sequence[Waits]], stormy: Mapping[str, Sequence[Waits]], ratios: Mapping[str, float]
) -> str:
    lines = ["| Request | p50 ms idle | p99 ms idle | p50 ms in the storm | p99 ms in the storm | p99 ratio |"]
    lines.append("|---|---|---|---|---|---|")
    for name, ratio in ratios.items():
        columns = [median(column) for rounds in (idle[name], stormy[name]) for column in zip(*rounds, strict=True)]
        lines.append(f"| {name} | {' | '.join(f'{column:.1f}' for column in columns)} | {ratio:.1f} |")
    return "\n".join(lines)


@contextmanager
def _storm_process() -> Iterator[Executor]:
    """A process that posts the forms: in this one, the storm and the watch would wait for each other's interpreter."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        # It has started, and imported what it needs, before anything is measured.
        process.submit(post_all, "http://localhost", [], at_once=1).result()
        yield process


def _connection(url: str) -> closing[HTTPConnection]:
    return closing(HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_SECONDS))


def _deadline(seconds: float) -> Callable[[], bool]:
    """Tells whether so many seconds have passed since now."""
    end = time.perf_counter() + seconds
    return lambda: time.perf_counter() > end


def _watch(requests: Sequence[WatchedRequest], is_over: Callable[[], bool]) -> dict[str, list[float]]:
    """Send the requests in turns, with a pause after each turn, until `is_over` answers True; their milliseconds."""
    times: dict[str, list[float]] = {request.name: [] for request in requests}
    while not is_over():
        for request in requests:
            answer = exchange(request.connection, "GET", request.path, None, request.headers)
            assert answer.status == HTTPStatus.OK, request.name
            times[request.name].append(answer.milliseconds)
        time.sleep(PAUSE_SECONDS)
    return times


def _add(rounds: Mapping[str, list[Waits]], times: Mapping[str, Sequence[float]]) -> None:
    for name, milliseconds in times.items():
        rounds[name].append(Waits(median(milliseconds), quantiles(milliseconds, n=100)[98]))
