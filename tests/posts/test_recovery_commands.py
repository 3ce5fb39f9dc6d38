"""python -m posts_service recovery: after a restore of this database or of identity's."""

import asyncio
import json
import os
from datetime import UTC, datetime, timedelta
from functools import partial
from subprocess import CompletedProcess
from typing import Any
from uuid import uuid4

import pytest

from posts_service.recovery.account_lists import AccountList
from posts_service.recovery.cards import AccountCards
from tests.posts.disabling import DISABLED, ENABLED, is_disabled
from tests.posts.people import Person
from tests.posts.test_events import REVOKED, happen
from tests.support.commands import commands_of
from tests.support.databases import Databases
from tests.support.services import POSTS_SECRET, POSTS_URL, SEALING_KEY, Posts
from watchword.auth.revocations import Kind
from watchword.errors import Invalid

CARDS = "SELECT is_disabled, account_version, account_at FROM posts.authors WHERE id = $1::text::uuid"


@pytest.fixture
def environment(databases: Databases) -> dict[str, str]:
    """The settings of the service, for its commands."""
    settings = {
        "POSTS_DATABASE_URL": databases.url("posts_app"),
        "POSTS_ISSUER": "http://localhost:8001",
        "POSTS_AUDIENCE": POSTS_URL,
        "POSTS_CLIENT_SECRET": POSTS_SECRET,
        "POSTS_PAGES_SEALING_KEY": SEALING_KEY,
    }
    return {name: value for name, value in os.environ.items() if not name.startswith("POSTS_")} | settings


async def run(environment: dict[str, str], *arguments: str, stdin: str = "") -> CompletedProcess[str]:
    """A command of posts, which is a process of its own."""
    command = partial(commands_of("posts").run, stdin=stdin, seconds=60)
    return await asyncio.to_thread(command, arguments, environment)


def list_of(*accounts: tuple[str, bool, int], at: datetime | None = None) -> list[bytes]:
    """The lines that identity prints of these accounts: id, whether active, and version."""
    lines: list[dict[str, Any]] = [{"type": "accounts", "at": (at or datetime.now(UTC)).isoformat()}]
    lines += [{"type": "account", "id": one, "active": active, "version": ver} for one, active, ver in accounts]
    lines.append({"type": "end", "count": len(accounts)})
    return [json.dumps(line).encode() for line in lines]


async def write(posts: Posts, lines: list[bytes]) -> int:
    accounts, cards = AccountList(lines), AccountCards(posts.parts.database)
    return sum([await cards.write(portion, accounts.at) for portion in accounts.portions()])


async def test_cards_say_what_identity_says_and_a_second_time_nothing_changes(
    posts: Posts, databases: Databases, ada: Person, stranger: Person
) -> None:
    for person in (ada, stranger):
        await posts.publish(person.headers)
    # What identity has forgotten since it was restored: a version that it has not reached again.
    await happen(posts, DISABLED, stranger, ver=9)
    lines = list_of((ada.id, False, 3), (stranger.id, True, 2), (str(uuid4()), False, 1))
    assert [await write(posts, lines), await write(posts, lines)] == [2, 0]
    assert (await is_disabled(databases, ada), await is_disabled(databases, stranger)) == (True, False)
    await happen(posts, ENABLED, ada, ver=4)
    await happen(posts, DISABLED, stranger, ver=3)
    assert (await is_disabled(databases, ada), await is_disabled(databases, stranger)) == (False, False)


async def test_card_of_an_active_account_that_no_event_has_written_stays_as_it_is(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    await posts.publish(ada.headers)
    assert await write(posts, list_of((ada.id, True, 4))) == 0
    [card] = await databases.fetch("posts_app", CARDS, ada.id)
    assert tuple(card) == (False, None, None)


async def test_event_from_after_the_list_stays(posts: Posts, databases: Databases, ada: Person) -> None:
    await posts.publish(ada.headers)
    began = datetime.now(UTC) - timedelta(minutes=1)
    await happen(posts, DISABLED, ada, ver=2)
    assert await write(posts, list_of((ada.id, True, 1), at=began)) == 0
    assert await is_disabled(databases, ada)


@pytest.mark.parametrize("count", [0, 4_999, 5_000, 5_001])
def test_list_is_read_in_portions(count: int) -> None:
    accounts = AccountList(list_of(*((str(uuid4()), True, 0) for _ in range(count))))
    assert sum(len(portion) for portion in accounts.portions()) == accounts.count == count


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([], "line 1 is no JSON object"),
        ([b"[]"], "line 1 is no JSON object"),
        ([b"{}"], "this is no list of accounts"),
        (list_of()[:-1], "the list is not whole"),
        ([*list_of()[:1], b'{"type": "end", "count": 2}'], "the list is not whole"),
        ([*list_of()[:1], b'{"id": "ada", "active": true, "version": 1}'], "line 2 is no account"),
        ([*list_of()[:1], b'{"id": 1, "active": 1, "version": 1}'], "line 2 is no account"),
    ],
)
def test_list_that_is_not_whole_is_refused(lines: list[bytes], problem: str) -> None:
    with pytest.raises(Invalid) as refused:
        list(AccountList(lines).portions())
    assert refused.value.advice.startswith(problem)


async def test_revocations_that_count_are_forgotten_and_those_by_name_stay(
    databases: Databases, environment: dict[str, str]
) -> None:
    await databases.empty("posts")
    for kind in Kind:
        await databases.execute("posts_app", REVOKED, kind, "one")
    outcomes = [await run(environment, "recovery", "forget-revocations") for _ in range(2)]
    assert [one.stdout for one in outcomes] == [f"Revocations that were deleted: {count}.\n" for count in (8, 0)]
    left = await databases.fetch("posts_app", "SELECT kind FROM posts.revocations")
    assert {row["kind"] for row in left} == {Kind.SESSION, Kind.KEY, Kind.PURGED}


async def test_nothing_is_forgotten_while_a_process_runs(databases: Databases, environment: dict[str, str]) -> None:
    await databases.empty("posts")
    await databases.execute("posts_app", REVOKED, Kind.VERSION, "one")
    await databases.execute("posts_app", "INSERT INTO posts.process_leases VALUES ('p', now() + interval '1 hour', 0)")
    refused = await run(environment, "recovery", "forget-revocations")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("A process of posts runs.")
    assert len(await databases.fetch("posts_app", "SELECT FROM posts.revocations")) == 1


async def test_cards_are_written_from_standard_input(
    posts: Posts, databases: Databases, ada: Person, environment: dict[str, str]
) -> None:
    await posts.publish(ada.headers)
    lines = b"\n".join(list_of((ada.id, False, 1))).decode()
    written = await run(environment, "recovery", "write-cards", "-", stdin=lines)
    assert written.stdout == "Cards of authors that were changed: 1. Accounts in the list: 1.\n"
    assert await is_disabled(databases, ada)
    refused = await run(environment, "recovery", "write-cards", "/nowhere")
    assert refused.returncode == 2
