"""`setup` makes the administrator that it is given if there is none, and no account with its name stops it."""

import asyncio

import pytest

from identity_service.accounts.schemas import Registration
from identity_service.administration import AccountDraft, Administration, FirstAdministrator
from identity_service.errors import WeakPassword
from identity_service.recording.cause import BY_COMMAND_LINE
from identity_service.roles import repository as roles
from identity_service.roles.permissions import ADMINISTER
from identity_service.roles.values import RoleContent
from tests.support.services import PASSWORD, Identity
from watchword.errors import Invalid

GRACE = AccountDraft("grace", "grace@example.com", PASSWORD)


@pytest.fixture
def administration(identity: Identity) -> Administration:
    return Administration(identity.parts)


async def has_administrator(identity: Identity) -> bool:
    async with identity.parts.database.begin() as db:
        return await roles.is_held(db, "admin")


async def refusal_of(identity: Identity, password: str) -> str:
    """The code of the error that the password grant answers with."""
    answer = await identity.token(grant_type="password", username="grace", password=password)
    assert answer.status_code == 400
    return str(answer.json()["error_description"])


async def test_first_administrator_is_made_once_and_must_change_the_password(
    identity: Identity, administration: Administration
) -> None:
    assert await administration.create_first_administrator(GRACE) is FirstAdministrator.CREATED
    assert "choose your own at /account/password" in await refusal_of(identity, PASSWORD)
    other = GRACE._replace(username="ada", password="another valid one")
    assert await administration.create_first_administrator(other) is FirstAdministrator.NOT_NEEDED
    assert "/account/password" in await refusal_of(identity, PASSWORD)


async def test_administrator_with_another_name_is_enough(administration: Administration) -> None:
    await administration.create_administrator(GRACE._replace(username="root"))
    assert await administration.create_first_administrator(GRACE) is FirstAdministrator.NOT_NEEDED


async def test_administrator_by_another_role_is_enough(
    identity: Identity, administration: Administration, seeded_roles: None
) -> None:
    content = RoleContent(None, [ADMINISTER])
    await identity.parts.roles.create("operator", "Administers", content, BY_COMMAND_LINE)
    await administration.create_administrator(GRACE._replace(username="root"))
    await administration.set_roles("root", ["operator"])
    assert not await has_administrator(identity)
    assert await administration.create_first_administrator(GRACE) is FirstAdministrator.NOT_NEEDED


async def test_two_set_ups_at_once_agree_that_there_is_an_administrator(administration: Administration) -> None:
    outcomes = await asyncio.gather(*(administration.create_first_administrator(GRACE) for _ in range(4)))
    assert sorted(outcomes, key=lambda outcome: outcome.value) == [
        FirstAdministrator.CREATED,
        *[FirstAdministrator.NOT_NEEDED] * 3,
    ]


@pytest.mark.parametrize(
    ("draft", "member", "error"),
    [
        (GRACE._replace(username="a name"), "username", Invalid),
        (GRACE._replace(email="grace"), "email", Invalid),
        (GRACE._replace(password="short"), "password", Invalid),
        (GRACE._replace(password="password"), "password", WeakPassword),
    ],
    ids=["username", "email", "password", "weak"],
)
async def test_administrator_that_no_account_can_be_is_refused(
    identity: Identity, administration: Administration, draft: AccountDraft, member: str, error: type[Invalid]
) -> None:
    with pytest.raises(error, match=member):
        await administration.create_first_administrator(draft)
    assert not await has_administrator(identity)


SOMEBODY = {"username": "somebody", "email": "grace@example.com", "password": PASSWORD}
NAMESAKE = {"username": "Grace", "email": "elsewhere@example.com", "password": PASSWORD}


@pytest.mark.parametrize("accounts", [[SOMEBODY], [NAMESAKE], [SOMEBODY, NAMESAKE]], ids=["address", "name", "both"])
async def test_stranger_with_the_name_or_the_address_is_no_administrator(
    identity: Identity, administration: Administration, accounts: list[dict[str, str]]
) -> None:
    for account in accounts:
        await identity.parts.registrations.create(Registration.model_validate(account))
    assert await administration.create_first_administrator(GRACE) is FirstAdministrator.NAME_TAKEN
    assert not await has_administrator(identity)
