"""Connections that keep this process waiting are closed: those that send nothing, and those that read nothing.

uvicorn has a limit for an idle connection after an answer, and no other.
"""

import asyncio
import fcntl
import socket
import struct
import sys
import termios
from dataclasses import dataclass
from typing import ClassVar, Final

from watchword.service.request_head import CheckedRequests, Refusal

# What the kernel keeps for a client that does not read; without a limit, several megabytes. It doubles this figure.
SEND_BUFFER_BYTES: Final = 131_072

TOO_LATE: Final = Refusal(408, "request_timeout", "The request did not arrive in time.")


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How long a connection may keep the process waiting.

    `head_seconds` is for the whole head of a request, and for the first byte on a connection. `silence_seconds` is for
    the next byte of a body that arrives or of an answer that is read; either must also make `bytes_per_second` on
    average, after a first `silence_seconds`. That is slower than any network in use, and limits how long
    the largest body can take.
    """

    head_seconds: float = 20.0
    silence_seconds: float = 20.0
    bytes_per_second: float = 500.0

    @property
    def interval(self) -> float:
        """The seconds between two looks at a connection, so that no limit is overrun by much."""
        return min(self.head_seconds, self.silence_seconds) / 4


class Pace:
    """The progress of one transfer since it began."""

    __slots__ = ("_began_at", "_bytes", "_moved_at")

    def __init__(self, now: float) -> None:
        self._began_at = self._moved_at = now
        self._bytes = 0

    def note(self, now: float, size: int) -> None:
        """Note that `size` bytes have moved."""
        if size > 0:
            self._moved_at = now
            self._bytes += size

    def is_too_slow(self, now: float, limits: TimeLimits) -> bool:
        allowed = limits.silence_seconds + self._bytes / limits.bytes_per_second
        return now - self._moved_at > limits.silence_seconds or now - self._began_at > allowed


class BoundedConnection(CheckedRequests):
    """A connection that is closed when it has kept the process waiting for too long.

    It looks at itself a few times within the shortest limit, so a request costs no timer. While an app is at work on a
    request that has arrived, nothing is limited: a long poll lasts as long as its app likes. A WebSocket that reads
    nothing is closed, too: closing one by its protocol would wait until it does.
    """

    limits: ClassVar[TimeLimits] = TimeLimits()

    _is_upgraded = False
    _socket: socket.socket | None = None
    _next_look: asyncio.TimerHandle | None = None
    _head_began_at = 0.0
    _idle_since: float | None = None
    _arrival: Pace | None = None
    _reading: Pace | None = None
    _unread = 0
    _acknowledged = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._socket = transport.get_extra_info("socket")
        if self._socket is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        self._idle_since = self.loop.time()
        self._look_later()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_looking()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        self._is_upgraded = True
        super().handle_websocket_upgrade()

    def on_socket_lost(self) -> None:
        self._stop_looking()

    def on_socket_drained(self) -> None:
        self._reading = None

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_body:
            self._pace_of_body().note(self.loop.time(), len(data))

    def on_message_begin(self) -> None:
        self._head_began_at = self.loop.time()
        self._idle_since = self._arrival = None
        super().on_message_begin()

    def resume_writing(self) -> None:
        # The client has read most of what was waiting for it.
        self._reading = None
        super().resume_writing()

    def _look_later(self) -> None:
        self._next_look = self.loop.call_later(self.limits.interval, self._look)

    def _stop_looking(self) -> None:
        if self._next_look is not None:
            self._next_look.cancel()

    def _look(self) -> None:
        now = self.loop.time()
        if self._reads_too_slowly(now):
            self._cut_off()
            return
        if not (self._is_upgraded or self.transport.is_closing()):
            self._close_if_late(now)
        self._look_later()

    def _cut_off(self) -> None:
        # Closing waits until the client has read everything. With this option the kernel discards the rest instead.
        if self._socket is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def _close_if_late(self, now: float) -> None:
        if self._in_head:
            if self.flow.read_paused or not self._is_answered():
                # It is this process that does not read, or that has not answered the request before.
                self._head_began_at = now
            elif now - self._head_began_at > self.limits.head_seconds:
                self.refuse(TOO_LATE)
        elif self._in_body:
            if self._sends_too_slowly(now):
                self.refuse(TOO_LATE)
        elif self._is_idle_for_too_long(now):
            self.transport.close()

    def _reads_too_slowly(self, now: float) -> bool:
        unread = self.transport.get_write_buffer_size() + _unacknowledged(self._socket)
        # If new answers take the place of those that are read, this grows and the other figure stays.
        acknowledged = _acknowledged(self._socket)
        if unread == 0 or self._reading is None:
            self._reading = Pace(now) if unread else None
        else:
            self._reading.note(now, max(self._unread - unread, acknowledged - self._acknowledged))
        self._unread, self._acknowledged = unread, acknowledged
        return self._reading is not None and self._reading.is_too_slow(now, self.limits)

    def _sends_too_slowly(self, now: float) -> bool:
        if self.cycle.response_complete:
            # The rest of the body is read and dropped, so that the client sees the answer; but not for long.
            if self._idle_since is None:
                self._idle_since = now
            return now - self._idle_since > self.limits.silence_seconds
        if self.flow.read_paused or self.cycle.waiting_for_100_continue:
            # It is the app that does not read.
            self._arrival = None
            return False
        return self._pace_of_body().is_too_slow(now, self.limits)

    def _pace_of_body(self) -> Pace:
        if self._arrival is None:
            self._arrival = Pace(self.loop.time())
        return self._arrival

    def _is_idle_for_too_long(self, now: float) -> bool:
        """Whether there is no request for too long."""
        if not self._is_answered():
            self._idle_since = None
            return False
        if self._idle_since is None:
            self._idle_since = now
        limit = self.limits.head_seconds if self.cycle is None else self.timeout_keep_alive
        return now - self._idle_since > limit


def _unacknowledged(connection: socket.socket | None) -> int:
    """The bytes that the client's kernel has not acknowledged; 0 if the operating system does not say."""
    if connection is None or sys.platform != "linux":
        return 0
    return int.from_bytes(fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4)), sys.byteorder)


def _acknowledged(connection: socket.socket | None) -> int:
    """The bytes that the client has acknowledged since it connected, or 0 where the system does not say."""
    if connection is None or sys.platform != "linux" or connection.family == socket.AF_UNIX:
        return 0
    # The member tcpi_bytes_acked of Linux's struct tcp_info.
    information = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 128)
    return int.from_bytes(information[120:128], sys.byteorder)
