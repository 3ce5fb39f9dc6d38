"""The hashing queue is bounded: when it is full, the service answers 503, and nothing is lost."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from threading import Event

import pytest

from identity_service.errors import HashingBusy
from identity_service.users.passwords import Passwords
from tests.identity.answers import ensure_problem
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, Identity, bearer
from tests.support.waiting import until


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    pool = Passwords(threads=1, queue=1, rounds=4)
    yield pool
    pool.stop()


@asynccontextmanager
async def full(passwords: Passwords, slots: int) -> AsyncIterator[None]:
    """So many slots are occupied as long as the block lasts."""
    gate = Event()
    jobs = [asyncio.create_task(passwords.queue.run(gate.wait, f"192.0.2.{n}")) for n in range(slots)]
    await asyncio.sleep(0)
    try:
        yield
    finally:
        gate.set()
        await asyncio.gather(*jobs)


@pytest.fixture
async def small_queue(clean_databases: Databases) -> AsyncIterator[Identity]:
    """The identity service with the account `ada`, one hashing thread and a queue of one."""
    async with services.identity(clean_databases, hash_threads=1, hash_queue=1) as service:
        await service.register("ada")
        yield service


async def test_third_job_at_once_is_rejected_by_one_thread_and_a_queue_of_one(passwords: Passwords) -> None:
    results = await asyncio.gather(*(passwords.hash(PASSWORD) for _ in range(3)), return_exceptions=True)
    assert [isinstance(result, HashingBusy) for result in results] == [False, False, True]
    await passwords.hash(PASSWORD)


async def test_caller_who_gives_up_leaves_the_queue_and_its_running_work_keeps_the_thread(passwords: Passwords) -> None:
    gate = Event()
    running, waiting = [asyncio.create_task(passwords._run(gate.wait)) for _ in range(2)]
    await asyncio.sleep(0)
    for caller in (running, waiting):
        caller.cancel()
    await asyncio.gather(running, waiting, return_exceptions=True)
    assert passwords.queue.jobs() == {"running": 1, "waiting": 0}
    next_one = asyncio.create_task(passwords.hash(PASSWORD))
    await asyncio.sleep(0)
    with pytest.raises(HashingBusy):
        await passwords.hash(PASSWORD)
    gate.set()
    await next_one


async def test_slot_is_free_again_after_work_that_failed(passwords: Passwords) -> None:
    for _ in range(5):
        with pytest.raises(ZeroDivisionError):
            await passwords._run(lambda: 1 / 0)
    await passwords.hash(PASSWORD)


async def test_every_use_of_a_password_waits_in_the_queue(small_queue: Identity) -> None:
    headers = bearer((await small_queue.sign_in("ada", resource=IDENTITY_URL))["access_token"])
    change = {"current_password": PASSWORD, "new_password": "staple battery horse"}
    account = {"username": "eve", "email": "eve@example.com", "password": PASSWORD}
    async with full(small_queue.parts.passwords, 2):
        answers = [
            await small_queue.token(grant_type="password", username="ada", password=PASSWORD),
            await small_queue.token(grant_type="password", username="nobody", password=PASSWORD),
            await small_queue.http.post("/users", json=account),
            await small_queue.http.put("/users/me/password", json=change, headers=headers),
        ]
    for answer in answers:
        ensure_problem(answer, 503, "hashing_busy")
        assert answer.headers["retry-after"] == "2"


async def test_known_and_unknown_user_get_the_same_answer_when_the_queue_is_full(small_queue: Identity) -> None:
    async with full(small_queue.parts.passwords, 2):
        known, unknown = [
            await small_queue.token(grant_type="password", username=name, password=PASSWORD)
            for name in ("ada", "nobody")
        ]
    assert {**known.json(), "request_id": ""} == {**unknown.json(), "request_id": ""}


async def test_nothing_is_lost_while_the_queue_is_full(small_queue: Identity) -> None:
    tokens = await small_queue.sign_in("ada", resource=IDENTITY_URL)
    async with full(small_queue.parts.passwords, 2):
        refreshed = await small_queue.refresh(tokens["refresh_token"])
        me = await small_queue.http.get("/users/me", headers=bearer(tokens["access_token"]))
    assert (refreshed.status_code, me.status_code) == (200, 200)
    await small_queue.sign_in("ada")
    await small_queue.register("eve")


async def test_unknown_user_costs_as_many_hashes_as_a_known_one(small_queue: Identity) -> None:
    async with full(small_queue.parts.passwords, 1):
        attempts = [
            asyncio.create_task(small_queue.token(grant_type="password", username=name, password=PASSWORD))
            for name in ("nobody", "nobody-else")
        ]
        (refused,), (waiting,) = await asyncio.wait(attempts, return_when=asyncio.FIRST_COMPLETED)
        assert small_queue.parts.passwords.queue.jobs() == {"running": 1, "waiting": 1}
        ensure_problem(refused.result(), 503, "hashing_busy")
    assert (await waiting).json()["error"] == "invalid_grant"


async def test_passwords_are_hashed_again_when_an_app_that_has_stopped_is_started_again(passwords: Passwords) -> None:
    hashed = await passwords.hash(PASSWORD)
    passwords.stop()
    await passwords.start()
    assert await passwords.verify(PASSWORD, hashed) == (True, None)


async def test_a_registration_waits_in_the_line_of_its_address(small_queue: Identity) -> None:
    queue = small_queue.parts.passwords.queue
    account = {"username": "eve", "email": "eve@example.com", "password": PASSWORD}
    async with full(small_queue.parts.passwords, 1):
        registration = asyncio.create_task(small_queue.http.post("/users", json=account))
        await until(lambda: queue.jobs()["waiting"] == 1)
        assert queue._lines.length_of("127.0.0.1") == 1
    assert (await registration).status_code == 201
