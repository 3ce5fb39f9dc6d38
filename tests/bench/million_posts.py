"""Measure lists, searches and an export among a million posts with five million likes."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from urllib.parse import urlencode
from uuid import UUID

import httpx

from tests.bench.comparison import Comparison, Variant, compare, number, ratio
from tests.bench.effort import Effort
from tests.bench.million_posts_data import TAG, WORDS, Counts, fill
from tests.bench.section import Budget, Section
from tests.bench.servers import Server
from tests.bench.testbed import SETTINGS, our_server, prepare
from tests.support.stack import stack

POSTS, POSTS_OF_A_TRIAL = 1_000_000, 20_000
PAGE, DEEPEST_PAGE, DEEPEST_PAGE_OF_A_TRIAL = 20, 10_000, 100
LONGEST_PAGE = 100
# Two seconds less than for other reads: fourteen pages are measured.
SECONDS_LESS = 2
MOST_OF_THE_FIRST_PAGE = 1.2
MOST_MILLISECONDS = 100.0
MOST_MEGABYTES = 32.0
LINES_BETWEEN_SAMPLES = 1_000
LISTS: dict[str, dict[str, str]] = {
    "newest, all": {"sort": "newest"},
    "newest, of an author": {"sort": "newest", "author": "the author"},
    "newest, with a tag": {"sort": "newest", "tag": TAG},
    "oldest, all": {"sort": "oldest"},
    "oldest, of an author": {"sort": "oldest", "author": "the author"},
    "oldest, with a tag": {"sort": "oldest", "tag": TAG},
    "most_liked, all": {"sort": "most_liked"},
}
"""The queries of all lists. The id of the author is known only once there is one."""


@dataclass(frozen=True)
class Export:
    """What one export took, and by how much the service grew meanwhile."""

    lines: int
    seconds: float
    megabytes: float


def measure(home: Path, effort: Effort) -> Section:
    size, deepest = (POSTS_OF_A_TRIAL, DEEPEST_PAGE_OF_A_TRIAL) if effort.is_trial else (POSTS, DEEPEST_PAGE)
    with stack(home, **SETTINGS) as running:
        headers, path = prepare(running)
        author = httpx.get(f"{running.posts}{path}", timeout=20).json()["author"]["id"]
        running.stop("posts")
        counts = asyncio.run(fill(running.databases, UUID(author), size))
        with our_server(running, headers, home) as posts:
            shorter = Effort(effort.rounds, max(effort.seconds - SECONDS_LESS, 1))
            pages = compare(_pages(posts, author, deepest), shorter)
            searches = compare(_searches(posts), effort, connections=1)
            export = _export(posts)
    text = "\n\n".join(
        (str(counts), _page_table(pages, deepest), _search_table(searches, counts), _export_text(export))
    )
    return Section(text, _budgets(pages, searches, export))


def _pages(posts: Server, author: str, deepest: int) -> list[Variant]:
    """The first page of each list, and a deep one."""
    variants = []
    for name, query in LISTS.items():
        first = f"/posts?{urlencode(query | ({'author': author} if 'author' in query else {}))}"
        variants += [
            Variant(_first(name), posts, first, posts.headers),
            Variant(_deep(name), posts, _path_after(posts, first, PAGE * (deepest - 1)), posts.headers),
        ]
    return variants


def _first(name: str) -> str:
    return f"{name}: first"


def _deep(name: str) -> str:
    return f"{name}: deep"


def _path_after(posts: Server, path: str, count: int) -> str:
    """The path of the page after so many posts of a list: the service is asked for every page before it."""
    long = f"{path}&limit={LONGEST_PAGE}"
    with httpx.Client(base_url=posts.url, headers=posts.headers, timeout=20) as http:
        pages, rest = divmod(count, LONGEST_PAGE)
        for _ in range(pages):
            long = http.get(long).raise_for_status().links["next"]["url"]
        cursor = httpx.URL(long).params["cursor"]
        if rest:
            cursor = http.get(f"{path}&limit={rest}&{urlencode({'cursor': cursor})}").raise_for_status().json()["next"]
    return f"{path}&{urlencode({'cursor': cursor})}"


def _searches(posts: Server) -> list[Variant]:
    return [Variant(word, posts, f"/posts?q={word}", posts.headers) for word in WORDS]


def _export(posts: Server) -> Export:
    """Export everything of the author of most posts."""
    before = largest = posts.resident_bytes()
    begun, lines = perf_counter(), 0
    with httpx.stream("GET", f"{posts.url}/me/posts/export", headers=posts.headers, timeout=60) as answer:
        answer.raise_for_status()
        for lines, _ in enumerate(answer.iter_lines(), 1):
            if lines % LINES_BETWEEN_SAMPLES == 0:
                largest = max(largest, posts.resident_bytes())
    return Export(lines, perf_counter() - begun, (largest - before) / 1e6)


def _page_table(pages: Comparison, deepest: int) -> str:
    """The first page and the deep one of each list, side by side."""
    rows = [
        f"| List | req/s, page 1 | page {deepest:,} | p99 ms, page 1 | page {deepest:,} | time, of page 1 | failed |"
    ]
    rows.append("|---|---|---|---|---|---|---|")
    for name in LISTS:
        pair = [pages[_first(name)], pages[_deep(name)]]
        cells = [f"{figures.per_second:,.0f}" for figures in pair] + [number(figures.p99, ".1f") for figures in pair]
        failed = sum(figures.failed for figures in pair)
        rows.append(f"| {name} | {' | '.join(cells)} | {_times(pages, name):.2f} | {failed:,} |")
    return "\n".join(rows)


def _times(pages: Comparison, name: str) -> float:
    """The time of the deep page, of that of the first, which is the inverse of the rate of requests."""
    return ratio(pages, _first(name), _deep(name))


def _search_table(searches: Comparison, counts: Counts) -> str:
    rows = [
        "| Word of so many posts, one search at a time | p50 ms | p99 ms | CPU ms per answer | failed |",
        "|---|---|---|---|---|",
    ]
    for word, figures in searches.items():
        milliseconds = figures.cpu_microseconds / 1_000
        rows.append(
            f"| {counts.matches[word]:,} | {number(figures.p50, '.1f')} | {number(figures.p99, '.1f')}"
            f" | {number(milliseconds, '.1f')} | {figures.failed:,} |"
        )
    return "\n".join(rows)


def _export_text(export: Export) -> str:
    return (
        f"An export of {export.lines:,} lines took {export.seconds:.1f} s, and the process of the service grew by"
        f" {export.megabytes:.1f} MB meanwhile."
    )


def _budgets(pages: Comparison, searches: Comparison, export: Export) -> list[Budget]:
    deep = [
        Budget(f"{name}, deep page, times page 1", _times(pages, name), most=MOST_OF_THE_FIRST_PAGE) for name in LISTS
    ]
    slow = [
        Budget(f"search for {word}, p99", figures.p99, most=MOST_MILLISECONDS, unit=" ms")
        for word, figures in searches.items()
    ]
    failed = sum(figures.failed for figures in (*pages.values(), *searches.values()))
    growth = Budget("growth in an export", export.megabytes, most=MOST_MEGABYTES, unit=" MB")
    return [*deep, *slow, growth, Budget("failed", failed, most=0)]
