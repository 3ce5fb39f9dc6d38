"""Both services with several processes each, reached through proxies that can be cut, and a question to each one."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.identity.receivers import Receiver
from tests.support.clocks import ReplicaAhead, ahead_of
from tests.support.cuts import Proxy, proxy_to
from tests.support.databases import migrated
from tests.support.person import Person
from tests.support.processes import connected_to, holder_and_others, sent
from tests.support.services import bearer, unique
from tests.support.stack import Stack
from tests.support.waiting import PATIENCE_SECONDS, until

POSTS_WORKERS, IDENTITY_WORKERS = 4, 2
ASK_EVERY_SECONDS = 0.01
ACCEPTED = {"identity": 200, "posts": 422}
WAITING = """
    SELECT FROM identity.stream_events JOIN identity.streams ON streams.id = stream_id
    WHERE client_id = 'posts' AND status = 'enabled'
"""


@dataclass
class Testbed:
    """The running services. `http` is for what any process may answer while all of them are awake."""

    stack: Stack
    to_database: Proxy
    to_identity: Proxy
    http: httpx.AsyncClient
    _further: ExitStack
    _secrets: dict[str, str] = field(default_factory=dict)
    _ahead: ReplicaAhead | None = None

    async def person(self) -> Person:
        return await Person(self.http, self.stack, unique("ada")).register()

    async def settle(self) -> None:
        """Return when every process of posts has its lease, and nothing is left of the run before."""
        await holder_and_others(self.stack, POSTS_WORKERS)

        async def is_settled() -> bool:
            return await self.stack.databases.fetch("identity_app", WAITING) == []

        await until(is_settled)

    async def identity_workers(self) -> list[int]:
        """Those that serve, which are connected to the database; their parent is not."""
        parent = psutil.Process(self.stack.child("identity").process.pid)

        def serves(process: psutil.Process) -> bool:
            return any(each.raddr and each.raddr[1] == self.to_database.port for each in process.net_connections())

        workers: list[int] = []

        def all_serve() -> bool:
            workers[:] = [process.pid for process in parent.children() if serves(process)]
            return len(workers) == IDENTITY_WORKERS

        await until(all_serve)
        return workers

    async def receiver(self, client_id: str) -> Receiver:
        """A client of the transmitter: posts itself, or one that is made when it is first asked for."""
        self._secrets.setdefault("posts", self.stack.environment["POSTS_CLIENT_SECRET"])
        if client_id not in self._secrets:
            scopes = "--scope", "ssf.read", "--scope", "ssf.manage"
            grants = "--grant", "client_credentials", "--audience", self.stack.identity
            said = await self.command("clients", "create", client_id, *grants, *scopes)
            self._secrets[client_id] = said.rpartition("only now: ")[2].strip()
        form = {"client_id": client_id, "client_secret": self._secrets[client_id], "grant_type": "client_credentials"}
        answer = await self.http.post("/oauth/token", data=form)
        assert answer.status_code == 200, answer.text
        return Receiver(self.http, bearer(answer.json()["access_token"]))

    async def command(self, *arguments: str) -> str:
        """What a command of identity says."""
        process = await self._start(*arguments)
        said = (await _output(process).read()).decode()
        assert await process.wait() == 0, said
        return said

    async def said_at(self, *arguments: str) -> float:
        """When a command of identity begins to say that it is done. It ends by itself later."""
        process = await self._start(*arguments)
        beginning = await _output(process).read(1)
        assert beginning, f"the command {arguments[0]} has failed"
        return time.monotonic()

    async def _start(self, *arguments: str) -> asyncio.subprocess.Process:
        command = [sys.executable, "-u", "-m", "identity_service", *arguments]
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(*command, env=self.stack.environment, stdout=pipe)

    async def ahead(self) -> ReplicaAhead:
        """One more process of identity, whose clock is four seconds ahead."""
        if self._ahead is None:
            # Not in another thread: it ends with the one that starts it.
            self._ahead = self._further.enter_context(ahead_of(self.stack))
        return self._ahead


def _output(process: asyncio.subprocess.Process) -> asyncio.StreamReader:
    assert process.stdout is not None
    return process.stdout


@contextmanager
def running_stack(home: Path) -> Iterator[tuple[Stack, Proxy, Proxy]]:
    """The services, and the proxies through which they reach the database, and posts identity."""
    with migrated(home / "postgres", durable=True) as databases, proxy_to(databases.server.port) as to_database:
        workers = {"POSTS_WORKERS": str(POSTS_WORKERS), "IDENTITY_WORKERS": str(IDENTITY_WORKERS)}
        running = Stack(home, databases, IDENTITY_BCRYPT_ROUNDS="4", **workers)
        with proxy_to(int(running.environment["IDENTITY_PORT"])) as to_identity:
            ports = f":{databases.server.port}/", f":{to_database.port}/"
            for name in ("IDENTITY_DATABASE_URL", "POSTS_DATABASE_URL"):
                running.environment[name] = running.environment[name].replace(*ports)
            running.environment["POSTS_ISSUER_ADDRESS"] = f"http://127.0.0.1:{to_identity.port}"
            try:
                running.command("identity", "setup")
                running.start("identity")
                running.start("posts")
                yield running, to_database, to_identity
            finally:
                running.end()


@asynccontextmanager
async def running_testbed(running: Stack, to_database: Proxy, to_identity: Proxy) -> AsyncIterator[Testbed]:
    client = httpx.AsyncClient(base_url=running.identity, timeout=PATIENCE_SECONDS, trust_env=False)
    async with client as http:
        with ExitStack() as further:
            yield Testbed(running, to_database, to_identity, http, further)


@dataclass(frozen=True)
class Probe:
    """One connection to one process of one service, on which a person asks for something of their own.

    posts is asked to take an empty post, which it answers without its database: 422 for a token that it accepts.
    """

    process: int
    service: str
    url: str
    http: httpx.AsyncClient

    async def status(self, ada: Person) -> int:
        method, url, options = self._question(ada)
        answer = await self.http.request(method, url, **options)
        assert answer.status_code in (ACCEPTED[self.service], 401, 503), answer.text
        return answer.status_code

    async def sent(self, ada: Person) -> "asyncio.Task[httpx.Response]":
        """The request of `status`, which waits in the socket of a process that stands still."""
        method, url, options = self._question(ada)
        return await sent(self.http, method, url, **options)

    def _question(self, ada: Person) -> tuple[str, str, dict[str, Any]]:
        if self.service == "posts":
            return "POST", f"{self.url}/posts", {"json": {}, "headers": ada.headers}
        return "GET", f"{self.url}/users/me", {"headers": ada.identity_headers}

    async def refused_at(self, ada: Person) -> float:
        """When this process has first answered that the token is not valid. Whatever it cannot answer is no refusal."""
        while await self.status(ada) != 401:
            await asyncio.sleep(ASK_EVERY_SECONDS)
        return time.monotonic()

    async def accepts(self, ada: Person) -> bool:
        return await self.status(ada) == ACCEPTED[self.service]


@dataclass(frozen=True)
class Probes:
    """One for every process of both services."""

    every: list[Probe]

    def at(self, process: int) -> Probe:
        return next(probe for probe in self.every if probe.process == process)

    def identity_besides(self, process: int | None = None) -> httpx.AsyncClient:
        """A connection to a process of identity that is not this one."""
        return next(probe.http for probe in self.every if probe.service == "identity" and probe.process != process)

    async def all_accept(self, ada: Person) -> None:
        for probe in self.every:
            await until(lambda probe=probe: probe.accepts(ada))  # type: ignore[misc]

    async def last_refusal(self, ada: Person, besides: int | None) -> float:
        """When the last process but this one has refused."""
        awake = [probe for probe in self.every if probe.process != besides]
        return max(await asyncio.gather(*(probe.refused_at(ada) for probe in awake)))


@asynccontextmanager
async def probes_of(testbed: Testbed) -> AsyncIterator[Probes]:
    holder, others = await holder_and_others(testbed.stack, POSTS_WORKERS)
    processes = dict.fromkeys((holder, *others), "posts")
    processes |= dict.fromkeys(await testbed.identity_workers(), "identity")
    ports = {service: testbed.stack.environment[f"{service.upper()}_PORT"] for service in ("identity", "posts")}
    async with AsyncExitStack() as clients:
        every = []
        for process, service in processes.items():
            url = f"http://127.0.0.1:{ports[service]}"
            http = await clients.enter_async_context(connected_to(url, process))
            every.append(Probe(process, service, url, http))
        yield Probes(every)
