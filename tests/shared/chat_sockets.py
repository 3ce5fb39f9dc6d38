"""The WebSockets of a chat app, and in which ways their endpoints go on."""

import asyncio
from contextlib import suppress
from typing import Annotated

from fastapi import Depends, FastAPI, WebSocket, WebSocketDisconnect

from tests.shared.chat import Chat
from watchword.auth import Principal, optional, public, signed_in

Caller = Annotated[Principal, Depends(signed_in)]
Visitor = Annotated[Principal | None, Depends(optional)]


def add_sockets(app: FastAPI, chat: Chat) -> None:
    @app.websocket("/socket")
    async def talk(socket: WebSocket, _: Visitor) -> None:
        await converse(socket, chat)

    @app.websocket("/late-guard")
    @public
    async def accept_before_the_guard(socket: WebSocket) -> None:
        await socket.accept()
        await signed_in(socket)
        async for text in socket.iter_text():
            chat.heard.append(text)


def add_unruly_sockets(app: FastAPI, chat: Chat) -> None:
    @app.websocket("/impatient")
    async def talk_impatiently(socket: WebSocket, _: Caller) -> None:
        """Waits again and again, a short time each."""
        await socket.accept()
        with suppress(WebSocketDisconnect):
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.05):
                        chat.heard.append(await socket.receive_text())

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


async def converse(socket: WebSocket, chat: Chat) -> None:
    await socket.accept()
    speaking = asyncio.create_task(_speak(socket, chat))
    try:
        async for text in socket.iter_text():
            chat.heard.append(text)
    finally:
        speaking.cancel()
        chat.done.append("talking")


async def _speak(socket: WebSocket, chat: Chat) -> None:
    async for text in chat.listen():
        await socket.send_text(text)
