"""The address at which another service is reached: its public URL, or an address behind the proxy."""

import httpx

from watchword.arguments import ensure_origin
from watchword.http_client.tls import ssl_context


class AddressTransport(httpx.AsyncBaseTransport):
    """A transport that sends requests for the origin of `url` to `address`, with path and Host header unchanged.

    Requests for any other origin go to that origin.
    """

    def __init__(self, url: str, address: str) -> None:
        self._origin = _origin(httpx.URL(url))
        self._address = httpx.URL(address)
        self._transport: httpx.AsyncHTTPTransport | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._transport is None:
            self._transport = httpx.AsyncHTTPTransport(verify=ssl_context())
        if _origin(request.url) == self._origin:
            scheme, host, port = _origin(self._address)
            request.url = request.url.copy_with(scheme=scheme, host=host, port=port)
        return await self._transport.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the connections. A later request opens new ones."""
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.aclose()


def transport_to(url: str, address: str | None) -> AddressTransport | None:
    """The transport for requests to `url`; None, which means httpx's own, if there is no other address.

    Raises ValueError for an address that is more or less than `scheme://host[:port]`.
    """
    if address is None:
        return None
    return AddressTransport(url, ensure_origin("issuer_address", address, "scheme://host[:port] and nothing more"))


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
