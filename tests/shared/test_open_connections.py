"""Streaming answers and WebSockets that a guard has let pass end with the session, the role or the token."""

from typing import Any

import httpx
import pytest

from tests.shared.chat import UNTIL
from tests.shared.chat_app import SIGNED_OUT, ChatApp
from tests.shared.receivers import only
from tests.support.live_server import Event, close_code
from watchword.auth.revocations import FOR_EVER, Kind, Revocation
from watchword.testing import StandingClock


async def test_events_end_with_the_session_and_say_so(chat_app: ChatApp) -> None:
    async with chat_app.server.events("/events", chat_app.headers("ada")) as events:
        chat_app.chat.say("one")
        assert await events.next() == Event("message", "one", "")
        chat_app.sign_out("ada")
        assert await events.rest() == [SIGNED_OUT]


async def test_events_that_have_sent_nothing_yet_end_too(chat_app: ChatApp) -> None:
    async with chat_app.server.events("/events", chat_app.headers("ada")) as events:
        await chat_app.until_open(1)
        chat_app.sign_out("ada")
        assert await events.rest() == [SIGNED_OUT]


async def test_a_socket_closes_with_4401(chat_app: ChatApp) -> None:
    async with chat_app.socket("ada") as socket:
        chat_app.chat.say("one")
        assert await socket.recv() == "one"
        chat_app.sign_out("ada")
        assert await close_code(socket) == 4401
        assert socket.close_reason == "unauthenticated"
    assert chat_app.chat.done == ["talking", "listening"]


async def test_nobody_else_s_connection_ends(chat_app: ChatApp) -> None:
    async with (
        chat_app.socket("ada") as ada,
        chat_app.socket("grace") as grace,
        chat_app.server.connect("/socket", "watchword") as stranger,
        chat_app.server.events("/events", chat_app.headers("grace")) as events,
        chat_app.server.events("/events") as public_events,
    ):
        await chat_app.until_open(3)
        chat_app.sign_out("ada")
        assert await close_code(ada) == 4401
        chat_app.chat.say("still here")
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
async def test_whatever_refuses_the_token_ends_its_connections(
    chat_app: ChatApp, revocation: Revocation, way: str
) -> None:
    claims: dict[str, Any] = {"version": 1, "role_version": 1}
    async with chat_app.socket("ada", roles=["editor"], **claims) as ada, chat_app.socket("grace", **claims) as grace:
        await chat_app.until_open(2)
        if way == "add":
            chat_app.source.revocations.add(revocation, 0)
        else:
            chat_app.source.revocations.replace(only(revocation))
        assert await close_code(ada) == 4401
        chat_app.chat.say("still here")
        assert await grace.recv() == "still here"


async def test_connections_end_with_the_key_of_their_token(chat_app: ChatApp) -> None:
    async with chat_app.socket("ada") as ada:
        first = chat_app.issuer.kid
        chat_app.issuer.rotate("second")
        async with chat_app.socket("grace") as grace:
            await chat_app.until_open(2)
            chat_app.source.revocations.add(Revocation(Kind.KEY, first, 0, UNTIL), 0)
            assert await close_code(ada) == 4401
            chat_app.chat.say("still here")
            assert await grace.recv() == "still here"


async def test_nothing_is_sent_to_a_caller_whose_key_is_gone(chat_app: ChatApp) -> None:
    async with chat_app.socket("ada") as ada, chat_app.server.events("/events", chat_app.headers("ada")) as events:
        first = chat_app.issuer.kid
        chat_app.issuer.rotate("second")
        async with chat_app.socket("grace") as grace:
            await chat_app.until_open(3)
            chat_app.issuer.withdraw(first)
            chat_app.chat.say("a secret")
            assert await close_code(ada) == 4401
            assert await events.rest() == [SIGNED_OUT]
            assert await grace.recv() == "a secret"


async def test_a_changed_role_costs_as_much_as_it_has_connections(chat_app: ChatApp) -> None:
    async with chat_app.socket("ada", roles=["editor"]), chat_app.socket("grace", roles=["author"]):
        await chat_app.until_open(2)
        changed = Revocation(Kind.ROLE, "editor", 0, UNTIL, version=1)
        [concerned] = chat_app.connections._concerned(changed)
        assert concerned.principal.session_id == "ada"


async def test_the_session_that_goes_on_keeps_its_connections(chat_app: ChatApp) -> None:
    async with chat_app.socket("ada", version=1) as socket:
        await chat_app.until_open(1)
        spared = Revocation(Kind.SIGNED_OUT, "ada-s-person", 0, UNTIL, version=2, except_sid="ada")
        chat_app.source.revocations.add(spared, 0)
        chat_app.chat.say("still here")
        assert await socket.recv() == "still here"


async def test_other_streams_just_end(chat_app: ChatApp) -> None:
    async with chat_app.server.http.stream("GET", "/lines", headers=chat_app.headers("ada")) as answer:
        lines = answer.aiter_lines()
        chat_app.chat.say("one")
        assert await anext(lines) == "one"
        chat_app.sign_out("ada")
        assert [line async for line in lines] == []


async def test_an_answer_that_has_said_how_long_it_is_is_cut_off(chat_app: ChatApp) -> None:
    async with chat_app.server.http.stream("GET", "/long", headers=chat_app.headers("ada")) as answer:
        chat_app.chat.say("one")
        parts = answer.aiter_text()
        assert await anext(parts) == "one"
        chat_app.sign_out("ada")
        with pytest.raises(httpx.RemoteProtocolError):
            await anext(parts)


async def test_half_an_event_is_followed_by_nothing(chat_app: ChatApp) -> None:
    async with chat_app.server.events("/half-events", chat_app.headers("ada")) as events:
        chat_app.chat.say("one")
        chat_app.chat.say("two")
        assert await events.next() == Event("message", "one", "")
        chat_app.sign_out("ada")
        assert await events.rest() == []


async def test_a_connection_ends_when_its_token_expires(chat_app: ChatApp, clock: StandingClock) -> None:
    async with (
        chat_app.socket("ada", expires_in=60) as ada,
        chat_app.server.events("/events", chat_app.headers("grace", expires_in=60)) as events,
        chat_app.socket("mary", expires_in=600) as mary,
    ):
        await chat_app.until_open(3)
        # A guard would let them pass until the leeway is over, too.
        clock.advance(seconds=64)
        chat_app.chat.say("in the leeway")
        assert await ada.recv() == "in the leeway"
        assert await events.next() == Event("message", "in the leeway", "")
        clock.advance(seconds=2)
        assert await close_code(ada) == 4401
        assert await events.rest() == [SIGNED_OUT]
        chat_app.chat.say("still here")
        assert [await mary.recv(), await mary.recv()] == ["in the leeway", "still here"]
