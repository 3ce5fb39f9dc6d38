"""The private names of uvicorn that this package needs, in one file: an upgrade of uvicorn may take them away."""

import asyncio

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

    def accepts_upgrade(self) -> bool:
        """Whether the request asks for a WebSocket, and this server has a library for it."""
        return self._should_upgrade()
