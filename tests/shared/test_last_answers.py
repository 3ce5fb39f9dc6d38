"""What every answer has, a 500 has too; a client that has gone is no error."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.shared.apps import client_for
from watchword.service.installation import add_frame

PAGE = "http://page.example"
SITE_FIELD = (b"strict-transport-security", b"max-age=31536000")
HALF: Message = {"type": "http.request", "body": b"{", "more_body": True}
GONE: Message = {"type": "http.disconnect"}

Answers = list[tuple[str, int | None]]
"""The path and the status of each request, as they are counted."""


class Stamp:
    """A layer of an app's own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-stamp", b"inner")]
            await send(message)

        await self._app(scope, receive, stamped)


def app_of(answers: Answers) -> FastAPI:
    app = FastAPI()

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("a bug")

    @app.post("/forms")
    async def read(request: Request) -> int:
        return len(await request.body())

    @app.post("/json")
    async def read_json(text: dict[str, Any]) -> int:
        return len(text)

    @app.post("/echo")
    async def echo(request: Request) -> StreamingResponse:
        async def chunks() -> AsyncIterator[bytes]:
            yield b"begun"
            async for chunk in request.stream():
                yield chunk

        return StreamingResponse(chunks())

    app.add_middleware(Stamp)
    app.add_middleware(CORSMiddleware, allow_origins=[PAGE], expose_headers=["X-Request-ID"])
    add_frame(
        app, 2_048, on_answer=lambda scope, status, _: answers.append((scope["path"], status)), fields=(SITE_FIELD,)
    )
    return app


@pytest.fixture
def answers() -> Answers:
    return []


@pytest.mark.parametrize(("path", "status"), [("/broken", 500), ("/nothing", 404)])
async def test_every_answer_has_the_fields_of_all_layers(answers: Answers, path: str, status: int) -> None:
    async with client_for(app_of(answers)) as http:
        answer = await http.get(path, headers={"Origin": PAGE, "X-Request-ID": "this-one"})
    assert (answer.status_code, answers) == (status, [(path, status)])
    once = {
        "access-control-allow-origin": PAGE,
        "access-control-expose-headers": "X-Request-ID",
        "x-stamp": "inner",
        "x-request-id": "this-one",
        "x-content-type-options": "nosniff",
        "strict-transport-security": "max-age=31536000",
        "content-type": "application/problem+json",
    }
    assert {name: answer.headers.get_list(name) for name in once} == {name: [value] for name, value in once.items()}


async def test_a_500_to_a_page_of_another_origin_has_no_field_of_cors(answers: Answers) -> None:
    async with client_for(app_of(answers)) as http:
        answer: httpx.Response = await http.get("/broken", headers={"Origin": "http://other.example"})
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/forms", "/json", "/echo"])
async def test_a_client_that_goes_amid_its_body_is_no_error(
    answers: Answers, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    """Whether the body is read before the answer or, as an echo does, while it is sent."""
    messages = iter([HALF, GONE, GONE, GONE])
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
        "scheme": "http",
        "server": None,
        "client": None,
    }

    async def receive() -> Message:
        return next(messages)

    async def send(_: Message) -> None:
        pass

    await app_of(answers)(scope, receive, send)
    assert answers == [(path, None)]
    assert [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []
