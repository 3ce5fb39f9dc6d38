"""A client of a soak notices when its stream fails, or ends although nobody has signed out."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from tests.soak.clients import Reader
from tests.support.waiting import until

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


@asynccontextmanager
async def reading(content: bytes) -> AsyncIterator[tuple[Reader, Callable[[], None]]]:
    """A reader of a server that sends this after the head of its answer, and what ends the answer."""
    may_end, has_ended = asyncio.Event(), asyncio.Event()

    async def answer(request: asyncio.StreamReader, response: asyncio.StreamWriter) -> None:
        await request.readuntil(b"\r\n\r\n")
        response.write(HEAD + content)
        await may_end.wait()
        response.close()
        has_ended.set()

    async with await asyncio.start_server(answer, "127.0.0.1") as server:
        reader = Reader(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/posts/events", "token")
        try:
            await reader.until_open()
            yield reader, may_end.set
        finally:
            may_end.set()
            await has_ended.wait()
            await reader.leave()


async def test_stream_that_goes_on_is_open() -> None:
    async with reading(b"data: 1\n\n") as (reader, _):
        await until(lambda: reader.heard == 1)
        reader.ensure_open()


async def test_stream_that_ends_is_not_open_and_was_not_signed_out() -> None:
    async with reading(b"data: 1\n\n") as (reader, end):
        end()
        with pytest.raises(AssertionError, match="without a reason"):
            await reader.until_signed_out()
        with pytest.raises(AssertionError, match="has ended"):
            reader.ensure_open()


async def test_stream_that_fails_is_an_error() -> None:
    with pytest.raises(ValueError, match="limit"):
        async with reading(b"x" * 100_000) as (reader, _):
            await reader.until_signed_out()


async def test_stream_may_end_after_a_sign_out() -> None:
    async with reading(b"event: signed-out\n\n") as (reader, end):
        end()
        await reader.until_signed_out()
