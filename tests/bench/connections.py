"""Measure one read over 1 to 512 connections, beside the peers, and whether each server still answers afterwards."""

import resource
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from tests.bench.comparison import Comparison, Variant, compare, number
from tests.bench.effort import Effort
from tests.bench.peers.running import all_peers, running_peer
from tests.bench.plot import Series, lines
from tests.bench.section import Budget, Section
from tests.bench.servers import Server
from tests.bench.testbed import OURS, our_server, prepared_stack
from tests.support.stack import Stack

CONNECTIONS = (1, 8, 32, 128, 512)
# A second less than for other reads: five counts are measured.
SECONDS_LESS = 1
ANSWER_SECONDS = 10
PICTURE = "connections.svg"


def measure(home: Path, effort: Effort) -> Section:
    # wrk inherits the limit, and needs a file for each connection.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    effort = Effort(effort.rounds, max(effort.seconds - SECONDS_LESS, 1))
    results: dict[int, tuple[Comparison, dict[str, str]]] = {}
    with prepared_stack(home) as (running, headers, path):
        for count in CONNECTIONS:
            # Started anew for each count: one that has stopped answering must not spoil the next.
            with _servers(running, headers, home) as servers:
                variants = [Variant(server.name, server, path, server.headers) for server in servers]
                comparison = compare(variants, effort, connections=count)
                results[count] = comparison, {server.name: _later_answer(server, path) for server in servers}
    series = [Series(name, [comparison[name].p99 for comparison, _ in results.values()]) for name in results[1][0]]
    picture = lines(series, [str(count) for count in CONNECTIONS], "p99 of one read, by open connections", "ms")
    failed = sum(comparison[OURS].failed for comparison, _ in results.values())
    budgets = [Budget("failed requests of posts_service, over any number of connections", failed, most=0)]
    text = f"{_table(results)}\n\n![p99 by open connections]({PICTURE})"
    return Section(text, budgets, {PICTURE: picture})


@contextmanager
def _servers(running: Stack, headers: dict[str, str], home: Path) -> Iterator[list[Server]]:
    with ExitStack() as servers:
        ours = servers.enter_context(our_server(running, headers, home))
        yield [ours, *(servers.enter_context(running_peer(running, peer, home)) for peer in all_peers())]


def _later_answer(server: Server, path: str) -> str:
    """What a single request gets after the load."""
    try:
        answer = httpx.get(f"{server.url}{path}", headers=server.headers, timeout=ANSWER_SECONDS, trust_env=False)
    except httpx.TransportError:
        return f"nothing within {ANSWER_SECONDS} s"
    return str(answer.status_code)


def _table(results: dict[int, tuple[Comparison, dict[str, str]]]) -> str:
    rows = [
        "| Connections | Server | req/s | p50 ms | p99 ms | failed of | a request afterwards |",
        "|---|---|---|---|---|---|---|",
    ]
    for count, (comparison, later) in results.items():
        for name, figures in comparison.items():
            rows.append(
                f"| {count} | {name} | {figures.per_second:,.0f} | {number(figures.p50, '.1f')}"
                f" | {number(figures.p99, '.1f')} | {figures.failed:,} of {figures.answered:,} | {later[name]} |"
            )
    return "\n".join(rows)
