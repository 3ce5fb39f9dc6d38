"""Services and database are killed repeatedly while people sign out and delete their accounts."""

import asyncio
import random
from dataclasses import dataclass, field

import httpx
import pytest

from tests.support.person import Person
from tests.support.services import unique
from tests.support.stack import Stack
from tests.support.waiting import until

REVOCATIONS, DELETIONS, KILLS = 500, 50, 9
AT_ONCE = 10


@dataclass
class Ledger:
    """What identity has confirmed: ended sessions and deleted accounts, with the posts that must be erased."""

    ended: list[Person] = field(default_factory=list)
    deleted: list[Person] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)
    posts: list[str] = field(default_factory=list)


async def test_nothing_is_lost_or_done_twice_when_everything_is_killed(running: Stack, http: httpx.AsyncClient) -> None:
    ledger = Ledger()
    owners = [await Person(http, running, unique("owner")).register() for _ in range(DELETIONS)]
    for owner in owners:
        ledger.posts.append((await owner.publish()).json()["id"])
    leaving = await signed_in(http, running, REVOCATIONS)
    over = asyncio.Event()
    killer = asyncio.create_task(kill_at_random(running, over))
    slots = asyncio.Semaphore(AT_ONCE)
    changes = [sign_out(one, ledger, slots) for one in leaving] + [delete(owner, ledger, slots) for owner in owners]
    random.Random(7).shuffle(changes)
    await asyncio.gather(*changes)
    over.set()
    await killer
    await until(lambda: all_confirmed(http, ledger))
    await until(lambda: all_applied_once(running))
    for person in (*ledger.ended, *ledger.deleted):
        answer = await person.http.get(f"{running.posts}/posts?state=draft", headers=person.headers)
        assert answer.status_code == 401
    for post in ledger.posts:
        assert (await http.get(f"{running.posts}/posts/{post}")).status_code == 404


async def kill_at_random(running: Stack, over: asyncio.Event) -> None:
    """Kill a service or PostgreSQL at random moments, and start it again each time."""
    chance = random.Random(11)
    for round_ in range(KILLS):
        victim = ("identity", "posts", "postgresql")[round_ % 3]
        await asyncio.sleep(chance.uniform(0.02, 0.09))
        if over.is_set():
            return
        if victim == "postgresql":
            await asyncio.to_thread(running.databases.server.kill)
            running.databases.server.start()
        else:
            running.kill(victim)
            running.launch(victim)
            await asyncio.to_thread(running.await_ready, victim)


async def sign_out(person: Person, ledger: Ledger, slots: asyncio.Semaphore) -> None:
    async def is_done() -> bool:
        answer = await attempt(person, "DELETE", f"{person.stack.identity}/sessions/current", person.identity_headers)
        # 401: an earlier attempt has ended the session, and its answer was lost.
        return answer in (204, 401)

    async with slots:
        await until(is_done)
        ledger.ended.append(person)


async def delete(owner: Person, ledger: Ledger, slots: asyncio.Semaphore) -> None:
    async def is_done() -> bool:
        try:
            answer = await owner.http.delete(f"{owner.stack.identity}/users/me", headers=owner.identity_headers)
        except httpx.TransportError:
            return False
        if answer.status_code == 204:
            ledger.receipts.append(f"{owner.stack.identity}{answer.headers['Location']}")
        return answer.status_code in (204, 401)

    async with slots:
        await until(is_done)
        ledger.deleted.append(owner)


async def attempt(person: Person, method: str, url: str, headers: dict[str, str]) -> int | None:
    try:
        return (await person.http.request(method, url, headers=headers)).status_code
    except httpx.TransportError:
        return None


async def all_confirmed(http: httpx.AsyncClient, ledger: Ledger) -> bool:
    for receipt in ledger.receipts:
        answer = await http.get(receipt)
        # PostgreSQL may have been the last to be killed.
        if answer.status_code == 503 or any(one["confirmed_at"] is None for one in answer.json()["services"]):
            return False
    return True


async def signed_in(http: httpx.AsyncClient, running: Stack, count: int) -> list[Person]:
    """`count` sessions of a few people; posts has seen the tokens of every tenth."""
    people = [await Person(http, running, unique("ada")).register() for _ in range(AT_ONCE)]
    sessions = [await Person(http, running, people[i % AT_ONCE].username).sign_in() for i in range(count)]
    for session in sessions[::10]:
        assert (await session.publish()).status_code == 201
    return sessions


async def all_applied_once(running: Stack) -> bool:
    """Whether the receiver has applied as many events as the audit has entries, each id once, and none waits. Canaries,
    which nobody audits, are left out."""
    entries = "SELECT count(*) AS n FROM identity.audit_entries WHERE action IN ('session.ended', 'user.deleted')"
    applied = (
        "SELECT (SELECT count(*) FROM posts.received_events)"
        " - (SELECT count(*) FROM posts.revocations WHERE key LIKE 'canary-%')"
    )
    left = "SELECT count(*) FROM identity.stream_events WHERE claims::text NOT LIKE '%\"canary-%'"
    ((audited,),) = await running.databases.fetch("identity_app", entries)
    ((received,),) = await running.databases.fetch("posts_app", applied)
    ((waiting,),) = await running.databases.fetch("identity_app", left)
    return bool((received, waiting) == (audited, 0))


@pytest.fixture(scope="module")
def running(own_stack: Stack) -> Stack:
    """A stack of its own, because the test counts all events at the end."""
    return own_stack
