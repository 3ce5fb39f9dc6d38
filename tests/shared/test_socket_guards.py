"""A guard on a WebSocket: what the client offers, what the server selects, and how a handshake is refused."""

import logging
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import orjson
import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException, WebSocket
from starlette.types import Message
from websockets.exceptions import InvalidStatus

from tests.shared import chat, chat_operations
from tests.shared.apps import guarded_app
from tests.support.live_server import LiveServer, close_code, serving
from watchword.auth import Guard, Principal, optional, public, requires, signed_in
from watchword.errors import NotFound
from watchword.observability.logs import configure_logging
from watchword.testing import Issuer

GUARD = requires("notes:read")
Reader = Annotated[Principal, Depends(GUARD)]


async def greet(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("welcome")


def parameter(guard: Guard) -> APIRouter:
    router = APIRouter()

    @router.websocket("/")
    async def operation(socket: WebSocket, reader: Annotated[Principal | None, Depends(guard)]) -> None:
        await socket.accept()
        await socket.send_text("welcome" if reader is not None else "welcome, stranger")

    return router


def decorator(guard: Guard) -> APIRouter:
    router = APIRouter()
    router.websocket("/", dependencies=[Depends(guard)])(greet)
    return router


def router(guard: Guard) -> APIRouter:
    router = APIRouter(dependencies=[Depends(guard)])
    router.websocket("/")(greet)
    return router


def outer_router(guard: Guard) -> APIRouter:
    inner, outer = APIRouter(), APIRouter(dependencies=[Depends(guard)])
    inner.websocket("/")(greet)
    outer.include_router(inner)
    return outer


PLACES: dict[str, Callable[[Guard], APIRouter]] = {
    made.__name__: made for made in (parameter, decorator, router, outer_router)
}
each_place = pytest.mark.parametrize("place", list(PLACES))


def app_of(issuer: Issuer) -> FastAPI:
    app = guarded_app(issuer)
    for place, make in PLACES.items():
        app.include_router(make(GUARD), prefix=f"/{place}")
    app.include_router(parameter(optional), prefix="/optional")
    app.include_router(parameter(requires("notes:read", acr="mfa", max_age=300)), prefix="/step-up")
    app.websocket("/public")(public(greet))

    @app.websocket("/shown")
    async def show(socket: WebSocket, reader: Annotated[Principal, Depends(signed_in)]) -> None:
        """What an app and its logs see of the handshake."""
        await socket.accept(subprotocol=socket.scope["subprotocols"][-1])
        await socket.send_json({"header": socket.headers["sec-websocket-protocol"], "subject": reader.subject})

    @app.websocket("/own-errors/{when}")
    async def refuse(socket: WebSocket, when: str, _: Annotated[Principal, Depends(signed_in)]) -> None:
        if when == "http":
            raise HTTPException(404)
        if when == "after":
            await socket.accept()
        raise NotFound("no such room")

    return app


@pytest.fixture(scope="module")
def reader() -> Issuer:
    return Issuer()


@pytest.fixture(scope="module")
async def server(reader: Issuer) -> AsyncIterator[LiveServer]:
    async with serving(app_of(reader)) as server:
        yield server


def offer(token: str) -> tuple[str, str]:
    return "watchword", f"watchword.bearer.{token}"


async def refusal(server: LiveServer, path: str, *subprotocols: str, **options: Any) -> tuple[int, dict[str, Any]]:
    """The status and the problem document with which the handshake is refused."""
    with pytest.raises(InvalidStatus) as refused:
        await server.connect(path, *subprotocols, **options)
    response = refused.value.response
    assert response.headers["Content-Type"] == "application/problem+json"
    return response.status_code, orjson.loads(response.body or b"")


@each_place
async def test_caller_with_the_scope_is_let_in_and_the_server_selects_watchword(
    server: LiveServer, reader: Issuer, place: str
) -> None:
    async with server.connect(f"/{place}/", *offer(reader.mint(scope="notes:read"))) as socket:
        assert await socket.recv() == "welcome"
        assert socket.subprotocol == "watchword"


@each_place
async def test_handshake_without_a_token_is_401(server: LiveServer, place: str) -> None:
    for offered in ([], ["watchword"]):
        status, problem = await refusal(server, f"/{place}/", *offered)
        assert (status, problem["code"]) == (401, "unauthenticated")


@each_place
async def test_handshake_with_a_bad_token_is_401(server: LiveServer, reader: Issuer, place: str) -> None:
    bad = (reader.mint(scope="notes:read", expires_in=-60), reader.mint(claims={"aud": "http://other.example"}), "a.b")
    for token in bad:
        status, problem = await refusal(server, f"/{place}/", *offer(token))
        assert (status, problem["code"]) == (401, "unauthenticated")


@each_place
async def test_handshake_without_the_scope_is_403(server: LiveServer, reader: Issuer, place: str) -> None:
    status, problem = await refusal(server, f"/{place}/", *offer(reader.mint(scope="notes:write")))
    assert (status, problem["code"]) == (403, "insufficient_scope")


async def test_handshake_of_a_weaker_sign_in_is_401_with_what_it_lacks(server: LiveServer, reader: Issuer) -> None:
    now = int(reader.clock.now().timestamp())
    token = reader.mint(scope="notes:read", acr="mfa", auth_time=now)
    async with server.connect("/step-up/", *offer(token)) as socket:
        assert await socket.recv() == "welcome"
    for claims in ({}, {"acr": "pwd", "auth_time": now}, {"acr": "mfa", "auth_time": now - 600}):
        token = reader.mint(scope="notes:read", claims=claims)
        status, problem = await refusal(server, "/step-up/", *offer(token))
        assert (status, problem["code"]) == (401, "insufficient_user_authentication")


async def test_handshake_while_writes_are_refused_is_503(reader: Issuer) -> None:
    source = chat.Source()
    async with serving(chat_operations.app_of(reader, source, chat.Chat())) as server:
        source.refuses_writes = True
        status, problem = await refusal(server, "/socket", *offer(reader.mint()))
        assert (status, problem["code"]) == (503, "unavailable")


async def test_refusal_of_a_handshake_names_the_request_of_the_log(
    server: LiveServer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "watchword.refusals"):
        _, problem = await refusal(server, "/parameter/")
    assert problem["request_id"]
    assert "no token" in caplog.text


async def test_client_that_is_no_browser_may_send_the_header(server: LiveServer, reader: Issuer) -> None:
    headers = [*reader.bearer(scope="notes:read").items()]
    async with server.connect("/parameter/", headers=headers) as socket:
        assert await socket.recv() == "welcome"
        assert socket.subprotocol is None


async def test_credentials_that_contradict_each_other_are_400(server: LiveServer, reader: Issuer) -> None:
    token, other = (reader.mint(scope="notes:read") for _ in range(2))
    header = [("Authorization", f"Bearer {token}")]
    for offered, fields in (
        ([*offer(token), f"watchword.bearer.{other}"], []),
        ([f"watchword.bearer.{token}"], []),
        ([*offer(token)], header),
        (["watchword"], header * 2),
    ):
        status, problem = await refusal(server, "/parameter/", *offered, headers=fields)
        assert (status, problem["code"]) == (400, "ambiguous_credentials")


async def test_optional_guard_lets_a_stranger_in_but_no_bad_token(server: LiveServer, reader: Issuer) -> None:
    async with server.connect("/optional/", "watchword") as socket:
        assert await socket.recv() == "welcome, stranger"
        assert socket.subprotocol == "watchword"
    assert (await refusal(server, "/optional/", *offer(reader.mint(expires_in=-60))))[0] == 401


async def test_public_socket_needs_no_token(server: LiveServer) -> None:
    async with server.connect("/public") as socket:
        assert await socket.recv() == "welcome"


async def test_the_app_sees_the_token_neither_in_the_header_nor_among_the_subprotocols(
    server: LiveServer, reader: Issuer
) -> None:
    token = reader.mint("ada-s-id")
    async with server.connect("/shown", *offer(token), "chat.v2") as socket:
        assert orjson.loads(await socket.recv()) == {"header": "watchword, chat.v2", "subject": "ada-s-id"}
        assert socket.subprotocol == "chat.v2"


async def test_a_server_that_names_no_subprotocols_is_no_obstacle(reader: Issuer) -> None:
    """ASGI lets a server leave the list out if it is empty."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    fields = [(b"authorization", reader.bearer(scope="notes:read")["Authorization"].encode())]
    scope = {"type": "websocket", "path": "/parameter/", "query_string": b"", "headers": fields}
    await app_of(reader)(scope, receive, send)
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.send"]


async def test_no_log_line_has_the_token_even_at_debug_level(reader: Issuer, capfd: pytest.CaptureFixture[str]) -> None:
    loggers = {name: logging.getLogger(name) for name in ("", "uvicorn.error", "websockets", "asyncio")}
    levels, handlers = {name: logger.level for name, logger in loggers.items()}, logging.getLogger().handlers[:]
    token = reader.mint(scope="notes:read")
    try:
        configure_logging("sockets", "debug")
        async with serving(app_of(reader)) as server:
            async with server.connect("/parameter/", *offer(token)) as socket:
                await socket.recv()
            await refusal(server, "/parameter/", *offer(token[:-4]))
    finally:
        logging.getLogger().handlers[:] = handlers
        for name, logger in loggers.items():
            logger.setLevel(levels[name])
    log = capfd.readouterr().out
    assert "refused" in log
    assert token[:-4] not in log


@pytest.mark.parametrize("when", ["before", "http"])
async def test_what_an_endpoint_refuses_before_it_accepts_is_the_answer_to_the_handshake(
    server: LiveServer, reader: Issuer, when: str
) -> None:
    status, problem = await refusal(server, f"/own-errors/{when}", *offer(reader.mint()))
    assert (status, problem["code"]) == (404, "not_found")


async def test_what_an_endpoint_refuses_later_closes_with_the_status_in_the_code(
    server: LiveServer, reader: Issuer
) -> None:
    async with server.connect("/own-errors/after", *offer(reader.mint())) as socket:
        assert await close_code(socket) == 4404
        assert socket.close_reason == "not_found"
