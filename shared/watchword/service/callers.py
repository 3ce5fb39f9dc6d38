"""Where the request that is being served comes from."""

from contextvars import ContextVar
from typing import Final

caller_address: Final[ContextVar[str]] = ContextVar("caller_address", default="")
"""The address of the caller as limits count it. Empty outside a request, and in a request whose route does not ask for
its caller's address."""


class RequestOrigin:
    """A request, as records of what it causes name it: its id, and the address of its caller, behind proxies the one
    that the outermost trusted proxy has seen. The address is None if the caller has none: the server listens at a file
    then.

    `is_over` is set at the end of the request: a task that it has begun keeps its context, and may go on.
    """

    __slots__ = ("address", "is_over", "request_id")

    def __init__(self, request_id: str, address: str | None) -> None:
        self.request_id = request_id
        self.address = address
        self.is_over = False


request_origin: Final[ContextVar[RequestOrigin | None]] = ContextVar("request_origin", default=None)
"""For `current_origin`; only the frame around all requests sets it."""


def current_origin() -> RequestOrigin | None:
    """The request for which this code runs. None in a command, a job, and a task that has outlived its request."""
    origin = request_origin.get()
    return None if origin is None or origin.is_over else origin
