"""A server as `watchword.service.serve` runs it, with short time limits, in a process of its own; and raw connections.

As a command: python -m tests.support.bounded_server FACTORY PORT HEAD_SECONDS SILENCE_SECONDS
"""

import contextlib
import os
import re
import select
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.local.processes import end_children, start_child
from tests.support.ports import held_port
from tests.support.stack import await_answer
from tests.support.waiting import PATIENCE_SECONDS

# Longer than the other limits of a test's server.
KEEP_ALIVE_SECONDS: Final = 6

# The length of the body, and the end of the head.
_LENGTH: Final = re.compile(rb"content-length: ([0-9]+)\r\n(?:.+\r\n)*\r\n", re.IGNORECASE)


@dataclass(frozen=True)
class BoundedServer:
    """The server's process and its log."""

    port: int
    process_id: int
    log: Path

    def connect(self, *, receive_buffer: int | None = None) -> socket.socket:
        """A raw connection. A small receive buffer makes the server feel soon that nobody reads."""
        peer = socket.socket()
        if receive_buffer is not None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        peer.settimeout(PATIENCE_SECONDS)
        peer.connect(("127.0.0.1", self.port))
        return peer

    def exchange(self, *parts: bytes) -> bytes:
        """Everything that the server sends until it closes a connection on which these parts are sent."""
        with self.connect() as peer:
            send(peer, *parts)
            return rest(peer)

    def memory(self) -> int:
        """The bytes of memory that the process has now."""
        status = Path(f"/proc/{self.process_id}/status").read_text()
        [size] = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")]
        return int(size) * 1024


def send(peer: socket.socket, *parts: bytes) -> None:
    """Send the parts, unless the server closes the connection."""
    with contextlib.suppress(ConnectionError):
        for part in parts:
            peer.sendall(part)


def read_answer(peer: socket.socket) -> bytes:
    """One whole answer with a Content-Length."""
    received = b""
    while (length := _LENGTH.search(received)) is None or len(received) < length.end() + int(length[1]):
        part = peer.recv(65_536)
        assert part, received
        received += part
    return received


def rest(peer: socket.socket) -> bytes:
    """What the server sends until it closes the connection. Fails if it never does."""
    received = b""
    with contextlib.suppress(ConnectionError):
        while part := peer.recv(65_536):
            received += part
    return received


def has_closed(peer: socket.socket) -> bool:
    """Whether the server has closed or reset the connection. Nothing is read, though there may be something to read."""
    closed = select.POLLERR | select.POLLHUP | select.POLLRDHUP
    poll = select.poll()
    poll.register(peer, select.POLLRDHUP)
    return any(event & closed for _, event in poll.poll(0))


@contextmanager
def bounded_server(
    home: Path,
    *,
    factory: str = "tests.support.bounded_app:build",
    head_seconds: float = 1.0,
    silence_seconds: float = 1.0,
    environment: Mapping[str, str] | None = None,
) -> Iterator[BoundedServer]:
    """The server of the app that `factory` builds; it answers when the block begins."""
    with held_port() as port:
        arguments = [factory, str(port), str(head_seconds), str(silence_seconds)]
        log = home / f"bounded-{port}.log"
        command = [sys.executable, "-m", "tests.support.bounded_server", *arguments]
        child = start_child("bounded", command, log, environment=environment or os.environ)
        try:
            await_answer(child, f"http://127.0.0.1:{port}/livez")
            yield BoundedServer(port, child.process.pid, log)
        finally:
            end_children([child])


def main(factory: str, port: str, head_seconds: str, silence_seconds: str) -> None:
    import uvicorn

    from watchword.observability.logs import configure_logging
    from watchword.service.time_limits import BoundedConnection, TimeLimits

    class Short(BoundedConnection):
        limits = TimeLimits(float(head_seconds), float(silence_seconds))

    configure_logging("bounded", "info")
    uvicorn.run(
        factory,
        factory=True,
        http=Short,
        port=int(port),
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        access_log=False,
        log_config=None,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
