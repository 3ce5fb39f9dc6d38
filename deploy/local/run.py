"""`make run`: the database, the migrations, both services; until somebody ends it, or one of them fails."""

import contextlib
import fcntl
import http.client
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.environment import DATABASE, Addresses, service_environment
from deploy.local.interruptions import Interrupted, Interruptions
from deploy.local.postgres import EmbeddedPostgres, prepare_database
from deploy.local.processes import Child, LocalFailure, end_children, is_port_free, rotate, start_child
from deploy.local.secret_file import ROLES, load_secrets

_READY_SECONDS = 60.0
_COMMAND_SECONDS = 120.0
_ADMIN = ("create-admin", "--username", "admin", "--email", "admin@example.com", "--password-stdin")


@dataclass(frozen=True)
class Command:
    """`python -m <service>_service <arguments>`, and what it is told by its input."""

    service: str
    arguments: tuple[str, ...]
    text_in: str | None = None

    def start(self, home: Path, environment: Mapping[str, str]) -> Child:
        """As a child that writes to its service's log."""
        module = f"{self.service}_service"
        return start_child(
            f"{module} {self.arguments[0]}",
            [sys.executable, "-m", module, *self.arguments],
            home / f"{self.service}.log",
            environment=environment,
            text_in=self.text_in,
        )


def run(home: Path, identity_port: int, posts_port: int) -> None:
    """Returns when interrupted, raises LocalFailure when something failed; leaves no process either way."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with Interruptions() as interruptions, contextlib.ExitStack() as endings:
        endings.enter_context(sole_use(home / "lock"))
        ensure_ports_are_free(identity_port, posts_port)
        try:
            _run(home, identity_port, posts_port, interruptions, endings)
        except Interrupted:
            with contextlib.suppress(OSError):
                print("\nEnding; once more for haste.", flush=True)


def _run(
    home: Path,
    identity_port: int,
    posts_port: int,
    interruptions: Interruptions,
    endings: contextlib.ExitStack,
) -> None:
    secrets = load_secrets(home / "secrets.json")
    server = EmbeddedPostgres(home / "postgres", pause=interruptions.pause)
    endings.callback(lambda: server.stop(hurried=interruptions.hurried))
    server.start()
    prepare_database(server, DATABASE, {role: secrets[f"{role}_password"] for role in ROLES})

    addresses = Addresses(identity_port, posts_port, server.port)
    environment = service_environment(addresses, secrets, os.environ)
    for service in ("identity", "posts"):
        rotate(home / f"{service}.log")
    _finish([Command("identity", ("migrate",)), Command("posts", ("migrate",))], home, environment, interruptions)
    admin = Command("identity", _ADMIN, text_in=secrets["admin_password"] + "\n")
    _finish([Command("identity", ("setup",)), admin], home, environment, interruptions)

    services: list[Child] = []
    endings.callback(lambda: end_children(services, hurried=interruptions.hurried))
    for service in ("identity", "posts"):
        services.append(Command(service, ("serve",)).start(home, environment))
    _await_ready(services, (identity_port, posts_port), interruptions)

    endings.callback((home / "run.json").unlink, missing_ok=True)
    addresses.write(home / "run.json")
    print(welcome(addresses, secrets["admin_password"], home), flush=True)
    _watch([*services, server.child], interruptions)


@contextlib.contextmanager
def sole_use(lock: Path) -> Iterator[None]:
    """One run per home. The kernel frees a dead process's lock, so a file left lying is no obstacle."""
    with lock.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise LocalFailure(f"{lock.parent} is in use by process {holder}: end that one first") from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def ensure_ports_are_free(identity_port: int, posts_port: int) -> None:
    """Raises LocalFailure with a port that is taken, and how to have another."""
    if identity_port == posts_port:
        raise LocalFailure(f"both services cannot have port {posts_port}")
    for variable, port in (("IDENTITY_PORT", identity_port), ("POSTS_PORT", posts_port)):
        if not is_port_free(port):
            other = port + 1000 if port < 64000 else 9001
            raise LocalFailure(f"port {port} is in use; choose another: make run {variable}={other}")


def _finish(
    commands: Sequence[Command], home: Path, environment: Mapping[str, str], interruptions: Interruptions
) -> None:
    """Runs them side by side to their ends; raises LocalFailure with the first that fails."""
    children: list[Child] = []
    deadline = time.monotonic() + _COMMAND_SECONDS
    try:
        for command in commands:
            children.append(command.start(home, environment))
        for child in children:
            while child.is_alive():
                if time.monotonic() > deadline:
                    raise LocalFailure(f"{child.name} takes too long:\n{child.last_words()}")
                interruptions.pause(0.02)
            if child.process.returncode != 0:
                raise LocalFailure(child.failure())
    finally:
        end_children(children, hurried=interruptions.hurried)


def _await_ready(services: Sequence[Child], ports: Sequence[int], interruptions: Interruptions) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    for service, port in zip(services, ports, strict=True):
        while not _is_ready(port):
            _ensure_alive(services)
            if time.monotonic() > deadline:
                raise LocalFailure(f"{service.name} does not get ready:\n{service.last_words()}")
            interruptions.pause(0.05)


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _watch(children: Sequence[Child], interruptions: Interruptions) -> None:
    """Returns never: all is well until a child ends or somebody interrupts."""
    while True:
        _ensure_alive(children)
        interruptions.pause(0.1)


def _ensure_alive(children: Sequence[Child]) -> None:
    for child in children:
        if not child.is_alive():
            raise LocalFailure(child.failure())


def welcome(addresses: Addresses, admin_password: str, home: Path) -> str:
    """What to do now, for whoever has just typed `make run`."""
    identity, posts = addresses.identity, addresses.posts
    return f"""
Watchword is running.

  identity   {identity}   {identity}/docs
  posts      {posts}   {posts}/docs

  Sign in as admin with the password {admin_password}
  (made for this machine, kept in {home / "secrets.json"}):

    curl -s {identity}/oauth/token \\
         -d grant_type=password -d username=admin -d 'password={admin_password}'

  make demo  adds demo accounts and posts (in another terminal).
  Data and logs are in {home}/: identity.log, posts.log, postgres/log.

Ctrl-C ends everything; the data stays."""
