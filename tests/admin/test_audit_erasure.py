"""When an account is deleted, its addresses leave the audit log, whose entries stay; nothing else in it can change."""

from uuid import UUID, uuid4

import asyncpg
import pytest

from identity_service.audit import erasure
from identity_service.audit.filters import FIRST
from tests.admin.audit_rows import write
from tests.admin.callers import administrator
from tests.support.databases import Databases
from tests.support.services import Identity
from tests.support.waiting import until

ADDRESS = "192.0.2.1"
ENTRIES = "SELECT id::text, address FROM identity.audit_entries WHERE at < '2026-04-01' ORDER BY id"
EVERYTHING = "SELECT id, at, actor, action, subject, detail, request_id FROM identity.audit_entries ORDER BY id"
DUE = "UPDATE identity.jobs SET run_at = now() WHERE kind = 'audit_erasure'"
JOBS = "SELECT FROM identity.jobs WHERE kind = 'audit_erasure'"
CALL = "SELECT identity.erase_audit_addresses($1, $2, $3)"
GONE_FOR_A_MOMENT = """
    DELETE FROM identity.user_roles WHERE user_id = '{person}';
    UPDATE identity.users SET id = '{other}' WHERE id = '{person}';
    SELECT identity.erase_audit_addresses('{person}', '{first}', 10);
    UPDATE identity.users SET id = '{person}' WHERE id = '{other}'
"""
DETAIL = "UPDATE identity.audit_entries SET detail = jsonb_build_object('user', $1::text) WHERE id = $2"


async def delete_account(identity: Identity, databases: Databases, headers: dict[str, str]) -> None:
    """Delete the account, and wait until the job has run that comes a minute later."""
    answer = await identity.http.delete("/users/me", headers={**headers, "Prefer": "wait=1"})
    assert answer.status_code == 200, answer.text
    await databases.execute("identity_app", DUE)
    identity.parts.job_worker.wake()

    async def is_done() -> bool:
        return not await databases.fetch("identity_app", JOBS)

    await until(is_done)


async def addresses(databases: Databases) -> dict[str, str | None]:
    return {row["id"]: row["address"] for row in await databases.fetch("identity_app", ENTRIES)}


async def of_session(databases: Databases, number: int, person: str, actor: str) -> str:
    """The entry of a session of the person that somebody else has ended."""
    entry_id = await write(databases, number, actor=actor, address=ADDRESS)
    await databases.execute("identity_owner", DETAIL, person, UUID(entry_id))
    return entry_id


async def test_addresses_of_a_deleted_account_are_erased_and_its_entries_stay(
    identity: Identity, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasure, "PORTION", 3)
    ada = await identity.register("ada")
    headers = await identity.signed_in("eve")
    eve = str((await identity.http.get("/users/me", headers=headers)).json()["id"])
    erased = [await write(databases, number, actor=eve, address=ADDRESS) for number in range(10)]
    erased.append(await write(databases, 20, actor="web", subject=eve, address=ADDRESS))
    erased.append(await of_session(databases, 21, eve, "web"))
    others = [
        await write(databases, 30, actor=ada, address=ADDRESS),
        await write(databases, 31, actor="web", subject=ada, address=ADDRESS),
        await of_session(databases, 32, ada, "web"),
        # Of an administrator, whose address it is.
        await write(databases, 33, actor=ada, subject=eve, address=ADDRESS),
        await of_session(databases, 34, eve, ada),
    ]
    before = await databases.fetch("identity_app", EVERYTHING)
    await delete_account(identity, databases, headers)
    assert await addresses(databases) == dict.fromkeys(erased, None) | dict.fromkeys(others, ADDRESS)
    assert (await databases.fetch("identity_app", EVERYTHING))[: len(before)] == before
    # Also of the deletion itself, and of its answer, which is written after it.
    of_eve = "SELECT action FROM identity.audit_entries WHERE actor = $1 AND at > '2026-04-01' AND address IS NULL"
    actions = [row["action"] for row in await databases.fetch("identity_app", of_eve, eve)]
    assert {"user.deleted", "act.answered"} <= set(actions)


async def test_account_that_an_administrator_deletes_is_erased_too(identity: Identity, databases: Databases) -> None:
    admin = await administrator(identity)
    eve = await identity.register("eve")
    entry_id = await write(databases, 0, actor=eve, address=ADDRESS)
    tag = (await identity.http.get(f"/admin/users/{eve}", headers=admin)).headers["ETag"]
    answer = await identity.http.delete(f"/admin/users/{eve}", headers={**admin, "If-Match": tag})
    assert answer.status_code == 204, answer.text
    assert len(await databases.fetch("identity_app", JOBS)) == 1
    await databases.execute("identity_app", DUE)

    async def is_erased() -> bool:
        return await addresses(databases) == {entry_id: None}

    await until(is_erased)
    own = "SELECT address FROM identity.audit_entries WHERE action = 'user.deleted'"
    assert [row["address"] for row in await databases.fetch("identity_app", own)] == ["127.0.0.1"]


async def test_addresses_of_an_account_that_is_there_cannot_be_erased(identity: Identity, databases: Databases) -> None:
    ada = await identity.register("ada")
    await write(databases, 0, actor=ada, address=ADDRESS)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await databases.fetch("identity_app", CALL, UUID(ada), FIRST, 10)
    assert set((await addresses(databases)).values()) == {ADDRESS}


async def test_account_whose_deletion_is_not_recorded_keeps_its_addresses(
    identity: Identity, databases: Databases
) -> None:
    """Otherwise the role of the service could take an account away for a moment, and leave no trace."""
    ada = await identity.register("ada")
    await write(databases, 0, actor=ada, address=ADDRESS)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await databases.execute("identity_app", GONE_FOR_A_MOMENT.format(person=ada, other=uuid4(), first=FIRST))
    assert set((await addresses(databases)).values()) == {ADDRESS}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE identity.audit_entries SET address = NULL",
        "UPDATE identity.audit_entries SET detail = '{}'",
        "DELETE FROM identity.audit_entries",
        "TRUNCATE identity.audit_entries",
        "ALTER TABLE identity.audit_entries DISABLE TRIGGER ALL",
        "DROP FUNCTION identity.erase_audit_addresses",
        "CREATE TABLE identity.users_of_somebody (id uuid)",
        # By which the function could be deceived, if it looked for its tables in the order of its caller.
        "CREATE TEMP TABLE users (id uuid)",
    ],
)
async def test_role_of_the_service_can_change_nothing_else_of_an_entry(
    identity: Identity, databases: Databases, statement: str
) -> None:
    await write(databases, 0, address=ADDRESS)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await databases.execute("identity_app", statement)


async def test_other_roles_may_not_erase(databases: Databases) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await databases.fetch("posts_app", CALL, uuid4(), FIRST, 10)
