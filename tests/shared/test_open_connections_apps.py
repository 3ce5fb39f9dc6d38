"""Open connections end however their app answers, and only what goes on is one."""

import asyncio

import pytest
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response
from websockets.exceptions import ConnectionClosed

from tests.shared.house import SIGNED_OUT, House, assert_nothing_is_left
from tests.shared.open_apps import app_of
from tests.shared.rooms import Rooms, Source, ending
from tests.support.live_server import Event, close_code, serving
from tests.support.waiting import until
from watchword.auth import signed_in
from watchword.testing import Issuer


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
