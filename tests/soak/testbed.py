"""The running services of a soak, their people, and what they say of themselves."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.person import Person
from tests.support.services import unique
from tests.support.stack import Stack, stack
from tests.support.waiting import PATIENCE_SECONDS
from tests.system.examples import ROOT, free_url, new_client, new_database, served

# Each signing in hashes a password; more at once would only wait for each other.
AT_ONCE = 8


@dataclass(frozen=True)
class Guest:
    """A person with one session, and its tokens for both services."""

    at_posts: Person
    at_rooms: Person


@dataclass(frozen=True)
class Testbed:
    stack: Stack
    rooms: str
    http: httpx.AsyncClient

    async def new_guest(self) -> Guest:
        ada = await Person(self.http, self.stack, unique("guest")).register()
        return Guest(ada, await self.at_rooms(ada))

    async def at_rooms(self, ada: Person) -> Person:
        """The same session with a token for the rooms."""
        same = Person(self.http, self.stack, ada.username, self.rooms)
        same.tokens, same.identity_token = ada.tokens, ada.identity_token
        same.tokens = await same._refreshed(ada.tokens, resource=self.rooms)
        return same

    async def guests(self, count: int) -> list[Guest]:
        turns = asyncio.Semaphore(AT_ONCE)

        async def one() -> Guest:
            async with turns:
                return await self.new_guest()

        return await asyncio.gather(*(one() for _ in range(count)))

    async def left_at_rooms(self) -> dict[str, int]:
        return dict((await self.http.get(f"{self.rooms}/left")).json())

    async def open_at_posts(self) -> dict[str, int]:
        """The open connections and the listeners, as posts counts them."""
        text = (await self.http.get(f"{self.stack.posts}/metrics")).text
        names = ("watchword_open_connections", "watchword_listeners")
        return {name: int(float(re.findall(rf"^{name} (\S+)$", text, re.MULTILINE)[0])) for name in names}

    async def memory(self) -> tuple[int, int]:
        """The bytes that posts holds, and those that the rooms hold."""
        of_rooms = int((await self.http.get(f"{self.rooms}/pid")).text)
        return resident_bytes(self.stack.child("posts").process.pid), resident_bytes(of_rooms)


def resident_bytes(process_id: int) -> int:
    status = Path(f"/proc/{process_id}/status").read_text()
    return int(re.findall(r"^VmRSS:\s+(\d+)", status, re.MULTILINE)[0]) * 1024


@contextmanager
def services(home: Path) -> Iterator[tuple[Stack, str]]:
    """identity, posts and the service of rooms, whose URL is the second."""
    with stack(home, IDENTITY_BCRYPT_ROUNDS="4") as running, free_url() as rooms:
        database = asyncio.run(new_database(running, "rooms"))
        register(running, rooms)
        variables = {
            "ROOMS_DATABASE_URL": database,
            "ROOMS_ISSUER": running.identity,
            "ROOMS_AUDIENCE": rooms,
            "ROOMS_CLIENT_SECRET": new_client(running, "rooms"),
        }
        with served("tests.soak.rooms:app", rooms, ROOT, running, home / "rooms.log", **variables):
            yield running, rooms


@asynccontextmanager
async def new_testbed(running: Stack, rooms: str) -> AsyncIterator[Testbed]:
    limits = httpx.Limits(max_connections=AT_ONCE * 2)
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False, limits=limits) as http:
        yield Testbed(running, rooms, http)


def register(running: Stack, rooms: str) -> None:
    names = ("--name", "Rooms", "--scope", "rooms=Talk in rooms")
    running.command("identity", "services", "create", rooms, *names)
    running.command("identity", "clients", "extend", "web", "--audience", rooms, "--scope", "rooms")
