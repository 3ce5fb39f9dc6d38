"""Measure what other requests wait during 64 concurrent sign-ins with real hashes. Sign-ins are measured apart."""

import multiprocessing
import os
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

# A storm takes about as long as two rounds of other measurements.
STORM, IDLE_ROUNDS, PACE_SECONDS = 64, 2, 0.01
LIVEZ, POST, LIMIT_POST = "identity `/livez`", "posts `GET /posts/{id}`", f"the same post, {LIMIT}"
MOST_OF_IDLE = 3.0
# One person signs in, and none of the sign-ins ends another session.
SETTINGS: Final = {**LONG_TOKENS, "IDENTITY_SESSIONS_PER_ACCOUNT": "10000"}


class Watched(NamedTuple):
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
    with stack(home, **SETTINGS) as running, ExitStack() as entered:
        headers, path = prepare(running)
        limit = entered.enter_context(limit_server(running, home, core=None))
        requests = [
            Watched(LIVEZ, entered.enter_context(_connection(running.identity)), "/livez", {}),
            Watched(POST, entered.enter_context(_connection(running.posts)), path, headers),
            Watched(LIMIT_POST, entered.enter_context(_connection(limit.url)), path, {}),
        ]
        storms = entered.enter_context(_other_process())
        for _ in range(effort.rounds):
            _add(idle, _watch(requests, _time_is_over(IDLE_ROUNDS * effort.seconds)))
            storm = storms.submit(_storm, f"{running.identity}/oauth/token")
            _add(stormy, _watch(requests, storm.done))
            storm.result()
    ratios = {name: _ratio(idle[name], stormy[name]) for name in idle}
    budgets = [Budget(f"{name}, p99 of idle", ratios[name], most=MOST_OF_IDLE) for name in (LIVEZ, POST)]
    return Section(_table(idle, stormy, ratios), budgets)


def _ratio(idle: Sequence[Waits], stormy: Sequence[Waits]) -> float:
    return median(rough.p99 / calm.p99 for calm, rough in zip(idle, stormy, strict=True))


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
def _other_process() -> Iterator[Executor]:
    """A process for the storm, which has started: beside the watching, each would wait for the other's Python."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as other:
        other.submit(os.getpid).result()
        yield other


def _storm(url: str) -> None:
    answers = post_all(url, [password_form("ada")] * STORM, at_once=STORM)
    assert {answer.status for answer in answers} == {HTTPStatus.OK}


def _connection(url: str) -> closing[HTTPConnection]:
    return closing(HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_SECONDS))


def _time_is_over(seconds: float) -> Callable[[], bool]:
    end = time.perf_counter() + seconds
    return lambda: time.perf_counter() > end


def _watch(requests: Sequence[Watched], is_over: Callable[[], bool]) -> dict[str, list[float]]:
    """Send the requests in turns at a steady pace until it is over; the milliseconds of each."""
    times: dict[str, list[float]] = {request.name: [] for request in requests}
    while not is_over():
        for request in requests:
            answer = exchange(request.connection, "GET", request.path, None, request.headers)
            assert answer.status == HTTPStatus.OK, request.name
            times[request.name].append(answer.milliseconds)
        time.sleep(PACE_SECONDS)
    return times


def _add(rounds: Mapping[str, list[Waits]], times: Mapping[str, Sequence[float]]) -> None:
    for name, milliseconds in times.items():
        rounds[name].append(Waits(median(milliseconds), quantiles(milliseconds, n=100)[98]))
