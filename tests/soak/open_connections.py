"""Many streams and WebSockets of many people, some of whom sign out: exactly theirs end, and soon."""

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

from tests.soak.clients import Client, Reader, Talker
from tests.soak.testbed import Guest, Testbed, new_testbed, services
from tests.support.stack import Stack
from tests.support.waiting import until

# So that signing out is what is measured, and not one sign-out that waits for another one.
BETWEEN_SECONDS = 0.05
OPENING_AT_ONCE = 50


@dataclass(frozen=True)
class Size:
    """How much is opened, by how many people, how many of them sign out, and how long the coming and going lasts."""

    streams: int
    sockets: int
    people: int
    sign_outs: int
    churn_seconds: float


@dataclass
class Findings:
    """What was seen. `milliseconds` are from the answer to a sign-out until a connection of that session had ended."""

    milliseconds: list[float] = field(default_factory=list)
    not_ended: int = 0
    ended_wrongly: int = 0
    not_told: int = 0
    bytes_per_stream: float = 0.0
    bytes_per_socket: float = 0.0
    came_and_went: int = 0
    left: dict[str, int] = field(default_factory=dict)

    @property
    def p99(self) -> float:
        return quantiles(self.milliseconds, n=100)[98]

    def __str__(self) -> str:
        return "\n".join(
            [
                f"connections ended by a sign-out: {len(self.milliseconds)}, not ended: {self.not_ended}",
                f"until the end: p50 {median(self.milliseconds):.0f} ms, p99 {self.p99:.0f} ms,"
                f" max {max(self.milliseconds):.0f} ms",
                f"others' that ended: {self.ended_wrongly}, that were told nothing afterwards: {self.not_told}",
                f"memory per open stream of posts: {self.bytes_per_stream / 1024:.1f} KiB,"
                f" per WebSocket of the rooms: {self.bytes_per_socket / 1024:.1f} KiB",
                f"came and went: {self.came_and_went}; left behind: {self.left}",
            ]
        )


def soak(home: Path, size: Size) -> Findings:
    with services(home) as (running, rooms):
        return asyncio.run(_soak(running, rooms, size))


async def _soak(running: Stack, rooms: str, size: Size) -> Findings:
    findings = Findings()
    async with new_testbed(running, rooms) as testbed:
        guests = await testbed.guests(size.people)
        before, memory = await testbed.left_at_rooms(), await testbed.memory()
        clients = await _open(testbed, guests, size)
        of_posts, of_rooms = await testbed.memory()
        findings.bytes_per_stream = (of_posts - memory[0]) / size.streams
        findings.bytes_per_socket = (of_rooms - memory[1]) / size.sockets
        await _sign_out(guests[: size.sign_outs], clients, findings)
        await _tell(testbed, guests[-1], [it for guest in guests[size.sign_outs :] for it in clients[guest]], findings)
        await asyncio.gather(*(client.leave() for mine in clients.values() for client in mine))
        await _churn(testbed, guests[size.sign_outs :], size.churn_seconds, findings)
        findings.left = await _left(testbed, before)
    return findings


async def _open(testbed: Testbed, guests: Sequence[Guest], size: Size) -> dict[Guest, list[Client]]:
    """Open all connections, each guest as many as the others."""
    clients: dict[Guest, list[Client]] = {guest: [] for guest in guests}
    for number in range(size.streams + size.sockets):
        guest = guests[number % len(guests)]
        clients[guest].append(_new(testbed, guest, is_socket=number >= size.streams))
        if number % OPENING_AT_ONCE == 0:
            await asyncio.gather(*(client.until_open() for mine in clients.values() for client in mine))
    await asyncio.gather(*(client.until_open() for mine in clients.values() for client in mine))
    return clients


def _new(testbed: Testbed, guest: Guest, *, is_socket: bool) -> Client:
    if is_socket:
        return Talker(f"{testbed.rooms.replace('http', 'ws', 1)}/socket", guest.at_rooms.tokens["access_token"])
    return Reader(f"{testbed.stack.posts}/posts/events", guest.at_posts.tokens["access_token"])


async def _sign_out(guests: Sequence[Guest], clients: dict[Guest, list[Client]], findings: Findings) -> None:
    others = [client for guest, mine in clients.items() if guest not in guests for client in mine]
    for guest in guests:
        mine = clients[guest]
        await _end_session(guest)
        started = time.perf_counter()
        with suppress(AssertionError):
            await until(lambda mine=mine: all(client.ended_at is not None for client in mine))  # type: ignore[misc]
        ended = [client.ended_at for client in mine if client.ended_at is not None and client.was_signed_out]
        findings.milliseconds += [max(0.0, at - started) * 1000 for at in ended]
        findings.not_ended += len(mine) - len(ended)
        await asyncio.sleep(BETWEEN_SECONDS)
    findings.ended_wrongly = sum(client.ended_at is not None for client in others)


async def _tell(testbed: Testbed, guest: Guest, clients: Sequence[Client], findings: Findings) -> None:
    """Say something to everybody who is still there, and count who does not hear it."""
    heard = {client: client.heard for client in clients}
    published = await guest.at_posts.publish(title="Still here")
    assert published.status_code == 201, published.text
    said = await testbed.http.post(f"{testbed.rooms}/words?word=hello", headers=guest.at_rooms.headers)
    assert said.status_code == 200, said.text
    with suppress(AssertionError):
        await until(lambda: all(client.heard > heard[client] for client in clients))
    findings.not_told = sum(client.heard == heard[client] for client in clients)


async def _churn(testbed: Testbed, guests: Sequence[Guest], seconds: float, findings: Findings) -> None:
    """Open and leave connections, as many as can be, in every way: at once, after a while, and by signing out."""
    end, present = time.monotonic() + seconds, list(guests)

    async def come_and_go() -> None:
        while time.monotonic() < end:
            index = random.randrange(len(present))
            leaving = present[index] if random.random() < 0.02 else None
            client = _new(testbed, present[index], is_socket=random.random() < 0.5)
            await asyncio.sleep(random.choice((0.0, 0.005, 0.05, 0.5)))
            if leaving is not None:
                # Everybody is replaced long before their tokens expire.
                present[index] = await testbed.new_guest()
                await _end_session(leaving)
            await client.leave()
            findings.came_and_went += client.is_open.is_set()

    await asyncio.gather(*(come_and_go() for _ in range(OPENING_AT_ONCE)))


async def _end_session(guest: Guest) -> None:
    ada = guest.at_posts
    answer = await ada.http.delete(f"{ada.stack.identity}/sessions/current", headers=ada.identity_headers)
    # In the churn, another one may have ended it.
    assert answer.status_code in (204, 401), answer.text


async def _left(testbed: Testbed, before: dict[str, int]) -> dict[str, int]:
    """What is still there although everybody has left; empty if nothing is."""
    left: dict[str, int] = {}

    async def is_nothing() -> bool:
        nonlocal left
        now = await testbed.left_at_rooms() | await testbed.open_at_posts()
        left = {name: count for name, count in now.items() if count > before.get(name, 0)}
        return not left

    with suppress(AssertionError):
        await until(is_nothing)
    return left
