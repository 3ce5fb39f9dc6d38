"""Both services as processes of their own over a durable PostgreSQL, each of which can be stopped and started."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

import httpx

from deploy.local.environment import Addresses, service_environment
from deploy.local.processes import ChildProcess, end_children, start_child
from deploy.local.secret_file import load_secrets
from tests.support.databases import Databases, migrated
from tests.support.ports import held_port
from tests.support.services import PASSWORD
from tests.support.waiting import wait_until
from watchword.http_client.tls import ssl_context


class Stack:
    """`identity` and `posts` are their URLs. What a test stops it starts again."""

    def __init__(self, home: Path, databases: Databases, **settings: str) -> None:
        self.databases = databases
        self._home = home
        self._ports = ExitStack()
        identity, posts = (self._ports.enter_context(held_port()) for _ in range(2))
        self._addresses = Addresses(identity, posts, databases.server.port)
        secrets = {
            **load_secrets(home / "secrets.json"),
            **{f"{r}_password": p for r, p in databases.passwords.items()},
        }
        self.environment = service_environment(self._addresses, secrets, {**os.environ, **settings})
        self._children: dict[str, ChildProcess] = {}

    @property
    def identity(self) -> str:
        return self._addresses.identity

    @property
    def posts(self) -> str:
        return self._addresses.posts

    def start(self, service: str) -> None:
        """Start one of the two; it is ready when this returns."""
        command = [sys.executable, "-m", f"{service}_service", "serve"]
        child = start_child(service, command, self._home / f"{service}.log", environment=self.environment)
        self._children[service] = child
        self.await_ready(service)

    def stop(self, service: str) -> None:
        """SIGTERM, as an operator would."""
        end_children([self._children.pop(service)])

    def kill(self, service: str) -> None:
        """kill -9, as accidents do."""
        end_children([self._children.pop(service)], [signal.SIGKILL])

    def child(self, service: str) -> ChildProcess:
        return self._children[service]

    def end(self) -> None:
        end_children(list(self._children.values()))
        self._ports.close()

    def await_ready(self, service: str) -> None:
        url = f"{self.identity if service == 'identity' else self.posts}/readyz"
        await_answer(self._children[service], url)

    def command(self, service: str, *arguments: str) -> str:
        """What a command of a service prints; it must succeed."""
        command = [sys.executable, "-m", f"{service}_service", *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def log(self, service: str) -> str:
        return (self._home / f"{service}.log").read_text()


class Place(Protocol):
    """Where both services are."""

    @property
    def identity(self) -> str: ...

    @property
    def posts(self) -> str: ...


class Person:
    """Somebody with an account, over HTTP."""

    def __init__(self, http: httpx.AsyncClient, stack: Place, username: str) -> None:
        self.http = http
        self.stack = stack
        self.username = username
        self.tokens: dict[str, Any] = {}

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens['access_token']}"}

    async def register(self) -> "Person":
        body = {"username": self.username, "email": f"{self.username}@example.com", "password": PASSWORD}
        response = await self.http.post(f"{self.stack.identity}/users", json=body)
        assert response.status_code == 201, response.text
        return await self.sign_in()

    async def sign_in(self) -> "Person":
        return await self._ask(grant_type="password", username=self.username, password=PASSWORD)

    async def refresh(self) -> "Person":
        return await self._ask(grant_type="refresh_token", refresh_token=self.tokens["refresh_token"])

    async def publish(self, **draft: Any) -> httpx.Response:
        body = {"title": "A title", "body": "A body", **draft}
        return await self.http.post(f"{self.stack.posts}/posts", json=body, headers=self.headers)

    async def _ask(self, **form: str) -> "Person":
        response = await self.http.post(f"{self.stack.identity}/oauth/token", data=form)
        assert response.status_code == 200, response.text
        self.tokens = response.json()
        return self


@contextmanager
def stack(home: Path, **settings: str) -> Iterator[Stack]:
    """Everything up and ready; nothing is left when the block ends."""
    with migrated(home / "postgres", durable=True) as databases:
        found = Stack(home, databases, **settings)
        try:
            found.command("identity", "setup")
            found.start("identity")
            found.start("posts")
            yield found
        finally:
            found.end()


def await_answer(child: ChildProcess, url: str) -> None:
    """Returns once the child answers 200 there."""

    def answers() -> bool:
        assert child.is_alive(), child.failure()
        return _answers(url)

    wait_until(answers, lambda: f"{child.name} is not ready: {child.log_tail()}")


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, verify=ssl_context(), timeout=2).status_code == 200
    except httpx.TransportError:
        return False
