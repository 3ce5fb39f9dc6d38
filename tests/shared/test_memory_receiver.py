"""A receiver without a database: a stream and a memory of its own, and no guard passes on less than what is revoked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import MetaData
from starlette.responses import JSONResponse, Response

from tests.shared.boot_clock import BootClock
from tests.shared.receivers import OF_A_KIND, refuses, session
from tests.shared.ssf import Transmitter, transmitting
from tests.support.waiting import until
from watchword.auth import Verifier
from watchword.auth.errors import InvalidToken, NotStarted
from watchword.auth.revocations import RevocationSource
from watchword.database import Database
from watchword.events import (
    EventType,
    ReceivedEvent,
    Receiver,
    ReceiverTables,
    SilencePolicy,
    TransmitterSilent,
    contact_lease,
    receive_security_events,
    stream_polls,
)
from watchword.events.contact_lease import VALID_SECONDS
from watchword.events.stream_polls import MAX_EVENTS_PER_POLL
from watchword.service.readiness import NoContactYet, checks_of
from watchword.testing import StandingClock

BOOT_CLOCK_READERS = (contact_lease, stream_polls)


@pytest.fixture
async def transmitter() -> AsyncIterator[Transmitter]:
    async with transmitting() as transmitter:
        yield transmitter


def receiver_of(transmitter: Transmitter, **options: Any) -> Receiver:
    return receive_security_events(transmitter.issuer.url, client_id="notes", client_secret="secret", **options)


@asynccontextmanager
async def receiving(transmitter: Transmitter, **options: Any) -> AsyncIterator[Receiver]:
    receiver = receiver_of(transmitter, **options)
    try:
        await receiver.start()
        yield receiver
    finally:
        await receiver.stop()


def verifier_of(transmitter: Transmitter, receiver: RevocationSource) -> Verifier:
    return transmitter.issuer.verifier(revocations=receiver)


async def test_a_stream_that_lapses_is_created_beside_others_and_deleted_at_the_end(transmitter: Transmitter) -> None:
    durable = transmitter.add_stream()
    async with receiving(transmitter):
        (draft,) = transmitter.drafts
        assert draft["inactivity_timeout"] == 60
        assert len(transmitter.streams) == 2
    assert transmitter.streams == [durable]


async def test_each_receiver_has_a_stream_of_its_own(transmitter: Transmitter) -> None:
    async with receiving(transmitter), receiving(transmitter):
        descriptions = {stream["description"] for stream in transmitter.streams}
        assert len(descriptions) == 2
    assert transmitter.streams == []


async def test_an_event_is_obeyed_and_then_acknowledged(transmitter: Transmitter) -> None:
    async with receiving(transmitter) as receiver:
        jti = transmitter.send(EventType.SESSION_REVOKED, session("s"))
        await until(lambda: transmitter.is_settled(jti))
        assert refuses(receiver, session_id="s")
    assert transmitter.acknowledged == [jti]


async def test_a_start_returns_when_everything_is_known_with_which_the_stream_begins(transmitter: Transmitter) -> None:
    sent = [transmitter.send(EventType.SESSION_REVOKED, session(f"{number}")) for number in range(250)]
    async with receiving(transmitter) as receiver:
        assert receiver.is_current()
        assert len(receiver.revocations) == 250
        await until(lambda: transmitter.is_settled(*sent))


async def test_a_token_that_was_revoked_before_the_start_is_refused_and_others_are_not(
    transmitter: Transmitter,
) -> None:
    transmitter.send(EventType.SESSION_REVOKED, session("s"))
    async with receiving(transmitter) as receiver:
        verifier = verifier_of(transmitter, receiver)
        with pytest.raises(InvalidToken, match="revoked"):
            await verifier.verify(transmitter.issuer.mint(claims={"sid": "s"}))
        await verifier.verify(transmitter.issuer.mint(claims={"sid": "other"}))


async def test_no_guard_passes_until_the_issuer_has_been_heard(transmitter: Transmitter) -> None:
    transmitter.trouble["poll"] = Response(status_code=500)
    async with receiving(transmitter) as receiver:
        verifier = verifier_of(transmitter, receiver)
        with pytest.raises(TransmitterSilent, match="not been heard since this process started"):
            await verifier.verify(transmitter.issuer.mint())
        with pytest.raises(TransmitterSilent):
            receiver.ensure_in_contact(is_write=False)
        assert receiver.last_contact_at is None
        del transmitter.trouble["poll"]
        await until(receiver.is_current)
        await verifier.verify(transmitter.issuer.mint())


async def test_no_guard_passes_while_more_of_the_replay_waits(transmitter: Transmitter) -> None:
    transmitter.trouble["poll"] = JSONResponse({"sets": {}, "moreAvailable": True})
    async with receiving(transmitter) as receiver:
        assert not receiver.is_current()
        verifying = asyncio.create_task(verifier_of(transmitter, receiver).verify(transmitter.issuer.mint()))
        polls = transmitter.calls["poll"]
        await until(lambda: transmitter.calls["poll"] > polls + 1)
        assert not verifying.done()
        del transmitter.trouble["poll"]
        await verifying


async def test_no_guard_passes_before_the_start_or_after_the_end(transmitter: Transmitter) -> None:
    receiver = receiver_of(transmitter)
    for _ in range(2):
        with pytest.raises(NotStarted):
            await receiver.catch_up()
        with pytest.raises(NotStarted):
            receiver.ensure_in_contact(is_write=False)
        await receiver.start()
        await receiver.catch_up()
        await receiver.stop()
        assert not receiver.is_current()


async def test_a_stream_that_is_gone_is_created_anew_and_its_replay_is_waited_for(transmitter: Transmitter) -> None:
    async with receiving(transmitter) as receiver:
        transmitter.trouble["streams"] = Response(status_code=500)
        transmitter.streams.clear()
        await until(lambda: transmitter.calls["streams"] > 2)
        transmitter.send(EventType.SESSION_REVOKED, session("s"))
        del transmitter.trouble["streams"]
        await until(lambda: len(transmitter.streams) == 1)
        await receiver.catch_up()
        await until(lambda: refuses(receiver, session_id="s"))
    assert transmitter.streams == []


async def test_a_stream_whose_creation_was_not_answered_is_deleted(transmitter: Transmitter) -> None:
    transmitter.loses_created = True
    async with receiving(transmitter):
        await until(lambda: len(transmitter.drafts) > 0)
        transmitter.loses_created = False
        await until(lambda: transmitter.calls["poll"] > 0)
        assert len(transmitter.streams) == 1
        assert transmitter.deleted
    assert transmitter.streams == []


async def test_while_the_issuer_is_away_the_policy_for_silence_decides(transmitter: Transmitter) -> None:
    clock = StandingClock()
    silence = SilencePolicy(30, refuse_writes=True)
    async with receiving(transmitter, silence=silence, clock=clock) as receiver:
        verifier, token = verifier_of(transmitter, receiver), transmitter.issuer.mint()
        transmitter.trouble["poll"] = transmitter.trouble["ssf"] = Response(status_code=500)
        polls = transmitter.calls["ssf"]
        await until(lambda: transmitter.calls["ssf"] > polls + 1)
        await verifier.verify(token, is_write=True)
        clock.advance(seconds=31)
        await verifier.verify(token)
        with pytest.raises(TransmitterSilent, match="silent for 31 s"):
            await verifier.verify(token, is_write=True)


async def test_a_service_is_ready_when_the_issuer_has_been_heard(transmitter: Transmitter) -> None:
    transmitter.trouble["poll"] = Response(status_code=500)
    receiver = receiver_of(transmitter)
    verifier = verifier_of(transmitter, receiver)
    check = checks_of(verifier)["security_events"]
    async with verifier.revocations_runner.run():
        with pytest.raises(NoContactYet):
            await check()
        del transmitter.trouble["poll"]
        await until(receiver.is_current)
        assert (await check())["silent"] is False
        assert receiver.heard_within(2)


async def test_event_that_could_not_be_taken_keeps_the_issuer_from_counting_as_heard(transmitter: Transmitter) -> None:
    left = transmitter.send(EventType.SESSION_REVOKED, session("s"), head={"kid": "not known yet"})
    async with receiving(transmitter) as receiver:
        await until(lambda: receiver.last_contact_at is not None)
        assert not receiver.heard_within(1e9)
        del transmitter.waiting[left]
        await until(lambda: receiver.heard_within(60))


async def test_first_answer_counts_when_all_of_it_is_taken(transmitter: Transmitter) -> None:
    left = transmitter.send(EventType.SESSION_REVOKED, session("s"), head={"kid": "not known yet"})
    async with receiving(transmitter) as receiver:
        await until(lambda: receiver.last_contact_at is not None)
        assert not receiver.is_current()
        del transmitter.waiting[left]
        await until(receiver.is_current)


async def test_stream_that_is_disabled_keeps_the_issuer_from_counting_as_heard(transmitter: Transmitter) -> None:
    async with receiving(transmitter) as receiver:
        await until(lambda: receiver.heard_within(60))
    transmitter.status = {"status": "disabled"}
    async with receiving(transmitter) as receiver:
        await until(lambda: receiver.last_contact_at is not None)
        await until(lambda: receiver.is_stream_stopped)
        heard_at = receiver._heard_at
        polls = transmitter.calls["poll"]
        await until(lambda: transmitter.calls["poll"] > polls + 2)
        assert receiver._heard_at == heard_at


async def test_process_that_stood_still_goes_on_while_more_effects_are_pending_than_a_poll_brings(
    transmitter: Transmitter, since_boot: BootClock
) -> None:
    transmitter.sends_again = False
    is_up = asyncio.Event()

    async def effect(_: ReceivedEvent) -> None:
        await is_up.wait()

    async with receiving(transmitter, effects={EventType.SESSION_REVOKED: effect}) as receiver:
        for number in range(MAX_EVENTS_PER_POLL + 50):
            transmitter.send(EventType.SESSION_REVOKED, session(f"{number}"))
        await until(lambda: len(receiver.revocations) == MAX_EVENTS_PER_POLL + 50)
        since_boot.seconds += VALID_SECONDS + 1
        assert not receiver.is_current()
        await until(receiver.is_current)
        is_up.set()


async def test_an_effect_happens_in_every_process_and_is_repeated_until_it_succeeds(transmitter: Transmitter) -> None:
    calls: list[str] = []

    async def effect(received: ReceivedEvent) -> None:
        calls.append(received.jti)
        if len(calls) == 1:
            raise RuntimeError("not yet")

    effects = {OF_A_KIND: effect}
    async with receiving(transmitter, effects=effects) as receiver:
        assert OF_A_KIND in transmitter.drafts[0]["events_requested"]
        jti = transmitter.send(OF_A_KIND)
        await until(lambda: receiver.pending_effects.count == 1)
        await until(lambda: transmitter.is_settled(jti))
        assert receiver.pending_effects.count == 0
        assert receiver.effect_failures[OF_A_KIND] == 1
    assert calls == [jti, jti]


async def test_what_has_just_happened_is_measured_and_a_replay_is_not(transmitter: Transmitter) -> None:
    measured: list[float] = []

    def revoked(session_id: str) -> str:
        happened_at = transmitter.issuer.clock.now().timestamp()
        return transmitter.send(
            EventType.SESSION_REVOKED,
            session(session_id),
            events={EventType.SESSION_REVOKED: {"happened_at": happened_at}},
        )

    revoked("before")
    receiver = receiver_of(transmitter)
    receiver.observe_refusals(measured.append)
    await receiver.start()
    jti = revoked("after")
    await until(lambda: transmitter.is_settled(jti))
    await receiver.stop()
    assert len(measured) == 1


@pytest.mark.parametrize("half", ["database", "tables"])
def test_a_database_without_tables_or_tables_without_a_database_are_an_error(half: str) -> None:
    whole: dict[str, Any] = {
        "database": Database("postgresql://notes@localhost/notes"),
        "tables": ReceiverTables(MetaData()),
    }
    with pytest.raises(ValueError, match="database and tables: both, or neither"):
        receive_security_events(
            "http://localhost:8001", client_id="notes", client_secret="secret", **{half: whole[half]}
        )


def test_an_effect_that_expects_a_transaction_is_an_error() -> None:
    async def effect(db: object, received: ReceivedEvent) -> None: ...

    with pytest.raises(ValueError, match=f"that of {OF_A_KIND} must take the event alone"):
        receive_security_events(
            "http://localhost:8001",
            client_id="notes",
            client_secret="secret",
            effects={OF_A_KIND: effect},  # type: ignore[dict-item]
        )
