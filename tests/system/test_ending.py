"""A service stops on SIGTERM during a long poll, and refuses an endless request head."""

import asyncio
import contextlib
import signal
import socket

import httpx

from tests.support.stack import Stack
from tests.support.waiting import PATIENCE_SECONDS
from tests.system.conftest import NewPerson


async def test_identity_ends_cleanly_while_it_is_polled(running: Stack) -> None:
    child = running.child("identity")
    child.process.send_signal(signal.SIGTERM)
    try:
        # uvicorn raises the signal again at the end of its shutdown.
        assert await asyncio.to_thread(child.process.wait, PATIENCE_SECONDS) in (0, 128 + signal.SIGTERM)
        assert "Application shutdown complete" in child.log_tail()
        # uvicorn waits less long than a long poll lasts, and says so when it gives up.
        assert "graceful shutdown exceeded" not in child.log_tail(1_000)
    finally:
        running.stop("identity")
        running.start("identity")


async def test_posts_ends_cleanly_while_people_listen(
    running: Stack, http: httpx.AsyncClient, person: NewPerson
) -> None:
    ada, child = await person("ada"), running.child("posts")
    url = f"{running.posts}/posts/events"
    try:
        async with http.stream("GET", url) as anonymous, http.stream("GET", url, headers=ada.headers) as signed_in:
            child.process.send_signal(signal.SIGTERM)
            # An answer that is cut off would raise an error.
            texts = [(await answer.aread()).decode() for answer in (anonymous, signed_in)]
        assert not any("signed-out" in text for text in texts)
        assert await asyncio.to_thread(child.process.wait, PATIENCE_SECONDS) in (0, 128 + signal.SIGTERM)
        assert "Application shutdown complete" in child.log_tail()
        assert "graceful shutdown exceeded" not in child.log_tail(1_000)
    finally:
        running.stop("posts")
        running.start("posts")


async def test_a_request_head_without_end_is_refused(running: Stack) -> None:
    answer = await asyncio.to_thread(answer_to_an_endless_head, running.posts)
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 431 "))
    async with httpx.AsyncClient(trust_env=False) as http:
        fields = {"X-Long": "x" * 16_000}
        assert (await http.get(f"{running.posts}/livez", headers=fields)).status_code == 200


def answer_to_an_endless_head(url: str) -> bytes:
    """What the service sends before it closes the connection on 1 MiB of one header field, within 30 seconds."""
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=30) as peer:
        # The service may close the connection at any time; what it sent before can still be read.
        with contextlib.suppress(ConnectionError):
            peer.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * 1_048_576)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while len(answer) < 4_096 and (part := peer.recv(4_096)):
                answer += part
        return answer
