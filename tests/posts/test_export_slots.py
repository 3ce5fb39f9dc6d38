"""How many exports one account has at once, and one process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any

import httpx
import pytest
from asyncpg import Record

from posts_service.export import statements
from posts_service.export.slots import MAX_PER_PROCESS, MAX_PER_SUBJECT, ExportSlots
from tests.posts.listening import LivePosts
from tests.posts.people import Person
from tests.posts.test_export import URL
from tests.support.waiting import until
from watchword.testing import Issuer


@pytest.fixture
async def proceed(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[asyncio.Event]:
    """Set, so that exports that have begun go on to their end."""
    event, list_portion = asyncio.Event(), statements.list_portion

    async def wait(*arguments: Any) -> list[Record]:
        await event.wait()
        return await list_portion(*arguments)

    monkeypatch.setattr("posts_service.export.statements.list_portion", wait)
    yield event
    event.set()


def export(live_posts: LivePosts, person: Person) -> AbstractAsyncContextManager[httpx.Response]:
    return live_posts.server.http.stream("GET", URL, headers=person.headers)


async def refusal(live_posts: LivePosts, person: Person) -> tuple[int, str, str]:
    answer = await live_posts.server.http.get(URL, headers=person.headers)
    return answer.status_code, answer.json()["code"], answer.headers["Retry-After"]


async def test_an_account_that_has_its_exports_gets_a_further_one_when_one_of_them_ends(
    live_posts: LivePosts, ada: Person, stranger: Person, proceed: asyncio.Event
) -> None:
    async with AsyncExitStack() as exports:
        answers = [await exports.enter_async_context(export(live_posts, ada)) for _ in range(MAX_PER_SUBJECT)]
        assert await refusal(live_posts, ada) == (429, "too_many_exports", "10")
        answers.append(await exports.enter_async_context(export(live_posts, stranger)))
        proceed.set()
        for answer in answers:
            assert (await answer.aread()).endswith(b'{"type":"end"}\n')
    await until(lambda: live_posts.server.open_tasks() == 0)
    assert (await live_posts.server.http.get(URL, headers=ada.headers)).is_success


async def test_a_process_that_has_its_exports_does_a_further_one_when_somebody_leaves(
    live_posts: LivePosts, issuer: Issuer, ada: Person, proceed: asyncio.Event
) -> None:
    live_posts.parts.export_slots = ExportSlots(per_process=2)
    async with AsyncExitStack() as exports:
        for number in range(2):
            await exports.enter_async_context(export(live_posts, Person(issuer, f"reader-{number}")))
        for _ in range(MAX_PER_SUBJECT + 1):
            assert await refusal(live_posts, ada) == (503, "exports_busy", "10")
    await until(lambda: live_posts.server.open_tasks() == 0)
    proceed.set()
    assert (await live_posts.server.http.get(URL, headers=ada.headers)).is_success
    assert MAX_PER_SUBJECT < MAX_PER_PROCESS
