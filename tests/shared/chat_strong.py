"""The operations of a chat app that ask for a strong sign-in."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, FastAPI, WebSocket
from fastapi.responses import StreamingResponse

from tests.shared.chat import Chat
from tests.shared.chat_sockets import Caller, converse
from watchword.auth import Principal, requires

Strong = Annotated[Principal, Depends(requires(acr="mfa"))]
Strongest = Annotated[Principal, Depends(requires(acr="phr"))]


def add_strong(app: FastAPI, chat: Chat) -> None:
    async def events() -> AsyncIterator[str]:
        async for text in chat.listen():
            yield f"data: {text}\n\n"

    @app.get("/strong-events")
    async def stream_events(_: Strong) -> StreamingResponse:
        return StreamingResponse(events(), media_type="text/event-stream")

    @app.get("/strong-late")
    async def answer_after_a_while(_: Strong) -> StreamingResponse:
        chat.done.append("passed")
        async for text in chat.listen():
            return StreamingResponse(iter([text]))
        raise AssertionError

    @app.websocket("/strong-socket")
    async def talk(socket: WebSocket, _: Strong) -> None:
        await converse(socket, chat)

    @app.websocket("/two-guards")
    async def talk_to_the_strongest(socket: WebSocket, _: Caller, __: Strongest, ___: Strong) -> None:
        await socket.accept()
        await socket.receive_text()

    @app.websocket("/late-strong-guard")
    async def ask_later(socket: WebSocket, _: Caller) -> None:
        await socket.accept()
        await socket.receive_text()
        await requires(acr="phr")(socket)
        await socket.send_text("asked")
        await socket.receive_text()
