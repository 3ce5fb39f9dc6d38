"""A range service of breached passwords, on a port of this machine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha1


class RangeService:
    """Answers as the public services do, once it may; `body`, `status` and `is_silent` let it misbehave."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[str] = []
        self.lines: list[str] = []
        self.status = "200 OK"
        self.body: bytes | None = None
        self.is_silent = False
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    def add(self, password: str, count: int = 3) -> None:
        self.lines.append(f"{sha1(password.encode(), usedforsecurity=False).hexdigest()[5:].upper()}:{count}")

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
        if self.is_silent:
            await reader.read()
        await self.may_answer.wait()
        body = self.body if self.body is not None else "\r\n".join(self.lines).encode()
        head = f"HTTP/1.1 {self.status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        writer.close()


@asynccontextmanager
async def range_service() -> AsyncIterator[RangeService]:
    service = RangeService()
    server = await asyncio.start_server(service.answer, "127.0.0.1", 0)
    service.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/range"
    yield service
    server.close()
