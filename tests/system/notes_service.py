"""A service of one file without a database, in one or several uvicorn processes, and what each of them answers."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import httpx

from deploy.local.processes import ChildProcess, end_children, start_child
from tests.support.person import Person
from tests.support.processes import sent
from tests.support.stack import Stack, await_answer
from tests.support.waiting import PATIENCE_SECONDS

NOTES = """
import os
from typing import Annotated

from fastapi import Depends, FastAPI
from watchword.auth import Principal, Verifier, protect, public, requires
from watchword.events import SilencePolicy, receive_security_events

issuer, silence = os.environ["NOTES_ISSUER"], SilencePolicy(float(os.environ.get("NOTES_SILENCE", 90)), True)
receiver = receive_security_events(
    issuer, client_id=os.environ["NOTES_CLIENT"], client_secret=os.environ["NOTES_SECRET"], silence=silence
)
app = FastAPI()
protect(app, Verifier.of(issuer, audience=os.environ["NOTES_AUDIENCE"], revocations=receiver))


@app.get("/notes")
async def read_notes(reader: Annotated[Principal, Depends(requires("notes:read"))]) -> int:
    return os.getpid()


@app.post("/notes")
async def write_note(writer: Annotated[Principal, Depends(requires("notes:read"))]) -> int:
    return os.getpid()


@app.get("/process")
@public
async def read_process() -> int:
    return os.getpid()
"""


class Worker:
    """One process of the service, over a connection that stays open."""

    def __init__(self, http: httpx.AsyncClient, pid: int) -> None:
        self._http = http
        self.pid = pid

    async def status(self, headers: dict[str, str], method: str = "GET") -> int:
        """What it answers to a caller with this token."""
        answer = await self._http.request(method, "/notes", headers=headers)
        assert answer.status_code != 200 or answer.json() == self.pid, "another process has answered"
        return answer.status_code

    async def sent(self, caller: Person) -> "asyncio.Task[httpx.Response]":
        """A request that waits in the socket of this process while it stands still."""
        return await sent(self._http, "GET", "/notes", headers=caller.headers)


class Notes:
    """The service: where it is, and how it is started. A test stops what it starts."""

    def __init__(self, folder: Path, stack: Stack, url: str, client_id: str, secret: str) -> None:
        self._folder = folder
        self._stack = stack
        self.url = url
        self.client_id = client_id
        self.secret = secret
        self._variables = {
            "NOTES_ISSUER": stack.identity,
            "NOTES_AUDIENCE": url,
            "NOTES_CLIENT": client_id,
            "NOTES_SECRET": secret,
        }
        self.log = folder / "notes.log"
        (folder / "notes.py").write_text(NOTES)

    @contextmanager
    def running(self, workers: int = 1, **variables: str) -> Iterator[ChildProcess]:
        """Serve during the block, unless it ends the process itself."""
        port = self.url.rpartition(":")[2]
        command = [sys.executable, "-m", "uvicorn", "notes:app", "--port", port, "--app-dir", str(self._folder)]
        command += ["--timeout-keep-alive", "600", "--workers", str(workers)]
        environment = {name: value for name, value in self._stack.environment.items() if name != "PYTHONPATH"}
        child = start_child("notes", command, self.log, environment={**environment, **self._variables, **variables})
        try:
            await_answer(child, f"{self.url}/process")
            yield child
        finally:
            end_children([child])

    @asynccontextmanager
    async def workers(self, count: int = 1) -> AsyncIterator[list[Worker]]:
        """A connection to each of so many processes."""
        workers: dict[int, Worker] = {}
        async with AsyncExitStack() as stack:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while len(workers) < count:
                    http = await stack.enter_async_context(self._one_connection())
                    pid = (await http.get("/process")).json()
                    workers.setdefault(pid, Worker(http, pid))
            yield list(workers.values())

    def _one_connection(self) -> httpx.AsyncClient:
        # It is kept: the process that accepts it answers everything that it carries.
        limits = httpx.Limits(max_connections=1, keepalive_expiry=600)
        return httpx.AsyncClient(base_url=self.url, timeout=PATIENCE_SECONDS, limits=limits, trust_env=False)

    async def streams(self) -> int:
        """How many streams the transmitter has of this service."""
        sql = "SELECT id FROM identity.streams WHERE client_id = $1"
        return len(await self._stack.databases.fetch("identity_app", sql, self.client_id))

    async def let_streams_lapse(self) -> None:
        """As after a minute without a poll."""
        lapse = "UPDATE identity.streams SET lapses_at = clock_timestamp() WHERE client_id = $1"
        await self._stack.databases.execute("identity_app", lapse, self.client_id)

    async def delete_streams(self) -> None:
        delete = "DELETE FROM identity.streams WHERE client_id = $1"
        await self._stack.databases.execute("identity_app", delete, self.client_id)
