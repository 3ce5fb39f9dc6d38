"""An endpoint that events or logout tokens are sent to: a real server on a free loopback port."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.identity.receivers import summary_of


@dataclass
class Hook:
    """Answers with `statuses` in turn and with `after` after that; 0 closes the connection without an answer. Each
    answer takes `seconds`, and announces a body of so many bytes that never come."""

    statuses: list[int] = field(default_factory=list)
    seconds: float = 0.0
    after: int = 202
    announced: int = 0
    at_once: int = 0
    most_at_once: int = 0
    heads: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/events"

    def kinds(self) -> list[str]:
        """The type of each event that was pushed, in short."""
        return [summary_of(token)[0] for token in self.tokens]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:-2])
        self.heads.append(head)
        self.tokens.append((await reader.readexactly(int(fields["content-length"]))).decode())
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.seconds)
        self.at_once -= 1
        if status := self.statuses.pop(0) if self.statuses else self.after:
            location = "Location: /elsewhere\r\n" if 300 <= status < 400 else ""
            fields_of_answer = f"{location}Content-Length: {self.announced}\r\nConnection: close\r\n"
            writer.write(f"HTTP/1.1 {status} So\r\n{fields_of_answer}\r\n".encode())
            await writer.drain()
            if self.announced:
                # Until the other side, which reads no body, closes the connection.
                await reader.read()
        writer.close()


@asynccontextmanager
async def hook(*statuses: int, port: int = 0, **fields: Any) -> AsyncIterator[Hook]:
    """A running Hook with these fields; its port is a free one if none is named."""
    endpoint = Hook(list(statuses), **fields)
    async with await asyncio.start_server(endpoint.serve, "127.0.0.1", port) as server:
        endpoint.port = server.sockets[0].getsockname()[1]
        yield endpoint
