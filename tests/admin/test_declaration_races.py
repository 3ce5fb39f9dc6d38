"""Declarations that are applied while others change the same, or while the database goes away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.admin.audit import acts
from tests.admin.callers import administrator
from tests.admin.declaring import EXAMPLE, apply, changes_of, recorded
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import Identity
from tests.support.waiting import until
from watchword.database.errors import DatabaseUnavailable

Headers = dict[str, str]

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
WAITING = "SELECT pid FROM pg_locks WHERE NOT granted"
ROUNDS = 5


@asynccontextmanager
async def held(databases: Databases, lock: str) -> AsyncIterator[None]:
    """Hold an advisory lock."""
    owner = await asyncpg.connect(databases.url("identity_owner"))
    try:
        async with owner.transaction():
            await owner.execute(LOCK, lock)
            yield
    finally:
        await owner.close()


async def until_waiting(databases: Databases, count: int) -> list[int]:
    """The processes of the database that wait for a lock, once there are so many."""
    waiting: list[int] = []

    async def are_waiting() -> bool:
        waiting[:] = [row["pid"] for row in await databases.fetch("identity_owner", WAITING)]
        return len(waiting) == count

    await until(are_waiting)
    return waiting


async def test_of_two_applications_at_once_one_changes_everything(identity: Identity, databases: Databases) -> None:
    async with services.identity(databases) as other:
        before = await recorded(databases)
        async with held(databases, "identity.roles"):
            both = [asyncio.create_task(apply(one, EXAMPLE)) for one in (identity, other)]
            await until_waiting(databases, 2)
        assert sorted([len(outcome.differences) for outcome in await asyncio.gather(*both)]) == [0, 4]
        assert [later - earlier for later, earlier in zip(await recorded(databases), before, strict=True)] == [4, 0]


async def test_change_over_http_before_it_is_judged_is_not_lost(
    identity: Identity, grace: Headers, databases: Databases
) -> None:
    await apply(identity, EXAMPLE)
    async with held(databases, "identity.roles"):
        outcome = asyncio.create_task(apply(identity, "clients: {notes-app: {name: Jottings}}"))
        await until_waiting(databases, 1)
        patch = {"name": "Scribbles", "redirect_uris": ["com.example.notes:/other"]}
        path = "/admin/clients/notes-app"
        answer = await identity.http.patch(path, json=patch, headers=grace | {"If-Match": "*"})
        assert answer.status_code == 200, answer.text
    assert changes_of(await outcome) == {"client notes-app": {"name": ("Scribbles", "Jottings")}}
    assert (await identity.http.get(path, headers=grace)).json()["redirect_uris"] == ["com.example.notes:/other"]


async def test_change_over_http_of_what_was_read_before_it_is_refused(
    identity: Identity, grace: Headers, databases: Databases
) -> None:
    await administrator(identity, "barbara")
    await apply(identity, EXAMPLE)
    await apply(identity, "roles: {librarian: {permissions: ['identity:administer']}}")
    path = "/admin/clients/notes-app"
    condition = {"If-Match": (await identity.http.get(path, headers=grace)).headers["ETag"]}
    text = "{roles: {librarian: {permissions: []}}, clients: {notes-app: {name: Jottings}}}"
    # It has written everything when it waits for this lock, and committed nothing.
    async with held(databases, "identity.administrators"):
        outcome = asyncio.create_task(apply(identity, text))
        await until_waiting(databases, 1)
        answer = asyncio.create_task(identity.http.patch(path, json={"name": "Lost"}, headers=grace | condition))
        await until_waiting(databases, 2)
    assert len((await outcome).differences) == 2
    assert (await answer).status_code == 412
    assert (await identity.http.get(path, headers=grace)).json()["name"] == "Jottings"


async def test_process_that_is_cut_off_has_changed_nothing_and_the_next_one_does_it_all(
    identity: Identity, grace: Headers, databases: Databases
) -> None:
    await apply(identity, "roles: {keeper: {description: Keeper, permissions: ['identity:administer']}}")
    text = EXAMPLE + "  keeper: {permissions: []}\n"
    before = await recorded(databases)
    async with held(databases, "identity.administrators"):
        outcome = asyncio.create_task(apply(identity, text))
        (pid,) = await until_waiting(databases, 1)
        await databases.fetch("identity_app", "SELECT pg_terminate_backend($1)", pid)
        with pytest.raises(DatabaseUnavailable):
            await outcome
    assert await recorded(databases) == before
    assert await identity.parts.clients.find("notes") is None
    assert len((await apply(identity, text)).differences) == 5
    assert (await apply(identity, text)).differences == []


async def test_role_that_is_given_meanwhile_is_changed_once(
    identity: Identity, grace: Headers, databases: Databases
) -> None:
    """Those who give the role and those who change it never wait for each other."""
    await apply(identity, EXAMPLE)
    await identity.register("ada")
    ada = (await identity.http.get("/admin/users?q=ada", headers=grace)).json()["items"][0]
    for number in range(ROUNDS):
        permissions = ["post:edit_any"] if number % 2 else ["note:edit_any", "post:edit_any"]
        roles = ["user", "librarian"] if number % 2 else ["user"]
        give = identity.http.patch(
            f"/admin/users/{ada['id']}", json={"roles": roles}, headers=grace | {"If-Match": "*"}
        )
        text = f"roles: {{librarian: {{permissions: {permissions}}}, moderator: {{permissions: {permissions[:1]}}}}}"
        answer, _ = await asyncio.gather(give, apply(identity, text))
        assert answer.status_code == 204, answer.text
    changes = [entry for entry in await acts(databases, "librarian") if entry[1] == "role.changed"]
    assert len(changes) == ROUNDS
