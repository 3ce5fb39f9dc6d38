"""Streaming answers and WebSockets that a guard has let pass end with the session, the role or the token."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.shared.open_apps import UNTIL, Rooms, Source, app_of, ending
from tests.shared.receivers import only
from tests.support.live_server import Event, LiveServer, close_code, serving
from tests.support.waiting import PATIENCE_SECONDS, until
from watchword.auth import connection_layer, open_connections, signed_in
from watchword.auth.open_connections import OpenConnections
from watchword.auth.revocations import FOR_EVER, Kind, Revocation
from watchword.testing import Issuer, StandingClock

SIGNED_OUT = Event("signed-out", '{"code":"unauthenticated"}', "")


@dataclass
class House:
    """A running app of rooms, and its callers, each of whom is named by their session."""

    server: LiveServer
    issuer: Issuer
    source: Source
    rooms: Rooms
    connections: OpenConnections

    def headers(self, session_id: str, **options: Any) -> dict[str, str]:
        return self.issuer.bearer(f"{session_id}-s-person", claims={"sid": session_id}, **options)

    def socket(self, session_id: str, path: str = "/socket", **options: Any) -> Any:
        token = self.issuer.mint(f"{session_id}-s-person", claims={"sid": session_id}, **options)
        return self.server.connect(path, "watchword", f"watchword.bearer.{token}")

    async def until_open(self, count: int) -> None:
        await until(lambda: len(self.connections) == count, lambda: f"{len(self.connections)} are open")

    def sign_out(self, session_id: str) -> None:
        self.source.revocations.add(ending(session_id), 0)


@pytest.fixture
def issuer(clock: StandingClock) -> Issuer:
    return Issuer(clock=clock)


@pytest.fixture
async def house(issuer: Issuer) -> AsyncIterator[House]:
    source, rooms = Source(), Rooms()
    app = app_of(issuer, source, rooms)
    async with serving(app) as server:
        connections = app.state.verifier.open_connections
        yield House(server, issuer, source, rooms, connections)
        await until(lambda: server.open_tasks() == 0)
        assert_nothing_is_left(connections, source)


def assert_nothing_is_left(connections: OpenConnections, source: Source) -> None:
    assert len(connections) == 0
    assert not connections._by_key
    assert not connections._by_expiry
    assert connections._next_look is None
    assert not source.revocations._watchers


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


@pytest.mark.parametrize("path", ["/sent-by-tasks", "/sent-by-a-thread"])
async def test_a_stream_ends_whatever_task_or_thread_sends_it(house: House, path: str) -> None:
    async with house.server.events(path, house.headers("ada")) as events:
        await house.until_open(1)
        house.rooms.say("one")
        assert await events.next() is not None
        house.sign_out("ada")
        assert (await events.rest())[-1] == SIGNED_OUT


async def test_a_guard_that_is_asked_after_the_handshake_is_obeyed_too(house: House) -> None:
    async with house.socket("ada", "/late-guard") as socket:
        await house.until_open(1)
        house.sign_out("ada")
        assert await close_code(socket) == 4401
        await house.until_open(0)


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


async def test_a_stream_that_begins_after_the_end_is_refused(house: House) -> None:
    reading = asyncio.create_task(house.server.http.get("/late", headers=house.headers("ada")))
    await until(lambda: house.server.open_tasks() == 1)
    house.sign_out("ada")
    house.rooms.say("a secret")
    answer = await reading
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_a_request_whose_guard_has_passed_is_finished(house: House) -> None:
    reading = asyncio.create_task(house.server.http.get("/slow", headers=house.headers("ada")))
    await until(lambda: house.server.open_tasks() == 1)
    house.sign_out("ada")
    house.rooms.say("answered")
    assert (await reading).text == "answered"


async def test_work_after_a_whole_answer_is_not_ended(house: House) -> None:
    answer = await house.server.http.get("/background", headers=house.headers("ada"))
    assert answer.text == "answered"
    assert len(house.connections) == 0
    house.sign_out("ada")
    house.rooms.say("worked")
    await until(lambda: house.rooms.done == ["worked", "listening"])


async def test_an_endpoint_that_swallows_its_end_sends_nothing_more(house: House) -> None:
    async with house.socket("ada", "/stubborn") as socket:
        await house.until_open(1)
        house.sign_out("ada")
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 4401


async def test_an_endpoint_that_swallows_its_end_and_waits_is_closed(house: House) -> None:
    async with house.socket("ada", "/silent") as socket:
        await house.until_open(1)
        house.sign_out("ada")
        assert await close_code(socket) == 4401


async def test_a_client_that_reads_nothing_does_not_keep_an_ended_connection(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_layer, "FINISH_SECONDS", 0.05)
    source, rooms = Source(), Rooms()
    app = app_of(issuer, source, rooms)
    connections = app.state.verifier.open_connections
    never = asyncio.Event()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            await never.wait()

    async def receive() -> Message:
        await never.wait()
        raise AssertionError

    fields = [(b"authorization", issuer.bearer(claims={"sid": "ada"})["Authorization"].encode())]
    scope = {"type": "http", "method": "GET", "path": "/events", "query_string": b"", "headers": fields}
    async with app.router.lifespan_context(app):
        answering = asyncio.create_task(app(scope, receive, send))
        await until(lambda: len(connections) == 1)
        rooms.say("one")
        source.revocations.add(ending("ada"), 0)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await answering
    assert_nothing_is_left(connections, source)


async def test_a_client_that_leaves_leaves_nothing_behind(house: House) -> None:
    sockets: list[ClientConnection] = [await house.socket("ada") for _ in range(3)]
    async with house.server.events("/events", house.headers("ada")):
        await house.until_open(4)
    for socket in sockets:
        await socket.close()
    await house.until_open(0)
    assert_nothing_is_left(house.connections, house.source)
    assert sorted(house.rooms.done) == ["listening"] * 4 + ["talking"] * 3


async def test_all_connections_end_when_the_server_stops_and_nobody_is_called_signed_out(house: House) -> None:
    async with house.socket("ada") as socket, house.server.events("/events", house.headers("grace")) as events:
        await house.until_open(2)
        house.connections.stop()
        assert await close_code(socket) == 1012
        assert await events.rest() == []


async def test_a_connection_that_begins_while_the_server_stops_ends_at_once(house: House) -> None:
    house.connections.stop()
    refused = await house.server.http.get("/events", headers=house.headers("ada"))
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    with pytest.raises(InvalidStatus):
        await house.socket("ada")


async def test_a_guard_that_a_middleware_asks_is_obeyed_too(issuer: Issuer) -> None:
    source, rooms = Source(), Rooms()
    app = app_of(issuer, source, rooms)

    async def ask(request: Request, call_next: RequestResponseEndpoint) -> Response:
        await signed_in(request)
        return await call_next(request)

    app.add_middleware(BaseHTTPMiddleware, dispatch=ask)
    hers = issuer.bearer("ada-s-person", claims={"sid": "ada"})
    async with serving(app) as server, server.events("/public-events", hers) as events:
        rooms.say("one")
        assert await events.next() == Event("message", "one", "")
        source.revocations.add(ending("ada"), 0)
        assert await events.rest() == [SIGNED_OUT]


@pytest.mark.parametrize("place", ["inside", "outside"])
async def test_a_layer_that_reads_answers_is_no_obstacle(issuer: Issuer, place: str) -> None:
    """Starlette's BaseHTTPMiddleware runs what is inside it in another task."""
    source, rooms = Source(), Rooms()

    async def pass_on(request: Request, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(request)

    app = app_of(issuer, source, rooms)
    if place == "outside":
        app.add_middleware(BaseHTTPMiddleware, dispatch=pass_on)
    else:
        app.user_middleware.append(Middleware(BaseHTTPMiddleware, dispatch=pass_on))
    async with serving(app) as server:
        async with server.events("/events", issuer.bearer("ada-s-person", claims={"sid": "ada"})) as events:
            rooms.say("one")
            assert await events.next() == Event("message", "one", "")
            source.revocations.add(ending("ada"), 0)
            assert await events.rest() == [SIGNED_OUT]
        await until(lambda: server.open_tasks() == 0)
        assert_nothing_is_left(app.state.verifier.open_connections, source)
        assert rooms.done == ["listening"]
