"""Names that nobody may choose, because others would take their owner for the operator."""

from collections.abc import AsyncIterator

import httpx
import pytest

from identity_service.administration import AccountDraft, Administration
from identity_service.users.reserved_names import RESERVED, plain_name
from tests.identity.answers import ensure_problem
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import PASSWORD, Identity


@pytest.fixture
async def acme(clean_databases: Databases) -> AsyncIterator[Identity]:
    """A service with a reserved name of its own."""
    async with services.identity(clean_databases, reserved_usernames="Acme-Support, roadrunner") as identity:
        yield identity


async def register(identity: Identity, username: str) -> httpx.Response:
    body = {"username": username, "email": "eve@example.com", "password": PASSWORD}
    return await identity.http.post("/users", json=body)


@pytest.mark.parametrize("username", ["admin", "ROOT", "www", "Post-Master", "s.e.c.u.r.i.t.y", "support_"])
async def test_reserved_name_cannot_be_registered_in_any_spelling(identity: Identity, username: str) -> None:
    ensure_problem(await register(identity, username), 409, "username_reserved")


async def test_nobody_can_be_renamed_to_a_reserved_name(identity: Identity) -> None:
    headers = await identity.signed_in("ada")
    renamed = await identity.http.patch("/users/me", json={"username": "Web.Master"}, headers=headers)
    ensure_problem(renamed, 409, "username_reserved")
    assert (await identity.http.get("/users/me", headers=headers)).json()["username"] == "ada"


async def test_name_that_contains_a_reserved_one_is_free(identity: Identity) -> None:
    assert (await register(identity, "admiral-root")).status_code == 201


async def test_installation_reserves_names_of_its_own(acme: Identity) -> None:
    ensure_problem(await register(acme, "acmesupport"), 409, "username_reserved")
    ensure_problem(await register(acme, "RoadRunner"), 409, "username_reserved")
    ensure_problem(await register(acme, "root"), 409, "username_reserved")


async def test_command_line_may_give_a_reserved_name_which_its_account_keeps(identity: Identity) -> None:
    assert await Administration(identity.parts).create_administrator(AccountDraft("root", "root@example.com", PASSWORD))
    headers = services.bearer((await identity.sign_in("root", resource=services.IDENTITY_URL))["access_token"])
    renamed = await identity.http.patch("/users/me", json={"username": "Root"}, headers=headers)
    assert (renamed.status_code, renamed.json()["username"]) == (200, "Root")


def test_list_is_written_in_the_form_that_is_compared() -> None:
    assert [name for name in RESERVED if name != plain_name(name)] == []
