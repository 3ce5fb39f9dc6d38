"""Where the request that is being served comes from."""

from contextvars import ContextVar
from typing import Final

caller_address: Final[ContextVar[str]] = ContextVar("caller_address", default="")
"""The address of the caller as limits count it. Empty outside a request, and in a request whose route does not ask for
its caller's address."""


class ServedRequest:
    """The request that is being served, as records of its effects name it: by its id and by the address of its caller,
    behind proxies the one that the outermost trusted proxy has seen. The address is None at a Unix socket.

    `is_over` is set at the end of the request: a task that it has started keeps its context, and may go on.
    """

    __slots__ = ("address", "is_over", "request_id")

    def __init__(self, request_id: str, address: str | None) -> None:
        self.request_id = request_id
        self.address = address
        self.is_over = False


served_request: Final[ContextVar[ServedRequest | None]] = ContextVar("served_request", default=None)
"""For `current_request`; only the frame around all requests sets it."""


def current_request() -> ServedRequest | None:
    """The request for which this code runs. None in a command, a job, and a task that has outlived its request."""
    request = served_request.get()
    return None if request is None or request.is_over else request
