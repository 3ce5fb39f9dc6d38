"""Open connections whose client leaves or reads nothing, or whose server stops, leave nothing behind."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest
from starlette.types import Message
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import InvalidStatus

from tests.shared.chat import Chat, Source, session_revocation
from tests.shared.chat_app import ChatApp, assert_nothing_is_left
from tests.shared.chat_operations import app_of
from tests.support.live_server import close_code
from tests.support.waiting import PATIENCE_SECONDS, until
from watchword.auth import connection_layer
from watchword.testing import Issuer


def fields_of(issuer: Issuer) -> list[tuple[bytes, bytes]]:
    return [(b"authorization", issuer.bearer(claims={"sid": "ada"})["Authorization"].encode())]


STREAM = {"type": "http", "method": "GET", "path": "/events", "query_string": b""}
SOCKET = {"type": "websocket", "path": "/socket", "query_string": b"", "subprotocols": []}


async def test_a_client_that_reads_nothing_does_not_keep_an_ended_connection(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_layer, "FINISH_SECONDS", 0.05)
    source, chat = Source(), Chat()
    app = app_of(issuer, source, chat)
    connections = app.state.verifier.open_connections
    never = asyncio.Event()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            await never.wait()

    async def receive() -> Message:
        await never.wait()
        raise AssertionError

    async with app.router.lifespan_context(app):
        answering = asyncio.create_task(app({**STREAM, "headers": fields_of(issuer)}, receive, send))
        await until(lambda: len(connections) == 1)
        chat.say("one")
        source.revocations.add(session_revocation("ada"), 0)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await answering
    assert_nothing_is_left(connections, source)


@pytest.mark.parametrize("scope", [STREAM, SOCKET], ids=["stream", "socket"])
@pytest.mark.parametrize("leaves_first", [True, False])
async def test_a_client_may_leave_in_the_moment_in_which_its_session_ends(
    issuer: Issuer, scope: dict[str, Any], leaves_first: bool
) -> None:
    source, chat = Source(), Chat()
    app = app_of(issuer, source, chat)
    connections = app.state.verifier.open_connections
    arriving: asyncio.Queue[Message] = asyncio.Queue()
    if scope is SOCKET:
        arriving.put_nowait({"type": "websocket.connect"})

    async def send(message: Message) -> None:
        # A server says so of a client that has gone.
        if has_left:
            raise OSError

    has_left = False
    acts: list[Callable[[], None]] = [
        lambda: arriving.put_nowait({"type": f"{scope['type']}.disconnect"}),
        lambda: source.revocations.add(session_revocation("ada"), 0),
    ]
    async with app.router.lifespan_context(app):
        answering = asyncio.create_task(app({**scope, "headers": fields_of(issuer)}, arriving.get, send))
        await until(lambda: len(connections) == 1)
        for act in acts if leaves_first else acts[::-1]:
            act()
        has_left = True
        async with asyncio.timeout(PATIENCE_SECONDS):
            await answering
    assert answering.cancelling() == 0
    assert_nothing_is_left(connections, source)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_cleaning_up_after_a_client_has_gone_is_not_cancelled_by_the_end_of_its_session(
    chat_app: ChatApp, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    async with chat_app.server.http.stream(method, "/slow-to-stop", headers=chat_app.headers("ada")):
        await chat_app.until_open(1)
        # The answer to a HEAD has its end when there would be something to send.
        chat_app.chat.say("one")
    await until(lambda: "cleaning up" in chat_app.chat.done)
    chat_app.sign_out("ada")
    chat_app.chat.say("two")
    await until(lambda: chat_app.server.open_tasks() == 0)
    assert "cleaned up" in chat_app.chat.done
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_client_that_leaves_leaves_nothing_behind(chat_app: ChatApp) -> None:
    sockets: list[ClientConnection] = [await chat_app.socket("ada") for _ in range(3)]
    async with chat_app.server.events("/events", chat_app.headers("ada")):
        await chat_app.until_open(4)
    for socket in sockets:
        await socket.close()
    await chat_app.until_open(0)
    assert_nothing_is_left(chat_app.connections, chat_app.source)
    assert sorted(chat_app.chat.done) == ["listening"] * 4 + ["talking"] * 3


async def test_all_connections_end_when_the_server_stops_and_nobody_is_called_signed_out(chat_app: ChatApp) -> None:
    async with chat_app.socket("ada") as socket, chat_app.server.events("/events", chat_app.headers("grace")) as events:
        await chat_app.until_open(2)
        chat_app.connections.stop()
        assert await close_code(socket) == 1012
        assert await events.rest() == []


async def test_a_connection_that_begins_while_the_server_stops_ends_at_once(chat_app: ChatApp) -> None:
    chat_app.connections.stop()
    refused = await chat_app.server.http.get("/events", headers=chat_app.headers("ada"))
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    with pytest.raises(InvalidStatus):
        await chat_app.socket("ada")
