"""posts verifies tokens by itself: identity may be down, and keys may rotate, while it goes on."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from jose import jwt

from tests.support.person import Person
from tests.support.stack import Stack, await_answer
from tests.support.waiting import PATIENCE_SECONDS, until
from tests.system.conftest import NewPerson


async def test_posts_accept_tokens_while_identity_is_down(
    running: Stack, http: httpx.AsyncClient, person: NewPerson
) -> None:
    ada, grace = await person("ada"), await person("grace")
    post = await ada.publish()
    with away(running, "identity"):
        # posts has never seen the token of Grace.
        assert (await grace.publish()).status_code == 201
        assert (await http.get(f"{running.posts}/posts", headers=ada.headers)).status_code == 200
        url = f"{running.posts}{post.headers['Location']}"
        assert (await http.patch(url, json={"title": "Mine"}, headers=grace.headers)).status_code == 403


async def test_posts_started_without_identity_serves_the_public_and_recovers_by_itself(
    running: Stack, http: httpx.AsyncClient, person: NewPerson
) -> None:
    ada = await person("ada")
    url = f"{running.posts}{(await ada.publish()).headers['Location']}"
    with away(running, "identity"):
        running.stop("posts")
        running.launch("posts")
        await_answer(running.child("posts"), f"{running.posts}/livez")
        assert (await http.get(f"{running.posts}/readyz")).status_code == 503
        assert (await http.get(url)).status_code == 200
        refused = await ada.publish()
        assert refused.status_code == 503
        assert refused.json()["code"] == "keys_unavailable"
        assert int(refused.headers["Retry-After"]) > 0

    async def is_accepted() -> bool:
        return (await ada.publish()).status_code == 201

    await until(is_accepted)


async def test_not_one_request_fails_while_the_key_rotates(running: Stack, person: NewPerson) -> None:
    people = [await person() for _ in range(4)]
    first_kids = {kid_of(ada) for ada in people}
    running.command("identity", "keys", "rotate")

    async def work(ada: Person) -> int:
        """Refresh and publish until the new key has signed fifty tokens of this person."""
        signed_anew, deadline = 0, time.monotonic() + PATIENCE_SECONDS
        while signed_anew < 50:
            assert time.monotonic() < deadline
            await ada.refresh()
            published = await ada.publish()
            assert published.status_code == 201, published.text
            if kid_of(ada) not in first_kids:
                signed_anew, deadline = signed_anew + 1, time.monotonic() + PATIENCE_SECONDS
        return signed_anew

    assert await asyncio.gather(*map(work, people)) == [50] * len(people)


@contextmanager
def away(running: Stack, service: str) -> Iterator[None]:
    """The service is stopped in the block."""
    running.stop(service)
    try:
        yield
    finally:
        running.start(service)


def kid_of(ada: Person) -> str:
    return str(jwt.get_unverified_header(ada.tokens["access_token"])["kid"])
