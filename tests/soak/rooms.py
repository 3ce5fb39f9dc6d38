"""A service of WebSockets and streams that obeys identity, and says what it has open."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, WebSocket
from fastapi.sse import EventSourceResponse
from sqlalchemy import MetaData

from watchword.auth import Principal, Verifier, protect, public, requires
from watchword.database import Database
from watchword.events import ReceiverTables, receive_security_events

issuer, secret = os.environ["ROOMS_ISSUER"], os.environ["ROOMS_CLIENT_SECRET"]
database = Database(os.environ["ROOMS_DATABASE_URL"])
tables = ReceiverTables(MetaData())
receiver = receive_security_events(issuer, database, tables, client_id="rooms", client_secret=secret)
verifier = Verifier.of(issuer, audience=os.environ["ROOMS_AUDIENCE"], revocations=receiver)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    try:
        await tables.create(database)
        yield
    finally:
        await database.close()


app = FastAPI(lifespan=lifespan)
protect(app, verifier)

Caller = Annotated[Principal, Depends(requires("rooms"))]
is_said = asyncio.Condition()
said: list[str] = []


@app.post("/words")
async def say(word: str, _: Caller) -> None:
    """Tell everybody who listens."""
    async with is_said:
        said.append(word)
        is_said.notify_all()


@app.get("/events", response_class=EventSourceResponse)
async def listen(_: Caller) -> AsyncIterator[str]:
    async for word in _words():
        yield word


@app.websocket("/socket")
async def talk(socket: WebSocket, _: Caller) -> None:
    await socket.accept()
    speaking = asyncio.create_task(_speak(socket))
    try:
        async for text in socket.iter_text():
            await socket.send_text(text)
    finally:
        speaking.cancel()


@app.get("/left")
@public
async def what_is_left() -> dict[str, int]:
    """What should be as before once all connections are closed."""
    return {
        "connections": len(verifier.open_connections),
        "watchers": len(receiver.revocations._watchers),
        "tasks": len(asyncio.all_tasks()),
    }


@app.get("/pid")
@public
async def process_id() -> int:
    return os.getpid()


async def _words() -> AsyncIterator[str]:
    heard = len(said)
    while True:
        async with is_said:
            while heard == len(said):
                await is_said.wait()
        for word in said[heard:]:
            yield word
            heard += 1


async def _speak(socket: WebSocket) -> None:
    async for word in _words():
        await socket.send_text(word)
