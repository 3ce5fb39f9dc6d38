"""Hashing has its bound: beyond it the service says so, and nothing is lost."""

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
from tests.support.services import PASSWORD, Identity, bearer
from tests.support.waiting import until


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    crew = Passwords(threads=1, queue=1, rounds=4)
    yield crew
    crew.stop()


@asynccontextmanager
async def full(passwords: Passwords, places: int) -> AsyncIterator[None]:
    """All places are taken as long as the block lasts."""
    gate = Event()
    jobs = [asyncio.create_task(passwords._run(gate.wait)) for _ in range(places)]
    await asyncio.sleep(0)
    try:
        yield
    finally:
        gate.set()
        await asyncio.gather(*jobs)


@pytest.fixture
async def small(emptied: Databases) -> AsyncIterator[Identity]:
    """The identity service with one thread that hashes and one place before it."""
    async with services.identity(emptied, hash_threads=1, hash_queue=1) as service:
        await service.register("ada")
        yield service


async def test_third_at_once_finds_one_thread_and_one_place_taken(passwords: Passwords) -> None:
    found = await asyncio.gather(*(passwords.hash(PASSWORD) for _ in range(3)), return_exceptions=True)
    assert [isinstance(result, HashingBusy) for result in found] == [False, False, True]
    await passwords.hash(PASSWORD)


async def test_place_of_a_caller_who_has_gone_is_free_when_the_work_has_ended(passwords: Passwords) -> None:
    gate = Event()
    callers = [asyncio.create_task(passwords._run(gate.wait)) for _ in range(2)]
    await asyncio.sleep(0)
    for caller in callers:
        caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    with pytest.raises(HashingBusy):
        await passwords.hash(PASSWORD)
    gate.set()
    await until(lambda: passwords._room == 2)
    await asyncio.gather(*(passwords.hash(PASSWORD) for _ in range(2)))


async def test_place_is_free_again_after_work_that_failed(passwords: Passwords) -> None:
    for _ in range(5):
        with pytest.raises(ZeroDivisionError):
            await passwords._run(lambda: 1 / 0)
    await passwords.hash(PASSWORD)


async def test_every_use_of_a_password_waits_in_the_queue(small: Identity) -> None:
    headers = bearer((await small.sign_in("ada"))["access_token"])
    change = {"current_password": PASSWORD, "new_password": "staple battery horse"}
    account = {"username": "eve", "email": "eve@example.com", "password": PASSWORD}
    async with full(small.parts.passwords, 2):
        answers = [
            await small.token(grant_type="password", username="ada", password=PASSWORD),
            await small.token(grant_type="password", username="nobody", password=PASSWORD),
            await small.http.post("/users", json=account),
            await small.http.put("/users/me/password", json=change, headers=headers),
        ]
    for answer in answers:
        ensure_problem(answer, 503, "hashing_busy")
        assert answer.headers["retry-after"] == "2"


async def test_known_and_unknown_user_are_one_answer_also_when_there_is_no_place(small: Identity) -> None:
    async with full(small.parts.passwords, 2):
        known, unknown = [
            await small.token(grant_type="password", username=name, password=PASSWORD) for name in ("ada", "nobody")
        ]
    assert {**known.json(), "request_id": ""} == {**unknown.json(), "request_id": ""}


async def test_nothing_is_lost_while_there_is_no_place(small: Identity) -> None:
    tokens = await small.sign_in("ada")
    async with full(small.parts.passwords, 2):
        refreshed = await small.refresh(tokens["refresh_token"])
        me = await small.http.get("/users/me", headers=bearer(tokens["access_token"]))
    assert (refreshed.status_code, me.status_code) == (200, 200)
    await small.sign_in("ada")
    await small.register("eve")


async def test_unknown_user_costs_as_many_hashes_as_a_known_one(small: Identity) -> None:
    async with full(small.parts.passwords, 1):
        before = small.parts.passwords._room
        asked = [
            asyncio.create_task(small.token(grant_type="password", username=name, password=PASSWORD))
            for name in ("nobody", "nobody-else")
        ]
        (refused,), (waiting,) = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        assert before - small.parts.passwords._room == 1
        ensure_problem(refused.result(), 503, "hashing_busy")
    assert (await waiting).json()["error"] == "invalid_grant"
