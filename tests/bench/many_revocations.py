"""Compare a guarded read in a process with 100,000 live revocations to one in a process with none."""

import asyncio
from pathlib import Path
from statistics import median

import asyncpg
import psutil

from deploy.local.processes import any_free_port
from tests.bench.load import Rate, server, wrk
from tests.bench.reads import prepare
from tests.support.stack import Stack, stack

ROUNDS, COUNT = 7, 100_000


def measure(home: Path) -> str:
    with stack(home, IDENTITY_BCRYPT_ROUNDS="4") as running:
        headers, path = prepare(running)
        running.stop("posts")
        urls = {name: f"http://127.0.0.1:{any_free_port()}" for name in ("none", f"{COUNT:,}")}
        (none, none_url), (many, many_url) = urls.items()
        with server("posts_service serve", none_url, _environment(running, none_url), home / "none.log"):
            asyncio.run(_revoke(running))
            with server("posts_service serve", many_url, _environment(running, many_url), home / "many.log"):
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


async def _revoke(running: Stack) -> None:
    connection = await asyncpg.connect(running.databases.url("posts_owner"))
    try:
        await connection.execute(
            "INSERT INTO posts.revocations SELECT 'session', gen_random_uuid()::text, 9007199254740992, "
            "now() + '1 hour' FROM generate_series(1, $1)",
            COUNT,
        )
    finally:
        await connection.close()


def _memory(url: str) -> int:
    port = int(url.rpartition(":")[2])
    for connection in psutil.net_connections("tcp"):
        if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
            return int(psutil.Process(connection.pid).memory_info().rss)
    raise AssertionError(f"no process listens on {port}")
