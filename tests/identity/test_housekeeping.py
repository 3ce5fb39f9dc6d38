"""What nobody can use any more is forgotten after a while; what can still be used never is."""

from datetime import timedelta

from identity_service.sessions.cleanup import KEEP, forget
from tests.support.databases import Databases
from tests.support.services import Identity


async def rows(databases: Databases) -> tuple[int, int]:
    count = "SELECT (SELECT count(*) FROM identity.sessions), (SELECT count(*) FROM identity.refresh_tokens)"
    ((sessions, tokens),) = await databases.fetch("identity_app", count)
    return int(sessions), int(tokens)


async def test_a_session_is_forgotten_when_it_ended_long_ago(identity: Identity, databases: Databases) -> None:
    headers = await identity.signed_in("ada")
    kept = await identity.sign_in("ada")
    assert (await identity.http.delete("/sessions/current", headers=headers)).status_code == 204
    now = identity.parts.clock.now()
    await forget(identity.parts.database, now + KEEP - timedelta(minutes=1))
    assert await rows(databases) == (2, 2)
    await forget(identity.parts.database, now + KEEP + timedelta(minutes=1))
    assert await rows(databases) == (1, 1)
    assert (await identity.refresh(kept["refresh_token"])).status_code == 200


async def test_a_refresh_token_is_forgotten_when_it_expired_long_ago(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    first = await identity.sign_in("ada")
    assert (await identity.refresh(first["refresh_token"])).status_code == 200
    expired = identity.parts.clock.now() + identity.parts.lifetimes.refresh
    await forget(identity.parts.database, expired + KEEP + timedelta(minutes=1))
    assert await rows(databases) == (1, 0)
