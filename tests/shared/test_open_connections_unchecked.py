"""Open connections of a process that has been paused, or does not know at present what is revoked."""

import pytest
from websockets.exceptions import ConnectionClosed

from tests.shared.chat import session_revocation
from tests.shared.chat_app import SIGNED_OUT, ChatApp
from tests.support.live_server import close_code
from tests.support.waiting import until
from watchword.auth import open_connections


async def test_after_a_pause_the_first_thing_sent_is_the_end(chat_app: ChatApp) -> None:
    async with chat_app.socket("ada") as socket, chat_app.server.events("/events", chat_app.headers("ada")) as events:
        await chat_app.until_open(2)
        chat_app.source.lapse(session_revocation("ada"))
        chat_app.chat.say("a secret")
        assert await events.rest() == [SIGNED_OUT]
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 4401


async def test_after_a_pause_nothing_is_taken_from_a_caller_who_is_signed_out(chat_app: ChatApp) -> None:
    async with chat_app.socket("ada") as ada, chat_app.socket("grace") as grace:
        await chat_app.until_open(2)
        chat_app.source.lapse(session_revocation("ada"))
        await ada.send("delete everything")
        assert await close_code(ada) == 4401
        await grace.send("hello")
        await until(lambda: chat_app.chat.heard == ["hello"])


async def test_what_is_sent_waits_until_it_is_known_what_is_revoked(chat_app: ChatApp) -> None:
    async with chat_app.socket("ada") as ada, chat_app.socket("grace") as grace:
        await chat_app.until_open(2)
        chat_app.source.is_away = True
        chat_app.source.lapse(session_revocation("ada"))
        chat_app.chat.say("hello")
        await until(lambda: chat_app.source.looks >= 4)
        chat_app.source.is_away = False
        assert await grace.recv() == "hello"
        assert await close_code(ada) == 4401


async def test_a_message_that_is_held_is_not_lost_to_an_app_that_gives_up_waiting(chat_app: ChatApp) -> None:
    async with chat_app.socket("ada", "/impatient") as socket:
        await chat_app.until_open(1)
        chat_app.source.is_away = True
        chat_app.source.lapse()
        await socket.send("one")
        # Each wait of the app begins to look anew.
        await until(lambda: chat_app.source.looks >= 3)
        assert chat_app.chat.heard == []
        chat_app.source.is_away = False
        await socket.send("two")
        await until(lambda: chat_app.chat.heard == ["one", "two"])


async def test_a_connection_that_cannot_be_checked_for_long_ends_and_nobody_is_called_signed_out(
    chat_app: ChatApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_connections, "HOLD_SECONDS", 1)
    async with chat_app.socket("ada") as socket, chat_app.server.events("/events", chat_app.headers("ada")) as events:
        await chat_app.until_open(2)
        chat_app.source.is_away = True
        chat_app.source.lapse()
        chat_app.chat.say("a secret")
        assert await close_code(socket) == 1013
        assert await events.rest() == []


async def test_a_socket_takes_nothing_while_writes_are_refused(chat_app: ChatApp) -> None:
    async with chat_app.socket("ada") as socket:
        await chat_app.until_open(1)
        chat_app.source.refuses_writes = True
        chat_app.chat.say("reading goes on")
        assert await socket.recv() == "reading goes on"
        await socket.send("hello")
        assert await close_code(socket) == 1013
        assert chat_app.chat.heard == []
