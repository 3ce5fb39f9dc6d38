"""Strangers who try to fill the memory of a server: endless fields, silence, answers that they do not read."""

import socket
from collections.abc import Callable
from contextlib import ExitStack

from tests.support.bounded_server import BoundedServer, has_closed, send
from tests.support.waiting import wait_until

HOST = b"Host: localhost\r\n"
CHUNKED = b"POST /bodies HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
LONG_HEAD = b"GET /livez HTTP/1.1\r\n" + HOST + b"X: " + b"x" * 60_000
HALF_A_BODY = b"POST /bodies HTTP/1.1\r\n" + HOST + b"Content-Length: 200000\r\n\r\n" + b"x" * 100_000
ANSWERS = b"GET /answers/120000 HTTP/1.1\r\n" + HOST + b"\r\n"

Send = Callable[[socket.socket], None]


def trailers(megabytes: int) -> Send:
    """Send so much of one trailer, and after it of many."""

    def send_them(peer: socket.socket) -> None:
        send(peer, CHUNKED + b"0\r\nX: ", *[b"x" * 100_000] * (5 * megabytes))
        send(peer, b"\r\n", *[b"X: y\r\n" * 20_000] * (4 * megabytes))

    return send_them


def fixed(data: bytes) -> Send:
    return lambda peer: send(peer, data)


STRANGERS: dict[str, tuple[Send, int]] = {
    "trailers": (trailers(20), 1),
    "silent": (fixed(b""), 100),
    "half a head": (fixed(LONG_HEAD), 100),
    "half a body": (fixed(HALF_A_BODY), 50),
    "not reading": (fixed(ANSWERS * 30), 50),
}
"""What one connection sends, and how many connections do so."""


def growth(server: BoundedServer, one: Send, connections: int) -> int:
    """By how many bytes the server's memory grew at most, until it has closed every one of the connections."""
    before = peak = server.memory()
    with ExitStack() as stack:
        peers = [stack.enter_context(server.connect(receive_buffer=4_096)) for _ in range(connections)]
        for peer in peers:
            one(peer)
            peak = max(peak, server.memory())

        def all_are_closed() -> bool:
            nonlocal peak
            peak = max(peak, server.memory())
            return all(map(has_closed, peers))

        wait_until(all_are_closed)
    return peak - before
