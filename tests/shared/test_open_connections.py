"""Streaming answers and WebSockets that a guard has let pass end with the session, the role or the token."""

from typing import Any

import httpx
import pytest

from tests.shared.house import SIGNED_OUT, House
from tests.shared.receivers import only
from tests.shared.rooms import UNTIL
from tests.support.live_server import Event, close_code
from watchword.auth.revocations import FOR_EVER, Kind, Revocation
from watchword.testing import StandingClock


async def test_events_end_with_the_session_and_say_so(house: House) -> None:
    async with house.server.events("/events", house.headers("ada")) as events:
        house.rooms.say("one")
        assert await events.next() == Event("message", "one", "")
        house.sign_out("ada")
        assert await events.rest() == [SIGNED_OUT]


async def test_events_that_have_sent_nothing_yet_end_too(house: House) -> None:
    async with house.server.events("/events", house.headers("ada")) as events:
        await house.until_open(1)
        house.sign_out("ada")
        assert await events.rest() == [SIGNED_OUT]


async def test_a_socket_closes_with_4401(house: House) -> None:
    async with house.socket("ada") as socket:
        house.rooms.say("one")
        assert await socket.recv() == "one"
        house.sign_out("ada")
        assert await close_code(socket) == 4401
        assert socket.close_reason == "unauthenticated"
    assert house.rooms.done == ["talking", "listening"]


async def test_nobody_else_s_connection_ends(house: House) -> None:
    async with (
        house.socket("ada") as ada,
        house.socket("grace") as grace,
        house.server.connect("/socket", "watchword") as stranger,
        house.server.events("/events", house.headers("grace")) as events,
        house.server.events("/events") as public_events,
    ):
        await house.until_open(3)
        house.sign_out("ada")
        assert await close_code(ada) == 4401
        house.rooms.say("still here")
        assert (await grace.recv(), await stranger.recv()) == ("still here", "still here")
        for reading in (events, public_events):
            assert await reading.next() == Event("message", "still here", "")


@pytest.mark.parametrize(
    "revocation",
    [
        Revocation(Kind.SESSION, "ada", FOR_EVER, UNTIL),
        Revocation(Kind.VERSION, "ada-s-person", 0, UNTIL, version=2),
        Revocation(Kind.SIGNED_OUT, "ada-s-person", 0, UNTIL, version=2, except_sid="another"),
        Revocation(Kind.CLAIMS, "ada-s-person", FOR_EVER, UNTIL),
        Revocation(Kind.DISABLED, "ada-s-person", FOR_EVER, UNTIL),
        Revocation(Kind.PURGED, "ada-s-person", FOR_EVER, UNTIL),
        Revocation(Kind.ROLE, "editor", 0, UNTIL, version=2),
    ],
    ids=lambda revocation: str(revocation.kind),
)
@pytest.mark.parametrize("way", ["add", "replace"])
async def test_whatever_refuses_the_token_ends_its_connections(house: House, revocation: Revocation, way: str) -> None:
    claims: dict[str, Any] = {"version": 1, "role_version": 1}
    async with house.socket("ada", roles=["editor"], **claims) as ada, house.socket("grace", **claims) as grace:
        await house.until_open(2)
        if way == "add":
            house.source.revocations.add(revocation, 0)
        else:
            house.source.revocations.replace(only(revocation))
        assert await close_code(ada) == 4401
        house.rooms.say("still here")
        assert await grace.recv() == "still here"


async def test_connections_end_with_the_key_of_their_token(house: House) -> None:
    async with house.socket("ada") as ada:
        first = house.issuer.kid
        house.issuer.rotate("second")
        async with house.socket("grace") as grace:
            await house.until_open(2)
            house.source.revocations.add(Revocation(Kind.KEY, first, 0, UNTIL), 0)
            assert await close_code(ada) == 4401
            house.rooms.say("still here")
            assert await grace.recv() == "still here"


async def test_nothing_is_sent_to_a_caller_whose_key_is_gone(house: House) -> None:
    async with house.socket("ada") as ada, house.server.events("/events", house.headers("ada")) as events:
        first = house.issuer.kid
        house.issuer.rotate("second")
        async with house.socket("grace") as grace:
            await house.until_open(3)
            house.issuer.withdraw(first)
            house.rooms.say("a secret")
            assert await close_code(ada) == 4401
            assert await events.rest() == [SIGNED_OUT]
            assert await grace.recv() == "a secret"


async def test_a_changed_role_costs_as_much_as_it_has_connections(house: House) -> None:
    async with house.socket("ada", roles=["editor"]), house.socket("grace", roles=["author"]):
        await house.until_open(2)
        changed = Revocation(Kind.ROLE, "editor", 0, UNTIL, version=1)
        [concerned] = house.connections._concerned(changed)
        assert concerned.principal.session_id == "ada"


async def test_the_session_that_goes_on_keeps_its_connections(house: House) -> None:
    async with house.socket("ada", version=1) as socket:
        await house.until_open(1)
        spared = Revocation(Kind.SIGNED_OUT, "ada-s-person", 0, UNTIL, version=2, except_sid="ada")
        house.source.revocations.add(spared, 0)
        house.rooms.say("still here")
        assert await socket.recv() == "still here"


async def test_other_streams_just_end(house: House) -> None:
    async with house.server.http.stream("GET", "/lines", headers=house.headers("ada")) as answer:
        lines = answer.aiter_lines()
        house.rooms.say("one")
        assert await anext(lines) == "one"
        house.sign_out("ada")
        assert [line async for line in lines] == []


async def test_an_answer_that_has_said_how_long_it_is_is_cut_off(house: House) -> None:
    async with house.server.http.stream("GET", "/long", headers=house.headers("ada")) as answer:
        house.rooms.say("one")
        parts = answer.aiter_text()
        assert await anext(parts) == "one"
        house.sign_out("ada")
        with pytest.raises(httpx.RemoteProtocolError):
            await anext(parts)


async def test_half_an_event_is_followed_by_nothing(house: House) -> None:
    async with house.server.events("/half-events", house.headers("ada")) as events:
        house.rooms.say("one")
        house.rooms.say("two")
        assert await events.next() == Event("message", "one", "")
        house.sign_out("ada")
        assert await events.rest() == []


async def test_a_connection_ends_when_its_token_expires(house: House, clock: StandingClock) -> None:
    async with (
        house.socket("ada", expires_in=60) as ada,
        house.server.events("/events", house.headers("grace", expires_in=60)) as events,
        house.socket("mary", expires_in=600) as mary,
    ):
        await house.until_open(3)
        # A guard would let them pass until the leeway is over, too.
        clock.advance(seconds=64)
        house.rooms.say("in the leeway")
        assert await ada.recv() == "in the leeway"
        assert await events.next() == Event("message", "in the leeway", "")
        clock.advance(seconds=2)
        assert await close_code(ada) == 4401
        assert await events.rest() == [SIGNED_OUT]
        house.rooms.say("still here")
        assert [await mary.recv(), await mary.recv()] == ["in the leeway", "still here"]
