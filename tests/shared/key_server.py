"""An issuer's JWKS endpoint: a real server on a free loopback port, which counts requests and can answer wrongly."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.ports import held_port
from watchword.testing import Issuer


class KeyServer:
    """The server. Requests wait while `gate` is cleared; `status`, `fields` and `body` are what it answers."""

    def __init__(self, issuer: Issuer, port: int) -> None:
        self.issuer = issuer
        self._port = port
        self.requests = 0
        self.most_at_once = 0
        self.status = "200 OK"
        self.fields: dict[str, str] = {}
        self.body: bytes | None = None
        self.endless = False
        self.gate = asyncio.Event()
        self.gate.set()
        self._open = 0
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/jwks.json"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    def err(self, *, status: str = "200 OK", body: bytes = b"", **fields: str) -> None:
        """Answer so from now on."""
        self.status, self.body = status, body
        self.fields = {name.replace("_", "-"): value for name, value in fields.items()}

    def recover(self) -> None:
        self.status, self.body, self.fields, self.endless = "200 OK", None, {}, False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.requests += 1
        self._open += 1
        self.most_at_once = max(self.most_at_once, self._open)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            await self.gate.wait()
            await self._answer(reader, writer)
        self._open -= 1
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = json.dumps(self.issuer.jwks()).encode() if self.body is None else self.body
        fields = {"Content-Type": "application/jwk-set+json", "Connection": "close", **self.fields}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        writer.write(f"HTTP/1.1 {self.status}\r\n{head}\r\n".encode() + body)
        await writer.drain()
        if self.endless:
            # Until the other side hangs up.
            await reader.read()


@asynccontextmanager
async def serving(issuer: Issuer) -> AsyncIterator[KeyServer]:
    """A key server that listens; a test may stop it and start it again."""
    with held_port() as port:
        server = KeyServer(issuer, port)
        await server.start()
        try:
            yield server
        finally:
            server.gate.set()
            await server.stop()
