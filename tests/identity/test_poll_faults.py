"""Polls while a part of the transmitter stands still: its LISTEN connection, or another transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from identity_service import channel
from identity_service.app import create_app
from identity_service.parts import assemble
from tests.identity.receivers import Receiver, cause_events, receiver_with_stream
from tests.identity.test_poll_long import LongPoll
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity, client_for
from tests.support.stalling_proxy import StallingProxy, stalling_proxy
from tests.support.waiting import PAUSE_SECONDS, until
from watchword.database.notifications import Listener
from watchword.tasks import wait_for


@asynccontextmanager
async def listening_through(proxy: StallingProxy, databases: Databases) -> AsyncIterator[Identity]:
    """The service, whose connection that listens goes through the proxy, and no other."""
    async with services.identity(databases) as prepared:
        settings = prepared.parts.settings
    parts = assemble(settings)
    url = settings.database_url.replace(f":{databases.server.port}/", f":{proxy.port}/")
    parts.listener = Listener(url, channel.CHANNEL, parts.on_notification, parts.catch_up)
    app = create_app(parts)
    async with client_for(app, IDENTITY_URL) as http:
        yield Identity(parts, app, http)


async def test_dead_listening_connection_costs_an_event_no_more_than_one_wait(clean_databases: Databases) -> None:
    async with (
        stalling_proxy(clean_databases.server.port) as proxy,
        listening_through(proxy, clean_databases) as identity,
    ):
        await identity.register("ada")
        posts = await receiver_with_stream(identity)
        await until(lambda: wakes(identity, posts))
        proxy.stall()
        poll = await LongPoll(posts).waiting(identity)
        await cause_events(identity, 1)
        assert await poll.kinds() == ["account-disabled"]


async def test_listening_connection_that_is_back_wakes_polls_again(clean_databases: Databases) -> None:
    async with (
        stalling_proxy(clean_databases.server.port) as proxy,
        listening_through(proxy, clean_databases) as identity,
    ):
        posts = await receiver_with_stream(identity)
        await until(lambda: wakes(identity, posts))
        before = proxy.connections
        proxy.stall()
        await until(lambda: proxy.connections > before)
        proxy.forward()
        await until(lambda: wakes(identity, posts))


async def wakes(identity: Identity, posts: Receiver) -> bool:
    """Whether a notification of another connection arrives here."""
    topic = f"probe of {posts.stream_id}"
    with identity.parts.bells.listening(topic) as bell:
        connection = await asyncpg.connect(identity.parts.database.dsn)
        await connection.execute("SELECT pg_notify($1, $2)", channel.CHANNEL, topic)
        await connection.close()
        await wait_for(bell, PAUSE_SECONDS)
        return bell.is_set()


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
