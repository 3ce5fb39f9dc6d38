"""A secret is rotated while both are valid, so that no instance of the application is refused meanwhile."""

import asyncio

import pytest

from identity_service.administration import Administration
from identity_service.clients.errors import ClientNotFound
from identity_service.clients.models import hash_secret
from tests.identity.client_lines import run
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, POSTS_SECRET, POSTS_URL, Identity
from watchword.errors import AppError

ROBOT = f"clients create robot --grant client_credentials --scope account --audience {IDENTITY_URL}"


async def secret_of(identity: Identity, line: str) -> str:
    return (await run(identity, line)).rpartition("only now: ")[2]


async def statuses(identity: Identity, client_id: str, *secrets: str) -> list[int]:
    form = {"grant_type": "client_credentials", "client_id": client_id}
    return [(await identity.token(**form, client_secret=secret)).status_code for secret in secrets]


async def test_both_secrets_are_valid_until_the_former_one_is_ended(identity: Identity) -> None:
    former = await secret_of(identity, ROBOT)
    latter = await secret_of(identity, "clients add-secret robot")
    assert await statuses(identity, "robot", former, latter, "", former[:-1]) == [200, 200, 401, 401]
    assert "Two secrets are valid" in await run(identity, "clients show robot")
    assert (
        await run(identity, "clients end-former-secret robot") == "The former secret of robot is not valid from now on."
    )
    assert await statuses(identity, "robot", former, latter) == [401, 200]
    third = await secret_of(identity, "clients add-secret robot")
    assert await statuses(identity, "robot", former, latter, third) == [401, 200, 200]


async def test_secret_is_rotated_once_until_the_former_one_is_ended(identity: Identity) -> None:
    former = await secret_of(identity, ROBOT)
    rotations = (secret_of(identity, "clients add-secret robot") for _ in range(4))
    outcomes = await asyncio.gather(*rotations, return_exceptions=True)
    secrets = [outcome for outcome in outcomes if isinstance(outcome, str)]
    refusals = [str(outcome) for outcome in outcomes if isinstance(outcome, AppError)]
    assert refusals == ["robot has two valid secrets"] * (len(outcomes) - len(secrets))
    assert await statuses(identity, "robot", former, *secrets) == [200, 200]


async def test_secret_that_nobody_saw_is_replaced_while_the_one_in_use_stays_valid(identity: Identity) -> None:
    former = await secret_of(identity, ROBOT)
    lost = await secret_of(identity, "clients add-secret robot")
    latter = await secret_of(identity, "clients add-secret robot --lost")
    assert await statuses(identity, "robot", former, lost, latter) == [200, 401, 200]
    await run(identity, "clients end-former-secret robot")
    with pytest.raises(AppError, match="robot has one valid secret"):
        await run(identity, "clients add-secret robot --lost")
    assert await statuses(identity, "robot", former, lost, latter) == [401, 401, 200]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("clients add-secret web", "the client web is public: it has no secret"),
        ("clients end-former-secret posts", "the client posts has no former secret"),
        ("clients end-former-secret web", "the client web has no former secret"),
    ],
)
async def test_client_without_such_a_secret_stays_as_it_is(identity: Identity, line: str, fault: str) -> None:
    with pytest.raises(AppError, match=fault):
        await run(identity, line)
    assert await statuses(identity, "posts", POSTS_SECRET) == [200]


@pytest.mark.parametrize("command", ["add-secret", "end-former-secret", "show", "change"])
async def test_unknown_client_is_refused(identity: Identity, command: str) -> None:
    options = "--first-party" if command == "change" else ""
    with pytest.raises(ClientNotFound, match="there is no client nobody"):
        await run(identity, f"clients {command} nobody {options}")


async def test_set_up_with_either_secret_of_a_rotation_leaves_both(identity: Identity) -> None:
    latter = await secret_of(identity, "clients add-secret posts")
    for secret in (POSTS_SECRET, latter):
        await Administration(identity.parts).install(POSTS_URL, secret)
        assert await statuses(identity, "posts", POSTS_SECRET, latter) == [200, 200]


async def test_set_up_with_another_secret_makes_it_the_only_one(identity: Identity, databases: Databases) -> None:
    latter = await secret_of(identity, "clients add-secret posts")
    other = "another-secret-of-the-posts-client"
    await Administration(identity.parts).install(POSTS_URL, other)
    assert await statuses(identity, "posts", POSTS_SECRET, latter, other) == [401, 401, 200]
    query = "SELECT secret_hash, former_secret_hash FROM identity.clients WHERE id = 'posts'"
    assert [tuple(row) for row in await databases.fetch("identity_app", query)] == [(hash_secret(other), None)]
