"""Faults around the acts: thousands of sessions, clocks that differ, a key that has leaked."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.bench.fault_testbed import Testbed
from tests.bench.fault_trial import Case, Trial
from tests.identity.answers import header_of
from tests.support.clocks import PersonAtReplica
from tests.support.person import Person
from tests.support.services import unique

SESSIONS = 6_000
FILL = """
    INSERT INTO identity.sessions (user_id, client_id, scopes, audiences, created_at, expires_at)
    SELECT id, 'web', '{}', '{}', now(), now() + interval '1 day' FROM identity.users, generate_series(1, $2)
    WHERE username = $1
"""


async def _end_every_other_session(ada: Person) -> float:
    ended = await ada.http.delete(f"{ada.stack.identity}/sessions", headers=ada.identity_headers)
    assert ended.status_code == 204, ended.text
    return time.monotonic()


async def _fill(ada: Person, testbed: Testbed) -> None:
    await testbed.stack.databases.execute("identity_owner", FILL, ada.username, SESSIONS)


@asynccontextmanager
async def many_sessions(case: Case) -> AsyncIterator[Trial]:
    """The person's session is one of those that another session of theirs ends."""
    other = await Person(case.testbed.http, case.testbed.stack, case.ada.username).sign_in()
    await _fill(case.ada, case.testbed)
    yield Trial(lambda: _end_every_other_session(other))


@asynccontextmanager
async def many_sessions_of_another(case: Case) -> AsyncIterator[Trial]:
    eve = await case.testbed.person()
    await _fill(eve, case.testbed)
    ending = asyncio.create_task(_end_every_other_session(eve))
    # Eve's request is on its way first.
    await asyncio.sleep(0.02)
    yield Trial(case.sign_out())
    await ending


async def moderator(testbed: Testbed) -> Person:
    """Signed in where the clock is ahead."""
    mia = PersonAtReplica(testbed.http, await testbed.ahead(), unique("mia"))
    mia.issuer = testbed.stack.identity
    await mia.register()
    await testbed.command("users", "set-roles", mia.username, "user", "moderator")
    await mia.sign_in()
    return mia


@asynccontextmanager
async def clocks_apart(case: Case) -> AsyncIterator[Trial]:
    """The role is taken by the clock that is behind."""

    async def take_role() -> float:
        return await case.testbed.said_at("users", "set-roles", case.ada.username, "user")

    yield Trial(take_role)


@asynccontextmanager
async def key_withdrawn(case: Case) -> AsyncIterator[Trial]:
    """Counted from what the command says."""

    async def withdraw() -> float:
        kid = header_of(case.ada.tokens["access_token"])["kid"]
        return await case.testbed.said_at("keys", "withdraw", "--", kid)

    yield Trial(withdraw)
