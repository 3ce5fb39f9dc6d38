"""A small app for tests of connections: it reads bodies, waits, and gives long answers."""

import asyncio

from fastapi import FastAPI, Request, Response, WebSocket

from watchword.service.installation import add_frame


def build() -> FastAPI:
    app = FastAPI()
    add_frame(app, 1_048_576)

    @app.get("/livez")
    async def livez() -> str:
        return "alive"

    @app.post("/bodies")
    async def read_body(request: Request) -> dict[str, object]:
        """How long the body was, and the names of the header fields."""
        return {"bytes": len(await request.body()), "fields": sorted(request.headers.keys())}

    @app.post("/unread")
    async def leave_body_unread() -> str:
        return "not read"

    @app.get("/waits/{seconds}")
    async def wait(seconds: float) -> str:
        """Answer later, as a long poll does."""
        await asyncio.sleep(seconds)
        return "waited"

    @app.get("/answers/{size}")
    async def long_answer(size: int) -> Response:
        return Response(b"x" * size)

    @app.websocket("/flood")
    async def flood(socket: WebSocket) -> None:
        await socket.accept()
        while True:
            await socket.send_bytes(b"x" * 100_000)

    @app.websocket("/quiet")
    async def be_quiet(socket: WebSocket) -> None:
        await socket.accept()
        await socket.receive_text()

    return app
