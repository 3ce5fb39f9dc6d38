"""A service ends when it is told to, and takes no request head without end."""

import asyncio
import signal

import httpx

from tests.support.stack import Stack


async def test_identity_ends_cleanly_while_it_is_polled(running: Stack) -> None:
    child = running.child("identity")
    child.process.send_signal(signal.SIGTERM)
    try:
        # Less than a long poll takes. The server ends by the signal itself once it has given everything back.
        assert await asyncio.to_thread(child.process.wait, 12) in (0, -signal.SIGTERM)
        assert "Application shutdown complete" in child.last_words()
    finally:
        running.stop("identity")
        running.start("identity")


async def test_a_request_head_without_end_is_refused(running: Stack) -> None:
    port = int(running.posts.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Long: ")
    for _ in range(64):
        writer.write(b"x" * 16_384)
    answer = await reader.read(100)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    async with httpx.AsyncClient(trust_env=False) as http:
        fields = {"X-Long": "x" * 16_000}
        assert (await http.get(f"{running.posts}/livez", headers=fields)).status_code == 200
