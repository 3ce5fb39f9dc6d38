"""A chat app, whose operations stay open."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from tests.shared.chat import Chat, Source
from tests.shared.chat_sockets import Caller, Visitor, add_sockets, add_unruly_sockets
from tests.shared.chat_strong import add_strong
from watchword.auth import protect, public
from watchword.service.installation import add_frame
from watchword.testing import Issuer


def app_of(issuer: Issuer, source: Source, chat: Chat) -> FastAPI:
    app = FastAPI()
    add_frame(app, 1_048_576)
    protect(app, issuer.verifier(revocations=source))
    for add in (_add_streams, _add_other_streams, _add_answers, add_sockets, add_unruly_sockets, add_strong):
        add(app, chat)
    return app


def _add_streams(app: FastAPI, chat: Chat) -> None:
    async def events() -> AsyncIterator[str]:
        async for text in chat.listen():
            yield f"data: {text}\n\n"

    @app.get("/events")
    async def stream_events(_: Visitor) -> StreamingResponse:
        return StreamingResponse(events(), media_type="text/event-stream")

    @app.get("/public-events")
    @public
    async def stream_public_events() -> StreamingResponse:
        return StreamingResponse(events(), media_type="text/event-stream")

    @app.get("/sent-by-tasks")
    async def stream_from_tasks(_: Caller) -> StreamingResponse:
        return SentByTasks(events(), media_type="text/event-stream")

    @app.get("/half-events")
    async def stream_half_events(_: Caller) -> StreamingResponse:
        """The end of each event comes with the next one."""

        async def halves() -> AsyncIterator[str]:
            async for text in chat.listen():
                yield f"\n\ndata: {text}"

        return StreamingResponse(halves(), media_type="text/event-stream")


class SentByTasks(StreamingResponse):
    """Sends from one task of a group. The end of that one is not the end of the other."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.stream_response(send))
            tasks.create_task(self.listen_for_disconnect(receive))


def _add_other_streams(app: FastAPI, chat: Chat) -> None:
    @app.get("/sent-by-a-thread")
    def stream_from_a_thread(_: Caller) -> StreamingResponse:
        def count() -> Iterator[str]:
            for number in range(10_000):
                yield f"data: {number}\n\n"
                time.sleep(0.01)

        return StreamingResponse(count(), media_type="text/event-stream")

    @app.get("/lines")
    async def stream_lines(_: Caller) -> StreamingResponse:
        return StreamingResponse((f"{text}\n" async for text in chat.listen()), media_type="application/x-ndjson")

    @app.get("/long")
    async def stream_with_length(_: Caller) -> StreamingResponse:
        return StreamingResponse(chat.listen(), headers={"Content-Length": "1000"})

    async def cleaning_up() -> AsyncIterator[None]:
        """Lasts until somebody says something."""
        try:
            yield
        finally:
            chat.done.append("cleaning up")
            await anext(chat.listen())
            chat.done.append("cleaned up")

    @app.get("/slow-to-stop")
    async def stream_and_clean_up(_: Caller, __: Annotated[None, Depends(cleaning_up)]) -> StreamingResponse:
        return StreamingResponse((f"{text}\n" async for text in chat.listen()), media_type="application/x-ndjson")


def _add_answers(app: FastAPI, chat: Chat) -> None:
    @app.get("/late")
    async def answer_after_a_while(_: Caller) -> StreamingResponse:
        async for text in chat.listen():
            return StreamingResponse(iter([text]))
        raise AssertionError

    @app.get("/background")
    async def work_afterwards(_: Caller, tasks: BackgroundTasks) -> StreamingResponse:
        async def work() -> None:
            async for text in chat.listen():
                chat.done.append(text)
                return

        tasks.add_task(work)
        return StreamingResponse(iter(["answered"]), background=tasks)

    @app.get("/slow")
    async def answer_slowly(_: Caller) -> Response:
        async for text in chat.listen():
            return Response(text)
        raise AssertionError
