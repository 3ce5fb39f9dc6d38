"""What the server hears and logs when an app does not start: a reason in one line, or the whole of a mistake."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI

from watchword.errors import Unavailable
from watchword.service.middleware import OutermostMiddleware


async def lifespan_messages(at_start: Exception | None) -> list[dict[str, Any]]:
    """What the server hears of an app whose start raises this error."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if at_start is not None:
            raise at_start
        yield

    app = FastAPI(lifespan=lifespan)
    app.add_middleware(OutermostMiddleware)
    incoming = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    messages: list[dict[str, Any]] = []

    async def receive() -> Any:
        return next(incoming)

    async def send(message: Any) -> None:
        messages.append(message)

    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    if at_start is None:
        await app(scope, receive, send)
    else:
        with pytest.raises(type(at_start)):
            await app(scope, receive, send)
    return messages


async def test_a_refusal_to_start_is_its_reason_alone() -> None:
    [message] = await lifespan_messages(Unavailable("schema posts is at None; run: python -m posts_service migrate"))
    assert message == {
        "type": "lifespan.startup.failed",
        "message": "schema posts is at None; run: python -m posts_service migrate",
    }


async def test_a_mistake_that_keeps_an_app_from_starting_is_told_whole() -> None:
    [message] = await lifespan_messages(KeyError("a mistake"))
    assert message["type"] == "lifespan.startup.failed"
    assert "Traceback" in message["message"]


async def test_an_app_that_starts_says_so_and_stops() -> None:
    messages = await lifespan_messages(None)
    assert [message["type"] for message in messages] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
