"""Compare a guarded read in a process with 100,000 live revocations to one in a process with none."""

import asyncio
import re
from pathlib import Path
from statistics import median

import asyncpg
import httpx
import psutil

from deploy.local.processes import any_free_port
from tests.bench.load import Rate, server, wrk
from tests.bench.reads import prepare
from tests.support.stack import Stack, stack

ROUNDS, COUNT = 7, 100_000
REVOKE = """INSERT INTO posts.revocations (kind, key, valid_from, expires_at, position)
SELECT 'session', gen_random_uuid()::text, 9007199254740992, now() + '1 hour', 1 FROM generate_series(1, $1)"""


def measure(home: Path) -> str:
    with stack(home, IDENTITY_BCRYPT_ROUNDS="4") as running:
        headers, path = prepare(running)
        running.stop("posts")
        urls = {name: f"http://127.0.0.1:{any_free_port()}" for name in ("none", f"{COUNT:,}")}
        (none, none_url), (many, many_url) = urls.items()
        asyncio.run(_execute(running, REVOKE, COUNT))
        with server("posts_service serve", many_url, _environment(running, many_url), home / "many.log"):
            # What a process holds stays until it expires; one that starts later finds nothing.
            asyncio.run(_execute(running, "TRUNCATE posts.revocations"))
            with server("posts_service serve", none_url, _environment(running, none_url), home / "none.log"):
                # Canaries come to both.
                assert _held(none_url) < COUNT / 100 < COUNT <= _held(many_url)
                memory = {name: _memory(url) for name, url in urls.items()}
                rates: dict[str, list[Rate]] = {name: [] for name in urls}
                for _ in range(ROUNDS):
                    for name, url in urls.items():
                        rates[name].append(wrk(url + path, headers))
    assert all(rate.failed == 0 for rounds in rates.values() for rate in rounds)
    base = median(rate.per_second for rate in rates[none])
    lines = ["| Live revocations | req/s | against none | p99 ms | memory MB |", "|---|---|---|---|---|"]
    for name, rounds in rates.items():
        middle = median(rate.per_second for rate in rounds)
        p99 = median(rate.p99 for rate in rounds)
        lines.append(f"| {name} | {middle:,.0f} | {middle / base:.2f} | {p99:.1f} | {memory[name] / 1e6:.0f} |")
    each = (memory[many] - memory[none]) / COUNT
    return "\n".join([*lines, "", f"{each:.0f} bytes for each revocation, including the temporary cost of loading"])


def _environment(running: Stack, url: str) -> dict[str, str]:
    return {**running.environment, "POSTS_PORT": url.rpartition(":")[2], "POSTS_HOST": "127.0.0.1"}


async def _execute(running: Stack, sql: str, *values: int) -> None:
    connection = await asyncpg.connect(running.databases.url("posts_owner"))
    try:
        await connection.execute(sql, *values)
    finally:
        await connection.close()


def _held(url: str) -> int:
    """How many revocations this process holds."""
    (held,) = re.findall(r"^watchword_revocations_held(?:{.*})? (\S+)$", httpx.get(f"{url}/metrics").text, re.MULTILINE)
    return int(float(held))


def _memory(url: str) -> int:
    port = int(url.rpartition(":")[2])
    for connection in psutil.net_connections("tcp"):
        if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
            return int(psutil.Process(connection.pid).memory_info().rss)
    raise AssertionError(f"no process listens on {port}")
