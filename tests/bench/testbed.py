"""The posts service, its limit and its peers on one PostgreSQL, each pinned to the same core."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from deploy.local.processes import any_free_port
from tests.bench.load import SERVER_CORE
from tests.bench.peers.running import all_peers, running_peer
from tests.bench.peers.tables import make_tables
from tests.bench.servers import Server, server
from tests.support.services import PASSWORD, bearer
from tests.support.stack import Stack, stack

LIMIT = "limit: Starlette, asyncpg pool, no guard"
OURS = "posts_service, guarded"
# The token of a person outlives the measurement.
LONG_TOKENS = {"IDENTITY_ACCESS_TOKEN_SECONDS": "3600", "POSTS_REVOCATION_MEMORY_SECONDS": "3600"}
SETTINGS = {"IDENTITY_BCRYPT_ROUNDS": "4", **LONG_TOKENS}
DRAFT = {"title": "A title of usual length", "body": "A body. " * 60}


@dataclass(frozen=True)
class PostsServers:
    """The servers that are compared. `path` is that of a post that all of them have."""

    stack: Stack
    ours: Server
    limit: Server
    peers: Sequence[Server]
    path: str


@contextmanager
def prepared_stack(home: Path, **settings: str) -> Iterator[tuple[Stack, dict[str, str], str]]:
    """The services and the tables of the peers, both with a person and forty posts; posts is stopped, since each
    measurement runs it in its own way."""
    with stack(home, **SETTINGS, **settings) as running:
        headers, path = prepare(running)
        asyncio.run(make_tables(running.databases))
        running.stop("posts")
        yield running, headers, path


@contextmanager
def posts_servers(home: Path) -> Iterator[PostsServers]:
    """The servers that are compared, each ready to answer."""
    with prepared_stack(home) as (running, headers, path), ExitStack() as servers:
        ours = servers.enter_context(our_server(running, headers, home))
        limit = servers.enter_context(limit_server(running, home))
        peers = [servers.enter_context(running_peer(running, peer, home)) for peer in all_peers()]
        yield PostsServers(running, ours, limit, peers, path)


@contextmanager
def our_server(running: Stack, headers: dict[str, str], home: Path) -> Iterator[Server]:
    """The posts service on the core of the servers."""
    url = running.posts.replace("localhost", "127.0.0.1")
    with server(OURS, "posts_service serve", url, running.environment, home / "posts.log") as ours:
        yield Server(OURS, url, ours.process, headers)


@contextmanager
def limit_server(running: Stack, home: Path, core: str | None = SERVER_CORE) -> Iterator[Server]:
    """The limit, on one core or, without `core`, on all."""
    url = f"http://127.0.0.1:{any_free_port()}"
    environment = {**running.environment, "LIMIT_PORT": url.rpartition(":")[2]}
    with server(LIMIT, "tests.bench.limit", url, environment, home / "limit.log", core) as limit:
        yield limit


def prepare(running: Stack) -> tuple[dict[str, str], str]:
    """Register a person with forty posts; their Authorization header, and the path of the last post."""
    body = {"username": "ada", "email": "ada@example.com", "password": PASSWORD}
    httpx.post(f"{running.identity}/users", json=body, timeout=20).raise_for_status()
    form = {"grant_type": "password", "username": "ada", "password": PASSWORD}
    tokens = httpx.post(f"{running.identity}/oauth/token", data=form, timeout=20).raise_for_status().json()
    headers = bearer(tokens["access_token"])
    for _ in range(40):
        created = httpx.post(f"{running.posts}/posts", json=DRAFT, headers=headers, timeout=20).raise_for_status()
    return headers, str(created.headers["Location"])
