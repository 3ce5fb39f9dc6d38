"""Compare a guarded read in a process with 100,000 live revocations to one in a process with none."""

import asyncio
import re
from pathlib import Path

import httpx

from deploy.local.processes import any_free_port
from tests.bench.comparison import Variant, compare, ratio, table
from tests.bench.effort import Effort
from tests.bench.section import Budget, Section
from tests.bench.servers import server
from tests.bench.testbed import SETTINGS, prepare
from tests.support.stack import Stack, stack

COUNT = 100_000
REVOKE = """INSERT INTO posts.revocations (kind, key, valid_from, expires_at, position)
SELECT 'session', gen_random_uuid()::text, 9007199254740992, now() + '1 hour', 1 FROM generate_series(1, $1)"""
NONE, MANY = "no live revocation", f"{COUNT:,} live revocations"
LEAST = 0.97


def measure(home: Path, effort: Effort) -> Section:
    with stack(home, **SETTINGS) as running:
        headers, path = prepare(running)
        running.stop("posts")
        urls = {name: f"http://127.0.0.1:{any_free_port()}" for name in (NONE, MANY)}
        execute = running.databases.execute
        asyncio.run(execute("posts_owner", REVOKE, COUNT))
        with server(
            MANY, "posts_service serve", urls[MANY], _environment(running, urls[MANY]), home / "many.log"
        ) as many:
            # What a process holds stays until it expires; one that starts later finds nothing.
            asyncio.run(execute("posts_owner", "TRUNCATE posts.revocations"))
            environment = _environment(running, urls[NONE])
            with server(NONE, "posts_service serve", urls[NONE], environment, home / "none.log") as none:
                # Canaries come to both.
                assert _held(none.url) < COUNT / 100 < COUNT <= _held(many.url)
                memory = {each.name: each.resident_bytes() for each in (none, many)}
                comparison = compare([Variant(each.name, each, path, headers) for each in (none, many)], effort)
    figures = f"Resident memory: {memory[NONE] / 1e6:.0f} MB without, {memory[MANY] / 1e6:.0f} MB with them:"
    each = f"{(memory[MANY] - memory[NONE]) / COUNT:.0f} bytes for each, including the temporary cost of loading"
    budgets = [
        Budget("a read with them, of one without", ratio(comparison, MANY, NONE), least=LEAST),
        Budget("failed", sum(one.failed for one in comparison.values()), most=0),
    ]
    return Section(f"{table(comparison, NONE, 'of none')}\n\n{figures} {each}", budgets)


def _environment(running: Stack, url: str) -> dict[str, str]:
    return {**running.environment, "POSTS_PORT": url.rpartition(":")[2], "POSTS_HOST": "127.0.0.1"}


def _held(url: str) -> int:
    """How many revocations this process holds."""
    (held,) = re.findall(r"^watchword_revocations_held(?:{.*})? (\S+)$", httpx.get(f"{url}/metrics").text, re.MULTILINE)
    return int(float(held))
