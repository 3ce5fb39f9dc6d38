"""Nobody can take every place of those who wait for a search."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from posts_service.errors import SearchBusy
from posts_service.posts.search_turns import SearchTurns
from posts_service.posts.searching import AT_ONCE, MOST_WAITING
from tests.posts.people import Person
from tests.support.services import Posts
from tests.support.waiting import until


class Searches:
    """Searches of several owners, with one at a time and places for four; `order` says who has searched."""

    def __init__(self) -> None:
        self.turns = SearchTurns(at_once=1, waiting=4)
        self.order: list[str] = []

    async def run(self, owner: str) -> None:
        async with self.turns.turn(owner):
            self.order.append(owner)

    async def begin(self, *owners: str) -> list["asyncio.Task[None]"]:
        """Begin a search of each of these owners, all of which wait."""
        tasks = [asyncio.create_task(self.run(owner)) for owner in owners]
        await asyncio.sleep(0)
        return tasks


async def test_owners_are_served_in_turn_and_whoever_has_most_gives_a_place_up() -> None:
    searches = Searches()
    async with searches.turns.turn("a"):
        tasks = await searches.begin("a", "a", "a", "a", "b")
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [type(None)] * 3 + [SearchBusy, type(None)]
    assert searches.order == ["a", "b", "a", "a"]


async def test_who_has_most_gets_no_place_of_others() -> None:
    searches = Searches()
    async with searches.turns.turn("a"):
        tasks = await searches.begin("a", "a", "b", "b")
        with pytest.raises(SearchBusy):
            await searches.run("a")
    await asyncio.gather(*tasks)
    assert searches.order == ["a", "b", "a", "b"]


async def test_a_search_that_is_broken_off_keeps_no_turn() -> None:
    searches = Searches()
    async with searches.turns.turn("a"):
        first, second, last = await searches.begin("a", "b", "c")
        first.cancel()
        await asyncio.sleep(0)
    # It has its turn already, and does not know it.
    second.cancel()
    await last
    assert (searches.order, len(searches.turns)) == (["c"], 0)
    async with asyncio.timeout(5), searches.turns.turn("d"):
        pass


async def test_a_reader_is_answered_while_others_fill_the_queue(posts: Posts, ada: Person) -> None:
    await posts.publish(ada.headers, title="Engine")
    turns = posts.parts.post_search.turns
    async with AsyncExitStack() as stack:
        for _ in range(AT_ONCE):
            await stack.enter_async_context(turns.turn("somebody"))
        crowd = [asyncio.create_task(posts.http.get("/posts?q=engine")) for _ in range(MOST_WAITING)]
        await until(lambda: len(turns) == MOST_WAITING)
        reader = asyncio.create_task(posts.http.get("/posts?q=engine", headers=ada.headers))
        await until(lambda: any(task.done() for task in crowd))
    assert (await reader).status_code == 200
    statuses = [answer.status_code for answer in await asyncio.gather(*crowd)]
    assert (statuses.count(200), statuses.count(503)) == (MOST_WAITING - 1, 1)
