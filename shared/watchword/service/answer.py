"""One request and its answer, as they pass between the server and the app."""

from typing import Final

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Send

from watchword.errors import TooLarge

_VARY: Final = (b"vary", b"Origin")


class Answer:
    """What passes between the server and the app for one request: the body, up to `limit` bytes, and the answer to it,
    which is sent on with the header fields `fields`.

    `status` is None until the answer begins. `is_aborted` says that the client went before the answer was complete, and
    `logged_error` is the last exception that was logged for this request.
    """

    __slots__ = (
        "_fields",
        "_limit",
        "_receive",
        "_received",
        "_send",
        "is_aborted",
        "is_complete",
        "is_head",
        "logged_error",
        "status",
        "varies_by_origin",
    )

    def __init__(self, receive: Receive, send: Send, limit: int, fields: list[tuple[bytes, bytes]]) -> None:
        self._receive = receive
        self._send = send
        self._limit = limit
        self._fields = fields
        self._received = 0
        self.is_head = False
        self.varies_by_origin = False
        self.is_complete = False
        self.is_aborted = False
        self.logged_error: Exception | None = None
        self.status: int | None = None

    async def receive(self) -> Message:
        """Raises TooLarge when more than the limit of the body has been received."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._received += len(message.get("body", b""))
            if self._received > self._limit:
                raise TooLarge(f"more than {self._limit} bytes")
        elif not self.is_complete:
            self.is_aborted = True
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            fields = [*message.get("headers", ())]
            if self.varies_by_origin and not _varies(fields):
                fields.append(_VARY)
            message["headers"] = fields + self._fields
        elif message["type"] == "http.response.body":
            if not message.get("more_body", False):
                self.is_complete = True
            elif self.is_head:
                # Nothing of the body is sent, so nobody waits for the rest of it, which may never end.
                self.is_complete = True
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})
                raise ClientDisconnect
        await self._send(message)


def _varies(fields: list[tuple[bytes, bytes]]) -> bool:
    """Whether these fields of an answer already say that it varies by Origin. Starlette adds that to some answers."""
    # Every answer comes here, and a generator would cost more than the few fields that a loop looks at.
    for name, value in fields:  # noqa: SIM110
        if name == b"vary" and b"origin" in value.lower():
            return True
    return False
