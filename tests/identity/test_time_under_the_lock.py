"""The time of a change is read when nobody else can change the same thing any more, however long that took."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from identity_service.administration import Administration
from tests.identity.answers import claims_of
from tests.identity.receivers import receiver_with_stream
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity, bearer
from tests.support.waiting import until
from watchword.testing import StandingClock

BLOCKED = "SELECT FROM pg_locks WHERE NOT granted"
KEYS = "SELECT pg_advisory_xact_lock(hashtextextended('identity.signing_keys', 0))"
USERS, SESSIONS, STREAMS = (f"SELECT FROM identity.{name} FOR UPDATE" for name in ("users", "sessions", "streams"))

Act = Callable[[Identity, dict[str, Any]], Coroutine[Any, Any, Any]]


async def refresh(identity: Identity, ada: dict[str, Any]) -> None:
    assert (await identity.refresh(ada["refresh_token"])).status_code == 200


async def end_others(identity: Identity, ada: dict[str, Any]) -> None:
    claims = claims_of(ada["access_token"])
    await identity.parts.sessions.end_others(UUID(claims["sub"]), UUID(claims["sid"]))


async def sign_out(identity: Identity, ada: dict[str, Any]) -> None:
    answer = await identity.http.delete("/sessions/current", headers=bearer(ada["access_token"]))
    assert answer.status_code == 204, answer.text


async def withdraw_key(identity: Identity, _: dict[str, Any]) -> None:
    await Administration(identity.parts).withdraw_keys([identity.parts.keyring.signer().kid])


async def set_roles(identity: Identity, _: dict[str, Any]) -> None:
    await Administration(identity.parts).set_roles("ada", ["moderator"])


async def verify_stream(identity: Identity, ada: dict[str, Any]) -> None:
    assert (await ada["stream"].verify()).status_code == 204


CASES: dict[str, tuple[str, Act, str]] = {
    "refresh": (SESSIONS, refresh, "SELECT max(used_at) FROM identity.refresh_tokens"),
    "sign-out": (SESSIONS, sign_out, "SELECT max(ended_at) FROM identity.sessions"),
    "sign-out everywhere": (USERS, end_others, "SELECT max(ended_at) FROM identity.sessions"),
    "roles": (USERS, set_roles, "SELECT to_timestamp(max(tokens_valid_from)) FROM identity.users"),
    "rotated keys": (
        KEYS,
        lambda identity, _: identity.parts.signing_keys.rotate(),
        "SELECT max(published_at) FROM identity.signing_keys",
    ),
    "withdrawn key": (KEYS, withdraw_key, "SELECT min(signs_until) FROM identity.signing_keys"),
    "verified stream": (STREAMS, verify_stream, "SELECT verified_at FROM identity.streams"),
}


@pytest.mark.parametrize(("lock", "act", "time_of_it"), CASES.values(), ids=CASES.keys())
async def test_time_of_a_change_is_not_from_before_its_lock(
    identity_at: Identity, databases: Databases, clock: StandingClock, lock: str, act: Act, time_of_it: str
) -> None:
    await identity_at.register("ada")
    ada, _ = [await identity_at.sign_in("ada", resource=IDENTITY_URL) for _ in range(2)]
    ada["stream"] = await receiver_with_stream(identity_at)
    owner = await asyncpg.connect(databases.url("identity_owner"))
    async with owner.transaction():
        await owner.execute(lock)
        change = asyncio.create_task(act(identity_at, ada))

        async def is_blocked() -> bool:
            return change.done() or len(await databases.fetch("identity_owner", BLOCKED)) > 0

        await until(is_blocked)
        clock.advance(seconds=60)
    await owner.close()
    await change
    ((at,),) = await databases.fetch("identity_owner", time_of_it)
    assert int(at.timestamp()) >= int(clock.now().timestamp())
