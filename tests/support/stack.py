"""Both services as processes over a durable PostgreSQL; each can be stopped and started."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from deploy.common import write_private
from deploy.local.environment import Addresses, service_environment
from deploy.local.processes import ChildProcess, end_children, start_child
from deploy.local.secret_file import load_secrets
from tests.support.commands import commands_of
from tests.support.databases import Databases, migrated
from tests.support.ports import held_port
from tests.support.services import NO_LIMITS, NO_WRITING_LIMITS
from tests.support.waiting import wait_until
from watchword.http_client.tls import ssl_context

# Longer than `migrate` tries again for a lock that it does not get.
COMMAND_SECONDS = 300


class Stack:
    """Two services and their database; `identity` and `posts` are URLs. A test starts again what it stops."""

    def __init__(self, home: Path, databases: Databases, **settings: str) -> None:
        self.databases = databases
        self.home = home
        self._ports = ExitStack()
        identity, posts = (self._ports.enter_context(held_port()) for _ in range(2))
        self._addresses = Addresses(identity, posts, databases.server.port)
        roles = {f"{role}_password": password for role, password in databases.passwords.items()}
        secrets = {**load_secrets(home / "secrets.json"), **roles}
        # As `make run` leaves them, so that `make demo` and `make identity` find this stack.
        write_private(home / "secrets.json", json.dumps(secrets))
        self._addresses.write(home / "run.json")
        limits = {f"IDENTITY_{name.upper()}": value for name, value in NO_LIMITS.items()}
        limits |= {f"POSTS_{name.upper()}": value for name, value in NO_WRITING_LIMITS.items()}
        # One address may have a quarter of it, and everybody here comes from one.
        limits["IDENTITY_HASH_QUEUE"] = "400"
        self.environment = service_environment(self._addresses, secrets, {**limits, **os.environ, **settings}, home)
        self._children: dict[str, ChildProcess] = {}

    @property
    def identity(self) -> str:
        return self._addresses.identity

    @property
    def posts(self) -> str:
        return self._addresses.posts

    def start(self, service: str) -> None:
        """Start a service and return when it is ready."""
        self.launch(service)
        self.await_ready(service)

    def launch(self, service: str) -> None:
        """Start a service, which will be ready later."""
        command = [sys.executable, "-m", f"{service}_service", "serve"]
        child = start_child(service, command, self.home / f"{service}.log", environment=self.environment)
        self._children[service] = child

    def stop(self, service: str) -> None:
        """Stop a service by SIGTERM."""
        end_children([self._children.pop(service)])

    def kill(self, service: str) -> None:
        """Kill a service by SIGKILL."""
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
        """The output of a command of a service, which must succeed."""
        outcome = commands_of(service).run(arguments, self.environment, seconds=COMMAND_SECONDS)
        assert outcome.returncode == 0, outcome.stderr
        return outcome.stdout

    def log(self, service: str) -> str:
        return (self.home / f"{service}.log").read_text()


@contextmanager
def stack(home: Path, **settings: str) -> Iterator[Stack]:
    """Both services, ready, with `settings` as environment variables; all is stopped at the end of the block."""
    with migrated(home / "postgres", durable=True) as databases:
        running = Stack(home, databases, **settings)
        try:
            running.command("identity", "setup")
            running.start("identity")
            running.start("posts")
            yield running
        finally:
            running.end()


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
