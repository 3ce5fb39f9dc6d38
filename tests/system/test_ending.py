"""A service ends when it is told to, and takes no request head without end."""

import asyncio
import contextlib
import signal
import socket

import httpx

from tests.support.stack import Stack


async def test_identity_ends_cleanly_while_it_is_polled(running: Stack) -> None:
    child = running.child("identity")
    child.process.send_signal(signal.SIGTERM)
    try:
        # Less than a long poll takes. The server ends by the signal itself once it has given everything back.
        assert await asyncio.to_thread(child.process.wait, 12) in (0, 128 + signal.SIGTERM)
        assert "Application shutdown complete" in child.log_tail()
    finally:
        running.stop("identity")
        running.start("identity")


async def test_a_request_head_without_end_is_refused(running: Stack) -> None:
    told = await asyncio.to_thread(told_to_a_head_without_end, running.posts)
    assert told.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 431 "))
    async with httpx.AsyncClient(trust_env=False) as http:
        fields = {"X-Long": "x" * 16_000}
        assert (await http.get(f"{running.posts}/livez", headers=fields)).status_code == 200


def told_to_a_head_without_end(url: str) -> bytes:
    """What the service says before it hangs up on 1 MiB of one header field. Where it does neither, this times out."""
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=30) as peer:
        # It may hang up at any moment of this. What it said by then waits here, whatever becomes of the connection.
        with contextlib.suppress(ConnectionError):
            peer.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * 1_048_576)
        told = b""
        with contextlib.suppress(ConnectionError):
            while len(told) < 4_096 and (said := peer.recv(4_096)):
                told += said
        return told
