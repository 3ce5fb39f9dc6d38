"""Several processes of one service: one polls, all obey, and another takes over."""

import asyncio
from datetime import timedelta

import pytest

from tests.shared.receivers import END_LEASE, TELL_OTHERS, receiving, refuses, session, stored
from tests.shared.ssf import Transmitter
from tests.support.databases import LISTENING, Databases
from tests.support.waiting import PATIENCE_SECONDS, until
from watchword.auth import Verifier
from watchword.auth.jws import LEEWAY_SECONDS
from watchword.events import EventType
from watchword.testing import StandingClock

REVOKE_UNTIL = "INSERT INTO posts.revocations VALUES ('session', $1, 9007199254740992, $2)"
REVOKE = "INSERT INTO posts.revocations VALUES ('session', $1, 9007199254740992, now() + interval '1 hour')"


async def test_one_process_polls_and_every_process_obeys(databases: Databases, transmitter: Transmitter) -> None:
    async with (
        receiving(databases, transmitter, client_id="first") as first,
        receiving(databases, transmitter, client_id="second") as second,
    ):
        for name in ("s", "t"):
            jti = transmitter.send(EventType.SESSION_REVOKED, session(name))
            await until(lambda jti=jti: transmitter.acknowledged[-1:] == [jti])  # type: ignore[misc]
        await until(lambda: refuses(first, session_id="t") and refuses(second, session_id="t"))
    assert len(set(transmitter.pollers)) == 1


async def test_another_process_takes_over_from_one_that_stops(databases: Databases, transmitter: Transmitter) -> None:
    async with receiving(databases, transmitter, client_id="first") as first:
        await until(lambda: transmitter.calls["poll"] > 0)
        async with receiving(databases, transmitter, client_id="second") as second:
            await first.stop()
            transmitter.send(EventType.SESSION_REVOKED, session("s"))
            await until(lambda: refuses(second, session_id="s"))
    assert len(set(transmitter.pollers)) == 2


async def test_nothing_is_lost_or_doubled_while_the_lease_changes_hands_again_and_again(
    databases: Databases, transmitter: Transmitter
) -> None:
    sent: list[str] = []

    async def both_have_polled() -> bool:
        for _ in range(5):
            sent.append(transmitter.send(EventType.SESSION_REVOKED, session(f"{len(sent):04}")))
        await databases.execute("posts_app", END_LEASE)
        await databases.execute("posts_app", TELL_OTHERS)
        await until(lambda: transmitter.is_settled(*sent))
        return len(set(transmitter.pollers)) == 2

    async with (
        receiving(databases, transmitter, client_id="first") as first,
        receiving(databases, transmitter, client_id="second") as second,
    ):
        await until(both_have_polled)
        await until(lambda: len(first.revocations) == len(second.revocations) == len(sent))
    assert await stored(databases) == [f"{number:04}" for number in range(len(sent))]
    assert (transmitter.refused, await count_received(databases)) == ({}, len(sent))


async def count_received(databases: Databases) -> int:
    return len(await databases.fetch("posts_app", "SELECT FROM posts.received_events"))


async def test_a_process_that_starts_later_knows_everything_before_it_serves(
    databases: Databases, transmitter: Transmitter
) -> None:
    async with receiving(databases, transmitter) as first:
        transmitter.send(EventType.SESSION_REVOKED, session("s"))
        await until(lambda: refuses(first, session_id="s"))
    await transmitter.stop()
    async with receiving(databases, transmitter) as later:
        assert refuses(later, session_id="s")


async def test_a_start_waits_until_the_process_knows_what_it_has_received(
    databases: Databases, transmitter: Transmitter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watchword.events.receiver.FIRST_POLL_TIMEOUT_SECONDS", PATIENCE_SECONDS)
    transmitter.send(EventType.SESSION_REVOKED, session("s"))
    async with receiving(databases, transmitter, started=False) as receiver:
        transmitter.gate.clear()
        starting = asyncio.create_task(receiver.start())
        await until(lambda: receiver._loaded.is_set())
        assert not starting.done()
        transmitter.gate.set()
        await starting
        assert refuses(receiver, session_id="s")


async def test_a_receiver_that_starts_again_knows_what_it_missed(
    databases: Databases, transmitter: Transmitter
) -> None:
    async with receiving(databases, transmitter) as receiver:
        await receiver.stop()
        await databases.execute("posts_app", REVOKE, "s")
        await receiver.start()
        assert refuses(receiver, session_id="s")


async def test_what_was_revoked_while_a_process_did_not_listen_is_read_from_the_table(
    databases: Databases, transmitter: Transmitter
) -> None:
    async with receiving(databases, transmitter) as receiver:
        await databases.execute("posts_app", REVOKE, "s")
        assert await databases.end_connections("posts_app", LISTENING) == 1
        await until(lambda: refuses(receiver, session_id="s"))


async def test_what_no_notification_tells_is_seen_by_looking(databases: Databases, transmitter: Transmitter) -> None:
    async with receiving(databases, transmitter) as receiver:
        receiver._listener._on_notification["posts_revocations"] = ignore
        jti = transmitter.send(EventType.SESSION_REVOKED, session("s"))
        await until(lambda: transmitter.is_settled(jti))
        assert refuses(receiver, session_id="s")


def ignore(_: str) -> None:
    """What PostgreSQL loses when a connection ends."""


@pytest.mark.parametrize("leeway_seconds", [0, 5, 60])
async def test_a_revocation_outlasts_every_token_that_it_refuses(
    databases: Databases, transmitter: Transmitter, leeway_seconds: int
) -> None:
    clock = StandingClock()
    async with receiving(databases, transmitter, clock=clock, memory_seconds=600) as receiver:
        issuer = transmitter.issuer
        Verifier.of(issuer.url, issuer.audience, revocations=receiver, leeway_seconds=leeway_seconds)
        jti = transmitter.send(EventType.SESSION_REVOKED, session("s"))
        await until(lambda: transmitter.is_settled(jti))
        # A token of an issuer whose clock is ahead by the leeway, which is accepted for so much longer after its end.
        clock.advance(seconds=600 + 2 * max(leeway_seconds, LEEWAY_SECONDS) - 1)
        await receiver.load()
        assert refuses(receiver, session_id="s")
        clock.advance(seconds=2)
        await receiver.load()
        assert not refuses(receiver, session_id="s")


async def test_what_has_expired_is_removed_from_the_database(databases: Databases, transmitter: Transmitter) -> None:
    clock = StandingClock()
    async with receiving(databases, transmitter, clock=clock):
        for name, seconds in (("old", -10.0), ("young", 1_000.0)):
            expires_at = clock.now() + timedelta(seconds=seconds)
            await databases.execute("posts_app", REVOKE_UNTIL, name, expires_at)
        clock.advance(seconds=400)
        transmitter.answer_polls()
        await until(lambda: only_the_young(databases))


async def only_the_young(databases: Databases) -> bool:
    return await stored(databases) == ["young"]


async def test_every_process_knows_how_far_the_clock_of_the_issuer_is_ahead(
    databases: Databases, transmitter: Transmitter
) -> None:
    transmitter.further_members = {"sent_at": transmitter.issuer.clock.now().timestamp() + 3_600}
    async with receiving(databases, transmitter) as first, receiving(databases, transmitter) as second:
        await until(lambda: None not in (first.clock_offset, second.clock_offset))
        for receiver in (first, second):
            assert receiver.clock_offset is not None
            assert 3_500 < receiver.clock_offset <= 3_600


@pytest.mark.parametrize("sent_at", [None, "now", True, [], {}, -1, 1e300])
async def test_an_issuer_that_does_not_say_what_time_it_is_is_heard_too(
    databases: Databases, transmitter: Transmitter, sent_at: object
) -> None:
    transmitter.further_members = {} if sent_at is None else {"sent_at": sent_at}
    async with receiving(databases, transmitter) as receiver:
        await until(lambda: receiver.last_contact_at is not None)
        assert (receiver.clock_offset, receiver.heard_within(60)) == (None, True)


async def test_clock_of_the_database_that_is_put_back_hides_no_silence(
    databases: Databases, transmitter: Transmitter
) -> None:
    async with receiving(databases, transmitter) as receiver:
        await until(lambda: receiver.heard_within(60))
        await transmitter.stop()
        await databases.execute("posts_app", "UPDATE posts.transmitter_contact SET heard_at = now() + interval '1 h'")
        await receiver.load()
        await until(lambda: not receiver.heard_within(0.5))


async def test_answer_that_leaves_something_behind_is_contact_and_does_not_count_as_heard(
    databases: Databases, transmitter: Transmitter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watchword.events.postgres_receiver.FIRST_POLL_TIMEOUT_SECONDS", 0.0)
    transmitter.further_members = {"moreAvailable": True}
    async with receiving(databases, transmitter) as first, receiving(databases, transmitter) as second:
        for receiver in (first, second):
            await until(lambda receiver=receiver: receiver.last_contact_at is not None)  # type: ignore[misc]
        polls = transmitter.calls["poll"]
        await until(lambda: transmitter.calls["poll"] > polls + 3)
        assert not any(receiver.is_silent() or receiver.heard_within(1e9) for receiver in (first, second))
        transmitter.further_members = {}
        await until(lambda: first.heard_within(60) and second.heard_within(60))


async def test_event_that_could_not_be_taken_keeps_the_issuer_from_counting_as_heard(
    databases: Databases, transmitter: Transmitter
) -> None:
    left = transmitter.send(EventType.SESSION_REVOKED, session("s"), head={"kid": "not known yet"})
    async with receiving(databases, transmitter) as receiver:
        await until(lambda: receiver.last_contact_at is not None)
        polls = transmitter.calls["poll"]
        await until(lambda: transmitter.calls["poll"] > polls + 1)
        assert not receiver.heard_within(1e9)
        del transmitter.waiting[left]
        await until(lambda: receiver.heard_within(60))


async def test_an_issuer_is_heard_by_every_process_until_it_does_not_answer(
    databases: Databases, transmitter: Transmitter
) -> None:
    async with receiving(databases, transmitter) as first, receiving(databases, transmitter) as second:
        await until(lambda: first.heard_within(2) and second.heard_within(2))
        await transmitter.stop()
        await until(lambda: not first.heard_within(2) and not second.heard_within(2))
        assert first.heard_within(1e9)
        await transmitter.start()
        await until(lambda: first.heard_within(2) and second.heard_within(2))
