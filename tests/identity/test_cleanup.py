"""Sessions and refresh tokens are deleted some time after they ended or expired, and never before."""

from datetime import timedelta

from identity_service.sessions.cleanup import RETENTION, delete_expired
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity


async def count(databases: Databases) -> tuple[int, int]:
    """How many sessions and how many refresh tokens there are."""
    statement = "SELECT (SELECT count(*) FROM identity.sessions), (SELECT count(*) FROM identity.refresh_tokens)"
    ((sessions, tokens),) = await databases.fetch("identity_app", statement)
    return int(sessions), int(tokens)


async def test_session_is_deleted_thirty_days_after_it_ended(identity: Identity, databases: Databases) -> None:
    headers = await identity.signed_in("ada")
    live = await identity.sign_in("ada", resource=IDENTITY_URL)
    assert (await identity.http.delete("/sessions/current", headers=headers)).status_code == 204
    now = identity.parts.clock.now()
    await delete_expired(identity.parts.database, now + RETENTION - timedelta(minutes=1))
    assert await count(databases) == (2, 2)
    await delete_expired(identity.parts.database, now + RETENTION + timedelta(minutes=1))
    assert await count(databases) == (1, 1)
    assert (await identity.refresh(live["refresh_token"])).status_code == 200


async def test_refresh_token_is_deleted_thirty_days_after_it_expired(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    first = await identity.sign_in("ada", resource=IDENTITY_URL)
    assert (await identity.refresh(first["refresh_token"])).status_code == 200
    expired = identity.parts.clock.now() + identity.parts.lifetimes.refresh
    await delete_expired(identity.parts.database, expired + RETENTION + timedelta(minutes=1))
    assert await count(databases) == (1, 0)
