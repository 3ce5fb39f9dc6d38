"""`setup` makes an administrator if there is none, and no account with its name or address stops it."""

import asyncio

import pytest

from identity_service.accounts.schemas import Registration
from identity_service.administration import Administration, FirstAdministrator
from identity_service.roles import repository as roles
from tests.support.services import PASSWORD, Identity


@pytest.fixture
def administration(identity: Identity) -> Administration:
    return Administration(identity.parts)


async def has_administrator(identity: Identity) -> bool:
    async with identity.parts.database.begin() as db:
        return await roles.is_held(db, "admin")


async def test_first_administrator_is_made_once(identity: Identity, administration: Administration) -> None:
    assert await administration.create_first_administrator(PASSWORD) is FirstAdministrator.CREATED
    assert (await identity.sign_in("admin"))["access_token"]
    assert await administration.create_first_administrator("another valid one") is FirstAdministrator.NOT_NEEDED
    assert (await identity.sign_in("admin"))["access_token"]


async def test_administrator_with_another_name_is_enough(administration: Administration) -> None:
    await administration.create_administrator("root", "root@example.com", PASSWORD)
    assert await administration.create_first_administrator(PASSWORD) is FirstAdministrator.NOT_NEEDED


async def test_two_set_ups_at_once_agree_that_there_is_an_administrator(administration: Administration) -> None:
    outcomes = await asyncio.gather(*(administration.create_first_administrator(PASSWORD) for _ in range(4)))
    assert sorted(outcomes, key=lambda outcome: outcome.value) == [
        FirstAdministrator.CREATED,
        *[FirstAdministrator.NOT_NEEDED] * 3,
    ]


SOMEBODY = {"username": "somebody", "email": "admin@example.com", "password": PASSWORD}
NAMESAKE = {"username": "Admin", "email": "elsewhere@example.com", "password": PASSWORD}


@pytest.mark.parametrize("accounts", [[SOMEBODY], [NAMESAKE], [SOMEBODY, NAMESAKE]], ids=["address", "name", "both"])
async def test_stranger_with_the_name_or_the_address_is_no_administrator(
    identity: Identity, administration: Administration, accounts: list[dict[str, str]]
) -> None:
    for account in accounts:
        # An account of an earlier release may have a name that is reserved now.
        await identity.parts.registrations.create(Registration.model_validate(account))
    assert await administration.create_first_administrator(PASSWORD) is FirstAdministrator.NAME_TAKEN
    assert not await has_administrator(identity)
