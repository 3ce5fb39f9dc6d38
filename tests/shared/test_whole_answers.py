"""The server writes a whole answer at once, with the same bytes that it sends for any other."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Final

import pytest
from fastapi import APIRouter, Body, FastAPI
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.support.bounded_server import BoundedServer, bounded_server, rest, send
from watchword.http import HotRoute
from watchword.service.installation import add_frame

TEXT: Final = b"text " * 50


class Failing:
    """A layer that fails after the head of an answer if a request asks for that."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body" and scope["query_string"] == b"failing":
                raise RuntimeError("no body")
            await send(message)

        await self._app(scope, receive, send_head)


def with_fields(response: Response, *fields: Any) -> Response:
    """The response with these fields instead of its own."""
    response.raw_headers[:] = fields
    return response


ODD: Final[dict[str, list[Any]]] = {
    "a name in capitals": [(b"X-Name", b"a"), (b"content-length", b"250")],
    "the end of the connection": [(b"connection", b"close"), (b"content-length", b"250")],
    "a name with a blank": [(b"x name", b"a"), (b"content-length", b"250")],
    "a value with a line break": [(b"x-name", b"a\r\nx-other: b"), (b"content-length", b"250")],
    "too long": [(b"content-length", b"249")],
    "too short": [(b"content-length", b"251")],
    "no length": [(b"content-length", b"many")],
    "two lengths": [(b"content-length", b"250"), (b"content-length", b"250")],
    "two different lengths": [(b"content-length", b"250"), (b"content-length", b"3")],
    "two lengths, the right one last": [(b"content-length", b"3"), (b"content-length", b"250")],
    "a value that is a text": [(b"x-name", "text"), (b"content-length", b"250")],
    "chunks": [(b"transfer-encoding", b"chunked"), (b"content-length", b"250")],
}


def routes(prefix: str, route_class: type[APIRoute]) -> APIRouter:
    router = APIRouter(prefix=prefix, route_class=route_class)

    @router.get("/whole")
    async def whole() -> Response:
        return Response(TEXT, headers={"X-Name": "a value"})

    @router.get("/large")
    async def large() -> Response:
        return Response(TEXT * 1_000)

    @router.get("/nothing")
    async def nothing() -> Response:
        return Response()

    @router.get("/empty")
    async def empty(status: int) -> Response:
        return Response(status_code=status)

    @router.get("/status")
    async def status(code: int) -> Response:
        return Response(TEXT, status_code=code)

    @router.get("/odd")
    async def odd(name: str) -> Response:
        return with_fields(Response(TEXT), *ODD[name])

    @router.post("/echo")
    async def echo(text: Annotated[str, Body()]) -> Response:
        return Response(text)

    return router


def build() -> FastAPI:
    """The app, which is served in a process of its own: pytest gives uvicorn an access log, which a service has not."""
    app = FastAPI()
    app.add_middleware(Failing)
    add_frame(app, 2_048)
    app.include_router(routes("/hot", HotRoute))
    app.include_router(routes("/plain", APIRoute))

    @app.get("/livez")
    async def livez() -> str:
        return "alive"

    return app


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoundedServer]:
    with bounded_server(tmp_path_factory.mktemp("answers"), factory=f"{__name__}:build") as server:
        yield server


def exchange(server: BoundedServer, sent: bytes) -> bytes:
    """What the server sends on a connection until it closes it, without the time."""
    return without_time(server.exchange(sent))


def without_time(received: bytes) -> bytes:
    return re.sub(rb"date: [^\r]+", b"date: now", received)


def request_bytes(
    target: str, *fields: str, method: str = "GET", version: str = "1.1", body: str = "", is_last: bool = True
) -> bytes:
    """The bytes of a request; one of HTTP/1.1 ends its connection if it `is_last`."""
    lines = [f"{method} {target} HTTP/{version}", "Host: service.example", "X-Request-ID: one", *fields]
    if is_last and version == "1.1":
        lines.append("Connection: close")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", body]).encode()


def odd(name: str) -> str:
    return f"/odd?name={name.replace(' ', '%20')}"


TARGETS: Final = ["/whole", "/nothing", "/empty?status=204", "/empty?status=304", "/status?code=700", *map(odd, ODD)]


@pytest.mark.parametrize("is_last", [True, False], ids=["closed", "open"])
@pytest.mark.parametrize("version", ["1.1", "1.0"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("target", TARGETS)
def test_the_bytes_are_those_of_any_answer(
    server: BoundedServer, target: str, method: str, version: str, is_last: bool
) -> None:
    received = []
    for prefix in ("/hot", "/plain"):
        first = request_bytes(prefix + target, method=method, version=version, is_last=is_last)
        received.append(exchange(server, first if is_last else first + request_bytes(f"{prefix}/whole")))
    assert received[0] == received[1]


@pytest.mark.parametrize("is_last", [True, False], ids=["closed", "open"])
def test_the_head_is_sent_if_a_layer_fails_after_it(server: BoundedServer, is_last: bool) -> None:
    received = [
        exchange(server, request_bytes(f"{prefix}/whole?failing", is_last=is_last)) for prefix in ("/hot", "/plain")
    ]
    assert received[0].startswith(b"HTTP/1.1 200 OK\r\n")
    assert received[0] == received[1]


@pytest.mark.parametrize("value", ["Close", "keep-alive, close", "Keep-Alive", "x-other"])
def test_a_connection_is_closed_or_kept_as_its_client_asks(server: BoundedServer, value: str) -> None:
    received = []
    for prefix in ("/hot", "/plain"):
        first = request_bytes(f"{prefix}/whole", f"Connection: {value}", is_last=False)
        received.append(exchange(server, first + request_bytes(f"{prefix}/nothing")))
    assert received[0].count(b"HTTP/1.1 200 OK") == (1 if value.lower().endswith("close") else 2)
    assert received[0] == received[1]


@pytest.mark.parametrize("fields", [[], ["Expect: 100-continue"]], ids=["at once", "after the server's word"])
def test_a_body_is_received_before_the_answer(server: BoundedServer, fields: list[str]) -> None:
    received = [
        exchange(server, request_bytes(f"{prefix}/echo", *fields, method="POST", body='"a text"'))
        for prefix in ("/hot", "/plain")
    ]
    assert received[0].endswith(b"\r\n\r\na text")
    assert received[0] == received[1]


def test_answers_to_requests_at_once_come_in_their_order(server: BoundedServer) -> None:
    targets = ["/hot/whole", "/plain/nothing", "/hot/empty?status=204", "/hot/nothing", "/plain/whole"] * 3
    alone = [exchange(server, request_bytes(target)) for target in [*targets, "/hot/whole"]]
    together = b"".join(request_bytes(target, is_last=False) for target in targets) + request_bytes("/hot/whole")
    received = exchange(server, together)
    assert received.replace(b"connection: close\r\n", b"") == b"".join(alone).replace(b"connection: close\r\n", b"")


def test_a_client_that_reads_later_gets_every_answer(server: BoundedServer) -> None:
    received = []
    for prefix in ("/hot", "/plain"):
        with server.connect(receive_buffer=4_096) as peer:
            send(peer, request_bytes(f"{prefix}/large", is_last=False) * 20 + request_bytes(f"{prefix}/large"))
            # Meanwhile the server has begun with the answers.
            exchange(server, request_bytes("/plain/whole"))
            received.append(without_time(rest(peer)))
    assert received[0].count(b"HTTP/1.1 200 OK") == 21
    assert received[0] == received[1]
