"""A name that an account gave up is free for others after thirty days."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from identity_service.administration import AccountDraft, Administration
from identity_service.users.usernames import WITHHELD, delete_portion_of_free
from tests.identity.answers import ensure_problem, statuses
from tests.support.databases import Databases
from tests.support.services import PASSWORD, Identity
from watchword.testing import StandingClock

RELEASED = "SELECT name_digest, user_id FROM identity.released_usernames"


async def register(identity: Identity, username: str) -> httpx.Response:
    body = {"username": username, "email": f"new-{username}@example.com", "password": PASSWORD}
    return await identity.http.post("/users", json=body)


async def rename(identity: Identity, headers: dict[str, str], username: str) -> httpx.Response:
    return await identity.http.patch("/users/me", json={"username": username}, headers=headers)


@pytest.mark.parametrize("username", ["ada", "ADA"])
async def test_name_that_was_given_up_is_taken_for_others(identity: Identity, username: str) -> None:
    await rename(identity, await identity.signed_in("ada"), "lovelace")
    ensure_problem(await register(identity, username), 409, "username_taken")
    ensure_problem(await rename(identity, await identity.signed_in("eve"), username), 409, "username_taken")


async def test_name_of_a_deleted_account_is_taken_and_stored_as_a_keyed_hash(
    identity: Identity, databases: Databases
) -> None:
    headers = await identity.signed_in("ada")
    await identity.http.delete("/users/me", headers=headers)
    ensure_problem(await register(identity, "ada"), 409, "username_taken")
    [row] = await databases.fetch("identity_app", RELEASED)
    assert row["name_digest"] == identity.parts.digests.of("usernames", "ada")


async def test_account_may_take_its_own_name_back(identity: Identity, databases: Databases) -> None:
    headers = await identity.signed_in("ada")
    names = ["lovelace", "Ada", "lovelace", "ada"]
    assert [(await rename(identity, headers, name)).status_code for name in names] == [200] * 4
    digest = identity.parts.digests.of
    assert [row["name_digest"] for row in await databases.fetch("identity_app", RELEASED)] == [
        digest("usernames", "lovelace")
    ]


async def test_another_case_of_ones_own_name_gives_nothing_up(identity: Identity, databases: Databases) -> None:
    await rename(identity, await identity.signed_in("ada"), "Ada")
    assert await databases.fetch("identity_app", RELEASED) == []


async def test_name_is_free_after_thirty_days_and_not_a_second_before(
    identity_at: Identity, clock: StandingClock
) -> None:
    await rename(identity_at, await identity_at.signed_in("ada"), "lovelace")
    clock.advance(seconds=WITHHELD.total_seconds() - 1)
    ensure_problem(await register(identity_at, "ada"), 409, "username_taken")
    clock.advance(seconds=1)
    assert (await register(identity_at, "ada")).status_code == 201


async def test_refused_rename_gives_nothing_up(identity: Identity, databases: Databases) -> None:
    await identity.register("eve")
    ensure_problem(await rename(identity, await identity.signed_in("ada"), "eve"), 409, "username_taken")
    assert await databases.fetch("identity_app", RELEASED) == []


async def test_command_line_may_give_a_name_that_was_given_up(identity: Identity) -> None:
    await rename(identity, await identity.signed_in("ada"), "lovelace")
    assert await Administration(identity.parts).create_administrator(AccountDraft("ada", "root@example.com", PASSWORD))


async def test_nobody_gets_a_name_in_the_moment_in_which_it_is_given_up(identity: Identity) -> None:
    headers = [await identity.signed_in(f"ada-{number}") for number in range(5)]
    strangers = [await identity.signed_in(f"eve-{number}") for number in range(5)]
    answers = await asyncio.gather(
        *(rename(identity, own, f"lovelace-{number}") for number, own in enumerate(headers)),
        *(rename(identity, stranger, f"ada-{number}") for number, stranger in enumerate(strangers)),
    )
    assert statuses(answers) == {200: 5, 409: 5}


async def test_cleanup_deletes_the_names_that_are_free_again(
    identity_at: Identity, clock: StandingClock, databases: Databases
) -> None:
    await rename(identity_at, await identity_at.signed_in("ada"), "lovelace")
    database = identity_at.parts.database
    for moment, number in ((clock.now(), 0), (clock.now() + timedelta(days=30), 1)):
        async with database.begin() as db:
            assert await delete_portion_of_free(db, moment) == number
    assert await databases.fetch("identity_app", RELEASED) == []


async def test_digest_depends_on_the_label(identity: Identity) -> None:
    digest = identity.parts.digests.of
    assert len({digest("usernames", "ada"), digest("addresses", "ada"), digest("usernames", "eve")}) == 3
