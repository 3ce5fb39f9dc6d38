"""What docs/operations.md tells an operator to run does what it says, in a stack of `make up`.

The steps build on each other: run this file as a whole.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import httpx
import pytest

from tests.identity.signing_on import COOKIE, ORIGIN, cookie_of
from tests.support.clones import copy_to
from tests.support.containers import Containers
from tests.support.guide import Block, blocks
from tests.support.person import Person
from tests.support.services import IDENTITY_URL, PASSWORD, POSTS_URL
from tests.support.waiting import until

PROJECT = "watchword-operations"
BASH: Final = [block for block in blocks() if block.language == "bash"]
SHORTHANDS, *_ = BASH


@dataclass
class Operator:
    """Runs what the guide says, in the folder of a stack that runs. `people` are known by their usernames; `posts` are
    the paths of what they have published, and `cookie` is that of ada's browser."""

    stack: Containers
    people: dict[str, Person] = field(default_factory=dict)
    posts: dict[str, str] = field(default_factory=dict)
    cookie: str = ""

    def run(self, text: str) -> str:
        """The output of these lines after the shorthands, each of which must succeed."""
        return self.stack.run("bash", "-c", f"set -euo pipefail\n{SHORTHANDS.text}\n{text}", text_in="")

    def file(self, name: str) -> str:
        return self.stack.run("cat", name)


@pytest.fixture(scope="module")
def stack(docker: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    folder = tmp_path_factory.mktemp("operations")
    copy_to(folder)
    containers = Containers({"COMPOSE_PROJECT_NAME": PROJECT}, folder)
    try:
        containers.run("make", "up")
        yield Operator(containers)
    finally:
        containers.run("make", "down", "VOLUMES=1")


@pytest.fixture
def operator(stack: Operator, http: httpx.AsyncClient) -> Operator:
    for person in stack.people.values():
        person.http = http
    return stack


async def register(operator: Operator, http: httpx.AsyncClient, username: str) -> None:
    """A new person, who has published something."""
    person = await Person(http, operator.stack, username).register()
    operator.people[username] = person
    operator.posts[username] = (await person.publish()).headers["Location"]


async def is_accepted(person: Person) -> bool:
    """Whether posts accepts the person's token."""
    answer = await person.http.get(f"{POSTS_URL}/posts?state=draft", headers=person.headers)
    assert answer.status_code in (200, 401), answer.text
    return answer.status_code == 200


async def is_refused(person: Person) -> bool:
    return not await is_accepted(person)


async def can_refresh(person: Person) -> bool:
    form = {"grant_type": "refresh_token", "refresh_token": person.tokens["refresh_token"]}
    return (await person.http.post(f"{IDENTITY_URL}/oauth/token", data=form)).status_code == 200


async def can_sign_in(person: Person) -> bool:
    form = {"grant_type": "password", "username": person.username, "password": PASSWORD}
    return (await person.http.post(f"{IDENTITY_URL}/oauth/token", data=form)).status_code == 200


async def is_public(operator: Operator, username: str) -> bool:
    answer = await operator.people[username].http.get(f"{POSTS_URL}{operator.posts[username]}")
    assert answer.status_code in (200, 404), answer.text
    return answer.status_code == 200


async def is_gone(operator: Operator, username: str) -> bool:
    return not await is_public(operator, username)


async def is_signed_on(operator: Operator) -> bool:
    """Whether ada's browser is signed on at identity."""
    headers = {"Cookie": f"{COOKIE}={operator.cookie}"}
    return (await operator.people["ada"].http.get(f"{IDENTITY_URL}/account", headers=headers)).status_code == 200


Step = Callable[[Operator, str], Awaitable[None]]
STEPS: Final[list[tuple[str, Step]]] = []
"""What runs the blocks, in an order that works, each with the heading of its block."""


def step(heading: str) -> Callable[[Step], Step]:
    """Add what runs the next block under this heading."""

    def add(function: Step) -> Step:
        STEPS.append((heading, function))
        return function

    return add


def block_of(place: int) -> Block:
    """The block of the step at this place."""
    heading = STEPS[place][0]
    number = [name for name, _ in STEPS[:place]].count(heading)
    return [block for block in BASH if block.heading == heading][number]


@step("Operations")
async def define_shorthands(operator: Operator, block: str) -> None:
    assert operator.run("sql -Atc 'SELECT 1'") == "1\n"


@step("Back up")
async def back_up(operator: Operator, block: str) -> None:
    http = httpx.AsyncClient(trust_env=False, timeout=60)
    async with http:
        for username in ("ada", "eve", "zoe"):
            await register(operator, http, username)
        form = {"login": "ada", "password": PASSWORD}
        answer = await http.post(f"{IDENTITY_URL}/sign-in", data=form, headers=ORIGIN)
        operator.cookie = cookie_of(answer).value
        operator.run(block)
        assert await is_signed_on(operator)
        eve = operator.people["eve"]
        deleted = await http.delete(f"{IDENTITY_URL}/users/me", headers=eve.identity_headers)
        assert deleted.status_code == 204
        await until(lambda: is_gone(operator, "eve"))
    assert "IDENTITY_KEY_ENCRYPTION_KEY" in operator.run("tar -tf secrets.tar")


@step("Restore")
async def save_what_is_left(operator: Operator, block: str) -> None:
    operator.run(block)
    assert len(operator.file("deletions.ndjson").splitlines()) == 2
    assert '"user.deleted"' in operator.file("audit.ndjson")


@step("Restore")
async def restore(operator: Operator, block: str) -> None:
    operator.run(block)
    ada, eve = operator.people["ada"], operator.people["eve"]
    assert await is_refused(ada)
    assert not await can_refresh(ada)
    assert not await is_signed_on(operator)
    await ada.sign_in()
    assert await is_accepted(ada)
    assert await is_public(operator, "ada")
    # The backup has brought her back.
    assert await can_sign_in(eve)
    assert await is_public(operator, "eve")


@step("Restore")
async def repeat_deletions(operator: Operator, block: str) -> None:
    assert "were repeated: 1." in operator.run(block)
    assert not await can_sign_in(operator.people["eve"])
    await until(lambda: is_gone(operator, "eve"))


@step("Restore")
async def restore_posts(operator: Operator, block: str) -> None:
    operator.run("admin users disable zoe")
    said = operator.run(block)
    assert "Cards of authors that were changed: 1." in said
    disabled = "SELECT username FROM posts.authors WHERE is_disabled"
    assert operator.run(f"sql -Atc '{disabled}'") == "zoe\n"
    assert await is_public(operator, "ada")
    assert await is_accepted(operator.people["ada"])
    await until(lambda: is_gone(operator, "eve"))


@step("The key-encryption key")
async def change_the_key_encryption_key(operator: Operator, block: str) -> None:
    ada, before = operator.people["ada"], operator.file(".secrets/IDENTITY_KEY_ENCRYPTION_KEY")
    said = operator.run(block)
    assert "signing key: 0 sealed anew" in said.rpartition("seals everything")[2]
    assert operator.file(".secrets-of-keys/FORMER_KEYS") == before
    assert operator.file(".secrets/IDENTITY_KEY_ENCRYPTION_KEY") != before
    assert await is_accepted(ada)
    await ada.refresh()
    await ada.sign_in()


@step("The key-encryption key")
async def replace_a_lost_key_encryption_key(operator: Operator, block: str) -> None:
    ada = operator.people["ada"]
    assert await is_accepted(ada)
    assert "signs from now on" in operator.run(block)
    await until(lambda: is_refused(ada))
    assert not await can_refresh(ada)
    await ada.sign_in()
    await until(lambda: is_accepted(ada))


@step("The audit log")
async def prune_the_audit_log(operator: Operator, block: str) -> None:
    assert operator.run(block).endswith(": 0.\n")


def test_each_block_is_run_or_says_why_not() -> None:
    assert {block.language for block in blocks()} == {"bash", "text"}
    to_run = [block.heading for block in BASH if not block.is_exempt]
    assert sorted(to_run) == sorted(heading for heading, _ in STEPS)
    assert [block.heading for block in BASH if block.is_exempt] == ["Upgrade without downtime", "Images by digest"]


@pytest.mark.parametrize("place", range(len(STEPS)), ids=[function.__name__ for _, function in STEPS])
async def test_what_the_guide_says_does_what_it_says(operator: Operator, place: int) -> None:
    await STEPS[place][1](operator, block_of(place).text)
