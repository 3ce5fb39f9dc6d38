"""Polls while a part of the transmitter stands still: its LISTEN connection, or another transaction."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from identity_service import channel
from identity_service.app import create_app
from identity_service.events.poll import PollDelivery
from identity_service.events.poll_statements import NEXT_EVENTS, PUT_OFF_LAPSE
from identity_service.events.security_event_tokens import SetMinter
from identity_service.parts import assemble
from tests.identity.answers import ensure_problem
from tests.identity.receivers import Receiver, cause_events, receiver_with_stream
from tests.identity.test_poll_long import LongPoll
from tests.support import services
from tests.support.cuts import Proxy, proxy_to
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity, client_for
from tests.support.waiting import PAUSE_SECONDS, until
from watchword.database import Database
from watchword.database.notifications import Listener
from watchword.events.types import EventType
from watchword.tasks import wait_for


@pytest.fixture
def proxy(databases: Databases) -> Iterator[Proxy]:
    with proxy_to(databases.server.port) as proxy:
        yield proxy


@pytest.fixture
async def listening_through(proxy: Proxy, clean_databases: Databases) -> AsyncIterator[Identity]:
    """The service, whose connection that listens goes through the proxy, and no other."""
    async with services.identity(clean_databases) as prepared:
        await prepared.register("ada")
        settings = prepared.parts.settings
    parts = assemble(settings)
    url = settings.database_url.replace(f":{clean_databases.server.port}/", f":{proxy.port}/")
    parts.listener = Listener(url, channel.CHANNEL, parts.on_notification, parts.catch_up)
    app = create_app(parts)
    async with client_for(app, IDENTITY_URL) as http:
        yield Identity(parts, app, http)


async def test_dead_listening_connection_costs_an_event_no_more_than_one_wait(
    listening_through: Identity, proxy: Proxy
) -> None:
    posts = await receiver_with_stream(listening_through)
    await until(lambda: wakes(listening_through, posts))
    proxy.cut_all()
    poll = await LongPoll(posts).waiting(listening_through)
    await cause_events(listening_through, 1)
    assert await poll.kinds() == ["account-disabled"]


async def test_listening_connection_that_has_died_is_replaced(
    listening_through: Identity, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watchword.database.notifications.CHECK_TIMEOUT_SECONDS", 1.0)
    posts = await receiver_with_stream(listening_through)
    await until(lambda: wakes(listening_through, posts))
    assert proxy.cut() == 1
    await until(lambda: wakes(listening_through, posts))


async def test_poll_gives_up_connections_that_have_died_and_the_next_one_is_answered(
    identity: Identity, proxy: Proxy, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, posts = identity.parts, await receiver_with_stream(identity)
    database = Database(parts.database.dsn.replace(f":{databases.server.port}/", f":{proxy.port}/"))
    minter = SetMinter(IDENTITY_URL, parts.keyring)
    parts.transmitter.poll_delivery = PollDelivery(database, minter, parts.transmitter.topics, parts.clock, 1.0)
    # Several connections, each of which would cost a poll its time.
    await asyncio.gather(*(posts.poll() for _ in range(6)))
    with monkeypatch.context() as impatience:
        for statement in (PUT_OFF_LAPSE, NEXT_EVENTS):
            impatience.setattr(statement, "timeout_seconds", 0.5)
        assert proxy.cut() > 1
        ensure_problem(await posts.poll(), 503, "database_unavailable")
    assert (await posts.poll()).status_code == 200
    await database.close()


async def wakes(identity: Identity, posts: Receiver) -> bool:
    """Whether a notification of another connection arrives here."""
    topic = f"probe of {posts.stream_id}"
    with identity.parts.transmitter.topics.subscribe(topic) as wakeup:
        connection = await asyncpg.connect(identity.parts.database.dsn)
        await connection.execute("SELECT pg_notify($1, $2)", channel.CHANNEL, topic)
        await connection.close()
        await wait_for(wakeup, PAUSE_SECONDS)
        return wakeup.is_set()


async def test_event_that_a_process_of_the_previous_release_enqueues_ends_a_wait(identity: Identity) -> None:
    posts = await receiver_with_stream(identity)
    poll = await LongPoll(posts).waiting(identity)
    connection = await asyncpg.connect(identity.parts.database.dsn)
    await connection.execute(
        "INSERT INTO identity.stream_events (stream_id, type, claims) VALUES ($1, $2, $3)",
        posts.stream_id,
        EventType.SESSION_REVOKED,
        json.dumps({"events": {EventType.SESSION_REVOKED: {}}, "sub_id": {"format": "opaque", "id": "x"}}),
    )
    await connection.execute("SELECT pg_notify($1, '')", channel.CHANNEL)
    await connection.close()
    assert await poll.kinds() == ["session-revoked"]


async def test_foreign_notifications_change_nothing(identity: Identity) -> None:
    await identity.register("ada")
    posts = await receiver_with_stream(identity)
    poll = await LongPoll(posts).waiting(identity)
    connection = await asyncpg.connect(identity.parts.database.dsn)
    for payload in ("", ",", "nonsense", "ack:", "keys", posts.stream_id, f"ack:{posts.stream_id}", "x" * 7_900):
        await connection.execute("SELECT pg_notify($1, $2)", channel.CHANNEL, payload)
    await connection.close()
    assert await poll.kinds() == []
    await cause_events(identity, 1)
    assert await posts.kinds() == ["account-disabled"]


async def test_poll_waits_for_no_transaction_that_holds_its_events_or_enqueues_others(identity: Identity) -> None:
    """What a process leaves locked that stands still within a transaction must not hold up the polls of another one."""
    await identity.register("ada")
    posts = await receiver_with_stream(identity)
    await cause_events(identity)
    holder = await asyncpg.connect(identity.parts.database.dsn)
    async with holder.transaction():
        await holder.fetch("SELECT FROM identity.stream_events FOR UPDATE")
        await holder.fetch("SELECT FROM identity.streams FOR KEY SHARE")
        await holder.execute("INSERT INTO identity.recent_events (type, claims) VALUES ('x', '{}')")
        assert len(await posts.sets(returnImmediately=False)) == 2
        assert len(await posts.sets()) == 2
    await holder.close()
