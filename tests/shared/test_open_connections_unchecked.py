"""Open connections of a process that has been paused, or does not know at present what is revoked."""

import pytest
from websockets.exceptions import ConnectionClosed

from tests.shared.house import SIGNED_OUT, House
from tests.shared.rooms import ending
from tests.support.live_server import close_code
from tests.support.waiting import until
from watchword.auth import open_connections


async def test_after_a_pause_the_first_thing_sent_is_the_end(house: House) -> None:
    async with house.socket("ada") as socket, house.server.events("/events", house.headers("ada")) as events:
        await house.until_open(2)
        house.source.lapse(ending("ada"))
        house.rooms.say("a secret")
        assert await events.rest() == [SIGNED_OUT]
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 4401


async def test_after_a_pause_nothing_is_taken_from_a_caller_who_is_signed_out(house: House) -> None:
    async with house.socket("ada") as ada, house.socket("grace") as grace:
        await house.until_open(2)
        house.source.lapse(ending("ada"))
        await ada.send("delete everything")
        assert await close_code(ada) == 4401
        await grace.send("hello")
        await until(lambda: house.rooms.heard == ["hello"])


async def test_what_is_sent_waits_until_it_is_known_what_is_revoked(house: House) -> None:
    async with house.socket("ada") as ada, house.socket("grace") as grace:
        await house.until_open(2)
        house.source.is_away = True
        house.source.lapse(ending("ada"))
        house.rooms.say("hello")
        await until(lambda: house.source.looks >= 4)
        house.source.is_away = False
        assert await grace.recv() == "hello"
        assert await close_code(ada) == 4401


async def test_a_message_that_is_held_is_not_lost_to_an_app_that_gives_up_waiting(house: House) -> None:
    async with house.socket("ada", "/impatient") as socket:
        await house.until_open(1)
        house.source.is_away = True
        house.source.lapse()
        await socket.send("one")
        # Each wait of the app begins to look anew.
        await until(lambda: house.source.looks >= 3)
        assert house.rooms.heard == []
        house.source.is_away = False
        await socket.send("two")
        await until(lambda: house.rooms.heard == ["one", "two"])


async def test_a_connection_that_cannot_be_checked_for_long_ends_and_nobody_is_called_signed_out(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_connections, "HOLD_SECONDS", 1)
    async with house.socket("ada") as socket, house.server.events("/events", house.headers("ada")) as events:
        await house.until_open(2)
        house.source.is_away = True
        house.source.lapse()
        house.rooms.say("a secret")
        assert await close_code(socket) == 1013
        assert await events.rest() == []


async def test_a_socket_takes_nothing_while_writes_are_refused(house: House) -> None:
    async with house.socket("ada") as socket:
        await house.until_open(1)
        house.source.refuses_writes = True
        house.rooms.say("reading goes on")
        assert await socket.recv() == "reading goes on"
        await socket.send("hello")
        assert await close_code(socket) == 1013
        assert house.rooms.heard == []
