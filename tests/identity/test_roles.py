"""What a role may do: changed for everybody who has it at once, and told in one event."""

import asyncio
from typing import Any

import httpx
import pytest

from identity_service.accounts.models import ChangedAccount
from identity_service.administration import Administration
from identity_service.obedience.models import Act
from identity_service.roles.errors import PermissionUnknown, RoleNeeded, RoleNotFound, RoleUnknown
from identity_service.roles.values import RoleContent
from tests.identity.answers import claims_of, statuses
from tests.identity.obeying import ObeyingService
from tests.identity.receivers import receiver_with_stream
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity, bearer
from watchword.events.types import role_changed_type
from watchword.testing import StandingClock

EDIT, DELETE = "post:edit_any", "post:delete_any"
SEEDED = EDIT, DELETE, "post:unpublish_any", "comment:delete_any"
AT_ONCE = 30
AUDIT = "SELECT actor, action, subject, detail FROM identity.audit_entries ORDER BY id"
HELD = "SELECT role FROM identity.user_roles WHERE role = 'moderator'"

pytestmark = pytest.mark.usefixtures("seeded_roles")


async def moderator(identity: Identity, name: str = "ada", **form: str) -> dict[str, Any]:
    """Register a moderator, and return the answer to their sign-in."""
    await identity.register(name)
    await Administration(identity.parts).set_roles(name, ["user", "moderator"])
    return await identity.sign_in(name, **form)


async def set_permissions(identity: Identity, *permissions: str) -> None:
    await Administration(identity.parts).change_role("moderator", RoleContent(None, permissions))


async def test_changed_role_is_one_event_however_many_have_it(identity_at: Identity, clock: StandingClock) -> None:
    for name in ("ada", "grace", "barbara"):
        await moderator(identity_at, name)
    posts = await receiver_with_stream(identity_at)
    await posts.acknowledge()
    await set_permissions(identity_at, EDIT)
    ((_, subject, event),) = await posts.events()
    assert subject == {"format": "opaque", "id": "moderator"}
    assert event == {
        "role": "moderator",
        "rver": 1,
        "event_timestamp": int(clock.now().timestamp()),
        "initiating_entity": "admin",
        "reason_admin": {"en": "an administrator's command"},
    }


async def test_stream_says_that_the_event_is_supported_and_delivered(identity: Identity) -> None:
    posts = await receiver_with_stream(identity)
    stream = await posts.read()
    for member in ("events_supported", "events_requested", "events_delivered"):
        assert role_changed_type(IDENTITY_URL) in stream[member]


async def test_tokens_that_carry_the_role_are_refused_and_no_others(identity: Identity) -> None:
    old, other = await moderator(identity), await identity_without_roles(identity)
    posts = await ObeyingService.of(identity)
    await set_permissions(identity, EDIT)
    await posts.receive()
    fresh = (await identity.refresh(old["refresh_token"])).json()["access_token"]
    assert claims_of(fresh)["permissions"] == [EDIT]
    tokens = old["access_token"], other["access_token"], fresh
    assert [await posts.accepts(token) for token in tokens] == [False, True, True]


async def identity_without_roles(identity: Identity) -> dict[str, Any]:
    await identity.register("eve")
    return await identity.sign_in("eve")


async def test_identity_itself_refuses_tokens_that_carry_the_role_and_no_others(identity: Identity) -> None:
    old = await moderator(identity, resource=IDENTITY_URL)
    await identity.register("eve")
    other = await identity.sign_in("eve", resource=IDENTITY_URL)
    await set_permissions(identity, EDIT)
    fresh = (await identity.refresh(old["refresh_token"])).json()["access_token"]
    tokens = old["access_token"], other["access_token"], fresh
    answers = [await identity.http.get("/users/me", headers=bearer(token)) for token in tokens]
    assert [answer.status_code for answer in answers] == [401, 200, 200]


async def test_change_is_audited(identity: Identity, databases: Databases) -> None:
    await set_permissions(identity, EDIT)
    await Administration(identity.parts).delete_role("moderator")
    rows = await databases.fetch("identity_app", AUDIT)
    assert [(row["actor"], row["action"], row["subject"]) for row in rows] == [
        ("command line", "role.changed", "moderator"),
        ("command line", "role.deleted", "moderator"),
    ]
    assert f'"permissions": ["{EDIT}"]' in rows[0]["detail"]


async def test_permissions_that_the_role_has_already_change_nothing(identity: Identity, databases: Databases) -> None:
    posts = await receiver_with_stream(identity)
    await set_permissions(identity, *reversed(SEEDED), EDIT)
    assert (await posts.events(), await databases.fetch("identity_app", AUDIT)) == ([], [])


async def test_role_may_lose_every_permission(identity: Identity) -> None:
    tokens = await moderator(identity)
    await set_permissions(identity)
    fresh = (await identity.refresh(tokens["refresh_token"])).json()["access_token"]
    assert (claims_of(fresh)["roles"], claims_of(fresh)["permissions"]) == (["moderator", "user"], [])


async def test_deleted_role_is_taken_from_everybody_and_its_tokens_are_refused(
    identity: Identity, databases: Databases
) -> None:
    old = await moderator(identity, resource=IDENTITY_URL)
    elsewhere = (await identity.sign_in("ada"))["access_token"]
    posts = await ObeyingService.of(identity)
    await posts.receive()
    before = len(posts.revocations)
    assert await posts.accepts(elsewhere)
    await Administration(identity.parts).delete_role("moderator")
    await posts.receive()
    assert await databases.fetch("identity_app", HELD) == []
    assert len(posts.revocations) == before + 1
    assert not await posts.accepts(elsewhere)
    assert (await identity.http.get("/users/me", headers=bearer(old["access_token"]))).status_code == 401
    fresh = (await identity.refresh(old["refresh_token"])).json()["access_token"]
    assert claims_of(fresh)["roles"] == ["user"]
    assert (await identity.http.get("/users/me", headers=bearer(fresh))).status_code == 200


async def test_role_that_does_not_exist_is_neither_changed_nor_deleted(identity: Identity) -> None:
    administration = Administration(identity.parts)
    with pytest.raises(RoleNotFound, match="there is no role editor"):
        await administration.change_role("editor", RoleContent(None, [EDIT]))
    with pytest.raises(RoleNotFound, match="there is no role editor"):
        await administration.delete_role("editor")


async def test_permission_that_nobody_reads_is_refused(identity: Identity, databases: Databases) -> None:
    with pytest.raises(PermissionUnknown, match="there is no permission post:burn, post:read"):
        await set_permissions(identity, "post:read", EDIT, "post:burn")
    assert await databases.fetch("identity_app", AUDIT) == []


@pytest.mark.parametrize("role", ["user", "admin"])
async def test_role_that_new_accounts_get_cannot_be_deleted(identity: Identity, role: str) -> None:
    with pytest.raises(RoleNeeded):
        await Administration(identity.parts).delete_role(role)


async def test_changes_and_refreshes_at_once_leave_no_token_with_old_permissions(identity_at: Identity) -> None:
    await moderator(identity_at)
    posts = await receiver_with_stream(identity_at)
    await posts.acknowledge()
    sessions = [await identity_at.sign_in("ada") for _ in range(AT_ONCE)]
    kinds = (EDIT,), (EDIT, DELETE)
    changes = [set_permissions(identity_at, *kinds[number % 2]) for number in range(AT_ONCE)]
    refreshes = [identity_at.refresh(tokens["refresh_token"]) for tokens in sessions]
    mixed = [one for pair in zip(refreshes, changes, strict=True) for one in pair]
    answers = [answer for answer in await asyncio.gather(*mixed) if isinstance(answer, httpx.Response)]
    assert statuses(answers) == {200: AT_ONCE}
    sent = [event["rver"] for _, _, event in await posts.events()]
    assert sorted(set(sent)) == sorted(sent) == list(range(1, len(sent) + 1))
    latest = claims_of((await identity_at.sign_in("ada"))["access_token"])
    assert latest["rver"] == max(sent)
    for answer in answers:
        claims = claims_of(answer.json()["access_token"])
        assert claims["rver"] < max(sent) or claims["permissions"] == latest["permissions"]


async def test_role_that_is_given_and_deleted_at_once_is_held_by_nobody(
    identity: Identity, databases: Databases
) -> None:
    administration = Administration(identity.parts)
    for number in range(8):
        await identity.register(f"ada{number}")
    changes = [administration.set_roles(f"ada{number}", ["user", "moderator"]) for number in range(8)]
    outcomes = await asyncio.gather(*changes, administration.delete_role("moderator"), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} <= {ChangedAccount, RoleUnknown, Act}
    assert isinstance(outcomes[-1], Act)
    assert await databases.fetch("identity_app", HELD) == []
