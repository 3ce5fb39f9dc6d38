"""DELETE /admin/users/{id}/factors and `users reset-factors`: an administrator helps somebody who has lost everything
that they sign in with beside the password."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from tests.admin.audit import acts
from tests.admin.callers import Headers, administrator
from tests.identity.answers import ensure_problem
from tests.identity.client_lines import answer
from tests.identity.mailbox import letters
from tests.identity.receivers import receiver_with_stream
from tests.identity.second_factors import add_app, add_recovery_codes, enrol
from tests.identity.signing_in import ensure_ended
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity
from tests.support.waiting import until
from watchword.testing import StandingClock

TABLES = (
    "SELECT FROM identity.totp_factors UNION ALL SELECT FROM identity.totp_enrolments"
    " UNION ALL SELECT FROM identity.recovery_codes"
)


@pytest.fixture
async def mailing(databases: Databases, clock: StandingClock, tmp_path: Path) -> AsyncIterator[Identity]:
    await databases.empty("identity", "roles", "role_permissions")
    async with services.identity(databases, clock=clock, mail_folder=tmp_path) as service:
        yield service


@pytest.fixture
async def admin(mailing: Identity) -> Headers:
    return await administrator(mailing)


@pytest.fixture
async def ada(mailing: Identity) -> str:
    """The id of a person with an app and recovery codes, who is about to replace the app."""
    user_id = await mailing.register("ada")
    await add_app(mailing, user_id)
    await add_recovery_codes(mailing, user_id)
    await enrol(mailing, user_id)
    return user_id


async def test_reset_removes_all_factors_ends_everything_and_is_recorded(
    mailing: Identity, databases: Databases, admin: Headers, tmp_path: Path
) -> None:
    ada = await mailing.register("ada")
    session = await mailing.sign_in("ada", resource=IDENTITY_URL)
    await add_app(mailing, ada)
    await add_recovery_codes(mailing, ada)
    await enrol(mailing, ada)
    posts = await receiver_with_stream(mailing)
    await posts.acknowledge()
    path = f"/admin/users/{ada}"
    assert (await mailing.http.get(path, headers=admin)).json()["has_second_factor"] is True
    assert (await mailing.http.delete(f"{path}/factors", headers=admin)).status_code == 204
    assert (await mailing.http.get(path, headers=admin)).json()["has_second_factor"] is False
    assert await databases.fetch("identity_app", TABLES) == []
    await ensure_ended(mailing, session)
    changes = [(kind, claims.get("credential_type")) for kind, _, claims in await posts.events()]
    assert changes == [
        ("credential-change", "app"),
        ("credential-change", "recovery-codes"),
        ("session-revoked", None),
    ]
    recorded = [(action, before, after) for _, action, before, after in await acts(databases, ada)]
    assert ("factors.reset", {"credentials": ["app", "recovery-codes"]}, {"credentials": []}) in recorded
    await until(lambda: bool(letters(tmp_path, "ada@example.com", "second factors of your account were removed")))


async def test_reset_of_an_account_without_factors_changes_nothing(
    mailing: Identity, databases: Databases, admin: Headers
) -> None:
    ada = await mailing.register("ada")
    assert (await mailing.http.delete(f"/admin/users/{ada}/factors", headers=admin)).status_code == 204
    assert await acts(databases, ada) == []


async def test_reset_can_be_waited_for(mailing: Identity, admin: Headers, ada: str) -> None:
    await receiver_with_stream(mailing)
    headers = {**admin, "Prefer": "wait=0"}
    reset = await mailing.http.delete(f"/admin/users/{ada}/factors", headers=headers)
    assert (reset.status_code, reset.json()) == (200, {"obeyed": [], "outstanding": ["posts"]})


async def test_reset_needs_an_account_and_a_fresh_sign_in(
    mailing: Identity, databases: Databases, admin: Headers, ada: str, clock: StandingClock
) -> None:
    ensure_problem(await mailing.http.delete(f"/admin/users/{uuid4()}/factors", headers=admin), 404, "user_not_found")
    tokens = await mailing.sign_in("grace", client_id="administration")
    clock.advance(seconds=660)
    tokens = (await mailing.refresh(tokens["refresh_token"], client_id="administration")).json()
    stale = {"Authorization": f"Bearer {tokens['access_token']}"}
    refused = await mailing.http.delete(f"/admin/users/{ada}/factors", headers=stale)
    ensure_problem(refused, 401, "insufficient_user_authentication")
    assert len(await databases.fetch("identity_app", "SELECT FROM identity.totp_factors")) == 1


async def test_command_resets_and_says_who_obeys(mailing: Identity, databases: Databases, ada: str) -> None:
    await receiver_with_stream(mailing)
    assert "Second factor: yes" in (await answer(mailing, "users show ada")).text
    said = await answer(mailing, "users reset-factors ada --wait 0")
    assert said.text.splitlines() == [
        "The second factors of ada are removed, and all of their sessions have ended.",
        "Obeyed by: none. Outstanding: posts.",
    ]
    assert said.document["outstanding"] == ["posts"]
    assert ("command line", "factors.reset") in [(actor, action) for actor, action, *_ in await acts(databases, ada)]
    assert "Second factor: no" in (await answer(mailing, "users show ada")).text
    assert (await answer(mailing, "users reset-factors ada")).text == "ada had no second factor."


async def test_factors_of_others_stay(mailing: Identity, databases: Databases, admin: Headers, ada: str) -> None:
    eve = await mailing.register("eve")
    await add_app(mailing, eve)
    await mailing.http.delete(f"/admin/users/{ada}/factors", headers=admin)
    rows = await databases.fetch("identity_app", "SELECT user_id FROM identity.totp_factors")
    assert [row["user_id"] for row in rows] == [UUID(eve)]
