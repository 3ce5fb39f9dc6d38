"""A sign-out that says who has obeyed, while a replica of posts stands still."""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from deploy.local.processes import end_children, start_child
from tests.support.person import Person
from tests.support.ports import held_port
from tests.support.processes import standing_still
from tests.support.services import bearer, unique
from tests.support.stack import Stack, await_answer, stack
from tests.support.waiting import until
from watchword.events.store import LEASE_SECONDS


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack(tmp_path_factory.mktemp("waiting"), IDENTITY_BCRYPT_ROUNDS="4") as running:
        yield running


@dataclass(frozen=True)
class PostsReplica:
    """Another process of posts, beside the one of the stack."""

    process: int
    url: str


@pytest.fixture
def replica(running: Stack) -> Iterator[PostsReplica]:
    with held_port() as port:
        environment = {**running.environment, "POSTS_PORT": str(port)}
        command = [sys.executable, "-m", "posts_service", "serve"]
        child = start_child("posts", command, running.home / "replica.log", environment=environment)
        try:
            await_answer(child, f"http://127.0.0.1:{port}/readyz")
            yield PostsReplica(child.process.pid, f"http://127.0.0.1:{port}")
        finally:
            end_children([child])


async def sign_out(person: Person, seconds: int) -> dict[str, Any]:
    """The body of the answer to a sign-out that waits for so long."""
    answer = await person.sign_out(Prefer=f"wait={seconds}")
    assert answer.headers["preference-applied"] == f"wait={seconds}"
    return dict(answer.json())


async def status_at(http: httpx.AsyncClient, url: str, person: Person) -> int:
    headers = bearer(person.tokens["access_token"])
    return (await http.get(f"{url}/posts?state=draft", headers=headers)).status_code


async def test_every_process_refuses_once_the_answer_names_its_service(
    running: Stack, replica: PostsReplica, http: httpx.AsyncClient
) -> None:
    for _ in range(5):
        ada = await Person(http, running, unique("ada")).register()
        assert [await status_at(http, url, ada) for url in (running.posts, replica.url)] == [200, 200]
        body = await sign_out(ada, 10)
        assert ([one["service"] for one in body["obeyed"]], body["outstanding"]) == (["posts"], [])
        assert [await status_at(http, url, ada) for url in (running.posts, replica.url)] == [401, 401]


async def test_service_with_a_process_that_has_just_stopped_answering_is_outstanding(
    running: Stack, replica: PostsReplica, http: httpx.AsyncClient
) -> None:
    body: dict[str, Any] = {}
    for _ in range(5):
        ada = await Person(http, running, unique("ada")).register()
        with standing_still(replica.process) as began:
            body = await sign_out(ada, 1)
            seconds = time.monotonic() - began
        # After that, nobody counts on the process any more. A machine that was too busy tells nothing.
        if seconds < LEASE_SECONDS - 1:
            break
    assert body == {"obeyed": [], "outstanding": ["posts"]}


async def test_service_obeys_without_a_process_that_stands_still_whose_first_answer_is_a_refusal(
    running: Stack, replica: PostsReplica, http: httpx.AsyncClient
) -> None:
    ada = await Person(http, running, unique("ada")).register()
    assert await status_at(http, replica.url, ada) == 200
    with standing_still(replica.process) as began:
        # The fault lasts until nobody counts on this process any more.
        await until(lambda: time.monotonic() - began > 2 * LEASE_SECONDS)
        body = await sign_out(ada, 10)
        assert ([one["service"] for one in body["obeyed"]], body["outstanding"]) == (["posts"], [])
    assert await status_at(http, replica.url, ada) == 401
