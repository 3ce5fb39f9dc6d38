"""A logout token is posted until its client takes or refuses it, only to addresses that may be called; a client that is
slow costs the others nothing."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text

from identity_service.logouts.enqueueing import LOGOUT
from identity_service.logouts.turns import MOST_PER_CLIENT
from identity_service.recording.cause import by_user
from tests.identity.answers import claims_of
from tests.identity.hook import hook
from tests.identity.logging_out import (
    NOTES,
    add_client,
    has_failed,
    jobs,
    no_jobs,
    notes_at,
    register_uri,
    sids_at,
    tokens_at,
    until_done,
)
from tests.support import services
from tests.support.databases import Databases
from tests.support.ports import held_port
from tests.support.services import IDENTITY_URL, Identity, bearer
from tests.support.waiting import until
from watchword.jobs.listing import JobState

SESSIONS = """
    INSERT INTO identity.sessions (user_id, client_id, scopes, audiences, created_at, last_seen_at, expires_at)
    SELECT $1, $2, '{}', '{}', now(), now(), now() + interval '1 day' FROM generate_series(1, $3::int)
"""


async def end_session(identity: Identity, username: str = "ada", **client: str) -> str:
    """Sign in and out at this client. Returns the id of the session."""
    tokens = await identity.sign_in(username, resource=IDENTITY_URL, **(client or NOTES))
    answer = await identity.http.delete("/sessions/current", headers=bearer(tokens["access_token"]))
    assert answer.status_code == 204
    return str(claims_of(tokens["access_token"])["sid"])


async def test_client_that_was_away_gets_its_token_afterwards(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    with held_port() as port:
        await add_client(identity, databases, "notes", f"http://127.0.0.1:{port}/events")
        sid = await end_session(identity)
        await until(lambda: has_failed(databases))
        async with hook(port=port, after=200) as endpoint:
            await until_done(identity, databases)
    assert sids_at(endpoint) == [sid]


@pytest.mark.parametrize("status", [200, 204, 400])
async def test_token_that_was_taken_or_refused_is_not_sent_again(
    identity: Identity, databases: Databases, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with notes_at(identity, databases, status, status) as notes:
        await identity.register("ada")
        await end_session(identity)
        await until(lambda: no_jobs(databases))
        assert len(notes.tokens) == 1
    outcome = "refused" if status == 400 else "sent"
    assert identity.parts.logout_delivery.outcomes[outcome] == 1
    assert ("a client refused a logout token: notes" in caplog.text) == (status == 400)


async def test_any_other_answer_is_none_and_each_try_has_a_token_of_its_own(
    identity: Identity, databases: Databases
) -> None:
    """A redirect is not followed, and no answer is one that keeps another attempt from being made."""
    statuses = [0, 202, 307, 401, 404, 429, 500, 503]
    async with notes_at(identity, databases, *statuses) as notes:
        await identity.register("ada")
        sid = await end_session(identity)
        await until_done(identity, databases)
    claims = [claims_of(token) for token in tokens_at(notes)]
    assert [each["sid"] for each in claims] == [sid] * 9
    assert len({each["jti"] for each in claims}) == 9
    assert all(head.startswith("POST /events ") for head in notes.heads)


async def test_body_of_an_answer_is_not_read(identity: Identity, databases: Databases) -> None:
    async with notes_at(identity, databases, announced=10**12) as notes:
        await identity.register("ada")
        await end_session(identity)
        await until(lambda: no_jobs(databases))
    assert len(notes.tokens) == 1


async def test_address_that_is_not_public_is_not_called(clean_databases: Databases) -> None:
    async with services.identity(clean_databases, push_networks="") as guarded, hook() as endpoint:
        await guarded.register("ada")
        await add_client(guarded, clean_databases, "notes", endpoint.url)
        await end_session(guarded)
        await until(lambda: has_failed(clean_databases))
        (job,) = await jobs(clean_databases)
    assert endpoint.heads == []
    assert "no address that requests may be sent to" in job["last_error"]


async def test_client_that_registers_no_uri_any_more_gets_nothing(identity: Identity, databases: Databases) -> None:
    async with notes_at(identity, databases, after=503):
        await identity.register("ada")
        await end_session(identity)
        await until(lambda: has_failed(databases))
        await register_uri(databases, "notes", None)
        await until_done(identity, databases)
    assert identity.parts.logout_delivery.outcomes["unregistered"] == 1


async def test_client_that_never_answers_leaves_a_dead_job_that_can_be_tried_again(
    identity: Identity, databases: Databases
) -> None:
    async with notes_at(identity, databases, after=500) as notes:
        await identity.register("ada")
        await end_session(identity)
        await until(lambda: has_failed(databases))
        most = identity.parts.logout_delivery.job_kind().most_attempts
        await databases.execute("identity_owner", "UPDATE identity.jobs SET attempts = $1", most - 1)
        await until(lambda: is_dead(databases))
        record, *_ = (await identity.parts.admin.jobs.page(JobState.DEAD, None, None, 10)).rows
        assert (record["kind"], record["last_error"]) == (LOGOUT, "ClientAway: notes answers 500 to its logout token")
        notes.after = 200
        await identity.parts.job_records.retry(record["id"])
        await until(lambda: no_jobs(databases))
    assert identity.parts.logout_delivery.outcomes["sent"] == 1


async def is_dead(databases: Databases) -> bool:
    return [row["dead_at"] is not None for row in await jobs(databases)] == [True]


async def test_slow_client_gets_few_tokens_at_a_time_and_holds_up_no_other(
    identity: Identity, databases: Databases
) -> None:
    ada = await identity.register("ada")
    await identity.register("bob")
    async with hook(after=200) as fast, notes_at(identity, databases, seconds=4.5) as slow:
        await add_client(identity, databases, "fast", fast.url)
        await databases.execute("identity_owner", SESSIONS, UUID(ada), "notes", 40)
        own = await identity.sign_in("ada", resource=IDENTITY_URL)
        await identity.http.delete("/sessions", headers=bearer(own["access_token"]))
        await until(lambda: slow.at_once == MOST_PER_CLIENT)
        await end_session(identity, "bob", client_id="fast", client_secret=NOTES["client_secret"])
        await until(lambda: len(fast.tokens) == 1)
        assert len(slow.tokens) <= 40
        assert slow.most_at_once == MOST_PER_CLIENT
        await databases.execute("identity_owner", "DELETE FROM identity.jobs")


async def test_thousands_of_sessions_end_with_one_statement(identity: Identity, databases: Databases) -> None:
    ada = await identity.register("ada")
    identity.parts.job_worker.stop()
    await add_client(identity, databases, "notes", "https://notes.example/logout")
    await databases.execute("identity_owner", SESSIONS, UUID(ada), "notes", 3_000)
    await databases.execute("identity_owner", SESSIONS, UUID(ada), "web", 3_000)
    own = await identity.sign_in("ada", resource=IDENTITY_URL)
    answer = await identity.http.delete("/sessions", headers=bearer(own["access_token"]))
    assert answer.status_code == 204
    rows = await jobs(databases)
    assert len({row["payload"] for row in rows}) == len(rows) == 3_000


async def test_session_that_ends_while_its_account_is_deleted_is_reported_once(
    identity: Identity, databases: Databases
) -> None:
    """The deletion waits for the end of the session, and then finds that it has ended."""
    identity.parts.job_worker.stop()
    ada = await identity.register("ada")
    await add_client(identity, databases, "notes", "https://notes.example/logout")
    own = await identity.sign_in("ada", resource=IDENTITY_URL)
    tokens = await identity.sign_in("ada", **NOTES)
    sid = claims_of(tokens["access_token"])["sid"]
    async with identity.parts.database.begin() as db:
        ended = text("UPDATE identity.sessions SET ended_at = now(), end_reason = 'ended' WHERE id = :sid")
        await db.execute(ended, {"sid": UUID(sid)})
        now, cause = identity.parts.clock.now(), by_user(UUID(ada), "signed out")
        await identity.parts.recorder.sessions_ended(db, now, UUID(ada), [UUID(sid)], cause)
        deleting = asyncio.create_task(identity.http.delete("/users/me", headers=bearer(own["access_token"])))
        await until(lambda: waits_for_a_lock(databases))
    assert (await deleting).is_success
    assert len(await jobs(databases)) == 1


async def waits_for_a_lock(databases: Databases) -> bool:
    waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = 'identity_app'"
    return bool(await databases.fetch_as_superuser(waiting))
