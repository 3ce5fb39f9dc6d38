"""Measure how the cost of reads, deep pages, sign-ins and refreshing grows with the number of posts and users."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from tests.bench.comparison import Comparison, Figures, Variant, compare, number, ratio
from tests.bench.effort import Effort
from tests.bench.growth_data import cursor_after, grow
from tests.bench.plot import Series, lines
from tests.bench.refresh import CHAINS, chains
from tests.bench.section import Budget, Section
from tests.bench.servers import Server, server
from tests.bench.testbed import SETTINGS, our_server, prepare
from tests.bench.tokens import password_form, sign_in_often
from tests.support.stack import Stack, stack

SIZES = (1_000, 10_000, 100_000, 1_000_000)
PAGE, DEEPEST_PAGE = 20, 10_000
# Two seconds less than for other reads: five variants are measured at each of four sizes.
SECONDS_LESS = 2
MOST_OF_THE_FIRST_PAGE = 1.2
PICTURE = "growth.svg"
ONE, FIRST, DEEP, SIGN_IN, REFRESH = "one post", "first page", "deep page", "sign-in", "refresh"


@dataclass(frozen=True)
class Testbed:
    """Both services, which run on the core of the servers, and the path of a post that is there at every size."""

    stack: Stack
    posts: Server
    identity: Server
    path: str
    home: Path


def measure(home: Path, effort: Effort) -> Section:
    effort = Effort(effort.rounds, max(effort.seconds - SECONDS_LESS, 1))
    with stack(home, **SETTINGS) as running:
        headers, path = prepare(running)
        for service in ("identity", "posts"):
            running.stop(service)
        url = running.identity.replace("localhost", "127.0.0.1")
        with (
            server("identity", "identity_service serve", url, running.environment, home / "identity.log") as identity,
            our_server(running, headers, home) as posts,
        ):
            testbed = Testbed(running, posts, identity, path, home)
            results = {
                size: _at(testbed, before, size, effort) for before, size in zip((0, *SIZES), SIZES, strict=False)
            }
    names = list(results[SIZES[0]])
    series = [Series(name, [result[name].cpu_microseconds for result in results.values()]) for name in names]
    title = "CPU time of the service for one answer, by posts and users"
    picture = lines(series, [f"{size:,}" for size in SIZES], title, "µs")
    text = f"{_table(results)}\n\n![CPU time by posts and users]({PICTURE})"
    # The rate of requests is the inverse of the time that one takes.
    deep = 1 / ratio(results[SIZES[-1]], DEEP, FIRST)
    failed = sum(figures.failed for result in results.values() for figures in result.values())
    budgets = [
        Budget(f"page {DEEPEST_PAGE:,} of {SIZES[-1]:,} posts, times page 1", deep, most=MOST_OF_THE_FIRST_PAGE),
        Budget("failed", failed, most=0),
    ]
    return Section(text, budgets, {PICTURE: picture})


def _at(testbed: Testbed, before: int, size: int, effort: Effort) -> Comparison:
    """The figures once there are so many posts and users."""
    databases = testbed.stack.databases
    asyncio.run(grow(databases, before, size))
    cursor = asyncio.run(cursor_after(databases, min(size, PAGE * DEEPEST_PAGE) - PAGE))
    people = [f"person{1 + place * size // CHAINS}" for place in range(CHAINS)]
    variants = [
        Variant(ONE, testbed.posts, testbed.path, testbed.posts.headers),
        Variant(FIRST, testbed.posts, "/posts", testbed.posts.headers),
        Variant(DEEP, testbed.posts, f"/posts?cursor={cursor}", testbed.posts.headers),
        Variant(SIGN_IN, testbed.identity, "/oauth/token", script=lambda: _sign_in(size)),
        Variant(
            REFRESH,
            testbed.identity,
            "/oauth/token",
            script=chains(testbed.home, lambda: sign_in_often(testbed.identity.url, people, "refresh_token")),
        ),
    ]
    return compare(variants, effort)


def _sign_in(size: int) -> Sequence[str]:
    """The script by which another person signs in each time."""
    # What is escaped in a form would be no placeholder.
    body = urlencode(password_form("person{n}"), safe="{}")
    return ("people.lua", body, str(size))


def _table(results: dict[int, Comparison]) -> str:
    """The median of each size, and its CPU time against that of the smallest."""
    rows = ["| Posts and users | What | req/s | p99 ms | CPU µs per answer | of the smallest | failed |"]
    rows.append("|---|---|---|---|---|---|---|")
    smallest = results[SIZES[0]]
    for size, result in results.items():
        for name, figures in result.items():
            rows.append(f"| {size:,} | {_name(name, size)} | {_cells(figures, smallest[name])} |")
    return "\n".join(rows)


def _name(name: str, size: int) -> str:
    return f"page {min(size // PAGE, DEEPEST_PAGE):,}" if name == DEEP else name


def _cells(figures: Figures, smallest: Figures) -> str:
    growth = figures.cpu_microseconds / smallest.cpu_microseconds
    return (
        f"{figures.per_second:,.0f} | {number(figures.p99, '.1f')} | {number(figures.cpu_microseconds, ',.0f')}"
        f" | {number(growth, '.2f')} | {figures.failed:,}"
    )
