"""Sessions and refresh tokens are deleted some time after they ended or expired, and never before."""

import asyncio
import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from identity_service.cleanup import CODES_FOR
from identity_service.ending import RETENTION
from identity_service.half_open_sign_ins.values import LIFETIME
from identity_service.sessions import cleanup as session_cleanup
from identity_service.sessions import repository
from identity_service.sessions.cleanup import delete_unusable_of
from identity_service.sessions.models import LONGEST_RETRY
from tests.identity.authorizing import application, code_of, tokens_by_code
from tests.identity.both_steps import register_with_codes, send_password
from tests.identity.browsing import browsing
from tests.identity.second_factors import enrol
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity
from tests.support.waiting import until
from watchword.database import portions
from watchword.database.portions import PORTION
from watchword.jobs import cleanup
from watchword.jobs.cleanup import CLEANUP


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
    await identity.parts.cleanup.delete_expired(now + RETENTION - timedelta(minutes=1))
    assert await count(databases) == (2, 2)
    await identity.parts.cleanup.delete_expired(now + RETENTION + timedelta(minutes=1))
    assert await count(databases) == (1, 1)
    assert (await identity.refresh(live["refresh_token"])).status_code == 200


async def test_refresh_token_is_deleted_thirty_days_after_it_expired(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    first = await identity.sign_in("ada", resource=IDENTITY_URL)
    assert (await identity.refresh(first["refresh_token"])).status_code == 200
    expired = identity.parts.clock.now() + identity.parts.lifetimes.refresh
    await identity.parts.cleanup.delete_expired(expired + RETENTION + timedelta(minutes=1))
    assert await count(databases) == (1, 0)


async def test_enrolment_is_deleted_when_it_has_expired(identity: Identity, databases: Databases) -> None:
    now = identity.parts.clock.now()
    await enrol(identity, await identity.register("ada"))
    for minutes, left in ((29, 1), (31, 0)):
        await identity.parts.cleanup.delete_expired(now + timedelta(minutes=minutes))
        assert len(await databases.fetch("identity_app", "SELECT FROM identity.totp_enrolments")) == left


async def test_spent_challenge_is_deleted_a_day_after_it_expired(identity: Identity, databases: Databases) -> None:
    """A clock that is behind must not accept its answer again."""
    now = identity.parts.clock.now()
    insert = "INSERT INTO identity.spent_challenges VALUES ('x', $1)"
    await databases.execute("identity_app", insert, now + timedelta(minutes=10))
    for hours, left in ((24, 1), (25, 0)):
        await identity.parts.cleanup.delete_expired(now + timedelta(hours=hours))
        assert len(await databases.fetch("identity_app", "SELECT FROM identity.spent_challenges")) == left


async def test_authorization_code_is_deleted_a_day_after_it_expired(identity: Identity, databases: Databases) -> None:
    app = await application(identity)
    async with browsing(identity, "ada") as browser:
        await tokens_by_code(browser, identity, app)
        await code_of(browser, app)
    now = identity.parts.clock.now()
    for later, left in ((CODES_FOR, 2), (CODES_FOR + timedelta(minutes=2), 0)):
        await identity.parts.cleanup.delete_expired(now + later)
        assert len(await databases.fetch("identity_app", "SELECT FROM identity.authorization_codes")) == left
    assert await count(databases) == (1, 1)


async def test_half_open_sign_in_is_deleted_once_it_has_expired(identity: Identity, databases: Databases) -> None:
    await register_with_codes(identity)
    async with browsing(identity) as browser:
        await send_password(browser)
    now = identity.parts.clock.now()
    for later, left in ((LIFETIME - timedelta(minutes=1), 1), (LIFETIME, 0)):
        await identity.parts.cleanup.delete_expired(now + later)
        assert len(await databases.fetch("identity_app", "SELECT FROM identity.half_open_sign_ins")) == left


FILL = """
    WITH sessions AS (
        INSERT INTO identity.sessions (user_id, client_id, scopes, audiences, created_at, expires_at)
        SELECT id, 'web', '{}', '{}', now(), now() + $2::interval FROM identity.users, generate_series(1, 12)
        WHERE username = $1
        RETURNING id
    )
    INSERT INTO identity.refresh_tokens (session_id, issued_at, expires_at)
    SELECT id, now(), now() - interval '60 days' FROM sessions, generate_series(1, 1000)
"""


async def fill(databases: Databases, username: str, left: str) -> None:
    """Twelve sessions of this user with a thousand expired refresh tokens each; more than are deleted at once."""
    await databases.execute("identity_owner", FILL, username, timedelta(days=float(left)))


@pytest.fixture
def deletions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each deletion of a portion deleted."""
    counts: list[int] = []
    delete = portions.delete_places

    async def counted(*arguments: Any, **named: Any) -> int:
        counts.append(await delete(*arguments, **named))
        return counts[-1]

    for module in (portions, repository):
        monkeypatch.setattr(module, "delete_places", counted)
    return counts


@pytest.mark.parametrize("left", ["-60", "10"], ids=["expired sessions", "live sessions"])
async def test_many_expired_tokens_are_deleted_in_portions_while_people_sign_in(
    identity: Identity, databases: Databases, deletions: list[int], left: str
) -> None:
    await identity.register("ada")
    await fill(databases, "ada", left)
    now = identity.parts.clock.now()
    deleting = asyncio.create_task(identity.parts.cleanup.delete_expired(now))
    tokens = await identity.sign_in("ada")
    deleted = await deleting
    assert (deleted.rows["refresh_tokens"], max(deletions)) == (12_000, PORTION)
    assert await count(databases) == (13 - deleted.rows["sessions"], 1)
    assert deleted.rows["sessions"] == (12 if left == "-60" else 0)
    assert (await identity.refresh(tokens["refresh_token"])).status_code == 200


async def test_more_sessions_than_are_deleted_at_once_are_deleted(
    identity: Identity, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_cleanup, "SESSIONS_AT_ONCE", 5)
    await identity.register("ada")
    await fill(databases, "ada", "-60")
    deleted = await identity.parts.cleanup.delete_expired(identity.parts.clock.now())
    assert (deleted.rows["sessions"], await count(databases)) == (12, (0, 0))


async def test_two_processes_clean_up_at_once(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    await fill(databases, "ada", "-60")
    now = identity.parts.clock.now()
    both = await asyncio.gather(*(identity.parts.cleanup.delete_expired(now) for _ in range(2)))
    assert sum(one.rows["refresh_tokens"] for one in both) == 12_000
    assert await count(databases) == (0, 0)


@pytest.mark.parametrize("left", ["-60", "10"], ids=["expired sessions", "live sessions"])
async def test_owner_of_many_expired_tokens_can_delete_the_account(
    identity: Identity, databases: Databases, deletions: list[int], left: str
) -> None:
    headers = await identity.signed_in("ada")
    eve = await identity.signed_in("eve")
    for name in ("ada", "eve"):
        await fill(databases, name, left)
    assert (await identity.http.delete("/users/me", headers=headers)).status_code == 204
    assert (sum(deletions), max(deletions)) == (12_000, PORTION)
    assert await count(databases) == (13, 12_001)
    assert (await identity.http.get("/users/me", headers=eve)).status_code == 200


CHAIN = """
    UPDATE identity.refresh_tokens t
    SET used_at = CASE WHEN n.next IS NOT NULL THEN issued_at END, successor_id = n.next
    FROM (SELECT id, lead(id) OVER (PARTITION BY session_id ORDER BY id) AS next FROM identity.refresh_tokens) n
    WHERE n.id = t.id
"""
SPENT_LONG_AGO = """
    UPDATE identity.refresh_tokens
    SET expires_at = now() + interval '9 days', used_at = used_at - interval '2 hours'
"""


async def test_owner_of_many_spent_tokens_can_delete_the_account(
    identity: Identity, databases: Databases, deletions: list[int]
) -> None:
    """A client that refreshes all the time has as many that have not expired."""
    headers = await identity.signed_in("ada")
    await fill(databases, "ada", "10")
    await databases.execute("identity_owner", CHAIN)
    await databases.execute("identity_owner", SPENT_LONG_AGO)
    assert (await identity.http.delete("/users/me", headers=headers)).status_code == 204
    assert (sum(deletions), max(deletions)) == (12_000 - 12, PORTION)
    assert await count(databases) == (0, 0)


async def test_tokens_in_use_are_not_deleted_before_their_account_is(identity: Identity, databases: Databases) -> None:
    """If the deletion of the account fails, its owner goes on as before."""
    user_id = await identity.register("ada")
    first = await identity.sign_in("ada")
    assert (await identity.refresh(first["refresh_token"])).status_code == 200
    await delete_unusable_of(identity.parts.database, UUID(user_id), identity.parts.clock.now())
    assert await count(databases) == (1, 2)
    assert (await identity.refresh(first["refresh_token"])).status_code == 200
    after_retries = identity.parts.clock.now() + LONGEST_RETRY + timedelta(seconds=1)
    await delete_unusable_of(identity.parts.database, UUID(user_id), after_retries)
    assert await count(databases) == (1, 1)


async def test_chain_of_any_length_is_deleted(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    await fill(databases, "ada", "-60")
    await databases.execute("identity_owner", CHAIN)
    await identity.parts.cleanup.delete_expired(identity.parts.clock.now())
    assert await count(databases) == (0, 0)


RUN_NOW = "UPDATE identity.jobs SET run_at = now() WHERE kind = $1"
JOBS_LEFT = """
    SELECT leased_until IS NULL AND run_at > now() + interval '59 minutes' AS is_for_next_hour FROM identity.jobs
"""


async def test_cleanup_is_a_job_that_says_how_much_it_deleted_and_goes_on_until_nothing_is_left(
    identity: Identity, databases: Databases, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(cleanup, "PORTIONS_PER_RUN", 2)
    await identity.register("ada")
    await fill(databases, "ada", "-60")

    async def is_done() -> bool:
        return [row["is_for_next_hour"] for row in await databases.fetch("identity_app", JOBS_LEFT)] == [True]

    async def is_enqueued() -> bool:
        return bool(await databases.fetch("identity_app", "SELECT FROM identity.jobs"))

    await until(is_enqueued)
    await databases.execute("identity_app", RUN_NOW, CLEANUP)
    identity.parts.job_worker.wake()
    await until(is_done)
    assert await count(databases) == (0, 0)
    records = [vars(one) for one in caplog.records if "deleted what expired long ago" in one.getMessage()]
    assert [one["refresh_tokens"] for one in records if "refresh_tokens" in one] == [10_000, 2_000]
    assert sum("12 sessions" in one["message"] for one in records) == 1


DEAD = """
    INSERT INTO identity.jobs (kind, payload, dead_at) VALUES ('a', '{}', now() - $1::interval), ('b', '{}', now())
"""


async def test_dead_job_is_deleted_after_thirty_days(identity: Identity, databases: Databases) -> None:
    await databases.execute("identity_app", DEAD, timedelta(days=30, minutes=1))
    deleted = await identity.parts.cleanup.delete_expired(identity.parts.clock.now())
    assert deleted.rows["dead_jobs"] == 1
    dead = await databases.fetch("identity_app", "SELECT kind FROM identity.jobs WHERE dead_at IS NOT NULL")
    assert [row["kind"] for row in dead] == ["b"]
