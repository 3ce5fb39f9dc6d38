"""Faults around the events: effects that fail, streams that were away, a slow receiver, strangers, many polls."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from tests.bench.fault_testbed import Testbed
from tests.bench.fault_trial import Case, Trial
from tests.identity.answers import claims_of
from tests.identity.hook import Hook, hook
from tests.identity.receivers import PUSH, Receiver
from tests.support.person import Person
from tests.support.waiting import PAUSE_SECONDS, until

SLOW_SECONDS = 4.5
PENDING = "SELECT FROM posts.received_events WHERE is_pending"
HOLD_POSTS = "SELECT FROM posts.posts WHERE author_id::text = $1 FOR UPDATE"
RECEIVER_LOCK = "SELECT pg_advisory_lock(hashtextextended('posts receiver', 0))"
CHANNELS = ("posts_revocations", "posts_receiver_signals", "identity_events")
POLLS = 600
AGAIN_SECONDS = 5.0
"""When a poll is sent again that was answered: each newer one of the 600 ends the one before."""


async def author(testbed: Testbed) -> Person:
    ada = await testbed.person()

    async def has_published() -> bool:
        return (await ada.publish()).status_code == 201

    # A connection to the database that a fault before has cut off is found to be dead by the request that uses it.
    await until(has_published)
    return ada


async def _delete_account(ada: Person) -> float:
    gone = await ada.http.delete(f"{ada.stack.identity}/users/me", headers=ada.identity_headers)
    assert gone.status_code == 204, gone.text
    return time.monotonic()


async def _nothing_is_pending(testbed: Testbed) -> bool:
    return await testbed.stack.databases.fetch("posts_app", PENDING) == []


async def _effect_waits(testbed: Testbed) -> None:
    async def is_pending() -> bool:
        return not await _nothing_is_pending(testbed)

    await until(is_pending)


@asynccontextmanager
async def _effects_fail(testbed: Testbed) -> AsyncIterator[None]:
    """posts may delete no posts."""
    await testbed.stack.databases.execute("posts_owner", "REVOKE DELETE ON posts.posts FROM posts_app")
    try:
        yield
    finally:
        await testbed.stack.databases.execute("posts_owner", "GRANT DELETE ON posts.posts TO posts_app")
        await until(lambda: _nothing_is_pending(testbed))


@asynccontextmanager
async def _posts_locked(testbed: Testbed, ada: Person) -> AsyncIterator[None]:
    """Another connection holds every post of this author."""
    connection = await asyncpg.connect(testbed.stack.databases.url("posts_app"))
    try:
        async with connection.transaction():
            assert await connection.fetch(HOLD_POSTS, claims_of(ada.identity_token)["sub"])
            yield
    finally:
        await connection.close()
        await until(lambda: _nothing_is_pending(testbed))


@asynccontextmanager
async def effect_fails_of_the_deleted(case: Case) -> AsyncIterator[Trial]:
    async with _effects_fail(case.testbed):
        yield Trial(lambda: _delete_account(case.ada))
        await _effect_waits(case.testbed)


@asynccontextmanager
async def effect_fails_meanwhile(case: Case) -> AsyncIterator[Trial]:
    eve = await author(case.testbed)
    async with _effects_fail(case.testbed):
        await _delete_account(eve)
        await _effect_waits(case.testbed)
        yield Trial(case.sign_out())


@asynccontextmanager
async def row_locked_of_the_deleted(case: Case) -> AsyncIterator[Trial]:
    async with _posts_locked(case.testbed, case.ada):
        yield Trial(lambda: _delete_account(case.ada))
        await _effect_waits(case.testbed)


@asynccontextmanager
async def row_locked_meanwhile(case: Case) -> AsyncIterator[Trial]:
    eve = await author(case.testbed)
    async with _posts_locked(case.testbed, eve):
        await _delete_account(eve)
        await _effect_waits(case.testbed)
        yield Trial(case.sign_out())


async def _stream_of_posts(testbed: Testbed) -> Receiver:
    posts = await testbed.receiver("posts")
    (stream,) = (await posts.request("GET", "/ssf/streams")).json()
    posts.stream_id = stream["stream_id"]
    return posts


@asynccontextmanager
async def stream_disabled_and_enabled(case: Case) -> AsyncIterator[Trial]:
    """Counted from the answer to the enabling."""
    posts = await _stream_of_posts(case.testbed)
    await posts.set_status("disabled")
    await case.sign_out()()

    async def enable() -> float:
        await posts.set_status("enabled")
        return time.monotonic()

    yield Trial(enable)


@asynccontextmanager
async def stream_deleted(case: Case) -> AsyncIterator[Trial]:
    """The receiver makes a new one, which begins after the sign-out or before."""
    posts = await _stream_of_posts(case.testbed)
    gone = await posts.request("DELETE", "/ssf/streams", stream_id=posts.stream_id)
    assert gone.status_code == 204, gone.text
    yield Trial(case.sign_out())


@asynccontextmanager
async def push_receiver_slow(case: Case) -> AsyncIterator[Trial]:
    """The fast one counts as one more service: it must have received the event."""
    session_id = claims_of(case.ada.identity_token)["sid"]
    async with hook(seconds=SLOW_SECONDS) as slow, hook() as fast:
        streams = [await _pushed(case.testbed, "slow", slow), await _pushed(case.testbed, "fast", fast)]
        await until(lambda: _is_drained(case.testbed, "fast"))
        await until(lambda: slow.at_once > 0)
        yield Trial(case.sign_out(), is_done=lambda: _has(fast, session_id))
        for stream in streams:
            await stream.request("DELETE", "/ssf/streams", stream_id=stream.stream_id)
        await until(lambda: slow.at_once == 0)


async def _pushed(testbed: Testbed, client_id: str, to: Hook) -> Receiver:
    receiver = await testbed.receiver(client_id)
    await receiver.create(delivery={"method": PUSH, "endpoint_url": to.url})
    return receiver


async def _is_drained(testbed: Testbed, client_id: str) -> bool:
    waiting = "SELECT FROM identity.stream_events JOIN identity.streams ON streams.id = stream_id WHERE client_id = $1"
    return await testbed.stack.databases.fetch("identity_app", waiting, client_id) == []


def _has(receiver: Hook, session_id: str) -> bool:
    subjects = [claims_of(token)["sub_id"] for token in receiver.tokens[-20:]]
    return any(subject.get("session", {}).get("id") == session_id for subject in subjects)


@asynccontextmanager
async def strangers_notify(case: Case) -> AsyncIterator[Trial]:
    """A role of another schema takes the lock of the previous release, and notifies what it can think of."""
    connection = await asyncpg.connect(case.testbed.stack.databases.url("identity_app"))
    await connection.execute(RECEIVER_LOCK)
    notifying = asyncio.create_task(_notify_forever(connection, claims_of(case.ada.identity_token)))
    try:
        yield Trial(case.sign_out())
        assert not notifying.done(), notifying
    finally:
        notifying.cancel()
        await asyncio.gather(notifying, return_exceptions=True)
        await connection.close()


async def _notify_forever(connection: "asyncpg.Connection[asyncpg.Record]", claims: dict[str, str]) -> None:
    keys = ["session", claims["sid"]], ["user", claims["sub"]]
    payloads = [json.dumps({"remove": key, **placed}) for key in keys for placed in ({}, {"placed": True})]
    payloads += [json.dumps({"heard": time.time() + 1e6, "has_more": False}), "free", "applied", "nonsense", ""]
    while True:
        for payload in payloads:
            for channel in CHANNELS:
                await connection.execute("SELECT pg_notify($1, $2)", channel, payload)
        await asyncio.sleep(PAUSE_SECONDS)


@asynccontextmanager
async def many_polls(case: Case) -> AsyncIterator[Trial]:
    """Of a stream of another client."""
    many = await case.testbed.receiver("many")
    await many.create()
    async with _many_polls_of(many, case) as trial:
        yield trial
    await many.request("DELETE", "/ssf/streams", stream_id=many.stream_id)


@asynccontextmanager
async def many_polls_of_posts(case: Case) -> AsyncIterator[Trial]:
    """Of the stream of posts, with its credentials: what they are given, they do not acknowledge."""
    async with _many_polls_of(await _stream_of_posts(case.testbed), case) as trial:
        yield trial


@asynccontextmanager
async def _many_polls_of(receiver: Receiver, case: Case) -> AsyncIterator[Trial]:
    """All at once, and each again some seconds after its answer."""
    port = int(case.testbed.stack.environment["IDENTITY_PORT"])
    request = _poll_request(receiver.stream_id, receiver.headers["Authorization"])
    sent: list[None] = []
    polling = [asyncio.create_task(_poll_forever(port, request, sent)) for _ in range(POLLS)]
    try:
        await until(lambda: len(sent) >= POLLS)
        yield Trial(case.sign_out())
        assert not any(poll.done() for poll in polling)
    finally:
        for poll in polling:
            poll.cancel()
        await asyncio.gather(*polling, return_exceptions=True)


def _poll_request(stream_id: str, authorization: str) -> bytes:
    body = b'{"returnImmediately": false}'
    head = (
        f"POST /ssf/streams/{stream_id}/poll HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _poll_forever(port: int, request: bytes, sent: list[None]) -> None:
    """Over a bare connection, since six hundred of a client library would cost more than what is measured."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while True:
            writer.write(request)
            await writer.drain()
            sent.append(None)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            length = re.search(rb"content-length: (\d+)", head.lower())
            assert length is not None
            await reader.readexactly(int(length[1]))
            await asyncio.sleep(AGAIN_SECONDS)
    finally:
        writer.transport.abort()
