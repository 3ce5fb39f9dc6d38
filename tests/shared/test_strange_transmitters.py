"""Transmitters that do not keep to RFC 8936: a receiver neither spins nor stands still because of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from posts_service.tables import RECEIVER
from tests.shared.boot_clock import BootClock
from tests.shared.receivers import session
from tests.shared.ssf import Transmitter
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.auth import RemoteKeys
from watchword.auth.background import running
from watchword.clock import SystemClock
from watchword.database import Database
from watchword.events import EventType, TransmitterAccount, stream_polls
from watchword.events.acknowledgements import Acknowledgements
from watchword.events.effects import Effects
from watchword.events.intake import Intake
from watchword.events.poll_pace import IDLE_PAUSE_SECONDS, PollPace
from watchword.events.postgres_store import PostgresStore
from watchword.events.security_event import EventReader, ReceivedEvent
from watchword.events.stream_polls import EVENTS_PER_POLL, HELD_SECONDS, StreamPolls
from watchword.events.transmitter_client import TransmitterClient
from watchword.tasks import cancel_and_wait

BOOT_CLOCK_READERS = (stream_polls,)


@pytest.fixture(autouse=True)
def every_answer_comes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.shared.ssf.LONG_POLL_SECONDS", 0.0)
    monkeypatch.setattr("watchword.events.poll_pace.AT_ONCE_SECONDS", 60.0)


async def _no_effect(_: AsyncSession, __: ReceivedEvent) -> None:
    """No event has an effect here."""


@dataclass
class Polling:
    polls: StreamPolls
    acknowledgements: Acknowledgements

    async def pauses(self, number: int) -> list[float]:
        """How long the receiver would wait after each of so many polls, whose events are acknowledged meanwhile."""
        pauses = []
        for _ in range(number):
            await self.polls.poll(may_wait=True)
            await until(lambda: len(self.acknowledgements) == 0)
            pauses.append(self.polls.pause_seconds)
        return pauses


@asynccontextmanager
async def polling(databases: Databases, transmitter: Transmitter, *, tells: bool = True) -> AsyncIterator[Polling]:
    """The parts of a receiver that poll, and if it `tells`, acknowledge."""
    account = TransmitterAccount(transmitter.issuer.url, "receiver", "secret")
    database = Database(databases.url("posts_app"), size=1)
    store = PostgresStore(database, RECEIVER, account.issuer)
    acknowledgements = Acknowledgements(store)
    effects = Effects(lambda received: store.carry_out(received, _no_effect), ())
    intake = Intake(
        store,
        effects,
        acknowledgements,
        account.issuer,
        until=lambda: SystemClock().now().timestamp() + 600,
        is_replay=lambda _: False,
    )
    async with httpx.AsyncClient() as http:
        client = TransmitterClient(http, account)
        keys = RemoteKeys(await client.discover(), cooldown=0)
        async with running(keys):
            stream = await client.find_or_create_stream()
            reader = EventReader(keys, account.issuer, stream.audience)
            polls = StreamPolls(
                client,
                stream,
                reader,
                intake,
                PollPace(),
                clock=SystemClock(),
                count_unacknowledged=lambda: 0,
                is_stopped=lambda: False,
            )
            assert await store.take_poll_lease()
            reporting = [asyncio.create_task(acknowledgements.run(client, stream))] if tells else []
            yield Polling(polls, acknowledgements)
            await cancel_and_wait(reporting)
    await store.leave()
    await database.close()


async def test_transmitter_that_always_has_more_and_sends_nothing_is_not_polled_without_a_pause(
    databases: Databases, transmitter: Transmitter
) -> None:
    transmitter.further_members = {"moreAvailable": True}
    async with polling(databases, transmitter) as receiver:
        # A poll that ends early may have been ended by another one, so everything is asked for once after it.
        assert (await receiver.pauses(5))[1:] == [IDLE_PAUSE_SECONDS, 0.0] * 2


@pytest.mark.parametrize("is_valid", [True, False])
async def test_event_that_is_sent_again_although_it_was_settled_is_not_asked_for_without_a_pause(
    databases: Databases, transmitter: Transmitter, monkeypatch: pytest.MonkeyPatch, is_valid: bool
) -> None:
    monkeypatch.setattr(transmitter, "_settle", lambda _: None)
    if is_valid:
        transmitter.send(EventType.SESSION_REVOKED, session("s"))
    else:
        transmitter.put("jti", "no token")
    async with polling(databases, transmitter) as receiver:
        assert (await receiver.pauses(5))[2:] == [IDLE_PAUSE_SECONDS] * 3


async def test_events_beyond_those_that_were_asked_for_are_left(databases: Databases, transmitter: Transmitter) -> None:
    transmitter.further_members = {"sets": {str(number): 0 for number in range(10 * EVENTS_PER_POLL)}}
    async with polling(databases, transmitter, tells=False) as receiver:
        await receiver.polls.poll(may_wait=True)
        assert (len(receiver.acknowledgements), receiver.polls.has_more) == (EVENTS_PER_POLL, True)


async def test_answer_tells_what_the_transmitter_knew_while_it_held_the_poll_and_not_when_it_is_read(
    databases: Databases, transmitter: Transmitter, since_boot: BootClock
) -> None:
    async with polling(databases, transmitter) as receiver:
        polls = receiver.polls
        await polls.poll(may_wait=True)
        assert polls.as_of == polls.asked_at
        transmitter.gate.clear()
        asking = asyncio.create_task(polls.poll(may_wait=True))
        await until(lambda: transmitter.long_polls[-1:] == [False] and transmitter.calls["poll"] == 2)
        # The process stands still.
        since_boot.seconds += 60
        transmitter.gate.set()
        await asking
        assert polls.as_of == polls.asked_at + HELD_SECONDS
        transmitter.send(EventType.SESSION_REVOKED, session("s"))
        await polls.poll(may_wait=True)
        assert polls.as_of == polls.asked_at


async def test_poll_that_another_one_has_ended_leaves_something_behind_and_the_next_one_does_not(
    databases: Databases, transmitter: Transmitter
) -> None:
    async with polling(databases, transmitter) as receiver:
        left_nothing = []
        for _ in range(3):
            await receiver.polls.poll(may_wait=True)
            left_nothing.append(receiver.polls.left_nothing)
    # The first and the last ask for everything at once; the one between them waits, and ends early.
    assert left_nothing == [True, False, True]
