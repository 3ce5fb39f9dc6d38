"""GET, PATCH and DELETE /admin/users/{id}: an account, as administrators see and change it."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from identity_service.administration import Administration
from tests.admin.audit import acts
from tests.admin.callers import Headers, administrator
from tests.identity.answers import claims_of, ensure_problem
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity, bearer
from watchword.testing import StandingClock

ANY: dict[str, str] = {"If-Match": "*"}


async def read(identity: Identity, headers: Headers, user_id: str) -> tuple[dict[str, Any], str]:
    """The account and its entity tag."""
    answer = await identity.http.get(f"/admin/users/{user_id}", headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()), answer.headers["etag"]


async def change(identity: Identity, headers: Headers, user_id: str, **members: Any) -> httpx.Response:
    """Change the account, whatever its version."""
    return await identity.http.patch(f"/admin/users/{user_id}", json=members, headers={**ANY, **headers})


async def id_of(identity: Identity, headers: Headers) -> str:
    return str(claims_of(headers["Authorization"].removeprefix("Bearer "))["sub"])


async def test_account_says_what_an_administrator_needs(identity: Identity, grace: Headers) -> None:
    ada = await identity.register("ada")
    await identity.sign_in("ada")
    await identity.sign_in("ada")
    account, _ = await read(identity, grace, ada)
    at = {name: account.pop(name) for name in ("created_at", "updated_at", "last_sign_in_at")}
    assert all(at.values())
    assert account == {
        "id": ada,
        "username": "ada",
        "email": "ada@example.com",
        "email_verified": False,
        "full_name": None,
        "state": "active",
        "roles": ["user"],
        "permissions": [],
        "must_change_password": False,
        "has_second_factor": False,
        "sessions": 2,
    }


async def test_account_without_a_session_has_no_last_sign_in(identity: Identity, grace: Headers) -> None:
    account, _ = await read(identity, grace, await identity.register("ada"))
    assert (account["sessions"], account["last_sign_in_at"]) == (0, None)


async def test_tag_changes_with_the_account_and_not_with_its_sessions(identity: Identity, grace: Headers) -> None:
    ada = await identity.register("ada")
    _, tag = await read(identity, grace, ada)
    await identity.sign_in("ada")
    assert (await read(identity, grace, ada))[1] == tag
    unchanged = await identity.http.get(f"/admin/users/{ada}", headers={**grace, "If-None-Match": tag})
    assert (unchanged.status_code, unchanged.headers["etag"], unchanged.content) == (304, tag, b"")
    assert unchanged.headers["cache-control"] == "no-store"
    answer = await change(identity, grace, ada, active=False)
    account, later = await read(identity, grace, ada)
    assert (later, account["state"]) == (answer.headers["etag"], "disabled")
    assert later != tag
    stale = await identity.http.get(f"/admin/users/{ada}", headers={**grace, "If-Match": tag})
    ensure_problem(stale, 412, "precondition_failed")


async def test_roles_are_replaced_once_and_audited_once(
    identity: Identity, grace: Headers, databases: Databases
) -> None:
    ada, actor = await identity.register("ada"), await id_of(identity, grace)
    for roles in (["moderator", "user", "user"], ["user", "moderator"]):
        answer = await change(identity, grace, ada, roles=roles)
        assert (answer.status_code, answer.content) == (204, b"")
    account, tag = await read(identity, grace, ada)
    assert (account["roles"], tag) == (["moderator", "user"], answer.headers["etag"])
    assert "post:unpublish_any" in account["permissions"]
    before, after = {"roles": ["user"]}, {"roles": ["moderator", "user"]}
    assert await acts(databases, ada) == [(actor, "user.roles_changed", before, after)]


async def test_account_is_disabled_and_enabled_once_each_and_audited(
    identity: Identity, grace: Headers, databases: Databases
) -> None:
    ada, actor = await identity.register("ada"), await id_of(identity, grace)
    tokens = await identity.sign_in("ada", resource=IDENTITY_URL)
    for active in (False, False, True, True):
        assert (await change(identity, grace, ada, active=active)).status_code == 204
    refused = await identity.http.get("/users/me", headers=bearer(tokens["access_token"]))
    ensure_problem(refused, 401, "unauthenticated")
    assert (await read(identity, grace, ada))[0]["state"] == "active"
    on, off = {"active": True}, {"active": False}
    assert await acts(databases, ada) == [(actor, "user.disabled", on, off), (actor, "user.enabled", off, on)]


async def test_roles_and_state_change_together_or_not_at_all(
    identity: Identity, grace: Headers, databases: Databases
) -> None:
    ada = await identity.register("ada")
    refused = await change(identity, grace, ada, roles=["user", "emperor"], active=False)
    ensure_problem(refused, 422, "invalid")
    assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [("/body/roles", "role_unknown")]
    account, _ = await read(identity, grace, ada)
    assert (account["roles"], account["state"], await acts(databases, ada)) == (["user"], "active", [])
    await change(identity, grace, ada, roles=[], active=False)
    account, _ = await read(identity, grace, ada)
    assert (account["roles"], account["state"]) == ([], "disabled")
    assert [action for _, action, _, _ in await acts(databases, ada)] == ["user.roles_changed", "user.disabled"]


async def test_change_that_says_nothing_changes_nothing(
    identity: Identity, grace: Headers, databases: Databases
) -> None:
    ada = await identity.register("ada")
    _, tag = await read(identity, grace, ada)
    answer = await change(identity, grace, ada)
    assert (answer.status_code, answer.headers["etag"]) == (204, tag)
    waited = await identity.http.patch(f"/admin/users/{ada}", json={}, headers={**ANY, **grace, "Prefer": "wait=1"})
    assert (waited.status_code, waited.json()) == (200, {"obeyed": [], "outstanding": []})
    assert await acts(databases, ada) == []


async def test_lost_update_is_refused(identity: Identity, grace: Headers) -> None:
    ada = await identity.register("ada")
    _, tag = await read(identity, grace, ada)
    first, second = {"roles": ["moderator", "user"]}, {"roles": ["user"]}
    headers = {**grace, "If-Match": tag}
    assert (await identity.http.patch(f"/admin/users/{ada}", json=first, headers=headers)).status_code == 204
    lost = await identity.http.patch(f"/admin/users/{ada}", json=second, headers=headers)
    ensure_problem(lost, 412, "precondition_failed")
    assert (await read(identity, grace, ada))[0]["roles"] == ["moderator", "user"]


async def test_change_without_a_version_is_refused(identity: Identity, grace: Headers) -> None:
    ada = await identity.register("ada")
    answer = await identity.http.patch(f"/admin/users/{ada}", json={"active": False}, headers=grace)
    ensure_problem(answer, 428, "precondition_required")
    assert (await read(identity, grace, ada))[0]["state"] == "active"


@pytest.mark.parametrize(
    "body",
    [
        {"roles": None},
        {"active": None},
        {"roles": "moderator"},
        {"roles": ["mod\x00erator"]},
        {"roles": ["\ud800"]},
        {"roles": ["m" * 10_000_000]},
        {"roles": ["user"] * 101},
        {"active": "no"},
        {"username": "eve"},
        [],
    ],
    ids=lambda body: str(body)[:30],
)
async def test_malformed_change_is_refused(identity: Identity, grace: Headers, body: Any) -> None:
    ada = await identity.register("ada")
    headers = {**grace, **ANY, "Content-Type": "application/json"}
    answer = await identity.http.patch(f"/admin/users/{ada}", content=json.dumps(body), headers=headers)
    assert answer.status_code in (413, 422), answer.text
    account, _ = await read(identity, grace, ada)
    assert (account["roles"], account["state"]) == (["user"], "active")


async def test_deletion_says_where_its_erasure_can_be_watched_also_the_second_time(
    identity: Identity, grace: Headers, databases: Databases
) -> None:
    ada, actor = await identity.register("ada"), await id_of(identity, grace)
    tokens = await identity.sign_in("ada", resource=IDENTITY_URL)
    answers = [await identity.http.delete(f"/admin/users/{ada}", headers=grace) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 204]
    (receipt,) = {answer.headers["location"] for answer in answers}
    assert (await identity.http.get(receipt)).status_code == 200
    ensure_problem(await identity.http.get(f"/admin/users/{ada}", headers=grace), 404, "user_not_found")
    ensure_problem(await change(identity, grace, ada, active=False), 404, "user_not_found")
    refused = await identity.http.get("/users/me", headers=bearer(tokens["access_token"]))
    ensure_problem(refused, 401, "unauthenticated")
    # Without a name or an address: the entry outlives the account.
    before = {"roles": ["user"], "state": "active"}
    assert await acts(databases, ada) == [(actor, "user.deleted", before, None)]


async def test_nobody_has_this_id(identity: Identity, grace: Headers) -> None:
    path = f"/admin/users/{uuid4()}"
    ensure_problem(await identity.http.get(path, headers=grace), 404, "user_not_found")
    ensure_problem(await identity.http.delete(path, headers=grace), 404, "user_not_found")
    answer = await identity.http.patch(path, json={"active": False}, headers={**grace, **ANY})
    ensure_problem(answer, 404, "user_not_found")


async def test_roles_and_deletions_need_a_fresh_sign_in_and_disabling_does_not(
    identity_at: Identity, clock: StandingClock
) -> None:
    ada = await identity_at.register("ada")
    draft = await administrator(identity_at)
    clock.advance(minutes=9)
    assert (await change(identity_at, draft, ada, roles=["moderator"])).status_code == 204
    stale = bearer((await _refreshed(identity_at, clock))["access_token"])
    for members in ({"roles": ["user"]}, {"roles": ["user"], "active": False}):
        refused = await change(identity_at, stale, ada, **members)
        ensure_problem(refused, 401, "insufficient_user_authentication")
        assert 'max_age="600"' in refused.headers["www-authenticate"]
    refused = await identity_at.http.delete(f"/admin/users/{ada}", headers=stale)
    ensure_problem(refused, 401, "insufficient_user_authentication")
    assert (await change(identity_at, stale, ada, active=False)).status_code == 204
    account, _ = await read(identity_at, stale, ada)
    assert (account["roles"], account["state"]) == (["moderator"], "disabled")


async def _refreshed(identity: Identity, clock: StandingClock) -> dict[str, Any]:
    """The tokens of an administrator's script that signed in eleven minutes ago."""
    tokens = await identity.sign_in("grace", client_id="administration")
    clock.advance(minutes=11)
    return dict((await identity.refresh(tokens["refresh_token"], client_id="administration")).json())


async def test_administrator_may_step_down_if_another_remains(identity: Identity, grace: Headers) -> None:
    await administrator(identity, "barbara")
    own = await id_of(identity, grace)
    assert (await change(identity, grace, own, roles=["user"])).status_code == 204
    ensure_problem(await identity.http.get(f"/admin/users/{own}", headers=grace), 401, "unauthenticated")


async def test_command_and_operation_share_the_change(identity: Identity, grace: Headers, databases: Databases) -> None:
    ada = await identity.register("ada")
    await Administration(identity.parts).set_roles("ADA@example.com", ["moderator"])
    account, _ = await read(identity, grace, ada)
    assert account["roles"] == ["moderator"]
    before, after = {"roles": ["user"]}, {"roles": ["moderator"]}
    assert await acts(databases, ada) == [("command line", "user.roles_changed", before, after)]
