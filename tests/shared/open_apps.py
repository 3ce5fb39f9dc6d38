"""An app whose operations stay open, and the source of revocations that its guards obey."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI, Response, WebSocket
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from watchword.auth import Principal, optional, protect, public, signed_in
from watchword.auth.revocations import FOR_EVER, Kind, Revocation, Revocations
from watchword.errors import Unavailable
from watchword.service.installation import add_frame
from watchword.testing import Issuer

Caller = Annotated[Principal, Depends(signed_in)]
Visitor = Annotated[Principal | None, Depends(optional)]

UNTIL = 2.0**40


class Source:
    """A source of revocations. Between `lapse` and the next look it does not know what is `missed`, as after a pause;
    with `is_away` it cannot look."""

    def __init__(self) -> None:
        self.revocations = Revocations(900)
        self.missed: list[Revocation] = []
        self.is_away = False
        self.refuses_writes = False
        self.looks = 0
        self._is_current = True

    def lapse(self, *missed: Revocation) -> None:
        self.missed.extend(missed)
        self._is_current = False

    def is_current(self) -> bool:
        return self._is_current

    async def catch_up(self) -> None:
        self.looks += 1
        await asyncio.sleep(0)
        if self.is_away:
            raise Unavailable("the table cannot be read")
        self._is_current = True
        for revocation in self.missed:
            self.revocations.add(revocation, 0)

    def ensure_in_contact(self, is_write: bool) -> None:
        if is_write and self.refuses_writes:
            raise Unavailable("out of contact")

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Rooms:
    """What the operations say: everything that is put into `said`, to everybody."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()
        self.said: list[str] = []
        self.heard: list[str] = []
        self.done: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)
        self._changed.set()
        self._changed = asyncio.Event()

    async def listen(self) -> AsyncIterator[str]:
        heard = len(self.said)
        try:
            while True:
                for text in self.said[heard:]:
                    yield text
                    heard += 1
                await self._changed.wait()
        finally:
            self.done.append("listening")


def ending(session_id: str) -> Revocation:
    return Revocation(Kind.SESSION, session_id, FOR_EVER, UNTIL)


def app_of(issuer: Issuer, source: Source, rooms: Rooms) -> FastAPI:
    app = FastAPI()
    add_frame(app, 1_048_576)
    protect(app, issuer.verifier(revocations=source))
    for add in (_add_streams, _add_other_streams, _add_answers, _add_sockets):
        add(app, rooms)
    return app


def _add_streams(app: FastAPI, rooms: Rooms) -> None:
    async def events() -> AsyncIterator[str]:
        async for text in rooms.listen():
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
            async for text in rooms.listen():
                yield f"\n\ndata: {text}"

        return StreamingResponse(halves(), media_type="text/event-stream")


class SentByTasks(StreamingResponse):
    """Sends from one task of a group. The end of that one is not the end of the other."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.stream_response(send))
            tasks.create_task(self.listen_for_disconnect(receive))


def _add_other_streams(app: FastAPI, rooms: Rooms) -> None:
    @app.get("/sent-by-a-thread")
    def stream_from_a_thread(_: Caller) -> StreamingResponse:
        def count() -> Iterator[str]:
            for number in range(10_000):
                yield f"data: {number}\n\n"
                time.sleep(0.01)

        return StreamingResponse(count(), media_type="text/event-stream")

    @app.get("/lines")
    async def stream_lines(_: Caller) -> StreamingResponse:
        return StreamingResponse((f"{text}\n" async for text in rooms.listen()), media_type="application/x-ndjson")

    @app.get("/long")
    async def stream_with_length(_: Caller) -> StreamingResponse:
        return StreamingResponse(rooms.listen(), headers={"Content-Length": "1000"})


def _add_answers(app: FastAPI, rooms: Rooms) -> None:
    @app.get("/late")
    async def answer_after_a_while(_: Caller) -> StreamingResponse:
        async for text in rooms.listen():
            return StreamingResponse(iter([text]))
        raise AssertionError

    @app.get("/background")
    async def work_afterwards(_: Caller, tasks: BackgroundTasks) -> StreamingResponse:
        async def work() -> None:
            async for text in rooms.listen():
                rooms.done.append(text)
                return

        tasks.add_task(work)
        return StreamingResponse(iter(["answered"]), background=tasks)

    @app.get("/slow")
    async def answer_slowly(_: Caller) -> Response:
        async for text in rooms.listen():
            return Response(text)
        raise AssertionError


def _add_sockets(app: FastAPI, rooms: Rooms) -> None:
    @app.websocket("/socket")
    async def talk(socket: WebSocket, _: Visitor) -> None:
        await socket.accept()
        speaking = asyncio.create_task(_speak(socket, rooms))
        try:
            async for text in socket.iter_text():
                rooms.heard.append(text)
        finally:
            speaking.cancel()
            rooms.done.append("talking")

    @app.websocket("/late-guard")
    @public
    async def accept_before_the_guard(socket: WebSocket) -> None:
        await socket.accept()
        await signed_in(socket)
        async for text in socket.iter_text():
            rooms.heard.append(text)

    @app.websocket("/silent")
    async def wait_on(socket: WebSocket, _: Caller) -> None:
        """Swallows its cancellation, and waits for the client, who says nothing."""
        await socket.accept()
        with suppress(asyncio.CancelledError):
            await socket.receive_text()
        await socket.receive_text()

    @app.websocket("/stubborn")
    async def hold_on(socket: WebSocket, _: Caller) -> None:
        """Swallows its cancellation, and goes on to send."""
        await socket.accept()
        with suppress(asyncio.CancelledError):
            await socket.receive_text()
        await socket.send_text("a secret")
        await socket.close()


async def _speak(socket: WebSocket, rooms: Rooms) -> None:
    async for text in rooms.listen():
        await socket.send_text(text)
