"""The same act of administrators several times at once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from identity_service.administration import Administration
from identity_service.errors import UserNotFound
from tests.admin.audit import acts
from tests.admin.callers import Headers
from tests.identity.receivers import receiver_with_stream
from tests.support.databases import Databases
from tests.support.services import Identity
from tests.support.waiting import until

AT_ONCE = 6
WAITING = "SELECT pid FROM pg_stat_activity WHERE usename = 'identity_app' AND wait_event_type = 'Lock'"
RENAME = "UPDATE identity.users SET username = 'lovelace' WHERE username = 'ada'"

ByName = Callable[[Administration], Awaitable[Any]]
BY_NAME: dict[str, ByName] = {
    "set-roles": lambda administration: administration.set_roles("ada", []),
    "disable": lambda administration: administration.set_active("ada", active=False),
    "delete": lambda administration: administration.delete_user("ada"),
    "set-password": lambda administration: administration.set_password("ada"),
    "end-sessions": lambda administration: administration.end_sessions("ada"),
}


async def test_of_changes_of_one_version_one_is_made(identity: Identity, grace: Headers, databases: Databases) -> None:
    ada = await identity.register("ada")
    tag = (await identity.http.get(f"/admin/users/{ada}", headers=grace)).headers["etag"]
    bodies = [{"roles": ["user", "moderator"]}, {"active": False}] * (AT_ONCE // 2)
    headers = {**grace, "If-Match": tag}
    answers = await asyncio.gather(
        *(identity.http.patch(f"/admin/users/{ada}", json=body, headers=headers) for body in bodies)
    )
    assert sorted(answer.status_code for answer in answers) == [204] + [412] * (AT_ONCE - 1)
    assert len(await acts(databases, ada)) == 1


async def test_deletions_have_one_receipt_and_one_entry(
    identity: Identity, grace: Headers, databases: Databases
) -> None:
    ada = await identity.register("ada")
    await identity.sign_in("ada")
    posts = await receiver_with_stream(identity)
    answers = await asyncio.gather(
        *(identity.http.delete(f"/admin/users/{ada}", headers=grace) for _ in range(AT_ONCE))
    )
    assert {answer.status_code for answer in answers} == {204}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert [action for _, action, _, _ in await acts(databases, ada)] == ["user.deleted"]
    assert await posts.kinds() == ["account-purged"]


async def test_sessions_end_once(identity: Identity, grace: Headers, databases: Databases) -> None:
    ada = await identity.register("ada")
    await identity.sign_in("ada")
    posts = await receiver_with_stream(identity)
    answers = await asyncio.gather(
        *(identity.http.delete(f"/admin/users/{ada}/sessions", headers=grace) for _ in range(AT_ONCE))
    )
    assert {answer.status_code for answer in answers} == {204}
    assert [action for _, action, _, _ in await acts(databases, ada)] == ["user.sessions_ended"]
    assert await posts.kinds() == ["session-revoked"]


async def test_change_and_deletion_at_once_leave_no_account(identity: Identity, grace: Headers) -> None:
    ada = await identity.register("ada")
    headers = {**grace, "If-Match": "*"}
    changed, deleted = await asyncio.gather(
        identity.http.patch(f"/admin/users/{ada}", json={"roles": ["moderator"]}, headers=headers),
        identity.http.delete(f"/admin/users/{ada}", headers=grace),
    )
    assert (changed.status_code in (204, 404), deleted.status_code) == (True, 204)
    assert (await identity.http.get(f"/admin/users/{ada}", headers=grace)).status_code == 404


@pytest.mark.parametrize("act", BY_NAME.values(), ids=BY_NAME.keys())
async def test_act_by_a_name_that_is_given_up_meanwhile_touches_nobody(
    identity: Identity, databases: Databases, act: ByName
) -> None:
    ada = await identity.register("ada")
    await identity.sign_in("ada")
    renaming = await asyncpg.connect(databases.url("identity_owner"))

    async def waits() -> bool:
        return len(await databases.fetch_as_superuser(WAITING)) == 1

    async with renaming.transaction():
        await renaming.execute(RENAME)
        acting = asyncio.ensure_future(act(Administration(identity.parts)))
        await until(waits)
    await renaming.close()
    with pytest.raises(UserNotFound, match="there is no user ada"):
        await acting
    assert await acts(databases, ada) == []
    await identity.sign_in("lovelace")
