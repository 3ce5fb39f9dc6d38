"""The private names of uvicorn that this package needs, in one file: an upgrade of uvicorn may take them away."""

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from watchword.service.networks import peer_address


class ServerProtocol(HttpToolsProtocol):
    """uvicorn's connection, with names for what it keeps to itself, and the address of its peer in its usual form.

    A WebSocket has the address as the socket writes it.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.client is not None:
            # Proxies are trusted, and sessions recorded, by this address.
            self.client = (peer_address(self.client[0]), self.client[1])

    def handle_websocket_upgrade(self) -> None:
        """Give the connection to the library for WebSockets, and still hear when it is lost and when it is read."""
        super().handle_websocket_upgrade()
        library = self.transport.get_protocol()
        _also_call(library, "connection_lost", lambda _: self.on_socket_lost())
        _also_call(library, "resume_writing", self.on_socket_drained)

    def on_socket_lost(self) -> None: ...

    def on_socket_drained(self) -> None:
        """The client has read most of what was waiting for it."""

    def accepts_upgrade(self) -> bool:
        """Whether the request asks for a WebSocket, and this server has a library for it."""
        return self._should_upgrade()


def _also_call(protocol: Any, name: str, function: Callable[..., None]) -> None:
    """Call `function` before each call of this method of an object."""
    method = getattr(protocol, name)

    def call(*arguments: Any) -> None:
        function(*arguments)
        method(*arguments)

    setattr(protocol, name, call)
