"""Processes that stand still, as on a machine that is paused: others take over, and the one that wakes up lets nothing
in that was revoked meanwhile."""

from collections.abc import Iterator

import httpx
import pytest

from tests.support.live_server import Events
from tests.support.person import Person
from tests.support.processes import LEASES, connected_to, holder_and_others, pids, sent, standing_still
from tests.support.services import unique
from tests.support.stack import Stack, stack
from tests.support.waiting import until
from tests.system.conftest import SETTINGS

WORKERS = 3
WAITING = "SELECT FROM identity.stream_events"


@pytest.fixture(scope="module")
def many_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {**SETTINGS, "POSTS_WORKERS": str(WORKERS), "IDENTITY_LONG_POLL_SECONDS": "1"}
    with stack(tmp_path_factory.mktemp("still"), **settings) as running:
        yield running


async def is_refused(http: httpx.AsyncClient, ada: Person) -> bool:
    answer = await http.get(f"{ada.stack.posts}/posts?state=draft", headers=ada.headers)
    assert answer.status_code in (200, 401), answer.text
    return answer.status_code == 401


@pytest.mark.parametrize("polls", [True, False], ids=["the one that polls", "another one"])
async def test_others_obey_while_a_process_stands_still_and_its_first_answer_afterwards_is_a_refusal(
    many_workers: Stack, http: httpx.AsyncClient, polls: bool
) -> None:
    ada = await Person(http, many_workers, unique("ada")).register()
    holder, others = await holder_and_others(many_workers, WORKERS)
    still, awake = (holder, others[0]) if polls else (others[0], holder)
    async with connected_to(many_workers.posts, still) as frozen, connected_to(many_workers.posts, awake) as other:
        assert not await is_refused(frozen, ada)
        assert not await is_refused(other, ada)
        with standing_still(still):
            await ada.sign_out()
            await until(lambda: is_refused(other, ada))

            async def is_acknowledged() -> bool:
                return await many_workers.databases.fetch("identity_app", WAITING) == []

            # Nobody waits for it when its lease has run out.
            await until(is_acknowledged)
            assert still not in await pids(many_workers, LEASES)
            first = await sent(frozen, "GET", f"{many_workers.posts}/posts?state=draft", headers=ada.headers)
        assert (await first).status_code == 401
        # It serves others, and looks again.
        grace = await Person(http, many_workers, unique("grace")).register()
        assert not await is_refused(frozen, grace)
    assert ((await holder_and_others(many_workers, WORKERS))[0] != still) or not polls


async def test_a_process_that_stood_still_for_a_moment_is_waited_for(
    many_workers: Stack, http: httpx.AsyncClient
) -> None:
    ada = await Person(http, many_workers, unique("ada")).register()
    holder, (still, *_) = await holder_and_others(many_workers, WORKERS)
    async with connected_to(many_workers.posts, still) as frozen, connected_to(many_workers.posts, holder) as other:
        with standing_still(still):
            await ada.sign_out()
            await until(lambda: is_refused(other, ada))
            is_waited_for = still in await pids(many_workers, LEASES)
            waiting = await many_workers.databases.fetch("identity_app", WAITING)
        # If the lease had run out in between, nothing would be waited for.
        assert not is_waited_for or waiting != []
        await until(lambda: is_refused(frozen, ada))


async def test_a_stream_of_a_process_that_stood_still_goes_on_with_its_end(
    many_workers: Stack, http: httpx.AsyncClient
) -> None:
    ada, grace = [await Person(http, many_workers, unique(name)).register() for name in ("ada", "grace")]
    holder, (still, *_) = await holder_and_others(many_workers, WORKERS)
    url = f"{many_workers.posts}/posts/events"
    async with (
        connected_to(many_workers.posts, holder) as awake,
        connected_to(many_workers.posts, still) as first,
        connected_to(many_workers.posts, still) as second,
        first.stream("GET", url, headers=ada.headers) as hers,
        second.stream("GET", url, headers=grace.headers) as theirs,
    ):
        with standing_still(still):
            await ada.sign_out()
            post = {"title": "Meanwhile", "body": "A body"}
            made = await awake.post(f"{many_workers.posts}/posts", json=post, headers=grace.headers)
            assert made.status_code == 201, made.text

            async def is_given_up() -> bool:
                return still not in await pids(many_workers, LEASES)

            await until(is_given_up)
        assert [event.name for event in await Events(hers).rest()] == ["signed-out"]
        event = await Events(theirs).next()
        assert event is not None
        assert "Meanwhile" in event.data
