"""Open connections end however their app answers, and only what goes on is one."""

import asyncio

import pytest
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response
from websockets.exceptions import ConnectionClosed

from tests.shared.chat import Chat, Source, session_revocation
from tests.shared.chat_app import SIGNED_OUT, ChatApp, assert_nothing_is_left
from tests.shared.chat_operations import app_of
from tests.support.live_server import Event, close_code, serving
from tests.support.waiting import until
from watchword.auth import signed_in
from watchword.testing import Issuer


@pytest.mark.parametrize("path", ["/sent-by-tasks", "/sent-by-a-thread"])
async def test_a_stream_ends_whatever_task_or_thread_sends_it(chat_app: ChatApp, path: str) -> None:
    async with chat_app.server.events(path, chat_app.headers("ada")) as events:
        await chat_app.until_open(1)
        chat_app.chat.say("one")
        assert await events.next() is not None
        chat_app.sign_out("ada")
        assert (await events.rest())[-1] == SIGNED_OUT


async def test_a_guard_that_is_asked_after_the_handshake_is_obeyed_too(chat_app: ChatApp) -> None:
    async with chat_app.socket("ada", "/late-guard") as socket:
        await chat_app.until_open(1)
        chat_app.sign_out("ada")
        assert await close_code(socket) == 4401
        await chat_app.until_open(0)


async def test_a_stream_that_begins_after_the_end_is_refused(chat_app: ChatApp) -> None:
    reading = asyncio.create_task(chat_app.server.http.get("/late", headers=chat_app.headers("ada")))
    await until(lambda: chat_app.server.open_tasks() == 1)
    chat_app.sign_out("ada")
    chat_app.chat.say("a secret")
    answer = await reading
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_a_request_whose_guard_has_passed_is_finished(chat_app: ChatApp) -> None:
    reading = asyncio.create_task(chat_app.server.http.get("/slow", headers=chat_app.headers("ada")))
    await until(lambda: chat_app.server.open_tasks() == 1)
    chat_app.sign_out("ada")
    chat_app.chat.say("answered")
    assert (await reading).text == "answered"


async def test_work_after_a_whole_answer_is_not_ended(chat_app: ChatApp) -> None:
    answer = await chat_app.server.http.get("/background", headers=chat_app.headers("ada"))
    assert answer.text == "answered"
    assert len(chat_app.connections) == 0
    chat_app.sign_out("ada")
    chat_app.chat.say("worked")
    await until(lambda: chat_app.chat.done == ["worked", "listening"])


async def test_an_endpoint_that_swallows_its_end_sends_nothing_more(chat_app: ChatApp) -> None:
    async with chat_app.socket("ada", "/stubborn") as socket:
        await chat_app.until_open(1)
        chat_app.sign_out("ada")
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 4401


async def test_an_endpoint_that_swallows_its_end_and_waits_is_closed(chat_app: ChatApp) -> None:
    async with chat_app.socket("ada", "/silent") as socket:
        await chat_app.until_open(1)
        chat_app.sign_out("ada")
        assert await close_code(socket) == 4401


async def test_a_guard_that_a_middleware_asks_is_obeyed_too(issuer: Issuer) -> None:
    source, chat = Source(), Chat()
    app = app_of(issuer, source, chat)

    async def ask(request: Request, call_next: RequestResponseEndpoint) -> Response:
        await signed_in(request)
        return await call_next(request)

    app.add_middleware(BaseHTTPMiddleware, dispatch=ask)
    hers = issuer.bearer("ada-s-person", claims={"sid": "ada"})
    async with serving(app) as server, server.events("/public-events", hers) as events:
        chat.say("one")
        assert await events.next() == Event("message", "one", "")
        source.revocations.add(session_revocation("ada"), 0)
        assert await events.rest() == [SIGNED_OUT]


@pytest.mark.parametrize("place", ["inside", "outside"])
async def test_a_layer_that_reads_answers_is_no_obstacle(issuer: Issuer, place: str) -> None:
    """Starlette's BaseHTTPMiddleware runs what is inside it in another task."""
    source, chat = Source(), Chat()

    async def pass_on(request: Request, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(request)

    app = app_of(issuer, source, chat)
    if place == "outside":
        app.add_middleware(BaseHTTPMiddleware, dispatch=pass_on)
    else:
        app.user_middleware.append(Middleware(BaseHTTPMiddleware, dispatch=pass_on))
    async with serving(app) as server:
        async with server.events("/events", issuer.bearer("ada-s-person", claims={"sid": "ada"})) as events:
            chat.say("one")
            assert await events.next() == Event("message", "one", "")
            source.revocations.add(session_revocation("ada"), 0)
            assert await events.rest() == [SIGNED_OUT]
        await until(lambda: server.open_tasks() == 0)
        assert_nothing_is_left(app.state.verifier.open_connections, source)
        assert chat.done == ["listening"]
