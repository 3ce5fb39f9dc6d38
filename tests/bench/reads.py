"""Compare a guarded read with the limit and with the same read without a token."""

from pathlib import Path
from statistics import median

import httpx

from deploy.local.processes import any_free_port
from tests.bench.load import Rate, server, wrk
from tests.support.services import PASSWORD
from tests.support.stack import Stack, stack

ROUNDS = 7


def measure(home: Path) -> str:
    with stack(home, IDENTITY_BCRYPT_ROUNDS="4") as running:
        running.stop("posts")
        limit = f"http://127.0.0.1:{any_free_port()}"
        environment = {**running.environment, "LIMIT_PORT": limit.rpartition(":")[2]}
        with (
            server("posts_service serve", running.posts, environment, home / "posts.log"),
            server("tests.bench.limit", limit, environment, home / "limit.log"),
        ):
            headers, path = prepare(running)
            posts = running.posts.replace("localhost", "127.0.0.1")
            return "\n\n".join(
                [
                    f"One post\n\n{_compare(limit + path, posts + path, headers)}",
                    f"Twenty posts\n\n{_compare(f'{limit}/posts', f'{posts}/posts', headers)}",
                ]
            )


def _compare(limit: str, posts: str, headers: dict[str, str]) -> str:
    variants = {
        "limit: Starlette, asyncpg pool, no guard": (limit, {}),
        "posts_service, no token": (posts, {}),
        "posts_service, guarded": (posts, headers),
    }
    rates: dict[str, list[Rate]] = {name: [] for name in variants}
    for _ in range(ROUNDS):
        for name, (url, fields) in variants.items():
            rates[name].append(wrk(url, fields))
    assert all(rate.failed == 0 for rounds in rates.values() for rate in rounds)
    best = median(rate.per_second for rate in rates["limit: Starlette, asyncpg pool, no guard"])
    lines = ["| Variant | req/s | of the limit | p99 ms |", "|---|---|---|---|"]
    for name, rounds in rates.items():
        middle = median(rate.per_second for rate in rounds)
        lines.append(f"| {name} | {middle:,.0f} | {middle / best:.2f} | {median(rate.p99 for rate in rounds):.1f} |")
    return "\n".join(lines)


def prepare(running: Stack) -> tuple[dict[str, str], str]:
    """Register a person with forty posts; their Authorization header, and the path of the last post."""
    body = {"username": "ada", "email": "ada@example.com", "password": PASSWORD}
    httpx.post(f"{running.identity}/users", json=body, timeout=20).raise_for_status()
    form = {"grant_type": "password", "username": "ada", "password": PASSWORD}
    tokens = httpx.post(f"{running.identity}/oauth/token", data=form, timeout=20).raise_for_status().json()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    post = {"title": "A title of usual length", "body": "A body. " * 60}
    for _ in range(40):
        created = httpx.post(f"{running.posts}/posts", json=post, headers=headers, timeout=20).raise_for_status()
    return headers, str(created.headers["Location"])
