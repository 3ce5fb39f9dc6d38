"""Nobody removes the last administrator, in whatever way, also if several try at once."""

import asyncio
from collections.abc import Callable, Coroutine
from itertools import combinations_with_replacement
from typing import Any

import asyncpg
import httpx
import pytest

from identity_service.administration import Administration
from identity_service.roles.errors import LastAdministrator
from tests.admin.audit import acts
from tests.admin.callers import Headers, administrator
from tests.identity.answers import claims_of, ensure_problem
from tests.identity.browsing import browsing
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity, bearer
from tests.support.waiting import until

ADMINISTRATORS = """
    SELECT username FROM identity.users JOIN identity.user_roles ON user_id = id
    WHERE role = 'admin' AND is_active ORDER BY 1
"""
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('identity.administrators', 0))"
WAITING = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"

Removal = Callable[[Identity, Headers, str], Coroutine[Any, Any, httpx.Response]]


def id_of(headers: Headers) -> str:
    return str(claims_of(headers["Authorization"].removeprefix("Bearer "))["sub"])


async def patch(identity: Identity, headers: Headers, user_id: str, **members: Any) -> httpx.Response:
    return await identity.http.patch(f"/admin/users/{user_id}", json=members, headers={**headers, "If-Match": "*"})


REMOVALS: dict[str, Removal] = {
    "disable": lambda identity, headers, user_id: patch(identity, headers, user_id, active=False),
    "demote": lambda identity, headers, user_id: patch(identity, headers, user_id, roles=["user"]),
    "delete": lambda identity, headers, user_id: identity.http.delete(f"/admin/users/{user_id}", headers=headers),
}

each_removal = pytest.mark.parametrize("removal", REMOVALS.values(), ids=REMOVALS)


async def remaining(databases: Databases) -> list[str]:
    return [row["username"] for row in await databases.fetch("identity_app", ADMINISTRATORS)]


@each_removal
async def test_last_administrator_cannot_remove_themselves(
    identity: Identity, grace: Headers, databases: Databases, removal: Removal
) -> None:
    await administrator(identity, "barbara")
    await Administration(identity.parts).set_active("barbara", False)
    ensure_problem(await removal(identity, grace, id_of(grace)), 409, "last_administrator")
    assert await remaining(databases) == ["grace"]
    assert [action for _, action, _, _ in await acts(databases, id_of(grace))] == ["user.created"]
    assert (await identity.http.get(f"/admin/users/{id_of(grace)}", headers=grace)).status_code == 200


async def test_last_administrator_cannot_delete_their_own_account(identity: Identity, grace: Headers) -> None:
    own = bearer((await identity.sign_in("grace", resource=IDENTITY_URL, scope="account"))["access_token"])
    ensure_problem(await identity.http.delete("/users/me", headers=own), 409, "last_administrator")
    await administrator(identity, "barbara")
    assert (await identity.http.delete("/users/me", headers=own)).status_code == 204


async def test_page_that_deletes_the_account_says_why_it_does_not(
    identity: Identity, grace: Headers, databases: Databases
) -> None:
    async with browsing(identity) as browser:
        await browser.sign_on("grace")
        answer = await browser.send("/account/delete", {"confirmation": "grace"})
        assert answer.status_code == 422
        assert "You are the only administrator. Make another one first." in answer.text
        assert await remaining(databases) == ["grace"]


async def test_commands_do_not_remove_the_last_administrator(identity: Identity, grace: Headers) -> None:
    administration = Administration(identity.parts)
    with pytest.raises(LastAdministrator):
        await administration.set_active("grace", False)
    with pytest.raises(LastAdministrator):
        await administration.set_roles("grace", ["user"])


async def test_administrator_who_stays_one_gets_other_roles(identity: Identity, grace: Headers) -> None:
    assert (await patch(identity, grace, id_of(grace), roles=["admin", "moderator"])).status_code == 204


@pytest.mark.parametrize("kinds", list(combinations_with_replacement(REMOVALS, 2)), ids=" and ".join)
async def test_of_two_administrators_who_remove_each_other_at_once_one_is_refused(
    identity: Identity, databases: Databases, kinds: tuple[str, str]
) -> None:
    """Each in a process of their own. Both have done all but the last step when either goes on."""
    grace, barbara = await administrator(identity, "grace"), await administrator(identity, "barbara")
    owner = await asyncpg.connect(databases.url("identity_owner"))
    async with services.identity(databases) as other:
        async with owner.transaction():
            await owner.execute(LOCK)
            first = asyncio.create_task(REMOVALS[kinds[0]](identity, grace, id_of(barbara)))
            second = asyncio.create_task(REMOVALS[kinds[1]](other, barbara, id_of(grace)))

            async def are_waiting() -> bool:
                return len(await databases.fetch("identity_owner", WAITING)) == 2

            await until(are_waiting)
        answers = [await first, await second]
    await owner.close()
    assert sorted(answer.status_code for answer in answers) == [204, 409]
    (refused,) = (answer for answer in answers if answer.status_code == 409)
    ensure_problem(refused, 409, "last_administrator")
    assert len(await remaining(databases)) == 1


@each_removal
async def test_two_of_three_administrators_are_removed_at_once(
    identity: Identity, grace: Headers, databases: Databases, removal: Removal
) -> None:
    others = [id_of(await administrator(identity, name)) for name in ("barbara", "frances")]
    answers = await asyncio.gather(*(removal(identity, grace, user_id) for user_id in others * 2))
    assert {answer.status_code for answer in answers} == {204}
    assert await remaining(databases) == ["grace"]
    # The first is that the account was made.
    assert [len(await acts(databases, user_id)) for user_id in others] == [2, 2]
