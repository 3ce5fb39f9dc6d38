"""The private names of uvicorn that this package needs, in one file: an upgrade of uvicorn may take them away."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class ServerProtocol(HttpToolsProtocol):
    """uvicorn's connection, with names for what it keeps to itself."""

    def accepts_upgrade(self) -> bool:
        """Whether the request asks for a WebSocket, and this server has a library for it."""
        return self._should_upgrade()
