"""Run the peers beside posts_service, on the same PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from deploy.local.processes import any_free_port
from tests.bench.load import SERVER_CORE
from tests.bench.peers import environments
from tests.bench.servers import Server, command_server
from tests.support.services import PASSWORD, bearer
from tests.support.stack import Stack

SECRET = "a-secret-of-the-peers-for-hs256-0123456789"


@dataclass(frozen=True)
class Peer:
    """A peer: its name in the tables, its module, and how a person signs in there."""

    name: str
    module: str
    sign_in_path: str
    username: str


PEERS = (
    Peer("fastapi-users", "with_fastapi_users", "/auth/jwt/login", "ada@example.com"),
    Peer("the tutorials' style", "as_in_tutorials", "/login", "ada"),
)


def form_of(peer: Peer) -> dict[str, str]:
    """The form by which the person `ada` signs in."""
    return {"username": peer.username, "password": PASSWORD}


def all_peers() -> tuple[Peer, ...]:
    """The peers whose environment can be made here; otherwise a line says why there is none."""
    return PEERS if environments.python() else ()


@contextmanager
def running_peer(running: Stack, peer: Peer, home: Path, core: str | None = SERVER_CORE) -> Iterator[Server]:
    """One peer, whose headers are those of a person who has signed in."""
    url = f"http://127.0.0.1:{any_free_port()}"
    environment = {
        **running.environment,
        "PEER_DATABASE_URL": running.environment["POSTS_DATABASE_URL"],
        "PEER_PORT": url.rpartition(":")[2],
        "PEER_SECRET": SECRET,
    }
    # Not resolved: the interpreter of a virtual environment is a link, by which it finds its packages.
    command = [str(environments.FOLDER / "venv" / "bin" / "python"), "-m", f"tests.bench.peers.{peer.module}"]
    with command_server(peer.name, command, url, environment, home / f"{peer.module}.log", core) as server:
        answer = httpx.post(f"{url}{peer.sign_in_path}", data=form_of(peer), timeout=20, trust_env=False)
        headers = bearer(answer.raise_for_status().json()["access_token"])
        yield Server(server.name, server.url, server.process, headers)
