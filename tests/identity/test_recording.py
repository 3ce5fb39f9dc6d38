"""Every change is sent to every stream and written to the audit log."""

from dataclasses import dataclass
from typing import Any

import pytest

from identity_service.administration import Administration
from tests.identity.answers import claims_of
from tests.identity.receivers import Receiver, receiver_with_stream, session, user
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, Identity, bearer
from watchword.testing import StandingClock

AUDIT = "SELECT actor, action, subject, detail FROM identity.audit_entries ORDER BY id"
NEW_PASSWORD = "staple trombone violin"


@dataclass
class Ada:
    """A user with two sessions, and posts with a stream."""

    identity: Identity
    databases: Databases
    posts: Receiver
    id: str
    here: dict[str, Any]
    there: dict[str, Any]

    def session(self, tokens: dict[str, Any]) -> str:
        return str(claims_of(tokens["access_token"])["sid"])

    async def request(self, method: str, path: str, body: Any = None) -> None:
        headers = bearer(self.here["access_token"])
        response = await self.identity.http.request(method, path, json=body, headers=headers)
        assert response.is_success, response.text

    async def audit_entries(self) -> list[tuple[str, str, str]]:
        rows = await self.databases.fetch("identity_app", AUDIT)
        return [(row["actor"], row["action"], row["subject"]) for row in rows]

    async def only_event(self) -> tuple[str, Any, dict[str, Any]]:
        (event,) = await self.posts.events()
        return event


@pytest.fixture
async def ada(identity_at: Identity, databases: Databases) -> Ada:
    user_id = await identity_at.register("ada")
    here, there = (
        await identity_at.sign_in("ada", resource=IDENTITY_URL),
        await identity_at.sign_in("ada", resource=IDENTITY_URL),
    )
    return Ada(identity_at, databases, await receiver_with_stream(identity_at), user_id, here, there)


def common(clock: StandingClock, by: str, why: str) -> dict[str, Any]:
    at = int(clock.now().timestamp())
    return {"event_timestamp": at, "initiating_entity": by, "reason_admin": {"en": why}}


async def test_signing_out_is_a_revoked_session(ada: Ada, clock: StandingClock) -> None:
    await ada.request("DELETE", "/sessions/current")
    this = ada.session(ada.here)
    event = "session-revoked", session(ada.id, this), common(clock, "user", "signed out")
    assert await ada.only_event() == event
    assert await ada.audit_entries() == [(ada.id, "session.ended", this)]


async def test_ending_another_session_is_a_revoked_session(ada: Ada, clock: StandingClock) -> None:
    there = ada.session(ada.there)
    await ada.request("DELETE", f"/sessions/{there}")
    event = "session-revoked", session(ada.id, there), common(clock, "user", "ended by its owner")
    assert await ada.only_event() == event
    assert await ada.audit_entries() == [(ada.id, "session.ended", there)]


async def test_ending_all_others_is_one_event_that_names_the_session_that_goes_on(
    ada: Ada, clock: StandingClock
) -> None:
    third = await ada.identity.sign_in("ada", resource=IDENTITY_URL)
    await ada.request("DELETE", "/sessions")
    spared = {"ver": 1, "except_sid": ada.session(ada.here)}
    event = "session-revoked", user(ada.id), {**common(clock, "user", "ended by its owner"), **spared}
    assert await ada.only_event() == event
    entries = await ada.audit_entries()
    assert {action for _, action, _ in entries} == {"session.ended"}
    assert {subject for _, _, subject in entries} == {ada.session(ada.there), ada.session(third)}


async def test_revoked_token_is_a_revoked_session(ada: Ada, clock: StandingClock) -> None:
    await ada.identity.http.post("/oauth/revoke", data={"token": ada.there["refresh_token"]})
    kind, subject, claims = await ada.only_event()
    assert (kind, subject) == ("session-revoked", session(ada.id, ada.session(ada.there)))
    assert claims["reason_admin"] == {"en": "revoked by its client"}
    assert [action for _, action, _ in await ada.audit_entries()] == ["session.ended"]


async def test_replayed_refresh_token_is_a_revoked_session_by_policy(ada: Ada, clock: StandingClock) -> None:
    await ada.identity.refresh(ada.there["refresh_token"])
    clock.advance(seconds=11)
    await ada.identity.refresh(ada.there["refresh_token"])
    there = ada.session(ada.there)
    event = "session-revoked", session(ada.id, there), common(clock, "policy", "refresh token replayed")
    assert await ada.only_event() == event
    assert await ada.audit_entries() == [("web", "session.ended", there)]


async def test_change_of_roles_is_sent_with_the_roles_and_permissions_after_it(ada: Ada, clock: StandingClock) -> None:
    await Administration(ada.identity.parts).set_roles("ada", ["user", "moderator"])
    kind, subject, claims = await ada.only_event()
    fresh = claims_of((await ada.identity.refresh(ada.here["refresh_token"])).json()["access_token"])
    assert (kind, subject, claims["initiating_entity"]) == ("token-claims-change", user(ada.id), "admin")
    assert claims["claims"] == {"roles": ["moderator", "user"], "permissions": fresh["permissions"]}
    assert claims_of(ada.here["access_token"])["ver"] < claims["ver"] == fresh["ver"]
    assert claims["event_timestamp"] == int(clock.now().timestamp())
    assert await ada.audit_entries() == [("command line", "user.roles_changed", ada.id)]


async def test_changed_password_is_a_changed_credential_and_revokes_the_other_sessions(
    ada: Ada, clock: StandingClock
) -> None:
    await ada.request("PUT", "/users/me/password", {"current_password": PASSWORD, "new_password": NEW_PASSWORD})
    there, why = ada.session(ada.there), common(clock, "user", "password changed")
    spared = {"ver": 1, "except_sid": ada.session(ada.here)}
    assert await ada.posts.events() == [
        ("credential-change", user(ada.id), {"credential_type": "password", "change_type": "update", **why}),
        ("session-revoked", user(ada.id), {**why, **spared}),
    ]
    audited = [(ada.id, "user.password_changed", ada.id), (ada.id, "session.ended", there)]
    assert await ada.audit_entries() == audited


async def test_disabling_and_enabling_an_account_are_sent(ada: Ada, clock: StandingClock) -> None:
    await Administration(ada.identity.parts).set_active("ada", False)
    why = common(clock, "admin", "an administrator's command")
    assert await ada.posts.events() == [
        ("account-disabled", user(ada.id), {"ver": 1}),
        ("session-revoked", user(ada.id), {**why, "ver": 1}),
    ]
    await Administration(ada.identity.parts).set_active("ada", True)
    # What has not been sent comes first.
    assert (await ada.posts.events())[0] == ("account-enabled", user(ada.id), {"ver": 2})
    entries = await ada.audit_entries()
    actions = [action for _, action, _ in entries]
    assert actions == ["user.disabled", "session.ended", "session.ended", "user.enabled"]
    assert {subject for _, _, subject in entries[1:3]} == {ada.session(ada.here), ada.session(ada.there)}


async def test_renamed_account_is_a_changed_identifier(ada: Ada) -> None:
    await ada.request("PATCH", "/users/me", {"username": "lovelace"})
    assert await ada.only_event() == ("identifier-changed", user(ada.id), {"new-value": "lovelace"})
    assert await ada.audit_entries() == [(ada.id, "user.renamed", ada.id)]


async def test_deleted_account_is_purged(ada: Ada) -> None:
    await ada.request("DELETE", "/users/me")
    assert await ada.only_event() == ("account-purged", user(ada.id), {})
    assert await ada.audit_entries() == [(ada.id, "user.deleted", ada.id)]


async def test_act_that_changes_nothing_sends_nothing(ada: Ada) -> None:
    await Administration(ada.identity.parts).set_roles("ada", ["user"])
    await Administration(ada.identity.parts).set_roles("ada", ["user", "user"])
    await Administration(ada.identity.parts).set_active("ada", True)
    await ada.request("PATCH", "/users/me", {"username": "ada"})
    await ada.request("PATCH", "/users/me", {})
    await ada.request("GET", "/sessions")
    assert (await ada.posts.events(), await ada.audit_entries()) == ([], [])


async def test_act_that_is_repeated_is_sent_once(ada: Ada) -> None:
    for _ in range(2):
        await ada.request("DELETE", f"/sessions/{ada.session(ada.there)}")
        await ada.request("DELETE", "/sessions")
        await ada.identity.http.post("/oauth/revoke", data={"token": ada.there["refresh_token"]})
    assert await ada.posts.kinds() == ["session-revoked"]
    for _ in range(2):
        await Administration(ada.identity.parts).set_active("ada", False)
    assert await ada.posts.kinds() == ["account-disabled", "session-revoked", "session-revoked"]
    assert len(await ada.audit_entries()) == 3


async def test_change_is_audited_even_if_there_is_no_stream(identity_at: Identity, databases: Databases) -> None:
    await identity_at.http.delete("/sessions/current", headers=await identity_at.signed_in("ada"))
    assert [row["action"] for row in await databases.fetch("identity_app", AUDIT)] == ["session.ended"]


@pytest.mark.parametrize("sql", ["UPDATE {} SET actor = 'nobody'", "DELETE FROM {}", "TRUNCATE {}"])
async def test_app_role_cannot_change_the_audit_log(identity: Identity, databases: Databases, sql: str) -> None:
    await identity.http.delete("/sessions/current", headers=await identity.signed_in("ada"))
    before = await databases.fetch("identity_app", AUDIT)
    with pytest.raises(Exception, match="permission denied"):
        await databases.execute("identity_app", sql.format("identity.audit_entries"))
    assert await databases.fetch("identity_app", AUDIT) == before != []
